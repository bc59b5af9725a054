/*
 * conversation: messages in OpenAI's form, checked and reduced to what templates know.
 *
 * Parts of text become one text, since most templates take nothing else. Whatever is no text (images, sound, files) is refused by
 * the place where it stands.
 */
#include "api/inside.h"

#include <stdio.h>
#include <string.h>

json_t *api_message(const char *role, json_t *content)
{
	json_t *message = json_object();
	bool ok = message && content && json_object_set_new(message, "role", json_string(role)) == 0 &&
	          json_object_set(message, "content", content) == 0;
	json_decref(content);
	if (ok) return message;
	json_decref(message);
	return NULL;
}

static bool is_one_of(const char *text, const char *const *list)
{
	size_t i = 0;
	while (list[i] && strcmp(list[i], text) != 0) i++;
	return list[i] != NULL;
}

/* The text of a part; NULL with the refusal when it is none. */
static const json_t *part_text(const json_t *part, const char *place, struct api_refusal *why)
{
	static const char *const pictures[] = { "image_url", "image", "input_image", NULL };
	static const char *const others[] = {
		"input_audio", "audio", "video", "video_url", "file", "input_file", "document", NULL
	};
	const char *type = json_string_value(json_object_get(part, "type"));
	const json_t *text = json_object_get(part, type && strcmp(type, "refusal") == 0 ? "refusal" : "text");
	if (!json_is_object(part) || !type)
		api_deny(why, place, "a part of a content must be an object with a type");
	else if (is_one_of(type, pictures))
		api_deny(why, place, "images are not understood by this version; send text alone");
	else if (is_one_of(type, others))
		api_deny(why, place, "parts of type '%.40s' are not understood; send text alone", type);
	else if (!json_is_string(text))
		api_deny(why, place, "parts of type '%.40s' are not understood, or it has no text", type);
	else
		return text;
	return NULL;
}

bool api_content_text(const json_t *content, const char *field, json_t **text, struct api_refusal *why)
{
	struct buffer b = buffer_new(2 * (size_t)API_MOST_BODY);
	size_t i;
	json_t *part;
	*text = NULL;
	if (!content || json_is_null(content)) {
		*text = json_string("");
	} else if (json_is_string(content)) {
		*text = json_incref((json_t *)(uintptr_t)content);
	} else if (json_is_array(content)) {
		bool ok = true;
		json_array_foreach(content, i, part)
		{
			char place[192];
			api_place(place, sizeof place, "%s[%zu]", field, i);
			const json_t *one = ok ? part_text(part, place, why) : NULL;
			ok = one != NULL;
			if (!ok) break;
			/* Two parts are two paragraphs, not one word. */
			if (i > 0) buffer_append_byte(&b, '\n');
			buffer_append(&b, json_string_value(one), json_string_length(one));
		}
		if (ok && !b.failed) *text = json_stringn(buffer_text(&b), b.size);
		buffer_free(&b);
		if (!ok) return false;
	} else {
		return api_deny(why, field, "a content must be a string or a list of parts");
	}
	return *text ? true : api_deny_memory(why);
}

/* ---- calls in messages ---- */

/* The arguments as a JSON text, which they are in OpenAI's form; an object is taken too. NULL with the refusal. */
static json_t *arguments_text(const json_t *given, const char *place, struct api_refusal *why)
{
	struct error ignored;
	if (json_is_object(given)) {
		struct buffer b = buffer_new(API_MOST_BODY);
		json_t *text = json_write_value(&b, given) ? json_stringn(buffer_text(&b), b.size) : NULL;
		buffer_free(&b);
		return text;
	}
	if (!given || json_is_null(given) || (json_is_string(given) && json_string_length(given) == 0)) return json_string("{}");
	json_t *value = json_is_string(given)
	                        ? json_parse(json_string_value(given), json_string_length(given), "arguments", &ignored)
	                        : NULL;
	bool object = json_is_object(value);
	json_decref(value);
	if (object) return json_incref((json_t *)(uintptr_t)given);
	api_deny(why, place, "arguments must be the text of a JSON object");
	return NULL;
}

