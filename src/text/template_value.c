/* template_value: what all values have: kind, truth, length, origin; lists, and dicts with their hashes. */
#include "text/template_run.h"

#include "base/map.h"

#include <math.h>

enum { DICT_LINEAR = 12 }; /* dicts with fewer members are searched from one end to the other */

const char *value_kind_name(struct value v)
{
	static const char *const names[] = {
		[VALUE_FAILED] = "failure",
		[VALUE_MISSING] = "missing",
		[VALUE_UNDEFINED] = "Undefined",
		[VALUE_NONE] = "NoneType",
		[VALUE_BOOL] = "bool",
		[VALUE_INT] = "int",
		[VALUE_FLOAT] = "float",
		[VALUE_TEXT] = "str",
		[VALUE_LIST] = "list",
		[VALUE_TUPLE] = "tuple",
		[VALUE_DICT] = "dict",
		[VALUE_VIEW] = "dict view",
		[VALUE_RANGE] = "range",
		[VALUE_NAMESPACE] = "Namespace",
		[VALUE_ITERATOR] = "generator",
		[VALUE_LOOP] = "LoopContext",
		[VALUE_MACRO] = "Macro",
		[VALUE_FUNCTION] = "function",
		[VALUE_METHOD] = "method",
		[VALUE_CYCLER] = "Cycler",
		[VALUE_JOINER] = "Joiner",
		[VALUE_SELF] = "TemplateReference",
		[VALUE_BLOCK] = "BlockReference",
	};
	return names[v.kind];
}

bool value_is_true(struct value v)
{
	switch (v.kind) {
	case VALUE_UNDEFINED:
	case VALUE_MISSING:
	case VALUE_FAILED:
	case VALUE_NONE: return false;
	case VALUE_BOOL: return v.boolean;
	case VALUE_INT: return v.integer != 0;
	case VALUE_FLOAT: return v.real != 0;
	case VALUE_TEXT: return v.text->size > 0;
	case VALUE_LIST:
	case VALUE_TUPLE: return v.list->count > 0;
	case VALUE_DICT: return v.dict->count > 0;
	case VALUE_VIEW: return v.view->dict.dict->count > 0;
	case VALUE_RANGE: return v.range->count > 0;
	default: return true;
	}
}

bool value_has_message(struct value v)
{
	return v.kind == VALUE_TEXT ? text_has_message(v.text) : v.message;
}

bool value_length(struct run *r, struct value v, size_t *length)
{
	*length = 0;
	switch (v.kind) {
	case VALUE_UNDEFINED: return true;
	case VALUE_TEXT: *length = text_points(v.text); return true;
	case VALUE_LIST:
	case VALUE_TUPLE: *length = v.list->count; return true;
	case VALUE_DICT: *length = v.dict->count; return true;
	case VALUE_VIEW: *length = v.view->dict.dict->count; return true;
	case VALUE_RANGE: *length = v.range->count; return true;
	case VALUE_LOOP: {
		struct value n = loop_attribute(r, v.loop, text_static(r, "length"));
		*length = n.kind == VALUE_INT ? (size_t)n.integer : 0;
		return n.kind == VALUE_INT;
	}
	default: run_fail(r, "a %s has no length", value_kind_name(v)); return false;
	}
}

struct value value_list(struct run *r, enum value_kind kind, size_t count)
{
	struct list *l = run_alloc(r, 1, sizeof *l);
	if (!l || !run_charge(r, count)) return value_failed();
	if (count) l->items = run_alloc(r, count, sizeof(*l->items));
	if (count && !l->items) return value_failed();
	l->count = count;
	return (struct value){ .kind = (uint8_t)kind, .list = l };
}

bool list_append(struct run *r, struct list *l, struct value v)
{
	bool full = l->count == 0 || (l->count >= 4 && (l->count & (l->count - 1)) == 0);
	if (!run_charge(r, 1)) return false;
	if (full) {
		struct value *items = run_alloc(r, l->count ? 2 * l->count : 4, sizeof(*items));
		if (!items) return false;
		if (l->count) memcpy(items, l->items, l->count * sizeof(*items));
		l->items = items;
	}
	l->items[l->count++] = v;
	return true;
}

struct dict *dict_new(struct run *r)
{
	return run_alloc(r, 1, sizeof(struct dict));
}

