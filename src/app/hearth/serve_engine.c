/* serve_engine: jobs, requests that run, and what comes of them (see serve_engine.h). */
#include "app/hearth/serve_engine.h"

#include "app/hearth/serve_models.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/threads.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* What one request computed is there for the next that begins alike: all of them are the vault's one person. */
enum { SHARE = 1 };
enum { NEXT_MS = 500, MOST_RUNS = 512 };
static const double idle_seconds = 600;

/* What is to be done: a request to submit (its frame), or with `frame` empty the end of one. */
struct job {
	uint64_t call; /* 0: what was kept for others to go on from is to be wiped */
	struct buffer frame;
	struct job *next;
};

struct run {
	uint64_t call, id; /* of hearth-front, and the engine's */
	struct run *next;
};

struct engine {
	struct serve *serve;
	char path[PATHS_ROOM];
	pthread_t doer, teller;
	/* Two locks, of which nobody holds both but who ends it, and each for moments alone. */
	pthread_mutex_t jobs, running;
	pthread_cond_t news, runs_news;
	struct job *first, *last;
	struct run *runs;
	size_t n_runs, n_jobs;
	bool closing, submitting;
	bool unnumbered;  /* a request has been submitted and is not in the list yet */
	struct hearth *h; /* NULL while it is not open */
	struct hearth_info info;
	uint32_t context; /* of what is open; 0: nothing is */
	double used;
};

struct serve_engines {
	struct serve *serve;
	struct engine *list[SERVE_MOST_ENGINES]; /* the main thread's; others look under the lock */
	pthread_mutex_t lock;
};

/* ---- what comes ---- */

/* With `running` held. */
static struct run **find_run(struct engine *n, uint64_t id)
{
	struct run **at = &n->runs;
	while (*at && (*at)->id != id) at = &(*at)->next;
	return at;
}

static void tell(struct engine *n, const struct hearth_event *e)
{
	pthread_mutex_lock(&n->running);
	struct run **at = find_run(n, e->request), *r = *at;
	while (!r && n->unnumbered) {
		pthread_cond_wait(&n->runs_news, &n->running);
		r = *(at = find_run(n, e->request));
	}
	uint64_t call = r ? r->call : 0;
	if (r && (e->kind == HEARTH_DONE || e->kind == HEARTH_FAILED)) {
		*at = r->next;
		memory_free(r);
		n->n_runs--;
		n->used = clock_seconds();
	}
	pthread_mutex_unlock(&n->running);
	if (call) serve_event(n->serve, call, e);
}

static void *tell_all(void *data)
{
	struct engine *n = data;
	static const struct timespec moment = { .tv_nsec = 10000000 };
	struct hearth_event e;
	for (;;) {
		pthread_mutex_lock(&n->running);
		while (n->n_runs == 0 && !n->closing) pthread_cond_wait(&n->runs_news, &n->running);
		bool closing = n->closing;
		pthread_mutex_unlock(&n->running);
		if (closing) return NULL;
		double before = clock_seconds();
		if (hearth_next(n->h, NEXT_MS, &e))
			tell(n, &e);
		else if (clock_seconds() - before < 0.001)
			nanosleep(&moment, NULL); /* it knows of none of them: they are being submitted, or memory was out */
	}
}

/* ---- what is to be done ---- */

static void apply_advice(struct hearth_sampling *s, const struct hearth_sampling *advice, uint32_t given)
{
	if (!(given & SERVE_GIVEN_TEMPERATURE)) s->temperature = advice->temperature;
	if (!(given & SERVE_GIVEN_TOP_K)) s->top_k = advice->top_k;
	if (!(given & SERVE_GIVEN_TOP_P)) s->top_p = advice->top_p;
	if (!(given & SERVE_GIVEN_MIN_P)) s->min_p = advice->min_p;
	if (!(given & SERVE_GIVEN_TYPICAL_P)) s->typical_p = advice->typical_p;
	if (!(given & SERVE_GIVEN_REPEAT)) s->repeat_penalty = advice->repeat_penalty;
	if (!(given & SERVE_GIVEN_PRESENCE)) s->presence_penalty = advice->presence_penalty;
	if (!(given & SERVE_GIVEN_FREQUENCY)) s->frequency_penalty = advice->frequency_penalty;
	if (!(given & SERVE_GIVEN_LAST)) s->penalty_last = advice->penalty_last;
}

