/* bodies: what real clients send to each interface, and what they get: recorded bodies, an engine that plays its part. */
#include "api/fields.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct buffer out;
static struct api_refusal why;
static const struct api_model plain = { .name = "small", .tool_form = "", .context = 2048 };
static const struct api_model hermes = { .name = "qwen", .tool_form = "hermes", .context = 4096 };

static const struct api_endpoint *endpoint(const char *path)
{
	const struct api_endpoint *e = api_endpoints;
	while (e->path && strcmp(e->path, path) != 0) e++;
	assert_non_null(e->path);
	return e;
}

static struct api_call *ask(const char *path, const struct api_model *m, const char *body)
{
	buffer_clear(&out);
	struct api_call *c = api_read(endpoint(path), body, strlen(body), 1700000000, 7, &why);
	if (!c) fail_msg("%s: %s", path, why.error.text);
	if (!api_plan(c, m, &why)) fail_msg("%s: %s", path, why.error.text);
	return c;
}

/* The line with which a body is refused. */
static const char *refused(const char *path, const struct api_model *m, const char *body)
{
	struct api_call *c = api_read(endpoint(path), body, strlen(body), 1700000000, 7, &why);
	if (c && api_plan(c, m, &why)) fail_msg("%s takes %s", path, body);
	api_free(c);
	return why.error.text;
}

/* The engine's part: a prompt of 12 tokens, 5 of them cached, pieces of an answer, and its end. */
static void play(struct api_call *c, size_t job, const char *prompt_end, const char *const *pieces, uint32_t stop)
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
static const json_t *at(const json_t *value, const char *way)
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

static json_t *whole(void)
{
	struct error e;
	json_t *value = json_parse(buffer_text(&out), out.size, "answer", &e);
	if (!value) fail_msg("%s: %s", e.text, buffer_text(&out));
	return value;
}

static void is_text(const json_t *value, const char *way, const char *wanted)
{
	const char *text = json_string_value(at(value, way));
	if (!text || strcmp(text, wanted) != 0)
		fail_msg("%s is %s instead of %s: %s", way, text ? text : "none", wanted, buffer_text(&out));
}

static void is_number(const json_t *value, const char *way, json_int_t wanted)
{
	assert_int_equal(json_integer_value(at(value, way)), wanted);
}

/* The conversation that a job gives to the engine. */
static json_t *conversation(const struct api_call *c)
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

/* ---- OpenAI ---- */

/* As the openai package for Python sends it. */
static void a_chat_is_answered(void **state)
{
	(void)state;
	struct api_call *c = ask(
	        "/v1/chat/completions", &plain,
	        "{\"messages\": [{\"role\": \"developer\", \"content\": [{\"type\": \"text\", \"text\": \"Be brief.\"}]}, " HELLO
	        "], \"model\": \"small\", \"max_completion_tokens\": 20, \"temperature\": 0.5, \"top_p\": 0.9, \"n\": 2, "
	        "\"seed\": 42, \"stop\": [\"END\"], \"user\": \"u\", \"store\": false, \"logit_bias\": null}");
	assert_int_equal(c->n_jobs, 2);
	const struct hearth_request *r = &c->jobs[0].request;
	assert_int_equal(r->kind, HEARTH_CHAT);
	assert_int_equal(r->max_tokens, 20);
	assert_true(r->sampling.temperature == 0.5F && r->sampling.top_p == 0.9F && r->sampling.seed == 42);
	assert_int_equal(c->jobs[1].request.sampling.seed, 43);
	assert_int_equal(c->jobs[0].given, API_GIVEN_TEMPERATURE | API_GIVEN_TOP_P);
	assert_string_equal(r->stop[0], "END");
	json_t *said = conversation(c);
	is_text(said, "messages.0.role", "system");
	is_text(said, "messages.0.content", "Be brief.");
	json_decref(said);
	play(c, 1, "", PIECES("Good", " day"), HEARTH_STOP_LENGTH);
	assert_int_equal(out.size, 0);
	assert_false(c->done);
	play(c, 0, "", PIECES("Hi", " there"), HEARTH_STOP_END);
	assert_true(c->done);
	json_t *value = whole();
	is_text(value, "object", "chat.completion");
	is_text(value, "choices.0.message.content", "Hi there");
	is_text(value, "choices.0.finish_reason", "stop");
	is_text(value, "choices.1.message.content", "Good day");
	is_text(value, "choices.1.finish_reason", "length");
	is_number(value, "usage.prompt_tokens", 12);
	is_number(value, "usage.completion_tokens", 6);
	is_number(value, "usage.prompt_tokens_details.cached_tokens", 5);
	json_decref(value);
	api_free(c);
}

