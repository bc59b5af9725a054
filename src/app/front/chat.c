/*
 * chat: POST /v1/chat/completions, the least of it: messages, model, max_tokens, temperature, seed, stream.
 */
#include "app/front/routes.h"
#include "format/json.h"

#include <string.h>

enum { MOST_TEXT = 64 << 20, USUAL_TOKENS = 4096 };

struct chat {
	struct buffer text; /* of the whole answer, where it is not streamed */
	const char *model;
	bool stream;
};

static void append_piece(struct buffer *b, const struct chat *chat, const struct hearth_event *e)
{
	buffer_append_text(b, "data: {\"object\": \"chat.completion.chunk\", \"model\": ");
	json_write_text(b, chat->model, strlen(chat->model));
	buffer_append_text(b, ", \"choices\": [{\"index\": 0, \"delta\": {\"content\": ");
	json_write_text(b, e->text, e->text_length);
	buffer_append_text(b, "}, \"finish_reason\": null}]}\n\n");
}

static void end_stream(struct call *c, const struct hearth_event *e)
{
	struct buffer b = buffer_new(MOST_TEXT);
	buffer_format(
	        &b,
	        "data: {\"object\": \"chat.completion.chunk\", \"choices\": [{\"index\": 0, \"delta\": {}, \"finish_reason\": "
	        "\"%s\"}]}\n\ndata: [DONE]\n\n",
	        e->stop == HEARTH_STOP_END || e->stop == HEARTH_STOP_TEXT ? "stop" : "length");
	call_write(c, buffer_text(&b), b.size);
	call_end(c);
	buffer_free(&b);
}

static void answer_whole(struct call *c, struct chat *chat, const struct hearth_event *e)
{
	struct buffer b = buffer_new(MOST_TEXT);
	buffer_append_text(&b, "{\"object\": \"chat.completion\", \"model\": ");
	json_write_text(&b, chat->model, strlen(chat->model));
	buffer_append_text(&b, ", \"choices\": [{\"index\": 0, \"message\": {\"role\": \"assistant\", \"content\": ");
	json_write_text(&b, buffer_text(&chat->text), chat->text.size);
	buffer_format(&b,
	              "}, \"finish_reason\": \"%s\"}], \"usage\": {\"prompt_tokens\": %u, \"completion_tokens\": %u, "
	              "\"total_tokens\": %u, \"prompt_tokens_details\": {\"cached_tokens\": %u}}}\n",
	              e->stop == HEARTH_STOP_END || e->stop == HEARTH_STOP_TEXT ? "stop" : "length", e->n_prompt, e->n_generated,
	              e->n_prompt + e->n_generated, e->n_cached);
	call_answer_json(c, 200, &b);
	buffer_free(&b);
}

static void on_event(struct call *c, uint32_t which, const struct hearth_event *e)
{
	struct chat *chat = c->state;
	(void)which;
	switch (e->kind) {
	case HEARTH_PROMPT:
		if (chat->stream) call_stream(c, "text/event-stream");
		break;
	case HEARTH_ANSWER:
		if (!chat->stream) {
			buffer_append(&chat->text, e->text, e->text_length);
		} else if (e->text_length) {
			struct buffer b = buffer_new(MOST_TEXT);
			append_piece(&b, chat, e);
			call_write(c, buffer_text(&b), b.size);
			buffer_free(&b);
		}
		break;
	case HEARTH_DONE:
		if (call_streams(c))
			end_stream(c, e);
		else
			answer_whole(c, chat, e);
		break;
	case HEARTH_FAILED:
		if (call_streams(c))
			call_end(c);
		else
			call_refuse(c, call_failure_status(e->failure), "%.*s", (int)e->text_length, e->text);
		break;
	default: break;
	}
}

static void on_over(struct call *c)
{
	struct chat *chat = c->state;
	buffer_free(&chat->text);
}

/* The request from the parsed body; what it points to lives in the call's arena. */
static bool read_body(struct call *c, json_t *body, struct serve_submit *s, struct chat *chat, struct error *e)
{
	json_t *messages = json_object_get(body, "messages"), *value;
	struct buffer text = buffer_new(MOST_TEXT);
	if (!json_is_array(messages)) return error_set(e, "messages: a list is needed");
	s->request = hearth_request_new(HEARTH_CHAT);
	s->request.max_tokens = USUAL_TOKENS;
	value = json_object_get(body, "max_tokens");
	if (json_is_integer(value) && json_integer_value(value) >= 0 && json_integer_value(value) <= UINT32_MAX)
		s->request.max_tokens = (uint32_t)json_integer_value(value);
	value = json_object_get(body, "temperature");
	if (json_is_number(value)) {
		s->request.sampling.temperature = (float)json_number_value(value);
		s->given |= SERVE_GIVEN_TEMPERATURE;
	}
	value = json_object_get(body, "seed");
	if (json_is_integer(value)) s->request.sampling.seed = (uint64_t)json_integer_value(value);
	chat->stream = json_is_true(json_object_get(body, "stream"));
	const char *model = json_string_value(json_object_get(body, "model"));
	s->model = chat->model = arena_copy(c->arena, model ? model : "", model ? strlen(model) : 0);
	buffer_append_text(&text, "{\"messages\": ");
	json_write_value(&text, messages);
	buffer_append_text(&text, "}");
	s->request.text = arena_copy(c->arena, buffer_text(&text), text.size);
	s->request.text_length = text.size;
	bool ok = (!text.failed && s->model && s->request.text) || error_memory(e);
	buffer_free(&text);
	return ok;
}

static void begin_chat(struct call *c)
{
	static const struct call_watch watch = { on_event, NULL, NULL, NULL, on_over };
	struct error e;
	struct serve_submit s = { .model = "" };
	struct chat *chat = arena_alloc(c->arena, 1, sizeof *chat);
	if (!chat) {
		call_refuse(c, 500, "memory is out");
		return;
	}
	chat->text = buffer_new(MOST_TEXT);
	c->state = chat;
	c->watch = &watch;
	json_t *body = json_parse(c->body, c->body_length, "the body", &e);
	bool ok = body && read_body(c, body, &s, chat, &e);
	json_decref(body);
	if (!ok)
		call_refuse(c, 400, "%s", e.text);
	else if (!call_submit(c, 0, &s, &e))
		call_refuse(c, 503, "%s", e.text);
}

const struct route chat_routes[] = {
	{ "POST", "/v1/chat/completions", 0, ROUTE_LARGE, begin_chat, NULL },
	{ NULL, NULL, 0, 0, NULL, NULL },
};
