/* template_write: values as text: Python's str() and repr(), and json.dumps(). */
#include "text/template_run.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool too_deep(struct builder *b)
{
	run_fail(b->run, "a value is nested too deeply");
	return false;
}

static bool write_escaped(struct builder *b, uint32_t point, uint8_t origin)
{
	char text[16];
	int n = point < 0x100     ? snprintf(text, sizeof text, "\\x%02x", (unsigned)point)
	        : point < 0x10000 ? snprintf(text, sizeof text, "\\u%04x", (unsigned)point)
	                          : snprintf(text, sizeof text, "\\U%08x", (unsigned)point);
	return builder_bytes(b, text, (size_t)n, origin);
}

/* repr() of a text: single quotes unless the text has some and no double ones. */
static bool write_quoted(struct builder *b, const struct text *t, uint8_t outer)
{
	bool single = memchr(t->bytes, '\'', t->size) != NULL, twofold = memchr(t->bytes, '"', t->size) != NULL;
	char quote = single && !twofold ? '"' : '\'';
	static const char plain[] = "\\\n\r\t", meant[] = "\\nrt";
	builder_bytes(b, &quote, 1, outer);
	for (size_t i = 0, n; i < t->size; i += n) {
		uint32_t point = text_point_at(t, i, &n);
		uint8_t origin = text_origin_at(t, i);
		const char *special = point && point < 0x80 ? strchr(plain, (char)point) : NULL;
		if (special || point == (uint8_t)quote) {
			char pair[2] = { '\\', special ? meant[special - plain] : quote };
			builder_bytes(b, pair, 2, origin);
		} else if (text_point_is_printable(point)) {
			builder_part(b, t, i, i + n);
		} else {
			write_escaped(b, point, origin);
		}
	}
	return builder_bytes(b, &quote, 1, outer);
}

static bool write_number(struct builder *b, struct value v)
{
	char text[40];
	if (v.kind == VALUE_BOOL) return builder_literal(b, v.boolean ? "True" : "False", v.message);
	size_t n = v.kind == VALUE_INT ? number_write_integer(v.integer, text) : number_write(v.real, text);
	return builder_bytes(b, text, n, v.message);
}

static bool write_items(struct builder *b, struct value v, unsigned depth)
{
	bool tuple = v.kind == VALUE_TUPLE;
	builder_literal(b, tuple ? "(" : "[", v.message);
	for (size_t i = 0; i < v.list->count; i++) {
		if (i && !builder_literal(b, ", ", v.message)) return false;
		if (!write_repr(b, v.list->items[i], depth + 1)) return false;
	}
	return builder_literal(b, tuple ? (v.list->count == 1 ? ",)" : ")") : "]", v.message);
}

static bool write_members(struct builder *b, const struct dict *d, bool message, unsigned depth)
{
	builder_literal(b, "{", message);
	for (size_t i = 0; i < d->count; i++) {
		if (i && !builder_literal(b, ", ", message)) return false;
		if (!write_repr(b, d->keys[i], depth + 1) || !builder_literal(b, ": ", message)) return false;
		if (!write_repr(b, d->values[i], depth + 1)) return false;
	}
	return builder_literal(b, "}", message);
}

static bool write_view(struct builder *b, const struct view *v, unsigned depth)
{
	static const char *const names[] = { "dict_keys([", "dict_values([", "dict_items([" };
	const struct dict *d = v->dict.dict;
	bool message = v->dict.message;
	builder_literal(b, names[v->what], message);
	for (size_t i = 0; i < d->count; i++) {
		if (i && !builder_literal(b, ", ", message)) return false;
		if (v->what == VIEW_ITEMS) builder_literal(b, "(", message);
		if (v->what != VIEW_VALUES && !write_repr(b, d->keys[i], depth + 1)) return false;
		if (v->what == VIEW_ITEMS) builder_literal(b, ", ", message);
		if (v->what != VIEW_KEYS && !write_repr(b, d->values[i], depth + 1)) return false;
		if (v->what == VIEW_ITEMS) builder_literal(b, ")", message);
	}
	return builder_literal(b, "])", message);
}

