/*
 * tool_notations: calls in notations that are not JSON, from a whole text: tags, Python, Gemma's.
 *
 * Each reader is given what stands between the marks and tells the calls with their arguments as JSON. False: the text is no call.
 */
#ifndef HEARTH_API_TOOL_NOTATIONS_H
#define HEARTH_API_TOOL_NOTATIONS_H

#include "api/tool_parser.h"
#include "base/buffer.h"

/* Where calls go: name and arguments; false stops the reading. */
struct tool_calls {
	const struct tool_form *form;
	const struct tool_listener *listener;
	void *data;
	bool (*call)(void *data, const char *name, const struct buffer *arguments);
};

bool tool_read_function(const struct tool_calls *c, const char *text, size_t length);
bool tool_read_keys(const struct tool_calls *c, const char *text, size_t length);
bool tool_read_invoke(const struct tool_calls *c, const char *text, size_t length);
bool tool_read_python(const struct tool_calls *c, const char *text, size_t length);
bool tool_read_gemma(const struct tool_calls *c, const char *text, size_t length);

#endif
