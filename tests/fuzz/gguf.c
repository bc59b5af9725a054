/*
 * gguf: any bytes as a model file: opened, every value and tensor looked at, the vocabulary loaded, the model opened, and two
 * rows run through it when all of that was possible.
 */
#include "format/gguf.h"
#include "base/memory.h"
#include "base/threads.h"
#include "model/model.h"
#include "model/sequence.h"
#include "text/vocab.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, so that no compiler leaves a read out. */
static volatile unsigned seen;

static void must(bool holds, const char *what)
{
	if (holds) return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* A refusal names the file in one line that a terminal shows as it is. */
static void check_error(const struct error *e)
{
	must(strncmp(e->text, "fuzz.gguf: ", 11) == 0, e->text);
	for (const char *p = e->text; *p; p++) must((unsigned char)*p >= 0x20 && *p != 0x7f, "a control character in a message");
}

static void look_at_values(const struct gguf *g)
{
	char words[200];
	struct error e;
	for (size_t i = 0; i < gguf_value_count(g); i++) {
		const struct gguf_value *v = gguf_value_at(g, i);
		uint32_t number = 0;
		float real = 0;
		must(gguf_find(g, v->key) == v, "a key is not found");
		gguf_describe(v, words, sizeof words);
		seen += (uint8_t)words[0];
		seen += gguf_get_u32(g, v->key, &number, &e);
		seen += gguf_get_f32(g, v->key, &real, &e);
		for (uint64_t k = 0; k < v->count; k += 1 + v->count / 64) {
			if (v->item == GGUF_TEXT) {
				struct gguf_text t = gguf_item_text(v, k);
				seen += t.length ? (uint8_t)t.data[t.length - 1] : 0u;
			} else {
				seen += gguf_item_int(v, k) > 0;
			}
		}
	}
}

static void look_at_tensors(const struct gguf *g)
{
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		must(gguf_tensor(g, t->name) == t, "a tensor is not found");
		must(t->size > 0, "a tensor is empty");
		seen += t->data[0];
		seen += t->data[t->size - 1];
	}
}

static void run_rows(struct model *m)
{
	struct error e;
	size_t n_vocab = model_config(m)->n_vocab;
	struct sequence *s = sequence_new(m, &e);
	float *logits = memory_new(n_vocab, sizeof *logits);
	const struct row rows[] = { { .sequence = s, .token = 0, .kind = ROW_PROMPT },
		                    { .sequence = s, .token = 0, .kind = ROW_ANSWER, .logits = logits } };
	if (s && logits) seen += model_forward(m, rows, 2, &e);
	memory_free(logits);
	sequence_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct threads *threads;
	struct error e = { "" };
	if (!threads) threads = threads_new(1, &e);
	size_t before = memory_in_use();
	struct file_map map;
	must(file_map_memory(&map, data, size, "fuzz.gguf", &e), "no memory for a name");
	struct gguf *g = gguf_open_maps(&map, 1, &e);
	if (g) {
		look_at_values(g);
		look_at_tensors(g);
		struct vocab *v = vocab_load(g, &e);
		if (!v) check_error(&e);
		vocab_free(v);
		struct model_options options = { .max_rows = 2, .context = 64 };
		struct model *m = model_open(g, &options, threads, &e);
		if (m)
			run_rows(m);
		else
			check_error(&e);
		model_close(m);
		gguf_close(g);
	} else {
		check_error(&e);
	}
	must(memory_in_use() == before, "something is left behind");
	return 0;
}
