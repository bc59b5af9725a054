/* template_tests: what may follow `is`. */
#include "text/template_natives.h"

#include <math.h>

#define TEST(name) static struct value name(struct run *r, struct value self, const struct value *a, const struct arguments *all)
#define UNUSED(x)  (void)(x)

/* A test that looks at the kind alone. */
#define KIND_TEST(name, condition)                                                                                                 \
	TEST(name)                                                                                                                 \
	{                                                                                                                          \
		UNUSED(r), UNUSED(a), UNUSED(all);                                                                                 \
		return value_bool(condition);                                                                                      \
	}
KIND_TEST(test_defined, self.kind != VALUE_UNDEFINED)
KIND_TEST(test_undefined, self.kind == VALUE_UNDEFINED)
KIND_TEST(test_none, self.kind == VALUE_NONE)
KIND_TEST(test_boolean, self.kind == VALUE_BOOL)
KIND_TEST(test_true, self.kind == VALUE_BOOL && self.boolean)
KIND_TEST(test_false, self.kind == VALUE_BOOL && !self.boolean)
KIND_TEST(test_integer, self.kind == VALUE_INT)
KIND_TEST(test_float, self.kind == VALUE_FLOAT)
KIND_TEST(test_number, value_is_number(self))
KIND_TEST(test_string, self.kind == VALUE_TEXT)
KIND_TEST(test_mapping, self.kind == VALUE_DICT)
KIND_TEST(test_escaped, self.kind == VALUE_TEXT && self.text->markup)

TEST(test_iterable)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	switch (self.kind) {
	case VALUE_UNDEFINED:
	case VALUE_TEXT:
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
	case VALUE_VIEW:
	case VALUE_RANGE:
	case VALUE_ITERATOR:
	case VALUE_LOOP: return value_bool(true);
	default: return value_bool(false);
	}
}

/* Whether there are a length and items by index, as jinja2 finds out. */
TEST(test_sequence)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	switch (self.kind) {
	case VALUE_UNDEFINED:
	case VALUE_TEXT:
	case VALUE_LIST:
	case VALUE_TUPLE:
	case VALUE_DICT:
	case VALUE_RANGE: return value_bool(true);
	default: return value_bool(false);
	}
}

TEST(test_callable)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	switch (self.kind) {
	case VALUE_UNDEFINED:
	case VALUE_MACRO:
	case VALUE_FUNCTION:
	case VALUE_METHOD:
	case VALUE_LOOP:
	case VALUE_JOINER:
	case VALUE_BLOCK: return value_bool(true);
	default: return value_bool(false);
	}
}

/* The rest of a division by the parameter, for numbers. */
static struct value rest(struct run *r, struct value v, struct value by)
{
	return operate(r, OP_MODULO, v, by);
}

static struct value rest_is(struct run *r, struct value v, int64_t by, int64_t wanted)
{
	struct value left = rest(r, v, value_int(by));
	return left.kind == VALUE_FAILED ? left : value_bool(value_equal(r, left, value_int(wanted)));
}

TEST(test_odd)
{
	UNUSED(a), UNUSED(all);
	return rest_is(r, self, 2, 1);
}

TEST(test_even)
{
	UNUSED(a), UNUSED(all);
	return rest_is(r, self, 2, 0);
}

TEST(test_divisibleby)
{
	UNUSED(all);
	struct value left = rest(r, self, a[0]);
	return left.kind == VALUE_FAILED ? left : value_bool(value_equal(r, left, value_int(0)));
}

static struct value checked(struct run *r, bool result)
{
	return r->failed ? value_failed() : value_bool(result);
}

TEST(test_eq)
{
	UNUSED(all);
	return checked(r, value_equal(r, self, a[0]));
}

TEST(test_ne)
{
	UNUSED(all);
	return checked(r, !value_equal(r, self, a[0]));
}

