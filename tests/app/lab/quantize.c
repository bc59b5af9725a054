/*
 * quantize: which tensor gets which type in the mixes, and that what is written is the model again: a made-up file with the tensor
 * names and shapes of a model of 16 layers.
 */
#include "app/lab/quantize.h"

#include "app/lab/importance.h"
#include "base/memory.h"
#include "format/gguf_writer.h"
#include "nn/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LAYERS = 16, COLS = 256, ROWS = 2 };

static const char *const in_path = "/tmp/hearth-test-quantize-in.gguf", *const out_path = "/tmp/hearth-test-quantize-out.gguf",
                         *const importance_path = "/tmp/hearth-test-quantize-importance.gguf";

/* Roughly normal, with a heavy value now and then. */
static float next(uint64_t *state)
{
	float sum = -2;
	for (int i = 0; i < 5; i++) {
		*state = *state * 6364136223846793005u + 1442695040888963407u;
		if (i < 4) sum += (float)(*state >> 40) * 0x1p-24f;
	}
	return *state >> 58 ? sum : sum * 6;
}

static void put(struct gguf_writer *w, uint64_t *seed, const char *name, uint32_t n_dims, uint64_t cols, uint64_t rows,
                uint64_t matrices)
{
	uint64_t dims[3] = { cols, rows, matrices };
	static float values[2 * COLS * ROWS * 4];
	size_t n = (size_t)(cols * rows * matrices);
	assert_true(n <= sizeof values / sizeof values[0]);
	for (size_t i = 0; i < n; i++) values[i] = next(seed);
	gguf_put_tensor(w, name, TYPE_F32, n_dims, dims, values, n * sizeof *values);
}

/* `experts` 0: a dense model. */
static void make_model(uint32_t experts, bool tied)
{
	struct gguf_writer w = gguf_writer_new();
	struct error e;
	uint64_t seed = 5;
	char name[64];
	gguf_put_text(&w, "general.architecture", "llama", 5);
	gguf_put_u32(&w, "llama.block_count", LAYERS);
	gguf_put_u32(&w, "llama.attention.head_count", 4);
	gguf_put_u32(&w, "llama.attention.head_count_kv", 1);
	if (experts) gguf_put_u32(&w, "llama.expert_count", experts);
	put(&w, &seed, "token_embd.weight", 2, COLS, ROWS, 1);
	put(&w, &seed, "output_norm.weight", 1, COLS, 1, 1);
	if (!tied) put(&w, &seed, "output.weight", 2, COLS, ROWS, 1);
	for (int l = 0; l < LAYERS; l++) {
		static const char *const matrices[] = { "attn_q",   "attn_k", "attn_v",  "attn_output",
			                                "ffn_gate", "ffn_up", "ffn_down" };
		for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++) {
			bool expert = experts && i >= 4;
			snprintf(name, sizeof name, "blk.%d.%s%s.weight", l, matrices[i], expert ? "_exps" : "");
			put(&w, &seed, name, expert ? 3 : 2, COLS, ROWS, expert ? 2 : 1);
		}
		snprintf(name, sizeof name, "blk.%d.ffn_norm.weight", l);
		put(&w, &seed, name, 1, COLS, 1, 1);
	}
	put(&w, &seed, "odd.weight", 2, 96, 2, 1);
	assert_true(gguf_writer_save(&w, in_path, &e));
	gguf_writer_free(&w);
}

static struct gguf *quantized(const char *type, const struct gguf *importance)
{
	struct error e = { "" };
	struct gguf *in = gguf_open(in_path, &e);
	assert_non_null(in);
	if (!quantize_file(in, mix_named(type), out_path, importance, 2, &e)) fail_msg("%s", e.text);
	gguf_close(in);
	struct gguf *out = gguf_open(out_path, &e);
	if (!out) fail_msg("%s", e.text);
	return out;
}

