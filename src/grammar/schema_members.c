/*
 * schema_members: arrays and objects.
 *
 * An object's members come in the order in which the schema names them, so that each name comes once; each may be followed by
 * any later one, which two rules a member say: one for when nothing has been written yet, one for behind a comma. Members that the
 * schema does not name come last, and only where it says something of them.
 */
#include "grammar/schema_internal.h"

#include "base/utf8.h"

#include <string.h>

enum { LONGEST_NAME = 500 };

static struct expression *text(struct schema_builder *b, const char *t)
{
	return expression_text(b->arena, t, strlen(t));
}

/* `x` between brackets and spaces. */
static struct expression *enclose(struct schema_builder *b, const char *open, struct expression *x, const char *close)
{
	struct expression *whole = expression_add(expression_sequence(b->arena), text(b, open));
	whole = expression_add(expression_add(whole, schema_shared(b, SHARED_SPACE)), x);
	return expression_add(expression_add(whole, schema_shared(b, SHARED_SPACE)), text(b, close));
}

/* "," space x */
static struct expression *behind_comma(struct schema_builder *b, struct expression *x)
{
	struct expression *whole = expression_add(expression_sequence(b->arena), text(b, ","));
	return expression_add(expression_add(whole, schema_shared(b, SHARED_SPACE)), x);
}

/* ---- arrays ---- */

struct items {
	const json_t *first, *others; /* prefixItems, items; NULL: not given */
	uint32_t n_first, least, most;
};

/* Item `i`, which may stand there. */
static bool make_item(struct schema_builder *b, const struct items *s, uint32_t i, struct expression **x)
{
	const json_t *schema = i < s->n_first ? json_array_get(s->first, i) : s->others;
	uint32_t rule;
	*x = schema_shared(b, SHARED_VALUE);
	if (!schema) return true;
	if (!schema_make(b, schema, &rule)) return false;
	*x = expression_rule(b->arena, rule);
	return true;
}

/* What may follow when `i` items are written, i above 0: built from the end. */
static bool make_tail(struct schema_builder *b, const struct items *s, struct expression **x)
{
	struct expression *item;
	uint32_t i = s->n_first > 1 ? s->n_first : 1; /* from here on all items are alike */
	*x = expression_sequence(b->arena);
	if (s->most > i) {
		if (!make_item(b, s, i, &item)) return false;
		uint32_t most = s->most == EXPRESSION_EVER ? s->most : s->most - i;
		*x = expression_repeat(b->arena, behind_comma(b, item), s->least > i ? s->least - i : 0, most);
	}
	while (i-- > 1) {
		if (i >= s->most) {
			*x = expression_sequence(b->arena);
			continue;
		}
		if (!make_item(b, s, i, &item)) return false;
		struct expression *more = expression_add(behind_comma(b, item), *x);
		*x = s->least > i ? more : expression_repeat(b->arena, more, 0, 1);
	}
	return true;
}

static bool read_items(struct schema_builder *b, const json_t *schema, struct items *s)
{
	*s = (struct items){ .first = json_object_get(schema, "prefixItems"),
		             .others = json_object_get(schema, "items"),
		             .most = EXPRESSION_EVER };
	if (!schema_count(b, schema, "minItems", &s->least) || !schema_count(b, schema, "maxItems", &s->most)) return false;
	if (s->first && (!json_is_array(s->first) || json_array_size(s->first) > 100))
		return error_set(b->e, "schema: 'prefixItems' must be a list of at most 100 schemas");
	if (s->others && !json_is_object(s->others) && !json_is_boolean(s->others))
		return error_set(b->e, "schema: 'items' must be a schema; a list of them is written as prefixItems");
	s->n_first = (uint32_t)json_array_size(s->first);
	for (uint32_t i = 0; i < s->n_first; i++) {
		if (json_is_false(json_array_get(s->first, i)) && s->most > i) s->most = i;
	}
	if (json_is_false(s->others) && s->most > s->n_first) s->most = s->n_first;
	if (json_is_true(json_object_get(schema, "uniqueItems")) && s->most > 1)
		return error_set(b->e, "schema: the keyword 'uniqueItems' is not supported");
	return true;
}

bool schema_array(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	struct items s;
	struct expression *item, *tail;
	if (!read_items(b, schema, &s)) return false;
	*x = expression_either(b->arena);
	if (s.least == 0) *x = expression_add(*x, enclose(b, "[", expression_sequence(b->arena), "]"));
	if (s.most == 0 || s.least > s.most) return true;
	if (!make_item(b, &s, 0, &item) || !make_tail(b, &s, &tail)) return false;
	struct expression *all = expression_add(expression_add(expression_sequence(b->arena), item), tail);
	*x = expression_add(*x, enclose(b, "[", all, "]"));
	return true;
}

/* ---- names that the schema does not have ---- */

