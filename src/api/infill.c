/* infill: code between two ends, as editors ask for it, and what small tools ask: tokens, texts, prompts. */
#include "api/fields.h"

#include <stdio.h>
#include <string.h>

/* ---- /infill ---- */

static bool set_fill(struct api_call *c, const char *key, const json_t *v, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	if (!ask->fill) ask->fill = json_object();
	return (ask->fill && json_object_set(ask->fill, key, (json_t *)(uintptr_t)v) == 0) || api_deny_memory(why);
}

static bool take_prefix(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	return set_fill(c, "prefix", v, why);
}

static bool take_suffix(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	return set_fill(c, "suffix", v, why);
}

static bool take_begun(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	return set_fill(c, "begun", v, why);
}

static bool take_extra(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	size_t i;
	const json_t *file;
	json_t *list = json_array();
	json_array_foreach((json_t *)(uintptr_t)v, i, file)
	{
		char place[64];
		const json_t *name = json_object_get(file, "filename"), *text = json_object_get(file, "text");
		api_place(place, sizeof place, "%.32s[%zu]", field, i);
		if (!json_is_string(text) || (name && !json_is_string(name))) {
			json_decref(list);
			return api_deny(why, place, "it must have a text, and its filename must be one");
		}
		json_t *one = json_pack("{s:O}", "text", text);
		if (name && one) json_object_set(one, "filename", (json_t *)(uintptr_t)name);
		if (json_array_append_new(list, one) != 0) break;
	}
	bool ok = list && json_array_size(list) == json_array_size(v);
	ok = ok ? set_fill(c, "extra", list, why) : api_deny_memory(why);
	json_decref(list);
	return ok;
}

static bool take_prompt_limit(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.dimensions = (uint32_t)json_number_value(v);
	return true;
}

static bool take_members(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	c->inside->ask.inputs = json_incref((json_t *)(uintptr_t)v);
	return c->inside->ask.inputs || api_deny_memory(why);
}

static bool check_infill(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	if (!ask->fill) return api_deny(why, "input_prefix", "there must be an input_prefix or an input_suffix");
	if (c->stream) c->type = "text/event-stream";
	return true;
}

#define MANY 4294967294.0

const struct api_field api_fields_infill[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "input_prefix", API_STRING, 0, 0, take_prefix, "what stands before" },
	{ "input_suffix", API_STRING, 0, 0, take_suffix, "and behind" },
	{ "input_extra", API_LIST, 0, 0, take_extra, "other files: {filename, text}" },
	{ "prompt", API_STRING, 0, 0, take_begun, "how the answer begins" },
	{ "stream", API_BOOL, 0, 0, api_take_stream, "" },
	{ "n_predict", API_WHOLE, -2, MANY, api_take_max, "most tokens of the answer" },
	{ "max_tokens", API_WHOLE, -2, MANY, api_take_max, "the same" },
	{ "t_max_predict_ms", API_WHOLE, 0, MANY, api_take_limit, "most milliseconds for the answer" },
	{ "t_max_prompt_ms", API_WHOLE, 0, MANY, take_prompt_limit,
	  "most milliseconds for what is read; then nothing is answered" },
	{ "stop", API_TEXT_OR_LIST, 0, 0, api_take_stop, "up to 32 texts" },
	{ "seed", API_WHOLE, -9.2e18, 9.2e18, api_take_seed, "" },
	{ "temperature", API_NUMBER, 0, 100, api_take_temperature, "" },
	{ "top_p", API_NUMBER, 0, 1, api_take_top_p, "" },
	{ "top_k", API_WHOLE, -1, MANY, api_take_top_k, "" },
	{ "min_p", API_NUMBER, 0, 1, api_take_min_p, "" },
	{ "typical_p", API_NUMBER, 0, 1, api_take_typical_p, "" },
	{ "repeat_penalty", API_NUMBER, 0.01, 100, api_take_repeat, "" },
	{ "repeat_last_n", API_WHOLE, -1, 65536, api_take_last, "" },
	{ "presence_penalty", API_NUMBER, -100, 100, api_take_presence, "" },
	{ "frequency_penalty", API_NUMBER, -100, 100, api_take_frequency, "" },
	{ "grammar", API_STRING, 0, 0, api_take_grammar, "GBNF" },
	{ "json_schema", API_ANY, 0, 0, api_take_schema, "" },
	{ "response_fields", API_LIST, 0, 0, take_members, "the members of the answer that are wanted" },
	{ "cache_prompt", API_BOOL, 0, 0, NULL, "equal beginnings are always shared" },
	{ "samplers", API_LIST, 0, 0, NULL, "the order of the filters is fixed" },
	{ "n_indent", API_WHOLE, 0, 1e6, NULL, "lines are indented as the model writes them" },
	{ "id_slot", API_WHOLE, -1, MANY, NULL, "there are no slots: equal beginnings are found" },
	{ "n_probs", API_WHOLE, 0, MANY, api_only_zero, "only 0" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static bool plan_infill(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	struct api_job *jobs = api_new_jobs(c, 1, why);
	if (!jobs) return false;
	struct hearth_request r = api_request(c, HEARTH_FILL, 0);
	struct buffer b = buffer_new(2 * (size_t)API_MOST_BODY);
	bool ok = json_write_value(&b, ask->fill);
	if (!ok) buffer_free(&b);
	r.text = ok ? api_keep(c, &b, &r.text_length) : NULL;
	r.prompt_limit_ms = ask->dimensions;
	if (!r.text) return api_deny_memory(why);
	if (ask->format != API_FORMAT_TEXT && !api_plan_tools(c, &r, why)) return false;
	jobs[0] = (struct api_job){ .request = r, .given = ask->given };
	return true;
}

static void infill_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	(void)kind;
	buffer_append_text(choice->out, "data: {\"content\":");
	json_write_text(choice->out, text, length);
	buffer_append_text(choice->out, ",\"stop\":false}\n\n");
}

