/*
 * dot: answer rows times the formats of signed codes, with AVX2.
 *
 * The codes' signs are moved to the activations, as for Q8_0: no pair of products saturates (2 x 127 x 127 < 32768). A sum of a row
 * has 16 lanes, those of even and of odd groups of 32, each the sum of groups in order, however many rows there are.
 */
#include "nn/codes_avx2.h"
#include "nn/kernel_types.h"

/* A group of 32 with R rows. */
INLINE void group(__m256i q, __m256 scales, const struct kernel_row *rows, size_t at, __m256 *acc, const int R)
{
	__m256i sizes = _mm256_abs_epi8(q);
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		__m256i x = _mm256_sign_epi8(load32(rows[r].q + at * 32), q);
		__m256i sums = sums_of_four(sizes, x);
		__m256 scale = _mm256_mul_ps(scales, _mm256_broadcast_ss(rows[r].scales + at));
		acc[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), scale, acc[r]);
	}
}

INLINE void block(const uint8_t *b, enum code f, const struct kernel_row *rows, size_t at, __m256 *even, __m256 *odd, const int R)
{
	float d = code_d(b, f);
#pragma GCC unroll 8
	for (int j = 0; j < code_groups(f); j++) {
		group(codes(b, f, j), code_scales(b, f, d, j), rows, at + (size_t)j, j % 2 ? odd : even, R);
	}
}

INLINE void output(const uint8_t *w, enum code f, size_t groups, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	const size_t bytes = code_bytes(f), step = (size_t)code_groups(f);
	__m256 acc[2][4];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) acc[0][r] = acc[1][r] = _mm256_setzero_ps();
	size_t at = 0;
	for (; step == 1 && at + 2 <= groups; at += 2, w += 2 * bytes) {
		fetch_ahead(w, 2 * bytes);
		block(w, f, rows, at, acc[0], acc[1], R);
		block(w + bytes, f, rows, at + 1, acc[1], acc[0], R);
	}
	for (; at < groups; at += step, w += bytes) {
		fetch_ahead(w, bytes);
		block(w, f, rows, at, acc[0], acc[1], R);
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) out[(size_t)r * out_stride] = fold(_mm256_add_ps(acc[0][r], acc[1][r]));
}

DOT(dot_mxfp4, MXFP4, 32, 4)
DOT(dot_nvfp4, NVFP4, 32, 4)
DOT(dot_iq4_nl, IQ4_NL, 32, 4)
DOT(dot_iq4_xs, IQ4_XS, 32, 4)
DOT(dot_q1_0, Q1_0, 32, 4)
DOT(dot_q2_0, Q2_0, 32, 4)
DOT(dot_tq1_0, TQ1_0, 32, 4)
DOT(dot_tq2_0, TQ2_0, 32, 4)
DOT(dot_iq2_xxs, IQ2_XXS, 32, 4)
DOT(dot_iq2_xs, IQ2_XS, 32, 4)
DOT(dot_iq2_s, IQ2_S, 32, 4)
DOT(dot_iq3_xxs, IQ3_XXS, 32, 4)
DOT(dot_iq3_s, IQ3_S, 32, 4)
DOT(dot_iq1_s, IQ1_S, 32, 4)
DOT(dot_iq1_m, IQ1_M, 32, 4)

void dot_codes_fill_avx2(struct kernels *k)
{
	k->dot[FORMAT_MXFP4] = dot_mxfp4;
	k->dot[FORMAT_NVFP4] = dot_nvfp4;
	k->dot[FORMAT_IQ4_NL] = dot_iq4_nl;
	k->dot[FORMAT_IQ4_XS] = dot_iq4_xs;
	k->dot[FORMAT_Q1_0] = dot_q1_0;
	k->dot[FORMAT_Q2_0] = dot_q2_0;
	k->dot[FORMAT_TQ1_0] = dot_tq1_0;
	k->dot[FORMAT_TQ2_0] = dot_tq2_0;
	k->dot[FORMAT_IQ2_XXS] = dot_iq2_xxs;
	k->dot[FORMAT_IQ2_XS] = dot_iq2_xs;
	k->dot[FORMAT_IQ2_S] = dot_iq2_s;
	k->dot[FORMAT_IQ3_XXS] = dot_iq3_xxs;
	k->dot[FORMAT_IQ3_S] = dot_iq3_s;
	k->dot[FORMAT_IQ1_S] = dot_iq1_s;
	k->dot[FORMAT_IQ1_M] = dot_iq1_m;
}
