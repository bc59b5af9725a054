/* tool_notations: readers of tags, Python and Gemma's notation (see tool_notations.h). */
#include "api/tool_notations.h"

#include "base/utf8.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum { MOST_NAME = 256, MOST_VALUE = 16 << 20, MOST_DEPTH = 100 };

/* The text while it is read. */
struct text {
	const char *at, *end;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void skip_space(struct text *t)
{
	while (t->at < t->end && is_space(*t->at)) t->at++;
}

static bool take(struct text *t, const char *what)
{
	size_t n = strlen(what);
	if ((size_t)(t->end - t->at) < n || memcmp(t->at, what, n) != 0) return false;
	t->at += n;
	return true;
}

/* Up to `mark`, which is passed. */
static bool take_to(struct text *t, const char *mark, struct text *part)
{
	const char *at = memmem(t->at, (size_t)(t->end - t->at), mark, strlen(mark));
	if (!at) return false;
	*part = (struct text){ t->at, at };
	t->at = at + strlen(mark);
	return true;
}

static void trim(struct text *t)
{
	skip_space(t);
	while (t->end > t->at && is_space(t->end[-1])) t->end--;
}

static bool copy_name(struct text t, char name[MOST_NAME])
{
	trim(&t);
	size_t n = (size_t)(t.end - t.at);
	if (n == 0 || n >= MOST_NAME || memchr(t.at, 0, n)) return false;
	memcpy(name, t.at, n);
	name[n] = 0;
	return true;
}

/* ---- arguments ---- */

static void begin_member(struct buffer *b, const char *key, size_t length)
{
	if (b->size > 1) buffer_append_text(b, ", ");
	json_write_text(b, key, length);
	buffer_append_text(b, ": ");
}

/* A value between tags: a text where the schema says so, JSON where it is some, else a text. */
static void put_value(const struct tool_calls *c, struct buffer *b, const char *tool, const char *key, struct text v)
{
	struct error ignored;
	bool told, text = c->listener->is_text(c->listener->data, tool, key, &told);
	begin_member(b, key, strlen(key));
	/* One line end on each side belongs to the tags. */
	if (v.at < v.end && *v.at == '\n') v.at++;
	if (v.end > v.at && v.end[-1] == '\n') v.end--;
	size_t n = (size_t)(v.end - v.at);
	json_t *value = told && text ? NULL : json_parse(v.at, n, "", &ignored);
	if (value)
		json_write_value(b, value);
	else if (!(told && text) && n == 4 && memcmp(v.at, "True", 4) == 0)
		buffer_append_text(b, "true");
	else if (!(told && text) && n == 5 && memcmp(v.at, "False", 5) == 0)
		buffer_append_text(b, "false");
	else if (!(told && text) && n == 4 && memcmp(v.at, "None", 4) == 0)
		buffer_append_text(b, "null");
	else
		json_write_text(b, v.at, n);
	json_decref(value);
}

static bool finish(const struct tool_calls *c, const char *name, struct buffer *b)
{
	buffer_append_byte(b, '}');
	bool ok = !b->failed && c->call(c->data, name, b);
	buffer_free(b);
	return ok;
}

static struct buffer begin_arguments(void)
{
	struct buffer b = buffer_new(MOST_VALUE);
	buffer_append_byte(&b, '{');
	return b;
}

/* ---- tags ---- */

bool tool_read_function(const struct tool_calls *c, const char *text, size_t length)
{
	struct text t = { text, text + length }, part;
	char name[MOST_NAME], key[MOST_NAME];
	unsigned n = 0;
	for (skip_space(&t); t.at < t.end; skip_space(&t), n++) {
		if (!take(&t, "<function=") || !take_to(&t, ">", &part) || !copy_name(part, name)) return false;
		struct buffer b = begin_arguments();
		bool ok = true;
		for (skip_space(&t); ok && !take(&t, "</function>") && t.at < t.end; skip_space(&t)) {
			ok = take(&t, "<parameter=") && take_to(&t, ">", &part) && copy_name(part, key) &&
			     take_to(&t, "</parameter>", &part);
			if (ok) put_value(c, &b, name, key, part);
		}
		if (!ok) {
			buffer_free(&b);
			return false;
		}
		if (!finish(c, name, &b)) return false;
	}
	return n > 0;
}

bool tool_read_keys(const struct tool_calls *c, const char *text, size_t length)
{
	struct text t = { text, text + length }, part;
	const char *suffix = c->form->suffix ? c->form->suffix : "";
	char name[MOST_NAME], key[MOST_NAME], tags[4][64];
	static const char *const plain[4] = { "<arg_key", "</arg_key", "<arg_value", "</arg_value" };
	for (size_t i = 0; i < 4; i++) snprintf(tags[i], sizeof tags[i], "%s%s>", plain[i], suffix);
	const char *first = memchr(text, '<', length);
	part = (struct text){ text, first ? first : t.end };
	t.at = part.end;
	if (!copy_name(part, name)) return false;
	if (take(&t, "<tool_sep") && !take_to(&t, ">", &part)) return false;
	struct buffer b = begin_arguments();
	bool ok = true;
	for (skip_space(&t); ok && t.at < t.end; skip_space(&t)) {
		ok = take(&t, tags[0]) && take_to(&t, tags[1], &part) && copy_name(part, key);
		skip_space(&t);
		ok = ok && take(&t, tags[2]) && take_to(&t, tags[3], &part);
		if (ok) put_value(c, &b, name, key, part);
	}
	if (ok) return finish(c, name, &b);
	buffer_free(&b);
	return false;
}

/* <PREFIXinvoke name="f"> ... */
bool tool_read_invoke(const struct tool_calls *c, const char *text, size_t length)
{
	struct text t = { text, text + length }, part, rest;
	const char *prefix = c->form->prefix ? c->form->prefix : "";
	char name[MOST_NAME], key[MOST_NAME], tags[4][64];
	snprintf(tags[0], sizeof tags[0], "<%sinvoke name=\"", prefix);
	snprintf(tags[1], sizeof tags[1], "</%sinvoke>", prefix);
	snprintf(tags[2], sizeof tags[2], "<%sparameter name=\"", prefix);
	snprintf(tags[3], sizeof tags[3], "</%sparameter>", prefix);
	unsigned n = 0;
	for (skip_space(&t); t.at < t.end; skip_space(&t), n++) {
		if (!take(&t, tags[0]) || !take_to(&t, "\"", &part) || !copy_name(part, name) || !take_to(&t, ">", &rest))
			return false;
		struct buffer b = begin_arguments();
		bool ok = true;
		for (skip_space(&t); ok && !take(&t, tags[1]) && t.at < t.end; skip_space(&t)) {
			ok = take(&t, tags[2]) && take_to(&t, "\"", &part) && copy_name(part, key) && take_to(&t, ">", &rest) &&
			     take_to(&t, tags[3], &part);
			if (ok) put_value(c, &b, name, key, part);
		}
		if (!ok) {
			buffer_free(&b);
			return false;
		}
		if (!finish(c, name, &b)) return false;
	}
	return n > 0;
}

/* ---- Python ---- */

static bool read_value(struct text *t, struct buffer *b, unsigned depth);

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
}

