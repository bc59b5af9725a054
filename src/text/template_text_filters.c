/* template_text_filters: filters that make text or numbers of one value. */
#include "text/template_natives_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FILTER(name) static struct value name(struct run *r, struct value self, const struct value *a, const struct arguments *all)
#define UNUSED(x)    (void)(x)

FILTER(filter_upper)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	return value_text(t ? text_to_case(r, t, CASE_UPPER) : NULL);
}

FILTER(filter_lower)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	return value_text(t ? text_to_case(r, t, CASE_LOWER) : NULL);
}

FILTER(filter_capitalize)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	return value_text(t ? text_capitalize(r, t) : NULL);
}

FILTER(filter_title)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	t = t ? text_title(r, t, true) : NULL;
	return value_text(t ? text_with_markup(r, t, false) : NULL);
}

FILTER(filter_trim)
{
	UNUSED(all);
	const struct text *t = value_to_text(r, self), *points = NULL;
	if (a[0].kind != VALUE_MISSING && a[0].kind != VALUE_NONE && !(points = parameter_text(r, a[0], "what is trimmed")))
		return value_failed();
	return value_text(t ? text_strip(r, t, points, STRIP_BOTH) : NULL);
}

FILTER(filter_string)
{
	UNUSED(a), UNUSED(all);
	return value_text(value_to_text(r, self));
}

FILTER(filter_replace)
{
	UNUSED(all);
	const struct text *t = value_to_text(r, self), *old = t ? value_to_text(r, a[0]) : NULL;
	const struct text *new = old ? value_to_text(r, a[1]) : NULL;
	int64_t count = -1;
	if (!new) return value_failed();
	if (a[2].kind != VALUE_NONE && !parameter_int(r, a[2], -1, &count)) return value_failed();
	if (!r->autoescape) t = text_with_markup(r, t, false);
	return value_text(t ? text_replace(r, t, old, new, count) : NULL);
}

FILTER(filter_center)
{
	UNUSED(all);
	int64_t width;
	const struct text *t = value_to_text(r, self);
	if (!t || !parameter_int(r, a[0], 80, &width)) return value_failed();
	return value_text(text_center(r, t, width, NULL, '^'));
}

FILTER(filter_format)
{
	UNUSED(a);
	const struct text *t = value_to_text(r, self);
	if (!t) return value_failed();
	if (all->n_positional && all->n_named) return run_fail(r, "format takes positional or named arguments, not both");
	if (!all->n_named) {
		struct value values = value_list(r, VALUE_TUPLE, all->n_positional);
		if (values.kind == VALUE_FAILED) return values;
		if (all->n_positional) memcpy(values.list->items, all->positional, all->n_positional * sizeof(struct value));
		return format_percent(r, t, values);
	}
	struct value named = { .kind = VALUE_DICT, .dict = dict_new(r) };
	for (size_t i = 0; named.dict && i < all->n_named; i++) {
		if (!dict_set(r, named.dict, value_text(all->named[i].name), all->named[i].value)) return value_failed();
	}
	return named.dict ? format_percent(r, t, named) : value_failed();
}

/* What a line of the filter indent begins with: a text as it is, a number of spaces. */
static const struct text *indentation(struct run *r, struct value width)
{
	int64_t spaces;
	if (width.kind == VALUE_TEXT) return width.text;
	if (!parameter_int(r, width, 4, &spaces)) return NULL;
	if (spaces > 10000) return run_fail(r, "text cannot be indented that far"), NULL;
	const struct text *one = text_static(r, " ");
	struct builder b = builder_new(r);
	if (one && spaces > 0) builder_repeat(&b, one, (size_t)spaces);
	return one ? builder_done(&b) : NULL;
}

