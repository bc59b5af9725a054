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

/* The numbers are those of the key pooling_type. */
enum pooling {
	POOLING_NONE, /* nothing is said */
	POOLING_MEAN,
	POOLING_CLS, /* the first position */
	POOLING_LAST,
	POOLING_RANK /* a score: the first or last position through a head of its own */
};

/* The tables of angles that layers turn with. */
enum rope_set {
	ROPE_GLOBAL,
	ROPE_LOCAL, /* of windowed layers, where they have their own */
	ROPE_SETS,
	ROPE_UNTURNED = ROPE_SETS /* of a layer that does not turn */
};

struct config_layer {
	uint32_t n_head, n_head_kv; /* of queries; of keys and values, a divisor of it; 0: no attention in this layer */
	uint32_t head_k, head_v;    /* sizes of a key and a value head */
	uint32_t kv_from;           /* the layer whose keys and values it reads: itself or an earlier one */
	uint32_t window;            /* positions that a row sees; 0: all */
	enum rope_set rope;
	uint32_t block_ratio;                /* positions of a block (blocks.c); 0: it has none */
	float gate_limit, gate_limit_shared; /* of experts: gates at most, |up| at most this; of the shared one; 0: none */
	uint32_t n_ff;                       /* width of the dense feed-forward block; 0: none in this layer */
	bool experts;                        /* has experts in its place */
	enum recurrent_kind recurrent;       /* block that stands in place of attention, or beside it */
	struct xielu xielu;                  /* of families that have it */
};

/* Whether the layer looks at other positions at all: some are nothing but a feed-forward block. */
static inline bool config_mixes(const struct config_layer *l)
{
	return l->n_head_kv || l->recurrent;
}

/* Sizes of recurrent blocks. */
struct config_recurrent {
	uint32_t n_conv;  /* inputs of the convolution: those of this position and of n_conv - 1 before it */
	uint32_t n_inner; /* channels of the block */
	uint32_t n_state; /* values of state for each channel */
	uint32_t n_rank;  /* of the time steps: their low rank; where a state is a head's, the number of heads */
	uint32_t n_group;
	bool bare_norms;                         /* Mamba's steps, keys and reads are normed, with weights where a file has them */
	uint32_t n_mix, n_decay, n_rate, n_gate; /* of RWKV: the ranks of what is mixed anew for each row */
	uint32_t rescale;                        /* of RWKV 6: every so many layers the stream is halved; 0: never */
};

struct config_experts {
	uint32_t n, n_used, n_ff;         /* n is 0: no experts */
	uint32_t n_ff_shared;             /* width of the one that every row takes; 0: none */
	uint32_t n_groups, n_groups_used; /* experts are chosen from the best groups alone; 1 and 1: all are one group */
	enum expert_gating gating;
	bool normalized; /* the chosen ones' weights sum up to 1, before `scale` */
	float scale;     /* of the weights; 1: none */
	float up_plus;   /* see struct family */
};

/* Numbers of latent attention. */
struct config_latent {
	uint32_t n_query, n_keys; /* ranks of the compressed queries (0: not compressed) and keys and values */
	uint32_t head_k, head_v;  /* of a query's head when unpacked; of a value's */
	uint32_t n_rot;           /* of head_k the last ones, which turn, and are the same in the keys of all heads */
	bool absorbed;            /* what is compressed is kept, one head for all; else keys and values of each head are */
};

/* Numbers of attention over blocks. */
struct config_blocks {
	uint32_t n_query;                             /* rank of the queries */
	uint32_t n_index_heads, index_size, n_chosen; /* of the index; blocks that it chooses */
	uint32_t n_groups, n_output;                  /* groups of heads; rank of a group's output */
	uint32_t n_by_token;                          /* first layers whose experts are chosen by the token */
};

/* Positions of a block: of those that an index chooses from, and of those that all are seen. */
enum { BLOCKS_INDEXED = 4, BLOCKS_WIDE = 128 };

/* Numbers of a stream that blocks mix. */
enum { HYPER_MOST_VECTORS = 8 };
struct config_hyper {
	uint32_t n_vectors, n_iterations;
	float epsilon;
};

struct config {
	const struct family *family;
	uint32_t n_vocab, n_embd;
	uint32_t n_layer, n_blocks; /* layers that are computed; those in the file, of which the last may be left out */
	uint32_t n_context;         /* positions it was trained with */
	bool parallel;              /* see struct family */
	bool whole;                 /* every position sees all others of its text: an encoder, which gives no logits */
	enum pooling pooling;       /* how a text's positions become one vector */
	uint32_t n_dense[2];        /* outputs of the matrices behind the pooling; 0: none */
	float norm_eps;
	float embedding_scale;          /* 1: none */
	float residual_scale;           /* of what is added to the stream; 1: none */
	float logit_scale;              /* 1: none */
	float attention_scale;          /* of scores */
	float attention_cap, logit_cap; /* soft caps; 0: none */
	uint32_t n_layer_input;         /* values of the token's input to each layer; 0: none */
	float clamp_qkv;                /* 0: none */
	bool unit_qk;                   /* see struct family */
	float alibi;                    /* greatest bias by distance; 0: none */

	uint32_t n_rot[ROPE_SETS]; /* values of a head that turn; even, at most head_k */
	float rope_base[ROPE_SETS];
	enum rope_scaling rope_scaling;
	float rope_factor;         /* positions are this many times denser; 1: none */
	uint32_t original_context; /* before scaling */
	float yarn_beta_fast, yarn_beta_slow, yarn_log_multiplier;
	float rope_magnitude;        /* rope.scaling.attn_factor; 1: none */
	float temperature_scale;     /* 0: none */
	uint32_t temperature_length; /* positions from one step of it to the next */
	uint32_t temperature_first;  /* the number of the first position */

	struct config_experts experts;
	struct config_latent latent;
	struct config_blocks blocks;
	struct config_hyper hyper;
	struct config_recurrent recurrent;

	struct config_layer layer[CONFIG_MAX_LAYERS];
};

/* Reads and checks. On failure one line that names the file and the key. */
bool config_read(struct config *c, const struct gguf *file, struct error *e);

#endif
