/* suggest: gathering what there is, and judging it (see suggest.h). */
#include "app/hearth/suggest.h"

#include "app/hearth/model_file.h"
#include "app/hearth/visible.h"
#include "base/bandwidth.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/threads.h"

#include <stdio.h>
#include <string.h>

enum { ROOM_TO_WORK = 100000000 /* of a model that has no plan yet */ };

/* Tokens a second: about four and a half words, as fast as one reads; and for one that writes its thoughts first. */
static const double reads_along = 6, thinks_along = 12;

/* Of the machine's memory, so that the person's other programs have some too; and seconds of fetching where half an hour is known
 * or likely to be more than somebody wants to wait for a first answer. */
static const double share_of_memory = 0.5, patience = 1800;

/* One that is here is taken when it has at least this share of the parameters of the best that could be fetched. */
static const double good_enough = 0.4;

/* ---- what there is ---- */

static struct suggest_row *add_row(struct suggest *s, const char *source, const char *name)
{
	s->more |= s->n == SUGGEST_MOST;
	if (s->n == SUGGEST_MOST) return NULL;
	struct suggest_row *r = &s->rows[s->n++];
	*r = (struct suggest_row){ .source = source };
	snprintf(r->name, sizeof r->name, "%s", name);
	return r;
}

static const struct catalogue_row *known(const struct suggest *s, uint64_t bytes)
{
	for (size_t i = 0; i < s->catalogue.n; i++) {
		if (s->catalogue.rows[i].bytes == bytes) return &s->catalogue.rows[i];
	}
	return NULL;
}

static void refuse(struct suggest_row *r, const char *why)
{
	r->fit = SUGGEST_CANNOT;
	visible_line(r->reason, sizeof r->reason, why, strlen(why), false);
}

/* Takes over what the file's header and its plan say. */
static void look(struct suggest *s, struct suggest_row *r, const char *path)
{
	struct model_file m;
	struct hearth_file *file;
	struct error e;
	struct hearth_error unfit;
	struct hearth_file_plan plan = { .size = sizeof plan };
	snprintf(r->path, sizeof r->path, "%s", path);
	visible_line(r->title, sizeof r->title, r->name, strlen(r->name), false);
	if (!model_file_open(&m, path, &file, &e)) {
		refuse(r, e.text);
		return;
	}
	r->known = known(s, m.size);
	snprintf(r->title, sizeof r->title, "%s", r->known ? r->known->title : m.name);
	r->bytes = m.size;
	r->parameters = m.parameters;
	if (hearth_file_plan(file, 0, &plan, &unfit)) {
		r->kv = plan.bytes_kv;
		r->scratch = plan.bytes_scratch;
		r->token = plan.bytes_token;
		r->context = plan.context;
		r->talks = m.has_template && !(r->known && r->known->code);
	} else {
		refuse(r, unfit.text);
	}
	hearth_file_close(file);
}

static void add_folder(struct suggest *s, const char *folder)
{
	struct buffer names = buffer_new(1 << 20);
	char path[PATHS_ROOM];
	size_t n = folder[0] ? model_file_list(&names, folder) : 0;
	const char *name = names.data;
	for (size_t i = 0; i < n; i++, name += strlen(name) + 1) {
		struct suggest_row *r = paths_join(path, folder, name) ? add_row(s, "models folder", name) : NULL;
		if (r) look(s, r, path);
	}
	buffer_free(&names);
}

static bool is_here(const struct suggest *s, const struct catalogue_row *c)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->rows[i].known == c) return true;
	}
	return false;
}

static void add_catalogue(struct suggest *s)
{
	for (size_t i = 0; i < s->catalogue.n; i++) {
		const struct catalogue_row *c = &s->catalogue.rows[i];
		struct suggest_row *r = is_here(s, c) ? NULL : add_row(s, "to fetch", c->pull);
		if (!r) continue;
		snprintf(r->title, sizeof r->title, "%s", c->title);
		r->known = c;
		r->bytes = c->bytes;
		r->parameters = c->parameters;
		r->context = c->context < 8192 ? c->context : 8192;
		r->kv = c->kv_position * r->context;
		r->scratch = ROOM_TO_WORK;
		r->token = (uint64_t)((double)c->bytes * (double)c->active / (double)c->parameters);
		r->talks = !c->code;
	}
}

/* ---- the verdict ---- */

