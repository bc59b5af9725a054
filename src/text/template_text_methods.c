/* template_text_methods: the methods of str that make texts or find places in them. */
#include "text/template_natives_text.h"

#define METHOD(name) static struct value name(struct run *r, struct value self, const struct value *a, const struct arguments *all)
#define UNUSED(x)    (void)(x)

/* A text parameter that may be left out or none: *t is NULL then. */
static bool optional_text(struct run *r, struct value v, const struct text **t)
{
	*t = NULL;
	if (v.kind == VALUE_MISSING || v.kind == VALUE_NONE) return true;
	*t = parameter_text(r, v, "this argument");
	return *t != NULL;
}

METHOD(method_upper)
{
	UNUSED(a), UNUSED(all);
	return value_text(text_to_case(r, self.text, CASE_UPPER));
}

METHOD(method_lower)
{
	UNUSED(a), UNUSED(all);
	return value_text(text_to_case(r, self.text, CASE_LOWER));
}

METHOD(method_casefold)
{
	UNUSED(a), UNUSED(all);
	return value_text(text_to_case(r, self.text, CASE_FOLD));
}

METHOD(method_capitalize)
{
	UNUSED(a), UNUSED(all);
	return value_text(text_capitalize(r, self.text));
}

METHOD(method_title)
{
	UNUSED(a), UNUSED(all);
	return value_text(text_title(r, self.text, false));
}

METHOD(method_swapcase)
{
	UNUSED(a), UNUSED(all);
	struct builder b = builder_new(r);
	const struct text *t = self.text;
	if (!run_charge(r, t->size)) return value_failed();
	for (size_t i = 0, n; i < t->size; i += n) {
		uint32_t point = text_point_at(t, i, &n), out[4];
		bool upper = text_point_is_upper(point);
		size_t count = text_point_to_case(point, upper ? CASE_LOWER : CASE_UPPER, out);
		for (size_t k = 0; k < count; k++) builder_point(&b, out[k], text_origin_at(t, i));
	}
	const struct text *done = builder_done(&b);
	return value_text(done ? text_with_markup(r, done, t->markup) : NULL);
}

static struct value strip(struct run *r, struct value self, const struct value *a, int sides)
{
	const struct text *points;
	if (!optional_text(r, a[0], &points)) return value_failed();
	return value_text(text_strip(r, self.text, points, sides));
}

METHOD(method_strip)
{
	UNUSED(all);
	return strip(r, self, a, STRIP_BOTH);
}

METHOD(method_lstrip)
{
	UNUSED(all);
	return strip(r, self, a, STRIP_LEFT);
}

METHOD(method_rstrip)
{
	UNUSED(all);
	return strip(r, self, a, STRIP_RIGHT);
}

METHOD(method_split)
{
	UNUSED(all);
	const struct text *separator;
	int64_t most;
	if (!optional_text(r, a[0], &separator) || !parameter_int(r, a[1], -1, &most)) return value_failed();
	return text_split(r, self.text, separator, most);
}

METHOD(method_rsplit)
{
	UNUSED(all);
	const struct text *separator;
	int64_t most;
	if (!optional_text(r, a[0], &separator) || !parameter_int(r, a[1], -1, &most)) return value_failed();
	return text_split_last(r, self.text, separator, most);
}

METHOD(method_splitlines)
{
	UNUSED(all);
	return text_lines(r, self.text, parameter_bool(a[0], false));
}

METHOD(method_join)
{
	UNUSED(all);
	return value_text(text_join(r, self.text, a[0], false));
}

METHOD(method_replace)
{
	UNUSED(all);
	const struct text *old = parameter_text(r, a[0], "what is replaced");
	const struct text *new = old ? parameter_text(r, a[1], "the replacement") : NULL;
	int64_t count;
	if (!new || !parameter_int(r, a[2], -1, &count)) return value_failed();
	return value_text(text_replace(r, self.text, old, new, count));
}

METHOD(method_format)
{
	UNUSED(a);
	return format_braces(r, self.text, all);
}

METHOD(method_format_map)
{
	UNUSED(all);
	struct arguments named = { 0 };
	if (a[0].kind != VALUE_DICT) return run_fail(r, "format_map needs a dict");
	named.named = run_alloc(r, a[0].dict->count + 1, sizeof(*named.named));
	if (!named.named) return value_failed();
	for (size_t i = 0; i < a[0].dict->count; i++) {
		if (a[0].dict->keys[i].kind != VALUE_TEXT) continue;
		named.named[named.n_named++] = (struct named_value){ a[0].dict->keys[i].text, a[0].dict->values[i] };
	}
	return format_braces(r, self.text, &named);
}

