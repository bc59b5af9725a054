/*
 * schema_pattern: regular expressions of `pattern` and `format` (ECMA-262, flag u), as what a JSON string may hold.
 *
 * Supported: characters and their escapes, sets, \d \w \s \D \W \S, groups, alternatives, repetitions, ^ at the beginning and $
 * at the end of an alternative. A pattern that is not anchored may stand anywhere in the string. Looking around, references
 * to groups, word borders and Unicode properties are refused by name.
 */
#include "grammar/schema_internal.h"

#include "base/utf8.h"
#include "grammar/source.h"

#include <string.h>

enum { MOST_REPEATS = 10000, MOST_RANGES = 1024, LAST_POINT = 0x10FFFF };

struct reader {
	struct schema_builder *b;
	struct source source;
	unsigned depth;
};

struct ranges {
	struct range r[MOST_RANGES];
	size_t n;
	bool too_many;
};

static const struct range digits[] = { { '0', '9' } };
static const struct range letters[] = { { '0', '9' }, { 'A', 'Z' }, { '_', '_' }, { 'a', 'z' } };
static const struct range spaces[] = { { 9, 13 },          { ' ', ' ' },       { 0xA0, 0xA0 },     { 0x1680, 0x1680 },
	                               { 0x2000, 0x200A }, { 0x2028, 0x2029 }, { 0x202F, 0x202F }, { 0x205F, 0x205F },
	                               { 0x3000, 0x3000 }, { 0xFEFF, 0xFEFF } };
static const struct range line_ends[] = { { '\n', '\n' }, { '\r', '\r' }, { 0x2028, 0x2029 } };

static bool refuse(const struct reader *r, const char *what)
{
	return error_set(r->b->e, "schema: pattern '%.*s': %s", (int)(r->source.length < 200 ? r->source.length : 200),
	                 r->source.text, what);
}

static int peek(const struct reader *r)
{
	return source_peek(&r->source);
}

static bool take(struct reader *r, const char *what)
{
	return source_take(&r->source, what);
}

static void add(struct ranges *s, uint32_t first, uint32_t last)
{
	if (s->n == MOST_RANGES) {
		s->too_many = true;
	} else if (first <= last) {
		s->r[s->n++] = (struct range){ first, last };
	}
}

static void add_all(struct ranges *s, const struct range *all, size_t n, bool others)
{
	uint32_t next = 0;
	for (size_t i = 0; i < n; i++) {
		if (!others) add(s, all[i].first, all[i].last);
		if (others && all[i].first > next) add(s, next, all[i].first - 1);
		next = all[i].last + 1;
	}
	if (others) add(s, next, LAST_POINT);
}

/* \d and its kin, behind the backslash; false when it is none of them. */
static bool take_class(struct reader *r, struct ranges *s)
{
	switch (peek(r)) {
	case 'd':
	case 'D': add_all(s, digits, 1, peek(r) == 'D'); break;
	case 'w':
	case 'W': add_all(s, letters, 4, peek(r) == 'W'); break;
	case 's':
	case 'S': add_all(s, spaces, sizeof spaces / sizeof *spaces, peek(r) == 'S'); break;
	default: return false;
	}
	r->source.at++;
	return true;
}

static bool read_hex(struct reader *r, unsigned least, unsigned most, uint32_t *point)
{
	bool enough = source_hex(&r->source, most, point) >= least;
	return enough && *point <= LAST_POINT ? true : refuse(r, "an escape is not a character");
}

/* \uXXXX, also as a pair of surrogates, and \u{X}. */
static bool read_unicode(struct reader *r, uint32_t *point)
{
	if (take(r, "{")) {
		if (!read_hex(r, 1, 6, point)) return false;
		return take(r, "}") ? true : refuse(r, "a closing } is missing");
	}
	if (!read_hex(r, 4, 4, point)) return false;
	uint32_t second;
	if (*point >= 0xD800 && *point <= 0xDBFF && take(r, "\\u")) {
		if (!read_hex(r, 4, 4, &second)) return false;
		if (second < 0xDC00 || second > 0xDFFF) return refuse(r, "half of a surrogate pair");
		*point = 0x10000 + ((*point - 0xD800) << 10) + (second - 0xDC00);
	}
	return *point >= 0xD800 && *point <= 0xDFFF ? refuse(r, "half of a surrogate pair") : true;
}

