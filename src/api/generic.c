/*
 * generic: tools for models whose chat templates know of none.
 *
 * The tools are described in the system message in the words that models most often learn, calls of earlier turns become the text
 * that they would be written as, and results become messages of the user. The answer is read in the form "hermes".
 */
#include "api/inside.h"

#include "base/memory.h"

#include <string.h>

enum { MOST_TEXT = 64 << 20 };

static const char before[] = "You may call functions to help with the user's request. They are, one a line, as JSON:\n<tools>\n";
static const char behind[] =
        "</tools>\n\nTo call one, answer with nothing but this, with its name and arguments as JSON:\n<tool_call>\n"
        "{\"name\": \"FUNCTION\", \"arguments\": {}}\n</tool_call>\n"
        "Its result comes in the next message between <tool_response> and </tool_response>.";

static json_t *as_text(struct buffer *b)
{
	json_t *text = b->failed ? NULL : json_stringn(buffer_text(b), b->size);
	if (b->data) memory_wipe(b->data, b->size);
	buffer_free(b);
	return text;
}

static void put(struct buffer *b, const json_t *text)
{
	buffer_append(b, json_string_value(text), json_string_length(text));
}

static bool is_role(const json_t *message, const char *role)
{
	const char *given = json_string_value(json_object_get(message, "role"));
	return given && strcmp(given, role) == 0;
}

/* The system message: what it was, and the tools. */
static json_t *system_message(const struct api_ask *ask, const json_t *first)
{
	struct buffer b = buffer_new(MOST_TEXT);
	size_t i;
	const json_t *tool;
	if (is_role(first, "system")) {
		put(&b, json_object_get(first, "content"));
		buffer_append_text(&b, "\n\n");
	}
	buffer_append_text(&b, before);
	json_array_foreach(ask->tools, i, tool)
	{
		json_write_value(&b, json_object_get(tool, "function"));
		buffer_append_byte(&b, '\n');
	}
	buffer_append_text(&b, behind);
	return api_message("system", as_text(&b));
}

/* An answer with calls, as it was written. */
static json_t *call_message(const json_t *message)
{
	struct buffer b = buffer_new(MOST_TEXT);
	size_t i;
	const json_t *call;
	put(&b, json_object_get(message, "content"));
	json_array_foreach(json_object_get(message, "tool_calls"), i, call)
	{
		const json_t *function = json_object_get(call, "function"), *name = json_object_get(function, "name");
		buffer_append_text(&b, b.size ? "\n<tool_call>\n{\"name\": " : "<tool_call>\n{\"name\": ");
		json_write_text(&b, json_string_value(name), json_string_length(name));
		buffer_append_text(&b, ", \"arguments\": ");
		put(&b, json_object_get(function, "arguments"));
		buffer_append_text(&b, "}\n</tool_call>");
	}
	return api_message("assistant", as_text(&b));
}

/* Results one behind the other are one message. */
static json_t *result_message(const json_t *messages, size_t *at)
{
	struct buffer b = buffer_new(MOST_TEXT);
	for (; is_role(json_array_get(messages, *at), "tool"); ++*at) {
		buffer_append_text(&b, b.size ? "\n<tool_response>\n" : "<tool_response>\n");
		put(&b, json_object_get(json_array_get(messages, *at), "content"));
		buffer_append_text(&b, "\n</tool_response>");
	}
	return api_message("user", as_text(&b));
}

bool api_make_generic(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	json_t *made = json_array(), *messages = ask->messages;
	bool ok = made && (!ask->tools || json_array_append_new(made, system_message(ask, json_array_get(messages, 0))) == 0);
	for (size_t i = ask->tools && is_role(json_array_get(messages, 0), "system"); ok && i < json_array_size(messages);) {
		json_t *message = json_array_get(messages, i);
		if (is_role(message, "tool")) {
			ok = json_array_append_new(made, result_message(messages, &i)) == 0;
			continue;
		}
		bool calls = json_array_size(json_object_get(message, "tool_calls")) > 0;
		ok = calls ? json_array_append_new(made, call_message(message)) == 0 : json_array_append(made, message) == 0;
		i++;
	}
	if (!ok) {
		json_decref(made);
		return api_deny_memory(why);
	}
	json_decref(ask->messages);
	ask->messages = made;
	return true;
}
