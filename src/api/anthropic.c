/* anthropic: the bodies of /v1/messages and /v1/messages/count_tokens, as conversations in OpenAI's form. */
#include "api/fields.h"

#include <stdio.h>
#include <string.h>

/* ---- content ---- */

static bool is_type(const json_t *block, const char *type)
{
	const char *given = json_string_value(json_object_get(block, "type"));
	return given && strcmp(given, type) == 0;
}

/* The text of blocks of text, or a text. */
static bool take_text(const json_t *content, const char *place, json_t **text, struct api_refusal *why)
{
	if (content && !json_is_string(content) && !json_is_array(content))
		return api_deny(why, place, "it must be a string or a list of blocks");
	return api_content_text(content, place, text, why);
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
	if (!take_text(json_object_get(block, "content"), at, &text, why)) return false;
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

static bool take_block(struct parts *p, json_t *messages, const json_t *block, const char *place, struct api_refusal *why)
{
	json_t *text;
	const json_t *thought = json_object_get(block, "thinking");
	if (is_type(block, "tool_result") && p->user) return add_result(messages, block, place, why);
	if (is_type(block, "tool_use") && !p->user) return add_call(p->calls, block, place, why);
	if (is_type(block, "thinking") && !p->user && json_is_string(thought))
		return buffer_append(&p->thought, json_string_value(thought), json_string_length(thought)) || api_deny_memory(why);
	if (is_type(block, "redacted_thinking")) return api_deny(why, place, "thoughts that are sealed cannot be read here");
	if (is_type(block, "tool_result") || is_type(block, "tool_use") || is_type(block, "thinking"))
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

static bool take_message(json_t *messages, const json_t *message, const char *place, struct api_refusal *why)
{
	const char *role = json_string_value(json_object_get(message, "role"));
	struct parts p = { .text = buffer_new(2 * (size_t)API_MOST_BODY), .thought = buffer_new(2 * (size_t)API_MOST_BODY) };
	char at[160];
	api_place(at, sizeof at, "%s.role", place);
	if (!role || (strcmp(role, "user") != 0 && strcmp(role, "assistant") != 0))
		return api_deny(why, at, "it must be user or assistant");
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

/* ---- fields ---- */

static bool take_messages(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
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

/* Stands in front of all, wherever it stands in the body. */
static bool take_system(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	json_t *text, *blocks = json_is_array(v) ? without_accounting(v) : NULL;
	if (json_is_array(v) && !blocks) return api_deny_memory(why);
	bool taken = take_text(blocks ? blocks : v, field, &text, why);
	json_decref(blocks);
	if (!taken) return false;
	if (json_string_length(text) == 0) {
		json_decref(text);
		return true;
	}
	if (!ask->messages) ask->messages = json_array();
	json_t *message = api_message("system", text);
	return (message && ask->messages && json_array_insert_new(ask->messages, 0, message) == 0) || api_deny_memory(why);
}

static bool take_tools(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	json_t *list = json_array();
	size_t i;
	const json_t *tool;
	bool ok = list != NULL;
	json_array_foreach((json_t *)(uintptr_t)v, i, tool)
	{
		char place[64];
		api_place(place, sizeof place, "%.32s[%zu]", field, i);
		const char *type = json_string_value(json_object_get(tool, "type"));
		const json_t *name = json_object_get(tool, "name"), *schema = json_object_get(tool, "input_schema"),
		             *about = json_object_get(tool, "description"), *strict = json_object_get(tool, "strict");
		if (type && strcmp(type, "custom") != 0) {
			ok = api_deny(why, place, "tools of type '%.60s' are the other service's own and not supported", type);
			break;
		}
		if (!json_is_string(name) || !json_is_object(schema)) {
			ok = api_deny(why, place, "a tool must have a name and an input_schema");
			break;
		}
		json_t *function = json_pack("{s:O, s:O}", "name", name, "parameters", schema);
		ok = function && (!about || json_object_set(function, "description", (json_t *)(uintptr_t)about) == 0) &&
		     (!strict || json_object_set(function, "strict", (json_t *)(uintptr_t)strict) == 0) &&
		     json_array_append_new(list, json_pack("{s:s, s:O}", "type", "function", "function", function)) == 0;
		json_decref(function);
		if (!ok) break;
	}
	if (!ok && !why->error.text[0]) api_deny_memory(why);
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
	struct api_ask *ask = &c->inside->ask;
	for (size_t i = 0; i < 4; i++) {
		if (!is_type(v, words[i].word)) continue;
		ask->choice = words[i].choice;
		ask->chosen = json_string_value(json_object_get(v, "name"));
		ask->one_call = ask->choice == API_TOOLS_NAMED || json_is_true(json_object_get(v, "disable_parallel_tool_use"));
		return ask->choice != API_TOOLS_NAMED || ask->chosen || api_deny(why, field, "the tool's name is missing");
	}
	return api_deny(why, field, "its type must be auto, any, tool or none");
}

static bool take_thinking(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	ask->think = is_type(v, "enabled") || is_type(v, "adaptive") ? API_THINK_ON : API_THINK_OFF;
	return ask->think == API_THINK_ON || is_type(v, "disabled") ||
	       api_deny(why, field, "its type must be enabled, adaptive or disabled");
}

static bool take_output_format(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	if (!is_type(v, "json_schema")) return api_deny(why, field, "its type must be json_schema");
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
		if (!is_type(edit, "clear_thinking_20251015") || !keep || strcmp(keep, "all") != 0)
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

static bool check_count(struct api_call *c, struct api_refusal *why)
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

static bool check_messages(struct api_call *c, struct api_refusal *why)
{
	if (!c->inside->ask.max_given) return api_deny(why, "max_tokens", "it is missing");
	if (c->stream) c->type = "text/event-stream";
	snprintf(c->inside->id, sizeof c->inside->id, "msg_%08llx%08llx", (unsigned long long)(c->inside->now & 0xffffffff),
	         (unsigned long long)c->inside->name);
	return check_count(c, why);
}

#define MANY 4294967294.0
#define CONVERSATION                                                                                                                    \
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name" },                                                              \
	        { "messages",                                                                                                           \
		  API_LIST,                                                                                                             \
		  0,                                                                                                                    \
		  0,                                                                                                                    \
		  take_messages,                                                                                                        \
		  "blocks text, tool_use, tool_result, thinking; images and documents are refused; a last one of the assistant "        \
		  "is gone on with" },                                                                                                  \
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
		  "enabled, adaptive or disabled (as when left out); thoughts count to max_tokens, budget_tokens sets no limit "        \
		  "of its own" },                                                                                                       \
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
	{ "container", API_REFUSED, 0, 0, NULL, "it is not supported" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

const struct api_field api_fields_count[] = { CONVERSATION, { NULL, API_ANY, 0, 0, NULL, NULL } };

/* ---- counting ---- */

static bool plan_count(struct api_call *c, struct api_refusal *why)
{
	if (!api_plan_chat(c, why)) return false;
	c->jobs[0].request.want = HEARTH_WANT_PROMPT;
	return true;
}

static void count_end(struct api_call *c, struct buffer *out)
{
	buffer_format(out, "{\"input_tokens\":%u}", c->inside->choices[0].last.n_prompt);
}

const struct api_kind api_kind_count = { .check = check_count, .plan = plan_count, .end = count_end };

/* ---- what is written ---- */

enum block { BLOCK_NONE, BLOCK_TEXT, BLOCK_THINKING, BLOCK_CALL };

static void put_text(struct buffer *out, const char *text)
{
	json_write_text(out, text, strlen(text));
}

static void put_stop(const struct api_choice *choice, struct buffer *out)
{
	const struct api_ask *ask = &choice->call->inside->ask;
	static const char *const reasons[] = { "null",          "end_turn", "max_tokens",
		                               "stop_sequence", "end_turn", "model_context_window_exceeded" };
	bool stopped = choice->last.stop == HEARTH_STOP_TEXT && choice->last.stop_text < ask->n_stops;
	const char *reason = choice->last.stop == HEARTH_STOP_TEXT && !stopped ? "end_turn" : reasons[choice->last.stop % 6];
	buffer_format(out, "\"stop_reason\":\"%s\",\"stop_sequence\":", api_calls_end(choice) ? "tool_use" : reason);
	if (stopped)
		put_text(out, ask->stops[choice->last.stop_text]);
	else
		buffer_append_text(out, "null");
}

static void put_usage(const struct hearth_event *e, struct buffer *out)
{
	buffer_format(out,
	              "{\"input_tokens\":%u,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":%u,\"output_tokens\":%u}",
	              e->n_prompt - e->n_cached, e->n_cached, e->n_generated);
}

static void begin_message(const struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	put_text(out, c->inside->id);
	buffer_append_text(out, ",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
	put_text(out, c->inside->model->name);
}

static void messages_begin(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
	begin_message(c, out);
	buffer_append_text(out, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
	put_usage(&c->inside->choices[0].last, out);
	buffer_append_text(out, "}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
}

static void close_block(struct api_choice *choice)
{
	struct buffer *out = choice->out;
	size_t at = choice->n_blocks - 1;
	if (choice->block == BLOCK_NONE) return;
	if (choice->block == BLOCK_THINKING)
		buffer_format(out,
		              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":%zu,"
		              "\"delta\":{\"type\":\"signature_delta\",\"signature\":\"hearth\"}}\n\n",
		              at);
	buffer_format(out, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":%zu}\n\n", at);
	choice->block = BLOCK_NONE;
}

static void open_block(struct api_choice *choice, enum block kind)
{
	struct buffer *out = choice->out;
	if (choice->block == (int)kind && kind != BLOCK_CALL) return;
	close_block(choice);
	buffer_format(out, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":%zu,\"content_block\":",
	              choice->n_blocks++);
	if (kind == BLOCK_TEXT) {
		buffer_append_text(out, "{\"type\":\"text\",\"text\":\"\"}");
	} else if (kind == BLOCK_THINKING) {
		buffer_append_text(out, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
	} else {
		const struct api_made_call *made = &choice->calls[choice->n_calls - 1];
		buffer_format(out, "{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":", made->id);
		put_text(out, made->name);
		buffer_append_text(out, ",\"input\":{}}");
	}
	buffer_append_text(out, "}\n\n");
	choice->block = (int)kind;
}

static void put_delta(struct api_choice *choice, const char *type, const char *member, const char *text, size_t length)
{
	buffer_format(choice->out,
	              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":%zu,"
	              "\"delta\":{\"type\":\"%s\",\"%s\":",
	              choice->n_blocks - 1, type, member);
	json_write_text(choice->out, text, length);
	buffer_append_text(choice->out, "}}\n\n");
}

static void messages_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	switch (kind) {
	case API_PIECE_TEXT:
		open_block(choice, BLOCK_TEXT);
		put_delta(choice, "text_delta", "text", text, length);
		break;
	case API_PIECE_THOUGHT:
		if (choice->call->inside->ask.think != API_THINK_ON) break; /* it was not asked for */
		open_block(choice, BLOCK_THINKING);
		put_delta(choice, "thinking_delta", "thinking", text, length);
		break;
	case API_PIECE_CALL: open_block(choice, BLOCK_CALL); break;
	case API_PIECE_ARGUMENTS: put_delta(choice, "input_json_delta", "partial_json", text, length); break;
	case API_PIECE_CALL_END: close_block(choice); break;
	}
}

static void messages_over(struct api_choice *choice)
{
	close_block(choice);
	buffer_append_text(choice->out, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{");
	put_stop(choice, choice->out);
	buffer_append_text(choice->out, "},\"usage\":");
	put_usage(&choice->last, choice->out);
	buffer_append_text(choice->out, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

/* The arguments as an object; what the model broke off is told as it is. */
static void put_input(const struct buffer *arguments, struct buffer *out)
{
	struct error ignored;
	json_t *value = json_parse(buffer_text(arguments), arguments->size, "", &ignored);
	if (json_is_object(value)) {
		json_write_value(out, value);
	} else {
		buffer_append_text(out, "{\"unfinished\":");
		json_write_text(out, buffer_text(arguments), arguments->size);
		buffer_append_byte(out, '}');
	}
	json_decref(value);
}

static void put_content(const struct api_choice *choice, struct buffer *out)
{
	const char *comma = "";
	if (choice->thought.size && choice->call->inside->ask.think == API_THINK_ON) {
		buffer_append_text(out, "{\"type\":\"thinking\",\"thinking\":");
		json_write_text(out, choice->thought.data, choice->thought.size);
		buffer_append_text(out, ",\"signature\":\"hearth\"}");
		comma = ",";
	}
	if (choice->text.size) {
		buffer_format(out, "%s{\"type\":\"text\",\"text\":", comma);
		json_write_text(out, choice->text.data, choice->text.size);
		buffer_append_byte(out, '}');
		comma = ",";
	}
	for (size_t i = 0; i < choice->n_calls; i++) {
		buffer_format(out, "%s{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":", comma, choice->calls[i].id);
		put_text(out, choice->calls[i].name);
		buffer_append_text(out, ",\"input\":");
		put_input(&choice->calls[i].arguments, out);
		buffer_append_byte(out, '}');
		comma = ",";
	}
}

static void messages_end(struct api_call *c, struct buffer *out)
{
	if (c->stream) return;
	const struct api_choice *choice = &c->inside->choices[0];
	begin_message(c, out);
	buffer_append_text(out, ",\"content\":[");
	put_content(choice, out);
	buffer_append_text(out, "],");
	put_stop(choice, out);
	buffer_append_text(out, ",\"usage\":");
	put_usage(&choice->last, out);
	buffer_append_byte(out, '}');
}

static void messages_error(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "event: error\ndata: ");
	api_refuse(API_ANTHROPIC, &c->refusal, out);
	buffer_append_text(out, "\n\n");
}

const struct api_kind api_kind_messages = { .check = check_messages,
	                                    .plan = api_plan_chat,
	                                    .begin = messages_begin,
	                                    .piece = messages_piece,
	                                    .over = messages_over,
	                                    .end = messages_end,
	                                    .error = messages_error };
