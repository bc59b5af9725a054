/* matmul_bf16: prompt rows of quantized weights in bfloat16 (see matmul.h); a part of matmul.c. */
#ifndef HEARTH_NN_MATMUL_BF16_H
#define HEARTH_NN_MATMUL_BF16_H

#include "nn/kernel_types.h"
#include "nn/matmul.h"

enum {
	BF16_OUTPUTS = 256,           /* of a tile; a multiple of BF16_GROUP */
	BF16_COLS = 512,              /* a multiple of every block */
	BF16_STRIDE = BF16_COLS + 32, /* rows start in different sets of the cache */
	BF16_ROWS = 96
};

struct bf16_work {
	uint16_t tile[BF16_OUTPUTS * BF16_COLS];
	uint16_t x[BF16_ROWS * BF16_STRIDE];
	float rows[BF16_GROUP * BF16_STRIDE];
};

/* Rows [first_row, n_rows) of the taken ones, all prompt rows, outputs [first, last). */
void matmul_bf16(const struct matmul_job *job, size_t first_row, size_t n_rows, size_t first, size_t last, struct bf16_work *work);

#endif
