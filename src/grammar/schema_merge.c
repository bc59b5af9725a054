/*
 * schema_merge: two schemas that must both hold, as one; and whether two can hold for the same document.
 *
 * Merging is by keyword: limits take the narrower, types and lists of values what both have, members of objects are merged in turn.
 * Where both have a keyword that cannot be joined this way, the line names it.
 */
#include "grammar/schema_internal.h"

#include <string.h>

struct type_name {
	const char *name;
	unsigned bits;
};

static const struct type_name type_names[] = {
	{ "null", TYPE_NULL },       { "boolean", TYPE_BOOLEAN },
	{ "integer", TYPE_INTEGER }, { "number", TYPE_INTEGER | TYPE_FRACTION },
	{ "string", TYPE_STRING },   { "array", TYPE_ARRAY },
	{ "object", TYPE_OBJECT },
};

static unsigned bits_of_name(const json_t *name)
{
	for (size_t i = 0; json_is_string(name) && i < sizeof type_names / sizeof *type_names; i++) {
		if (strcmp(json_string_value(name), type_names[i].name) == 0) return type_names[i].bits;
	}
	return 0;
}

unsigned schema_type_of(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_NULL: return TYPE_NULL;
	case JSON_TRUE:
	case JSON_FALSE: return TYPE_BOOLEAN;
	case JSON_INTEGER: return TYPE_INTEGER;
	case JSON_REAL: {
		double v = json_real_value(value);
		return v > -1e15 && v < 1e15 && v == (double)(long long)v ? TYPE_INTEGER : TYPE_FRACTION;
	}
	case JSON_STRING: return TYPE_STRING;
	case JSON_ARRAY: return TYPE_ARRAY;
	case JSON_OBJECT: break;
	}
	return TYPE_OBJECT;
}

unsigned schema_types(const json_t *schema)
{
	unsigned allowed = TYPE_ANY, listed = 0;
	const json_t *type = json_object_get(schema, "type"), *values = json_object_get(schema, "enum"), *item;
	const json_t *constant = json_object_get(schema, "const");
	size_t i;
	if (type && !json_is_array(type)) allowed = bits_of_name(type);
	if (json_is_array(type)) {
		allowed = 0;
		json_array_foreach(type, i, item) allowed |= bits_of_name(item);
	}
	if (constant) allowed &= schema_type_of(constant);
	if (!json_is_array(values)) return allowed;
	json_array_foreach(values, i, item) listed |= schema_type_of(item);
	return allowed & listed;
}

/* ---- merging ---- */

static bool put(struct schema_builder *b, json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0 ? true : error_memory(b->e);
}

/* {"allOf": [x, y]} */
static json_t *both(const json_t *x, const json_t *y)
{
	return json_pack("{s:[O,O]}", "allOf", (json_t *)(uintptr_t)x, (json_t *)(uintptr_t)y);
}

static json_t *type_list(unsigned bits)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < sizeof type_names / sizeof *type_names; i++) {
		bool number = type_names[i].bits == (TYPE_INTEGER | TYPE_FRACTION);
		bool there = number ? (bits & TYPE_FRACTION) != 0 : (bits & type_names[i].bits) != 0;
		if (type_names[i].bits == TYPE_INTEGER && (bits & TYPE_FRACTION)) there = false;
		if (there) json_array_append_new(list, json_string(type_names[i].name));
	}
	return list;
}

static json_t *common_values(struct schema_builder *b, const json_t *x, const json_t *y)
{
	if (!schema_work(b, json_array_size(x) * json_array_size(y))) return NULL;
	json_t *list = json_array();
	const json_t *v, *w;
	size_t i, j;
	json_array_foreach(x, i, v)
	{
		json_array_foreach(y, j, w)
		{
			if (!json_equal(v, w)) continue;
			json_array_append(list, (json_t *)(uintptr_t)v);
			break;
		}
	}
	return list;
}

static json_t *all_names(struct schema_builder *b, const json_t *x, const json_t *y)
{
	if (!schema_work(b, json_array_size(x) * json_array_size(y))) return NULL;
	json_t *list = json_copy((json_t *)(uintptr_t)x);
	const json_t *v, *w;
	size_t i, j;
	json_array_foreach(y, i, v)
	{
		bool there = false;
		json_array_foreach(x, j, w) there |= json_equal(v, w);
		if (!there) json_array_append(list, (json_t *)(uintptr_t)v);
	}
	return list;
}

/* What `other` says of a member that it does not name: NULL when nothing. */
static const json_t *rest_of(const json_t *other)
{
	const json_t *rest = json_object_get(other, "additionalProperties");
	return json_is_true(rest) ? NULL : rest;
}

