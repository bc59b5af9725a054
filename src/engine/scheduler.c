/*
 * scheduler: the queue and the two threads (see scheduler.h); what a step computes is in scheduler_step.c.
 *
 * Invariants while the lock is free: n_open is the number of requests in the list that have not ended; a session's n_requests is
 * the number of those in the list that are its; active[] holds exactly the requests that are RUNNING and have not ended.
 */
#include "engine/scheduler_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"

#include <errno.h>
#include <string.h>

enum { MOST_PROMPT_END = 256 };

/* ---- the end of a request ---- */

static void fill_counts(const struct scheduler *s, const struct request *r, struct hearth_event *shown)
{
	double now = clock_seconds();
	double admitted = r->admitted > 0 ? r->admitted : now, answering = r->answering > 0 ? r->answering : now;
	shown->seed = r->sampler.settings.seed;
	shown->n_context = s->context;
	shown->n_prompt = r->n_prompt;
	shown->n_cached = r->n_cached;
	shown->n_done = r->n_done;
	shown->n_generated = r->n_generated;
	shown->n_guessed = r->guess.n_tried;
	shown->n_accepted = r->guess.n_right;
	shown->seconds_wait = admitted - r->submitted;
	shown->seconds_prompt = answering - admitted;
	shown->seconds_generate = now - answering;
}

static struct session **find_session(struct scheduler *s, uint64_t id)
{
	struct session **at = &s->sessions;
	while (*at && (*at)->id != id) at = &(*at)->next;
	return at;
}

static void leave_active(struct scheduler *s, const struct request *r)
{
	for (uint32_t i = 0; i < s->n_active; i++) {
		if (s->active[i] != r) continue;
		s->active[i] = s->active[--s->n_active];
		r->session->running = false;
		return;
	}
}

/* Queues the last event; the request is over for the program. */
static void end_request(struct scheduler *s, struct request *r, enum hearth_stop stop)
{
	struct event *last = r->last;
	r->last = NULL;
	last->shown.kind = r->failed ? HEARTH_FAILED : HEARTH_DONE;
	fill_counts(s, r, &last->shown);
	if (r->failed) {
		last->shown.failure = r->failure;
		event_add_text(last, r->error.text, strlen(r->error.text)); /* fits into the room that was made for it */
	} else {
		last->shown.stop = stop;
		last->shown.stop_text = stop == HEARTH_STOP_TEXT ? (uint32_t)r->stream.stop : 0;
	}
	event_detach(&r->open);
	event_push(&s->events, last, NULL);
	leave_active(s, r);
	r->ended = true;
	s->n_open--;
	s->n_ended++;
	pthread_cond_broadcast(&s->news);
	pthread_cond_broadcast(&s->ends);
}

/* ---- events while it runs ---- */

/* The last event of the request, when it is of this kind and nobody has taken it; else a new one. NULL: memory. */
static struct event *event_for(struct scheduler *s, struct request *r, uint32_t kind)
{
	if (r->open && r->open->shown.kind == kind) return r->open;
	struct event *event = event_new(kind, r->id, &r->error);
	if (event) event_push(&s->events, event, &r->open);
	return event;
}

static bool tell_prompt(struct scheduler *s, struct request *r)
{
	struct event *event = event_new(HEARTH_PROMPT, r->id, &r->error);
	if (!event) return request_fail(r, HEARTH_FAIL_RESOURCES);
	fill_counts(s, r, &event->shown);
	const struct prompt *p = &r->prompt;
	size_t end = p->text_length < MOST_PROMPT_END ? p->text_length : MOST_PROMPT_END;
	bool told = end == 0 || buffer_append(&event->prompt_end, p->text + p->text_length - end, end);
	bool shows = r->asked.want_prompt || r->asked.want == HEARTH_WANT_PROMPT;
	told = told && (!shows || (event_add_text(event, p->text, p->text_length) &&
	                           event_add_pieces(event, p->pieces, p->n_pieces) && event_add_ids(event, r->ids, r->n_prompt)));
	event_push(&s->events, event, &r->open);
	pthread_cond_broadcast(&s->news);
	if (told) return true;
	error_memory(&r->error);
	return request_fail(r, HEARTH_FAIL_RESOURCES);
}

static void tell_progress(struct scheduler *s, struct request *r)
{
	struct event *event = event_for(s, r, HEARTH_PROGRESS);
	if (event) fill_counts(s, r, &event->shown); /* without memory the news waits for the next chunk */
}

static bool tell_answer(struct scheduler *s, struct request *r)
{
	struct event *event = event_for(s, r, HEARTH_ANSWER);
	if (!event) return false;
	fill_counts(s, r, &event->shown);
	bool told = event_add_text(event, r->text.data, r->text.size) &&
	            (r->n_chosen == 0 || event_add_ids(event, r->chosen, r->n_chosen)) &&
	            event_add_scores(event, r->scores.all, r->scores.n);
	r->scores.n = 0;
	memory_wipe(r->text.data, r->text.size);
	buffer_clear(&r->text);
	r->n_chosen = 0;
	return told ? true : error_memory(&r->error);
}

