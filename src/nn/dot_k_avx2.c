/*
 * dot: answer rows times the formats with blocks of 256 (the K formats), with AVX2; see dot_avx2.c for the products of bytes.
 *
 * Activations have a scale for each 32. Q4_K and Q5_K have scales of the same 32, so that one float multiplies a sum; Q2_K,
 * Q3_K and Q6_K have them for each 16, which are the two halves of a vector of sums, and multiply them as integers first.
 * Offsets and mins meet the sums of the activations, eight at a time.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

INLINE __m256i quants(const uint8_t *b, enum kind f, const int j)
{
	if (f == Q2_K) return quants_2_k(b, j);
	if (f == Q3_K) return quants_3_k(b, j);
	if (f == Q4_K) return quants_4_k(b, j);
	return f == Q5_K ? quants_5_k(b, j) : quants_6_k(b, j);
}

/* Products of 32 bytes, added in pairs. */
INLINE __m256i pairs32(__m256i q, const int8_t *x)
{
	return _mm256_maddubs_epi16(q, load32(x));
}

/* A block of Q4_K or Q5_K with R rows. */
INLINE void block_8(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m256 *acc, const int R)
{
	uint64_t scale_bytes, min_bytes;
	scales_4_k(b + 4, &scale_bytes, &min_bytes);
	__m256 d = _mm256_mul_ps(_mm256_set1_ps(half_at(b)), floats_of_bytes(scale_bytes));
	__m256 m = _mm256_mul_ps(_mm256_set1_ps(-half_at(b + 2)), floats_of_bytes(min_bytes));
	__m256 scales[4], even[4], odd[4];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		__m256 x_scales = _mm256_loadu_ps(rows[r].scales + at * 8);
		scales[r] = _mm256_mul_ps(d, x_scales);
		even[r] = _mm256_mul_ps(_mm256_mul_ps(m, x_scales), weighted_sums(rows[r].sums + at * 16, _mm256_set1_epi16(1)));
		odd[r] = _mm256_setzero_ps();
	}
#pragma GCC unroll 4
	for (int j = 0; j < 8; j += 2) {
		__m256i q = quants(b, f, j), p = quants(b, f, j + 1);
#pragma GCC unroll 4
		for (int r = 0; r < R; r++) {
			const int8_t *x = rows[r].q + at * 256 + 32 * j;
			__m256 first = _mm256_cvtepi32_ps(sums_of_four(q, load32(x)));
			__m256 second = _mm256_cvtepi32_ps(sums_of_four(p, load32(x + 32)));
			even[r] = _mm256_fmadd_ps(first, _mm256_permutevar8x32_ps(scales[r], _mm256_set1_epi32(j)), even[r]);
			odd[r] = _mm256_fmadd_ps(second, _mm256_permutevar8x32_ps(scales[r], _mm256_set1_epi32(j + 1)), odd[r]);
		}
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) acc[r] = _mm256_add_ps(acc[r], _mm256_add_ps(even[r], odd[r]));
}

/* Scale 2j in the lower eight lanes, scale 2j + 1 in the upper eight. */
INLINE __m256i two_scales(__m128i scales, const int j)
{
	const __m128i pick = _mm_set_epi64x(0x0101010101010101 * (2 * j + 1), 0x0101010101010101 * (2 * j));
	return _mm256_cvtepi8_epi16(_mm_shuffle_epi8(scales, pick));
}

/* A block of Q2_K, Q3_K or Q6_K with R rows. */
INLINE void block_16(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m256 *acc, const int R)
{
	__m256i offsets;
	__m128i scales = scales_16(b, f, &offsets);
	float d = half_at(b + (f == Q2_K ? 80 : f == Q3_K ? 108 : 208));
	__m256 off = _mm256_set1_ps(f == Q2_K ? -half_at(b + 82) : -d), t[4];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) t[r] = _mm256_setzero_ps();
#pragma GCC unroll 8
	for (int j = 0; j < 8; j++) {
		__m256i q = quants(b, f, j), s = two_scales(scales, j);
#pragma GCC unroll 4
		for (int r = 0; r < R; r++) {
			__m256i sums = _mm256_madd_epi16(pairs32(q, rows[r].q + at * 256 + 32 * j), s);
			t[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), _mm256_broadcast_ss(rows[r].scales + at * 8 + j), t[r]);
		}
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		__m256 o = _mm256_mul_ps(weighted_sums(rows[r].sums + at * 16, offsets), _mm256_loadu_ps(rows[r].scales + at * 8));
		acc[r] = _mm256_fmadd_ps(t[r], _mm256_set1_ps(d), _mm256_fmadd_ps(o, off, acc[r]));
	}
}

INLINE void output(const uint8_t *w, enum kind f, size_t blocks, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	const size_t bytes = block_bytes(f);
	__m256 acc[4];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) acc[r] = _mm256_setzero_ps();
	for (size_t i = 0; i < blocks; i++, w += bytes) {
		fetch_ahead(w, bytes);
		if (f == Q4_K || f == Q5_K)
			block_8(w, f, rows, i, acc, R);
		else
			block_16(w, f, rows, i, acc, R);
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) out[(size_t)r * out_stride] = fold(acc[r]);
}

DOT(dot_q2_k, Q2_K, 256, 4)
DOT(dot_q3_k, Q3_K, 256, 4)
DOT(dot_q4_k, Q4_K, 256, 4)
DOT(dot_q5_k, Q5_K, 256, 4)
DOT(dot_q6_k, Q6_K, 256, 4)

void dot_k_fill_avx2(struct kernels *k)
{
	k->dot[FORMAT_Q2_K] = dot_q2_k;
	k->dot[FORMAT_Q3_K] = dot_q3_k;
	k->dot[FORMAT_Q4_K] = dot_q4_k;
	k->dot[FORMAT_Q5_K] = dot_q5_k;
	k->dot[FORMAT_Q6_K] = dot_q6_k;
}
