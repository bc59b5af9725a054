/* template_markup: HTML escaping and what else the web wants of texts; wrapping lines. */
#include "text/template_list_filters.h"
#include "text/template_natives_text.h"

#include <stdlib.h>

#define FILTER(name) static struct value name(struct run *r, struct value self, const struct value *a, const struct arguments *all)
#define UNUSED(x)    (void)(x)

static const char *entity(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&#34;";
	case '\'': return "&#39;";
	default: return NULL;
	}
}

static const struct text *escape(struct run *r, const struct text *t)
{
	struct builder b = builder_new(r);
	size_t from = 0;
	if (!run_charge(r, t->size)) return NULL;
	for (size_t i = 0; i < t->size; i++) {
		const char *e = entity(t->bytes[i]);
		if (!e) continue;
		if (!builder_part(&b, t, from, i) || !builder_literal(&b, e, text_origin_at(t, i))) return NULL;
		from = i + 1;
	}
	builder_part(&b, t, from, t->size);
	const struct text *done = from ? builder_done(&b) : t;
	return done ? text_with_markup(r, done, true) : NULL;
}

const struct text *markup_escape(struct run *r, struct value v)
{
	const struct text *t = value_to_text(r, v);
	return !t || t->markup ? t : escape(r, t);
}

FILTER(filter_safe)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	return value_text(t ? text_with_markup(r, t, true) : NULL);
}

FILTER(filter_escape)
{
	UNUSED(a), UNUSED(all);
	return value_text(markup_escape(r, self));
}

FILTER(filter_forceescape)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	return value_text(t ? escape(r, t) : NULL);
}

/* Takes out what lies between two marks, again and again. A mark that is not closed stays. */
static const struct text *without(struct run *r, const struct text *t, const char *begin, const char *end)
{
	const struct text *from = text_static(r, begin), *to = text_static(r, end);
	struct builder b = builder_new(r);
	size_t at = 0;
	if (!from || !to || !run_charge(r, t->size)) return NULL;
	for (;;) {
		size_t start = text_find(t, from, at, t->size);
		size_t stop = start == SIZE_MAX ? SIZE_MAX : text_find(t, to, start, t->size);
		if (stop == SIZE_MAX) break;
		if (!builder_part(&b, t, at, start)) return NULL;
		at = stop + to->size;
	}
	builder_part(&b, t, at, t->size);
	return builder_done(&b);
}

/* The code point of the entity at `at`, whose end goes to *end; 0 when there is none. */
static uint32_t entity_at(const struct text *t, size_t at, size_t *end)
{
	static const struct {
		const char *name;
		uint32_t point;
	} named[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' }, { "quot", '"' }, { "apos", '\'' }, { "nbsp", 0xA0 } };
	size_t stop = at + 1;
	while (stop < t->size && stop < at + 12 && t->bytes[stop] != ';') stop++;
	if (stop >= t->size || t->bytes[stop] != ';') return 0;
	*end = stop + 1;
	const char *name = t->bytes + at + 1;
	size_t length = stop - at - 1;
	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
		if (strlen(named[i].name) == length && memcmp(named[i].name, name, length) == 0) return named[i].point;
	}
	int64_t n = 0;
	bool hexadecimal = length > 2 && name[0] == '#' && (name[1] | 0x20) == 'x';
	size_t skip = hexadecimal ? 2 : 1;
	if (length <= skip || name[0] != '#' || name[skip] == '-' || name[skip] == '+') return 0;
	if (!number_parse_integer(name + skip, length - skip, hexadecimal ? 16 : 10, &n)) return 0;
	return n > 0 && n <= 0x10FFFF ? (uint32_t)n : 0;
}

static const struct text *unescape(struct run *r, const struct text *t)
{
	struct builder b = builder_new(r);
	size_t from = 0, end = 0;
	for (size_t i = 0; i < t->size; i++) {
		uint32_t point = t->bytes[i] == '&' ? entity_at(t, i, &end) : 0;
		if (!point) continue;
		if (!builder_part(&b, t, from, i) || !builder_point(&b, point, text_origin_at(t, i))) return NULL;
		from = end;
		i = end - 1;
	}
	builder_part(&b, t, from, t->size);
	return builder_done(&b);
}

FILTER(filter_striptags)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self), *space = text_static(r, " ");
	if (t) t = without(r, t, "<!--", "-->");
	if (t) t = without(r, t, "<", ">");
	struct value words = t && space ? text_split(r, t, NULL, -1) : value_failed();
	if (words.kind == VALUE_FAILED) return words;
	t = text_join(r, space, words, true);
	return value_text(t ? unescape(r, t) : NULL);
}

