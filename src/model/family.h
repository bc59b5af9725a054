/*
 * family: one table row per architecture: how its blocks differ from llama's.
 *
 * A decoder layer is a mixer (attention, or what stands for it) and a feed-forward block (dense, or experts), each with a norm
 * before it and a sum into the residual stream behind it. A row says which variants apply; numbers come from the file
 * (model/config.h). A family whose variants exist is a row; a new kind of mixer is a file of its own (model/attention_block.h,
 * model/recurrent.h). Optional tensors (biases, rope frequency factors, an output matrix of its own) are taken wherever a file has
 * them.
 */
#ifndef HEARTH_MODEL_FAMILY_H
#define HEARTH_MODEL_FAMILY_H

#include "nn/ops.h"

#include <stdbool.h>
#include <stdint.h>

enum rope_kind {
	ROPE_PAIRS,  /* adjacent values turn together ("NORM") */
	ROPE_HALVES, /* value i turns with value i + n_rot / 2 ("NEOX") */
	ROPE_NONE    /* positions are known otherwise, or not at all */
};

enum norm_kind {
	NORM_RMS,  /* reads attention.layer_norm_rms_epsilon */
	NORM_LAYER /* reads attention.layer_norm_epsilon; with a bias where the file has one */
};

/* Norms of queries and keys. */
enum qk_norm {
	QK_NORM_NONE,
	QK_NORM_HEAD,  /* of each head, one weight vector for all heads */
	QK_NORM_HEADS, /* of each head, with weights of its own */
	QK_NORM_WHOLE  /* of all heads as one vector */
};

/* How a layer looks back at other positions (model/attention_block.h). */
enum attention_kind {
	ATTENTION_PLAIN,
	ATTENTION_GATED,  /* its result times a gate */
	ATTENTION_LATENT, /* over compressed keys and values */
	ATTENTION_BLOCKS, /* over a window and compressed blocks of positions */
	ATTENTION_KINDS
};

/* Blocks that carry a state from position to position instead of looking back at keys and values. */
enum recurrent_kind {
	RECURRENT_NONE,
	RECURRENT_MAMBA,             /* selective scan, a state of n_state values for each channel */
	RECURRENT_MAMBA2,            /* one decay for each head */
	RECURRENT_PLAMO2,            /* the same, with decays, keys and reads made as in Mamba */
	RECURRENT_SHORT_CONVOLUTION, /* nothing but the inputs of a gated convolution */
	RECURRENT_DELTA_NET,         /* gated delta rule */
	RECURRENT_KIMI_DELTA,        /* the same with a decay for each key */
	RECURRENT_RWKV6,
	RECURRENT_RWKV7,
	RECURRENT_KINDS
};

/* Which layers have the family's recurrent block. */
enum recurrent_layers {
	RECURRENT_EVERYWHERE, /* all, and none has attention */
	RECURRENT_BESIDE,     /* all, beside attention */
	RECURRENT_PERIOD, /* those that attention.recurrent_layers names; without it all but every full_attention_interval-th (4) */
	RECURRENT_WITHOUT_KEYS, /* those whose attention.head_count_kv is 0; with an array of feed_forward_length, of them those
	                           without feed-forward */
};

/* The width of the expert that every row takes beside the chosen ones. */
enum shared_expert {
	SHARED_BY_COUNT, /* expert_shared_count times expert_feed_forward_length */
	SHARED_OPTIONAL, /* the same; a layer without the tensors adds the activation of its input */
	SHARED_BY_WIDTH, /* expert_shared_feed_forward_length; none where the file has no such key */
	SHARED_ALWAYS,   /* the same, but feed_forward_length where the file has no such key */
	SHARED_ONE       /* expert_feed_forward_length */
};

/* How router logits become weights; the numbers are those of the key expert_gating_func. */
enum expert_gating {
	GATING_SOFTMAX = 1,       /* over all experts */
	GATING_SIGMOID = 2,       /* of each */
	GATING_ROOT_SOFTPLUS = 4, /* sqrt(ln(1 + exp)) of each */
	GATING_SOFTMAX_CHOSEN = 3 /* over those that were chosen by their logits */
};

