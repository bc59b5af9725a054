/*
 * float: products of floats with AVX2 and FMA: prompt rows, and answer rows of the formats that are not quantized.
 *
 * Both operands lie along the sum, so nothing is transposed: a block of 3 rows by 4 outputs keeps 12 sums of 8 lanes in registers
 * and loads 7 vectors for 12 multiplications. A sum has 8 lanes, from the front to the back, folded at the end in one order; the
 * rest of a length that is no multiple of 8 is filled with zeros, which change nothing.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

enum source { FLOATS, HALVES, BFLOATS };

INLINE size_t source_bytes(enum source s)
{
	return s == FLOATS ? 4 : 2;
}

/* 8 values at `p`. */
INLINE __m256 load_eight(const uint8_t *p, enum source s)
{
	if (s == FLOATS) return _mm256_loadu_ps((const float *)(const void *)p);
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	if (s == HALVES) return _mm256_cvtph_ps(v);
	return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16));
}

/* n < 8 values and zeros behind them. */
INLINE __m256 load_rest(const uint8_t *p, size_t n, enum source s)
{
	uint8_t v[32] = { 0 };
	memcpy(v, p, n * source_bytes(s));
	return load_eight(v, s);
}

/* The sums of four accumulators' lanes. */
INLINE __m128 fold_four(__m256 a, __m256 b, __m256 c, __m256 d)
{
	__m256 t = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
	return _mm_add_ps(_mm256_castps256_ps128(t), _mm256_extractf128_ps(t, 1));
}

/* Products of R rows with O outputs (at most 4), R and O constants. Output o's values lie `stride` bytes behind the one before. */
INLINE void block(const uint8_t *w, size_t stride, enum source s, const float *const *x, size_t n, float *out, size_t out_stride,
                  bool add, const int R, const int O)
{
	__m256 sum[4][4];
#pragma GCC unroll 4
	for (int r = 0; r < 4; r++) {
#pragma GCC unroll 4
		for (int o = 0; o < 4; o++) sum[r][o] = _mm256_setzero_ps();
	}
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		__m256 a[4];
#pragma GCC unroll 4
		for (int r = 0; r < R; r++) a[r] = _mm256_loadu_ps(x[r] + i);
#pragma GCC unroll 4
		for (int o = 0; o < O; o++) {
			__m256 b = load_eight(w + (size_t)o * stride + i * source_bytes(s), s);
#pragma GCC unroll 4
			for (int r = 0; r < R; r++) sum[r][o] = _mm256_fmadd_ps(a[r], b, sum[r][o]);
		}
	}
	if (i < n) {
		__m256 a[4];
#pragma GCC unroll 4
		for (int r = 0; r < R; r++) a[r] = load_rest((const uint8_t *)(x[r] + i), n - i, FLOATS);
#pragma GCC unroll 4
		for (int o = 0; o < O; o++) {
			__m256 b = load_rest(w + (size_t)o * stride + i * source_bytes(s), n - i, s);
#pragma GCC unroll 4
			for (int r = 0; r < R; r++) sum[r][o] = _mm256_fmadd_ps(a[r], b, sum[r][o]);
		}
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		__m128 v = fold_four(sum[r][0], sum[r][1], sum[r][2], sum[r][3]);
		float *to = out + (size_t)r * out_stride;
		if (O == 4) {
			_mm_storeu_ps(to, add ? _mm_add_ps(_mm_loadu_ps(to), v) : v);
		} else {
			float f[4];
			_mm_storeu_ps(f, v);
			for (int o = 0; o < O; o++) to[o] = add ? to[o] + f[o] : f[o];
		}
	}
}

