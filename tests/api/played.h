/* played: bodies to calls, an engine that plays its part, and looking into what the client gets; for tests of the interfaces. */
#ifndef HEARTH_TESTS_API_PLAYED_H
#define HEARTH_TESTS_API_PLAYED_H

#include "api/fields.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buffer out; /* what the client gets */
static struct api_refusal why;
static const struct api_model plain = { .name = "small", .tool_form = "", .context = 2048 };
static const struct api_model hermes = { .name = "qwen", .tool_form = "hermes", .context = 4096 };

static inline const struct api_endpoint *endpoint(const char *path)
{
	const struct api_endpoint *e = api_endpoints;
	while (e->path && strcmp(e->path, path) != 0) e++;
	assert_non_null(e->path);
	return e;
}

static inline struct api_call *ask(const char *path, const struct api_model *m, const char *body)
{
	buffer_clear(&out);
	struct api_call *c = api_read(endpoint(path), body, strlen(body), 1700000000, 7, &why);
	if (!c) fail_msg("%s: %s", path, why.error.text);
	if (!api_plan(c, m, &why)) fail_msg("%s: %s", path, why.error.text);
	return c;
}

/* The line with which a body is refused. */
static inline const char *refused(const char *path, const struct api_model *m, const char *body)
{
	struct api_call *c = api_read(endpoint(path), body, strlen(body), 1700000000, 7, &why);
	if (c && api_plan(c, m, &why)) fail_msg("%s takes %s", path, body);
	api_free(c);
	return why.error.text;
}

/* The engine's part: a prompt of 12 tokens, 5 of them cached, pieces of an answer, and its end. */
static inline void play(struct api_call *c, size_t job, const char *prompt_end, const char *const *pieces, uint32_t stop)
{
	struct hearth_event e = { .kind = HEARTH_PROMPT,
		                  .n_prompt = 12,
		                  .n_cached = 5,
		                  .n_context = 2048,
		                  .prompt_end = prompt_end,
		                  .prompt_end_length = strlen(prompt_end) };
	api_event(c, job, &e, &out);
	for (; *pieces; pieces++) {
		e = (struct hearth_event){ .kind = HEARTH_ANSWER, .text = *pieces, .text_length = strlen(*pieces), .n_prompt = 12 };
		api_event(c, job, &e, &out);
	}
	e = (struct hearth_event){
		.kind = HEARTH_DONE, .stop = stop, .n_prompt = 12, .n_cached = 5, .n_generated = 3, .seconds_generate = 0.5
	};
	api_event(c, job, &e, &out);
}

#define PIECES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* A value by its way: "choices.0.message.content". */
static inline const json_t *at(const json_t *value, const char *way)
{
	char part[64];
	while (value && *way) {
		size_t n = strcspn(way, ".");
		snprintf(part, sizeof part, "%.*s", (int)n, way);
		value = json_is_array(value) ? json_array_get(value, (size_t)strtoul(part, NULL, 10))
		                             : json_object_get(value, part);
		way += n + (way[n] == '.');
	}
	return value;
}

static inline json_t *whole(void)
{
	struct error e;
	json_t *value = json_parse(buffer_text(&out), out.size, "answer", &e);
	if (!value) fail_msg("%s: %s", e.text, buffer_text(&out));
	return value;
}

static inline void is_text(const json_t *value, const char *way, const char *wanted)
{
	const char *text = json_string_value(at(value, way));
	if (!text || strcmp(text, wanted) != 0)
		fail_msg("%s is %s instead of %s: %s", way, text ? text : "none", wanted, buffer_text(&out));
}

static inline void is_number(const json_t *value, const char *way, json_int_t wanted)
{
	assert_int_equal(json_integer_value(at(value, way)), wanted);
}

/* The conversation that a job gives to the engine. */
static inline json_t *conversation(const struct api_call *c)
{
	struct error e;
	json_t *value = json_parse(c->jobs[0].request.text, c->jobs[0].request.text_length, "conversation", &e);
	assert_non_null(value);
	return value;
}

#define HELLO "{\"role\": \"user\", \"content\": \"Hello!\"}"
#define TOOL                                                                                                                       \
	"{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"d\", \"parameters\": {\"type\": "   \
	"\"object\", \"properties\": {\"city\": {\"type\": \"string\"}}, \"required\": [\"city\"]}}}"

/* A program's tests, with room for what clients get. */
static inline int played_run(const char *name, const struct CMUnitTest *tests, size_t n)
{
	out = buffer_new(1 << 20);
	int status = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	buffer_free(&out);
	return status;
}

#endif
