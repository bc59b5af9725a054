/*
 * attention: weighted sums of values, and halves, with AVX2 and F16C. Scores are products along a key (float_avx2.c).
 *
 * Values lie in pairs of positions, so a vector holds 4 dimensions of two positions; a pair of weights is one 64-bit element that
 * is broadcast, and the two halves of each sum meet once a page.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

/* 4 dimensions of a pair of positions. */
INLINE __m256 load_pairs(const void *values, size_t at, const int is_half)
{
	if (!is_half) return _mm256_loadu_ps((const float *)values + at);
	return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)((const uint16_t *)values + at)));
}

/* acc = acc * factor + sum, 4 dimensions, from lanes (even, odd) x 4. */
INLINE void finish(float *acc, float factor, __m256 sum)
{
	__m128 low = _mm256_castps256_ps128(sum), high = _mm256_extractf128_ps(sum, 1);
	__m128 v = _mm_hadd_ps(low, high);
	_mm_storeu_ps(acc, _mm_fmadd_ps(_mm_loadu_ps(acc), _mm_set1_ps(factor), v));
}

/* 4 * V dimensions of Q queries, constants. */
INLINE void block(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_pairs, float *acc,
                  const int is_half, const int Q, const int V)
{
	__m256 sum[4][4];
#pragma GCC unroll 4
	for (int q = 0; q < 4; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < 4; v++) sum[q][v] = _mm256_setzero_ps();
	}
	for (size_t p = 0; p < n_pairs; p++) {
		__m256 w[4];
#pragma GCC unroll 4
		for (int q = 0; q < Q; q++) {
			w[q] = _mm256_castpd_ps(_mm256_broadcast_sd((const double *)(const void *)(weights + q * KV_PAGE + 2 * p)));
		}
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m256 x = load_pairs(values, p * head_v * 2 + (size_t)v * 8, is_half);
#pragma GCC unroll 4
			for (int q = 0; q < Q; q++) sum[q][v] = _mm256_fmadd_ps(w[q], x, sum[q][v]);
		}
	}
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) finish(acc + (size_t)q * head_v + v * 4, factors[q], sum[q][v]);
	}
}

/* Dimension d of one query, in the order of the lanes above. */
static void one_dimension(const void *values, size_t head_v, size_t d, const float *weights, float factor, size_t n_pairs,
                          float *acc, const int is_half)
{
	__m128 even = _mm_setzero_ps(), odd = _mm_setzero_ps();
	for (size_t p = 0; p < n_pairs; p++) {
		size_t at = (p * head_v + d) * 2;
		float a, b;
		if (is_half) {
			a = half_to_float(((const uint16_t *)values)[at]);
			b = half_to_float(((const uint16_t *)values)[at + 1]);
		} else {
			a = ((const float *)values)[at];
			b = ((const float *)values)[at + 1];
		}
		even = _mm_fmadd_ss(_mm_set_ss(weights[2 * p]), _mm_set_ss(a), even);
		odd = _mm_fmadd_ss(_mm_set_ss(weights[2 * p + 1]), _mm_set_ss(b), odd);
	}
	acc[d] = _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(acc[d]), _mm_set_ss(factor), _mm_add_ss(even, odd)));
}

/* Q queries: four take half as many dimensions at a time, for want of registers. */
INLINE void queries(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_pairs, float *acc,
                    const int is_half, const int Q)
{
	size_t d = 0;
	for (; Q == 4 && d + 8 <= head_v; d += 8) {
		const void *at = (const uint8_t *)values + d * (is_half ? 4 : 8);
		block(at, head_v, weights, factors, n_pairs, acc + d, is_half, Q, 2);
	}
	for (; Q < 4 && d + 16 <= head_v; d += 16) {
		const void *at = (const uint8_t *)values + d * (is_half ? 4 : 8);
		block(at, head_v, weights, factors, n_pairs, acc + d, is_half, Q, 4);
	}
	for (; d + 4 <= head_v; d += 4) {
		const void *at = (const uint8_t *)values + d * (is_half ? 4 : 8);
		block(at, head_v, weights, factors, n_pairs, acc + d, is_half, Q, 1);
	}
	for (; d < head_v; d++) {
		for (int q = 0; q < Q; q++) {
			one_dimension(values, head_v, d, weights + q * KV_PAGE, factors[q], n_pairs, acc + (size_t)q * head_v,
			              is_half);
		}
	}
}

