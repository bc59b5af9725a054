/* template_list_filters: filters of lists, dicts and other values that have parts; default and tojson. */
#include "text/template_list_filters.h"

#include "text/template_natives_text.h"

#define FILTER(name) static struct value name(struct run *r, struct value self, const struct value *a, const struct arguments *all)
#define UNUSED(x)    (void)(x)

static struct value one_shot(struct run *r, struct list *items)
{
	struct value list = { .kind = VALUE_LIST, .list = items };
	struct iterator *i = items ? iterate(r, list) : NULL;
	return i ? (struct value){ .kind = VALUE_ITERATOR, .iterator = i } : value_failed();
}

static struct value list_of(struct list *items)
{
	return items ? (struct value){ .kind = VALUE_LIST, .list = items } : value_failed();
}

FILTER(filter_first)
{
	UNUSED(a), UNUSED(all);
	struct iterator *i = iterate(r, self);
	struct value v;
	if (!i) return value_failed();
	if (iterator_next(r, i, &v)) return v;
	return r->failed ? value_failed() : value_undefined(NULL);
}

FILTER(filter_last)
{
	UNUSED(a), UNUSED(all);
	if (self.kind == VALUE_ITERATOR) return run_fail(r, "a generator has no last item");
	struct list *items = collect(r, self);
	if (!items) return value_failed();
	return items->count ? items->items[items->count - 1] : value_undefined(NULL);
}

FILTER(filter_length)
{
	UNUSED(a), UNUSED(all);
	size_t n;
	return value_length(r, self, &n) ? value_int((int64_t)n) : value_failed();
}

FILTER(filter_list)
{
	UNUSED(a), UNUSED(all);
	struct value list = list_of(collect(r, self));
	list.message = self.kind == VALUE_LIST && self.message;
	return list;
}

FILTER(filter_join)
{
	UNUSED(all);
	const struct text *separator = a[0].kind == VALUE_MISSING ? r->empty : value_to_text(r, a[0]);
	if (!separator) return value_failed();
	if (a[1].kind != VALUE_MISSING && a[1].kind != VALUE_NONE) {
		const struct list *path = attribute_path(r, a[1]);
		struct list *items = path ? collect(r, self) : NULL;
		for (size_t i = 0; items && i < items->count; i++)
			items->items[i] = follow_path(r, path, items->items[i], value_none());
		if (!items || r->failed) return value_failed();
		self = list_of(items);
	}
	return value_text(text_join(r, separator, self, true));
}

FILTER(filter_reverse)
{
	UNUSED(a), UNUSED(all);
	if (self.kind == VALUE_TEXT) return get_slice(r, self, value_none(), value_none(), value_int(-1));
	struct list *items = collect(r, self);
	for (size_t i = 0, j = items ? items->count : 0; i + 1 < j; i++) {
		struct value v = items->items[i];
		items->items[i] = items->items[--j];
		items->items[j] = v;
	}
	return self.kind == VALUE_ITERATOR ? list_of(items) : one_shot(r, items);
}

FILTER(filter_items)
{
	UNUSED(a), UNUSED(all);
	struct value items = value_list(r, VALUE_LIST, 0);
	if (items.kind == VALUE_FAILED) return items;
	if (self.kind != VALUE_DICT && self.kind != VALUE_UNDEFINED)
		return run_fail(r, "items needs a dict, not a %s", value_kind_name(self));
	for (size_t i = 0; self.kind == VALUE_DICT && i < self.dict->count; i++) {
		struct value pair = dict_member(r, self, i);
		if (pair.kind == VALUE_FAILED || !list_append(r, items.list, pair)) return value_failed();
	}
	return one_shot(r, items.list);
}

FILTER(filter_batch)
{
	UNUSED(all);
	int64_t size;
	struct list *items = collect(r, self);
	struct value batches = value_list(r, VALUE_LIST, 0), now = value_list(r, VALUE_LIST, 0);
	if (!items || !parameter_int(r, a[0], 1, &size) || now.kind == VALUE_FAILED) return value_failed();
	for (size_t i = 0; i < items->count; i++) {
		if ((int64_t)now.list->count == size) {
			if (!list_append(r, batches.list, now)) return value_failed();
			now = value_list(r, VALUE_LIST, 0);
		}
		if (now.kind == VALUE_FAILED || !list_append(r, now.list, items->items[i])) return value_failed();
	}
	bool fills = a[1].kind != VALUE_MISSING && a[1].kind != VALUE_NONE;
	while (now.list->count && fills && (int64_t)now.list->count < size) {
		if (!list_append(r, now.list, a[1])) return value_failed();
	}
	if (now.list->count && !list_append(r, batches.list, now)) return value_failed();
	return one_shot(r, batches.list);
}

