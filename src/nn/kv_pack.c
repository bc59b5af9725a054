/* kv_pack: the rounding of keys and values to blocks (see kv_pack.h). */
#include "nn/kv_pack.h"

#include "nn/float16.h"
#include "nn/kernel_types.h"

#include <string.h>

enum { MOST_BLOCKS = KV_HEAD_MOST / KV_BLOCK };

static void put_half(uint8_t *p, float x)
{
	uint16_t half = half_from_float(x);
	memcpy(p, &half, sizeof half);
}

/* The 8-bit form that activations have too, each block behind its scale. */
static void pack_q8_0(const float *x, size_t n_blocks, uint8_t *blocks)
{
	int8_t q[KV_HEAD_MOST];
	float scales[MOST_BLOCKS];
	int16_t sums[2 * MOST_BLOCKS];
	kernels_chosen->quantize(x, n_blocks * KV_BLOCK, q, scales, sums);
	for (size_t b = 0; b < n_blocks; b++, blocks += 2 + KV_BLOCK) {
		put_half(blocks, scales[b]);
		memcpy(blocks + 2, q + b * KV_BLOCK, KV_BLOCK);
	}
}

/* The value of the largest magnitude becomes -8; the others are rounded to -8 ... 7 steps. */
static void pack_q4_0(const float *x, uint8_t *block)
{
	float most = 0, largest = 0;
	for (size_t i = 0; i < KV_BLOCK; i++) {
		float size = x[i] < 0 ? -x[i] : x[i];
		if (!(size > most)) continue;
		most = size;
		largest = x[i];
	}
	if (most > 8 * 65504.0f) largest = largest < 0 ? -8 * 65504.0f : 8 * 65504.0f;
	uint16_t half = half_from_float(largest / -8);
	float scale = half_to_float(half), inverse = scale != 0 ? 1 / scale : 0;
	memcpy(block, &half, sizeof half);
	for (size_t i = 0; i < KV_BLOCK / 2; i++) {
		uint8_t pair[2];
		for (size_t k = 0; k < 2; k++) {
			float v = x[i + k * KV_BLOCK / 2] * inverse + 8.5f;
			if (!(v > 0)) v = 0;
			pair[k] = (uint8_t)(v < 15 ? v : 15);
		}
		block[2 + i] = (uint8_t)(pair[0] | pair[1] << 4);
	}
}

void kv_pack(enum kv_type type, const float *x, size_t n, uint8_t *blocks)
{
	float whole[KV_HEAD_MOST];
	size_t n_blocks = (n + KV_BLOCK - 1) / KV_BLOCK;
	if (n % KV_BLOCK != 0) {
		memcpy(whole, x, n * sizeof *x);
		memset(whole + n, 0, (n_blocks * KV_BLOCK - n) * sizeof *x);
		x = whole;
	}
	if (type == KV_Q8_0) {
		pack_q8_0(x, n_blocks, blocks);
		return;
	}
	for (size_t b = 0; b < n_blocks; b++) pack_q4_0(x + b * KV_BLOCK, blocks + b * (2 + KV_BLOCK / 2));
}
