/*
 * bytes: prompt rows in 8 bits with AVX512-VNNI, 64 products an instruction (vpdpbusd), where 16 bits have 32; the two forms of
 * kernel_types.h. What brings weights into them stands in bytes_codes_avx2.c.
 *
 * A block of 12 rows by 16 outputs, which are the lanes, keeps 12 whole sums and 12 float ones; whole sums of 32 or 16 products
 * meet the scales, so that a float sum is that of its groups in order.
 */
#include "nn/bytes.h"
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

enum { MOST_ROWS = 12 };

INLINE float float_at(const uint8_t *p)
{
	float v;
	memcpy(&v, p, sizeof v);
	return v;
}

INLINE __m512i four_at(const uint8_t *p)
{
	int v;
	memcpy(&v, p, sizeof v);
	return _mm512_set1_epi32(v);
}

/* What a block reads: rows of bytes, and the floats behind those of the activations. */
struct bytes_rows {
	const uint8_t *q;
	size_t q_stride;
	const uint8_t *scales;
	size_t scales_stride;
};

/* R rows by 16 outputs, of which the lanes of `mask` are there; R a constant. Scales of 32. */
INLINE void block_32(const uint8_t *group, const struct bytes_rows *x, size_t n, float *out, size_t out_stride, __mmask16 mask,
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
		for (int k = 0; k < 8; k++) {
			__m512i q = _mm512_loadu_si512(group + b * 512 + k * 64);
#pragma GCC unroll 12
			for (int r = 0; r < R; r++)
				sum[r] = _mm512_dpbusd_epi32(sum[r], q, four_at(x->q + (size_t)r * x->q_stride + b * 32 + 4 * k));
		}
		const __m512 scale = _mm512_loadu_ps(scales + b * 64), min = _mm512_loadu_ps(mins + b * 64);
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) {
			const uint8_t *floats = x->scales + (size_t)r * x->scales_stride + 4 * b;
			__m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[r]), _mm512_set1_ps(float_at(floats)));
			acc[r] = _mm512_fmadd_ps(v, scale, acc[r]);
			acc[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(float_at(floats + n / 8)), acc[r]);
		}
	}
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) _mm512_mask_storeu_ps(out + (size_t)r * out_stride, mask, acc[r]);
}

/* The same with scales of 16; activations are unsigned. */
INLINE void block_16(const uint8_t *group, const struct bytes_rows *x, size_t n, float *out, size_t out_stride, __mmask16 mask,
                     bool add, const int R)
{
	const uint8_t *scales = group + n * GROUP_16;
	__m512 acc[MOST_ROWS];
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) acc[r] = add ? _mm512_maskz_loadu_ps(mask, out + (size_t)r * out_stride) : _mm512_setzero_ps();
	for (size_t h = 0; h < n / 16; h++) {
		__m512i sum[MOST_ROWS];
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) sum[r] = _mm512_setzero_si512();
#pragma GCC unroll 4
		for (int k = 0; k < 4; k++) {
			__m512i q = _mm512_loadu_si512(group + h * 256 + k * 64);
#pragma GCC unroll 12
			for (int r = 0; r < R; r++)
				sum[r] = _mm512_dpbusd_epi32(sum[r], four_at(x->q + (size_t)r * x->q_stride + h * 16 + 4 * k), q);
		}
		/* the sum's offset goes with the first half, a zero with the second */
		const uint8_t *floats = scales + (h / 2 * 4 + h % 2) * 64;
		const __m512 scale = _mm512_loadu_ps(floats), offset = _mm512_loadu_ps(floats + 128);
#pragma GCC unroll 12
		for (int r = 0; r < R; r++) {
			__m512 v = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r]), scale, offset);
			float x_scale = float_at(x->scales + (size_t)r * x->scales_stride + h / 2 * 4);
			acc[r] = _mm512_fmadd_ps(v, _mm512_set1_ps(x_scale), acc[r]);
		}
	}
#pragma GCC unroll 12
	for (int r = 0; r < R; r++) _mm512_mask_storeu_ps(out + (size_t)r * out_stride, mask, acc[r]);
}

/* R rows with all outputs. */
INLINE void outputs_of(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t row, size_t n, float *out,
                       size_t out_stride, bool add, const bool sixteen, const int R)
{
	_Alignas(64) uint8_t shifted[MOST_ROWS * COLS_16]; /* activations plus 128 */
	const uint8_t *from = (const uint8_t *)(x->values + row * x->stride);
	struct bytes_rows rows = { from, 2 * x->stride, from + n, 2 * x->stride };
	const size_t group_bytes = GROUP_16 * (n / 32 * (sixteen ? BYTES_16 : BYTES_32));
	if (sixteen) {
		const __m256i half = _mm256_set1_epi8((char)0x80);
		for (size_t r = 0; r < (size_t)R; r++) {
			for (size_t i = 0; i < n; i += 32)
				_mm256_store_si256((__m256i *)(void *)(shifted + r * COLS_16 + i),
				                   _mm256_xor_si256(half, load32(from + r * 2 * x->stride + i)));
		}
		rows.q = shifted;
		rows.q_stride = COLS_16;
	}
	for (size_t o = 0; o < n_outputs; o += GROUP_16) {
		size_t left = n_outputs - o < GROUP_16 ? n_outputs - o : GROUP_16;
		const uint8_t *group = (const uint8_t *)tile->values + o / GROUP_16 * group_bytes;
		const __mmask16 mask = (__mmask16)((1u << left) - 1);
		float *to = out + row * out_stride + o;
		if (sixteen)
			block_16(group, &rows, n, to, out_stride, mask, add, R);
		else
			block_32(group, &rows, n, to, out_stride, mask, add, R);
	}
}

INLINE void all_rows(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                     size_t out_stride, bool add, const bool sixteen)
{
	size_t r = 0;
	for (; r + 12 <= n_rows; r += 12) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, sixteen, 12);
	for (; r + 4 <= n_rows; r += 4) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, sixteen, 4);
	for (; r < n_rows; r++) outputs_of(tile, n_outputs, x, r, n, out, out_stride, add, sixteen, 1);
}

static void products_32(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                        size_t out_stride, bool add)
{
	all_rows(tile, n_outputs, x, n_rows, n, out, out_stride, add, false);
}

static void products_16(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                        size_t out_stride, bool add)
{
	all_rows(tile, n_outputs, x, n_rows, n, out, out_stride, add, true);
}

void bytes_fill_avx512vnni(struct kernels *k)
{
	memset(k->bytes, 0, sizeof k->bytes);
	k->bytes[0] = (struct form_16){ products_32, .round = bytes_round, .codes = bytes_codes_32_avx2, .codes_bytes = BYTES_32 };
	k->bytes[1] = (struct form_16){ products_16, .round = bytes_round, .codes = bytes_codes_16_avx2, .codes_bytes = BYTES_16 };
}
