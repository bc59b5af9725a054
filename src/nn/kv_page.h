/*
 * kv_page: how keys and values lie in a page, and how they come in. What attends to them is in attention.h.
 *
 * The part of a page that belongs to one layer is, head after head, the keys and then, head after head, the values. A head's part:
 *     K, plain      [head_k][64]                    dimension by dimension: a vector holds scores of neighbouring positions, which
 *                                                   need no folding, and a value of a query meets all of them
 *     V, plain      [64][head_v]                    position by position: a vector holds dimensions of the result
 * Quantized heads are filled up with zeros to whole blocks of KV_BLOCK values (rounded as in nn/format.h); for each block
 *     scales        [64] halves, one for each position
 *     K, q8_0       [8][64][4] bytes                group i of a position: its values 4i ... 4i + 3
 *     V, q8_0       [16][32][4] bytes               group i of a value: that of positions 4i ... 4i + 3
 *     K, q4_0       [4][64][4] bytes                the low halves are values 4i ... 4i + 3 and the high ones 16 more, each plus 8
 *     V, q4_0       [16][16][4] bytes               low halves are values 0 ... 15 of the block, high ones 16 ... 31, plus 8
 * so that four products of bytes are one lane of a vector whose lanes are positions, or dimensions.
 */
#ifndef HEARTH_NN_KV_PAGE_H
#define HEARTH_NN_KV_PAGE_H

#include "nn/attention.h"
#include "nn/kv_pack.h"

static inline bool kv_is_plain(enum kv_type type)
{
	return type == KV_F32 || type == KV_F16;
}

/* Values of a head as they lie in a page: quantized ones fill whole blocks. */
static inline size_t kv_kept_length(enum kv_type type, size_t head)
{
	return kv_is_plain(type) ? head : (head + KV_BLOCK - 1) / KV_BLOCK * KV_BLOCK;
}

/* Bytes of a block of all positions of a page: scales and whole numbers. */
static inline size_t kv_block_bytes(enum kv_type type)
{
	return KV_PAGE * (2 + (type == KV_Q8_0 ? KV_BLOCK : KV_BLOCK / 2));
}

/* Bytes of one position of a head. */
static inline size_t kv_row_bytes(enum kv_type type, size_t head)
{
	if (kv_is_plain(type)) return head * (type == KV_F32 ? sizeof(float) : sizeof(uint16_t));
	return kv_kept_length(type, head) / KV_BLOCK * kv_block_bytes(type) / KV_PAGE;
}

/* Where a head's keys and values lie in a layer's part of a page. */
static inline size_t kv_keys_at(const struct kv_shape *s, size_t head)
{
	return head * KV_PAGE * kv_row_bytes(s->type, s->head_k);
}

static inline size_t kv_values_at(const struct kv_shape *s, size_t head)
{
	return KV_PAGE * (s->n_heads * kv_row_bytes(s->type, s->head_k) + head * kv_row_bytes(s->type, s->head_v));
}

#endif