/* What layers read and add to (model/stream.h). */
enum stream_kind {
	STREAM_PLAIN,
	STREAM_ALTUP, /* several vectors, of which each layer computes one and predicts the others */
	STREAM_HYPER, /* several vectors that each block mixes by weights of its own */
	STREAM_KINDS
};

struct family {
	const char *architecture; /* general.architecture */
	enum rope_kind rope;
	enum norm_kind norm;
	enum ops_activation activation;

	/* the shape of a layer */
	bool no_pre_norms; /* mixer and feed-forward read the stream as it is */
	bool post_norms;   /* norms behind mixer and feed-forward, before the sums */
	bool parallel;     /* mixer and feed-forward read the same stream, and both are added; use_parallel_residual overrides */
	bool plain_ffn;    /* feed-forward without a gate: down(act(up)) */
	bool fused_ffn;    /* gate and up in one tensor, the gate first */
	bool sub_norms;    /* norms before the last product of attention and of feed-forward */
	bool xielu;        /* the activation is xIELU, with numbers of each layer in the file (model/xielu.c) */
	bool ffn_norm_optional;  /* a layer without one is parallel */
	bool sum_norms;          /* norms of the stream behind each sum: attn_output_norm, layer_output_norm */
	bool attn_norm_optional; /* a layer without one reads the stream as it is */
	bool bare_norms;         /* norms of the stream have no weights, and the file no tensors for them */
	bool half_ffn;           /* feed_forward_length counts gate and up together */
	const char *ffn_norm;    /* the name of the norm before the feed-forward block; NULL: ffn_norm */
	const char *output_norm; /* the name of the norm behind the last layer; NULL: output_norm.weight */

	enum stream_kind stream;
	bool out_scale;       /* a layer's result times layer_output_scale, where there is one */
	uint32_t layer_input; /* default of embedding_length_per_layer_input */
	bool layer_inputs;    /* reads it */

	bool gaps; /* a layer may have no attention, or no feed-forward block */

	/* what mixes positions */
	enum attention_kind attention;
	enum recurrent_kind recurrent;
	enum recurrent_layers recurrent_layers;
	bool keys_in_turn; /* of delta nets: value head h reads key head h % n of n; else heads of values are shared out in blocks
	                    */
	enum qk_norm qk_norm;
	bool qk_norm_last;      /* behind rope; else before it */
	bool qk_norm_optional;  /* else the tensors must be there */
	bool sinks;             /* logits that take part in the softmax without a value */
	bool value_norm;        /* RMS norm of each value head, without weights */
	bool keys_as_values;    /* layers without attn_v take the keys before their norm */
	bool unit_qk;           /* heads of queries and keys are normed behind rope, without weights, where they turn */
	uint32_t unit_qk_not;   /* not in models of that many experts */
	bool unit_scores;       /* scores are not scaled */
	bool scores_by_size;    /* scores are divided by the head size in place of its root */
	bool scores_key;        /* reads attention.scale */
	bool window_heads;      /* windowed layers have head sizes of their own */
	bool shared_kv;         /* the last attention.shared_kv_layers layers read keys and values of earlier ones */
	uint32_t kv_layers;     /* the same: layers with keys and values of their own, where the family fixes it; 0: it does not */
	bool clamp_qkv;         /* reads attention.clamp_kqv */
	float alibi;            /* biases of scores by distance: the greatest; 0: none */
	bool alibi_key;         /* reads attention.max_alibi_bias */
	uint32_t alibi_layers;  /* models of another number of layers have no biases; 0: any */
	bool ignore_window;     /* attention.sliding_window has no effect */
	bool every_window;      /* every layer has the window */
	uint32_t window;        /* its default; 0: none */
	uint32_t window_period; /* layer i has the window unless i % period == period - 1; 0: every layer has it */
	bool window_last;       /* the same, unless i % period == 0 */
	uint32_t window_fixed;  /* what counts in place of a window that the file states; 0: what it states */
	uint32_t window_layers; /* models of another number of layers have no window; 0: any */
	bool chunks;            /* a window does not slide: a row sees what is in its own stretch of that many positions */
	float attention_cap;    /* default of attn_logit_softcapping; 0: none, and the key has no effect */
	float logit_cap;        /* 0: none */
	bool logit_cap_key;     /* reads final_logit_softcapping */
	uint32_t wide_head_layers; /* a model of that many layers scales scores by 1/sqrt(n_embd / n_head) in place of the head size
	                            */
	bool query_temperature;    /* queries times 1 + scale ln(1 + floor(position / length)) */
	bool unturned_temperature; /* the same with scale 0.1 and the window for length, of positions counted from 1, where a
	                              layer does not turn */

