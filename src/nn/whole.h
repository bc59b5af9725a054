/*
 * whole: vectors of whole numbers of 32 bits and the products of pairs of 16 bits, in the instructions that a file is compiled for:
 * 16 lanes with AVX-512, 8 with AVX2 and AVX-VNNI (VNNI_OF_8: the latter as AVX-512 encodes it).
 */
#ifndef HEARTH_NN_WHOLE_H
#define HEARTH_NN_WHOLE_H

#include <stdint.h>
#include <string.h>
#if defined(__AVX2__)
#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* whole_products(s, a, b): s + the sums of the products of pairs of 16 bits. */
#if defined(__AVX512BW__) && !defined(VNNI_OF_8)
enum { WHOLE_LANES = 16 };
typedef __m512i whole;

INLINE whole whole_zero(void)
{
	return _mm512_setzero_si512();
}

INLINE whole whole_load(const uint16_t *p)
{
	return _mm512_loadu_si512(p);
}

INLINE whole whole_pair(const uint16_t *p)
{
	int pair;
	memcpy(&pair, p, sizeof pair);
	return _mm512_set1_epi32(pair);
}

INLINE whole whole_products(whole sum, whole a, whole b)
{
#if defined(__AVX512VNNI__)
	return _mm512_dpwssd_epi32(sum, a, b);
#else
	return _mm512_add_epi32(sum, _mm512_madd_epi16(a, b));
#endif
}

#else
enum { WHOLE_LANES = 8 };
typedef __m256i whole;

INLINE whole whole_zero(void)
{
	return _mm256_setzero_si256();
}

INLINE whole whole_load(const uint16_t *p)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

INLINE whole whole_pair(const uint16_t *p)
{
	int pair;
	memcpy(&pair, p, sizeof pair);
	return _mm256_set1_epi32(pair);
}

INLINE whole whole_products(whole sum, whole a, whole b)
{
#if defined(__AVXVNNI__) || defined(VNNI_OF_8)
	return _mm256_dpwssd_epi32(sum, a, b);
#else
	return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
#endif
}
#endif

#endif

#endif
