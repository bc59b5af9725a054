/* ops: the small operations in vectors of eight, with FMA (see ops_lanes.h). */
#include <immintrin.h>
#include <stddef.h>

/* (a, b) x 4 turned at once: a c - b s in the even places, b c + a s in the odd ones. */
static void rope_pairs_avx2(float *x, size_t half, const float *cosines, const float *sines)
{
	const __m256i twice = _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3);
	size_t i = 0;
	for (; i + 4 <= half; i += 4) {
		__m256 v = _mm256_loadu_ps(x + 2 * i), turned = _mm256_permute_ps(v, 0xb1);
		__m256 c = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(cosines + i)), twice);
		__m256 s = _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(sines + i)), twice);
		_mm256_storeu_ps(x + 2 * i, _mm256_addsub_ps(_mm256_mul_ps(v, c), _mm256_mul_ps(turned, s)));
	}
	for (; i < half; i++) {
		float a = x[2 * i], b = x[2 * i + 1];
		x[2 * i] = a * cosines[i] - b * sines[i];
		x[2 * i + 1] = b * cosines[i] + a * sines[i];
	}
}

#define OPS_LANES          8
#define OPS_LEVEL          avx2
#define OPS_FUSED(a, b, c) ((lanes)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define OPS_LEAST(a, b)    ((lanes)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define OPS_ROPE_PAIRS     rope_pairs_avx2
#include "nn/ops_lanes.h"
