/*
 * schema: a JSON schema (draft 2020-12) as a grammar.
 *
 * Each schema becomes a rule. References and alternatives are resolved by merging what must hold together, until a plain
 * schema is left: values that are listed, or types with their limits. A keyword that cannot be met is refused by its name; what
 * only describes (title, default ...) is let pass. Members of objects: schema_members.c.
 */
#include "grammar/schema_internal.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_SCHEMAS = 20000, MOST_COUNT = 100000, MOST_WORK = 1 << 20 };

/* What limits documents, and of which types (0: of all). */
static const struct {
	const char *name;
	unsigned types;
} keywords[] = {
	{ "$ref", 0 },
	{ "type", 0 },
	{ "enum", 0 },
	{ "const", 0 },
	{ "anyOf", 0 },
	{ "oneOf", 0 },
	{ "allOf", 0 },
	{ "minimum", TYPE_INTEGER | TYPE_FRACTION },
	{ "maximum", TYPE_INTEGER | TYPE_FRACTION },
	{ "exclusiveMinimum", TYPE_INTEGER | TYPE_FRACTION },
	{ "exclusiveMaximum", TYPE_INTEGER | TYPE_FRACTION },
	{ "minLength", TYPE_STRING },
	{ "maxLength", TYPE_STRING },
	{ "pattern", TYPE_STRING },
	{ "format", TYPE_STRING },
	{ "items", TYPE_ARRAY },
	{ "prefixItems", TYPE_ARRAY },
	{ "minItems", TYPE_ARRAY },
	{ "maxItems", TYPE_ARRAY },
	{ "uniqueItems", TYPE_ARRAY },
	{ "properties", TYPE_OBJECT },
	{ "required", TYPE_OBJECT },
	{ "additionalProperties", TYPE_OBJECT },
	{ "minProperties", TYPE_OBJECT },
	{ "maxProperties", TYPE_OBJECT },
};

static const char *const descriptions[] = { "title",       "description",   "default",         "examples",         "deprecated",
	                                    "readOnly",    "writeOnly",     "$comment",        "$schema",          "$defs",
	                                    "definitions", "discriminator", "contentEncoding", "contentMediaType", "contentSchema",
	                                    NULL };

/* Where a keyword stands in the table; -1: it describes only, -2: it is not known. */
static int find_keyword(const char *name)
{
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (strcmp(name, keywords[i].name) == 0) return (int)i;
	}
	for (size_t i = 0; descriptions[i]; i++) {
		if (strcmp(name, descriptions[i]) == 0) return -1;
	}
	return strncmp(name, "x-", 2) == 0 ? -1 : -2;
}

static bool check_keywords(struct schema_builder *b, const json_t *schema)
{
	const char *key;
	json_t *value;
	if (!json_is_object(schema)) return error_set(b->e, "schema: a schema must be an object, true or false");
	json_object_foreach((json_t *)(uintptr_t)schema, key, value)
	{
		if (strcmp(key, "$id") == 0 && schema == b->root) continue;
		if (find_keyword(key) == -2) return error_set(b->e, "schema: the keyword '%s' is not supported", key);
	}
	return true;
}

/* Whether it says nothing but descriptions. */
static bool is_open(const json_t *schema)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)schema, key, value)
	{
		if (find_keyword(key) >= 0) return false;
	}
	return true;
}

bool schema_count(struct schema_builder *b, const json_t *schema, const char *key, uint32_t *count)
{
	const json_t *value = json_object_get(schema, key);
	double v = json_number_value(value);
	if (!value) return true;
	if (!json_is_number(value) || v < 0 || v != floor(v))
		return error_set(b->e, "schema: '%s' must be a whole number from 0", key);
	if (v > MOST_COUNT) return error_set(b->e, "schema: '%s' above %d is not supported", key, MOST_COUNT);
	*count = (uint32_t)v;
	return true;
}

/* ---- references ---- */

/* A character of a URI fragment, with %XX undone. */
static char fragment_next(const char **at)
{
	unsigned value;
	const char *p = *at;
	bool coded = p[0] == '%' && sscanf(p + 1, "%2x", &value) == 1 && p[1] && p[2];
	*at = p + (coded ? 3 : 1);
	return coded ? (char)value : *p;
}

