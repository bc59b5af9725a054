/*
 * prompt_adapt: a conversation in the form of OpenAI's API, as a chat template can take it.
 *
 * Templates disagree on what they are given: arguments of calls as objects or as JSON texts, the content of a message that only
 * calls as null or as nothing, system messages or none. So a conversation is tried in these shapes until the template takes one;
 * the order is from what most expect to what loses most.
 */
#include "engine/prompt_internal.h"

#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>

enum shape {
	SHAPE_TEXT_ARGUMENTS = 1, /* arguments as JSON texts; else as objects */
	SHAPE_EMPTY_CONTENT = 2,  /* the content of messages that only call: "" instead of null */
	SHAPE_ONE_SYSTEM = 4,     /* the first message may be a system's; later ones go into the user's beside them */
	SHAPE_NO_SYSTEM = 8       /* all of them do */
};

/* `arguments` of one call in the shape; what is neither stays as it is. */
static bool shape_arguments(json_t *function, bool text)
{
	json_t *given = json_object_get(function, "arguments");
	if (text && json_is_object(given)) {
		struct buffer dumped = buffer_new(SIZE_MAX / 4);
		json_t *value = json_write_value(&dumped, given) ? json_stringn(buffer_text(&dumped), dumped.size) : NULL;
		buffer_free(&dumped);
		return value && json_object_set_new(function, "arguments", value) == 0;
	}
	if (!text && json_is_string(given)) {
		struct error ignored;
		json_t *value = json_parse(json_string_value(given), json_string_length(given), "arguments", &ignored);
		if (json_is_object(value)) return json_object_set_new(function, "arguments", value) == 0;
		json_decref(value);
	}
	return true;
}

static bool shape_message(json_t *message, unsigned shape)
{
	const json_t *calls = json_object_get(message, "tool_calls"), *content = json_object_get(message, "content");
	size_t i;
	json_t *call;
	json_array_foreach(calls, i, call)
	{
		if (!shape_arguments(json_object_get(call, "function"), shape & SHAPE_TEXT_ARGUMENTS)) return false;
	}
	bool nothing = !content || json_is_null(content) || (json_is_string(content) && json_string_length(content) == 0);
	if (!json_array_size(calls) || !nothing) return true;
	return json_object_set_new(message, "content", shape & SHAPE_EMPTY_CONTENT ? json_string("") : json_null()) == 0;
}

static bool is_role(const json_t *message, const char *role)
{
	const char *given = json_string_value(json_object_get(message, "role"));
	return given && strcmp(given, role) == 0;
}

static bool is_system(const json_t *message)
{
	return (is_role(message, "system") || is_role(message, "developer")) && json_is_string(json_object_get(message, "content"));
}

/* `message` gets both contents with an empty line between them. */
static bool join(json_t *message, const json_t *first, const json_t *second)
{
	const json_t *one = json_object_get(first, "content"), *other = json_object_get(second, "content");
	struct buffer b = buffer_new(SIZE_MAX / 4);
	buffer_append(&b, json_string_value(one), json_string_length(one));
	buffer_append_text(&b, "\n\n");
	buffer_append(&b, json_string_value(other), json_string_length(other));
	json_t *joined = b.failed ? NULL : json_stringn(buffer_text(&b), b.size);
	if (b.data) memory_wipe(b.data, b.size);
	buffer_free(&b);
	return joined && json_object_set_new(message, "content", joined) == 0;
}

static bool has_text(const json_t *message, const char *role)
{
	return is_role(message, role) && json_is_string(json_object_get(message, "content"));
}

/* System messages, but the first message with `keep`, into the user's or the system's message before them, else into the user's
 * behind; one that stands beside neither becomes a user's itself. */
static bool fold_system(json_t *messages, bool keep)
{
	for (size_t i = json_array_size(messages); i-- > (keep ? 1 : 0);) {
		json_t *message = json_array_get(messages, i), *next = json_array_get(messages, i + 1),
		       *last = i ? json_array_get(messages, i - 1) : NULL;
		if (!is_system(message)) continue;
		bool ok;
		if (is_system(last) || has_text(last, "user")) {
			ok = join(last, last, message) && json_array_remove(messages, i) == 0;
		} else if (has_text(next, "user")) {
			ok = join(next, message, next) && json_array_remove(messages, i) == 0;
		} else {
			ok = json_object_set_new(message, "role", json_string("user")) == 0;
		}
		if (!ok) return false;
	}
	return true;
}

/* A copy of the conversation in this shape; NULL: memory. */
static json_t *shaped(const json_t *variables, unsigned shape)
{
	json_t *copy = json_deep_copy(variables), *messages = json_object_get(copy, "messages"), *message;
	size_t i;
	bool folds = shape & (SHAPE_ONE_SYSTEM | SHAPE_NO_SYSTEM);
	bool ok = copy && (!folds || fold_system(messages, !(shape & SHAPE_NO_SYSTEM)));
	json_array_foreach(messages, i, message)
	{
		if (ok && json_is_object(message)) ok = shape_message(message, shape);
	}
	if (ok) return copy;
	json_decref(copy);
	return NULL;
}

/* The first member of the first call's arguments; NULL: there is none. */
static const char *first_argument(const json_t *variables)
{
	const json_t *messages = json_object_get(variables, "messages"), *message, *call;
	size_t i, k;
	json_array_foreach(messages, i, message)
	{
		json_array_foreach(json_object_get(message, "tool_calls"), k, call)
		{
			json_t *arguments = json_object_get(json_object_get(call, "function"), "arguments");
			void *first = json_object_iter(arguments);
			if (first) return json_object_iter_key(first);
		}
	}
	return NULL;
}

