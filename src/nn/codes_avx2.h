/*
 * codes_avx2: the formats whose weights are signed codes times a scale (codes.h), in AVX2 registers: 32 codes as
 * bytes, and a scale for each 16, shared by what unpacks and what multiplies them.
 */
#ifndef HEARTH_NN_CODES_AVX2_H
#define HEARTH_NN_CODES_AVX2_H

#include "nn/codes.h"
#include "nn/quants_avx2.h"

INLINE uint32_t bits32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

INLINE uint64_t bits64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return v;
}

/* 32 bits to 32 bytes of 0 or -1. */
INLINE __m256i mask_of_bits(uint32_t bits)
{
	const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
	const __m256i one = _mm256_set1_epi64x((long long)0x8040201008040201u);
	__m256i v = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), spread), one);
	return _mm256_cmpeq_epi8(v, one);
}

/* Sizes with the signs of 32 bits. */
INLINE __m256i with_signs(__m256i sizes, uint32_t signs)
{
	__m256i m = mask_of_bits(signs);
	return _mm256_sub_epi8(_mm256_xor_si256(sizes, m), m);
}

/* Four points of eight. */
INLINE __m256i points_8(const uint64_t *book, size_t a, size_t b, size_t c, size_t d)
{
	__m128i low = _mm_insert_epi64(_mm_cvtsi64_si128((long long)book[a]), (long long)book[b], 1);
	__m128i high = _mm_insert_epi64(_mm_cvtsi64_si128((long long)book[c]), (long long)book[d], 1);
	return _mm256_set_m128i(high, low);
}

/* Eight points of four: 8 bits of each number at `low`, the ninth in a bit of `high`. */
INLINE __m256i points_4(const uint32_t *book, const uint8_t *low, unsigned high)
{
	int v[8];
#pragma GCC unroll 8
	for (int i = 0; i < 8; i++) v[i] = (int)book[low[i] | (high >> i & 1) << 8];
	return _mm256_setr_epi32(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
}

INLINE __m256i table_16(const int8_t *table, __m256i index)
{
	return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)table)), index);
}

/* NVFP4: each 8 bytes hold 8 low halves, then 8 high ones. */
INLINE __m256i nibbles_of_16(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p), fifteen = _mm_set1_epi8(15);
	__m128i low = _mm_and_si128(v, fifteen), high = _mm_and_si128(_mm_srli_epi16(v, 4), fifteen);
	return _mm256_set_m128i(_mm_unpackhi_epi64(low, high), _mm_unpacklo_epi64(low, high));
}

/* 2 bits of each 32 in 8 bytes, in order. */
INLINE __m256i pairs_of_bits(const uint8_t *p)
{
	__m256i v = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bits64(p)));
	v = _mm256_or_si256(v, _mm256_slli_epi32(v, 12));
	v = _mm256_or_si256(v, _mm256_slli_epi32(v, 6));
	return _mm256_and_si256(v, _mm256_set1_epi32(0x03030303));
}

/* Bytes times 3^n, without what does not fit; n a constant. */
INLINE __m256i times_3(__m256i v, const int n)
{
#pragma GCC unroll 4
	for (int i = 0; i < n; i++) v = _mm256_add_epi8(v, _mm256_add_epi8(v, v));
	return v;
}

/* The digit to base 3 that bytes begin with, minus 1. */
INLINE __m256i first_digit(__m256i v)
{
	__m256i one = _mm256_cmpeq_epi8(_mm256_max_epu8(v, _mm256_set1_epi8(86)), v);
	__m256i two = _mm256_cmpeq_epi8(_mm256_max_epu8(v, _mm256_set1_epi8((char)171)), v);
	return _mm256_sub_epi8(_mm256_sub_epi8(_mm256_set1_epi8(-1), one), two);
}

