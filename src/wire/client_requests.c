/* client_requests: requests to an open model and the events that come of them (see client_internal.h). */
#include "wire/client_internal.h"

#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST_QUEUED = 4 << 20, MOST_STOP_TEXTS = 63, MOST_TEXT = 256 << 20, MOST_IDS = 16 << 20 };

/* With the lock held. */
static bool push(struct hearth *h, const struct hearth_event *e)
{
	bool ok = client_queue_add(&h->queue, e);
	pthread_cond_broadcast(&h->news);
	return ok;
}

static void drop_request(struct hearth *h, struct open_request *r)
{
	struct open_request **at = &h->requests;
	while (*at && *at != r) at = &(*at)->next;
	if (*at) *at = r->next;
	memory_free(r);
}

/* ---- what the link tells, in its thread ---- */

static bool on_event(void *data, const struct hearth_event *event)
{
	struct hearth *h = data;
	struct hearth_event mine = *event;
	pthread_mutex_lock(&h->lock);
	struct open_request *r = h->requests;
	while (r && r->engine_id != event->request) r = r->next;
	bool ok = r && event->request;
	if (ok) {
		mine.request = r->id;
		ok = push(h, &mine);
		if (event->kind == HEARTH_DONE || event->kind == HEARTH_FAILED) drop_request(h, r);
	}
	pthread_mutex_unlock(&h->lock);
	return ok;
}

static bool on_number(void *data, uint64_t number)
{
	struct hearth *h = data;
	bool ok = true;
	pthread_mutex_lock(&h->lock);
	for (struct open_request *r = h->requests; h->submitting && r; r = r->next) ok = ok && r->engine_id != number;
	if (h->submitting && ok) h->submitting->engine_id = number;
	pthread_mutex_unlock(&h->lock);
	return ok && number != 0;
}

static bool has_room(void *data)
{
	struct hearth *h = data;
	pthread_mutex_lock(&h->lock);
	bool room = h->queue.n_bytes < MOST_QUEUED;
	pthread_mutex_unlock(&h->lock);
	return room;
}

static bool awaits(void *data)
{
	struct hearth *h = data;
	pthread_mutex_lock(&h->lock);
	bool open = h->requests != NULL;
	pthread_mutex_unlock(&h->lock);
	return open;
}

/* With the lock held: the last event of a request whose engine has ended. Without memory it ends silently. */
static void fail_request(struct hearth *h, struct open_request *r)
{
	const struct hearth_event failed = { .kind = HEARTH_FAILED,
		                             .request = r->id,
		                             .failure = HEARTH_FAIL_ENGINE,
		                             .n_context = h->info.context,
		                             .text = h->reason,
		                             .text_length = strlen(h->reason) };
	push(h, &failed);
	drop_request(h, r);
	h->unheard = false;
}

/* Every request that runs fails; one that is being submitted is looked at by its own call. */
static void on_failed(void *data, const char *reason)
{
	struct hearth *h = data;
	pthread_mutex_lock(&h->lock);
	h->dead = true;
	h->unheard = h->submitting == NULL;
	snprintf(h->reason, sizeof h->reason, "%s", reason);
	for (struct open_request *r = h->requests, *next; r; r = next) {
		next = r->next;
		if (r != h->submitting) fail_request(h, r);
	}
	pthread_cond_broadcast(&h->news);
	pthread_mutex_unlock(&h->lock);
}

/* ---- requests ---- */

/* What cannot cross as it is; everything else is checked by the engine. */
static bool check_request(const struct hearth_request *r, struct error *e)
{
	if (r->kind != HEARTH_IDS && !r->text && r->text_length) return error_set(e, "request: text is missing");
	if (r->text && r->text_length > MOST_TEXT) return error_set(e, "request: a text of %zu bytes is too long", r->text_length);
	if (r->ids && r->n_ids > MOST_IDS) return error_set(e, "request: %zu ids are too many", r->n_ids);
	if (r->n_stop > MOST_STOP_TEXTS)
		return error_set(e, "request: %zu stop texts; at most %d", r->n_stop, (int)MOST_STOP_TEXTS);
	if (r->n_stop && !r->stop) return error_set(e, "request: stop texts are missing");
	if (r->n_marks > MOST_STOP_TEXTS || (r->n_marks && !r->marks))
		return error_set(e, "request: %zu marks; at most %d", r->n_marks, (int)MOST_STOP_TEXTS);
	if (r->n_biases > WIRE_MOST_BIASES || (r->n_biases && !r->biases))
		return error_set(e, "request: %zu biases; at most %d", r->n_biases, (int)WIRE_MOST_BIASES);
	if (r->document && r->document_length > MOST_TEXT)
		return error_set(e, "request: a document of %zu bytes is too long", r->document_length);
	if (r->grammar_length > MOST_TEXT) return error_set(e, "request: a grammar of %zu bytes is too long", r->grammar_length);
	return true;
}

