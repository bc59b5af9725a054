/* attention_queries: queries as whole numbers in two terms of a byte, for products with quantized keys (see nn/kernel_types.h). */
#include "nn/kernel_types.h"
#include "nn/kv_page.h"

#include <math.h>
#include <string.h>

enum { MOST_NUMBER = 127 * 128 };

/* A block of one query, whose first word is at `words`: its scale, and the sum of its numbers. */
static float split_block(const float *x, int8_t *words, int32_t *sum)
{
	float most = 0;
	for (size_t d = 0; d < KV_BLOCK; d++) most = fmaxf(most, fabsf(x[d * KV_QUERIES]));
	float inverse = most > 1e-30f && most <= 0x1.fffffep127f ? MOST_NUMBER / most : 0;
	*sum = 0;
	for (size_t d = 0; d < KV_BLOCK; d++) {
		float v = x[d * KV_QUERIES] * inverse;
		int t = v == v ? (int)lrintf(v) : 0, high = (t + 64) >> 7;
		int8_t *to = words + d / 4 * 2 * KV_QUERIES * 4 + d % 4;
		to[0] = (int8_t)high;
		to[KV_QUERIES * 4] = (int8_t)(t - high * 128);
		*sum += t;
	}
	return most / MOST_NUMBER;
}

void kernel_queries_split(const float *x, size_t length, size_t n_q, int32_t *words, float *scales, int32_t *sums)
{
	for (size_t b = 0; b < length / KV_BLOCK; b++, x += KV_BLOCK * KV_QUERIES, words += KV_BLOCK / 4 * 2 * KV_QUERIES) {
		for (size_t i = 0; i < n_q; i++) {
			size_t at = b * KV_QUERIES + i;
			scales[at] = split_block(x + i, (int8_t *)(words + i), &sums[at]);
		}
	}
}
