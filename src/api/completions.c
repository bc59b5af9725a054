/* completions: /v1/completions, texts that are gone on with, and /v1/embeddings. */
#include "api/fields.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_IDS = 1 << 20 };

/* Texts and lists of ids: one of them, or a list of them. */
static bool is_ids(const json_t *v)
{
	return json_is_array(v) && json_array_size(v) > 0 && json_is_integer(json_array_get(v, 0));
}

static bool check_input(const json_t *v, const char *field, struct api_refusal *why)
{
	size_t i;
	const json_t *id;
	if (json_is_string(v)) return true;
	if (!is_ids(v)) return api_deny(why, field, "it must be a text, a list of token ids, or a list of these");
	if (json_array_size(v) > MOST_IDS) return api_deny(why, field, "%zu ids are too many", json_array_size(v));
	json_array_foreach((json_t *)(uintptr_t)v, i, id)
	{
		json_int_t n = json_integer_value(id);
		if (!json_is_integer(id) || n < 0 || n > INT32_MAX) return api_deny(why, field, "id %zu is none", i);
	}
	return true;
}

static bool take_inputs(struct api_call *c, const json_t *v, const char *field, size_t most, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	bool one = json_is_string(v) || is_ids(v);
	ask->inputs = one ? json_pack("[O]", v) : json_incref((json_t *)(uintptr_t)v);
	if (!ask->inputs) return api_deny_memory(why);
	size_t n = json_array_size(ask->inputs);
	if (n == 0) return api_deny(why, field, "it is empty");
	if (n > most) return api_deny(why, field, "%zu are too many; at most %zu", n, most);
	for (size_t i = 0; i < n; i++) {
		char place[64];
		api_place(place, sizeof place, "%.32s[%zu]", field, i);
		if (!check_input(json_array_get(ask->inputs, i), one ? field : place, why)) return false;
	}
	return true;
}

static bool take_prompt(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	return take_inputs(c, v, field, API_MOST_CHOICES, why);
}

static bool take_input(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	return take_inputs(c, v, field, API_MOST_INPUTS, why);
}

static bool take_echo(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.echo = json_is_true(v);
	return true;
}

static bool take_logprobs(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.scores = true;
	c->inside->ask.n_scores = 1 + (uint32_t)json_number_value(v);
	return true;
}

static bool take_best_of(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	return json_number_value(v) == 1 || api_deny(why, field, "only 1 is supported; use n");
}

static bool check_completions(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	if (!ask->inputs) return api_deny(why, "prompt", "it is missing");
	if (ask->usage_chunk && !c->stream) return api_deny(why, "stream_options", "it needs stream to be true");
	if (ask->echo && ask->scores && c->stream)
		return api_deny(why, "stream", "it is not supported together with echo and logprobs");
	if (ask->echo && ask->fill) return api_deny(why, "echo", "it is not supported together with suffix");
	if (json_array_size(ask->inputs) * ask->n > API_MOST_CHOICES)
		return api_deny(why, "n", "%zu answers are too many; at most %d", json_array_size(ask->inputs) * ask->n,
		                API_MOST_CHOICES);
	if (!ask->max_given) {
		ask->max_given = true; /* as this interface has always had it */
		ask->max_tokens = 16;
	}
	if (c->stream) c->type = "text/event-stream";
	snprintf(c->inside->id, sizeof c->inside->id, "cmpl-%08llx%08llx", (unsigned long long)(c->inside->now & 0xffffffff),
	         (unsigned long long)c->inside->name);
	return true;
}

#define MANY 4294967294.0

