/* attention_16: vectors of sixteen with products of AVX-512 (see attention_16_lanes.h). */
#include <immintrin.h>

#define OPS_LANES          16
#define OPS_LEVEL          avx512
#define OPS_FUSED(a, b, c) ((lanes)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define OPS_LEAST(a, b)    ((lanes)_mm512_min_ps((__m512)(a), (__m512)(b)))
#include "nn/attention_16_lanes.h"
