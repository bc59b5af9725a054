/*
 * client: an open model over a link (see client.h).
 *
 * Ids that a program sees are the client's own and stay when the engine is started again: requests, sessions and adapters each know
 * the engine's id, 0 while it has none. Locks: `asking` is held by whoever talks to the engine, through its start and each answer;
 * `lock` guards requests and the queue, and is never held while something is sent. `asking` comes first.
 */
#include "wire/client.h"

#include "base/clock.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/threads.h"
#include "wire/client_files.h"
#include "wire/client_start.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MOST_QUEUED = 4 << 20, MOST_STOP_TEXTS = 63, MOST_TEXT = 256 << 20, MOST_IDS = 16 << 20, MOST_THREADS = 1024 };

struct open_request {
	uint64_t id, engine_id;
	struct open_request *next;
};

struct session {
	uint64_t id, engine_id;
	struct hearth_adapter adapters[HEARTH_MOST_ADAPTERS]; /* by the client's ids */
	size_t n_adapters;
	struct session *next;
};

struct adapter {
	uint64_t id, engine_id;
	char *path;
	struct adapter *next;
};

/* An event with what it points to behind it, in one piece. */
struct queued {
	struct hearth_event event;
	size_t size;
	struct queued *next;
};

struct hearth {
	struct hearth_options options;
	char *model, *draft;
	struct hearth_info info;
	struct buffer facts; /* that `info` points into */
	char *plan[2];

	pthread_mutex_t asking;
	struct link *link;
	struct session *sessions;
	struct adapter *adapters;
	uint64_t last_id;

	pthread_mutex_t lock;
	pthread_cond_t news;
	struct open_request *requests;   /* that have not had their last event */
	struct open_request *submitting; /* in the list, and waits for the engine's id */
	struct queued *first, *last, *shown;
	size_t n_bytes; /* in the queue */
	bool dead;      /* the engine has ended, for this reason */
	char reason[400];
	bool unheard; /* and no request has told it */
};

static struct error *own(struct hearth_error *error)
{
	if (error) error->text[0] = 0;
	return (struct error *)(void *)error;
}

/* As in the engine: a struct made for this version or an earlier one, whose first members are `least` bytes. */
static bool take_struct(void *to, size_t size, const void *from, size_t least, const char *name, struct error *e)
{
	size_t given;
	if (!from) return error_set(e, "%s: missing", name);
	memcpy(&given, from, sizeof given);
	if (given < least || given > size)
		return error_set(e, "%s: its size member is %zu; this version of hearth takes %zu to %zu", name, given, least,
		                 size);
	memcpy(to, from, given);
	memcpy(to, &size, sizeof size);
	return true;
}

/* ---- the queue ---- */

static void free_queued(struct queued *q)
{
	if (!q) return;
	memory_wipe(q, q->size);
	memory_free(q);
}

/* Copies bytes to *at and moves it behind them. */
static const char *copy_text(char **at, const char *bytes, size_t length)
{
	char *copy = *at;
	if (length) memcpy(copy, bytes, length);
	*at += length;
	return copy;
}

static struct queued *copy_event(const struct hearth_event *e)
{
	size_t pieces = e->n_pieces * sizeof *e->pieces, ids = e->n_ids * sizeof *e->ids;
	size_t scores = e->n_scores * sizeof *e->scores, texts = e->prompt_end_length + e->text_length + 2;
	for (size_t i = 0; i < e->n_scores; i++) texts += e->scores[i].length;
	size_t size = sizeof(struct queued) + pieces + scores + ids + texts;
	struct queued *q = memory_new(size, 1);
	if (!q) return NULL;
	char *at = (char *)(q + 1);
	q->event = *e;
	q->size = size;
	q->event.pieces = e->n_pieces ? (const struct hearth_piece *)(void *)at : NULL;
	if (pieces) memcpy(at, e->pieces, pieces);
	at += pieces;
	struct hearth_score *copies = e->n_scores ? (struct hearth_score *)(void *)at : NULL;
	q->event.scores = copies;
	if (scores) memcpy(copies, e->scores, scores);
	at += scores;
	q->event.ids = e->n_ids ? (const int32_t *)(void *)at : NULL;
	if (ids) memcpy(at, e->ids, ids);
	at += ids;
	q->event.text = copy_text(&at, e->text, e->text_length);
	at++;
	q->event.prompt_end = copy_text(&at, e->prompt_end, e->prompt_end_length);
	at++;
	for (size_t i = 0; i < e->n_scores; i++) copies[i].text = copy_text(&at, copies[i].text, copies[i].length);
	return q;
}

