/*
 * i16: prompt rows in 16 bits as whole numbers, with AVX2: 16 products an instruction (vpmaddwd), where floats have 8.
 */
#include "nn/i16.h"

/* The largest magnitude of n values as bits: what is no number is above all numbers. */
INLINE float largest(const float *x, size_t n)
{
	const __m256i size = _mm256_set1_epi32(0x7fffffff);
	__m256i a = _mm256_setzero_si256(), b = a;
	for (size_t i = 0; i < n; i += 16) {
		a = _mm256_max_epi32(a, _mm256_and_si256(size, _mm256_loadu_si256((const __m256i *)(const void *)(x + i))));
		b = _mm256_max_epi32(b, _mm256_and_si256(size, _mm256_loadu_si256((const __m256i *)(const void *)(x + i + 8))));
	}
	a = _mm256_max_epi32(a, b);
	__m128i v = _mm_max_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
	v = _mm_max_epi32(v, _mm_shuffle_epi32(v, 0x4e));
	v = _mm_max_epi32(v, _mm_shuffle_epi32(v, 0xb1));
	return _mm_cvtss_f32(_mm_castsi128_ps(v));
}

/* 8 values times a factor, at most `most`, as 32-bit numbers; what is no number becomes -most. */
INLINE __m256i rounded(const float *x, __m256 factor, __m256 least)
{
	return _mm256_cvtps_epi32(_mm256_max_ps(_mm256_mul_ps(_mm256_loadu_ps(x), factor), least));
}

INLINE void round_all(const float *x, size_t n, float factor, float most, uint16_t *out)
{
	const __m256 f = _mm256_set1_ps(factor), least = _mm256_set1_ps(-most);
	for (size_t i = 0; i < n; i += 16) {
		__m256i p = _mm256_packs_epi32(rounded(x + i, f, least), rounded(x + i + 8, f, least));
		_mm256_storeu_si256((__m256i *)(void *)(out + i), _mm256_permute4x64_epi64(p, 0xd8));
	}
}

/* v[i] lane j becomes v[j] lane i. */
INLINE void transpose(__m256i v[8])
{
	__m256i t[8];
#pragma GCC unroll 4
	for (int i = 0; i < 8; i += 2) {
		t[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
	}
#pragma GCC unroll 2
	for (int i = 0; i < 8; i += 4) {
		v[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
		v[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
		v[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
		v[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t[i] = _mm256_permute2x128_si256(v[i], v[i + 4], 0x20);
		t[i + 4] = _mm256_permute2x128_si256(v[i], v[i + 4], 0x31);
	}
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) v[i] = t[i];
}

static void interleave(const uint16_t *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group)
{
	for (size_t half = 0; half < GROUP_16; half += 8, rows += 8 * stride, group += 16) {
		for (size_t i = 0; i < n; i += 16) {
			__m256i v[8];
#pragma GCC unroll 8
			for (size_t o = 0; o < 8; o++)
				v[o] = half + o < n_outputs ? whole_load(rows + o * stride + i) : _mm256_setzero_si256();
			transpose(v);
#pragma GCC unroll 8
			for (size_t k = 0; k < 8; k++)
				_mm256_storeu_si256((__m256i *)(void *)(group + (i / 2 + k) * 2 * GROUP_16), v[k]);
		}
	}
}

static void round_weights(const float *x, size_t n, uint16_t *out, float *scale)
{
	const float most = largest(x, n);
	*scale = most * (1.0f / MOST_WEIGHT);
	round_all(x, n, most > 0x1p-100f ? MOST_WEIGHT / most : 0, MOST_WEIGHT, out);
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	const __m256 size = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
	const float most = largest(x, n), inverse = most > 0x1p-100f ? 1 / most : 0;
	const __m256 factor = _mm256_set1_ps(inverse);
	__m256 a = _mm256_setzero_ps(), b = a;
	for (size_t i = 0; i < n; i += 16) {
		a = _mm256_add_ps(a, _mm256_and_ps(size, _mm256_mul_ps(factor, _mm256_loadu_ps(x + i))));
		b = _mm256_add_ps(b, _mm256_and_ps(size, _mm256_mul_ps(factor, _mm256_loadu_ps(x + i + 8))));
	}
	a = _mm256_add_ps(a, b);
	__m128 v = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
	v = _mm_add_ps(v, _mm_movehl_ps(v, v));
	float sum = _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v))), steps = 0.998f * MOST_SUM / sum;
	if (!(steps < INT16_MAX)) steps = INT16_MAX;
	*scale = most / steps;
	round_all(x, n, inverse * steps, INT16_MAX, out);
}

void i16_fill_avx2(struct kernels *k)
{
	k->peak = peak;
	k->whole = (struct form_16){ .products = products, .round_weights = round_weights, .round = round_row };
	k->interleave = interleave;
}
