/* anthropic: the bodies of /v1/messages and /v1/messages/count_tokens, as conversations in OpenAI's form. */
#include "api/fields.h"

#include <stdio.h>
#include <string.h>

#define MANY 4294967294.0

/* ---- fields ---- */

/* Stands in front of all, wherever it stands in the body. */
static bool take_system(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	json_t *text;
	if (!api_blocks_text(v, field, &text, why)) return false;
	if (json_string_length(text) == 0) {
		json_decref(text);
		return true;
	}
	if (!ask->messages) ask->messages = json_array();
	json_t *message = api_message("system", text);
	return (message && ask->messages && json_array_insert_new(ask->messages, 0, message) == 0) || api_deny_memory(why);
}

/* One tool in OpenAI's form; NULL with the refusal. */
static json_t *taken_tool(const json_t *tool, const char *place, struct api_refusal *why)
{
	/* The last two say where a cache should end and how arguments should stream, which they do in any case. */
	static const char *const members[] = { "type",   "name",          "description",           "input_schema",
		                               "strict", "cache_control", "eager_input_streaming", NULL };
	const char *type = json_string_value(json_object_get(tool, "type"));
	const json_t *name = json_object_get(tool, "name"), *schema = json_object_get(tool, "input_schema"),
	             *about = json_object_get(tool, "description"), *strict = json_object_get(tool, "strict");
	if (type && strcmp(type, "custom") != 0) {
		api_deny(why, place, "tools of type '%.60s' are the other service's own and not supported", type);
		return NULL;
	}
	if (!api_check_members(tool, members, place, why)) return NULL;
	if (!json_is_string(name) || !json_is_object(schema)) {
		api_deny(why, place, "a tool must have a name and an input_schema");
		return NULL;
	}
	json_t *function = json_pack("{s:O, s:O}", "name", name, "parameters", schema);
	bool ok = function && (!about || json_object_set(function, "description", (json_t *)(uintptr_t)about) == 0) &&
	          (!strict || json_object_set(function, "strict", (json_t *)(uintptr_t)strict) == 0);
	json_t *made = ok ? json_pack("{s:s, s:O}", "type", "function", "function", function) : NULL;
	json_decref(function);
	if (!made) api_deny_memory(why);
	return made;
}

static bool take_tools(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	json_t *list = json_array();
	size_t i;
	const json_t *tool;
	bool ok = list || api_deny_memory(why);
	json_array_foreach((json_t *)(uintptr_t)v, i, tool)
	{
		char place[64];
		api_place(place, sizeof place, "%.32s[%zu]", field, i);
		json_t *made = ok ? taken_tool(tool, place, why) : NULL;
		ok = made && (json_array_append_new(list, made) == 0 || api_deny_memory(why));
		if (!ok) break;
	}
	ok = ok && api_take_tools(c, list, why);
	json_decref(list);
	return ok;
}

static bool take_choice(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const struct {
		const char *word;
		enum api_tool_choice choice;
	} words[] = {
		{ "auto", API_TOOLS_AUTO }, { "any", API_TOOLS_REQUIRED }, { "tool", API_TOOLS_NAMED }, { "none", API_TOOLS_NONE }
	};
	static const char *const members[] = { "type", "name", "disable_parallel_tool_use", NULL };
	struct api_ask *ask = &c->inside->ask;
	if (!api_check_members(v, members, field, why)) return false;
	for (size_t i = 0; i < 4; i++) {
		if (!api_is_type(v, words[i].word)) continue;
		ask->choice = words[i].choice;
		ask->chosen = json_string_value(json_object_get(v, "name"));
		ask->one_call = ask->choice == API_TOOLS_NAMED || json_is_true(json_object_get(v, "disable_parallel_tool_use"));
		return ask->choice != API_TOOLS_NAMED || ask->chosen || api_deny(why, field, "the tool's name is missing");
	}
	return api_deny(why, field, "its type must be auto, any, tool or none");
}

