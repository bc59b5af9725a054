/* serve_asks: the table of questions, and the thread that answers them (see serve_asks.h). */
#include "app/hearth/serve_asks.h"

#include "app/hearth/page.h"
#include "app/hearth/serve_engine.h"
#include "app/hearth/serve_models.h"
#include "base/memory.h"
#include "base/threads.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { MOST_WAITING = 256, MOST_LOOKED = 256 };

/* ---- which models there are ---- */

/* What was seen of a file, so that it is not looked at again while it stays as it is. */
struct looked {
	time_t changed;
	off_t size;
	bool usable;
	struct model_file file;
};

static struct looked *looked[MOST_LOOKED]; /* the answering thread's */

static const struct looked *look(const char *path, const struct stat *st)
{
	struct error e;
	int i = 0;
	while (i < MOST_LOOKED && looked[i] && strcmp(looked[i]->file.path, path) != 0) i++;
	if (i == MOST_LOOKED) return NULL;
	if (!looked[i]) looked[i] = memory_new(1, sizeof *looked[i]);
	struct looked *l = looked[i];
	if (!l || (l->changed == st->st_mtime && l->size == st->st_size && l->file.path[0])) return l;
	l->usable = model_file_look(&l->file, path, &e);
	l->changed = st->st_mtime;
	l->size = st->st_size;
	snprintf(l->file.path, sizeof l->file.path, "%s", path);
	return l;
}

struct listing {
	struct serve_answer *a;
	const char *only; /* the one that is asked for; NULL: all */
	bool any;
};

static bool list_model(void *data, const char *name, const char *path)
{
	struct listing *l = data;
	struct stat st;
	uint32_t context;
	char wanted[PATHS_ROOM];
	struct error e;
	struct serve *s = l->a->serve;
	if (l->only && (!serve_models_find(s, l->only, wanted, &e) || strcmp(wanted, path) != 0)) return true;
	bool sealed = s->opening.locked.name[0] && strcmp(path, s->opening.file.path) == 0; /* it is no file on the disk */
	if (!sealed && stat(path, &st) != 0) return true;
	const struct looked *file = sealed ? NULL : look(path, &st);
	if (!sealed && (!file || !file->usable)) return true;
	const struct model_file *m = sealed ? &s->opening.file : &file->file;
	bool open = serve_engines_open(s->engines, path, &context);
	serve_cell_text(l->a, name);
	serve_cell_text(l->a, m->name);
	serve_cell_text(l->a, m->architecture);
	serve_cell_text(l->a, m->weights);
	serve_cell_number(l->a, m->size);
	serve_cell_number(l->a, m->parameters);
	serve_cell_number(l->a, m->context_trained);
	serve_cell_number(l->a, context                     ? context
	                        : s->opening.wanted.context ? s->opening.wanted.context
	                                                    : model_file_usual_context(m));
	serve_cell_number(l->a, open);
	serve_cell_number(l->a, !l->any && !l->only);
	serve_cell_number(l->a, sealed ? 0 : (uint64_t)st.st_mtime);
	serve_cell_number(l->a, m->has_template);
	serve_cell_text(l->a, m->tool_form);
	l->any = true;
	return true;
}

/* name, title, architecture, weights, bytes, parameters, trained context, context, open, usual, changed (Unix time), template, how
 * it calls tools */
static bool models(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	char path[PATHS_ROOM];
	struct listing l = { .a = a, .only = ask->n_arguments ? ask->arguments[0].data : NULL };
	*why = SERVE_MISSING;
	if (l.only && !serve_models_find(s, l.only, path, e)) return false;
	serve_models_each(s, list_model, &l);
	return true;
}

static const struct serve_ask_row rows[] = {
	{ "models", 13, 0, 1, models },
	/* The page's (page.h says what their columns are). */
	{ "page/state", 16, 0, 0, page_state },
	{ "page/here", 0, 0, 0, page_here },
	{ "page/settings", 0, 3, 3, page_settings },
	{ "page/create", 1, 2, 2, page_create },
	{ "page/unlock", 0, 1, 1, page_unlock },
	{ "page/lock", 0, 0, 0, page_lock },
	{ "page/chats", 6, 0, 0, page_chats },
	{ "page/chat", 5, 1, 1, page_chat },
	{ "page/write", 1, 6, 6, page_write },
	{ "page/branch", 1, 2, 2, page_branch },
	{ "page/rename", 0, 2, 2, page_rename },
	{ "page/delete", 0, 1, 1, page_delete },
	{ "page/search", 6, 1, 1, page_search },
	{ "page/models", 14, 0, 0, page_models },
	{ "page/use", 0, 1, 1, page_use },
	{ "page/pull", 8, 1, 1, page_pull },
	{ "page/prove", 5, 0, 0, page_prove },
	{ "page/network", 10, 0, 0, page_network },
};

