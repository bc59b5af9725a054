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

/* A matrix with its optional bias and scale: W x * scale + bias. `weights.data` is NULL when a layer has no such projection. */
struct projection {
	struct matrix weights;
	const float *bias;  /* weights.rows, or NULL */
	const float *scale; /* one number, or NULL */
};

/* Weight NULL: the model has no such norm. */
struct norm {
	const float *weight, *bias; /* bias may be NULL */
	bool layer;                 /* LayerNorm; else RMS */
	bool separate;              /* of heads: each has a weight vector of its own */
};

/* A causal convolution of each channel by itself. */
struct convolution {
	const float *weight; /* n_channels x recurrent.n_conv, the oldest input first */
	const float *bias;   /* n_channels, or NULL */
	size_t n_channels;
};

/* Experts of one role: the first one's matrix; the others follow (matrix_at). */
struct expert_stack {
	struct matrix weights;
	const float *bias; /* [expert][weights.rows], or NULL */
	size_t rows;       /* from one expert's first to the next one's: more than weights.rows in a fused tensor */
};

struct layer_weights {
	struct norm attn_norm, attn_norm_2, ffn_norm; /* n_embd; with attn_norm_2, that one is the mixer's */
	struct norm attn_post_norm, ffn_post_norm;    /* n_embd, or none */
	struct norm q_norm, k_norm;                   /* head_k, or none */
	struct norm attn_sum_norm, ffn_sum_norm;      /* of the stream behind the sums, or none */
	struct norm attn_sum_norm_2;                  /* behind a second sum with what the layer read, or none */
	struct norm attn_sub_norm, ffn_sub_norm;      /* of what the last products of both halves read, or none */
	struct projection q, k, v, o;                 /* of attention */
	struct projection attn_gate;                  /* of its result, or none: q gives it too */
	const float *sinks;                           /* n_head, or NULL */
	const float *out_scale;                       /* the stream times this behind the layer, or NULL */
	const struct layer_input *input;              /* of the layer (model/layer_inputs.c) */
	struct norm input_post_norm;                  /* n_embd */
	const struct hyper_layer *hyper;              /* of a stream that blocks mix (model/hyper.c) */
	const struct blocks *blocks;                  /* of attention over blocks (model/blocks.c) */
	const uint32_t *experts_by_token;             /* n_vocab x n_expert_used, or NULL: the router chooses */
	const struct altup *altup;                    /* of a stream of several vectors (model/altup.c) */
	const struct latent *latent;                  /* of latent attention; its file knows the members */
	const struct mamba *mamba; /* of the layer's recurrent block, by its kind; the block's own file knows the members */
	const struct mamba2 *mamba2;
	const struct short_convolution *short_convolution;
	const struct delta_net *delta_net;
	const struct rwkv6 *rwkv6;
	const struct rwkv7 *rwkv7;
	struct projection gate, up, down;                           /* dense feed-forward block; gate may be none */
	struct projection router;                                   /* n_expert x n_embd */
	const float *router_bias;                                   /* n_expert, added for the choice alone, or NULL */
	struct expert_stack gate_experts, up_experts, down_experts; /* the gate may be none */
	const float *expert_scale;                                  /* n_expert: of what each gives, or NULL */
	struct norm router_norm, experts_norm, experts_post_norm, dense_post_norm; /* where experts stand beside a dense block */
	struct projection gate_shared, up_shared, down_shared;                     /* of the expert that every row takes */
	struct projection router_shared;                                           /* 1 x n_embd: its gate; or none */
};

struct weights {
	struct matrix embedding;          /* n_vocab x n_embd */
	struct norm embedding_norm;       /* or none */
	const float *token_type;          /* n_embd, added to every embedding, or NULL */
	struct projection head, head_out; /* of a reranker: n_embd x n_embd, and to its labels; or none (model/pooling.c) */
	struct norm head_norm;
	struct matrix dense[2];   /* what pooled vectors go through, or none */
	struct matrix positions;  /* n_context x n_embd, or none */
	struct projection output; /* n_vocab x n_embd; the matrix may be the embedding itself */
	struct norm output_norm;
	const float *rope_factors;                           /* n_rot / 2 divisors of the frequencies, or NULL */
	const float *rope_factors_long, *rope_factors_short; /* the same, by context in use */
	const struct layer_inputs *inputs;                   /* model/layer_inputs.c; NULL: none */
	const struct hyper *hyper;                           /* model/hyper.c */
	const struct altup_ends *altup;                      /* model/altup.c */
	struct layer_weights *layer;                         /* n_layer */
	size_t bytes;                                        /* of all tensors bound */
	uint64_t parameters;
};

bool weights_bind(struct weights *w, const struct gguf *file, const struct config *c, struct arena *arena, struct error *e);

#endif
