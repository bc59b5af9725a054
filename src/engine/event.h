/*
 * event: what the engine tells a program, each with copies of its own, in a queue.
 *
 * The queue has no lock: its user holds the engine's. Answers and progress that nobody has taken yet are joined with what follows
 * of the same request, so that a program which stops listening costs no more memory than its answers are long.
 */
#ifndef HEARTH_ENGINE_EVENT_H
#define HEARTH_ENGINE_EVENT_H

#include "base/buffer.h"
#include "base/error.h"
#include "hearth.h"

struct event {
	struct hearth_event shown; /* its pointers are set by event_show */
	struct buffer text, ids, pieces;
	struct buffer scores, score_texts; /* the texts one behind the other */
	struct buffer prompt_end, values;
	struct event *next;
	struct event **slot; /* where its request refers to it while it is queued; NULL: nowhere */
};

struct event_queue {
	struct event *first, *last;
};

struct event *event_new(uint32_t kind, uint64_t request, struct error *e);
void event_free(struct event *event); /* what it holds is wiped; NULL is allowed */

/* These append to what the event holds; false when memory is out. */
bool event_add_text(struct event *event, const char *text, size_t length);
bool event_add_ids(struct event *event, const int32_t *ids, size_t n);
bool event_add_scores(struct event *event, const struct hearth_score *scores, size_t n);
bool event_add_pieces(struct event *event, const struct hearth_piece *pieces, size_t n);
bool event_add_values(struct event *event, const float *values, size_t n);

/* The struct that a program sees; valid as long as the event. */
const struct hearth_event *event_show(struct event *event);

/* The queue owns it now. `slot` (NULL: none) refers to the event until it is taken, and is NULL afterwards: through it a request
 * finds its last event as long as it can still be joined. */
void event_push(struct event_queue *q, struct event *event, struct event **slot);

struct event *event_pop(struct event_queue *q); /* NULL when empty; the caller owns it */
void event_clear(struct event_queue *q);

/* Empties a slot: the event stays queued, and nothing refers to it. */
void event_detach(struct event **slot);

#endif