/* The next part of a JSON pointer in a URI fragment: up to the next slash, with ~0 and ~1 undone. */
static bool pointer_part(const char **at, char *out, size_t room)
{
	size_t n = 0;
	while (**at && **at != '/') {
		char c = fragment_next(at);
		if (c == '~' && (**at == '0' || **at == '1')) c = fragment_next(at) == '0' ? '~' : '/';
		if (n + 1 >= room) return false;
		out[n++] = c;
	}
	out[n] = 0;
	return true;
}

json_t *schema_refer(struct schema_builder *b, const char *reference)
{
	json_t *at = b->root;
	const char *p = reference + 1;
	char part[512];
	if (reference[0] != '#' || (*p && *p != '/')) {
		error_set(b->e, "schema: $ref '%.200s': only references into the same schema (#/...) are followed", reference);
		return NULL;
	}
	while (at && *p == '/') {
		p++;
		if (!pointer_part(&p, part, sizeof part)) break;
		if (json_is_array(at)) {
			unsigned index;
			at = sscanf(part, "%u", &index) == 1 ? json_array_get(at, index) : NULL;
		} else {
			at = json_object_get(at, part);
		}
	}
	if (at && !*p) return at;
	error_set(b->e, "schema: $ref '%.200s' leads nowhere", reference);
	return NULL;
}

/* ---- strings and numbers ---- */

static const char *format_pattern(const char *name)
{
#define DAYS  "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
#define LEAP  "([0-9][0-9](0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
#define DATE  "([0-9]{4}-" DAYS "|" LEAP ")"
#define TIME  "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
#define LABEL "[a-z0-9]{1,30}(-[a-z0-9]{1,30})?"
#define HOST  LABEL "(\\." LABEL "){0,3}"
#define BYTE  "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
	static const char *const formats[][2] = {
		{ "date", "^" DATE "$" },
		{ "time", "^" TIME "$" },
		{ "date-time", "^" DATE "T" TIME "$" },
		{ "duration", "^P([0-9]{1,4}[YMWD]|[0-9]{1,4}DT[0-9]{1,4}[HMS]|T[0-9]{1,4}[HMS])$" },
		{ "uuid", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" },
		{ "ipv4", "^" BYTE "(\\." BYTE "){3}$" },
		{ "ipv6", "^[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}$" },
		{ "hostname", "^" HOST "$" },
		{ "email", "^[A-Za-z0-9]{1,20}([._+-][A-Za-z0-9]{1,20}){0,2}@" LABEL "(\\." LABEL "){1,3}$" },
		{ "uri", "^https?://" HOST "(/[A-Za-z0-9._~-]{1,100}){0,10}/?$" },
	};
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(name, formats[i][0]) == 0) return formats[i][1];
	}
	return NULL;
}

/* What stands between the quotes. */
static bool string_inside(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	const json_t *pattern = json_object_get(schema, "pattern"), *format = json_object_get(schema, "format");
	uint32_t least = 0, most = EXPRESSION_EVER;
	if (!schema_count(b, schema, "minLength", &least) || !schema_count(b, schema, "maxLength", &most)) return false;
	if ((pattern && !json_is_string(pattern)) || (format && !json_is_string(format)))
		return error_set(b->e, "schema: '%s' must be a string", pattern ? "pattern" : "format");
	bool limits = least > 0 || most != EXPRESSION_EVER;
	if (pattern && (limits || format))
		return error_set(b->e, "schema: 'pattern' beside '%s' is not supported",
		                 format ? "format" : "minLength or maxLength");
	if (format && limits) return error_set(b->e, "schema: 'format' beside minLength or maxLength is not supported");
	if (pattern) return schema_pattern(b, json_string_value(pattern), json_string_length(pattern), x);
	if (format) {
		const char *known = format_pattern(json_string_value(format));
		if (!known) return error_set(b->e, "schema: the format '%.100s' is not supported", json_string_value(format));
		return schema_pattern(b, known, strlen(known), x);
	}
	*x = expression_either(b->arena);
	if (least > most) return true;
	*x = expression_repeat(b->arena, schema_shared(b, SHARED_CHARACTER), least, most);
	return true;
}

