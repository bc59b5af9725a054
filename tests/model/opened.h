/* opened: a model opened for a test, and running ids through it. */
#ifndef HEARTH_TESTS_MODEL_OPENED_H
#define HEARTH_TESTS_MODEL_OPENED_H

#include "base/memory.h"
#include "base/threads.h"
#include "model/model.h"
#include "model/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct opened {
	struct gguf *file;
	struct threads *threads;
	struct model *model;
	uint32_t n_vocab;
};

static inline struct opened open_model(const char *path, unsigned threads, struct model_options options)
{
	struct error e = { "" };
	struct opened o = { .file = gguf_open(path, &e) };
	if (o.file) o.threads = threads_new(threads, &e);
	if (o.threads) o.model = model_open(o.file, &options, o.threads, &e);
	if (!o.model) fail_msg("%s", e.text);
	o.n_vocab = model_config(o.model)->n_vocab;
	return o;
}

static inline void close_model(struct opened *o)
{
	model_close(o->model);
	threads_free(o->threads);
	gguf_close(o->file);
}

/* Runs ids[0..n) behind what `s` holds, `batch` at a time, and writes n x n_vocab logits (NULL: none). */
static inline void run_ids(const struct opened *o, struct sequence *s, const int32_t *ids, uint32_t n, uint32_t batch,
                           enum row_kind kind, float *logits)
{
	struct error e = { "" };
	struct row rows[512];
	for (uint32_t at = 0; at < n; at += batch) {
		uint32_t now = n - at < batch ? n - at : batch;
		for (uint32_t i = 0; i < now; i++) {
			rows[i] = (struct row){ .sequence = s,
				                .token = ids[at + i],
				                .kind = kind,
				                .logits = logits ? logits + (size_t)(at + i) * o->n_vocab : NULL };
		}
		if (!model_forward(o->model, rows, now, &e)) fail_msg("%s", e.text);
	}
}

static inline struct sequence *new_sequence(const struct opened *o)
{
	struct error e = { "" };
	struct sequence *s = sequence_new(o->model, &e);
	if (!s) fail_msg("%s", e.text);
	return s;
}

#endif
