/*
 * grammar: rules as a graph over bytes.
 *
 * A node passes one byte of a range, splits, calls a rule and goes on behind it, or ends its rule. Characters are spelled out as
 * the bytes of their UTF-8 form, so nothing behind this file knows of characters. Rules may call themselves and each other, but
 * not before they have passed a byte.
 */
#ifndef HEARTH_GRAMMAR_GRAMMAR_H
#define HEARTH_GRAMMAR_GRAMMAR_H

#include "base/error.h"
#include "grammar/expression.h"

enum {
	GRAMMAR_MOST_NODES = 2000000,
	GRAMMAR_MOST_SOURCE = 4 << 20, /* bytes of a grammar's or a schema's text */
	GRAMMAR_DEEPEST = 200          /* nested groups, schemas within schemas */
};

enum grammar_kind {
	GRAMMAR_BYTES, /* a byte from low to high, then node a */
	GRAMMAR_SPLIT, /* node a or node b */
	GRAMMAR_CALL,  /* rule a, then node b */
	GRAMMAR_END
};

struct grammar_node {
	uint8_t kind, low, high;
	bool ends; /* some way leads from here to the end of the rule; the automaton goes nowhere else */
	uint32_t a, b;
};

struct grammar {
	struct arena *arena; /* of the expressions, while it is built */
	struct grammar_node *nodes;
	uint32_t n_nodes, room_nodes;
	uint32_t *rules;    /* where each begins; GRAMMAR_NONE while it is not defined */
	const char **names; /* of the rules, for messages while it is built; NULL: none */
	uint32_t n_rules, room_rules;
	uint32_t root; /* a rule */
	bool failed;   /* memory or GRAMMAR_MOST_NODES */
};

#define GRAMMAR_NONE UINT32_MAX

/* From GBNF, the notation of llama.cpp's grammars, whose first rule is the one named root; from a JSON schema (draft 2020-12),
 * whose every document is valid. What is not understood is refused by its name. NULL with the line. */
struct grammar *grammar_from_gbnf(const char *text, size_t length, struct error *e);
struct grammar *grammar_from_schema(const char *text, size_t length, struct error *e);

/* Schemas between other text: see hearth.h's HEARTH_GRAMMAR_FORM. */
struct grammar *grammar_from_form(const char *text, size_t length, struct error *e);
void grammar_free(struct grammar *g); /* NULL is allowed */

/* Lets up to `most` spaces and line ends stand in front of the text. False: memory. */
bool grammar_allow_space(struct grammar *g, uint32_t most);

/* ---- for those that build one ---- */

struct grammar *grammar_new(struct error *e);

/* A new rule; its name lives as long as the arena. Its number also when memory is out (then `failed`). */
uint32_t grammar_rule(struct grammar *g, const char *name);
void grammar_define(struct grammar *g, uint32_t rule, const struct expression *x); /* x NULL: memory is out */

/* Checks the whole and lets the expressions go. False: memory, size, a rule that calls itself first, nothing that can end. */
bool grammar_finish(struct grammar *g, uint32_t root, struct error *e);

#endif
