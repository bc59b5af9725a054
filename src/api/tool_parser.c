/*
 * tool_parser: the parser (see tool_parser.h).
 *
 *     OUTSIDE --open--> INSIDE --close, or what no call has--> OUTSIDE
 *
 * INSIDE depends on the form's kind: JSON is followed byte by byte (json_byte); a name is read up to its mark and then one JSON
 * value; other notations are kept until their closing mark.
 */
#include "api/tool_parser.h"

#include "api/tool_notations.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "format/json.h"

#include <string.h>

enum { MOST_HELD = 64 << 20, MOST_NAME = 256, MOST_HEAD = 1024 };

enum place { OUTSIDE, BETWEEN, OBJECT, HEAD, VALUE, AFTER, WHOLE, PLAIN };

/* Where in an object the JSON stands. */
enum member { KEY, KEY_STRING, COLON, START, STRING, OTHER, ARGUMENTS, BEHIND };

struct tool_parser {
	const struct tool_form *form;
	struct tool_listener listener;
	enum place place;
	bool seen_text; /* something that is no white space has gone out: no call by its look any more */
	unsigned n_calls;
	struct buffer held;  /* not yet clear */
	struct buffer space; /* white space that goes out when text follows */
	struct buffer raw;   /* all since the open mark, until a call has begun */
	struct buffer more;  /* of arguments, to be told at once */
	bool begun;          /* the current call has been told */
	/* JSON */
	enum member member;
	unsigned depth;
	bool quoted, escaped;
	struct buffer key, arguments; /* arguments that came before the name */
	char name[MOST_NAME];
	bool has_arguments, as_string; /* as_string: the arguments are a string that holds JSON */
};

struct tool_parser *tool_parser_new(const struct tool_form *form, struct tool_listener listener, struct error *e)
{
	struct tool_parser *p = memory_new(1, sizeof *p);
	if (!p) {
		error_memory(e);
		return NULL;
	}
	*p = (struct tool_parser){ .form = form, .listener = listener };
	struct buffer *all[] = { &p->held, &p->space, &p->raw, &p->key, &p->arguments, &p->more };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) *all[i] = buffer_new(MOST_HELD);
	return p;
}

void tool_parser_free(struct tool_parser *p)
{
	if (!p) return;
	struct buffer *all[] = { &p->held, &p->space, &p->raw, &p->key, &p->arguments, &p->more };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i]->data) memory_wipe(all[i]->data, all[i]->size);
		buffer_free(all[i]);
	}
	memory_free(p);
}

unsigned tool_parser_calls(const struct tool_parser *p)
{
	return p->n_calls;
}