/* The names that begin with what is written so far, as texts behind it. */
static struct expression *other_names(struct schema_builder *b, const char *const *names, size_t n, size_t at)
{
	struct range *next = arena_alloc(b->arena, n + 1, sizeof *next);
	const char **same = arena_alloc(b->arena, n + 1, sizeof *same);
	struct expression *x = expression_either(b->arena), *free_name = expression_sequence(b->arena);
	size_t n_next = 0;
	bool ends = true;
	if (!next || !same) return NULL;
	for (size_t i = 0; i < n; i++) {
		uint32_t point;
		if (!names[i][at]) {
			ends = false;
			continue;
		}
		size_t length = utf8_decode(names[i] + at, strlen(names[i] + at), &point);
		bool known = length == 0;
		for (size_t j = 0; j < n_next; j++) known |= next[j].first == point;
		if (known) continue;
		next[n_next++] = (struct range){ point, point };
		size_t n_same = 0;
		for (size_t j = i; j < n; j++) {
			if (strncmp(names[j] + at, names[i] + at, length) == 0) same[n_same++] = names[j];
		}
		const char **kept = arena_alloc(b->arena, n_same, sizeof *kept);
		if (!kept) return NULL;
		memcpy(kept, same, n_same * sizeof *kept);
		struct expression *one =
		        expression_add(expression_sequence(b->arena), schema_characters(b, &next[n_next - 1], 1, false));
		x = expression_add(x, expression_add(one, other_names(b, kept, n_same, at + length)));
	}
	if (ends) x = expression_add(x, expression_sequence(b->arena));
	free_name = expression_add(free_name, schema_characters(b, next, n_next, true));
	free_name = expression_add(free_name, expression_repeat(b->arena, schema_characters(b, NULL, 0, true), 0, EXPRESSION_EVER));
	return expression_add(x, free_name);
}

/* ---- objects ---- */

struct members {
	const char **names;
	const json_t **schemas; /* NULL: anything */
	bool *required;
	size_t n;
	const json_t *rest; /* of members without a name here; NULL: there are none, or anything */
	bool has_rest;
};

/* "name": space value */
static bool make_member(struct schema_builder *b, const struct members *m, size_t i, struct expression **x)
{
	uint32_t rule;
	json_t *name = json_string(m->names[i]);
	struct expression *value = schema_shared(b, SHARED_VALUE);
	*x = expression_add(expression_sequence(b->arena), name ? schema_literal(b, name) : NULL);
	json_decref(name);
	if (m->schemas[i]) {
		if (!schema_make(b, m->schemas[i], &rule)) return false;
		value = expression_rule(b->arena, rule);
	}
	*x = expression_add(expression_add(expression_add(*x, text(b, ":")), schema_shared(b, SHARED_SPACE)), value);
	return true;
}

/* A member of another name than all of these. */
static bool make_other(struct schema_builder *b, const struct members *m, struct expression **x)
{
	uint32_t rule;
	struct expression *value = schema_shared(b, SHARED_VALUE);
	if (m->rest) {
		if (!schema_make(b, m->rest, &rule)) return false;
		value = expression_rule(b->arena, rule);
	}
	for (size_t i = 0; i < m->n; i++) {
		if (strlen(m->names[i]) > LONGEST_NAME)
			return error_set(b->e, "schema: a member's name is longer than %d bytes", LONGEST_NAME);
	}
	struct expression *whole = expression_add(expression_sequence(b->arena), text(b, "\""));
	whole = expression_add(expression_add(whole, other_names(b, m->names, m->n, 0)), text(b, "\":"));
	*x = expression_add(expression_add(whole, schema_shared(b, SHARED_SPACE)), value);
	return true;
}

/* The members behind the last one that has a name here: nothing written yet (*head), or behind a comma (*tail). */
static bool make_rest(struct schema_builder *b, const struct members *m, struct expression **head, struct expression **tail)
{
	struct expression *first = NULL, *more;
	*head = expression_sequence(b->arena);
	*tail = expression_sequence(b->arena);
	if (!m->has_rest) return true;
	uint32_t rule = grammar_rule(b->g, "other member");
	if (!make_other(b, m, &first)) return false;
	grammar_define(b->g, rule, first);
	*tail = expression_repeat(b->arena, behind_comma(b, expression_rule(b->arena, rule)), 0, EXPRESSION_EVER);
	more = expression_repeat(b->arena, behind_comma(b, expression_rule(b->arena, rule)), 0, EXPRESSION_EVER);
	first = expression_add(expression_add(expression_sequence(b->arena), expression_rule(b->arena, rule)), more);
	*head = expression_repeat(b->arena, first, 0, 1);
	return true;
}

