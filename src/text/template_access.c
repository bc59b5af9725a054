/*
 * template_access: a.b, a[b] and a[b:c:d]. An attribute of the value's kind comes before a key for a.b and after it for a[b].
 * The sandbox hides what starts with an underscore and the methods that would change a list or a dict; what is not found is
 * undefined.
 */
#include "text/template_natives.h"

static struct value method_of(struct run *r, struct value self, const struct native *native)
{
	struct method *m = run_alloc(r, 1, sizeof *m);
	if (!m) return value_failed();
	*m = (struct method){ self, native };
	return (struct value){ .kind = VALUE_METHOD, .method = m };
}

static struct value missing(void)
{
	return (struct value){ .kind = VALUE_MISSING };
}

static struct value macro_attribute(struct run *r, const struct macro *m, const struct text *name)
{
	const struct signature *s = m->node->signature;
	if (text_is(name, "name")) return value_text(s->name);
	if (text_is(name, "catch_kwargs")) return value_bool(s->uses_kwargs);
	if (text_is(name, "catch_varargs")) return value_bool(s->uses_varargs);
	if (text_is(name, "caller")) return value_bool(s->uses_caller);
	if (!text_is(name, "arguments")) return missing();
	struct value names = value_list(r, VALUE_TUPLE, s->n_parameters);
	size_t i = 0;
	if (names.kind == VALUE_FAILED) return names;
	for (const struct node *p = s->parameters; p; p = p->next) names.list->items[i++] = value_text(p->text);
	return names;
}

static struct value range_attribute(const struct range *g, const struct text *name)
{
	if (text_is(name, "start")) return value_int(g->start);
	if (text_is(name, "stop")) return value_int(g->stop);
	return text_is(name, "step") ? value_int(g->step) : missing();
}

static struct value number_attribute(struct value v, const struct text *name)
{
	if (text_is(name, "real")) return v.kind == VALUE_BOOL ? value_int(v.boolean) : v;
	if (text_is(name, "imag")) return v.kind == VALUE_FLOAT ? value_float(0) : value_int(0);
	if (v.kind == VALUE_FLOAT) return missing();
	if (text_is(name, "numerator")) return value_int(value_integer_of(v));
	return text_is(name, "denominator") ? value_int(1) : missing();
}

/* A part of groupby's tuples, or of the template's blocks. */
static struct value block_named(struct run *r, const struct text *name)
{
	for (size_t i = 0; i < r->tree->n_blocks; i++) {
		const struct node *b = r->tree->blocks[i];
		if (text_equals(b->text, name)) return (struct value){ .kind = VALUE_BLOCK, .block = b };
	}
	return missing();
}

static const struct native *kind_method(struct value of, const struct text *name)
{
	const struct native *n = NULL;
	switch (of.kind) {
	case VALUE_TEXT:
		n = native_find(template_text_methods, name);
		return n ? n : native_find(template_text_check_methods, name);
	case VALUE_LIST: return native_find(template_list_methods, name);
	case VALUE_TUPLE:
	case VALUE_RANGE: return native_find(template_tuple_methods, name);
	case VALUE_DICT: return native_find(template_dict_methods, name);
	case VALUE_LOOP: return native_find(template_loop_methods, name);
	case VALUE_CYCLER: return native_find(template_cycler_methods, name);
	default: return NULL;
	}
}

/* The attribute that Python objects of this kind have; VALUE_MISSING when there is none that the sandbox allows. */
static struct value own_attribute(struct run *r, struct value of, const struct text *name)
{
	if (name->size && name->bytes[0] == '_') return missing();
	const struct native *n = kind_method(of, name);
	if (n) return method_of(r, of, n);
	switch (of.kind) {
	case VALUE_LOOP: return loop_attribute(r, of.loop, name);
	case VALUE_MACRO: return macro_attribute(r, of.macro, name);
	case VALUE_RANGE: return range_attribute(of.range, name);
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT: return number_attribute(of, name);
	case VALUE_SELF: return block_named(r, name);
	case VALUE_CYCLER:
		if (!text_is(name, "current")) return missing();
		return of.cycler->items->items[of.cycler->position];
	case VALUE_TUPLE:
		if (of.list->group && text_is(name, "grouper")) return of.list->items[0];
		if (of.list->group && text_is(name, "list")) return of.list->items[1];
		return missing();
	default: return missing();
	}
}

