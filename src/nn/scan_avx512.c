/* scan: recurrences in vectors of sixteen (see scan_lanes.h). */
#include <immintrin.h>

#define OPS_LANES          16
#define OPS_LEVEL          avx512
#define OPS_FUSED(a, b, c) ((lanes)_mm512_fmadd_ps((__m512)(a), (__m512)(b), (__m512)(c)))
#define OPS_LEAST(a, b)    ((lanes)_mm512_min_ps((__m512)(a), (__m512)(b)))
#include "nn/scan_lanes.h"