static double rate(uint32_t n, double seconds)
{
	return seconds > 0 ? n / seconds : 0;
}

static json_t *infill_answer(const struct api_call *c, const struct api_choice *choice)
{
	const struct hearth_event *e = &choice->last;
	const struct api_ask *ask = &c->inside->ask;
	static const char *const types[] = { "none", "eos", "limit", "word", "none", "limit" };
	bool word = e->stop == HEARTH_STOP_TEXT && e->stop_text < ask->n_stops;
	json_t *timings =
	        json_pack("{s:i, s:i, s:f, s:f, s:i, s:f, s:f}", "cache_n", (int)e->n_cached, "prompt_n",
	                  (int)(e->n_prompt - e->n_cached), "prompt_ms", e->seconds_prompt * 1000, "prompt_per_second",
	                  rate(e->n_prompt - e->n_cached, e->seconds_prompt), "predicted_n", (int)e->n_generated, "predicted_ms",
	                  e->seconds_generate * 1000, "predicted_per_second", rate(e->n_generated, e->seconds_generate));
	return json_pack("{s:i, s:s%, s:b, s:s, s:i, s:i, s:i, s:b, s:s, s:s, s:o}", "index", 0, "content",
	                 buffer_text(&choice->text), choice->text.size, "stop", 1, "model", c->inside->model->name,
	                 "tokens_predicted", (int)e->n_generated, "tokens_evaluated", (int)e->n_prompt, "tokens_cached",
	                 (int)e->n_cached, "truncated", 0, "stop_type", types[e->stop % 6], "stopping_word",
	                 word ? ask->stops[e->stop_text] : "", "timings", timings);
}

/* Those members that are wanted, as "content" or "timings/prompt_ms". */
static json_t *only_members(json_t *answer, const json_t *wanted)
{
	size_t i;
	const json_t *name;
	json_t *made = json_object();
	json_array_foreach((json_t *)(uintptr_t)wanted, i, name)
	{
		const char *key = json_string_value(name), *slash = key ? strchr(key, '/') : NULL;
		const char *last = slash ? slash + 1 : key;
		json_t *value =
		        !key    ? NULL
		        : slash ? json_object_get(strncmp(key, "timings/", 8) == 0 ? json_object_get(answer, "timings") : NULL,
		                                  last)
		                : json_object_get(answer, key);
		if (value) json_object_set(made, last, value);
	}
	json_decref(answer);
	return made;
}

static void infill_end(struct api_call *c, struct buffer *out)
{
	json_t *answer = infill_answer(c, &c->inside->choices[0]);
	if (answer && c->inside->ask.inputs) answer = only_members(answer, c->inside->ask.inputs);
	if (c->stream) buffer_append_text(out, "data: ");
	if (!answer || !json_write_value(out, answer)) out->failed = true;
	if (c->stream) buffer_append_text(out, "\n\n");
	json_decref(answer);
}

static void infill_error(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "data: ");
	api_refuse(API_OWN, &c->refusal, out);
	buffer_append_text(out, "\n\n");
}

const struct api_kind api_kind_infill = {
	.check = check_infill, .plan = plan_infill, .piece = infill_piece, .end = infill_end, .error = infill_error
};

/* ---- /tokenize and /detokenize ---- */

static bool take_content(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	c->inside->ask.inputs = json_pack("[O]", v);
	return c->inside->ask.inputs || api_deny_memory(why);
}

static bool take_closed(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.flag = json_is_true(v);
	return true;
}

static bool take_plain(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.other_flag = json_is_false(v);
	return true;
}

