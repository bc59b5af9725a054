/*
 * bf16: weights and activations of prompt rows rounded to bfloat16 with AVX512-BF16, for the matrix unit of AMX. Without one, whole
 * numbers (i16) take as many products an instruction and are more exact.
 */
#include "nn/kernel_types.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i round_32(const float *x)
{
	return (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + 16), _mm512_loadu_ps(x));
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	*scale = 1;
	for (size_t i = 0; i < n; i += 32) _mm512_storeu_si512(out + i, round_32(x + i));
}

void bf16_fill_avx512bf16(struct kernels *k)
{
	k->bf16.round_weights = k->bf16.round = round_row;
}