/* TQ1_0: 32 bytes five deep, 16 bytes five deep, 4 bytes four deep. */
INLINE __m256i codes_tq1_0(const uint8_t *b, const int j)
{
	if (j < 5) return first_digit(times_3(load32(b), j));
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(b + 32));
	__m256i both = _mm256_set_m128i(v, v), last = _mm256_set1_epi32((int)bits32(b + 48));
	int n = 2 * (j - 5);
	__m256i first = times_3(both, n), second = times_3(both, j == 7 ? 0 : n + 1);
	if (j == 7) {
		__m256i one = times_3(last, 1), two = times_3(last, 2), three = times_3(last, 3);
		second = _mm256_blend_epi32(_mm256_blend_epi32(last, one, 0x20), _mm256_blend_epi32(two, three, 0x80), 0xc0);
	}
	return first_digit(_mm256_blend_epi32(first, second, 0xf0));
}

/* The four points of IQ2_XS's 32 weights and their signs: 9 and 7 bits each. */
INLINE __m256i codes_iq2_xs(const uint8_t *q)
{
	uint64_t v = bits64(q);
	uint32_t signs = (uint32_t)(v >> 9 & 0x7f) | (uint32_t)(v >> 18 & 0x3f80) | (uint32_t)(v >> 27 & 0x1fc000) |
	                 (uint32_t)(v >> 36 & 0xfe00000);
	__m256i sizes = points_8(codebook_iq2_xs, v & 511, v >> 16 & 511, v >> 32 & 511, v >> 48 & 511);
	return with_signs(sizes, codebook_even_signs(signs));
}

/* IQ1: points of eight with 11 bits each, an eighth more or, where `less` has a bit of its eight, less; times 8. */
INLINE __m256i codes_iq1(const uint8_t *low, unsigned a, unsigned b, unsigned c, unsigned d, __m256i less)
{
	__m256i v = points_8(codebook_iq1, low[0] | (size_t)a << 8, low[1] | (size_t)b << 8, low[2] | (size_t)c << 8,
	                     low[3] | (size_t)d << 8);
	v = _mm256_add_epi8(v, v);
	v = _mm256_add_epi8(v, v);
	v = _mm256_add_epi8(v, v);
	return _mm256_add_epi8(v, _mm256_or_si256(less, _mm256_set1_epi8(1)));
}

INLINE __m256i codes_iq1_s(const uint8_t *b, const int j)
{
	unsigned h = load16(b + 34 + 2 * j);
	return codes_iq1(b + 2 + 4 * j, h & 7, h >> 3 & 7, h >> 6 & 7, h >> 9 & 7, _mm256_set1_epi8(h >> 15 ? -1 : 0));
}

INLINE __m256i codes_iq1_m(const uint8_t *b, const int j)
{
	unsigned h = load16(b + 32 + 2 * j);
	__m256i less = _mm256_setr_epi64x(-(long long)(h >> 3 & 1), -(long long)(h >> 7 & 1), -(long long)(h >> 11 & 1),
	                                  -(long long)(h >> 15 & 1));
	return codes_iq1(b + 4 * j, h & 7, h >> 4 & 7, h >> 8 & 7, h >> 12 & 7, less);
}

