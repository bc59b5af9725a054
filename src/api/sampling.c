/* sampling: the fields that say how tokens are chosen and when an answer ends, alike in every interface. */
#include "api/fields.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_STOPS = 32, MOST_STOP_BYTES = 1024, MOST_BIASES = 1024 };

#define TAKE_FLOAT(name, member, bit)                                                                                              \
	bool name(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)                                 \
	{                                                                                                                          \
		(void)field;                                                                                                       \
		(void)why;                                                                                                         \
		c->inside->ask.sampling.member = (float)json_number_value(v);                                                      \
		c->inside->ask.given |= bit;                                                                                       \
		return true;                                                                                                       \
	}

TAKE_FLOAT(api_take_temperature, temperature, API_GIVEN_TEMPERATURE)
TAKE_FLOAT(api_take_top_p, top_p, API_GIVEN_TOP_P)
TAKE_FLOAT(api_take_min_p, min_p, API_GIVEN_MIN_P)
TAKE_FLOAT(api_take_typical_p, typical_p, API_GIVEN_TYPICAL_P)
TAKE_FLOAT(api_take_repeat, repeat_penalty, API_GIVEN_REPEAT)
TAKE_FLOAT(api_take_presence, presence_penalty, API_GIVEN_PRESENCE)
TAKE_FLOAT(api_take_frequency, frequency_penalty, API_GIVEN_FREQUENCY)

bool api_take_model(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	const char *name = json_string_value(v);
	if (strlen(name) != json_string_length(v) || strlen(name) > 200) return api_deny(why, field, "this is no name of a model");
	c->model = name;
	return true;
}

bool api_take_stream(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->stream = json_is_true(v);
	return true;
}

bool api_take_top_k(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	double k = json_number_value(v);
	c->inside->ask.sampling.top_k = k > 0 ? (uint32_t)k : 0; /* 0 and -1: all */
	c->inside->ask.given |= API_GIVEN_TOP_K;
	return true;
}

bool api_take_last(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	double n = json_number_value(v);
	c->inside->ask.sampling.penalty_last = n < 0 ? 65536 : (uint32_t)n; /* -1: all */
	c->inside->ask.given |= API_GIVEN_LAST;
	return true;
}

/* Any whole number; -1 asks for a fresh one, as leaving it out does. 0 is a seed to clients and none to the engine. */
bool api_take_seed(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	int64_t seed = json_is_integer(v) ? json_integer_value(v) : (int64_t)json_real_value(v);
	c->inside->ask.sampling.seed = seed == -1 ? 0 : seed == 0 ? UINT64_MAX : (uint64_t)seed;
	return true;
}

/* -1 and -2: until the model ends it or the context is full. */
bool api_take_max(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	double n = json_number_value(v);
	if (c->inside->ask.max_given && n >= 0 && c->inside->ask.max_tokens != (uint32_t)n)
		return api_deny(why, field, "the most tokens of the answer are given twice, as %u and %g",
		                c->inside->ask.max_tokens, n);
	c->inside->ask.max_given = n >= 0;
	if (n >= 0) c->inside->ask.max_tokens = (uint32_t)n;
	return true;
}

bool api_take_n(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.n = (uint32_t)json_number_value(v);
	return true;
}

bool api_take_limit(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	(void)why;
	c->inside->ask.limit_ms = (uint32_t)json_number_value(v);
	return true;
}

static bool add_stop(struct api_ask *ask, const json_t *v, const char *field, struct api_refusal *why)
{
	const char *text = json_string_value(v);
	if (!text || strlen(text) != json_string_length(v)) return api_deny(why, field, "it must be a text without U+0000");
	if (strlen(text) > MOST_STOP_BYTES)
		return api_deny(why, field, "%zu bytes are too many; at most %d", strlen(text), MOST_STOP_BYTES);
	if (*text) ask->stops[ask->n_stops++] = text;
	return true;
}

