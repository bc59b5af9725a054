/* answer: the loop over a request's events (see answer.h). */
#include "app/hearth/answer.h"

#include "app/hearth/terminal.h"
#include "base/memory.h"

#include <string.h>

enum { MAX_TEXT = 256 << 20, TICK_MS = 100 };

struct answer answer_new(void)
{
	return (struct answer){ .text = buffer_new(MAX_TEXT), .ids = buffer_new(MAX_TEXT), .prompt = buffer_new(MAX_TEXT) };
}

void answer_free(struct answer *a)
{
	buffer_free(&a->text);
	buffer_free(&a->ids);
	buffer_free(&a->prompt);
	memory_free(a->pieces);
	*a = (struct answer){ 0 };
}

static void keep_counts(struct answer *a, const struct hearth_event *event)
{
	a->n_context = event->n_context;
	a->n_prompt = event->n_prompt;
	a->n_cached = event->n_cached;
	a->n_generated = event->n_generated;
	a->n_guessed = event->n_guessed;
	a->n_accepted = event->n_accepted;
	a->seconds_prompt = event->seconds_prompt;
	a->seconds_generate = event->seconds_generate;
	a->seed = event->seed;
}

static void keep_prompt(struct answer *a, const struct hearth_event *event)
{
	buffer_clear(&a->prompt);
	if (event->text_length) buffer_append(&a->prompt, event->text, event->text_length);
	memory_free(a->pieces);
	a->n_pieces = 0;
	a->pieces = event->n_pieces ? memory_new(event->n_pieces, sizeof *a->pieces) : NULL;
	if (!a->pieces) return;
	memcpy(a->pieces, event->pieces, event->n_pieces * sizeof *a->pieces);
	a->n_pieces = event->n_pieces;
}

/* Takes one event in. True: it was the last. */
static bool take(struct answer *a, const struct hearth_event *event, struct error *e)
{
	keep_counts(a, event);
	switch (event->kind) {
	case HEARTH_PROMPT: keep_prompt(a, event); break;
	case HEARTH_ANSWER:
		if (event->text_length) buffer_append(&a->text, event->text, event->text_length);
		if (event->n_ids) buffer_append(&a->ids, event->ids, event->n_ids * sizeof event->ids[0]);
		break;
	case HEARTH_DONE: a->stop = event->stop; return true;
	case HEARTH_FAILED:
		a->failure = event->failure;
		error_set(e, "%.*s", (int)(event->text_length < 500 ? event->text_length : 500), event->text ? event->text : "");
		return true;
	default: break;
	}
	return false;
}

bool answer_run(struct answer *a, struct hearth *h, const struct hearth_request *request, const struct answer_watch *watch,
                struct error *e)
{
	struct hearth_error refused;
	uint64_t id;
	if (!hearth_submit(h, request, &id, &refused)) {
		a->failure = HEARTH_FAIL_REQUEST;
		return error_set(e, "%s", refused.text);
	}
	for (bool over = false; !over;) {
		struct hearth_event event;
		if (terminal_take_interrupt() || (watch && watch->stop && watch->stop(watch->data))) hearth_cancel(h, id);
		if (!hearth_next(h, TICK_MS, &event)) {
			if (watch && watch->tick) watch->tick(watch->data);
			continue;
		}
		if (event.request != id) continue;
		over = take(a, &event, e);
		if (watch && watch->event) watch->event(watch->data, &event, a);
	}
	if (a->failure) return false;
	if (a->text.failed || a->ids.failed) return error_memory(e);
	return true;
}