/* The part [start, end) that two parameters name, in bytes; false in *inside when it lies behind the end. */
static bool part_of(struct run *r, const struct text *t, const struct value *a, size_t *from, size_t *to, bool *inside)
{
	int64_t points = (int64_t)text_points(t), start = 0, end = points;
	if (a[0].kind != VALUE_NONE && !parameter_int(r, a[0], 0, &start)) return false;
	if (a[1].kind != VALUE_NONE && !parameter_int(r, a[1], points, &end)) return false;
	if (start < 0) start = start < -points ? 0 : start + points;
	if (end < 0) end = end < -points ? 0 : end + points;
	if (end > points) end = points;
	*inside = start <= end;
	if (!run_charge(r, t->points == t->size ? 1 : t->size / 16)) return false;
	*from = text_byte_of_point(t, (size_t)start);
	*to = text_byte_of_point(t, (size_t)end);
	return true;
}

static struct value find(struct run *r, struct value self, const struct value *a, bool last, bool must)
{
	const struct text *part = parameter_text(r, a[0], "what is looked for");
	size_t from, to, found = SIZE_MAX;
	bool inside;
	if (!part || !part_of(r, self.text, a + 1, &from, &to, &inside)) return value_failed();
	if (!run_charge(r, self.text->size / 16)) return value_failed();
	if (inside) found = last ? text_find_last(r, self.text, part, from, to) : text_find(self.text, part, from, to);
	if (r->failed) return value_failed();
	if (found == SIZE_MAX) return must ? run_fail(r, "what is looked for is not there") : value_int(-1);
	return value_int((int64_t)text_count_points(self.text->bytes, found));
}

METHOD(method_find)
{
	UNUSED(all);
	return find(r, self, a, false, false);
}

METHOD(method_rfind)
{
	UNUSED(all);
	return find(r, self, a, true, false);
}

METHOD(method_index)
{
	UNUSED(all);
	return find(r, self, a, false, true);
}

METHOD(method_rindex)
{
	UNUSED(all);
	return find(r, self, a, true, true);
}

METHOD(method_count)
{
	UNUSED(all);
	const struct text *part = parameter_text(r, a[0], "what is counted");
	size_t from, to;
	bool inside;
	int64_t n = 0;
	if (!part || !part_of(r, self.text, a + 1, &from, &to, &inside)) return value_failed();
	if (!inside) return value_int(0);
	if (part->size == 0) return value_int((int64_t)text_count_points(self.text->bytes + from, to - from) + 1);
	if (!run_charge(r, self.text->size / 8)) return value_failed();
	for (; (from = text_find(self.text, part, from, to)) != SIZE_MAX; n++) from += part->size;
	return value_int(n);
}

/* Whether the part begins (or ends) with a text, or with one of a tuple of them. */
static struct value begins(struct run *r, struct value self, const struct value *a, bool at_end)
{
	size_t from, to;
	bool inside;
	if (!part_of(r, self.text, a + 1, &from, &to, &inside)) return value_failed();
	if (a[0].kind != VALUE_TEXT && a[0].kind != VALUE_TUPLE) return run_fail(r, "a text or a tuple of texts is needed here");
	size_t count = a[0].kind == VALUE_TUPLE ? a[0].list->count : 1;
	for (size_t i = 0; i < count; i++) {
		const struct text *t = parameter_text(r, a[0].kind == VALUE_TUPLE ? a[0].list->items[i] : a[0], "each part");
		if (!t) return value_failed();
		if (!inside || t->size > to - from) continue;
		if (memcmp(self.text->bytes + (at_end ? to - t->size : from), t->bytes, t->size) == 0) return value_bool(true);
	}
	return value_bool(false);
}

METHOD(method_startswith)
{
	UNUSED(all);
	return begins(r, self, a, false);
}

METHOD(method_endswith)
{
	UNUSED(all);
	return begins(r, self, a, true);
}

METHOD(method_removeprefix)
{
	UNUSED(all);
	const struct text *t = self.text, *part = parameter_text(r, a[0], "the prefix");
	if (!part) return value_failed();
	bool begins_so = part->size <= t->size && memcmp(t->bytes, part->bytes, part->size) == 0;
	return value_text(text_slice(r, t, begins_so ? part->size : 0, t->size));
}

METHOD(method_removesuffix)
{
	UNUSED(all);
	const struct text *t = self.text, *part = parameter_text(r, a[0], "the suffix");
	if (!part) return value_failed();
	bool ends_so = part->size <= t->size && memcmp(t->bytes + t->size - part->size, part->bytes, part->size) == 0;
	return value_text(text_slice(r, t, 0, t->size - (ends_so ? part->size : 0)));
}

static struct value partition(struct run *r, struct value self, const struct value *a, bool last)
{
	const struct text *t = self.text, *part = parameter_text(r, a[0], "the separator");
	struct value parts = value_list(r, VALUE_TUPLE, 3);
	if (!part || parts.kind == VALUE_FAILED || !run_charge(r, t->size / 16)) return value_failed();
	if (part->size == 0) return run_fail(r, "a text cannot be split at nothing");
	size_t at = last ? text_find_last(r, t, part, 0, t->size) : text_find(t, part, 0, t->size);
	size_t end = at == SIZE_MAX ? 0 : at + part->size;
	if (at == SIZE_MAX) at = end = last ? 0 : t->size;
	parts.list->items[0] = value_text(text_slice(r, t, 0, at));
	parts.list->items[1] = value_text(text_slice(r, t, at, end));
	parts.list->items[2] = value_text(text_slice(r, t, end, t->size));
	return r->failed ? value_failed() : parts;
}

