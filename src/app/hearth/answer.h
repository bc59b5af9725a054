/*
 * answer: one request from its submission to its last event, with everything that is worth keeping of it.
 *
 * Ctrl-C while it runs cancels the request, not the program: the answer so far stays.
 */
#ifndef HEARTH_APP_HEARTH_ANSWER_H
#define HEARTH_APP_HEARTH_ANSWER_H

#include "base/buffer.h"
#include "base/error.h"
#include "hearth.h"

#include <stdbool.h>

struct answer {
	struct buffer text;
	struct buffer ids;    /* int32_t each */
	struct buffer prompt; /* its text, when the request wants it */
	struct hearth_piece *pieces;
	size_t n_pieces;
	uint32_t stop;    /* enum hearth_stop; 0 when it failed */
	uint32_t failure; /* enum hearth_failure; 0 when it went well */
	uint64_t seed;
	uint32_t n_context, n_prompt, n_cached, n_generated, n_guessed, n_accepted;
	double seconds_prompt, seconds_generate;
};

/* What the caller sees while it runs; each may be NULL. */
struct answer_watch {
	void (*event)(void *data, const struct hearth_event *event, const struct answer *so_far);
	void (*tick)(void *data); /* about ten times a second while nothing else happens */
	bool (*stop)(void *data); /* true: the request is cancelled, as by Ctrl-C */
	void *data;
};

struct answer answer_new(void);
void answer_free(struct answer *a);

/* Runs the request to its end. False: it could not be submitted or failed; *e is the line for it, a->failure its kind. */
bool answer_run(struct answer *a, struct hearth *h, const struct hearth_request *request, const struct answer_watch *watch,
                struct error *e);

#endif