/* Members of `from`, joined with what `other` says of them, into `to`. */
static bool merge_members(struct schema_builder *b, const json_t *from, const json_t *other, json_t *to)
{
	const char *name;
	json_t *member, *members = json_object_get(from, "properties");
	const json_t *others = json_object_get(other, "properties"), *rest = rest_of(other);
	json_object_foreach(members, name, member)
	{
		if (json_object_get(to, name)) continue;
		const json_t *second = json_object_get(others, name);
		if (!second) second = rest;
		if (!put(b, to, name, second ? both(member, second) : json_incref(member))) return false;
	}
	return true;
}

/* properties and additionalProperties, which speak of each other. */
static bool merge_objects(struct schema_builder *b, const json_t *x, const json_t *y, json_t *out)
{
	json_t *members = json_object();
	if (!members) return error_memory(b->e);
	bool ok = merge_members(b, x, y, members) && merge_members(b, y, x, members);
	const json_t *rest_x = rest_of(x), *rest_y = rest_of(y);
	ok = (json_object_size(members) ? put(b, out, "properties", members) : (json_decref(members), true)) && ok;
	if (ok && rest_x && rest_y && !json_equal(rest_x, rest_y))
		ok = put(b, out, "additionalProperties", both(rest_x, rest_y));
	else if (ok && (rest_x || rest_y))
		ok = put(b, out, "additionalProperties", json_incref((json_t *)(uintptr_t)(rest_x ? rest_x : rest_y)));
	return ok;
}

static bool is_one_of(const char *key, const char *const *keys)
{
	for (; *keys; keys++) {
		if (strcmp(key, *keys) == 0) return true;
	}
	return false;
}

/* What both say under the same key; NULL when that cannot be joined. A new reference. */
static json_t *merge_values(struct schema_builder *b, const char *key, json_t *x, json_t *y)
{
	static const char *const largest[] = { "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", NULL };
	static const char *const least[] = { "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", NULL };
	if (json_equal(x, y)) return json_incref(x);
	if (is_one_of(key, largest)) return json_incref(json_number_value(x) > json_number_value(y) ? x : y);
	if (is_one_of(key, least)) return json_incref(json_number_value(x) < json_number_value(y) ? x : y);
	if (strcmp(key, "enum") == 0) return common_values(b, x, y);
	if (strcmp(key, "required") == 0) return all_names(b, x, y);
	if (strcmp(key, "items") == 0) return both(x, y);
	return NULL;
}

/* Keys whose second schema waits in allOf until the first one has been dealt with. */
static bool waits(const char *key)
{
	static const char *const keys[] = { "anyOf", "oneOf", "$ref", "const", "pattern", "format", NULL };
	return is_one_of(key, keys);
}

static bool add_waiting(struct schema_builder *b, json_t *out, const char *key, json_t *value)
{
	json_t *list = json_object_get(out, "allOf");
	if (!list && !put(b, out, "allOf", list = json_array())) return false;
	return json_array_append_new(list, json_pack("{s:O}", key, value)) == 0 ? true : error_memory(b->e);
}

static bool add_all(struct schema_builder *b, json_t *out, json_t *more)
{
	json_t *list = json_object_get(out, "allOf");
	if (!schema_work(b, json_array_size(list) + json_array_size(more))) return false;
	bool ok = list ? json_array_extend(list, more) == 0 : json_object_set_new(out, "allOf", json_copy(more)) == 0;
	return ok || error_memory(b->e);
}

static bool merge_key(struct schema_builder *b, json_t *out, const char *key, json_t *value)
{
	static const char *const together[] = { "properties", "additionalProperties", "type", NULL };
	json_t *there = json_object_get(out, key);
	if (is_one_of(key, together)) return true;
	if (strcmp(key, "allOf") == 0 && json_is_array(value)) return add_all(b, out, value);
	if (!there) return json_object_set(out, key, value) == 0 ? true : error_memory(b->e);
	json_t *merged = merge_values(b, key, there, value);
	if (merged) return put(b, out, key, merged);
	if (!schema_work(b, 0)) return false;
	if (strcmp(key, "const") != 0 && waits(key) && strcmp(key, "pattern") != 0 && strcmp(key, "format") != 0)
		return add_waiting(b, out, key, value);
	return error_set(b->e, "schema: allOf: two different '%s' at once are not supported", key);
}

/* `items` means what is behind the prefixItems beside it, so the two of different schemas cannot stand beside each other. */
static bool lists_mix(const json_t *x, const json_t *y)
{
	bool first_x = json_object_get(x, "prefixItems"), first_y = json_object_get(y, "prefixItems");
	bool any_x = first_x || json_object_get(x, "items"), any_y = first_y || json_object_get(y, "items");
	return any_x && any_y && (first_x || first_y);
}