/* What a dict or namespace has under the name. */
static struct value own_member(struct run *r, struct value of, const struct text *name)
{
	struct value v;
	if (of.kind != VALUE_DICT && of.kind != VALUE_NAMESPACE) return missing();
	if (dict_get(r, of.dict, value_text(name), &v)) return v;
	return r->failed ? value_failed() : missing();
}

static struct value fail_undefined(struct run *r, struct value v)
{
	if (!v.name) return run_fail(r, "an undefined value cannot be used like this");
	int length = v.name->size > 100 ? 100 : (int)v.name->size;
	return run_fail(r, "'%.*s' is undefined", length, v.name->bytes);
}

struct value get_own_attribute(struct run *r, struct value of, const struct text *name)
{
	if (of.kind == VALUE_UNDEFINED) return fail_undefined(r, of);
	struct value v = of.kind == VALUE_NAMESPACE ? own_member(r, of, name) : own_attribute(r, of, name);
	return v.kind == VALUE_MISSING ? value_undefined(name) : v;
}

struct value get_attribute(struct run *r, struct value of, const struct text *name)
{
	if (of.kind == VALUE_UNDEFINED) return fail_undefined(r, of);
	if (!run_charge(r, 1)) return value_failed();
	struct value v = own_attribute(r, of, name);
	if (v.kind == VALUE_MISSING) v = own_member(r, of, name);
	return v.kind == VALUE_MISSING ? value_undefined(name) : v;
}

/* An index as a place in [0, count); false when it lies outside. */
static bool place_of(int64_t index, size_t count, size_t *place)
{
	if (index < 0) index += (int64_t)count;
	*place = (size_t)index;
	return index >= 0 && (size_t)index < count;
}

static struct value item_of_text(struct run *r, const struct text *t, int64_t index)
{
	size_t place, n;
	if (!place_of(index, text_points(t), &place)) return missing();
	if (t->points != t->size && !run_charge(r, t->size / 16)) return value_failed();
	size_t at = text_byte_of_point(t, place);
	text_point_at(t, at, &n);
	return value_text(text_slice(r, t, at, at + n));
}

static struct value item_by_number(struct run *r, struct value of, int64_t index)
{
	size_t place;
	switch (of.kind) {
	case VALUE_TEXT: return item_of_text(r, of.text, index);
	case VALUE_LIST:
	case VALUE_TUPLE: return place_of(index, of.list->count, &place) ? of.list->items[place] : missing();
	case VALUE_RANGE:
		if (!place_of(index, of.range->count, &place)) return missing();
		return value_int(of.range->start + (int64_t)place * of.range->step);
	default: return missing();
	}
}

static struct value item_of_dict(struct run *r, struct value of, struct value index)
{
	struct value v;
	bool keyed = index.kind != VALUE_LIST && index.kind != VALUE_DICT && index.kind != VALUE_VIEW; /* others are no keys */
	if (keyed && dict_get(r, of.dict, index, &v)) return v;
	return r->failed ? value_failed() : missing();
}

struct value get_item(struct run *r, struct value of, struct value index)
{
	struct value v = missing();
	if (of.kind == VALUE_UNDEFINED) return fail_undefined(r, of);
	if (!run_charge(r, 1)) return value_failed();
	if (of.kind == VALUE_DICT)
		v = item_of_dict(r, of, index);
	else if (index.kind == VALUE_INT || index.kind == VALUE_BOOL)
		v = item_by_number(r, of, value_integer_of(index));
	if (v.kind != VALUE_MISSING) return v;
	if (index.kind != VALUE_TEXT) return value_undefined(NULL);
	v = own_attribute(r, of, index.text);
	if (v.kind == VALUE_MISSING && of.kind == VALUE_NAMESPACE) v = own_member(r, of, index.text);
	return v.kind == VALUE_MISSING ? value_undefined(index.text) : v;
}

/* Slices */

struct bounds {
	int64_t from, stop, step;
	size_t count;
};

static bool bound(struct run *r, struct value v, int64_t missing_value, int64_t count, int64_t step, int64_t *place)
{
	if (v.kind == VALUE_NONE) {
		*place = missing_value;
		return true;
	}
	if (v.kind != VALUE_INT && v.kind != VALUE_BOOL) {
		run_fail(r, "a slice needs integers, not a %s", value_kind_name(v));
		return false;
	}
	int64_t i = value_integer_of(v), low = step < 0 ? -1 : 0, high = step < 0 ? count - 1 : count;
	if (i < 0) i = i < -count ? low : i + count;
	*place = i < low ? low : i > high ? high : i;
	return true;
}