/* What llama.cpp 0.5.0 chooses; checked with its own quantizer on such a file. */
static void mixes_mean_what_their_names_say(void **state)
{
	(void)state;
	static const struct {
		const char *mix, *tensor, *type;
	} expected[] = {
		{ "q4_k_m", "token_embd.weight", "Q4_K" },
		{ "Q4_K_M", "output.weight", "Q6_K" },
		{ "Q4_K_M", "blk.0.attn_v.weight", "Q6_K" },
		{ "Q4_K_M", "blk.2.attn_v.weight", "Q4_K" },
		{ "Q4_K_M", "blk.4.attn_v.weight", "Q6_K" },
		{ "Q4_K_M", "blk.13.ffn_down.weight", "Q6_K" },
		{ "Q4_K_M", "blk.14.ffn_down.weight", "Q6_K" },
		{ "Q4_K_M", "blk.12.ffn_down.weight", "Q4_K" },
		{ "Q4_K_M", "blk.3.attn_q.weight", "Q4_K" },
		{ "Q4_K_M", "blk.3.ffn_norm.weight", "F32" },
		{ "Q4_K_M", "odd.weight", "Q5_0" },
		{ "Q4_K_S", "blk.3.attn_v.weight", "Q5_K" },
		{ "Q4_K_S", "blk.4.attn_v.weight", "Q4_K" },
		{ "Q4_K_S", "blk.1.ffn_down.weight", "Q5_K" },
		{ "Q3_K_M", "blk.0.ffn_down.weight", "Q5_K" },
		{ "Q3_K_M", "blk.1.ffn_down.weight", "Q4_K" },
		{ "Q3_K_M", "blk.1.attn_v.weight", "Q5_K" },
		{ "Q3_K_M", "blk.9.attn_output.weight", "Q4_K" },
		{ "Q2_K", "blk.9.attn_v.weight", "Q4_K" },
		{ "Q2_K", "blk.9.ffn_down.weight", "Q3_K" },
		{ "IQ4_XS", "blk.9.attn_v.weight", "Q5_K" },
		{ "IQ4_XS", "blk.1.ffn_down.weight", "Q5_K" },
		{ "IQ4_XS", "odd.weight", "IQ4_NL" },
		{ "Q8_0", "output.weight", "Q8_0" },
		{ "Q4_0", "output.weight", "Q6_K" },
		{ "MXFP4", "output.weight", "MXFP4" },
		{ "IQ2_S", "blk.5.ffn_up.weight", "IQ2_XS" },
		{ "IQ2_S", "blk.5.attn_output.weight", "IQ3_S" },
		{ "TQ1_0", "token_embd.weight", "Q4_K" },
		{ "F16", "odd.weight", "F16" },
	};
	make_model(0, false);
	for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
		struct gguf *out = quantized(expected[i].mix, NULL);
		const struct gguf_tensor *t = gguf_tensor(out, expected[i].tensor);
		assert_non_null(t);
		if (strcmp(t->type->name, expected[i].type) != 0)
			fail_msg("%s: %s is %s, not %s", expected[i].mix, t->name, t->type->name, expected[i].type);
		gguf_close(out);
	}
	make_model(8, true);
	struct gguf *out = quantized("Q4_K_M", NULL);
	assert_string_equal(gguf_tensor(out, "token_embd.weight")->type->name, "Q6_K");
	assert_string_equal(gguf_tensor(out, "blk.5.attn_k.weight")->type->name, "Q8_0");
	assert_string_equal(gguf_tensor(out, "blk.5.attn_output.weight")->type->name, "Q5_K");
	assert_string_equal(gguf_tensor(out, "blk.0.ffn_down_exps.weight")->type->name, "Q6_K");
	gguf_close(out);
	out = quantized("MXFP4_MOE", NULL);
	assert_string_equal(gguf_tensor(out, "blk.5.ffn_up_exps.weight")->type->name, "MXFP4");
	assert_string_equal(gguf_tensor(out, "blk.5.attn_v.weight")->type->name, "Q8_0");
	gguf_close(out);
}

/* The squared error of a tensor of the output, weighed. */
static double error_of(const struct gguf *out, const char *name, const float *w)
{
	struct error e;
	struct gguf *in = gguf_open(in_path, &e);
	const struct gguf_tensor *a = gguf_tensor(in, name), *b = gguf_tensor(out, name);
	static float x[4 * COLS * ROWS], y[4 * COLS * ROWS];
	size_t n = a->size / sizeof(float);
	memcpy(x, a->data, a->size);
	format_find(b->type->id)->unpack(b->data, n / b->type->weights, y);
	double sum = 0, all = 0;
	for (size_t i = 0; i < n; i++) {
		sum += (w ? (double)w[i % COLS] : 1) * (double)(x[i] - y[i]) * (double)(x[i] - y[i]);
		all += (double)(x[i] * x[i]);
	}
	gguf_close(in);
	return sum / all;
}