/* A character behind a backslash. */
static bool read_escape(struct reader *r, bool in_set, uint32_t *point)
{
	static const char from[] = "nrtfv0", to[] = "\n\r\t\f\v";
	int c = peek(r);
	if (c < 0) return refuse(r, "it ends with a backslash");
	if (c == 'b' || c == 'B') {
		if (!in_set || c == 'B') return refuse(r, "word borders (\\b) are not supported");
		r->source.at++;
		*point = '\b';
		return true;
	}
	if ((c >= '1' && c <= '9') || c == 'k') return refuse(r, "references to groups are not supported");
	if (c == 'p' || c == 'P') return refuse(r, "Unicode properties (\\p) are not supported");
	r->source.at++;
	if (c == 'x') return read_hex(r, 2, 2, point);
	if (c == 'u') return read_unicode(r, point);
	if (c == 'c') {
		int letter = peek(r) | 32;
		if (letter < 'a' || letter > 'z') return refuse(r, "\\c needs a letter");
		r->source.at++;
		*point = (uint32_t)letter - 'a' + 1;
		return true;
	}
	const char *found = strchr(from, c);
	if (c == '0' && peek(r) >= '0' && peek(r) <= '9') return refuse(r, "octal escapes are not supported");
	if (!found && !strchr("^$\\.*+?()[]{}|/-", c)) return refuse(r, "an escape is not known");
	*point = found ? (unsigned char)to[found - from] : (uint32_t)c;
	return true;
}

static bool read_character(struct reader *r, bool in_set, uint32_t *point)
{
	if (take(r, "\\")) return read_escape(r, in_set, point);
	size_t n = r->source.at < r->source.length
	                   ? utf8_decode(r->source.text + r->source.at, r->source.length - r->source.at, point)
	                   : 0;
	if (n == 0) return refuse(r, "it ends too early or is not UTF-8");
	r->source.at += n;
	return true;
}

/* Behind the opening bracket. */
static bool read_set(struct reader *r, struct expression **x)
{
	struct ranges *s = arena_alloc(r->b->arena, 1, sizeof *s);
	if (!s) return error_memory(r->b->e);
	bool others = take(r, "^");
	while (!take(r, "]")) {
		uint32_t first, last;
		size_t here = r->source.at;
		if (take(r, "\\") && take_class(r, s)) continue;
		r->source.at = here;
		if (!read_character(r, true, &first)) return false;
		last = first;
		if (peek(r) == '-' && r->source.at + 1 < r->source.length && r->source.text[r->source.at + 1] != ']') {
			r->source.at++;
			if (!read_character(r, true, &last)) return false;
			if (last < first) return refuse(r, "a range of characters is the wrong way round");
		}
		add(s, first, last);
	}
	if (s->too_many) return refuse(r, "a set of characters has too many parts");
	*x = schema_characters(r->b, s->r, s->n, others);
	return true;
}

static bool read_number(struct reader *r, uint32_t *value)
{
	return source_number(&r->source, MOST_REPEATS, value) ? true : refuse(r, "{ } needs numbers up to 10000");
}

/* What may stand behind an atom; a ? behind it changes what a search prefers, not what fits. */
static bool read_repeat(struct reader *r, struct expression **x)
{
	uint32_t least = 0, most = EXPRESSION_EVER;
	if (take(r, "?")) {
		most = 1;
	} else if (take(r, "+")) {
		least = 1;
	} else if (take(r, "{")) {
		if (!read_number(r, &least)) return false;
		most = least;
		if (take(r, ",")) {
			most = EXPRESSION_EVER;
			if (peek(r) != '}' && !read_number(r, &most)) return false;
		}
		if (!take(r, "}")) return refuse(r, "a closing } is missing");
		if (most < least) return refuse(r, "the numbers in { } are the wrong way round");
	} else if (!take(r, "*")) {
		return true;
	}
	take(r, "?");
	int c = peek(r);
	if (c == '*' || c == '+' || c == '?' || c == '{') return refuse(r, "two repetitions behind each other");
	*x = expression_repeat(r->b->arena, *x, least, most);
	return true;
}