static bool make_string(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	struct expression *inside, *quoted = expression_add(expression_sequence(b->arena), expression_text(b->arena, "\"", 1));
	if (!string_inside(b, schema, &inside)) return false;
	*x = expression_add(expression_add(quoted, inside), expression_text(b->arena, "\"", 1));
	return true;
}

/* The shortest decimal text, without exponent, that is read as this number again. */
static bool write_bound(struct schema_builder *b, const char *key, double v, struct schema_bound *out)
{
	char text[400];
	if (!(fabs(v) < 1e15)) return error_set(b->e, "schema: '%s' beyond 15 digits is not supported", key);
	for (int decimals = 0; decimals <= 30; decimals++) {
		int n = snprintf(text, sizeof text, "%.*f", decimals, v);
		if (n < 0 || (size_t)n >= sizeof out->text) break;
		double again;
		if (sscanf(text, "%lf", &again) != 1 || again != v) continue;
		memcpy(out->text, text, (size_t)n + 1);
		return true;
	}
	return error_set(b->e, "schema: '%s' has too many digits", key);
}

/* The narrower of `inclusive` and `exclusive`; `sign` is 1 for lower bounds. */
static bool read_bound(struct schema_builder *b, const json_t *schema, const char *inclusive, const char *exclusive, double sign,
                       struct schema_bound *out)
{
	const json_t *in = json_object_get(schema, inclusive), *ex = json_object_get(schema, exclusive);
	if ((in && !json_is_number(in)) || (ex && !json_is_number(ex)))
		return error_set(b->e, "schema: '%s' must be a number", in && !json_is_number(in) ? inclusive : exclusive);
	*out = (struct schema_bound){ .given = in || ex, .text = "0" };
	if (!out->given) return true;
	double v = json_number_value(in ? in : ex);
	out->exclusive = ex && (!in || sign * json_number_value(ex) >= sign * v);
	if (out->exclusive) v = json_number_value(ex);
	return write_bound(b, out->exclusive ? exclusive : inclusive, v, out);
}

static bool make_number(struct schema_builder *b, const json_t *schema, bool integer, struct expression **x)
{
	struct schema_bound low, high;
	if (!read_bound(b, schema, "minimum", "exclusiveMinimum", 1, &low)) return false;
	if (!read_bound(b, schema, "maximum", "exclusiveMaximum", -1, &high)) return false;
	*x = low.given || high.given ? schema_numbers(b, &low, &high, integer)
	                             : schema_shared(b, integer ? SHARED_INTEGER : SHARED_NUMBER);
	return true;
}

/* ---- plain schemas ---- */

/* Types that are meant where a schema names none: those that its keywords speak of. */
static unsigned meant_types(const json_t *schema)
{
	unsigned meant = 0;
	const char *key;
	json_t *value;
	if (json_object_get(schema, "type")) return schema_types(schema);
	json_object_foreach((json_t *)(uintptr_t)schema, key, value)
	{
		int at = find_keyword(key);
		if (at >= 0) meant |= keywords[at].types;
	}
	return meant ? meant : TYPE_ANY;
}

/* const and enum: the values that the rest of the schema allows, which may only be types. */
static bool make_values(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	json_t *constant = json_object_get(schema, "const"), *list = json_object_get(schema, "enum"), *value;
	unsigned types = schema_types(schema), listed = 0;
	size_t i;
	const char *key;
	if (list && !json_is_array(list)) return error_set(b->e, "schema: 'enum' must be a list");
	json_t *values = constant ? json_pack("[O]", constant) : json_incref(list);
	if (!values) return error_memory(b->e);
	*x = expression_either(b->arena);
	json_array_foreach(values, i, value)
	{
		bool other = false;
		size_t j;
		json_t *second;
		json_array_foreach(constant ? list : NULL, j, second) other |= json_equal(value, second);
		if (!(schema_type_of(value) & types) || (constant && list && !other)) continue;
		listed |= schema_type_of(value);
		*x = expression_add(*x, schema_literal(b, value));
	}
	json_decref(values);
	json_object_foreach((json_t *)(uintptr_t)schema, key, value)
	{
		int at = find_keyword(key);
		if (at >= 0 && (keywords[at].types & listed))
			return error_set(b->e, "schema: '%s' beside const or enum is not supported", key);
	}
	return true;
}