/* Codes 32j ... 32j + 31 of a block, j a constant. */
INLINE __m256i codes(const uint8_t *b, enum code f, const int j)
{
	const uint8_t *q;
	unsigned high;
	__m256i v;
	switch (f) {
	case MXFP4: return table_16(codebook_fp4, nibbles(b + 1));
	case NVFP4: return table_16(codebook_fp4, nibbles_of_16(b + 4 + 16 * j));
	case IQ4_NL: return table_16(codebook_iq4, nibbles(b + 2));
	case IQ4_XS: return table_16(codebook_iq4, nibbles(b + 8 + 16 * j));
	case Q1_0: v = mask_of_bits(bits32(b + 2 + 4 * j)); return _mm256_sub_epi8(_mm256_set1_epi8(-1), _mm256_add_epi8(v, v));
	case Q2_0: return _mm256_sub_epi8(pairs_of_bits(b + 2 + 8 * j), _mm256_set1_epi8(1));
	case TQ1_0: return codes_tq1_0(b, j);
	case TQ2_0:
		v = _mm256_srli_epi16(load32(b + j / 4 * 32), j % 4 * 2);
		return _mm256_sub_epi8(_mm256_and_si256(v, _mm256_set1_epi8(3)), _mm256_set1_epi8(1));
	case IQ2_XXS:
		q = b + 2 + 8 * j;
		return with_signs(points_8(codebook_iq2_xxs, q[0], q[1], q[2], q[3]), codebook_even_signs(bits32(q + 4)));
	case IQ2_XS: return codes_iq2_xs(b + 2 + 8 * j);
	case IQ2_S:
		q = b + 2 + 4 * j;
		high = (unsigned)b[66 + j] << 8;
		v = points_8(codebook_iq2_s, q[0] | (high & 0x300), q[1] | (high >> 2 & 0x300), q[2] | (high >> 4 & 0x300),
		             q[3] | (high >> 6 & 0x300));
		return with_signs(v, bits32(b + 34 + 4 * j));
	case IQ3_XXS: return with_signs(points_4(codebook_iq3_xxs, b + 2 + 8 * j, 0), codebook_even_signs(bits32(b + 66 + 4 * j)));
	case IQ3_S: return with_signs(points_4(codebook_iq3_s, b + 2 + 8 * j, b[66 + j]), bits32(b + 74 + 4 * j));
	case IQ1_S: return codes_iq1_s(b, j);
	case IQ1_M: return codes_iq1_m(b, j);
	}
	return _mm256_setzero_si256();
}

/* The scale of weights 16i ... 16i + 15 of a block whose own is d. */
INLINE float code_scale(const uint8_t *b, enum code f, float d, const int i)
{
	switch (f) {
	case NVFP4: return codebook_e4m3_half(b[i]);
	case IQ4_XS: return d * (float)iq4_xs_scale(b, (size_t)i / 2);
	case IQ2_XXS: return d * (0.5f + (float)(b[9 + i / 2 * 8] >> 4)) * 0.25f;
	case IQ2_XS: return d * (0.5f + (float)iq2_scale(b + 66, (size_t)i)) * 0.25f;
	case IQ2_S: return d * (0.5f + (float)iq2_scale(b + 74, (size_t)i)) * 0.25f;
	case IQ3_XXS: return d * (0.5f + (float)(b[69 + i / 2 * 4] >> 4)) * 0.5f;
	case IQ3_S: return d * (float)(1 + 2 * (b[106 + i / 4] >> i / 2 % 2 * 4 & 15));
	case IQ1_S: return d * (float)(2 * (b[35 + i / 2 * 2] >> 4 & 7) + 1) * 0.125f;
	case IQ1_M: return d * (float)(2 * iq1_m_scale(b, (size_t)i) + 1) * 0.125f;
	default: return d;
	}
}

/* A block's own scale. */
INLINE float code_d(const uint8_t *b, enum code f)
{
	if (f == MXFP4) return codebook_e8m0_half(b[0]);
	if (f == NVFP4) return 0;
	if (f == IQ1_M) return _cvtsh_ss(iq1_m_half(b));
	return half_at(b + (f == TQ1_0 ? 52 : f == TQ2_0 ? 64 : 0));
}

/* The scales of weights 32j ... 32j + 31: four lanes each, in the order of the products' sums. */
INLINE __m256 code_scales(const uint8_t *b, enum code f, float d, const int j)
{
	__m128 first = _mm_set1_ps(code_scale(b, f, d, 2 * j));
	if (f != NVFP4 && f != IQ2_XS && f != IQ2_S && f != IQ1_M) return _mm256_set_m128(first, first);
	return _mm256_set_m128(_mm_set1_ps(code_scale(b, f, d, 2 * j + 1)), first);
}

#endif