static bool set_new(json_t *object, const char *key, json_t *value)
{
	return value && json_object_set_new(object, key, value) == 0;
}

/* One call, reduced. NULL with the refusal. */
static json_t *reduced_call(const json_t *call, const char *place, struct api_refusal *why)
{
	const json_t *function = json_object_get(call, "function"), *name = json_object_get(function, "name"),
	             *id = json_object_get(call, "id");
	char at[224];
	api_place(at, sizeof at, "%s.function", place);
	if (!json_is_object(function) || !json_is_string(name)) {
		api_deny(why, at, "a call must have a function with a name");
		return NULL;
	}
	if (id && !json_is_string(id)) {
		api_deny(why, place, "the id of a call must be a string");
		return NULL;
	}
	api_place(at, sizeof at, "%s.function.arguments", place);
	json_t *arguments = arguments_text(json_object_get(function, "arguments"), at, why);
	if (!arguments) return NULL;
	json_t *made = json_object(), *inner = json_object();
	bool ok = made && inner && json_object_set(inner, "name", (json_t *)(uintptr_t)name) == 0 &&
	          json_object_set(inner, "arguments", arguments) == 0 && set_new(made, "type", json_string("function")) &&
	          (!id || json_object_set(made, "id", (json_t *)(uintptr_t)id) == 0) &&
	          json_object_set(made, "function", inner) == 0;
	json_decref(arguments);
	json_decref(inner);
	if (ok) return made;
	json_decref(made);
	api_deny_memory(why);
	return NULL;
}

static bool reduce_calls(const json_t *calls, json_t *made, const char *place, struct api_refusal *why)
{
	json_t *list = json_array(), *call;
	size_t i;
	bool ok = list != NULL;
	if (!json_is_array(calls)) {
		json_decref(list);
		return api_deny(why, place, "it must be a list");
	}
	json_array_foreach(calls, i, call)
	{
		char at[192];
		api_place(at, sizeof at, "%s[%zu]", place, i);
		json_t *one = ok ? reduced_call(call, at, why) : NULL;
		ok = one && json_array_append_new(list, one) == 0;
		if (!ok) break;
	}
	if (ok && (json_array_size(list) == 0 || json_object_set(made, "tool_calls", list) == 0)) {
		json_decref(list);
		return true;
	}
	json_decref(list);
	return why->error.text[0] ? false : api_deny_memory(why);
}

/* The name of the function whose call has this id in an earlier message; NULL: none has. */
static const json_t *name_of_call(const json_t *messages, const char *id)
{
	for (size_t i = json_array_size(messages); i-- > 0;) {
		const json_t *calls = json_object_get(json_array_get(messages, i), "tool_calls"), *call;
		size_t k;
		json_array_foreach(calls, k, call)
		{
			const char *other = json_string_value(json_object_get(call, "id"));
			if (other && strcmp(other, id) == 0) return json_object_get(json_object_get(call, "function"), "name");
		}
	}
	return NULL;
}

/* ---- messages ---- */

static const char *const known_members[] = { "role",        "content",       "name",      "tool_calls",        "tool_call_id",
	                                     "refusal",     "audio",         "reasoning", "reasoning_content", "function_call",
	                                     "annotations", "cache_control", NULL };

bool api_check_members(const json_t *object, const char *const *known, const char *place, struct api_refusal *why)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)object, key, v)
	{
		char at[192];
		api_place(at, sizeof at, "%s.%.40s", place, key);
		if (!json_is_null(v) && !is_one_of(key, known)) return api_deny(why, at, "this field is not known");
	}
	return true;
}