/* The part of one type. */
static bool make_type(struct schema_builder *b, const json_t *schema, unsigned types, unsigned type, struct expression **x)
{
	switch (type) {
	case TYPE_NULL: *x = expression_text(b->arena, "null", 4); return true;
	case TYPE_BOOLEAN:
		*x = expression_add(expression_either(b->arena), expression_text(b->arena, "true", 4));
		*x = expression_add(*x, expression_text(b->arena, "false", 5));
		return true;
	case TYPE_INTEGER: return make_number(b, schema, !(types & TYPE_FRACTION), x);
	case TYPE_STRING: return make_string(b, schema, x);
	case TYPE_ARRAY: return schema_array(b, schema, x);
	default: return schema_object(b, schema, x);
	}
}

static bool make_plain(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	if (json_object_get(schema, "const") || json_object_get(schema, "enum")) return make_values(b, schema, x);
	unsigned types = meant_types(schema);
	if (types == TYPE_ANY && is_open(schema)) {
		*x = schema_shared(b, SHARED_VALUE);
		return true;
	}
	if (types & TYPE_FRACTION) types |= TYPE_INTEGER; /* one notation for both */
	*x = expression_either(b->arena);
	for (unsigned type = TYPE_NULL; type <= TYPE_OBJECT; type <<= 1) {
		struct expression *part;
		if (!(types & type) || type == TYPE_FRACTION) continue;
		if (!make_type(b, schema, types, type, &part)) return false;
		*x = expression_add(*x, part);
	}
	return true;
}

/* ---- what must hold together ---- */

static json_t *without(struct schema_builder *b, const json_t *schema, const char *key)
{
	if (!schema_work(b, json_object_size(schema))) return NULL;
	json_t *rest = json_copy((json_t *)(uintptr_t)schema);
	if (!rest || json_array_append_new(b->made, rest) != 0) {
		error_memory(b->e);
		return NULL;
	}
	json_object_del(rest, key);
	return rest;
}

/* `part` and the rest of the schema; the part's own rule where the rest says nothing. */
static bool make_both(struct schema_builder *b, const json_t *rest, const json_t *part, struct expression **x)
{
	const json_t *merged = is_open(rest) ? part : schema_merge(b, part, rest);
	uint32_t rule;
	if (!merged || !schema_make(b, merged, &rule)) return false;
	*x = expression_rule(b->arena, rule);
	return true;
}

static bool make_alternatives(struct schema_builder *b, const json_t *schema, const char *key, struct expression **x)
{
	const json_t *list = json_object_get(schema, key), *rest = without(b, schema, key), *part, *other;
	size_t i, j;
	if (!rest) return false;
	if (!json_is_array(list) || json_array_size(list) == 0)
		return error_set(b->e, "schema: '%s' must be a list of schemas", key);
	*x = expression_either(b->arena);
	json_array_foreach(list, i, part)
	{
		struct expression *made;
		for (j = 0; strcmp(key, "oneOf") == 0 && j < i; j++) {
			other = json_array_get(list, j);
			bool disjoint = schema_disjoint(b, other, part);
			if (!schema_work(b, 1)) return false;
			if (!disjoint)
				return error_set(b->e,
				                 "schema: oneOf: its alternatives %zu and %zu may both fit, which is not "
				                 "supported; use anyOf",
				                 j + 1, i + 1);
		}
		if (json_is_false(part)) continue;
		if (!make_both(b, rest, part, &made)) return false;
		*x = expression_add(*x, made);
	}
	return true;
}

bool schema_work(struct schema_builder *b, size_t n)
{
	b->work += n < MOST_WORK ? n : MOST_WORK;
	return b->work <= MOST_WORK ||
	       error_set(b->e, "schema: joining and comparing its parts takes too long; make allOf, anyOf or oneOf smaller");
}