/* Logits and likelihoods are progress enough. */
static bool tell_scores(struct scheduler *s, struct request *r)
{
	if (!request_scores_tokens(r)) tell_progress(s, r);
	if (r->values.size == 0 && r->scores.n == 0) return true;
	struct event *event = event_for(s, r, HEARTH_SCORES);
	if (!event) return false;
	fill_counts(s, r, &event->shown);
	bool told = event_add_values(event, (const float *)(const void *)r->values.data, r->values.size / sizeof(float)) &&
	            event_add_scores(event, r->scores.all, r->scores.n);
	if (r->values.data) memory_wipe(r->values.data, r->values.size);
	buffer_clear(&r->values);
	r->scores.n = 0;
	return told || error_memory(&r->error);
}

/* What the stream still holds back is shown, unless it belongs to a stop text. */
static bool tell_rest(struct scheduler *s, struct request *r)
{
	if (r->state != REQUEST_RUNNING || r->asked.want != HEARTH_WANT_ANSWER) return true;
	if (!stream_end(&r->stream, &r->text, &r->error)) return false;
	return r->text.size == 0 || tell_answer(s, r);
}

/* Tells what the last step brought; ends what has come to its end. */
static void publish(struct scheduler *s)
{
	for (uint32_t i = s->n_active; i > 0; i--) {
		struct request *r = s->active[i - 1];
		if (r->n_rows == 0) continue;
		bool told = true, answers = r->asked.want == HEARTH_WANT_ANSWER;
		if (answers && (request_has_prompt(r) || r->n_generated <= 1)) tell_progress(s, r);
		if (!answers && !r->failed) told = tell_scores(s, r);
		if (r->n_chosen) told = tell_answer(s, r);
		if (told && r->stop) told = tell_rest(s, r);
		if (!told) request_fail(r, HEARTH_FAIL_RESOURCES);
		if (r->failed || r->stop) end_request(s, r, r->stop);
		pthread_cond_broadcast(&s->news);
	}
}

/* ---- the engine thread ---- */

static void cancel_request(struct scheduler *s, struct request *r)
{
	tell_rest(s, r);
	r->failed = false;
	end_request(s, r, HEARTH_STOP_CANCEL);
}

/* Lets a request begin whose prompt is made and whose session is free. */
static void admit(struct scheduler *s, struct request *r)
{
	uint32_t most = s->max_rows < MOST_ACTIVE ? s->max_rows : MOST_ACTIVE;
	if (r->failed) {
		end_request(s, r, 0);
	} else if (!r->session->running && s->n_active < most && !scheduler_waits_for_other(s, r)) {
		if (!s->short_of_memory && !scheduler_has_memory(s, r)) s->short_of_memory = true;
		if (r->failed) {
			s->short_of_memory = false;
			end_request(s, r, 0);
		}
		if (r->ended || s->short_of_memory) return;
		bool runs = scheduler_admit(s, r);
		if (r->failed || !tell_prompt(s, r) || !runs) end_request(s, r, r->stop);
	}
}

static void remove_request(struct scheduler *s, struct request *r)
{
	struct request **at = &s->first;
	while (*at != r) at = &(*at)->next;
	*at = r->next;
	struct session *session = r->session;
	bool keeps = session->share && session->n_ids > 0 && !r->failed && !r->asked.leaves_nothing && !session->forgotten;
	session->n_requests--;
	if (r->asked.session == 0 && keeps && !session->closing)
		scheduler_keep(s, session);
	else if (r->asked.session == 0)
		session->closing = true; /* it was the request's own */
	request_free(r);
}

static void free_closing_sessions(struct scheduler *s)
{
	struct session *next;
	for (struct session *session = s->sessions; session; session = next) {
		next = session->next;
		if (session->n_requests == 0 && (session->closing || (session->kept && session->forgotten)))
			scheduler_drop_session(s, session);
	}
}

/* Carries out what was asked for since the last step. */
static void settle(struct scheduler *s)
{
	struct request *next;
	s->short_of_memory = false;
	for (struct request *r = s->first; r; r = next) {
		next = r->next;
		bool cancelled = r->cancelled || r->session->closing || s->closing;
		if (!r->ended && cancelled) cancel_request(s, r);
		if (!r->ended && r->state == REQUEST_READY) admit(s, r);
		if (r->ended && r->state != REQUEST_MAKING) remove_request(s, r);
	}
	free_closing_sessions(s);
	scheduler_tidy_memory(s);
}