/* All deltas of a stream joined: content, thoughts, arguments; the last finish_reason. */
struct joined {
	char content[512], thought[512], name[64], arguments[512], finish[32];
	unsigned n_events;
	bool ended;
};

static void join(char *to, size_t room, const json_t *text)
{
	if (json_is_string(text)) snprintf(to + strlen(to), room - strlen(to), "%s", json_string_value(text));
}

static struct joined stream(void)
{
	struct joined j = { .n_events = 0 };
	const char *line = buffer_text(&out);
	while (*line) {
		const char *end = strstr(line, "\n\n");
		assert_non_null(end);
		assert_memory_equal(line, "data: ", 6);
		if (strncmp(line + 6, "[DONE]", 6) == 0) {
			j.ended = true;
		} else {
			struct error e;
			json_t *value = json_parse(line + 6, (size_t)(end - line - 6), "event", &e);
			if (!value) fail_msg("%s", e.text);
			join(j.content, sizeof j.content, at(value, "choices.0.delta.content"));
			join(j.thought, sizeof j.thought, at(value, "choices.0.delta.reasoning_content"));
			join(j.name, sizeof j.name, at(value, "choices.0.delta.tool_calls.0.function.name"));
			join(j.arguments, sizeof j.arguments, at(value, "choices.0.delta.tool_calls.0.function.arguments"));
			join(j.finish, sizeof j.finish, at(value, "choices.0.finish_reason"));
			json_decref(value);
			j.n_events++;
		}
		line = end + 2;
	}
	return j;
}

static void a_chat_streams_thoughts_text_and_calls(void **state)
{
	(void)state;
	struct api_call *c = ask("/v1/chat/completions", &hermes,
	                         "{\"messages\": [" HELLO
	                         "], \"stream\": true, \"stream_options\": {\"include_usage\": true}, \"tools\": [" TOOL "]}");
	assert_string_equal(c->type, "text/event-stream");
	json_t *said = conversation(c);
	is_text(said, "tools.0.function.name", "get_weather");
	json_decref(said);
	play(c, 0, "<|im_start|>assistant\n<think>\n",
	     PIECES("It ", "asks.</th", "ink>\n\nLet me ", "look.\n<tool_", "call>\n{\"name\": \"get_weather\", \"argum",
	            "ents\": {\"city\": \"Par", "is\"}}\n</tool_call>"),
	     HEARTH_STOP_END);
	struct joined j = stream();
	assert_string_equal(j.thought, "It asks.");
	assert_string_equal(j.content, "Let me look.");
	assert_string_equal(j.name, "get_weather");
	assert_string_equal(j.arguments, "{\"city\": \"Paris\"}");
	assert_string_equal(j.finish, "tool_calls");
	assert_true(j.ended);
	assert_non_null(strstr(buffer_text(&out), "\"choices\":[],\"usage\":{\"prompt_tokens\":12"));
	api_free(c);
}

