/*
 * schema_internal: what the parts of the schema compiler share.
 *
 *     schema.c          keywords: what a schema's documents look like
 *     schema_members.c  arrays and objects
 *     schema_merge.c    two schemas that must both hold, as one; whether two can hold at once
 *     schema_text.c     JSON's own parts: strings, numbers, spaces, any value
 *     schema_number.c   numbers between two bounds
 *     schema_pattern.c  regular expressions
 *
 * What is made is a part of what a schema allows, never more: members come in the order in which the schema names them, numbers
 * have at most 15 digits, white space is short.
 */
#ifndef HEARTH_GRAMMAR_SCHEMA_INTERNAL_H
#define HEARTH_GRAMMAR_SCHEMA_INTERNAL_H

#include "format/json.h"
#include "grammar/grammar.h"

/* Rules that many schemas need, made when first asked for. */
enum schema_shared {
	SHARED_SPACE,     /* behind { [ , : and before ] } */
	SHARED_CHARACTER, /* one of a string, escaped where it must be */
	SHARED_STRING,
	SHARED_INTEGER,
	SHARED_NUMBER,
	SHARED_OBJECT,
	SHARED_ARRAY,
	SHARED_VALUE,
	SHARED_RULES
};

struct schema_rule {
	const json_t *schema;
	uint32_t rule;
};

struct schema_builder {
	struct grammar *g;
	struct arena *arena; /* the grammar's */
	json_t *root;
	json_t *made;                  /* an array that keeps schemas which were merged alive */
	uint32_t shared[SHARED_RULES]; /* GRAMMAR_NONE: not made yet */
	struct schema_rule *rules;     /* of schemas that were met */
	uint32_t n_rules, room_rules;
	unsigned depth;
	size_t work; /* members and values that were compared or copied so far */
	struct error *e;
};

/* Notes that so many members or values are about to be looked at. False with the line when it becomes too much: schemas that are
 * joined or compared with each other cost the product of their sizes. */
bool schema_work(struct schema_builder *b, size_t n);

/* A bound of numbers; `text` is a decimal number without exponent. */
struct schema_bound {
	bool given, exclusive;
	char text[64];
};

/* The rule of a schema, made when it is first met. False with the line. */
bool schema_make(struct schema_builder *b, const json_t *schema, uint32_t *rule);

/* Adds a whole schema, whose references lead into itself, to a grammar that is being built: its rule. False with the line. */
bool schema_add(struct grammar *g, json_t *root, uint32_t *rule, struct error *e);

/* A keyword that counts: *count is changed when it is there. False with the line when it is no count. */
bool schema_count(struct schema_builder *b, const json_t *schema, const char *key, uint32_t *count);

/* Arrays and objects by their keywords. False with the line. */
bool schema_array(struct schema_builder *b, const json_t *schema, struct expression **x);
bool schema_object(struct schema_builder *b, const json_t *schema, struct expression **x);

/* All of these: NULL when memory is out. */
struct expression *schema_shared(struct schema_builder *b, enum schema_shared what);
struct expression *schema_literal(struct schema_builder *b, const json_t *value); /* the value as compact JSON */

/* One character of a string that is in the ranges, as JSON writes it. */
struct expression *schema_characters(struct schema_builder *b, const struct range *ranges, size_t n, bool others);

/* Numbers from `low` to `high`, at least one of them given. */
struct expression *schema_numbers(struct schema_builder *b, const struct schema_bound *low, const struct schema_bound *high,
                                  bool integer);

/* Strings that the regular expression (ECMA-262 with the flag u) finds something in, without their quotes. False with the line when
 * it uses what is not supported. */
bool schema_pattern(struct schema_builder *b, const char *pattern, size_t length, struct expression **x);

/* The schema that a reference points to: NULL with the line. Only references into the same document are followed. */
json_t *schema_refer(struct schema_builder *b, const char *reference);

/* What both schemas allow, kept alive by the builder. NULL with the line when that cannot be said. */
json_t *schema_merge(struct schema_builder *b, const json_t *x, const json_t *y);

/* Whether no document can meet both, as far as can be seen from types, constants and members that must be there. */
bool schema_disjoint(struct schema_builder *b, const json_t *x, const json_t *y);

/* The types that a schema allows, from its type, const and enum: bits by schema_type. */
enum schema_type {
	TYPE_NULL = 1,
	TYPE_BOOLEAN = 2,
	TYPE_INTEGER = 4,
	TYPE_FRACTION = 8, /* numbers that are no integers */
	TYPE_STRING = 16,
	TYPE_ARRAY = 32,
	TYPE_OBJECT = 64,
	TYPE_ANY = 127
};
unsigned schema_types(const json_t *schema);
unsigned schema_type_of(const json_t *value);

#endif
