/*
 * model: hyperparameters and tensors that contradict each other, in files whose form is right.
 *
 * Every case is the valid model of made_model.h with one thing changed.
 */
#include "made_model.h"

#include "base/threads.h"
#include "model/model.h"
#include "model/sequence.h"
#include "text/vocab.h"

#include <math.h>

struct model_case {
	const char *name;
	struct made_change change;
	const char *expected; /* NULL: the model is opened */
};

#define U32(n)                                                                                                                     \
	{                                                                                                                          \
		.type = GGUF_U32, .number = (n)                                                                                    \
	}
#define I32(n)                                                                                                                     \
	{                                                                                                                          \
		.type = GGUF_I32, .number = (n)                                                                                    \
	}
#define U64(n)                                                                                                                     \
	{                                                                                                                          \
		.type = GGUF_U64, .number = (n)                                                                                    \
	}
#define F32(n)                                                                                                                     \
	{                                                                                                                          \
		.type = GGUF_F32, .number = (n)                                                                                    \
	}
#define F64(n)                                                                                                                     \
	{                                                                                                                          \
		.type = GGUF_F64, .number = (n)                                                                                    \
	}
#define BOOL(n)                                                                                                                    \
	{                                                                                                                          \
		.type = GGUF_BOOL, .number = (n)                                                                                   \
	}
#define TEXT(t)                                                                                                                    \
	{                                                                                                                          \
		.type = GGUF_TEXT, .text = (t)                                                                                     \
	}
#define ARRAY(t, n, times)                                                                                                         \
	{                                                                                                                          \
		.type = GGUF_ARRAY, .item = (t), .number = (n), .count = (times)                                                   \
	}
#define TEXTS(t, times)                                                                                                            \
	{                                                                                                                          \
		.type = GGUF_ARRAY, .item = GGUF_TEXT, .text = (t), .count = (times)                                               \
	}
#define ABSENT                                                                                                                     \
	{                                                                                                                          \
		.absent = true                                                                                                     \
	}
#define KEY(k, ...)                                                                                                                \
	{                                                                                                                          \
		.key = (k), .value = __VA_ARGS__                                                                                   \
	}
#define KEY_OF(a, k, ...)                                                                                                          \
	{                                                                                                                          \
		.architecture = (a), .key = (k), .value = __VA_ARGS__                                                              \
	}
#define EXPERT(k, ...)                                                                                                             \
	{                                                                                                                          \
		.experts = true, .key = (k), .value = __VA_ARGS__                                                                  \
	}
#define TENSOR(t, ty, n, ...)                                                                                                      \
	{                                                                                                                          \
		.tensor = (t), .type = (ty), .n_dims = (n), .dims = { __VA_ARGS__ }                                                \
	}
#define NO_TENSOR(t)                                                                                                               \
	{                                                                                                                          \
		.tensor = (t)                                                                                                      \
	}