/* How far the prompt is read is told to who wants to know, until the answer begins, and once for all answers. */
static void the_reading_of_a_prompt_is_told(void **state)
{
	(void)state;
	struct hearth_event e = { .kind = HEARTH_PROMPT, .n_prompt = 800, .n_cached = 100, .prompt_end = "" };
	const char *const bodies[] = { "{\"messages\": [" HELLO "], \"stream\": true, \"return_progress\": true, \"n\": 2}",
		                       "{\"messages\": [" HELLO "], \"stream\": true}" };
	for (size_t i = 0; i < 2; i++) {
		struct api_call *c = ask("/v1/chat/completions", &plain, bodies[i]);
		e.kind = HEARTH_PROMPT;
		for (size_t job = 0; job < c->n_jobs; job++) api_event(c, job, &e, &out);
		const char *told = strstr(buffer_text(&out), "\"prompt_progress\":{\"total\":800,\"cache\":100,\"processed\":100,");
		if (i == 1) {
			assert_null(told);
			api_free(c);
			continue;
		}
		assert_non_null(told);
		assert_null(strstr(told + 2, "\"prompt_progress"));
		buffer_clear(&out);
		e.kind = HEARTH_PROGRESS;
		e.n_done = 600;
		e.seconds_prompt = 1.5;
		api_event(c, 0, &e, &out);
		assert_non_null(strstr(buffer_text(&out), "\"delta\":{}"));
		assert_non_null(strstr(buffer_text(&out), "{\"total\":800,\"cache\":100,\"processed\":600,\"time_ms\":1500}"));
		buffer_clear(&out);
		e.n_generated = 1;
		api_event(c, 0, &e, &out);
		assert_int_equal(out.size, 0);
		api_free(c);
	}
}

static void calls_and_results_go_back_to_the_template(void **state)
{
	(void)state;
	static const char body[] =
	        "{\"messages\": [" HELLO
	        ", {\"role\": \"assistant\", \"content\": null, \"refusal\": null, \"tool_calls\": [{\"id\": "
	        "\"call_1\", \"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"arguments\": \"{\\\"city\\\": "
	        "\\\"Rome\\\"}\"}}]}, "
	        "{\"role\": \"tool\", \"tool_call_id\": \"call_1\", \"content\": \"sun\"}], \"tools\": [" TOOL "]}";
	struct api_call *c = ask("/v1/chat/completions", &hermes, body);
	json_t *said = conversation(c);
	is_text(said, "messages.2.role", "tool");
	is_text(said, "messages.2.name", "get_weather");
	is_text(said, "messages.1.tool_calls.0.function.name", "get_weather");
	json_decref(said);
	api_free(c);
	/* A template without tools is told in words; a Mistral's ids have nine letters. */
	c = ask("/v1/chat/completions", &plain, body);
	said = conversation(c);
	is_text(said, "messages.0.role", "system");
	is_text(said, "messages.2.content",
	        "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>");
	is_text(said, "messages.3.content", "<tool_response>\nsun\n</tool_response>");
	assert_null(at(said, "tools"));
	json_decref(said);
	api_free(c);
	const struct api_model mistral = { .name = "m", .tool_form = "mistral", .context = 100 };
	c = ask("/v1/chat/completions", &mistral, body);
	said = conversation(c);
	const char *id = json_string_value(at(said, "messages.1.tool_calls.0.id"));
	assert_int_equal(strlen(id), 9);
	is_text(said, "messages.2.tool_call_id", id);
	json_decref(said);
	api_free(c);
}

/* Calls that must be and schemas become what the engine holds answers to. */
static void forms_and_schemas_are_told_to_the_engine(void **state)
{
	(void)state;
	struct api_call *c = ask("/v1/chat/completions", &hermes,
	                         "{\"messages\": [" HELLO "], \"tools\": [" TOOL "], \"tool_choice\": \"required\"}");
	assert_int_equal(c->jobs[0].request.grammar_kind, HEARTH_GRAMMAR_FORM);
	assert_null(c->jobs[0].request.trigger);
	assert_non_null(strstr(c->jobs[0].request.grammar, "{\\\"name\\\": \\\"get_weather\\\", \\\"arguments\\\": "));
	api_free(c);
	c = ask("/v1/chat/completions", &hermes,
	        "{\"messages\": [" HELLO "], \"tools\": [" TOOL "], \"parallel_tool_calls\": false}");
	assert_string_equal(c->jobs[0].request.trigger, "<tool_call>");
	api_free(c);
	c = ask("/v1/chat/completions", &hermes, "{\"messages\": [" HELLO "], \"tools\": [" TOOL "]}");
	assert_int_equal(c->jobs[0].request.grammar_kind, HEARTH_GRAMMAR_NONE);
	api_free(c);
	c = ask("/v1/chat/completions", &plain,
	        "{\"messages\": [" HELLO
	        "], \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"n\", \"strict\": true, "
	        "\"schema\": {\"type\": \"integer\"}}}}");
	assert_int_equal(c->jobs[0].request.grammar_kind, HEARTH_GRAMMAR_SCHEMA);
	assert_string_equal(c->jobs[0].request.grammar, "{\"type\":\"integer\"}");
	api_free(c);
}

