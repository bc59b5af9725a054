/* template_shape: changes of texts that both filters and methods make: case, strip, replace, split, join. */
#include "text/template_iterate.h"
#include "text/template_natives_text.h"

static const struct text *markup_like(struct run *r, const struct text *made, const struct text *from)
{
	return made ? text_with_markup(r, made, from->markup) : NULL;
}

static bool put_case(struct builder *b, const struct text *t, size_t at, uint32_t point, enum text_case to)
{
	uint32_t out[4];
	size_t n = text_point_to_case(point, to, out);
	for (size_t i = 0; i < n; i++) {
		if (!builder_point(b, out[i], text_origin_at(t, at))) return false;
	}
	return true;
}

/* Whether the sigma at `at` ends a word: a cased letter before it and none behind (points without case are passed over). */
static bool is_final_sigma(const struct text *t, size_t at)
{
	size_t n, before = at, after = at + 2;
	bool cased = false;
	while (before > 0 && !cased) {
		do before--;
		while (before > 0 && ((uint8_t)t->bytes[before] & 0xC0) == 0x80);
		uint32_t point = text_point_at(t, before, &n);
		cased = text_point_is_cased(point);
		if (!cased && point != '\'' && point != '.' && point != ':' && point != 0xAD && text_point_is_printable(point))
			break;
	}
	if (!cased || after >= t->size) return cased;
	return !text_point_is_cased(text_point_at(t, after, &n));
}

static bool put_lower(struct builder *b, const struct text *t, size_t at, uint32_t point)
{
	if (point == 0x3A3 && is_final_sigma(t, at)) return builder_point(b, 0x3C2, text_origin_at(t, at));
	return put_case(b, t, at, point, CASE_LOWER);
}

const struct text *text_to_case(struct run *r, const struct text *t, enum text_case to)
{
	struct builder b = builder_new(r);
	if (!run_charge(r, t->size)) return NULL;
	for (size_t i = 0, n; i < t->size; i += n) {
		uint32_t point = text_point_at(t, i, &n);
		if (!(to == CASE_LOWER ? put_lower(&b, t, i, point) : put_case(&b, t, i, point, to))) return NULL;
	}
	return markup_like(r, builder_done(&b), t);
}

const struct text *text_capitalize(struct run *r, const struct text *t)
{
	struct builder b = builder_new(r);
	if (!run_charge(r, t->size)) return NULL;
	for (size_t i = 0, n; i < t->size; i += n) {
		uint32_t point = text_point_at(t, i, &n);
		if (!(i ? put_lower(&b, t, i, point) : put_case(&b, t, i, point, CASE_TITLE))) return NULL;
	}
	return markup_like(r, builder_done(&b), t);
}

/* Whether a word of the filter `title` begins behind this character: [-\s({\[<]. */
static bool begins_word(uint32_t point)
{
	return text_point_is_space(point) || (point && point < 0x80 && strchr("-({[<", (char)point));
}

const struct text *text_title(struct run *r, const struct text *t, bool words)
{
	struct builder b = builder_new(r);
	bool first = true;
	if (!run_charge(r, t->size)) return NULL;
	for (size_t i = 0, n; i < t->size; i += n) {
		uint32_t point = text_point_at(t, i, &n);
		enum text_case upper = words ? CASE_UPPER : CASE_TITLE;
		if (!(first ? put_case(&b, t, i, point, upper) : put_lower(&b, t, i, point))) return NULL;
		first = words ? begins_word(point) : !text_point_is_cased(point);
	}
	return markup_like(r, builder_done(&b), t);
}

static bool has_point(const struct text *points, const struct text *t, size_t at, size_t n)
{
	if (!points) return text_point_is_space(text_point_at(t, at, &n));
	return memmem(points->bytes, points->size, t->bytes + at, n) != NULL;
}

const struct text *text_strip(struct run *r, const struct text *t, const struct text *points, int sides)
{
	size_t from = 0, to = t->size, n;
	if (points && points->size > 64 && !run_charge(r, t->size / 64 * (points->size / 64))) return NULL;
	while ((sides & STRIP_LEFT) && from < to) {
		text_point_at(t, from, &n);
		if (!has_point(points, t, from, n)) break;
		from += n;
	}
	while ((sides & STRIP_RIGHT) && to > from) {
		size_t last = to - 1;
		while (last > from && ((uint8_t)t->bytes[last] & 0xC0) == 0x80) last--;
		if (!has_point(points, t, last, to - last)) break;
		to = last;
	}
	return text_slice(r, t, from, to);
}

