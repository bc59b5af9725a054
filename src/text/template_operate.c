/*
 * template_operate: Python's operators on values. Integers have 64 bits; a result that needs more is an error. The result of
 * arithmetic is the message's when an operand is.
 */
#include "text/template_run.h"

#include "base/memory.h"

#include <math.h>

static struct value wrong(struct run *r, const char *op, struct value a, struct value b)
{
	struct value u = a.kind == VALUE_UNDEFINED ? a : b;
	if (u.kind == VALUE_UNDEFINED && u.name) {
		int length = u.name->size > 100 ? 100 : (int)u.name->size;
		return run_fail(r, "'%.*s' is undefined", length, u.name->bytes);
	}
	return run_fail(r, "%s cannot work with %s and %s", op, value_kind_name(a), value_kind_name(b));
}

static struct value too_large(struct run *r)
{
	return run_fail(r, "an integer has more than 64 bits");
}

static struct value add_integers(struct run *r, int64_t a, int64_t b)
{
	if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return too_large(r);
	return value_int(a + b);
}

static struct value subtract_integers(struct run *r, int64_t a, int64_t b)
{
	if (b < 0 ? a > INT64_MAX + b : a < INT64_MIN + b) return too_large(r);
	return value_int(a - b);
}

static bool product(int64_t a, int64_t b, int64_t *result)
{
	uint64_t x = a < 0 ? 0 - (uint64_t)a : (uint64_t)a, y = b < 0 ? 0 - (uint64_t)b : (uint64_t)b;
	uint64_t limit = (uint64_t)INT64_MAX + ((a < 0) != (b < 0));
	if (y && x > limit / y) return false;
	*result = (a < 0) != (b < 0) ? (int64_t)(0 - x * y) : (int64_t)(x * y);
	return true;
}

static struct value floor_integers(struct run *r, int64_t a, int64_t b, bool modulo)
{
	if (b == 0) return run_fail(r, "division by zero");
	if (b == -1) return modulo ? value_int(0) : subtract_integers(r, 0, a);
	int64_t quotient = a / b, rest = a % b;
	if (rest && (rest < 0) != (b < 0)) {
		quotient--;
		rest += b;
	}
	return value_int(modulo ? rest : quotient);
}

static struct value power_integers(struct run *r, int64_t base, int64_t exponent)
{
	int64_t result = 1;
	if (exponent < 0) {
		if (base == 0) return run_fail(r, "division by zero");
		return value_float(pow((double)base, (double)exponent));
	}
	for (; exponent; exponent >>= 1) {
		if ((exponent & 1) && !product(result, base, &result)) return too_large(r);
		if (exponent > 1 && !product(base, base, &base)) return too_large(r);
	}
	return value_int(result);
}

static struct value operate_integers(struct run *r, enum operator op, int64_t a, int64_t b)
{
	int64_t result;
	switch (op) {
	case OP_ADD: return add_integers(r, a, b);
	case OP_SUBTRACT: return subtract_integers(r, a, b);
	case OP_MULTIPLY: return product(a, b, &result) ? value_int(result) : too_large(r);
	case OP_DIVIDE: return b ? value_float((double)a / (double)b) : run_fail(r, "division by zero");
	case OP_FLOOR_DIVIDE: return floor_integers(r, a, b, false);
	case OP_MODULO: return floor_integers(r, a, b, true);
	default: return power_integers(r, a, b);
	}
}

