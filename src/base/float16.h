/*
 * float16: half precision and bfloat16 to and from float32, in portable C.
 *
 * These are the definitions: IEEE 754 binary16 with subnormals, infinities and NaN; bfloat16 as the upper half of a float32.
 */
#ifndef HEARTH_BASE_FLOAT16_H
#define HEARTH_BASE_FLOAT16_H

#include <stdint.h>
#include <string.h>

static inline float float_from_bits(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof f);
	return f;
}

static inline uint32_t float_bits(float f)
{
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	return bits;
}

static inline uint16_t load16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* Exact. A subnormal half is its ten bits times 2^-24. */
static inline float half_to_float(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 0x3ff;
	if (exponent == 0) {
		float f = (float)fraction * 0x1p-24f;
		return sign ? -f : f;
	}
	if (exponent == 31) return float_from_bits(sign | 0x7f800000 | fraction << 13);
	return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* To nearest, ties to even; what is beyond the largest half becomes the largest, and what is no number the lowest. */
static inline uint16_t half_from_float(float f)
{
	if (!(f >= -65504.0f)) f = -65504.0f;
	if (f > 65504.0f) f = 65504.0f;
	uint32_t bits = float_bits(f), sign = bits >> 16 & 0x8000;
	bits &= 0x7fffffff;
	if (bits < 0x38800000) {
		/* subnormal: adding 0.5 leaves the value in the lowest bits, rounded to 2^-24 */
		float shifted = float_from_bits(bits) + 0.5f;
		return (uint16_t)(sign | (float_bits(shifted) - 0x3f000000));
	}
	uint32_t odd = bits >> 13 & 1;
	return (uint16_t)(sign | (bits - 0x38000000 + 0xfff + odd) >> 13);
}

static inline float half_load(const uint8_t *p)
{
	return half_to_float(load16(p));
}

static inline float bfloat_load(const uint8_t *p)
{
	return float_from_bits((uint32_t)load16(p) << 16);
}

#endif
