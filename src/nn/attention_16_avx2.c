/* attention_16: vectors of eight with products of AVX2 (see attention_16_lanes.h). */
#include <immintrin.h>

#define OPS_LANES          8
#define OPS_LEVEL          avx2
#define OPS_FUSED(a, b, c) ((lanes)_mm256_fmadd_ps((__m256)(a), (__m256)(b), (__m256)(c)))
#define OPS_LEAST(a, b)    ((lanes)_mm256_min_ps((__m256)(a), (__m256)(b)))
#include "nn/attention_16_lanes.h"
