/* schema_text: JSON's own parts as expressions (RFC 8259). */
#include "grammar/schema_internal.h"

#include "base/buffer.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SPACES = 20, MOST_DIGITS = 15, MOST_LITERAL = 1 << 20 };

static struct expression *text(struct schema_builder *b, const char *t)
{
	return expression_text(b->arena, t, strlen(t));
}

static struct expression *set(struct schema_builder *b, const char *ranges)
{
	struct range r[8];
	size_t n = 0;
	for (; ranges[0] && n < 8; ranges += 2) r[n++] = (struct range){ (unsigned char)ranges[0], (unsigned char)ranges[1] };
	return expression_set(b->arena, r, n, false);
}

static struct expression *sequence(struct schema_builder *b, struct expression *const parts[], size_t n)
{
	struct expression *x = expression_sequence(b->arena);
	for (size_t i = 0; i < n; i++) x = expression_add(x, parts[i]);
	return x;
}

static struct expression *either(struct schema_builder *b, struct expression *const parts[], size_t n)
{
	struct expression *x = expression_either(b->arena);
	for (size_t i = 0; i < n; i++) x = expression_add(x, parts[i]);
	return x;
}

#define SEQUENCE(b, ...)                                                                                                           \
	sequence(b, (struct expression *[]){ __VA_ARGS__ }, sizeof((struct expression *[]){ __VA_ARGS__ }) / sizeof(void *))
#define EITHER(b, ...)                                                                                                             \
	either(b, (struct expression *[]){ __VA_ARGS__ }, sizeof((struct expression *[]){ __VA_ARGS__ }) / sizeof(void *))

static struct expression *repeat(struct schema_builder *b, struct expression *x, uint32_t least, uint32_t most)
{
	return expression_repeat(b->arena, x, least, most);
}

/* Nothing, one space, or a line end and some spaces: enough for every layout, and nothing to get lost in. */
static struct expression *make_space(struct schema_builder *b)
{
	return EITHER(b, expression_sequence(b->arena), text(b, " "),
	              SEQUENCE(b, text(b, "\n"), repeat(b, set(b, "  \t\t"), 0, MOST_SPACES)));
}

/* \uXXXX of a character: no half of a surrogate pair alone. */
static struct expression *make_unicode_escape(struct schema_builder *b)
{
	static const char hex[] = "09afAF", not_d[] = "09acACefEF", low[] = "07", high[] = "89abAB", second[] = "cfCF";
	struct expression *plain = SEQUENCE(b, set(b, not_d), repeat(b, set(b, hex), 3, 3));
	struct expression *below = SEQUENCE(b, set(b, "ddDD"), set(b, low), repeat(b, set(b, hex), 2, 2));
	struct expression *pair = SEQUENCE(b, set(b, "ddDD"), set(b, high), repeat(b, set(b, hex), 2, 2), text(b, "\\u"),
	                                   set(b, "ddDD"), set(b, second), repeat(b, set(b, hex), 2, 2));
	return SEQUENCE(b, text(b, "u"), EITHER(b, plain, below, pair));
}

static struct expression *make_character(struct schema_builder *b)
{
	static const struct range escaped[] = { { 0, 0x1F }, { '"', '"' }, { '\\', '\\' } };
	struct expression *raw = expression_set(b->arena, escaped, 3, true);
	struct expression *escape = SEQUENCE(b, text(b, "\\"), EITHER(b, set(b, "\"\"\\\\//bbffnnrrtt"), make_unicode_escape(b)));
	return EITHER(b, raw, escape);
}

static struct expression *make_integer(struct schema_builder *b)
{
	struct expression *digits = SEQUENCE(b, set(b, "19"), repeat(b, set(b, "09"), 0, MOST_DIGITS - 1));
	return SEQUENCE(b, repeat(b, text(b, "-"), 0, 1), EITHER(b, text(b, "0"), digits));
}

static struct expression *make_number(struct schema_builder *b)
{
	struct expression *fraction = SEQUENCE(b, text(b, "."), repeat(b, set(b, "09"), 1, MOST_DIGITS));
	struct expression *exponent = SEQUENCE(b, set(b, "eeEE"), repeat(b, set(b, "++--"), 0, 1), repeat(b, set(b, "09"), 1, 2));
	return SEQUENCE(b, schema_shared(b, SHARED_INTEGER), repeat(b, fraction, 0, 1), repeat(b, exponent, 0, 1));
}