static const struct model_case hyperparameters[] = {
	{ "architecture missing", KEY("general.architecture", ABSENT), "'general.architecture' is missing" },
	{ "architecture empty", KEY("general.architecture", TEXT("")), "'general.architecture' is missing" },
	{ "architecture unknown", KEY("general.architecture", TEXT("qwen99")), "architecture 'qwen99' is not supported" },
	{ "architecture a beginning", KEY("general.architecture", TEXT("llam")), "architecture 'llam' is not supported" },
	{ "architecture an integer", KEY("general.architecture", U32(1)), "'general.architecture': must be a string" },

	{ "0 layers", KEY(".block_count", U32(0)), "'llama.block_count': 0 is not from 1" },
	{ "-1 layers", KEY(".block_count", I32(-1)), "'llama.block_count': -1 is out of range" },
	{ "1025 layers", KEY(".block_count", U32(1025)), "'llama.block_count': 1025 is not from" },
	{ "2^32-1 layers", KEY(".block_count", U32(4294967295.0)), "'llama.block_count': 4294967295 is not from" },
	{ "2^40 layers", KEY(".block_count", U64(1099511627776.0)), "'llama.block_count': 1099511627776 is out of range" },
	{ "layers missing", KEY(".block_count", ABSENT), "'llama.block_count': is missing" },
	{ "layers as float", KEY(".block_count", F32(2)), "'llama.block_count': must be an integer" },
	{ "layers as string", KEY(".block_count", TEXT("2")), "'llama.block_count': must be an integer" },
	{ "layers as bool", KEY(".block_count", BOOL(1)), "'llama.block_count': must be an integer" },
	{ "layers as array", KEY(".block_count", ARRAY(GGUF_U32, 2, 1)), "'llama.block_count': must be an integer" },
	{ "one layer more than there is", KEY(".block_count", U32(3)), "tensor 'blk.2.attn_norm.weight' is missing" },

	{ "width 0", KEY(".embedding_length", U32(0)), "'llama.embedding_length': 0 is not from" },
	{ "width 2^31", KEY(".embedding_length", U32(2147483648.0)), "'llama.embedding_length': 2147483648 is not from" },
	{ "width missing", KEY(".embedding_length", ABSENT), "'llama.embedding_length': is missing" },
	{ "width 64", KEY(".embedding_length", U32(64)),
	  "tensor 'token_embd.weight': its shape is 32 x 8 x 1, the metadata want 64 x 8" },

	{ "context 0", KEY(".context_length", U32(0)), "'llama.context_length': 0 is not from" },
	{ "context 2^31", KEY(".context_length", U32(2147483648.0)), "'llama.context_length': 2147483648 is not from" },
	{ "context missing", KEY(".context_length", ABSENT), "'llama.context_length': is missing" },
	{ "context negative", KEY(".context_length", I32(-128)), "'llama.context_length': -128 is out of range" },

	{ "feed-forward 0", KEY(".feed_forward_length", U32(0)), "'llama.feed_forward_length': 0 is not from" },
	{ "feed-forward 2^31", KEY(".feed_forward_length", U32(2147483648.0)), "'llama.feed_forward_length': 2147483648 is not" },
	{ "feed-forward 69", KEY(".feed_forward_length", U32(69)), "tensor 'blk.0.ffn_gate.weight': its shape is 32 x 68 x 1" },
	{ "feed-forward for three layers", KEY(".feed_forward_length", ARRAY(GGUF_U32, 64, 3)), "has 3 values for 2 layers" },
	{ "feed-forward for no layer", KEY(".feed_forward_length", ARRAY(GGUF_U32, 64, 0)), "has 0 values for 2 layers" },
	{ "feed-forward of 0 for each", KEY(".feed_forward_length", ARRAY(GGUF_U32, 0, 2)), "0 (layer 0) is not from 1" },
	{ "feed-forward negative for each", KEY(".feed_forward_length", ARRAY(GGUF_I32, -64, 2)), "-64 (layer 0) is not from 1" },
	{ "feed-forward as floats", KEY(".feed_forward_length", ARRAY(GGUF_F32, 64, 2)), "must be an array of integers" },
	{ "feed-forward as strings", KEY(".feed_forward_length", TEXTS("64", 2)), "must be an array of integers" },

	{ "0 heads", KEY(".attention.head_count", U32(0)), "'llama.attention.head_count': 0 is not from" },
	{ "6 heads", KEY(".attention.head_count", U32(6)), "'llama.attention.head_count': does not divide the width" },
	{ "3 heads", KEY(".attention.head_count", U32(3)), "'llama.attention.head_count_kv': does not divide the number of heads" },
	{ "2^32-1 heads", KEY(".attention.head_count", U32(4294967295.0)), "'llama.attention.head_count': 4294967295 is not" },
	{ "8 heads", KEY(".attention.head_count", U32(8)), "'llama.rope.dimension_count': is odd or larger than a head" },
	{ "heads missing", KEY(".attention.head_count", ABSENT), "'llama.attention.head_count': is missing" },
	{ "heads for one layer of two", KEY(".attention.head_count", ARRAY(GGUF_U32, 4, 1)), "has 1 values for 2 layers" },
	{ "0 key heads", KEY(".attention.head_count_kv", U32(0)), "'llama.attention.head_count_kv': 0 is not from" },
	{ "3 key heads", KEY(".attention.head_count_kv", U32(3)), "does not divide the number of heads" },
	{ "8 key heads", KEY(".attention.head_count_kv", U32(8)), "does not divide the number of heads" },
	{ "4 key heads", KEY(".attention.head_count_kv", U32(4)), "tensor 'blk.0.attn_k.weight': its shape is 32 x 16 x 1" },
	{ "0 key heads for each", KEY(".attention.head_count_kv", ARRAY(GGUF_U32, 0, 2)), "0 (layer 0) is not from 1" },
	{ "key heads for 1000 layers", KEY(".attention.head_count_kv", ARRAY(GGUF_U32, 2, 1000)), "has 1000 values for 2 layers" },
	{ "key length 0", KEY(".attention.key_length", U32(0)), "'llama.attention.key_length': 0 is not from" },
	{ "key length 65536", KEY(".attention.key_length", U32(65536)), "'llama.attention.key_length': 65536 is not from" },
	{ "key length 16", KEY(".attention.key_length", U32(16)), "tensor 'blk.0.attn_q.weight': its shape is 32 x 32 x 1" },
	{ "key length 4", KEY(".attention.key_length", U32(4)), "'llama.rope.dimension_count': is odd or larger than a head" },
	{ "value length 0", KEY(".attention.value_length", U32(0)), "'llama.attention.value_length': 0 is not from" },
	{ "value length 16", KEY(".attention.value_length", U32(16)), "tensor 'blk.0.attn_v.weight': its shape is 32 x 16 x 1" },

	{ "epsilon missing", KEY(".attention.layer_norm_rms_epsilon", ABSENT), "layer_norm_rms_epsilon': is missing" },
	{ "epsilon NaN", KEY(".attention.layer_norm_rms_epsilon", F32((double)NAN)), "layer_norm_rms_epsilon': nan is not" },
	{ "epsilon -NaN", KEY(".attention.layer_norm_rms_epsilon", F32(-(double)NAN)), "nan is not" },
	{ "epsilon infinite", KEY(".attention.layer_norm_rms_epsilon", F32((double)INFINITY)), "inf is not from 0 to 1" },
	{ "epsilon negative", KEY(".attention.layer_norm_rms_epsilon", F32(-1e-5)), "-1e-05 is not from 0 to 1" },
	{ "epsilon an integer", KEY(".attention.layer_norm_rms_epsilon", U32(0)), "must be a float" },
	{ "epsilon a double beyond float", KEY(".attention.layer_norm_rms_epsilon", F64(1e300)), "inf is not from 0 to 1" },

	{ "rope base 0", KEY(".rope.freq_base", F32(0)), "'llama.rope.freq_base': 0 is not from" },
	{ "rope base negative", KEY(".rope.freq_base", F32(-10000)), "'llama.rope.freq_base': -10000 is not from" },
	{ "rope base NaN", KEY(".rope.freq_base", F32((double)NAN)), "'llama.rope.freq_base': nan is not from" },
	{ "rope base infinite", KEY(".rope.freq_base", F32((double)INFINITY)), "'llama.rope.freq_base': inf is not from" },
	{ "rope base as string", KEY(".rope.freq_base", TEXT("10000")), "'llama.rope.freq_base': must be a float" },
	{ "rope dimension 0", KEY(".rope.dimension_count", U32(0)), "'llama.rope.dimension_count': 0 is not from" },
	{ "rope dimension odd", KEY(".rope.dimension_count", U32(7)),
	  "'llama.rope.dimension_count': is odd or larger than a head" },
	{ "rope dimension above a head", KEY(".rope.dimension_count", U32(10)), "is odd or larger than a head" },
	{ "rope dimension 2^31", KEY(".rope.dimension_count", U32(2147483648.0)),
	  "'llama.rope.dimension_count': 2147483648 is not" },
	{ "scaling unknown", KEY(".rope.scaling.type", TEXT("magic")), "'llama.rope.scaling.type': is unknown" },
	{ "scaling an integer", KEY(".rope.scaling.type", U32(1)), "'llama.rope.scaling.type': must be a string" },
	{ "scaling factor negative", KEY(".rope.scaling.factor", F32(-2)), "'llama.rope.scaling.factor': -2 is not from" },
	{ "scaling factor NaN", KEY(".rope.scaling.factor", F32((double)NAN)), "'llama.rope.scaling.factor': nan is not from" },
	{ "scaling factor infinite", KEY(".rope.scaling.factor", F32((double)INFINITY)),
	  "'llama.rope.scaling.factor': inf is not" },
	{ "linear scale NaN", KEY(".rope.scale_linear", F32((double)NAN)), "'llama.rope.scale_linear': nan is not from" },
	{ "original context 0", KEY(".rope.scaling.original_context_length", U32(0)), "original_context_length': 0 is not from" },
	{ "attention factor 0", KEY(".rope.scaling.attn_factor", F32(0)), "'llama.rope.scaling.attn_factor': 0 is not from" },
	{ "fast turns NaN", KEY(".rope.scaling.yarn_beta_fast", F32((double)NAN)), "yarn_beta_fast': nan is not from" },
	{ "slow turns 0", KEY(".rope.scaling.yarn_beta_slow", F32(0)), "yarn_beta_slow': 0 is not from" },
	{ "temperature NaN", KEY_OF("mistral3", ".attention.temperature_scale", F32((double)NAN)),
	  "temperature_scale': nan is not" },
	{ "YaRN multiplier negative", KEY_OF("mistral3", ".rope.scaling.yarn_log_multiplier", F32(-1)), "-1 is not from 0" },

	{ "window 0", KEY_OF("gemma2", ".attention.sliding_window", U32(0)), "'gemma2.attention.sliding_window': 0 is not from 1" },
	{ "window negative", KEY_OF("gemma2", ".attention.sliding_window", I32(-4096)), "sliding_window': -4096 is out of range" },
	{ "window a float", KEY_OF("gemma2", ".attention.sliding_window", F32(4096)), "sliding_window': must be an integer" },
	{ "pattern for three layers", KEY_OF("gemma2", ".attention.sliding_window_pattern", ARRAY(GGUF_BOOL, 1, 3)),
	  "'gemma2.attention.sliding_window_pattern': has 3 values for 2 layers" },
	{ "pattern of fractions", KEY_OF("gemma2", ".attention.sliding_window_pattern", ARRAY(GGUF_F32, 1, 2)),
	  "array of integers" },
	{ "pattern of 2^31", KEY_OF("gemma2", ".attention.sliding_window_pattern", U32(2147483648.0)), "2147483648 is not from 0" },
	{ "soft cap NaN", KEY_OF("gemma2", ".attn_logit_softcapping", F32((double)NAN)),
	  "attn_logit_softcapping': nan is not from" },
	{ "soft cap negative", KEY_OF("gemma2", ".final_logit_softcapping", F32(-30)),
	  "final_logit_softcapping': -30 is not from" },
	{ "local base 0", KEY_OF("gemma3", ".rope.freq_base_swa", F32(0)), "'gemma3.rope.freq_base_swa': 0 is not from" },

	{ "experts missing", KEY_OF("qwen3moe", ".nothing", U32(1)), "'qwen3moe.expert_count': is missing" },
	{ "0 experts of an expert family", KEY_OF("qwen3moe", ".expert_count", U32(0)),
	  "'qwen3moe.expert_count': 0 is not from 1" },
	{ "experts without number used", KEY(".expert_count", U32(4)), "'llama.expert_used_count': is missing" },
	{ "4097 experts", EXPERT(".expert_count", U32(4097)), "'llama.expert_count': 4097 is not from" },
	{ "-4 experts", EXPERT(".expert_count", I32(-4)), "'llama.expert_count': -4 is out of range" },
	{ "one expert more than there are", EXPERT(".expert_count", U32(5)),
	  "tensor 'blk.0.ffn_gate_inp.weight': its shape is 32 x 4" },
	{ "more experts used than there are", EXPERT(".expert_used_count", U32(5)), "is larger than the number of experts" },
	{ "0 experts used", EXPERT(".expert_used_count", U32(0)), "'llama.expert_used_count': 0 is not from 1" },
	{ "experts' feed-forward 0", EXPERT(".expert_feed_forward_length", U32(0)), "expert_feed_forward_length': 0 is not" },
	{ "experts' feed-forward 69", EXPERT(".expert_feed_forward_length", U32(69)),
	  "tensor 'blk.0.ffn_gate_exps.weight': its shape" },
	{ "experts' scale NaN",
	  { .architecture = "glm4moe", .experts = true, .key = ".expert_weights_scale", .value = F32((double)NAN) },
	  "expert_weights_scale': nan is not" },

	{ "vocabulary 0", KEY(".vocab_size", U32(0)), "'llama.vocab_size': 0 is not from" },
	{ "vocabulary 7", KEY(".vocab_size", U32(7)), "'llama.vocab_size' is 7, but there are 8 tokens" },
	{ "vocabulary 2^31", KEY(".vocab_size", U32(2147483648.0)), "'llama.vocab_size': 2147483648 is not from" },
	{ "9 tokens", KEY("tokenizer.ggml.tokens", TEXTS("x", 9)), "'llama.vocab_size' is 8, but there are 9 tokens" },
	{ "no tokens", KEY("tokenizer.ggml.tokens", TEXTS("x", 0)), "'llama.vocab_size' is 8, but there are 0 tokens" },
	{ "tokens as integers", KEY("tokenizer.ggml.tokens", ARRAY(GGUF_U32, 1, 8)),
	  "'tokenizer.ggml.tokens': must be an array of strings" },
	{ "tokens as string", KEY("tokenizer.ggml.tokens", TEXT("x")), "'tokenizer.ggml.tokens': must be an array" },
};