static bool take_budget(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.thought_limit = (uint32_t)json_number_value(v);
	return true;
}

static bool take_display(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	c->inside->ask.hides_thoughts = strcmp(json_string_value(v), "omitted") == 0;
	return c->inside->ask.hides_thoughts || strcmp(json_string_value(v), "summarized") == 0 ||
	       api_deny(why, field, "it must be summarized or omitted");
}

static bool take_thinking(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const struct api_field fields[] = {
		{ "type", API_STRING, 0, 0, NULL, "" },
		{ "budget_tokens", API_WHOLE, 1, MANY, take_budget, "" },
		{ "display", API_STRING, 0, 0, take_display, "" },
		{ NULL, API_ANY, 0, 0, NULL, NULL },
	};
	struct api_ask *ask = &c->inside->ask;
	char place[140];
	api_place(place, sizeof place, "%s.", field);
	if (!api_take_fields(c, v, fields, place, why)) return false;
	ask->think = api_is_type(v, "enabled") || api_is_type(v, "adaptive") ? API_THINK_ON : API_THINK_OFF;
	return ask->think == API_THINK_ON || api_is_type(v, "disabled") ||
	       api_deny(why, field, "its type must be enabled, adaptive or disabled");
}

static bool take_output_format(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	if (!api_is_type(v, "json_schema")) return api_deny(why, field, "its type must be json_schema");
	return api_take_schema(c, json_object_get(v, "schema"), field, why);
}

/* For templates that know reasoning_effort. */
static bool take_effort(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const char *const words[] = { "low", "medium", "high", "xhigh", "max", NULL };
	struct api_ask *ask = &c->inside->ask;
	size_t i = 0;
	while (words[i] && strcmp(words[i], json_string_value(v)) != 0) i++;
	if (!words[i]) return api_deny(why, field, "it must be low, medium, high, xhigh or max");
	if (!ask->variables) ask->variables = json_object();
	return json_object_set_new(ask->variables, "reasoning_effort", json_string(words[i < 2 ? i : 2])) == 0 ||
	       api_deny_memory(why);
}

/* That all thoughts are to stay is what happens here; whatever would take something away is refused. */
static bool take_management(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	size_t i;
	const json_t *edit;
	const char *key;
	const json_t *value;
	(void)c;
	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		if (strcmp(key, "edits") != 0 || !json_is_array(value))
			return api_deny(why, field, "only a list of edits is understood");
	}
	json_array_foreach(json_object_get(v, "edits"), i, edit)
	{
		const char *keep = json_string_value(json_object_get(edit, "keep"));
		if (!api_is_type(edit, "clear_thinking_20251015") || !keep || strcmp(keep, "all") != 0)
			return api_deny(
			        why, field,
			        "nothing is cut from a conversation here: only clear_thinking_20251015 with keep all is taken");
	}
	return true;
}

static bool take_output_config(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const struct api_field fields[] = {
		{ "format", API_OBJECT, 0, 0, take_output_format, "" },
		{ "effort", API_STRING, 0, 0, take_effort, "given to the model's template as reasoning_effort" },
		{ NULL, API_ANY, 0, 0, NULL, NULL },
	};
	char place[140];
	api_place(place, sizeof place, "%s.", field);
	return api_take_fields(c, v, fields, place, why);
}

static bool take_tier(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	const char *tier = json_string_value(v);
	return !strcmp(tier, "auto") || !strcmp(tier, "standard_only") ||
	       api_deny(why, field, "only auto and standard_only are supported");
}

bool api_check_count(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	if (!ask->messages) return api_deny(why, "messages", "it is missing");
	if (ask->think == API_THINK_UNSAID) ask->think = API_THINK_OFF; /* as this interface has it */
	bool must = ask->choice == API_TOOLS_REQUIRED || ask->choice == API_TOOLS_NAMED;
	if (must && !ask->tools) return api_deny(why, "tool_choice", "there are no tools");
	if (ask->choice == API_TOOLS_NAMED && !api_has_tool(c, ask->chosen))
		return api_deny(why, "tool_choice", "there is no tool '%.100s'", ask->chosen);
	return true;
}