const struct api_field api_fields_completions[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "prompt", API_TEXT_OR_LIST, 0, 0, take_prompt, "a text, a list of token ids, or a list of these" },
	{ "suffix", API_STRING, 0, 0, api_take_suffix,
	  "the answer stands between prompt and suffix; refused for models without fill-in-the-middle" },
	{ "stream", API_BOOL, 0, 0, api_take_stream, "" },
	{ "stream_options", API_OBJECT, 0, 0, api_take_stream_options, "include_usage" },
	{ "max_tokens", API_WHOLE, -2, MANY, api_take_max, "of the answer; left out: 16" },
	{ "n_predict", API_WHOLE, -2, MANY, api_take_max, "the same" },
	{ "n", API_WHOLE, 1, API_MOST_CHOICES, api_take_n, "answers for each prompt" },
	{ "best_of", API_WHOLE, 1, 20, take_best_of, "only 1" },
	{ "echo", API_BOOL, 0, 0, take_echo, "the prompt comes in front of the answer" },
	{ "logprobs", API_WHOLE, 0, 20, take_logprobs,
	  "of the answer's tokens; with echo of the prompt's too, in an answer that does not stream" },
	{ "stop", API_TEXT_OR_LIST, 0, 0, api_take_stop, "up to 32 texts" },
	{ "seed", API_WHOLE, -9.2e18, 9.2e18, api_take_seed, "" },
	{ "temperature", API_NUMBER, 0, 100, api_take_temperature, "" },
	{ "top_p", API_NUMBER, 0, 1, api_take_top_p, "" },
	{ "top_k", API_WHOLE, -1, MANY, api_take_top_k, "" },
	{ "min_p", API_NUMBER, 0, 1, api_take_min_p, "" },
	{ "typical_p", API_NUMBER, 0, 1, api_take_typical_p, "" },
	{ "repeat_penalty", API_NUMBER, 0.01, 100, api_take_repeat, "" },
	{ "repetition_penalty", API_NUMBER, 0.01, 100, api_take_repeat, "" },
	{ "repeat_last_n", API_WHOLE, -1, 65536, api_take_last, "" },
	{ "presence_penalty", API_NUMBER, -100, 100, api_take_presence, "" },
	{ "frequency_penalty", API_NUMBER, -100, 100, api_take_frequency, "" },
	{ "grammar", API_STRING, 0, 0, api_take_grammar, "GBNF" },
	{ "json_schema", API_ANY, 0, 0, api_take_schema, "" },
	{ "cache_prompt", API_BOOL, 0, 0, NULL, "equal beginnings are always shared" },
	{ "t_max_predict_ms", API_WHOLE, 0, MANY, api_take_limit, "most milliseconds for the answer" },
	{ "user", API_STRING, 0, 0, NULL, "taken, and not kept" },
	{ "logit_bias", API_OBJECT, 0, 0, api_take_bias, "by the ids of tokens, -100 to 100" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

/* A job's text or ids. */
static bool set_input(struct api_call *c, struct hearth_request *r, const json_t *input, struct api_refusal *why)
{
	if (json_is_string(input)) {
		r->kind = HEARTH_TEXT;
		r->text = json_string_value(input);
		r->text_length = json_string_length(input);
		return true;
	}
	int32_t *ids = arena_alloc(c->inside->arena, json_array_size(input), sizeof *ids);
	if (!ids) return api_deny_memory(why);
	for (size_t i = 0; i < json_array_size(input); i++) ids[i] = (int32_t)json_integer_value(json_array_get(input, i));
	r->kind = HEARTH_IDS;
	r->ids = ids;
	r->n_ids = json_array_size(input);
	return true;
}

/* A text that ends where another begins. */
static bool set_fill(struct api_call *c, struct hearth_request *r, const json_t *prefix, struct api_refusal *why)
{
	if (!json_is_string(prefix)) return api_deny(why, "prompt", "it must be a text where there is a suffix");
	struct buffer b = buffer_new(2 * (size_t)API_MOST_BODY);
	json_t *fill = json_copy(c->inside->ask.fill);
	bool ok = fill && json_object_set(fill, "prefix", (json_t *)(uintptr_t)prefix) == 0 && json_write_value(&b, fill);
	json_decref(fill);
	if (!ok) buffer_free(&b);
	r->kind = HEARTH_FILL;
	r->text = ok ? api_keep(c, &b, &r->text_length) : NULL;
	return r->text || api_deny_memory(why);
}

static bool set_grammar(struct api_call *c, struct hearth_request *r, struct api_refusal *why)
{
	const struct api_ask *ask = &c->inside->ask;
	return ask->format == API_FORMAT_TEXT || api_plan_tools(c, r, why);
}

/* Behind the answers, a job for each prompt whose tokens are to be told with their probabilities. */
static bool plan_echo(struct api_call *c, struct api_refusal *why)
{
	const struct api_ask *ask = &c->inside->ask;
	for (size_t i = c->inside->n_answers; i < c->n_jobs; i++) {
		struct hearth_request *r = &c->jobs[i].request;
		*r = hearth_request_new(HEARTH_TEXT);
		if (!set_input(c, r, json_array_get(ask->inputs, i - c->inside->n_answers), why)) return false;
		r->want = HEARTH_WANT_LOGPROBS;
		r->n_scores = ask->n_scores;
		r->want_prompt = true;
	}
	return true;
}

static bool plan_completions(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	size_t n_inputs = json_array_size(ask->inputs), n = n_inputs * ask->n;
	struct api_job *jobs = api_new_jobs(c, n + (ask->echo && ask->scores ? n_inputs : 0), why);
	if (!jobs) return false;
	c->inside->n_answers = n;
	for (size_t i = 0; i < n; i++) {
		const json_t *input = json_array_get(ask->inputs, i / ask->n);
		jobs[i] = (struct api_job){ .request = api_request(c, HEARTH_TEXT, i % ask->n), .given = ask->given };
		bool ok = ask->fill ? set_fill(c, &jobs[i].request, input, why) : set_input(c, &jobs[i].request, input, why);
		if (!ok || !set_grammar(c, &jobs[i].request, why)) return false;
		jobs[i].request.want_prompt = ask->echo;
	}
	return plan_echo(c, why);
}

/* ---- what is written ---- */

static const char *reason(const struct api_choice *choice)
{
	return choice->last.stop == HEARTH_STOP_LENGTH || choice->last.stop == HEARTH_STOP_CONTEXT ? "\"length\"" : "\"stop\"";
}

static void put_text(struct buffer *out, const char *text)
{
	json_write_text(out, text, strlen(text));
}

static void begin_object(const struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	put_text(out, c->inside->id);
	buffer_format(out, ",\"object\":\"text_completion\",\"created\":%llu,\"model\":", (unsigned long long)c->inside->now);
	put_text(out, c->inside->model->name);
	buffer_append_text(out, ",\"system_fingerprint\":\"hearth-" HEARTH_VERSION "\",\"choices\":[");
}

static void put_usage(const struct api_call *c, struct buffer *out)
{
	uint32_t prompt = 0, cached = 0, made = api_sum(c, offsetof(struct hearth_event, n_generated));
	for (size_t i = 0; i < c->inside->n_answers; i += c->inside->ask.n) {
		prompt += c->inside->choices[i].last.n_prompt;
		cached += c->inside->choices[i].last.n_cached;
	}
	buffer_format(out,
	              "{\"prompt_tokens\":%u,\"completion_tokens\":%u,\"total_tokens\":%llu,"
	              "\"prompt_tokens_details\":{\"cached_tokens\":%u}}",
	              prompt, made, (unsigned long long)prompt + made, cached);
}

static void put_choice(struct api_choice *choice, const char *text, size_t length, const char *finish, struct buffer *out)
{
	buffer_format(out, "{\"index\":%zu,\"text\":", choice->number);
	json_write_text(out, text, length);
	buffer_append_text(out, ",\"logprobs\":");
	const struct api_inside *in = choice->call->inside;
	if (in->n_answers < choice->call->n_jobs)
		api_put_echoed_scores(&in->choices[in->n_answers + choice->number / in->ask.n], choice, out);
	else
		api_put_old_scores(choice, out);
	buffer_format(out, ",\"finish_reason\":%s}", finish);
}

static void put_chunk(struct api_choice *choice, const char *text, size_t length, const char *finish)
{
	buffer_append_text(choice->out, "data: ");
	begin_object(choice->call, choice->out);
	put_choice(choice, text, length, finish, choice->out);
	buffer_append_text(choice->out, choice->call->inside->ask.usage_chunk ? "],\"usage\":null}\n\n" : "]}\n\n");
}

static void completion_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	(void)kind;
	if (choice->prompt && choice->call->inside->ask.echo && !choice->begun)
		put_chunk(choice, choice->prompt, choice->prompt_length, "null");
	choice->begun = true;
	put_chunk(choice, text, length, "null");
}

