/* body: strict JSON, and a call from its body to its end (see api.h). */
#include "api/fields.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { MOST_ARENA = 64 << 20 };

/* ---- JSON ---- */

/* What would cost more memory than a body may, before any is taken: depth, and how many values there are. */
static bool check_shape(const char *text, size_t length, struct api_refusal *why)
{
	size_t values = 1, depth = 0;
	bool quoted = false;
	for (size_t i = 0; i < length; i++) {
		char ch = text[i];
		if (quoted) {
			if (ch == '\\') i++;
			quoted = ch != '"';
			continue;
		}
		quoted = ch == '"';
		if (ch == '[' || ch == '{') depth++;
		if ((ch == ']' || ch == '}') && depth > 0) depth--;
		values += ch == ',' || ch == '[' || ch == '{';
		if (depth > API_DEEPEST) return api_deny(why, "", "the JSON is nested deeper than %d", API_DEEPEST);
		if (values > API_MOST_VALUES) return api_deny(why, "", "the JSON has more than %d values", API_MOST_VALUES);
	}
	return true;
}

static json_t *parse(const char *text, size_t length, struct api_refusal *why)
{
	for (size_t i = 0; i < length;) {
		uint32_t point;
		size_t n = (unsigned char)text[i] < 0x80 ? 1 : utf8_decode(text + i, length - i, &point);
		if (n == 0) {
			api_deny(why, "", "the body is not UTF-8: byte 0x%02x at %zu", (unsigned)(unsigned char)text[i], i);
			return NULL;
		}
		i += n;
	}
	if (!check_shape(text, length, why)) return NULL;
	struct error e;
	json_t *value = json_parse(text, length, "body", &e);
	if (!value) api_deny(why, "", "%.380s", e.text);
	return value;
}

/* ---- a call ---- */

static struct api_call *new_call(const struct api_endpoint *endpoint, uint64_t now, uint64_t name)
{
	struct api_call *c = memory_new(1, sizeof *c);
	struct api_inside *in = memory_new(1, sizeof *in);
	if (in) in->arena = arena_new(MOST_ARENA);
	if (!c || !in || !in->arena) {
		if (in) arena_free(in->arena);
		memory_free(c);
		memory_free(in);
		return NULL;
	}
	*c = (struct api_call){ .endpoint = endpoint, .model = "", .type = "application/json", .inside = in };
	in->now = now;
	in->name = name;
	in->ask.sampling = hearth_request_new(HEARTH_CHAT).sampling;
	in->ask.n = 1;
	return c;
}

static void free_choice(struct api_choice *choice)
{
	struct buffer *all[] = { &choice->text,    &choice->thought, &choice->scores,
		                 &choice->scores2, &choice->scores3, &choice->scores4 };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i]->data) memory_wipe(all[i]->data, all[i]->size);
		buffer_free(all[i]);
	}
	for (size_t i = 0; i < choice->n_calls; i++) {
		struct buffer *arguments = &choice->calls[i].arguments;
		if (arguments->data) memory_wipe(arguments->data, arguments->size);
		buffer_free(arguments);
		memory_free(choice->calls[i].name);
	}
	memory_free(choice->calls);
	tool_parser_free(choice->parser);
	if (choice->prompt) memory_wipe(choice->prompt, choice->prompt_length);
	memory_free(choice->prompt);
	memory_free(choice->ids);
}

void api_free(struct api_call *c)
{
	if (!c) return;
	struct api_inside *in = c->inside;
	for (size_t i = 0; in->choices && i < c->n_jobs; i++) free_choice(&in->choices[i]);
	memory_free(in->choices);
	memory_free(c->jobs);
	for (size_t i = 0; i < in->n_texts; i++) {
		if (in->texts[i].data) memory_wipe(in->texts[i].data, in->texts[i].size);
		buffer_free(&in->texts[i]);
	}
	memory_free(in->texts);
	json_decref(in->ask.messages);
	json_decref(in->ask.tools);
	json_decref(in->ask.variables);
	json_decref(in->ask.inputs);
	json_decref(in->ask.fill);
	json_decref(in->body);
	arena_free(in->arena);
	memory_free(in);
	memory_free(c);
}

