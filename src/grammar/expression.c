/* expression: building the trees (see expression.h). */
#include "grammar/expression.h"

#include <stdlib.h>
#include <string.h>

enum { LAST_POINT = 0x10FFFF };

static struct expression *new_expression(struct arena *a, enum expression_kind kind)
{
	struct expression *x = arena_alloc(a, 1, sizeof *x);
	if (x) x->kind = kind;
	return x;
}

struct expression *expression_text(struct arena *a, const char *text, size_t length)
{
	struct expression *x = new_expression(a, EXPRESSION_TEXT);
	if (!x) return NULL;
	x->text = arena_copy(a, text, length);
	x->length = length;
	return x->text ? x : NULL;
}

struct expression *expression_rule(struct arena *a, uint32_t rule)
{
	struct expression *x = new_expression(a, EXPRESSION_RULE);
	if (x) x->rule = rule;
	return x;
}

struct expression *expression_sequence(struct arena *a)
{
	return new_expression(a, EXPRESSION_SEQUENCE);
}

struct expression *expression_either(struct arena *a)
{
	return new_expression(a, EXPRESSION_EITHER);
}

struct expression *expression_repeat(struct arena *a, struct expression *part, uint32_t least, uint32_t most)
{
	struct expression *x = new_expression(a, EXPRESSION_REPEAT);
	if (!x) return NULL;
	x->least = least;
	x->most = most;
	return expression_add(x, part);
}

struct expression *expression_add(struct expression *whole, struct expression *part)
{
	if (!whole || !part) return NULL;
	part->before = whole->last;
	whole->last = part;
	return whole;
}

static int by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;
	return x->first < y->first ? -1 : x->first > y->first;
}

/* Sorts and joins ranges[0..n) in place; returns how many are left. */
static size_t join(struct range *ranges, size_t n)
{
	if (n == 0) return 0;
	qsort(ranges, n, sizeof *ranges, by_first);
	size_t held = 1;
	for (size_t i = 1; i < n; i++) {
		struct range *top = &ranges[held - 1];
		if (ranges[i].first > top->last + 1) {
			ranges[held++] = ranges[i];
		} else if (ranges[i].last > top->last) {
			top->last = ranges[i].last;
		}
	}
	return held;
}

/* The gaps between sorted ranges, into out[0..n + 1). */
static size_t invert(const struct range *ranges, size_t n, struct range *out)
{
	size_t held = 0;
	uint32_t next = 0;
	for (size_t i = 0; i < n; i++) {
		if (ranges[i].first > next) out[held++] = (struct range){ next, ranges[i].first - 1 };
		next = ranges[i].last + 1;
	}
	if (next <= LAST_POINT) out[held++] = (struct range){ next, LAST_POINT };
	return held;
}

struct expression *expression_set(struct arena *a, const struct range *ranges, size_t n, bool others)
{
	struct expression *x = new_expression(a, EXPRESSION_SET);
	struct range *own = arena_alloc(a, n + 1, sizeof *own);
	struct range *gaps = others ? arena_alloc(a, n + 1, sizeof *gaps) : NULL;
	if (!x || !own || (others && !gaps)) return NULL;
	size_t held = 0;
	for (size_t i = 0; i < n; i++) {
		struct range r = ranges[i];
		if (r.last > LAST_POINT) r.last = LAST_POINT;
		if (r.first <= r.last) own[held++] = r;
	}
	held = join(own, held);
	x->ranges = own;
	x->length = held;
	if (!others) return x;
	x->length = invert(own, held, gaps);
	x->ranges = gaps;
	return x;
}
