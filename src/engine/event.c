/* event: owned events and their queue (see event.h). */
#include "engine/event.h"

#include "base/memory.h"

enum { MOST_BYTES = 1 << 30 }; /* of one event's parts; prompts are bounded far below */

struct event *event_new(uint32_t kind, uint64_t request, struct error *e)
{
	struct event *event = memory_new(1, sizeof *event);
	if (!event) {
		error_memory(e);
		return NULL;
	}
	event->shown.kind = kind;
	event->shown.request = request;
	event->text = buffer_new(MOST_BYTES);
	event->ids = buffer_new(MOST_BYTES);
	event->pieces = buffer_new(MOST_BYTES);
	event->scores = buffer_new(MOST_BYTES);
	event->score_texts = buffer_new(MOST_BYTES);
	event->prompt_end = buffer_new(MOST_BYTES);
	event->values = buffer_new(MOST_BYTES);
	return event;
}

static void free_wiped(struct buffer *b)
{
	if (b->data) memory_wipe(b->data, b->size);
	buffer_free(b);
}

void event_free(struct event *event)
{
	if (!event) return;
	free_wiped(&event->text);
	free_wiped(&event->ids);
	free_wiped(&event->pieces);
	free_wiped(&event->scores);
	free_wiped(&event->score_texts);
	free_wiped(&event->prompt_end);
	free_wiped(&event->values);
	memory_free(event);
}

bool event_add_text(struct event *event, const char *text, size_t length)
{
	return length == 0 || buffer_append(&event->text, text, length);
}

bool event_add_ids(struct event *event, const int32_t *ids, size_t n)
{
	return n == 0 || buffer_append(&event->ids, ids, n * sizeof *ids);
}

bool event_add_pieces(struct event *event, const struct hearth_piece *pieces, size_t n)
{
	return n == 0 || buffer_append(&event->pieces, pieces, n * sizeof *pieces);
}

bool event_add_values(struct event *event, const float *values, size_t n)
{
	return n == 0 || buffer_append(&event->values, values, n * sizeof *values);
}

bool event_add_scores(struct event *event, const struct hearth_score *scores, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (scores[i].length) buffer_append(&event->score_texts, scores[i].text, scores[i].length);
	}
	return n == 0 || (buffer_append(&event->scores, scores, n * sizeof *scores) && !event->score_texts.failed);
}

/* The texts have moved while the buffer grew. */
static void place_texts(struct event *event)
{
	struct hearth_score *scores = (void *)event->scores.data;
	const char *at = event->score_texts.data;
	for (size_t i = 0; i < event->scores.size / sizeof *scores; i++) {
		scores[i].text = scores[i].length ? at : "";
		if (scores[i].length) at += scores[i].length;
	}
}

const struct hearth_event *event_show(struct event *event)
{
	struct hearth_event *s = &event->shown;
	place_texts(event);
	s->scores = (const struct hearth_score *)(const void *)event->scores.data;
	s->n_scores = event->scores.size / sizeof *s->scores;
	s->prompt_end = buffer_text(&event->prompt_end);
	s->prompt_end_length = event->prompt_end.size;
	s->text = buffer_text(&event->text);
	s->text_length = event->text.size;
	s->ids = (const int32_t *)(const void *)event->ids.data;
	s->n_ids = event->ids.size / sizeof *s->ids;
	s->pieces = (const struct hearth_piece *)(const void *)event->pieces.data;
	s->n_pieces = event->pieces.size / sizeof *s->pieces;
	s->values = (const float *)(const void *)event->values.data;
	s->n_values = event->values.size / sizeof *s->values;
	return s;
}

void event_push(struct event_queue *q, struct event *event, struct event **slot)
{
	if (slot) {
		event_detach(slot);
		*slot = event;
	}
	event->slot = slot;
	event->next = NULL;
	if (q->last) {
		q->last->next = event;
	} else {
		q->first = event;
	}
	q->last = event;
}

struct event *event_pop(struct event_queue *q)
{
	struct event *event = q->first;
	if (!event) return NULL;
	q->first = event->next;
	if (!q->first) q->last = NULL;
	event->next = NULL;
	if (event->slot) event_detach(event->slot);
	return event;
}

void event_clear(struct event_queue *q)
{
	for (struct event *event; (event = event_pop(q));) event_free(event);
}

void event_detach(struct event **slot)
{
	if (*slot) (*slot)->slot = NULL;
	*slot = NULL;
}
