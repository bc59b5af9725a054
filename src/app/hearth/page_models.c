/* page_models: the models with the one that suits, choosing one, and fetching one (see page.h). */
#include "app/hearth/ledger_place.h"
#include "app/hearth/page.h"
#include "app/hearth/page_task.h"
#include "app/hearth/programs.h"
#include "app/hearth/pull.h"
#include "app/hearth/serve_models.h"
#include "app/hearth/suggest.h"
#include "app/hearth/web_address.h"
#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SUMS = 4096, MOST_CHOICES = 1 << 20, MOST_PINS = 4096 };
static const double seconds_between = 0.25, least_rated = 1 << 20;

/* ---- which there are ---- */

struct models_work {
	struct paths paths;
	struct settings settings;
	char current[PATHS_ROOM];
};

static const char *fit_word(enum suggest_fit fit)
{
	return fit == SUGGEST_FITS ? "yes" : fit == SUGGEST_TIGHT ? "slow" : "no";
}

static const char *kind_word(const struct suggest_row *r)
{
	if (!r->path[0]) return "offer";
	return strcmp(r->source, "built-in") == 0 || strcmp(r->source, "models folder") == 0 ? "here" : "found";
}

static void tell_row(struct serve_answer *a, const struct suggest *s, size_t i, const char *current)
{
	const struct suggest_row *r = &s->rows[i];
	struct buffer sums = buffer_new(MOST_SUMS);
	if (r->fit == SUGGEST_CANNOT)
		buffer_append_text(&sums, r->reason);
	else
		suggest_describe_sums(&sums, s, r);
	serve_cell_text(a, r->path[0] ? r->path : r->name);
	serve_cell_text(a, r->title);
	serve_cell_text(a, kind_word(r));
	serve_cell_text(a, r->source);
	serve_cell_number(a, r->bytes);
	serve_cell_text(a, fit_word(r->fit));
	page_cell_real(a, r->speed);
	page_cell_real(a, s->rate > 0 ? s->rate : SUGGEST_USUAL_RATE);
	serve_cell_text(a, r->known ? r->known->good_at : "");
	serve_cell_text(a, r->known ? r->known->licence : "");
	serve_cell_text(a, buffer_text(&sums));
	page_cell_bool(a, i == s->recommended);
	page_cell_bool(a, r->path[0] && strcmp(r->path, current) == 0);
	serve_cell_text(a, r->path[0] ? "" : r->name);
	buffer_free(&sums);
}

static bool tell_models(struct page_task *t, enum serve_denial *why, struct error *e)
{
	struct models_work *w = t->work;
	struct suggest *s = memory_new(1, sizeof *s);
	if (!s) return error_memory(e);
	*why = SERVE_FAILED;
	bool ok = suggest_make(s, &w->paths, &w->settings, e);
	for (size_t i = 0; ok && i < s->n; i++) tell_row(t->answer, s, i, w->current);
	suggest_free(s);
	memory_free(s);
	return ok;
}

/* -> id, title, kind, source, bytes, fits, speed, rate, good_at, licence, why, recommended, current, pull */
bool page_models(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct models_work *w = memory_new(1, sizeof *w);
	(void)ask;
	*why = SERVE_FULL;
	if (!w) return error_memory(e);
	struct error ignored;
	struct settings now;
	if (settings_read(&now, &s->opening.paths, &ignored)) s->opening.settings.rate = now.rate;
	w->paths = s->opening.paths;
	w->settings = s->opening.settings;
	memcpy(w->current, s->opening.file.path, sizeof w->current);
	return page_task_start(a, tell_models, w, sizeof *w, why, e);
}

/* ---- another one ---- */

struct known {
	const char *path;
	bool found;
};

static bool compare(void *data, const char *name, const char *path)
{
	struct known *k = data;
	(void)name;
	k->found = k->found || strcmp(k->path, path) == 0;
	return !k->found;
}

