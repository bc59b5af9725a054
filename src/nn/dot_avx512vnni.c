/*
 * dot: answer rows times the formats with blocks of 32 with AVX512-VNNI, 64 weights at a time.
 *
 * The arithmetic is that of dot_avx2.c; four products at a time are added as 32-bit numbers (vpdpbusd), so nothing
 * can saturate and Q8_0 is taken with its sign bit turned (an offset of 128). Scales become floats that are spread over the lanes
 * they belong to. A sum has 16 lanes, each the sum of whole blocks in order, however many rows there are.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

INLINE __m512i join(__m256i low, __m256i high)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* 16 sums of four products each, as floats. */
INLINE __m512 dot64(__m512i q, const int8_t *x)
{
	return _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(_mm512_setzero_si512(), q, _mm512_loadu_si512(x)));
}

/* Floats 2j and 2j + 1, eight lanes each. */
INLINE __m512 spread_two(__m512 v, const int j)
{
	return _mm512_permutexvar_ps(join(_mm256_set1_epi32(2 * j), _mm256_set1_epi32(2 * j + 1)), v);
}

/* A block of 32 without its offset. */
INLINE __m256i quants_32(const uint8_t *b, enum kind f)
{
	if (f == Q8_0) return _mm256_xor_si256(load32(b + 2), _mm256_set1_epi8((char)0x80));
	if (f == Q4_0) return quants_4(b + 2);
	if (f == Q4_1) return quants_4(b + 4);
	return f == Q5_0 ? quants_5(b + 6, b + 2) : quants_5(b + 8, b + 4);
}

/* What the offsets of N blocks add: (the min, or minus the offset times the scale) times the sum of the activations. */
INLINE __m512 offsets_32(const uint8_t *b, enum kind f, __m128 scale, __m128 x_scale, const int16_t *sums, const int N)
{
	__m128 m;
	if (f == Q4_1 || f == Q5_1)
		m = _mm_mul_ps(halves(b + 2, block_bytes(f), N), x_scale);
	else
		m = _mm_mul_ps(scale, _mm_set1_ps(f == Q8_0 ? -128.0f : f == Q4_0 ? -8.0f : -16.0f));
	__m128i v = N == 4 ? _mm_loadu_si128((const __m128i *)(const void *)sums) : _mm_loadu_si32(sums);
	return _mm512_zextps128_ps512(_mm_mul_ps(m, _mm_cvtepi32_ps(_mm_madd_epi16(v, _mm_set1_epi16(1)))));
}

/* N blocks of 32, 1 or 4, of which the first is number `at` of its row, with R rows. */
INLINE void group(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m512 *acc, const int N, const int R)
{
	const size_t bytes = block_bytes(f);
	__m128 d = halves(b, bytes, N);
	__m512i first, second = _mm512_setzero_si512();
	if (N == 1) {
		first = _mm512_zextsi256_si512(quants_32(b, f));
	} else {
		first = join(quants_32(b, f), quants_32(b + bytes, f));
		second = join(quants_32(b + 2 * bytes, f), quants_32(b + 3 * bytes, f));
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		const int8_t *x = rows[r].q + at * 32;
		__m128 x_scale = N == 4 ? _mm_loadu_ps(rows[r].scales + at) : _mm_set_ss(rows[r].scales[at]);
		__m128 scale = _mm_mul_ps(d, x_scale);
		__m512 spread = _mm512_castps128_ps512(scale), t = offsets_32(b, f, scale, x_scale, rows[r].sums + 2 * at, N);
		if (N == 1) {
			__m256i p = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm512_castsi512_si256(first), load32(x));
			t = _mm512_fmadd_ps(_mm512_zextps256_ps512(_mm256_cvtepi32_ps(p)), _mm512_broadcastss_ps(scale), t);
		} else {
			t = _mm512_fmadd_ps(dot64(first, x), spread_two(spread, 0), t);
			t = _mm512_fmadd_ps(dot64(second, x + 64), spread_two(spread, 1), t);
		}
		acc[r] = _mm512_add_ps(acc[r], t);
	}
}

INLINE void blocks(const uint8_t *w, enum kind f, size_t cols, const struct kernel_row *rows, __m512 *acc, const int R)
{
	const size_t bytes = block_bytes(f);
	size_t i = 0;
	for (; i + 4 <= cols / 32; i += 4, w += 4 * bytes) {
		fetch_ahead(w, 4 * bytes);
		group(w, f, rows, i, acc, 4, R);
	}
	for (; i < cols / 32; i++, w += bytes) group(w, f, rows, i, acc, 1, R);
}

INLINE void output(const uint8_t *w, enum kind f, size_t cols, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	__m512 acc[4];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) acc[r] = _mm512_setzero_ps();
	blocks(w, f, cols, rows, acc, R);
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		out[(size_t)r * out_stride] =
		        fold(_mm256_add_ps(_mm512_castps512_ps256(acc[r]), _mm512_extractf32x8_ps(acc[r], 1)));
	}
}

DOT(dot_q8_0, Q8_0, 1, 4)
DOT(dot_q4_0, Q4_0, 1, 4)
DOT(dot_q4_1, Q4_1, 1, 4)
DOT(dot_q5_0, Q5_0, 1, 4)
DOT(dot_q5_1, Q5_1, 1, 4)

void dot_fill_avx512vnni(struct kernels *k)
{
	k->dot[FORMAT_Q8_0] = dot_q8_0;
	k->dot[FORMAT_Q4_0] = dot_q4_0;
	k->dot[FORMAT_Q4_1] = dot_q4_1;
	k->dot[FORMAT_Q5_0] = dot_q5_0;
	k->dot[FORMAT_Q5_1] = dot_q5_1;
}
