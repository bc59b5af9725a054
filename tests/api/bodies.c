/* bodies: what real clients of OpenAI's interface send and get: recorded bodies, an engine that plays its part; and refusals. */
#include "played.h"

/* ---- OpenAI ---- */

/* As the openai package for Python sends it. */
static void a_chat_is_answered(void **state)
{
	(void)state;
	struct api_call *c = ask(
	        "/v1/chat/completions", &plain,
	        "{\"messages\": [{\"role\": \"developer\", \"content\": [{\"type\": \"text\", \"text\": \"Be brief.\"}]}, " HELLO
	        "], \"model\": \"small\", \"max_completion_tokens\": 20, \"temperature\": 0.5, \"top_p\": 0.9, \"n\": 2, "
	        "\"seed\": 42, \"stop\": [\"END\"], \"user\": \"u\", \"store\": false, \"logit_bias\": null, \"metadata\": "
	        "{\"a\": \"b\"}, \"service_tier\": \"flex\", \"safety_identifier\": \"s\", \"prompt_cache_key\": \"k\", "
	        "\"parallel_tool_calls\": true, \"verbosity\": \"medium\", \"modalities\": [\"text\"]}");
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

/* What is told of a prompt's tokens stands in front of the answer's, as programs that measure models read it. */
static void an_echo_has_the_prompts_probabilities(void **state)
{
	(void)state;
	struct api_call *c = ask("/v1/completions", &plain,
	                         "{\"prompt\": \"Once upon\", \"echo\": true, \"logprobs\": 1, \"max_tokens\": 1, \"n\": 2, "
	                         "\"logit_bias\": {\"15\": -100, \"7\": 2.5}}");
	assert_int_equal(c->n_jobs, 3);
	assert_int_equal(c->jobs[0].request.n_biases, 2);
	assert_true(c->jobs[1].request.biases[0].id == 15 && c->jobs[1].request.biases[0].bias == -100);
	assert_int_equal(c->jobs[2].request.want, HEARTH_WANT_LOGPROBS);
	assert_int_equal(c->jobs[2].request.n_biases, 0);
	const struct hearth_score upon[] = { { 5, -0.5F, " upon", 5 }, { 6, -0.25F, "x", 1 } };
	const struct hearth_score a[] = { { 7, -1, " a", 2 }, { 8, -0.125F, "b", 1 } };
	struct hearth_event prompt = {
		.kind = HEARTH_PROMPT, .prompt_end = "", .text = "Once upon", .text_length = 9, .n_prompt = 2
	};
	for (size_t i = 0; i < 3; i++) {
		struct hearth_event e = { .kind = i < 2 ? HEARTH_ANSWER : HEARTH_SCORES,
			                  .text = " a",
			                  .text_length = i < 2 ? 2 : 0,
			                  .scores = i < 2 ? a : upon,
			                  .n_scores = 2 };
		assert_false(c->done);
		api_event(c, i, &prompt, &out);
		api_event(c, i, &e, &out);
		api_event(c, i, &(struct hearth_event){ .kind = HEARTH_DONE, .stop = HEARTH_STOP_LENGTH, .n_prompt = 2 }, &out);
	}
	json_t *value = whole();
	assert_int_equal(json_array_size(at(value, "choices")), 2);
	is_text(value, "choices.1.text", "Once upon a");
	json_t *lists = json_copy((json_t *)(uintptr_t)at(value, "choices.1.logprobs"));
	json_t *wanted = json_loads("{\"tokens\": [\"Once\", \" upon\", \" a\"], \"token_logprobs\": [null, -0.5, -1], "
	                            "\"top_logprobs\": [null, {\"x\": -0.25}, {\"b\": -0.125}], \"text_offset\": [0, 4, 9]}",
	                            0, NULL);
	is_text(value, "choices.0.logprobs.tokens.1", " upon");
	assert_true(json_number_value(at(value, "choices.1.logprobs.token_logprobs.2")) == -1);
	if (!json_equal(lists, wanted)) fail_msg("%s", buffer_text(&out));
	json_decref(lists);
	json_decref(wanted);
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
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"logit_bias\": {\"1\": 200}}",
		  "logit_bias.1: it must be a number from -100 to 100" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"logit_bias\": {\"-1\": 2}}",
		  "logit_bias.-1: its name must be the id of a token" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"verbosity\": \"low\"}",
		  "verbosity: only medium is supported; say in words what you want" },
		{ "/v1/chat/completions", "{\"messages\": [" HELLO "], \"store\": true}", "store: only false is supported" },
		{ "/v1/chat/completions", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\", \"mood\": \"good\"}]}",
		  "messages[0].mood: this field is not known" },
		{ "/v1/completions", "{\"prompt\": \"x\", \"stream_options\": {\"include_usage\": true}}",
		  "stream_options: it needs stream to be true" },
		{ "/v1/completions", "{\"prompt\": \"x\", \"stream\": true, \"stream_options\": {\"usage\": true}}",
		  "stream_options.usage: this field is not known" },
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
		{ "/v1/completions", "{\"prompt\": \"x\", \"echo\": true, \"logprobs\": 1, \"stream\": true}",
		  "stream: it is not supported together with echo and logprobs" },
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
		cmocka_unit_test(an_echo_has_the_prompts_probabilities),
		cmocka_unit_test(what_is_not_understood_is_refused_by_name),
		cmocka_unit_test(deep_and_wide_bodies_cost_little),
		cmocka_unit_test(errors_have_each_clients_shape),
		cmocka_unit_test(out_of_memory_is_a_refusal),
	};
	return played_run("bodies", tests, sizeof tests / sizeof *tests);
}
