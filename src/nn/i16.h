/*
 * i16: the product of prompt rows in 16 bits as whole numbers (see kernel_types.h), a page of code that each level's file compiles
 * with its own instructions: vectors of 16 lanes with AVX-512, of 8 with AVX2.
 *
 * Outputs are the lanes, so nothing is folded: a block of I16_ROWS rows by two vectors loads two vectors and I16_ROWS pairs that
 * all lanes share. Sums are exact; a row's scale meets them once for COLS_16 inputs, when they are in memory: compilers that
 * scale them in registers spill them in the loop.
 */
#ifndef HEARTH_NN_I16_H
#define HEARTH_NN_I16_H

#include "nn/kernel_types.h"
#include "nn/whole.h"

#include <string.h>
#if defined(__AVX2__)

enum { I16_LANES = WHOLE_LANES, I16_ROWS = WHOLE_LANES == 16 ? 12 : 6 };

/* whole_store: to[i] = (add ? to[i] : 0) + s[i] * (scales[i] * scale) for i < n, in one rounding. */
#if defined(__AVX512BW__) && !defined(VNNI_OF_8)
INLINE void whole_store(float *to, whole sum, const float *scales, float scale, bool add, size_t n)
{
	const __mmask16 mask = (__mmask16)((1u << n) - 1);
	__m512 s = _mm512_mul_ps(_mm512_loadu_ps(scales), _mm512_set1_ps(scale));
	__m512 old = add ? _mm512_maskz_loadu_ps(mask, to) : _mm512_setzero_ps();
	_mm512_mask_storeu_ps(to, mask, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), s, old));
}

#else
INLINE void whole_store(float *to, whole sum, const float *scales, float scale, bool add, size_t n)
{
	__m256 v = _mm256_cvtepi32_ps(sum), s = _mm256_mul_ps(_mm256_loadu_ps(scales), _mm256_set1_ps(scale));
	if (n == I16_LANES) {
		_mm256_storeu_ps(to, _mm256_fmadd_ps(v, s, add ? _mm256_loadu_ps(to) : _mm256_setzero_ps()));
		return;
	}
	const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
	_mm256_maskstore_ps(to, mask, _mm256_fmadd_ps(v, s, add ? _mm256_maskload_ps(to, mask) : _mm256_setzero_ps()));
}

#endif

/* As many sums as a block has. */
static double peak(size_t turns)
{
	whole sum[2 * I16_ROWS];
	whole a = whole_zero();
#pragma GCC unroll 24
	for (int i = 0; i < 2 * I16_ROWS; i++) sum[i] = whole_zero();
	for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 24
		for (int i = 0; i < 2 * I16_ROWS; i++) {
			__asm__ volatile("" : "+v"(a));
			sum[i] = whole_products(sum[i], a, a);
			__asm__ volatile("" : "+v"(sum[i]));
		}
	}
	return 4.0 * I16_LANES * 2 * I16_ROWS * (double)turns;
}

/* R rows by G vectors, constants, the last of which has `last` outputs; `gap`: values from one vector's weights to the next's. */
INLINE void block(const uint16_t *tile, size_t gap, const float *tile_scales, const struct rows_16 *x, size_t row, size_t n,
                  float *out, size_t out_stride, size_t last, bool add, const int R, const int G)
{
	const uint16_t *from = x->values + row * x->stride;
	whole sum[I16_ROWS][2];
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
		for (int g = 0; g < G; g++) sum[r][g] = whole_zero();
	}
	for (size_t i = 0; i < n; i += 2) {
		whole w[2];
#pragma GCC unroll 2
		for (int g = 0; g < G; g++) w[g] = whole_load(tile + (size_t)g * gap + i * GROUP_16);
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) {
			whole a = whole_pair(from + (size_t)r * x->stride + i);
#pragma GCC unroll 2
			for (int g = 0; g < G; g++) sum[r][g] = whole_products(sum[r][g], a, w[g]);
		}
	}
	whole sums[I16_ROWS][2];
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
		for (int g = 0; g < G; g++) sums[r][g] = sum[r][g];
	}
	for (size_t r = 0; r < (size_t)R; r++) {
		float scale = x->scales[(row + r) * x->scales_stride], *to = out + (row + r) * out_stride;
		for (size_t g = 0; g < (size_t)G; g++) {
			whole_store(to + g * I16_LANES, sums[r][g], tile_scales + g * I16_LANES, scale, add,
			            g + 1 < (size_t)G ? I16_LANES : last);
		}
	}
}

/* R rows with all outputs: the rows stay in the nearest cache, weights come by in order. */
INLINE void outputs_of(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t row, size_t n, float *out,
                       size_t out_stride, bool add, const int R)
{
	const size_t gap = (size_t)I16_LANES < (size_t)GROUP_16 ? 2 * (size_t)I16_LANES : n * GROUP_16;
	for (size_t o = 0; o < n_outputs; o += 2 * I16_LANES) {
		const size_t left = n_outputs - o;
		const uint16_t *w = tile->values + o * n;
		if (left > I16_LANES)
			block(w, gap, tile->scales + o, x, row, n, out + o, out_stride,
			      left < 2 * I16_LANES ? left - I16_LANES : I16_LANES, add, R, 2);
		else
			block(w, gap, tile->scales + o, x, row, n, out + o, out_stride, left, add, R, 1);
	}
}

static void products(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                     size_t out_stride, bool add)
{
	size_t r = 0;
	for (; r + I16_ROWS <= n_rows; r += I16_ROWS) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, I16_ROWS);
	for (; r + 3 <= n_rows; r += 3) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, 3);
	for (; r < n_rows; r++) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, 1);
}

#endif

#endif