static const struct model_case tensors[] = {
	{ "embedding missing", NO_TENSOR("token_embd.weight"), "tensor 'token_embd.weight' is missing" },
	{ "norm missing", NO_TENSOR("output_norm.weight"), "tensor 'output_norm.weight' is missing" },
	{ "queries missing", NO_TENSOR("blk.1.attn_q.weight"), "tensor 'blk.1.attn_q.weight' is missing" },
	{ "down missing", NO_TENSOR("blk.1.ffn_down.weight"), "tensor 'blk.1.ffn_down.weight' is missing" },
	{ "embedding of 7 tokens", TENSOR("token_embd.weight", TYPE_F32, 2, 32, 7),
	  "its shape is 32 x 7 x 1, the metadata want 32 x 8" },
	{ "output of 9 tokens", TENSOR("output.weight", TYPE_F32, 2, 32, 9), "tensor 'output.weight': its shape is 32 x 9 x 1" },
	{ "output turned", TENSOR("output.weight", TYPE_F32, 2, 8, 32), "tensor 'output.weight': its shape is 8 x 32 x 1" },
	{ "output flat", TENSOR("output.weight", TYPE_F32, 1, 256), "tensor 'output.weight': its shape is 256 x 1 x 1" },
	{ "norm of 31", TENSOR("output_norm.weight", TYPE_F32, 1, 31), "tensor 'output_norm.weight': its shape is 31 x 1 x 1" },
	{ "norm of 32 x 2", TENSOR("blk.0.attn_norm.weight", TYPE_F32, 2, 32, 2),
	  "'blk.0.attn_norm.weight': its shape is 32 x 2 x 1" },
	{ "values in three dimensions", TENSOR("blk.0.attn_v.weight", TYPE_F32, 3, 32, 16, 2), "its shape is 32 x 16 x 2" },
	{ "values in four dimensions", TENSOR("blk.0.attn_v.weight", TYPE_F32, 4, 32, 16, 1, 2),
	  "'blk.0.attn_v.weight': its shape" },
	{ "weights as integers", TENSOR("blk.0.attn_q.weight", TYPE_I32, 2, 32, 32), "weight type I32 is not supported" },
	{ "weights as doubles", TENSOR("blk.0.attn_q.weight", TYPE_F64, 2, 32, 32), "weight type F64 is not supported" },
	{ "norm as integers", TENSOR("output_norm.weight", TYPE_I8, 1, 32), "weight type I8 is not supported" },
	{ "rope factors below 0", TENSOR("rope_freqs.weight", TYPE_F32, 1, 4),
	  "tensor 'rope_freqs.weight': a factor is not above 0" },
	{ "rope factors for another head", TENSOR("rope_freqs.weight", TYPE_F32, 1, 5),
	  "'rope_freqs.weight': its shape is 5 x 1 x 1" },
	{ "norm as halves", TENSOR("output_norm.weight", TYPE_F16, 1, 32), NULL },
	{ "weights in blocks", TENSOR("blk.0.attn_q.weight", TYPE_Q4_0, 2, 32, 32), NULL },
	{ "no output matrix of its own", NO_TENSOR("output.weight"), NULL },
	{ "as it is", { .experts = false }, NULL },
	{ "as it is, with experts", { .experts = true }, NULL },
};

