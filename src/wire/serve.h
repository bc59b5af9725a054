/*
 * serve: what hearth-front and hearth say to each other while hearth serves, in frames.
 *
 *     hearth                                 hearth-front
 *     SERVE_DESCRIPTOR ... SERVE_START  -->
 *                                       <--  SERVE_READY | SERVE_REFUSED        it has bound its listener and is in its jail
 *                                       <--  SERVE_SUBMIT, SERVE_CANCEL, SERVE_ASK
 *     SERVE_EVENT, SERVE_DENIED, SERVE_TOLD -->
 *     SERVE_FORGET                      -->
 *                                       <--  SERVE_FORGOTTEN
 *
 * hearth-front parses every byte of HTTP and JSON that comes from outside; hearth gets structs alone and no text of a stranger that
 * it would have to parse (a conversation's JSON goes through to the engine unread). hearth decides: which models there are, what
 * may run at once, what the vault tells; hearth-front has no names of files and no rights. Both are one version of hearth, so
 * nothing is negotiated, and neither trusts the other's lengths.
 *
 * A *call* is what hearth-front waits for: it gives each a number that it never uses twice. A call that was submitted gets events,
 * of which HEARTH_DONE or HEARTH_FAILED is the last, or one SERVE_DENIED. A call that asked gets SERVE_TOLD until one is marked as
 * the last, or one SERVE_DENIED. After SERVE_CANCEL a call that was submitted ends as a cancelled request does, and one that asked
 * is forgotten. What comes for a call that hearth-front no longer knows is left aside.
 *
 * What is asked has a name, arguments that are texts, and an answer of rows of texts, whose columns both ends know (SERVE_ASK:
 * src/app/hearth/serve_asks.c has the table; a number is written in decimal). So a new question needs nothing here.
 */
#ifndef HEARTH_WIRE_SERVE_H
#define HEARTH_WIRE_SERVE_H

#include "base/buffer.h"
#include "base/error.h"
#include "hearth.h"
#include "wire/messages.h"

enum {
	SERVE_PROTOCOL = 1,
	SERVE_MOST_NAMES = 16,     /* of hosts, and of origins */
	SERVE_MOST_ARGUMENTS = 32, /* of what is asked */
	SERVE_MOST_CELLS = 1 << 20,
	SERVE_MOST_COLUMNS = 64,
	SERVE_NAME = 256 /* of a model or a question, with its end */
};

enum serve_kind {
	SERVE_DESCRIPTOR = 1, /* u32 enum serve_descriptor, with the descriptor */
	SERVE_START,          /* struct serve_start */
	SERVE_EVENT,          /* u64 call, struct hearth_event */
	SERVE_DENIED,         /* u64 call, u32 enum serve_denial, a text: nothing runs for this call */
	SERVE_TOLD,           /* struct serve_told */
	SERVE_FORGET,         /* nothing: hearth is locked, and what was said may stay in no memory */

	SERVE_READY = 64, /* struct serve_ready */
	SERVE_REFUSED,    /* a text: why it cannot serve; it ends */
	SERVE_SUBMIT,     /* struct serve_submit */
	SERVE_CANCEL,     /* u64 call */
	SERVE_ASK,        /* struct serve_ask */
	SERVE_FORGOTTEN   /* nothing: what SERVE_FORGET asked for is done */
};

enum serve_descriptor {
	SERVE_LISTENER = 1, /* systemd's */
	SERVE_CERTIFICATE,  /* a file, PEM */
	SERVE_KEY           /* the same */
};

/* Why nothing runs; each has one status of HTTP (src/app/front/call.c). */
enum serve_denial {
	SERVE_WRONG = 1, /* what was asked makes no sense */
	SERVE_MISSING,   /* there is no such model, question or thing */
	SERVE_LOCKED,    /* the vault is locked */
	SERVE_BUSY,      /* as much runs as may */
	SERVE_FULL,      /* memory, or the disk */
	SERVE_FAILED     /* anything else */
};

