/*
 * page: what the page of web/ asks below /hearth/, as a table: a path, what hearth is asked for it, the members that its body may
 * have, and the names of the columns that come back.
 *
 * A body is one JSON object. Members are texts, whole numbers or true and false; one that is unknown is refused by its name, and
 * one that is missing is given on as empty. An answer is {"items": [...]} with an object for each row, or the one object of a
 * change, or for what takes long an object a line as they come. hearth's table has the same columns (src/app/hearth/page.h).
 */
#include "app/front/gate.h"
#include "app/front/routes.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { MOST_FIELDS = 8, MOST_COLUMNS = 16, MOST_ANSWER = 512 << 20 };

enum kind { TEXT, NUMBER, YES_NO };
enum shape { ITEMS, ONE, LINES };

struct field {
	const char *name;
	enum kind kind;
};

struct question {
	const char *method, *path, *what;
	enum shape shape;
	struct field fields[MOST_FIELDS];
	struct field columns[MOST_COLUMNS + 1];
};

/* A GET's star is its only argument. */
static const struct question questions[] = {
	{ "GET",
	  "/hearth/state",
	  "page/state",
	  ITEMS,
	  { { NULL, TEXT } },
	  { { "version", TEXT },
	    { "vault", TEXT },
	    { "protected", YES_NO },
	    { "asked", YES_NO },
	    { "opens_alone", YES_NO },
	    { "has_keyring", YES_NO },
	    { "lock_minutes", NUMBER },
	    { "lock_in", NUMBER },
	    { "model", TEXT },
	    { "builtin", YES_NO },
	    { "context", NUMBER },
	    { "memory_used", NUMBER },
	    { "memory_total", NUMBER },
	    { "memory_free", NUMBER },
	    { "threads_low", YES_NO },
	    { "older", YES_NO } } },
	{ "POST", "/hearth/here", "page/here", ONE, { { NULL, TEXT } }, { { NULL, TEXT } } },
	{ "POST",
	  "/hearth/settings",
	  "page/settings",
	  ONE,
	  { { "lock_minutes", NUMBER }, { "keep", YES_NO }, { "threads", TEXT } },
	  { { NULL, TEXT } } },
	{ "POST",
	  "/hearth/vault/create",
	  "page/create",
	  ONE,
	  { { "kind", TEXT }, { "passphrase", TEXT } },
	  { { "recovery", TEXT } } },
	{ "POST", "/hearth/vault/unlock", "page/unlock", ONE, { { "passphrase", TEXT } }, { { NULL, TEXT } } },
	{ "POST", "/hearth/vault/lock", "page/lock", ONE, { { NULL, TEXT } }, { { NULL, TEXT } } },
	{ "GET",
	  "/hearth/chats",
	  "page/chats",
	  ITEMS,
	  { { NULL, TEXT } },
	  { { "number", NUMBER },
	    { "title", TEXT },
	    { "made", NUMBER },
	    { "changed", NUMBER },
	    { "messages", NUMBER },
	    { "branch_of", NUMBER } } },
	{ "GET",
	  "/hearth/chats/*",
	  "page/chat",
	  ITEMS,
	  { { NULL, TEXT } },
	  { { "position", NUMBER }, { "role", TEXT }, { "text", TEXT }, { "made", NUMBER }, { "unfinished", YES_NO } } },
	{ "POST",
	  "/hearth/chats/write",
	  "page/write",
	  ONE,
	  { { "number", NUMBER },
	    { "title", TEXT },
	    { "position", NUMBER },
	    { "role", TEXT },
	    { "unfinished", YES_NO },
	    { "text", TEXT } },
	  { { "number", NUMBER } } },
	{ "POST",
	  "/hearth/chats/branch",
	  "page/branch",
	  ONE,
	  { { "number", NUMBER }, { "messages", NUMBER } },
	  { { "number", NUMBER } } },
	{ "POST", "/hearth/chats/rename", "page/rename", ONE, { { "number", NUMBER }, { "title", TEXT } }, { { NULL, TEXT } } },
	{ "POST", "/hearth/chats/delete", "page/delete", ONE, { { "number", NUMBER } }, { { NULL, TEXT } } },
	{ "POST",
	  "/hearth/chats/search",
	  "page/search",
	  ITEMS,
	  { { "words", TEXT } },
	  { { "number", NUMBER },
	    { "position", NUMBER },
	    { "title", TEXT },
	    { "role", TEXT },
	    { "made", NUMBER },
	    { "text", TEXT } } },
	{ "GET",
	  "/hearth/models",
	  "page/models",
	  ITEMS,
	  { { NULL, TEXT } },
	  { { "id", TEXT },
	    { "title", TEXT },
	    { "kind", TEXT },
	    { "source", TEXT },
	    { "bytes", NUMBER },
	    { "fits", TEXT },
	    { "speed", NUMBER },
	    { "rate", NUMBER },
	    { "good_at", TEXT },
	    { "licence", TEXT },
	    { "why", TEXT },
	    { "recommended", YES_NO },
	    { "current", YES_NO },
	    { "pull", TEXT } } },
	{ "POST", "/hearth/models/use", "page/use", ONE, { { "model", TEXT } }, { { NULL, TEXT } } },
	{ "POST",
	  "/hearth/models/pull",
	  "page/pull",
	  LINES,
	  { { "name", TEXT } },
	  { { "state", TEXT },
	    { "done", NUMBER },
	    { "total", NUMBER },
	    { "rate", NUMBER },
	    { "sha256", TEXT },
	    { "model", TEXT },
	    { "part", NUMBER },
	    { "parts", NUMBER } } },
	{ "POST",
	  "/hearth/prove",
	  "page/prove",
	  LINES,
	  { { NULL, TEXT } },
	  { { "kind", TEXT }, { "name", TEXT }, { "verdict", TEXT }, { "text", TEXT }, { "expected", TEXT } } },
	{ "GET",
	  "/hearth/network",
	  "page/network",
	  ITEMS,
	  { { NULL, TEXT } },
	  { { "kind", TEXT },
	    { "number", NUMBER },
	    { "time", NUMBER },
	    { "of", NUMBER },
	    { "host", TEXT },
	    { "up", NUMBER },
	    { "down", NUMBER },
	    { "result", TEXT },
	    { "sent", TEXT },
	    { "sha256", TEXT } } },
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

struct asked {
	const struct question *question;
	size_t n_columns;
	struct buffer out; /* the answer so far; for lines, what is to be sent next */
	bool any;
};

/* ---- the answer ---- */

/* hearth writes numbers; what is none becomes null, so that the answer stays JSON. */
static void write_number(struct buffer *b, const struct serve_text *text)
{
	size_t digits = strspn(text->data, "0123456789");
	bool fraction = text->data[digits] == '.' && text->data[digits + 1];
	if (fraction) digits += 1 + strspn(text->data + digits + 1, "0123456789");
	bool ok =
	        text->length && digits == text->length && text->data[0] != '.' && (text->data[0] != '0' || fraction || digits == 1);
	buffer_append_text(b, ok ? text->data : "null");
}

static void write_row(struct buffer *b, const struct asked *a, const struct serve_text *cells)
{
	for (size_t i = 0; i < a->n_columns; i++) {
		const struct field *f = &a->question->columns[i];
		buffer_format(b, "%s\"%s\": ", i ? ", " : "{", f->name);
		if (f->kind == TEXT)
			json_write_text(b, cells[i].data, cells[i].length);
		else if (f->kind == NUMBER)
			write_number(b, &cells[i]);
		else
			buffer_append_text(b, cells[i].length == 1 && cells[i].data[0] == '1' ? "true" : "false");
	}
	buffer_append_text(b, a->n_columns ? "}" : "{}");
}

static void write_rows(struct asked *a, const struct serve_told *t)
{
	size_t rows = t->n_columns ? t->n_cells / t->n_columns : 0;
	for (size_t i = 0; i < rows; i++) {
		if (a->question->shape == ONE && a->any) break;
		if (a->question->shape == ITEMS && a->any) buffer_append_text(&a->out, ",\n");
		write_row(&a->out, a, t->cells + i * t->n_columns);
		if (a->question->shape == LINES) buffer_append_byte(&a->out, '\n');
		a->any = true;
	}
}

static void send_lines(struct call *c, struct asked *a, bool last)
{
	if (!call_streams(c)) call_stream(c, "application/x-ndjson");
	call_write(c, buffer_text(&a->out), a->out.size);
	if (a->out.data) memory_wipe(a->out.data, a->out.size);
	buffer_clear(&a->out);
	if (last) call_end(c);
}

static void on_told(struct call *c, uint32_t which, const struct serve_told *t)
{
	struct asked *a = c->state;
	(void)which;
	if (t->n_columns != a->n_columns && t->n_cells) {
		call_refuse(c, 500, "hearth answers with other columns");
		return;
	}
	if (!a->any && a->question->shape == ITEMS && !a->out.size) buffer_append_text(&a->out, "{\"items\": [");
	write_rows(a, t);
	if (a->question->shape == LINES) {
		send_lines(c, a, t->last);
		return;
	}
	if (!t->last) return;
	if (a->question->shape == ONE && !a->any) buffer_append_text(&a->out, "{}");
	buffer_append_text(&a->out, a->question->shape == ITEMS ? "]}\n" : "\n");
	if (a->out.failed)
		call_refuse(c, 507, "memory is out");
	else
		call_answer_json(c, 200, &a->out);
}

static void on_denied(struct call *c, uint32_t which, enum serve_denial why, const char *text)
{
	struct asked *a = c->state;
	(void)which;
	if (!call_streams(c)) {
		call_refuse(c, call_status(why), "%s", text);
		return;
	}
	buffer_append_text(&a->out, "{\"error\": {\"message\": ");
	json_write_text(&a->out, text, strlen(text));
	buffer_append_text(&a->out, "}}\n");
	send_lines(c, a, true);
}

static void on_over(struct call *c)
{
	struct asked *a = c->state;
	if (a->out.data) memory_wipe(a->out.data, a->out.size);
	buffer_free(&a->out);
}

/* ---- the question ---- */

static const struct question *question_of(const struct call *c)
{
	for (size_t i = 0; i < QUESTIONS; i++) {
		if (strcmp(questions[i].path, c->route->path) == 0 && strcmp(questions[i].method, c->route->method) == 0)
			return &questions[i];
	}
	return NULL;
}

static bool refuse_unknown(const struct question *q, json_t *body, struct error *e)
{
	const char *name;
	json_t *value;
	json_object_foreach(body, name, value)
	{
		size_t i = 0;
		while (i < MOST_FIELDS && q->fields[i].name && strcmp(q->fields[i].name, name) != 0) i++;
		if (i == MOST_FIELDS || !q->fields[i].name) return error_set(e, "there is no member \"%.80s\" here", name);
	}
	return true;
}

static bool take_member(struct call *c, const struct field *f, json_t *value, struct serve_text *out, struct error *e)
{
	*out = call_text("");
	if (!value || json_is_null(value)) return true;
	if (f->kind == YES_NO && json_is_boolean(value)) {
		*out = call_text(json_is_true(value) ? "1" : "0");
		return true;
	}
	if (f->kind == NUMBER && json_is_integer(value) && json_integer_value(value) >= 0) {
		char *text = arena_alloc(c->arena, 1, 24);
		if (!text) return error_memory(e);
		snprintf(text, 24, "%lld", (long long)json_integer_value(value));
		*out = call_text(text);
		return true;
	}
	if (f->kind == TEXT && json_is_string(value)) {
		*out = (struct serve_text){ .length = json_string_length(value) };
		out->data = arena_copy(c->arena, json_string_value(value), out->length);
		return out->data || error_memory(e);
	}
	return error_set(e, "\"%s\" is to be %s", f->name,
	                 f->kind == TEXT     ? "a text"
	                 : f->kind == NUMBER ? "a whole number from 0"
	                                     : "true or false");
}

static bool read_body(struct call *c, const struct question *q, struct serve_text *arguments, size_t *n, struct error *e)
{
	json_t *body = json_parse(c->body_length ? c->body : "{}", c->body_length ? c->body_length : 2, "the body", e);
	bool ok = body && (json_is_object(body) || error_set(e, "the body is to be an object")) && refuse_unknown(q, body, e);
	for (*n = 0; ok && *n < MOST_FIELDS && q->fields[*n].name; (*n)++)
		ok = take_member(c, &q->fields[*n], json_object_get(body, q->fields[*n].name), &arguments[*n], e);
	json_decref(body);
	return ok;
}

static void begin_page(struct call *c)
{
	static const struct call_watch watch = { .told = on_told, .denied = on_denied, .over = on_over };
	const struct question *q = question_of(c);
	struct serve_text arguments[MOST_FIELDS];
	struct asked *a = arena_alloc(c->arena, 1, sizeof *a);
	struct error e;
	size_t n = 0;
	if (!a || !q) {
		call_refuse(c, 500, "memory is out");
		return;
	}
	*a = (struct asked){ .question = q, .out = buffer_new(MOST_ANSWER) };
	while (q->columns[a->n_columns].name) a->n_columns++;
	if (strcmp(q->method, "POST") == 0) {
		if (!read_body(c, q, arguments, &n, &e)) {
			call_refuse(c, 400, "%s", e.text);
			return;
		}
	} else if (q->path[strlen(q->path) - 1] == '*') {
		arguments[n++] = call_text(c->rest);
	}
	c->state = a;
	c->watch = &watch;
	if (!call_ask(c, 0, q->what, arguments, n, &e)) call_refuse(c, 503, "%s", e.text);
}

#define POST_ROW(path, most)                                                                                                       \
	{                                                                                                                          \
		"POST", path, GATE_CHANGES, most, begin_page, NULL                                                                 \
	}
#define GET_ROW(path)                                                                                                              \
	{                                                                                                                          \
		"GET", path, 0, 0, begin_page, NULL                                                                                \
	}

const struct route page_routes[] = {
	GET_ROW("/hearth/state"),
	GET_ROW("/hearth/chats"),
	GET_ROW("/hearth/models"),
	GET_ROW("/hearth/network"),
	POST_ROW("/hearth/here", ROUTE_SMALL),
	POST_ROW("/hearth/settings", ROUTE_SMALL),
	POST_ROW("/hearth/vault/create", ROUTE_SMALL),
	POST_ROW("/hearth/vault/unlock", ROUTE_SMALL),
	POST_ROW("/hearth/vault/lock", ROUTE_SMALL),
	POST_ROW("/hearth/chats/write", ROUTE_LARGE),
	POST_ROW("/hearth/chats/branch", ROUTE_SMALL),
	POST_ROW("/hearth/chats/rename", ROUTE_SMALL),
	POST_ROW("/hearth/chats/delete", ROUTE_SMALL),
	POST_ROW("/hearth/chats/search", ROUTE_SMALL),
	POST_ROW("/hearth/models/use", ROUTE_SMALL),
	POST_ROW("/hearth/models/pull", ROUTE_SMALL),
	POST_ROW("/hearth/prove", ROUTE_SMALL),
	GET_ROW("/hearth/chats/*"), /* behind what is written out */
	{ NULL, NULL, 0, 0, NULL, NULL },
};
