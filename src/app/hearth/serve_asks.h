/*
 * serve_asks: what hearth-front may ask beside computing: a table of questions (serve_asks.c), answered one after the other by a
 * thread of their own, so that one that takes its time (a passphrase, a proof) delays no answer of a model.
 */
#ifndef HEARTH_APP_HEARTH_SERVE_ASKS_H
#define HEARTH_APP_HEARTH_SERVE_ASKS_H

#include "app/hearth/serve.h"

/* The answer as it is written: rows of n_columns cells each. */
struct serve_answer {
	struct serve *serve;
	uint64_t call;
	uint32_t n_columns;
	struct buffer frame;
	size_t begun;
	bool started;
	bool later, gone;          /* it is answered by another thread; nobody waits for it any more */
	struct serve_answer *next; /* of those */
};

/* Answers one question: rows with the functions below, then true. False: *why and *e tell why not. */
typedef bool (*serve_ask_run)(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why,
                              struct error *e);

struct serve_ask_row {
	const char *what;
	uint32_t n_columns;
	size_t least, most; /* arguments */
	serve_ask_run run;
};

struct serve_asks;
struct serve_asks *serve_asks_new(struct serve *s, struct error *e);
void serve_asks_free(struct serve_asks *n);
void serve_asks_take(struct serve_asks *n, const struct frame *frame); /* a SERVE_ASK that came */
void serve_asks_cancel(struct serve_asks *n, uint64_t call);

/* For what takes minutes: the answer goes on in another thread, which ends it with serve_answer_end. NULL: memory is out. */
struct serve_answer *serve_answer_later(struct serve_answer *a);
void serve_answer_end(struct serve_answer *a, bool ok, enum serve_denial why, const char *text);

/* Whether nobody waits for this answer any more: for what takes long. */
bool serve_asks_gone(const struct serve_answer *a);

void serve_cell(struct serve_answer *a, const char *text, size_t length);
void serve_cell_text(struct serve_answer *a, const char *text); /* zero-terminated */
void serve_cell_number(struct serve_answer *a, uint64_t number);
void serve_cells_send(struct serve_answer *a); /* the rows so far; more follow */

#endif
