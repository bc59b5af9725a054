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
	  .flags = FAMILY_QUERY_TEMPERATURE | FAMILY_YARN_LOG_MULTIPLIER },
	{ .architecture = "qwen2", .rope = ROPE_HALVES, .activation = OPS_SILU },
	{ .architecture = "qwen3", .rope = ROPE_HALVES, .activation = OPS_SILU, .flags = FAMILY_QK_NORM },
	{ .architecture = "qwen3moe", .rope = ROPE_HALVES, .activation = OPS_SILU, .flags = FAMILY_QK_NORM | FAMILY_EXPERTS },
	{ .architecture = "phi3", .rope = ROPE_HALVES, .activation = OPS_SILU, .flags = FAMILY_IGNORE_WINDOW },
	{ .architecture = "gemma", .rope = ROPE_HALVES, .activation = OPS_GELU, .flags = FAMILY_SCALED_EMBEDDING },
	{ .architecture = "gemma2",
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .flags = FAMILY_SCALED_EMBEDDING | FAMILY_POST_NORMS,
	  .window = 4096,
	  .window_period = 2,
	  .attention_cap = 50,
	  .logit_cap = 30,
	  .wide_head_layers = 46 },
	{ .architecture = "gemma3",
	  .rope = ROPE_HALVES,
	  .activation = OPS_GELU,
	  .flags = FAMILY_SCALED_EMBEDDING | FAMILY_POST_NORMS | FAMILY_QK_NORM | FAMILY_LOCAL_ROPE,
	  .window_period = 6,
	  .local_rope_base = 10000,
	  .wide_head_layers = 62 },
	{ .architecture = "mamba", .recurrent = RECURRENT_MAMBA, .recurrent_layers = RECURRENT_EVERYWHERE },
	{ .architecture = "mamba2", .recurrent = RECURRENT_MAMBA2, .recurrent_layers = RECURRENT_EVERYWHERE },
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