METHOD(method_partition)
{
	UNUSED(all);
	return partition(r, self, a, false);
}

METHOD(method_rpartition)
{
	UNUSED(all);
	return partition(r, self, a, true);
}

static struct value align(struct run *r, struct value self, const struct value *a, char side)
{
	int64_t width;
	const struct text *fill;
	if (!parameter_int(r, a[0], 0, &width) || !optional_text(r, a[1], &fill)) return value_failed();
	return value_text(text_center(r, self.text, width, fill, side));
}

METHOD(method_center)
{
	UNUSED(all);
	return align(r, self, a, '^');
}

METHOD(method_ljust)
{
	UNUSED(all);
	return align(r, self, a, '<');
}

METHOD(method_rjust)
{
	UNUSED(all);
	return align(r, self, a, '>');
}

METHOD(method_zfill)
{
	UNUSED(all);
	int64_t width;
	const struct text *t = self.text, *zero = text_static(r, "0");
	if (!zero || !parameter_int(r, a[0], 0, &width)) return value_failed();
	size_t sign = t->size && (t->bytes[0] == '-' || t->bytes[0] == '+') ? 1 : 0;
	const struct text *rest = text_slice(r, t, sign, t->size);
	rest = rest ? text_center(r, rest, width - (int64_t)sign, zero, '>') : NULL;
	const struct text *head = text_slice(r, t, 0, sign);
	return rest && head ? value_text(text_concat(r, head, rest)) : value_failed();
}

METHOD(method_expandtabs)
{
	UNUSED(all);
	int64_t size;
	struct builder b = builder_new(r);
	if (!parameter_int(r, a[0], 8, &size) || size > 10000) return run_fail(r, "tabs cannot be that wide");
	size_t column = 0, stop = size > 0 ? (size_t)size : 0;
	if (!run_charge(r, self.text->size)) return value_failed();
	for (size_t i = 0, n; i < self.text->size; i += n) {
		uint32_t point = text_point_at(self.text, i, &n);
		if (point == '\t') {
			size_t spaces = stop ? stop - column % stop : 0;
			column += spaces;
			while (spaces--) builder_bytes(&b, " ", 1, text_origin_at(self.text, i));
		} else {
			column = point == '\n' || point == '\r' ? 0 : column + 1;
			builder_part(&b, self.text, i, i + n);
		}
	}
	const struct text *done = builder_done(&b);
	return value_text(done ? text_with_markup(r, done, self.text->markup) : NULL);
}

const struct native template_text_methods[] = {
	{ "upper", method_upper, "", 0 },
	{ "lower", method_lower, "", 0 },
	{ "casefold", method_casefold, "", 0 },
	{ "capitalize", method_capitalize, "", 0 },
	{ "title", method_title, "", 0 },
	{ "swapcase", method_swapcase, "", 0 },
	{ "strip", method_strip, "chars", 0 },
	{ "lstrip", method_lstrip, "chars", 0 },
	{ "rstrip", method_rstrip, "chars", 0 },
	{ "split", method_split, "sep,maxsplit", 0 },
	{ "rsplit", method_rsplit, "sep,maxsplit", 0 },
	{ "splitlines", method_splitlines, "keepends", 0 },
	{ "join", method_join, "iterable", 1 },
	{ "replace", method_replace, "old,new,count", 2 },
	{ "format", method_format, NULL, 0 },
	{ "format_map", method_format_map, "mapping", 1 },
	{ "find", method_find, "sub,start,end", 1 },
	{ "rfind", method_rfind, "sub,start,end", 1 },
	{ "index", method_index, "sub,start,end", 1 },
	{ "rindex", method_rindex, "sub,start,end", 1 },
	{ "count", method_count, "sub,start,end", 1 },
	{ "startswith", method_startswith, "prefix,start,end", 1 },
	{ "endswith", method_endswith, "suffix,start,end", 1 },
	{ "removeprefix", method_removeprefix, "prefix", 1 },
	{ "removesuffix", method_removesuffix, "suffix", 1 },
	{ "partition", method_partition, "sep", 1 },
	{ "rpartition", method_rpartition, "sep", 1 },
	{ "center", method_center, "width,fillchar", 1 },
	{ "ljust", method_ljust, "width,fillchar", 1 },
	{ "rjust", method_rjust, "width,fillchar", 1 },
	{ "zfill", method_zfill, "width", 1 },
	{ "expandtabs", method_expandtabs, "tabsize", 0 },
	{ NULL, NULL, NULL, 0 },
};
