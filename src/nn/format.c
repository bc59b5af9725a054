/* format: the table. What the bytes mean stands in unpack_portable.c and unpack_codes_portable.c. */
#include "nn/format.h"

#include "nn/unpack.h"

/* clang-format off */
static const struct format formats[FORMAT_COUNT] = {
	[FORMAT_F32] = { &tensor_types[TYPE_F32], FORMAT_F32, false, unpack_f32 },
	[FORMAT_F16] = { &tensor_types[TYPE_F16], FORMAT_F16, false, unpack_f16 },
	[FORMAT_BF16] = { &tensor_types[TYPE_BF16], FORMAT_BF16, false, unpack_bf16 },
	[FORMAT_Q8_0] = { &tensor_types[TYPE_Q8_0], FORMAT_Q8_0, true, unpack_q8_0 },
	[FORMAT_Q4_0] = { &tensor_types[TYPE_Q4_0], FORMAT_Q4_0, true, unpack_q4_0 },
	[FORMAT_Q4_1] = { &tensor_types[TYPE_Q4_1], FORMAT_Q4_1, true, unpack_q4_1 },
	[FORMAT_Q5_0] = { &tensor_types[TYPE_Q5_0], FORMAT_Q5_0, true, unpack_q5_0 },
	[FORMAT_Q5_1] = { &tensor_types[TYPE_Q5_1], FORMAT_Q5_1, true, unpack_q5_1 },
	[FORMAT_Q2_K] = { &tensor_types[TYPE_Q2_K], FORMAT_Q2_K, true, unpack_q2_k },
	[FORMAT_Q3_K] = { &tensor_types[TYPE_Q3_K], FORMAT_Q3_K, true, unpack_q3_k },
	[FORMAT_Q4_K] = { &tensor_types[TYPE_Q4_K], FORMAT_Q4_K, true, unpack_q4_k },
	[FORMAT_Q5_K] = { &tensor_types[TYPE_Q5_K], FORMAT_Q5_K, true, unpack_q5_k },
	[FORMAT_Q6_K] = { &tensor_types[TYPE_Q6_K], FORMAT_Q6_K, true, unpack_q6_k },
	[FORMAT_MXFP4] = { &tensor_types[TYPE_MXFP4], FORMAT_MXFP4, true, unpack_mxfp4 },
	[FORMAT_NVFP4] = { &tensor_types[TYPE_NVFP4], FORMAT_NVFP4, true, unpack_nvfp4 },
	[FORMAT_IQ4_NL] = { &tensor_types[TYPE_IQ4_NL], FORMAT_IQ4_NL, true, unpack_iq4_nl },
	[FORMAT_IQ4_XS] = { &tensor_types[TYPE_IQ4_XS], FORMAT_IQ4_XS, true, unpack_iq4_xs },
	[FORMAT_Q1_0] = { &tensor_types[TYPE_Q1_0], FORMAT_Q1_0, true, unpack_q1_0 },
	[FORMAT_Q2_0] = { &tensor_types[TYPE_Q2_0], FORMAT_Q2_0, true, unpack_q2_0 },
	[FORMAT_TQ1_0] = { &tensor_types[TYPE_TQ1_0], FORMAT_TQ1_0, true, unpack_tq1_0 },
	[FORMAT_TQ2_0] = { &tensor_types[TYPE_TQ2_0], FORMAT_TQ2_0, true, unpack_tq2_0 },
	[FORMAT_IQ2_XXS] = { &tensor_types[TYPE_IQ2_XXS], FORMAT_IQ2_XXS, true, unpack_iq2_xxs },
	[FORMAT_IQ2_XS] = { &tensor_types[TYPE_IQ2_XS], FORMAT_IQ2_XS, true, unpack_iq2_xs },
	[FORMAT_IQ2_S] = { &tensor_types[TYPE_IQ2_S], FORMAT_IQ2_S, true, unpack_iq2_s },
	[FORMAT_IQ3_XXS] = { &tensor_types[TYPE_IQ3_XXS], FORMAT_IQ3_XXS, true, unpack_iq3_xxs },
	[FORMAT_IQ3_S] = { &tensor_types[TYPE_IQ3_S], FORMAT_IQ3_S, true, unpack_iq3_s },
	[FORMAT_IQ1_S] = { &tensor_types[TYPE_IQ1_S], FORMAT_IQ1_S, true, unpack_iq1_s },
	[FORMAT_IQ1_M] = { &tensor_types[TYPE_IQ1_M], FORMAT_IQ1_M, true, unpack_iq1_m },
};
/* clang-format on */

const struct format *format_find(uint32_t id)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (formats[i].type->id == id) return &formats[i];
	}
	return NULL;
}

const struct format *format_at(size_t index)
{
	return index < FORMAT_COUNT ? &formats[index] : NULL;
}
