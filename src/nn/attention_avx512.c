/* attention: pages in vectors of sixteen (see attention_lanes.h). */
#include <immintrin.h>

#define OPS_LANES          16
#define OPS_LEVEL          avx512
#define OPS_FUSED(a, b, c) ((lanes)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define OPS_LEAST(a, b)    ((lanes)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define OPS_FOLD_MOST(v)   _mm512_reduce_max_ps((__m512)(v))
#define OPS_FOLD_SUM(v)    _mm512_reduce_add_ps((__m512)(v))
#define LANES_HALVES(p)    ((lanes)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(p))))
#define LANES_ACCUMULATORS 24
#include "nn/attention_lanes.h"