static bool open_engine(struct engine *n, struct error *e)
{
	struct hearth_options wanted = n->serve->opening.wanted;
	struct hearth_error failed;
	struct hearth *h;
	wanted.model = n->path;
	bool sealed = strncmp(n->path, LOCKED_MODEL_MARK, sizeof LOCKED_MODEL_MARK - 1) == 0;
	if (!hearth_open(&wanted, &h, &failed))
		return error_set(e, "%s%s", failed.text, sealed ? "; is the vault locked? Unlock it, or choose another model" : "");
	n->info = (struct hearth_info){ .size = sizeof n->info };
	hearth_info(h, &n->info);
	pthread_mutex_lock(&n->jobs);
	n->context = n->info.context;
	pthread_mutex_unlock(&n->jobs);
	n->h = h;
	return true;
}

static bool submit(struct engine *n, struct serve_submit *s, struct hearth_error *refused)
{
	struct run *r = memory_new(1, sizeof *r);
	bool ok = false;
	if (!r) {
		snprintf(refused->text, sizeof refused->text, "memory is out");
		return false;
	}
	apply_advice(&s->request.sampling, &n->info.sampling, s->given);
	s->request.session = 0;
	s->request.share = s->request.want == HEARTH_WANT_ANSWER ? SHARE : 0;
	pthread_mutex_lock(&n->running);
	n->unnumbered = true;
	pthread_mutex_unlock(&n->running);
	ok = hearth_submit(n->h, &s->request, &r->id, refused);
	pthread_mutex_lock(&n->running);
	n->unnumbered = false;
	if (ok) {
		r->call = s->call;
		r->next = n->runs;
		n->runs = r;
		n->n_runs++;
	}
	pthread_cond_signal(&n->runs_news); /* the teller waits for it, and nobody else */
	pthread_mutex_unlock(&n->running);
	if (!ok) memory_free(r);
	return ok;
}

static void do_submit(struct engine *n, const struct job *j)
{
	struct wire_room room = wire_room_new();
	struct serve_submit s;
	struct hearth_error refused = { "" };
	struct error e;
	if (!serve_get_submit(j->frame.data, j->frame.size, &s, &room))
		serve_deny(n->serve, j->call, SERVE_WRONG, "the request makes no sense");
	else if (!n->h && !open_engine(n, &e))
		serve_deny(n->serve, j->call, SERVE_FAILED, e.text);
	else if (!submit(n, &s, &refused))
		serve_deny(n->serve, j->call, SERVE_WRONG, refused.text);
	wire_room_free(&room);
}

static void do_cancel(struct engine *n, uint64_t call)
{
	pthread_mutex_lock(&n->running);
	struct run *r = n->runs;
	while (r && r->call != call) r = r->next;
	uint64_t id = r ? r->id : 0;
	pthread_mutex_unlock(&n->running);
	if (id) hearth_cancel(n->h, id);
}

static void free_job(struct job *j)
{
	if (j->frame.data) memory_wipe(j->frame.data, j->frame.size);
	buffer_free(&j->frame);
	memory_free(j);
}

static void *do_all(void *data)
{
	struct engine *n = data;
	for (;;) {
		pthread_mutex_lock(&n->jobs);
		n->submitting = false;
		while (!n->first && !n->closing) pthread_cond_wait(&n->news, &n->jobs);
		struct job *j = n->first;
		if (n->closing) {
			pthread_mutex_unlock(&n->jobs);
			return NULL;
		}
		n->first = j->next;
		if (!n->first) n->last = NULL;
		n->n_jobs--;
		n->submitting = true;
		pthread_mutex_unlock(&n->jobs);
		if (j->frame.size)
			do_submit(n, j);
		else
			do_cancel(n, j->call);
		free_job(j);
	}
}

/* ---- one engine ---- */