/* With the lock held. */
static bool push(struct hearth *h, const struct hearth_event *e)
{
	struct queued *q = copy_event(e);
	if (!q) return false;
	if (h->last)
		h->last->next = q;
	else
		h->first = q;
	h->last = q;
	h->n_bytes += q->size;
	pthread_cond_broadcast(&h->news);
	return true;
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
	bool room = h->n_bytes < MOST_QUEUED;
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

/* ---- starting, also again; with `asking` held ---- */

static uint32_t choose_threads(uint32_t asked)
{
	if (asked == HEARTH_THREADS_LOW) return threads_low();
	return asked ? asked : threads_available();
}

static bool ask_open(struct hearth *h, struct error *e)
{
	struct buffer b = buffer_new(4 * WIRE_MOST_PATH);
	wire_put_options(&b, &h->options);
	bool ok = !b.failed || error_set(e, "%.200s...: the path is too long", h->model);
	ok = ok && link_ask(h->link, WIRE_OPEN, b.data, b.size, WIRE_OPENED, true, e);
	buffer_free(&b);
	return ok;
}

/* A process with the model open. What the model is, is said by the first. */
static bool start(struct hearth *h, struct error *e)
{
	const struct link_watch watch = { h, on_event, on_number, has_room, awaits, on_failed };
	h->link = client_start(&watch, h->options.threads, e);
	if (!h->link) return false;
	bool ok = client_give_files(h->link, h->model, e) && (!h->draft || client_give_files(h->link, h->draft, e)) &&
	          client_jail(h->link, e) && ask_open(h, e);
	if (ok && h->facts.size == 0) ok = buffer_append(&h->facts, h->link->answer.data, h->link->answer.size) || error_memory(e);
	if (ok && !h->info.name)
		ok = wire_get_info(h->facts.data, h->facts.size, &h->info) || error_set(e, "what the engine says makes no sense");
	if (ok) return true;
	if (link_has_failed(h->link)) error_at(e, "%s", h->model);
	link_close(h->link);
	h->link = NULL;
	return false;
}

/* Makes sure that an engine runs. What the one before had computed is forgotten, and nothing else. */
static bool ensure_engine(struct hearth *h, struct error *e)
{
	if (h->link && !link_has_failed(h->link)) return true;
	link_close(h->link);
	h->link = NULL;
	for (struct session *s = h->sessions; s; s = s->next) s->engine_id = 0;
	for (struct adapter *a = h->adapters; a; a = a->next) a->engine_id = 0;
	char line[512];
	pthread_mutex_lock(&h->lock);
	bool unheard = h->unheard;
	snprintf(line, sizeof line, "%s, and was started again", h->reason);
	h->dead = h->unheard = false;
	pthread_mutex_unlock(&h->lock);
	if (!start(h, e)) return false;
	if (unheard) client_tell_restart(line);
	return true;
}

bool client_open(const struct hearth_options *options, struct hearth **out, struct hearth_error *error)
{
	struct error *e = own(error);
	*out = NULL;
	struct hearth_options o = { 0 };
	if (!take_struct(&o, sizeof o, options, offsetof(struct hearth_options, draft), "options", e)) return false;
	if (!o.model || !*o.model) return error_set(e, "options: no model is named");
	if (o.threads > MOST_THREADS && o.threads != HEARTH_THREADS_LOW)
		return error_set(e, "options: %u threads; at most %d", o.threads, (int)MOST_THREADS);
	struct hearth *h = memory_new(1, sizeof *h);
	if (!h) return error_memory(e);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&h->asking, NULL);
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->news, &monotonic);
	pthread_condattr_destroy(&monotonic);
	h->facts = buffer_new(FRAME_MOST);
	h->options = o;
	h->options.threads = choose_threads(o.threads);
	h->model = memory_copy_text(h->options.model, strlen(h->options.model));
	h->draft = h->options.draft ? memory_copy_text(h->options.draft, strlen(h->options.draft)) : NULL;
	bool ok = (h->model && (h->draft || !h->options.draft)) || error_memory(e);
	h->options.model = h->model;
	h->options.draft = h->draft;
	if (ok && start(h, e)) {
		*out = h;
		return true;
	}
	client_close(h);
	return false;
}

