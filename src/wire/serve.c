/* serve: structs to bytes and back (see serve.h). Texts are a length, the bytes, and a zero byte behind. */
#include "wire/serve.h"

#include "base/memory.h"

#include <string.h>

static void put_u8(struct buffer *b, bool value)
{
	buffer_append_byte(b, value);
}

static void put_u32(struct buffer *b, uint32_t value)
{
	buffer_append(b, &value, sizeof value);
}

void serve_put_text(struct buffer *b, const char *data, size_t length)
{
	wire_put_u64(b, length);
	if (length) buffer_append(b, data, length);
	buffer_append_byte(b, 0);
}

static void put_list(struct buffer *b, const char *const *texts, size_t n)
{
	put_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) wire_put_text(b, texts[i]);
}

void serve_put_start(struct buffer *b, const struct serve_start *s)
{
	put_u32(b, SERVE_PROTOCOL);
	wire_put_text(b, s->version);
	wire_put_text(b, s->address);
	put_u32(b, s->port);
	wire_put_text(b, s->socket);
	wire_put_text(b, s->token);
	wire_put_text(b, s->cookie);
	put_list(b, s->names, s->n_names);
	put_list(b, s->origins, s->n_origins);
	put_u8(b, s->metrics);
}

void serve_put_ready(struct buffer *b, const struct serve_ready *r)
{
	wire_put_text(b, r->address);
	put_u8(b, r->local);
	put_u8(b, r->tls);
	put_u8(b, r->socket);
	wire_put_jailed(b, &r->jail);
}

void serve_put_event(struct buffer *b, uint64_t call, const struct hearth_event *e)
{
	wire_put_u64(b, call);
	wire_put_event(b, e);
}

void serve_put_denied(struct buffer *b, uint64_t call, enum serve_denial why, const char *text)
{
	wire_put_u64(b, call);
	put_u32(b, why);
	wire_put_text(b, text);
}

void serve_put_submit(struct buffer *b, const struct serve_submit *s)
{
	wire_put_u64(b, s->call);
	wire_put_text(b, s->model);
	put_u32(b, s->given);
	wire_put_request(b, &s->request);
}

void serve_put_ask(struct buffer *b, const struct serve_ask *a)
{
	wire_put_u64(b, a->call);
	wire_put_text(b, a->what);
	put_u32(b, (uint32_t)a->n_arguments);
	for (size_t i = 0; i < a->n_arguments; i++) serve_put_text(b, a->arguments[i].data, a->arguments[i].length);
}

void serve_put_told(struct buffer *b, uint64_t call, bool last, uint32_t n_columns)
{
	wire_put_u64(b, call);
	put_u8(b, last);
	put_u32(b, n_columns);
}

/* ---- getting ---- */

static bool get_bool(struct cursor *c)
{
	uint8_t value = cursor_u8(c);
	if (value > 1) c->failed = true;
	return value == 1;
}

static struct serve_text get_bytes(struct cursor *c)
{
	uint64_t length = cursor_u64(c);
	const char *data = (const char *)cursor_bytes(c, length);
	if (!data || cursor_u8(c) != 0) c->failed = true;
	return c->failed ? (struct serve_text){ "", 0 } : (struct serve_text){ data, (size_t)length };
}

/* One without a zero byte in it; never NULL. */
static const char *get_text(struct cursor *c)
{
	struct serve_text t = get_bytes(c);
	if (memchr(t.data, 0, t.length)) c->failed = true;
	return t.data;
}

static size_t get_list(struct cursor *c, const char **texts)
{
	uint32_t n = cursor_u32(c);
	if (n > SERVE_MOST_NAMES) c->failed = true;
	for (uint32_t i = 0; i < n && !c->failed; i++) texts[i] = get_text(c);
	return c->failed ? 0 : n;
}

static bool whole(const struct cursor *c)
{
	return !c->failed && cursor_left(c) == 0;
}

