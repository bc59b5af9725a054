/*
 * float: products of floats with NEON: prompt rows, and answer rows of the formats that are not quantized.
 *
 * Both operands lie along the sum, so nothing is transposed: a block of 4 rows by 4 outputs keeps 16 sums of 4 lanes in registers
 * and loads 8 vectors for 16 multiplications. A sum has 4 lanes, from the front to the back, folded at the end in one order; the
 * rest of a length that is no multiple of 4 is filled with zeros, which change nothing.
 */
#include "nn/quants_neon.h"

enum source { FLOATS, HALVES, BFLOATS };

INLINE size_t source_bytes(enum source s)
{
	return s == FLOATS ? 4 : 2;
}

/* 4 values at `p`. */
INLINE float32x4_t load_four(const uint8_t *p, enum source s)
{
	if (s == FLOATS) return vreinterpretq_f32_u8(vld1q_u8(p));
	if (s == HALVES) return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p)));
	return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(p)), 16));
}

/* n < 4 values and zeros behind them. */
INLINE float32x4_t load_rest(const uint8_t *p, size_t n, enum source s)
{
	uint8_t v[16] = { 0 };
	memcpy(v, p, n * source_bytes(s));
	return load_four(v, s);
}

/* The sums of four accumulators' lanes. */
INLINE float32x4_t fold_four(float32x4_t a, float32x4_t b, float32x4_t c, float32x4_t d)
{
	return vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d));
}

/* Products of R rows with O outputs (at most 4), R and O constants. Output o's values lie `stride` bytes behind the one before. */
INLINE void block(const uint8_t *w, size_t stride, enum source s, const float *const *x, size_t n, float *out, size_t out_stride,
                  bool add, const int R, const int O)
{
	float32x4_t sum[4][4], a[4];
#pragma GCC unroll 4
	for (int r = 0; r < 4; r++) {
#pragma GCC unroll 4
		for (int o = 0; o < 4; o++) sum[r][o] = vdupq_n_f32(0);
	}
	for (size_t i = 0; i < n; i += 4) {
		const bool whole = n - i >= 4;
#pragma GCC unroll 4
		for (int r = 0; r < R; r++)
			a[r] = whole ? vld1q_f32(x[r] + i) : load_rest((const uint8_t *)(x[r] + i), n - i, FLOATS);
#pragma GCC unroll 4
		for (int o = 0; o < O; o++) {
			const uint8_t *p = w + (size_t)o * stride + i * source_bytes(s);
			float32x4_t b = whole ? load_four(p, s) : load_rest(p, n - i, s);
#pragma GCC unroll 4
			for (int r = 0; r < R; r++) sum[r][o] = vfmaq_f32(sum[r][o], a[r], b);
		}
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		float32x4_t v = fold_four(sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
		float *to = out + (size_t)r * out_stride, f[4];
		if (O == 4) {
			vst1q_f32(to, add ? vaddq_f32(vld1q_f32(to), v) : v);
		} else {
			vst1q_f32(f, v);
			for (int o = 0; o < O; o++) to[o] = add ? to[o] + f[o] : f[o];
		}
	}
}

/* All rows with O outputs, 1 or 4. */
INLINE void block_rows(const uint8_t *w, size_t stride, enum source s, const float *const *x, size_t n_rows, size_t n, float *out,
                       size_t out_stride, bool add, const int O)
{
	size_t r = 0;
	for (; r + 4 <= n_rows; r += 4) block(w, stride, s, x + r, n, out + r * out_stride, out_stride, add, 4, O);
	for (; r + 2 <= n_rows; r += 2) block(w, stride, s, x + r, n, out + r * out_stride, out_stride, add, 2, O);
	for (; r < n_rows; r++) block(w, stride, s, x + r, n, out + r * out_stride, out_stride, add, 1, O);
}

INLINE void products(const uint8_t *w, size_t stride, enum source s, size_t n_outputs, const float *const *x, size_t n_rows,
                     size_t n, float *out, size_t out_stride, bool add)
{
	size_t o = 0;
	for (; o + 4 <= n_outputs; o += 4) block_rows(w + o * stride, stride, s, x, n_rows, n, out + o, out_stride, add, 4);
	for (; o < n_outputs; o++) block_rows(w + o * stride, stride, s, x, n_rows, n, out + o, out_stride, add, 1);
}

static void products_f32(const float *tile, size_t tile_stride, size_t n_outputs, const float *const *x, size_t n_rows, size_t n,
                         float *out, size_t out_stride, bool add)
{
	products((const uint8_t *)tile, tile_stride * 4, FLOATS, n_outputs, x, n_rows, n, out, out_stride, add);
}

/* One output with one answer row: two sums of 4 lanes. */
INLINE float dot_row(const uint8_t *w, enum source s, const float *x, size_t n)
{
	const size_t bytes = source_bytes(s);
	float32x4_t even = vdupq_n_f32(0), odd = even;
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		__builtin_prefetch(w + i * bytes + 512);
		even = vfmaq_f32(even, load_four(w + i * bytes, s), vld1q_f32(x + i));
		odd = vfmaq_f32(odd, load_four(w + (i + 4) * bytes, s), vld1q_f32(x + i + 4));
	}
	for (; i < n; i += 4) {
		size_t part = n - i < 4 ? n - i : 4;
		even = vfmaq_f32(even, load_rest(w + i * bytes, part, s), load_rest((const uint8_t *)(x + i), part, FLOATS));
	}
	return vaddvq_f32(vaddq_f32(even, odd));
}

INLINE void dot_plain(enum source s, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,
                      const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	for (size_t o = 0; o < n_outputs; o++, w += row_bytes, out++) {
		for (size_t r = 0; r < n_rows; r++) out[r * out_stride] = dot_row(w, s, rows[r].x, cols);
	}
}

#define DOT_PLAIN(name, source)                                                                                                    \
	static void dot_##name(const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,     \
	                       const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)                        \
	{                                                                                                                          \
		(void)format;                                                                                                      \
		dot_plain(source, w, row_bytes, n_outputs, cols, rows, n_rows, out, out_stride);                                   \
	}
DOT_PLAIN(f32, FLOATS)
DOT_PLAIN(f16, HALVES)
DOT_PLAIN(bf16, BFLOATS)

void float_fill_neon(struct kernels *k)
{
	k->products = products_f32;
	k->dot[FORMAT_F32] = dot_f32;
	k->dot[FORMAT_F16] = dot_f16;
	k->dot[FORMAT_BF16] = dot_bf16;
}
