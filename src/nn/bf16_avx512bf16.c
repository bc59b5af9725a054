/*
 * bf16: prompt rows times unpacked weights, both rounded to bfloat16, with AVX512-BF16: products of pairs, sums in float32.
 *
 * A block of 6 rows by 4 outputs keeps 24 sums of 16 lanes and loads 10 vectors for 24 double products. A sum has one order, from
 * the front to the back in 16 lanes, folded at the end.
 */
#include "nn/kernel_types.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512bh load_pairs(const uint16_t *p)
{
	return (__m512bh)_mm512_loadu_si512(p);
}

INLINE __m256 half_sum(__m512 v)
{
	return _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
}

/* The sums of four accumulators' lanes. */
INLINE __m128 fold_four(const __m512 v[4])
{
	__m256 ab = _mm256_hadd_ps(half_sum(v[0]), half_sum(v[1])), cd = _mm256_hadd_ps(half_sum(v[2]), half_sum(v[3]));
	__m256 t = _mm256_hadd_ps(ab, cd);
	return _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1));
}

/* R rows by four outputs, of which `n_outputs` are written; R a constant. Outputs behind the last are the last again. */
INLINE void block(const uint16_t *tile, size_t tile_stride, size_t n_outputs, const uint16_t *x, size_t x_stride, size_t n,
                  float *out, size_t out_stride, bool add, const int R)
{
	const uint16_t *w[4];
#pragma GCC unroll 4
	for (size_t o = 0; o < 4; o++) w[o] = tile + (o < n_outputs ? o : n_outputs - 1) * tile_stride;
	__m512 sum[6][4];
#pragma GCC unroll 6
	for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
		for (int o = 0; o < 4; o++) sum[r][o] = _mm512_setzero_ps();
	}
	for (size_t i = 0; i < n; i += 32) {
		__m512bh b[4];
#pragma GCC unroll 4
		for (int o = 0; o < 4; o++) b[o] = load_pairs(w[o] + i);
#pragma GCC unroll 6
		for (int r = 0; r < R; r++) {
			__m512bh a = load_pairs(x + (size_t)r * x_stride + i);
#pragma GCC unroll 4
			for (int o = 0; o < 4; o++) sum[r][o] = _mm512_dpbf16_ps(sum[r][o], a, b[o]);
		}
	}
	const __mmask8 mask = (__mmask8)((1u << n_outputs) - 1);
#pragma GCC unroll 6
	for (int r = 0; r < R; r++) {
		__m128 v = fold_four(sum[r]);
		float *to = out + (size_t)r * out_stride;
		if (add) v = _mm_add_ps(_mm_maskz_loadu_ps(mask, to), v);
		_mm_mask_storeu_ps(to, mask, v);
	}
}

static void products(const uint16_t *tile, size_t tile_stride, size_t n_outputs, const uint16_t *x, size_t x_stride, size_t n_rows,
                     size_t n, float *out, size_t out_stride, bool add)
{
	for (size_t o = 0; o < n_outputs; o += 4, tile += 4 * tile_stride) {
		size_t some = n_outputs - o < 4 ? n_outputs - o : 4, r = 0;
		for (; r + 6 <= n_rows; r += 6)
			block(tile, tile_stride, some, x + r * x_stride, x_stride, n, out + r * out_stride + o, out_stride, add, 6);
		for (; r + 3 <= n_rows; r += 3)
			block(tile, tile_stride, some, x + r * x_stride, x_stride, n, out + r * out_stride + o, out_stride, add, 3);
		for (; r < n_rows; r++)
			block(tile, tile_stride, some, x + r * x_stride, x_stride, n, out + r * out_stride + o, out_stride, add, 1);
	}
}

static void to_bf16(const float *x, uint16_t *out, size_t n)
{
	for (size_t i = 0; i < n; i += 32) {
		__m512bh v = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + i + 16), _mm512_loadu_ps(x + i));
		_mm512_storeu_si512(out + i, (__m512i)v);
	}
}

/* Twelve sums hide the time that one product takes. */
static double peak(size_t turns)
{
	__m512 sum[12];
	for (int i = 0; i < 12; i++) sum[i] = _mm512_setzero_ps();
	for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 12
		for (int i = 0; i < 12; i++) {
			sum[i] = _mm512_dpbf16_ps(sum[i], (__m512bh)_mm512_castps_si512(sum[i]),
			                          (__m512bh)_mm512_castps_si512(sum[i]));
			__asm__ volatile("" : "+v"(sum[i]));
		}
	}
	return 64.0 * 12 * (double)turns;
}

void bf16_fill_avx512bf16(struct kernels *k)
{
	k->peak = peak;
	k->products_bf16 = products;
	k->to_bf16 = to_bf16;
}