static struct threads *threads;

/* Opens the model and, when that works, runs a prompt row and an answer row. The name in messages is bad.gguf. */
static bool open_and_run(const struct buffer *b, bool run, struct error *e)
{
	struct file_map map;
	if (!file_map_memory(&map, b->data, b->size, "bad.gguf", e)) return false;
	struct gguf *g = gguf_open_maps(&map, 1, e);
	struct model_options options = { .max_rows = 4, .kv = KV_F16 };
	struct model *m = g ? model_open(g, &options, threads, e) : NULL;
	bool opened = m != NULL;
	if (m && run) {
		struct sequence *s = sequence_new(m, e);
		float *logits = memory_new(2, model_config(m)->n_vocab * sizeof *logits);
		const struct row rows[] = {
			{ .sequence = s, .token = 1, .kind = ROW_PROMPT, .logits = logits },
			{ .sequence = s, .token = 0, .kind = ROW_ANSWER, .logits = logits + model_config(m)->n_vocab }
		};
		if (s && logits) model_forward(m, rows, 2, e);
		memory_free(logits);
		sequence_free(s);
	}
	model_close(m);
	gguf_close(g);
	return opened;
}

static void run_cases(const struct model_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct model_case *c = &cases[i];
		struct error e = { "" };
		struct buffer b = made_model(&c->change);
		size_t before = memory_in_use();
		memory_peak_reset();
		alarm(HANG);
		bool opened = open_and_run(&b, true, &e);
		alarm(0);
		if (opened != (c->expected == NULL)) fail_msg("%s: %s", c->name, opened ? "was opened" : e.text);
		if (c->expected && (strncmp(e.text, "bad.gguf: ", 10) != 0 || !strstr(e.text, c->expected)))
			fail_msg("%s: '%s' lacks '%s'", c->name, e.text, c->expected);
		if (memory_peak() - before > b.size + ALLOWED) fail_msg("%s: %zu bytes", c->name, memory_peak() - before);
		if (memory_in_use() != before) fail_msg("%s: %zu bytes are left behind", c->name, memory_in_use() - before);
		if (made_also) {
			made_write("bad.gguf", b.data, b.size);
			made_also(c->name, made_path("bad.gguf"), opened ? NULL : e.text);
			unlink(made_path("bad.gguf"));
		}
		buffer_free(&b);
	}
}

