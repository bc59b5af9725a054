/*
 * call: the way of a request from the server to its route and back (see call.h, front.h).
 *
 * A call lives as long as its exchange. Work that was handed to hearth may live longer, until its last event has come: then its
 * call is NULL.
 */
#include "app/front/call.h"

#include "app/front/front.h"
#include "app/front/routes.h"
#include "base/clock.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA = 256 << 20, MOST_ERROR = 8192, MOST_TARGET = 8192 };
static const double waiting_every = 5;
static const char type_json[] = "application/json", type_events[] = "text/event-stream";

struct call_inside {
	struct call call;
	struct route unknown; /* when there is none */
	struct http_exchange *exchange;
	struct call *next, *previous;
	size_t promised; /* of front->bodies */
	bool answered, streams, events;
	double written, waited;
	char origin[GATE_NAME];
	char methods[ROUTE_METHODS];
};

const char *const front_headers[] = {
	"Content-Security-Policy",
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; "
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
	/* A browser would look up the hosts of links by itself. */
	"X-DNS-Prefetch-Control",
	"off",
	"X-Content-Type-Options",
	"nosniff",
	"X-Frame-Options",
	"DENY",
	"Referrer-Policy",
	"no-referrer",
	"Cross-Origin-Resource-Policy",
	"same-origin",
	"Cross-Origin-Opener-Policy",
	"same-origin",
	"Cache-Control",
	"no-store",
	NULL,
};

/* ---- answers ---- */

void call_add(struct call *c, const char *name, const char *value)
{
	http_add(c->inside->exchange, name, value);
}

const char *call_header(const struct call *c, const char *name)
{
	return http_header(c->inside->exchange, name, NULL);
}

static void answer(struct call *c, unsigned status, const char *type, const void *body, size_t length, bool borrowed)
{
	if (c->inside->answered) return;
	c->inside->answered = true;
	http_answer(c->inside->exchange, status, type, body, length, borrowed);
}

void call_answer(struct call *c, unsigned status, const char *type, const void *body, size_t length)
{
	answer(c, status, type, body, length, false);
}

void call_answer_static(struct call *c, unsigned status, const char *type, const void *body, size_t length)
{
	answer(c, status, type, body, length, true);
}

void call_answer_json(struct call *c, unsigned status, const struct buffer *b)
{
	if (b->failed)
		call_refuse(c, 500, "the answer is too large for the memory that it may take");
	else
		call_answer(c, status, type_json, buffer_text(b), b->size);
}

/* As OpenAI's. */
static void refuse_usual(struct call *c, unsigned status, const char *text)
{
	struct buffer b = buffer_new(MOST_ERROR * 8);
	buffer_append_text(&b, "{\"error\": {\"message\": ");
	json_write_text(&b, text, strlen(text));
	const char *type = status == 401   ? "authentication_error"
	                   : status == 403 ? "permission_error"
	                   : status == 404 ? "not_found_error"
	                   : status >= 500 ? "server_error"
	                                   : "invalid_request_error";
	buffer_format(&b, ", \"type\": \"%s\", \"code\": %u}}\n", type, status);
	call_answer(c, status, type_json, buffer_text(&b), b.size);
	buffer_free(&b);
}

static void refuse(struct call *c, unsigned status, const char *text)
{
	if (c->inside->answered) return;
	if (status == 401) call_add(c, "WWW-Authenticate", "Bearer");
	if (status == 405) call_add(c, "Allow", c->inside->methods);
	if (c->route->refuse)
		c->route->refuse(c, status, text);
	else
		refuse_usual(c, status, text);
}

void call_refuse(struct call *c, unsigned status, const char *format, ...)
{
	char text[MOST_ERROR];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	refuse(c, status, text);
}

void call_stream(struct call *c, const char *type)
{
	if (c->inside->answered) return;
	c->inside->answered = c->inside->streams = true;
	c->inside->events = strncmp(type, type_events, sizeof type_events - 1) == 0;
	c->inside->written = clock_seconds();
	http_stream(c->inside->exchange, 200, type);
}

bool call_write(struct call *c, const void *bytes, size_t length)
{
	c->inside->written = clock_seconds();
	return http_write(c->inside->exchange, bytes, length);
}

