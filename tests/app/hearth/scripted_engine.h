/*
 * scripted_engine: hearth.h without a model, for tests of the program above it.
 *
 * What it answers stands in the last user message: `say TEXT` answers TEXT, `count N` the numbers up to N, `slow N` the same
 * with a pause before each, `think TEXT` a thought and then TEXT, `fail` fails, `die N` fails N times as if its process had ended,
 * anything else is said back. In TEXT \e is ESC, \n a line end and \u009b the C1 form of ESC [. A token is four bytes of the
 * prompt, or one word of the answer. Included by one test alone.
 */
#ifndef HEARTH_TESTS_APP_HEARTH_SCRIPTED_ENGINE_H
#define HEARTH_TESTS_APP_HEARTH_SCRIPTED_ENGINE_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/memory.h"
#include "format/json.h"
#include "hearth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCRIPTED_LIMIT = 1 << 24, SCRIPTED_PIECES = 4096, SCRIPTED_CONTEXT = 2048 };

struct hearth_request hearth_request_new(uint32_t kind);

struct hearth {
	uint32_t context;
	uint64_t last_id, sessions;
	bool running, cancelled, prompt_sent;
	struct hearth_request request;
	struct buffer prompt, answer, said; /* `said`: what the session computed last, prompt and answer */
	struct hearth_piece pieces[SCRIPTED_PIECES];
	size_t n_pieces, at; /* of the answer, in bytes */
	uint32_t n_prompt, n_cached, n_generated;
	int pause_ms;
	bool fails, died;
	char failure[128];
	int32_t id;
};

/* What the tests look at: requests that computed something, prompt tokens that were computed for them, and the last seed. */
static struct {
	unsigned requests, measured, deaths;
	uint64_t computed, seed;
} scripted;

static void scripted_piece(struct hearth *h, const char *text, size_t length, bool trusted)
{
	if (h->n_pieces < SCRIPTED_PIECES && length)
		h->pieces[h->n_pieces++] = (struct hearth_piece){ .start = h->prompt.size, .length = length, .trusted = trusted };
	if (length) buffer_append(&h->prompt, text, length);
}

static void scripted_unescape(struct buffer *out, const char *text)
{
	for (; *text; text++) {
		if (strncmp(text, "\\e", 2) == 0)
			buffer_append_byte(out, 27);
		else if (strncmp(text, "\\n", 2) == 0)
			buffer_append_byte(out, '\n');
		else if (strncmp(text, "\\u009b", 6) == 0)
			buffer_append_text(out, "\xc2\x9b");
		else
			buffer_append_byte(out, (uint8_t)*text);
		if (*text == '\\') text += strncmp(text, "\\u009b", 6) == 0 ? 5 : 1;
	}
}

static void scripted_script(struct hearth *h, const char *message)
{
	buffer_clear(&h->answer);
	h->pause_ms = 0;
	h->died = strncmp(message, "die ", 4) == 0 && scripted.deaths < strtoul(message + 4, NULL, 10);
	h->fails = strcmp(message, "fail") == 0 || h->died;
	if (h->fails) snprintf(h->failure, sizeof h->failure, h->died ? "its process has ended" : "the script says so");
	if (strncmp(message, "say ", 4) == 0) {
		scripted_unescape(&h->answer, message + 4);
	} else if (strncmp(message, "think ", 6) == 0) {
		buffer_append_text(&h->answer, "<think>\nWhat is wanted?\n</think>\n\n");
		scripted_unescape(&h->answer, message + 6);
	} else if (strncmp(message, "count ", 6) == 0 || strncmp(message, "slow ", 5) == 0) {
		unsigned long n = strtoul(strchr(message, ' '), NULL, 10);
		h->pause_ms = message[0] == 's' ? 50 : 0;
		for (unsigned long i = 1; i <= n; i++) buffer_format(&h->answer, "%s%lu", i > 1 ? " " : "", i);
	} else if (!h->fails) {
		buffer_format(&h->answer, "You said: %s", message);
	}
}

static bool scripted_render(struct hearth *h, const struct hearth_request *r)
{
	struct error e;
	json_t *root = json_parse(r->text, r->text_length, "request", &e), *message;
	size_t i;
	const char *last = "";
	buffer_clear(&h->prompt);
	h->n_pieces = 0;
	if (!root) return false;
	json_array_foreach(json_object_get(root, "messages"), i, message)
	{
		const char *role = json_string_value(json_object_get(message, "role")),
		           *content = json_string_value(json_object_get(message, "content"));
		char head[64];
		snprintf(head, sizeof head, "<|%s|>\n", role);
		scripted_piece(h, head, strlen(head), true);
		scripted_piece(h, content, strlen(content), false);
		scripted_piece(h, "<|end|>\n", 8, true);
		if (strcmp(role, "user") == 0) last = content;
	}
	scripted_piece(h, "<|assistant|>\n", 14, true);
	scripted_script(h, last);
	json_decref(root);
	return true;
}

bool hearth_open(const struct hearth_options *options, struct hearth **h, struct hearth_error *error)
{
	*h = memory_new(1, sizeof **h);
	if (!*h) {
		snprintf(error->text, sizeof error->text, "out of memory");
		return false;
	}
	(*h)->context = options->context ? options->context : SCRIPTED_CONTEXT;
	(*h)->prompt = buffer_new(SCRIPTED_LIMIT);
	(*h)->answer = buffer_new(SCRIPTED_LIMIT);
	(*h)->said = buffer_new(SCRIPTED_LIMIT);
	return true;
}