TEST(test_lt)
{
	UNUSED(all);
	return checked(r, value_less(r, self, a[0]));
}

TEST(test_gt)
{
	UNUSED(all);
	return checked(r, value_less(r, a[0], self));
}

TEST(test_le)
{
	UNUSED(all);
	return checked(r, value_less(r, self, a[0]) || (!r->failed && value_equal(r, self, a[0])));
}

TEST(test_ge)
{
	UNUSED(all);
	return checked(r, value_less(r, a[0], self) || (!r->failed && value_equal(r, self, a[0])));
}

TEST(test_in)
{
	UNUSED(all);
	return checked(r, value_contains(r, a[0], self));
}

/* `is` of Python: the same object. Small numbers, bools and none are. */
TEST(test_sameas)
{
	UNUSED(all);
	if (self.kind != a[0].kind) return value_bool(false);
	if (self.kind == VALUE_TEXT) return value_bool(self.text == a[0].text || text_equals(self.text, a[0].text));
	if (self.kind == VALUE_LIST || self.kind == VALUE_TUPLE) return value_bool(self.list == a[0].list);
	if (self.kind == VALUE_DICT) return value_bool(self.dict == a[0].dict);
	return checked(r, value_equal(r, self, a[0]));
}

static struct value case_is(struct run *r, struct value self, const char *method)
{
	const struct text *t = value_to_text(r, self), *name = text_static(r, method);
	struct arguments none = { 0 };
	if (!t || !name) return value_failed();
	return call_native(r, native_find(template_text_check_methods, name), value_text(t), &none);
}

TEST(test_lower)
{
	UNUSED(a), UNUSED(all);
	return case_is(r, self, "islower");
}

TEST(test_upper)
{
	UNUSED(a), UNUSED(all);
	return case_is(r, self, "isupper");
}

TEST(test_filter)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	return value_bool(self.kind == VALUE_TEXT && native_filter(self.text));
}

TEST(test_test)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	return value_bool(self.kind == VALUE_TEXT && native_test(self.text));
}

const struct native template_tests[] = {
	{ "defined", test_defined, "", 0 },    { "undefined", test_undefined, "", 0 },
	{ "none", test_none, "", 0 },          { "boolean", test_boolean, "", 0 },
	{ "true", test_true, "", 0 },          { "false", test_false, "", 0 },
	{ "integer", test_integer, "", 0 },    { "float", test_float, "", 0 },
	{ "number", test_number, "", 0 },      { "string", test_string, "", 0 },
	{ "mapping", test_mapping, "", 0 },    { "iterable", test_iterable, "", 0 },
	{ "sequence", test_sequence, "", 0 },  { "callable", test_callable, "", 0 },
	{ "escaped", test_escaped, "", 0 },    { "odd", test_odd, "", 0 },
	{ "even", test_even, "", 0 },          { "divisibleby", test_divisibleby, "num", 1 },
	{ "eq", test_eq, "other", 1 },         { "equalto", test_eq, "other", 1 },
	{ "==", test_eq, "other", 1 },         { "ne", test_ne, "other", 1 },
	{ "!=", test_ne, "other", 1 },         { "lt", test_lt, "other", 1 },
	{ "lessthan", test_lt, "other", 1 },   { "<", test_lt, "other", 1 },
	{ "le", test_le, "other", 1 },         { "<=", test_le, "other", 1 },
	{ "gt", test_gt, "other", 1 },         { "greaterthan", test_gt, "other", 1 },
	{ ">", test_gt, "other", 1 },          { "ge", test_ge, "other", 1 },
	{ ">=", test_ge, "other", 1 },         { "in", test_in, "seq", 1 },
	{ "sameas", test_sameas, "other", 1 }, { "lower", test_lower, "", 0 },
	{ "upper", test_upper, "", 0 },        { "filter", test_filter, "", 0 },
	{ "test", test_test, "", 0 },          { NULL, NULL, NULL, 0 },
};
