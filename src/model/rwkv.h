/* rwkv: what RWKV 6 and 7 share: the shift to the token before, the scan's shape, and the norm behind it. */
#ifndef HEARTH_MODEL_RWKV_H
#define HEARTH_MODEL_RWKV_H

#include "model/recurrent.h"

/* Reads wkv.head_size and what follows from it: n_state is a head's size, n_rank the number of heads. Layers have both halves in
 * this one block: n_inner is the width of channel mixing, and n_ff of the layers becomes 0. */
bool rwkv_configure(const struct config_source *s, struct config *c);

/* Weights that make a convolution over two positions the difference to the one before: before - now. */
bool rwkv_bind_shift(const struct weights_binder *b, struct convolution *v);

/* Floats of a layer's state: one position before for each half, and the heads' matrices. */
size_t rwkv_state_floats(const struct config *c);

/* Where a layer's parts of the state begin, in floats. */
enum rwkv_part { RWKV_TIME, RWKV_CHANNELS, RWKV_HEADS };
size_t rwkv_part_at(const struct config *c, enum rwkv_part part);

/* A new buffer with before - now of `in`. */
int rwkv_add_shift(struct plan_builder *b, const struct convolution *v, int in, enum rwkv_part part);

/* A new buffer with in + shift * (weight + more); `more` may be PLAN_NO_BUFFER. */
int rwkv_add_lerp(struct plan_builder *b, int in, int shift, const float *weight, int more, const char *name);

/* A new buffer with act(in W). */
int rwkv_add_active(struct plan_builder *b, int in, const struct projection *p, enum ops_activation activation, const char *name);
int rwkv_add_plain(struct plan_builder *b, int in, const struct projection *p, const char *name);

/* Heads of y to mean 0 and variance 1, then times weight plus bias; without weight nothing follows. */
void rwkv_norm_heads(const struct config *c, float *y, const float *weight, const float *bias);

/* Walks all heads that are this thread's: `prepare` fills a row of head `head`, with room for four vectors of n_state floats. */
typedef struct scan_row rwkv_prepare(const struct model *m, const struct step *s, size_t row, size_t head, float *room);
void rwkv_scan(const struct model *m, const struct step *s, unsigned t, unsigned count, rwkv_prepare *prepare, bool first);

static inline float *rwkv_row(const struct model *m, int buffer, size_t row)
{
	return model_buffer(m, buffer) + row * model_width(m, buffer);
}

#endif