static void completions_and_vectors(void **state)
{
	(void)state;
	struct api_call *c = ask("/v1/completions", &plain, "{\"prompt\": [\"Once\", [1, 2]], \"echo\": true, \"max_tokens\": 3}");
	assert_int_equal(c->n_jobs, 2);
	assert_int_equal(c->jobs[0].request.kind, HEARTH_TEXT);
	assert_int_equal(c->jobs[1].request.kind, HEARTH_IDS);
	assert_true(c->jobs[0].request.want_prompt);
	play(c, 0, "", PIECES(" upon"), HEARTH_STOP_LENGTH);
	play(c, 1, "", PIECES("x"), HEARTH_STOP_LENGTH);
	json_t *value = whole();
	is_text(value, "choices.0.text", " upon");
	is_text(value, "choices.0.finish_reason", "length");
	is_number(value, "usage.prompt_tokens", 24);
	json_decref(value);
	api_free(c);
	c = ask("/v1/completions", &plain, "{\"prompt\": \"a\", \"suffix\": \"b\"}");
	assert_int_equal(c->jobs[0].request.kind, HEARTH_FILL);
	assert_string_equal(c->jobs[0].request.text, "{\"suffix\":\"b\",\"prefix\":\"a\"}");
	api_free(c);
	c = ask("/v1/embeddings", &plain, "{\"input\": \"a\", \"encoding_format\": \"base64\"}");
	assert_int_equal(c->jobs[0].request.want, HEARTH_WANT_VECTOR);
	const float values[] = { 1, -0.5F };
	struct hearth_event e = { .kind = HEARTH_SCORES, .values = values, .n_values = 2 };
	api_event(c, 0, &e, &out);
	play(c, 0, "", PIECES("") + 1, HEARTH_STOP_END);
	value = whole();
	is_text(value, "data.0.embedding", "AACAPwAAAL8=");
	json_decref(value);
	api_free(c);
}

static void probabilities_are_told_as_lists(void **state)
{
	(void)state;
	struct api_call *c =
	        ask("/v1/chat/completions", &plain, "{\"messages\": [" HELLO "], \"logprobs\": true, \"top_logprobs\": 1}");
	assert_int_equal(c->jobs[0].request.n_scores, 2);
	const struct hearth_score scores[] = { { 5, -0.25F, "\xC3", 1 }, { 6, -0.125F, "b", 1 } };
	struct hearth_event e = { .kind = HEARTH_ANSWER, .text = "b", .text_length = 1, .scores = scores, .n_scores = 2 };
	api_event(c, 0, &(struct hearth_event){ .kind = HEARTH_PROMPT, .prompt_end = "" }, &out);
	api_event(c, 0, &e, &out);
	api_event(c, 0, &(struct hearth_event){ .kind = HEARTH_DONE, .stop = HEARTH_STOP_END }, &out);
	json_t *value = whole();
	is_number(value, "choices.0.logprobs.content.0.bytes.0", 0xC3);
	is_text(value, "choices.0.logprobs.content.0.top_logprobs.0.token", "b");
	json_decref(value);
	api_free(c);
}

/* ---- Anthropic ---- */