void client_close(struct hearth *h)
{
	if (!h) return;
	link_close(h->link);
	while (h->requests) drop_request(h, h->requests);
	for (struct queued *q = h->first, *next; q; q = next) {
		next = q->next;
		free_queued(q);
	}
	free_queued(h->shown);
	for (struct session *s = h->sessions, *next; s; s = next) {
		next = s->next;
		memory_free(s);
	}
	for (struct adapter *a = h->adapters, *next; a; a = next) {
		next = a->next;
		memory_free(a->path);
		memory_free(a);
	}
	pthread_mutex_destroy(&h->asking);
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->news);
	buffer_free(&h->facts);
	memory_free(h->plan[0]);
	memory_free(h->plan[1]);
	memory_free(h->model);
	memory_free(h->draft);
	memory_free(h);
}

void client_info(struct hearth *h, struct hearth_info *info)
{
	size_t given = info->size, size = given < sizeof *info ? given : sizeof *info;
	memcpy(info, &h->info, size);
	info->size = given;
}

const char *client_describe(struct hearth *h, bool json)
{
	const char *text;
	const uint8_t wanted = json;
	pthread_mutex_lock(&h->asking);
	if (!h->plan[json] && ensure_engine(h, NULL) && link_ask(h->link, WIRE_DESCRIBE, &wanted, 1, WIRE_TEXT, false, NULL) &&
	    wire_get_text(h->link->answer.data, h->link->answer.size, &text))
		h->plan[json] = memory_copy_text(text, strlen(text));
	const char *plan = h->plan[json];
	pthread_mutex_unlock(&h->asking);
	return plan;
}

/* ---- sessions and adapters ---- */

static bool answered_number(const struct link *l, uint64_t *number)
{
	return wire_get_u64(l->answer.data, l->answer.size, number);
}

uint64_t client_session_new(struct hearth *h)
{
	struct session *s = memory_new(1, sizeof *s);
	if (!s) return 0;
	pthread_mutex_lock(&h->asking);
	uint64_t id = s->id = ++h->last_id;
	s->next = h->sessions;
	h->sessions = s;
	pthread_mutex_unlock(&h->asking);
	return id;
}

static struct session **find_session(struct hearth *h, uint64_t id)
{
	struct session **at = &h->sessions;
	while (*at && (*at)->id != id) at = &(*at)->next;
	return at;
}

static struct adapter **find_adapter(struct hearth *h, uint64_t id)
{
	struct adapter **at = &h->adapters;
	while (*at && (*at)->id != id) at = &(*at)->next;
	return at;
}

/* Tells the engine, when it runs and knows the thing, that an id goes. */
static void tell_id(struct hearth *h, uint32_t kind, uint64_t engine_id)
{
	if (h->link && engine_id) link_tell(h->link, kind, &engine_id, sizeof engine_id, -1, NULL);
}

void client_session_free(struct hearth *h, uint64_t id)
{
	pthread_mutex_lock(&h->asking);
	struct session **at = find_session(h, id), *s = *at;
	if (s) {
		tell_id(h, WIRE_SESSION_FREE, s->engine_id);
		*at = s->next;
		memory_free(s);
	}
	pthread_mutex_unlock(&h->asking);
}

/* The engine's adapter for ours, opened again where the engine is a new one. */
static bool ensure_adapter(struct hearth *h, struct adapter *a, struct error *e)
{
	if (a->engine_id) return true;
	return client_give_files(h->link, a->path, e) &&
	       client_ask_text(h->link, WIRE_ADAPTER_OPEN, a->path, WIRE_NUMBER, true, e) &&
	       answered_number(h->link, &a->engine_id);
}

static bool ask_adapt(struct hearth *h, struct session *s, struct error *e)
{
	struct wire_adapt adapt = { .session = s->engine_id, .n = s->n_adapters };
	for (size_t i = 0; i < s->n_adapters; i++) {
		struct adapter *a = *find_adapter(h, s->adapters[i].adapter);
		if (!a) return error_set(e, "adapters: there is no adapter %llu", (unsigned long long)s->adapters[i].adapter);
		if (!ensure_adapter(h, a, e)) return false;
		adapt.adapters[i] = (struct hearth_adapter){ a->engine_id, s->adapters[i].scale };
	}
	struct buffer b = buffer_new(4096);
	wire_put_adapt(&b, &adapt);
	bool ok = !b.failed ? link_ask(h->link, WIRE_SESSION_ADAPT, b.data, b.size, WIRE_NUMBER, true, e) : error_memory(e);
	buffer_free(&b);
	return ok;
}