/* From the last member to the first: what may stand there when nothing is written yet, and behind a member. */
static bool make_members(struct schema_builder *b, const struct members *m, struct expression **x)
{
	struct expression *head, *tail, *member;
	if (!make_rest(b, m, &head, &tail)) return false;
	for (size_t i = m->n; i-- > 0;) {
		uint32_t next_head = grammar_rule(b->g, "members"), next_tail = grammar_rule(b->g, "more members");
		uint32_t one = grammar_rule(b->g, "member");
		grammar_define(b->g, next_head, head);
		grammar_define(b->g, next_tail, tail);
		if (!make_member(b, m, i, &member)) return false;
		grammar_define(b->g, one, member);
		struct expression *here = expression_add(expression_sequence(b->arena), expression_rule(b->arena, one));
		here = expression_add(here, expression_rule(b->arena, next_tail));
		head = expression_add(expression_either(b->arena), here);
		here = expression_add(behind_comma(b, expression_rule(b->arena, one)), expression_rule(b->arena, next_tail));
		tail = expression_add(expression_either(b->arena), here);
		if (m->required[i]) continue;
		head = expression_add(head, expression_rule(b->arena, next_head));
		tail = expression_add(tail, expression_rule(b->arena, next_tail));
	}
	*x = head;
	return true;
}

static bool is_required(const json_t *required, const char *name)
{
	const json_t *item;
	size_t i;
	json_array_foreach(required, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), name) == 0) return true;
	}
	return false;
}

static void add_member(struct members *m, const char *name, const json_t *schema, bool required)
{
	m->names[m->n] = name;
	m->schemas[m->n] = schema;
	m->required[m->n++] = required;
}

/* The members that the schema names: its properties, then what is required without being one of them. *possible becomes false when
 * one is required that may not be there. */
static bool list_members(struct schema_builder *b, const json_t *schema, struct members *m, bool *possible)
{
	json_t *properties = json_object_get(schema, "properties"), *member;
	const json_t *required = json_object_get(schema, "required"), *rest = json_object_get(schema, "additionalProperties"),
	             *item;
	const char *name;
	size_t i, room = json_object_size(properties) + json_array_size(required) + 1;
	if (properties && !json_is_object(properties)) return error_set(b->e, "schema: 'properties' must be an object");
	if (required && !json_is_array(required)) return error_set(b->e, "schema: 'required' must be a list of names");
	m->names = arena_alloc(b->arena, room, sizeof *m->names);
	m->schemas = arena_alloc(b->arena, room, sizeof *m->schemas);
	m->required = arena_alloc(b->arena, room, sizeof *m->required);
	if (!m->names || !m->schemas || !m->required) return error_memory(b->e);
	json_object_foreach(properties, name, member)
	{
		bool must = is_required(required, name);
		if (json_is_false(member)) *possible = *possible && !must;
		if (!json_is_false(member)) add_member(m, name, member, must);
	}
	json_array_foreach(required, i, item)
	{
		if (!json_is_string(item)) return error_set(b->e, "schema: 'required' must be a list of names");
		name = json_string_value(item);
		if (strlen(name) != json_string_length(item)) return error_set(b->e, "schema: a member's name contains U+0000");
		if (json_object_get(properties, name)) continue;
		if (json_is_false(rest)) *possible = false;
		add_member(m, name, json_is_boolean(rest) ? NULL : rest, true);
	}
	/* what is not said of other members is not used, but where nothing else could stand */
	m->has_rest = rest ? !json_is_false(rest) : m->n == 0 && !properties;
	m->rest = json_is_object(rest) ? rest : NULL;
	if (rest && !json_is_object(rest) && !json_is_boolean(rest))
		return error_set(b->e, "schema: 'additionalProperties' must be a schema");
	return true;
}

/* minProperties and maxProperties, where the members that there may be meet them anyway. */
static bool check_counts(struct schema_builder *b, const json_t *schema, struct members *m)
{
	uint32_t least = 0, most = EXPRESSION_EVER, required = 0;
	if (!schema_count(b, schema, "minProperties", &least) || !schema_count(b, schema, "maxProperties", &most)) return false;
	for (size_t i = 0; i < m->n; i++) required += m->required[i];
	if (most <= m->n && most != EXPRESSION_EVER && !json_object_get(schema, "additionalProperties")) m->has_rest = false;
	if (least > required)
		return error_set(b->e, "schema: 'minProperties' above the number of required members is not supported");
	if (most < m->n || (m->has_rest && most != EXPRESSION_EVER))
		return error_set(b->e, "schema: 'maxProperties' below the number of members is not supported");
	return true;
}

bool schema_object(struct schema_builder *b, const json_t *schema, struct expression **x)
{
	struct members m = { 0 };
	bool possible = true;
	struct expression *all;
	if (!list_members(b, schema, &m, &possible) || !check_counts(b, schema, &m)) return false;
	*x = expression_either(b->arena);
	if (!possible) return true;
	if (!make_members(b, &m, &all)) return false;
	*x = enclose(b, "{", all, "}");
	return true;
}