static void hyperparameters_that_cannot_be_are_refused(void **state)
{
	(void)state;
	run_cases(hyperparameters, sizeof hyperparameters / sizeof *hyperparameters);
}

static void tensors_that_contradict_the_metadata_are_refused(void **state)
{
	(void)state;
	run_cases(tensors, sizeof tensors / sizeof *tensors);
}

/* Every byte of metadata and tensor infos bent; what is opened is run. */
static void any_byte_may_be_wrong(void **state)
{
	(void)state;
	static const uint8_t values[] = { 0, 1, 0x7f, 0xff };
	for (int experts = 0; experts < 2; experts++) {
		struct buffer b = made_model(&(struct made_change){ .experts = experts });
		size_t before = memory_in_use(), head = 0;
		for (size_t at = 0; at + 20 < b.size && head == 0;
		     at++) { /* the metadata end behind the last tensor's name and info */
			if (memcmp(b.data + at, experts ? "blk.1.ffn_down_exps." : "blk.1.ffn_down.weigh", 20) == 0) head = at + 70;
		}
		assert_true(head > 1000);
		memory_peak_reset();
		for (size_t at = 24; at < head; at++) {
			char kept = b.data[at];
			for (size_t k = 0; k < sizeof values; k++) {
				struct error e = { "" };
				b.data[at] = (char)values[k];
				if (!open_and_run(&b, true, &e)) assert_true(strncmp(e.text, "bad.gguf: ", 10) == 0);
				if (memory_in_use() != before)
					fail_msg("byte %zu: %zu bytes are left behind", at, memory_in_use() - before);
			}
			b.data[at] = kept;
		}
		assert_true(memory_peak() - before < b.size + ALLOWED);
		buffer_free(&b);
	}
}

