/*
 * tool_forms: what calls of tools look like in the answers of models, by the names of text/tool_form.h.
 *
 *     TOOL_JSON       {"name": "f", "arguments": {...}}, one behind the other or as a list
 *     TOOL_NAMED      the name, a mark, and the arguments as JSON
 *     TOOL_FUNCTION   <function=f> <parameter=k>value</parameter> ... </function>
 *     TOOL_KEYS       the name, then <arg_key>k</arg_key><arg_value>value</arg_value> ...
 *     TOOL_INVOKE     <invoke name="f"> <parameter name="k">value</parameter> ... </invoke>
 *     TOOL_PYTHON     [f(k="value"), g()]
 *     TOOL_GEMMA      call:f{k:<|"|>value<|"|>}
 */
#ifndef HEARTH_API_TOOL_FORMS_H
#define HEARTH_API_TOOL_FORMS_H

#include <stdbool.h>

enum tool_kind { TOOL_JSON, TOOL_NAMED, TOOL_FUNCTION, TOOL_KEYS, TOOL_INVOKE, TOOL_PYTHON, TOOL_GEMMA };

struct tool_form {
	const char *name;
	enum tool_kind kind;
	const char *open, *open2;    /* begins a call or several; "": calls stand at the answer's start, seen by their look */
	const char *close, *close2;  /* ends them; "": nothing does */
	const char *name_mark;       /* TOOL_NAMED: what stands before it is not the name; "" */
	const char *middle;          /* between name and arguments */
	const char *after;           /* behind the arguments */
	const char *swallow[4];      /* marks around calls that mean nothing more */
	const char *prefix, *suffix; /* of tags' names, as in <｜DSML｜invoke> and <arg_key:opensource> */
	/* As the model is held to write it where it must: what `open` and `close` do not say. */
	const char *name_key, *arguments_key; /* TOOL_JSON */
	bool list;                            /* TOOL_JSON: within [ and ] */
	const char *gap;                      /* white space inside of open and close */
	const char *lead;                     /* before all calls; "" */
	const char *marks[6];                 /* names of control tokens that belong to it */
};

/* NULL when there is none of that name. */
const struct tool_form *tool_form_find(const char *name);

#endif
