/*
 * client_link: one running engine process as the client sees it: its socket, the thread that reads from it, requests and answers,
 * and its end.
 *
 * A request is asked by one thread at a time (its owner sees to that), which waits for the answer. Events go to `on_event` in the
 * reading thread. A link that has failed stays failed, with the reason; whoever owns it makes another.
 */
#ifndef HEARTH_WIRE_CLIENT_LINK_H
#define HEARTH_WIRE_CLIENT_LINK_H

#include "wire/client.h"
#include "wire/frame.h"

#include <pthread.h>

struct link_watch {
	void *data;
	/* An event, valid during the call, in the reading thread. False: it makes no sense, and the engine is given up. */
	bool (*event)(void *data, const struct hearth_event *event);
	/* The number that answers a request, in the reading thread, before any event that follows it. False as above. */
	bool (*number)(void *data, uint64_t number);
	/* Whether reading may go on (a queue has room) and something is awaited from the engine. */
	bool (*has_room)(void *data);
	bool (*awaits)(void *data);
	/* The link has failed; the last call, with the link's lock held. Each of these may be NULL: nothing is expected, then. */
	void (*failed)(void *data, const char *reason);
};

struct link {
	int socket, wake; /* wake: an eventfd, by which who asks ends the reading thread's idle wait */
	void *process;
	const struct client_starter *starter;
	struct link_watch watch;
	struct frame_reader reader;
	struct wire_room room;
	pthread_t thread;
	bool thread_runs;

	pthread_mutex_t sending; /* of whole frames */
	pthread_mutex_t lock;    /* of all below */
	pthread_cond_t news;
	bool closing, failed;
	uint32_t wanted; /* the kind of the answer that is awaited; 0: none */
	bool patient;    /* for an answer that takes its time: no ping is expected meanwhile */
	bool answered, refused;
	struct buffer answer;
	char reason[256]; /* of the failure */
};

/* Starts a process and the thread that reads from it. NULL with the reason. */
struct link *link_start(const struct client_starter *starter, const struct link_watch *watch, struct error *e);
void link_close(struct link *l); /* ends the process; NULL is allowed */

/* Tells without an answer: a frame with `size` bytes and perhaps a descriptor (-1: none). False when the link has failed. */
bool link_tell(struct link *l, uint32_t kind, const void *data, size_t size, int descriptor, struct error *e);

/* Asks and waits for an answer of the kind `wanted`, whose bytes lie in l->answer until the next link_ask; one thread at a time.
 * False: it was refused, memory is out, or the link has failed (link_has_failed). */
bool link_ask(struct link *l, uint32_t kind, const void *data, size_t size, uint32_t wanted, bool patient, struct error *e);

bool link_has_failed(struct link *l);

#endif