FILTER(filter_slice)
{
	UNUSED(all);
	int64_t count;
	struct list *items = collect(r, self);
	struct value slices = value_list(r, VALUE_LIST, 0);
	if (!items || !parameter_int(r, a[0], 1, &count) || slices.kind == VALUE_FAILED) return value_failed();
	if (count == 0) return run_fail(r, "division by zero");
	bool fills = a[1].kind != VALUE_MISSING && a[1].kind != VALUE_NONE;
	size_t at = 0;
	for (int64_t i = 0; i < count; i++) {
		bool extra = i < (int64_t)(items->count % (size_t)count);
		size_t size = items->count / (size_t)count + extra;
		struct value part = value_list(r, VALUE_LIST, 0);
		for (size_t k = 0; part.kind != VALUE_FAILED && k < size; k++) list_append(r, part.list, items->items[at++]);
		if (fills && !extra && !r->failed) list_append(r, part.list, a[1]);
		if (r->failed || !list_append(r, slices.list, part)) return value_failed();
	}
	return one_shot(r, slices.list);
}

/* Items with the keys they are sorted by: lists (whose equal parts need not be comparable), or the one part itself. */
static struct keyed_value *keyed(struct run *r, const struct list *items, const struct list **paths, size_t n_paths,
                                 struct value otherwise, bool case_sensitive, bool lists)
{
	struct keyed_value *k = run_alloc(r, items->count + 1, sizeof(*k));
	for (size_t i = 0; k && i < items->count; i++) {
		struct value key = value_list(r, VALUE_LIST, n_paths);
		if (key.kind == VALUE_FAILED) return NULL;
		for (size_t p = 0; p < n_paths; p++)
			key.list->items[p] = key_of(r, paths[p], items->items[i], otherwise, case_sensitive);
		if (r->failed) return NULL;
		k[i] = (struct keyed_value){ lists ? key : key.list->items[0], items->items[i] };
	}
	return k;
}

static struct value sorted(struct run *r, struct keyed_value *k, size_t count, bool reverse)
{
	if (!k || !sort_by_key(r, k, count, reverse)) return value_failed();
	struct value list = value_list(r, VALUE_LIST, count);
	for (size_t i = 0; list.kind != VALUE_FAILED && i < count; i++) list.list->items[i] = k[i].value;
	return list;
}

FILTER(filter_sort)
{
	UNUSED(all);
	enum { MOST_PATHS = 32 };
	const struct list *paths[MOST_PATHS];
	size_t n_paths = 1;
	struct list *items = collect(r, self);
	if (!items) return value_failed();
	if (a[2].kind == VALUE_TEXT) {
		struct value names = text_split(r, a[2].text, text_static(r, ","), -1);
		if (names.kind == VALUE_FAILED) return names;
		n_paths = names.list->count;
		if (n_paths > MOST_PATHS) return run_fail(r, "sort takes at most %d attributes", MOST_PATHS);
		for (size_t i = 0; i < n_paths; i++) paths[i] = attribute_path(r, names.list->items[i]);
	} else {
		paths[0] = attribute_path(r, a[2]);
	}
	if (r->failed) return value_failed();
	struct keyed_value *k = keyed(r, items, paths, n_paths, value_none(), parameter_bool(a[1], false), true);
	return sorted(r, k, items->count, parameter_bool(a[0], false));
}

