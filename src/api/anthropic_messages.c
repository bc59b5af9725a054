/*
 * anthropic_messages: the messages of /v1/messages, as a conversation in OpenAI's form.
 *
 * A message of this interface may hold several of OpenAI's: results of tools become messages of their own, and stand before the
 * text beside them. A message of the system stands where it stands; templates without a place for it get it another way
 * (engine/prompt_adapt).
 */
#include "api/fields.h"

#include <string.h>

bool api_is_type(const json_t *block, const char *type)
{
	const char *given = json_string_value(json_object_get(block, "type"));
	return given && strcmp(given, type) == 0;
}

/* A block that is addressed to another server's accounts and not to the model. It differs from call to call, and in front of all it
 * would have everything computed again each time. */
static bool is_accounting(const json_t *block)
{
	static const char start[] = "x-anthropic-billing-header:";
	const char *text = json_string_value(json_object_get(block, "text"));
	return text && strncmp(text, start, sizeof start - 1) == 0 && !strchr(text, '\n');
}

static json_t *without_accounting(const json_t *blocks)
{
	json_t *list = json_array();
	size_t i;
	const json_t *block;
	bool ok = list != NULL;
	json_array_foreach((json_t *)(uintptr_t)blocks, i, block)
	{
		if (ok && !is_accounting(block)) ok = json_array_append(list, (json_t *)(uintptr_t)block) == 0;
	}
	if (ok) return list;
	json_decref(list);
	return NULL;
}

bool api_blocks_text(const json_t *content, const char *place, json_t **text, struct api_refusal *why)
{
	if (content && !json_is_string(content) && !json_is_array(content))
		return api_deny(why, place, "it must be a string or a list of blocks");
	json_t *blocks = json_is_array(content) ? without_accounting(content) : NULL;
	if (json_is_array(content) && !blocks) return api_deny_memory(why);
	bool taken = api_content_text(blocks ? blocks : content, place, text, why);
	json_decref(blocks);
	return taken;
}

static bool append(json_t *messages, json_t *message, struct api_refusal *why)
{
	return (message && json_array_append_new(messages, message) == 0) || api_deny_memory(why);
}

/* The result of a tool as a message of its own. */
static bool add_result(json_t *messages, const json_t *block, const char *place, struct api_refusal *why)
{
	const json_t *id = json_object_get(block, "tool_use_id");
	char at[192];
	json_t *text;
	if (!json_is_string(id)) return api_deny(why, place, "a tool_result must have a tool_use_id");
	api_place(at, sizeof at, "%s.content", place);
	if (!api_blocks_text(json_object_get(block, "content"), at, &text, why)) return false;
	if (json_is_true(json_object_get(block, "is_error"))) {
		json_t *marked = json_sprintf("Error: %s", json_string_value(text)); /* templates have no other place for it */
		json_decref(text);
		text = marked;
	}
	json_t *message = api_message("tool", text);
	bool ok = message && json_object_set(message, "tool_call_id", (json_t *)(uintptr_t)id) == 0;
	if (!ok) {
		json_decref(message);
		return api_deny_memory(why);
	}
	return append(messages, message, why);
}

/* A call of an earlier answer. */
static bool add_call(json_t *calls, const json_t *block, const char *place, struct api_refusal *why)
{
	const json_t *id = json_object_get(block, "id"), *name = json_object_get(block, "name"),
	             *input = json_object_get(block, "input");
	if (!json_is_string(id) || !json_is_string(name) || (input && !json_is_object(input)))
		return api_deny(why, place, "a tool_use must have an id, a name and an input that is an object");
	struct buffer b = buffer_new(API_MOST_BODY);
	bool ok = input ? json_write_value(&b, input) : buffer_append_text(&b, "{}");
	json_t *call = ok ? json_pack("{s:O, s:s, s:{s:O, s:s}}", "id", id, "type", "function", "function", "name", name,
	                              "arguments", buffer_text(&b))
	                  : NULL;
	buffer_free(&b);
	return append(calls, call, why);
}

/* What one message's blocks come to. */
struct parts {
	struct buffer text, thought;
	json_t *calls;
	bool user;
};

/* What blocks of each type may have; `cache_control` says where a cache should end, and equal beginnings are found anyway. */
static bool check_block(const json_t *block, const char *place, struct api_refusal *why)
{
	static const struct {
		const char *type;
		const char *const members[8];
	} types[] = {
		{ "text", { "type", "text", "cache_control", "citations", NULL } },
		{ "tool_use", { "type", "id", "name", "input", "cache_control", "caller", NULL } },
		{ "tool_result", { "type", "tool_use_id", "content", "is_error", "cache_control", NULL } },
		{ "thinking", { "type", "thinking", "signature", NULL } },
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (api_is_type(block, types[i].type)) return api_check_members(block, types[i].members, place, why);
	}
	return true; /* refused by its type */
}

