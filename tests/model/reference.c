/*
 * reference: families without a golden model of their own, and variants that no golden model has, against a forward pass in
 * double precision (reference_pass.h): models of several seeds, exact, as prompt rows and one by one, and by default.
 */
#include "reference_pass.h"

#include "nn/kernels.h"
#include "opened.h"

#include <stdlib.h>
#include <unistd.h>

enum { IDS = 40, SEEDS = 2 };

static const struct kind kinds[] = {
	{ .arch = "refact", .n_kv = 1, .alibi = 8 },
	{ .arch = "codeshell",
	  .turning = TURNS_HALVES,
	  .act = ACT_GELU,
	  .layer_norm = true,
	  .biases = true,
	  .plain_ffn = true,
	  .fused_qkv = true },
	{ .arch = "maincoder", .turning = TURNS_PAIRS, .head_norm = HEADS_NORMED_LAST },
	{ .arch = "neo-bert",
	  .turning = TURNS_PAIRS,
	  .encoder = true,
	  .fused_qkv = true,
	  .fused_ffn = true,
	  .out_norm = "enc.output_norm" },
	{ .arch = "jina-bert-v2",
	  .n_kv = MADE_HEADS,
	  .act = ACT_GELU,
	  .encoder = true,
	  .layer_norm = true,
	  .biases = true,
	  .sum_norms = true,
	  .second_norm = true,
	  .alibi = 8 },
	{ .arch = "qwen", .n_kv = MADE_HEADS, .turning = TURNS_HALVES, .fused_qkv = true, .half_ffn = true },
	{ .arch = "olmo", .turning = TURNS_PAIRS, .layer_norm = true, .bare_norms = true, .clamp = 0.7f },
	{ .arch = "olmo", .turning = TURNS_PAIRS, .layer_norm = true, .bare_norms = true },
	{ .arch = "baichuan", .n_layer = 32, .n_kv = MADE_HEADS, .turning = TURNS_PAIRS },
	{ .arch = "baichuan", .n_layer = 40, .n_kv = MADE_HEADS, .alibi = 8 },
	{ .arch = "jais",
	  .n_kv = MADE_HEADS,
	  .layer_norm = true,
	  .biases = true,
	  .fused_qkv = true,
	  .alibi = 8,
	  .alibi_key = true,
	  .by_size = true },
	{ .arch = "jais2",
	  .turning = TURNS_HALVES,
	  .act = ACT_RELU_SQUARED,
	  .layer_norm = true,
	  .biases = true,
	  .plain_ffn = true },
	{ .arch = "openelm", .uneven = true, .turning = TURNS_HALVES, .fused_qkv = true, .head_norm = HEADS_NORMED_FIRST },
	{ .arch = "hunyuan_vl", .turning = TURNS_HALVES, .head_norm = HEADS_NORMED_LAST, .alpha = 1000 },
	{ .arch = "paddleocr", .turning = TURNS_HALVES },
	{ .arch = "mellum",
	  .n_layer = 5,
	  .turning = TURNS_HALVES,
	  .head_norm = HEADS_NORMED_FIRST,
	  .window = 9,
	  .window_key = 9,
	  .period = 4,
	  .n_experts = 6,
	  .normed_choice = true },
	{ .arch = "plm", .turning = TURNS_PAIRS, .act = ACT_RELU_SQUARED, .plain_ffn = true, .latent = true },
	{ .arch = "afmoe",
	  .n_layer = 5,
	  .turning = TURNS_HALVES,
	  .post_norms = true,
	  .scaled = true,
	  .head_norm = HEADS_NORMED_FIRST,
	  .gates = true,
	  .window = 9,
	  .window_key = 9,
	  .period = 4,
	  .turn_windowed_only = true,
	  .n_experts = 6,
	  .dense = 2,
	  .sigmoid = true,
	  .normed_choice = true,
	  .shared = true,
	  .choice_bias = true },
	{ .arch = "phimoe", .turning = TURNS_HALVES, .biases = true, .norm_biases = true, .n_experts = 6, .normed_choice = true },
	{ .arch = "deepseek2-ocr",
	  .n_kv = MADE_HEADS,
	  .turning = TURNS_HALVES,
	  .n_experts = 6,
	  .dense = 1,
	  .shared = true,
	  .choice_bias = true },
	{ .arch = "plamo3",
	  .n_layer = 9,
	  .turning = TURNS_HALVES,
	  .post_norms = true,
	  .fused_qkv = true,
	  .fused_ffn = true,
	  .head_norm = HEADS_NORMED_FIRST,
	  .window = 9,
	  .window_key = 9,
	  .period = 8 },
	{ .arch = "llama4",
	  .n_layer = 5,
	  .turning = TURNS_PAIRS,
	  .head_norm = HEADS_NORMED_BARE,
	  .window = 8192,
	  .period = 4,
	  .chunks = true,
	  .tempered = true,
	  .unturned = 4,
	  .n_experts = 6,
	  .step = 2,
	  .sigmoid = true,
	  .early = true,
	  .shared = true },
	/* Gemma 4 with experts, whose layers have no layer_output_scale */
	{ .arch = "gemma4",
	  .n_layer = 4,
	  .turning = TURNS_HALVES,
	  .act = ACT_GELU,
	  .post_norms = true,
	  .scaled = true,
	  .head_norm = HEADS_NORMED_FIRST,
	  .unscored = true,
	  .window = 9,
	  .window_key = 9,
	  .period = 3,
	  .wide = true,
	  .n_experts = 6,
	  .normed_choice = true,
	  .beside = true,
	  .soft_cap = 6 },
};

