/*
 * client_internal: an open model as the client's parts share it: client.c (opening, starting again), client_sessions.c (sessions
 * and adapters), client_requests.c (requests and events), client_queue.c (events that wait).
 *
 * Ids that a program sees are the client's own and stay when the engine is started again: requests, sessions and adapters each know
 * the engine's id, 0 while it has none. Locks: `asking` is held by whoever talks to the engine, through its start and each answer;
 * `lock` guards requests and the queue, and is never held while something is sent. `asking` comes first.
 */
#ifndef HEARTH_WIRE_CLIENT_INTERNAL_H
#define HEARTH_WIRE_CLIENT_INTERNAL_H

#include "base/sized.h"
#include "wire/client_queue.h"
#include "wire/client_start.h"

struct open_request {
	uint64_t id, engine_id;
	struct open_request *next;
};

struct session {
	uint64_t id, engine_id;
	struct hearth_adapter adapters[HEARTH_MOST_ADAPTERS]; /* by the client's ids */
	size_t n_adapters;
	struct session *next;
};

struct adapter {
	uint64_t id, engine_id;
	char *path;
	struct adapter *next;
};

struct hearth {
	struct hearth_options options;
	char *model, *draft;
	struct hearth_info info;
	struct buffer facts; /* that `info` points into */
	char *plan[2];

	pthread_mutex_t asking;
	struct link *link;
	struct session *sessions;
	struct adapter *adapters;
	uint64_t last_id;
	struct buffer measured; /* that hearth_importance has shown */
	struct wire_room room;  /* of it */

	pthread_mutex_t lock;
	pthread_cond_t news;
	struct open_request *requests;   /* that have not had their last event */
	struct open_request *submitting; /* in the list, and waits for the engine's id */
	struct client_queue queue;
	bool dead; /* the engine has ended, for this reason */
	char reason[400];
	bool unheard; /* and no request has told it */
};

static inline struct error *client_error(struct hearth_error *error)
{
	return sized_error(error ? error->text : NULL);
}

/* Makes sure that an engine runs. What the one before had computed is forgotten, and nothing else. With `asking` held. */
bool client_ensure_engine(struct hearth *h, struct error *e);

/* The session of this id, which the engine knows then; NULL with the reason. An engine runs, `asking` is held. */
struct session *client_session(struct hearth *h, uint64_t id, struct error *e);
bool client_ensure_session(struct hearth *h, struct session *s, struct error *e);
void client_free_sessions(struct hearth *h); /* and adapters */

/* Tells the engine, when it runs and knows the thing, of an id. */
void client_tell_id(struct hearth *h, uint32_t kind, uint64_t engine_id);

/* What the link tells the requests of `h`. */
struct link_watch client_watch(struct hearth *h);
void client_free_requests(struct hearth *h);

#endif
