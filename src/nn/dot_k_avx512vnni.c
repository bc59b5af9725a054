/*
 * dot: answer rows times the formats with blocks of 256 (the K formats), with AVX512-VNNI.
 *
 * The eight groups of 32 of a block lie side by side in a vector, 8 values of each, so that products of four such vectors add up as
 * integers (vpdpbusd). Weights are brought into this order as they are read, activations once for all products (struct
 * kernel_row's `turned`). A sum has 16 lanes: the groups of two blocks, where a scale is of 32 values, else the halves of groups of
 * one; each is the sum of its scaled whole sums in order, and its mins', however many rows there are. dot_many computes
 * the same sums with outputs for lanes.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

/* Adds `value` to the bytes of group g where bit g of the group's byte among the 8 at `p` is set. */
INLINE __m512i add_bits(__m512i q, const uint8_t *p, const int value)
{
	const __m512i bit =
	        _mm512_setr_epi64(0x0101010101010101, 0x0202020202020202, 0x0404040404040404, 0x0808080808080808,
	                          0x1010101010101010, 0x2020202020202020, 0x4040404040404040, (long long)0x8080808080808080u);
	long long bits;
	memcpy(&bits, p, sizeof bits);
	return _mm512_mask_add_epi8(q, _mm512_test_epi8_mask(_mm512_set1_epi64(bits), bit), q, _mm512_set1_epi8((char)value));
}

/* Values 8i ... 8i + 7 of each of the eight groups of 32 of a block of 256, without offset, i a constant. */
INLINE __m512i quants(const uint8_t *b, enum kind f, const int i)
{
	if (f == Q4_K || f == Q5_K) {
		const uint8_t *p = b + (f == Q4_K ? 16 : 48);
		__m512i q = _mm512_permutex2var_epi64(_mm512_loadu_si512(p),
		                                      _mm512_setr_epi64(i, i, 4 + i, 4 + i, 8 + i, 8 + i, 12 + i, 12 + i),
		                                      _mm512_loadu_si512(p + 64));
		q = _mm512_and_si512(_mm512_srlv_epi64(q, _mm512_setr_epi64(0, 4, 0, 4, 0, 4, 0, 4)), _mm512_set1_epi8(15));
		return f == Q4_K ? q : add_bits(q, b + 16 + 8 * i, 16);
	}
	if (f == Q6_K) {
		__m512i low = _mm512_permutex2var_epi64(_mm512_loadu_si512(b),
		                                        _mm512_setr_epi64(i, 4 + i, i, 4 + i, 8 + i, 12 + i, 8 + i, 12 + i),
		                                        _mm512_loadu_si512(b + 64));
		low = _mm512_and_si512(_mm512_srlv_epi64(low, _mm512_setr_epi64(0, 0, 4, 4, 0, 0, 4, 4)), _mm512_set1_epi8(15));
		__m512i high = _mm512_permutexvar_epi64(_mm512_setr_epi64(i, i, i, i, 4 + i, 4 + i, 4 + i, 4 + i),
		                                        _mm512_loadu_si512(b + 128));
		high = _mm512_rolv_epi64(high, _mm512_setr_epi64(4, 2, 0, 62, 4, 2, 0, 62));
		return _mm512_or_si512(low, _mm512_and_si512(high, _mm512_set1_epi8(48)));
	}
	__m512i q = _mm512_permutexvar_epi64(_mm512_setr_epi64(i, i, i, i, 4 + i, 4 + i, 4 + i, 4 + i),
	                                     _mm512_loadu_si512(b + (f == Q2_K ? 16 : 32)));
	q = _mm512_and_si512(_mm512_srlv_epi64(q, _mm512_setr_epi64(0, 2, 4, 6, 0, 2, 4, 6)), _mm512_set1_epi8(3));
	return f == Q2_K ? q : add_bits(q, b + 8 * i, 4);
}

/* The 6-bit scales of Q4_K and Q5_K, 8 bytes, and their mins behind them, from the 16 bytes that a block begins with: what
 * scales_4_k does in a third of the instructions. */
