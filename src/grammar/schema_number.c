/*
 * schema_number: numbers between two bounds, digit by digit.
 *
 * For each count of digits before the point the bounds are two rows of digits of equal length, and what may be written is a walk
 * along them: as long as all digits so far are those of a bound, the next one is limited by it, afterwards it is free. Each place
 * of the walk is a rule. There are at most 15 digits, so that different texts are different numbers in float64 too and a bound that
 * is exclusive stays so.
 */
#include "grammar/schema_internal.h"

#include <string.h>

enum { MOST_DIGITS = 15, ROWS = 64 };

/* Magnitudes from low to high with `whole` digits before the point and at most `fraction` behind it. */
struct span {
	char low[ROWS], high[ROWS];
	bool low_exclusive, high_exclusive, low_bound, high_bound; /* bound: not merely by the count of digits */
	unsigned whole, fraction;
	uint32_t rules[ROWS][4]; /* by digits written, and which bounds they still touch */
};

/* The digits of a magnitude: `whole` before the point, then those behind it, padded with zeros. */
struct magnitude {
	char digits[ROWS];
	unsigned whole, fraction; /* fraction: up to the last one that is not zero */
	bool zero, exclusive, given;
};

static struct magnitude read_magnitude(const struct schema_bound *bound)
{
	struct magnitude m = { .given = bound->given, .exclusive = bound->exclusive, .zero = true };
	const char *t = bound->text + (bound->text[0] == '-');
	memset(m.digits, '0', sizeof m.digits);
	size_t point = strcspn(t, ".");
	m.whole = (unsigned)point;
	memcpy(m.digits, t, point);
	const char *behind = t[point] ? t + point + 1 : "";
	size_t n = strlen(behind);
	memcpy(m.digits + point, behind, n);
	while (n > 0 && behind[n - 1] == '0') n--;
	m.fraction = (unsigned)n;
	for (size_t i = 0; i < m.whole + n; i++) m.zero &= m.digits[i] == '0';
	return m;
}

/* Whether a number that is the first `n` digits may end there, while it touches the bounds of `touch` (1: low, 2: high). */
static bool may_end(const struct span *s, unsigned n, unsigned touch)
{
	bool low_rest = false, high_rest = false;
	for (unsigned i = n; i < ROWS; i++) {
		low_rest |= s->low[i] != '0';
		high_rest |= s->high[i] != '0';
	}
	if ((touch & 1) && s->low_bound && (low_rest || s->low_exclusive)) return false;
	if ((touch & 2) && s->high_bound && !high_rest && s->high_exclusive) return false;
	return true;
}

static uint32_t rule_at(struct schema_builder *b, struct span *s, unsigned n, unsigned touch);

/* One of the digits first..last, and what follows when n + 1 are written. */
static struct expression *step(struct schema_builder *b, struct span *s, char first, char last, unsigned n, unsigned touch)
{
	struct range r = { (unsigned char)first, (unsigned char)last };
	struct expression *x = expression_add(expression_sequence(b->arena), expression_set(b->arena, &r, 1, false));
	return expression_add(x, expression_rule(b->arena, rule_at(b, s, n + 1, touch)));
}

/* The next digit: the bounds' own keep touching them, those between do not. */
static struct expression *digits_at(struct schema_builder *b, struct span *s, unsigned n, unsigned touch)
{
	struct expression *x = expression_either(b->arena);
	char low = touch & 1 ? s->low[n] : '0', high = touch & 2 ? s->high[n] : '9';
	if (low > high) return x;
	if (low == high) return expression_add(x, step(b, s, low, low, n, touch));
	char first = low, last = high;
	if (touch & 1) x = expression_add(x, step(b, s, first++, low, n, 1));
	if (touch & 2) x = expression_add(x, step(b, s, last--, high, n, 2));
	return first <= last ? expression_add(x, step(b, s, first, last, n, 0)) : x;
}

static uint32_t rule_at(struct schema_builder *b, struct span *s, unsigned n, unsigned touch)
{
	if (s->rules[n][touch] != GRAMMAR_NONE) return s->rules[n][touch];
	uint32_t rule = s->rules[n][touch] = grammar_rule(b->g, "digits");
	struct expression *x = expression_either(b->arena);
	if (n >= s->whole && may_end(s, n, touch)) x = expression_add(x, expression_sequence(b->arena));
	if (n < s->whole + s->fraction) {
		struct expression *more = expression_sequence(b->arena);
		if (n == s->whole) more = expression_add(more, expression_text(b->arena, ".", 1));
		x = expression_add(x, expression_add(more, digits_at(b, s, n, touch)));
	}
	grammar_define(b->g, rule, x);
	return rule;
}

/* Rows that hold only the count of digits: from 10...0 (or 0) to 99...9.99... */
static void free_rows(struct span *s)
{
	memset(s->low, '0', sizeof s->low);
	memset(s->high, '9', sizeof s->high);
	if (s->whole > 1) s->low[0] = '1';
}

/* Magnitudes from `low` to `high` (not given: no limit). */
static struct expression *magnitudes(struct schema_builder *b, const struct magnitude *low, const struct magnitude *high,
                                     bool integer)
{
	struct expression *x = expression_either(b->arena);
	unsigned first = low->given ? low->whole : 1, last = high->given ? high->whole : MOST_DIGITS;
	unsigned longest = low->fraction > high->fraction ? low->fraction : high->fraction;
	for (unsigned whole = first; whole <= last && whole <= MOST_DIGITS; whole++) {
		struct span *s = arena_alloc(b->arena, 1, sizeof *s);
		if (!s) return NULL;
		memset(s->rules, 0xFF, sizeof s->rules);
		s->whole = whole;
		s->fraction = integer ? 0 : MOST_DIGITS - whole;
		if (!integer && s->fraction < longest) s->fraction = longest; /* a bound itself can always be written */
		free_rows(s);
		if (low->given && whole == low->whole) {
			memcpy(s->low, low->digits, sizeof s->low);
			s->low_bound = true;
			s->low_exclusive = low->exclusive;
		}
		if (high->given && whole == high->whole) {
			memcpy(s->high, high->digits, sizeof s->high);
			s->high_bound = true;
			s->high_exclusive = high->exclusive;
		}
		x = expression_add(x, expression_rule(b->arena, rule_at(b, s, 0, 3)));
	}
	return x;
}

struct expression *schema_numbers(struct schema_builder *b, const struct schema_bound *low, const struct schema_bound *high,
                                  bool integer)
{
	struct magnitude from = read_magnitude(low), to = read_magnitude(high), none = { 0 };
	struct magnitude above_zero = { .digits = "0", .whole = 1, .zero = true, .exclusive = true, .given = true };
	struct magnitude zero = above_zero;
	memset(above_zero.digits, '0', sizeof above_zero.digits);
	memset(zero.digits, '0', sizeof zero.digits);
	zero.exclusive = false;
	bool from_negative = !low->given || (low->text[0] == '-' && !from.zero);
	bool to_negative = high->given && high->text[0] == '-' && !to.zero;
	struct expression *x = expression_either(b->arena);
	if (!to_negative) x = expression_add(x, magnitudes(b, from_negative ? &zero : &from, high->given ? &to : &none, integer));
	if (from_negative) {
		struct expression *minus = expression_add(expression_sequence(b->arena), expression_text(b->arena, "-", 1));
		const struct magnitude *least = to_negative ? &to : &above_zero;
		x = expression_add(x, expression_add(minus, magnitudes(b, least, low->given ? &from : &none, integer)));
	}
	return x;
}
