/*
 * tool_parser: takes calls of tools out of an answer while it comes.
 *
 * Text goes through; what may become a call is held back until it is clear. Arguments that the model writes as JSON are handed on
 * as they come, those in other notations when they are whole, as JSON. What looked like a call and is none (a name that no
 * tool has, a text that breaks off) is handed on as text, as the model wrote it. White space around calls is left out.
 */
#ifndef HEARTH_API_TOOL_PARSER_H
#define HEARTH_API_TOOL_PARSER_H

#include "api/tool_forms.h"
#include "base/error.h"

#include <stddef.h>

struct tool_parser;

enum tool_piece { TOOL_TEXT, TOOL_CALL, TOOL_ARGUMENTS, TOOL_CALL_END };

struct tool_listener {
	void *data;
	/* A stretch of text, a call's name, more of its arguments, its end. */
	void (*piece)(void *data, enum tool_piece kind, const char *text, size_t length);
	/* Whether there is a tool of that name. */
	bool (*knows)(void *data, const char *name);
	/* What its schema says of a parameter: whether it is a text; *told false when it says nothing. */
	bool (*is_text)(void *data, const char *tool, const char *parameter, bool *told);
};

struct tool_parser *tool_parser_new(const struct tool_form *form, struct tool_listener listener, struct error *e);
void tool_parser_free(struct tool_parser *p); /* what it holds is wiped; NULL is allowed */

/* False: memory. */
bool tool_parser_text(struct tool_parser *p, const char *text, size_t length);

/* The answer is over: what was held back is a call or text. `whole`: it ended by itself, and a call may lack its closing mark. */
bool tool_parser_end(struct tool_parser *p, bool whole);

unsigned tool_parser_calls(const struct tool_parser *p); /* so far */

#endif