static void the_weights_are_the_models(void **state)
{
	(void)state;
	static const struct {
		const char *mix;
		double most;
	} mixes[] = { { "F16", 1e-6 }, { "Q8_0", 1e-4 }, { "Q6_K", 1e-3 }, { "Q4_K_M", 0.02 }, { "IQ2_XS", 0.15 } };
	make_model(4, false);
	for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
		struct gguf *out = quantized(mixes[i].mix, NULL);
		static const char *const names[] = { "token_embd.weight", "blk.15.ffn_down_exps.weight", "blk.7.attn_q.weight" };
		for (size_t k = 0; k < 3; k++) {
			double error = error_of(out, names[k], NULL);
			if (!(error < mixes[i].most)) fail_msg("%s %s: %g", mixes[i].mix, names[k], error);
		}
		assert_true(error_of(out, "output_norm.weight", NULL) == 0);
		gguf_close(out);
	}
}

/* An importance of 100 for every eighth input of the first expert, 1 for the second. */
static void make_importance(const char *kind, uint64_t cols, float odd, float *w)
{
	struct gguf_writer g = gguf_writer_new();
	struct error e;
	static float sums[2 * COLS];
	float counts[2] = { 10, 10 };
	for (size_t i = 0; i < 2 * COLS; i++) sums[i] = i % 8 == 3 && i < COLS ? 1000 : 10;
	for (size_t i = 0; i < COLS; i++) w[i] = sums[i] / 10;
	sums[9] = odd;
	gguf_put_text(&g, "general.type", kind, strlen(kind));
	gguf_put_tensor(&g, "blk.3.ffn_up_exps.weight.in_sum2", TYPE_F32, 2, (uint64_t[]){ cols, 2 }, sums,
	                2 * cols * sizeof(float));
	gguf_put_tensor(&g, "blk.3.ffn_up_exps.weight.counts", TYPE_F32, 2, (uint64_t[]){ 1, 2 }, counts, sizeof counts);
	assert_true(gguf_writer_save(&g, importance_path, &e));
	gguf_writer_free(&g);
}

static void importance_is_used(void **state)
{
	(void)state;
	struct error e = { "" };
	float w[COLS];
	make_model(4, false);
	make_importance("imatrix", COLS, 10, w);
	struct gguf *importance = importance_open(importance_path, &e), *out = quantized("Q4_0", NULL);
	assert_non_null(importance);
	double without = error_of(out, "blk.3.ffn_up_exps.weight", w), other = error_of(out, "blk.4.ffn_up_exps.weight", w);
	gguf_close(out);
	out = quantized("Q4_0", importance);
	assert_true(error_of(out, "blk.3.ffn_up_exps.weight", w) < 0.95 * without);
	assert_true(error_of(out, "blk.4.ffn_up_exps.weight", w) == other);
	gguf_close(out);
	gguf_close(importance);
}

static void bad_input_is_one_line(void **state)
{
	(void)state;
	struct error e = { "" };
	float w[COLS];
	make_model(4, false);
	struct gguf *in = gguf_open(in_path, &e);
	assert_null(importance_open(in_path, &e));
	assert_non_null(strstr(e.text, "no importance matrix"));
	make_importance("imatrix", COLS / 2, 10, w);
	struct gguf *importance = importance_open(importance_path, &e);
	unlink(out_path);
	assert_false(quantize_file(in, mix_named("Q4_0"), out_path, importance, 1, &e));
	assert_non_null(strstr(e.text, "another shape"));
	gguf_close(importance);
	make_importance("imatrix", COLS, -1, w);
	importance = importance_open(importance_path, &e);
	assert_false(quantize_file(in, mix_named("Q4_0"), out_path, importance, 1, &e));
	assert_non_null(strstr(e.text, "is no importance"));
	gguf_close(importance);
	assert_int_equal(access(out_path, F_OK), -1);
	assert_null(mix_named("Q4_K_XXL"));
	gguf_close(in);
}

static int clean(void **state)
{
	(void)state;
	unlink(in_path);
	unlink(out_path);
	unlink(importance_path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mixes_mean_what_their_names_say),
		cmocka_unit_test(the_weights_are_the_models),
		cmocka_unit_test(importance_is_used),
		cmocka_unit_test(bad_input_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, clean);
}
