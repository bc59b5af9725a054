/*
 * float: products of floats with AVX-512: prompt rows; see float_avx2.c.
 *
 * A block of 6 rows by 4 outputs keeps 24 sums of 16 lanes and loads 10 vectors for 24 multiplications. The rest of a length that
 * is no multiple of 16 is loaded with a mask, as zeros, which change nothing.
 */
#include "nn/kernel_types.h"

#include <immintrin.h>

enum source { FLOATS, HALVES };

#define INLINE static inline __attribute__((always_inline))

INLINE size_t source_bytes(enum source s)
{
	return s == FLOATS ? 4 : 2;
}

/* The values at `p` that the mask names, zeros elsewhere. */
INLINE __m512 load_masked(const uint8_t *p, __mmask16 mask, enum source s)
{
	if (s == FLOATS) return _mm512_maskz_loadu_ps(mask, p);
	return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, p));
}

INLINE __m512 load_sixteen(const uint8_t *p, enum source s)
{
	if (s == FLOATS) return _mm512_loadu_ps(p);
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
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

/* Sixteen values, or those of the mask at the end, of R rows and four outputs. */
INLINE void step(__m512 sum[6][4], const uint8_t *const *w, enum source s, const float *const *x, size_t i, bool rest,
                 __mmask16 mask, const int R)
{
	__m512 b[4];
#pragma GCC unroll 4
	for (int o = 0; o < 4; o++) {
		const uint8_t *p = w[o] + i * source_bytes(s);
		b[o] = rest ? load_masked(p, mask, s) : load_sixteen(p, s);
	}
#pragma GCC unroll 6
	for (int r = 0; r < R; r++) {
		__m512 a = rest ? _mm512_maskz_loadu_ps(mask, x[r] + i) : _mm512_loadu_ps(x[r] + i);
#pragma GCC unroll 4
		for (int o = 0; o < 4; o++) sum[r][o] = _mm512_fmadd_ps(a, b[o], sum[r][o]);
	}
}

/* R rows by four outputs, of which `n_outputs` are written; R a constant. Outputs behind the last are the last again. */
INLINE void block(const uint8_t *base, size_t stride, enum source s, size_t n_outputs, const float *const *x, size_t n, float *out,
                  size_t out_stride, bool add, const int R)
{
	const uint8_t *w[4];
	__m512 sum[6][4];
#pragma GCC unroll 4
	for (size_t o = 0; o < 4; o++) w[o] = base + (o < n_outputs ? o : n_outputs - 1) * stride;
#pragma GCC unroll 6
	for (int r = 0; r < R; r++) {
#pragma GCC unroll 4
		for (int o = 0; o < 4; o++) sum[r][o] = _mm512_setzero_ps();
	}
	size_t i = 0;
	for (; i + 16 <= n; i += 16) step(sum, w, s, x, i, false, 0, R);
	if (i < n) step(sum, w, s, x, i, true, (__mmask16)((1u << (n - i)) - 1), R);
	const __mmask8 mask = (__mmask8)((1u << n_outputs) - 1);
#pragma GCC unroll 6
	for (int r = 0; r < R; r++) {
		__m128 v = fold_four(sum[r]);
		float *to = out + (size_t)r * out_stride;
		if (add) v = _mm_add_ps(_mm_maskz_loadu_ps(mask, to), v);
		_mm_mask_storeu_ps(to, mask, v);
	}
}

INLINE void products(const uint8_t *w, size_t stride, enum source s, size_t n_outputs, const float *const *x, size_t n_rows,
                     size_t n, float *out, size_t out_stride, bool add)
{
	for (size_t o = 0; o < n_outputs; o += 4, w += 4 * stride, out += 4) {
		size_t some = n_outputs - o < 4 ? n_outputs - o : 4, r = 0;
		for (; r + 6 <= n_rows; r += 6) block(w, stride, s, some, x + r, n, out + r * out_stride, out_stride, add, 6);
		for (; r + 4 <= n_rows; r += 4) block(w, stride, s, some, x + r, n, out + r * out_stride, out_stride, add, 4);
		for (; r + 2 <= n_rows; r += 2) block(w, stride, s, some, x + r, n, out + r * out_stride, out_stride, add, 2);
		for (; r < n_rows; r++) block(w, stride, s, some, x + r, n, out + r * out_stride, out_stride, add, 1);
	}
}

static void products_f32(const float *tile, size_t tile_stride, size_t n_outputs, const float *const *x, size_t n_rows, size_t n,
                         float *out, size_t out_stride, bool add)
{
	products((const uint8_t *)tile, tile_stride * 4, FLOATS, n_outputs, x, n_rows, n, out, out_stride, add);
}

/* Twelve sums hide the time that one product takes. */
static double peak(size_t turns)
{
	__m512 sum[12];
#pragma GCC unroll 12
	for (int i = 0; i < 12; i++) sum[i] = _mm512_setzero_ps();
	for (size_t t = 0; t < turns; t++) {
#pragma GCC unroll 12
		for (int i = 0; i < 12; i++) {
			sum[i] = _mm512_fmadd_ps(sum[i], sum[i], sum[i]);
			__asm__ volatile("" : "+v"(sum[i]));
		}
	}
	return 32.0 * 12 * (double)turns;
}

void float_fill_avx512(struct kernels *k)
{
	k->peak = peak;
	k->products = products_f32;
}
