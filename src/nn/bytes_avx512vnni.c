/*
 * bytes: prompt rows times Q4_K and Q5_K in 8 bits with AVX512-VNNI, 64 products an instruction (vpdpbusd), where 16 bits have 32.
 *
 * Weights are the codes as they are packed, with the float scale and min of each 32; activations are those of answer rows, with a
 * scale for each 32. A block of 12 rows by 16 outputs, which are the lanes, keeps 12 whole sums and 12 float ones; the products of
 * 32 meet the scales, and the mins the activations' totals, so that a sum is that of its groups of 32 in order.
 */
#include "nn/kernel_types.h"
#include "nn/kernels.h"
#include "nn/quants_avx2.h"

enum { MOST_ROWS = 12 };

/* 32-bit words of n values: the bytes, a float scale for each 32, and a float more. */
INLINE size_t words(size_t n)
{
	return n / 4 + n / 16;
}

/* R rows by 16 outputs, of which the lanes of `mask` are there; R a constant. */
INLINE void block(const uint8_t *group, const uint8_t *x, size_t x_bytes, size_t n, float *out, size_t out_stride, __mmask16 mask,
                  bool add, const int R)
{
	const uint8_t *scales = group + n * GROUP_16, *mins = scales + n / 32 * 64;
	__m512 acc[MOST_ROWS];
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) acc[r] = add ? _mm512_maskz_loadu_ps(mask, out + (size_t)r * out_stride) : _mm512_setzero_ps();
	for (size_t b = 0; b < n / 32; b++) {
		__m512i sum[MOST_ROWS];
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) sum[r] = _mm512_setzero_si512();
#pragma GCC unroll 8
		for (size_t k = b * 8; k < b * 8 + 8; k++) {
			__m512i q = _mm512_loadu_si512(group + k * 64);
#pragma GCC unroll 12
			for (int r = 0; r < R; r++) {
				int four;
				memcpy(&four, x + (size_t)r * x_bytes + 4 * k, sizeof four);
				sum[r] = _mm512_dpbusd_epi32(sum[r], q, _mm512_set1_epi32(four));
			}
		}
		const __m512 scale = _mm512_loadu_ps(scales + b * 64), min = _mm512_loadu_ps(mins + b * 64);
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) {
			float x_scale, total;
			memcpy(&x_scale, x + (size_t)r * x_bytes + n + 4 * b, sizeof x_scale);
			memcpy(&total, x + (size_t)r * x_bytes + n + n / 8 + 4 * b, sizeof total);
			__m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r]), _mm512_set1_ps(x_scale));
			acc[r] = _mm512_fmadd_ps(v, scale, acc[r]);
			acc[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(total), acc[r]);
		}
	}
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) _mm512_mask_storeu_ps(out + (size_t)r * out_stride, mask, acc[r]);
}

/* R rows with all outputs. */
INLINE void outputs_of(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t row, size_t n, float *out,
                       size_t out_stride, bool add, const int R)
{
	const uint8_t *from = (const uint8_t *)(x->values + row * x->stride);
	for (size_t o = 0; o < n_outputs; o += GROUP_16) {
		size_t left = n_outputs - o < GROUP_16 ? n_outputs - o : GROUP_16;
		block((const uint8_t *)tile->values + o * words(n) * 4, from, x->stride * 2, n, out + row * out_stride + o,
		      out_stride, (__mmask16)((1u << left) - 1), add, R);
	}
}

static void products(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                     size_t out_stride, bool add)
{
	size_t r = 0;
	for (; r + 12 <= n_rows; r += 12) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, 12);
	for (; r + 4 <= n_rows; r += 4) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, 4);
	for (; r < n_rows; r++) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, 1);
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	int16_t sums[COLS_16 / 16];
	float scales[COLS_16 / 32], totals[COLS_16 / 32];
	kernels_chosen->quantize(x, n, (int8_t *)out, scales, sums);
	for (size_t i = 0; i < n / 32; i++) totals[i] = scales[i] * (float)(sums[2 * i] + sums[2 * i + 1]);
	memcpy((uint8_t *)out + n, scales, n / 8);
	memcpy((uint8_t *)out + n + n / 8, totals, n / 8);
	*scale = 1;
}

INLINE void codes(const uint8_t *b, enum kind f, size_t n, uint16_t *out)
{
	uint8_t *to = (uint8_t *)out, *scales = to + n, *mins = scales + n / 8;
	for (size_t i = 0; i < n / 256; i++, b += block_bytes(f), to += 256, scales += 32, mins += 32) {
		uint64_t s, m;
		scales_4_k(b + 4, &s, &m);
		_mm256_storeu_ps((float *)(void *)scales, _mm256_mul_ps(_mm256_set1_ps(half_at(b)), floats_of_bytes(s)));
		_mm256_storeu_ps((float *)(void *)mins, _mm256_mul_ps(_mm256_set1_ps(-half_at(b + 2)), floats_of_bytes(m)));
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) {
			__m256i q = f == Q4_K ? quants_4_k(b, j) : quants_5_k(b, j);
			_mm256_storeu_si256((__m256i *)(void *)(to + 32 * j), q);
		}
	}
}

static void codes_q4_k(const uint8_t *blocks, size_t n, uint16_t *out)
{
	codes(blocks, Q4_K, n, out);
}

static void codes_q5_k(const uint8_t *blocks, size_t n, uint16_t *out)
{
	codes(blocks, Q5_K, n, out);
}

void bytes_fill_avx512vnni(struct kernels *k)
{
	k->bytes = (struct form_16){ products, NULL, round_row };
	k->codes[FORMAT_Q4_K] = codes_q4_k;
	k->codes[FORMAT_Q5_K] = codes_q5_k;
}
