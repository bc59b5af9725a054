/* unpack: the weight formats to floats with AVX2, the same bits as unpack_portable.c (nothing is fused). */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"
#include "nn/unpack.h"

/* Values 8i ... 8i + 7 of 32 unsigned or signed bytes as floats, i a constant. */
INLINE __m256 eight_unsigned(__m256i v, const int i)
{
	__m128i half = i < 2 ? _mm256_castsi256_si128(v) : _mm256_extracti128_si256(v, 1);
	return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(i % 2 ? _mm_srli_si128(half, 8) : half));
}

INLINE __m256 eight_signed(__m256i v, const int i)
{
	__m128i half = i < 2 ? _mm256_castsi256_si128(v) : _mm256_extracti128_si256(v, 1);
	return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(i % 2 ? _mm_srli_si128(half, 8) : half));
}

/* q * scale of 32 signed values, a scale for each 16. */
INLINE void store_scaled(__m256i q, float first, float second, float *out)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		_mm256_storeu_ps(out + 8 * i, _mm256_mul_ps(_mm256_set1_ps(i < 2 ? first : second), eight_signed(q, i)));
	}
}

/* q * scale + offset of 32 unsigned values, in two roundings, scale and offset for each 16. */
INLINE void store_offset(__m256i q, float s0, float m0, float s1, float m1, float *out)
{
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m256 v = _mm256_mul_ps(_mm256_set1_ps(i < 2 ? s0 : s1), eight_unsigned(q, i));
		_mm256_storeu_ps(out + 8 * i, _mm256_add_ps(v, _mm256_set1_ps(i < 2 ? m0 : m1)));
	}
}

static void f16(const uint8_t *p, size_t n, float *out)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		_mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p + 2 * i))));
	}
	unpack_f16(p + 2 * i, n - i, out + i);
}

static void bf16(const uint8_t *p, size_t n, float *out)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + 2 * i));
		_mm256_storeu_ps(out + i, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(v), 16)));
	}
	unpack_bf16(p + 2 * i, n - i, out + i);
}

static void q8_0(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 34, out += 32) {
		float d = half_at(b);
		store_scaled(load32(b + 2), d, d, out);
	}
}

static void q4_0(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 18, out += 32) {
		float d = half_at(b);
		store_scaled(_mm256_sub_epi8(quants_4(b + 2), _mm256_set1_epi8(8)), d, d, out);
	}
}

static void q4_1(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 20, out += 32) {
		float d = half_at(b), m = half_at(b + 2);
		store_offset(quants_4(b + 4), d, m, d, m, out);
	}
}

static void q5_0(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 22, out += 32) {
		float d = half_at(b);
		store_scaled(_mm256_sub_epi8(quants_5(b + 6, b + 2), _mm256_set1_epi8(16)), d, d, out);
	}
}

static void q5_1(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 24, out += 32) {
		float d = half_at(b), m = half_at(b + 2);
		store_offset(quants_5(b + 8, b + 4), d, m, d, m, out);
	}
}

static void q2_k(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 84, out += 256) {
		float d = half_at(b + 80), dmin = half_at(b + 82), scales[16], mins[16];
		for (int i = 0; i < 16; i++) {
			scales[i] = d * (float)(b[i] & 15);
			mins[i] = -(dmin * (float)(b[i] >> 4));
		}
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) {
			store_offset(quants_2_k(b, j), scales[2 * j], mins[2 * j], scales[2 * j + 1], mins[2 * j + 1],
			             out + 32 * j);
		}
	}
}

static void q3_k(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 110, out += 256) {
		float d = half_at(b + 108), scales[16];
		for (size_t i = 0; i < 16; i++) scales[i] = d * (float)q3_k_scale(b + 96, i);
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) {
			__m256i q = _mm256_sub_epi8(quants_3_k(b, j), _mm256_set1_epi8(4));
			store_scaled(q, scales[2 * j], scales[2 * j + 1], out + 32 * j);
		}
	}
}

/* The scales and the mins with their sign turned, as Q4_K and Q5_K have them from byte 0 on. */
INLINE void scales_and_mins(const uint8_t *b, float scales[8], float mins[8])
{
	uint64_t s, m;
	scales_4_k(b + 4, &s, &m);
	_mm256_storeu_ps(scales, _mm256_mul_ps(_mm256_set1_ps(half_at(b)), floats_of_bytes(s)));
	_mm256_storeu_ps(mins,
	                 _mm256_xor_ps(_mm256_mul_ps(_mm256_set1_ps(half_at(b + 2)), floats_of_bytes(m)), _mm256_set1_ps(-0.0f)));
}

static void q4_k(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 144, out += 256) {
		float scales[8], mins[8];
		scales_and_mins(b, scales, mins);
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) store_offset(quants_4_k(b, j), scales[j], mins[j], scales[j], mins[j], out + 32 * j);
	}
}

static void q5_k(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 176, out += 256) {
		float scales[8], mins[8];
		scales_and_mins(b, scales, mins);
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) store_offset(quants_5_k(b, j), scales[j], mins[j], scales[j], mins[j], out + 32 * j);
	}
}

static void q6_k(const uint8_t *b, size_t n, float *out)
{
	for (; n-- > 0; b += 210, out += 256) {
		float d = half_at(b + 208), scales[16];
		for (int i = 0; i < 16; i++) scales[i] = d * (float)(int8_t)b[192 + i];
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) {
			__m256i q = _mm256_sub_epi8(quants_6_k(b, j), _mm256_set1_epi8(32));
			store_scaled(q, scales[2 * j], scales[2 * j + 1], out + 32 * j);
		}
	}
}

void unpack_fill_avx2(struct kernels *k)
{
	k->unpack[FORMAT_F16] = f16;
	k->unpack[FORMAT_BF16] = bf16;
	k->unpack[FORMAT_Q8_0] = q8_0;
	k->unpack[FORMAT_Q4_0] = q4_0;
	k->unpack[FORMAT_Q4_1] = q4_1;
	k->unpack[FORMAT_Q5_0] = q5_0;
	k->unpack[FORMAT_Q5_1] = q5_1;
	k->unpack[FORMAT_Q2_K] = q2_k;
	k->unpack[FORMAT_Q3_K] = q3_k;
	k->unpack[FORMAT_Q4_K] = q4_k;
	k->unpack[FORMAT_Q5_K] = q5_k;
	k->unpack[FORMAT_Q6_K] = q6_k;
}
