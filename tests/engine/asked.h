/* asked: requests to an open engine and what came of them, for tests. */
#ifndef HEARTH_TESTS_ENGINE_ASKED_H
#define HEARTH_TESTS_ENGINE_ASKED_H

#include "hearth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ASKED_MOST = 4096 };

/* All events of one request, joined. */
struct asked {
	uint64_t id;
	char text[8 * ASKED_MOST];
	size_t length;
	int32_t ids[ASKED_MOST];
	size_t n_ids;
	int32_t prompt[ASKED_MOST];
	size_t n_prompt_ids;
	uint32_t n_events, n_prompts, n_progress;
	struct hearth_event last; /* its pointers are not valid */
	char error[512];
	bool over;
};

static inline void asked_take(struct asked *a, const struct hearth_event *event)
{
	assert_false(a->over);
	a->n_events++;
	switch (event->kind) {
	case HEARTH_PROMPT:
		a->n_prompts++;
		assert_true(event->n_ids <= ASKED_MOST);
		if (event->n_ids) memcpy(a->prompt, event->ids, event->n_ids * sizeof a->prompt[0]);
		a->n_prompt_ids = event->n_ids;
		break;
	case HEARTH_PROGRESS: a->n_progress++; break;
	case HEARTH_ANSWER:
		assert_true(a->length + event->text_length < sizeof a->text && a->n_ids + event->n_ids <= ASKED_MOST);
		memcpy(a->text + a->length, event->text, event->text_length);
		a->length += event->text_length;
		a->text[a->length] = 0;
		if (event->n_ids) memcpy(a->ids + a->n_ids, event->ids, event->n_ids * sizeof a->ids[0]);
		a->n_ids += event->n_ids;
		break;
	default:
		a->over = true;
		a->last = *event;
		snprintf(a->error, sizeof a->error, "%.*s", (int)event->text_length, event->text);
	}
}

enum { PATIENCE = 60000 }; /* milliseconds without an event: what runs is taken for hung, on a slow machine under a sanitizer too */

static inline void asked_submit(struct hearth *h, const struct hearth_request *request, struct asked *a)
{
	struct hearth_error error;
	memset(a, 0, sizeof *a);
	if (!hearth_submit(h, request, &a->id, &error)) fail_msg("%s", error.text);
}

/* Takes events until all `n` requests are over. */
static inline void asked_wait(struct hearth *h, struct asked *const *all, size_t n)
{
	struct hearth_event event;
	while (hearth_next(h, PATIENCE, &event)) {
		size_t i = 0;
		while (i < n && all[i]->id != event.request) i++;
		assert_true(i < n);
		asked_take(all[i], &event);
	}
	for (size_t i = 0; i < n; i++) assert_true(all[i]->over);
}

static inline void asked_run(struct hearth *h, const struct hearth_request *request, struct asked *a)
{
	asked_submit(h, request, a);
	asked_wait(h, &a, 1);
}

/* A greedy request for ids or text that does not stop at an end token. */
static inline struct hearth_request asked_ids(const int32_t *ids, size_t n, uint32_t max_tokens)
{
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	r.ids = ids;
	r.n_ids = n;
	r.max_tokens = max_tokens;
	r.sampling.temperature = 0;
	r.ignore_end = true;
	return r;
}

static inline struct hearth_request asked_text(const char *text, uint32_t max_tokens)
{
	struct hearth_request r = hearth_request_new(HEARTH_TEXT);
	r.text = text;
	r.text_length = strlen(text);
	r.max_tokens = max_tokens;
	r.sampling.temperature = 0;
	r.ignore_end = true;
	return r;
}

static inline struct hearth *asked_open(const char *path, uint32_t threads, uint32_t context)
{
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = path, .threads = threads, .context = context };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

#endif
