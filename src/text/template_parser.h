/*
 * template_parser: what the two halves of the parser share: template_parser.c reads statements, template_expression.c
 * expressions. Both are recursive descent over jinja2's grammar; `depth` bounds the recursion.
 */
#ifndef HEARTH_TEXT_TEMPLATE_PARSER_H
#define HEARTH_TEXT_TEMPLATE_PARSER_H

#include "text/template_lexer.h"
#include "text/template_tree.h"

struct parser {
	struct template *tree;
	struct lexer lexer;
	struct token token, ahead; /* the current token, and the one behind it when `has_ahead` */
	bool has_ahead;
	struct error *e;
	unsigned depth;
	unsigned loops;              /* for loops around this point that break and continue may end */
	unsigned fors;               /* for loops around this point */
	bool soft;                   /* inside an if: an unknown filter is an error only when it is reached */
	const struct node *unknown;  /* the first unknown filter or test that is an error */
	struct signature *signature; /* of the innermost macro around this point */
	struct node *last_block;     /* the last {% block %}, linked through `other` while parsing */
	uint32_t symbol_room;
	struct frame *frame;  /* the scope around this point */
	struct frame *frames; /* all of them, linked through `previous` */
	struct map *seen;     /* struct name_in_frame: read or set there */
	unsigned branches;    /* ifs around this point in its scope */
};

/* What the parser keeps of a scope: the names it uses, and those that it sets first. */
struct frame {
	struct frame *parent, *previous;
	uint32_t number;
	bool isolated;     /* sees the outermost variables alone */
	unsigned branches; /* around the scope, in the one around it */
	struct hidden *first_set, **result;
};

/* All of these return NULL or false with the error line set. */
bool parser_fail(struct parser *p, const char *what);
bool parser_unexpected(struct parser *p, const char *expected);
bool parser_enter(struct parser *p); /* one level deeper; parser_leave takes it back */
void parser_leave(struct parser *p);
bool parser_advance(struct parser *p);
bool parser_expect(struct parser *p, enum token_kind kind, const char *what);
bool parser_look(struct parser *p); /* fills p->ahead */
bool parser_at_name(const struct parser *p, const char *name);
bool parser_skip_name(struct parser *p, const char *name, bool *skipped);
struct node *parser_node(struct parser *p, enum node_kind kind);
bool parser_symbol(struct parser *p, const char *name, size_t length, uint32_t *symbol);
struct text *parser_text(struct parser *p, const char *bytes, size_t length);

/* Scopes (template_scope.c). frame_finish puts into *result what each scope hides. */
bool frame_enter(struct parser *p, struct hidden **result, bool isolated);
void frame_leave(struct parser *p);
bool frame_read(struct parser *p, uint32_t symbol);
bool frame_set(struct parser *p, const struct node *target, bool parameter);
bool frame_set_symbol(struct parser *p, uint32_t symbol, bool parameter);
void frame_finish(struct parser *p);

enum tuple_mode {
	TUPLE_PLAIN = 0,
	TUPLE_NO_CONDITIONAL = 1, /* no `a if b` at the outermost level */
	TUPLE_PARENTHESES = 2,    /* inside (): may be empty */
	TUPLE_TARGET = 4,         /* names only */
	TUPLE_NAMESPACE = 8,      /* ... and attributes of namespaces */
	TUPLE_ENDS_AT_IN = 16,
	TUPLE_ENDS_AT_RECURSIVE = 32,
};

struct node *parse_expression(struct parser *p);
struct node *parse_tuple(struct parser *p, unsigned mode);
struct node *parse_target(struct parser *p, unsigned mode); /* TUPLE_NAMESPACE, TUPLE_ENDS_AT_IN */
struct node *parse_filters(struct parser *p, struct node *filtered, bool starts_with_name);

#endif