	/* rope */
	bool yarn_scores;         /* YaRN's growth of attention is in the scale of scores (config_latent.c) */
	bool yarn_log_multiplier; /* reads rope.scaling.yarn_log_multiplier */
	bool local_rope;          /* windowed layers turn with a base of their own and without scaling */
	float local_rope_base;    /* its default; 0: that of the others */
	bool local_rope_fixed;    /* rope.freq_base_swa has no effect */
	bool local_rope_scaled;   /* scaled as the others */
	bool rope_windowed_only;  /* layers without a window do not turn, where others have one */
	bool rope_switch;         /* rope.scaling.finetuned = false: no layer turns */
	bool rope_alpha;          /* reads rope.scaling.alpha: the base times alpha to the power of d / (d - 2), d a head's size */
	uint32_t rope_layers;     /* models of another number of layers do not turn; 0: any */
	uint32_t unturned_period; /* layer i does not turn where i % period == period - 1; 0: all do */
	bool unturned_first;      /* the same where i % period == 0, in models with windows and more than one period */

	/* both ends */
	bool encoder; /* a text is read as a whole, each position sees all others; attention.causal overrides */
	bool no_output_norm;
	bool head_activation;   /* a reranker's head has the family's activation; else tanh */
	bool dense_modules;     /* reads dense_2_feat_out and dense_3_feat_out: pooled vectors go through two matrices */
	bool softmax_labels;    /* a reranker's labels go through a softmax */
	bool token_types;       /* row 0 of token_types is added to the embeddings, where the file has it */
	bool scaled_embedding;  /* embeddings times sqrt(n_embd) */
	bool embedding_norm;    /* a norm behind the embeddings: token_embd_norm */
	bool learned_positions; /* a vector for each position is added: position_embd */
	float embedding_factor; /* embeddings times this; 0: none */
	float residual_depth;   /* what is added to the stream times this / sqrt(n_layer); 0: none */
	float logit_base;       /* logits times this / n_embd; 0: none */
	bool logit_scale;       /* logits times the key logit_scale */
	bool scales;            /* embedding_scale, residual_scale, attention.scale; logits divided by logit_scale */
	bool scales_guessed;    /* 12, 1.4 / sqrt(n_layer), 256 / n_embd where the file has none; and no attention.scale */

	/* experts; a file may have them without any of these */
	bool experts;       /* every layer behind the leading dense ones must have them */
	bool experts_found; /* a layer has them where it has their router: ffn_gate_inp */
	bool experts_keys;  /* reads expert_gating_func, expert_weights_norm and expert_weights_scale */
	bool gating_key;    /* reads expert_gating_func alone */
	bool experts_split; /* default of expert_feed_forward_length: feed_forward_length / expert_used_count */
	bool experts_every; /* reads moe_every_n_layers: layer i has them where i % n == 1 */
	bool experts_step;  /* reads interleave_moe_layer_step: layers between are dense */
	bool early_router;  /* the router reads the stream before the mixer */
	bool early_weights; /* what experts read is weighted in place of what they give */
	enum shared_expert shared;
	bool shared_gate;          /* the shared expert's result times the sigmoid of a product of its input */
	enum expert_gating gating; /* the default; 0: softmax */
	bool side_experts;         /* layers with a router have experts beside the dense block */
	bool experts_raw;          /* default: the chosen experts' weights are not made to sum up to 1 */
	bool skip_tail;            /* the last nextn_predict_layers layers guess ahead: they are left out */
	float gate_limit, up_plus; /* of experts: gates at most, |up| at most limit; up + up_plus. 0: none */
};

/* The row of that name; NULL: not supported. */
const struct family *family_find(const char *architecture, size_t length);

/* The architecture in the table whose name begins most like this one: for messages. */
const char *family_nearest(const char *architecture, size_t length);

#endif
