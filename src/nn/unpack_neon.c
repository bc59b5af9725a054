/* unpack: packed weights to floats with NEON, to the bit as nn/unpack_portable.c has them, and the 8-bit form of activations. */
#include "nn/quants_neon.h"

/* 16 weights: q * scale, less min. */
INLINE void store_half_piece(float *out, int8x16_t q, float scale, float min, const bool with_min)
{
	int16x8_t pairs[2] = { vmovl_s8(vget_low_s8(q)), vmovl_high_s8(q) };
#pragma GCC unroll 2
	for (int i = 0; i < 2; i++) {
		float32x4_t low = vmulq_n_f32(vcvtq_f32_s32(vmovl_s16(vget_low_s16(pairs[i]))), scale);
		float32x4_t high = vmulq_n_f32(vcvtq_f32_s32(vmovl_high_s16(pairs[i])), scale);
		vst1q_f32(out + 8 * i, with_min ? vsubq_f32(low, vdupq_n_f32(min)) : low);
		vst1q_f32(out + 8 * i + 4, with_min ? vsubq_f32(high, vdupq_n_f32(min)) : high);
	}
}

INLINE void unpack(const uint8_t *b, enum kind f, size_t n, float *out)
{
	for (; n-- > 0; b += block_bytes(f)) {
		struct block_scales s = block_scales(b, f);
#pragma GCC unroll 8
		for (size_t j = 0; j < block_pieces(f); j++, out += 32) {
			struct quants q = quants(b, f, j);
#pragma GCC unroll 2
			for (size_t h = 0; h < 2; h++) {
				float scale = s.d * (float)piece_scale(b, f, j, h), min = s.dmin * (float)piece_min(b, f, j, h);
				store_half_piece(out + 16 * h, q.half[h], scale, min, has_mins(f));
			}
		}
	}
}

#define UNPACK(name, kind)                                                                                                         \
	static void unpack_##name##_neon(const uint8_t *blocks, size_t n, float *out)                                              \
	{                                                                                                                          \
		unpack(blocks, kind, n, out);                                                                                      \
	}
EACH_KIND(UNPACK)

static void unpack_f16_neon(const uint8_t *blocks, size_t n, float *out)
{
	for (; n >= 4; n -= 4, blocks += 8, out += 4) {
		vst1q_f32(out, vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(blocks))));
	}
	for (; n > 0; n--, blocks += 2) *out++ = half_load(blocks);
}

static void unpack_bf16_neon(const uint8_t *blocks, size_t n, float *out)
{
	for (; n >= 4; n -= 4, blocks += 8, out += 4) {
		vst1q_f32(out, vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(blocks)), 16)));
	}
	for (; n > 0; n--, blocks += 2) *out++ = bfloat_load(blocks);
}

/* a > b ? a : b, so b when a is no number. */
INLINE float32x4_t larger(float32x4_t a, float32x4_t b)
{
	return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static void quantize(const float *x, size_t n, int8_t *q, float *scales, int16_t *sums)
{
	for (size_t b = 0; b < n / 32; b++, x += 32) {
		float32x4_t v[8], most_each = vdupq_n_f32(0);
#pragma GCC unroll 8
		for (int i = 0; i < 8; i++) {
			v[i] = vld1q_f32(x + 4 * i);
			most_each = larger(vabsq_f32(v[i]), most_each);
		}
		float most = vmaxvq_f32(most_each);
		if (most > 0x1.fffffep127f) most = 0x1.fffffep127f;
		float inverse = most > 0x1p-120f ? 127.0f / most : 0;
		scales[b] = most / 127.0f;
#pragma GCC unroll 2
		for (int h = 0; h < 2; h++, q += 16) {
			int16x4_t part[4];
#pragma GCC unroll 4
			for (int i = 0; i < 4; i++) {
				float32x4_t scaled = larger(vmulq_n_f32(v[4 * h + i], inverse), vdupq_n_f32(-127.0f));
				part[i] = vmovn_s32(vcvtnq_s32_f32(vminq_f32(scaled, vdupq_n_f32(127.0f))));
			}
			int8x8_t low = vmovn_s16(vcombine_s16(part[0], part[1])), high = vmovn_s16(vcombine_s16(part[2], part[3]));
			int8x16_t bytes = vcombine_s8(low, high);
			vst1q_s8(q, bytes);
			sums[2 * b + (size_t)h] = vaddlvq_s8(bytes);
		}
	}
}

void unpack_fill_neon(struct kernels *k)
{
#define FILL(name, kind) k->unpack[FORMAT_##kind] = unpack_##name##_neon;
	EACH_KIND(FILL)
	k->unpack[FORMAT_F16] = unpack_f16_neon;
	k->unpack[FORMAT_BF16] = unpack_bf16_neon;
	k->quantize = quantize;
}
