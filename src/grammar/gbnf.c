/*
 * gbnf: the notation of llama.cpp's grammars (grammars/README.md there), read by recursive descent.
 *
 *     NAME ::= ALTERNATIVES          names of letters, digits and -; `root` is where a text begins
 *     "text"  [a-z]  [^"]  .  NAME  ( ... )   X*  X+  X?  X{2}  X{2,}  X{2,5}   # comment
 *
 * Escapes: \n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH, each one character. A line that begins with | goes on with the rule.
 */
#include "grammar/grammar.h"

#include "base/utf8.h"
#include "grammar/source.h"

#include <string.h>

enum { MOST_REPEATS = 100000, MOST_RULES = 100000, MOST_RANGES = 4096 };

struct reader {
	struct grammar *g;
	struct source source;
	unsigned depth;
	struct error *e;
};

/* The line that the reader is in, and what is wrong there. Always returns false. */
static bool complain(const struct reader *r, const char *what)
{
	size_t line = 1;
	for (size_t i = 0; i < r->source.at && i < r->source.length; i++) line += r->source.text[i] == '\n';
	return error_set(r->e, "grammar: line %zu: %s", line, what);
}

static int peek(const struct reader *r)
{
	return source_peek(&r->source);
}

static bool take(struct reader *r, const char *what)
{
	return source_take(&r->source, what);
}

static bool is_name(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static void skip_space(struct reader *r, bool lines)
{
	for (;;) {
		int c = peek(r);
		if (c == '#') {
			while (r->source.at < r->source.length && peek(r) != '\n') r->source.at++;
		} else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n')) {
			r->source.at++;
		} else {
			return;
		}
	}
}

/* Line ends too, when what follows goes on with the rule: a line that begins with |. */
static void skip_to_bar(struct reader *r)
{
	skip_space(r, false);
	size_t here = r->source.at;
	skip_space(r, true);
	if (peek(r) != '|') r->source.at = here;
}

/* The number of the rule with this name, a new one when there is none yet. */
static uint32_t rule_named(struct reader *r, const char *name, size_t n)
{
	for (uint32_t i = 0; i < r->g->n_rules; i++) {
		if (strlen(r->g->names[i]) == n && memcmp(r->g->names[i], name, n) == 0) return i;
	}
	return grammar_rule(r->g, arena_copy(r->g->arena, name, n));
}

static bool read_name(struct reader *r, uint32_t *rule)
{
	size_t start = r->source.at;
	while (is_name(peek(r))) r->source.at++;
	if (r->source.at == start) return complain(r, "the name of a rule is missing");
	if (r->g->n_rules >= MOST_RULES) return complain(r, "too many rules");
	*rule = rule_named(r, r->source.text + start, r->source.at - start);
	return true;
}

static bool read_hex(struct reader *r, unsigned digits, uint32_t *point)
{
	if (source_hex(&r->source, digits, point) < digits)
		return complain(r, "an escape needs 2, 4 or 8 hexadecimal digits (\\xHH, \\uHHHH, \\UHHHHHHHH)");
	if (*point > 0x10FFFF || (*point >= 0xD800 && *point <= 0xDFFF)) return complain(r, "an escape is not a character");
	return true;
}

static bool read_escape(struct reader *r, uint32_t *point)
{
	static const char from[] = "nrt\\\"[]-^.", to[] = "\n\r\t\\\"[]-^.";
	int c = peek(r);
	r->source.at++;
	if (c == 'x') return read_hex(r, 2, point);
	if (c == 'u') return read_hex(r, 4, point);
	if (c == 'U') return read_hex(r, 8, point);
	const char *found = c > 0 ? strchr(from, c) : NULL;
	if (!found) return complain(r, "this escape is not known");
	*point = (unsigned char)to[found - from];
	return true;
}

/* One character of a literal or a set. */
static bool read_character(struct reader *r, uint32_t *point)
{
	if (r->source.at >= r->source.length || peek(r) == '\n')
		return complain(r, "a text or a set of characters does not end in its line");
	if (take(r, "\\")) return read_escape(r, point);
	size_t n = utf8_decode(r->source.text + r->source.at, r->source.length - r->source.at, point);
	if (n == 0) return complain(r, "bytes are not UTF-8");
	r->source.at += n;
	return true;
}

static bool read_literal(struct reader *r, struct expression **x)
{
	struct expression *whole = expression_sequence(r->g->arena);
	while (!take(r, "\"")) {
		uint32_t point;
		char bytes[4];
		if (!read_character(r, &point)) return false;
		whole = expression_add(whole, expression_text(r->g->arena, bytes, utf8_encode(point, bytes)));
		if (!whole) break;
	}
	*x = whole;
	return true;
}

static bool read_set(struct reader *r, struct expression **x)
{
	struct range ranges[MOST_RANGES];
	size_t n = 0;
	bool others = take(r, "^");
	while (!take(r, "]")) {
		if (n == MOST_RANGES) return complain(r, "a set of characters has too many parts");
		if (!read_character(r, &ranges[n].first)) return false;
		ranges[n].last = ranges[n].first;
		bool range = peek(r) == '-' && r->source.at + 1 < r->source.length && r->source.text[r->source.at + 1] != ']';
		if (range) {
			r->source.at++;
			if (!read_character(r, &ranges[n].last)) return false;
			if (ranges[n].last < ranges[n].first) return complain(r, "a range of characters is the wrong way round");
		}
		n++;
	}
	*x = expression_set(r->g->arena, ranges, n, others);
	return true;
}

