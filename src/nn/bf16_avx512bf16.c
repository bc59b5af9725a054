/*
 * bf16: prompt rows times unpacked weights, both rounded to bfloat16, with AVX512-BF16: products of pairs, sums in float32.
 *
 * Sixteen outputs are the lanes of a vector, so a block of 12 rows by 32 outputs keeps 24 sums, loads 2 vectors and 12 pairs that
 * all lanes share for 24 double products, and nothing is folded at the end. A sum goes from the front to the back, even and odd
 * inputs together, on top of what stood in the output.
 */
#include "nn/kernel_types.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512bh load_pairs(const uint16_t *p)
{
	return (__m512bh)_mm512_loadu_si512(p);
}

/* A pair of inputs in all lanes. */
INLINE __m512bh one_pair(const uint16_t *p)
{
	int pair;
	memcpy(&pair, p, sizeof pair);
	return (__m512bh)_mm512_set1_epi32(pair);
}

/* R rows by G groups, constants, of which the last has the lanes of `mask`. */
INLINE void block(const uint16_t *tile, size_t group, const uint16_t *x, size_t x_stride, size_t n, float *out, size_t out_stride,
                  __mmask16 mask, bool add, const int R, const int G)
{
	__m512 sum[12][2];
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
		for (int g = 0; g < G; g++) {
			const float *from = out + (size_t)r * out_stride + g * GROUP_16;
			sum[r][g] = add ? _mm512_maskz_loadu_ps(g + 1 < G ? 0xffff : mask, from) : _mm512_setzero_ps();
		}
	}
	for (size_t i = 0; i < n; i += 2) {
		__m512bh b[2];
#pragma GCC unroll 2
		for (int g = 0; g < G; g++) b[g] = load_pairs(tile + (size_t)g * group + i * GROUP_16);
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) {
			__m512bh a = one_pair(x + (size_t)r * x_stride + i);
#pragma GCC unroll 2
			for (int g = 0; g < G; g++) sum[r][g] = _mm512_dpbf16_ps(sum[r][g], a, b[g]);
		}
	}
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) {
#pragma GCC unroll 2
		for (int g = 0; g < G; g++) {
			float *to = out + (size_t)r * out_stride + g * GROUP_16;
			_mm512_mask_storeu_ps(to, g + 1 < G ? 0xffff : mask, sum[r][g]);
		}
	}
}

/* All rows with G groups. */
INLINE void rows_of(const uint16_t *tile, size_t group, const uint16_t *x, size_t x_stride, size_t n_rows, size_t n, float *out,
                    size_t out_stride, __mmask16 mask, bool add, const int G)
{
	size_t r = 0;
	for (; r + 12 <= n_rows; r += 12)
		block(tile, group, x + r * x_stride, x_stride, n, out + r * out_stride, out_stride, mask, add, 12, G);
	for (; r + 4 <= n_rows; r += 4)
		block(tile, group, x + r * x_stride, x_stride, n, out + r * out_stride, out_stride, mask, add, 4, G);
	for (; r < n_rows; r++)
		block(tile, group, x + r * x_stride, x_stride, n, out + r * out_stride, out_stride, mask, add, 1, G);
}

static void products(const struct tile_16 *weights, size_t n_outputs, const struct rows_16 *rows, size_t n_rows, size_t n,
                     float *out, size_t out_stride, bool add)
{
	const size_t group = n * GROUP_16, x_stride = rows->stride;
	const uint16_t *tile = weights->values, *x = rows->values;
	for (size_t o = 0; o < n_outputs; tile += 2 * group, o += 2 * GROUP_16, out += 2 * GROUP_16) {
		size_t left = n_outputs - o;
		size_t last = left > 2 * GROUP_16 ? GROUP_16 : left > GROUP_16 ? left - GROUP_16 : left;
		__mmask16 mask = (__mmask16)((1u << last) - 1);
		if (left > GROUP_16)
			rows_of(tile, group, x, x_stride, n_rows, n, out, out_stride, mask, add, 2);
		else
			rows_of(tile, group, x, x_stride, n_rows, n, out, out_stride, mask, add, 1);
	}
}

INLINE __m512i round_32(const float *x)
{
	return (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + 16), _mm512_loadu_ps(x));
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	*scale = 1;
	for (size_t i = 0; i < n; i += 32) _mm512_storeu_si512(out + i, round_32(x + i));
}

/* v[i] lane j becomes v[j] lane i. */
INLINE void transpose(__m512i v[16])
{
	__m512i t[16];
#pragma GCC unroll 8
	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 16; i += 4) {
		v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
		v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
		v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
	}
}

static void pack(const float *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group, float *scales)
{
	for (size_t o = 0; o < GROUP_16; o++) scales[o] = 1;
	for (size_t i = 0; i < n; i += 32) {
		__m512i v[16];
#pragma GCC unroll 16
		for (size_t o = 0; o < 16; o++) v[o] = round_32(rows + (o < n_outputs ? o : 0) * stride + i);
		if (n_outputs < GROUP_16) {
#pragma GCC unroll 16
			for (size_t o = 0; o < 16; o++) v[o] = o < n_outputs ? v[o] : _mm512_setzero_si512();
		}
		transpose(v);
#pragma GCC unroll 16
		for (size_t k = 0; k < 16; k++) _mm512_storeu_si512(group + (i / 2 + k) * 2 * GROUP_16, v[k]);
	}
}

/* As many sums as a block has hide the time that one product takes. */
static double peak(size_t turns)
{
	__m512 sum[24];
	const __m512bh a = (__m512bh)_mm512_setzero_si512();
#pragma GCC unroll 24
	for (int i = 0; i < 24; i++) sum[i] = _mm512_setzero_ps();
	for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 24
		for (int i = 0; i < 24; i++) {
			sum[i] = _mm512_dpbf16_ps(sum[i], a, a);
			__asm__ volatile("" : "+v"(sum[i]));
		}
	}
	return 64.0 * 24 * (double)turns;
}

void bf16_fill_avx512bf16(struct kernels *k)
{
	k->peak = peak;
	k->products_16 = products;
	k->pack_16 = pack;
	k->round_16 = round_row;
	k->bf16 = true;
}