FILTER(filter_indent)
{
	UNUSED(all);
	bool first = parameter_bool(a[1], false), blank = parameter_bool(a[2], false);
	const struct text *indent = indentation(r, a[0]), *end = text_static(r, "\n");
	if (self.kind != VALUE_TEXT) return run_fail(r, "indent needs a text, not a %s", value_kind_name(self));
	if (!indent || !end) return value_failed();
	/* One line end more at the end is a quirk that makes a text without lines one line. */
	struct value lines = text_lines(r, text_concat(r, self.text, text_with_markup(r, end, self.text->markup)), false);
	struct builder b = builder_new(r);
	if (lines.kind == VALUE_FAILED || (first && !builder_text(&b, indent))) return value_failed();
	for (size_t i = 0; i < lines.list->count; i++) {
		const struct text *line = lines.list->items[i].text;
		if (i && !builder_text(&b, end)) return value_failed();
		if (i && (blank || line->size) && !builder_text(&b, indent)) return value_failed();
		if (!builder_text(&b, line)) return value_failed();
	}
	const struct text *done = builder_done(&b);
	return value_text(done ? text_with_markup(r, done, self.text->markup) : NULL);
}

FILTER(filter_truncate)
{
	UNUSED(all);
	int64_t length, leeway = 5;
	size_t points;
	const struct text *end = a[2].kind == VALUE_MISSING ? text_static(r, "...") : parameter_text(r, a[2], "the end");
	if (!end || !parameter_int(r, a[0], 255, &length)) return value_failed();
	if (a[3].kind != VALUE_NONE && !parameter_int(r, a[3], 5, &leeway)) return value_failed();
	int64_t ending = (int64_t)text_points(end);
	if (length < ending || leeway < 0) return run_fail(r, "truncate cannot make a text this short");
	if (!value_length(r, self, &points)) return value_failed();
	if (length > INT64_MAX - leeway || (int64_t)points <= length + leeway) return self;
	if (self.kind != VALUE_TEXT) return run_fail(r, "truncate needs a text, not a %s", value_kind_name(self));
	const struct text *t = self.text;
	const struct text *head = text_slice(r, t, 0, text_byte_of_point(t, (size_t)(length - ending)));
	if (head && !parameter_bool(a[1], false)) {
		const struct text *space = text_static(r, " ");
		size_t at = space ? text_find_last(r, head, space, 0, head->size) : SIZE_MAX;
		if (at != SIZE_MAX) head = text_slice(r, head, 0, at);
	}
	return head && !r->failed ? value_text(text_concat(r, head, end)) : value_failed();
}

FILTER(filter_wordcount)
{
	UNUSED(a), UNUSED(all);
	const struct text *t = value_to_text(r, self);
	int64_t words = 0;
	bool inside = false;
	if (!t || !run_charge(r, t->size)) return value_failed();
	for (size_t i = 0, n; i < t->size; i += n) {
		bool word = text_point_is_word(text_point_at(t, i, &n));
		words += word && !inside;
		inside = word;
	}
	return value_int(words);
}

/* Numbers */

FILTER(filter_abs)
{
	UNUSED(a), UNUSED(all);
	if (!value_is_number(self)) return run_fail(r, "abs needs a number, not a %s", value_kind_name(self));
	if (self.kind == VALUE_FLOAT) {
		self.real = fabs(self.real);
		return self;
	}
	int64_t n = value_integer_of(self);
	if (n == INT64_MIN) return run_fail(r, "an integer has more than 64 bits");
	return (struct value){ .kind = VALUE_INT, .message = self.message, .integer = n < 0 ? -n : n };
}

/* The number in a text, as int(text, base) and float(text) read them: spaces around, underscores between digits. */
static bool plain_number(const struct text *t, char *out, size_t room, size_t *length)
{
	size_t from = 0, to = t->size, n, k = 0;
	while (from < to && text_point_is_space(text_point_at(t, from, &n))) from += n;
	while (to > from && (uint8_t)t->bytes[to - 1] < 0x80 && text_point_is_space((uint8_t)t->bytes[to - 1])) to--;
	for (size_t i = from; i < to; i += n) {
		uint32_t point = text_point_at(t, i, &n);
		char c = (char)(point < 0x80 ? point : 0), last = k ? out[k - 1] : 0;
		bool between = i + 1 < to && t->bytes[i + 1] != '_' && ((last | 0x20) >= 'a' || (last >= '0' && last <= '9'));
		if (c == '_' && between) continue;
		if (point >= 0x80 && text_point_is_decimal(point)) c = (char)('0' + text_point_decimal(point));
		if (k + 1 >= room || (point >= 0x80 && !c)) return false;
		out[k++] = c;
	}
	out[k] = 0;
	*length = k;
	return k > 0;
}

