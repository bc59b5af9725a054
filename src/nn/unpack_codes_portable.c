/*
 * unpack: the definitions of the formats whose weights are signed codes times a scale for 16 or 32 of them, many of them points of
 * a codebook (see codes.h).
 *
 *     MXFP4   e8m0 d; 4 bits q[32]
 *     NVFP4   e4m3 d[4], for 16 each; 4 bits q[64], 16 at a time
 *     IQ4_NL  half d; 4 bits q[32]
 *     IQ4_XS  half d; high 2 bits of scales[8]; low 4 bits; 4 bits q[256], 32 at a time. A scale of 32 means 0
 *     Q1_0    half d; a bit for each of 128: plus or minus d
 *     Q2_0    half d; 2 bits q[64], 1 meaning 0
 *     TQ1_0   digits to base 3 q[256]; half d
 *     TQ2_0   2 bits q[256], 32 bytes a half, four layers deep; half d. 1 means 0
 *     IQ2_XXS half d; for each 32: four points of eight, 4 x 7 signs and a scale of 4 bits
 *     IQ2_XS  half d; 9 bits of a point and 7 of signs for each eight; scales of 4 bits for each 16
 *     IQ2_S   half d; low 8 bits of points[32]; signs; high 2 bits; scales as in IQ2_XS
 *     IQ3_XXS half d; points[64] of four; for each 32: 4 x 7 signs and a scale of 4 bits
 *     IQ3_S   half d; low 8 bits of points[64]; high bits; signs; scales of 4 bits for each 32
 *     IQ1_S   half d; low 8 bits of points[32]; for each 32: high bits 4 x 3, a scale of 3 bits, the eighth's sign
 *     IQ1_M   low 8 bits of points[32]; for each eight: high 3 bits and the eighth's sign; scales of 3 bits for each 16, with the
 *             half d in the upper bits of their four words
 */
#include "nn/codes.h"

CODES_INLINE void unpack(const uint8_t *b, enum code f, size_t n, float *out)
{
	for (; n-- > 0; b += code_bytes(f)) {
		for (size_t j = 0; j < (size_t)code_groups(f); j++) {
			int8_t q[32];
			code_piece(b, f, j, q);
			for (size_t h = 0; h < 2; h++, out += 16) {
				const float scale = code_scale_of(b, f, 2 * j + h);
				for (size_t i = 0; i < 16; i++) out[i] = scale * (float)q[16 * h + i];
			}
		}
	}
}

#define UNPACK(name, code)                                                                                                         \
	void unpack_##name(const uint8_t *blocks, size_t n, float *out)                                                            \
	{                                                                                                                          \
		unpack(blocks, code, n, out);                                                                                      \
	}

UNPACK(mxfp4, MXFP4)
UNPACK(nvfp4, NVFP4)
UNPACK(iq4_nl, IQ4_NL)
UNPACK(iq4_xs, IQ4_XS)
UNPACK(q1_0, Q1_0)
UNPACK(q2_0, Q2_0)
UNPACK(tq1_0, TQ1_0)
UNPACK(tq2_0, TQ2_0)
UNPACK(iq2_xxs, IQ2_XXS)
UNPACK(iq2_xs, IQ2_XS)
UNPACK(iq2_s, IQ2_S)
UNPACK(iq3_xxs, IQ3_XXS)
UNPACK(iq3_s, IQ3_S)
UNPACK(iq1_s, IQ1_S)
UNPACK(iq1_m, IQ1_M)
