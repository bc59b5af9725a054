/*
 * attention_block: the kinds of attention, each in a file of its own, like recurrent blocks (model/recurrent.h).
 *
 * A kind binds its tensors of one layer, and adds its steps to the plan: from buffer h, the normed stream, to a sink, which is the
 * stream itself, added to, or a buffer that the layer goes on with. The table stands in attention_block.c.
 */
#ifndef HEARTH_MODEL_ATTENTION_BLOCK_H
#define HEARTH_MODEL_ATTENTION_BLOCK_H

#include "model/plan_internal.h"
#include "model/weights_internal.h"

struct attention_block {
	const char *name;
	bool (*bind)(const struct weights_binder *b, uint32_t layer, struct layer_weights *l);
	void (*plan)(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out);
};

extern const struct attention_block attention_gated, attention_latent, attention_blocks;

/* Floats that a thread needs for a row's keys and values while they are put together, in bytes. */
size_t latent_scratch_bytes(const struct config *c);

/* For attention over blocks: bytes of a layer's part in a page, of keys or of finished blocks; how many positions back the latter
 * are made of; a thread's scratch. */
size_t blocks_page_bytes(const struct config *c, uint32_t layer, bool finished);
uint32_t blocks_lookback(const struct config *c, uint32_t layer);
size_t blocks_scratch_bytes(const struct config *c, uint32_t context);

const struct attention_block *attention_block(enum attention_kind kind);

/* The norms of queries and keys, as the family has them. */
bool attention_bind_norms(const struct weights_binder *b, uint32_t layer, struct layer_weights *l);

/* Attention of queries in buffer q, and the product of its result with matrix o. */
void attention_add(struct plan_builder *b, int q, const struct projection *o, struct plan_sink out);

#endif