static bool check_message(const json_t *message, const char *place, struct api_refusal *why)
{
	static const char *const useless[][2] = { { "audio", "sound is not understood" }, { "function_call", "use tool_calls" } };
	if (!api_check_members(message, known_members, place, why)) return false;
	for (size_t i = 0; i < 2; i++) {
		const json_t *v = json_object_get(message, useless[i][0]);
		char at[192];
		if (!v || json_is_null(v) || (json_is_array(v) && json_array_size(v) == 0)) continue;
		api_place(at, sizeof at, "%s.%s", place, useless[i][0]);
		return api_deny(why, at, "%s", useless[i][1]);
	}
	return true;
}

/* Members of a tool's message: whose call it answers. */
static bool add_tool_members(const json_t *message, const json_t *before, json_t *made, const char *place, struct api_refusal *why)
{
	const json_t *id = json_object_get(message, "tool_call_id"), *name = json_object_get(message, "name");
	if (id && !json_is_string(id)) return api_deny(why, place, "tool_call_id must be a string");
	if (id && json_object_set(made, "tool_call_id", (json_t *)(uintptr_t)id) != 0) return api_deny_memory(why);
	if (!name && id) name = name_of_call(before, json_string_value(id));
	if (!json_is_string(name)) return true;
	return json_object_set(made, "name", (json_t *)(uintptr_t)name) == 0 || api_deny_memory(why);
}

static bool add_assistant_members(const json_t *message, json_t *made, const char *place, struct api_refusal *why)
{
	const json_t *calls = json_object_get(message, "tool_calls"), *thought = json_object_get(message, "reasoning_content");
	char at[192];
	if (!json_is_string(thought)) thought = json_object_get(message, "reasoning");
	if (json_is_string(thought) && json_string_length(thought) &&
	    json_object_set(made, "reasoning_content", (json_t *)(uintptr_t)thought) != 0)
		return api_deny_memory(why);
	api_place(at, sizeof at, "%s.tool_calls", place);
	return !calls || json_is_null(calls) || reduce_calls(calls, made, at, why);
}

static bool take_message(json_t *taken, const json_t *message, const char *place, struct api_refusal *why)
{
	static const char *const roles[] = { "system", "developer", "user", "assistant", "tool", "function", NULL };
	const char *role = json_string_value(json_object_get(message, "role"));
	char at[192];
	json_t *text;
	if (!json_is_object(message)) return api_deny(why, place, "a message must be an object");
	api_place(at, sizeof at, "%s.role", place);
	if (!role || !is_one_of(role, roles))
		return api_deny(why, at, "it must be one of system, developer, user, assistant, tool");
	api_place(at, sizeof at, "%s.content", place);
	if (!check_message(message, place, why)) return false;
	const json_t *content = json_object_get(message, "content");
	bool may_lack = strcmp(role, "assistant") == 0;
	if (!may_lack && (!content || json_is_null(content))) return api_deny(why, at, "it is missing");
	if (!api_content_text(content, at, &text, why)) return false;
	bool tool = strcmp(role, "tool") == 0 || strcmp(role, "function") == 0;
	json_t *made = api_message(strcmp(role, "developer") == 0 ? "system" : tool ? "tool" : role, text);
	if (!made) return api_deny_memory(why);
	bool ok = !tool || add_tool_members(message, taken, made, place, why);
	ok = ok && (!may_lack || add_assistant_members(message, made, place, why));
	if (!ok) {
		json_decref(made);
		return false;
	}
	return json_array_append_new(taken, made) == 0 || api_deny_memory(why);
}

bool api_take_messages(struct api_call *c, const json_t *messages, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	size_t i;
	json_t *message;
	if (json_array_size(messages) == 0) return api_deny(why, "messages", "there must be at least one message");
	if (json_array_size(messages) > API_MOST_MESSAGES)
		return api_deny(why, "messages", "%zu are too many; at most %d", json_array_size(messages), API_MOST_MESSAGES);
	if (!ask->messages) ask->messages = json_array();
	if (!ask->messages) return api_deny_memory(why);
	json_array_foreach(messages, i, message)
	{
		char place[64];
		api_place(place, sizeof place, "messages[%zu]", i);
		if (!take_message(ask->messages, message, place, why)) return false;
	}
	return true;
}