const struct api_field api_fields_tokenize[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "content", API_STRING, 0, 0, take_content, "the text" },
	{ "add_special", API_BOOL, 0, 0, take_closed, "with what the model's file puts around texts (BOS ...); left out: false" },
	{ "parse_special", API_BOOL, 0, 0, take_plain, "control tokens are matched; left out: true" },
	{ "with_pieces", API_BOOL, 0, 0, api_only_false, "only false" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static bool check_inputs(struct api_call *c, struct api_refusal *why)
{
	return c->inside->ask.inputs ||
	       api_deny(why, c->endpoint->kind == &api_kind_tokenize ? "content" : "tokens", "it is missing");
}

static bool plan_tokenize(struct api_call *c, struct api_refusal *why)
{
	const struct api_ask *ask = &c->inside->ask;
	const json_t *text = json_array_get(ask->inputs, 0);
	struct api_job *jobs = api_new_jobs(c, 1, why);
	if (!jobs) return false;
	struct hearth_request *r = &jobs[0].request;
	*r = api_request(c, HEARTH_TEXT, 0);
	r->want = HEARTH_WANT_PROMPT;
	r->text = json_string_value(text);
	r->text_length = json_string_length(text);
	r->text_options = (ask->flag ? HEARTH_TEXT_CLOSED : HEARTH_TEXT_PLAIN) | (ask->other_flag ? 0 : HEARTH_TEXT_CONTROL);
	return true;
}

static void tokenize_end(struct api_call *c, struct buffer *out)
{
	const struct api_choice *choice = &c->inside->choices[0];
	buffer_append_text(out, "{\"tokens\":[");
	for (size_t i = 0; i < choice->n_ids; i++) buffer_format(out, "%s%d", i ? "," : "", choice->ids[i]);
	buffer_append_text(out, "]}");
}

/* An empty text has no tokens; the engine refuses it. */
static bool tokenize_nothing(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out,
                             struct api_refusal *why)
{
	(void)models;
	(void)n;
	(void)why;
	buffer_append_text(out, c->endpoint->kind == &api_kind_tokenize ? "{\"tokens\":[]}" : "{\"content\":\"\"}");
	return true;
}

static bool plan_tokenize_some(struct api_call *c, struct api_refusal *why)
{
	bool empty = json_string_length(json_array_get(c->inside->ask.inputs, 0)) == 0 && !c->inside->ask.flag;
	return empty || plan_tokenize(c, why);
}

const struct api_kind api_kind_tokenize = {
	.check = check_inputs, .plan = plan_tokenize_some, .end = tokenize_end, .tell = tokenize_nothing
};

static bool take_tokens(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	size_t i;
	const json_t *id;
	json_array_foreach((json_t *)(uintptr_t)v, i, id)
	{
		if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > INT32_MAX)
			return api_deny(why, field, "id %zu is none", i);
	}
	c->inside->ask.inputs = json_incref((json_t *)(uintptr_t)v);
	return true;
}

const struct api_field api_fields_detokenize[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "tokens", API_LIST, 0, 0, take_tokens, "token ids" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static bool plan_detokenize(struct api_call *c, struct api_refusal *why)
{
	const json_t *list = c->inside->ask.inputs;
	size_t n = json_array_size(list);
	if (n == 0) return true;
	int32_t *ids = arena_alloc(c->inside->arena, n, sizeof *ids);
	if (!ids) return api_deny_memory(why);
	for (size_t i = 0; i < n; i++) ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
	struct api_job *jobs = api_new_jobs(c, 1, why);
	if (!jobs) return false;
	jobs[0].request = api_request(c, HEARTH_IDS, 0);
	jobs[0].request.want = HEARTH_WANT_PROMPT;
	jobs[0].request.ids = ids;
	jobs[0].request.n_ids = n;
	return true;
}

static void detokenize_end(struct api_call *c, struct buffer *out)
{
	const struct api_choice *choice = &c->inside->choices[0];
	buffer_append_text(out, "{\"content\":");
	json_write_text(out, choice->prompt ? choice->prompt : "", choice->prompt_length);
	buffer_append_byte(out, '}');
}

const struct api_kind api_kind_detokenize = {
	.check = check_inputs, .plan = plan_detokenize, .end = detokenize_end, .tell = tokenize_nothing
};

/* ---- /apply-template ---- */

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

static bool take_goes_on(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.goes_on = json_is_true(v);
	return true;
}

const struct api_field api_fields_template[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "messages", API_LIST, 0, 0, take_messages, "as for /v1/chat/completions" },
	{ "tools", API_LIST, 0, 0, take_tools, "the same" },
	{ "chat_template_kwargs", API_OBJECT, 0, 0, api_take_variables, "the same" },
	{ "continue_final_message", API_BOOL, 0, 0, take_goes_on, "the same" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static bool check_template(struct api_call *c, struct api_refusal *why)
{
	return c->inside->ask.messages || api_deny(why, "messages", "it is missing");
}

static bool plan_template(struct api_call *c, struct api_refusal *why)
{
	if (!api_plan_chat(c, why)) return false;
	c->jobs[0].request.want = HEARTH_WANT_PROMPT;
	return true;
}

static void template_end(struct api_call *c, struct buffer *out)
{
	const struct api_choice *choice = &c->inside->choices[0];
	buffer_append_text(out, "{\"prompt\":");
	json_write_text(out, choice->prompt ? choice->prompt : "", choice->prompt_length);
	buffer_append_byte(out, '}');
}

const struct api_kind api_kind_template = { .check = check_template, .plan = plan_template, .end = template_end };
