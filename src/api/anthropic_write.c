/* anthropic_write: what clients of /v1/messages and /v1/messages/count_tokens get, whole or as a stream of events. */
#include "api/fields.h"

#include <string.h>

/* ---- counting ---- */

static bool plan_count(struct api_call *c, struct api_refusal *why)
{
	if (!api_plan_chat(c, why)) return false;
	c->jobs[0].request.want = HEARTH_WANT_PROMPT;
	return true;
}

static void count_end(struct api_call *c, struct buffer *out)
{
	buffer_format(out, "{\"input_tokens\":%u}", c->inside->choices[0].last.n_prompt);
}

const struct api_kind api_kind_count = { .check = api_check_count, .plan = plan_count, .end = count_end };

/* ---- what is written ---- */

enum block { BLOCK_NONE, BLOCK_TEXT, BLOCK_THINKING, BLOCK_CALL };

static void put_text(struct buffer *out, const char *text)
{
	json_write_text(out, text, strlen(text));
}

static void put_stop(const struct api_choice *choice, struct buffer *out)
{
	const struct api_ask *ask = &choice->call->inside->ask;
	static const char *const reasons[] = { "null",          "end_turn", "max_tokens",
		                               "stop_sequence", "end_turn", "model_context_window_exceeded" };
	bool stopped = choice->last.stop == HEARTH_STOP_TEXT && choice->last.stop_text < ask->n_stops;
	const char *reason = choice->last.stop == HEARTH_STOP_TEXT && !stopped ? "end_turn" : reasons[choice->last.stop % 6];
	buffer_format(out, "\"stop_reason\":\"%s\",\"stop_sequence\":", api_calls_end(choice) ? "tool_use" : reason);
	if (stopped)
		put_text(out, ask->stops[choice->last.stop_text]);
	else
		buffer_append_text(out, "null");
}

static void put_usage(const struct hearth_event *e, struct buffer *out)
{
	buffer_format(out,
	              "{\"input_tokens\":%u,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":%u,\"output_tokens\":%u}",
	              e->n_prompt - e->n_cached, e->n_cached, e->n_generated);
}

static void begin_message(const struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "{\"id\":");
	put_text(out, c->inside->id);
	buffer_append_text(out, ",\"type\":\"message\",\"role\":\"assistant\",\"model\":");
	put_text(out, c->inside->model->name);
}

