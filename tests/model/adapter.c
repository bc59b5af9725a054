/*
 * adapter: a model with adapters gives the logits of the model whose matrices have them added, for plain, gated and fused
 * projections, several at once; a control vector gives those of biases behind each layer; and what does not fit is one line.
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

static float direction_value(uint32_t layer, size_t i)
{
	return (float)((i * 7 + layer * 13) % 11) * 0.05f - 0.2f;
}

static void put_direction(struct gguf_writer *w, const char *name, uint32_t layer, uint64_t n, float scale)
{
	float values[256];
	assert_true(n <= 256);
	for (size_t i = 0; i < n; i++) values[i] = scale * direction_value(layer, i);
	gguf_put_tensor(w, name, TYPE_F32, 1, &n, values, n * sizeof *values);
}

/* A control vector for layers [first, end). */
static void write_control_vector(const char *path, uint32_t first, uint32_t end, uint64_t n_embd)
{
	struct gguf_writer w = gguf_writer_new();
	struct error e;
	char name[64];
	gguf_put_text(&w, "general.architecture", "controlvector", 13);
	gguf_put_text(&w, "controlvector.model_hint", "llama", 5);
	gguf_put_u32(&w, "controlvector.layer_count", end - first);
	for (uint32_t i = first; i < end; i++) {
		snprintf(name, sizeof name, "direction.%u", i);
		put_direction(&w, name, i, n_embd, 1);
	}
	assert_true(gguf_writer_save(&w, path, &e));
	gguf_writer_free(&w);
}

/* A model without biases, with those that do the same: each layer's last product has one. */
static void write_steered(const struct gguf *model, const char *path, uint32_t first, uint32_t end, float scale)
{
	struct gguf_writer w = gguf_writer_new();
	struct error e;
	char name[64];
	for (size_t i = 0; i < gguf_value_count(model); i++) gguf_put_value(&w, gguf_value_at(model, i));
	for (size_t i = 0; i < gguf_tensor_count(model); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(model, i);
		gguf_put_tensor(&w, t->name, t->type->id, t->n_dims, t->dims, t->data, t->size);
	}
	for (uint32_t i = first; i < end; i++) {
		snprintf(name, sizeof name, "blk.%u.ffn_down.bias", i);
		put_direction(&w, name, i, gguf_tensor(model, "token_embd.weight")->dims[0], scale);
	}
	assert_true(gguf_writer_save(&w, path, &e));
	gguf_writer_free(&w);
}

static uint32_t layers_of(const struct gguf *model)
{
	uint32_t n = 0;
	char name[64];
	do snprintf(name, sizeof name, "blk.%u.attn_norm.weight", n);
	while (gguf_tensor(model, name) && ++n);
	return n;
}

static void control_vectors_are_sums_behind_layers(void **state)
{
	(void)state;
	static const char *const models[] = { "llama", "qwen3" };
	static float with[IDS * 400], steered[IDS * 400], without[IDS * 400];
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		char path[100], vector[64], merged[64];
		struct error e = { "" };
		snprintf(path, sizeof path, "golden/arch/%s.gguf", models[i]);
		const char *golden = testdata(path);
		if (!golden) skip();
		struct gguf *model = gguf_open(golden, &e);
		uint32_t n_layer = layers_of(model);
		assert_true(n_layer >= 2);
		made_name(vector);
		made_name(merged);
		write_control_vector(vector, 1, n_layer, gguf_tensor(model, "token_embd.weight")->dims[0]);
		write_steered(model, merged, 1, n_layer, -1.5f);
		gguf_close(model);
		struct model_adapter list = { gguf_open(vector, &e), -1.5f };
		assert_non_null(list.file);
		for (int kind = 0; kind < 2; kind++) {
			size_t n = IDS * (size_t)run(golden, &list, 1, (enum row_kind)kind, with);
			run(merged, NULL, 0, (enum row_kind)kind, steered);
			run(golden, NULL, 0, (enum row_kind)kind, without);
			if (!(difference(with, steered, n) < 1e-10)) fail_msg("%s: %g", models[i], difference(with, steered, n));
			assert_true(difference(without, steered, n) > 1e-3);
		}
		gguf_close((struct gguf *)(uintptr_t)list.file);
		unlink(vector);
		unlink(merged);
	}
}

/* What opening a model with that file says. */
static void expect_refused(const char *golden, const char *path, const char *says)
{
	struct error e = { "" };
	struct gguf *file = gguf_open(golden, &e), *adapter = gguf_open(path, &e);
	struct threads *threads = threads_new(1, &e);
	struct model_adapter list = { adapter, 1 };
	assert_non_null(adapter);
	assert_null(model_open(file, &(struct model_options){ .context = 8, .adapters = &list, .n_adapters = 1 }, threads, &e));
	if (!strstr(e.text, says)) fail_msg("\"%s\" does not say \"%s\"", e.text, says);
	threads_free(threads);
	gguf_close(adapter);
	gguf_close(file);
}

static void control_vectors_that_do_not_fit_are_one_line(void **state)
{
	(void)state;
	const char *golden = testdata("golden/arch/llama.gguf"), *mixed = testdata("golden/arch/deepseek4.gguf");
	if (!golden || !mixed) skip();
	struct error e;
	struct gguf *file = gguf_open(golden, &e);
	uint64_t n_embd = gguf_tensor(file, "token_embd.weight")->dims[0];
	uint32_t n_layer = layers_of(file);
	gguf_close(file);
	write_control_vector(bad_path, 0, 2, n_embd);
	expect_refused(golden, bad_path, "'direction.0' is no direction of a layer");
	write_control_vector(bad_path, 1, n_layer + 1, n_embd);
	expect_refused(golden, bad_path, "is no direction of a layer");
	write_control_vector(bad_path, 1, 2, n_embd + 1);
	expect_refused(golden, bad_path, "does not fit the model's width");
	write_control_vector(bad_path, 1, 1, n_embd);
	expect_refused(golden, bad_path, "has no directions");
	write_control_vector(bad_path, 1, 2, n_embd);
	expect_refused(mixed, bad_path, "are not supported");
	unlink(bad_path);
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
	expect_refused(testdata("golden/arch/llama.gguf"), bad_path, says);
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
		cmocka_unit_test(control_vectors_are_sums_behind_layers),
		cmocka_unit_test(control_vectors_that_do_not_fit_are_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