/* ---- answers ---- */

static void begin_frame(struct serve_answer *a, bool last)
{
	a->begun = frame_begin(&a->frame, SERVE_TOLD);
	serve_put_told(&a->frame, a->call, last, a->n_columns);
	a->started = true;
}

void serve_cell(struct serve_answer *a, const char *text, size_t length)
{
	if (!a->started) begin_frame(a, false);
	serve_put_text(&a->frame, text, length);
}

void serve_cell_text(struct serve_answer *a, const char *text)
{
	serve_cell(a, text, strlen(text));
}

void serve_cell_number(struct serve_answer *a, uint64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	serve_cell(a, text, (size_t)n);
}

void serve_cells_send(struct serve_answer *a)
{
	if (a->started && frame_end(&a->frame, a->begun)) serve_send(a->serve, &a->frame);
	buffer_clear(&a->frame);
	a->started = false;
}

/* ---- the thread ---- */

struct waiting {
	struct buffer frame;
	struct waiting *next;
};

struct serve_asks {
	struct serve *serve;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct waiting *first, *last;
	size_t n;
	uint64_t current;
	bool gone, closing;
	struct serve_answer *later; /* what other threads answer */
};

bool serve_asks_gone(const struct serve_answer *a)
{
	struct serve_asks *n = a->serve->asks;
	pthread_mutex_lock(&n->lock);
	bool gone = (a->later ? a->gone : n->gone) || n->closing;
	pthread_mutex_unlock(&n->lock);
	return gone;
}

/* The last rows, or why there are none. */
static void end_answer(struct serve_answer *a, bool ok, enum serve_denial why, const char *text)
{
	if (ok) {
		serve_cells_send(a);
		begin_frame(a, true);
		serve_cells_send(a);
	} else {
		serve_deny(a->serve, a->call, why, text);
	}
	buffer_free(&a->frame);
}

struct serve_answer *serve_answer_later(struct serve_answer *a)
{
	struct serve_asks *n = a->serve->asks;
	struct serve_answer *later = memory_new(1, sizeof *later);
	if (!later) return NULL;
	*later = (struct serve_answer){
		.serve = a->serve, .call = a->call, .n_columns = a->n_columns, .frame = buffer_new(FRAME_MOST), .later = true
	};
	pthread_mutex_lock(&n->lock);
	later->gone = n->gone;
	later->next = n->later;
	n->later = later;
	pthread_mutex_unlock(&n->lock);
	a->later = true;
	return later;
}

void serve_answer_end(struct serve_answer *a, bool ok, enum serve_denial why, const char *text)
{
	struct serve_asks *n = a->serve->asks;
	end_answer(a, ok, why, text);
	pthread_mutex_lock(&n->lock);
	struct serve_answer **at = &n->later;
	while (*at != a) at = &(*at)->next;
	*at = a->next;
	pthread_cond_broadcast(&n->news);
	pthread_mutex_unlock(&n->lock);
	memory_free(a);
}

static void answer(struct serve_asks *n, const struct serve_ask *ask)
{
	struct error e = { "" };
	enum serve_denial why = SERVE_FAILED;
	const struct serve_ask_row *row = rows, *end = rows + sizeof rows / sizeof *rows;
	while (row < end && strcmp(row->what, ask->what) != 0) row++;
	if (row == end) {
		serve_deny(n->serve, ask->call, SERVE_MISSING, "hearth does not know this question");
		return;
	}
	if (ask->n_arguments < row->least || ask->n_arguments > row->most) {
		serve_deny(n->serve, ask->call, SERVE_WRONG, "the question has another number of arguments");
		return;
	}
	struct serve_answer a = {
		.serve = n->serve, .call = ask->call, .n_columns = row->n_columns, .frame = buffer_new(FRAME_MOST)
	};
	bool ok = row->run(n->serve, ask, &a, &why, &e);
	if (!a.later) end_answer(&a, ok, why, e.text);
}