static bool take_name(struct text *t, char name[MOST_NAME])
{
	struct text part = { t->at, t->at };
	while (part.end < t->end && is_name(*part.end)) part.end++;
	t->at = part.end;
	return copy_name(part, name);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind a backslash. */
static bool read_escape(struct text *t, struct buffer *b)
{
	static const char from[] = "ntrbf0", to[] = "\n\t\r\b\f";
	char c = *t->at++, bytes[4];
	const char *known = strchr(from, c);
	size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (digits == 0) return buffer_append_byte(b, known && c ? (uint8_t)to[known - from] : (uint8_t)c);
	uint32_t point = 0;
	for (size_t i = 0; i < digits; i++) {
		int d = t->at < t->end ? hex(*t->at++) : -1;
		if (d < 0) return false;
		point = point * 16 + (uint32_t)d;
	}
	bool good = point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
	return buffer_append(b, bytes, utf8_encode(good ? point : UTF8_REPLACEMENT, bytes));
}

/* A string in either kind of quotes, as JSON. */
static bool read_string(struct text *t, struct buffer *b)
{
	struct buffer plain = buffer_new(MOST_VALUE);
	char quote = *t->at++;
	bool ok = true;
	while (ok && t->at < t->end && *t->at != quote) {
		char c = *t->at++;
		if (c == '\\' && t->at < t->end)
			ok = read_escape(t, &plain);
		else
			ok = buffer_append_byte(&plain, (uint8_t)c);
	}
	ok = ok && t->at < t->end;
	if (ok) {
		t->at++;
		json_write_text(b, buffer_text(&plain), plain.size);
	}
	buffer_free(&plain);
	return ok;
}

/* A number, a word of Python's, or what else stands up to the next sign: a text. */
static bool read_word(struct text *t, struct buffer *b)
{
	static const char *const words[][2] = { { "True", "true" }, { "False", "false" }, { "None", "null" },
		                                { "true", "true" }, { "false", "false" }, { "null", "null" } };
	struct text part = { t->at, t->at };
	struct error ignored;
	while (part.end < t->end && !strchr(",()[]{}=:", *part.end)) part.end++;
	t->at = part.end;
	trim(&part);
	size_t n = (size_t)(part.end - part.at);
	if (n == 0) return false;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strlen(words[i][0]) == n && memcmp(words[i][0], part.at, n) == 0) return buffer_append_text(b, words[i][1]);
	}
	json_t *number = json_parse(part.at, n, "", &ignored);
	bool ok = json_is_number(number) ? json_write_value(b, number) : json_write_text(b, part.at, n);
	json_decref(number);
	return ok;
}