static void completion_over(struct api_choice *choice)
{
	if (choice->prompt && choice->call->inside->ask.echo && !choice->begun)
		put_chunk(choice, choice->prompt, choice->prompt_length, "null");
	put_chunk(choice, "", 0, reason(choice));
}

/* The answer behind its prompt where that is asked for. */
static void put_whole(struct api_choice *choice, struct buffer *out)
{
	struct buffer b = buffer_new(SIZE_MAX / 4);
	if (choice->call->inside->ask.echo && choice->prompt) buffer_append(&b, choice->prompt, choice->prompt_length);
	if (choice->text.size) buffer_append(&b, choice->text.data, choice->text.size);
	if (b.failed) out->failed = true;
	put_choice(choice, buffer_text(&b), b.size, reason(choice), out);
	if (b.data) memory_wipe(b.data, b.size);
	buffer_free(&b);
}

static void completion_end(struct api_call *c, struct buffer *out)
{
	if (c->stream) {
		if (c->inside->ask.usage_chunk) {
			buffer_append_text(out, "data: ");
			begin_object(c, out);
			buffer_append_text(out, "],\"usage\":");
			put_usage(c, out);
			buffer_append_text(out, "}\n\n");
		}
		buffer_append_text(out, "data: [DONE]\n\n");
		return;
	}
	begin_object(c, out);
	for (size_t i = 0; i < c->inside->n_answers; i++) {
		if (i) buffer_append_byte(out, ',');
		put_whole(&c->inside->choices[i], out);
	}
	buffer_append_text(out, "],\"usage\":");
	put_usage(c, out);
	buffer_append_byte(out, '}');
}

