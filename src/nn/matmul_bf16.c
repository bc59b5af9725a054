/*
 * matmul_bf16: the loops (see matmul_bf16.h).
 *
 * A tile of BF16_OUTPUTS x BF16_COLS weights is unpacked and rounded once, in the order that the level's multiplier reads, and
 * stays in the second-level cache while BF16_ROWS rows of activations at a time pass over it. Sums go on from what the tiles before
 * left in the output, so their order does not depend on how outputs or rows are cut.
 */
#include "nn/matmul_bf16.h"

#include <string.h>

static size_t input_row(const struct matmul_job *job, size_t i)
{
	return job->pick ? job->pick[i] : i;
}

/* Weights [o, o + n_outputs) x [col, col + n_cols) into the tile. */
static void fill_tile(const struct matrix *m, size_t o, size_t n_outputs, size_t col, size_t n_cols, struct bf16_work *w)
{
	const struct tensor_type *type = m->format->type;
	const uint8_t *packed = m->data + o * m->row_bytes + col / type->weights * type->bytes;
	format_unpack unpack = kernels_chosen->unpack[m->format->index];
	for (size_t i = 0; i < n_outputs; i += BF16_GROUP) {
		size_t n = n_outputs - i < BF16_GROUP ? n_outputs - i : BF16_GROUP;
		for (size_t k = 0; k < n; k++)
			unpack(packed + (i + k) * m->row_bytes, n_cols / type->weights, w->rows + k * BF16_STRIDE);
		kernels_chosen->pack_bf16(w->rows, BF16_STRIDE, n, n_cols, w->tile + i * n_cols);
	}
}

/* `n` of the taken rows from `r` on, inputs [col, col + n_cols), rounded: where they lie when they were rounded before and stand
 * one behind the other, else in w->x. */
static const uint16_t *rounded_rows(const struct matmul_job *job, size_t r, size_t n, size_t col, size_t n_cols,
                                    struct bf16_work *w, size_t *stride)
{
	const struct activations *in = job->in;
	if (in->half && !job->pick) {
		*stride = in->half_stride;
		return in->half + (r - in->n_answer) * in->half_stride + col;
	}
	for (size_t i = 0; i < n; i++) {
		size_t row = input_row(job, r + i);
		uint16_t *to = w->x + i * BF16_STRIDE;
		if (in->half)
			memcpy(to, in->half + (row - in->n_answer) * in->half_stride + col, n_cols * sizeof *to);
		else
			kernels_chosen->to_bf16(in->x + row * in->stride + col, to, n_cols);
	}
	*stride = BF16_STRIDE;
	return w->x;
}

void matmul_bf16(const struct matmul_job *job, size_t first_row, size_t n_rows, size_t first, size_t last, struct bf16_work *work)
{
	size_t cols = job->weights->cols;
	for (size_t o = first; o < last; o += BF16_OUTPUTS) {
		size_t n_outputs = last - o < BF16_OUTPUTS ? last - o : BF16_OUTPUTS;
		for (size_t col = 0; col < cols; col += BF16_COLS) {
			size_t n_cols = cols - col < BF16_COLS ? cols - col : BF16_COLS;
			fill_tile(job->weights, o, n_outputs, col, n_cols, work);
			for (size_t r = first_row; r < n_rows; r += BF16_ROWS) {
				size_t n = n_rows - r < BF16_ROWS ? n_rows - r : BF16_ROWS, stride;
				const uint16_t *x = rounded_rows(job, r, n, col, n_cols, work, &stride);
				kernels_chosen->products_bf16(work->tile, n_outputs, x, stride, n, n_cols,
				                              job->out + r * job->out_stride + o, job->out_stride,
				                              job->add || col > 0);
			}
		}
	}
}
