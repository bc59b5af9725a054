/* openai: the body of /v1/chat/completions. */
#include "api/fields.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

static bool take_messages(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	return api_take_messages(c, v, why);
}

static bool take_tools(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	return api_take_tools(c, v, why);
}

static bool take_choice(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const char *const words[] = { "auto", "none", "required" };
	struct api_ask *ask = &c->inside->ask;
	const char *word = json_string_value(v), *type = json_string_value(json_object_get(v, "type"));
	for (size_t i = 0; word && i < 3; i++) {
		if (strcmp(words[i], word) != 0) continue;
		ask->choice = (enum api_tool_choice)i;
		return true;
	}
	const char *name = json_string_value(json_object_get(json_object_get(v, "function"), "name"));
	if (!type || strcmp(type, "function") != 0 || !name)
		return api_deny(
		        why, field,
		        "it must be \"auto\", \"none\", \"required\" or {\"type\": \"function\", \"function\": {\"name\": ...}}");
	ask->choice = API_TOOLS_NAMED;
	ask->chosen = name;
	ask->one_call = true;
	return true;
}

static bool take_parallel(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.one_call = json_is_false(v);
	return true;
}

static bool take_format(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	const char *type = json_string_value(json_object_get(v, "type")), *key;
	const json_t *given = json_object_get(v, "json_schema"), *schema = json_object_get(given, "schema");
	json_t *member;
	if (type && strcmp(type, "text") == 0) return true;
	if (type && strcmp(type, "json_object") == 0) {
		if (json_object_get(v, "schema")) return api_take_schema(c, json_object_get(v, "schema"), field, why);
		c->inside->ask.format = API_FORMAT_JSON;
		return true;
	}
	if (!type || strcmp(type, "json_schema") != 0)
		return api_deny(why, field, "its type must be \"text\", \"json_object\" or \"json_schema\"");
	json_object_foreach((json_t *)(uintptr_t)given, key, member)
	{
		bool known =
		        !strcmp(key, "name") || !strcmp(key, "description") || !strcmp(key, "schema") || !strcmp(key, "strict");
		char place[128];
		api_place(place, sizeof place, "%s.json_schema.%.40s", field, key);
		if (!known) return api_deny(why, place, "this field is not known");
	}
	if (!schema) return api_deny(why, "response_format.json_schema.schema", "it is missing");
	return api_take_schema(c, schema, "response_format.json_schema.schema", why);
}

static bool take_logprobs(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.scores = json_is_true(v);
	return true;
}

static bool take_top_logprobs(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.n_scores = (uint32_t)json_number_value(v);
	return true;
}

/* How much a model should think; "none" is the same as not at all. */
static bool take_effort(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const char *const words[] = { "none", "minimal", "low", "medium", "high", "xhigh", NULL };
	struct api_ask *ask = &c->inside->ask;
	size_t i = 0;
	while (words[i] && strcmp(words[i], json_string_value(v)) != 0) i++;
	if (!words[i]) return api_deny(why, field, "it must be none, minimal, low, medium, high or xhigh");
	if (!ask->variables) ask->variables = json_object();
	ask->think = i == 0 ? API_THINK_OFF : API_THINK_ON;
	if (i == 0) return true;
	return json_object_set_new(ask->variables, field,
	                           json_string(i == 1   ? "low"
	                                       : i == 5 ? "high"
	                                                : words[i])) == 0 ||
	       api_deny_memory(why);
}

static bool take_progress(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.progress = json_is_true(v);
	return true;
}

static bool take_tier(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	const char *tier = json_string_value(v);
	static const char *const words[] = { "auto", "default", "flex", "priority", NULL };
	size_t i = 0;
	while (words[i] && strcmp(words[i], tier) != 0) i++;
	return words[i] || api_deny(why, field, "it must be auto, default, flex or priority; there is one for all");
}

static bool take_verbosity(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	return !strcmp(json_string_value(v), "medium") ||
	       api_deny(why, field, "only medium is supported; say in words what you want");
}

static bool take_modalities(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	const char *only = json_string_value(json_array_get(v, 0));
	return (json_array_size(v) == 1 && only && !strcmp(only, "text")) || api_deny(why, field, "only [\"text\"] is supported");
}

static bool take_goes_on(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.goes_on = json_is_true(v);
	return true;
}

static bool take_generation_prompt(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	(void)v;
	(void)field;
	(void)why;
	return true;
}

