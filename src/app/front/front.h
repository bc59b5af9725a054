/*
 * front: what hearth-front is made of: a server, the gate, the way to hearth, and the calls that run.
 */
#ifndef HEARTH_APP_FRONT_FRONT_H
#define HEARTH_APP_FRONT_FRONT_H

#include "app/front/gate.h"
#include "app/front/http.h"
#include "app/front/post.h"

/* What is handed to hearth at once, and bytes of bodies that are held for calls. */
enum { FRONT_MOST_WORK = 256, FRONT_MOST_BODIES = 512 << 20 };

/* Seconds after which a stream of events that says nothing gets a comment, so that nobody on its way takes it for dead. */
#define FRONT_SILENCE 10.0

/* A piece of work that runs for a call. */
struct work {
	uint64_t number;
	uint32_t which;
	bool cancelled;
	struct call *call;
	struct work *next;
};

struct front {
	struct http *http;
	struct gate gate;
	struct post post;
	struct wire_room room;
	struct work *work;
	size_t n_work;
	struct call *calls; /* that run */
	size_t bodies;      /* bytes that were promised to them */
	uint64_t last_number, last_id;
	double silence;        /* FRONT_SILENCE */
	bool forgets;          /* hearth was locked: what was said is to be wiped */
	char cookie_line[256]; /* what sets the page's cookie */
	char forget_line[160]; /* what takes it away */
	/* Counts for /metrics. */
	bool metrics;
	uint64_t n_requests, n_refused, n_submitted;
};

/* What the server calls; data is the front. */
struct http_handler front_handler(struct front *f);

/* The header lines of every answer. */
extern const char *const front_headers[];

/* Takes what hearth has sent. False: hearth is gone. */
bool front_take(struct front *f);

/* Looks at calls that have been silent for long; to be called about once a second while there are any. */
void front_tick(struct front *f);

#endif