static void completion_error(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "data: ");
	api_refuse(API_OPENAI, &c->refusal, out);
	buffer_append_text(out, "\n\n");
}

const struct api_kind api_kind_completions = { .check = check_completions,
	                                       .plan = plan_completions,
	                                       .piece = completion_piece,
	                                       .values = api_note_prompt,
	                                       .over = completion_over,
	                                       .end = completion_end,
	                                       .error = completion_error };

/* ---- embeddings ---- */

static bool take_encoding(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	const char *word = json_string_value(v);
	c->inside->ask.base64 = strcmp(word, "base64") == 0;
	return c->inside->ask.base64 || strcmp(word, "float") == 0 || api_deny(why, field, "it must be \"float\" or \"base64\"");
}

static bool take_dimensions(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.dimensions = (uint32_t)json_number_value(v);
	return true;
}

static bool check_embeddings(struct api_call *c, struct api_refusal *why)
{
	return c->inside->ask.inputs || api_deny(why, "input", "it is missing");
}

const struct api_field api_fields_embeddings[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name; left out: the usual one" },
	{ "input", API_TEXT_OR_LIST, 0, 0, take_input, "a text, a list of token ids, or a list of these" },
	{ "encoding_format", API_STRING, 0, 0, take_encoding, "float or base64 (little-endian float32)" },
	{ "dimensions", API_WHOLE, 1, 1e6, take_dimensions, "only the model's own: vectors are not cut" },
	{ "user", API_STRING, 0, 0, NULL, "taken, and not kept" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static bool plan_embeddings(struct api_call *c, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	struct api_job *jobs = api_new_jobs(c, json_array_size(ask->inputs), why);
	for (size_t i = 0; jobs && i < c->n_jobs; i++) {
		jobs[i] = (struct api_job){ .request = api_request(c, HEARTH_TEXT, 0) };
		jobs[i].request.want = HEARTH_WANT_VECTOR;
		if (!set_input(c, &jobs[i].request, json_array_get(ask->inputs, i), why)) return false;
	}
	return jobs != NULL;
}

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void put_base64(struct buffer *b, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t group =
		        (uint32_t)bytes[i] << 16 | (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0) | (i + 2 < n ? bytes[i + 2] : 0);
		char out[4] = { base64_letters[group >> 18], base64_letters[group >> 12 & 63], base64_letters[group >> 6 & 63],
			        base64_letters[group & 63] };
		if (i + 1 >= n) out[2] = '=';
		if (i + 2 >= n) out[3] = '=';
		buffer_append(b, out, 4);
	}
}

static void put_vector(struct buffer *b, const float *values, size_t n, bool base64)
{
	buffer_append_byte(b, base64 ? '"' : '[');
	if (base64) put_base64(b, (const unsigned char *)values, n * sizeof *values);
	for (size_t i = 0; !base64 && i < n; i++) {
		if (i) buffer_append_byte(b, ',');
		json_write_float(b, (double)values[i]);
	}
	buffer_append_byte(b, base64 ? '"' : ']');
}

static void embeddings_end(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "{\"object\":\"list\",\"data\":[");
	for (size_t i = 0; i < c->n_jobs; i++) {
		const struct buffer *vector = &c->inside->choices[i].text;
		buffer_format(out, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i ? "," : "", i);
		put_vector(out, (const float *)(const void *)vector->data, vector->size / sizeof(float), c->inside->ask.base64);
		buffer_append_byte(out, '}');
	}
	buffer_append_text(out, "],\"model\":");
	put_text(out, c->inside->model->name);
	buffer_format(out, ",\"usage\":{\"prompt_tokens\":%u,\"total_tokens\":%u}}",
	              api_sum(c, offsetof(struct hearth_event, n_prompt)), api_sum(c, offsetof(struct hearth_event, n_prompt)));
}