INLINE void values(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                   float *acc, const int is_half)
{
	size_t n_pairs = (n_positions + 1) / 2, q = 0;
	for (; q + 3 <= n_q; q += 3)
		queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 3);
	if (n_q - q == 4) queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 4);
	if (n_q - q == 2) queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 2);
	if (n_q - q == 1) queries(page, head_v, weights + q * KV_PAGE, factors + q, n_pairs, acc + q * head_v, is_half, 1);
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

/* 8 * V dimensions of Q queries from values by position; Q and V constants. */
INLINE void row_block(const float *values, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                      float *acc, const int Q, const int V)
{
	__m256 sum[4][4];
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) sum[q][v] = _mm256_setzero_ps();
	}
	for (size_t p = 0; p < n_positions; p++) {
		__m256 w[4];
#pragma GCC unroll 4
		for (int q = 0; q < Q; q++) w[q] = _mm256_broadcast_ss(weights + q * KV_PAGE + p);
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			__m256 x = _mm256_loadu_ps(values + p * head_v + (size_t)v * 8);
#pragma GCC unroll 4
			for (int q = 0; q < Q; q++) sum[q][v] = _mm256_fmadd_ps(w[q], x, sum[q][v]);
		}
	}
#pragma GCC unroll 4
	for (int q = 0; q < Q; q++) {
#pragma GCC unroll 4
		for (int v = 0; v < V; v++) {
			float *to = acc + (size_t)q * head_v + (size_t)v * 8;
			_mm256_storeu_ps(to, _mm256_fmadd_ps(_mm256_loadu_ps(to), _mm256_set1_ps(factors[q]), sum[q][v]));
		}
	}
}

/* One dimension of one query, rounded as the vectors are. */
static float row_dimension(const float *values, size_t head_v, const float *weights, float factor, size_t n_positions, float old)
{
	__m128 sum = _mm_setzero_ps();
	for (size_t p = 0; p < n_positions; p++) sum = _mm_fmadd_ss(_mm_set_ss(weights[p]), _mm_set_ss(values[p * head_v]), sum);
	return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(old), _mm_set_ss(factor), sum));
}

INLINE void row_queries(const float *values, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                        float *acc, const int Q)
{
	size_t d = 0;
	for (; Q == 3 && d + 32 <= head_v; d += 32) row_block(values + d, head_v, weights, factors, n_positions, acc + d, Q, 4);
	for (; d + 16 <= head_v; d += 16) row_block(values + d, head_v, weights, factors, n_positions, acc + d, Q, 2);
	for (; d + 8 <= head_v; d += 8) row_block(values + d, head_v, weights, factors, n_positions, acc + d, Q, 1);
	for (; d < head_v; d++) {
		for (int q = 0; q < Q; q++) {
			float *to = acc + (size_t)q * head_v + d;
			*to = row_dimension(values + d, head_v, weights + q * KV_PAGE, factors[q], n_positions, *to);
		}
	}
}

static void values_rows(const void *page, size_t head_v, const float *weights, const float *factors, size_t n_q, size_t n_positions,
                        float *acc)
{
	const float *v = page;
	size_t q = 0;
	for (; q + 4 <= n_q; q += 4) row_queries(v, head_v, weights + q * KV_PAGE, factors + q, n_positions, acc + q * head_v, 4);
	if (n_q - q == 3) {
		row_queries(v, head_v, weights + q * KV_PAGE, factors + q, n_positions, acc + q * head_v, 3);
		return;
	}
	for (; q < n_q; q++) row_queries(v, head_v, weights + q * KV_PAGE, factors + q, n_positions, acc + q * head_v, 1);
}

static void store_half(const float *x, uint16_t *out, size_t n)
{
	const __m256 most = _mm256_set1_ps(65504.0f), least = _mm256_set1_ps(-65504.0f);
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		/* max takes its second operand when the first is no number */
		__m256 v = _mm256_min_ps(_mm256_max_ps(_mm256_loadu_ps(x + i), least), most);
		_mm_storeu_si128((__m128i *)(void *)(out + i), _mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT));
	}
	for (; i < n; i++) out[i] = half_from_float(x[i]);
}

void attention_fill_avx2(struct kernels *k)
{
	k->values[KV_F32] = values_f32;
	k->values[KV_F16] = values_f16;
	k->values_rows = values_rows;
	k->store_half = store_half;
}
