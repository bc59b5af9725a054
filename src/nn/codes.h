/*
 * codes: the formats whose weights are signed codes times a scale for 16 or 32 of them, in plain C: their definition, shared by
 * what unpacks them and what multiplies the codes.
 *
 * A block is seen as pieces of 32 weights. The eighths of IQ1 are codes too: eight times the point, plus or minus one, with an
 * eighth of the scale.
 */
#ifndef HEARTH_NN_CODES_H
#define HEARTH_NN_CODES_H

#include "nn/codebooks.h"
#include "nn/float16.h"
#include "nn/unpack.h"

#define CODES_INLINE static inline __attribute__((always_inline))

enum code { MXFP4, NVFP4, IQ4_NL, IQ4_XS, Q1_0, Q2_0, TQ1_0, TQ2_0, IQ2_XXS, IQ2_XS, IQ2_S, IQ3_XXS, IQ3_S, IQ1_S, IQ1_M };

CODES_INLINE size_t code_bytes(enum code f)
{
	static const uint8_t bytes[] = { [MXFP4] = 17, [NVFP4] = 36,   [IQ4_NL] = 18, [IQ4_XS] = 136, [Q1_0] = 18,
		                         [Q2_0] = 18,  [TQ1_0] = 54,   [TQ2_0] = 66,  [IQ2_XXS] = 66, [IQ2_XS] = 74,
		                         [IQ2_S] = 82, [IQ3_XXS] = 98, [IQ3_S] = 110, [IQ1_S] = 50,   [IQ1_M] = 56 };
	return bytes[f];
}

/* How many 32 weights a block has. */
CODES_INLINE int code_groups(enum code f)
{
	if (f == MXFP4 || f == IQ4_NL) return 1;
	if (f == NVFP4 || f == Q2_0) return 2;
	return f == Q1_0 ? 4 : 8;
}

CODES_INLINE uint32_t code_word(const uint8_t *p)
{
	return load16(p) | (uint32_t)load16(p + 2) << 16;
}

/* n values of 4 bits at `packed`, low halves first, as values of a table. */
CODES_INLINE void codes_4(const uint8_t *packed, const int8_t *table, size_t n, int8_t *q)
{
	for (size_t i = 0; i < n / 2; i++) {
		q[i] = table[packed[i] & 15];
		q[i + n / 2] = table[packed[i] >> 4];
	}
}

/* The digit to base 3 that follows `position` others: bytes are fractions, digit by digit the whole part of three times the rest.
 */
CODES_INLINE int code_digit(uint8_t byte, size_t position)
{
	static const uint8_t powers[5] = { 1, 3, 9, 27, 81 };
	uint8_t rest = (uint8_t)(byte * powers[position]);
	return rest * 3 >> 8;
}

/* Digits of 160 in 32 bytes, five layers deep; of 80 in 16; of 16 in 4, four layers. 1 means 0. */
CODES_INLINE int code_tq1_0(const uint8_t *b, size_t i)
{
	if (i < 160) return code_digit(b[i % 32], i / 32) - 1;
	return (i < 240 ? code_digit(b[32 + i % 16], (i - 160) / 16) : code_digit(b[48 + i % 4], (i - 240) / 4)) - 1;
}

/* n sizes of a point, with signs. */
CODES_INLINE void code_point(uint64_t sizes, uint32_t signs, size_t n, int8_t *q)
{
	for (size_t i = 0; i < n; i++) {
		int size = (int)(sizes >> 8 * i & 255);
		q[i] = (int8_t)(signs >> i & 1 ? -size : size);
	}
}

/* A point of -1, 0, 1 and an eighth more or less, times eight. */
CODES_INLINE void code_eighths(uint64_t values, bool less, int8_t *q)
{
	for (size_t i = 0; i < 8; i++) q[i] = (int8_t)(8 * (int8_t)(values >> 8 * i & 255) + (less ? -1 : 1));
}