static void messages_of_anthropic(void **state)
{
	(void)state;
	struct api_call *c =
	        ask("/v1/messages", &hermes,
	            "{\"model\": \"qwen\", \"max_tokens\": 64, \"system\": [{\"type\": \"text\", \"text\": \"Be brief.\", "
	            "\"cache_control\": {\"type\": "
	            "\"ephemeral\"}}], \"messages\": [{\"role\": \"user\", \"content\": \"Weather?\"}, {\"role\": \"assistant\", "
	            "\"content\": [{\"type\": "
	            "\"thinking\", \"thinking\": \"hm\", \"signature\": \"s\"}, {\"type\": \"text\", \"text\": \"Looking.\"}, "
	            "{\"type\": \"tool_use\", "
	            "\"id\": \"t1\", \"name\": \"get_weather\", \"input\": {\"city\": \"Rome\"}}]}, {\"role\": \"user\", "
	            "\"content\": [{\"type\": "
	            "\"tool_result\", \"tool_use_id\": \"t1\", \"content\": [{\"type\": \"text\", \"text\": \"sun\"}]}, {\"type\": "
	            "\"text\", \"text\": "
	            "\"And?\"}]}], \"tools\": [{\"name\": \"get_weather\", \"description\": \"d\", \"input_schema\": {\"type\": "
	            "\"object\", "
	            "\"properties\": {\"city\": {\"type\": \"string\"}}}}], \"tool_choice\": {\"type\": \"auto\"}, "
	            "\"stop_sequences\": [\"STOP\"], "
	            "\"metadata\": {\"user_id\": \"u\"}, \"thinking\": {\"type\": \"enabled\", \"budget_tokens\": 1024}}");
	json_t *said = conversation(c);
	is_text(said, "messages.0.content", "Be brief.");
	is_text(said, "messages.2.reasoning_content", "hm");
	is_text(said, "messages.2.content", "Looking.");
	is_text(said, "messages.2.tool_calls.0.function.arguments", "{\"city\":\"Rome\"}");
	is_text(said, "messages.3.role", "tool");
	is_text(said, "messages.3.content", "sun");
	is_text(said, "messages.4.content", "And?");
	assert_true(json_is_true(at(said, "enable_thinking")));
	json_decref(said);
	play(c, 0, "<think>",
	     PIECES("hm</think>ok\n<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}</tool_call>"),
	     HEARTH_STOP_END);
	json_t *value = whole();
	is_text(value, "content.0.thinking", "hm");
	is_text(value, "content.1.text", "ok");
	is_text(value, "content.2.type", "tool_use");
	is_text(value, "content.2.input.city", "Oslo");
	is_text(value, "stop_reason", "tool_use");
	is_number(value, "usage.input_tokens", 7);
	is_number(value, "usage.cache_read_input_tokens", 5);
	json_decref(value);
	api_free(c);
}

/* The names of the events in order. */
static void are_events(const char *wanted)
{
	char names[1024] = "";
	for (const char *at_ = strstr(buffer_text(&out), "event: "); at_; at_ = strstr(at_ + 1, "event: "))
		snprintf(names + strlen(names), sizeof names - strlen(names), "%.*s ", (int)strcspn(at_ + 7, "\n"), at_ + 7);
	assert_string_equal(names, wanted);
}

static void a_stream_of_anthropic_has_its_order(void **state)
{
	(void)state;
	struct api_call *c = ask("/v1/messages", &hermes,
	                         "{\"max_tokens\": 64, \"stream\": true, \"messages\": [" HELLO
	                         ", {\"role\": \"assistant\", \"content\": \"Well\"}], "
	                         "\"stop_sequences\": [\"STOP\"], \"tools\": [{\"name\": \"get_weather\", \"input_schema\": "
	                         "{\"type\": \"object\"}}]}");
	json_t *said = conversation(c);
	assert_true(json_is_true(at(said, "continue_final_message")));
	json_decref(said);
	play(c, 0, "", PIECES(", no.", "<tool_call>{\"name\": \"get_weather\", \"arguments\": {}}</tool_call>"), HEARTH_STOP_END);
	are_events("message_start ping content_block_start content_block_delta content_block_stop content_block_start "
	           "content_block_delta "
	           "content_block_stop message_delta message_stop ");
	assert_non_null(strstr(buffer_text(&out), "\"partial_json\":\"{}\""));
	assert_non_null(strstr(buffer_text(&out), "\"stop_reason\":\"tool_use\""));
	api_free(c);
	c = ask("/v1/messages", &plain, "{\"max_tokens\": 64, \"messages\": [" HELLO "], \"stop_sequences\": [\"A\", \"STOP\"]}");
	api_event(c, 0, &(struct hearth_event){ .kind = HEARTH_PROMPT, .prompt_end = "" }, &out);
	api_event(c, 0, &(struct hearth_event){ .kind = HEARTH_DONE, .stop = HEARTH_STOP_TEXT, .stop_text = 1 }, &out);
	json_t *value = whole();
	is_text(value, "stop_reason", "stop_sequence");
	is_text(value, "stop_sequence", "STOP");
	json_decref(value);
	api_free(c);
	c = ask("/v1/messages/count_tokens", &plain, "{\"model\": \"m\", \"messages\": [" HELLO "]}");
	assert_int_equal(c->jobs[0].request.want, HEARTH_WANT_PROMPT);
	play(c, 0, "", PIECES("") + 1, HEARTH_STOP_LENGTH);
	assert_string_equal(buffer_text(&out), "{\"input_tokens\":12}");
	api_free(c);
}

