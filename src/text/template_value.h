/*
 * template_value: the values that a template computes with: Python's, as far as templates can see them.
 *
 * A value is small and passed by copy; what is larger lies in the arena of the run (or of the tree) and lives as long. Texts
 * and all containers but lists, namespaces and loops never change once they can be seen.
 *
 * Origin: a text says byte by byte which bytes came from a message; for other values one mark says it for all of it.
 */
#ifndef HEARTH_TEXT_TEMPLATE_VALUE_H
#define HEARTH_TEXT_TEMPLATE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
	VALUE_FAILED,  /* no value: the run has failed and has its error line */
	VALUE_MISSING, /* an argument that was not given, a variable that was not set; never seen by templates */
	VALUE_UNDEFINED,
	VALUE_NONE,
	VALUE_BOOL,
	VALUE_INT,
	VALUE_FLOAT,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_TUPLE,
	VALUE_DICT,
	VALUE_VIEW,
	VALUE_RANGE,
	VALUE_NAMESPACE,
	VALUE_ITERATOR, /* one-shot: filters such as map give it */
	VALUE_LOOP,
	VALUE_MACRO,
	VALUE_FUNCTION,
	VALUE_METHOD,
	VALUE_CYCLER,
	VALUE_JOINER,
	VALUE_SELF, /* the template's blocks */
	VALUE_BLOCK,
};

struct value {
	uint8_t kind;
	bool message; /* made from the input; texts keep their own record */
	union {
		bool boolean;
		int64_t integer;
		double real;
		const struct text *text;
		const struct text *name; /* VALUE_UNDEFINED: what was looked for, or NULL */
		struct list *list;       /* VALUE_LIST, VALUE_TUPLE */
		struct dict *dict;       /* VALUE_DICT, VALUE_NAMESPACE */
		struct view *view;
		struct range *range;
		struct iterator *iterator;
		struct loop *loop;
		struct macro *macro;
		const struct native *function;
		struct method *method;
		struct cycler *cycler;
		struct joiner *joiner;
		const struct node *block;
	};
};

/* Bytes of a text that is being built or was just built; texts that begin where it begins share it, and the one that ends
 * where it ends may grow in place. So a loop that appends to one variable is linear. */
struct strand {
	char *bytes;
	uint8_t *origin; /* by byte, an enum template_origin; NULL while all are `uniform` */
	size_t used, room;
	uint8_t uniform;
};

struct text {
	const char *bytes; /* UTF-8; may hold U+0000 */
	size_t size;
	size_t points;         /* code points; UNKNOWN_POINTS until counted */
	const uint8_t *origin; /* by byte; NULL when all are `uniform` */
	struct strand *strand; /* that it may grow in, or NULL */
	uint8_t uniform;
	bool markup; /* marked as safe HTML */
};

#define UNKNOWN_POINTS SIZE_MAX

struct list {
	struct value *items;
	size_t count;
	bool group; /* a tuple of groupby, whose parts have names */
};

/* Insertion order. `index` (open addressing, position + 1) exists from DICT_LINEAR members on. */
struct dict {
	struct value *keys, *values;
	size_t count, room;
	uint32_t *index;
	size_t index_size;
};

struct view {
	struct value dict;
	enum view_part { VIEW_KEYS, VIEW_VALUES, VIEW_ITEMS } what;
};

struct range {
	int64_t start, stop, step;
	size_t count;
};

struct method {
	struct value self;
	const struct native *native;
};

struct cycler {
	struct list *items;
	size_t position;
};

struct joiner {
	struct value separator;
	bool used;
};

struct macro {
	const struct node *node; /* NODE_MACRO or NODE_CALL_BLOCK */
	struct scope *scope;     /* where it was defined */
};

struct named_value {
	const struct text *name;
	struct value value;
};

/* What a call was given. */
struct arguments {
	struct value *positional;
	size_t n_positional;
	struct named_value *named;
	size_t n_named;
};

struct run;

/* A function written in C. `a` has one value for each name in `parameters`, VALUE_MISSING where none was given; `all` is what
 * the call was given, for the few that take any number (parameters NULL: `a` is NULL). */
typedef struct value (*native_function)(struct run *r, struct value self, const struct value *a, const struct arguments *all);

struct native {
	const char *name;
	native_function call;
	const char *parameters; /* "width,first,blank" */
	unsigned required;      /* how many of them must be given */
};

#define NATIVE_PARAMETERS 8

#endif
