/* template_methods: the methods of str that check, and those of list, tuple and dict that the sandbox allows. */
#include "text/template_natives_text.h"

#define METHOD(name) static struct value name(struct run *r, struct value self, const struct value *a, const struct arguments *all)
#define UNUSED(x)    (void)(x)

/* True when the text is not empty and every code point is of the kind. */
static struct value every(struct run *r, const struct text *t, bool (*kind)(uint32_t point))
{
	if (!run_charge(r, t->size)) return value_failed();
	for (size_t i = 0, n; i < t->size; i += n) {
		if (!kind(text_point_at(t, i, &n))) return value_bool(false);
	}
	return value_bool(t->size > 0);
}

static bool is_alphanumeric(uint32_t point)
{
	return point != '_' && text_point_is_word(point);
}

#define CHECK(name, kind)                                                                                                          \
	METHOD(name)                                                                                                               \
	{                                                                                                                          \
		UNUSED(a), UNUSED(all);                                                                                            \
		return every(r, self.text, kind);                                                                                  \
	}
CHECK(method_isspace, text_point_is_space)
CHECK(method_isalpha, text_point_is_letter)
CHECK(method_isalnum, is_alphanumeric)
CHECK(method_isdecimal, text_point_is_decimal)
CHECK(method_isdigit, text_point_is_digit)
CHECK(method_isnumeric, text_point_is_numeric)

METHOD(method_isprintable)
{
	UNUSED(a), UNUSED(all);
	return self.text->size ? every(r, self.text, text_point_is_printable) : value_bool(true);
}

METHOD(method_isascii)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	return value_bool(self.text->points == self.text->size);
}

/* At least one cased code point, and none of the other case. */
static struct value cased(struct run *r, const struct text *t, bool (*wanted)(uint32_t point))
{
	bool found = false;
	if (!run_charge(r, t->size)) return value_failed();
	for (size_t i = 0, n; i < t->size; i += n) {
		uint32_t point = text_point_at(t, i, &n);
		if (!text_point_is_cased(point)) continue;
		if (!wanted(point)) return value_bool(false);
		found = true;
	}
	return value_bool(found);
}

METHOD(method_islower)
{
	UNUSED(a), UNUSED(all);
	return cased(r, self.text, text_point_is_lower);
}

METHOD(method_isupper)
{
	UNUSED(a), UNUSED(all);
	return cased(r, self.text, text_point_is_upper);
}

METHOD(method_istitle)
{
	UNUSED(a), UNUSED(all);
	bool found = false, inside = false;
	if (!run_charge(r, self.text->size)) return value_failed();
	for (size_t i = 0, n; i < self.text->size; i += n) {
		uint32_t point = text_point_at(self.text, i, &n);
		bool starts = text_point_is_upper(point) || text_point_is_title(point), goes_on = text_point_is_lower(point);
		if ((starts && inside) || (goes_on && !inside)) return value_bool(false);
		inside = starts || goes_on;
		found |= inside;
	}
	return value_bool(found);
}

METHOD(method_isidentifier)
{
	UNUSED(a), UNUSED(all);
	size_t n;
	if (!self.text->size || text_point_is_numeric(text_point_at(self.text, 0, &n))) return value_bool(false);
	return every(r, self.text, text_point_is_word);
}

const struct native template_text_check_methods[] = {
	{ "isspace", method_isspace, "", 0 },
	{ "isalpha", method_isalpha, "", 0 },
	{ "isalnum", method_isalnum, "", 0 },
	{ "isdecimal", method_isdecimal, "", 0 },
	{ "isdigit", method_isdigit, "", 0 },
	{ "isnumeric", method_isnumeric, "", 0 },
	{ "isprintable", method_isprintable, "", 0 },
	{ "isascii", method_isascii, "", 0 },
	{ "islower", method_islower, "", 0 },
	{ "isupper", method_isupper, "", 0 },
	{ "istitle", method_istitle, "", 0 },
	{ "isidentifier", method_isidentifier, "", 0 },
	{ NULL, NULL, NULL, 0 },
};

METHOD(list_copy)
{
	UNUSED(a), UNUSED(all);
	struct value copy = value_list(r, VALUE_LIST, self.list->count);
	if (copy.kind == VALUE_FAILED) return copy;
	if (self.list->count) memcpy(copy.list->items, self.list->items, self.list->count * sizeof(struct value));
	copy.message = self.message;
	return copy;
}

METHOD(sequence_count)
{
	UNUSED(all);
	int64_t n = 0;
	struct list *items = collect(r, self);
	for (size_t i = 0; items && i < items->count; i++) n += value_equal(r, items->items[i], a[0]);
	return r->failed ? value_failed() : value_int(n);
}