/* ---- Ollama and llama.cpp ---- */

static void lines_of_ollama(void **state)
{
	(void)state;
	struct api_call *c =
	        ask("/api/chat", &hermes,
	            "{\"model\": \"qwen\", \"messages\": [{\"role\": \"user\", \"content\": \"Hi\", \"images\": []}], \"options\": "
	            "{\"num_predict\": 9, \"temperature\": 0, \"num_ctx\": 8192, \"stop\": \"X\"}, \"keep_alive\": \"5m\", "
	            "\"think\": false, "
	            "\"tools\": [" TOOL "]}");
	assert_true(c->stream);
	assert_string_equal(c->type, "application/x-ndjson");
	assert_int_equal(c->jobs[0].request.max_tokens, 9);
	play(c, 0, "", PIECES("Hello", "<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}</tool_call>"),
	     HEARTH_STOP_END);
	assert_non_null(strstr(buffer_text(&out), "\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"done\":false}\n"));
	assert_non_null(strstr(buffer_text(&out),
	                       "\"tool_calls\":[{\"function\":{\"name\":\"get_weather\",\"arguments\":{\"city\":\"Rome\"}}}]"));
	assert_non_null(strstr(buffer_text(&out), "\"done\":true,\"done_reason\":\"stop\""));
	assert_non_null(strstr(buffer_text(&out), "\"eval_duration\":500000000}"));
	api_free(c);
	c = ask("/api/generate", &plain,
	        "{\"model\": \"m\", \"prompt\": \"Why?\", \"stream\": false, \"format\": \"json\", \"system\": \"s\"}");
	assert_int_equal(c->jobs[0].request.grammar_kind, HEARTH_GRAMMAR_SCHEMA);
	play(c, 0, "", PIECES("{}"), HEARTH_STOP_END);
	json_t *value = whole();
	is_text(value, "response", "{}");
	is_number(value, "prompt_eval_count", 12);
	json_decref(value);
	api_free(c);
	c = ask("/api/generate", &plain, "{\"model\": \"m\"}");
	assert_int_equal(c->n_jobs, 0);
	assert_true(api_tell(c, &plain, 1, &out, &why));
	assert_non_null(strstr(buffer_text(&out), "\"done_reason\":\"load\""));
	api_free(c);
}

/* As the editor's plugin llama.vim sends it. */
static void gaps_are_filled(void **state)
{
	(void)state;
	struct api_call *c = ask(
	        "/infill", &plain,
	        "{\"id_slot\": 0, \"input_prefix\": \"int f(\", \"input_suffix\": \")\", \"input_extra\": [{\"text\": \"x\", "
	        "\"time\": 1, \"filename\": "
	        "\"a.c\"}], \"prompt\": \"int\", \"n_predict\": 128, \"n_indent\": 0, \"top_k\": 40, \"top_p\": 0.9, \"stream\": "
	        "false, \"samplers\": "
	        "[\"top_k\", \"top_p\", \"infill\"], \"cache_prompt\": true, \"t_max_prompt_ms\": 500, \"t_max_predict_ms\": 1000, "
	        "\"response_fields\": [\"content\", \"timings/prompt_n\", \"tokens_cached\", \"truncated\"]}");
	const struct hearth_request *r = &c->jobs[0].request;
	assert_int_equal(r->kind, HEARTH_FILL);
	assert_int_equal(r->limit_ms, 1000);
	assert_int_equal(r->prompt_limit_ms, 500);
	play(c, 0, "", PIECES(" x"), HEARTH_STOP_END);
	json_t *value = whole();
	is_text(value, "content", " x");
	is_number(value, "prompt_n", 7);
	assert_int_equal(json_object_size(value), 4);
	json_decref(value);
	api_free(c);
}

