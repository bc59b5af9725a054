/* client_queue: copying events and handing them out (see client_queue.h). */
#include "wire/client_queue.h"

#include "base/memory.h"

#include <string.h>

/* Behind it lie the parts of its event. */
struct queued {
	struct hearth_event event;
	size_t size;
	struct queued *next;
};

static void free_queued(struct queued *q)
{
	if (!q) return;
	memory_wipe(q, q->size);
	memory_free(q);
}

/* Copies a part to *at and moves that behind it; NULL when it is empty. Parts that must be aligned come first. */
static void *copy_part(char **at, const void *part, size_t size)
{
	char *copy = *at;
	if (size == 0) return NULL;
	memcpy(copy, part, size);
	*at += size;
	return copy;
}

/* The same with a text, which is there even when it is empty, and ends with a zero byte. */
static const char *copy_text(char **at, const char *text, size_t length)
{
	char *copy = *at;
	if (length) memcpy(copy, text, length);
	*at += length + 1;
	return copy;
}

static struct queued *copy_event(const struct hearth_event *e)
{
	size_t pieces = e->n_pieces * sizeof *e->pieces, scores = e->n_scores * sizeof *e->scores;
	size_t ids = e->n_ids * sizeof *e->ids, values = e->n_values * sizeof *e->values;
	size_t size = sizeof(struct queued) + pieces + scores + ids + values + e->text_length + e->prompt_end_length + 2;
	for (size_t i = 0; i < e->n_scores; i++) size += e->scores[i].length + 1;
	struct queued *q = memory_new(size, 1);
	if (!q) return NULL;
	char *at = (char *)(q + 1);
	q->event = *e;
	q->size = size;
	q->event.pieces = copy_part(&at, e->pieces, pieces);
	struct hearth_score *copies = copy_part(&at, e->scores, scores);
	q->event.scores = copies;
	q->event.ids = copy_part(&at, e->ids, ids);
	q->event.values = copy_part(&at, e->values, values);
	q->event.text = copy_text(&at, e->text, e->text_length);
	q->event.prompt_end = copy_text(&at, e->prompt_end, e->prompt_end_length);
	for (size_t i = 0; i < e->n_scores; i++) copies[i].text = copy_text(&at, copies[i].text, copies[i].length);
	return q;
}

bool client_queue_add(struct client_queue *queue, const struct hearth_event *event)
{
	struct queued *q = copy_event(event);
	if (!q) return false;
	if (queue->last)
		queue->last->next = q;
	else
		queue->first = q;
	queue->last = q;
	queue->n_bytes += q->size;
	return true;
}

bool client_queue_take(struct client_queue *queue, struct hearth_event *event)
{
	struct queued *q = queue->first;
	free_queued(queue->shown);
	queue->shown = q;
	if (!q) return false;
	queue->first = q->next;
	if (!queue->first) queue->last = NULL;
	queue->n_bytes -= q->size;
	*event = q->event;
	return true;
}

void client_queue_free(struct client_queue *queue)
{
	struct hearth_event event;
	while (client_queue_take(queue, &event)) continue;
	*queue = (struct client_queue){ 0 };
}
