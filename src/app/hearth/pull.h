/*
 * pull: one file from a host into the models folder, through as many connections as its redirects take. A split model is as many
 * files, one after the other.
 */
#ifndef HEARTH_APP_HEARTH_PULL_H
#define HEARTH_APP_HEARTH_PULL_H

#include "app/hearth/fetching.h"
#include "app/hearth/model_file.h"
#include "app/hearth/model_name.h"
#include "app/hearth/part_file.h"
#include "app/hearth/pull_progress.h"
#include "store/ledger.h"
#include "store/seal.h"

struct pull {
	struct fetching fetching;
	struct fetch_request request; /* the proxy; the rest is each connection's */
	struct model_name name;
	struct part_file part;
	struct pull_progress progress;
	char host[256];             /* that was asked first, and is believed about the file */
	char current[256];          /* that is asked now */
	char wanted[FETCH_HASH];    /* the hash by --sha256; empty */
	char pinned[FETCH_HASH];    /* the hash that this name had before; empty */
	char announced[FETCH_HASH]; /* the hash by the host; empty */
	uint64_t announced_size;    /* FETCH_UNKNOWN */
	struct seal_sha256 hash;    /* of the first `hashed` bytes of the part */
	uint64_t hashed;
	uint64_t at;       /* where this connection's bytes go */
	bool again;        /* the answer was left because the part has to start anew */
	bool quiet;        /* no progress: --json */
	bool by_catalogue; /* `pinned` is what hearth's catalogue says */
	bool (*watch)(void *context, const char *what, uint64_t done,
	              uint64_t whole); /* hears of progress where `quiet`; false ends it */
	void *watch_context;
	unsigned parts;        /* of the model that this file is a part of; 0: it is the model */
	struct buffer fetched; /* the parts so far: a line each for people, an object each with --json */
	bool recommended;      /* no name was given: it is the one that suits this machine, and starts from now on */
};

/* Asks the hub for a repository's files and chooses by p->name. Those to choose from go to `choices`. */
enum fetching_result pull_choose(struct pull *p, struct buffer *choices, struct error *e);

/* Fetches p->name.url into the open part, whatever was there before. */
enum fetching_result pull_fetch(struct pull *p, struct error *e);

/* Reads the part to its end and says its hash. False when it cannot be read, or with *e empty when it was interrupted. */
bool pull_hash(struct pull *p, char text[FETCH_HASH], struct error *e);

/* ---- is it the right file? (pull_check.c) ---- */

/* A line of the ledger: takes the pin of p->name.url (ledger_visitor). And what the catalogue says of a file that was never fetched
 * here. */
bool pull_take_pin(void *p, uint64_t number, const struct ledger_entry *entry);
void pull_pin_by_catalogue(struct pull *p, const struct paths *paths);

/* The whole part: is it the file, and is it a model? What is not goes. */
bool pull_check(struct pull *p, char hash[FETCH_HASH], struct model_file *file, struct error *e);

/* Notes in the ledger what the name led to. */
bool pull_pin(const struct pull *p, const char *hash, struct error *e);

/* ---- a split model, part by part (pull_parts.c) ---- */

/* Sets p->parts by the file's name. False for a later part, and for more than any model has. */
bool pull_count_parts(struct pull *p, struct error *e);

/* Turns to another part of the model whose first part is *first: nothing is known of it yet. */
bool pull_turn_to(struct pull *p, const struct model_name *first, unsigned number, struct error *e);

/* Did this part come before, and is it still what it was? Without a pin it is nobody's to say. False: it is another file, or it
 * cannot be read (*e), or with *e empty that was interrupted. */
bool pull_has_part(struct pull *p, const struct paths *paths, char hash[FETCH_HASH], bool *here, struct error *e);

/* All parts are here: are they a model? What is none goes, all of it. */
bool pull_check_parts(struct pull *p, const struct paths *paths, struct model_file *file, struct error *e);

#endif
