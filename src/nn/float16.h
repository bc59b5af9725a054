/* float16: base's, under the name that the kernels use. */
#ifndef HEARTH_NN_FLOAT16_H
#define HEARTH_NN_FLOAT16_H

#include "base/float16.h"

/* Rounded to nearest, ties to even. */
static inline uint16_t bfloat_from_float(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	if (x != x) return (uint16_t)(bits >> 16 | 0x40);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#endif
