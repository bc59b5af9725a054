/*
 * unpack: the definitions of the weight formats (a function each, see format_unpack), and the pieces of blocks that several
 * kernels read.
 *
 * The layouts are ggml's (ggml-common.h); values are (d * scale) * q, or (d * scale) * q - (dmin * min), each product rounded
 * once, in that order: the golden blocks agree to the last bit.
 */
#ifndef HEARTH_NN_UNPACK_H
#define HEARTH_NN_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void unpack_f32(const uint8_t *blocks, size_t n, float *out);
void unpack_f16(const uint8_t *blocks, size_t n, float *out);
void unpack_bf16(const uint8_t *blocks, size_t n, float *out);
void unpack_q8_0(const uint8_t *blocks, size_t n, float *out);
void unpack_q4_0(const uint8_t *blocks, size_t n, float *out);
void unpack_q4_1(const uint8_t *blocks, size_t n, float *out);
void unpack_q5_0(const uint8_t *blocks, size_t n, float *out);
void unpack_q5_1(const uint8_t *blocks, size_t n, float *out);
void unpack_q2_k(const uint8_t *blocks, size_t n, float *out);
void unpack_q3_k(const uint8_t *blocks, size_t n, float *out);
void unpack_q4_k(const uint8_t *blocks, size_t n, float *out);
void unpack_q5_k(const uint8_t *blocks, size_t n, float *out);
void unpack_q6_k(const uint8_t *blocks, size_t n, float *out);
void unpack_mxfp4(const uint8_t *blocks, size_t n, float *out);
void unpack_nvfp4(const uint8_t *blocks, size_t n, float *out);
void unpack_iq4_nl(const uint8_t *blocks, size_t n, float *out);
void unpack_iq4_xs(const uint8_t *blocks, size_t n, float *out);
void unpack_q1_0(const uint8_t *blocks, size_t n, float *out);
void unpack_q2_0(const uint8_t *blocks, size_t n, float *out);
void unpack_tq1_0(const uint8_t *blocks, size_t n, float *out);
void unpack_tq2_0(const uint8_t *blocks, size_t n, float *out);
void unpack_iq2_xxs(const uint8_t *blocks, size_t n, float *out);
void unpack_iq2_xs(const uint8_t *blocks, size_t n, float *out);
void unpack_iq2_s(const uint8_t *blocks, size_t n, float *out);
void unpack_iq3_xxs(const uint8_t *blocks, size_t n, float *out);
void unpack_iq3_s(const uint8_t *blocks, size_t n, float *out);
void unpack_iq1_s(const uint8_t *blocks, size_t n, float *out);
void unpack_iq1_m(const uint8_t *blocks, size_t n, float *out);

/* The 6-bit scales and mins of Q4_K and Q5_K: 8 of each in 12 bytes. */
static inline uint8_t q4_k_scale(const uint8_t *packed, size_t j)
{
	return (uint8_t)(j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | packed[j - 4] >> 6 << 4);
}

static inline uint8_t q4_k_min(const uint8_t *packed, size_t j)
{
	return (uint8_t)(j < 4 ? packed[j + 4] & 63 : packed[j + 4] >> 4 | packed[j] >> 6 << 4);
}

/* The 6-bit scales of Q3_K, -32 ... 31: 16 in 12 bytes, low halves first. */
static inline int q3_k_scale(const uint8_t *packed, size_t j)
{
	int low = j < 8 ? packed[j] & 15 : packed[j - 8] >> 4;
	return (low | (packed[8 + j % 4] >> j / 4 * 2 & 3) << 4) - 32;
}

/* The 6-bit scales of IQ4_XS, -32 ... 31, of a whole block. */
static inline int iq4_xs_scale(const uint8_t *block, size_t j)
{
	int low = block[4 + j / 2] >> j % 2 * 4 & 15;
	return (low | (block[2 + j / 4] >> j % 4 * 2 & 3) << 4) - 32;
}

/* The 4-bit scales of IQ2_XS and IQ2_S, low halves first. */
static inline int iq2_scale(const uint8_t *scales, size_t j)
{
	return scales[j / 2] >> j % 2 * 4 & 15;
}

/* The 3-bit scales of an IQ1_M block: four in each word from byte 48 on; and the half in the words' upper bits. */
static inline int iq1_m_scale(const uint8_t *block, size_t j)
{
	return (block[48 + j / 4 * 2] | block[49 + j / 4 * 2] << 8) >> j % 4 * 3 & 7;
}

static inline uint16_t iq1_m_half(const uint8_t *block)
{
	return (uint16_t)(block[49] >> 4 | (block[51] & 0xf0) | (block[53] & 0xf0) << 4 | (block[55] & 0xf0) << 8);
}

#endif
