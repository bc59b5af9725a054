/* ollama: the bodies of /api/chat and /api/generate, and their lines of JSON. */
#include "api/fields.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- fields ---- */

static bool take_options(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	char place[140];
	api_place(place, sizeof place, "%s.", field);
	return api_take_fields(c, v, api_fields_ollama_options, place, why);
}

static bool take_format(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	const char *word = json_string_value(v);
	if (word && !*word) return true;
	if (word && strcmp(word, "json") != 0) return api_deny(why, field, "it must be \"json\" or a schema");
	if (!word) return api_take_schema(c, v, field, why);
	c->inside->ask.format = API_FORMAT_JSON;
	return true;
}

static bool take_think(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const char *const words[] = { "low", "medium", "high", NULL };
	struct api_ask *ask = &c->inside->ask;
	const char *word = json_string_value(v);
	size_t i = 0;
	if (json_is_boolean(v)) {
		ask->think = json_is_true(v) ? API_THINK_ON : API_THINK_OFF;
		return true;
	}
	while (word && words[i] && strcmp(words[i], word) != 0) i++;
	if (!word || !words[i]) return api_deny(why, field, "it must be true, false, \"low\", \"medium\" or \"high\"");
	ask->think = API_THINK_ON;
	ask->variables = json_pack("{s:s}", "reasoning_effort", word);
	return ask->variables || api_deny_memory(why);
}

static bool is_empty(const json_t *v)
{
	return !v || json_is_null(v) || (json_is_array(v) && json_array_size(v) == 0);
}

/* Ollama's message as OpenAI's: arguments are objects, results have the tool's name. */
static json_t *openai_message(const json_t *message, const char *place, struct api_refusal *why)
{
	static const char *const known[] = { "role",         "content", "images",   "tool_calls", "tool_name",
		                             "tool_call_id", "name",    "thinking", NULL };
	const char *key;
	json_t *v, *made = json_object();
	json_object_foreach((json_t *)(uintptr_t)message, key, v)
	{
		size_t i = 0;
		char at[192];
		while (known[i] && strcmp(known[i], key) != 0) i++;
		api_place(at, sizeof at, "%s.%.40s", place, key);
		bool ok = known[i] != NULL || api_deny(why, at, "this field is not known");
		if (ok && i == 2 && !is_empty(v))
			ok = api_deny(why, at, "images are not understood by this version; send text alone");
		const char *name = i == 4 ? "name" : i == 7 ? "reasoning_content" : key;
		if (ok && i != 2 && !is_empty(v)) ok = made && json_object_set(made, name, v) == 0;
		if (ok) continue;
		json_decref(made);
		return NULL;
	}
	return made;
}

static bool take_messages(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	json_t *list = json_array();
	size_t i;
	const json_t *message;
	bool ok = list != NULL;
	json_array_foreach((json_t *)(uintptr_t)v, i, message)
	{
		char place[64];
		api_place(place, sizeof place, "%.32s[%zu]", field, i);
		json_t *made = json_is_object(message) ? openai_message(message, place, why) : json_null();
		ok = made && json_array_append_new(list, made) == 0;
		if (!ok) break;
	}
	if (!ok && !why->error.text[0]) api_deny_memory(why);
	if (ok && json_array_size(list)) ok = api_take_messages(c, list, why);
	json_decref(list);
	const json_t *last = json_array_get(v, json_array_size(v) - 1);
	const char *role = json_string_value(json_object_get(last, "role"));
	c->inside->ask.goes_on = role && strcmp(role, "assistant") == 0 && is_empty(json_object_get(last, "tool_calls"));
	return ok;
}

static bool take_tools(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	return api_take_tools(c, v, why);
}

static bool take_prompt(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	c->inside->ask.inputs = json_pack("[O]", v);
	return c->inside->ask.inputs || api_deny_memory(why);
}

static bool take_system(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	(void)field;
	if (json_string_length(v) == 0) return true;
	ask->messages = json_pack("[o]", api_message("system", json_incref((json_t *)(uintptr_t)v)));
	return ask->messages || api_deny_memory(why);
}

static bool take_raw(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.template_off = json_is_true(v);
	return true;
}