static bool read_either(struct reader *r, bool top, struct expression **x);

static bool read_group(struct reader *r, struct expression **x)
{
	if (take(r, "?=") || take(r, "?!") || take(r, "?<=") || take(r, "?<!")) return refuse(r, "looking around is not supported");
	if (take(r, "?<")) {
		while (peek(r) >= 0 && peek(r) != '>') r->source.at++;
		if (!take(r, ">")) return refuse(r, "the name of a group does not end");
	} else if (take(r, "?") && !take(r, ":")) {
		return refuse(r, "this kind of group is not supported");
	}
	if (++r->depth > GRAMMAR_DEEPEST) return refuse(r, "groups are nested too deep");
	if (!read_either(r, false, x)) return false;
	r->depth--;
	return take(r, ")") ? true : refuse(r, "a closing ) is missing");
}

static bool read_atom(struct reader *r, struct expression **x)
{
	uint32_t point;
	if (take(r, "(")) return read_group(r, x);
	if (take(r, "[")) return read_set(r, x);
	if (take(r, ".")) {
		*x = schema_characters(r->b, line_ends, sizeof line_ends / sizeof *line_ends, true);
		return true;
	}
	size_t here = r->source.at;
	struct ranges *s = peek(r) == '\\' ? arena_alloc(r->b->arena, 1, sizeof *s) : NULL;
	if (s && take(r, "\\") && take_class(r, s)) {
		*x = schema_characters(r->b, s->r, s->n, false);
		return true;
	}
	r->source.at = here;
	if (peek(r) >= 0 && strchr("*+?{}]", peek(r))) return refuse(r, "a sign stands where a character is expected");
	if (!read_character(r, false, &point)) return false;
	struct range one = { point, point };
	*x = schema_characters(r->b, &one, 1, false);
	return true;
}

static struct expression *anything(const struct reader *r)
{
	return expression_repeat(r->b->arena, schema_shared(r->b, SHARED_CHARACTER), 0, EXPRESSION_EVER);
}

static bool read_sequence(struct reader *r, bool top, struct expression **x)
{
	struct expression *whole = expression_sequence(r->b->arena);
	bool begins = take(r, "^"), ends = false;
	if (begins && !top) return refuse(r, "^ is supported at the beginning alone");
	if (top && !begins) whole = expression_add(whole, anything(r));
	while (peek(r) >= 0 && peek(r) != '|' && peek(r) != ')') {
		struct expression *part = NULL;
		ends = take(r, "$");
		if (ends) break;
		if (peek(r) == '^') return refuse(r, "^ is supported at the beginning alone");
		if (!read_atom(r, &part) || !read_repeat(r, &part)) return false;
		whole = expression_add(whole, part);
		if (!whole) break;
	}
	if (ends && (!top || (peek(r) >= 0 && peek(r) != '|'))) return refuse(r, "$ is supported at the end alone");
	if (top && !ends) whole = expression_add(whole, anything(r));
	*x = whole;
	return true;
}

static bool read_either(struct reader *r, bool top, struct expression **x)
{
	struct expression *whole = expression_either(r->b->arena);
	do {
		struct expression *part = NULL;
		if (!read_sequence(r, top, &part)) return false;
		whole = expression_add(whole, part);
	} while (whole && take(r, "|"));
	*x = whole;
	return true;
}

bool schema_pattern(struct schema_builder *b, const char *pattern, size_t length, struct expression **x)
{
	struct reader r = { .b = b, .source = { .text = pattern, .length = length } };
	if (!read_either(&r, true, x)) return false;
	return r.source.at == length ? true : refuse(&r, "a ) has no beginning");
}
