/* template_format: format strings of both kinds: 'text %s' % value, and 'text {}'.format(value). */
#include "text/template_format.h"

#include <math.h>

struct percent {
	struct run *run;
	const struct text *format;
	size_t at, next_item;
	struct value values;
	bool keyed; /* a dict was used by key, so nothing is left over */
	struct builder out;
};

static bool fail(struct run *r, const char *what)
{
	run_fail(r, "%s", what);
	return false;
}

static bool next_item(struct percent *p, struct value *v)
{
	bool tuple = p->values.kind == VALUE_TUPLE;
	size_t count = tuple ? p->values.list->count : 1;
	if (p->next_item >= count) return fail(p->run, "a format has more fields than arguments");
	*v = tuple ? p->values.list->items[p->next_item] : p->values;
	p->next_item++;
	return true;
}

/* (name) behind the percent sign. */
static bool keyed_item(struct percent *p, struct value *v)
{
	const struct text *f = p->format;
	size_t from = ++p->at, depth = 1;
	for (; p->at < f->size && depth; p->at++) depth += f->bytes[p->at] == '(' ? 1 : f->bytes[p->at] == ')' ? (size_t)-1 : 0;
	if (depth || p->values.kind != VALUE_DICT) return fail(p->run, "a format has names, but its argument is no dict");
	p->keyed = true;
	if (dict_get(p->run, p->values.dict, value_text(text_slice(p->run, f, from, p->at - 1)), v)) return true;
	return fail(p->run, "a format names what its dict has not");
}

/* A width or precision: digits, or * for an argument. */
static bool percent_number(struct percent *p, int64_t *n)
{
	const struct text *f = p->format;
	struct value v;
	*n = 0;
	if (p->at < f->size && f->bytes[p->at] == '*') {
		p->at++;
		if (!next_item(p, &v)) return false;
		if (v.kind != VALUE_INT) return fail(p->run, "* in a format needs an integer");
		*n = v.integer;
	}
	for (; p->at < f->size && f->bytes[p->at] >= '0' && f->bytes[p->at] <= '9'; p->at++) {
		*n = *n * 10 + (f->bytes[p->at] - '0');
		if (*n > FIELD_WIDTH_LIMIT) break;
	}
	if (*n > FIELD_WIDTH_LIMIT || *n < -FIELD_WIDTH_LIMIT) return fail(p->run, "a field of a format is too wide");
	return true;
}

static bool percent_write_number(struct percent *p, struct field *f, struct value v)
{
	char digits[NUMBER_ROOM];
	bool negative;
	if (!value_is_number(v)) return fail(p->run, "a number is needed for this field of a format");
	if (f->type == 'i' || f->type == 'u') f->type = 'd';
	if (f->type == 'd' && v.kind == VALUE_FLOAT) {
		if (!(fabs(v.real) < 9e18)) return fail(p->run, "an integer has more than 64 bits");
		v = (struct value){ .kind = VALUE_INT, .message = v.message, .integer = (int64_t)v.real };
	}
	struct field plain = *f;
	if (f->type == 'd' || f->type == 'x' || f->type == 'X' || f->type == 'o') plain.precision = -1;
	if (!field_digits(p->run, &plain, v, digits, sizeof digits, &negative)) return false;
	size_t n = strlen(digits);
	if (plain.precision < 0 && f->precision > (int64_t)n && f->precision < NUMBER_ROOM - 1) {
		memmove(digits + f->precision - (int64_t)n, digits, n + 1);
		memset(digits, '0', (size_t)f->precision - n);
	}
	char sign[2] = { negative ? '-' : f->sign == '-' ? 0 : f->sign, 0 };
	if (f->align == '<') f->zero = false;
	return field_write_number(&p->out, f, sign, digits, v.message);
}

static bool percent_write(struct percent *p, struct field *f, struct value v)
{
	const struct text *t = NULL;
	switch (f->type) {
	case 's': t = value_to_text(p->run, v); break;
	case 'r':
	case 'a': t = value_to_repr(p->run, v); break;
	case 'c':
		if ((v.kind == VALUE_INT || v.kind == VALUE_BOOL) && value_integer_of(v) >= 0 && value_integer_of(v) <= 0x10FFFF) {
			struct builder one = builder_new(p->run);
			builder_point(&one, (uint32_t)value_integer_of(v), v.message);
			t = builder_done(&one);
		} else if (v.kind == VALUE_TEXT && text_points(v.text) == 1) {
			t = v.text;
		} else {
			return fail(p->run, "%c needs one character");
		}
		break;
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
	case 'e':
	case 'E':
	case 'f':
	case 'F':
	case 'g':
	case 'G': return percent_write_number(p, f, v);
	default: return fail(p->run, "a format has a field of unknown type");
	}
	if (!t) return false;
	if (p->format->markup) t = markup_escape(p->run, v.kind == VALUE_TEXT ? v : value_text(t));
	if (!f->align) f->align = '>';
	return t && field_write_text(&p->out, f, t);
}

