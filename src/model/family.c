/*
 * family: the table (see family.h). Sources: the models' own published code; checked against the golden models of each
 * architecture. Gemma's norm weights hold the +1 of its formula already in GGUF files.
 */
#include "model/family.h"

#include <string.h>

static const struct family table[] = {
	{ .architecture = "llama", .rope = ROPE_PAIRS, .activation = OPS_SILU },
	{ .architecture = "mistral3",
	  .rope = ROPE_PAIRS,
	  .activation = OPS_SILU,
	  .query_temperature = true,
	  .yarn_log_multiplier = true },
	{ .architecture = "qwen2", .rope = ROPE_HALVES, .activation = OPS_SILU },
	{ .architecture = "qwen3", .rope = ROPE_HALVES, .activation = OPS_SILU, .qk_norm = QK_NORM_HEAD },
	{ .architecture = "qwen3moe", .rope = ROPE_HALVES, .activation = OPS_SILU, .qk_norm = QK_NORM_HEAD, .experts = true },
	{ .architecture = "phi3", .rope = ROPE_HALVES, .activation = OPS_SILU, .fused_ffn = true, .ignore_window = true },
	{ .architecture = "gemma", .rope = ROPE_HALVES, .activation = OPS_GELU, .scaled_embedding = true },
	{ .architecture = "gemma2",
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .scaled_embedding = true,
	  .post_norms = true,
	  .window = 4096,
	  .window_period = 2,
	  .attention_cap = 50,
	  .logit_cap = 30,
	  .wide_head_layers = 46 },
	{ .architecture = "gemma3",
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .scaled_embedding = true,
	  .post_norms = true,
	  .qk_norm = QK_NORM_HEAD,
	  .window_period = 6,
	  .local_rope = true,
	  .local_rope_base = 10000,
	  .wide_head_layers = 62 },
	{ .architecture = "mamba", .recurrent = RECURRENT_MAMBA, .recurrent_layers = RECURRENT_EVERYWHERE },
	{ .architecture = "mamba2", .recurrent = RECURRENT_MAMBA2, .recurrent_layers = RECURRENT_EVERYWHERE },
	{ .architecture = "falcon",
	  .norm = NORM_LAYER,
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .plain_ffn = true,
	  .parallel = true },
	{ .architecture = "starcoder2", .norm = NORM_LAYER, .rope = ROPE_HALVES, .activation = OPS_GELU, .plain_ffn = true },
	{ .architecture = "gpt2",
	  .norm = NORM_LAYER,
	  .rope = ROPE_NONE,
	  .activation = OPS_GELU,
	  .plain_ffn = true,
	  .learned_positions = true },
	{ .architecture = "gptneox",
	  .norm = NORM_LAYER,
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .plain_ffn = true,
	  .parallel = true },
	{ .architecture = "bloom",
	  .norm = NORM_LAYER,
	  .rope = ROPE_NONE,
	  .activation = OPS_GELU,
	  .plain_ffn = true,
	  .alibi = 8,
	  .embedding_norm = true },
	{ .architecture = "phi2",
	  .norm = NORM_LAYER,
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .plain_ffn = true,
	  .parallel = true },
	{ .architecture = "command-r",
	  .norm = NORM_LAYER,
	  .rope = ROPE_PAIRS,
	  .activation = OPS_SILU,
	  .parallel = true,
	  .qk_norm = QK_NORM_HEADS,
	  .qk_norm_optional = true,
	  .logit_scale = true },
	{ .architecture = "cohere2",
	  .norm = NORM_LAYER,
	  .rope = ROPE_PAIRS,
	  .activation = OPS_SILU,
	  .parallel = true,
	  .window_period = 4,
	  .rope_windowed_only = true,
	  .logit_scale = true },
	{ .architecture = "nemotron", .norm = NORM_LAYER, .rope = ROPE_HALVES, .activation = OPS_RELU_SQUARED, .plain_ffn = true },
	{ .architecture = "dbrx",
	  .norm = NORM_LAYER,
	  .rope = ROPE_HALVES,
	  .activation = OPS_SILU,
	  .experts = true,
	  .clamp_qkv = true,
	  .ffn_norm = "attn_output_norm" },
	{ .architecture = "glm4", .rope = ROPE_PAIRS, .activation = OPS_SILU, .post_norms = true, .fused_ffn = true },
	{ .architecture = "stablelm",
	  .norm = NORM_LAYER,
	  .rope = ROPE_HALVES,
	  .activation = OPS_SILU,
	  .qk_norm = QK_NORM_HEADS,
	  .qk_norm_optional = true,
	  .ffn_norm_optional = true },
};

enum { COUNT = sizeof table / sizeof table[0] };

const struct family *family_find(const char *architecture, size_t length)
{
	for (size_t i = 0; i < COUNT; i++) {
		const char *name = table[i].architecture;
		if (strlen(name) == length && memcmp(name, architecture, length) == 0) return &table[i];
	}
	return NULL;
}

const char *family_nearest(const char *architecture, size_t length)
{
	size_t best = 0, most = 0;
	for (size_t i = 0; i < COUNT; i++) {
		size_t same = 0;
		while (same < length && table[i].architecture[same] == architecture[same]) same++;
		if (same > most) {
			most = same;
			best = i;
		}
	}
	return table[best].architecture;
}
