/* unpack: the formats of signed codes to floats with AVX2, the same bits as unpack_codes_portable.c. */
#include "nn/codes_avx2.h"
#include "nn/kernel_types.h"

/* Codes times scales, 32 floats. */
INLINE void store(__m256i q, __m256 scales, float *out)
{
	__m256 first = _mm256_permute2f128_ps(scales, scales, 0x00), second = _mm256_permute2f128_ps(scales, scales, 0x11);
	__m128i low = _mm256_castsi256_si128(q), high = _mm256_extracti128_si256(q, 1);
	_mm256_storeu_ps(out, _mm256_mul_ps(first, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(low))));
	_mm256_storeu_ps(out + 8, _mm256_mul_ps(first, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(low, 8)))));
	_mm256_storeu_ps(out + 16, _mm256_mul_ps(second, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(high))));
	_mm256_storeu_ps(out + 24, _mm256_mul_ps(second, _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(high, 8)))));
}

INLINE void unpack(const uint8_t *b, size_t n, enum code f, float *out)
{
	for (; n-- > 0; b += code_bytes(f)) {
		float d = code_d(b, f);
#pragma GCC unroll 8
		for (int j = 0; j < code_groups(f); j++, out += 32) store(codes(b, f, j), code_scales(b, f, d, j), out);
	}
}

#define UNPACK(name, code)                                                                                                         \
	static void name(const uint8_t *b, size_t n, float *out)                                                                   \
	{                                                                                                                          \
		unpack(b, n, code, out);                                                                                           \
	}

UNPACK(unpack_mxfp4_avx2, MXFP4)
UNPACK(unpack_nvfp4_avx2, NVFP4)
UNPACK(unpack_iq4_nl_avx2, IQ4_NL)
UNPACK(unpack_iq4_xs_avx2, IQ4_XS)
UNPACK(unpack_q1_0_avx2, Q1_0)
UNPACK(unpack_q2_0_avx2, Q2_0)
UNPACK(unpack_tq1_0_avx2, TQ1_0)
UNPACK(unpack_tq2_0_avx2, TQ2_0)
UNPACK(unpack_iq2_xxs_avx2, IQ2_XXS)
UNPACK(unpack_iq2_xs_avx2, IQ2_XS)
UNPACK(unpack_iq2_s_avx2, IQ2_S)
UNPACK(unpack_iq3_xxs_avx2, IQ3_XXS)
UNPACK(unpack_iq3_s_avx2, IQ3_S)
UNPACK(unpack_iq1_s_avx2, IQ1_S)
UNPACK(unpack_iq1_m_avx2, IQ1_M)

void unpack_codes_fill_avx2(struct kernels *k)
{
	k->unpack[FORMAT_MXFP4] = unpack_mxfp4_avx2;
	k->unpack[FORMAT_NVFP4] = unpack_nvfp4_avx2;
	k->unpack[FORMAT_IQ4_NL] = unpack_iq4_nl_avx2;
	k->unpack[FORMAT_IQ4_XS] = unpack_iq4_xs_avx2;
	k->unpack[FORMAT_Q1_0] = unpack_q1_0_avx2;
	k->unpack[FORMAT_Q2_0] = unpack_q2_0_avx2;
	k->unpack[FORMAT_TQ1_0] = unpack_tq1_0_avx2;
	k->unpack[FORMAT_TQ2_0] = unpack_tq2_0_avx2;
	k->unpack[FORMAT_IQ2_XXS] = unpack_iq2_xxs_avx2;
	k->unpack[FORMAT_IQ2_XS] = unpack_iq2_xs_avx2;
	k->unpack[FORMAT_IQ2_S] = unpack_iq2_s_avx2;
	k->unpack[FORMAT_IQ3_XXS] = unpack_iq3_xxs_avx2;
	k->unpack[FORMAT_IQ3_S] = unpack_iq3_s_avx2;
	k->unpack[FORMAT_IQ1_S] = unpack_iq1_s_avx2;
	k->unpack[FORMAT_IQ1_M] = unpack_iq1_m_avx2;
}
