/*
 * catalogue: the models that hearth proposes, from the file that comes with it (models/catalogue.tsv, installed beside the built-in
 * model). It is hearth's own data, and yet every line is checked: a damaged file is an error that names the line.
 */
#ifndef HEARTH_APP_HEARTH_CATALOGUE_H
#define HEARTH_APP_HEARTH_CATALOGUE_H

#include "app/hearth/paths.h"

#include <stdint.h>

enum { CATALOGUE_MOST = 64 };

struct catalogue_row {
	const char *pull;  /* OWNER/REPO:FILE, as `models pull` takes it */
	const char *file;  /* its last part: the name in the models folder */
	const char *title; /* "Qwen3 4B" */
	const char *good_at, *licence;
	const char *sha256; /* 64 hexadecimal digits; "" when it is not known */
	uint64_t bytes;
	uint64_t parameters, active; /* weights; those that one token needs */
	uint64_t kv_position;        /* bytes of keys and values for one token */
	uint32_t context;
	bool thinks; /* before it answers */
	bool code;   /* it is for code, and not for talk */
};

struct catalogue {
	char *text; /* what the rows point into */
	struct catalogue_row rows[CATALOGUE_MOST];
	size_t n;
};

/* Reads the file beside the built-in model; one that is missing gives no rows. False: it is damaged or cannot be read. To be freed
 * in any case. */
bool catalogue_read(struct catalogue *c, const struct paths *p, struct error *e);
bool catalogue_read_file(struct catalogue *c, const char *path, struct error *e);
void catalogue_free(struct catalogue *c);

#endif
