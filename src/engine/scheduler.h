/*
 * scheduler: the engine's two threads, its queue of requests and its sessions.
 *
 * The prompt thread makes prompts (JSON, template, tokens), one after the other, so that a long one does not hold up answers. The
 * engine thread owns the model, all sequences and sessions, and computes in steps: a step is one batch with the next row of every
 * answer and, in the room that is left, the next rows of the prompts that wait, in equal shares. While answers wait for it, a step
 * with prompt rows is kept short; without any it is as long as a new request may have to wait (a pass over the weights costs the
 * same for few rows and for many). Behind a step with both, answers have steps for themselves, fewer where
 * most requests still wait for their first word. A request that is cancelled takes
 * the batch that runs with it. Rows do not depend on each other, so none of this changes a bit of any answer.
 *
 * All functions may be called from any thread. Nothing runs and no CPU is used while there is nothing to do.
 */
#ifndef HEARTH_ENGINE_SCHEDULER_H
#define HEARTH_ENGINE_SCHEDULER_H

#include "engine/adapters.h"
#include "engine/draft.h"
#include "engine/event.h"
#include "engine/prompt.h"
#include "engine/request.h"
#include "model/model.h"

struct scheduler;

/* Starts the threads. Model (NULL: prompts are made and nothing is computed), source and draft (NULL: none) stay the caller's and
 * must outlive the scheduler; nobody else may use them. */
struct scheduler *scheduler_new(struct model *model, const struct prompt_source *source, struct draft *draft, struct error *e);

/* Bytes of keys and values that requests leave for others to go on from, and of all together, at most. */
void scheduler_share_bytes(struct scheduler *s, size_t shared, size_t planned);

/* Wipes what requests of this number left for others. */
void scheduler_forget(struct scheduler *s, uint64_t share);

/* Calls `work` when no batch runs and none can begin. False: a request is open. */
bool scheduler_idle(struct scheduler *s, void (*work)(void *data), void *data);

/* Ends all requests, frees all sessions, stops the threads. NULL is allowed. */
void scheduler_free(struct scheduler *s);

/* A new session's id; 0 when memory is out. */
uint64_t scheduler_session_new(struct scheduler *s);
void scheduler_session_free(struct scheduler *s, uint64_t session);

/* The session's next requests are computed with this set (NULL: without adapters), whose reference is taken over. */
bool scheduler_session_adapt(struct scheduler *s, uint64_t session, struct adapter_set *set, struct error *e);

/* Takes a request (already checked) into the queue; its session must exist, or be 0 for one of its own. */
bool scheduler_submit(struct scheduler *s, const struct hearth_request *asked, uint64_t *id, struct error *e);
void scheduler_cancel(struct scheduler *s, uint64_t id);

/* The next event, waiting at most timeout_ms (negative: for ever) while a request is open. The caller frees it. NULL: none. */
struct event *scheduler_next(struct scheduler *s, int timeout_ms);

/* Waits until the last event of some request is queued, at most so many milliseconds. Costs nothing while tokens come. */
void scheduler_settle(struct scheduler *s, int milliseconds);

#endif
