/*
 * template_run: one run of a template: its memory, its budgets, its variables, and the functions that the parts of the
 * interpreter call in each other.
 *
 * Functions that compute return a struct value; VALUE_FAILED means that the run has failed, with its error line set, and every
 * caller returns at once.
 */
#ifndef HEARTH_TEXT_TEMPLATE_RUN_H
#define HEARTH_TEXT_TEMPLATE_RUN_H

#include "text/template_text.h"
#include "text/template_tree.h"

#include "base/arena.h"
#include "base/buffer.h"

struct binding {
	uint32_t symbol;
	struct value value;
};

/* Variables of a loop's turn, a macro's call, a block. The outermost scope has one place for every symbol instead. */
struct scope {
	struct scope *parent;
	struct binding *bindings;
	uint32_t count, room;
	struct value *all; /* by symbol; the outermost scope only */
};

/* What has been printed: into a buffer with pieces at the outermost level, into a text inside of macros and blocks. */
struct capture {
	struct capture *outer;
	struct builder text;
};

struct run {
	const struct template *tree;
	const struct template_input *input;
	struct arena *arena;
	struct error *error;
	struct template_output *out; /* raised */

	struct buffer text;      /* the output so far */
	struct buffer pieces;    /* struct template_piece */
	struct capture *capture; /* NULL at the outermost level */

	struct scope *root, *scope;
	uint64_t steps, step_limit;
	unsigned depth;
	uint32_t line; /* of the node that runs, for messages */
	bool failed, autoescape;
	const struct text *empty;
	const struct text *ascii[128]; /* texts of one character, made when first needed */
};

/* Failing. All return VALUE_FAILED or false; the first failure counts. */
struct value run_fail(struct run *r, const char *format, ...) ERROR_FORMAT(2, 3);
struct value run_fail_memory(struct run *r);
bool run_charge(struct run *r, uint64_t steps); /* false when the budget is used up */
bool run_enter(struct run *r);                  /* one level deeper; run_leave takes it back */
void run_leave(struct run *r);
void *run_alloc(struct run *r, size_t count, size_t size); /* zero bytes; NULL when the run failed */

/* Values. */
static inline struct value value_failed(void)
{
	return (struct value){ .kind = VALUE_FAILED };
}
static inline struct value value_none(void)
{
	return (struct value){ .kind = VALUE_NONE };
}
static inline struct value value_bool(bool b)
{
	return (struct value){ .kind = VALUE_BOOL, .boolean = b };
}
static inline struct value value_int(int64_t i)
{
	return (struct value){ .kind = VALUE_INT, .integer = i };
}
static inline struct value value_float(double d)
{
	return (struct value){ .kind = VALUE_FLOAT, .real = d };
}
static inline struct value value_undefined(const struct text *name)
{
	return (struct value){ .kind = VALUE_UNDEFINED, .name = name };
}
static inline struct value value_text(const struct text *t) /* NULL: the run has failed */
{
	return t ? (struct value){ .kind = VALUE_TEXT, .text = t } : value_failed();
}
static inline bool value_is_number(struct value v)
{
	return v.kind == VALUE_BOOL || v.kind == VALUE_INT || v.kind == VALUE_FLOAT;
}
static inline int64_t value_integer_of(struct value v) /* of a bool or an int */
{
	return v.kind == VALUE_BOOL ? v.boolean : v.integer;
}
static inline double value_real_of(struct value v) /* of any number */
{
	return v.kind == VALUE_FLOAT ? v.real : (double)value_integer_of(v);
}
struct value value_list(struct run *r, enum value_kind kind, size_t count); /* `count` items, to be set at once */
bool list_append(struct run *r, struct list *l, struct value v);            /* rooms are powers of two */
const char *value_kind_name(struct value v);                                /* as Python calls the type */
bool value_is_true(struct value v);
bool value_has_message(struct value v);                           /* whether any of it, or its mark, is the message's */
bool value_length(struct run *r, struct value v, size_t *length); /* len() */

/* Text of a value: str(), repr(), and str() of what a filter is given. NULL when the run failed. */
const struct text *value_to_text(struct run *r, struct value v);
const struct text *value_to_repr(struct run *r, struct value v);
bool write_repr(struct builder *b, struct value v, unsigned depth);
struct json_style {
	bool ensure_ascii, sort_keys, indents;
	const struct text *indent, *item_separator, *key_separator;
};
bool write_json(struct builder *b, struct value v, const struct json_style *style, unsigned depth);
const struct text *markup_escape(struct run *r, struct value v); /* HTML escapes, unless it is markup already */

/* Dicts. Keys are texts, numbers, none and tuples of them. */
struct dict *dict_new(struct run *r);
bool dict_set(struct run *r, struct dict *d, struct value key, struct value v);
bool dict_get(struct run *r, const struct dict *d, struct value key, struct value *v); /* false: absent, or the run failed */
bool value_hash(struct run *r, struct value v, uint64_t *hash, unsigned depth);

/* Operators. */
struct value operate(struct run *r, enum operator op, struct value a, struct value b);
bool value_equal(struct run *r, struct value a, struct value b); /* check r->failed */
bool value_less(struct run *r, struct value a, struct value b);  /* fails where Python cannot compare */
bool value_contains(struct run *r, struct value container, struct value item);
struct value format_percent(struct run *r, const struct text *format, struct value arguments);
struct value format_braces(struct run *r, const struct text *format, const struct arguments *arguments);

/* Attributes, items, slices. */
struct value get_attribute(struct run *r, struct value of, const struct text *name);
struct value get_own_attribute(struct run *r, struct value of, const struct text *name); /* never a key */
struct value get_item(struct run *r, struct value of, struct value index);
struct value get_slice(struct run *r, struct value of, struct value from, struct value to, struct value step);

/* Iterating. An iterator is one-shot; iterate() gives a fresh one for anything that can be iterated, the same for a one-shot. */
struct iterator *iterate(struct run *r, struct value v);
bool iterator_next(struct run *r, struct iterator *i, struct value *v); /* false at the end and on failure */
struct list *collect(struct run *r, struct value v);                    /* all items; a list that is new and its own */

/* Calling. */
struct value call_value(struct run *r, struct value f, const struct arguments *all);
struct value call_native(struct run *r, const struct native *n, struct value self, const struct arguments *all);
struct value call_macro(struct run *r, const struct macro *m, const struct arguments *all);
struct value loop_attribute(struct run *r, struct loop *loop, const struct text *name);
struct value loop_call(struct run *r, struct loop *loop, const struct arguments *all);

/* Evaluating. */
struct value evaluate(struct run *r, const struct node *n);
struct value apply_filters(struct run *r, const struct node *filters, struct value v);
enum flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_FAILED };
enum flow execute(struct run *r, const struct node *body);
struct value execute_to_text(struct run *r, const struct node *body); /* what the body prints */
bool print_text(struct run *r, const struct text *t);
bool assign(struct run *r, const struct node *target, struct value v);

/* Scopes. */
struct scope *scope_new(struct run *r, struct scope *parent, const struct hidden *hidden); /* what it hides is undefined */
bool scope_set(struct run *r, struct scope *s, uint32_t symbol, struct value v);
struct value scope_get(struct run *r, uint32_t symbol);

#endif
