/*
 * scheduler_internal: what the parts of the scheduler share: scheduler.c (queue, threads), scheduler_build.c (what a step
 * computes), scheduler_step.c (computing it), scheduler_guess.c, scheduler_memory.c, scheduler_scores.c, scheduler_share.c.
 *
 * `lock` guards everything above the line; what stands below belongs to the engine thread. Requests and sessions are changed by the
 * engine thread alone, but for `cancelled`, `closing`, `n_requests` and the state of a request that the prompt thread has.
 */
#ifndef HEARTH_ENGINE_SCHEDULER_INTERNAL_H
#define HEARTH_ENGINE_SCHEDULER_INTERNAL_H

#include "engine/draft.h"
#include "engine/scheduler.h"

#include <pthread.h>

enum {
	MOST_ACTIVE = 32,         /* requests that are computed side by side; more wait */
	SCHEDULER_LEAST_ROWS = 64 /* of prompts in a step, where they are not fewer; from so many on a row's time is known */
};

struct scheduler {
	struct model *model; /* NULL: words alone */
	const struct prompt_source *source;
	uint32_t n_vocab, n_embd, context, max_rows;
	bool whole; /* texts are read as wholes: an encoder */
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
	bool long_step;       /* the batch that runs has prompt rows */
	bool short_of_memory; /* a request waits for some, and those behind it for it */
	atomic_bool give_up;  /* that batch is not wanted any more */

	/* ---- */

	struct request *active[MOST_ACTIVE];
	uint32_t n_active;
	struct row *rows; /* max_rows */
	uint32_t answers; /* of this step, that have a row of their own in it */
	bool prompt_rows; /* some of this step's are a prompt's */
	double owed;      /* seconds that answers are to have for themselves before the next rows of prompts */
	struct sampler_room room;
	double seconds_per_row; /* of a prompt, as measured last; 0: not yet */
	struct pace pace;       /* of steps with answer rows alone */
	struct draft *draft;    /* NULL: none */
	struct mask_tree *tree; /* made for the first answer that must follow a grammar */
	struct mask_cache masks;
	uint64_t n_uses; /* of kept timelines */
	size_t bytes_shared;
	size_t bytes_planned; /* for all keys and values; 0: no limit */
};

/* Admits a request that is ready: finds what its session has of it and prepares its computing. False: it has failed or, with
 * max_tokens 0, is done (r->stop). The lock is held. */
bool scheduler_admit(struct scheduler *s, struct request *r);

/* Before a request that shares is admitted: lets its session begin with what another has, and whether it is better to wait for what
 * another is about to compute (scheduler_share.c). The lock is held. */
void scheduler_share(struct scheduler *s, struct request *r);
bool scheduler_waits_for_other(const struct scheduler *s, const struct request *r);

/* Whether all that a request may come to has room in memory; when it has not and nothing runs, the request has failed. The lock is
 * held. */
bool scheduler_has_memory(struct scheduler *s, struct request *r);

/* Before a step: what is kept for others makes room. The lock is held. */
void scheduler_tidy_memory(struct scheduler *s);

/* Drops the kept session that was used longest ago; false: there is none. The lock is held. */
bool scheduler_drop_kept(struct scheduler *s);

/* Keeps a session whose request is over for others to go on from. The lock is held. */
void scheduler_keep(struct scheduler *s, struct session *t);

/* Takes a session out of the list and frees it. */
void scheduler_drop_session(struct scheduler *s, struct session *t);

/* Whether the model can give what is wanted; room for it; and taking it behind a step (scheduler_scores.c). False with r->error. */
bool scheduler_can_give(const struct scheduler *s, struct request *r);
bool scheduler_prepare_scores(struct scheduler *s, struct request *r);
bool scheduler_take_scores(struct scheduler *s, struct request *r);

/* Notes how long the step took that scheduler_build has filled. */
void scheduler_account(struct scheduler *s, double seconds);

/* Fills the batch for the next step; 0: nothing to compute. */
uint32_t scheduler_build(struct scheduler *s);

/* Computes the batch of `n` rows and lets each request that has rows in it take its results: r->chosen, text, stop, failed. */
void scheduler_compute(struct scheduler *s, uint32_t n);

/* Adds rows for the tokens that are tried ahead to a batch of `n` rows, if all are of answers; returns how many there are then.
 * Learns from the results of the step, which took so many seconds (scheduler_guess.c). */
uint32_t scheduler_guess(struct scheduler *s, uint32_t n);
void scheduler_learn(struct scheduler *s, uint32_t n, uint32_t rows, double seconds);

#endif