static bool write_range(struct builder *b, const struct range *g)
{
	char text[100];
	int n = snprintf(text, sizeof text, "range(%lld, %lld", (long long)g->start, (long long)g->stop);
	if (g->step != 1) n += snprintf(text + n, sizeof text - (size_t)n, ", %lld", (long long)g->step);
	text[n++] = ')';
	return builder_bytes(b, text, (size_t)n, 0);
}

bool write_repr(struct builder *b, struct value v, unsigned depth)
{
	if (!b->strand || !run_charge(b->run, 1)) return false;
	if (depth >= TEMPLATE_VALUE_DEPTH_LIMIT) return too_deep(b);
	switch (v.kind) {
	case VALUE_UNDEFINED: return builder_literal(b, "Undefined", 0);
	case VALUE_NONE: return builder_literal(b, "None", v.message);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT: return write_number(b, v);
	case VALUE_TEXT:
		if (v.text->markup) builder_literal(b, "Markup(", 0);
		if (!write_quoted(b, v.text, v.text->size ? text_origin_at(v.text, 0) : 0)) return false;
		return !v.text->markup || builder_literal(b, ")", 0);
	case VALUE_LIST:
	case VALUE_TUPLE: return write_items(b, v, depth);
	case VALUE_DICT: return write_members(b, v.dict, v.message, depth);
	case VALUE_VIEW: return write_view(b, v.view, depth);
	case VALUE_RANGE: return write_range(b, v.range);
	case VALUE_NAMESPACE:
		builder_literal(b, "<Namespace ", 0);
		return write_members(b, v.dict, false, depth) && builder_literal(b, ">", 0);
	case VALUE_MACRO:
		builder_literal(b, "<Macro ", 0);
		return write_quoted(b, v.macro->node->signature->name, 0) && builder_literal(b, ">", 0);
	case VALUE_SELF: return builder_literal(b, "<TemplateReference None>", 0);
	default: builder_literal(b, "<", 0); return builder_literal(b, value_kind_name(v), 0) && builder_literal(b, " object>", 0);
	}
}

const struct text *value_to_repr(struct run *r, struct value v)
{
	struct builder b = builder_new(r);
	write_repr(&b, v, 0);
	return builder_done(&b);
}

const struct text *value_to_text(struct run *r, struct value v)
{
	if (v.kind == VALUE_TEXT) return v.text;
	if (v.kind == VALUE_UNDEFINED) return r->empty;
	if (v.kind == VALUE_FAILED) return NULL;
	return value_to_repr(r, v);
}

/* JSON */

static bool write_json_text(struct builder *b, const struct text *t, bool ensure_ascii, uint8_t outer)
{
	builder_bytes(b, "\"", 1, outer);
	for (size_t i = 0, n; i < t->size; i += n) {
		static const char plain[] = "\"\\\n\r\t\b\f", meant[] = "\"\\nrtbf";
		uint32_t point = text_point_at(t, i, &n);
		uint8_t origin = text_origin_at(t, i);
		const char *special = point && point < 0x80 ? strchr(plain, (char)point) : NULL;
		char text[16];
		int length = 0;
		if (special)
			length = snprintf(text, sizeof text, "\\%c", meant[special - plain]);
		else if (point >= 0x10000 && ensure_ascii)
			length = snprintf(text, sizeof text, "\\u%04x\\u%04x", (unsigned)(0xD800 + ((point - 0x10000) >> 10)),
			                  (unsigned)(0xDC00 + ((point - 0x10000) & 0x3FF)));
		else if (point < 0x20 || (point > 0x7e && ensure_ascii && point != 0x7f))
			length = snprintf(text, sizeof text, "\\u%04x", (unsigned)point);
		if (length)
			builder_bytes(b, text, (size_t)length, origin);
		else
			builder_part(b, t, i, i + n);
	}
	return builder_bytes(b, "\"", 1, outer);
}

static bool write_json_number(struct builder *b, struct value v)
{
	if (v.kind == VALUE_BOOL) return builder_literal(b, v.boolean ? "true" : "false", v.message);
	if (v.kind == VALUE_FLOAT && isnan(v.real)) return builder_literal(b, "NaN", v.message);
	if (v.kind == VALUE_FLOAT && isinf(v.real)) return builder_literal(b, v.real < 0 ? "-Infinity" : "Infinity", v.message);
	return write_number(b, v);
}

