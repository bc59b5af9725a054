/*
 * call: one request of a client, from its route to the end of its answer, as the API's and the page's files see it.
 *
 * A route's `begin` is called when the gate has let the request in and its body is whole. It answers at once (call_answer), or
 * hands work to hearth (call_submit, call_ask) and answers when the events come, whole or in pieces (call_stream, call_write,
 * call_end). Everything runs in one thread, so nothing here waits and nothing needs a lock. When the client goes, what runs for the
 * call is cancelled by itself, and `over` frees what the handler keeps outside of the call's arena.
 *
 * A new path is a row in a table (routes.h) and a function.
 */
#ifndef HEARTH_APP_FRONT_CALL_H
#define HEARTH_APP_FRONT_CALL_H

#include "base/arena.h"
#include "base/error.h"
#include "wire/serve.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct call;
struct front;

/* What becomes of the work that a call handed over. Each may be NULL. */
struct call_watch {
	/* An event of the request that was submitted as `which`, valid during the call; DONE or FAILED is its last. */
	void (*event)(struct call *c, uint32_t which, const struct hearth_event *e);
	/* Rows for what was asked as `which`; t->last marks the last ones. */
	void (*told)(struct call *c, uint32_t which, const struct serve_told *t);
	/* Nothing runs, for this reason. NULL: the route's refusal with the status of HTTP that belongs to it (call_status). */
	void (*denied)(struct call *c, uint32_t which, enum serve_denial why, const char *text);
	/* About every five seconds while nothing else happens; a stream of events gets a comment by itself. */
	void (*waiting)(struct call *c);
	/* The call ends: for state that lies outside of the arena. */
	void (*over)(struct call *c);
};

struct route {
	const char *method; /* "GET", "POST", "DELETE" ...; HEAD comes with GET */
	const char *path;   /* "/v1/models"; one that ends in a star stands for all that begin so */
	unsigned flags;     /* enum gate_path; 0: a token is needed */
	size_t most_body;   /* bytes; 0: none is taken */
	void (*begin)(struct call *c);
	/* An error in the shape that this path's clients parse; NULL: {"error": {"message", "type", "code"}}, as OpenAI's. It
	 * answers the call. Also used for what is refused before `begin`. */
	void (*refuse)(struct call *c, unsigned status, const char *text);
};

struct call {
	const struct route *route;
	const char *method;
	const char *rest; /* of the path, where the star stands, decoded; "" */
	const char *body; /* zero-terminated; may hold zero bytes */
	size_t body_length;
	bool by_cookie;      /* the page asks, not an API's client */
	struct arena *arena; /* goes with the call */
	const struct call_watch *watch;
	void *state; /* the handler's */
	uint64_t id; /* never used twice in this process: for names of answers */
	struct front *front;
	struct call_inside *inside; /* call.c's */
};

/* The first value of a name in the query, decoded; NULL when it is not there. False in *ok (may be NULL): it cannot be decoded. */
const char *call_query(struct call *c, const char *name, bool *ok);

/* The first header line of that name; NULL for none. */
const char *call_header(const struct call *c, const char *name);

/* Adds a header line to the answer, before it is given; `name` and `value` must live as long as the call. */
void call_add(struct call *c, const char *name, const char *value);

/* The whole answer. `type`: "application/json", or another one with its charset. The bytes are copied. */
void call_answer(struct call *c, unsigned status, const char *type, const void *body, size_t length);
void call_answer_json(struct call *c, unsigned status, const struct buffer *b); /* a failed buffer becomes an error */

/* Bytes of the program, which stay where they are. */
void call_answer_static(struct call *c, unsigned status, const char *type, const void *body, size_t length);

/* The route's error. */
void call_refuse(struct call *c, unsigned status, const char *format, ...) ERROR_FORMAT(3, 4);

/* An answer in pieces; `type` "text/event-stream" gets keep-alive comments. call_write is false when the client is gone or reads
 * too slowly: `over` comes soon, and nothing needs to be done. */
void call_stream(struct call *c, const char *type);
bool call_write(struct call *c, const void *bytes, size_t length);
void call_end(struct call *c);
bool call_streams(const struct call *c);  /* call_stream has been called */
bool call_answered(const struct call *c); /* an answer has been given or begun */

/* Hands a request to hearth (s->call is set here). `which` comes back with its events; several may run for one call. False: as
 * much runs as may, and nothing comes. */
bool call_submit(struct call *c, uint32_t which, struct serve_submit *s, struct error *e);

/* Ends what was submitted as `which`; its last event still comes. */
void call_cancel(struct call *c, uint32_t which);

/* Asks hearth (wire/serve.h); arguments are copied. */
bool call_ask(struct call *c, uint32_t which, const char *what, const struct serve_text *arguments, size_t n, struct error *e);
struct serve_text call_text(const char *text); /* zero-terminated */

/* The status of HTTP for what hearth denied, and for a request that failed (enum hearth_failure). */
unsigned call_status(enum serve_denial why);
unsigned call_failure_status(uint32_t failure);

#endif
