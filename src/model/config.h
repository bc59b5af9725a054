/*
 * config: what a file's metadata say about its model, as plain checked numbers.
 *
 * config_read takes nothing on trust: each number has a range, numbers that depend on each other are compared, and arrays with a
 * value for each layer must have one for each layer. Shapes of tensors are compared with the result by model/weights.
 */
#ifndef HEARTH_MODEL_CONFIG_H
#define HEARTH_MODEL_CONFIG_H

#include "base/error.h"
#include "format/gguf.h"
#include "model/family.h"

#include <stdint.h>

enum { CONFIG_MAX_LAYERS = 1024 };

enum rope_scaling { ROPE_PLAIN, ROPE_LINEAR, ROPE_YARN, ROPE_LONG };

struct config_layer {
	uint32_t n_head, n_head_kv; /* of queries; of keys and values, a divisor of it; 0: no attention in this layer */
	uint32_t n_ff;              /* width of the feed-forward block; 0: none in this layer */
	bool windowed;
	enum recurrent_kind recurrent; /* block that stands in place of attention, or beside it */
};

/* Sizes of recurrent blocks. */
struct config_recurrent {
	uint32_t n_conv;  /* inputs of the convolution: those of this position and of n_conv - 1 before it */
	uint32_t n_inner; /* channels of the block */
	uint32_t n_state; /* values of state for each channel */
	uint32_t n_rank;  /* of the time steps: their low rank */
	uint32_t n_group;
};

struct config {
	const struct family *family;
	uint32_t n_vocab, n_embd, n_layer;
	uint32_t head_k, head_v; /* sizes of a key and a value head */
	uint32_t n_rot;          /* values of a head that turn; even, at most head_k */
	uint32_t n_context;      /* positions it was trained with */
	float norm_eps;
	float embedding_scale;          /* 1: none */
	float attention_scale;          /* of scores */
	float attention_cap, logit_cap; /* soft caps; 0: none */
	uint32_t window;                /* of windowed layers */

	float rope_base, rope_base_local;
	enum rope_scaling rope_scaling;
	float rope_factor;         /* positions are this many times denser; 1: none */
	uint32_t original_context; /* before scaling */
	float yarn_beta_fast, yarn_beta_slow, yarn_log_multiplier;
	float rope_magnitude;    /* rope.scaling.attn_factor; 1: none */
	float temperature_scale; /* 0: none */

	uint32_t n_expert, n_expert_used, n_ff_expert; /* 0: no experts */
	float expert_scale;                            /* of the chosen experts' weights; 1: none */

	struct config_recurrent recurrent;

	struct config_layer layer[CONFIG_MAX_LAYERS];
};

/* Reads and checks. On failure one line that names the file and the key. */
bool config_read(struct config *c, const struct gguf *file, struct error *e);

#endif