static void messages_begin(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":");
	begin_message(c, out);
	buffer_append_text(out, ",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":");
	put_usage(&c->inside->choices[0].last, out);
	buffer_append_text(out, "}}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
}

static void close_block(struct api_choice *choice)
{
	struct buffer *out = choice->out;
	size_t at = choice->n_blocks - 1;
	if (choice->block == BLOCK_NONE) return;
	if (choice->block == BLOCK_THINKING)
		buffer_format(out,
		              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":%zu,"
		              "\"delta\":{\"type\":\"signature_delta\",\"signature\":\"hearth\"}}\n\n",
		              at);
	buffer_format(out, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":%zu}\n\n", at);
	choice->block = BLOCK_NONE;
}

static void open_block(struct api_choice *choice, enum block kind)
{
	struct buffer *out = choice->out;
	if (choice->block == (int)kind && kind != BLOCK_CALL) return;
	close_block(choice);
	buffer_format(out, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":%zu,\"content_block\":",
	              choice->n_blocks++);
	if (kind == BLOCK_TEXT) {
		buffer_append_text(out, "{\"type\":\"text\",\"text\":\"\"}");
	} else if (kind == BLOCK_THINKING) {
		buffer_append_text(out, "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}");
	} else {
		const struct api_made_call *made = &choice->calls[choice->n_calls - 1];
		buffer_format(out, "{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":", made->id);
		put_text(out, made->name);
		buffer_append_text(out, ",\"input\":{}}");
	}
	buffer_append_text(out, "}\n\n");
	choice->block = (int)kind;
}

static void put_delta(struct api_choice *choice, const char *type, const char *member, const char *text, size_t length)
{
	buffer_format(choice->out,
	              "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":%zu,"
	              "\"delta\":{\"type\":\"%s\",\"%s\":",
	              choice->n_blocks - 1, type, member);
	json_write_text(choice->out, text, length);
	buffer_append_text(choice->out, "}}\n\n");
}

static void messages_piece(struct api_choice *choice, enum api_piece kind, const char *text, size_t length)
{
	switch (kind) {
	case API_PIECE_TEXT:
		open_block(choice, BLOCK_TEXT);
		put_delta(choice, "text_delta", "text", text, length);
		break;
	case API_PIECE_THOUGHT:
		if (choice->call->inside->ask.think != API_THINK_ON) break; /* it was not asked for */
		open_block(choice, BLOCK_THINKING);
		if (choice->call->inside->ask.hides_thoughts) break;
		put_delta(choice, "thinking_delta", "thinking", text, length);
		break;
	case API_PIECE_CALL: open_block(choice, BLOCK_CALL); break;
	case API_PIECE_ARGUMENTS: put_delta(choice, "input_json_delta", "partial_json", text, length); break;
	case API_PIECE_CALL_END: close_block(choice); break;
	}
}

static void messages_over(struct api_choice *choice)
{
	close_block(choice);
	buffer_append_text(choice->out, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{");
	put_stop(choice, choice->out);
	buffer_append_text(choice->out, "},\"usage\":");
	put_usage(&choice->last, choice->out);
	buffer_append_text(choice->out, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

/* The arguments as an object; what the model broke off is told as it is. */
static void put_input(const struct buffer *arguments, struct buffer *out)
{
	struct error ignored;
	json_t *value = json_parse(buffer_text(arguments), arguments->size, "", &ignored);
	if (json_is_object(value)) {
		json_write_value(out, value);
	} else {
		buffer_append_text(out, "{\"unfinished\":");
		json_write_text(out, buffer_text(arguments), arguments->size);
		buffer_append_byte(out, '}');
	}
	json_decref(value);
}

static void put_content(const struct api_choice *choice, struct buffer *out)
{
	const char *comma = "";
	if (choice->thought.size && choice->call->inside->ask.think == API_THINK_ON) {
		buffer_append_text(out, "{\"type\":\"thinking\",\"thinking\":");
		json_write_text(out, choice->thought.data, choice->call->inside->ask.hides_thoughts ? 0 : choice->thought.size);
		buffer_append_text(out, ",\"signature\":\"hearth\"}");
		comma = ",";
	}
	if (choice->text.size) {
		buffer_format(out, "%s{\"type\":\"text\",\"text\":", comma);
		json_write_text(out, choice->text.data, choice->text.size);
		buffer_append_byte(out, '}');
		comma = ",";
	}
	for (size_t i = 0; i < choice->n_calls; i++) {
		buffer_format(out, "%s{\"type\":\"tool_use\",\"id\":\"%s\",\"name\":", comma, choice->calls[i].id);
		put_text(out, choice->calls[i].name);
		buffer_append_text(out, ",\"input\":");
		put_input(&choice->calls[i].arguments, out);
		buffer_append_byte(out, '}');
		comma = ",";
	}
}

static void messages_end(struct api_call *c, struct buffer *out)
{
	if (c->stream) return;
	const struct api_choice *choice = &c->inside->choices[0];
	begin_message(c, out);
	buffer_append_text(out, ",\"content\":[");
	put_content(choice, out);
	buffer_append_text(out, "],");
	put_stop(choice, out);
	buffer_append_text(out, ",\"usage\":");
	put_usage(&choice->last, out);
	buffer_append_byte(out, '}');
}

static void messages_error(struct api_call *c, struct buffer *out)
{
	buffer_append_text(out, "event: error\ndata: ");
	api_refuse(API_ANTHROPIC, &c->refusal, out);
	buffer_append_text(out, "\n\n");
}

const struct api_kind api_kind_messages = { .check = api_check_messages,
	                                    .plan = api_plan_chat,
	                                    .begin = messages_begin,
	                                    .piece = messages_piece,
	                                    .over = messages_over,
	                                    .end = messages_end,
	                                    .error = messages_error };
