/*
 * quants_neon: the whole numbers of packed blocks in NEON registers, with their scales, shared by what unpacks them and what
 * multiplies them.
 *
 * A block is seen as pieces of 32 weights, each in two halves of 16: a weight is scale[half] * q - min[half], q a signed byte
 * without its format's offset. The layouts are those of nn/unpack_portable.c.
 */
#ifndef HEARTH_NN_QUANTS_NEON_H
#define HEARTH_NN_QUANTS_NEON_H

#include "nn/float16.h"
#include "nn/kernel_types.h"
#include "nn/unpack.h"

#include <arm_neon.h>

#define INLINE static inline __attribute__((always_inline))

/* The quantized formats, for functions that are written once for all and compiled for each. */
enum kind { Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K };

INLINE size_t block_bytes(enum kind f)
{
	static const uint8_t bytes[] = { [Q8_0] = 34, [Q4_0] = 18,  [Q4_1] = 20,  [Q5_0] = 22,  [Q5_1] = 24,
		                         [Q2_K] = 84, [Q3_K] = 110, [Q4_K] = 144, [Q5_K] = 176, [Q6_K] = 210 };
	return bytes[f];
}

/* Pieces of 32 weights in a block. */
INLINE size_t block_pieces(enum kind f)
{
	return f >= Q2_K ? 8 : 1;
}

/* Whether each half of a piece has a whole-number scale of its own, and whether there are mins. */
INLINE bool has_half_scales(enum kind f)
{
	return f == Q2_K || f == Q3_K || f == Q6_K;
}

INLINE bool has_mins(enum kind f)
{
	return f == Q4_1 || f == Q5_1 || f == Q2_K || f == Q4_K || f == Q5_K;
}

struct quants {
	int8x16_t half[2];
};

/* Two half bytes each; the low ones first. */
INLINE struct quants nibbles(const uint8_t *p, int8_t offset)
{
	uint8x16_t v = vld1q_u8(p);
	int8x16_t low = vreinterpretq_s8_u8(vandq_u8(v, vdupq_n_u8(15))), high = vreinterpretq_s8_u8(vshrq_n_u8(v, 4));
	return (struct quants){ { vsubq_s8(low, vdupq_n_s8(offset)), vsubq_s8(high, vdupq_n_s8(offset)) } };
}

/* The same with fifth bits from 32 bits at `high`. */
INLINE struct quants five_bits(const uint8_t *p, const uint8_t *high, int8_t offset)
{
	const uint8x16_t one_each = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201));
	struct quants q = nibbles(p, 0);
	for (int h = 0; h < 2; h++) {
		uint8x16_t bytes = vcombine_u8(vdup_n_u8(high[2 * h]), vdup_n_u8(high[2 * h + 1]));
		uint8x16_t fifth = vandq_u8(vtstq_u8(bytes, one_each), vdupq_n_u8(16));
		int8x16_t v = vreinterpretq_s8_u8(vorrq_u8(vreinterpretq_u8_s8(q.half[h]), fifth));
		q.half[h] = vsubq_s8(v, vdupq_n_s8(offset));
	}
	return q;
}

/* Bits [from, from + count) of 16 bytes. */
INLINE uint8x16_t bits_at(const uint8_t *p, size_t from, uint8_t mask)
{
	return vandq_u8(vshlq_u8(vld1q_u8(p), vdupq_n_s8((int8_t) - (int)from)), vdupq_n_u8(mask));
}

