/*
 * bytes_codes: packed weights to the forms in bytes of 64-bit ARM (bytes_neon.h): signed codes; then a float for each 32 of them,
 * the scale of all or of the first half; then another, what is added to each scaled code or the scale of the second half.
 */
#include "nn/bytes.h"
#include "nn/codes.h"
#include "nn/quants_neon.h"

/* The formats of quants_neon.h. */
INLINE void codes_of_kind(const uint8_t *b, enum kind f, size_t n, uint16_t *out)
{
	int8_t *to = (int8_t *)out;
	uint8_t *first = (uint8_t *)out + n, *second = first + n / 8;
	for (size_t i = 0; i < n / 32 / block_pieces(f); i++, b += block_bytes(f)) {
		const struct block_scales s = block_scales(b, f);
#pragma GCC unroll 8
		for (size_t j = 0; j < block_pieces(f); j++, to += 32, first += 4, second += 4) {
			struct quants q = quants(b, f, j);
			float scale = s.d * (float)piece_scale(b, f, j, 0);
			float other = has_half_scales(f) ? s.d * (float)piece_scale(b, f, j, 1)
			                                 : -(s.dmin * (float)piece_min(b, f, j, 0));
			vst1q_s8(to, q.half[0]);
			vst1q_s8(to + 16, q.half[1]);
			memcpy(first, &scale, sizeof scale);
			memcpy(second, &other, sizeof other);
		}
	}
}

/* The formats of codes.h. */
INLINE void codes_of_code(const uint8_t *b, enum code f, size_t n, uint16_t *out)
{
	const bool halves = f == NVFP4 || f == IQ2_XS || f == IQ2_S || f == IQ1_M;
	int8_t *to = (int8_t *)out;
	uint8_t *first = (uint8_t *)out + n, *second = first + n / 8;
	for (size_t i = 0; i < n / 32 / (size_t)code_groups(f); i++, b += code_bytes(f)) {
		for (size_t j = 0; j < (size_t)code_groups(f); j++, to += 32, first += 4, second += 4) {
			float scale = code_scale_of(b, f, 2 * j), other = halves ? code_scale_of(b, f, 2 * j + 1) : 0;
			code_piece(b, f, j, to);
			memcpy(first, &scale, sizeof scale);
			memcpy(second, &other, sizeof other);
		}
	}
}

#define KIND(name, kind)                                                                                                           \
	static void name(const uint8_t *blocks, size_t n, uint16_t *out)                                                           \
	{                                                                                                                          \
		codes_of_kind(blocks, kind, n, out);                                                                               \
	}
#define CODE(name, code)                                                                                                           \
	static void name(const uint8_t *blocks, size_t n, uint16_t *out)                                                           \
	{                                                                                                                          \
		codes_of_code(blocks, code, n, out);                                                                               \
	}

KIND(of_q8_0, Q8_0)
KIND(of_q4_0, Q4_0)
KIND(of_q4_1, Q4_1)
KIND(of_q5_0, Q5_0)
KIND(of_q5_1, Q5_1)
KIND(of_q3_k, Q3_K)
KIND(of_q4_k, Q4_K)
KIND(of_q5_k, Q5_K)
KIND(of_q6_k, Q6_K)
CODE(of_mxfp4, MXFP4)
CODE(of_nvfp4, NVFP4)
CODE(of_iq4_nl, IQ4_NL)
CODE(of_iq4_xs, IQ4_XS)
CODE(of_q1_0, Q1_0)
CODE(of_q2_0, Q2_0)
CODE(of_tq1_0, TQ1_0)
CODE(of_tq2_0, TQ2_0)
CODE(of_iq2_xxs, IQ2_XXS)
CODE(of_iq2_xs, IQ2_XS)
CODE(of_iq2_s, IQ2_S)
CODE(of_iq3_xxs, IQ3_XXS)
CODE(of_iq3_s, IQ3_S)
CODE(of_iq1_s, IQ1_S)
CODE(of_iq1_m, IQ1_M)

const kernel_codes bytes_codes_neon[BYTES_FORMS][FORMAT_COUNT] = {
	[BYTES_MINS] = { [FORMAT_Q4_K] = of_q4_k, [FORMAT_Q5_K] = of_q5_k },
	[BYTES_PLAIN] = { [FORMAT_IQ4_XS] = of_iq4_xs,
	                  [FORMAT_TQ1_0] = of_tq1_0,
	                  [FORMAT_TQ2_0] = of_tq2_0,
	                  [FORMAT_IQ2_XXS] = of_iq2_xxs,
	                  [FORMAT_IQ3_XXS] = of_iq3_xxs,
	                  [FORMAT_IQ3_S] = of_iq3_s,
	                  [FORMAT_IQ1_S] = of_iq1_s },
	[BYTES_HALVES] = { [FORMAT_Q3_K] = of_q3_k,
	                   [FORMAT_Q6_K] = of_q6_k,
	                   [FORMAT_IQ2_XS] = of_iq2_xs,
	                   [FORMAT_IQ2_S] = of_iq2_s,
	                   [FORMAT_IQ1_M] = of_iq1_m },
	[BYTES_TWO_MINS] = { [FORMAT_Q4_1] = of_q4_1, [FORMAT_Q5_1] = of_q5_1 },
	[BYTES_TWO_PLAIN] = { [FORMAT_Q8_0] = of_q8_0,
	                      [FORMAT_Q4_0] = of_q4_0,
	                      [FORMAT_Q5_0] = of_q5_0,
	                      [FORMAT_MXFP4] = of_mxfp4,
	                      [FORMAT_IQ4_NL] = of_iq4_nl,
	                      [FORMAT_Q1_0] = of_q1_0,
	                      [FORMAT_Q2_0] = of_q2_0 },
	[BYTES_TWO_HALVES] = { [FORMAT_NVFP4] = of_nvfp4 },
};
