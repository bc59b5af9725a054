/*
 * lattice: the nearest point of a codebook for four or eight weights at once.
 *
 * Every weight is rounded to the nearest level by itself; that cell, when it is a point, is the nearest one whatever the weights'
 * importance. For the others, the points nearest to the cell are listed once, and the best of the list is taken.
 */
#ifndef HEARTH_NN_LATTICE_H
#define HEARTH_NN_LATTICE_H

#include "base/error.h"
#include "nn/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lattice {
	unsigned dims;   /* weights of a point: 4 or 8 */
	unsigned levels; /* values that a weight can have: 8 or 3 */
	float values[8]; /* in ascending order */
	size_t n_points;
	float *points;   /* n_points x dims */
	uint32_t *first; /* cell c has the candidates first[c] ... first[c + 1] - 1 */
	uint16_t *candidates;
};

/* The lattice of an IQ1, IQ2 or IQ3 format; NULL without memory. lattice_has: whether a format has one. */
bool lattice_has(enum format_index format);
struct lattice *lattice_new(enum format_index format, struct error *e);
void lattice_free(struct lattice *l);

/* The number of the point with the least sum of w (t - point)^2. */
uint16_t lattice_nearest(const struct lattice *l, const float *t, const float *w);

#endif
