/* matmul_16: prompt rows in 16 bits (see matmul.h); a part of matmul.c. */
#ifndef HEARTH_NN_MATMUL_16_H
#define HEARTH_NN_MATMUL_16_H

#include "nn/kernel_types.h"
#include "nn/matmul.h"

enum {
	TILE_16_OUTPUTS = 256,         /* of a tile; a multiple of GROUP_16 */
	TILE_16_STRIDE = COLS_16 + 32, /* rows start in different sets of the cache */
	TILE_16_ROWS = 96
};

struct work_16 {
	uint16_t tile[TILE_16_OUTPUTS * COLS_16];
	uint16_t x[TILE_16_ROWS * TILE_16_STRIDE];
	uint16_t rows[GROUP_16 * TILE_16_STRIDE];
	float row[COLS_16];
	float tile_scales[TILE_16_OUTPUTS];
	float x_scales[TILE_16_ROWS];
};

/* Rows [first_row, n_rows) of the taken ones, all prompt rows, outputs [first, last). */
void matmul_16(const struct matmul_job *job, const struct form_16 *form, size_t first_row, size_t n_rows, size_t first, size_t last,
               struct work_16 *work);

#endif