/* Between all code points, as Python replaces an empty text. */
static bool replace_nothing(struct builder *b, const struct text *t, const struct text *new, int64_t count)
{
	size_t at = 0, n;
	for (; count != 0 && at <= t->size; count -= count > 0) {
		if (!run_charge(b->run, 1) || !builder_text(b, new)) return false;
		if (at == t->size) return true;
		text_point_at(t, at, &n);
		if (!builder_part(b, t, at, at + n)) return false;
		at += n;
	}
	return builder_part(b, t, at, t->size);
}

const struct text *text_replace(struct run *r, const struct text *t, const struct text *old, const struct text *new, int64_t count)
{
	struct builder b = builder_new(r);
	size_t at = 0;
	if (!run_charge(r, t->size / 16)) return NULL;
	if (t->markup) {
		new = markup_escape(r, value_text(new));
		if (!new) return NULL;
	}
	if (old->size == 0) {
		replace_nothing(&b, t, new, count);
		return markup_like(r, builder_done(&b), t);
	}
	size_t found = count == 0 ? SIZE_MAX : text_find(t, old, 0, t->size);
	if (found == SIZE_MAX) return t;
	while (found != SIZE_MAX) {
		if (!run_charge(r, 1) || !builder_part(&b, t, at, found) || !builder_text(&b, new)) return NULL;
		at = found + old->size;
		count -= count > 0;
		found = count == 0 ? SIZE_MAX : text_find(t, old, at, t->size);
	}
	builder_part(&b, t, at, t->size);
	return markup_like(r, builder_done(&b), t);
}

const struct text *text_center(struct run *r, const struct text *t, int64_t width, const struct text *fill, char align)
{
	size_t points = text_points(t);
	if (width <= (int64_t)points) return t;
	if (fill && text_points(fill) != 1) return run_fail(r, "one character is needed to fill with"), NULL;
	if (!fill && !(fill = text_static(r, " "))) return NULL;
	if (width > 1 << 24) return run_fail(r, "a text is made too wide"), NULL;
	size_t space = (size_t)width - points;
	/* Where the space does not halve, Python puts the odd one left when the width is odd. */
	size_t left = align == '<' ? 0 : align == '>' ? space : space / 2 + (space & (size_t)width & 1);
	struct builder b = builder_new(r);
	if (!builder_repeat(&b, fill, left) || !builder_text(&b, t) || !builder_repeat(&b, fill, space - left)) return NULL;
	return markup_like(r, builder_done(&b), t);
}

const struct text *text_join(struct run *r, const struct text *separator, struct value parts, bool convert)
{
	struct iterator *i = iterate(r, parts);
	struct builder b = builder_new(r);
	struct value v;
	bool first = true;
	if (!i) return NULL;
	while (iterator_next(r, i, &v)) {
		if (!convert && v.kind != VALUE_TEXT) return run_fail(r, "join needs texts, not a %s", value_kind_name(v)), NULL;
		const struct text *t = separator->markup && !convert ? markup_escape(r, v) : value_to_text(r, v);
		if (!t || (!first && !builder_text(&b, separator)) || !builder_text(&b, t)) return NULL;
		first = false;
	}
	const struct text *done = builder_done(&b);
	return done && !convert ? text_with_markup(r, done, separator->markup) : done;
}

static bool add_part(struct run *r, struct value list, const struct text *t, size_t from, size_t to)
{
	struct value v = value_text(text_slice(r, t, from, to));
	return v.kind != VALUE_FAILED && list_append(r, list.list, v);
}

/* Words between white space; the last one has all the rest once `most` cuts are made. */
static struct value split_words(struct run *r, const struct text *t, int64_t most)
{
	struct value list = value_list(r, VALUE_LIST, 0);
	size_t at = 0, n;
	if (list.kind == VALUE_FAILED) return list;
	for (;;) {
		while (at < t->size && text_point_is_space(text_point_at(t, at, &n))) at += n;
		if (at == t->size) return list;
		size_t from = at;
		if (most == 0) {
			size_t end = t->size;
			const struct text *rest = text_strip(r, text_slice(r, t, from, end), NULL, STRIP_RIGHT);
			return rest && list_append(r, list.list, value_text(rest)) ? list : value_failed();
		}
		while (at < t->size && !text_point_is_space(text_point_at(t, at, &n))) at += n;
		if (!add_part(r, list, t, from, at)) return value_failed();
		most -= most > 0;
	}
}