static bool make_all(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	const json_t *list = json_object_get(schema, "allOf"), *merged = without(b, schema, "allOf"), *part;
	size_t i;
	uint32_t rule;
	if (!merged) return false;
	if (!json_is_array(list) || json_array_size(list) == 0) return error_set(b->e, "schema: 'allOf' must be a list of schemas");
	json_array_foreach(list, i, part)
	{
		if (!json_is_boolean(part) && !check_keywords(b, part)) return false;
		merged = schema_merge(b, merged, part);
		if (!merged) return false;
	}
	if (!schema_make(b, merged, &rule)) return false;
	*x = expression_rule(b->arena, rule);
	return true;
}

static bool make_reference(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	const json_t *ref = json_object_get(schema, "$ref");
	if (!json_is_string(ref)) return error_set(b->e, "schema: '$ref' must be a string");
	const json_t *target = schema_refer(b, json_string_value(ref)), *rest = without(b, schema, "$ref");
	return target && rest && make_both(b, rest, target, x);
}

static bool make_schema(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	if (json_is_true(schema)) {
		*x = schema_shared(b, SHARED_VALUE);
		return true;
	}
	if (json_is_false(schema)) {
		*x = expression_either(b->arena);
		return true;
	}
	if (!check_keywords(b, schema)) return false;
	if (json_object_get(schema, "$ref")) return make_reference(b, schema, x);
	if (json_object_get(schema, "anyOf")) return make_alternatives(b, schema, "anyOf", x);
	if (json_object_get(schema, "oneOf")) return make_alternatives(b, schema, "oneOf", x);
	if (json_object_get(schema, "allOf")) return make_all(b, schema, x);
	return make_plain(b, schema, x);
}

static bool note_rule(struct schema_builder *b, const json_t *schema, uint32_t rule)
{
	if (b->n_rules == MOST_SCHEMAS) return error_set(b->e, "schema: more than %d schemas are too many", MOST_SCHEMAS);
	if (b->n_rules == b->room_rules) {
		uint32_t room = b->room_rules ? 2 * b->room_rules : 64;
		struct schema_rule *more = memory_resize(b->rules, room, sizeof *more);
		if (!more) return error_memory(b->e);
		b->rules = more;
		b->room_rules = room;
	}
	b->rules[b->n_rules++] = (struct schema_rule){ schema, rule };
	return true;
}

bool schema_make(struct schema_builder *b, const json_t *schema, uint32_t *rule)
{
	struct expression *x;
	for (uint32_t i = 0; i < b->n_rules; i++) {
		if (b->rules[i].schema != schema || !json_is_object(schema)) continue;
		*rule = b->rules[i].rule;
		return true;
	}
	if (b->depth >= GRAMMAR_DEEPEST)
		return error_set(b->e, "schema: it is nested too deep, or leads back to itself without an end");
	*rule = grammar_rule(b->g, "$ref");
	b->depth++;
	bool ok = note_rule(b, schema, *rule) && make_schema(b, schema, &x);
	b->depth--;
	if (ok) grammar_define(b->g, *rule, x);
	return ok;
}

bool schema_add(struct grammar *g, json_t *root, uint32_t *rule, struct error *e)
{
	struct schema_builder b = { .g = g, .arena = g->arena, .root = root, .made = json_array(), .e = e };
	for (int i = 0; i < SHARED_RULES; i++) b.shared[i] = GRAMMAR_NONE;
	bool ok = b.made ? schema_make(&b, root, rule) : error_memory(e);
	json_decref(b.made);
	memory_free(b.rules);
	return ok;
}

struct grammar *grammar_from_schema(const char *text, size_t length, struct error *e)
{
	if (length > GRAMMAR_MOST_SOURCE) {
		error_set(e, "schema: %zu bytes are too many; at most %d", length, GRAMMAR_MOST_SOURCE);
		return NULL;
	}
	json_t *root = json_parse(text, length, "schema", e);
	struct grammar *g = root ? grammar_new(e) : NULL;
	uint32_t rule;
	bool ok = g && schema_add(g, root, &rule, e);
	if (ok) ok = grammar_finish(g, rule, e) || error_at(e, "schema");
	json_decref(root);
	if (ok) return g;
	grammar_free(g);
	return NULL;
}
