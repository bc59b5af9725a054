/*
 * expression: what a text may be, as a tree.
 *
 * Grammars, JSON schemas and the patterns in them all become such trees, with rules where they meet themselves; grammar.h turns
 * the trees into what the automaton walks. Everything lives in one arena. Constructors give NULL when memory is out or a
 * part of theirs is NULL, so that a builder checks once, at the end.
 */
#ifndef HEARTH_GRAMMAR_EXPRESSION_H
#define HEARTH_GRAMMAR_EXPRESSION_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum expression_kind {
	EXPRESSION_TEXT,     /* these bytes */
	EXPRESSION_SET,      /* one character of these ranges; of none: nothing fits */
	EXPRESSION_RULE,     /* what the rule says */
	EXPRESSION_SEQUENCE, /* the parts one behind the other; no parts: the empty text */
	EXPRESSION_EITHER,   /* one of the parts; no parts: nothing fits */
	EXPRESSION_REPEAT    /* its only part, `least` to `most` times */
};

#define EXPRESSION_EVER UINT32_MAX /* for `most`: no limit */

/* Code points first to last, both included. */
struct range {
	uint32_t first, last;
};

struct expression {
	enum expression_kind kind;
	struct expression *last, *before; /* its last part; the part before this one in the tree that it belongs to */
	const char *text;
	size_t length; /* of the text in bytes, or ranges of the set */
	const struct range *ranges;
	uint32_t rule, least, most;
};

struct expression *expression_text(struct arena *a, const char *text, size_t length); /* copies it */
struct expression *expression_rule(struct arena *a, uint32_t rule);
struct expression *expression_sequence(struct arena *a);
struct expression *expression_either(struct arena *a);
struct expression *expression_repeat(struct arena *a, struct expression *part, uint32_t least, uint32_t most);

/* Ranges in any order, overlapping or not; `others`: the characters that are not in them. Sorted and joined in the arena. */
struct expression *expression_set(struct arena *a, const struct range *ranges, size_t n, bool others);

/* Puts a part behind those that a sequence or a choice has; a part belongs to one tree. Returns the whole, NULL when one is NULL.
 */
struct expression *expression_add(struct expression *whole, struct expression *part);

#endif