bool api_take_stop(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	size_t n = json_is_array(v) ? json_array_size(v) : 1;
	if (n > MOST_STOPS) return api_deny(why, field, "%zu stop texts are too many; at most %d", n, MOST_STOPS);
	ask->stops = arena_alloc(c->inside->arena, n + 1, sizeof *ask->stops);
	if (!ask->stops) return api_deny_memory(why);
	ask->n_stops = 0;
	for (size_t i = 0; i < n; i++) {
		char place[160];
		if (json_is_array(v))
			api_place(place, sizeof place, "%s[%zu]", field, i);
		else
			api_place(place, sizeof place, "%s", field);
		if (!add_stop(ask, json_is_array(v) ? json_array_get(v, i) : v, place, why)) return false;
	}
	return true;
}

/* {"ID": BIAS, ...} */
bool api_take_bias(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	const char *key;
	json_t *value;
	if (json_object_size(v) > MOST_BIASES)
		return api_deny(why, field, "%zu are too many; at most %d", json_object_size(v), MOST_BIASES);
	struct hearth_bias *biases = arena_alloc(c->inside->arena, json_object_size(v) + 1, sizeof *biases);
	if (!biases) return api_deny_memory(why);
	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		char place[160];
		size_t digits = strspn(key, "0123456789");
		double bias = json_number_value(value);
		api_place(place, sizeof place, "%s.%.40s", field, key);
		if (digits == 0 || digits > 9 || key[digits]) return api_deny(why, place, "its name must be the id of a token");
		if (!json_is_number(value) || !(bias >= -100 && bias <= 100))
			return api_deny(why, place, "it must be a number from -100 to 100");
		biases[ask->n_biases++] = (struct hearth_bias){ (int32_t)strtol(key, NULL, 10), (float)bias };
	}
	ask->biases = biases;
	return true;
}

bool api_take_stream_options(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	static const struct api_field fields[] = {
		{ "include_usage", API_BOOL, 0, 0, NULL, "" },
		{ "include_obfuscation", API_BOOL, 0, 0, api_only_false, "" },
		{ NULL, API_ANY, 0, 0, NULL, NULL },
	};
	char place[140];
	api_place(place, sizeof place, "%s.", field);
	if (!api_take_fields(c, v, fields, place, why)) return false;
	c->inside->ask.usage_chunk = json_is_true(json_object_get(v, "include_usage"));
	return true;
}

static bool set_format(struct api_call *c, enum api_format format, const char *field, struct api_refusal *why)
{
	if (c->inside->ask.format != API_FORMAT_TEXT && c->inside->ask.format != format)
		return api_deny(why, field, "the form of the answer is given twice");
	c->inside->ask.format = format;
	return true;
}

bool api_take_grammar(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	if (json_string_length(v) == 0) return true;
	c->inside->ask.grammar = json_string_value(v);
	return set_format(c, API_FORMAT_GBNF, field, why);
}

bool api_take_schema(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	if (!json_is_object(v) && !json_is_boolean(v)) return api_deny(why, field, "a schema must be an object, true or false");
	c->inside->ask.schema = v;
	return set_format(c, API_FORMAT_SCHEMA, field, why);
}

/* Names that a template's variables have for reasons of ours. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { "messages", "tools", "add_generation_prompt", "continue_final_message", NULL };
	size_t i = 0;
	while (ours[i] && strcmp(ours[i], name) != 0) i++;
	return ours[i] != NULL;
}

bool api_take_variables(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	const char *key;
	json_t *value;
	struct api_ask *ask = &c->inside->ask;
	if (!ask->variables) ask->variables = json_object();
	json_object_foreach((json_t *)(uintptr_t)v, key, value)
	{
		char place[160];
		api_place(place, sizeof place, "%s.%.40s", field, key);
		if (is_ours(key)) return api_deny(why, place, "this variable is the server's");
		if (json_object_set(ask->variables, key, value) != 0) return api_deny_memory(why);
	}
	return ask->variables ? true : api_deny_memory(why);
}

bool api_take_suffix(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)field;
	if (json_string_length(v) == 0) return true;
	c->inside->ask.fill = json_pack("{s:O}", "suffix", v);
	return c->inside->ask.fill || api_deny_memory(why);
}
