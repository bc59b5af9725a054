/* dot: answer rows times packed blocks with NEON: bytes to 16 bits, pairs of those to 32 (see dot_neon.h). */
#include <arm_neon.h>

/* 2 x 128 x 127 fits into 16 bits. */
static inline int32x4_t dot16(int32x4_t sum, int8x16_t a, int8x16_t b)
{
	int16x8_t pairs = vmull_s8(vget_low_s8(a), vget_low_s8(b));
	return vpadalq_s16(sum, vmlal_high_s8(pairs, a, b));
}

#define DOT_LEVEL        neon
#define DOT16(sum, a, b) dot16(sum, a, b)
#include "nn/dot_neon.h"