struct api_call *api_read(const struct api_endpoint *endpoint, const char *body, size_t length, uint64_t now, uint64_t name,
                          struct api_refusal *why)
{
	*why = (struct api_refusal){ .status = 400, .code = "" };
	struct api_call *c = new_call(endpoint, now, name);
	if (!c) {
		api_deny_memory(why);
		return NULL;
	}
	if (!endpoint->fields) return c;
	c->inside->body = parse(body, length, why);
	bool ok = c->inside->body && api_take_fields(c, c->inside->body, endpoint->fields, "", why);
	ok = ok && (!endpoint->kind->check || endpoint->kind->check(c, why));
	if (ok) return c;
	api_free(c);
	return NULL;
}

bool api_plan(struct api_call *c, const struct api_model *model, struct api_refusal *why)
{
	*why = (struct api_refusal){ .status = 400, .code = "" };
	c->inside->model = model;
	return c->endpoint->kind->plan(c, why);
}

const char *api_keep(struct api_call *c, struct buffer *b, size_t *length)
{
	struct api_inside *in = c->inside;
	struct buffer *more = b->failed ? NULL : memory_resize(in->texts, in->n_texts + 1, sizeof *more);
	if (!more) {
		buffer_free(b);
		return NULL;
	}
	in->texts = more;
	in->texts[in->n_texts++] = *b;
	*length = b->size;
	return buffer_text(&in->texts[in->n_texts - 1]);
}

struct api_job *api_new_jobs(struct api_call *c, size_t n, struct api_refusal *why)
{
	struct api_inside *in = c->inside;
	c->jobs = memory_new(n, sizeof *c->jobs);
	in->choices = memory_new(n, sizeof *in->choices);
	if (!c->jobs || !in->choices) {
		api_deny_memory(why);
		return NULL;
	}
	c->n_jobs = in->n_answers = n;
	for (size_t i = 0; i < n; i++) {
		in->choices[i] = (struct api_choice){ .call = c,
			                              .number = i,
			                              .text = buffer_new(SIZE_MAX / 4),
			                              .thought = buffer_new(SIZE_MAX / 4),
			                              .scores = buffer_new(SIZE_MAX / 4),
			                              .scores2 = buffer_new(SIZE_MAX / 4),
			                              .scores3 = buffer_new(SIZE_MAX / 4),
			                              .scores4 = buffer_new(SIZE_MAX / 4) };
	}
	return c->jobs;
}

/* ---- refusals ---- */

struct api_refusal api_refusal_of(unsigned status, const char *text)
{
	struct api_refusal why = { .status = status, .code = "" };
	error_set(&why.error, "%s", text);
	return why;
}

unsigned api_failure_status(uint32_t failure)
{
	return failure == HEARTH_FAIL_REQUEST || failure == HEARTH_FAIL_CONTEXT ? 400 : 503;
}

/* What OpenAI's and Anthropic's clients make classes of errors of. */
static const struct {
	unsigned status;
	const char *openai, *anthropic;
} kinds[] = {
	{ 400, "invalid_request_error", "invalid_request_error" },
	{ 401, "authentication_error", "authentication_error" },
	{ 403, "permission_error", "permission_error" },
	{ 404, "not_found_error", "not_found_error" },
	{ 405, "invalid_request_error", "invalid_request_error" },
	{ 413, "invalid_request_error", "request_too_large" },
	{ 429, "rate_limit_error", "rate_limit_error" },
	{ 503, "server_error", "overloaded_error" },
	{ 500, "server_error", "api_error" },
};

void api_refuse(enum api_family family, const struct api_refusal *why, struct buffer *out)
{
	size_t k = 0, most = sizeof kinds / sizeof *kinds - 1;
	while (k < most && kinds[k].status != why->status) k++;
	if (k == most && why->status < 500) k = 0;
	const char *text = why->error.text;
	if (family == API_OLLAMA) {
		buffer_append_text(out, "{\"error\":");
		json_write_text(out, text, strlen(text));
		buffer_append_text(out, "}");
		return;
	}
	if (family == API_ANTHROPIC) {
		buffer_format(out, "{\"type\":\"error\",\"error\":{\"type\":\"%s\",\"message\":", kinds[k].anthropic);
		json_write_text(out, text, strlen(text));
		buffer_append_text(out, "}}");
		return;
	}
	buffer_append_text(out, "{\"error\":{\"message\":");
	json_write_text(out, text, strlen(text));
	buffer_format(out, ",\"type\":\"%s\",\"param\":", kinds[k].openai);
	if (why->field[0])
		json_write_text(out, why->field, strlen(why->field));
	else
		buffer_append_text(out, "null");
	buffer_append_text(out, ",\"code\":");
	if (why->code && why->code[0])
		json_write_text(out, why->code, strlen(why->code));
	else
		buffer_append_text(out, "null");
	buffer_append_text(out, "}}");
}
