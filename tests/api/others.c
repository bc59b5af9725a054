/* others: what real clients of Anthropic's, Ollama's and llama.cpp's interfaces send and get: recorded bodies. */
#include "played.h"

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

/* As Claude Code sends them: instructions in the middle of the conversation, and blocks meant for another server's accounts. */
static void instructions_come_in_the_middle(void **state)
{
	(void)state;
	struct api_call *c = ask(
	        "/v1/messages", &hermes,
	        "{\"model\": \"qwen\", \"max_tokens\": 64, \"cache_control\": {\"type\": \"ephemeral\"}, \"system\": \"Be "
	        "brief.\", "
	        "\"messages\": [" HELLO ", {\"role\": \"system\", \"content\": [{\"type\": \"text\", \"text\": "
	        "\"x-anthropic-billing-header: a=b\"}, {\"type\": \"text\", \"text\": \"Tools changed.\", \"cache_control\": "
	        "{\"type\": "
	        "\"ephemeral\"}}]}, {\"role\": \"assistant\", \"content\": \"Yes\"}, {\"role\": \"user\", \"content\": \"And?\"}, "
	        "{\"role\": \"system\", \"content\": \"Answer now.\"}], \"thinking\": {\"type\": \"enabled\", \"budget_tokens\": "
	        "2000, "
	        "\"display\": \"omitted\"}}");
	assert_int_equal(c->jobs[0].request.thought_limit, 2000);
	json_t *said = conversation(c);
	is_text(said, "messages.0.content", "Be brief.");
	is_text(said, "messages.2.role", "system");
	is_text(said, "messages.2.content", "Tools changed.");
	is_text(said, "messages.5.role", "system");
	is_text(said, "messages.5.content", "Answer now.");
	assert_null(at(said, "continue_final_message"));
	json_decref(said);
	play(c, 0, "<think>", PIECES("secret</think>ok"), HEARTH_STOP_END);
	json_t *value = whole();
	is_text(value, "content.0.type", "thinking");
	is_text(value, "content.0.thinking", "");
	is_text(value, "content.1.text", "ok");
	json_decref(value);
	api_free(c);
	static const char *const bodies[][2] = {
		{ "{\"max_tokens\": 5, \"messages\": [{\"role\": \"tool\", \"content\": \"x\"}]}",
		  "messages[0].role: it must be user, assistant or system" },
		{ "{\"max_tokens\": 5, \"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\", \"text\": \"x\", "
		  "\"size\": "
		  "1}]}]}",
		  "messages[0].content[0].size: this field is not known" },
		{ "{\"max_tokens\": 5, \"messages\": [" HELLO "], \"thinking\": {\"type\": \"enabled\", \"depth\": 1}}",
		  "thinking.depth: this field is not known" },
		{ "{\"max_tokens\": 5, \"messages\": [" HELLO "], \"thinking\": {\"type\": \"enabled\", \"budget_tokens\": 0}}",
		  "thinking.budget_tokens: it is 0; it must be from 1 to 4.29497e+09" },
		{ "{\"max_tokens\": 5, \"messages\": [" HELLO
		  "], \"tools\": [{\"name\": \"a\", \"input_schema\": {}, \"color\": 1}]}",
		  "tools[0].color: this field is not known" },
	};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		assert_string_equal(refused("/v1/messages", &plain, bodies[i][0]), bodies[i][1]);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_of_anthropic),
		cmocka_unit_test(a_stream_of_anthropic_has_its_order),
		cmocka_unit_test(instructions_come_in_the_middle),
		cmocka_unit_test(lines_of_ollama),
		cmocka_unit_test(gaps_are_filled),
	};
	return played_run("others", tests, sizeof tests / sizeof *tests);
}
