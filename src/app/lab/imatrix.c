/*
 * hearth-lab imatrix: which inputs of each matrix matter, measured over a text: the sums of their squares (see importance.h for the
 * file).
 *
 * The text's tokens are cut into windows of --context positions (512 when it is not given); in each the first token gives way to
 * BOS where the model wants one. What is left at the end is used too when it is the only window.
 */
#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "app/lab/words.h"
#include "base/file.h"
#include "base/memory.h"
#include "engine/importance.h"
#include "format/gguf_writer.h"
#include "model/sequence.h"
#include "wire/client.h"

#include <stdio.h>
#include <string.h>

enum { MOST_TEXT = 1 << 28, DEFAULT_WINDOW = 512 };

static bool run_window(struct model *m, struct sequence *s, const int32_t *ids, uint32_t size, struct error *e)
{
	struct row rows[64];
	uint32_t most = model_max_rows(m) < 64 ? model_max_rows(m) : 64;
	sequence_truncate(s, 0);
	for (uint32_t at = 0, n; at < size; at += n) {
		n = size - at < most ? size - at : most;
		for (uint32_t i = 0; i < n; i++) rows[i] = (struct row){ .sequence = s, .token = ids[at + i], .kind = ROW_PROMPT };
		if (!model_forward(m, rows, n, e)) return false;
	}
	return true;
}

/* The text in windows, and what is written of it. */
struct job {
	const struct model_arguments *model;
	const char *text_path;
	struct token_list ids;
	uint32_t bos; /* TOKEN_NONE: none */
	uint32_t window, n_windows;
	struct gguf_writer out;
};

/* The next window's ids; NULL when there are no more. What is left at the end is one when it is the only one. */
static const int32_t *next_window(struct job *j, uint32_t *size)
{
	size_t at = (size_t)j->n_windows * j->window;
	*size = j->ids.count < j->window ? (uint32_t)j->ids.count : j->window;
	if (at + *size > j->ids.count || (at > 0 && *size < j->window)) return NULL;
	j->n_windows++;
	if (j->bos != TOKEN_NONE) j->ids.ids[at] = j->bos;
	return (const int32_t *)j->ids.ids + at;
}

/* Both tensors of an entry. */
static void put_entry(struct gguf_writer *w, const struct hearth_importance *x)
{
	char name[GGUF_MAX_NAME + 16];
	snprintf(name, sizeof name, "%s.in_sum2", x->name);
	gguf_put_tensor(w, name, TYPE_F32, 2, (uint64_t[]){ x->cols, x->n_matrices }, x->sums,
	                (size_t)(x->cols * x->n_matrices) * sizeof *x->sums);
	snprintf(name, sizeof name, "%s.counts", x->name);
	gguf_put_tensor(w, name, TYPE_F32, 2, (uint64_t[]){ 1, x->n_matrices }, x->counts,
	                (size_t)x->n_matrices * sizeof *x->counts);
}

static bool put_all_here(struct job *j, const struct importance *i, struct error *e)
{
	const struct importance_entry *x;
	for (size_t n = 0; (x = importance_at(i, n)) != NULL; n++) {
		struct hearth_importance shown = { .name = x->tensor->name, .cols = x->tensor->dims[0] };
		float *values = importance_floats(x, &shown.n_matrices);
		if (!values) return error_memory(e);
		shown.sums = values;
		shown.counts = values + shown.cols * shown.n_matrices;
		put_entry(&j->out, &shown);
		memory_free(values);
	}
	return importance_whole(i) || error_memory(e);
}

static bool run_here(struct job *j, struct error *e)
{
	struct lab_model m = { 0 };
	uint32_t size;
	const int32_t *ids;
	bool ok = lab_model_open(&m, j->model, j->window, 0, e);
	struct importance *i = ok ? importance_new(m.model, m.file, e) : NULL;
	struct sequence *s = i ? sequence_new(m.model, e) : NULL;
	ok = s != NULL;
	while (ok && (ids = next_window(j, &size)) != NULL) ok = run_window(m.model, s, ids, size, e);
	ok = ok && put_all_here(j, i, e);
	importance_free(i);
	sequence_free(s);
	lab_model_close(&m);
	return ok;
}

static bool put_all_there(struct job *j, struct hearth *h, struct error *e)
{
	struct hearth_importance x = { .size = sizeof x };
	struct hearth_error why = { "" };
	for (uint64_t n = 0; client_importance(h, n, &x, &why); n++) put_entry(&j->out, &x);
	return !why.text[0] || error_set(e, "%s", why.text);
}

static bool run_there(struct job *j, struct error *e)
{
	struct hearth_options o = lab_engine_options(j->model, j->window);
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	uint32_t size;
	o.importance = true;
	struct hearth *h = engine_open_model(j->model, &o, &r.session, e);
	bool ok = h != NULL;
	r.want = HEARTH_WANT_READING;
	while (ok && (r.ids = next_window(j, &size)) != NULL) {
		r.n_ids = size;
		ok = engine_ask(h, &r, NULL, NULL, e);
	}
	ok = ok && put_all_there(j, h, e);
	client_close(h);
	return ok;
}

/* What stands in front of the tensors. */
static void put_facts(struct job *j)
{
	const char *slash = strrchr(j->text_path, '/'), *base = slash ? slash + 1 : j->text_path;
	struct gguf_text dataset = { base, strlen(base) };
	gguf_put_text(&j->out, "general.type", "imatrix", 7);
	gguf_put_texts(&j->out, "imatrix.datasets", &dataset, 1);
	gguf_put_u32(&j->out, "imatrix.chunk_count", j->n_windows);
	gguf_put_u32(&j->out, "imatrix.chunk_size", j->window);
}

static bool read_tokens(struct job *j, struct error *e)
{
	size_t size;
	struct words w = { .h = NULL };
	char *text = file_read(j->text_path, MOST_TEXT, &size, e);
	bool ok = text && words_open(&w, j->model, e) && words_begin(&w, &j->bos, e);
	const struct hearth_request r = words_text(text, size, HEARTH_TEXT_CLOSED);
	ok = ok && words_encode(&w, &r, &j->ids, e);
	words_close(&w);
	memory_free(text);
	if (ok && j->ids.count == 0) ok = error_set(e, "%s: no tokens; a text of a few thousand words is needed", j->text_path);
	return ok;
}

static int run(const struct model_arguments *a, const char *text, const char *path)
{
	struct error e = { "" };
	struct job j = {
		.model = a, .text_path = text, .window = a->context ? a->context : DEFAULT_WINDOW, .out = gguf_writer_new()
	};
	bool ok = read_tokens(&j, &e) && (a->engine ? run_there(&j, &e) : run_here(&j, &e));
	if (ok) put_facts(&j);
	ok = ok && gguf_writer_save(&j.out, path, &e);
	engine_end();
	gguf_writer_free(&j.out);
	token_list_free(&j.ids);
	return ok ? LAB_DONE : lab_fail(&e);
}

int lab_imatrix(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	const char *text = NULL, *out = NULL;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (argv[i][0] == '-' || out) return lab_misuse("imatrix: '%s' is not understood", argv[i]);
		*(text ? &out : &text) = argv[i];
	}
	if (!a.path || !out) return lab_misuse("imatrix: MODEL, TEXT.txt and OUT.gguf are needed");
	return run(&a, text, out);
}