static bool read_number(struct reader *r, uint32_t *value)
{
	return source_number(&r->source, MOST_REPEATS, value) ? true : complain(r, "{ } needs numbers up to 100000");
}

/* {2}, {2,}, {2,5}; behind the opening brace. */
static bool read_counts(struct reader *r, uint32_t *least, uint32_t *most)
{
	skip_space(r, false);
	if (!read_number(r, least)) return false;
	*most = *least;
	skip_space(r, false);
	if (take(r, ",")) {
		skip_space(r, false);
		*most = EXPRESSION_EVER;
		if (peek(r) != '}' && !read_number(r, most)) return false;
		skip_space(r, false);
	}
	if (!take(r, "}")) return complain(r, "a closing } is missing");
	return *least <= *most ? true : complain(r, "the numbers in { } are the wrong way round");
}

/* What may stand behind a part. Several marks in a row would multiply: one is enough. */
static bool read_repeat(struct reader *r, struct expression **x)
{
	uint32_t least = 0, most = EXPRESSION_EVER;
	skip_space(r, false);
	if (take(r, "?")) {
		most = 1;
	} else if (take(r, "+")) {
		least = 1;
	} else if (take(r, "{")) {
		if (!read_counts(r, &least, &most)) return false;
	} else if (!take(r, "*")) {
		return true;
	}
	*x = expression_repeat(r->g->arena, *x, least, most);
	skip_space(r, false);
	int c = peek(r);
	if (c == '*' || c == '+' || c == '?' || c == '{') return complain(r, "two repetitions behind each other; use ( )");
	return true;
}

static bool read_either(struct reader *r, bool nested, struct expression **x);

static bool read_group(struct reader *r, struct expression **x)
{
	if (++r->depth > GRAMMAR_DEEPEST) return complain(r, "groups are nested too deep");
	if (!read_either(r, true, x)) return false;
	r->depth--;
	return take(r, ")") ? true : complain(r, "a closing ) is missing");
}

/* One part; *x stays NULL where the sequence ends. */
static bool read_part(struct reader *r, struct expression **x, bool *ended)
{
	uint32_t rule;
	int c = peek(r);
	*ended = false;
	if (take(r, "\"")) return read_literal(r, x);
	if (take(r, "[")) return read_set(r, x);
	if (take(r, "(")) return read_group(r, x);
	if (take(r, ".")) {
		*x = expression_set(r->g->arena, NULL, 0, true);
		return true;
	}
	if (is_name(c)) {
		if (!read_name(r, &rule)) return false;
		*x = expression_rule(r->g->arena, rule);
		return true;
	}
	if (c == '<' || c == '!') return complain(r, "tokens by number or name are not supported; write their text");
	*ended = true;
	return true;
}

static bool read_sequence(struct reader *r, bool nested, struct expression **x)
{
	struct expression *whole = expression_sequence(r->g->arena);
	for (;;) {
		struct expression *part = NULL;
		bool ended;
		skip_space(r, nested);
		if (!read_part(r, &part, &ended)) return false;
		if (ended) break;
		if (!read_repeat(r, &part)) return false;
		whole = expression_add(whole, part);
		if (!whole) break;
	}
	*x = whole;
	return true;
}

static bool read_either(struct reader *r, bool nested, struct expression **x)
{
	struct expression *whole = expression_either(r->g->arena);
	do {
		struct expression *part = NULL;
		skip_space(r, true);
		if (!read_sequence(r, nested, &part)) return false;
		whole = expression_add(whole, part);
		skip_to_bar(r);
	} while (whole && take(r, "|"));
	*x = whole;
	return true;
}

static bool read_rule(struct reader *r)
{
	uint32_t rule;
	struct expression *x = NULL;
	if (!read_name(r, &rule)) return false;
	skip_space(r, false);
	if (!take(r, "::=")) return complain(r, "::= is missing behind the name of a rule");
	if (!r->g->failed && r->g->rules[rule] != GRAMMAR_NONE) return complain(r, "this rule is defined twice");
	if (!read_either(r, false, &x)) return false;
	grammar_define(r->g, rule, x);
	if (peek(r) >= 0 && peek(r) != '\n') return complain(r, "this cannot stand in a rule");
	skip_space(r, true);
	return true;
}

static bool read_rules(struct reader *r)
{
	skip_space(r, true);
	while (r->source.at < r->source.length && !r->g->failed) {
		if (!read_rule(r)) return false;
	}
	uint32_t root = rule_named(r, "root", 4);
	if (!r->g->failed && r->g->rules[root] == GRAMMAR_NONE)
		return error_set(r->e, "grammar: no rule is named root, where a text begins");
	if (grammar_finish(r->g, root, r->e)) return true;
	return error_at(r->e, "grammar");
}

struct grammar *grammar_from_gbnf(const char *text, size_t length, struct error *e)
{
	if (length > GRAMMAR_MOST_SOURCE) {
		error_set(e, "grammar: %zu bytes are too many; at most %d", length, GRAMMAR_MOST_SOURCE);
		return NULL;
	}
	struct grammar *g = grammar_new(e);
	if (!g) return NULL;
	struct reader r = { .g = g, .source = { .text = text, .length = length }, .e = e };
	if (read_rules(&r)) return g;
	grammar_free(g);
	return NULL;
}