static void *engine_main(void *data)
{
	struct scheduler *s = data;
	pthread_mutex_lock(&s->lock);
	for (;;) {
		settle(s);
		if (s->closing && !s->first) break;
		uint32_t n = scheduler_build(s);
		if (n == 0) {
			pthread_cond_wait(&s->work, &s->lock);
			continue;
		}
		atomic_store(&s->give_up, false);
		s->long_step = s->prompt_rows;
		pthread_mutex_unlock(&s->lock);
		scheduler_compute(s, n);
		pthread_mutex_lock(&s->lock);
		s->long_step = false;
		publish(s);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- the prompt thread ---- */

static struct request *first_unmade(const struct scheduler *s)
{
	struct request *r = s->first;
	while (r && (r->state != REQUEST_NEW || r->ended)) r = r->next;
	return r;
}

static void *maker_main(void *data)
{
	struct scheduler *s = data;
	pthread_mutex_lock(&s->lock);
	while (!s->closing) {
		struct request *r = first_unmade(s);
		if (!r) {
			pthread_cond_wait(&s->unmade, &s->lock);
			continue;
		}
		r->state = REQUEST_MAKING;
		pthread_mutex_unlock(&s->lock);
		bool made = prompt_make(&r->prompt, s->source, &r->asked, &r->failure, &r->error);
		pthread_mutex_lock(&s->lock);
		if (!made) request_fail(r, r->failure);
		r->n_prompt = (uint32_t)(r->prompt.n_ids ? r->prompt.n_ids : r->prompt.n_estimated);
		r->state = REQUEST_READY;
		pthread_cond_signal(&s->work);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- for other threads ---- */

/* Tells the engine thread, with the lock held, that something was cancelled. A long step is not waited for: it is computed again
 * for those that still want it. */
static void wake_engine(struct scheduler *s)
{
	if (s->long_step) atomic_store(&s->give_up, true);
	pthread_cond_signal(&s->work);
}

static bool start_threads(struct scheduler *s, struct error *e)
{
	s->engine_runs = threads_start(&s->engine, engine_main, s);
	s->maker_runs = s->engine_runs && threads_start(&s->maker, maker_main, s);
	return s->maker_runs ? true : error_set(e, "cannot start a thread: %s", strerror(errno));
}

static void init_conditions(struct scheduler *s)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	pthread_cond_init(&s->unmade, NULL);
	clock_condition(&s->news);
	clock_condition(&s->ends);
}

static void take_numbers(struct scheduler *s)
{
	s->n_vocab = s->source->vocab->count;
	s->max_rows = 1;
	if (!s->model) return;
	const struct config *c = model_config(s->model);
	s->n_vocab = c->n_vocab;
	s->n_embd = c->n_embd;
	s->whole = c->whole;
	s->context = model_context(s->model);
	s->max_rows = model_max_rows(s->model);
}

struct scheduler *scheduler_new(struct model *model, const struct prompt_source *source, struct draft *draft, struct error *e)
{
	struct scheduler *s = memory_new(1, sizeof *s);
	if (!s) {
		error_memory(e);
		return NULL;
	}
	s->model = model;
	s->source = source;
	s->draft = draft;
	take_numbers(s);
	init_conditions(s);
	if (model) model_watch(model, &s->give_up);
	s->rows = memory_new(s->max_rows, sizeof *s->rows);
	if (!s->rows) {
		error_memory(e);
	} else if (sampler_room_init(&s->room, s->n_vocab, e) && start_threads(s, e)) {
		return s;
	}
	scheduler_free(s);
	return NULL;
}

void scheduler_free(struct scheduler *s)
{
	if (!s) return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	for (struct session *session = s->sessions; session; session = session->next) session->closing = true;
	wake_engine(s);
	pthread_cond_broadcast(&s->unmade);
	pthread_cond_broadcast(&s->news);
	pthread_mutex_unlock(&s->lock);
	if (s->maker_runs) pthread_join(s->maker, NULL);
	if (s->engine_runs) pthread_join(s->engine, NULL);
	if (s->model) model_watch(s->model, NULL);
	event_clear(&s->events);
	pthread_cond_destroy(&s->work);
	pthread_cond_destroy(&s->unmade);
	pthread_cond_destroy(&s->news);
	pthread_cond_destroy(&s->ends);
	pthread_mutex_destroy(&s->lock);
	sampler_room_clear(&s->room);
	mask_cache_clear(&s->masks);
	mask_tree_free(s->tree);
	memory_free(s->rows);
	memory_free(s);
}

/* With the lock held. */
static struct session *add_session(struct scheduler *s, struct error *e)
{
	struct session *session = session_new(s->last_id + 1, e);
	if (!session) return NULL;
	s->last_id++;
	session->next = s->sessions;
	s->sessions = session;
	return session;
}

uint64_t scheduler_session_new(struct scheduler *s)
{
	pthread_mutex_lock(&s->lock);
	struct session *session = add_session(s, NULL);
	uint64_t id = session ? session->id : 0;
	pthread_mutex_unlock(&s->lock);
	return id;
}

void scheduler_session_free(struct scheduler *s, uint64_t id)
{
	pthread_mutex_lock(&s->lock);
	struct session *session = *find_session(s, id);
	if (session) {
		session->closing = true;
		wake_engine(s);
	}
	pthread_mutex_unlock(&s->lock);
}

bool scheduler_session_adapt(struct scheduler *s, uint64_t id, struct adapter_set *set, struct error *e)
{
	pthread_mutex_lock(&s->lock);
	struct session *session = *find_session(s, id);
	bool known = session && !session->closing;
	if (known) {
		struct adapter_set *before = session->asked;
		session->asked = set;
		set = before;
	}
	pthread_mutex_unlock(&s->lock);
	adapter_set_drop(set);
	return known || error_set(e, "there is no session %llu", (unsigned long long)id);
}

/* The session that a request names, or a new one of its own: also for what is no answer, with the adapters of the one that it
 * names. With the lock held. */
static struct session *session_for(struct scheduler *s, struct request *r, struct error *e)
{
	uint64_t id = r->asked.session;
	struct session *named = id ? *find_session(s, id) : NULL, *own;
	if (id && (!named || named->closing)) {
		error_set(e, "request: there is no session %llu", (unsigned long long)id);
		return NULL;
	}
	if (named && r->asked.want == HEARTH_WANT_ANSWER) return named;
	r->asked.session = 0;
	own = add_session(s, e);
	if (own && named) own->asked = adapter_set_share(named->asked);
	return own;
}

/* Whether the model has the tokens that biases are for. */
static bool check_ids(const struct scheduler *s, const struct hearth_request *asked, struct error *e)
{
	for (size_t i = 0; i < asked->n_biases; i++) {
		int32_t id = asked->biases[i].id;
		if (id < 0 || (uint32_t)id >= s->n_vocab)
			return error_set(e, "request: a bias for token %d; this model has %u tokens", id, s->n_vocab);
	}
	return true;
}

bool scheduler_submit(struct scheduler *s, const struct hearth_request *asked, uint64_t *id, struct error *e)
{
	if (!check_ids(s, asked, e)) return false;
	struct request *r = request_new(asked, e);
	if (!r) return false;
	pthread_mutex_lock(&s->lock);
	r->session = session_for(s, r, e);
	if (!r->session) {
		pthread_mutex_unlock(&s->lock);
		request_free(r);
		return false;
	}
	request_name(r, ++s->last_id);
	*id = r->id;
	r->session->n_requests++;
	s->n_open++;
	struct request **end = &s->first;
	while (*end) end = &(*end)->next;
	*end = r;
	pthread_cond_signal(&s->unmade);
	pthread_mutex_unlock(&s->lock);
	return true;
}

void scheduler_cancel(struct scheduler *s, uint64_t id)
{
	pthread_mutex_lock(&s->lock);
	for (struct request *r = s->first; r; r = r->next) {
		if (r->id != id || r->ended) continue;
		r->cancelled = true;
		wake_engine(s);
	}
	pthread_mutex_unlock(&s->lock);
}

bool scheduler_idle(struct scheduler *s, void (*work)(void *data), void *data)
{
	pthread_mutex_lock(&s->lock);
	bool idle = s->n_open == 0;
	if (idle) work(data);
	pthread_mutex_unlock(&s->lock);
	return idle;
}

struct event *scheduler_next(struct scheduler *s, int timeout_ms)
{
	struct timespec deadline = clock_deadline(timeout_ms);
	struct event *event;
	int status = 0;
	pthread_mutex_lock(&s->lock);
	while (!(event = event_pop(&s->events)) && s->n_open > 0 && status == 0) {
		if (timeout_ms < 0) {
			pthread_cond_wait(&s->news, &s->lock);
		} else {
			status = pthread_cond_timedwait(&s->news, &s->lock, &deadline);
		}
	}
	if (event && (event->shown.kind == HEARTH_DONE || event->shown.kind == HEARTH_FAILED)) s->n_ended--;
	if (event && event->shown.kind == HEARTH_SCORES) pthread_cond_signal(&s->work); /* who waited for a taker goes on */
	pthread_mutex_unlock(&s->lock);
	return event;
}

void scheduler_settle(struct scheduler *s, int milliseconds)
{
	struct timespec deadline = clock_deadline(milliseconds);
	pthread_mutex_lock(&s->lock);
	while (s->n_ended == 0 && !s->closing && pthread_cond_timedwait(&s->ends, &s->lock, &deadline) == 0) continue;
	pthread_mutex_unlock(&s->lock);
}
