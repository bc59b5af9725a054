/*
 * bytes_codes: packed weights to the forms in 8 bits (see kernel_types.h), with AVX2, for all levels above it too.
 *
 * Only formats whose activations llama.cpp rounds with one scale for 256 are here: with a scale for each 32 their error is a
 * quarter to two fifths of its, where prompts may have half. Blocks of 32 would have all of it.
 */
#include "nn/bytes.h"
#include "nn/codes_avx2.h"
#include "nn/quants_avx2.h"

INLINE void store32(uint8_t *to, __m256i v)
{
	_mm256_storeu_si256((__m256i *)(void *)to, v);
}

/* Q4_K and Q5_K: unsigned codes with scales and mins of 32. */
INLINE void codes_with_mins(const uint8_t *b, enum kind f, size_t n, uint16_t *out)
{
	uint8_t *to = (uint8_t *)out, *scales = to + n, *mins = scales + n / 8;
	for (size_t i = 0; i < n / 256; i++, b += block_bytes(f), to += 256, scales += 32, mins += 32) {
		uint64_t s, m;
		scales_4_k(b + 4, &s, &m);
		_mm256_storeu_ps((float *)(void *)scales, _mm256_mul_ps(_mm256_set1_ps(half_at(b)), floats_of_bytes(s)));
		_mm256_storeu_ps((float *)(void *)mins, _mm256_mul_ps(_mm256_set1_ps(-half_at(b + 2)), floats_of_bytes(m)));
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++) store32(to + 32 * j, f == Q4_K ? quants_4_k(b, j) : quants_5_k(b, j));
	}
}

/* Signed codes with scales of 32 as unsigned ones: `offset` more, which is at least the largest magnitude. */
INLINE void codes_with_offset(const uint8_t *b, enum code f, const int offset, size_t n, uint16_t *out)
{
	uint8_t *to = (uint8_t *)out, *scales = to + n, *mins = scales + n / 8;
	for (size_t i = 0; i < n / 256; i++, b += code_bytes(f)) {
		const float d = code_d(b, f);
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++, to += 32, scales += 4, mins += 4) {
			const float scale = code_scale(b, f, d, 2 * j), min = scale * (float)-offset;
			store32(to, _mm256_add_epi8(codes(b, f, j), _mm256_set1_epi8((char)offset)));
			memcpy(scales, &scale, sizeof scale);
			memcpy(mins, &min, sizeof min);
		}
	}
}

/* 32 signed codes with four lanes of each half's scale. */
INLINE void store_halves(uint8_t *to, uint8_t *floats, __m256i q, __m256 scales)
{
	__m256 sums = _mm256_cvtepi32_ps(sums_of_four(_mm256_set1_epi8(1), q));
	float four[4] = { _mm256_cvtss_f32(scales), _mm_cvtss_f32(_mm256_extractf128_ps(scales, 1)),
		          -128.0f * fold(_mm256_mul_ps(sums, scales)), 0 };
	store32(to, q);
	memcpy(floats, four, sizeof four);
}

INLINE void codes_of_16(const uint8_t *b, enum code f, size_t n, uint16_t *out)
{
	uint8_t *to = (uint8_t *)out, *floats = to + n;
	for (size_t i = 0; i < n / 256; i++, b += code_bytes(f)) {
		const float d = code_d(b, f);
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++, to += 32, floats += 16)
			store_halves(to, floats, codes(b, f, j), code_scales(b, f, d, j));
	}
}