FILTER(filter_dictsort)
{
	UNUSED(all);
	const struct text *by = a[1].kind == VALUE_MISSING ? text_static(r, "key") : parameter_text(r, a[1], "what is sorted by");
	if (!by) return value_failed();
	if (self.kind != VALUE_DICT) return run_fail(r, "dictsort needs a dict, not a %s", value_kind_name(self));
	bool value = text_is(by, "value");
	if (!value && !text_is(by, "key")) return run_fail(r, "dictsort sorts by key or value");
	struct value items = value_list(r, VALUE_LIST, self.dict->count);
	const struct list *path = attribute_path(r, value_int(value));
	if (items.kind == VALUE_FAILED || !path) return value_failed();
	for (size_t i = 0; i < self.dict->count; i++) items.list->items[i] = dict_member(r, self, i);
	if (r->failed) return value_failed();
	struct keyed_value *k = keyed(r, items.list, &path, 1, value_none(), parameter_bool(a[0], false), false);
	return sorted(r, k, self.dict->count, parameter_bool(a[2], false));
}

FILTER(filter_groupby)
{
	UNUSED(all);
	struct list *items = collect(r, self);
	const struct list *path = attribute_path(r, a[0]);
	struct value groups = value_list(r, VALUE_LIST, 0), now = value_none();
	bool case_sensitive = parameter_bool(a[2], false);
	if (!items || !path || groups.kind == VALUE_FAILED) return value_failed();
	struct keyed_value *k = keyed(r, items, &path, 1, a[1], case_sensitive, false);
	if (!k || !sort_by_key(r, k, items->count, false)) return value_failed();
	for (size_t i = 0; i < items->count; i++) {
		if (i == 0 || !value_equal(r, k[i - 1].key, k[i].key)) {
			struct value group = value_list(r, VALUE_TUPLE, 2);
			now = value_list(r, VALUE_LIST, 0);
			if (r->failed || !list_append(r, groups.list, group)) return value_failed();
			group.list->group = true;
			group.list->items[0] = case_sensitive ? k[i].key : follow_path(r, path, k[i].value, a[1]);
			group.list->items[1] = now;
		}
		if (!list_append(r, now.list, k[i].value)) return value_failed();
	}
	return groups;
}

FILTER(filter_unique)
{
	UNUSED(all);
	struct list *items = collect(r, self);
	const struct list *path = attribute_path(r, a[1]);
	struct value found = value_list(r, VALUE_LIST, 0), other;
	struct dict *seen = dict_new(r);
	if (!items || !path || !seen || found.kind == VALUE_FAILED) return value_failed();
	for (size_t i = 0; i < items->count; i++) {
		struct value key = key_of(r, path, items->items[i], value_none(), parameter_bool(a[0], false));
		if (key.kind == VALUE_FAILED) return key;
		if (dict_get(r, seen, key, &other)) continue;
		if (r->failed || !dict_set(r, seen, key, key) || !list_append(r, found.list, items->items[i]))
			return value_failed();
	}
	return one_shot(r, found.list);
}

static struct value extreme(struct run *r, struct value self, const struct value *a, bool most)
{
	struct list *items = collect(r, self);
	const struct list *path = attribute_path(r, a[1]);
	struct value best = value_undefined(NULL), best_key = value_none();
	if (!items || !path) return value_failed();
	for (size_t i = 0; i < items->count; i++) {
		struct value key = key_of(r, path, items->items[i], value_none(), parameter_bool(a[0], false));
		if (key.kind == VALUE_FAILED) return key;
		bool better = i == 0 || (most ? value_less(r, best_key, key) : value_less(r, key, best_key));
		if (r->failed) return value_failed();
		if (!better) continue;
		best = items->items[i];
		best_key = key;
	}
	return best;
}

FILTER(filter_max)
{
	UNUSED(all);
	return extreme(r, self, a, true);
}

FILTER(filter_min)
{
	UNUSED(all);
	return extreme(r, self, a, false);
}

FILTER(filter_sum)
{
	UNUSED(all);
	struct value total = a[1].kind == VALUE_MISSING ? value_int(0) : a[1], v;
	struct iterator *i = iterate(r, self);
	const struct list *path = attribute_path(r, a[0]);
	if (total.kind == VALUE_TEXT) return run_fail(r, "texts cannot be summed up");
	while (i && path && total.kind != VALUE_FAILED && iterator_next(r, i, &v)) {
		v = follow_path(r, path, v, value_none());
		total = v.kind == VALUE_FAILED ? v : operate(r, OP_ADD, total, v);
	}
	return r->failed ? value_failed() : total;
}

FILTER(filter_random)
{
	UNUSED(self), UNUSED(a), UNUSED(all);
	return run_fail(r, "nothing is random here");
}