static void judge_row(const struct suggest *s, struct suggest_row *r)
{
	if (r->fit == SUGGEST_CANNOT) return;
	r->memory = r->bytes + r->kv + r->scratch;
	if (s->memory == 0 || r->memory <= s->free)
		r->fit = SUGGEST_FITS;
	else
		r->fit = r->memory <= s->memory ? SUGGEST_TIGHT : SUGGEST_TOO_LARGE;
	r->speed = r->token > 0 ? s->bandwidth / (double)r->token : 0;
	r->fetch_seconds = !r->path[0] && s->rate > 0 ? (double)r->bytes / s->rate : 0;
}

/* Beside its speed. */
static bool could_suit(const struct suggest *s, const struct suggest_row *r)
{
	double seconds = r->path[0] ? 0 : r->fetch_seconds > 0 ? r->fetch_seconds : (double)r->bytes / SUGGEST_USUAL_RATE;
	if (r->fit != SUGGEST_FITS || !r->talks || seconds > patience) return false;
	return s->memory == 0 || (double)r->memory <= share_of_memory * (double)s->memory;
}

static bool suits(const struct suggest *s, const struct suggest_row *r)
{
	if (!could_suit(s, r)) return false;
	return s->bandwidth <= 0 || r->speed >= (r->known && r->known->thinks ? thinks_along : reads_along);
}

static bool is_builtin(const struct suggest_row *r)
{
	return strcmp(r->source, "built-in") == 0;
}

/* The largest that suits, of those that are here or of those to fetch. */
static size_t best(const struct suggest *s, bool here)
{
	size_t found = SUGGEST_NONE;
	for (size_t i = 0; i < s->n; i++) {
		const struct suggest_row *r = &s->rows[i];
		if (!suits(s, r) || is_builtin(r) || (r->path[0] != 0) != here) continue;
		if (found == SUGGEST_NONE || r->parameters > s->rows[found].parameters) found = i;
	}
	return found;
}

/* Where all are slower than one reads, as on a busy machine, the smallest is still worth more than the built-in one. */
static size_t smallest(const struct suggest *s)
{
	size_t found = SUGGEST_NONE;
	for (size_t i = 0; i < s->n; i++) {
		const struct suggest_row *r = &s->rows[i];
		if (!could_suit(s, r) || is_builtin(r)) continue;
		if (found == SUGGEST_NONE || r->token < s->rows[found].token) found = i;
	}
	return found;
}

void suggest_judge(struct suggest *s)
{
	for (size_t i = 0; i < s->n; i++) judge_row(s, &s->rows[i]);
	size_t here = best(s, true), there = best(s, false);
	s->recommended = there;
	if (here != SUGGEST_NONE &&
	    (there == SUGGEST_NONE || (double)s->rows[here].parameters >= good_enough * (double)s->rows[there].parameters))
		s->recommended = here;
	if (s->recommended == SUGGEST_NONE) s->recommended = smallest(s);
	for (size_t i = 0; i < s->n && s->recommended == SUGGEST_NONE; i++) {
		if (is_builtin(&s->rows[i]) && s->rows[i].fit != SUGGEST_CANNOT) s->recommended = i;
	}
}

bool suggest_make(struct suggest *s, const struct paths *p, const struct settings *settings, struct error *e)
{
	struct error ignored; /* without a bandwidth there are no speeds, and that is said */
	*s = (struct suggest){ .memory = machine_memory(),
		               .free = machine_free_memory(),
		               .threads = threads_available(),
		               .rate = settings->rate,
		               .recommended = SUGGEST_NONE };
	s->rows = memory_new(SUGGEST_MOST, sizeof *s->rows);
	if (!s->rows) return error_memory(e);
	if (!catalogue_read(&s->catalogue, p, e) || !model_caches_scan(&s->caches, e)) return false;
	if (p->builtin[0]) look(s, add_row(s, "built-in", "builtin"), p->builtin);
	add_folder(s, p->models);
	for (size_t i = 0; i < s->caches.n; i++) {
		const struct cached_model *m = &s->caches.models[i];
		struct suggest_row *r = s->n + s->catalogue.n < SUGGEST_MOST ? add_row(s, m->source, m->name) : NULL;
		s->more |= r == NULL;
		if (r) look(s, r, m->path);
	}
	add_catalogue(s);
	s->bandwidth = bandwidth_measure(s->threads, &ignored);
	suggest_judge(s);
	return true;
}

void suggest_free(struct suggest *s)
{
	catalogue_free(&s->catalogue);
	model_caches_free(&s->caches);
	memory_free(s->rows);
	s->rows = NULL;
	s->n = 0;
}
