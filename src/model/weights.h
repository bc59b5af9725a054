/*
 * weights: a model's tensors, bound to their roles where they lie in the file.
 *
 * Every shape is compared with the config before it is used. Vectors (norms, biases) are float32 in place; in other formats they
 * are unpacked once into the arena. Fused projections become several matrices over parts of the same rows.
 */
#ifndef HEARTH_MODEL_WEIGHTS_H
#define HEARTH_MODEL_WEIGHTS_H

#include "base/arena.h"
#include "model/config.h"
#include "nn/matmul.h"

/* A matrix with its optional bias. `weights.data` is NULL when a layer has no such projection. */
struct projection {
	struct matrix weights;
	const float *bias; /* weights.rows, or NULL */
};

/* A causal convolution of each channel by itself. */
struct convolution {
	const float *weight; /* n_channels x recurrent.n_conv, the oldest input first */
	const float *bias;   /* n_channels, or NULL */
	size_t n_channels;
};

struct layer_weights {
	const float *attn_norm, *ffn_norm;           /* n_embd */
	const float *attn_post_norm, *ffn_post_norm; /* n_embd, or NULL */
	const float *q_norm, *k_norm;                /* head_k, or NULL */
	struct projection q, k, v, o;
	struct projection gate, up, down; /* without experts */
	struct projection router;         /* n_expert x n_embd */
	const struct mamba *mamba;        /* of the layer's recurrent block, by its kind; the block's own file knows the members */
	const struct mamba2 *mamba2;
	struct matrix gate_experts, up_experts, down_experts; /* the first expert's; the others follow (matrix_at) */
};

struct weights {
	struct matrix embedding; /* n_vocab x n_embd */
	struct matrix output;    /* the same, or the embedding itself */
	const float *output_norm;
	const float *rope_factors;                           /* n_rot / 2 divisors of the frequencies, or NULL */
	const float *rope_factors_long, *rope_factors_short; /* the same, by context in use */
	struct layer_weights *layer;                         /* n_layer */
	size_t bytes;                                        /* of all tensors bound */
	uint64_t parameters;
};

bool weights_bind(struct weights *w, const struct gguf *file, const struct config *c, struct arena *arena, struct error *e);

#endif
