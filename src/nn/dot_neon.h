/*
 * dot_neon: answer rows times packed blocks, written once for NEON and for its dot-product instructions.
 *
 * A file defines DOT_LEVEL and DOT16(sum, a, b) (sum += the products of 16 signed bytes, in four lanes in any order) and includes
 * this page. Products of a piece of 32 are whole numbers; a row's sum has four lanes of floats, in order along the row, and the
 * mins one of their own, however many rows there are.
 */
#include "nn/quants_neon.h"

#define DOT_NAME_(name, level) name##_##level
#define DOT_NAME(name, level)  DOT_NAME_(name, level)

/* How far ahead of the products packed weights are fetched, in bytes. */
enum { PREFETCH = 512 };

/* Piece j of the block at b with R rows, of which it is piece number `at`. */
INLINE void piece(const uint8_t *b, enum kind f, struct block_scales s, size_t j, const struct kernel_row *rows, size_t at,
                  float32x4_t *sum, float *mins, const int R)
{
	struct quants q = quants(b, f, j);
	int scale[2] = { piece_scale(b, f, j, 0), piece_scale(b, f, j, 1) };
	float min[2] = { s.dmin * (float)piece_min(b, f, j, 0), s.dmin * (float)piece_min(b, f, j, 1) };
	float d = has_half_scales(f) ? s.d : s.d * (float)scale[0];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		const int8_t *x = rows[r].q + at * 32;
		int8x16_t x0 = vld1q_s8(x), x1 = vld1q_s8(x + 16);
		int32x4_t products = DOT16(vdupq_n_s32(0), q.half[0], x0);
		if (has_half_scales(f)) {
			products = vmulq_n_s32(products, scale[0]);
			products = vmlaq_n_s32(products, DOT16(vdupq_n_s32(0), q.half[1], x1), scale[1]);
		} else {
			products = DOT16(products, q.half[1], x1);
		}
		float x_scale = rows[r].scales[at];
		sum[r] = vfmaq_n_f32(sum[r], vcvtq_f32_s32(products), d * x_scale);
		if (has_mins(f)) {
			const int16_t *sums = rows[r].sums + 2 * at;
			mins[r] -= x_scale * (min[0] * (float)sums[0] + min[1] * (float)sums[1]);
		}
	}
}

INLINE void output(const uint8_t *w, enum kind f, size_t blocks, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	const size_t bytes = block_bytes(f), pieces = block_pieces(f);
	float32x4_t sum[4];
	float mins[4] = { 0 };
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) sum[r] = vdupq_n_f32(0);
	for (size_t i = 0; i < blocks; i++, w += bytes) {
		__builtin_prefetch(w + PREFETCH);
		if (bytes > 64) __builtin_prefetch(w + PREFETCH + 64);
		struct block_scales s = block_scales(w, f);
#pragma GCC unroll 8
		for (size_t j = 0; j < pieces; j++) piece(w, f, s, j, rows, i * pieces + j, sum, mins, R);
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) out[(size_t)r * out_stride] = vaddvq_f32(sum[r]) + mins[r];
}

INLINE void dot(const uint8_t *w, enum kind f, size_t row_bytes, size_t n_outputs, size_t cols, const struct kernel_row *rows,
                size_t n_rows, float *out, size_t out_stride)
{
	const size_t blocks = cols / 32 / block_pieces(f);
	for (size_t o = 0; o < n_outputs; o++, w += row_bytes, out++) {
		size_t r = 0;
		for (; r + 4 <= n_rows; r += 4) output(w, f, blocks, rows + r, out + r * out_stride, out_stride, 4);
		for (; r + 2 <= n_rows; r += 2) output(w, f, blocks, rows + r, out + r * out_stride, out_stride, 2);
		for (; r < n_rows; r++) output(w, f, blocks, rows + r, out + r * out_stride, out_stride, 1);
	}
}

#define DOT(name, kind)                                                                                                            \
	static void dot_##name(const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,     \
	                       const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)                        \
	{                                                                                                                          \
		(void)format;                                                                                                      \
		dot(w, kind, row_bytes, n_outputs, cols, rows, n_rows, out, out_stride);                                           \
	}
EACH_KIND(DOT)

void DOT_NAME(dot_fill, DOT_LEVEL)(struct kernels *k)
{
#define FILL(name, kind) k->dot[FORMAT_##kind] = dot_##name;
	EACH_KIND(FILL)
}
