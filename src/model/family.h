/*
 * family: one table row per architecture: how its blocks differ from llama's.
 *
 * A decoder layer is: norm, attention, (norm,) residual sum, norm, feed-forward or experts, (norm,) residual sum. A row says which
 * variants apply; numbers come from the file (model/config.h). A family whose variants exist is a row; optional tensors
 * (biases, rope frequency factors, fused projections, an output matrix of its own) are taken wherever a file has them.
 */
#ifndef HEARTH_MODEL_FAMILY_H
#define HEARTH_MODEL_FAMILY_H

#include "nn/ops.h"

#include <stdint.h>

enum rope_kind {
	ROPE_PAIRS, /* adjacent values turn together ("NORM") */
	ROPE_HALVES /* value i turns with value i + n_rot / 2 ("NEOX") */
};

enum family_flags {
	FAMILY_QK_NORM = 1,              /* RMS norm of each query and key head before rope; the tensors must be there */
	FAMILY_POST_NORMS = 2,           /* norms behind attention and behind feed-forward, before the residual sums */
	FAMILY_SCALED_EMBEDDING = 4,     /* embeddings times sqrt(n_embd) */
	FAMILY_EXPERTS = 8,              /* every layer has experts; without the flag a file may have them and need not */
	FAMILY_QUERY_TEMPERATURE = 16,   /* queries times 1 + scale ln(1 + floor(position / original context)) */
	FAMILY_YARN_LOG_MULTIPLIER = 32, /* reads rope.scaling.yarn_log_multiplier */
	FAMILY_IGNORE_WINDOW = 64,       /* attention.sliding_window has no effect */
	FAMILY_LOCAL_ROPE = 128          /* windowed layers turn with a base of their own and without scaling */
};

/* Blocks that carry a state from position to position instead of looking back at keys and values. */
enum recurrent_kind {
	RECURRENT_NONE,
	RECURRENT_MAMBA, /* selective scan, a state of n_state values for each channel */
	RECURRENT_MAMBA2 /* one decay for each head */
};

/* Which layers have the family's recurrent block. */
enum recurrent_layers {
	RECURRENT_EVERYWHERE,   /* all, and none has attention */
	RECURRENT_WITHOUT_KEYS, /* those whose attention.head_count_kv is 0; with an array of feed_forward_length, of them those
	                           without feed-forward */
};

struct family {
	const char *architecture; /* general.architecture */
	enum rope_kind rope;
	enum ops_activation activation;
	uint32_t flags;         /* enum family_flags */
	uint32_t window;        /* default of attention.sliding_window; 0: none */
	uint32_t window_period; /* layer i has the window unless i % period == period - 1; 0: every layer has it */
	float attention_cap;    /* defaults of the soft caps; 0: none */
	float logit_cap;
	enum recurrent_kind recurrent;
	enum recurrent_layers recurrent_layers;
	float local_rope_base;     /* with FAMILY_LOCAL_ROPE */
	uint32_t wide_head_layers; /* a model of that many layers scales scores by 1/sqrt(n_embd / n_head) in place of the head size
	                            */
};

/* The row of that name; NULL: not supported. */
const struct family *family_find(const char *architecture, size_t length);

/* The architecture in the table whose name begins most like this one: for messages. */
const char *family_nearest(const char *architecture, size_t length);

#endif
