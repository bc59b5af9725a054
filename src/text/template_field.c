/* template_field: one value in a field of a format string (see template_format.h). */
#include "text/template_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool pad(struct builder *b, const struct field *f, size_t count)
{
	if (f->fill) return builder_repeat(b, f->fill, count);
	for (size_t i = 0; i < count; i++) {
		if (!builder_bytes(b, " ", 1, 0)) return false;
	}
	return b->strand != NULL;
}

static size_t padding(const struct field *f, size_t points)
{
	return f->width > (int64_t)points ? (size_t)f->width - points : 0;
}

bool field_write_text(struct builder *b, const struct field *f, const struct text *t)
{
	size_t points = text_points(t), end = t->size;
	if (f->precision >= 0 && (size_t)f->precision < points) {
		end = text_byte_of_point(t, (size_t)f->precision);
		points = (size_t)f->precision;
	}
	size_t space = padding(f, points), before = f->align == '>' ? space : f->align == '^' ? space / 2 : 0;
	return pad(b, f, before) && builder_part(b, t, 0, end) && pad(b, f, space - before);
}

bool field_write_number(struct builder *b, const struct field *f, const char *sign, const char *digits, uint8_t origin)
{
	size_t space = padding(f, strlen(sign) + strlen(digits));
	char align = f->align ? f->align : f->zero ? '=' : '>';
	if (align == '=') {
		builder_literal(b, sign, origin);
		for (size_t i = 0; f->zero && !f->fill && i < space; i++) builder_literal(b, "0", origin);
		if ((f->fill || !f->zero) && !pad(b, f, space)) return false;
		return builder_literal(b, digits, origin);
	}
	size_t before = align == '>' ? space : align == '^' ? space / 2 : 0;
	if (!pad(b, f, before) || !builder_literal(b, sign, origin) || !builder_literal(b, digits, origin)) return false;
	return pad(b, f, space - before);
}

static void integer_digits(uint64_t n, unsigned base, bool upper, const char *prefix, char *out, size_t room)
{
	char reversed[72];
	size_t count = 0;
	do {
		unsigned digit = (unsigned)(n % base);
		reversed[count++] = (char)(digit < 10 ? '0' + digit : (upper ? 'A' : 'a') + digit - 10);
		n /= base;
	} while (n);
	size_t at = (size_t)snprintf(out, room, "%s", prefix);
	while (count && at + 1 < room) out[at++] = reversed[--count];
	out[at] = 0;
}

/* Puts the grouping sign between thousands of the integer part (fours for other bases), in place. */
static void group_digits(char *out, size_t room, char sign, unsigned every)
{
	size_t whole = strspn(out, "0123456789abcdefABCDEF"), length = strlen(out), signs = whole ? (whole - 1) / every : 0;
	if (length + signs + 1 > room) return;
	memmove(out + whole + signs, out + whole, length - whole + 1);
	for (size_t from = whole, to = whole + signs, n = 0; from > 0 && to > from; n++) {
		if (n && n % every == 0) out[--to] = sign;
		out[--to] = out[--from];
	}
}

static bool real_digits(struct run *r, const struct field *f, double value, char *out, size_t room)
{
	int precision = f->precision < 0 ? 6 : f->precision > 60 ? 60 : (int)f->precision;
	char type = f->type ? f->type : 'g';
	if (!isfinite(value)) {
		snprintf(out, room, "%s", isnan(value) ? (type < 'a' ? "NAN" : "nan") : (type < 'a' ? "INF" : "inf"));
		return true;
	}
	if (!f->type && f->precision < 0) {
		out[number_write(value, out)] = 0;
		return true;
	}
	if (type == 'n') type = 'g';
	if (type == '%') {
		size_t n = number_format(value * 100, 'f', precision, f->alternate, out, room);
		if (n + 1 < room) snprintf(out + n, room - n, "%%");
		return true;
	}
	if (!strchr("eEfFgG", type)) {
		run_fail(r, "a number cannot be written as '%c'", type);
		return false;
	}
	if ((type | 0x20) == 'g' && precision == 0) precision = 1;
	number_format(value, type, precision, f->alternate, out, room);
	if (!f->type && !strpbrk(out, ".einf")) snprintf(out + strlen(out), room - strlen(out), ".0");
	return true;
}