/* [a, b], (a, b) and {k: v}. */
static bool read_group(struct text *t, struct buffer *b, char close, unsigned depth)
{
	bool object = close == '}';
	unsigned n = 0;
	t->at++;
	buffer_append_byte(b, object ? '{' : '[');
	for (skip_space(t); t->at < t->end && *t->at != close; skip_space(t), n++) {
		if (n > 0 && !take(t, ",")) return false;
		skip_space(t);
		if (n > 0 && t->at < t->end && *t->at == close) break;
		if (n > 0) buffer_append_text(b, ", ");
		if (object) {
			if (t->at >= t->end || (*t->at != '"' && *t->at != '\'') || !read_string(t, b)) return false;
			skip_space(t);
			if (!take(t, ":")) return false;
			buffer_append_text(b, ": ");
		}
		if (!read_value(t, b, depth + 1)) return false;
	}
	if (t->at >= t->end) return false;
	t->at++;
	return buffer_append_byte(b, object ? '}' : ']');
}

static bool read_value(struct text *t, struct buffer *b, unsigned depth)
{
	skip_space(t);
	if (t->at >= t->end || depth > MOST_DEPTH) return false;
	switch (*t->at) {
	case '"':
	case '\'': return read_string(t, b);
	case '[': return read_group(t, b, ']', depth);
	case '(': return read_group(t, b, ')', depth);
	case '{': return read_group(t, b, '}', depth);
	default: return read_word(t, b);
	}
}

/* f(k=v, ...), behind the name. */
static bool read_call(const struct tool_calls *c, struct text *t, const char *name)
{
	struct buffer b = begin_arguments();
	char key[MOST_NAME];
	bool ok = true;
	unsigned n = 0;
	for (skip_space(t); ok && t->at < t->end && *t->at != ')'; skip_space(t), n++) {
		ok = n == 0 || take(t, ",");
		skip_space(t);
		ok = ok && take_name(t, key);
		skip_space(t);
		ok = ok && take(t, "=");
		if (!ok) break;
		begin_member(&b, key, strlen(key));
		ok = read_value(t, &b, 0);
	}
	ok = ok && take(t, ")");
	if (ok) return finish(c, name, &b);
	buffer_free(&b);
	return false;
}

bool tool_read_python(const struct tool_calls *c, const char *text, size_t length)
{
	struct text t = { text, text + length };
	char name[MOST_NAME];
	unsigned n = 0;
	skip_space(&t);
	if (take(&t, "```python") || take(&t, "```")) skip_space(&t);
	bool list = take(&t, "[");
	for (skip_space(&t); t.at < t.end; skip_space(&t), n++) {
		if (list && take(&t, "]")) break;
		if (take(&t, "```")) break;
		if (n > 0 && list && !take(&t, ",")) return false;
		skip_space(&t);
		if (!take_name(&t, name) || !take(&t, "(") || !read_call(c, &t, name)) return false;
	}
	skip_space(&t);
	return n > 0 && t.at == t.end;
}

/* ---- Gemma ---- */

static const char gemma_quote[] = "<|\"|>";

static bool gemma_value(struct text *t, struct buffer *b, unsigned depth);

/* {k:v,...} or [v,...] */
static bool gemma_group(struct text *t, struct buffer *b, unsigned depth)
{
	bool object = *t->at++ == '{';
	char close = object ? '}' : ']', key[MOST_NAME];
	unsigned n = 0;
	buffer_append_byte(b, object ? '{' : '[');
	for (skip_space(t); t->at < t->end && *t->at != close; skip_space(t), n++) {
		if (n > 0 && !take(t, ",")) return false;
		if (n > 0) buffer_append_text(b, ", ");
		skip_space(t);
		if (object) {
			struct text part;
			bool quoted = take(t, gemma_quote);
			if (quoted ? !take_to(t, gemma_quote, &part) || !copy_name(part, key) || !take(t, ":")
			           : !take_to(t, ":", &part) || !copy_name(part, key))
				return false;
			json_write_text(b, key, strlen(key));
			buffer_append_text(b, ": ");
		}
		if (!gemma_value(t, b, depth + 1)) return false;
	}
	if (t->at >= t->end) return false;
	t->at++;
	return buffer_append_byte(b, (uint8_t)close);
}

static bool gemma_value(struct text *t, struct buffer *b, unsigned depth)
{
	struct text part;
	skip_space(t);
	if (t->at >= t->end || depth > MOST_DEPTH) return false;
	if (take(t, gemma_quote)) {
		if (!take_to(t, gemma_quote, &part)) return false;
		return json_write_text(b, part.at, (size_t)(part.end - part.at));
	}
	if (*t->at == '{' || *t->at == '[') return gemma_group(t, b, depth);
	if (*t->at == '"') return read_string(t, b);
	return read_word(t, b);
}

bool tool_read_gemma(const struct tool_calls *c, const char *text, size_t length)
{
	struct text t = { text, text + length };
	char name[MOST_NAME];
	unsigned n = 0;
	for (skip_space(&t); t.at < t.end; skip_space(&t), n++) {
		struct buffer b = buffer_new(MOST_VALUE);
		bool ok = take(&t, "call:") && take_name(&t, name) && t.at < t.end && *t.at == '{' && gemma_group(&t, &b, 0) &&
		          !b.failed && c->call(c->data, name, &b);
		buffer_free(&b);
		if (!ok) return false;
	}
	return n > 0;
}