static void engine_free(struct engine *n)
{
	pthread_mutex_lock(&n->jobs);
	pthread_mutex_lock(&n->running);
	n->closing = true;
	pthread_cond_broadcast(&n->news);
	pthread_cond_broadcast(&n->runs_news);
	pthread_mutex_unlock(&n->running);
	pthread_mutex_unlock(&n->jobs);
	pthread_join(n->doer, NULL);
	pthread_join(n->teller, NULL);
	hearth_close(n->h);
	for (struct job *j = n->first, *next; j; j = next) {
		next = j->next;
		free_job(j);
	}
	for (struct run *r = n->runs, *next; r; r = next) {
		static const char why[] = "hearth was locked meanwhile, or another model was chosen";
		const struct hearth_event failed = {
			.kind = HEARTH_FAILED, .failure = HEARTH_FAIL_ENGINE, .text = why, .text_length = sizeof why - 1
		};
		next = r->next;
		serve_event(n->serve, r->call, &failed);
		memory_free(r);
	}
	pthread_mutex_destroy(&n->jobs);
	pthread_mutex_destroy(&n->running);
	pthread_cond_destroy(&n->news);
	pthread_cond_destroy(&n->runs_news);
	memory_free(n);
}

static struct engine *engine_new(struct serve *s, const char *path, struct error *e)
{
	struct engine *n = memory_new(1, sizeof *n);
	if (!n) {
		error_memory(e);
		return NULL;
	}
	*n = (struct engine){ .serve = s, .used = clock_seconds() };
	snprintf(n->path, sizeof n->path, "%s", path);
	pthread_mutex_init(&n->jobs, NULL);
	pthread_mutex_init(&n->running, NULL);
	pthread_cond_init(&n->news, NULL);
	pthread_cond_init(&n->runs_news, NULL);
	if (!threads_start(&n->doer, do_all, n)) {
		error_set(e, "cannot start a thread");
		memory_free(n);
		return NULL;
	}
	if (threads_start(&n->teller, tell_all, n)) return n;
	error_set(e, "cannot start a thread");
	pthread_mutex_lock(&n->jobs);
	n->closing = true;
	pthread_cond_broadcast(&n->news);
	pthread_mutex_unlock(&n->jobs);
	pthread_join(n->doer, NULL);
	memory_free(n);
	return NULL;
}

static bool is_idle(struct engine *n)
{
	pthread_mutex_lock(&n->jobs);
	bool idle = !n->first && !n->submitting;
	pthread_mutex_unlock(&n->jobs);
	pthread_mutex_lock(&n->running);
	idle = idle && n->n_runs == 0;
	pthread_mutex_unlock(&n->running);
	return idle;
}

static void add_job(struct engine *n, struct job *j)
{
	pthread_mutex_lock(&n->jobs);
	if (n->last)
		n->last->next = j;
	else
		n->first = j;
	n->last = j;
	n->n_jobs++;
	n->used = clock_seconds();
	pthread_cond_signal(&n->news);
	pthread_mutex_unlock(&n->jobs);
}

/* ---- all of them; the main thread's ---- */

struct serve_engines *serve_engines_new(struct serve *s, struct error *e)
{
	struct serve_engines *n = memory_new(1, sizeof *n);
	if (!n) {
		error_memory(e);
		return NULL;
	}
	n->serve = s;
	pthread_mutex_init(&n->lock, NULL);
	return n;
}

static void remove_at(struct serve_engines *n, int i)
{
	pthread_mutex_lock(&n->lock);
	struct engine *gone = n->list[i];
	n->list[i] = NULL;
	pthread_mutex_unlock(&n->lock);
	engine_free(gone);
}

void serve_engines_free(struct serve_engines *n)
{
	if (!n) return;
	serve_engines_end(n);
	pthread_mutex_destroy(&n->lock);
	memory_free(n);
}

void serve_engines_end(struct serve_engines *n)
{
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (n->list[i]) remove_at(n, i);
	}
}

void serve_engines_leave(struct serve_engines *n, const char *path)
{
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (n->list[i] && strcmp(n->list[i]->path, path) == 0) remove_at(n, i);
	}
}

void serve_engines_tidy(struct serve_engines *n)
{
	double now = clock_seconds();
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (n->list[i] && now - n->list[i]->used > idle_seconds && is_idle(n->list[i])) remove_at(n, i);
	}
}

/* A place for one more: a free one, or that of what was used longest ago and does nothing. -1: all of them work. */
static int make_place(struct serve_engines *n)
{
	int oldest = -1;
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (!n->list[i]) return i;
		if (is_idle(n->list[i]) && (oldest < 0 || n->list[i]->used < n->list[oldest]->used)) oldest = i;
	}
	if (oldest >= 0) remove_at(n, oldest);
	return oldest;
}

