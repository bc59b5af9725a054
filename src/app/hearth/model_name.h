/*
 * model_name: what `hearth models pull` is asked for: a URL, or OWNER/REPO:FILE on the hub (huggingface.co).
 *
 * FILE is a name in the repository, or the name of a quantization (Q4_K_M) that only one of its files has in its name. The name of
 * the file here is the last part of what was asked for, if that is a plain name; nothing that a host says becomes a path.
 */
#ifndef HEARTH_APP_HEARTH_MODEL_NAME_H
#define HEARTH_APP_HEARTH_MODEL_NAME_H

#include "base/buffer.h"
#include "wire/fetch.h"

struct model_name {
	char repository[200];    /* "owner/repo"; empty for a URL */
	char wanted[FETCH_NAME]; /* the file, or part of its name; may be empty */
	char url[FETCH_URL];     /* where it is asked for; empty until it is chosen */
	char file[256];          /* its name here; the same */
	char hash[FETCH_HASH];   /* what the hub's list says; empty */
};

/* Reads what a person typed. With an empty `url` the repository's list has to be asked (model_name_list_url). */
bool model_name_read(struct model_name *n, const char *text, struct error *e);
bool model_name_list_url(const struct model_name *n, char url[FETCH_URL]);

/* Chooses from the list. False when no file or several fit: *e says so, and those that there are stand in `choices`, a line each.
 */
bool model_name_choose(struct model_name *n, const struct fetch_entry *entries, size_t count, struct buffer *choices,
                       struct error *e);

/* The name of part `number` of a split model, from that of its first part (split_name.h): another file at another URL. False: that
 * is no first part. */
bool model_name_part(struct model_name *n, const struct model_name *first, unsigned number);

#endif