/* ---- refusals ---- */

static void what_is_not_understood_is_refused_by_name(void **state)
{
	(void)state;
	static const char *const bodies[][3] = {
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"frobnicate\": 1}", "frobnicate: this field is not known" },
		{ "/v1/chat/completions", "{\"messages\": []}", "messages: there must be at least one message" },
		{ "/v1/chat/completions", "{}", "messages: it is missing" },
		{ "/v1/chat/completions", "[]", "the body must be a JSON object" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"temperature\": \"hot\"}",
		  "temperature: it must be a number" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"temperature\": -1}",
		  "temperature: it is -1; it must be from 0 to 100" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"max_tokens\": 1e300}",
		  "max_tokens: it is 1e+300; it must be from -2 to 4.29497e+09" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"n\": 17}", "n: it is 17; it must be from 1 to 16" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"logit_bias\": {\"1\": 2}}",
		  "logit_bias: it is not supported; leave it empty or out" },
		{ "/v1/chat/completions",
		  "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": "
		  "\"data:\"}}]}]}",
		  "messages[0].content[0]: images are not understood by this version; send text alone" },
		{ "/v1/chat/completions", "{\"messages\": [{\"role\": \"robot\", \"content\": \"x\"}]}",
		  "messages[0].role: it must be one of system, developer, user, assistant, tool" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"tool_choice\": \"required\"}",
		  "tool_choice: there are no tools" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"messages\": []}",
		  "body: not JSON, line 1 column 64: duplicate object key near '\"messages\"'" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"stop\": \"a\\u0000b\"}",
		  "stop: it must be a text without U+0000" },
		{ "/v1/messages", "{\"messages\": [" HELLO "]}", "max_tokens: it is missing" },
		{ "/v1/messages",
		  "{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image\", \"source\": {}}]}]}",
		  "messages[0].content[0][0]: images are not understood by this version; send text alone" },
		{ "/v1/messages",
		  "{\"max_tokens\": 5, \"messages\": [" HELLO "], \"tools\": [{\"type\": \"bash_20250124\", \"name\": \"bash\"}]}",
		  "tools[0]: tools of type 'bash_20250124' are the other service's own and not supported" },
		{ "/api/chat",
		  "{\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": \"x\", \"images\": [\"aGk=\"]}]}",
		  "messages[0].images: images are not understood by this version; send text alone" },
		{ "/api/chat", "{\"model\": \"m\", \"options\": {\"mirostat\": 2}}", "options.mirostat: only 0 is supported" },
		{ "/v1/completions", "{\"prompt\": \"x\", \"echo\": true, \"logprobs\": 1}",
		  "echo: it is not supported together with logprobs" },
		{ "/v1/embeddings", "{\"input\": []}", "input: it is empty" },
		{ "/infill", "{}", "input_prefix: there must be an input_prefix or an input_suffix" },
	};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		assert_string_equal(refused(bodies[i][0], &plain, bodies[i][1]), bodies[i][2]);
	assert_string_equal(refused("/v1/chat/completions", &plain, "{\"messages\": \"\xff\"}"),
	                    "the body is not UTF-8: byte 0xff at 14");
}

static void deep_and_wide_bodies_cost_little(void **state)
{
	(void)state;
	enum { MOST = 4 << 20 };
	static char body[MOST];
	memset(body, '[', MOST - 1);
	assert_string_equal(refused("/tokenize", &plain, body), "the JSON is nested deeper than 200");
	for (size_t i = 0; i + 2 < MOST; i += 2) memcpy(body + i, "0,", 2);
	body[0] = '[';
	assert_string_equal(refused("/tokenize", &plain, body), "the JSON has more than 1000000 values");
	size_t before = memory_in_use();
	refused("/tokenize", &plain, body);
	assert_int_equal(memory_in_use(), before);
}