/* Q3_K and Q6_K. */
INLINE void codes_k_16(const uint8_t *b, enum kind f, size_t n, uint16_t *out)
{
	uint8_t *to = (uint8_t *)out, *floats = to + n;
	for (size_t i = 0; i < n / 256; i++, b += block_bytes(f)) {
		__m256i offsets;
		int8_t scales[16];
		_mm_storeu_si128((__m128i *)(void *)scales, scales_16(b, f, &offsets));
		const float d = half_at(b + (f == Q3_K ? 108 : 208));
#pragma GCC unroll 8
		for (int j = 0; j < 8; j++, to += 32, floats += 16) {
			__m256i q = f == Q3_K ? quants_3_k(b, j) : quants_6_k(b, j);
			__m128 first = _mm_set1_ps(d * (float)scales[2 * j]), second = _mm_set1_ps(d * (float)scales[2 * j + 1]);
			store_halves(to, floats, _mm256_sub_epi8(q, _mm256_set1_epi8(f == Q3_K ? 4 : 32)),
			             _mm256_set_m128(second, first));
		}
	}
}

#define CODES(name, call)                                                                                                          \
	static void name(const uint8_t *blocks, size_t n, uint16_t *out)                                                           \
	{                                                                                                                          \
		call;                                                                                                              \
	}

CODES(of_q4_k, codes_with_mins(blocks, Q4_K, n, out))
CODES(of_q5_k, codes_with_mins(blocks, Q5_K, n, out))
CODES(of_iq4_xs, codes_with_offset(blocks, IQ4_XS, 128, n, out))
CODES(of_tq1_0, codes_with_offset(blocks, TQ1_0, 1, n, out))
CODES(of_tq2_0, codes_with_offset(blocks, TQ2_0, 1, n, out))
CODES(of_iq2_xxs, codes_with_offset(blocks, IQ2_XXS, 64, n, out))
CODES(of_iq3_xxs, codes_with_offset(blocks, IQ3_XXS, 64, n, out))
CODES(of_iq3_s, codes_with_offset(blocks, IQ3_S, 16, n, out))
CODES(of_iq1_s, codes_with_offset(blocks, IQ1_S, 16, n, out))
CODES(of_q3_k, codes_k_16(blocks, Q3_K, n, out))
CODES(of_q6_k, codes_k_16(blocks, Q6_K, n, out))
CODES(of_iq2_xs, codes_of_16(blocks, IQ2_XS, n, out))
CODES(of_iq2_s, codes_of_16(blocks, IQ2_S, n, out))
CODES(of_iq1_m, codes_of_16(blocks, IQ1_M, n, out))

/* By how many products of bytes a sum of 16 bits holds in any case, an unsigned byte being at most 255 or the largest code; NONE:
 * two at most. */
#define MINS_16     [FORMAT_Q4_K] = of_q4_k, [FORMAT_TQ1_0] = of_tq1_0, [FORMAT_TQ2_0] = of_tq2_0,
#define MINS_8      [FORMAT_Q5_K] = of_q5_k, [FORMAT_IQ3_S] = of_iq3_s, [FORMAT_IQ1_S] = of_iq1_s,
#define MINS_NONE   [FORMAT_IQ2_XXS] = of_iq2_xxs, [FORMAT_IQ3_XXS] = of_iq3_xxs, [FORMAT_IQ4_XS] = of_iq4_xs,
#define HALVES_8    [FORMAT_Q3_K] = of_q3_k, [FORMAT_IQ1_M] = of_iq1_m,
#define HALVES_4    [FORMAT_Q6_K] = of_q6_k,
#define HALVES_NONE [FORMAT_IQ2_XS] = of_iq2_xs, [FORMAT_IQ2_S] = of_iq2_s,

const kernel_codes bytes_codes_32_avx2[FORMAT_COUNT] = { MINS_16 MINS_8 MINS_NONE };
const kernel_codes bytes_codes_16_avx2[FORMAT_COUNT] = { HALVES_8 HALVES_4 HALVES_NONE };
const kernel_codes bytes_codes_32_sums_avx2[2][FORMAT_COUNT] = { { MINS_16 }, { MINS_8 } };
const kernel_codes bytes_codes_16_sums_avx2[2][FORMAT_COUNT] = { { HALVES_8 }, { HALVES_4 } };