json_t *schema_merge(struct schema_builder *b, const json_t *x, const json_t *y)
{
	json_t *never = json_is_false(x) || json_is_false(y) ? json_false() : NULL;
	if (never || json_is_true(x)) return never ? never : (json_t *)(uintptr_t)y;
	if (json_is_true(y)) return (json_t *)(uintptr_t)x;
	if (lists_mix(x, y)) {
		error_set(b->e, "schema: allOf: 'prefixItems' beside another schema's items is not supported");
		return NULL;
	}
	size_t members = json_object_size(json_object_get(x, "properties")) + json_object_size(json_object_get(y, "properties"));
	if (!schema_work(b, members + json_object_size(x) + json_object_size(y))) return NULL;
	json_t *out = json_object();
	const char *key;
	json_t *value;
	if (!out || json_array_append_new(b->made, out) != 0) {
		error_memory(b->e);
		return NULL;
	}
	static const char *const together[] = { "properties", "additionalProperties", "type", NULL };
	json_object_foreach((json_t *)(uintptr_t)x, key, value)
	{
		if (is_one_of(key, together)) continue;
		json_t *own = strcmp(key, "allOf") == 0 ? json_copy(value) : json_incref(value); /* that list grows */
		if (!put(b, out, key, own)) return NULL;
	}
	json_object_foreach((json_t *)(uintptr_t)y, key, value)
	{
		if (!merge_key(b, out, key, value)) return NULL;
	}
	if (!merge_objects(b, x, y, out)) return NULL;
	if (json_object_get(x, "type") || json_object_get(y, "type")) {
		unsigned types = json_object_get(x, "type") ? schema_types(x) : TYPE_ANY;
		if (json_object_get(y, "type")) types &= schema_types(y);
		if (!put(b, out, "type", type_list(types))) return NULL;
	}
	return out;
}

/* ---- disjoint ---- */

/* The schema behind references, as far as they stand alone. */
static const json_t *behind(struct schema_builder *b, const json_t *schema)
{
	for (int i = 0; i < 16; i++) {
		const json_t *ref = json_object_get(schema, "$ref");
		if (!json_is_string(ref) || json_object_size(schema) != 1) break;
		struct error *e = b->e, ignored;
		b->e = &ignored;
		const json_t *target = schema_refer(b, json_string_value(ref));
		b->e = e;
		if (!target) break;
		schema = target;
	}
	return schema;
}

/* The values that a schema lists, as an array: a new reference, NULL when it lists none. */
static json_t *listed(const json_t *schema)
{
	json_t *constant = json_object_get(schema, "const"), *values = json_object_get(schema, "enum");
	if (constant) return json_pack("[O]", constant);
	return json_is_array(values) ? json_incref(values) : NULL;
}

static bool values_differ(struct schema_builder *b, const json_t *x, const json_t *y)
{
	json_t *first = listed(x), *second = listed(y), *common = first && second ? common_values(b, first, second) : NULL;
	bool differ = common && json_array_size(common) == 0;
	json_decref(first);
	json_decref(second);
	json_decref(common);
	return differ;
}

static bool requires(const json_t *schema, const char *name)
{
	const json_t *item, *list = json_object_get(schema, "required");
	size_t i;
	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0) return true;
	}
	return false;
}

/* A member that x must have and y must not, or that both must have with values that differ. */
static bool objects_differ(struct schema_builder *b, const json_t *x, const json_t *y)
{
	const json_t *item, *list = json_object_get(x, "required"), *px = json_object_get(x, "properties"),
	                    *py = json_object_get(y, "properties");
	size_t i;
	bool closed = json_is_false(json_object_get(y, "additionalProperties"));
	if (!schema_work(b, json_array_size(list) * (1 + json_array_size(json_object_get(y, "required"))))) return false;
	json_array_foreach(list, i, item)
	{
		const char *name = json_is_string(item) ? json_string_value(item) : "";
		const json_t *mx = json_object_get(px, name), *my = json_object_get(py, name);
		if (closed && !my) return true;
		if (requires(y, name) && mx && my && schema_disjoint(b, mx, my)) return true;
	}
	return false;
}

bool schema_disjoint(struct schema_builder *b, const json_t *x, const json_t *y)
{
	if (b->depth > GRAMMAR_DEEPEST || !schema_work(b, 1)) return false;
	b->depth++;
	x = behind(b, x);
	y = behind(b, y);
	unsigned common = schema_types(x) & schema_types(y);
	bool differ = json_is_false(x) || json_is_false(y) || common == 0 || values_differ(b, x, y) ||
	              (common == TYPE_OBJECT && (objects_differ(b, x, y) || objects_differ(b, y, x)));
	b->depth--;
	return differ;
}
