/*
 * pack_blocks: one block of a format from its weights; `w` has an importance for each. IQ1 to IQ3 search the points of a lattice.
 */
#ifndef HEARTH_NN_PACK_BLOCKS_H
#define HEARTH_NN_PACK_BLOCKS_H

#include "nn/float16.h"
#include "nn/lattice.h"

#include <stdint.h>

typedef void (*pack_block)(const struct lattice *l, const float *x, const float *w, uint8_t *out);

pack_block pack_plain(enum format_index format);   /* floats, and blocks with one scale; NULL: not of this kind */
pack_block pack_k(enum format_index format);       /* blocks of 256 with scales of scales */
pack_block pack_lattice(enum format_index format); /* IQ1, IQ2, IQ3 */

/* Stores a half and gives back what it became. */
static inline float pack_half(uint8_t *out, float value)
{
	uint16_t half = half_from_float(value);
	out[0] = (uint8_t)half;
	out[1] = (uint8_t)(half >> 8);
	return half_to_float(half);
}

#endif