/* Point i (of eight weights, of four in IQ3) of piece j of a format of lattices. */
CODES_INLINE void code_lattice(const uint8_t *b, enum code f, size_t j, size_t i, int8_t *q)
{
	uint32_t word;
	size_t at = 4 * j + i;
	switch (f) {
	case IQ2_XXS:
		word = codebook_even_signs(code_word(b + 6 + 8 * j));
		code_point(codebook_iq2_xxs[b[2 + 8 * j + i]], word >> 8 * i, 8, q);
		break;
	case IQ2_XS:
		word = load16(b + 2 + 2 * at);
		code_point(codebook_iq2_xs[word & 511], codebook_even_signs(word >> 9), 8, q);
		break;
	case IQ2_S: code_point(codebook_iq2_s[b[2 + at] | (b[66 + j] >> 2 * i & 3u) << 8], b[34 + at], 8, q); break;
	case IQ3_XXS:
		word = codebook_even_signs(code_word(b + 66 + 4 * j));
		code_point(codebook_iq3_xxs[b[2 + 8 * j + i]], word >> 4 * i, 4, q);
		break;
	case IQ3_S:
		word = (uint32_t)b[74 + 4 * j + i / 2] >> i % 2 * 4;
		code_point(codebook_iq3_s[b[2 + 8 * j + i] | (b[66 + j] >> i & 1u) << 8], word, 4, q);
		break;
	case IQ1_S:
		word = load16(b + 34 + 2 * j);
		code_eighths(codebook_iq1[b[2 + at] | (word >> 3 * i & 7) << 8], word >> 15, q);
		break;
	default:
		word = (uint32_t)b[32 + at / 2] >> at % 2 * 4;
		code_eighths(codebook_iq1[b[at] | (word & 7) << 8], word >> 3 & 1, q);
	}
}

/* The 32 codes of piece j. */
CODES_INLINE void code_piece(const uint8_t *b, enum code f, size_t j, int8_t q[32])
{
	switch (f) {
	case MXFP4: codes_4(b + 1, codebook_fp4, 32, q); break;
	case NVFP4:
		codes_4(b + 4 + 16 * j, codebook_fp4, 16, q);
		codes_4(b + 12 + 16 * j, codebook_fp4, 16, q + 16);
		break;
	case IQ4_NL: codes_4(b + 2, codebook_iq4, 32, q); break;
	case IQ4_XS: codes_4(b + 8 + 16 * j, codebook_iq4, 32, q); break;
	case Q1_0:
		for (size_t i = 0; i < 32; i++) q[i] = b[2 + 4 * j + i / 8] >> i % 8 & 1 ? 1 : -1;
		break;
	case Q2_0:
		for (size_t i = 0; i < 32; i++) q[i] = (int8_t)((b[2 + 8 * j + i / 4] >> i % 4 * 2 & 3) - 1);
		break;
	case TQ1_0:
		for (size_t i = 0; i < 32; i++) q[i] = (int8_t)code_tq1_0(b, 32 * j + i);
		break;
	case TQ2_0:
		for (size_t i = 0; i < 32; i++) q[i] = (int8_t)((b[j / 4 * 32 + i] >> j % 4 * 2 & 3) - 1);
		break;
	case IQ3_XXS:
	case IQ3_S:
		for (size_t i = 0; i < 8; i++) code_lattice(b, f, j, i, q + 4 * i);
		break;
	default:
		for (size_t i = 0; i < 4; i++) code_lattice(b, f, j, i, q + 8 * i);
	}
}

/* The scale of weights 16i ... 16i + 15. */
CODES_INLINE float code_scale_of(const uint8_t *b, enum code f, size_t i)
{
	switch (f) {
	case MXFP4: return codebook_e8m0_half(b[0]);
	case NVFP4: return codebook_e4m3_half(b[i]);
	case IQ4_XS: return half_load(b) * (float)iq4_xs_scale(b, i / 2);
	case TQ1_0: return half_load(b + 52);
	case TQ2_0: return half_load(b + 64);
	case IQ2_XXS: return half_load(b) * (0.5f + (float)(b[9 + i / 2 * 8] >> 4)) * 0.25f;
	case IQ2_XS: return half_load(b) * (0.5f + (float)iq2_scale(b + 66, i)) * 0.25f;
	case IQ2_S: return half_load(b) * (0.5f + (float)iq2_scale(b + 74, i)) * 0.25f;
	case IQ3_XXS: return half_load(b) * (0.5f + (float)(b[69 + i / 2 * 4] >> 4)) * 0.5f;
	case IQ3_S: return half_load(b) * (float)(1 + 2 * (b[106 + i / 4] >> i / 2 % 2 * 4 & 15));
	case IQ1_S: return half_load(b) * (float)(2 * (b[35 + i / 2 * 2] >> 4 & 7) + 1) * 0.125f;
	case IQ1_M: return half_to_float(iq1_m_half(b)) * (float)(2 * iq1_m_scale(b, i) + 1) * 0.125f;
	default: return half_load(b);
	}
}

#endif