/* Weights may be anything: what comes out is worthless then, but nothing reads or writes where it should not. */
static void weights_may_be_no_numbers(void **state)
{
	(void)state;
	static const uint32_t patterns[] = { 0xffffffff, 0x7f800000, 0xff800000, 0x7f7fffff, 0x00000001, 0x7fc00000 };
	for (int experts = 0; experts < 2; experts++) {
		struct buffer b = made_model(&(struct made_change){ .experts = experts });
		size_t data = 2 * MODEL_LAYERS * 3 * MODEL_EMBD * MODEL_FF * 4 / 2; /* the last matrices, of both layers */
		for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
			struct error e = { "" };
			for (size_t at = b.size - data; at < b.size; at += 4) made_set_u32(&b, at, patterns[i]);
			assert_true(open_and_run(&b, true, &e));
		}
		buffer_free(&b);
	}
}

static const struct model_case vocabularies[] = {
	{ "seven scores", KEY("tokenizer.ggml.scores", ARRAY(GGUF_F32, 0, 7)), "scores" },
	{ "no scores", KEY("tokenizer.ggml.scores", ARRAY(GGUF_F32, 0, 0)), "scores" },
	{ "scores as strings", KEY("tokenizer.ggml.scores", TEXTS("0", 8)), "must be an array of floats" },
	{ "scores NaN", KEY("tokenizer.ggml.scores", ARRAY(GGUF_F32, (double)NAN, 8)), "score" },
	{ "scores infinite", KEY("tokenizer.ggml.scores", ARRAY(GGUF_F32, (double)INFINITY, 8)), "score" },
	{ "nine types", KEY("tokenizer.ggml.token_type", ARRAY(GGUF_I32, 1, 9)), "token_type has 9 items for 8 tokens" },
	{ "types of 7", KEY("tokenizer.ggml.token_type", ARRAY(GGUF_I32, 7, 8)), "token 0 has type 7" },
	{ "types of -1", KEY("tokenizer.ggml.token_type", ARRAY(GGUF_I32, -1, 8)), "token 0 has type -1" },
	{ "types as floats", KEY("tokenizer.ggml.token_type", ARRAY(GGUF_F32, 1, 8)), "must be an array of integers" },
	{ "tokens not UTF-8", KEY("tokenizer.ggml.tokens", TEXTS("\xff", 8)), "token 0 is not UTF-8" },
	{ "no vocabulary's kind", KEY("tokenizer.ggml.model", ABSENT), "no tokenizer.ggml.model" },
	{ "an unknown kind", KEY("tokenizer.ggml.model", TEXT("magic")), "tokenizer model 'magic' is not in this version" },
	{ "an integer as kind", KEY("tokenizer.ggml.model", U32(1)), "'tokenizer.ggml.model': must be a string" },
	{ "BOS 8 of 8", KEY("tokenizer.ggml.bos_token_id", U32(8)), "bos_token_id is 8, but there are 8 tokens" },
	{ "EOS -2", KEY("tokenizer.ggml.eos_token_id", I32(-2)), "eos_token_id is -2, but there are 8 tokens" },
	{ "EOS as string", KEY("tokenizer.ggml.eos_token_id", TEXT("</s>")), "eos_token_id is not an integer" },
	{ "add BOS as integer", KEY("tokenizer.ggml.add_bos_token", U32(1)),
	  "'tokenizer.ggml.add_bos_token': must be true or false" },
	{ "BPE without merges", KEY("tokenizer.ggml.model", TEXT("gpt2")), ": " },
};

