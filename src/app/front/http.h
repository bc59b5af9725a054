/*
 * http: HTTP/1.1 over a listener that is there already; the one file that knows libmicrohttpd.
 *
 * One thread, no waiting inside: the program waits for http_descriptor and http_timeout and then calls http_run, which calls back.
 * An exchange is one request and its answer. Its handler hears of the head (header), of the whole body (request), and once of the
 * end (over): when the answer is out, or the client is gone, which is noticed while it waits for an answer too. A handler answers
 * at once or later, whole or in pieces.
 *
 * What no client of good will sends is refused here: a body whose length is told twice, header names that are none, control
 * characters, a target that is no path. What costs is bounded: connections, the head, the body, the time until both are there, the
 * time that an answer may stand unread, bytes of an answer that wait (http_limits). The memory of this file is that and no more.
 */
#ifndef HEARTH_APP_FRONT_HTTP_H
#define HEARTH_APP_FRONT_HTTP_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct http_exchange;

struct http_limits {
	unsigned connections;   /* at once; further ones wait in the kernel */
	unsigned head;          /* bytes of the request's line and header, and of MHD's work */
	unsigned idle;          /* seconds without a byte */
	double head_seconds;    /* until the head is whole */
	double crowded_seconds; /* the same, when three quarters of the connections are taken */
	double grace;           /* seconds before a rate is asked for */
	double rate;            /* bytes a second of a body, and of an answer that is read */
	size_t waiting;         /* bytes of an answer in pieces that a client has not read */
};
extern const struct http_limits http_usual_limits;

struct http_handler {
	void *data;
	/* The head has come. The largest body that is taken; or an answer has been given, and no body is taken. */
	size_t (*header)(void *data, struct http_exchange *x);
	/* The body is whole. */
	void (*request)(void *data, struct http_exchange *x);
	/* The exchange is over, and nothing may be done with it any more. */
	void (*over)(void *data, struct http_exchange *x);
};

struct http_settings {
	int listener;           /* a listening socket; -1: none, connections come by http_adopt */
	const char *cert, *key; /* PEM, zero-terminated; NULL: no TLS */
	/* Names and values of header lines that every answer has, in turn; ends with NULL. */
	const char *const *headers;
	struct http_limits limits;
	struct http_handler handler;
};

struct http *http_start(const struct http_settings *s, struct error *e);
void http_stop(struct http *h); /* ends all exchanges; NULL is allowed */

/* Readable when http_run has something to do; and the milliseconds after which it has anyway, -1: never. */
int http_descriptor(const struct http *h);
int http_timeout(struct http *h);
void http_run(struct http *h);

/* Sends of the answers that are there what their clients take at once, and ends the exchanges that are not through then. */
void http_hurry(struct http *h);

/* A connected socket, as if it had been accepted. */
bool http_adopt(struct http *h, int socket);

unsigned http_connections(const struct http *h); /* that are open */

/* ---- an exchange ---- */

const char *http_method(const struct http_exchange *x);
const char *http_path(const struct http_exchange *x);  /* as it was sent, without the query */
const char *http_query(const struct http_exchange *x); /* as it was sent, behind the question mark; "" for none */
/* The first header line of that name, and how many there are; NULL for none. `count` may be NULL. */
const char *http_header(const struct http_exchange *x, const char *name, unsigned *count);
const char *http_body(const struct http_exchange *x, size_t *length); /* zero-terminated */

/* What the handler keeps with it. */
void http_set_user(struct http_exchange *x, void *user);
void *http_user(const struct http_exchange *x);

/* A header line of the answer, before it is given; at most 8. The texts must live until then. */
void http_add(struct http_exchange *x, const char *name, const char *value);

/* The whole answer; the bytes are copied, or with `borrowed` stay where they are for ever. */
void http_answer(struct http_exchange *x, unsigned status, const char *type, const void *body, size_t length, bool borrowed);

/* An answer in pieces: false for http_write when the client reads too slowly or is gone: the exchange ends then. */
void http_stream(struct http_exchange *x, unsigned status, const char *type);
bool http_write(struct http_exchange *x, const void *bytes, size_t length);
void http_end(struct http_exchange *x);

#endif