static bool percent_field(struct percent *p)
{
	const struct text *s = p->format;
	struct field f = { .sign = '-', .precision = -1 };
	struct value v = value_none();
	bool has_item = false;
	if (p->at < s->size && s->bytes[p->at] == '(') {
		if (!keyed_item(p, &v)) return false;
		has_item = true;
	}
	for (; p->at < s->size && s->bytes[p->at] && strchr("-+ #0", s->bytes[p->at]); p->at++) {
		char c = s->bytes[p->at];
		if (c == '-') f.align = '<';
		if (c == '+' || (c == ' ' && f.sign != '+')) f.sign = c;
		f.alternate |= c == '#';
		f.zero |= c == '0';
	}
	if (!percent_number(p, &f.width)) return false;
	if (f.width < 0) {
		f.align = '<';
		f.width = -f.width;
	}
	if (p->at < s->size && s->bytes[p->at] == '.') {
		p->at++;
		if (!percent_number(p, &f.precision)) return false;
		if (f.precision < 0) f.precision = 0;
	}
	while (p->at < s->size && s->bytes[p->at] && strchr("hlL", s->bytes[p->at])) p->at++;
	if (p->at == s->size) return fail(p->run, "a format ends within a field");
	f.type = s->bytes[p->at++];
	if (f.type == '%') return builder_part(&p->out, s, p->at - 1, p->at);
	if (!has_item && !next_item(p, &v)) return false;
	return percent_write(p, &f, v);
}

struct value format_percent(struct run *r, const struct text *format, struct value values)
{
	struct percent p = { .run = r, .format = format, .values = values, .out = builder_new(r) };
	while (p.at < format->size) {
		const char *found = memchr(format->bytes + p.at, '%', format->size - p.at);
		size_t end = found ? (size_t)(found - format->bytes) : format->size;
		if (!builder_part(&p.out, format, p.at, end)) return value_failed();
		p.at = found ? end + 1 : end;
		if (found && !percent_field(&p)) return value_failed();
	}
	/* Only what could not be a mapping must be used up. */
	bool single = value_is_number(values) || values.kind == VALUE_TEXT || values.kind == VALUE_NONE;
	bool left = values.kind == VALUE_TUPLE ? p.next_item < values.list->count : p.next_item == 0 && single;
	if (left && !p.keyed) return run_fail(r, "a format has fewer fields than arguments");
	const struct text *done = builder_done(&p.out);
	return value_text(done ? text_with_markup(r, done, format->markup) : NULL);
}

/* Braces */

struct braces {
	struct run *run;
	const struct arguments *arguments;
	int64_t automatic; /* the next number of {}, -1 when numbers are given */
	bool markup;
};

static bool named_argument(struct braces *p, const struct text *name, struct value *v)
{
	for (size_t i = 0; i < p->arguments->n_named; i++) {
		if (!text_equals(p->arguments->named[i].name, name)) continue;
		*v = p->arguments->named[i].value;
		return true;
	}
	return fail(p->run, "a format names an argument that is not given");
}

/* The argument that a field begins with: nothing, a number or a name. */
static bool first_argument(struct braces *p, const struct text *name, struct value *v)
{
	int64_t n;
	if (name->size == 0 && p->automatic < 0) return fail(p->run, "a format mixes {} with numbers");
	if (name->size == 0) {
		n = p->automatic++;
	} else if (name->bytes[0] < '0' || name->bytes[0] > '9') {
		return named_argument(p, name, v);
	} else {
		if (p->automatic > 0) return fail(p->run, "a format mixes {} with numbers");
		p->automatic = -1;
		if (!number_parse_integer(name->bytes, name->size, 10, &n))
			return fail(p->run, "a field of a format cannot be read");
	}
	if (n < 0 || (uint64_t)n >= p->arguments->n_positional) return fail(p->run, "a format has more fields than arguments");
	*v = p->arguments->positional[n];
	return true;
}

static size_t name_end(const struct text *path, size_t at)
{
	while (at < path->size && path->bytes[at] != '.' && path->bytes[at] != '[') at++;
	return at;
}