static void vocabularies_that_disagree_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies; i++) {
		const struct model_case *c = &vocabularies[i];
		struct error e = { "" };
		struct file_map map;
		struct buffer b = made_model(&c->change);
		size_t before = memory_in_use();
		assert_true(file_map_memory(&map, b.data, b.size, "bad.gguf", &e));
		struct gguf *g = gguf_open_maps(&map, 1, &e);
		assert_non_null(g);
		struct vocab *v = vocab_load(g, &e);
		if (v) fail_msg("%s: was loaded", c->name);
		if (strncmp(e.text, "bad.gguf: ", 10) != 0 || !strstr(e.text, c->expected))
			fail_msg("%s: '%s' lacks '%s'", c->name, e.text, c->expected);
		gguf_close(g);
		if (memory_in_use() != before) fail_msg("%s: %zu bytes are left behind", c->name, memory_in_use() - before);
		buffer_free(&b);
	}
}

static void a_context_beyond_all_bounds_is_refused(void **state)
{
	(void)state;
	struct error e = { "" };
	struct file_map map;
	struct buffer b = made_model(&(struct made_change){ .experts = false });
	assert_true(file_map_memory(&map, b.data, b.size, "bad.gguf", &e));
	struct gguf *g = gguf_open_maps(&map, 1, &e);
	static const uint32_t contexts[] = { UINT32_MAX, UINT32_MAX - 62, 1u << 31, (1u << 28) + 1 };
	for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
		struct model_options options = { .max_rows = 4, .context = contexts[i] };
		assert_null(model_open(g, &options, threads, &e));
		assert_non_null(strstr(e.text, "context"));
	}
	gguf_close(g);
	buffer_free(&b);
}