static bool read_integer(const struct text *t, int64_t base, int64_t *n)
{
	char digits[400];
	size_t length;
	if (!plain_number(t, digits, sizeof digits, &length)) return false;
	size_t sign = digits[0] == '-' || digits[0] == '+', at = sign;
	char kind = length > sign + 1 && digits[sign] == '0' ? (char)(digits[sign + 1] | 0x20) : 0;
	int64_t prefixed = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
	if (prefixed && (base == prefixed || base == 0)) {
		base = prefixed;
		at += 2;
	}
	if (base == 0) base = 10;
	if (base < 2 || base > 36) return false;
	memmove(digits + sign, digits + at, length - at + 1);
	return digits[sign] != '-' && digits[sign] != '+' && number_parse_integer(digits, length - (at - sign), (unsigned)base, n);
}

static bool read_real(const struct text *t, double *d)
{
	char digits[400];
	size_t length;
	if (!plain_number(t, digits, sizeof digits, &length)) return false;
	const char *word = digits + (digits[0] == '-' || digits[0] == '+');
	char lower[16] = "";
	for (size_t i = 0; word[i] && i + 1 < sizeof lower; i++) lower[i] = (char)(word[i] | 0x20);
	if (strcmp(lower, "inf") == 0 || strcmp(lower, "infinity") == 0) {
		*d = digits[0] == '-' ? -INFINITY : INFINITY;
		return true;
	}
	if (strcmp(lower, "nan") == 0) {
		*d = NAN;
		return true;
	}
	return number_parse(digits, length, d);
}

static struct value whole(struct run *r, double d, struct value otherwise)
{
	if (!isfinite(d)) return otherwise;
	if (fabs(d) >= 9.2e18) return run_fail(r, "an integer has more than 64 bits");
	return value_int((int64_t)d);
}

FILTER(filter_int)
{
	UNUSED(all);
	struct value otherwise = a[0].kind == VALUE_MISSING ? value_int(0) : a[0];
	int64_t base, n;
	double d;
	if (self.kind == VALUE_UNDEFINED) return run_fail(r, "an undefined value is no number");
	if (!parameter_int(r, a[1], 10, &base)) return value_failed();
	bool message = value_has_message(self);
	struct value v = otherwise;
	if (self.kind == VALUE_BOOL || self.kind == VALUE_INT)
		v = value_int(value_integer_of(self));
	else if (self.kind == VALUE_FLOAT)
		v = whole(r, self.real, otherwise);
	else if (self.kind == VALUE_TEXT && read_integer(self.text, base, &n))
		v = value_int(n);
	else if (self.kind == VALUE_TEXT && read_real(self.text, &d))
		v = whole(r, d, otherwise);
	else
		return otherwise;
	if (v.kind == VALUE_INT) v.message |= message;
	return v;
}

FILTER(filter_float)
{
	UNUSED(all);
	struct value otherwise = a[0].kind == VALUE_MISSING ? value_float(0) : a[0];
	double d;
	if (self.kind == VALUE_UNDEFINED) return run_fail(r, "an undefined value is no number");
	if (value_is_number(self))
		d = value_real_of(self);
	else if (self.kind != VALUE_TEXT || !read_real(self.text, &d))
		return otherwise;
	return (struct value){ .kind = VALUE_FLOAT, .message = value_has_message(self), .real = d };
}

/* To a multiple of 10^digits, halves to the even one. */
static struct value round_integer(int64_t n, int64_t digits)
{
	int64_t unit = 1;
	for (; digits > 0 && unit < INT64_MAX / 10; digits--) unit *= 10;
	if (digits > 0) return value_int(0);
	int64_t left = n % unit, base = n - left;
	int64_t twice = left < 0 ? -left : left;
	bool up = twice > unit - twice || (twice == unit - twice && (base / unit) % 2 != 0);
	return value_int(base + (up ? (n < 0 ? -unit : unit) : 0));
}

