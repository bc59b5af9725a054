/* ops: the small operations in vectors of sixteen (see ops_lanes.h); rope in pairs stays with AVX2, whose add-and-subtract has no
 * wider form. */
#include <immintrin.h>

#define OPS_LANES          16
#define OPS_LEVEL          avx512
#define OPS_FUSED(a, b, c) ((lanes)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define OPS_LEAST(a, b)    ((lanes)_mm512_min_ps((__m512)(a), (__m512)(b)))
#define OPS_ROPE_PAIRS     k->rope_pairs
#include "nn/ops_lanes.h"