static struct value operate_reals(struct run *r, enum operator op, double a, double b)
{
	double rest;
	switch (op) {
	case OP_ADD: return value_float(a + b);
	case OP_SUBTRACT: return value_float(a - b);
	case OP_MULTIPLY: return value_float(a * b);
	case OP_POWER:
		if (a == 0 && b < 0) return run_fail(r, "division by zero");
		if (a < 0 && b != floor(b)) return run_fail(r, "a power that is no real number");
		if (isfinite(a) && isfinite(b) && !isfinite(pow(a, b))) return run_fail(r, "a power that is too large");
		return value_float(pow(a, b));
	default: break;
	}
	if (b == 0) return run_fail(r, "division by zero");
	if (op == OP_DIVIDE) return value_float(a / b);
	rest = fmod(a, b);
	if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
	if (rest == 0) rest = copysign(0, b);
	if (op == OP_MODULO) return value_float(rest);
	double quotient = (a - rest) / b, whole = floor(quotient);
	return value_float(whole + (quotient - whole > 0.5));
}

/* Markup escapes what it meets. */
static struct value add_texts(struct run *r, const struct text *a, const struct text *b)
{
	if (a->markup || b->markup) {
		a = markup_escape(r, value_text(a));
		b = a ? markup_escape(r, value_text(b)) : NULL;
		if (!a || !b) return value_failed();
	}
	return value_text(text_concat(r, a, b));
}

static struct value add_lists(struct run *r, struct value a, struct value b)
{
	struct value sum = value_list(r, a.kind, a.list->count + b.list->count);
	if (sum.kind == VALUE_FAILED) return sum;
	if (a.list->count) memcpy(sum.list->items, a.list->items, a.list->count * sizeof(struct value));
	if (b.list->count) memcpy(sum.list->items + a.list->count, b.list->items, b.list->count * sizeof(struct value));
	sum.message = a.message || b.message;
	return sum;
}

/* A text, list or tuple several times over. */
static struct value repeat(struct run *r, struct value v, int64_t times)
{
	size_t n = times < 0 ? 0 : (size_t)times, total;
	if (v.kind == VALUE_TEXT) {
		struct builder b = builder_new(r);
		if (n > TEMPLATE_STEP_LIMIT && v.text->size) return run_fail(r, "a text is repeated too often");
		builder_repeat(&b, v.text, n);
		const struct text *t = builder_done(&b);
		return value_text(t ? text_with_markup(r, t, v.text->markup) : NULL);
	}
	if (!memory_multiply(n, v.list->count, &total)) return run_fail_memory(r);
	struct value list = value_list(r, v.kind, total);
	if (list.kind == VALUE_FAILED) return list;
	list.message = v.message;
	for (size_t i = 0; i < total; i++) list.list->items[i] = v.list->items[i % v.list->count];
	return list;
}

static bool is_sequence(struct value v)
{
	return v.kind == VALUE_TEXT || v.kind == VALUE_LIST || v.kind == VALUE_TUPLE;
}

static bool is_integer(struct value v)
{
	return v.kind == VALUE_INT || v.kind == VALUE_BOOL;
}

struct value operate(struct run *r, enum operator op, struct value a, struct value b)
{
	static const char *const names[] = { "+", "-", "*", "/", "//", "%", "**" };
	if (value_is_number(a) && value_is_number(b)) {
		struct value v = is_integer(a) && is_integer(b) ? operate_integers(r, op, value_integer_of(a), value_integer_of(b))
		                                                : operate_reals(r, op, value_real_of(a), value_real_of(b));
		v.message = a.message || b.message;
		return v;
	}
	if (op == OP_ADD && a.kind == VALUE_TEXT && b.kind == VALUE_TEXT) return add_texts(r, a.text, b.text);
	if (op == OP_ADD && a.kind == b.kind && (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE)) return add_lists(r, a, b);
	if (op == OP_MULTIPLY && is_sequence(a) && is_integer(b)) return repeat(r, a, value_integer_of(b));
	if (op == OP_MULTIPLY && is_integer(a) && is_sequence(b)) return repeat(r, b, value_integer_of(a));
	if (op == OP_MODULO && a.kind == VALUE_TEXT) return format_percent(r, a.text, b);
	return wrong(r, names[op], a, b);
}

/* Comparing. The depth is kept in the run, because equality is called from everywhere. */