static void errors_have_each_clients_shape(void **state)
{
	(void)state;
	refused("/v1/chat/completions", &plain, "{\"x\": 1}");
	static const char *const wanted[] = {
		[API_OPENAI] = "{\"error\":{\"message\":\"x: this field is not "
		               "known\",\"type\":\"invalid_request_error\",\"param\":\"x\",\"code\":null}}",
		[API_ANTHROPIC] = "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\"x: this field "
		                  "is not known\"}}",
		[API_OLLAMA] = "{\"error\":\"x: this field is not known\"}",
	};
	for (int f = API_OPENAI; f <= API_OLLAMA; f++) {
		buffer_clear(&out);
		api_refuse((enum api_family)f, &why, &out);
		assert_string_equal(buffer_text(&out), wanted[f]);
	}
	/* A prompt that is too long says by how much; in a stream an error is an event. */
	struct api_call *c = ask("/v1/chat/completions", &plain, "{\"messages\": [" HELLO "], \"stream\": true}");
	static const char line[] = "the prompt has 3000 tokens";
	struct hearth_event e = { .kind = HEARTH_FAILED,
		                  .failure = HEARTH_FAIL_CONTEXT,
		                  .text = line,
		                  .text_length = strlen(line),
		                  .n_prompt = 3000,
		                  .n_context = 2048 };
	api_event(c, 0, &e, &out);
	assert_true(c->failed);
	assert_int_equal(c->refusal.status, 400);
	assert_string_equal(c->refusal.code, "context_length_exceeded");
	assert_string_equal(c->refusal.error.text, "the prompt has 3000 tokens (952 tokens too many)");
	api_free(c);
	c = ask("/v1/messages", &plain, "{\"max_tokens\": 4, \"messages\": [" HELLO "], \"stream\": true}");
	api_event(c, 0, &(struct hearth_event){ .kind = HEARTH_PROMPT, .prompt_end = "" }, &out);
	e.failure = HEARTH_FAIL_ENGINE;
	api_event(c, 0, &e, &out);
	assert_non_null(
	        strstr(buffer_text(&out), "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\""));
	api_free(c);
}

/* The n-th allocation of a call fails, one after the other: nothing leaks, and what is left says so. */
static void out_of_memory_is_a_refusal(void **state)
{
	(void)state;
	static const char body[] =
	        "{\"messages\": [" HELLO "], \"tools\": [" TOOL "], \"tool_choice\": \"required\", \"logprobs\": true}";
	for (uint64_t n = 1; n < 200; n++) {
		buffer_free(&out);
		size_t before = memory_in_use();
		memory_fail_at(n, false);
		struct api_call *c = api_read(endpoint("/v1/chat/completions"), body, sizeof body - 1, 1, 1, &why);
		if (c && api_plan(c, &hermes, &why))
			play(c, 0, "", PIECES("<tool_call>{\"name\": \"get_weather\"}"), HEARTH_STOP_END);
		bool came = memory_fail_at(0, false) == 0;
		api_free(c);
		buffer_free(&out);
		out = buffer_new(1 << 20);
		assert_int_equal(memory_in_use(), before);
		if (!came) return;
	}
	fail_msg("a call allocates without end");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chat_is_answered),
		cmocka_unit_test(a_chat_streams_thoughts_text_and_calls),
		cmocka_unit_test(the_reading_of_a_prompt_is_told),
		cmocka_unit_test(calls_and_results_go_back_to_the_template),
		cmocka_unit_test(forms_and_schemas_are_told_to_the_engine),
		cmocka_unit_test(completions_and_vectors),
		cmocka_unit_test(probabilities_are_told_as_lists),
		cmocka_unit_test(messages_of_anthropic),
		cmocka_unit_test(a_stream_of_anthropic_has_its_order),
		cmocka_unit_test(lines_of_ollama),
		cmocka_unit_test(gaps_are_filled),
		cmocka_unit_test(what_is_not_understood_is_refused_by_name),
		cmocka_unit_test(deep_and_wide_bodies_cost_little),
		cmocka_unit_test(errors_have_each_clients_shape),
		cmocka_unit_test(out_of_memory_is_a_refusal),
	};
	out = buffer_new(1 << 20);
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	buffer_free(&out);
	return status;
}