/* Is it one of the files that `models` tells? hearth-front names no other. */
static bool is_known(struct serve *s, const char *path)
{
	struct error ignored;
	struct model_caches c;
	struct known k = { .path = path };
	serve_models_each(s, compare, &k);
	bool scanned = !k.found && model_caches_scan(&c, &ignored);
	for (size_t i = 0; scanned && i < c.n && !k.found; i++) compare(&k, c.models[i].name, c.models[i].path);
	if (scanned) model_caches_free(&c);
	return k.found;
}

/* A path that `models` told. */
bool page_use(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	(void)a;
	page_touch(s->page);
	*why = SERVE_MISSING;
	if (!is_known(s, ask->arguments[0].data)) return error_set(e, "there is no such model here any more");
	struct opening *n = memory_new(1, sizeof *n);
	if (!n) return error_memory(e);
	opening_begin(n, s->options);
	bool ok = opening_choose(n, ask->arguments[0].data, e);
	if (ok) {
		serve_use(s, n);
		ok = opening_remember(&s->opening, e);
		*why = SERVE_FAILED;
	}
	memory_free(n);
	return ok;
}

/* ---- fetching ---- */

struct pull_work {
	struct pull pull;
	struct paths paths;
	struct page_task *task;
	struct buffer pins; /* URL and hash of each, zero-terminated, read while the vault was open */
	double told, rate, rated_at;
	uint64_t rated;
};

static bool keep_pin(void *context, uint64_t number, const struct ledger_entry *entry)
{
	struct pull_work *w = context;
	(void)number;
	if (entry->kind != LEDGER_PIN) return true;
	buffer_append(&w->pins, entry->name, strlen(entry->name) + 1);
	return buffer_append(&w->pins, entry->hash, strlen(entry->hash) + 1);
}

static void find_pin(struct pull_work *w)
{
	const char *at = w->pins.data, *end = at + w->pins.size;
	while (at && at < end) {
		const char *hash = at + strlen(at) + 1;
		if (strcmp(at, w->pull.name.url) == 0) snprintf(w->pull.pinned, sizeof w->pull.pinned, "%s", hash);
		at = hash + strlen(hash) + 1;
	}
}

static bool is_stopped(void *context)
{
	struct pull_work *w = context;
	return serve_asks_gone(w->task->answer);
}

static void tell_progress(struct pull_work *w, const char *what, uint64_t done, uint64_t whole, const char *hash, const char *model)
{
	struct serve_answer *a = w->task->answer;
	serve_cell_text(a, what);
	serve_cell_number(a, done);
	serve_cell_number(a, whole);
	page_cell_real(a, w->rate);
	serve_cell_text(a, hash);
	serve_cell_text(a, model);
	serve_cells_send(a);
}

/* The rate of the last seconds, smoothed, and a row four times a second. */
static bool watch(void *context, const char *what, uint64_t done, uint64_t whole)
{
	struct pull_work *w = context;
	double now = clock_seconds(), passed = now - w->rated_at;
	if (w->rated_at > 0 && done >= w->rated && passed >= 1) {
		double rate = (double)(done - w->rated) / passed;
		w->rate = w->rate > 0 ? w->rate * 0.7 + rate * 0.3 : rate;
	}
	if (w->rated_at <= 0 || passed >= 1 || done < w->rated) {
		w->rated = done;
		w->rated_at = now;
	}
	if (now - w->told >= seconds_between) {
		w->told = now;
		tell_progress(w, what, done, whole, "", "");
	}
	return !is_stopped(w);
}

/* What was measured, for the next estimate. */
static void remember_rate(const struct pull_work *w, double began)
{
	struct error ignored; /* nothing depends on it */
	struct settings *s = memory_new(1, sizeof *s);
	double seconds = clock_seconds() - began, bytes = (double)w->pull.part.whole - (double)w->pull.at;
	if (s && settings_read(s, &w->paths, &ignored) && bytes >= least_rated && seconds > 0) {
		s->rate = bytes / seconds;
		settings_write(s, &w->paths, &ignored);
	}
	memory_free(s);
}