static bool equal_lists(struct run *r, const struct list *a, const struct list *b)
{
	if (a->count != b->count) return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!value_equal(r, a->items[i], b->items[i])) return false;
	}
	return true;
}

static bool equal_dicts(struct run *r, const struct dict *a, const struct dict *b)
{
	if (a->count != b->count) return false;
	for (size_t i = 0; i < a->count; i++) {
		struct value other;
		if (!dict_get(r, b, a->keys[i], &other) || !value_equal(r, a->values[i], other)) return false;
	}
	return true;
}

static bool equal_ranges(const struct range *a, const struct range *b)
{
	if (a->count != b->count) return false;
	return a->count == 0 || (a->start == b->start && (a->count == 1 || a->step == b->step));
}

static bool equal_numbers(struct value a, struct value b)
{
	if (a.kind == VALUE_FLOAT || b.kind == VALUE_FLOAT) return value_real_of(a) == value_real_of(b);
	return value_integer_of(a) == value_integer_of(b);
}

static bool equal_parts(struct run *r, struct value a, struct value b)
{
	bool same;
	if (!run_enter(r)) return false;
	if (a.kind == VALUE_DICT)
		same = equal_dicts(r, a.dict, b.dict);
	else
		same = equal_lists(r, a.list, b.list);
	run_leave(r);
	return same && !r->failed;
}

bool value_equal(struct run *r, struct value a, struct value b)
{
	if (!run_charge(r, 1)) return false;
	if (value_is_number(a) && value_is_number(b)) return equal_numbers(a, b);
	if (a.kind != b.kind) return false;
	switch (a.kind) {
	case VALUE_UNDEFINED:
	case VALUE_NONE: return true;
	case VALUE_TEXT: return a.text->size == b.text->size && run_charge(r, a.text->size / 64) && text_equals(a.text, b.text);
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT: return equal_parts(r, a, b);
	case VALUE_RANGE: return equal_ranges(a.range, b.range);
	case VALUE_METHOD: return a.method->native == b.method->native && value_equal(r, a.method->self, b.method->self);
	default: return a.dict == b.dict; /* the same thing */
	}
}

static bool less_lists(struct run *r, const struct list *a, const struct list *b)
{
	bool less = a->count < b->count;
	if (!run_enter(r)) return false;
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		if (value_equal(r, a->items[i], b->items[i])) continue;
		less = !r->failed && value_less(r, a->items[i], b->items[i]);
		break;
	}
	run_leave(r);
	return less && !r->failed;
}

bool value_less(struct run *r, struct value a, struct value b)
{
	if (!run_charge(r, 1)) return false;
	if (is_integer(a) && is_integer(b)) return value_integer_of(a) < value_integer_of(b);
	if (value_is_number(a) && value_is_number(b)) return value_real_of(a) < value_real_of(b);
	if (a.kind == VALUE_TEXT && b.kind == VALUE_TEXT)
		return run_charge(r, a.text->size / 64) && text_compare(a.text, b.text) < 0;
	if (a.kind == b.kind && (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE)) return less_lists(r, a.list, b.list);
	wrong(r, "<", a, b);
	return false;
}

bool value_contains(struct run *r, struct value container, struct value item)
{
	struct value v;
	if (container.kind == VALUE_TEXT) {
		if (item.kind == VALUE_TEXT) {
			const struct text *t = container.text;
			return run_charge(r, t->size / 16) && text_find(t, item.text, 0, t->size) != SIZE_MAX;
		}
		wrong(r, "in", item, container);
		return false;
	}
	if (container.kind == VALUE_DICT) return dict_get(r, container.dict, item, &v);
	if (container.kind == VALUE_VIEW && container.view->what == VIEW_KEYS)
		return dict_get(r, container.view->dict.dict, item, &v);
	struct iterator *i = iterate(r, container);
	while (i && iterator_next(r, i, &v)) {
		if (value_equal(r, v, item)) return true;
	}
	return false;
}