/* `open` space ( item ( "," space item )* )? space `close` */
static struct expression *make_list(struct schema_builder *b, const char *open, const char *close, bool members)
{
	struct expression *items[2];
	for (int i = 0; i < 2; i++) {
		struct expression *value = schema_shared(b, SHARED_VALUE);
		items[i] =
		        members ? SEQUENCE(b, schema_shared(b, SHARED_STRING), text(b, ":"), schema_shared(b, SHARED_SPACE), value)
		                : value;
	}
	struct expression *more = SEQUENCE(b, text(b, ","), schema_shared(b, SHARED_SPACE), items[1]);
	struct expression *all = SEQUENCE(b, schema_shared(b, SHARED_SPACE), items[0], repeat(b, more, 0, EXPRESSION_EVER));
	return SEQUENCE(b, text(b, open), repeat(b, all, 0, 1), schema_shared(b, SHARED_SPACE), text(b, close));
}

static struct expression *make_value(struct schema_builder *b)
{
	return EITHER(b, schema_shared(b, SHARED_OBJECT), schema_shared(b, SHARED_ARRAY), schema_shared(b, SHARED_STRING),
	              schema_shared(b, SHARED_NUMBER), text(b, "true"), text(b, "false"), text(b, "null"));
}

static struct expression *make_shared(struct schema_builder *b, enum schema_shared what)
{
	switch (what) {
	case SHARED_SPACE: return make_space(b);
	case SHARED_CHARACTER: return make_character(b);
	case SHARED_STRING:
		return SEQUENCE(b, text(b, "\""), repeat(b, schema_shared(b, SHARED_CHARACTER), 0, EXPRESSION_EVER), text(b, "\""));
	case SHARED_INTEGER: return make_integer(b);
	case SHARED_NUMBER: return make_number(b);
	case SHARED_OBJECT: return make_list(b, "{", "}", true);
	case SHARED_ARRAY: return make_list(b, "[", "]", false);
	case SHARED_VALUE:
	case SHARED_RULES: break;
	}
	return make_value(b);
}

struct expression *schema_shared(struct schema_builder *b, enum schema_shared what)
{
	static const char *const names[SHARED_RULES] = { "space",  "character", "string", "integer",
		                                         "number", "object",    "array",  "value" };
	if (b->shared[what] == GRAMMAR_NONE) {
		b->shared[what] = grammar_rule(b->g, names[what]);
		grammar_define(b->g, b->shared[what], make_shared(b, what));
	}
	return expression_rule(b->arena, b->shared[what]);
}

struct expression *schema_literal(struct schema_builder *b, const json_t *value)
{
	struct buffer out = buffer_new(MOST_LITERAL);
	struct expression *x = json_write_value(&out, value) ? expression_text(b->arena, out.data, out.size) : NULL;
	buffer_free(&out);
	return x;
}

/* The parts of ranges[0..n) that lie within [first, last], into out; returns how many. */
static size_t cut(const struct range *ranges, size_t n, uint32_t first, uint32_t last, struct range *out)
{
	size_t held = 0;
	for (size_t i = 0; i < n; i++) {
		struct range r = { ranges[i].first > first ? ranges[i].first : first,
			           ranges[i].last < last ? ranges[i].last : last };
		if (r.first <= r.last) out[held++] = r;
	}
	return held;
}

static bool within(const struct range *ranges, size_t n, uint32_t point)
{
	for (size_t i = 0; i < n; i++) {
		if (point >= ranges[i].first && point <= ranges[i].last) return true;
	}
	return false;
}

/* How JSON writes a control character, a quote or a backslash. */
static struct expression *make_escaped(struct schema_builder *b, uint32_t point)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	char out[8];
	const char *found = point ? strchr(from, (int)point) : NULL;
	if (found) {
		snprintf(out, sizeof out, "\\%c", to[found - from]);
	} else {
		snprintf(out, sizeof out, "\\u%04x", (unsigned)point);
	}
	return text(b, out);
}

struct expression *schema_characters(struct schema_builder *b, const struct range *ranges, size_t n, bool others)
{
	static const struct range raw[] = { { 0x20, '"' - 1 }, { '"' + 1, '\\' - 1 }, { '\\' + 1, 0x10FFFF } };
	const struct expression *all = expression_set(b->arena, ranges, n, others);
	struct range *parts = all ? arena_alloc(b->arena, 3 * all->length + 1, sizeof *parts) : NULL;
	if (!parts) return NULL;
	size_t held = 0;
	for (size_t i = 0; i < 3; i++) held += cut(all->ranges, all->length, raw[i].first, raw[i].last, parts + held);
	struct expression *x = expression_add(expression_either(b->arena), expression_set(b->arena, parts, held, false));
	for (uint32_t point = 0; point <= '\\'; point++) {
		bool escaped = point < 0x20 || point == '"' || point == '\\';
		if (escaped && within(all->ranges, all->length, point)) x = expression_add(x, make_escaped(b, point));
	}
	return x;
}