static bool ensure_session(struct hearth *h, struct session *s, struct error *e)
{
	if (s->engine_id) return true;
	bool ok = link_ask(h->link, WIRE_SESSION_NEW, NULL, 0, WIRE_NUMBER, false, e) && answered_number(h->link, &s->engine_id);
	return ok && (s->n_adapters == 0 || ask_adapt(h, s, e));
}

bool client_adapter_open(struct hearth *h, const char *path, uint64_t *id, struct hearth_error *error)
{
	struct error *e = own(error);
	struct adapter *a = memory_new(1, sizeof *a);
	if (a) a->path = memory_copy_text(path, strlen(path));
	bool ok = (a && a->path) || error_memory(e);
	pthread_mutex_lock(&h->asking);
	ok = ok && ensure_engine(h, e) && ensure_adapter(h, a, e);
	if (ok) {
		*id = a->id = ++h->last_id;
		a->next = h->adapters;
		h->adapters = a;
	}
	pthread_mutex_unlock(&h->asking);
	if (ok) return true;
	if (a) memory_free(a->path);
	memory_free(a);
	return false;
}

void client_adapter_close(struct hearth *h, uint64_t id)
{
	pthread_mutex_lock(&h->asking);
	struct adapter **at = find_adapter(h, id), *a = *at;
	if (a) {
		tell_id(h, WIRE_ADAPTER_CLOSE, a->engine_id);
		*at = a->next;
		memory_free(a->path);
		memory_free(a);
	}
	pthread_mutex_unlock(&h->asking);
}

bool client_session_adapt(struct hearth *h, uint64_t id, const struct hearth_adapter *adapters, size_t n,
                          struct hearth_error *error)
{
	struct error *e = own(error);
	if (n > HEARTH_MOST_ADAPTERS) return error_set(e, "adapters: %zu for one session; at most %d", n, HEARTH_MOST_ADAPTERS);
	pthread_mutex_lock(&h->asking);
	struct session *s = *find_session(h, id);
	bool ok = s || error_set(e, "request: there is no session %llu", (unsigned long long)id);
	if (ok) {
		struct session before = *s;
		s->n_adapters = 0; /* a new engine's session begins without */
		ok = ensure_engine(h, e) && ensure_session(h, s, e);
		if (n) memcpy(s->adapters, adapters, n * sizeof *adapters);
		s->n_adapters = n;
		ok = ok && ask_adapt(h, s, e);
		if (!ok) {
			memcpy(s->adapters, before.adapters, sizeof s->adapters);
			s->n_adapters = before.n_adapters;
		}
	}
	pthread_mutex_unlock(&h->asking);
	return ok;
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
	struct error *e = own(error);
	struct hearth_request r = hearth_request_new(0);
	struct open_request *o = memory_new(1, sizeof *o);
	if (!o) return error_memory(e);
	if (!take_struct(&r, sizeof r, request, offsetof(struct hearth_request, no_guess), "request", e)) {
		memory_free(o);
		return false;
	}
	pthread_mutex_lock(&h->asking);
	struct session *s = r.session ? *find_session(h, r.session) : NULL;
	bool ok = s || !r.session || error_set(e, "request: there is no session %llu", (unsigned long long)r.session);
	ok = ok && check_request(&r, e) && ensure_engine(h, e) && (!s || ensure_session(h, s, e));
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
	tell_id(h, WIRE_CANCEL, engine_id);
	pthread_mutex_unlock(&h->asking);
}

static struct timespec deadline_after(int timeout_ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += timeout_ms / 1000;
	t.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

bool client_next(struct hearth *h, int timeout_ms, struct hearth_event *event)
{
	struct timespec deadline = deadline_after(timeout_ms < 0 ? 0 : timeout_ms);
	int status = 0;
	pthread_mutex_lock(&h->lock);
	while (!h->first && h->requests && status == 0) {
		if (timeout_ms < 0)
			pthread_cond_wait(&h->news, &h->lock);
		else
			status = pthread_cond_timedwait(&h->news, &h->lock, &deadline);
	}
	free_queued(h->shown);
	struct queued *q = h->shown = h->first;
	if (q) {
		h->first = q->next;
		if (!h->first) h->last = NULL;
		h->n_bytes -= q->size;
		*event = q->event;
	}
	pthread_mutex_unlock(&h->lock);
	return q != NULL;
}
