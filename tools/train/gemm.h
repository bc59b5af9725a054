// Matrix products for the trainer: bf16 factors, float32 sums, one thread, AVX-512 with BF16 (Zen 4, Sapphire Rapids and later).
//
// C (M x N) = A B, or C += A B. B is packed into panels of 32 columns, A into rows or panels of 12, both as pairs of neighbouring k
// in one 32-bit word, which is what vdpbf16ps multiplies. The kernel holds 12 x 32 sums in registers. Nothing here is for the
// engine: its own kernels lie elsewhere and take other formats.
//
// Shapes: M a multiple of 4, N a multiple of 32, K even (a multiple of 32 where A is not transposed or B is given by rows of k).
#ifndef TRAIN_GEMM_H
#define TRAIN_GEMM_H

#include <immintrin.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { GEMM_ROWS = 12, GEMM_COLS = 32, GEMM_SCRATCH_WORDS = 8 << 20 };

static uint32_t *gemm_scratch; // A in packed form

static inline __m512i gemm_interleave(const float *even, const float *odd)
{
	const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5,
	                                       20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
	__m512bh v = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(odd), _mm512_loadu_ps(even));
	return _mm512_permutexvar_epi16(order, (__m512i)v);
}

// B given as K rows of N values.
static void gemm_pack_kn(uint32_t *dst, const float *b, size_t ldb, int K, int N)
{
	const size_t pairs = (size_t)K / 2;
	for (int n = 0; n < N; n += GEMM_COLS)
		for (size_t k = 0; k < pairs; k++) {
			const float *r = b + 2 * k * ldb + n;
			uint32_t *d = dst + ((size_t)n / GEMM_COLS * pairs + k) * GEMM_COLS;
			_mm512_storeu_si512(d, gemm_interleave(r, r + ldb));
			_mm512_storeu_si512(d + 16, gemm_interleave(r + 16, r + ldb + 16));
		}
}

// B given as N rows of K values (a weight matrix as the file has it).
static void gemm_pack_nk(uint32_t *dst, const float *b, size_t ldb, int K, int N)
{
	const size_t pairs = (size_t)K / 2;
	for (int n = 0; n < N; n++) {
		uint32_t *d = dst + (size_t)n / GEMM_COLS * pairs * GEMM_COLS + (size_t)n % GEMM_COLS;
		const float *r = b + (size_t)n * ldb;
		for (int k = 0; k < K; k += 32) {
			uint32_t words[16];
			_mm512_storeu_si512(words,
			                    (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(r + k + 16), _mm512_loadu_ps(r + k)));
			for (int i = 0; i < 16; i++) d[((size_t)k / 2 + (size_t)i) * GEMM_COLS] = words[i];
		}
	}
}

static inline __attribute__((always_inline)) void gemm_kernel(int rows, size_t pairs, const uint32_t *a, size_t row_step,
                                                              size_t k_step, const uint32_t *b, float *c, size_t ldc, int add)
{
	__m512 s[GEMM_ROWS][2];
#pragma GCC unroll 12
	for (int i = 0; i < rows; i++) s[i][0] = s[i][1] = _mm512_setzero_ps();
	for (size_t k = 0; k < pairs; k++) {
		__m512bh b0 = (__m512bh)_mm512_loadu_si512(b + k * GEMM_COLS);
		__m512bh b1 = (__m512bh)_mm512_loadu_si512(b + k * GEMM_COLS + 16);
		const uint32_t *w = a + k * k_step;
#pragma GCC unroll 12
		for (int i = 0; i < rows; i++) {
			__m512bh v = (__m512bh)_mm512_set1_epi32((int)w[(size_t)i * row_step]);
			s[i][0] = _mm512_dpbf16_ps(s[i][0], v, b0);
			s[i][1] = _mm512_dpbf16_ps(s[i][1], v, b1);
		}
	}
#pragma GCC unroll 12
	for (int i = 0; i < rows; i++) {
		float *r = c + (size_t)i * ldc;
		if (add) {
			s[i][0] = _mm512_add_ps(s[i][0], _mm512_loadu_ps(r));
			s[i][1] = _mm512_add_ps(s[i][1], _mm512_loadu_ps(r + 16));
		}
		_mm512_storeu_ps(r, s[i][0]);
		_mm512_storeu_ps(r + 16, s[i][1]);
	}
}

#define GEMM_CASES(row_step, k_step)                                                                                               \
	if (rows == 12)                                                                                                            \
		gemm_kernel(12, pairs, ap, row_step, k_step, bp, cp, ldc, add);                                                    \
	else if (rows == 8)                                                                                                        \
		gemm_kernel(8, pairs, ap, row_step, k_step, bp, cp, ldc, add);                                                     \
	else                                                                                                                       \
		gemm_kernel(4, pairs, ap, row_step, k_step, bp, cp, ldc, add)

// A is M rows of K values, or with `transposed` K rows of M values (M then a multiple of 16). B comes from one of the two packers.
static void gemm(int M, int N, int K, const float *a, size_t lda, int transposed, const uint32_t *b, float *c, size_t ldc, int add)
{
	const size_t pairs = (size_t)K / 2;
	if (!gemm_scratch) gemm_scratch = aligned_alloc(64, (size_t)GEMM_SCRATCH_WORDS * 4);
	if (transposed) {
		static uint32_t line[8192];
		for (size_t k = 0; k < pairs; k++) {
			const float *r = a + 2 * k * lda;
			for (int m = 0; m < M; m += 16) _mm512_storeu_si512(line + m, gemm_interleave(r + m, r + lda + m));
			for (int m = 0; m < M; m += GEMM_ROWS)
				memcpy(gemm_scratch + ((size_t)m * pairs) + k * GEMM_ROWS, line + m, GEMM_ROWS * 4);
		}
	} else {
		for (int m = 0; m < M; m++)
			for (int k = 0; k < K; k += 32)
				_mm512_storeu_si512(gemm_scratch + (size_t)m * pairs + (size_t)k / 2,
				                    (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(a + (size_t)m * lda + k + 16),
				                                                 _mm512_loadu_ps(a + (size_t)m * lda + k)));
	}
	for (int n = 0; n < N; n += GEMM_COLS) {
		const uint32_t *bp = b + (size_t)n / GEMM_COLS * pairs * GEMM_COLS;
		for (int m = 0; m < M; m += GEMM_ROWS) {
			int rows = M - m < GEMM_ROWS ? M - m : GEMM_ROWS;
			const uint32_t *ap = gemm_scratch + (size_t)m * pairs;
			float *cp = c + (size_t)m * ldc + n;
			if (transposed) {
				GEMM_CASES(1, GEMM_ROWS);
			} else {
				GEMM_CASES(pairs, 1);
			}
		}
	}
}

#endif