static struct value round_real(struct run *r, double d, int64_t precision)
{
	char digits[NUMBER_ROOM];
	if (!isfinite(d) || precision > 300) return value_float(d);
	if (precision < 0) {
		if (precision < -300) return value_float(copysign(0, d));
		double unit = pow(10, (double)-precision);
		return value_float(nearbyint(d / unit) * unit);
	}
	if (precision > 60) return value_float(d);
	size_t n = number_format(d, 'f', (int)precision, false, digits, sizeof digits);
	if (!number_parse(digits, n, &d)) return run_fail(r, "a number cannot be rounded");
	return value_float(d);
}

FILTER(filter_round)
{
	UNUSED(all);
	int64_t precision;
	const struct text *method = a[1].kind == VALUE_MISSING ? text_static(r, "common") : parameter_text(r, a[1], "the method");
	if (!method || !parameter_int(r, a[0], 0, &precision)) return value_failed();
	bool up = text_is(method, "ceil"), down = text_is(method, "floor");
	if (!up && !down && !text_is(method, "common")) return run_fail(r, "round knows common, ceil and floor");
	if (!value_is_number(self)) return run_fail(r, "round needs a number, not a %s", value_kind_name(self));
	struct value v;
	if (up || down) {
		double unit = pow(10, (double)precision), scaled = value_real_of(self) * unit;
		if (!isfinite(scaled) || unit == 0) return run_fail(r, "a number cannot be rounded");
		v = value_float((up ? ceil(scaled) : floor(scaled)) / unit);
	} else if (self.kind == VALUE_FLOAT) {
		v = round_real(r, self.real, precision);
	} else {
		v = precision < 0 ? round_integer(value_integer_of(self), -precision) : value_int(value_integer_of(self));
	}
	v.message = self.message;
	return v;
}

FILTER(filter_filesizeformat)
{
	UNUSED(all);
	static const char *const prefixes[2][8] = { { "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB" },
		                                    { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB" } };
	bool binary = parameter_bool(a[0], false);
	double bytes, base = binary ? 1024 : 1000, unit = base * base;
	char text[NUMBER_ROOM];
	struct value number = filter_float(r, self, (struct value[]){ { .kind = VALUE_NONE } }, all);
	if (number.kind != VALUE_FLOAT) return r->failed ? value_failed() : run_fail(r, "filesizeformat needs a number");
	bytes = number.real;
	if (bytes == 1) return value_text(text_static(r, "1 Byte"));
	int i = 0;
	for (; i < 7 && bytes >= unit; i++) unit *= base;
	if (bytes < base)
		snprintf(text, sizeof text, "%lld Bytes", (long long)bytes);
	else
		snprintf(text + number_format(base * bytes / unit, 'f', 1, false, text, sizeof text - 8), 8, " %s",
		         prefixes[binary][i]);
	return value_text(text_new(r, text, strlen(text), number.message));
}

const struct native template_text_filters[] = {
	{ "upper", filter_upper, "", 0 },
	{ "lower", filter_lower, "", 0 },
	{ "capitalize", filter_capitalize, "", 0 },
	{ "title", filter_title, "", 0 },
	{ "trim", filter_trim, "chars", 0 },
	{ "string", filter_string, "", 0 },
	{ "replace", filter_replace, "old,new,count", 2 },
	{ "center", filter_center, "width", 0 },
	{ "format", filter_format, NULL, 0 },
	{ "indent", filter_indent, "width,first,blank", 0 },
	{ "truncate", filter_truncate, "length,killwords,end,leeway", 0 },
	{ "wordcount", filter_wordcount, "", 0 },
	{ "abs", filter_abs, "", 0 },
	{ "int", filter_int, "default,base", 0 },
	{ "float", filter_float, "default", 0 },
	{ "round", filter_round, "precision,method", 0 },
	{ "filesizeformat", filter_filesizeformat, "binary", 0 },
	{ NULL, NULL, NULL, 0 },
};