static bool finish(struct pull_work *w, struct error *e)
{
	struct pull *p = &w->pull;
	char hash[FETCH_HASH];
	struct model_file *file = memory_new(1, sizeof *file);
	bool ok = file || error_memory(e);
	ok = ok && pull_check(p, hash, file, e) && (strcmp(p->pinned, hash) == 0 || pull_pin(p, hash, e)) &&
	     part_file_finish(&p->part, e);
	if (ok) tell_progress(w, "done", p->part.whole, p->part.whole, hash, p->part.path);
	memory_free(file);
	return ok;
}

static bool fetch(struct pull_work *w, struct error *e)
{
	struct pull *p = &w->pull;
	double began = clock_seconds();
	if (p->part.size > 0 && p->part.size == p->part.whole && p->part.hash[0]) {
		memcpy(p->announced, p->part.hash, FETCH_HASH); /* whole, from a run that ended before it was checked */
		seal_sha256_begin(&p->hash);
	} else {
		if (pull_fetch(p, e) != FETCHING_DONE) return false;
		remember_rate(w, began);
	}
	return finish(w, e);
}

/* Which file, if the name does not say it: asks the hub. */
static bool choose(struct pull *p, struct error *e)
{
	struct buffer choices = buffer_new(MOST_CHOICES);
	bool ok = p->name.url[0] || pull_choose(p, &choices, e) == FETCHING_DONE;
	if (!ok && choices.size) {
		char text[320];
		snprintf(text, sizeof text, "%s", buffer_text(&choices));
		for (char *c = text; *c; c++) *c = *c == '\n' ? ' ' : *c;
		error_set(e, "which file of it? Add one of these behind a colon: %.300s", text);
	}
	buffer_free(&choices);
	return ok;
}

static bool run_pull(struct page_task *t, enum serve_denial *why, struct error *e)
{
	struct pull_work *w = t->work;
	struct pull *p = &w->pull;
	w->task = t;
	p->fetching.stop_context = p->watch_context = w;
	*why = SERVE_FAILED;
	bool ok = choose(p, e) && web_host(p->name.url, p->host, e);
	if (ok) {
		find_pin(w);
		pull_pin_by_catalogue(p, &w->paths);
		ok = part_file_open(&p->part, w->paths.models, p->name.file, p->name.url, e) && fetch(w, e);
		part_file_close(&p->part);
	}
	if (w->pins.data) memory_wipe(w->pins.data, w->pins.size);
	buffer_free(&w->pins);
	return ok;
}

/* name -> state, done, total, rate, sha256, model; a row from time to time, the last one with hash and file */
bool page_pull(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	struct page *p = s->page;
	struct ledger_state state;
	struct pull_work *w = memory_new(1, sizeof *w);
	struct ledger_place *place = memory_new(1, sizeof *place);
	page_touch(p);
	*why = SERVE_WRONG;
	bool ok = (w && place) || error_memory(e);
	if (ok) {
		*w = (struct pull_work){ .paths = s->opening.paths, .pins = buffer_new(MOST_CHOICES) };
		w->pull.part.fd = -1;
		w->pull.quiet = true;
		w->pull.watch = watch;
		w->pull.fetching = (struct fetching){ .spawner = programs_spawner(), .stop = is_stopped };
		ok = model_name_read(&w->pull.name, ask->arguments[0].data, e);
	}
	if (ok) *why = SERVE_FAILED;
	ok = ok && paths_make_folder(w->paths.models, e) && ledger_place_find(place, &w->paths, e) &&
	     page_ledger(s, place, keep_pin, w, &state, e);
	if (ok) memcpy(w->pull.fetching.ledger, place->path, sizeof place->path);
	if (ok && !w->pull.fetching.spawner) ok = error_set(e, "no other program can be started here");
	memory_free(place);
	if (ok) return page_task_start(a, run_pull, w, sizeof *w, why, e);
	memory_free(w);
	return false;
}
