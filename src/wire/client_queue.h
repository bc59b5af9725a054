/*
 * client_queue: events that came and that the program has not taken, each with what it points to in one piece of memory, wiped when
 * it goes. The queue has no lock: its user holds the client's.
 */
#ifndef HEARTH_WIRE_CLIENT_QUEUE_H
#define HEARTH_WIRE_CLIENT_QUEUE_H

#include "hearth.h"

struct client_queue {
	struct queued *first, *last;
	struct queued *shown; /* the one that was taken last, whose pointers the program may use */
	size_t n_bytes;       /* that wait */
};

bool client_queue_add(struct client_queue *q, const struct hearth_event *event); /* a copy; false: memory */
bool client_queue_take(struct client_queue *q, struct hearth_event *event);      /* false: none waits */
void client_queue_free(struct client_queue *q);

#endif
