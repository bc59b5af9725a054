/* models: what there is, in the words of each interface; and the table of all paths. */
#include "api/fields.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* The interface of Ollama that is answered: its clients ask for a version and mean what it can do. */
static const char ollama_version[] = "0.12.6";

static void put_text(struct buffer *out, const char *text)
{
	json_write_text(out, text ? text : "", text ? strlen(text) : 0);
}

/* ---- OpenAI's and Anthropic's, whose clients each find their members ---- */

static void put_time(struct buffer *out, uint64_t seconds)
{
	char when[40] = "1970-01-01T00:00:00Z";
	time_t t = (time_t)seconds;
	struct tm utc;
	if (gmtime_r(&t, &utc)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
	buffer_format(out, "\"%s\"", when);
}

static void put_model(const struct api_model *m, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	put_text(out, m->name);
	buffer_format(out, ",\"object\":\"model\",\"created\":%llu,\"owned_by\":\"hearth\",\"type\":\"model\",\"display_name\":",
	              (unsigned long long)m->created);
	put_text(out, m->name);
	buffer_append_text(out, ",\"created_at\":");
	put_time(out, m->created);
	buffer_format(out, ",\"context_length\":%u,\"max_model_len\":%u}", m->context, m->context);
}

static bool tell_models(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	(void)c;
	(void)why;
	buffer_append_text(out, "{\"object\":\"list\",\"data\":[");
	for (size_t i = 0; i < n; i++) {
		if (i) buffer_append_byte(out, ',');
		put_model(&models[i], out);
	}
	buffer_append_text(out, "],\"has_more\":false,\"first_id\":");
	if (n == 0) {
		buffer_append_text(out, "null,\"last_id\":null}");
		return true;
	}
	put_text(out, models[0].name);
	buffer_append_text(out, ",\"last_id\":");
	put_text(out, models[n - 1].name);
	buffer_append_byte(out, '}');
	return true;
}

static bool tell_model(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	if (n == 0) {
		*why = api_refusal_of(404, "there is no such model");
		why->code = "model_not_found";
		return false;
	}
	(void)c;
	put_model(&models[0], out);
	return true;
}

const struct api_kind api_kind_models = { .tell = tell_models };
const struct api_kind api_kind_model = { .tell = tell_model };

/* ---- Ollama's ---- */

/* A count of parameters as people write it: 7.3M, 8.0B. */
static void put_size(struct buffer *out, uint64_t n)
{
	double x = (double)n;
	if (n >= 1000000000)
		buffer_format(out, "\"%.1fB\"", x / 1e9);
	else
		buffer_format(out, "\"%.1fM\"", x / 1e6);
}

static void put_details(const struct api_model *m, struct buffer *out)
{
	buffer_append_text(out, "{\"parent_model\":\"\",\"format\":\"gguf\",\"family\":");
	put_text(out, m->architecture);
	buffer_append_text(out, ",\"families\":[");
	put_text(out, m->architecture);
	buffer_append_text(out, "],\"parameter_size\":");
	put_size(out, m->parameters);
	buffer_append_text(out, ",\"quantization_level\":");
	put_text(out, m->weights);
	buffer_append_byte(out, '}');
}

static void put_tag(const struct api_model *m, struct buffer *out)
{
	buffer_append_text(out, "{\"name\":");
	put_text(out, m->name);
	buffer_append_text(out, ",\"model\":");
	put_text(out, m->name);
	buffer_append_text(out, ",\"modified_at\":");
	put_time(out, m->created);
	buffer_format(out, ",\"size\":%llu,\"digest\":\"\",\"details\":", (unsigned long long)m->bytes);
	put_details(m, out);
}

static bool tell_tags(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	(void)c;
	(void)why;
	buffer_append_text(out, "{\"models\":[");
	for (size_t i = 0; i < n; i++) {
		if (i) buffer_append_byte(out, ',');
		put_tag(&models[i], out);
		buffer_append_byte(out, '}');
	}
	buffer_append_text(out, "]}");
	return true;
}

static bool tell_running(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	const char *comma = "";
	(void)why;
	buffer_append_text(out, "{\"models\":[");
	for (size_t i = 0; i < n; i++) {
		if (!models[i].loaded) continue;
		buffer_append_text(out, comma);
		put_tag(&models[i], out);
		buffer_append_text(out, ",\"expires_at\":");
		put_time(out, c->inside->now + 300);
		buffer_format(out, ",\"size_vram\":0,\"context_length\":%u}", models[i].context);
		comma = ",";
	}
	buffer_append_text(out, "]}");
	return true;
}

static bool tell_show(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	(void)c;
	if (n == 0) {
		*why = api_refusal_of(404, "there is no such model");
		return false;
	}
	const struct api_model *m = &models[0];
	buffer_append_text(out, "{\"modelfile\":\"\",\"parameters\":\"\",\"template\":\"\",\"license\":\"\",\"details\":");
	put_details(m, out);
	buffer_append_text(out, ",\"model_info\":{\"general.architecture\":");
	put_text(out, m->architecture);
	buffer_format(out, ",\"general.parameter_count\":%llu,", (unsigned long long)m->parameters);
	char key[160];
	snprintf(key, sizeof key, "%.120s.context_length", m->architecture);
	put_text(out, key);
	/* What it holds here, which is less than it was trained for where memory is short. */
	buffer_format(out, ":%u},\"capabilities\":[\"completion\",\"tools\"],\"modified_at\":", m->context);
	put_time(out, m->created);
	buffer_append_byte(out, '}');
	return true;
}

static bool tell_version(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	(void)c;
	(void)models;
	(void)n;
	(void)why;
	return buffer_format(out, "{\"version\":\"%s\"}", ollama_version);
}

static bool take_name(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	return api_take_model(c, v, field, why);
}

static bool check_show(struct api_call *c, struct api_refusal *why)
{
	return *c->model || api_deny(why, "model", "it is missing");
}

const struct api_field api_fields_ollama_show[] = {
	{ "model", API_STRING, 0, 0, take_name, "the model's name" },
	{ "name", API_STRING, 0, 0, take_name, "the same" },
	{ "verbose", API_BOOL, 0, 0, api_only_false, "only false" },
	{ NULL, API_ANY, 0, 0, NULL, NULL },
};

const struct api_kind api_kind_ollama_tags = { .tell = tell_tags };
const struct api_kind api_kind_ollama_ps = { .tell = tell_running };
const struct api_kind api_kind_ollama_show = { .check = check_show, .tell = tell_show };
const struct api_kind api_kind_ollama_version = { .tell = tell_version };

bool api_tell(struct api_call *c, const struct api_model *models, size_t n, struct buffer *out, struct api_refusal *why)
{
	*why = (struct api_refusal){ .status = 400, .code = "" };
	if (!c->endpoint->kind->tell) return api_deny(why, "", "there is nothing to be done");
	c->done = true;
	return c->endpoint->kind->tell(c, models, n, out, why);
}

/* ---- all paths ---- */

const struct api_endpoint api_endpoints[] = {
	{ "POST", "/v1/chat/completions", API_OPENAI, "OpenAI: an answer to a conversation", true, api_fields_chat,
	  &api_kind_chat },
	{ "POST", "/v1/completions", API_OPENAI, "OpenAI: a text is gone on with", true, api_fields_completions,
	  &api_kind_completions },
	{ "POST", "/v1/embeddings", API_OPENAI, "OpenAI: texts as vectors", true, api_fields_embeddings, &api_kind_embeddings },
	{ "GET", "/v1/models", API_OPENAI, "OpenAI and Anthropic: the models there are", false, NULL, &api_kind_models },
	{ "GET", "/v1/models/*", API_OPENAI, "OpenAI and Anthropic: one of them", false, NULL, &api_kind_model },
	{ "POST", "/v1/messages", API_ANTHROPIC, "Anthropic: an answer to a conversation", true, api_fields_messages,
	  &api_kind_messages },
	{ "POST", "/v1/messages/count_tokens", API_ANTHROPIC, "Anthropic: how many tokens a conversation has", true,
	  api_fields_count, &api_kind_count },
	{ "POST", "/infill", API_OWN, "llama.cpp: what stands between two ends", true, api_fields_infill, &api_kind_infill },
	{ "POST", "/api/chat", API_OLLAMA, "Ollama: an answer to a conversation", true, api_fields_ollama_chat,
	  &api_kind_ollama_chat },
	{ "POST", "/api/generate", API_OLLAMA, "Ollama: an answer to a prompt", true, api_fields_ollama_generate,
	  &api_kind_ollama_generate },
	{ "POST", "/api/embed", API_OLLAMA, "Ollama: texts as vectors", true, api_fields_ollama_embed, &api_kind_ollama_embed },
	{ "POST", "/api/embeddings", API_OLLAMA, "Ollama: one text as a vector", true, api_fields_ollama_old_embed,
	  &api_kind_ollama_old_embed },
	{ "GET", "/api/tags", API_OLLAMA, "Ollama: the models there are", false, NULL, &api_kind_ollama_tags },
	{ "GET", "/api/ps", API_OLLAMA, "Ollama: those that are open", false, NULL, &api_kind_ollama_ps },
	{ "POST", "/api/show", API_OLLAMA, "Ollama: one of them", false, api_fields_ollama_show, &api_kind_ollama_show },
	{ "GET", "/api/version", API_OLLAMA, "Ollama: the version of the interface", false, NULL, &api_kind_ollama_version },
	{ "POST", "/tokenize", API_OWN, "llama.cpp: a text as tokens", true, api_fields_tokenize, &api_kind_tokenize },
	{ "POST", "/detokenize", API_OWN, "llama.cpp: tokens as a text", true, api_fields_detokenize, &api_kind_detokenize },
	{ "POST", "/apply-template", API_OWN, "llama.cpp: a conversation as the model reads it", true, api_fields_template,
	  &api_kind_template },
	{ NULL, NULL, API_OWN, NULL, false, NULL, NULL },
};