/* The rows of a model from `first` on, as hearth computes them: logits, or an encoder's vectors. */
static void run(const char *path, const struct kind *k, const int32_t *ids, uint32_t n, uint32_t first, uint32_t batch, bool exact,
                float *out)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = n, .exact = exact, .kv = KV_F16 });
	struct sequence *s = new_sequence(&o);
	struct error e = { "" };
	size_t width = k->encoder ? MADE_EMBD : MADE_VOCAB;
	for (uint32_t at = 0, now; at < n; at += now) {
		static struct row rows[512];
		now = n - at < batch ? n - at : batch;
		for (uint32_t i = 0; i < now; i++) {
			float *to = at + i < first ? NULL : out + (at + i - first) * width;
			rows[i] = (struct row){ .sequence = s, .token = ids[at + i], .kind = batch == 1 ? ROW_ANSWER : ROW_PROMPT };
			rows[i].logits = k->encoder ? NULL : to;
			rows[i].vector = k->encoder ? to : NULL;
		}
		if (!model_forward(o.model, rows, now, &e)) fail_msg("%s: %s", k->arch, e.text);
	}
	sequence_free(s);
	close_model(&o);
}

/* sum((a - b)^2) / sum(b^2) */
static double distance(const float *a, const double *b, size_t n)
{
	double error = 0, size = 0;
	for (size_t i = 0; i < n; i++) {
		error += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
		size += b[i] * b[i];
	}
	return error / size;
}

static void check(const struct kind *k, uint64_t seed)
{
	char path[] = "/tmp/hearth-reference-XXXXXX";
	static double wanted[IDS * MADE_VOCAB];
	static float got[IDS * MADE_VOCAB];
	static const struct {
		uint32_t batch;
		bool exact;
	} ways[] = { { IDS, true }, { 7, true }, { 1, true }, { IDS, false }, { 1, false } };
	int32_t ids[IDS];
	close(mkstemp(path));
	struct made m = made_model(k, seed, path);
	for (int i = 0; i < IDS; i++) ids[i] = (int32_t)((uint64_t)i * (7 + seed) % MADE_VOCAB);
	pass_run(&m, ids, IDS, 0, wanted);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		if (k->encoder && ways[i].batch != IDS) continue;
		/* rounded activations may choose another expert here and there */
		double bound = ways[i].exact ? 1e-10 : k->n_experts ? 0.05 : 1e-5;
		run(path, k, ids, IDS, 0, ways[i].batch, ways[i].exact, got);
		double error = distance(got, wanted, IDS * pass_width(k));
		if (!(error <= bound))
			fail_msg("%s, seed %u, batch %u, %s: error %g is above %g", k->arch, (unsigned)seed, ways[i].batch,
			         ways[i].exact ? "exact" : "default", error, bound);
	}
	unlink(path);
	made_free(&m);
}

static void families_agree_with_double_precision(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) check(&kinds[i], seed);
	}
}

/* Llama 4 beyond the first stretch: rows see what is in theirs, and where layers do not turn the queries grow. */
static void stretches_of_llama_4_are_apart(void **state)
{
	enum { LONG = 8200, LAST = 12 };
	static int32_t ids[LONG];
	static double wanted[LAST * MADE_VOCAB];
	static float got[LAST * MADE_VOCAB];
	char path[] = "/tmp/hearth-reference-XXXXXX";
	(void)state;
	struct kind k = { 0 };
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strcmp(kinds[i].arch, "llama4") == 0) k = kinds[i];
	}
	assert_non_null(k.arch);
	k.n_layer = 4;
	k.n_head = k.n_kv = 1;
	close(mkstemp(path));
	struct made m = made_model(&k, 9, path);
	for (int i = 0; i < LONG; i++) ids[i] = i * 31 % MADE_VOCAB;
	pass_run(&m, ids, LONG, LONG - LAST, wanted);
	run(path, &k, ids, LONG, LONG - LAST, 512, true, got);
	double error = distance(got, wanted, (size_t)LAST * MADE_VOCAB);
	unlink(path);
	made_free(&m);
	if (!(error <= 1e-9)) fail_msg("error %g", error);
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_agree_with_double_precision),
		cmocka_unit_test(stretches_of_llama_4_are_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