/* Waits for a question, and looks after the vault meanwhile. With the lock held. */
static void wait_for_news(struct serve_asks *n)
{
	struct timespec until;
	pthread_mutex_unlock(&n->lock);
	double seconds = page_look(n->serve->page);
	pthread_mutex_lock(&n->lock);
	if (n->first || n->closing) return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)seconds;
	pthread_cond_timedwait(&n->news, &n->lock, &until);
}

static void *answer_all(void *data)
{
	struct serve_asks *n = data;
	for (;;) {
		struct serve_ask ask;
		pthread_mutex_lock(&n->lock);
		n->current = 0;
		while (!n->first && !n->closing) wait_for_news(n);
		struct waiting *w = n->first;
		bool closing = n->closing;
		if (w && !closing) {
			n->first = w->next;
			if (!n->first) n->last = NULL;
			n->n--;
		}
		bool ok = w && serve_get_ask(w->frame.data, w->frame.size, &ask);
		n->current = ok ? ask.call : 0;
		n->gone = false;
		pthread_mutex_unlock(&n->lock);
		if (closing) return NULL;
		if (ok) answer(n, &ask);
		memory_wipe(w->frame.data, w->frame.size); /* it may hold a passphrase */
		buffer_free(&w->frame);
		memory_free(w);
	}
}

struct serve_asks *serve_asks_new(struct serve *s, struct error *e)
{
	struct serve_asks *n = memory_new(1, sizeof *n);
	if (!n) {
		error_memory(e);
		return NULL;
	}
	n->serve = s;
	pthread_mutex_init(&n->lock, NULL);
	pthread_cond_init(&n->news, NULL);
	if (threads_start(&n->thread, answer_all, n)) return n;
	error_set(e, "cannot start a thread");
	memory_free(n);
	return NULL;
}

void serve_asks_free(struct serve_asks *n)
{
	if (!n) return;
	pthread_mutex_lock(&n->lock);
	n->closing = true;
	pthread_cond_broadcast(&n->news);
	pthread_mutex_unlock(&n->lock);
	pthread_join(n->thread, NULL);
	pthread_mutex_lock(&n->lock);
	while (n->later) pthread_cond_wait(&n->news, &n->lock);
	pthread_mutex_unlock(&n->lock);
	for (struct waiting *w = n->first, *next; w; w = next) {
		next = w->next;
		buffer_free(&w->frame);
		memory_free(w);
	}
	pthread_mutex_destroy(&n->lock);
	pthread_cond_destroy(&n->news);
	memory_free(n);
}

void serve_asks_take(struct serve_asks *n, const struct frame *frame)
{
	struct serve_ask ask;
	if (!serve_get_ask(frame->data, frame->size, &ask)) {
		if (frame->size >= sizeof ask.call) memcpy(&ask.call, frame->data, sizeof ask.call);
		serve_deny(n->serve, frame->size >= sizeof ask.call ? ask.call : 0, SERVE_WRONG, "the question makes no sense");
		return;
	}
	struct waiting *w = memory_new(1, sizeof *w);
	if (w) w->frame = buffer_new(FRAME_MOST);
	bool ok = w && buffer_append(&w->frame, frame->data, frame->size);
	pthread_mutex_lock(&n->lock);
	ok = ok && n->n < MOST_WAITING;
	if (ok) {
		if (n->last)
			n->last->next = w;
		else
			n->first = w;
		n->last = w;
		n->n++;
		pthread_cond_signal(&n->news);
	}
	pthread_mutex_unlock(&n->lock);
	if (ok) return;
	if (w) buffer_free(&w->frame);
	memory_free(w);
	serve_deny(n->serve, ask.call, SERVE_BUSY, "as many questions wait as may");
}

void serve_asks_cancel(struct serve_asks *n, uint64_t call)
{
	pthread_mutex_lock(&n->lock);
	if (n->current == call) n->gone = true;
	for (struct serve_answer *a = n->later; a; a = a->next) {
		if (a->call == call) a->gone = true;
	}
	pthread_mutex_unlock(&n->lock);
}
