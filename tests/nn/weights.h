/*
 * weights: made-up inputs for the tests of nn: a random sequence that is the same everywhere, and packed blocks of any format whose
 * scales are ordinary numbers.
 */
#ifndef HEARTH_TESTS_NN_WEIGHTS_H
#define HEARTH_TESTS_NN_WEIGHTS_H

#include "nn/float16.h"
#include "nn/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* xorshift64*: the next 32 bits. */
static inline uint32_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (uint32_t)(*state * 2685821657736338717u >> 32);
}

/* Roughly normal, with a heavy value now and then. */
static inline float random_float(uint64_t *state)
{
	float sum = -2;
	for (int i = 0; i < 4; i++) sum += (float)(random_next(state) >> 8) * 0x1p-24f;
	return random_next(state) % 64 == 0 ? sum * 6 : sum;
}

static inline void random_floats(uint64_t *state, float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) x[i] = random_float(state);
}

/* Where the halves of a block stand: up to two offsets, -1 for none. */
static inline void half_offsets(enum format_index format, int offsets[2])
{
	static const int16_t table[FORMAT_COUNT][2] = {
		[FORMAT_F32] = { -1, -1 },    [FORMAT_F16] = { 0, -1 },    [FORMAT_BF16] = { -1, -1 },
		[FORMAT_Q8_0] = { 0, -1 },    [FORMAT_Q4_0] = { 0, -1 },   [FORMAT_Q4_1] = { 0, 2 },
		[FORMAT_Q5_0] = { 0, -1 },    [FORMAT_Q5_1] = { 0, 2 },    [FORMAT_Q2_K] = { 80, 82 },
		[FORMAT_Q3_K] = { 108, -1 },  [FORMAT_Q4_K] = { 0, 2 },    [FORMAT_Q5_K] = { 0, 2 },
		[FORMAT_Q6_K] = { 208, -1 },  [FORMAT_MXFP4] = { -1, -1 }, [FORMAT_NVFP4] = { -1, -1 },
		[FORMAT_IQ4_NL] = { 0, -1 },  [FORMAT_IQ4_XS] = { 0, -1 }, [FORMAT_Q1_0] = { 0, -1 },
		[FORMAT_Q2_0] = { 0, -1 },    [FORMAT_TQ1_0] = { 52, -1 }, [FORMAT_TQ2_0] = { 64, -1 },
		[FORMAT_IQ2_XXS] = { 0, -1 }, [FORMAT_IQ2_XS] = { 0, -1 }, [FORMAT_IQ2_S] = { 0, -1 },
		[FORMAT_IQ3_XXS] = { 0, -1 }, [FORMAT_IQ3_S] = { 0, -1 },  [FORMAT_IQ1_S] = { 0, -1 },
		[FORMAT_IQ1_M] = { -1, -1 },
	};
	offsets[0] = table[format][0];
	offsets[1] = table[format][1];
}

/* n blocks of random weights, of the order of 1 for the plain formats and of a hundredth a step for the others. */
static inline void random_blocks(uint64_t *state, const struct format *format, uint8_t *blocks, size_t n)
{
	int offsets[2];
	half_offsets(format->index, offsets);
	for (uint8_t *b = blocks; n-- > 0; b += format->type->bytes) {
		for (uint32_t i = 0; i < format->type->bytes; i++) b[i] = (uint8_t)random_next(state);
		if (format->index == FORMAT_F32 || format->index == FORMAT_BF16) {
			uint32_t bits = float_bits(random_float(state));
			memcpy(b, format->index == FORMAT_F32 ? (uint8_t *)&bits : (uint8_t *)&bits + 2, format->type->bytes);
		}
		if (format->index == FORMAT_MXFP4) b[0] = (uint8_t)(118 + b[0] % 8);
		if (format->index == FORMAT_IQ1_M) {
			/* the half's highest bits: an exponent below 0 */
			b[55] = (uint8_t)((b[55] & 0x8f) | 0x20);
		}
		for (int i = 0; i < 2; i++) {
			float scale = format->index == FORMAT_F16 ? 1.0f : 0.01f;
			if (offsets[i] < 0) continue;
			uint16_t half = half_from_float(random_float(state) * scale);
			memcpy(b + offsets[i], &half, sizeof half);
		}
	}
}

#endif
