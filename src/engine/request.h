/*
 * request: one request on its way from the queue to its last event.
 *
 *     NEW ---> MAKING ---> READY ---> RUNNING
 *     queued   prompt is   waits for  its prompt is computed in chunks, then the answer
 *              made        its turn   token by token
 *
 * A request ends (its last event is queued) in any of these states; it is freed at once, but while the prompt thread works
 * on it (MAKING) only afterwards.
 */
#ifndef HEARTH_ENGINE_REQUEST_H
#define HEARTH_ENGINE_REQUEST_H

#include "base/arena.h"
#include "base/buffer.h"
#include "engine/event.h"
#include "engine/guess.h"
#include "engine/mask.h"
#include "engine/prompt.h"
#include "engine/sampler.h"
#include "engine/scores.h"
#include "engine/session.h"
#include "engine/thinking.h"
#include "text/stream.h"

enum request_state { REQUEST_NEW, REQUEST_MAKING, REQUEST_READY, REQUEST_RUNNING };

struct request {
	uint64_t id;
	struct hearth_request asked; /* what it points to is a copy in `arena` */
	struct arena *arena;
	struct session *session;
	struct request *next; /* in order of submission */
	struct event *last;   /* the final event, made beforehand so that it can always be told */
	struct event *open;   /* the last one queued, while it can be joined */
	enum request_state state;
	bool cancelled;
	bool ended; /* the final event is queued */

	struct prompt prompt;
	bool failed; /* with `failure` and `error` */
	enum hearth_failure failure;
	struct error error;

	/* While it is computed; the engine thread's. */
	int32_t *ids; /* the prompt, as the session has it: n_prompt of them */
	uint32_t n_prompt, n_cached, n_generated;
	uint32_t n_done;                /* of the prompt's; all of them: it answers */
	uint32_t n_rows;                /* of it in this step */
	size_t reserved;                /* bytes of keys and values that it may come to (scheduler_memory.c) */
	int32_t token;                  /* the last one chosen */
	int32_t chosen[GUESS_MOST + 1]; /* in this step */
	uint32_t n_chosen;
	float *logits; /* n_logits x n_vocab: behind the prompt's last row, behind the answer's rows, or those that are asked for */
	uint32_t n_logits;
	float *vectors;       /* n_prompt x n_embd, of a text that becomes one */
	struct buffer values; /* of this step, not yet told */
	struct guess guess;
	struct sampler sampler;
	struct thinking thinking;
	struct grammar *grammar; /* NULL: none, or the mask has it */
	struct mask *mask;       /* NULL: the answer is free */
	uint32_t *shown;         /* ids of the control tokens in asked.marks, n_shown of them */
	uint32_t n_shown;
	struct scores scores;                  /* of this step, not yet told */
	struct stream stream;                  /* begun when admitted */
	struct buffer text;                    /* of this step, not yet told */
	enum hearth_stop stop;                 /* 0: goes on */
	double submitted, admitted, answering; /* clock_seconds */
};

/* A copy of `asked`, without id and session yet. NULL: memory. */
struct request *request_new(const struct hearth_request *asked, struct error *e);
void request_name(struct request *r, uint64_t id);
void request_free(struct request *r); /* NULL is allowed; the session is not its own */

/* False with the reason when a request cannot be taken: kinds, pointers, sampling, stop texts, date. */
bool request_check(const struct hearth_request *asked, struct error *e);

/* Marks it as failed. Always returns false. */
bool request_fail(struct request *r, enum hearth_failure failure);

/* Some of its prompt has not been computed. */
static inline bool request_has_prompt(const struct request *r)
{
	return r->n_done < r->n_prompt;
}

/* It wants numbers for tokens of its prompt. */
static inline bool request_scores_tokens(const struct request *r)
{
	return r->asked.want == HEARTH_WANT_LOGITS || r->asked.want == HEARTH_WANT_LOGPROBS;
}

/* Whether it needs the logits behind the prompt's token `at`. */
static inline bool request_wants_logits(const struct request *r, uint32_t at)
{
	switch (r->asked.want) {
	case HEARTH_WANT_ANSWER: return at + 1 == r->n_prompt;
	case HEARTH_WANT_LOGITS: return at >= r->asked.score_from;
	case HEARTH_WANT_LOGPROBS: return at + 1 >= r->asked.score_from && at + 1 < r->n_prompt;
	default: return false;
	}
}

#endif
