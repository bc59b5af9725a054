/*
 * quants_avx2: the whole numbers of packed blocks in AVX2 registers, shared by what unpacks them and what multiplies them.
 */
#ifndef HEARTH_NN_QUANTS_AVX2_H
#define HEARTH_NN_QUANTS_AVX2_H

#include "nn/float16.h"
#include "nn/kernel_types.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* The quantized formats, for functions that are written once for several and compiled for each. */
enum kind { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K };

INLINE size_t block_bytes(enum kind f)
{
	static const uint8_t bytes[] = { [Q8_0] = 34, [Q4_0] = 18,  [Q4_1] = 20,  [Q5_0] = 22,  [Q5_1] = 24,
		                         [Q2_K] = 84, [Q3_K] = 110, [Q4_K] = 144, [Q5_K] = 176, [Q6_K] = 210 };
	return bytes[f];
}

/* How far ahead of the products packed weights are fetched, in bytes: far into the second-level cache, whose queue of misses is
 * longer, so that memory is always busy, and from there into the first. */
enum { PREFETCH = 1024, PREFETCH_FAR = 16384 };

/* Fetches ahead by `bytes`, a constant. */
INLINE void fetch_ahead(const uint8_t *w, size_t bytes)
{
#pragma GCC unroll 4
	for (size_t line = 0; line < bytes; line += 64) {
		_mm_prefetch((const char *)w + PREFETCH_FAR + line, _MM_HINT_T1);
		_mm_prefetch((const char *)w + PREFETCH + line, _MM_HINT_T0);
	}
}

/* The sum of eight lanes. */
INLINE float fold(__m256 v)
{
	__m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
	s = _mm_add_ps(s, _mm_movehl_ps(s, s));
	return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

#ifdef __AVX512F__
/* Eight floats, each in two lanes. */
INLINE __m512 twice(__m256 v)
{
	const __m512i pairs = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
	return _mm512_permutexvar_ps(pairs, _mm512_castps256_ps512(v));
}
#endif

INLINE __m256i load32(const void *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

INLINE float half_at(const uint8_t *p)
{
	return _cvtsh_ss(load16(p));
}

/* Halves at the same place of N blocks, N 1 or 4, as floats; zeros behind them. */
INLINE __m128 halves(const uint8_t *b, size_t bytes, const int N)
{
	if (N == 1) return _mm_set_ss(half_at(b));
	uint64_t low = load16(b) | (uint64_t)load16(b + bytes) << 16;
	uint64_t high = load16(b + 2 * bytes) | (uint64_t)load16(b + 3 * bytes) << 16;
	return _mm_cvtph_ps(_mm_cvtsi64_si128((long long)(low | high << 32)));
}

/* 8 sums of four products each, unsigned bytes times signed ones. Where four are added as pairs first, no pair may saturate. */
INLINE __m256i sums_of_four(__m256i u, __m256i s)
{
#if defined(__AVXVNNI__) || defined(VNNI_OF_8)
	return _mm256_dpbusd_epi32(_mm256_setzero_si256(), u, s);
#else
	return _mm256_madd_epi16(_mm256_maddubs_epi16(u, s), _mm256_set1_epi16(1));
#endif
}

/* 16 bytes of halves to 32 bytes, low halves first. */
INLINE __m256i nibbles(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m256i both = _mm256_inserti128_si256(_mm256_castsi128_si256(v), _mm_srli_epi16(v, 4), 1);
	return _mm256_and_si256(both, _mm256_set1_epi8(15));
}

/* 32 bits to 32 bytes of 0 or 16: the fifth bits. */
INLINE __m256i fifth_bits(const uint8_t *p)
{
	uint32_t bits;
	memcpy(&bits, p, sizeof bits);
	const __m256i spread = _mm256_set_epi64x(0x0303030303030303, 0x0202020202020202, 0x0101010101010101, 0);
	const __m256i one = _mm256_set1_epi64x((long long)0x8040201008040201u);
	__m256i v = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), spread), one);
	return _mm256_and_si256(_mm256_cmpeq_epi8(v, one), _mm256_set1_epi8(16));
}

/* Q4_0, Q4_1; Q5_0, Q5_1: 32 values, 0 ... 15 or 31. `q` is where the halves stand, `high` where the fifth bits do. */
INLINE __m256i quants_4(const uint8_t *q)
{
	return nibbles(q);
}

INLINE __m256i quants_5(const uint8_t *q, const uint8_t *high)
{
	return _mm256_or_si256(nibbles(q), fifth_bits(high));
}

/* Values 32j ... 32j + 31 of a block of 256, j a constant. */
INLINE __m256i quants_2_k(const uint8_t *block, const int j)
{
	return _mm256_and_si256(_mm256_srli_epi16(load32(block + 16 + j / 4 * 32), j % 4 * 2), _mm256_set1_epi8(3));
}

/* Plus 4: 0 ... 7. */
INLINE __m256i quants_3_k(const uint8_t *block, const int j)
{
	__m256i low = _mm256_and_si256(_mm256_srli_epi16(load32(block + 32 + j / 4 * 32), j % 4 * 2), _mm256_set1_epi8(3));
	__m256i high = load32(block);
	high = j < 2 ? _mm256_slli_epi16(high, 2 - j) : _mm256_srli_epi16(high, j - 2);
	return _mm256_or_si256(low, _mm256_and_si256(high, _mm256_set1_epi8(4)));
}