/* The time here: an engine in its jail does not know the zone. */
static void local_time(char out[32])
{
	time_t now = time(NULL);
	struct tm local;
	out[0] = 0;
	if (localtime_r(&now, &local)) strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &local);
}

static bool send_request(struct hearth *h, struct hearth_request *r, struct open_request *o, struct error *e)
{
	char now[32];
	struct buffer b = buffer_new(FRAME_MOST);
	local_time(now);
	if (!r->date && now[0]) r->date = now;
	wire_put_request(&b, r);
	pthread_mutex_lock(&h->lock);
	o->next = h->requests;
	h->requests = h->submitting = o;
	pthread_mutex_unlock(&h->lock);
	bool ok = b.failed ? error_memory(e) : link_ask(h->link, WIRE_SUBMIT, b.data, b.size, WIRE_NUMBER, false, e);
	if (b.data) memory_wipe(b.data, b.size);
	buffer_free(&b);
	pthread_mutex_lock(&h->lock);
	h->submitting = NULL;
	struct open_request *open = h->requests;
	while (open && open != o) open = open->next;
	if (open && !ok) drop_request(h, open);
	if (open && ok && h->dead) fail_request(h, open); /* it was taken, and then the engine ended */
	pthread_mutex_unlock(&h->lock);
	return ok;
}

bool client_submit(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error)
{
	struct error *e = client_error(error);
	struct hearth_request r = hearth_request_new(0);
	struct open_request *o = memory_new(1, sizeof *o);
	if (!o) return error_memory(e);
	if (!sized_take(&r, sizeof r, request, offsetof(struct hearth_request, no_guess), "request", e)) {
		memory_free(o);
		return false;
	}
	pthread_mutex_lock(&h->asking);
	struct session *s = r.session ? client_session(h, r.session, e) : NULL;
	bool ok = (s || !r.session) && check_request(&r, e) && client_ensure_engine(h, e) && (!s || client_ensure_session(h, s, e));
	if (ok) {
		*id = o->id = ++h->last_id;
		if (s) r.session = s->engine_id;
		ok = send_request(h, &r, o, e);
	} else {
		memory_free(o);
	}
	pthread_mutex_unlock(&h->asking);
	return ok;
}

void client_cancel(struct hearth *h, uint64_t id)
{
	pthread_mutex_lock(&h->asking);
	pthread_mutex_lock(&h->lock);
	const struct open_request *r = h->requests;
	while (r && r->id != id) r = r->next;
	uint64_t engine_id = r ? r->engine_id : 0;
	pthread_mutex_unlock(&h->lock);
	client_tell_id(h, WIRE_CANCEL, engine_id);
	pthread_mutex_unlock(&h->asking);
}

void client_forget(struct hearth *h, uint64_t share)
{
	pthread_mutex_lock(&h->asking);
	client_tell_id(h, WIRE_FORGET, share);
	pthread_mutex_unlock(&h->asking);
}

bool client_next(struct hearth *h, int timeout_ms, struct hearth_event *event)
{
	struct timespec deadline = clock_deadline(timeout_ms);
	int status = 0;
	pthread_mutex_lock(&h->lock);
	while (!h->queue.first && h->requests && status == 0) {
		if (timeout_ms < 0)
			pthread_cond_wait(&h->news, &h->lock);
		else
			status = pthread_cond_timedwait(&h->news, &h->lock, &deadline);
	}
	bool came = client_queue_take(&h->queue, event);
	pthread_mutex_unlock(&h->lock);
	return came;
}

struct link_watch client_watch(struct hearth *h)
{
	return (struct link_watch){ h, on_event, on_number, has_room, awaits, on_failed };
}

void client_free_requests(struct hearth *h)
{
	while (h->requests) drop_request(h, h->requests);
	client_queue_free(&h->queue);
}