static bool check_chat(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	if (!ask->messages) return api_deny(why, "messages", "it is missing");
	if (ask->n_scores && !ask->scores) return api_deny(why, "top_logprobs", "it needs logprobs to be true");
	if (ask->scores) ask->n_scores++;
	if (ask->usage_chunk && !c->stream) return api_deny(why, "stream_options", "it needs stream to be true");
	bool must = ask->choice == API_TOOLS_REQUIRED || ask->choice == API_TOOLS_NAMED;
	if (must && !ask->tools) return api_deny(why, "tool_choice", "there are no tools");
	if (ask->choice == API_TOOLS_NAMED && !api_has_tool(c, ask->chosen))
		return api_deny(why, "tool_choice", "there is no tool '%.100s'", ask->chosen);
	if (c->stream) c->type = "text/event-stream";
	snprintf(c->inside->id, sizeof c->inside->id, "chatcmpl-%08llx%08llx", (unsigned long long)(c->inside->now & 0xffffffff),
	         (unsigned long long)c->inside->name);
	return true;
}

#define MANY 4294967294.0

const struct api_field api_fields_chat[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "messages", API_LIST, 0, 0, take_messages,
	  "roles system, developer, user, assistant, tool; content as text or parts of text; images are refused" },
	{ "stream", API_BOOL, 0, 0, api_take_stream, "chunks as server-sent events" },
	{ "stream_options", API_OBJECT, 0, 0, api_take_stream_options, "include_usage" },
	{ "max_tokens", API_WHOLE, -2, MANY, api_take_max, "of the answer; left out: until the context is full" },
	{ "max_completion_tokens", API_WHOLE, -2, MANY, api_take_max, "the same" },
	{ "n", API_WHOLE, 1, API_MOST_CHOICES, api_take_n, "answers side by side" },
	{ "stop", API_TEXT_OR_LIST, 0, 0, api_take_stop, "up to 32 texts" },
	{ "seed", API_WHOLE, -9.2e18, 9.2e18, api_take_seed, "equal seeds give equal answers" },
	{ "temperature", API_NUMBER, 0, 100, api_take_temperature, "0: always the most likely token" },
	{ "top_p", API_NUMBER, 0, 1, api_take_top_p, "" },
	{ "top_k", API_WHOLE, -1, MANY, api_take_top_k, "-1 and 0: all" },
	{ "min_p", API_NUMBER, 0, 1, api_take_min_p, "" },
	{ "typical_p", API_NUMBER, 0, 1, api_take_typical_p, "" },
	{ "repeat_penalty", API_NUMBER, 0.01, 100, api_take_repeat, "" },
	{ "repetition_penalty", API_NUMBER, 0.01, 100, api_take_repeat, "the same" },
	{ "repeat_last_n", API_WHOLE, -1, 65536, api_take_last, "tokens that penalties look back at" },
	{ "presence_penalty", API_NUMBER, -100, 100, api_take_presence, "" },
	{ "frequency_penalty", API_NUMBER, -100, 100, api_take_frequency, "" },
	{ "logprobs", API_BOOL, 0, 0, take_logprobs, "log probabilities of the answer's tokens" },
	{ "top_logprobs", API_WHOLE, 0, 20, take_top_logprobs, "and of the most likely ones" },
	{ "response_format", API_OBJECT, 0, 0, take_format,
	  "text, json_object, json_schema; the answer is held to the schema, strict or not" },
	{ "grammar", API_STRING, 0, 0, api_take_grammar, "GBNF" },
	{ "json_schema", API_ANY, 0, 0, api_take_schema, "the schema by itself" },
	{ "tools", API_LIST, 0, 0, take_tools, "functions; with strict, arguments are held to the schema" },
	{ "tool_choice", API_ANY, 0, 0, take_choice,
	  "auto, none, required, or a function; what is required is held to the schema" },
	{ "parallel_tool_calls", API_BOOL, 0, 0, take_parallel, "false: at most one call" },
	{ "reasoning_effort", API_STRING, 0, 0, take_effort, "given to the model's template; none: no thinking" },
	{ "chat_template_kwargs", API_OBJECT, 0, 0, api_take_variables,
	  "further variables of the template, such as enable_thinking" },
	{ "continue_final_message", API_BOOL, 0, 0, take_goes_on, "the last message is the beginning of the answer" },
	{ "add_generation_prompt", API_BOOL, 0, 0, take_generation_prompt, "follows from continue_final_message" },
	{ "cache_prompt", API_BOOL, 0, 0, NULL, "equal beginnings are always shared" },
	{ "return_progress", API_BOOL, 0, 0, take_progress,
	  "chunks with prompt_progress (total, cache, processed, time_ms) while the prompt is read; only when streaming" },
	{ "t_max_predict_ms", API_WHOLE, 0, MANY, api_take_limit, "most milliseconds for the answer" },
	{ "user", API_STRING, 0, 0, NULL, "taken, and not kept: there is one user" },
	{ "safety_identifier", API_STRING, 0, 0, NULL, "the same" },
	{ "prompt_cache_key", API_STRING, 0, 0, NULL, "equal beginnings are found without it" },
	{ "prompt_cache_retention", API_STRING, 0, 0, NULL, "the same" },
	{ "metadata", API_OBJECT, 0, 0, NULL, "taken, and not kept: answers are not stored" },
	{ "store", API_BOOL, 0, 0, api_only_false, "only false: answers are not stored" },
	{ "service_tier", API_STRING, 0, 0, take_tier, "auto, default, flex or priority: there is one for all" },
	{ "modalities", API_LIST, 0, 0, take_modalities, "text alone" },
	{ "logit_bias", API_OBJECT, 0, 0, api_take_bias,
	  "by the ids of tokens, -100 to 100: added to what the model finds likely" },
	{ "functions", API_REFUSED, 0, 0, NULL, "it is out of date; use tools" },
	{ "function_call", API_REFUSED, 0, 0, NULL, "it is out of date; use tool_choice" },
	{ "audio", API_REFUSED, 0, 0, NULL, "sound is not understood" },
	{ "prediction", API_REFUSED, 0, 0, NULL, "it is not supported" },
	{ "web_search_options", API_REFUSED, 0, 0, NULL, "nothing here reaches the network" },
	{ "verbosity", API_STRING, 0, 0, take_verbosity, "only medium, which is what models do by themselves" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

/* ---- what is written ---- */

static const char *reason(const struct api_choice *choice)
{
	if (api_calls_end(choice)) return "\"tool_calls\"";
	return choice->last.stop == HEARTH_STOP_LENGTH || choice->last.stop == HEARTH_STOP_CONTEXT ? "\"length\"" : "\"stop\"";
}

static void put_text(struct buffer *out, const char *text)
{
	json_write_text(out, text, strlen(text));
}

static void put_usage(const struct api_call *c, struct buffer *out)
{
	/* One prompt, however many answers. */
	uint32_t prompt = c->inside->choices[0].last.n_prompt, cached = c->inside->choices[0].last.n_cached;
	uint32_t made = api_sum(c, offsetof(struct hearth_event, n_generated));
	buffer_format(out,
	              "{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%llu,"
	              "\"prompt_tokens_details\":{\"cached_tokens\":%u}}",
	              prompt, made, (unsigned long long)prompt + made, cached);
}

/* {"id", "object", "created", "model" ... up to the choices. */
static void begin_object(const struct api_call *c, const char *object, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	put_text(out, c->inside->id);
	buffer_format(out, ",\"object\":\"%s\",\"created\":%llu,\"model\":", object, (unsigned long long)c->inside->now);
	put_text(out, c->inside->model->name);
	buffer_append_text(out, ",\"system_fingerprint\":\"hearth-" HEARTH_VERSION "\"");
}

/* A chunk up to its delta's members. */
static void begin_chunk(const struct api_choice *choice, struct buffer *out)
{
	buffer_append_text(out, "data: ");
	begin_object(choice->call, "chat.completion.chunk", out);
	buffer_format(out, ",\"choices\":[{\"index\":%zu,\"delta\":{", choice->number);
	if (!choice->begun) buffer_append_text(out, "\"role\":\"assistant\"");
}

static void end_chunk(struct api_choice *choice, struct buffer *out, const char *finish)
{
	buffer_append_text(out, "},\"logprobs\":");
	if (choice->scores.size)
		api_put_scores(choice, out);
	else
		buffer_append_text(out, "null");
	buffer_format(out, ",\"finish_reason\":%s}]%s}\n\n", finish,
	              choice->call->inside->ask.usage_chunk ? ",\"usage\":null" : "");
	choice->begun = true;
}

/* The chunk that says who speaks comes first, with nothing else: some clients look for it. */
static void chat_begin(struct api_call *c, struct buffer *out)
{
	for (size_t i = 0; i < c->n_jobs; i++) {
		begin_chunk(&c->inside->choices[i], out);
		buffer_append_text(out, ",\"content\":\"\"");
		end_chunk(&c->inside->choices[i], out, "null");
	}
}

static void chat_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	struct buffer *out = choice->out;
	size_t at = choice->n_calls ? choice->n_calls - 1 : 0;
	if (kind == API_PIECE_CALL_END) return;
	begin_chunk(choice, out);
	switch (kind) {
	case API_PIECE_TEXT:
		buffer_append_text(out, "\"content\":");
		json_write_text(out, text, length);
		break;
	case API_PIECE_THOUGHT:
		buffer_append_text(out, "\"reasoning_content\":");
		json_write_text(out, text, length);
		break;
	case API_PIECE_CALL:
		buffer_format(out, "\"tool_calls\":[{\"index\":%zu,\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":", at,
		              choice->calls[at].id);
		json_write_text(out, text, length);
		buffer_append_text(out, ",\"arguments\":\"\"}}]");
		break;
	default:
		buffer_format(out, "\"tool_calls\":[{\"index\":%zu,\"function\":{\"arguments\":", at);
		json_write_text(out, text, length);
		buffer_append_text(out, "}}]");
		break;
	}
	end_chunk(choice, out, "null");
}