/* name.attribute[item]... */
static bool field_value(struct braces *p, const struct text *path, struct value *v)
{
	size_t at = name_end(path, 0);
	if (!first_argument(p, text_slice(p->run, path, 0, at), v)) return false;
	while (at < path->size && !p->run->failed) {
		bool item = path->bytes[at] == '[';
		size_t from = ++at;
		if (item) {
			while (at < path->size && path->bytes[at] != ']') at++;
			if (at == path->size) return fail(p->run, "a field of a format cannot be read");
		} else {
			at = name_end(path, at);
		}
		const struct text *name = text_slice(p->run, path, from, at);
		int64_t n;
		if (!name) return false;
		if (name->size == 0) return fail(p->run, "a field of a format cannot be read");
		if (!item)
			*v = get_attribute(p->run, *v, name);
		else
			*v = get_item(p->run, *v,
			              number_parse_integer(name->bytes, name->size, 10, &n) ? value_int(n) : value_text(name));
		at += item;
		if (at < path->size && path->bytes[at] != '.' && path->bytes[at] != '[')
			return fail(p->run, "a field of a format cannot be read");
	}
	return !p->run->failed;
}

static bool expand(struct braces *p, const struct text *format, unsigned depth, struct builder *out);

/* The inside of one pair of braces: path, !conversion, :specification. */
static bool brace_field(struct braces *p, const struct text *inside, unsigned depth, struct builder *out)
{
	size_t colon = 0, square = 0, end;
	struct value v;
	while (colon < inside->size && (square || (inside->bytes[colon] != ':' && inside->bytes[colon] != '!'))) {
		square = inside->bytes[colon] == '[' ? 1 : inside->bytes[colon] == ']' ? 0 : square;
		colon++;
	}
	end = colon;
	char conversion = 0;
	if (colon < inside->size && inside->bytes[colon] == '!') {
		if (colon + 1 >= inside->size) return fail(p->run, "a field of a format cannot be read");
		conversion = inside->bytes[colon + 1];
		colon += 2;
		if (colon < inside->size && inside->bytes[colon] != ':') return fail(p->run, "a field of a format cannot be read");
	}
	const struct text *path = text_slice(p->run, inside, 0, end);
	if (!path || !field_value(p, path, &v)) return false;
	if (conversion && !strchr("sra", conversion)) return fail(p->run, "a format has an unknown conversion");
	if (conversion) v = value_text(conversion == 's' ? value_to_text(p->run, v) : value_to_repr(p->run, v));
	struct builder specification = builder_new(p->run);
	const struct text *rest = text_slice(p->run, inside, colon < inside->size ? colon + 1 : inside->size, inside->size);
	if (!rest || !expand(p, rest, depth + 1, &specification)) return false;
	rest = builder_done(&specification);
	if (!rest || v.kind == VALUE_FAILED) return false;
	if (!p->markup) return field_format(out, v, rest);
	struct builder plain = builder_new(p->run);
	if (!field_format(&plain, v, rest)) return false;
	const struct text *written = builder_done(&plain);
	if (written && v.kind == VALUE_TEXT && v.text->markup) return builder_text(out, written);
	return written && builder_text(out, markup_escape(p->run, value_text(written)));
}

/* The end of a field that begins at `at`, behind its brace; SIZE_MAX when it is not closed. */
static size_t field_end(const struct text *format, size_t at)
{
	for (size_t depth = 1; at < format->size; at++) {
		if (format->bytes[at] == '{') depth++;
		if (format->bytes[at] == '}' && --depth == 0) return at;
	}
	return SIZE_MAX;
}

static bool expand(struct braces *p, const struct text *format, unsigned depth, struct builder *out)
{
	if (depth > 2) return fail(p->run, "a format is nested too deeply");
	for (size_t at = 0; at < format->size;) {
		char c = format->bytes[at];
		bool again = at + 1 < format->size && format->bytes[at + 1] == c;
		if (c != '{' && c != '}') {
			size_t from = at;
			while (at < format->size && format->bytes[at] != '{' && format->bytes[at] != '}') at++;
			if (!builder_part(out, format, from, at)) return false;
		} else if (again && depth == 0) {
			if (!builder_part(out, format, at, at + 1)) return false;
			at += 2;
		} else {
			size_t end = c == '{' ? field_end(format, at + 1) : SIZE_MAX;
			if (end == SIZE_MAX) return fail(p->run, "a format has a brace without its other half");
			const struct text *inside = text_slice(p->run, format, at + 1, end);
			if (!inside || !run_charge(p->run, 1) || !brace_field(p, inside, depth, out)) return false;
			at = end + 1;
		}
	}
	return true;
}

struct value format_braces(struct run *r, const struct text *format, const struct arguments *arguments)
{
	struct braces p = { .run = r, .arguments = arguments, .markup = format->markup };
	struct builder out = builder_new(r);
	if (!expand(&p, format, 0, &out)) return value_failed();
	const struct text *done = builder_done(&out);
	return value_text(done ? text_with_markup(r, done, format->markup) : NULL);
}
