/*
 * bf16: weights and activations of prompt rows rounded to bfloat16 with AVX512-BF16, for the matrix unit of AMX. Without one, whole
 * numbers (i16) take as many products an instruction and are more exact.
 */
#include "nn/kernel_types.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE __m512i round_32(const float *x)
{
	return (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + 16), _mm512_loadu_ps(x));
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	*scale = 1;
	for (size_t i = 0; i < n; i += 32) _mm512_storeu_si512(out + i, round_32(x + i));
}

/* v[i] lane j becomes v[j] lane i. */
INLINE void transpose(__m512i v[16])
{
	__m512i t[16];
#pragma GCC unroll 8
	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 16; i += 4) {
		v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
		t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
		t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
		t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
	}
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
		v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
		v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
		v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
	}
}

static void pack(const float *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group, float *scales)
{
	for (size_t o = 0; o < GROUP_16; o++) scales[o] = 1;
	for (size_t i = 0; i < n; i += 32) {
		__m512i v[16];
#pragma GCC unroll 16
		for (size_t o = 0; o < 16; o++) v[o] = round_32(rows + (o < n_outputs ? o : 0) * stride + i);
		if (n_outputs < GROUP_16) {
#pragma GCC unroll 16
			for (size_t o = 0; o < 16; o++) v[o] = o < n_outputs ? v[o] : _mm512_setzero_si512();
		}
		transpose(v);
#pragma GCC unroll 16
		for (size_t k = 0; k < 16; k++) _mm512_storeu_si512(group + (i / 2 + k) * 2 * GROUP_16, v[k]);
	}
}

void bf16_fill_avx512bf16(struct kernels *k)
{
	k->bf16.pack = pack;
	k->bf16.round = round_row;
}