static void chat_over(struct api_choice *choice)
{
	begin_chunk(choice, choice->out);
	end_chunk(choice, choice->out, reason(choice));
}

/* How far the prompt is read, as llama.cpp's server tells it: once for all answers, which have one prompt. */
static void chat_progress(struct api_choice *choice, const struct hearth_event *e)
{
	struct buffer *out = choice->out;
	uint32_t done = e->n_done > e->n_cached ? e->n_done : e->n_cached;
	if (!choice->call->inside->ask.progress || choice->number > 0) return;
	buffer_append_text(out, "data: ");
	begin_object(choice->call, "chat.completion.chunk", out);
	buffer_append_text(out, ",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":null}]");
	if (choice->call->inside->ask.usage_chunk) buffer_append_text(out, ",\"usage\":null");
	buffer_format(out, ",\"prompt_progress\":{\"total\":%u,\"cache\":%u,\"processed\":%u,\"time_ms\":%.0f}}\n\n", e->n_prompt,
	              e->n_cached, done, e->seconds_prompt * 1000);
}

static void put_calls(const struct api_choice *choice, struct buffer *out)
{
	buffer_append_text(out, ",\"tool_calls\":[");
	for (size_t i = 0; i < choice->n_calls; i++) {
		const struct api_made_call *made = &choice->calls[i];
		buffer_format(out, "%s{\"id\":\"%s\",\"type\":\"function\",\"function\":{\"name\":", i ? "," : "", made->id);
		put_text(out, made->name);
		buffer_append_text(out, ",\"arguments\":");
		json_write_text(out, buffer_text(&made->arguments), made->arguments.size);
		buffer_append_text(out, "}}");
	}
	buffer_append_byte(out, ']');
}