void call_end(struct call *c)
{
	c->inside->streams = false;
	http_end(c->inside->exchange);
}

bool call_streams(const struct call *c)
{
	return c->inside->streams;
}

bool call_answered(const struct call *c)
{
	return c->inside->answered;
}

const char *call_query(struct call *c, const char *name, bool *ok)
{
	size_t n = strlen(name);
	bool ignored;
	if (!ok) ok = &ignored;
	*ok = true;
	for (const char *at = http_query(c->inside->exchange); *at;) {
		size_t length = strcspn(at, "&");
		if (length >= n && strncmp(at, name, n) == 0 && (length == n || at[n] == '=')) {
			size_t skip = length == n ? n : n + 1;
			char *value = arena_alloc(c->arena, length + 1, 1);
			*ok = value && route_decode(value, at + skip, length - skip, true);
			return *ok ? value : NULL;
		}
		at += length + (at[length] == '&');
	}
	return NULL;
}

/* ---- work for hearth ---- */

unsigned call_status(enum serve_denial why)
{
	switch (why) {
	case SERVE_WRONG: return 400;
	case SERVE_MISSING: return 404;
	case SERVE_LOCKED: return 423;
	case SERVE_BUSY: return 503;
	case SERVE_FULL: return 507;
	default: return 500;
	}
}

unsigned call_failure_status(uint32_t failure)
{
	switch (failure) {
	case HEARTH_FAIL_REQUEST:
	case HEARTH_FAIL_CONTEXT: return 400;
	case HEARTH_FAIL_RESOURCES: return 507;
	default: return 500;
	}
}

static struct work *new_work(struct call *c, uint32_t which, struct error *e)
{
	struct front *f = c->front;
	if (f->n_work == FRONT_MOST_WORK) {
		error_set(e, "%d requests run or wait already, as many as may", (int)FRONT_MOST_WORK);
		return NULL;
	}
	struct work *w = memory_new(1, sizeof *w);
	if (!w) {
		error_memory(e);
		return NULL;
	}
	*w = (struct work){ .number = ++f->last_number, .which = which, .call = c, .next = f->work };
	f->work = w;
	f->n_work++;
	return w;
}

static void drop_work(struct front *f, struct work *w)
{
	struct work **at = &f->work;
	while (*at != w) at = &(*at)->next;
	*at = w->next;
	f->n_work--;
	memory_free(w);
}

bool call_submit(struct call *c, uint32_t which, struct serve_submit *s, struct error *e)
{
	struct front *f = c->front;
	struct work *w = new_work(c, which, e);
	size_t begun;
	if (!w) return false;
	s->call = w->number;
	serve_put_submit(post_begin(&f->post, SERVE_SUBMIT, &begun), s);
	f->n_submitted++;
	if (post_end(&f->post, begun)) return true;
	drop_work(f, w);
	return error_memory(e);
}

bool call_ask(struct call *c, uint32_t which, const char *what, const struct serve_text *arguments, size_t n, struct error *e)
{
	struct front *f = c->front;
	size_t begun;
	if (n > SERVE_MOST_ARGUMENTS) return error_set(e, "%zu arguments are too many", n);
	struct work *w = new_work(c, which, e);
	if (!w) return false;
	struct serve_ask ask = { .call = w->number, .what = what, .n_arguments = n };
	for (size_t i = 0; i < n; i++) ask.arguments[i] = arguments[i];
	serve_put_ask(post_begin(&f->post, SERVE_ASK, &begun), &ask);
	if (post_end(&f->post, begun)) return true;
	drop_work(f, w);
	return error_memory(e);
}

struct serve_text call_text(const char *text)
{
	return (struct serve_text){ text, strlen(text) };
}

static void cancel(struct front *f, struct work *w)
{
	size_t begun;
	if (w->cancelled) return;
	w->cancelled = true;
	wire_put_u64(post_begin(&f->post, SERVE_CANCEL, &begun), w->number);
	post_end(&f->post, begun);
}

void call_cancel(struct call *c, uint32_t which)
{
	for (struct work *w = c->front->work; w; w = w->next) {
		if (w->call == c && w->which == which) cancel(c->front, w);
	}
}