/* Whether the template has printed an object of arguments as Python would, because it took it for a text. */
static bool printed_as_python(const struct prompt *p, const json_t *variables)
{
	char key[128];
	const char *name = first_argument(variables);
	if (!name || strlen(name) > sizeof key - 8) return false;
	int n = snprintf(key, sizeof key, "{'%s': ", name);
	return n > 0 && memmem(p->text, p->text_length, key, (size_t)n);
}

static bool has_call(const json_t *variables)
{
	const json_t *messages = json_object_get(variables, "messages"), *message;
	size_t i;
	json_array_foreach(messages, i, message)
	{
		if (json_array_size(json_object_get(message, "tool_calls"))) return true;
	}
	return false;
}

/* Whether the prompt lacks what a system message says: templates may pass over one that they do not expect. */
static bool lacks_system(const struct prompt *p, const json_t *variables)
{
	const json_t *messages = json_object_get(variables, "messages"), *message;
	size_t i;
	json_array_foreach(messages, i, message)
	{
		if (!is_system(message)) continue;
		const char *text = json_string_value(json_object_get(message, "content"));
		size_t n = strlen(text), front = strspn(text, " \t\r\n"); /* which templates take away */
		while (n > front && strchr(" \t\r\n", text[n - 1])) n--;
		if (n > front && !memmem(p->text, p->text_length, text + front, n - front)) return true;
	}
	return false;
}

/* The shapes that differ for this conversation. */
static unsigned shapes_of(const json_t *variables)
{
	const json_t *messages = json_object_get(variables, "messages"), *message;
	unsigned most = has_call(variables) ? SHAPE_TEXT_ARGUMENTS | SHAPE_EMPTY_CONTENT : 0;
	size_t i;
	json_array_foreach(messages, i, message)
	{
		if (is_system(message)) most |= i ? SHAPE_ONE_SYSTEM | SHAPE_NO_SYSTEM : SHAPE_NO_SYSTEM;
	}
	return most;
}

bool prompt_render_adapted(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, json_t *variables,
                           bool *memory, struct error *e)
{
	unsigned most = shapes_of(variables);
	struct error later;
	for (unsigned shape = 0; shape <= most; shape++) {
		if (shape & ~most || (shape & SHAPE_ONE_SYSTEM && shape & SHAPE_NO_SYSTEM)) continue;
		json_t *copy = shaped(variables, shape);
		if (!copy) {
			*memory = true;
			return error_memory(e);
		}
		bool ok = prompt_render_as(p, s, asked, copy, memory, shape ? &later : e);
		bool odd = ok && !(shape & SHAPE_TEXT_ARGUMENTS) && printed_as_python(p, copy);
		bool lacks = ok && lacks_system(p, copy);
		json_decref(copy);
		if (ok && !odd && !lacks) return true;
		if (*memory && !ok) {
			if (shape) *e = later;
			return false;
		}
		if (odd && e) error_set(e, "the model's chat template cannot show calls of tools");
		if (lacks && !odd && e) error_set(e, "the model's chat template leaves a system message out");
		prompt_clear(p);
	}
	return false;
}

/* ---- an answer that has begun ---- */

bool prompt_take_beginning(json_t *variables, struct buffer *beginning, struct error *e)
{
	json_t *messages = json_object_get(variables, "messages");
	size_t n = json_array_size(messages);
	const json_t *last = n ? json_array_get(messages, n - 1) : NULL, *content = json_object_get(last, "content");
	if (!is_role(last, "assistant") || !json_is_string(content) || json_array_size(json_object_get(last, "tool_calls")))
		return error_set(e, "request: only an answer of the assistant with a text can be gone on with");
	if (!buffer_append(beginning, json_string_value(content), json_string_length(content))) return error_memory(e);
	return json_array_remove(messages, n - 1) == 0 || error_memory(e);
}

bool prompt_append_beginning(struct prompt *p, const struct buffer *beginning, struct error *e)
{
	static const char closing[] = "\n</think>\n\n", open[] = "<think>";
	size_t end = p->text_length, n = sizeof open - 1, extra = sizeof closing - 1;
	while (end > 0 && strchr(" \n\r\t", p->text[end - 1])) end--;
	bool thinks = end >= n && memcmp(p->text + end - n, open, n) == 0;
	if (!thinks) extra = 0;
	char *text = memory_resize(p->text, p->text_length + extra + beginning->size + 1, 1);
	if (!text) return error_memory(e);
	p->text = text;
	struct hearth_piece *pieces = memory_resize(p->pieces, p->n_pieces + 2, sizeof *pieces);
	if (!pieces) return error_memory(e);
	p->pieces = pieces;
	if (extra) {
		memcpy(text + p->text_length, closing, extra);
		pieces[p->n_pieces++] = (struct hearth_piece){ .start = p->text_length, .length = extra, .trusted = true };
		p->text_length += extra;
	}
	if (beginning->size) {
		memcpy(text + p->text_length, beginning->data, beginning->size);
		pieces[p->n_pieces++] = (struct hearth_piece){ .start = p->text_length, .length = beginning->size };
		p->text_length += beginning->size;
	}
	text[p->text_length] = 0;
	p->continues = beginning->size > 0;
	return true;
}