bool field_digits(struct run *r, const struct field *f, struct value v, char *out, size_t room, bool *negative)
{
	*negative = v.kind == VALUE_FLOAT ? signbit(v.real) && !isnan(v.real) : value_integer_of(v) < 0;
	unsigned base = f->type == 'x' || f->type == 'X' ? 16 : f->type == 'o' ? 8 : f->type == 'b' ? 2 : 10;
	bool whole = v.kind != VALUE_FLOAT && (base != 10 || !f->type || f->type == 'd' || f->type == 'n');
	if (whole) {
		int64_t integer = value_integer_of(v);
		const char *prefix = !f->alternate || base == 10 ? ""
		                     : base == 16                ? (f->type == 'x' ? "0x" : "0X")
		                     : base == 8                 ? "0o"
		                                                 : "0b";
		if (f->precision >= 0) {
			run_fail(r, "an integer has no precision");
			return false;
		}
		integer_digits(*negative ? 0 - (uint64_t)integer : (uint64_t)integer, base, f->type == 'X', prefix, out, room);
	} else if (base != 10 || f->type == 'd') {
		run_fail(r, "a number with a fraction cannot be written as '%c'", f->type);
		return false;
	} else if (!real_digits(r, f, fabs(value_real_of(v)), out, room)) {
		return false;
	}
	if (f->grouping) group_digits(out, room, f->grouping, base == 10 ? 3 : 4);
	return true;
}

static bool align_at(const struct text *s, size_t at)
{
	return at < s->size && strchr("<>^=", s->bytes[at]) && s->bytes[at];
}

static bool read_number(struct run *r, const struct text *s, size_t *at, int64_t *n)
{
	*n = 0;
	for (; *at < s->size && s->bytes[*at] >= '0' && s->bytes[*at] <= '9'; (*at)++) {
		*n = *n * 10 + (s->bytes[*at] - '0');
		if (*n <= FIELD_WIDTH_LIMIT) continue;
		run_fail(r, "a field of a format is wider than %d", FIELD_WIDTH_LIMIT);
		return false;
	}
	return true;
}

static bool parse_field(struct run *r, const struct text *s, struct field *f)
{
	size_t at = 0, n = 0;
	*f = (struct field){ .precision = -1 };
	if (s->size) text_point_at(s, 0, &n);
	if (s->size && align_at(s, n)) {
		f->fill = text_slice(r, s, 0, n);
		f->align = s->bytes[n];
		at = n + 1;
		if (!f->fill) return false;
	} else if (align_at(s, 0)) {
		f->align = s->bytes[at++];
	}
	if (at < s->size && s->bytes[at] && strchr("+- ", s->bytes[at])) f->sign = s->bytes[at++];
	if (at < s->size && s->bytes[at] == 'z') at++;
	if (at < s->size && s->bytes[at] == '#') f->alternate = s->bytes[at++] == '#';
	if (at < s->size && s->bytes[at] == '0') f->zero = s->bytes[at++] == '0';
	if (!read_number(r, s, &at, &f->width)) return false;
	if (at < s->size && (s->bytes[at] == ',' || s->bytes[at] == '_')) f->grouping = s->bytes[at++];
	if (at + 1 < s->size && s->bytes[at] == '.' && s->bytes[at + 1] >= '0' && s->bytes[at + 1] <= '9') {
		at++;
		if (!read_number(r, s, &at, &f->precision)) return false;
	}
	if (at < s->size) f->type = s->bytes[at++];
	if (at == s->size) return true;
	run_fail(r, "a format specification cannot be read");
	return false;
}

static bool format_number(struct builder *b, struct field *f, struct value v)
{
	char digits[NUMBER_ROOM];
	bool negative;
	if (f->type == 'c' && v.kind != VALUE_FLOAT && value_integer_of(v) >= 0 && value_integer_of(v) <= 0x10FFFF) {
		struct builder one = builder_new(b->run);
		builder_point(&one, (uint32_t)value_integer_of(v), v.message);
		const struct text *t = builder_done(&one);
		return t && field_write_text(b, f, t);
	}
	if (!field_digits(b->run, f, v, digits, sizeof digits, &negative)) return false;
	char sign[2] = { negative ? '-' : f->sign == '-' ? 0 : f->sign, 0 };
	return field_write_number(b, f, sign, digits, v.message);
}

bool field_format(struct builder *b, struct value v, const struct text *specification)
{
	struct run *r = b->run;
	struct field f;
	if (!specification->size) return builder_text(b, value_to_text(r, v));
	if (!parse_field(r, specification, &f)) return false;
	if (f.zero && !f.fill && (f.align || v.kind == VALUE_TEXT) && f.align != '=') {
		f.fill = text_static(r, "0");
		if (!f.fill) return false;
	}
	if (value_is_number(v)) return format_number(b, &f, v);
	if (v.kind != VALUE_TEXT || (f.type && f.type != 's') || f.align == '=' || f.grouping || f.sign || f.alternate) {
		run_fail(r, "a %s cannot be written in this format", value_kind_name(v));
		return false;
	}
	return field_write_text(b, &f, v.text);
}