/* ---- from the server ---- */

static struct gate_request head_of(const struct http_exchange *x)
{
	struct gate_request r = { .method = http_method(x) };
	r.host = http_header(x, "host", &r.n_host);
	r.origin = http_header(x, "origin", &r.n_origin);
	r.site = http_header(x, "sec-fetch-site", NULL);
	r.mode = http_header(x, "sec-fetch-mode", NULL);
	r.authorization = http_header(x, "authorization", &r.n_authorization);
	r.api_key = http_header(x, "x-api-key", &r.n_api_key);
	r.cookies = http_header(x, "cookie", &r.n_cookies);
	return r;
}

static struct call *new_call(struct front *f, struct http_exchange *x)
{
	struct call_inside *n = memory_new(1, sizeof *n);
	struct call *c = n ? &n->call : NULL;
	if (!n) return NULL;
	*c = (struct call){ .method = http_method(x), .rest = "", .body = "", .front = f, .inside = n, .id = ++f->last_id };
	c->arena = arena_new(ARENA);
	if (!c->arena) {
		memory_free(n);
		return NULL;
	}
	n->exchange = x;
	n->waited = clock_seconds();
	n->next = f->calls;
	if (f->calls) f->calls->inside->previous = c;
	f->calls = c;
	http_set_user(x, c);
	return c;
}

/* What a browser asks before it lets a page of an allowed origin ask. */
static void answer_preflight(struct call *c)
{
	call_add(c, "Access-Control-Allow-Methods", "GET, POST, DELETE");
	call_add(c, "Access-Control-Allow-Headers",
	         "authorization, content-type, x-api-key, anthropic-version, anthropic-beta, x-stainless-arch, x-stainless-lang, "
	         "x-stainless-os, x-stainless-package-version, x-stainless-retry-count, x-stainless-runtime, "
	         "x-stainless-runtime-version, x-stainless-timeout");
	call_add(c, "Access-Control-Max-Age", "600");
	call_answer_static(c, 204, NULL, "", 0);
}

static bool find_rest(struct call *c, const char *path)
{
	size_t n = strlen(c->route->path), length = strlen(path);
	if (!n || c->route->path[n - 1] != '*') return true;
	char *rest = arena_alloc(c->arena, length + 1, 1);
	if (!rest || !route_decode(rest, path + n - 1, length - n + 1, false)) return false;
	c->rest = rest;
	return true;
}

/* How much of a body is taken; 0 with an answer when there is too much. */
static size_t promise(struct call *c)
{
	const char *length = call_header(c, "content-length"), *encoding = call_header(c, "transfer-encoding");
	size_t most = c->route->most_body, wanted = length ? (size_t)strtoull(length, NULL, 10) : encoding ? most : 0;
	if (wanted > most || (encoding && most == 0)) {
		call_refuse(c, 413, "the body is larger than the %zu bytes that are taken here", most);
	} else if (c->front->bodies + wanted > FRONT_MOST_BODIES) {
		call_refuse(c, 503, "as many requests are being sent as may at once: try again soon");
	} else {
		c->front->bodies += wanted;
		c->inside->promised = wanted;
		return wanted;
	}
	return 0;
}

static size_t on_header(void *data, struct http_exchange *x)
{
	struct front *f = data;
	const struct route *same;
	struct call *c = new_call(f, x);
	f->n_requests++;
	if (!c) {
		http_answer(x, 503, "text/plain", "", 0, true);
		return 0;
	}
	struct gate_request head = head_of(x);
	const struct route *route = route_find(head.method, http_path(x), c->inside->methods, &same);
	c->route = route ? route : same ? same : &c->inside->unknown;
	struct gate_verdict v = gate_decide(&f->gate, &head, c->inside->methods, c->route->flags);
	c->by_cookie = v.by_cookie;
	if (v.origin) {
		snprintf(c->inside->origin, sizeof c->inside->origin, "%s", v.origin);
		call_add(c, "Access-Control-Allow-Origin", c->inside->origin);
		call_add(c, "Vary", "Origin");
	}
	if (v.status == 204) {
		answer_preflight(c);
	} else if (v.status != 200) {
		f->n_refused++;
		refuse(c, v.status, v.reason);
	} else if (!find_rest(c, http_path(x))) {
		call_refuse(c, 400, "the path has a broken percent sign");
	} else {
		return promise(c);
	}
	return 0;
}

