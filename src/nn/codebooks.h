/*
 * codebooks: the values that small numbers stand for in the formats whose steps are not even: one weight at a time (IQ4, FP4), or a
 * point of a lattice for four weights (32 bits) or eight (64 bits), a byte each, the first weight in the lowest byte.
 *
 * Points of IQ2 and IQ3 are sizes (8, 25, 43 and 4 ... 62, 1 ... 15), signs stand in the block; those of IQ1 are -1, 0, 1.
 */
#ifndef HEARTH_NN_CODEBOOKS_H
#define HEARTH_NN_CODEBOOKS_H

#include <stdint.h>

extern const int8_t codebook_iq4[16];
extern const int8_t codebook_fp4[16]; /* E2M1, doubled */
extern const uint64_t codebook_iq2_xxs[256];
extern const uint64_t codebook_iq2_xs[512];
extern const uint64_t codebook_iq2_s[1024];
extern const uint32_t codebook_iq3_xxs[256];
extern const uint32_t codebook_iq3_s[512];
extern const uint64_t codebook_iq1[2048];

/* Four times seven signs, packed from bit 0, to four bytes of eight: the eighth makes the number of minus signs even. */
static inline uint32_t codebook_even_signs(uint32_t packed)
{
	uint32_t t = (packed & 0x7f) | (packed & 0x3f80) << 1 | (packed & 0x1fc000) << 2 | (packed & 0xfe00000) << 3;
	uint32_t odd = t ^ t >> 4;
	odd ^= odd >> 2;
	odd ^= odd >> 1;
	return t | (odd & 0x01010101) << 7;
}

/* MXFP4's scale byte: a power of two, halved because the values are doubled; 2^-128 and 2^-127 are subnormal. */
static inline float codebook_e8m0_half(uint8_t e)
{
	union {
		uint32_t bits;
		float value;
	} v = { e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23 };
	return v.value;
}

/* NVFP4's scale byte: four bits of exponent, three of fraction, no sign, halved likewise; 0x7f means 0. */
static inline float codebook_e4m3_half(uint8_t e)
{
	if (e == 0x7f) return 0;
	int exponent = e >> 3 & 15, fraction = e & 7;
	if (exponent == 0) return (float)fraction * 0x1p-10f;
	return (float)(8 + fraction) * (float)(1u << exponent) * 0x1p-11f;
}

#endif