static bool new_line(struct builder *b, const struct json_style *style, unsigned depth, uint8_t origin)
{
	if (!style->indents) return true;
	builder_bytes(b, "\n", 1, origin);
	for (unsigned i = 0; i < depth; i++) builder_bytes(b, style->indent->bytes, style->indent->size, origin);
	return b->strand != NULL;
}

/* A separator that the template chose keeps its own origin unless the container is a message's. */
static bool separator(struct builder *b, const struct text *t, uint8_t origin)
{
	return origin ? builder_bytes(b, t->bytes, t->size, origin) : builder_text(b, t);
}

static bool write_json_list(struct builder *b, struct value v, const struct json_style *style, unsigned depth)
{
	uint8_t origin = v.message;
	builder_literal(b, "[", origin);
	for (size_t i = 0; i < v.list->count; i++) {
		if (i && !separator(b, style->item_separator, origin)) return false;
		if (!new_line(b, style, depth + 1, origin)) return false;
		if (!write_json(b, v.list->items[i], style, depth + 1)) return false;
	}
	if (v.list->count && !new_line(b, style, depth, origin)) return false;
	return builder_literal(b, "]", origin);
}

/* Keys are texts; numbers, bools and none become texts. */
static bool write_json_key(struct builder *b, struct value key, const struct json_style *style, uint8_t origin)
{
	if (key.kind == VALUE_TEXT) return write_json_text(b, key.text, style->ensure_ascii, origin);
	if (!value_is_number(key) && key.kind != VALUE_NONE) {
		run_fail(b->run, "a %s cannot be a key in JSON", value_kind_name(key));
		return false;
	}
	builder_literal(b, "\"", origin);
	bool good = key.kind == VALUE_NONE ? builder_literal(b, "null", origin) : write_json_number(b, key);
	return good && builder_literal(b, "\"", origin);
}

struct sorted_key {
	struct run *run;
	struct value key;
	size_t place;
};

static int compare_keys(const void *left, const void *right)
{
	const struct sorted_key *a = left, *b = right;
	if (a->run->failed) return 0;
	if (value_less(a->run, a->key, b->key)) return -1;
	return !a->run->failed && value_less(a->run, b->key, a->key);
}

/* The order in which members are written; NULL where it is their own, or the run failed. */
static struct sorted_key *sorted_members(struct run *r, const struct dict *d)
{
	struct sorted_key *order = run_alloc(r, d->count, sizeof(*order));
	if (!order) return NULL;
	for (size_t i = 0; i < d->count; i++) order[i] = (struct sorted_key){ r, d->keys[i], i };
	qsort(order, d->count, sizeof(*order), compare_keys);
	return order;
}

static bool write_json_dict(struct builder *b, struct value v, const struct json_style *style, unsigned depth)
{
	const struct dict *d = v.dict;
	uint8_t origin = v.message;
	struct sorted_key *order = style->sort_keys && d->count ? sorted_members(b->run, d) : NULL;
	if (b->run->failed) return false;
	builder_literal(b, "{", origin);
	for (size_t i = 0; i < d->count; i++) {
		size_t at = order ? order[i].place : i;
		if (i && !separator(b, style->item_separator, origin)) return false;
		if (!new_line(b, style, depth + 1, origin)) return false;
		if (!write_json_key(b, d->keys[at], style, origin) || !separator(b, style->key_separator, origin)) return false;
		if (!write_json(b, d->values[at], style, depth + 1)) return false;
	}
	if (d->count && !new_line(b, style, depth, origin)) return false;
	return builder_literal(b, "}", origin);
}

bool write_json(struct builder *b, struct value v, const struct json_style *style, unsigned depth)
{
	if (!b->strand || !run_charge(b->run, 1)) return false;
	if (depth >= TEMPLATE_VALUE_DEPTH_LIMIT) return too_deep(b);
	switch (v.kind) {
	case VALUE_NONE: return builder_literal(b, "null", v.message);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT: return write_json_number(b, v);
	case VALUE_TEXT: return write_json_text(b, v.text, style->ensure_ascii, v.text->size ? text_origin_at(v.text, 0) : 0);
	case VALUE_LIST:
	case VALUE_TUPLE: return write_json_list(b, v, style, depth);
	case VALUE_DICT: return write_json_dict(b, v, style, depth);
	default: run_fail(b->run, "a %s cannot be written as JSON", value_kind_name(v)); return false;
	}
}