/* A text with its length; zero-terminated as well when it was read from a frame. */
struct serve_text {
	const char *data;
	size_t length;
};

/* What hearth-front may not look up. Texts are zero-terminated. */
struct serve_start {
	const char *version;
	const char *address;                   /* to bind, literal; unused with a socket path or systemd's listener */
	uint32_t port;                         /* 0: whichever is free */
	const char *socket;                    /* path of a Unix socket to make; "" for none */
	const char *token;                     /* what a client shows */
	const char *cookie;                    /* what the page's cookie is worth */
	const char *names[SERVE_MOST_NAMES];   /* further hosts that the page may be asked under */
	const char *origins[SERVE_MOST_NAMES]; /* of pages elsewhere that may use the API */
	size_t n_names, n_origins;
	bool metrics;
};

/* Where it listens. */
struct serve_ready {
	const char *address; /* "127.0.0.1:8807", "[::1]:8807", or a path */
	bool local;          /* reached from this machine alone */
	bool tls, socket;
	struct wire_jailed jail;
};

/* Which members of the request's sampling the client gave; the rest are what the model's file advises. */
enum serve_given {
	SERVE_GIVEN_TEMPERATURE = 1,
	SERVE_GIVEN_TOP_K = 2,
	SERVE_GIVEN_TOP_P = 4,
	SERVE_GIVEN_MIN_P = 8,
	SERVE_GIVEN_TYPICAL_P = 16,
	SERVE_GIVEN_REPEAT = 32,
	SERVE_GIVEN_PRESENCE = 64,
	SERVE_GIVEN_FREQUENCY = 128,
	SERVE_GIVEN_LAST = 256,
	SERVE_GIVEN_ALL = 511
};

struct serve_submit {
	uint64_t call;
	const char *model;             /* "" for the usual one */
	uint32_t given;                /* of enum serve_given */
	struct hearth_request request; /* its session is hearth's to choose: 0 */
};

struct serve_ask {
	uint64_t call;
	const char *what; /* zero-terminated */
	struct serve_text arguments[SERVE_MOST_ARGUMENTS];
	size_t n_arguments;
};

/* Rows of `n_columns` texts each, one behind the other; the cells are the caller's to free with serve_told_free. */
struct serve_told {
	uint64_t call;
	bool last;
	uint32_t n_columns;
	struct serve_text *cells;
	size_t n_cells;
};

void serve_put_text(struct buffer *b, const char *data, size_t length);
void serve_put_start(struct buffer *b, const struct serve_start *s);
void serve_put_ready(struct buffer *b, const struct serve_ready *r);
void serve_put_event(struct buffer *b, uint64_t call, const struct hearth_event *e);
void serve_put_denied(struct buffer *b, uint64_t call, enum serve_denial why, const char *text);
void serve_put_submit(struct buffer *b, const struct serve_submit *s);
void serve_put_ask(struct buffer *b, const struct serve_ask *a);
/* The head of a serve_told; its cells follow with serve_put_text. */
void serve_put_told(struct buffer *b, uint64_t call, bool last, uint32_t n_columns);

/* These read a whole frame, as in messages.h: false when bytes are missing, left over or out of range. What was read points into
 * the frame. */
bool serve_get_start(const void *data, size_t size, struct serve_start *s);
bool serve_get_ready(const void *data, size_t size, struct serve_ready *r);
bool serve_get_event(const void *data, size_t size, uint64_t *call, struct hearth_event *e, struct wire_room *room);
bool serve_get_denied(const void *data, size_t size, uint64_t *call, uint32_t *why, const char **text);
bool serve_get_submit(const void *data, size_t size, struct serve_submit *s, struct wire_room *room);
bool serve_get_ask(const void *data, size_t size, struct serve_ask *a);
bool serve_get_told(const void *data, size_t size, struct serve_told *t);
void serve_told_free(struct serve_told *t);

#endif
