/* page_models: the models with the one that suits, and choosing one (see page.h). */
#include "app/hearth/page.h"
#include "app/hearth/page_task.h"
#include "app/hearth/serve_models.h"
#include "app/hearth/suggest.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/split_name.h"
#include "store/blobs.h"

#include <stdio.h>
#include <string.h>

enum { MOST_SUMS = 4096, MOST_SEALED = 4096 };

/* ---- which there are ---- */

struct models_work {
	struct paths paths;
	struct settings settings;
	char current[PATHS_ROOM];
	struct buffer locked; /* what lies in the vault: struct sealed, one behind the other */
};

struct sealed {
	uint64_t bytes;
	char name[MAX_BLOB_NAME + 1];
};

static bool keep_sealed(void *context, const struct blob_entry *b)
{
	struct models_work *w = context;
	struct sealed s = { .bytes = b->size };
	snprintf(s.name, sizeof s.name, "%s", b->name);
	return b->kind != BLOB_MODEL || buffer_append(&w->locked, &s, sizeof s);
}

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

/* All parts of a split model together. */
static uint64_t sealed_bytes(const struct models_work *w, const struct sealed *first)
{
	const struct sealed *all = (const void *)w->locked.data;
	char name[MAX_BLOB_NAME + 1];
	uint64_t sum = first->bytes;
	for (unsigned i = 2; i <= split_name_parts(first->name); i++) {
		if (!split_name_part(name, sizeof name, first->name, i)) break;
		for (size_t k = 0; k < w->locked.size / sizeof *all; k++) sum += strcmp(all[k].name, name) == 0 ? all[k].bytes : 0;
	}
	return sum;
}

/* What lies in the vault has no numbers but its size: its header is sealed too. */
static void tell_sealed(struct serve_answer *a, const struct models_work *w, const struct sealed *x)
{
	char path[PATHS_ROOM], needed[32], left[32], why[160] = "";
	uint64_t bytes = sealed_bytes(w, x), room = machine_free_memory();
	snprintf(path, sizeof path, LOCKED_MODEL_MARK "%s", x->name);
	bool current = strcmp(path, w->current) == 0, fits = current || !room || bytes <= room;
	model_file_bytes(needed, bytes);
	model_file_bytes(left, room);
	if (!fits) snprintf(why, sizeof why, "it is opened into memory whole: %s, and %s are free", needed, left);
	serve_cell_text(a, path);
	serve_cell_text(a, x->name);
	serve_cell_text(a, "locked");
	serve_cell_text(a, "");
	serve_cell_number(a, bytes);
	serve_cell_text(a, fit_word(fits ? SUGGEST_FITS : SUGGEST_TOO_LARGE));
	page_cell_real(a, 0);
	page_cell_real(a, 0);
	serve_cell_text(a, "");
	serve_cell_text(a, "");
	serve_cell_text(a, why);
	page_cell_bool(a, false);
	page_cell_bool(a, current);
	serve_cell_text(a, "");
}

static bool tell_models(struct page_task *t, enum serve_denial *why, struct error *e)
{
	struct models_work *w = t->work;
	struct suggest *s = memory_new(1, sizeof *s);
	if (!s) return error_memory(e);
	*why = SERVE_FAILED;
	bool ok = suggest_make(s, &w->paths, &w->settings, e);
	for (size_t i = 0; ok && i < s->n; i++) tell_row(t->answer, s, i, w->current);
	const struct sealed *locked = (const void *)w->locked.data;
	for (size_t i = 0; ok && i < w->locked.size / sizeof *locked; i++) {
		if (!split_name_is_later(locked[i].name)) tell_sealed(t->answer, w, &locked[i]);
	}
	if (w->locked.data) memory_wipe(w->locked.data, w->locked.size);
	buffer_free(&w->locked);
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
	w->locked = buffer_new(MOST_SEALED * sizeof(struct sealed));
	struct vault *v = page_open_vault(s->page);
	if (v && !blobs_list(v, keep_sealed, w, &ignored)) buffer_clear(&w->locked);
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

/* What `models` told: a file, or what lies in the vault. */
static bool choose(struct serve *s, struct opening *n, const char *id, enum serve_denial *why, struct error *e)
{
	static const size_t mark = sizeof LOCKED_MODEL_MARK - 1;
	*why = SERVE_MISSING;
	if (strncmp(id, LOCKED_MODEL_MARK, mark) != 0) {
		if (!is_known(s, id)) return error_set(e, "there is no such model here any more");
		return opening_choose(n, id, e);
	}
	n->vault = page_vault(s, why, e);
	if (!n->vault) return false;
	*why = SERVE_FAILED;
	return opening_choose_in_vault(n, id + mark, e);
}

bool page_use(struct serve *s, const struct serve_ask *ask, struct serve_answer *a, enum serve_denial *why, struct error *e)
{
	(void)a;
	page_touch(s->page);
	const char *id = ask->arguments[0].data;
	if (s->opening.locked.loaded && strcmp(id, s->opening.file.path) == 0) return true;
	struct opening *n = memory_new(1, sizeof *n);
	if (!n) return error_memory(e);
	opening_begin(n, s->options);
	bool ok = choose(s, n, id, why, e);
	if (ok) {
		serve_use(s, n);
		ok = opening_remember(&s->opening, e);
		*why = SERVE_FAILED;
	}
	memory_free(n);
	return ok;
}