/* Where memory does not suffice for one more model beside the others, those that do nothing are closed. */
static void make_room(struct serve_engines *n, const char *path)
{
	struct model_file file;
	struct error warning, e;
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (!model_file_look(&file, path, &e)) return;
		if (model_file_fits(&file, n->serve->opening.wanted.context, &warning, &e) && !warning.text[0]) return;
		if (n->list[i] && is_idle(n->list[i])) remove_at(n, i);
	}
}

static struct engine *find_engine(struct serve_engines *n, const char *path, enum serve_denial *why, struct error *e)
{
	bool any = false;
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (n->list[i] && strcmp(n->list[i]->path, path) == 0) return n->list[i];
		any = any || n->list[i];
	}
	if (any) make_room(n, path);
	int place = make_place(n);
	*why = SERVE_BUSY;
	if (place < 0) {
		error_set(e, "%d other models answer just now, as many as may be open", (int)SERVE_MOST_ENGINES);
		return NULL;
	}
	*why = SERVE_FULL;
	struct engine *made = engine_new(n->serve, path, e);
	pthread_mutex_lock(&n->lock);
	n->list[place] = made;
	pthread_mutex_unlock(&n->lock);
	return made;
}

void serve_engines_submit(struct serve_engines *n, const struct frame *frame)
{
	struct wire_room room = wire_room_new();
	struct serve_submit s = { .call = 0 };
	char path[PATHS_ROOM];
	struct error e;
	enum serve_denial why = SERVE_MISSING;
	struct engine *engine = NULL;
	if (!serve_get_submit(frame->data, frame->size, &s, &room)) {
		serve_deny(n->serve, s.call, SERVE_WRONG, "the request makes no sense");
		wire_room_free(&room);
		return;
	}
	if (serve_models_find(n->serve, s.model, path, &e)) engine = find_engine(n, path, &why, &e);
	struct job *j = engine ? memory_new(1, sizeof *j) : NULL;
	if (j) {
		*j = (struct job){ .call = s.call, .frame = buffer_new(FRAME_MOST) };
		buffer_append(&j->frame, frame->data, frame->size);
	} else if (engine) {
		error_memory(&e);
		why = SERVE_FULL;
	}
	if (j && !j->frame.failed && engine->n_jobs < MOST_RUNS) {
		add_job(engine, j);
	} else {
		if (j && j->frame.failed) error_memory(&e);
		if (j && !j->frame.failed) error_set(&e, "as many requests wait as may");
		serve_deny(n->serve, s.call, j ? SERVE_BUSY : why, e.text);
		if (j) free_job(j);
	}
	wire_room_free(&room);
}

/* Takes a job that has not begun out of the queue. */
static bool drop_job(struct engine *n, uint64_t call)
{
	struct job *found = NULL, *last = NULL;
	pthread_mutex_lock(&n->jobs);
	for (struct job **at = &n->first; *at;) {
		if (!found && (*at)->call == call && (*at)->frame.size) {
			found = *at;
			*at = found->next;
			n->n_jobs--;
		} else {
			last = *at;
			at = &(*at)->next;
		}
	}
	n->last = last;
	pthread_mutex_unlock(&n->jobs);
	if (found) free_job(found);
	return found != NULL;
}

bool serve_engines_cancel(struct serve_engines *n, uint64_t call)
{
	static const struct hearth_event cancelled = { .kind = HEARTH_DONE, .stop = HEARTH_STOP_CANCEL };
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (!n->list[i] || !drop_job(n->list[i], call)) continue;
		serve_event(n->serve, call, &cancelled);
		return true;
	}
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		if (!n->list[i] || is_idle(n->list[i])) continue;
		struct job *j = memory_new(1, sizeof *j);
		if (!j) return false;
		j->call = call; /* whoever has it ends it */
		j->frame = buffer_new(0);
		add_job(n->list[i], j);
	}
	return false;
}

bool serve_engines_open(struct serve_engines *n, const char *path, uint32_t *context)
{
	bool open = false;
	*context = 0;
	pthread_mutex_lock(&n->lock);
	for (int i = 0; i < SERVE_MOST_ENGINES; i++) {
		struct engine *x = n->list[i];
		if (!x || strcmp(x->path, path) != 0) continue;
		pthread_mutex_lock(&x->jobs);
		*context = x->context;
		open = x->context > 0;
		pthread_mutex_unlock(&x->jobs);
	}
	pthread_mutex_unlock(&n->lock);
	return open;
}