/* Whatever little memory there is, a page of positions is left, also where the trained length is no whole number of pages. */
static void a_default_context_is_never_nothing(void **state)
{
	(void)state;
	static const double trained[] = { 1, 63, 64, 65, 100, 127, 128, 1000, 100000 };
	for (size_t i = 0; i < sizeof trained / sizeof *trained; i++) {
		for (size_t memory = 0; memory < 3; memory++) {
			struct error e = { "" };
			struct file_map map;
			struct made_change change = { .key = ".context_length",
				                      .value = { .type = GGUF_U32, .number = trained[i] } };
			struct buffer b = made_model(&change);
			assert_true(file_map_memory(&map, b.data, b.size, "bad.gguf", &e));
			struct gguf *g = gguf_open_maps(&map, 1, &e);
			struct model_options options = { .max_rows = 4, .free_memory = memory };
			struct model *m = model_open(g, &options, threads, &e);
			assert_non_null(m);
			uint32_t whole = trained[i] < 8192 ? (uint32_t)trained[i] : 8192;
			assert_int_equal(model_context(m), memory == 0 || whole < 64 ? whole : 64);
			model_close(m);
			gguf_close(g);
			buffer_free(&b);
		}
	}
}

static int begin(void **state)
{
	(void)state;
	struct error e = { "" };
	threads = threads_new(2, &e);
	return threads ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	threads_free(threads);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tensors_that_contradict_the_metadata_are_refused),
		cmocka_unit_test(hyperparameters_that_cannot_be_are_refused),
		cmocka_unit_test(vocabularies_that_disagree_are_refused),
		cmocka_unit_test(any_byte_may_be_wrong),
		cmocka_unit_test(weights_may_be_no_numbers),
		cmocka_unit_test(a_context_beyond_all_bounds_is_refused),
		cmocka_unit_test(a_default_context_is_never_nothing),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
