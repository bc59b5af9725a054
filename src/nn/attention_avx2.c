/* attention: pages in vectors of eight, with FMA and F16C (see attention_lanes.h). */
#include <immintrin.h>

#define OPS_LANES             8
#define OPS_LEVEL             avx2
#define OPS_FUSED(a, b, c)    ((lanes)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define OPS_LEAST(a, b)       ((lanes)_mm256_min_ps((__m256)(a), (__m256)(b)))
#define LANES_HALVES(p)       ((lanes)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(p))))
#define LANES_TO_HALVES(p, v) _mm_storeu_si128((__m128i *)(void *)(p), _mm256_cvtps_ph((__m256)(v), _MM_FROUND_TO_NEAREST_INT))
#define LANES_ACCUMULATORS    12
#include "nn/attention_lanes.h"
