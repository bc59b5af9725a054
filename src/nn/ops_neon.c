/* ops: the small operations in vectors of four, with fused products (see ops_lanes.h). */
#include <arm_neon.h>

#define OPS_LANES          4
#define OPS_LEVEL          neon
#define OPS_FUSED(a, b, c) ((lanes)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#include "nn/ops_lanes.h"