/* A vector has come; one of another length than was asked for is not cut. */
static void take_vector(struct api_choice *choice, const struct hearth_event *e)
{
	struct api_call *c = choice->call;
	uint32_t wanted = c->inside->ask.dimensions;
	if (wanted && wanted != e->n_values) {
		char text[128];
		snprintf(text, sizeof text, "dimensions: this model's vectors have %zu values, which are not cut", e->n_values);
		api_fail(c, 400, text, choice->out);
	} else if (!buffer_append(&choice->text, e->values, e->n_values * sizeof *e->values)) {
		api_fail(c, 503, "memory is out", choice->out);
	}
}

const struct api_kind api_kind_embeddings = {
	.check = check_embeddings, .plan = plan_embeddings, .values = take_vector, .end = embeddings_end
};

/* Ollama's: the same vectors in lists of its own. */

static bool check_ollama_embed(struct api_call *c, struct api_refusal *why)
{
	return c->inside->ask.inputs || api_deny(why, "input", "it is missing");
}

static bool take_nothing(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	return json_object_size(v) == 0 || (c && api_deny(why, field, "it is not supported for vectors"));
}

const struct api_field api_fields_ollama_embed[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name" },
	{ "input", API_TEXT_OR_LIST, 0, 0, take_input, "a text or a list of texts" },
	{ "truncate", API_BOOL, 0, 0, NULL, "a text that is too long is refused, never cut" },
	{ "dimensions", API_WHOLE, 1, 1e6, take_dimensions, "only the model's own" },
	{ "keep_alive", API_ANY, 0, 0, NULL, "models are put away by the server's own rule" },
	{ "options", API_OBJECT, 0, 0, take_nothing, "only empty" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

const struct api_field api_fields_ollama_old_embed[] = {
	{ "model", API_STRING, 0, 0, api_take_model, "the model's name" },
	{ "prompt", API_STRING, 0, 0, take_input, "a text" },
	{ "keep_alive", API_ANY, 0, 0, NULL, "models are put away by the server's own rule" },
	{ "options", API_OBJECT, 0, 0, take_nothing, "only empty" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

static void ollama_embed_end(struct api_call *c, struct buffer *out)
{
	bool old = c->endpoint->kind == &api_kind_ollama_old_embed;
	if (old) {
		buffer_append_text(out, "{\"embedding\":");
	} else {
		buffer_append_text(out, "{\"model\":");
		put_text(out, c->inside->model->name);
		buffer_append_text(out, ",\"embeddings\":[");
	}
	for (size_t i = 0; i < c->n_jobs; i++) {
		const struct buffer *vector = &c->inside->choices[i].text;
		if (i) buffer_append_byte(out, ',');
		put_vector(out, (const float *)(const void *)vector->data, vector->size / sizeof(float), false);
	}
	if (old)
		buffer_append_byte(out, '}');
	else
		buffer_format(out, "],\"prompt_eval_count\":%u}", api_sum(c, offsetof(struct hearth_event, n_prompt)));
}

const struct api_kind api_kind_ollama_embed = {
	.check = check_ollama_embed, .plan = plan_embeddings, .values = take_vector, .end = ollama_embed_end
};
const struct api_kind api_kind_ollama_old_embed = {
	.check = check_ollama_embed, .plan = plan_embeddings, .values = take_vector, .end = ollama_embed_end
};