INLINE __m128i small_4_k(__m128i head)
{
	const __m128i a = _mm_shuffle_epi8(head, _mm_setr_epi8(4, 5, 6, 7, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15));
	const __m128i b = _mm_shuffle_epi8(head, _mm_setr_epi8(-1, -1, -1, -1, 4, 5, 6, 7, -1, -1, -1, -1, 8, 9, 10, 11));
	const __m128i low = _mm_and_si128(_mm_srlv_epi32(a, _mm_setr_epi32(0, 0, 0, 4)),
	                                  _mm_setr_epi32(0x3f3f3f3f, 0x0f0f0f0f, 0x3f3f3f3f, 0x0f0f0f0f));
	return _mm_or_si128(low, _mm_and_si128(_mm_srli_epi32(b, 2), _mm_set1_epi32(0x30303030)));
}

/* The scales and mins of the groups of a block of Q4_K or Q5_K. */
INLINE void scales_8(const uint8_t *b, __m256 *scales, __m256 *mins)
{
	const __m128i head = _mm_loadu_si128((const __m128i *)(const void *)b), small = small_4_k(head);
	const __m128 halves = _mm_cvtph_ps(head);
	__m256 s = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(small));
	__m256 m = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpackhi_epi64(small, small)));
	*scales = _mm256_mul_ps(_mm256_broadcastss_ps(halves), s);
	*mins = _mm256_mul_ps(_mm256_broadcastss_ps(_mm_movehdup_ps(halves)), m);
}

/* The products of a block, in two lanes a group. */
INLINE __m512i sums_8(const __m512i *q, const int8_t *x)
{
	__m512i s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q[0], _mm512_loadu_si512(x));
	__m512i t = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q[1], _mm512_loadu_si512(x + 64));
	s = _mm512_dpbusd_epi32(s, q[2], _mm512_loadu_si512(x + 128));
	t = _mm512_dpbusd_epi32(t, q[3], _mm512_loadu_si512(x + 192));
	return _mm512_add_epi32(s, t);
}

/* The sums of neighbouring lanes: a's in the lower eight, b's in the upper. */
INLINE __m512i pairs(__m512i a, __m512i b)
{
	const __m512i even = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
	const __m512i odd = _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
	return _mm512_add_epi32(_mm512_permutex2var_epi32(a, even, b), _mm512_permutex2var_epi32(a, odd, b));
}

/* Two blocks of Q4_K or Q5_K, of which the first is number `at` of its row, with R rows; or one, the last of an odd number. */
INLINE void blocks_8(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m512 *acc, const bool two,
                     const int R)
{
	__m512i q[8];
	__m256 scales[2], mins[2];
	scales_8(b, &scales[0], &mins[0]);
	scales[1] = mins[1] = _mm256_setzero_ps();
	if (two) scales_8(b + block_bytes(f), &scales[1], &mins[1]);
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		q[i] = quants(b, f, i);
		if (two) q[4 + i] = quants(b + block_bytes(f), f, i);
	}
	const __m512 d = _mm512_insertf32x8(_mm512_castps256_ps512(scales[0]), scales[1], 1);
	const __m512 m = _mm512_insertf32x8(_mm512_castps256_ps512(mins[0]), mins[1], 1);
	const __mmask16 mask = two ? 0xffff : 0xff;
#pragma GCC unroll 8
	for (int r = 0; r < R; r++) {
		const int8_t *x = rows[r].turned + at * 256;
		__m512i first = sums_8(q, x), second = two ? sums_8(q + 4, x + 256) : first;
		__m512 sum = _mm512_cvtepi32_ps(pairs(first, second));
		__m512 scale = _mm512_mul_ps(d, _mm512_maskz_loadu_ps(mask, rows[r].scales + at * 8));
		acc[r] = _mm512_mask3_fmadd_ps(sum, scale, acc[r], mask);
		acc[r] = _mm512_mask3_fnmadd_ps(m, _mm512_maskz_loadu_ps(mask, rows[r].totals + at * 8), acc[r], mask);
	}
}

