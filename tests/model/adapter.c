/*
 * adapter: a model with adapters gives the logits of the model whose matrices have them added, for plain, gated and fused
 * projections, several at once; and adapters that do not fit are one line.
 */
#include "../made_adapter.h"
#include "../testdata.h"
#include "opened.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

enum { IDS = 20 };

static const char *const bad_path = "/tmp/hearth-test-adapter-bad.gguf";

static uint32_t run(const char *path, const struct model_adapter *adapters, uint32_t n_adapters, enum row_kind kind, float *logits)
{
	struct opened o =
	        open_model(path, 2,
	                   (struct model_options){ .context = 64, .exact = true, .adapters = adapters, .n_adapters = n_adapters });
	int32_t ids[IDS];
	for (int i = 0; i < IDS; i++) ids[i] = 3 + i * 7 % 300;
	struct sequence *s = new_sequence(&o);
	run_ids(&o, s, ids, IDS, kind == ROW_ANSWER ? 1 : IDS, kind, logits);
	uint32_t n_vocab = o.n_vocab;
	sequence_free(s);
	close_model(&o);
	return n_vocab;
}

static double difference(const float *a, const float *b, size_t n)
{
	double error = 0, size = 0;
	for (size_t i = 0; i < n; i++) {
		error += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
		size += (double)(b[i] * b[i]);
	}
	return error / size;
}

static void adapters_are_the_sum_that_they_say(void **state)
{
	(void)state;
	static const char *const models[] = { "llama", "qwen2", "gemma2", "phi3" };
	static float with[IDS * 400], merged[IDS * 400], without[IDS * 400];
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		char path[100];
		struct error e = { "" };
		struct model_adapter adapters[2];
		snprintf(path, sizeof path, "golden/arch/%s.gguf", models[i]);
		const char *golden = testdata(path);
		if (!golden) skip();
		struct made_adapters made = made_write(golden, models[i]);
		for (size_t k = 0; k < 2; k++) {
			adapters[k] = (struct model_adapter){ gguf_open(made.path[k], &e), made_scales[k] };
			assert_non_null(adapters[k].file);
		}
		for (int kind = 0; kind < 2; kind++) {
			size_t n = IDS * (size_t)run(golden, adapters, 2, (enum row_kind)kind, with);
			run(made.merged, NULL, 0, (enum row_kind)kind, merged);
			run(golden, NULL, 0, (enum row_kind)kind, without);
			if (!(difference(with, merged, n) < 1e-9)) fail_msg("%s: %g", models[i], difference(with, merged, n));
			assert_true(difference(without, merged, n) > 1e-3);
		}
		for (size_t k = 0; k < 2; k++) gguf_close((struct gguf *)(uintptr_t)adapters[k].file);
		made_remove(&made);
	}
}

/* An adapter of one pair of tensors, and what opening a llama with it says. */
static void expect_refusal(const char *type, const char *arch, const char *a, const char *b, uint64_t cols, uint64_t rows,
                           const char *says)
{
	struct gguf_writer w = gguf_writer_new();
	struct error e = { "" };
	static float zeros[MADE_MOST];
	gguf_put_text(&w, "general.architecture", arch, strlen(arch));
	gguf_put_text(&w, "adapter.type", type, strlen(type));
	gguf_put_tensor(&w, a, TYPE_F32, 2, (uint64_t[]){ cols, 2 }, zeros, 2 * cols * sizeof *zeros);
	gguf_put_tensor(&w, b, TYPE_F32, 2, (uint64_t[]){ 2, rows }, zeros, 2 * rows * sizeof *zeros);
	assert_true(gguf_writer_save(&w, bad_path, &e));
	gguf_writer_free(&w);
	struct gguf *file = gguf_open(testdata("golden/arch/llama.gguf"), &e), *adapter = gguf_open(bad_path, &e);
	struct threads *threads = threads_new(1, &e);
	struct model_adapter list = { adapter, 1 };
	assert_non_null(adapter);
	assert_null(model_open(file, &(struct model_options){ .context = 8, .adapters = &list, .n_adapters = 1 }, threads, &e));
	if (!strstr(e.text, says)) fail_msg("\"%s\" does not say \"%s\"", e.text, says);
	threads_free(threads);
	gguf_close(adapter);
	gguf_close(file);
	unlink(bad_path);
}

static void adapters_that_do_not_fit_are_one_line(void **state)
{
	(void)state;
	const char *golden = testdata("golden/arch/llama.gguf");
	if (!golden) skip();
	struct error e;
	struct gguf *file = gguf_open(golden, &e);
	uint64_t cols = gguf_tensor(file, "blk.0.attn_q.weight")->dims[0], rows = gguf_tensor(file, "blk.0.attn_q.weight")->dims[1],
	         n_vocab = gguf_tensor(file, "token_embd.weight")->dims[1];
	gguf_close(file);
	static const char *const a = "blk.0.attn_q.weight.lora_a", *const b = "blk.0.attn_q.weight.lora_b";
	expect_refusal("loha", "llama", a, b, cols, rows, "is no LoRA adapter");
	expect_refusal("lora", "qwen2", a, b, cols, rows, "an adapter for 'qwen2' models");
	expect_refusal("lora", "llama", a, b, cols + 1, rows, "its shape does not fit");
	expect_refusal("lora", "llama", a, b, cols, rows + 1, "its shape does not fit");
	expect_refusal("lora", "llama", a, "blk.1.attn_q.weight.lora_b", cols, rows, "'blk.0.attn_q.weight.lora_b' is missing");
	expect_refusal("lora", "llama", "blk.99.attn_q.weight.lora_a", "blk.99.attn_q.weight.lora_b", cols, rows,
	               "the model has no");
	expect_refusal("lora", "llama", "token_embd.weight.lora_a", "token_embd.weight.lora_b", cols, n_vocab, "not supported");
	expect_refusal("lora", "llama", "x", "y", cols, rows, "is no part of a LoRA adapter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adapters_are_the_sum_that_they_say),
		cmocka_unit_test(adapters_that_do_not_fit_are_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