static void on_request(void *data, struct http_exchange *x)
{
	struct call *c = http_user(x);
	(void)data;
	c->body = http_body(x, &c->body_length);
	c->route->begin(c);
}

static void on_over(void *data, struct http_exchange *x)
{
	struct front *f = data;
	struct call *c = http_user(x);
	if (!c) return;
	http_set_user(x, NULL);
	for (struct work *w = f->work; w; w = w->next) {
		if (w->call != c) continue;
		w->call = NULL;
		cancel(f, w);
	}
	if (c->watch && c->watch->over) c->watch->over(c);
	f->bodies -= c->inside->promised;
	struct call *next = c->inside->next, *previous = c->inside->previous;
	if (next) next->inside->previous = previous;
	if (previous)
		previous->inside->next = next;
	else
		f->calls = next;
	arena_free(c->arena);
	memory_free(c->inside);
}

struct http_handler front_handler(struct front *f)
{
	return (struct http_handler){ f, on_header, on_request, on_over };
}

/* ---- from hearth ---- */

static struct work *find_work(struct front *f, uint64_t number)
{
	struct work *w = f->work;
	while (w && w->number != number) w = w->next;
	return w;
}

static void take_event(struct front *f, const struct frame *frame)
{
	uint64_t number;
	struct hearth_event e;
	if (!serve_get_event(frame->data, frame->size, &number, &e, &f->room)) {
		f->post.ended = true;
		return;
	}
	struct work *w = find_work(f, number);
	if (!w) return;
	struct call *c = w->call;
	uint32_t which = w->which;
	if (e.kind == HEARTH_DONE || e.kind == HEARTH_FAILED) drop_work(f, w);
	if (c) c->inside->waited = clock_seconds();
	if (c && c->watch && c->watch->event) c->watch->event(c, which, &e);
}

static void take_denied(struct front *f, const struct frame *frame)
{
	uint64_t number;
	uint32_t why;
	const char *text;
	if (!serve_get_denied(frame->data, frame->size, &number, &why, &text)) {
		f->post.ended = true;
		return;
	}
	struct work *w = find_work(f, number);
	if (!w) return;
	struct call *c = w->call;
	uint32_t which = w->which;
	drop_work(f, w);
	if (c && c->watch && c->watch->denied)
		c->watch->denied(c, which, (enum serve_denial)why, text);
	else if (c)
		refuse(c, call_status((enum serve_denial)why), text);
}

static void take_told(struct front *f, const struct frame *frame)
{
	struct serve_told t;
	if (!serve_get_told(frame->data, frame->size, &t)) {
		f->post.ended = true;
		return;
	}
	struct work *w = find_work(f, t.call);
	if (w) {
		struct call *c = w->call;
		uint32_t which = w->which;
		if (t.last) drop_work(f, w);
		if (c) c->inside->waited = clock_seconds();
		if (c && c->watch && c->watch->told) c->watch->told(c, which, &t);
	}
	serve_told_free(&t);
}

bool front_take(struct front *f)
{
	struct frame frame;
	while (post_take(&f->post, &frame)) {
		switch (frame.kind) {
		case SERVE_EVENT: take_event(f, &frame); break;
		case SERVE_DENIED: take_denied(f, &frame); break;
		case SERVE_TOLD: take_told(f, &frame); break;
		case SERVE_FORGET: f->forgets = true; break;
		default: f->post.ended = true;
		}
	}
	return !f->post.ended;
}

void front_tick(struct front *f)
{
	static const char comment[] = ": still here\n\n";
	double now = clock_seconds();
	for (struct call *c = f->calls, *next; c; c = next) {
		struct call_inside *n = c->inside;
		next = n->next;
		if (n->streams && n->events && now - n->written >= f->silence) call_write(c, comment, sizeof comment - 1);
		if (c->watch && c->watch->waiting && now - n->waited >= waiting_every) {
			n->waited = now;
			c->watch->waiting(c);
		}
	}
}