/* 16 whole numbers of 16 bits in 32. */
INLINE __m512i wide(const int16_t *p)
{
	return _mm512_cvtepi16_epi32(load32(p));
}

/* A block of Q2_K, Q3_K or Q6_K with R rows. */
INLINE void block_16(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m512 *acc, const int R)
{
	/* eight floats, each in two lanes; the lanes of a group in two vectors, of which the second has its second half */
	const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
	const __m512i even = _mm512_setr_epi32(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
	const __m512i odd = _mm512_setr_epi32(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
	__m256i offsets;
	__m512 d = _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(scales_16(b, f, &offsets))), m = d;
	d = _mm512_mul_ps(d, _mm512_set1_ps(half_at(b + (f == Q2_K ? 80 : f == Q3_K ? 108 : 208))));
	if (f == Q2_K) m = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi16_epi32(offsets)), _mm512_set1_ps(half_at(b + 82)));
	__m512i q[4];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) q[i] = quants(b, f, i);
#pragma GCC unroll 8
	for (int r = 0; r < R; r++) {
		const int8_t *x = rows[r].turned + at * 256;
		__m512i s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q[0], _mm512_loadu_si512(x));
		__m512i t = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q[2], _mm512_loadu_si512(x + 128));
		s = _mm512_dpbusd_epi32(s, q[1], _mm512_loadu_si512(x + 64));
		t = _mm512_dpbusd_epi32(t, q[3], _mm512_loadu_si512(x + 192));
		__m512i sum = _mm512_add_epi32(_mm512_permutex2var_epi32(s, even, t), _mm512_permutex2var_epi32(s, odd, t));
		__m512 x_scale = _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_loadu_ps(rows[r].scales + at * 8)));
		__m512i of_16 = wide(rows[r].sums + at * 16);
		if (f != Q2_K) sum = _mm512_sub_epi32(sum, _mm512_slli_epi32(of_16, f == Q3_K ? 2 : 5));
		acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(d, x_scale), acc[r]);
		if (f == Q2_K) acc[r] = _mm512_fnmadd_ps(m, _mm512_mul_ps(_mm512_cvtepi32_ps(of_16), x_scale), acc[r]);
	}
}

INLINE void output(const uint8_t *w, enum kind f, size_t blocks, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	const size_t bytes = block_bytes(f);
	const bool of_32 = f == Q4_K || f == Q5_K;
	__m512 acc[8];
	size_t i = 0;
#pragma GCC unroll 8
	for (int r = 0; r < R; r++) acc[r] = _mm512_setzero_ps();
	for (; of_32 && i + 2 <= blocks; i += 2, w += 2 * bytes) {
		fetch_ahead(w, 2 * bytes);
		blocks_8(w, f, rows, i, acc, true, R);
	}
	if (of_32 && i < blocks) blocks_8(w, f, rows, i, acc, false, R);
	for (; !of_32 && i < blocks; i++, w += bytes) {
		fetch_ahead(w, bytes);
		block_16(w, f, rows, i, acc, R);
	}
#pragma GCC unroll 8
	for (int r = 0; r < R; r++)
		out[(size_t)r * out_stride] =
		        fold(_mm256_add_ps(_mm512_castps512_ps256(acc[r]), _mm512_extractf32x8_ps(acc[r], 1)));
}

DOT(dot_q2_k, Q2_K, 256, 8)
DOT(dot_q3_k, Q3_K, 256, 8)
DOT(dot_q4_k, Q4_K, 256, 8)
DOT(dot_q5_k, Q5_K, 256, 8)
DOT(dot_q6_k, Q6_K, 256, 8)

void dot_k_fill_avx512vnni(struct kernels *k)
{
	k->turns = true;
	k->dot[FORMAT_Q2_K] = dot_q2_k;
	k->dot[FORMAT_Q3_K] = dot_q3_k;
	k->dot[FORMAT_Q4_K] = dot_q4_k;
	k->dot[FORMAT_Q5_K] = dot_q5_k;
	k->dot[FORMAT_Q6_K] = dot_q6_k;
}