bool api_check_messages(struct api_call *c, struct api_refusal *why)
{
	if (!c->inside->ask.max_given) return api_deny(why, "max_tokens", "it is missing");
	if (c->stream) c->type = "text/event-stream";
	snprintf(c->inside->id, sizeof c->inside->id, "msg_%08llx%08llx", (unsigned long long)(c->inside->now & 0xffffffff),
	         (unsigned long long)c->inside->name);
	return api_check_count(c, why);
}

#define CONVERSATION                                                                                                                    \
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name" },                                                              \
	        { "messages",                                                                                                           \
		  API_LIST,                                                                                                             \
		  0,                                                                                                                    \
		  0,                                                                                                                    \
		  api_take_anthropic_messages,                                                                                          \
		  "roles user, assistant, system (anywhere); blocks text, tool_use, tool_result, thinking; images and documents "       \
		  "are "                                                                                                                \
		  "refused; a last one of the assistant is gone on with" },                                                             \
	        { "system",    API_TEXT_OR_LIST,                                                                                        \
		  0,           0,                                                                                                       \
		  take_system, "a text or blocks of text; a block x-anthropic-billing-header, meant for another server, is left out" }, \
	        { "tools", API_LIST, 0, 0, take_tools, "tools of the client's own" },                                                   \
	        { "tool_choice", API_OBJECT, 0, 0, take_choice, "auto, any, tool, none; disable_parallel_tool_use" },                   \
	        { "thinking",                                                                                                           \
		  API_OBJECT,                                                                                                           \
		  0,                                                                                                                    \
		  0,                                                                                                                    \
		  take_thinking,                                                                                                        \
		  "type: enabled, adaptive or disabled (as when left out); budget_tokens: then the thought is closed and the "          \
		  "answer "                                                                                                             \
		  "begins; display: summarized (thoughts as they are) or omitted; thoughts count to max_tokens" },                      \
	        { "output_config", API_OBJECT, 0, 0, take_output_config, "format: json_schema; effort is given to the template" },      \
	        { "output_format", API_OBJECT, 0, 0, take_output_format, "json_schema" },                                               \
	        { "mcp_servers", API_LIST, 0, 0, api_only_empty, "nothing here reaches the network" },                                  \
	{                                                                                                                               \
		"context_management", API_OBJECT, 0, 0, take_management, "only that all thoughts stay: nothing is cut here"             \
	}

const struct api_field api_fields_messages[] = {
	CONVERSATION,
	{ "max_tokens", API_WHOLE, 1, MANY, api_take_max, "of the answer" },
	{ "stream", API_BOOL, 0, 0, api_take_stream, "events as server-sent events" },
	{ "stop_sequences", API_LIST, 0, 0, api_take_stop, "up to 32 texts" },
	{ "temperature", API_NUMBER, 0, 100, api_take_temperature, "" },
	{ "top_p", API_NUMBER, 0, 1, api_take_top_p, "" },
	{ "top_k", API_WHOLE, -1, MANY, api_take_top_k, "" },
	{ "metadata", API_OBJECT, 0, 0, NULL, "taken, and not kept" },
	{ "service_tier", API_STRING, 0, 0, take_tier, "auto or standard_only" },
	{ "cache_control", API_OBJECT, 0, 0, NULL, "equal beginnings are found without it" },
	{ "inference_geo", API_STRING, 0, 0, NULL, "it is computed on this machine" },
	{ "container", API_REFUSED, 0, 0, NULL, "it is not supported" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

const struct api_field api_fields_count[] = { CONVERSATION, { NULL, API_ANY, 0, 0, NULL, NULL } };
