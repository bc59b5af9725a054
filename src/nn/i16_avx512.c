/* i16: prompt rows in 16 bits as whole numbers with AVX-512; activations are rounded as with AVX2. */
#include "nn/i16.h"

/* The largest magnitude of n values as bits: what is no number is above all numbers. */
INLINE float largest(const float *x, size_t n)
{
	const __m512i size = _mm512_set1_epi32(0x7fffffff);
	__m512i a = _mm512_setzero_si512(), b = a;
	for (size_t i = 0; i < n; i += 32) {
		a = _mm512_max_epu32(a, _mm512_and_si512(size, _mm512_loadu_si512(x + i)));
		b = _mm512_max_epu32(b, _mm512_and_si512(size, _mm512_loadu_si512(x + i + 16)));
	}
	uint32_t most = _mm512_reduce_max_epu32(_mm512_max_epu32(a, b));
	float value;
	memcpy(&value, &most, sizeof value);
	return value;
}

/* 16 values times a factor as 32-bit numbers; what is no number becomes `least`. */
INLINE __m512i rounded(const float *x, __m512 factor, __m512 least)
{
	return _mm512_cvtps_epi32(_mm512_max_ps(_mm512_mul_ps(_mm512_loadu_ps(x), factor), least));
}

static void round_weights(const float *x, size_t n, uint16_t *out, float *scale)
{
	const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
	const float most = largest(x, n);
	const __m512 factor = _mm512_set1_ps(most > 0x1p-100f ? MOST_WEIGHT / most : 0), least = _mm512_set1_ps(-MOST_WEIGHT);
	*scale = most * (1.0f / MOST_WEIGHT);
	for (size_t i = 0; i < n; i += 32) {
		__m512i p = _mm512_packs_epi32(rounded(x + i, factor, least), rounded(x + i + 16, factor, least));
		_mm512_storeu_si512(out + i, _mm512_permutexvar_epi64(order, p));
	}
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

static void interleave(const uint16_t *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group)
{
	for (size_t i = 0; i < n; i += 32) {
		__m512i v[16];
#pragma GCC unroll 16
		for (size_t o = 0; o < 16; o++) v[o] = o < n_outputs ? whole_load(rows + o * stride + i) : _mm512_setzero_si512();
		transpose(v);
#pragma GCC unroll 16
		for (size_t k = 0; k < 16; k++) _mm512_storeu_si512(group + (i / 2 + k) * 2 * GROUP_16, v[k]);
	}
}

void i16_fill_avx512(struct kernels *k)
{
	k->peak = peak;
	k->whole.products = products;
	k->whole.round_weights = round_weights;
	k->interleave = interleave;
}