static bool take_stream(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.flag = json_is_false(v); /* it streams unless it is told not to */
	return true;
}

#define MANY 4294967294.0
#define OLLAMA_COMMON                                                                                                              \
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name" },                                                         \
	        { "stream", API_BOOL, 0, 0, take_stream, "left out: true" },                                                       \
	        { "format", API_ANY, 0, 0, take_format, "\"json\" or a schema" },                                                  \
	        { "options", API_OBJECT, 0, 0, take_options, "see below" },                                                        \
	        { "think", API_ANY, 0, 0, take_think, "true, false, low, medium, high" },                                          \
	{                                                                                                                          \
		"keep_alive", API_ANY, 0, 0, NULL, "models are put away by the server's own rule"                                  \
	}

const struct api_field api_fields_ollama_chat[] = {
	OLLAMA_COMMON,
	{ "messages", API_LIST, 0, 0, take_messages, "images are refused; none: the model is named as loaded" },
	{ "tools", API_LIST, 0, 0, take_tools, "functions" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

const struct api_field api_fields_ollama_generate[] = {
	OLLAMA_COMMON,
	{ "prompt", API_STRING, 0, 0, take_prompt, "left out or empty: the model is named as loaded" },
	{ "suffix", API_STRING, 0, 0, api_take_suffix, "refused for models without fill-in-the-middle" },
	{ "system", API_STRING, 0, 0, take_system, "" },
	{ "raw", API_BOOL, 0, 0, take_raw, "the prompt as it is, without the model's template" },
	{ "images", API_LIST, 0, 0, api_only_empty, "images are not understood" },
	{ "template", API_STRING, 0, 0, api_only_empty, "the model's own template is used" },
	{ "context", API_LIST, 0, 0, api_only_empty, "send the conversation to /api/chat" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

const struct api_field api_fields_ollama_options[] = {
	{ "num_predict", API_WHOLE, -2, MANY, api_take_max, "-1: until the context is full" },
	{ "temperature", API_NUMBER, 0, 100, api_take_temperature, "" },
	{ "top_k", API_WHOLE, -1, MANY, api_take_top_k, "" },
	{ "top_p", API_NUMBER, 0, 1, api_take_top_p, "" },
	{ "min_p", API_NUMBER, 0, 1, api_take_min_p, "" },
	{ "typical_p", API_NUMBER, 0, 1, api_take_typical_p, "" },
	{ "repeat_penalty", API_NUMBER, 0.01, 100, api_take_repeat, "" },
	{ "repeat_last_n", API_WHOLE, -1, 65536, api_take_last, "" },
	{ "presence_penalty", API_NUMBER, -100, 100, api_take_presence, "" },
	{ "frequency_penalty", API_NUMBER, -100, 100, api_take_frequency, "" },
	{ "seed", API_WHOLE, -9.2e18, 9.2e18, api_take_seed, "" },
	{ "stop", API_TEXT_OR_LIST, 0, 0, api_take_stop, "up to 32 texts" },
	{ "num_ctx", API_WHOLE, 0, MANY, NULL,
	  "the context is the open model's; what does not fit is refused by its size, never cut" },
	{ "num_keep", API_WHOLE, -1, MANY, NULL, "nothing is cut from a prompt here" },
	{ "num_batch", API_WHOLE, 0, MANY, NULL, "how it is computed changes no answer" },
	{ "num_gpu", API_WHOLE, -1, MANY, NULL, "the same" },
	{ "main_gpu", API_WHOLE, -1, MANY, NULL, "the same" },
	{ "num_thread", API_WHOLE, 0, MANY, NULL, "the same" },
	{ "low_vram", API_BOOL, 0, 0, NULL, "the same" },
	{ "use_mmap", API_BOOL, 0, 0, NULL, "the same" },
	{ "use_mlock", API_BOOL, 0, 0, NULL, "the same" },
	{ "numa", API_BOOL, 0, 0, NULL, "the same" },
	{ "f16_kv", API_BOOL, 0, 0, api_only_true, "only true" },
	{ "tfs_z", API_NUMBER, 0, 1, api_only_one, "only 1 (off)" },
	{ "mirostat", API_WHOLE, 0, 2, api_only_zero, "only 0 (off)" },
	{ "mirostat_eta", API_NUMBER, 0, 1e9, NULL, "without effect while mirostat is off" },
	{ "mirostat_tau", API_NUMBER, 0, 1e9, NULL, "the same" },
	{ "penalize_newline", API_BOOL, 0, 0, api_only_true, "only true" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static void set_stream(struct api_call *c)
{
	c->stream = !c->inside->ask.flag;
	if (c->stream) c->type = "application/x-ndjson";
}

static bool check_chat(struct api_call *c, struct api_refusal *why)
{
	if (!*c->model) return api_deny(why, "model", "it is missing");
	set_stream(c);
	return true;
}

static bool check_generate(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	if (!*c->model) return api_deny(why, "model", "it is missing");
	if (ask->fill && ask->messages) return api_deny(why, "system", "it is not supported together with suffix");
	if (ask->template_off && ask->messages) return api_deny(why, "system", "it is not supported together with raw");
	set_stream(c);
	return true;
}

/* ---- jobs ---- */

static bool plan_chat(struct api_call *c, struct api_refusal *why)
{
	return !c->inside->ask.messages || api_plan_chat(c, why);
}

static bool plan_generate(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	json_t *prompt = json_array_get(ask->inputs, 0);
	if (!ask->fill && json_string_length(prompt) == 0) return true;
	if (!ask->fill && !ask->template_off) {
		if (!ask->messages) ask->messages = json_array();
		if (!ask->messages || json_array_append_new(ask->messages, api_message("user", json_incref(prompt))) != 0)
			return api_deny_memory(why);
		return api_plan_chat(c, why);
	}
	struct api_job *jobs = api_new_jobs(c, 1, why);
	if (!jobs) return false;
	struct hearth_request r = api_request(c, ask->fill ? HEARTH_FILL : HEARTH_TEXT, 0);
	if (ask->fill) {
		struct buffer b = buffer_new(2 * (size_t)API_MOST_BODY);
		bool ok = (!prompt || json_object_set(ask->fill, "prefix", prompt) == 0) && json_write_value(&b, ask->fill);
		if (!ok) buffer_free(&b);
		r.text = ok ? api_keep(c, &b, &r.text_length) : NULL;
		if (!r.text) return api_deny_memory(why);
	} else {
		r.text = json_string_value(prompt);
		r.text_length = json_string_length(prompt);
	}
	if (ask->format != API_FORMAT_TEXT && !api_plan_tools(c, &r, why)) return false;
	jobs[0] = (struct api_job){ .request = r, .given = ask->given };
	return true;
}

/* ---- what is written ---- */

static void put_text(struct buffer *out, const char *text)
{
	json_write_text(out, text, strlen(text));
}

static bool is_generate(const struct api_call *c)
{
	return c->endpoint->kind == &api_kind_ollama_generate;
}

static void begin_line(const struct api_call *c, struct buffer *out)
{
	char when[40] = "1970-01-01T00:00:00Z";
	time_t now = (time_t)c->inside->now;
	struct tm utc;
	if (gmtime_r(&now, &utc)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
	buffer_append_text(out, "{\"model\":");
	put_text(out, c->inside->model->name);
	buffer_format(out, ",\"created_at\":\"%s\"", when);
}

/* The members that hold the answer: a message, or a response. */
static void put_answer(const struct api_call *c, const char *text, size_t n, const char *thought, size_t n_thought,
                       struct buffer *out)
{
	bool generate = is_generate(c);
	buffer_append_text(out, generate ? ",\"response\":" : ",\"message\":{\"role\":\"assistant\",\"content\":");
	json_write_text(out, text, n);
	if (n_thought == 0) return;
	buffer_append_text(out, ",\"thinking\":");
	json_write_text(out, thought, n_thought);
}

static void put_call(const struct api_made_call *made, struct buffer *out)
{
	struct error ignored;
	json_t *arguments = json_parse(buffer_text(&made->arguments), made->arguments.size, "", &ignored);
	buffer_append_text(out, "{\"function\":{\"name\":");
	put_text(out, made->name);
	buffer_append_text(out, ",\"arguments\":");
	if (json_is_object(arguments)) {
		json_write_value(out, arguments);
	} else { /* what the model broke off is told as it is */
		buffer_append_text(out, "{\"unfinished\":");
		json_write_text(out, buffer_text(&made->arguments), made->arguments.size);
		buffer_append_byte(out, '}');
	}
	buffer_append_text(out, "}}");
	json_decref(arguments);
}

static void end_answer(const struct api_call *c, struct buffer *out)
{
	if (!is_generate(c)) buffer_append_byte(out, '}');
}

static void ollama_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	struct buffer *out = choice->out;
	if (kind == API_PIECE_CALL || kind == API_PIECE_ARGUMENTS) return; /* calls are told whole */
	begin_line(choice->call, out);
	put_answer(choice->call, kind == API_PIECE_TEXT ? text : "", kind == API_PIECE_TEXT ? length : 0, text,
	           kind == API_PIECE_THOUGHT ? length : 0, out);
	if (kind == API_PIECE_CALL_END) {
		buffer_append_text(out, ",\"tool_calls\":[");
		put_call(&choice->calls[choice->n_calls - 1], out);
		buffer_append_byte(out, ']');
	}
	end_answer(choice->call, out);
	buffer_append_text(out, ",\"done\":false}\n");
}

static unsigned long long nanoseconds(double seconds)
{
	return seconds > 0 ? (unsigned long long)(seconds * 1e9) : 0;
}

static void put_end(const struct api_choice *choice, struct buffer *out)
{
	const struct hearth_event *e = &choice->last;
	bool full = e->stop == HEARTH_STOP_LENGTH || e->stop == HEARTH_STOP_CONTEXT;
	buffer_format(out,
	              ",\"done\":true,\"done_reason\":\"%s\",\"total_duration\":%llu,\"load_duration\":0,\"prompt_eval_count\":%u,"
	              "\"prompt_eval_duration\":%llu,\"eval_count\":%u,\"eval_duration\":%llu}",
	              full ? "length" : "stop", nanoseconds(e->seconds_wait + e->seconds_prompt + e->seconds_generate), e->n_prompt,
	              nanoseconds(e->seconds_prompt), e->n_generated, nanoseconds(e->seconds_generate));
}

static void ollama_end(struct api_call *c, struct buffer *out)
{
	const struct api_choice *choice = &c->inside->choices[0];
	begin_line(c, out);
	/* In a stream all of it has been told. */
	put_answer(c, buffer_text(&choice->text), choice->text.size, buffer_text(&choice->thought), choice->thought.size, out);
	if (!c->stream && choice->n_calls) {
		buffer_append_text(out, ",\"tool_calls\":[");
		for (size_t i = 0; i < choice->n_calls; i++) {
			if (i) buffer_append_byte(out, ',');
			put_call(&choice->calls[i], out);
		}
		buffer_append_byte(out, ']');
	}
	end_answer(c, out);
	put_end(choice, out);
	if (c->stream) buffer_append_byte(out, '\n');
}

static void ollama_error(struct api_call *c, struct buffer *out)
{
	api_refuse(API_OLLAMA, &c->refusal, out);
	buffer_append_byte(out, '\n');
}

/* Nothing was asked: clients load a model so. */
static bool ollama_loaded(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	(void)models;
	(void)n;
	(void)why;
	begin_line(c, out);
	put_answer(c, "", 0, "", 0, out);
	end_answer(c, out);
	buffer_append_text(out, ",\"done\":true,\"done_reason\":\"load\"}");
	if (c->stream) buffer_append_byte(out, '\n');
	return true;
}

const struct api_kind api_kind_ollama_chat = { .check = check_chat,
	                                       .plan = plan_chat,
	                                       .piece = ollama_piece,
	                                       .end = ollama_end,
	                                       .error = ollama_error,
	                                       .tell = ollama_loaded };
const struct api_kind api_kind_ollama_generate = { .check = check_generate,
	                                           .plan = plan_generate,
	                                           .piece = ollama_piece,
	                                           .end = ollama_end,
	                                           .error = ollama_error,
	                                           .tell = ollama_loaded };
