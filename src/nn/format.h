/*
 * format: the weight formats, a row each.
 *
 * A format says what the bytes of a block mean: `unpack` is the definition of the values, and every faster kernel is checked
 * against it. The sizes of blocks stand in format/tensor_type.h; how a level computes with a format stands in nn/kernels.h,
 * which has an entry for each row of this table.
 */
#ifndef HEARTH_NN_FORMAT_H
#define HEARTH_NN_FORMAT_H

#include "format/tensor_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A format's place in the table, and in the tables of kernels. */
enum format_index {
	FORMAT_F32,
	FORMAT_F16,
	FORMAT_BF16,
	FORMAT_Q8_0,
	FORMAT_Q4_0,
	FORMAT_Q4_1,
	FORMAT_Q5_0,
	FORMAT_Q5_1,
	FORMAT_Q2_K,
	FORMAT_Q3_K,
	FORMAT_Q4_K,
	FORMAT_Q5_K,
	FORMAT_Q6_K,
	FORMAT_MXFP4,
	FORMAT_NVFP4,
	FORMAT_IQ4_NL,
	FORMAT_IQ4_XS,
	FORMAT_Q1_0,
	FORMAT_Q2_0,
	FORMAT_TQ1_0,
	FORMAT_TQ2_0,
	FORMAT_IQ2_XXS,
	FORMAT_IQ2_XS,
	FORMAT_IQ2_S,
	FORMAT_IQ3_XXS,
	FORMAT_IQ3_S,
	FORMAT_IQ1_S,
	FORMAT_IQ1_M,
	FORMAT_COUNT
};

/* n blocks at `blocks` (any alignment) to n x type->weights floats. Values that are not numbers stay what they are. */
typedef void (*format_unpack)(const uint8_t *blocks, size_t n, float *out);

struct format {
	const struct tensor_type *type; /* name, weights and bytes of a block */
	enum format_index index;
	bool quantized; /* answer rows multiply it with 8-bit activations; else with float32 */
	format_unpack unpack;
};

/* The format of a tensor type's number in a GGUF file; NULL: hearth does not compute with this type. */
const struct format *format_find(uint32_t id);

/* The table in order; NULL behind its end. */
const struct format *format_at(size_t index);

#endif
