/*
 * pack: floats to the blocks of a weight format.
 *
 * Every format minimizes the same thing, the sum over a block of w (value - packed value)^2, where w is 1 or grows with the
 * importance of the weight's input: scales are searched around the extremes and then solved by least squares, in the block's own
 * rounding. A row's blocks depend on nothing but the row and its importance, so that rows can be packed in any order on any number
 * of threads.
 */
#ifndef HEARTH_NN_PACK_H
#define HEARTH_NN_PACK_H

#include "base/error.h"
#include "nn/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packer; /* a format and the tables that its search needs; read only once made, so that threads may share it */

/* NULL and an error when there is no memory. Every format of the table can be packed. */
struct packer *packer_new(const struct format *format, struct error *e);
void packer_free(struct packer *p);

/* A row of `cols` finite floats, a whole number of blocks, to its blocks at `out`. `importance`: cols numbers from 0 on, or NULL.
 */
void packer_row(const struct packer *p, const float *x, const float *importance, size_t cols, uint8_t *out);

#endif