INLINE __m256i quants_4_k(const uint8_t *block, const int j)
{
	return _mm256_and_si256(_mm256_srli_epi16(load32(block + 16 + j / 2 * 32), j % 2 * 4), _mm256_set1_epi8(15));
}

INLINE __m256i quants_5_k(const uint8_t *block, const int j)
{
	__m256i low = _mm256_and_si256(_mm256_srli_epi16(load32(block + 48 + j / 2 * 32), j % 2 * 4), _mm256_set1_epi8(15));
	__m256i high = load32(block + 16);
	high = j < 4 ? _mm256_slli_epi16(high, 4 - j) : _mm256_srli_epi16(high, j - 4);
	return _mm256_or_si256(low, _mm256_and_si256(high, _mm256_set1_epi8(16)));
}

/* Plus 32: 0 ... 63. */
INLINE __m256i quants_6_k(const uint8_t *block, const int j)
{
	__m256i low = _mm256_srli_epi16(load32(block + j / 4 * 64 + j % 2 * 32), j % 4 / 2 * 4);
	__m256i high = load32(block + 128 + j / 4 * 32);
	high = j % 4 < 2 ? _mm256_slli_epi16(high, 4 - j % 4 * 2) : _mm256_srli_epi16(high, j % 4 * 2 - 4);
	return _mm256_or_si256(_mm256_and_si256(low, _mm256_set1_epi8(15)), _mm256_and_si256(high, _mm256_set1_epi8(48)));
}

/* The 6-bit scales of Q4_K and Q5_K, and their mins, as 8 bytes each. */
INLINE void scales_4_k(const uint8_t *packed, uint64_t *scales, uint64_t *mins)
{
	uint32_t a, b, c;
	memcpy(&a, packed, 4);
	memcpy(&b, packed + 4, 4);
	memcpy(&c, packed + 8, 4);
	*scales = (a & 0x3f3f3f3f) | (uint64_t)((c & 0x0f0f0f0f) | (a >> 2 & 0x30303030)) << 32;
	*mins = (b & 0x3f3f3f3f) | (uint64_t)((c >> 4 & 0x0f0f0f0f) | (b >> 2 & 0x30303030)) << 32;
}

/* The 6-bit scales of Q3_K as 16 signed bytes. */
INLINE __m128i scales_3_k(const uint8_t *packed)
{
	uint32_t a, b, c;
	memcpy(&a, packed, 4);
	memcpy(&b, packed + 4, 4);
	memcpy(&c, packed + 8, 4);
	const uint32_t four = 0x0f0f0f0f, two = 0x30303030;
	__m128i v = _mm_set_epi32((int)((b >> 4 & four) | (c >> 2 & two)), (int)((a >> 4 & four) | (c & two)),
	                          (int)((b & four) | (c << 2 & two)), (int)((a & four) | (c << 4 & two)));
	return _mm_sub_epi8(v, _mm_set1_epi8(32));
}

/* 8 bytes as floats. */
INLINE __m256 floats_of_bytes(uint64_t bytes)
{
	return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_cvtsi64_si128((long long)bytes)));
}

/* 16 signed bytes: the scales; and what the sums of 16 activations are multiplied with, times -1. */
INLINE __m128i scales_16(const uint8_t *b, enum kind f, __m256i *offsets)
{
	__m128i v = f == Q3_K ? scales_3_k(b + 96) : _mm_loadu_si128((const __m128i *)(const void *)(f == Q6_K ? b + 192 : b));
	if (f == Q2_K) {
		*offsets = _mm256_cvtepi8_epi16(_mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15)));
		return _mm_and_si128(v, _mm_set1_epi8(15));
	}
	*offsets = _mm256_slli_epi16(_mm256_cvtepi8_epi16(v), f == Q3_K ? 2 : 5);
	return v;
}

/* Sums over 32 activations, 8 of them, of 16 sums times 16 factors. */
INLINE __m256 weighted_sums(const int16_t *sums, __m256i factors)
{
	return _mm256_cvtepi32_ps(_mm256_madd_epi16(load32(sums), factors));
}

/* The dot product of one format, as struct kernels has it: every output with `most` (8 or 4), four, two and one activation rows at
 * a time, through the file's own output(), which counts its columns in units of `unit`. */
#define DOT(name, kind, unit, most)                                                                                                \
	static void name(const struct format *format, const uint8_t *w, size_t row_bytes, size_t n_outputs, size_t cols,           \
	                 const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)                              \
	{                                                                                                                          \
		const size_t n = cols / (unit);                                                                                    \
		(void)format;                                                                                                      \
		for (size_t o = 0; o < n_outputs; o++, w += row_bytes, out++) {                                                    \
			size_t r = 0;                                                                                              \
			for (; (most) == 8 && r + 8 <= n_rows; r += 8)                                                             \
				output(w, kind, n, rows + r, out + r * out_stride, out_stride, 8);                                 \
			for (; r + 4 <= n_rows; r += 4) output(w, kind, n, rows + r, out + r * out_stride, out_stride, 4);         \
			for (; r + 2 <= n_rows; r += 2) output(w, kind, n, rows + r, out + r * out_stride, out_stride, 2);         \
			for (; r < n_rows; r++) output(w, kind, n, rows + r, out + r * out_stride, out_stride, 1);                 \
		}                                                                                                                  \
	}

#endif
