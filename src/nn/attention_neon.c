/* attention: pages in vectors of four, with fused products (see attention_lanes.h). */
#include <arm_neon.h>

#define OPS_LANES             4
#define OPS_LEVEL             neon
#define OPS_FUSED(a, b, c)    ((lanes)vfmaq_f32((float32x4_t)(c), (float32x4_t)(a), (float32x4_t)(b)))
#define OPS_FOLD_MOST(v)      vmaxvq_f32((float32x4_t)(v))
#define LANES_HALVES(p)       ((lanes)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))))
#define LANES_TO_HALVES(p, v) vst1_u16(p, vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)(v))))
#define LANES_ACCUMULATORS    24
#include "nn/attention_lanes.h"