static void put_choice(struct api_choice *choice, struct buffer *out)
{
	buffer_format(out, "{\"index\":%zu,\"message\":{\"role\":\"assistant\",\"content\":", choice->number);
	if (choice->n_calls && choice->text.size == 0)
		buffer_append_text(out, "null");
	else
		json_write_text(out, buffer_text(&choice->text), choice->text.size);
	buffer_append_text(out, ",\"refusal\":null");
	if (choice->thought.size) {
		buffer_append_text(out, ",\"reasoning_content\":");
		json_write_text(out, buffer_text(&choice->thought), choice->thought.size);
	}
	if (choice->n_calls) put_calls(choice, out);
	buffer_append_text(out, "},\"logprobs\":");
	api_put_scores(choice, out);
	buffer_format(out, ",\"finish_reason\":%s}", reason(choice));
}

static void chat_end(struct api_call *c, struct buffer *out)
{
	if (c->stream) {
		if (c->inside->ask.usage_chunk) {
			buffer_append_text(out, "data: ");
			begin_object(c, "chat.completion.chunk", out);
			buffer_append_text(out, ",\"choices\":[],\"usage\":");
			put_usage(c, out);
			buffer_append_text(out, "}\n\n");
		}
		buffer_append_text(out, "data: [DONE]\n\n");
		return;
	}
	begin_object(c, "chat.completion", out);
	buffer_append_text(out, ",\"choices\":[");
	for (size_t i = 0; i < c->n_jobs; i++) {
		if (i) buffer_append_byte(out, ',');
		put_choice(&c->inside->choices[i], out);
	}
	buffer_append_text(out, "],\"usage\":");
	put_usage(c, out);
	buffer_append_byte(out, '}');
}

static void chat_error(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "data: ");
	api_refuse(API_OPENAI, &c->refusal, out);
	buffer_append_text(out, "\n\n");
}

const struct api_kind api_kind_chat = { .check = check_chat,
	                                .plan = api_plan_chat,
	                                .begin = chat_begin,
	                                .progress = chat_progress,
	                                .piece = chat_piece,
	                                .over = chat_over,
	                                .end = chat_end,
	                                .error = chat_error };
