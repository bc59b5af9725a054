/*
 * matmul_16: the loops (see matmul_16.h).
 *
 * A tile of TILE_16_OUTPUTS x COLS_16 weights is unpacked and rounded once, in the order that the level's multiplier reads, and
 * stays in the second-level cache while TILE_16_ROWS rows of activations at a time pass over it. Sums go on from what the tiles
 * before left in the output, so their order does not depend on how outputs or rows are cut.
 */
#include "nn/matmul_16.h"

#include <string.h>

enum { FETCH_ROWS = 4 }; /* packed rows are fetched as many before they are unpacked: each is a stream of its own */

static size_t input_row(const struct matmul_job *job, size_t i)
{
	return job->pick ? job->pick[i] : i;
}

/* Weights [o, o + n_outputs) x [col, col + n_cols) into the tile. */
static void fill_tile(const struct matrix *m, size_t o, size_t n_outputs, size_t col, size_t n_cols, const struct form_16 *form,
                      struct work_16 *w)
{
	const struct tensor_type *type = m->format->type;
	const uint8_t *packed = m->data + o * m->row_bytes + col / type->weights * type->bytes;
	format_unpack unpack = kernels_chosen->unpack[m->format->index];
	const size_t width = form->codes ? n_cols / 32 * (form->codes_bytes / 2) : n_cols;
	for (size_t i = 0; i < n_outputs; i += GROUP_16) {
		size_t n = n_outputs - i < GROUP_16 ? n_outputs - i : GROUP_16;
		for (size_t k = 0; k < n; k++) {
			const uint8_t *row = packed + (i + k) * m->row_bytes;
			for (size_t at = 0; at < n_cols / type->weights * type->bytes; at += 64)
				__builtin_prefetch(row + FETCH_ROWS * m->row_bytes + at);
			uint16_t *to = w->rows + k * TILE_16_STRIDE;
			if (form->codes) {
				form->codes[m->format->index](row, n_cols, to);
				continue;
			}
			unpack(row, n_cols / type->weights, w->row);
			form->round_weights(w->row, n_cols, to, w->tile_scales + i + k);
		}
		kernels_chosen->interleave(w->rows, TILE_16_STRIDE, n, width, w->tile + i * width);
	}
}

/* `n` of the taken rows from `r` on, inputs [col, col + n_cols), rounded: where they lie when they were rounded before and stand
 * one behind the other, else in w->x. */
static struct rows_16 rounded_rows(const struct matmul_job *job, size_t r, size_t n, size_t col, size_t n_cols,
                                   const struct form_16 *form, struct work_16 *w)
{
	const struct activations *in = job->in;
	const size_t parts = in->parts_16, part = col / COLS_16;
	const bool ready = in->form && in->form->round == form->round;
	if (ready && !job->pick) {
		size_t first = r - in->n_answer;
		return (struct rows_16){ in->x_16 + first * in->stride_16 + col, in->stride_16,
			                 in->scales_16 + first * parts + part, parts };
	}
	for (size_t i = 0; i < n; i++) {
		size_t row = input_row(job, r + i);
		uint16_t *to = w->x + i * TILE_16_STRIDE;
		if (ready) {
			memcpy(to, in->x_16 + (row - in->n_answer) * in->stride_16 + col, n_cols * sizeof *to);
			w->x_scales[i] = in->scales_16[(row - in->n_answer) * parts + part];
		} else {
			form->round(in->x + row * in->stride + col, n_cols, to, &w->x_scales[i]);
		}
	}
	return (struct rows_16){ w->x, TILE_16_STRIDE, w->x_scales, 1 };
}

void matmul_16(const struct matmul_job *job, const struct form_16 *form, size_t first_row, size_t n_rows, size_t first, size_t last,
               struct work_16 *work)
{
	size_t cols = job->weights->cols;
	for (size_t o = first; o < last; o += TILE_16_OUTPUTS) {
		size_t n_outputs = last - o < TILE_16_OUTPUTS ? last - o : TILE_16_OUTPUTS;
		for (size_t col = 0; col < cols; col += COLS_16) {
			size_t n_cols = cols - col < COLS_16 ? cols - col : COLS_16;
			struct tile_16 tile = { work->tile, work->tile_scales };
			fill_tile(job->weights, o, n_outputs, col, n_cols, form, work);
			for (size_t r = first_row; r < n_rows; r += TILE_16_ROWS) {
				size_t n = n_rows - r < TILE_16_ROWS ? n_rows - r : TILE_16_ROWS;
				struct rows_16 x = rounded_rows(job, r, n, col, n_cols, form, work);
				form->products(&tile, n_outputs, &x, n, n_cols, job->out + r * job->out_stride + o, job->out_stride,
				               job->add || col > 0);
			}
		}
	}
}
