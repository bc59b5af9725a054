/*
 * template_tree: what parsing a template gives: a tree of nodes, and the table of the names that occur in it.
 *
 * Invariants: nothing changes after parsing, so that threads may run the same tree; all of it lies in one arena; no chain of
 * `body` lists is deeper than TEMPLATE_NESTING_LIMIT, but operators of one level may form long chains to the left.
 */
#ifndef HEARTH_TEXT_TEMPLATE_TREE_H
#define HEARTH_TEXT_TEMPLATE_TREE_H

#include "text/template.h"
#include "text/template_value.h"

#include "base/arena.h"
#include "base/map.h"

enum node_kind {
	/* expressions */
	NODE_CONSTANT,    /* constant */
	NODE_NAME,        /* symbol, text */
	NODE_TUPLE,       /* first: items */
	NODE_LIST,        /* first: items */
	NODE_DICT,        /* first: keys and values in turn */
	NODE_CONDITIONAL, /* a if b else c; c may be NULL */
	NODE_OR,          /* a or b */
	NODE_AND,         /* a and b */
	NODE_NOT,         /* not a */
	NODE_COMPARE,     /* a, then first: operands, each with its operator in `op` */
	NODE_CONCAT,      /* first: parts */
	NODE_BINARY,      /* a op b */
	NODE_NEGATE,      /* -a */
	NODE_POSITIVE,    /* +a */
	NODE_ATTRIBUTE,   /* a.text */
	NODE_ITEM,        /* a[b] */
	NODE_SLICE,       /* only as b of NODE_ITEM: a:b:c, each may be NULL */
	NODE_CALL,        /* a(call) */
	NODE_FILTER,      /* a|text(call); a NULL where the text of a block is filtered; native NULL when unknown */
	NODE_TEST,        /* a is text(call) */
	/* statements */
	NODE_DATA,         /* constant: text of the template */
	NODE_PRINT,        /* {{ a }} */
	NODE_IF,           /* a, body, other: the NODE_IF of elif (op 1), or what follows else */
	NODE_FOR,          /* a target, b iterated, c filter or NULL, body, other: else; flag: recursive */
	NODE_SET,          /* a target, b value */
	NODE_SET_BLOCK,    /* a target, b filters or NULL, body */
	NODE_WITH,         /* first: targets and values in turn, body */
	NODE_FILTER_BLOCK, /* b filters, body */
	NODE_MACRO,        /* macro, body */
	NODE_CALL_BLOCK,   /* b the call, macro: the caller, body */
	NODE_GENERATION,   /* body */
	NODE_BLOCK,        /* symbol, body; flag: scoped; op: required */
	NODE_AUTOESCAPE,   /* a, body */
	NODE_BREAK,
	NODE_CONTINUE,
	NODE_NO_TEMPLATE, /* include, import, extends: there are no other templates */
	/* targets */
	NODE_ATTRIBUTE_TARGET, /* symbol of a namespace, text: its attribute */
};

enum operator{
	OP_ADD,
	OP_SUBTRACT,
	OP_MULTIPLY,
	OP_DIVIDE,
	OP_FLOOR_DIVIDE,
	OP_MODULO,
	OP_POWER,
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_LESS,
	OP_LESS_EQUAL,
	OP_GREATER,
	OP_GREATER_EQUAL,
	OP_IN,
	OP_NOT_IN,
};

/* The arguments of a call: `first` positional nodes linked by `next`, then named ones with their name in `text`. */
struct call {
	struct node *positional, *named;
	uint32_t n_positional, n_named;
	struct node *spread_list, *spread_dict; /* *a and **b, or NULL */
};

/* A macro's or caller's signature. */
struct signature {
	const struct text *name;
	uint32_t symbol;
	struct node *parameters; /* NODE_NAME, each with its default in `a` or NULL */
	uint32_t n_parameters;
	bool has_defaults, uses_caller, uses_varargs, uses_kwargs;
};

/* A variable that a scope sets before it reads it: it is undefined there until then, whatever lies outside. */
struct hidden {
	uint32_t symbol;
	struct hidden *next;
};

struct node {
	uint8_t kind, op;
	bool flag;
	uint32_t line, symbol;
	struct node *next; /* in the list it belongs to */
	struct node *a, *b, *c;
	struct node *first, *body, *other;
	const struct text *text;
	union {
		struct value constant;
		struct call call;
		struct signature *signature;
	};
	struct hidden *hidden, *other_hidden; /* of the scopes of `body` and of a loop's `other` */
	const struct native *native;          /* the filter or test that `text` names */
};

/* Names that the interpreter itself binds; they have these numbers in every tree. */
enum { SYMBOL_LOOP, SYMBOL_CALLER, SYMBOL_VARARGS, SYMBOL_KWARGS, SYMBOL_SELF, SYMBOL_SUPER, SYMBOL_FIRST_FREE };

struct template
{
	struct arena *arena;
	struct node *body;
	struct hidden *hidden;       /* of the outermost scope */
	const struct text **symbols; /* by number */
	uint32_t n_symbols;
	struct map *symbol_numbers; /* name to number */
	struct node **blocks;       /* NODE_BLOCK */
	size_t n_blocks;
};

#endif
