/*
 * attention: weighted sums of values, and halves, with NEON. Scores are products along a key (float_neon.c).
 *
 * Values lie in pairs of positions; a load takes 4 dimensions of both apart. A dimension's sums over the even and over the odd
 * positions meet once a page.
 */
#include "nn/quants_neon.h"

/* 4 dimensions of a pair of positions, from value number `at` on. */
INLINE float32x4x2_t load_pairs(const void *values, size_t at, const int is_half)
{
	if (!is_half) return vld2q_f32((const float *)values + at);
	uint16x4x2_t v = vld2_u16((const uint16_t *)values + at);
	return (float32x4x2_t){ { vcvt_f32_f16(vreinterpret_f16_u16(v.val[0])), vcvt_f32_f16(vreinterpret_f16_u16(v.val[1])) } };
}

/* 4 * V dimensions, from d on, of Q queries; Q and V constants. */
INLINE void block(const void *values, size_t head_v, size_t d, const float *weights, const float *factors, size_t n_pairs,
                  float *acc, const int is_half, const int Q, const int V)
{
	float32x4_t even[4][2], odd[4][2];
#pragma GCC unroll 4
	for (int q = 0; q < 4; q++) {
#pragma GCC unroll 2
		for (int v = 0; v < 2; v++) even[q][v] = odd[q][v] = vdupq_n_f32(0);
	}
	for (size_t p = 0; p < n_pairs; p++) {
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) {
			float32x4x2_t x = load_pairs(values, (p * head_v + d + (size_t)v * 4) * 2, is_half);
#pragma GCC unroll 4
			for (int q = 0; q < Q; q++) {
				const float *w = weights + (size_t)q * KV_PAGE + 2 * p;
				even[q][v] = vfmaq_n_f32(even[q][v], x.val[0], w[0]);
				odd[q][v] = vfmaq_n_f32(odd[q][v], x.val[1], w[1]);
			}
		}
	}
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) {
			float *to = acc + (size_t)q * head_v + d + (size_t)v * 4;
			float32x4_t sum = vaddq_f32(even[q][v], odd[q][v]);
			vst1q_f32(to, vfmaq_n_f32(sum, vld1q_f32(to), factors[q]));
		}
	}
}

/* Dimension d of one query. */
static void one_dimension(const void *values, size_t head_v, size_t d, const float *weights, float factor, size_t n_pairs,
                          float *acc, const int is_half)
{
	float sum[2] = { 0, 0 };
	for (size_t p = 0; p < n_pairs; p++) {
		size_t at = (p * head_v + d) * 2;
		for (size_t i = 0; i < 2; i++) {
			float v = is_half ? half_to_float(((const uint16_t *)values)[at + i]) : ((const float *)values)[at + i];
			sum[i] += weights[2 * p + i] * v;
		}
	}
	*acc = *acc * factor + (sum[0] + sum[1]);
}

INLINE void queries(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_pairs, float *acc,
                    const int is_half, const int Q)
{
	size_t d = 0;
	for (; d + 8 <= head_v; d += 8) block(values, head_v, d, weights, factors, n_pairs, acc, is_half, Q, 2);
	for (; d + 4 <= head_v; d += 4) block(values, head_v, d, weights, factors, n_pairs, acc, is_half, Q, 1);
	for (; d < head_v; d++) {
		for (int q = 0; q < Q; q++) {
			one_dimension(values, head_v, d, weights + q * KV_PAGE, factors[q], n_pairs, acc + (size_t)q * head_v + d,
			              is_half);
		}
	}
}

INLINE void values(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                   float *acc, const int is_half)
{
	size_t n_pairs = (n_positions + 1) / 2, q = 0;
	for (; q + 4 <= n_q; q += 4)
		queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 4);
	for (; q < n_q; q++) queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 1);
}

static void values_f32(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                       float *acc)
{
	values(page, head_v, weights, factors, n_q, n_positions, acc, 0);
}

static void values_f16(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                       float *acc)
{
	values(page, head_v, weights, factors, n_q, n_positions, acc, 1);
}

static void store_half(const float *x, uint16_t *out, size_t n)
{
	const float32x4_t most = vdupq_n_f32(65504.0f), least = vdupq_n_f32(-65504.0f);
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		float32x4_t v = vld1q_f32(x + i);
		v = vbslq_f32(vcgeq_f32(v, least), v, least); /* what is no number too */
		vst1_u16(out + i, vreinterpret_u16_f16(vcvt_f16_f32(vminq_f32(v, most))));
	}
	for (; i < n; i++) out[i] = half_from_float(x[i]);
}

void attention_fill_neon(struct kernels *k)
{
	k->values[KV_F32] = values_f32;
	k->values[KV_F16] = values_f16;
	k->store_half = store_half;
}