void hearth_close(struct hearth *h)
{
	if (!h) return;
	buffer_free(&h->prompt);
	buffer_free(&h->answer);
	buffer_free(&h->said);
	memory_free(h);
}

void hearth_info(struct hearth *h, struct hearth_info *info)
{
	*info = (struct hearth_info){ .size = sizeof *info,
		                      .name = "scripted",
		                      .architecture = "script",
		                      .weights = "F32",
		                      .kernels = "none",
		                      .tool_form = "" };
	info->context = h->context;
	info->sampling = hearth_request_new(0).sampling;
	info->context_trained = 2 * SCRIPTED_CONTEXT;
	info->threads = 1;
	info->has_template = true;
}

/* Nothing is left for others here. */
void hearth_forget(struct hearth *h, uint64_t share)
{
	(void)h, (void)share;
}

const char *hearth_describe(struct hearth *h, bool json)
{
	(void)h;
	return json ? "{\"steps\": []}" : "no steps";
}

uint64_t hearth_session_new(struct hearth *h)
{
	return ++h->sessions;
}

void hearth_session_free(struct hearth *h, uint64_t session)
{
	(void)session;
	buffer_clear(&h->said);
}

struct hearth_request hearth_request_new(uint32_t kind)
{
	return (struct hearth_request){ .size = sizeof(struct hearth_request),
		                        .kind = kind,
		                        .max_tokens = 4096,
		                        .sampling = { .temperature = 0.7f, .top_k = 40 } };
}

bool hearth_submit(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error)
{
	if (!scripted_render(h, request)) {
		snprintf(error->text, sizeof error->text, "no JSON");
		return false;
	}
	h->request = *request;
	h->running = true;
	h->cancelled = h->prompt_sent = false;
	h->at = h->n_generated = 0;
	size_t same = 0;
	while (request->session && same < h->said.size && same < h->prompt.size && h->said.data[same] == h->prompt.data[same])
		same++;
	h->n_prompt = (uint32_t)(h->prompt.size / 4 + 1);
	h->n_cached = (uint32_t)(same / 4);
	if (request->max_tokens) {
		scripted.requests++;
		scripted.seed = request->sampling.seed;
	} else {
		scripted.measured++;
	}
	*id = ++h->last_id;
	return true;
}

void hearth_cancel(struct hearth *h, uint64_t id)
{
	if (id == h->last_id) h->cancelled = true;
}

static bool scripted_end(struct hearth *h, struct hearth_event *event, uint32_t stop)
{
	event->kind = HEARTH_DONE;
	event->stop = stop;
	h->running = false;
	if (h->request.max_tokens) {
		buffer_clear(&h->said);
		buffer_append(&h->said, h->prompt.data, h->prompt.size);
		if (h->at) buffer_append(&h->said, h->answer.data, h->at);
	}
	return true;
}

/* The next word of the answer with the space in front of it. */
static bool scripted_word(struct hearth *h, struct hearth_event *event)
{
	struct timespec pause = { .tv_nsec = h->pause_ms * 1000000L };
	if (h->pause_ms) nanosleep(&pause, NULL);
	const char *text = buffer_text(&h->answer) + h->at;
	size_t n = strspn(text, " \n");
	n += strcspn(text + n, " \n");
	event->kind = HEARTH_ANSWER;
	event->text = text;
	event->text_length = n;
	h->id = (int32_t)h->n_generated;
	event->ids = &h->id;
	event->n_ids = 1;
	h->at += n;
	event->n_generated = ++h->n_generated;
	return true;
}

bool hearth_next(struct hearth *h, int timeout_ms, struct hearth_event *event)
{
	(void)timeout_ms;
	if (!h->running) return false;
	*event = (struct hearth_event){
		.request = h->last_id, .n_context = h->context, .n_prompt = h->n_prompt, .n_cached = h->n_cached
	};
	event->n_generated = h->n_generated;
	event->n_done = h->n_prompt;
	event->seed = h->request.sampling.seed ? h->request.sampling.seed : 12345;
	if (h->fails || h->n_prompt > h->context) {
		event->kind = HEARTH_FAILED;
		event->failure = h->died ? HEARTH_FAIL_ENGINE : h->fails ? HEARTH_FAIL_REQUEST : HEARTH_FAIL_CONTEXT;
		scripted.deaths += h->died;
		event->text = h->fails ? h->failure : "the prompt does not fit";
		event->text_length = strlen(event->text);
		h->running = false;
		return true;
	}
	if (!h->prompt_sent) {
		h->prompt_sent = true;
		event->kind = HEARTH_PROMPT;
		event->text = h->prompt.data;
		event->text_length = h->prompt.size;
		event->pieces = h->pieces;
		event->n_pieces = h->n_pieces;
		if (h->request.max_tokens) scripted.computed += h->n_prompt - h->n_cached;
		return true;
	}
	event->seconds_prompt = event->seconds_generate = 0.5;
	if (h->cancelled) return scripted_end(h, event, HEARTH_STOP_CANCEL);
	if (h->request.max_tokens == 0 || h->at == h->answer.size) return scripted_end(h, event, HEARTH_STOP_END);
	if (h->n_generated == h->request.max_tokens) return scripted_end(h, event, HEARTH_STOP_LENGTH);
	if (h->n_prompt + h->n_generated == h->context) return scripted_end(h, event, HEARTH_STOP_CONTEXT);
	return scripted_word(h, event);
}

const char *hearth_version(void)
{
	return HEARTH_VERSION;
}

const char *hearth_kernels(void)
{
	return "none, this is a script\n";
}

#endif