/* Numbers that are equal hash alike, whatever their kind. */
static uint64_t hash_number(struct value v)
{
	double real = value_real_of(v);
	if (v.kind != VALUE_FLOAT || (real == floor(real) && fabs(real) < 9e18)) {
		int64_t integer = v.kind == VALUE_FLOAT ? (int64_t)real : value_integer_of(v);
		return map_hash(&integer, sizeof integer);
	}
	return map_hash(&real, sizeof real);
}

bool value_hash(struct run *r, struct value v, uint64_t *hash, unsigned depth)
{
	if (!run_charge(r, 1)) return false;
	switch (v.kind) {
	case VALUE_TEXT: *hash = map_hash(v.text->bytes, v.text->size); return run_charge(r, v.text->size / 32);
	case VALUE_NONE: *hash = 1; return true;
	case VALUE_UNDEFINED: *hash = 2; return true;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_FLOAT: *hash = hash_number(v); return true;
	case VALUE_TUPLE: break;
	case VALUE_LIST:
	case VALUE_DICT:
	case VALUE_VIEW: run_fail(r, "a %s cannot be a key", value_kind_name(v)); return false;
	case VALUE_RANGE: *hash = hash_number(value_int((int64_t)v.range->count)); return true;
	default: *hash = map_hash(&v.dict, sizeof v.dict); return true;
	}
	if (depth >= TEMPLATE_VALUE_DEPTH_LIMIT) {
		run_fail(r, "a value is nested too deeply");
		return false;
	}
	*hash = v.list->count;
	for (size_t i = 0; i < v.list->count; i++) {
		uint64_t part;
		if (!value_hash(r, v.list->items[i], &part, depth + 1)) return false;
		*hash = (*hash ^ part) * 0x9E3779B97F4A7C15u;
		*hash ^= *hash >> 29;
	}
	return true;
}

/* The place of the key, d->count when it is absent or the run failed. */
static size_t dict_place(struct run *r, const struct dict *d, struct value key, uint64_t hash)
{
	if (!d->index) {
		for (size_t i = 0; i < d->count; i++) {
			if (value_equal(r, d->keys[i], key)) return i;
			if (r->failed) break;
		}
		return d->count;
	}
	for (size_t at = hash & (d->index_size - 1); d->index[at]; at = (at + 1) & (d->index_size - 1)) {
		size_t i = d->index[at] - 1;
		if (value_equal(r, d->keys[i], key)) return i;
		if (r->failed) break;
	}
	return d->count;
}

static void dict_index(struct dict *d, size_t place, uint64_t hash)
{
	size_t at = hash & (d->index_size - 1);
	while (d->index[at]) at = (at + 1) & (d->index_size - 1);
	d->index[at] = (uint32_t)(place + 1);
}

static bool dict_grow(struct run *r, struct dict *d)
{
	size_t room = d->room ? 2 * d->room : 4;
	struct value *keys = run_alloc(r, room, sizeof(*keys)), *values = run_alloc(r, room, sizeof(*values));
	if (!keys || !values) return false;
	if (d->count) {
		memcpy(keys, d->keys, d->count * sizeof(*keys));
		memcpy(values, d->values, d->count * sizeof(*values));
	}
	d->keys = keys;
	d->values = values;
	d->room = room;
	if (room < DICT_LINEAR) return true;
	d->index_size = 2 * room;
	while (d->index_size & (d->index_size - 1)) d->index_size++;
	d->index = run_alloc(r, d->index_size, sizeof(*d->index));
	if (!d->index) return false;
	for (size_t i = 0; i < d->count; i++) {
		uint64_t hash;
		if (!value_hash(r, keys[i], &hash, 0)) return false;
		dict_index(d, i, hash);
	}
	return true;
}

bool dict_set(struct run *r, struct dict *d, struct value key, struct value v)
{
	uint64_t hash;
	if (!value_hash(r, key, &hash, 0)) return false;
	size_t place = dict_place(r, d, key, hash);
	if (r->failed) return false;
	if (place < d->count) {
		d->values[place] = v;
		return true;
	}
	if (d->count == d->room && !dict_grow(r, d)) return false;
	d->keys[d->count] = key;
	d->values[d->count] = v;
	if (d->index) dict_index(d, d->count, hash);
	d->count++;
	return true;
}

bool dict_get(struct run *r, const struct dict *d, struct value key, struct value *v)
{
	uint64_t hash;
	if (!value_hash(r, key, &hash, 0)) return false;
	size_t place = dict_place(r, d, key, hash);
	if (r->failed || place == d->count) return false;
	*v = d->values[place];
	return true;
}
