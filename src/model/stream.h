/*
 * stream: the kinds of residual streams, each in a file of its own: what layers read and add to.
 *
 * Plain: one vector. A kind says what stands between the embedding and the first layer, what a layer is, and how one vector
 * comes out at the end.
 */
#ifndef HEARTH_MODEL_STREAM_H
#define HEARTH_MODEL_STREAM_H

#include "model/plan_internal.h"
#include "model/weights_internal.h"

struct stream {
	bool (*bind)(const struct weights_binder *b); /* what it needs besides the layers' tensors; NULL: nothing */
	void (*begin)(struct plan_builder *b, int x); /* x: the embedded tokens */
	void (*layer)(struct plan_builder *b, const struct layer_weights *l, int x);
	void (*end)(struct plan_builder *b, int x); /* x: becomes what the last norm reads */
};

const struct stream *stream_of(enum stream_kind kind);

extern const struct stream stream_plain, stream_altup, stream_hyper;

/* Parts of layers, for all kinds (model/decoder.c). Where a block's result goes: x itself, or a buffer from which end_block brings
 * it there. */
struct plan_sink plan_begin_block(struct plan_builder *b, const struct norm *post_norm, int x);
void plan_end_block(struct plan_builder *b, struct plan_sink from, const struct norm *post_norm, int x);

/* x += in * factor, with a norm of it where there is one. */
void plan_add_sum(struct plan_builder *b, int in, const struct norm *norm, float factor, int x);

/* Attention alone, and the dense block or the experts, from h. */
void plan_add_attention(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out);
void plan_add_feed_forward_of(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out);

/* x += what mixes positions, from h. */
void plan_add_mixers(struct plan_builder *b, const struct layer_weights *l, int h, int x);

#endif