struct value text_split(struct run *r, const struct text *t, const struct text *separator, int64_t most)
{
	if (!run_charge(r, t->size / 16)) return value_failed();
	if (!separator) return split_words(r, t, most);
	if (separator->size == 0) return run_fail(r, "a text cannot be split at nothing");
	struct value list = value_list(r, VALUE_LIST, 0);
	size_t at = 0, found;
	if (list.kind == VALUE_FAILED) return list;
	while (most != 0 && (found = text_find(t, separator, at, t->size)) != SIZE_MAX) {
		if (!add_part(r, list, t, at, found)) return value_failed();
		at = found + separator->size;
		most -= most > 0;
	}
	return add_part(r, list, t, at, t->size) ? list : value_failed();
}

static void reverse_list(struct list *l)
{
	for (size_t i = 0, j = l->count; i + 1 < j; i++) {
		struct value v = l->items[i];
		l->items[i] = l->items[--j];
		l->items[j] = v;
	}
}

/* The last white space character in [0, to), as [*from, to of it); false when there is none at the very end. */
static bool ends_with_space(const struct text *t, size_t to, size_t *from)
{
	size_t n, last = to;
	if (to == 0) return false;
	do last--;
	while (last > 0 && ((uint8_t)t->bytes[last] & 0xC0) == 0x80);
	*from = last;
	return text_point_is_space(text_point_at(t, last, &n));
}

static struct value split_last_words(struct run *r, const struct text *t, int64_t most)
{
	struct value list = value_list(r, VALUE_LIST, 0);
	size_t to = t->size, from;
	if (list.kind == VALUE_FAILED) return list;
	for (;;) {
		while (ends_with_space(t, to, &from)) to = from;
		if (to == 0) break;
		size_t start = to;
		if (most == 0) {
			const struct text *rest = text_strip(r, text_slice(r, t, 0, to), NULL, STRIP_LEFT);
			if (!rest || !list_append(r, list.list, value_text(rest))) return value_failed();
			break;
		}
		while (start > 0 && !ends_with_space(t, start, &from)) start = from;
		if (!add_part(r, list, t, start, to)) return value_failed();
		to = start;
		most -= most > 0;
	}
	reverse_list(list.list);
	return list;
}

struct value text_split_last(struct run *r, const struct text *t, const struct text *separator, int64_t most)
{
	if (most < 0) return text_split(r, t, separator, most);
	if (!run_charge(r, t->size / 16)) return value_failed();
	if (!separator) return split_last_words(r, t, most);
	if (separator->size == 0) return run_fail(r, "a text cannot be split at nothing");
	struct value list = value_list(r, VALUE_LIST, 0);
	size_t to = t->size, found;
	if (list.kind == VALUE_FAILED) return list;
	while (most != 0 && (found = text_find_last(r, t, separator, 0, to)) != SIZE_MAX) {
		if (!add_part(r, list, t, found + separator->size, to)) return value_failed();
		to = found;
		most--;
	}
	if (r->failed || !add_part(r, list, t, 0, to)) return value_failed();
	reverse_list(list.list);
	return list;
}

static bool ends_line(uint32_t point)
{
	return (point >= 10 && point <= 13) || (point >= 0x1c && point <= 0x1e) || point == 0x85 || point == 0x2028 ||
	       point == 0x2029;
}

struct value text_lines(struct run *r, const struct text *t, bool keep_ends)
{
	struct value list = value_list(r, VALUE_LIST, 0);
	size_t from = 0, n;
	if (list.kind == VALUE_FAILED || !run_charge(r, t->size)) return value_failed();
	for (size_t i = 0; i < t->size;) {
		uint32_t point = text_point_at(t, i, &n);
		size_t end = i;
		i += n;
		if (!ends_line(point)) continue;
		if (point == '\r' && i < t->size && t->bytes[i] == '\n') i++;
		if (!add_part(r, list, t, from, keep_ends ? i : end)) return value_failed();
		from = i;
	}
	if (from < t->size && !add_part(r, list, t, from, t->size)) return value_failed();
	return list;
}