/* All rows with O outputs, 1 or 4: by threes; four left over go together with two outputs at a time. */
INLINE void block_rows(const uint8_t *w, size_t stride, enum source s, const float *const *x, size_t n_rows, size_t n, float *out,
                       size_t out_stride, bool add, const int O)
{
	size_t r = 0;
	for (; n_rows - r >= 3 && n_rows - r != 4; r += 3)
		block(w, stride, s, x + r, n, out + r * out_stride, out_stride, add, 3, O);
	x += r, out += r * out_stride;
	if (n_rows - r == 4 && O == 4) {
		block(w, stride, s, x, n, out, out_stride, add, 4, 2);
		block(w + 2 * stride, stride, s, x, n, out + 2, out_stride, add, 4, 2);
	} else if (n_rows - r == 4) {
		block(w, stride, s, x, n, out, out_stride, add, 4, O);
	} else if (n_rows - r == 2) {
		block(w, stride, s, x, n, out, out_stride, add, 2, O);
	} else if (n_rows - r == 1) {
		block(w, stride, s, x, n, out, out_stride, add, 1, O);
	}
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

/* One output with R answer rows, R a constant: two sums of 8 lanes a row. */
INLINE void dot_rows(const uint8_t *w, enum source s, const struct kernel_row *rows, size_t n, float *out, size_t out_stride,
                     const int R)
{
	const size_t bytes = source_bytes(s);
	__m256 even[4], odd[4];
#pragma GCC unroll 4
	for (int r = 0; r < 4; r++) even[r] = odd[r] = _mm256_setzero_ps();
	size_t i = 0;
	for (; i + 16 <= n; i += 16) {
		_mm_prefetch((const char *)w + i * bytes + PREFETCH, _MM_HINT_T0);
		__m256 a = load_eight(w + i * bytes, s), b = load_eight(w + (i + 8) * bytes, s);
#pragma GCC unroll 4
		for (int r = 0; r < R; r++) {
			even[r] = _mm256_fmadd_ps(a, _mm256_loadu_ps(rows[r].x + i), even[r]);
			odd[r] = _mm256_fmadd_ps(b, _mm256_loadu_ps(rows[r].x + i + 8), odd[r]);
		}
	}
	for (; i < n; i += 8) {
		size_t part = n - i < 8 ? n - i : 8;
		__m256 a = load_rest(w + i * bytes, part, s);
#pragma GCC unroll 4
		for (int r = 0; r < R; r++)
			even[r] = _mm256_fmadd_ps(a, load_rest((const uint8_t *)(rows[r].x + i), part, FLOATS), even[r]);
	}
	__m256 sum[4];
#pragma GCC unroll 4
	for (int r = 0; r < 4; r++) sum[r] = _mm256_add_ps(even[r], odd[r]);
	float f[4];
	_mm_storeu_ps(f, fold_four(sum[0], sum[1], sum[2], sum[3]));
	for (int r = 0; r < R; r++) out[(size_t)r * out_stride] = f[r];
}

INLINE void dot_plain(enum source s, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,
                      const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	for (size_t o = 0; o < n_outputs; o++, w += row_bytes, out++) {
		size_t r = 0;
		for (; r + 4 <= n_rows; r += 4) dot_rows(w, s, rows + r, cols, out + r * out_stride, out_stride, 4);
		for (; r + 2 <= n_rows; r += 2) dot_rows(w, s, rows + r, cols, out + r * out_stride, out_stride, 2);
		for (; r < n_rows; r++) dot_rows(w, s, rows + r, cols, out + r * out_stride, out_stride, 1);
	}
}

static void dot_f32(const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,
                    const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	(void)format;
	dot_plain(FLOATS, w, row_bytes, n_outputs, cols, rows, n_rows, out, out_stride);
}

static void dot_f16(const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,
                    const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	(void)format;
	dot_plain(HALVES, w, row_bytes, n_outputs, cols, rows, n_rows, out, out_stride);
}

static void dot_bf16(const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,
                     const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	(void)format;
	dot_plain(BFLOATS, w, row_bytes, n_outputs, cols, rows, n_rows, out, out_stride);
}

/* Twelve sums hide the time that one product takes. */
static double peak(size_t turns)
{
	__m256 sum[12];
#pragma GCC unroll 12
	for (int i = 0; i < 12; i++) sum[i] = _mm256_setzero_ps();
	for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 12
		for (int i = 0; i < 12; i++) {
			sum[i] = _mm256_fmadd_ps(sum[i], sum[i], sum[i]);
			__asm__ volatile("" : "+v"(sum[i]));
		}
	}
	return 16.0 * 12 * (double)turns;
}

void float_fill_avx2(struct kernels *k)
{
	k->peak = peak;
	k->products = products_f32;
	k->dot[FORMAT_F32] = dot_f32;
	k->dot[FORMAT_F16] = dot_f16;
	k->dot[FORMAT_BF16] = dot_bf16;
}