METHOD(sequence_index)
{
	UNUSED(all);
	struct list *items = collect(r, self);
	int64_t from = 0, to, count = items ? (int64_t)items->count : 0;
	if (!items || !parameter_int(r, a[1], 0, &from) || !parameter_int(r, a[2], count, &to)) return value_failed();
	if (from < 0) from = from + count < 0 ? 0 : from + count;
	if (to < 0) to += count;
	for (int64_t i = from; i < to && i < count; i++) {
		if (value_equal(r, items->items[i], a[0])) return value_int(i);
		if (r->failed) return value_failed();
	}
	return run_fail(r, "what is looked for is not there");
}

/* The sandbox lets lists shrink. */
METHOD(list_pop)
{
	UNUSED(all);
	struct list *l = self.list;
	int64_t at;
	if (!parameter_int(r, a[0], -1, &at)) return value_failed();
	if (at < 0) at += (int64_t)l->count;
	if (at < 0 || (size_t)at >= l->count) return run_fail(r, "there is nothing to take out at this place");
	struct value v = l->items[at];
	/* A list of its own, so that its room stays a power of two for list_append. */
	struct value *items = run_alloc(r, l->count + 3, sizeof(*items));
	if (!items || !run_charge(r, l->count)) return value_failed();
	memcpy(items, l->items, (size_t)at * sizeof(*items));
	memcpy(items + at, l->items + at + 1, (l->count - (size_t)at - 1) * sizeof(*items));
	l->items = items;
	l->count--;
	return v;
}

METHOD(list_clear)
{
	UNUSED(r), UNUSED(a), UNUSED(all);
	self.list->count = 0;
	return value_none();
}

const struct native template_list_methods[] = {
	{ "copy", list_copy, "", 0 },
	{ "count", sequence_count, "value", 1 },
	{ "index", sequence_index, "value,start,stop", 1 },
	{ "pop", list_pop, "index", 0 },
	{ "clear", list_clear, "", 0 },
	{ NULL, NULL, NULL, 0 },
};

const struct native template_tuple_methods[] = {
	{ "count", sequence_count, "value", 1 },
	{ "index", sequence_index, "value,start,stop", 1 },
	{ NULL, NULL, NULL, 0 },
};

METHOD(dict_method_get)
{
	UNUSED(all);
	struct value v;
	if (dict_get(r, self.dict, a[0], &v)) return v;
	if (r->failed) return value_failed();
	return a[1].kind == VALUE_MISSING ? value_none() : a[1];
}

METHOD(dict_method_copy)
{
	UNUSED(a), UNUSED(all);
	struct value copy = { .kind = VALUE_DICT, .message = self.message, .dict = dict_new(r) };
	for (size_t i = 0; copy.dict && i < self.dict->count; i++) {
		if (!dict_set(r, copy.dict, self.dict->keys[i], self.dict->values[i])) return value_failed();
	}
	return copy.dict ? copy : value_failed();
}

static struct value view(struct run *r, struct value self, enum view_part what)
{
	struct view *v = run_alloc(r, 1, sizeof *v);
	if (!v) return value_failed();
	v->dict = self;
	v->what = what;
	return (struct value){ .kind = VALUE_VIEW, .message = self.message, .view = v };
}

METHOD(dict_method_keys)
{
	UNUSED(a), UNUSED(all);
	return view(r, self, VIEW_KEYS);
}

METHOD(dict_method_values)
{
	UNUSED(a), UNUSED(all);
	return view(r, self, VIEW_VALUES);
}

METHOD(dict_method_items)
{
	UNUSED(a), UNUSED(all);
	return view(r, self, VIEW_ITEMS);
}

METHOD(dict_method_fromkeys)
{
	UNUSED(self), UNUSED(all);
	struct value d = { .kind = VALUE_DICT, .dict = dict_new(r) };
	struct list *keys = collect(r, a[0]);
	if (!keys || !d.dict) return value_failed();
	for (size_t i = 0; i < keys->count; i++) {
		if (!dict_set(r, d.dict, keys->items[i], a[1].kind == VALUE_MISSING ? value_none() : a[1])) return value_failed();
	}
	return d;
}

const struct native template_dict_methods[] = {
	{ "get", dict_method_get, "key,default", 1 },
	{ "copy", dict_method_copy, "", 0 },
	{ "keys", dict_method_keys, "", 0 },
	{ "values", dict_method_values, "", 0 },
	{ "items", dict_method_items, "", 0 },
	{ "fromkeys", dict_method_fromkeys, "iterable,value", 1 },
	{ NULL, NULL, NULL, 0 },
};
