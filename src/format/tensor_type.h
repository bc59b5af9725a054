/*
 * tensor_type: the weight types that a GGUF file can name, and how many bytes their blocks take.
 *
 * Numbers and layouts are ggml's. What the bytes mean is nn/format's business: this table is what a reader needs in order
 * to check a tensor's size before anything touches it.
 */
#ifndef HEARTH_FORMAT_TENSOR_TYPE_H
#define HEARTH_FORMAT_TENSOR_TYPE_H

#include <stdint.h>

enum tensor_type_id {
	TYPE_F32 = 0,
	TYPE_F16 = 1,
	TYPE_Q4_0 = 2,
	TYPE_Q4_1 = 3,
	TYPE_Q5_0 = 6,
	TYPE_Q5_1 = 7,
	TYPE_Q8_0 = 8,
	TYPE_Q8_1 = 9,
	TYPE_Q2_K = 10,
	TYPE_Q3_K = 11,
	TYPE_Q4_K = 12,
	TYPE_Q5_K = 13,
	TYPE_Q6_K = 14,
	TYPE_Q8_K = 15,
	TYPE_IQ2_XXS = 16,
	TYPE_IQ2_XS = 17,
	TYPE_IQ3_XXS = 18,
	TYPE_IQ1_S = 19,
	TYPE_IQ4_NL = 20,
	TYPE_IQ3_S = 21,
	TYPE_IQ2_S = 22,
	TYPE_IQ4_XS = 23,
	TYPE_I8 = 24,
	TYPE_I16 = 25,
	TYPE_I32 = 26,
	TYPE_I64 = 27,
	TYPE_F64 = 28,
	TYPE_IQ1_M = 29,
	TYPE_BF16 = 30,
	TYPE_TQ1_0 = 34,
	TYPE_TQ2_0 = 35,
	TYPE_MXFP4 = 39,
	TYPE_NVFP4 = 40,
	TYPE_Q1_0 = 41,
	TYPE_Q2_0 = 42,
	TYPE_COUNT
};

struct tensor_type {
	uint32_t id;
	const char *name;
	uint32_t weights; /* in a block; a row is a whole number of blocks */
	uint32_t bytes;   /* of a block */
};

/* By number; a number that no type has is a row without a name. */
extern const struct tensor_type tensor_types[TYPE_COUNT];

const struct tensor_type *tensor_type_find(uint32_t id);       /* NULL: unknown */
const struct tensor_type *tensor_type_named(const char *name); /* as in the table, exactly; NULL: unknown */
const struct tensor_type *tensor_type_at(uint32_t index);      /* the types in the order of their numbers; NULL behind the last */

#endif