static bool take_block(struct parts *p, json_t *messages, const json_t *block, const char *place, struct api_refusal *why)
{
	json_t *text;
	const json_t *thought = json_object_get(block, "thinking");
	if (!check_block(block, place, why)) return false;
	if (api_is_type(block, "tool_result") && p->user) return add_result(messages, block, place, why);
	if (api_is_type(block, "tool_use") && !p->user) return add_call(p->calls, block, place, why);
	if (api_is_type(block, "thinking") && !p->user && json_is_string(thought))
		return buffer_append(&p->thought, json_string_value(thought), json_string_length(thought)) || api_deny_memory(why);
	if (api_is_type(block, "redacted_thinking")) return api_deny(why, place, "thoughts that are sealed cannot be read here");
	if (api_is_type(block, "tool_result") || api_is_type(block, "tool_use") || api_is_type(block, "thinking"))
		return api_deny(why, place, "a block of this type does not belong into a message of this role, or is not whole");
	json_t *one = json_pack("[O]", block);
	bool ok = api_content_text(one, place, &text, why);
	json_decref(one);
	if (!ok) return false;
	if (p->text.size && json_string_length(text)) buffer_append_byte(&p->text, '\n');
	buffer_append(&p->text, json_string_value(text), json_string_length(text));
	json_decref(text);
	return !p->text.failed || api_deny_memory(why);
}

static bool take_blocks(struct parts *p, json_t *messages, const json_t *content, const char *place, struct api_refusal *why)
{
	size_t i;
	const json_t *block;
	if (json_is_string(content))
		return buffer_append(&p->text, json_string_value(content), json_string_length(content)) || api_deny_memory(why);
	if (!json_is_array(content)) return api_deny(why, place, "it must be a string or a list of blocks");
	json_array_foreach((json_t *)(uintptr_t)content, i, block)
	{
		char at[192];
		api_place(at, sizeof at, "%s[%zu]", place, i);
		if (!take_block(p, messages, block, at, why)) return false;
	}
	return true;
}

static bool add_message(json_t *messages, const struct parts *p, struct api_refusal *why)
{
	bool calls = json_array_size(p->calls) > 0;
	if (p->user && p->text.size == 0) return true; /* results alone */
	json_t *message = api_message(p->user ? "user" : "assistant", json_stringn(buffer_text(&p->text), p->text.size));
	bool ok = message != NULL;
	if (ok && calls) ok = json_object_set(message, "tool_calls", p->calls) == 0;
	if (ok && p->thought.size)
		ok = json_object_set_new(message, "reasoning_content", json_stringn(buffer_text(&p->thought), p->thought.size)) ==
		     0;
	if (ok) return append(messages, message, why);
	json_decref(message);
	return api_deny_memory(why);
}

/* Instructions that come in the middle of a conversation. */
static bool add_system(json_t *messages, const json_t *message, const char *place, struct api_refusal *why)
{
	char at[160];
	json_t *text;
	api_place(at, sizeof at, "%s.content", place);
	if (!api_blocks_text(json_object_get(message, "content"), at, &text, why)) return false;
	if (json_string_length(text)) return append(messages, api_message("system", text), why);
	json_decref(text);
	return true;
}

static bool take_message(json_t *messages, const json_t *message, const char *place, struct api_refusal *why)
{
	static const char *const members[] = { "role", "content", NULL };
	const char *role = json_string_value(json_object_get(message, "role"));
	struct parts p = { .text = buffer_new(2 * (size_t)API_MOST_BODY), .thought = buffer_new(2 * (size_t)API_MOST_BODY) };
	char at[160];
	api_place(at, sizeof at, "%s.role", place);
	bool system = role && strcmp(role, "system") == 0;
	if (!role || (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0 && !system))
		return api_deny(why, at, "it must be user, assistant or system");
	if (!api_check_members(message, members, place, why)) return false;
	if (system) return add_system(messages, message, place, why);
	p.user = strcmp(role, "user") == 0;
	p.calls = json_array();
	size_t before = json_array_size(messages);
	api_place(at, sizeof at, "%s.content", place);
	bool ok = p.calls ? take_blocks(&p, messages, json_object_get(message, "content"), at, why) : api_deny_memory(why);
	if (ok && p.user && p.text.size == 0 && json_array_size(messages) == before)
		ok = json_is_string(json_object_get(message, "content"))
		             ? append(messages, api_message("user", json_string("")), why)
		             : api_deny(why, at, "it is empty");
	else
		ok = ok && add_message(messages, &p, why);
	json_decref(p.calls);
	buffer_free(&p.text);
	buffer_free(&p.thought);
	return ok;
}

bool api_take_anthropic_messages(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	size_t i;
	const json_t *message;
	if (json_array_size(v) == 0) return api_deny(why, field, "there must be at least one message");
	if (json_array_size(v) > API_MOST_MESSAGES)
		return api_deny(why, field, "%zu are too many; at most %d", json_array_size(v), API_MOST_MESSAGES);
	if (!ask->messages) ask->messages = json_array();
	if (!ask->messages) return api_deny_memory(why);
	json_array_foreach((json_t *)(uintptr_t)v, i, message)
	{
		char place[64];
		api_place(place, sizeof place, "messages[%zu]", i);
		if (!take_message(ask->messages, message, place, why)) return false;
	}
	const char *last = json_string_value(json_object_get(json_array_get(v, json_array_size(v) - 1), "role"));
	const json_t *made = json_array_get(ask->messages, json_array_size(ask->messages) - 1);
	ask->goes_on = strcmp(last, "assistant") == 0 && !json_object_get(made, "tool_calls");
	return true;
}
