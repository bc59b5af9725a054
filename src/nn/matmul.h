/*
 * matmul: activations times weights, out[r][o] = sum over i of x[r][i] * weight[o][i].
 *
 * Weights lie in the mapped file and are used there, never repacked. A call computes a contiguous range of outputs for all rows
 * of the batch on one thread; threads share nothing but the inputs, so several products need a barrier only where one reads
 * what another wrote.
 *
 * A row's kind alone chooses its arithmetic:
 *   exact   every weight as float32, float32 products and sums;
 *   prompt  weights are unpacked in tiles that stay in cache, once for all rows of the batch, and multiplied in 16 bits: as whole
 *           numbers with a scale for each tile's row, or quantized ones as bfloat16 where the level has a matrix unit for it; or
 *           those with blocks of 256 in 8 bits where the level has kernels for that (nn/kernel_types.h), on 64-bit ARM those
 *           with blocks of 32 with activations of two bytes (nn/bytes_neon.h). F32, rows of odd
 *           lengths, and what decides rather than computes (`floats`) are multiplied as floats;
 *
 *   answer  activations are rounded to 8 bits in blocks of 32 with a float32 scale and multiplied with the packed blocks as
 *           integers; formats that are not quantized take float32.
 *
 * Invariant: the bits of out[r][o] depend on row r of x, on its kind, on row o of the weights and on the chosen level; not on the
 * other rows of the batch, on the range of outputs of the call, or on the number of threads. Every sum has a fixed order.
 */
#ifndef HEARTH_NN_MATMUL_H
#define HEARTH_NN_MATMUL_H

#include "nn/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A weight matrix where it lies: `rows` outputs of `cols` inputs, row o at data + o * row_bytes. */
struct matrix {
	const struct format *format;
	const uint8_t *data; /* any alignment */
	size_t rows;         /* outputs */
	size_t cols;         /* inputs; a whole number of blocks */
	size_t row_bytes;    /* cols / type->weights * type->bytes */
	bool floats;         /* prompt rows take float32 whatever the format */
};

/* Fills *m; false when cols is no whole number of blocks. The caller has checked that the bytes are there. */
bool matrix_init(struct matrix *m, const struct format *format, const uint8_t *data, size_t rows, size_t cols);

/* One expert of a stack of matrices: `index`-th block of m->rows rows behind m->data. */
struct matrix matrix_at(const struct matrix *m, size_t index);

/* Writes row `row` as m->cols floats: the look-up of a token's embedding. */
void matrix_row(const struct matrix *m, size_t row, float *out);

/*
 * The input of one or more products: n_rows rows of `cols` floats. The first n_answer rows are answer rows, the others prompt
 * rows; `exact` makes all rows exact ones. The 8-bit form is made by activations_quantize, once for all products of this input;
 * it lies in the memory given to activations_init.
 */
struct activations {
	const float *x; /* row r at x + r * stride */
	size_t stride;  /* in floats */
	size_t n_rows;
	size_t n_answer; /* at most n_rows */
	size_t cols;
	bool exact;

	/* made by activations_quantize; row r at r * cols, r * cols / 32, r * cols / 16 */
	int8_t *q;      /* round(x / scale), -127 ... 127 */
	float *scales;  /* of 32 values: max |x| / 127 */
	int16_t *sums;  /* of q over 16 values */
	int8_t *turned; /* see activations_turn; NULL where the level does not want it or cols is no multiple of 256 */
	float *totals;

	/* made by activations_round: the prompt rows in 16 bits, one behind the other; products that want another form, or find
	 * none, round for themselves */
	const struct form_16 *form;
	const uint16_t *x_16;
	size_t stride_16;       /* in values */
	const float *scales_16; /* of row r's inputs k * COLS_16 ... at r * parts_16 + k */
	size_t parts_16;
};

/* Bytes of memory for the 8-bit form of `n_answer` rows (a multiple of 64). */
size_t activations_bytes(size_t n_answer, size_t cols);

/* Describes an input. `memory`: activations_bytes, aligned to 64; NULL when no product of this input needs it (exact, no answer
 * rows, or only formats that are not quantized). */
void activations_init(struct activations *a, const float *x, size_t stride, size_t n_rows, size_t n_answer, size_t cols, bool exact,
                      void *memory);

/* Makes the 8-bit form of rows [first, last), cut at n_answer. Each thread may do all rows into memory of its own, or all
 * threads a part each into shared memory, with a barrier before the products. Nothing to do for exact input and for cols that is
 * no multiple of 32 (such a matrix is never quantized). */
void activations_quantize(struct activations *a, size_t first, size_t last);

/* The form of 16 bits in which prompt rows of this input meet these weights; NULL: none. */
struct form_16; /* nn/kernel_types.h */
const struct form_16 *activations_form(const struct activations *a, const struct matrix *weights);

/* Bytes of memory, aligned to 64, for `n_rows` prompt rows in 16 bits; 0 when the chosen level has no use for them. */
size_t activations_16_bytes(size_t n_rows, size_t cols);

/* Rounds prompt rows [first, last), counted from the first of them, into `memory`, and points the input at it. Threads may do a
 * part each into the same memory, with a barrier before the products. */
void activations_round(struct activations *a, const struct form_16 *form, void *memory, size_t first, size_t last);

/* The other form that some kernels read: of each 256 values first the values 0 ... 7 of the eight groups of 32, then 8 ... 15 and
 * so on; and for each group its scale times its sum. n is a multiple of 256; the arrays are those of n values. */
void activations_turn(const int8_t *q, const float *scales, const int16_t *sums, size_t n, int8_t *turned, float *totals);

struct matmul_job {
	const struct matrix *weights;
	const struct activations *in; /* in->cols == weights->cols */
	const uint32_t *pick;         /* the rows of `in` to take, ascending; NULL: all. For experts */
	size_t n_pick;                /* how many when pick is given */
	const float *bias;            /* weights->rows floats or NULL */
	float *out;                   /* the i-th row taken: out + i * out_stride */
	size_t out_stride;            /* in floats */
	bool add;                     /* out += product instead of out = product */
};

/* Whether this product reads the 8-bit form of answer rows. */
bool matmul_wants_quantized(const struct matrix *weights);

/* Bytes of scratch that a thread needs for any product, aligned to 64. */
size_t matmul_scratch_bytes(void);

/* Ranges of outputs are best cut at multiples of this (threads_range's unit); results do not depend on it. */
enum { MATMUL_UNIT = 16 };

/* How many outputs are best taken at a time by threads that share them: long streams for answers, whole tiles for prompts. */
size_t matmul_piece(const struct matrix *weights, const struct activations *in);

/* Computes outputs [first, last) of all rows. `scratch`: this thread's own. */
void matmul(const struct matmul_job *job, size_t first, size_t last, void *scratch);

#endif