FILTER(filter_default)
{
	UNUSED(all);
	bool replace = self.kind == VALUE_UNDEFINED || (parameter_bool(a[1], false) && !value_is_true(self));
	if (!replace) return self;
	return a[0].kind == VALUE_MISSING ? value_text(r->empty) : a[0];
}

FILTER(filter_attr)
{
	UNUSED(all);
	const struct text *name = parameter_text(r, a[0], "the name of an attribute");
	return name ? get_own_attribute(r, self, name) : value_failed();
}

static bool json_indent(struct run *r, struct value v, struct json_style *style)
{
	int64_t n;
	if (v.kind == VALUE_MISSING || v.kind == VALUE_NONE) return true;
	style->indents = true;
	style->indent = v.kind == VALUE_TEXT ? v.text : NULL;
	style->item_separator = text_static(r, ",");
	if (style->indent || !parameter_int(r, v, 0, &n)) return style->indent != NULL;
	if (n > 1000) return run_fail(r, "JSON cannot be indented that far"), false;
	struct builder b = builder_new(r);
	const struct text *space = text_static(r, " ");
	if (space && n > 0) builder_repeat(&b, space, (size_t)n);
	style->indent = builder_done(&b);
	return style->indent != NULL;
}

static bool json_separators(struct run *r, struct value v, struct json_style *style)
{
	if (v.kind == VALUE_MISSING || v.kind == VALUE_NONE) return true;
	struct list *two = collect(r, v);
	if (!two) return false;
	if (two->count != 2) return run_fail(r, "separators must be two"), false;
	style->item_separator = parameter_text(r, two->items[0], "a separator");
	style->key_separator = parameter_text(r, two->items[1], "a separator");
	return !r->failed;
}

FILTER(filter_tojson)
{
	UNUSED(all);
	struct json_style style = { .ensure_ascii = parameter_bool(a[0], false), .sort_keys = parameter_bool(a[3], false) };
	style.item_separator = text_static(r, ", ");
	style.key_separator = text_static(r, ": ");
	if (r->failed || !json_indent(r, a[1], &style) || !json_separators(r, a[2], &style)) return value_failed();
	struct builder b = builder_new(r);
	if (!write_json(&b, self, &style, 0)) return value_failed();
	return value_text(builder_done(&b));
}

FILTER(filter_pprint)
{
	UNUSED(a), UNUSED(all);
	return value_text(value_to_repr(r, self));
}

const struct native template_list_filters[] = {
	{ "first", filter_first, "", 0 },
	{ "last", filter_last, "", 0 },
	{ "length", filter_length, "", 0 },
	{ "count", filter_length, "", 0 },
	{ "list", filter_list, "", 0 },
	{ "join", filter_join, "d,attribute", 0 },
	{ "reverse", filter_reverse, "", 0 },
	{ "items", filter_items, "", 0 },
	{ "batch", filter_batch, "linecount,fill_with", 1 },
	{ "slice", filter_slice, "slices,fill_with", 1 },
	{ "map", lazy_map, NULL, 0 },
	{ "select", lazy_select, NULL, 0 },
	{ "reject", lazy_reject, NULL, 0 },
	{ "selectattr", lazy_selectattr, NULL, 0 },
	{ "rejectattr", lazy_rejectattr, NULL, 0 },
	{ "sort", filter_sort, "reverse,case_sensitive,attribute", 0 },
	{ "dictsort", filter_dictsort, "case_sensitive,by,reverse", 0 },
	{ "groupby", filter_groupby, "attribute,default,case_sensitive", 1 },
	{ "unique", filter_unique, "case_sensitive,attribute", 0 },
	{ "max", filter_max, "case_sensitive,attribute", 0 },
	{ "min", filter_min, "case_sensitive,attribute", 0 },
	{ "sum", filter_sum, "attribute,start", 0 },
	{ "random", filter_random, "", 0 },
	{ "default", filter_default, "default_value,boolean", 0 },
	{ "d", filter_default, "default_value,boolean", 0 },
	{ "attr", filter_attr, "name", 1 },
	{ "tojson", filter_tojson, "ensure_ascii,indent,separators,sort_keys", 0 },
	{ "pprint", filter_pprint, "", 0 },
	{ NULL, NULL, NULL, 0 },
};
