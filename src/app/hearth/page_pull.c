/* page_pull: fetching a model, or all parts of a split one (see page.h). */
#include "app/hearth/ledger_place.h"
#include "app/hearth/page.h"
#include "app/hearth/page_task.h"
#include "app/hearth/programs.h"
#include "app/hearth/pull.h"
#include "app/hearth/web_address.h"
#include "base/clock.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_CHOICES = 1 << 20, MOST_HASHES = 1 << 18 };
static const double seconds_between = 0.25, least_rated = 1 << 20;

struct pull_work {
	struct pull pull;
	struct paths paths;
	struct page_task *task;
	struct buffer pins; /* URL and hash of each, zero-terminated, read while the vault was open */
	unsigned part;      /* of a split model: which one comes now */
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
	serve_cell_number(a, w->part);
	serve_cell_number(a, w->pull.parts);
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

/* The hashes of all files, one behind the other. */
static void note_hash(struct pull *p, const char *hash)
{
	if (p->fetched.size) buffer_append_byte(&p->fetched, ' ');
	buffer_append_text(&p->fetched, hash);
}

static bool finish(struct pull_work *w, struct error *e)
{
	struct pull *p = &w->pull;
	char hash[FETCH_HASH];
	struct model_file *file = memory_new(1, sizeof *file);
	bool ok = file || error_memory(e);
	ok = ok && pull_check(p, hash, file, e) && (strcmp(p->pinned, hash) == 0 || pull_pin(p, hash, e)) &&
	     part_file_finish(&p->part, e);
	if (ok) note_hash(p, hash);
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

/* One file, from what is known of it to its name. */
static bool pull_file(struct pull_work *w, struct error *e)
{
	struct pull *p = &w->pull;
	char hash[FETCH_HASH];
	bool here = false, ok = web_host(p->name.url, p->host, e);
	if (!ok) return false;
	find_pin(w);
	pull_pin_by_catalogue(p, &w->paths);
	if (!pull_has_part(p, &w->paths, hash, &here, e)) return false;
	if (here) note_hash(p, hash);
	if (here) return true;
	ok = part_file_open(&p->part, w->paths.models, p->name.file, p->name.url, e) && fetch(w, e);
	part_file_close(&p->part);
	return ok;
}

/* The first part comes last: as long as it is not there, there is no model. */
static bool pull_parts(struct pull_work *w, struct error *e)
{
	struct pull *p = &w->pull;
	struct model_name *first = memory_new(1, sizeof *first);
	struct model_file *file = memory_new(1, sizeof *file);
	bool ok = (first && file) || error_memory(e);
	if (ok) *first = p->name;
	for (unsigned i = 2; ok && i <= p->parts + 1; i++) {
		w->part = i - 1;
		w->rated_at = 0;
		ok = pull_turn_to(p, first, i <= p->parts ? i : 1, e) && pull_file(w, e);
	}
	ok = ok && pull_check_parts(p, &w->paths, file, e);
	memory_free(first);
	memory_free(file);
	return ok;
}

static bool run_pull(struct page_task *t, enum serve_denial *why, struct error *e)
{
	struct pull_work *w = t->work;
	struct pull *p = &w->pull;
	char path[PATHS_ROOM];
	w->task = t;
	p->fetching.stop_context = p->watch_context = w;
	p->fetched = buffer_new(MOST_HASHES);
	*why = SERVE_FAILED;
	bool ok = choose(p, e) && pull_count_parts(p, e) && (p->parts ? pull_parts(w, e) : pull_file(w, e)) &&
	          (paths_join(path, w->paths.models, p->name.file) || error_set(e, "%s: the path is too long", p->name.file));
	if (ok) tell_progress(w, "done", p->part.whole, p->part.whole, buffer_text(&p->fetched), path);
	buffer_free(&p->fetched);
	if (w->pins.data) memory_wipe(w->pins.data, w->pins.size);
	buffer_free(&w->pins);
	return ok;
}

/* name -> state, done, total, rate, sha256, model, part, parts; a row from time to time, the last one with hashes and file */
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
