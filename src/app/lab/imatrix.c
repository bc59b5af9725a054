/*
 * hearth-lab imatrix: which inputs of each matrix matter, measured over a text: the sums of their squares (see importance.h for the
 * file).
 *
 * The text's tokens are cut into windows of --context positions (512 when it is not given); in each the first token gives way to
 * BOS where the model wants one. What is left at the end is used too when it is the only window.
 */
#include "app/lab/lab.h"
#include "app/lab/model_options.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/gguf_writer.h"
#include "model/sequence.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT = 1 << 28, DEFAULT_WINDOW = 512 };

/* What was seen of one tensor: `cols` sums and a count for each of its matrices. */
struct entry {
	const struct gguf_tensor *tensor;
	double *sums;
	uint64_t *counts;
};

struct collector {
	struct entry *entries; /* ascending by where the tensor lies */
	size_t n;
	bool failed; /* memory is out */
};

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	return x->tensor->data < y->tensor->data ? -1 : x->tensor->data > y->tensor->data;
}

static bool collector_make(struct collector *c, const struct gguf *file, struct error *e)
{
	c->n = gguf_tensor_count(file);
	c->entries = memory_new(c->n + 1, sizeof *c->entries);
	if (!c->entries) return error_memory(e);
	for (size_t i = 0; i < c->n; i++) c->entries[i].tensor = gguf_tensor_at(file, i);
	qsort(c->entries, c->n, sizeof *c->entries, compare);
	return true;
}

static void collector_free(struct collector *c)
{
	for (size_t i = 0; i < c->n && c->entries; i++) {
		memory_free(c->entries[i].sums);
		memory_free(c->entries[i].counts);
	}
	memory_free(c->entries);
}

/* The tensor that a product's matrix is a part of; NULL: none. */
static struct entry *entry_of(const struct collector *c, const uint8_t *weights)
{
	size_t low = 0, high = c->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (c->entries[middle].tensor->data <= weights)
			low = middle + 1;
		else
			high = middle;
	}
	struct entry *x = low > 0 ? &c->entries[low - 1] : NULL;
	return x && weights < x->tensor->data + x->tensor->size ? x : NULL;
}

/* A model_observer. Of a fused projection the part at the matrix's start stands for all: they read the same. */
static void collect(void *data, const struct model_seen *seen)
{
	struct collector *c = data;
	struct entry *x = entry_of(c, seen->weights);
	if (!x || x->tensor->dims[0] != seen->cols) return;
	uint64_t n_matrices = x->tensor->dims[2] * x->tensor->dims[3];
	size_t offset = (size_t)(seen->weights - x->tensor->data), bytes = x->tensor->size / (size_t)n_matrices;
	if (offset % bytes != 0) return;
	if (!x->sums) {
		x->sums = memory_new((size_t)n_matrices, seen->cols * sizeof *x->sums);
		x->counts = memory_new((size_t)n_matrices, sizeof *x->counts);
	}
	if (!x->sums || !x->counts) {
		c->failed = true;
		return;
	}
	double *sums = x->sums + offset / bytes * seen->cols;
	for (uint32_t r = 0; r < seen->n_rows; r++) {
		const float *row = seen->x + (seen->pick ? seen->pick[r] : r) * seen->stride;
		for (size_t i = 0; i < seen->cols; i++) sums[i] += (double)row[i] * (double)row[i];
	}
	x->counts[offset / bytes] += seen->n_rows;
}

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

/* All windows; how many there were. */
static bool run_text(struct model *m, const struct vocab *vocab, struct token_list *ids, uint32_t window, struct collector *c,
                     uint32_t *n_windows, struct error *e)
{
	uint32_t bos = vocab->add_bos ? vocab->special[VOCAB_BOS] : TOKEN_NONE;
	struct sequence *s = sequence_new(m, e);
	bool ok = s != NULL;
	if (ids->count < window) window = (uint32_t)ids->count;
	model_observe(m, collect, c);
	*n_windows = 0;
	for (size_t at = 0; ok && window > 0 && at + window <= ids->count; at += window, ++*n_windows) {
		if (bos != TOKEN_NONE) ids->ids[at] = bos;
		ok = run_window(m, s, (const int32_t *)ids->ids + at, window, e);
	}
	model_observe(m, NULL, NULL);
	sequence_free(s);
	if (ok && c->failed) ok = error_memory(e);
	return ok;
}

static bool put_entry(struct gguf_writer *w, const struct entry *x, struct error *e)
{
	char name[GGUF_MAX_NAME + 16];
	uint64_t n_matrices = x->tensor->dims[2] * x->tensor->dims[3], cols = x->tensor->dims[0];
	size_t n = (size_t)(cols * n_matrices);
	float *values = memory_new(n, sizeof *values);
	if (!values) return error_memory(e);
	for (size_t i = 0; i < n; i++) values[i] = (float)x->sums[i];
	snprintf(name, sizeof name, "%s.in_sum2", x->tensor->name);
	gguf_put_tensor(w, name, TYPE_F32, 2, (uint64_t[]){ cols, n_matrices }, values, n * sizeof *values);
	for (size_t i = 0; i < n_matrices; i++) values[i] = (float)x->counts[i];
	snprintf(name, sizeof name, "%s.counts", x->tensor->name);
	gguf_put_tensor(w, name, TYPE_F32, 2, (uint64_t[]){ 1, n_matrices }, values, (size_t)n_matrices * sizeof *values);
	memory_free(values);
	return true;
}

static bool save(const struct collector *c, const char *text_path, const char *path, uint32_t window, uint32_t n_windows,
                 struct error *e)
{
	struct gguf_writer w = gguf_writer_new();
	const char *slash = strrchr(text_path, '/'), *base = slash ? slash + 1 : text_path;
	struct gguf_text dataset = { base, strlen(base) };
	gguf_put_text(&w, "general.type", "imatrix", 7);
	gguf_put_texts(&w, "imatrix.datasets", &dataset, 1);
	gguf_put_u32(&w, "imatrix.chunk_count", n_windows);
	gguf_put_u32(&w, "imatrix.chunk_size", window);
	bool ok = true;
	for (size_t i = 0; ok && i < c->n; i++) {
		if (c->entries[i].sums) ok = put_entry(&w, &c->entries[i], e);
	}
	ok = ok && gguf_writer_save(&w, path, e);
	gguf_writer_free(&w);
	return ok;
}

static bool read_tokens(const char *path, const struct vocab *vocab, struct token_list *ids, struct error *e)
{
	size_t size;
	char *text = file_read(path, MOST_TEXT, &size, e);
	if (!text) return false;
	bool ok = tokenizer_encode(vocab, text, size, TOKENIZER_ADD, ids, e);
	memory_free(text);
	if (ok && ids->count == 0) ok = error_set(e, "%s: no tokens; a text of a few thousand words is needed", path);
	return ok;
}

static int run(const struct model_arguments *a, const char *text, const char *path)
{
	struct error e = { "" };
	struct lab_model m = { 0 };
	struct token_list ids = { 0 };
	struct collector c = { 0 };
	uint32_t window = a->context ? a->context : DEFAULT_WINDOW, n_windows;
	bool ok = lab_model_open(&m, a, window, 0, &e);
	struct vocab *vocab = ok ? vocab_load(m.file, &e) : NULL;
	ok = vocab && read_tokens(text, vocab, &ids, &e) && collector_make(&c, m.file, &e) &&
	     run_text(m.model, vocab, &ids, window, &c, &n_windows, &e) && save(&c, text, path, window, n_windows, &e);
	collector_free(&c);
	vocab_free(vocab);
	token_list_free(&ids);
	lab_model_close(&m);
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