static bool failed(const struct tool_parser *p)
{
	return p->more.failed || p->held.failed || p->space.failed || p->raw.failed || p->key.failed || p->arguments.failed;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

/* ---- what goes out ---- */

static void tell_more(struct tool_parser *p)
{
	if (p->more.size) p->listener.piece(p->listener.data, TOOL_ARGUMENTS, p->more.data, p->more.size);
	buffer_clear(&p->more);
}

/* Arguments are collected, since they come byte by byte. */
static void tell(struct tool_parser *p, enum tool_piece kind, const char *text, size_t length)
{
	if (kind == TOOL_ARGUMENTS) {
		buffer_append(&p->more, text, length);
		return;
	}
	tell_more(p);
	p->listener.piece(p->listener.data, kind, text, length);
}

/* Text; white space at its end waits for what follows. */
static void tell_text(struct tool_parser *p, const char *text, size_t length)
{
	size_t end = length;
	while (end > 0 && is_space(text[end - 1])) end--;
	if (end > 0) {
		if (p->space.size) tell(p, TOOL_TEXT, p->space.data, p->space.size);
		buffer_clear(&p->space);
		tell(p, TOOL_TEXT, text, end);
		p->seen_text = true;
	}
	if (length > end) buffer_append(&p->space, text + end, length - end);
}

/* What looked like calls was none. */
static void give_up(struct tool_parser *p)
{
	if (p->raw.size) tell_text(p, p->raw.data, p->raw.size);
	buffer_clear(&p->raw);
	buffer_clear(&p->arguments);
	p->place = *p->form->open ? OUTSIDE : PLAIN;
}

static bool begin_call(struct tool_parser *p)
{
	if (!p->listener.knows(p->listener.data, p->name)) return false;
	tell(p, TOOL_CALL, p->name, strlen(p->name));
	p->begun = true;
	p->n_calls++;
	buffer_clear(&p->space);
	buffer_clear(&p->raw);
	return true;
}

static void end_call(struct tool_parser *p)
{
	tell(p, TOOL_CALL_END, "", 0);
	p->begun = false;
	p->name[0] = 0;
	p->has_arguments = p->as_string = false;
	buffer_clear(&p->arguments);
}

/* ---- marks ---- */

static bool is_mark(const char *mark)
{
	return mark && *mark;
}

/* Whether `mark` stands at `text`: 2, or may yet when more comes: 1. */
static int stands(const char *text, size_t length, const char *mark)
{
	if (!is_mark(mark)) return 0;
	size_t n = strlen(mark), common = n < length ? n : length;
	if (memcmp(text, mark, common) != 0) return 0;
	return common == n ? 2 : 1;
}

/* The first place where one of the marks stands or may: *which says which (-1: it may), *at where. */
static bool find_mark(const char *text, size_t length, const char *const *marks, size_t n, size_t *at, int *which)
{
	for (*at = 0; *at < length; (*at)++) {
		bool may = false;
		for (size_t k = 0; k < n; k++) {
			int match = stands(text + *at, length - *at, marks[k]);
			may |= match == 1;
			*which = (int)k;
			if (match == 2) return true;
		}
		*which = -1;
		if (may) return true;
	}
	return false;
}

static void drop(struct buffer *b, size_t n)
{
	memmove(b->data, b->data + n, b->size - n);
	b->size -= n;
}

/* ---- JSON, byte by byte ---- */

/* The value in p->key, a JSON string with its quotes, as text. */
static bool decode(struct buffer *quoted, char *out, size_t room)
{
	struct error ignored;
	json_t *value = json_parse(quoted->data, quoted->size, "", &ignored);
	size_t n = json_string_length(value);
	bool ok = json_is_string(value) && n < room && strlen(json_string_value(value)) == n;
	if (ok) memcpy(out, json_string_value(value), n + 1);
	json_decref(value);
	buffer_clear(quoted);
	return ok;
}

static bool is_either(const char *text, const char *a, const char *b)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

static void tell_arguments(struct tool_parser *p, const char *bytes, size_t n)
{
	if (p->begun && !p->as_string)
		tell(p, TOOL_ARGUMENTS, bytes, n);
	else
		buffer_append(&p->arguments, bytes, n);
}

/* Arguments that waited for the name, or came as a string. */
static bool tell_kept(struct tool_parser *p)
{
	if (p->as_string) {
		struct error ignored;
		json_t *text = json_parse(buffer_text(&p->arguments), p->arguments.size, "", &ignored);
		if (json_is_string(text)) {
			buffer_clear(&p->arguments);
			buffer_append(&p->arguments, json_string_value(text), json_string_length(text));
		}
		json_decref(text);
	}
	if (p->arguments.size) tell(p, TOOL_ARGUMENTS, p->arguments.data, p->arguments.size);
	buffer_clear(&p->arguments);
	return true;
}

/* An object is whole: a call, when it has a name. */
static bool end_object(struct tool_parser *p)
{
	if (!p->begun && (!p->name[0] || !begin_call(p))) return false;
	if (!p->has_arguments)
		tell(p, TOOL_ARGUMENTS, "{}", 2);
	else
		tell_kept(p);
	end_call(p);
	p->place = BETWEEN;
	return true;
}

/* A byte of a value that is no key: *over when it ends before this byte. Strings, objects and lists in it are passed whole. */
static void value_byte(struct tool_parser *p, char c, bool *over)
{
	*over = false;
	if (p->quoted) {
		if (p->escaped)
			p->escaped = false;
		else if (c == '\\')
			p->escaped = true;
		else if (c == '"')
			p->quoted = false;
		return;
	}
	if (c == '"') p->quoted = true;
	if (c == '{' || c == '[') p->depth++;
	if (c == '}' || c == ']') {
		if (p->depth == 0)
			*over = true;
		else
			p->depth--;
	}
	if (c == ',' && p->depth == 0) *over = true;
}

/* A key is whole: what its value is. */
static bool take_key(struct tool_parser *p, char key[MOST_NAME])
{
	if (!decode(&p->key, key, MOST_NAME)) key[0] = 0;
	return true;
}

/* A byte behind the opening brace of a call. False: this is no call. */
static bool object_byte(struct tool_parser *p, char c)
{
	bool over;
	char key[MOST_NAME];
	switch (p->member) {
	case KEY:
		if (is_space(c) || c == ',') return true;
		if (c == '}') return end_object(p);
		if (c != '"') return false;
		p->member = KEY_STRING;
		buffer_clear(&p->key);
		return buffer_append_byte(&p->key, '"');
	case KEY_STRING:
		buffer_append_byte(&p->key, (uint8_t)c);
		if (p->escaped)
			p->escaped = false;
		else if (c == '\\')
			p->escaped = true;
		else if (c == '"')
			p->member = COLON;
		return p->key.size < MOST_HEAD;
	case COLON:
		if (is_space(c)) return true;
		if (c != ':') return false;
		take_key(p, key);
		p->member = is_either(key, "name", "tool_name")         ? STRING
		            : is_either(key, "arguments", "parameters") ? START
		                                                        : OTHER;
		p->depth = 0;
		p->quoted = p->escaped = false;
		return true;
	case STRING: /* the name */
		value_byte(p, c, &over);
		if (!over) {
			if (p->quoted || !is_space(c)) buffer_append_byte(&p->key, (uint8_t)c);
			return p->key.size < MOST_HEAD;
		}
		if (p->begun || !decode(&p->key, p->name, MOST_NAME) || !begin_call(p)) return false;
		if (p->has_arguments && !p->as_string) tell_kept(p);
		p->member = KEY;
		return object_byte(p, c);
	case START:
		if (is_space(c)) return true;
		p->has_arguments = true;
		p->as_string = c == '"';
		p->member = ARGUMENTS;
		return object_byte(p, c);
	case ARGUMENTS:
		value_byte(p, c, &over);
		if (!over && (p->quoted || p->depth > 0 || !is_space(c))) tell_arguments(p, &c, 1);
		if (!over) return true;
		p->member = KEY;
		return object_byte(p, c);
	default:
		value_byte(p, c, &over);
		if (!over) return true;
		p->member = KEY;
		return object_byte(p, c);
	}
}

/* ---- places ---- */

static void enter(struct tool_parser *p)
{
	static const enum place places[] = {
		[TOOL_JSON] = BETWEEN, [TOOL_NAMED] = HEAD,   [TOOL_FUNCTION] = WHOLE, [TOOL_KEYS] = WHOLE,
		[TOOL_INVOKE] = WHOLE, [TOOL_PYTHON] = WHOLE, [TOOL_GEMMA] = WHOLE
	};
	p->place = places[p->form->kind];
	p->name[0] = 0;
	p->has_arguments = p->as_string = p->begun = false;
	buffer_clear(&p->arguments);
}

/* True: the next byte can be looked at; false: all that is held waits for more. */
static bool step_outside(struct tool_parser *p)
{
	const struct tool_form *f = p->form;
	const char *marks[] = { f->open, f->open2, f->swallow[0], f->swallow[1], f->swallow[2], f->swallow[3] };
	size_t at;
	int which;
	if (!*f->open && !p->seen_text) {
		/* By its look: the first character that is no white space. */
		for (at = 0; at < p->held.size && is_space(p->held.data[at]); at++) continue;
		if (at == p->held.size) return false;
		char look = p->held.data[at];
		bool may = look == '[' || (look == '{' && f->kind == TOOL_JSON && !f->list);
		if (may) {
			tell_text(p, p->held.data, at);
			drop(&p->held, at);
			enter(p);
			return true;
		}
	}
	bool found = find_mark(p->held.data, p->held.size, marks, sizeof marks / sizeof *marks, &at, &which);
	if (at) tell_text(p, p->held.data, at);
	drop(&p->held, at);
	if (!found || which < 0) return false;
	size_t n = strlen(marks[which]);
	if (which < 2) {
		buffer_append(&p->raw, p->held.data, n);
		enter(p);
	}
	drop(&p->held, n);
	return true;
}

/* Between objects of a list: white space, brackets and commas, a closing mark, or the next object. */
static bool step_between(struct tool_parser *p)
{
	const char *closes[] = { p->form->close, p->form->close2 };
	char c = p->held.data[0];
	for (size_t k = 0; k < 2; k++) {
		int match = stands(p->held.data, p->held.size, closes[k]);
		if (match == 1) return false;
		if (match != 2) continue;
		bool made = p->raw.size == 0;
		buffer_append(&p->raw, closes[k], strlen(closes[k]));
		drop(&p->held, strlen(closes[k]));
		if (!made) give_up(p);
		buffer_clear(&p->raw);
		p->place = OUTSIDE;
		return true;
	}
	if (is_space(c) || strchr("[],;", c) || c == '{') {
		if (!p->n_calls || p->raw.size) buffer_append_byte(&p->raw, (uint8_t)c);
		drop(&p->held, 1);
		if (c == '{') {
			if (!p->raw.size) buffer_append_byte(&p->raw, '{');
			p->place = OBJECT;
			p->member = KEY;
		}
		return true;
	}
	give_up(p);
	p->place = OUTSIDE;
	p->seen_text = true;
	return true;
}

static bool step_object(struct tool_parser *p)
{
	size_t i = 0;
	bool good = true;
	while (good && i < p->held.size && p->place == OBJECT) {
		char c = p->held.data[i++];
		if (!p->begun) buffer_append_byte(&p->raw, (uint8_t)c);
		good = object_byte(p, c);
	}
	drop(&p->held, i);
	if (good) return true;
	bool begun = p->begun;
	if (begun) end_call(p); /* what is broken behind its name stays a call; its reader sees that the JSON is not whole */
	give_up(p);
	p->seen_text = true;
	p->place = OUTSIDE;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The name: what may be one, behind the mark that the form says. */
static bool take_name(struct tool_parser *p, const char *head, size_t length)
{
	const struct tool_form *f = p->form;
	const char *mark = is_mark(f->name_mark) ? memmem(head, length, f->name_mark, strlen(f->name_mark)) : NULL;
	if (mark) {
		mark += strlen(f->name_mark);
		length -= (size_t)(mark - head);
		head = mark;
	}
	while (length > 0 && is_space(head[0])) {
		head++;
		length--;
	}
	size_t n = 0;
	while (n < length && (strchr("_-.", head[n]) ? head[n] != 0 : is_letter(head[n]))) n++;
	length = n;
	if (length == 0 || length >= MOST_NAME) return false;
	memcpy(p->name, head, length);
	p->name[length] = 0;
	return begin_call(p);
}

static bool step_head(struct tool_parser *p)
{
	const char *middle = p->form->middle;
	const char *at = memmem(p->held.data, p->held.size, middle, strlen(middle));
	if (!at && p->held.size < MOST_HEAD) return false;
	size_t n = at ? (size_t)(at - p->held.data) : p->held.size;
	buffer_append(&p->raw, p->held.data, at ? n + strlen(middle) : n);
	bool good = at && take_name(p, p->held.data, n);
	drop(&p->held, at ? n + strlen(middle) : n);
	p->place = VALUE;
	p->depth = 0;
	p->quoted = p->escaped = false;
	if (!good) give_up(p);
	return true;
}

/* One JSON object: the arguments. */
static bool step_value(struct tool_parser *p)
{
	size_t i = 0, from = 0;
	bool over = false;
	while (i < p->held.size && p->depth == 0 && !p->quoted && is_space(p->held.data[i])) i++;
	from = i;
	while (i < p->held.size && !over) {
		bool before;
		char c = p->held.data[i];
		if (p->depth == 0 && c != '{') { /* no object: nothing follows the name */
			if (!p->has_arguments) tell(p, TOOL_ARGUMENTS, "{}", 2);
			p->has_arguments = over = true;
			break;
		}
		value_byte(p, c, &before);
		p->has_arguments = true;
		i++;
		over = p->depth == 0;
	}
	if (i > from) tell(p, TOOL_ARGUMENTS, p->held.data + from, i - from);
	drop(&p->held, i);
	if (!over) return false;
	end_call(p);
	p->place = AFTER;
	return true;
}

/* What the form writes behind arguments. */
static bool step_after(struct tool_parser *p)
{
	int match = stands(p->held.data, p->held.size, p->form->after);
	if (match == 1) return false;
	if (match == 2) drop(&p->held, strlen(p->form->after));
	p->place = OUTSIDE;
	return true;
}

/* ---- whole notations ---- */

static bool tell_whole(void *data, const char *name, const struct buffer *arguments)
{
	struct tool_parser *p = data;
	size_t n = strlen(name);
	if (n == 0 || n >= MOST_NAME) return false;
	memcpy(p->name, name, n + 1);
	if (!begin_call(p)) return false;
	tell(p, TOOL_ARGUMENTS, arguments->data, arguments->size);
	end_call(p);
	return true;
}

static bool nothing(void *data, const char *name, const struct buffer *arguments)
{
	struct tool_parser *p = data;
	(void)arguments;
	return p->listener.knows(p->listener.data, name);
}

/* Reads calls twice: first whether all of it is calls of known tools. */
static bool read_whole(struct tool_parser *p, const char *text, size_t length)
{
	static bool (*const readers[])(const struct tool_calls *, const char *, size_t) = { [TOOL_FUNCTION] = tool_read_function,
		                                                                            [TOOL_KEYS] = tool_read_keys,
		                                                                            [TOOL_INVOKE] = tool_read_invoke,
		                                                                            [TOOL_PYTHON] = tool_read_python,
		                                                                            [TOOL_GEMMA] = tool_read_gemma };
	struct tool_calls c = { .form = p->form, .listener = &p->listener, .data = p, .call = nothing };
	if (!readers[p->form->kind](&c, text, length)) return false;
	c.call = tell_whole;
	return readers[p->form->kind](&c, text, length);
}

static bool step_whole(struct tool_parser *p)
{
	const char *closes[] = { p->form->close, p->form->close2 };
	for (size_t k = 0; k < 2; k++) {
		const char *at = is_mark(closes[k]) ? memmem(p->held.data, p->held.size, closes[k], strlen(closes[k])) : NULL;
		if (!at) continue;
		size_t n = (size_t)(at - p->held.data), all = n + strlen(closes[k]);
		if (!read_whole(p, p->held.data, n)) {
			buffer_append(&p->raw, p->held.data, all);
			give_up(p);
		}
		buffer_clear(&p->raw);
		drop(&p->held, all);
		p->place = OUTSIDE;
		return true;
	}
	return false;
}

static bool step(struct tool_parser *p)
{
	switch (p->place) {
	case OUTSIDE: return step_outside(p);
	case BETWEEN: return step_between(p);
	case OBJECT: return step_object(p);
	case HEAD: return step_head(p);
	case VALUE: return step_value(p);
	case AFTER: return step_after(p);
	case WHOLE: return step_whole(p);
	default:
		tell_text(p, p->held.data, p->held.size);
		buffer_clear(&p->held);
		return false;
	}
}

bool tool_parser_text(struct tool_parser *p, const char *text, size_t length)
{
	buffer_append(&p->held, text, length);
	while (!failed(p) && p->held.size > 0 && step(p)) continue;
	tell_more(p);
	return !failed(p);
}

bool tool_parser_end(struct tool_parser *p, bool whole)
{
	bool made = whole && p->place == WHOLE && p->held.size > 0 && read_whole(p, p->held.data, p->held.size);
	if (p->begun) {
		if (p->as_string) tell_kept(p);
		if (!p->has_arguments && whole) tell(p, TOOL_ARGUMENTS, "{}", 2);
		end_call(p);
		made = true;
	}
	if (!made) {
		if (p->raw.size) tell_text(p, p->raw.data, p->raw.size);
		if (p->held.size && p->place != AFTER) tell_text(p, p->held.data, p->held.size);
	}
	if (p->n_calls == 0 && p->space.size) tell(p, TOOL_TEXT, p->space.data, p->space.size);
	tell_more(p);
	buffer_clear(&p->held);
	buffer_clear(&p->raw);
	buffer_clear(&p->space);
	return !failed(p);
}