/* Python's slice.indices() and how many items there are. */
static bool slice_bounds(struct run *r, struct value from, struct value to, struct value step, size_t size, struct bounds *b)
{
	int64_t count = (int64_t)size;
	b->step = 1;
	if (step.kind != VALUE_NONE) {
		if ((step.kind != VALUE_INT && step.kind != VALUE_BOOL) || value_integer_of(step) == 0) {
			run_fail(r, "the step of a slice must be an integer that is not 0");
			return false;
		}
		b->step = value_integer_of(step);
		if (b->step < -INT64_MAX) b->step = -INT64_MAX;
	}
	if (!bound(r, from, b->step < 0 ? count - 1 : 0, count, b->step, &b->from)) return false;
	if (!bound(r, to, b->step < 0 ? -1 : count, count, b->step, &b->stop)) return false;
	int64_t span = b->step < 0 ? b->from - b->stop : b->stop - b->from, stride = b->step < 0 ? -b->step : b->step;
	b->count = span <= 0 ? 0 : (size_t)((span - 1) / stride + 1);
	return true;
}

static struct value slice_text(struct run *r, const struct text *t, const struct bounds *b)
{
	if (!run_charge(r, t->size / 64 + 1)) return value_failed();
	if (b->step == 1 || b->count <= 1) {
		size_t from = text_byte_of_point(t, (size_t)(b->from < 0 ? 0 : b->from));
		size_t to = b->count ? text_byte_of_point(t, (size_t)b->from + b->count) : from;
		return value_text(text_slice(r, t, from, to));
	}
	/* The place of every code point, so that each is found at once. */
	size_t points = text_points(t), at = 0;
	uint32_t *places = run_alloc(r, points + 1, sizeof(*places));
	if (!places || !run_charge(r, points)) return value_failed();
	for (size_t i = 0, n; i < t->size; i += n) {
		text_point_at(t, i, &n);
		places[at++] = (uint32_t)i;
	}
	places[at] = (uint32_t)t->size;
	struct builder out = builder_new(r);
	for (size_t i = 0; i < b->count; i++) {
		size_t point = (size_t)(b->from + (int64_t)i * b->step);
		builder_part(&out, t, places[point], places[point + 1]);
	}
	const struct text *done = builder_done(&out);
	return value_text(done && t->markup ? text_with_markup(r, done, true) : done);
}

static struct value slice_list(struct run *r, struct value of, const struct bounds *b)
{
	struct value part = value_list(r, of.kind, b->count);
	if (part.kind == VALUE_FAILED) return part;
	part.message = of.message;
	for (size_t i = 0; i < b->count; i++) part.list->items[i] = of.list->items[b->from + (int64_t)i * b->step];
	return part;
}

static struct value slice_range(struct run *r, const struct range *g, const struct bounds *b)
{
	struct range *part = run_alloc(r, 1, sizeof *part);
	if (!part) return value_failed();
	if (b->step > 1000000 || b->step < -1000000) return run_fail(r, "the step of a slice is too large");
	part->start = g->start + b->from * g->step;
	part->step = g->step * b->step;
	part->count = b->count;
	part->stop = g->start + b->stop * g->step;
	return (struct value){ .kind = VALUE_RANGE, .range = part };
}

struct value get_slice(struct run *r, struct value of, struct value from, struct value to, struct value step)
{
	struct bounds b;
	size_t size;
	if (of.kind == VALUE_UNDEFINED) return fail_undefined(r, of);
	bool sliced = of.kind == VALUE_TEXT || of.kind == VALUE_LIST || of.kind == VALUE_TUPLE || of.kind == VALUE_RANGE;
	if (!sliced) return run_fail(r, "a %s has no slices", value_kind_name(of));
	if (!value_length(r, of, &size) || !slice_bounds(r, from, to, step, size, &b)) return value_failed();
	if (of.kind == VALUE_TEXT) return slice_text(r, of.text, &b);
	return of.kind == VALUE_RANGE ? slice_range(r, of.range, &b) : slice_list(r, of, &b);
}
