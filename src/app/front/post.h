/*
 * post: hearth-front's end of the frames (wire/serve.h). It never waits: what hearth does not take at once stands in a buffer.
 */
#ifndef HEARTH_APP_FRONT_POST_H
#define HEARTH_APP_FRONT_POST_H

#include "wire/frame.h"
#include "wire/serve.h"

struct post {
	int socket;
	struct frame_reader reader;
	struct buffer out; /* from `at` on not yet sent */
	size_t at;
	bool ended; /* hearth is gone, or sent what makes no sense */
};

enum { POST_MOST_WAITING = 1 << 30 };

struct post post_new(int socket);
void post_free(struct post *p);

/* A frame, begun and ended by the caller's appending in between. */
struct buffer *post_begin(struct post *p, uint32_t kind, size_t *begun);
bool post_end(struct post *p, size_t begun); /* false: it did not fit, and nothing is sent of it */

void post_flush(struct post *p);       /* sends what goes without waiting */
bool post_waits(const struct post *p); /* for room: to be polled for writing */

/* The next frame that is there; false when none is. */
bool post_take(struct post *p, struct frame *f);

/* Wipes what was taken and sent; no frame may be used any more. */
void post_wipe(struct post *p);

#endif
