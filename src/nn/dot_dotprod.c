/* dot: answer rows times packed blocks with the dot-product instructions of ARMv8.2 (see dot_neon.h). */
#include <arm_neon.h>

#define DOT_LEVEL        dotprod
#define DOT16(sum, a, b) vdotq_s32(sum, a, b)
#include "nn/dot_neon.h"