/* Percent encoding; `query`: the form of a query, with + for a space and / encoded. */
static bool write_quoted(struct builder *b, struct value v, bool query)
{
	static const char digits[] = "0123456789ABCDEF";
	const struct text *t = value_to_text(b->run, v);
	if (!t || !run_charge(b->run, t->size)) return false;
	for (size_t i = 0; i < t->size; i++) {
		uint8_t c = (uint8_t)t->bytes[i];
		char code[3] = { '%', digits[c >> 4], digits[c & 15] };
		bool plain = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (c && strchr("_.-~", (char)c));
		if (plain || (c == '/' && !query))
			builder_part(b, t, i, i + 1);
		else if (c == ' ' && query)
			builder_bytes(b, "+", 1, text_origin_at(t, i));
		else
			builder_bytes(b, code, 3, text_origin_at(t, i));
	}
	return b->strand != NULL;
}

FILTER(filter_urlencode)
{
	UNUSED(a), UNUSED(all);
	struct builder b = builder_new(r);
	struct value pair;
	bool parts = self.kind == VALUE_DICT || self.kind == VALUE_LIST || self.kind == VALUE_TUPLE ||
	             self.kind == VALUE_ITERATOR || self.kind == VALUE_VIEW;
	if (!parts) {
		write_quoted(&b, self, false);
		return value_text(builder_done(&b));
	}
	struct iterator *i = iterate(r, self);
	for (size_t n = 0; i && n < SIZE_MAX; n++) {
		if (self.kind == VALUE_DICT && n < self.dict->count)
			pair = dict_member(r, self, n);
		else if (self.kind == VALUE_DICT || !iterator_next(r, i, &pair))
			break;
		struct list *two = collect(r, pair);
		if (!two) return value_failed();
		if (two->count != 2) return run_fail(r, "urlencode needs pairs");
		if (n && !builder_bytes(&b, "&", 1, 0)) return value_failed();
		if (!write_quoted(&b, two->items[0], true) || !builder_bytes(&b, "=", 1, 0) ||
		    !write_quoted(&b, two->items[1], true))
			return value_failed();
	}
	return r->failed ? value_failed() : value_text(builder_done(&b));
}

FILTER(filter_xmlattr)
{
	UNUSED(all);
	struct builder b = builder_new(r);
	bool first = !parameter_bool(a[0], true);
	if (self.kind != VALUE_DICT) return run_fail(r, "xmlattr needs a dict, not a %s", value_kind_name(self));
	for (size_t i = 0; i < self.dict->count; i++) {
		struct value v = self.dict->values[i];
		if (v.kind == VALUE_NONE || v.kind == VALUE_UNDEFINED) continue;
		const struct text *key = parameter_text(r, self.dict->keys[i], "the name of an attribute");
		for (size_t k = 0; key && k < key->size; k++) {
			if (key->bytes[k] && strchr(" \t\n\r\f\v/>=", key->bytes[k]))
				return run_fail(r, "the name of an attribute has a wrong character");
		}
		if (!first && !builder_bytes(&b, " ", 1, 0)) return value_failed();
		first = false;
		if (!key || !builder_text(&b, markup_escape(r, self.dict->keys[i])) || !builder_literal(&b, "=\"", 0))
			return value_failed();
		if (!builder_text(&b, markup_escape(r, v)) || !builder_bytes(&b, "\"", 1, 0)) return value_failed();
	}
	const struct text *done = builder_done(&b);
	return value_text(done ? text_with_markup(r, done, r->autoescape) : NULL);
}

/* Wrapping, as Python's textwrap does it. */

static bool is_plain_letter(const struct text *t, size_t at)
{
	size_t n;
	if (at >= t->size) return false;
	uint32_t point = text_point_at(t, at, &n);
	return text_point_is_word(point) && !text_point_is_decimal(point);
}

static size_t before(const struct text *t, size_t at)
{
	while (at > 0) {
		at--;
		if (((uint8_t)t->bytes[at] & 0xC0) != 0x80) return at;
	}
	return SIZE_MAX;
}

/* Whether a line may end behind the hyphen at `at`: two letters before it and two behind (a hyphen may be between). */
static bool breaks_behind(const struct text *t, size_t from, size_t at)
{
	size_t one = before(t, at), two = one == SIZE_MAX ? SIZE_MAX : before(t, one), next, n;
	if (one == SIZE_MAX || one < from || !is_plain_letter(t, one) || two == SIZE_MAX || two < from) return false;
	if (t->bytes[two] == '-') {
		two = before(t, two);
		if (two == SIZE_MAX || two < from) return false;
	}
	if (!is_plain_letter(t, two) || !is_plain_letter(t, at + 1)) return false;
	text_point_at(t, at + 1, &n);
	next = at + 1 + n;
	return is_plain_letter(t, next) || (next < t->size && t->bytes[next] == '-' && is_plain_letter(t, next + 1));
}

