/* dot_tile: sixteen packed rows side by side as codes, for products whose lanes are outputs. */
#ifndef HEARTH_NN_DOT_TILE_H
#define HEARTH_NN_DOT_TILE_H

#include "nn/kernel_types.h"

/*
 * Where a block of 256 inputs of sixteen outputs goes, all aligned to 64 bytes. Groups are of 32 inputs where the format has
 * scales of 32 (Q4_K, Q5_K), else of 16. Group g's codes, unsigned, stand at codes + g * group_step: four inputs after four, each
 * for all outputs. Its outputs' scales are the sixteen floats at scales + g * scale_step, and what its mins are at mins.
 */
struct dot_tile {
	uint8_t *codes;
	size_t group_step; /* bytes */
	float *scales, *mins;
	size_t scale_step; /* floats */
};

/* A block of each of n_outputs rows, 1 ... 16; what is behind them is the last one again. */
typedef void (*dot_tile_fill)(const uint8_t *weights, size_t row_bytes, size_t n_outputs, const struct dot_tile *t);

/* By format; NULL for those that have none. */
extern const dot_tile_fill dot_tiles_avx512vnni[FORMAT_COUNT];

#endif
