/*
 * kv_pack: keys and values rounded to blocks of 32, as they are stored (the definitions of Q8_0 and Q4_0 are in nn/format.h).
 */
#ifndef HEARTH_NN_KV_PACK_H
#define HEARTH_NN_KV_PACK_H

#include "nn/attention.h"

enum { KV_BLOCK = 32 };

/* Packs n values (at most KV_HEAD_MOST) as whole blocks, filled up with zeros; `type` is a quantized one. Values that are no
 * numbers become numbers; scales stay finite. */
void kv_pack(enum kv_type type, const float *x, size_t n, uint8_t *blocks);

#endif