/* The end of a dash of several hyphens between words that begins at `at`; 0 when there is none. */
static size_t dash_end(const struct text *t, size_t at)
{
	size_t last = before(t, at), end = at, n;
	while (end < t->size && t->bytes[end] == '-') end++;
	if (end < at + 2 || end == t->size || last == SIZE_MAX) return 0;
	uint32_t point = text_point_at(t, last, &n);
	bool joins = text_point_is_word(point) || (point && point < 0x80 && strchr("!\"'&.,?", (char)point));
	return joins && text_point_is_word(text_point_at(t, end, &n)) ? end : 0;
}

/* The end of the chunk (white space, a word, part of a hyphenated word, a dash) that begins at `from`. */
static size_t chunk_end(const struct text *t, size_t from, bool hyphens)
{
	size_t n, at = from;
	bool space = text_point_is_space(text_point_at(t, from, &n));
	while (at < t->size && text_point_is_space(text_point_at(t, at, &n)) == space) {
		bool hyphen = t->bytes[at] == '-';
		bool starts = hyphen && (at == 0 || t->bytes[at - 1] != '-'); /* of a run of hyphens, which is looked at once */
		size_t dash = starts && hyphens ? dash_end(t, at) : 0;
		if (dash) return at == from ? dash : at;
		at += n;
		if (!space && hyphen && hyphens && breaks_behind(t, from, at - 1)) return at;
	}
	return at;
}

struct wrap {
	struct run *run;
	struct builder out;
	const struct text *end; /* of a line */
	size_t width;
	bool breaks, hyphens, has_line;
};

static bool put_line(struct wrap *w, const struct text *t, size_t from, size_t to)
{
	const struct text *line = text_slice(w->run, t, from, to);
	line = line ? text_strip(w->run, line, NULL, STRIP_RIGHT) : NULL;
	if (!line || line->size == 0) return line != NULL;
	if (w->has_line && !builder_text(&w->out, w->end)) return false;
	w->has_line = true;
	return builder_text(&w->out, line);
}

/* One paragraph: lines of at most `width` code points, white space at their ends dropped. */
static bool wrap_paragraph(struct wrap *w, const struct text *t)
{
	size_t from = 0, at = 0, length = 0; /* of the line */
	bool first = true;
	while (at < t->size) {
		size_t end = chunk_end(t, at, w->hyphens), n, points = text_count_points(t->bytes + at, end - at);
		bool space = text_point_is_space(text_point_at(t, at, &n));
		if (!run_charge(w->run, end - at + 1)) return false;
		if (space && length == 0 && !first) {
			from = at = end;
			continue;
		}
		if (length + points <= w->width) {
			length += points;
			at = end;
			continue;
		}
		if (points > w->width && w->breaks && !space) {
			const struct text *chunk = text_slice(w->run, t, at, end);
			if (!chunk) return false;
			at += text_byte_of_point(chunk, length < w->width ? w->width - length : 1);
		} else if (length == 0) {
			at = end;
		}
		if (!put_line(w, t, from, at)) return false;
		first = false;
		from = at;
		length = 0;
	}
	return put_line(w, t, from, at);
}

FILTER(filter_wordwrap)
{
	UNUSED(all);
	int64_t width;
	if (self.kind != VALUE_TEXT) return run_fail(r, "wordwrap needs a text, not a %s", value_kind_name(self));
	if (!parameter_int(r, a[0], 79, &width)) return value_failed();
	if (width < 1) return run_fail(r, "lines must have room for a character");
	bool given = a[2].kind != VALUE_MISSING && a[2].kind != VALUE_NONE;
	const struct text *end = given ? parameter_text(r, a[2], "the end of a line") : text_static(r, "\n");
	struct wrap w = { .run = r, .out = builder_new(r), .end = end, .width = (size_t)width };
	w.breaks = parameter_bool(a[1], true);
	w.hyphens = parameter_bool(a[3], true);
	struct value lines = end ? text_lines(r, self.text, false) : value_failed();
	for (size_t i = 0; lines.kind == VALUE_LIST && i < lines.list->count; i++) {
		if (i && !builder_text(&w.out, end)) return value_failed();
		w.has_line = false;
		if (!wrap_paragraph(&w, lines.list->items[i].text)) return value_failed();
	}
	return lines.kind == VALUE_FAILED ? lines : value_text(builder_done(&w.out));
}

const struct native template_markup_filters[] = {
	{ "safe", filter_safe, "", 0 },
	{ "escape", filter_escape, "", 0 },
	{ "e", filter_escape, "", 0 },
	{ "forceescape", filter_forceescape, "", 0 },
	{ "striptags", filter_striptags, "", 0 },
	{ "urlencode", filter_urlencode, "", 0 },
	{ "xmlattr", filter_xmlattr, "autospace", 0 },
	{ "wordwrap", filter_wordwrap, "width,break_long_words,wrapstring,break_on_hyphens", 0 },
	{ NULL, NULL, NULL, 0 },
};
