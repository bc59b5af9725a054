/*
 * recurrent: blocks that carry a state from position to position, in place of attention or beside it.
 *
 * A kind of block is a row of functions: what it reads of the metadata, which tensors it has, how much state it keeps, the steps
 * of the plan that it is made of, and those of their works that no other block has. Common to them is the convolution over the
 * last few positions, whose state is the inputs that the next row still needs.
 *
 * The rows of a batch are put in timelines (model_internal.h): one for each sequence, cut in segments. A segment begins with the
 * state that the one before left and writes its own, so that a state in the middle of a batch can be kept. Threads share the
 * work of such a step by channels or heads, never by rows, and one thread walks all segments of its part: no barrier is needed
 * between them, and bits depend on no cut.
 */
#ifndef HEARTH_MODEL_RECURRENT_H
#define HEARTH_MODEL_RECURRENT_H

#include "model/config_internal.h"
#include "model/model_internal.h"
#include "model/plan_internal.h"
#include "model/weights_internal.h"
#include "nn/scan.h"

enum { MAMBA2_MOST_HEAD = 512 };

struct recurrent_block {
	const char *name;
	/* Reads and checks the block's sizes into c->recurrent; the layers are marked already. */
	bool (*configure)(const struct config_source *s, struct config *c);
	bool (*bind)(const struct weights_binder *b, uint32_t layer, struct layer_weights *l);
	/* Floats of state that a layer keeps. */
	size_t (*state_floats)(const struct config *c);
	/* Adds the steps from h, the normed stream, to where the result goes. */
	void (*plan)(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out);
	/* The work of STEP_SCAN_INPUTS and STEP_SCAN_OUTPUTS on rows [first, last), and thread `t`'s share of STEP_SCAN. NULL: the
	 * block has no such step. */
	void (*inputs)(const struct model *m, const struct step *s, size_t first, size_t last);
	void (*outputs)(const struct model *m, const struct step *s, size_t first, size_t last);
	void (*scan)(const struct model *m, const struct step *s, unsigned t, unsigned count);
};

/* The block of a kind other than RECURRENT_NONE. */
const struct recurrent_block *recurrent_block(enum recurrent_kind kind);

/* The block of a step's layer. */
static inline const struct recurrent_block *recurrent_block_of(const struct model *m, const struct step *s)
{
	return recurrent_block(m->config.layer[s->layer].recurrent);
}

/* The sizes that Mamba and what came after it share. */
bool recurrent_configure_scan(const struct config_source *s, struct config *c);

/* The weights of a causal convolution: out[c] = bias[c] + sum over i of weight[c * n + i] * in[n - 1 - i positions before][c]. */
bool recurrent_bind_convolution(const struct weights_binder *b, uint32_t layer, const char *role, size_t n_channels,
                                struct convolution *v);
/* Floats of state: the inputs of the n - 1 positions before, oldest first. */
size_t recurrent_convolution_floats(const struct config *c, size_t n_channels);
/* Adds STEP_CONVOLUTION; `state`: where its part begins in the layer's state, in floats; with `silu` the activation follows. */
void recurrent_add_convolution(struct plan_builder *b, const struct convolution *v, int in, int out, size_t state, bool silu);

/* The segment's part of n floats at `offset` of the layer's state, where its rows leave it, holding what was before them. */
float *recurrent_take_state(const struct model *m, const struct step *s, const struct segment *g, size_t offset, size_t n);

/* Row `i` of the segment, in a buffer. */
static inline float *recurrent_row(const struct model *m, const struct segment *g, uint32_t i, int buffer)
{
	return model_buffer(m, buffer) + m->order[g->first + i] * model_width(m, buffer);
}

/* ln(1 + exp(x)), x itself where that is all of it. */
float recurrent_softplus(float x);

extern const struct recurrent_block recurrent_mamba, recurrent_mamba2, recurrent_plamo2, recurrent_short_convolution,
        recurrent_delta_net, recurrent_kimi_delta, recurrent_rwkv6, recurrent_rwkv7;

#endif
