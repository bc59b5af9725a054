/*
 * attention: weighted sums of values with AVX-512; see attention_avx2.c. A vector holds 8 dimensions of a pair of positions.
 */
#include "nn/kernel_types.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* Up to 8 dimensions of a pair of positions: the elements that the mask names. */
INLINE __m512 load_pairs(const void *values, size_t at, __mmask16 mask, const int is_half)
{
	if (!is_half) return _mm512_maskz_loadu_ps(mask, (const float *)values + at);
	return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, (const uint16_t *)values + at));
}

/* acc = acc * factor + sum, up to 8 dimensions, from lanes (even, odd) x 8. */
INLINE void finish(float *acc, float factor, __m512 sum, __mmask8 mask)
{
	const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 0, 0, 0, 0, 0, 0, 0, 0);
	__m512 both = _mm512_add_ps(sum, _mm512_permute_ps(sum, 0xb1));
	__m256 v = _mm512_castps512_ps256(_mm512_permutexvar_ps(even, both));
	v = _mm256_fmadd_ps(_mm256_maskz_loadu_ps(mask, acc), _mm256_set1_ps(factor), v);
	_mm256_mask_storeu_ps(acc, mask, v);
}

/* `dims` dimensions, at most 8 * V, of Q queries; Q and V constants. */
INLINE void block(const void *values, size_t head_v, size_t dims, const float *weights, const float *factors, size_t n_pairs,
                  float *acc, const int is_half, const int Q, const int V)
{
	const uint32_t last = dims >= 8 * (size_t)V ? 0xff : (1u << (dims - 8 * ((size_t)V - 1))) - 1;
	const __mmask16 wide = V == 1 ? (__mmask16)_pdep_u32(last, 0x5555) * 3 : 0xffff;
	__m512 sum[4][4];
#pragma GCC unroll 4
	for (int q = 0; q < 4; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < 4; v++) sum[q][v] = _mm512_setzero_ps();
	}
	for (size_t p = 0; p < n_pairs; p++) {
		__m512 w[4];
#pragma GCC unroll 4
		for (int q = 0; q < Q; q++) {
			double pair;
			__builtin_memcpy(&pair, weights + q * KV_PAGE + 2 * p, sizeof pair);
			w[q] = _mm512_castpd_ps(_mm512_set1_pd(pair));
		}
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m512 x = load_pairs(values, p * head_v * 2 + (size_t)v * 16, wide, is_half);
#pragma GCC unroll 4
			for (int q = 0; q < Q; q++) sum[q][v] = _mm512_fmadd_ps(w[q], x, sum[q][v]);
		}
	}
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			finish(acc + (size_t)q * head_v + v * 8, factors[q], sum[q][v], V == 1 ? (__mmask8)last : 0xff);
		}
	}
}

/* Q queries. */
INLINE void queries(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_pairs, float *acc,
                    const int is_half, const int Q)
{
	const size_t pair = is_half ? 4 : 8; /* bytes of one dimension of two positions */
	size_t d = 0;
	for (; d + 32 <= head_v; d += 32) {
		block((const uint8_t *)values + d * pair, head_v, 32, weights, factors, n_pairs, acc + d, is_half, Q, 4);
	}
	for (; d < head_v; d += 8) {
		size_t dims = head_v - d < 8 ? head_v - d : 8;
		block((const uint8_t *)values + d * pair, head_v, dims, weights, factors, n_pairs, acc + d, is_half, Q, 1);
	}
}

INLINE void values(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                   float *acc, const int is_half)
{
	size_t n_pairs = (n_positions + 1) / 2, q = 0;
	for (; q + 4 <= n_q; q += 4)
		queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 4);
	for (; q + 2 <= n_q; q += 2)
		queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 2);
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

/* 16 * V dimensions of Q queries from values by position, the last 16 by the mask; Q and V constants. */
INLINE void row_block(const float *values, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                      float *acc, __mmask16 mask, const int Q, const int V)
{
	__m512 sum[4][4];
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) sum[q][v] = _mm512_setzero_ps();
	}
	for (size_t p = 0; p < n_positions; p++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m512 x = _mm512_maskz_loadu_ps(v + 1 < V ? 0xffff : mask, values + p * head_v + (size_t)v * 16);
#pragma GCC unroll 4
			for (int q = 0; q < Q; q++)
				sum[q][v] = _mm512_fmadd_ps(_mm512_set1_ps(weights[(size_t)q * KV_PAGE + p]), x, sum[q][v]);
		}
	}
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__mmask16 m = (__mmask16)(v + 1 < V ? 0xffffu : mask);
			float *to = acc + (size_t)q * head_v + (size_t)v * 16;
			__m512 old = _mm512_maskz_loadu_ps(m, to);
			_mm512_mask_storeu_ps(to, m, _mm512_fmadd_ps(old, _mm512_set1_ps(factors[q]), sum[q][v]));
		}
	}
}

INLINE void row_queries(const float *values, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                        float *acc, const int Q)
{
	size_t d = 0;
	for (; d + 64 <= head_v; d += 64) row_block(values + d, head_v, weights, factors, n_positions, acc + d, 0xffff, Q, 4);
	for (; d < head_v; d += 16) {
		__mmask16 mask = (__mmask16)(head_v - d < 16 ? (1u << (head_v - d)) - 1 : 0xffffu);
		row_block(values + d, head_v, weights, factors, n_positions, acc + d, mask, Q, 1);
	}
}

static void values_rows(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                        float *acc)
{
	const float *v = page;
	size_t q = 0;
	for (; q + 4 <= n_q; q += 4) row_queries(v, head_v, weights + q * KV_PAGE, factors + q, n_positions, acc + q * head_v, 4);
	for (; q < n_q; q++) row_queries(v, head_v, weights + q * KV_PAGE, factors + q, n_positions, acc + q * head_v, 1);
}

void attention_fill_avx512(struct kernels *k)
{
	k->values[KV_F32] = values_f32;
	k->values[KV_F16] = values_f16;
	k->values_rows = values_rows;
}