/* What is left, for the functions of messages.h, which take whole frames. */
static const void *rest(const struct cursor *c, size_t *size)
{
	*size = cursor_left(c);
	return c->data ? c->data + c->at : NULL;
}

bool serve_get_start(const void *data, size_t size, struct serve_start *s)
{
	struct cursor c = cursor_over(data, size);
	*s = (struct serve_start){ .version = "" };
	if (cursor_u32(&c) != SERVE_PROTOCOL) return false;
	s->version = get_text(&c);
	s->address = get_text(&c);
	s->port = cursor_u32(&c);
	s->socket = get_text(&c);
	s->token = get_text(&c);
	s->cookie = get_text(&c);
	s->n_names = get_list(&c, s->names);
	s->n_origins = get_list(&c, s->origins);
	s->metrics = get_bool(&c);
	return whole(&c) && s->port <= 65535;
}

bool serve_get_ready(const void *data, size_t size, struct serve_ready *r)
{
	struct cursor c = cursor_over(data, size);
	r->address = get_text(&c);
	r->local = get_bool(&c);
	r->tls = get_bool(&c);
	r->socket = get_bool(&c);
	const void *jail = rest(&c, &size);
	return !c.failed && wire_get_jailed(jail, size, &r->jail);
}

bool serve_get_event(const void *data, size_t size, uint64_t *call, struct hearth_event *e, struct wire_room *room)
{
	struct cursor c = cursor_over(data, size);
	*call = cursor_u64(&c);
	const void *event = rest(&c, &size);
	return !c.failed && wire_get_event(event, size, e, room);
}

bool serve_get_denied(const void *data, size_t size, uint64_t *call, uint32_t *why, const char **text)
{
	struct cursor c = cursor_over(data, size);
	*call = cursor_u64(&c);
	*why = cursor_u32(&c);
	*text = get_text(&c);
	return whole(&c) && *why >= SERVE_WRONG && *why <= SERVE_FAILED;
}

bool serve_get_submit(const void *data, size_t size, struct serve_submit *s, struct wire_room *room)
{
	struct cursor c = cursor_over(data, size);
	s->call = cursor_u64(&c);
	s->model = get_text(&c);
	s->given = cursor_u32(&c);
	const void *request = rest(&c, &size);
	return !c.failed && (s->given & ~(uint32_t)SERVE_GIVEN_ALL) == 0 && strlen(s->model) < SERVE_NAME &&
	       wire_get_request(request, size, &s->request, room);
}

bool serve_get_ask(const void *data, size_t size, struct serve_ask *a)
{
	struct cursor c = cursor_over(data, size);
	a->call = cursor_u64(&c);
	a->what = get_text(&c);
	a->n_arguments = cursor_u32(&c);
	if (a->n_arguments > SERVE_MOST_ARGUMENTS || strlen(a->what) >= SERVE_NAME) return false;
	for (size_t i = 0; i < a->n_arguments; i++) a->arguments[i] = get_bytes(&c);
	return whole(&c);
}

bool serve_get_told(const void *data, size_t size, struct serve_told *t)
{
	struct cursor c = cursor_over(data, size);
	struct buffer cells = buffer_new(SERVE_MOST_CELLS * sizeof(struct serve_text));
	*t = (struct serve_told){ .call = cursor_u64(&c) };
	t->last = get_bool(&c);
	t->n_columns = cursor_u32(&c);
	while (!c.failed && cursor_left(&c)) {
		struct serve_text cell = get_bytes(&c);
		if (!buffer_append(&cells, &cell, sizeof cell)) c.failed = true;
		t->n_cells++;
	}
	t->cells = (struct serve_text *)(void *)cells.data;
	bool rows = t->n_columns ? t->n_columns <= SERVE_MOST_COLUMNS && t->n_cells % t->n_columns == 0 : t->n_cells == 0;
	if (!c.failed && rows) return true;
	serve_told_free(t);
	return false;
}

void serve_told_free(struct serve_told *t)
{
	memory_free(t->cells);
	t->cells = NULL;
	t->n_cells = 0;
}
