/*
 * scan: linear recurrences, the core of blocks that carry a state from position to position.
 *
 * A head's state is a matrix S of n_keys x n_values floats. Its columns do not touch each other, so that a few of them stay in
 * the nearest cache while all rows of a batch pass over them; a sum over keys runs in one order, and a row's bits do not depend on
 * where a batch was cut. That is as fast as forms that multiply whole chunks of rows and keep no such promise: the products around
 * a block cost tens of times more.
 *
 * Columns lie in panels of SCAN_PANEL, key after key, so that what is walked through is contiguous (rows at distances of a power of
 * two would meet in few places of the cache); the last panel is as narrow as what is left.
 *
 * One step of scan_rows, for the row's vectors (products of a key vector and a value vector are matrices):
 *     S' = decay S + to (from . S) + key value          decay scales the rows of S; to and from may be NULL
 *     out = read . S'                                   or, when `first` is set, read . S + bonus value
 * Mamba-2 (Dao and Gu 2024), gated delta nets (Yang et al. 2024), RWKV 6 and 7 (Peng et al. 2024, 2025) are cases of it.
 *
 * One step of scan_channels, where each channel has decays of its own (Mamba, Gu and Dao 2023):
 *     S'[n][c] = exp(step[c] a[c][n]) S[n][c] + step[c] x[c] key[n],   out[c] = sum over n of read[n] S'[n][c]
 */
#ifndef HEARTH_NN_SCAN_H
#define HEARTH_NN_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SCAN_PANEL = 32,
	SCAN_MOST_STATE = 256 /* of scan_channels: n_state */
};

/* Where column v of key k stands in a state. */
static inline size_t scan_at(size_t n_keys, size_t n_values, size_t k, size_t v)
{
	size_t panel = v / SCAN_PANEL * SCAN_PANEL, width = n_values - panel < SCAN_PANEL ? n_values - panel : SCAN_PANEL;
	return panel * n_keys + k * width + v % SCAN_PANEL;
}

struct scan_row {
	const float *decay, *key, *read; /* n_keys */
	const float *from, *to;          /* n_keys, or NULL */
	const float *value;              /* n_values */
	float *out;                      /* n_values; may be `value` */
	float bonus;
};

void scan_rows(float *state, size_t n_keys, size_t n_values, const struct scan_row *rows, size_t n_rows, bool first);

struct scan_channels_row {
	const float *step, *x;   /* n_channels */
	const float *key, *read; /* n_state */
	float *out;              /* n_channels; may be `x` */
};

/* The states are n_state x n_channels as above, channels being columns; the factor of a decay is at a[c * n_state + n]. */
void scan_channels(float *state, const float *a, size_t n_state, size_t n_channels, const struct scan_channels_row *rows,
                   size_t n_rows);

#endif
