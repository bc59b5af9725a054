/*
 * scheduler_internal: what the parts of the scheduler share: scheduler.c (queue, threads), scheduler_step.c (batches).
 *
 * `lock` guards everything above the line; what stands below belongs to the engine thread. Requests and sessions are changed by the
 * engine thread alone, but for `cancelled`, `closing`, `n_requests` and the state of a request that the prompt thread has.
 */
#ifndef HEARTH_ENGINE_SCHEDULER_INTERNAL_H
#define HEARTH_ENGINE_SCHEDULER_INTERNAL_H

#include "engine/draft.h"
#include "engine/scheduler.h"

#include <pthread.h>

enum { MOST_ACTIVE = 32 }; /* requests that are computed side by side; more wait */

struct scheduler {
	struct model *model;
	const struct prompt_source *source;
	uint32_t n_vocab, context, max_rows;
	pthread_t engine, maker;
	bool engine_runs, maker_runs;

	pthread_mutex_t lock;
	pthread_cond_t work;   /* the engine thread waits for it */
	pthread_cond_t unmade; /* the prompt thread does */
	pthread_cond_t news;   /* scheduler_next does */
	pthread_cond_t ends;   /* scheduler_settle does */
	struct request *first; /* all requests, in order of submission */
	struct session *sessions;
	struct event_queue events;
	uint64_t last_id; /* of sessions and requests */
	uint32_t n_open;  /* requests that have not ended */
	uint32_t n_ended; /* last events in the queue */
	bool closing;
	bool long_step;      /* the batch that runs has prompt rows */
	atomic_bool give_up; /* that batch is not wanted any more */

	/* ---- */

	struct request *active[MOST_ACTIVE];
	uint32_t n_active;
	struct row *rows; /* max_rows */
	struct sampler_room room;
	double seconds_per_row; /* of a prompt, as measured last; 0: not yet */
	struct pace pace;       /* of steps with answer rows alone */
	struct draft *draft;    /* NULL: none */
	struct mask_tree *tree; /* made for the first answer that must follow a grammar */
	struct mask_cache masks;
};

/* Admits a request that is ready: finds what its session has of it and prepares its computing. False: it has failed or, with
 * max_tokens 0, is done (r->stop). The lock is held. */
bool scheduler_admit(struct scheduler *s, struct request *r);

/* Fills the batch for the next step; 0: nothing to compute. */
uint32_t scheduler_build(struct scheduler *s);

/* Computes the batch of `n` rows and lets each request that has rows in it take its results: r->chosen, text, stop, failed. */
void scheduler_compute(struct scheduler *s, uint32_t n);

/* Adds rows for the tokens that are tried ahead to a batch of `n` rows, if all are of answers; returns how many there are then.
 * Learns from the results of the step, which took so many seconds (scheduler_guess.c). */
uint32_t scheduler_guess(struct scheduler *s, uint32_t n);
void scheduler_learn(struct scheduler *s, uint32_t n, uint32_t rows, double seconds);

#endif