/* Half `h` of piece j of a block with 256 weights. */
INLINE int8x16_t half_k(const uint8_t *b, enum kind f, size_t j, size_t h)
{
	uint8x16_t v;
	if (f == Q2_K) return vreinterpretq_s8_u8(bits_at(b + 16 + j / 4 * 32 + 16 * h, j % 4 * 2, 3));
	if (f == Q3_K) {
		v = bits_at(b + 32 + j / 4 * 32 + 16 * h, j % 4 * 2, 3);
		v = vorrq_u8(v, vshlq_n_u8(bits_at(b + 16 * h, j, 1), 2));
		return vsubq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(4));
	}
	if (f == Q4_K) return vreinterpretq_s8_u8(bits_at(b + 16 + j / 2 * 32 + 16 * h, j % 2 * 4, 15));
	if (f == Q5_K) {
		v = bits_at(b + 48 + j / 2 * 32 + 16 * h, j % 2 * 4, 15);
		return vreinterpretq_s8_u8(vorrq_u8(v, vshlq_n_u8(bits_at(b + 16 + 16 * h, j, 1), 4)));
	}
	v = bits_at(b + j / 4 * 64 + j % 2 * 32 + 16 * h, j / 2 % 2 * 4, 15);
	v = vorrq_u8(v, vshlq_n_u8(bits_at(b + 128 + j / 4 * 32 + 16 * h, j % 4 * 2, 3), 4));
	return vsubq_s8(vreinterpretq_s8_u8(v), vdupq_n_s8(32));
}

/* Piece j of a block. */
INLINE struct quants quants(const uint8_t *b, enum kind f, size_t j)
{
	if (f == Q8_0) return (struct quants){ { vld1q_s8((const int8_t *)b + 2), vld1q_s8((const int8_t *)b + 18) } };
	if (f == Q4_0) return nibbles(b + 2, 8);
	if (f == Q4_1) return nibbles(b + 4, 0);
	if (f == Q5_0) return five_bits(b + 6, b + 2, 16);
	if (f == Q5_1) return five_bits(b + 8, b + 4, 0);
	return (struct quants){ { half_k(b, f, j, 0), half_k(b, f, j, 1) } };
}

INLINE float half_at(const uint8_t *p)
{
	return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(load16(p)))), 0);
}

/* What all pieces of a block share: its scale, and that of its mins. */
struct block_scales {
	float d, dmin;
};

INLINE struct block_scales block_scales(const uint8_t *b, enum kind f)
{
	struct block_scales s = { 0, 0 };
	if (f == Q2_K) return (struct block_scales){ half_at(b + 80), half_at(b + 82) };
	s.d = half_at(f == Q3_K ? b + 108 : f == Q6_K ? b + 208 : b);
	if (f == Q4_K || f == Q5_K || f == Q4_1 || f == Q5_1) s.dmin = half_at(b + 2);
	return s;
}

/* The whole-number scale of half h of piece j; 1 for blocks of 32. */
INLINE int piece_scale(const uint8_t *b, enum kind f, size_t j, size_t h)
{
	if (f == Q2_K) return b[2 * j + h] & 15;
	if (f == Q3_K) return q3_k_scale(b + 96, 2 * j + h);
	if (f == Q4_K || f == Q5_K) return q4_k_scale(b + 4, j);
	return f == Q6_K ? (int8_t)b[192 + 2 * j + h] : 1;
}

/* The whole-number min; that of Q4_1 and Q5_1 is added. */
INLINE int piece_min(const uint8_t *b, enum kind f, size_t j, size_t h)
{
	if (f == Q2_K) return b[2 * j + h] >> 4;
	if (f == Q4_K || f == Q5_K) return q4_k_min(b + 4, j);
	return f == Q4_1 || f == Q5_1 ? -1 : 0;
}

/* Calls EACH(name, KIND) for every format of this page. */
#define EACH_KIND(EACH)                                                                                                            \
	EACH(q8_0, Q8_0)                                                                                                           \
	EACH(q4_0, Q4_0)                                                                                                           \
	EACH(q4_1, Q4_1)                                                                                                           \
	EACH(q5_0, Q5_0)                                                                                                           \
	EACH(q5_1, Q5_1)                                                                                                           \
	EACH(q2_k, Q2_K)                                                                                                           \
	EACH(q3_k, Q3_K)                                                                                                           \
	EACH(q4_k, Q4_K)                                                                                                           \
	EACH(q5_k, Q5_K)                                                                                                           \
	EACH(q6_k, Q6_K)

#endif
