/*
 * dot: answer rows times the formats with blocks of 32, and the 8-bit form of activations, with AVX2.
 *
 * Bytes are multiplied unsigned by signed (vpmaddubsw), so a format whose values have an offset is taken without it, and the offset
 * times the sum of the activations comes off at the end; Q8_0 moves the weights' signs to the activations. No pair of products
 * saturates: 2 x 128 x 127 < 32768. Four blocks go together: their scales and sums are one vector each. A sum of a row has
 * 8 lanes, each the sum of whole groups in order, however many rows there are.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

INLINE __m256i quants(const uint8_t *b, enum kind f)
{
	if (f == Q8_0) return load32(b + 2);
	if (f == Q4_0) return quants_4(b + 2);
	if (f == Q4_1) return quants_4(b + 4);
	return f == Q5_0 ? quants_5(b + 6, b + 2) : quants_5(b + 8, b + 4);
}

/* 8 sums of four products each. */
INLINE __m256 dot32(__m256i q, const int8_t *x, enum kind f)
{
	__m256i v = load32(x);
	return _mm256_cvtepi32_ps(f == Q8_0 ? sums_of_four(_mm256_abs_epi8(q), _mm256_sign_epi8(v, q)) : sums_of_four(q, v));
}

/* The sums of the activations of N blocks as floats. */
INLINE __m128 block_sums(const int16_t *sums, const int N)
{
	__m128i v;
	if (N == 4) {
		v = _mm_loadu_si128((const __m128i *)(const void *)sums);
	} else {
		int32_t two;
		memcpy(&two, sums, sizeof two);
		v = _mm_cvtsi32_si128(two);
	}
	return _mm_cvtepi32_ps(_mm_madd_epi16(v, _mm_set1_epi16(1)));
}

/* What the offsets of N blocks add: (the min, or minus the offset times the scale) times the sum of the activations. */
INLINE __m256 offsets(const uint8_t *b, enum kind f, __m128 scale, __m128 x_scale, const int16_t *sums, const int N)
{
	if (f == Q8_0) return _mm256_setzero_ps();
	__m128 m;
	if (f == Q4_1 || f == Q5_1)
		m = _mm_mul_ps(halves(b + 2, block_bytes(f), N), x_scale);
	else
		m = _mm_mul_ps(scale, _mm_set1_ps(f == Q4_0 ? -8.0f : -16.0f));
	return _mm256_zextps128_ps256(_mm_mul_ps(m, block_sums(sums, N)));
}

/* N blocks, of which the first is number `at` of its row, with R rows. */
INLINE void group(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m256 *acc, const int N, const int R)
{
	const size_t bytes = block_bytes(f);
	__m256i q[4];
	__m128 d = halves(b, bytes, N);
#pragma GCC unroll 4
	for (int k = 0; k < N; k++) q[k] = quants(b + (size_t)k * bytes, f);
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		__m128 x_scale = N == 4 ? _mm_loadu_ps(rows[r].scales + at) : _mm_set_ss(rows[r].scales[at]);
		__m128 scale = _mm_mul_ps(d, x_scale);
		__m256 both = _mm256_set_m128(scale, scale), t = offsets(b, f, scale, x_scale, rows[r].sums + 2 * at, N);
		const int8_t *x = rows[r].q + at * 32;
		t = _mm256_fmadd_ps(dot32(q[0], x, f), _mm256_permute_ps(both, 0x00), t);
		if (N == 4) {
			__m256 u = _mm256_mul_ps(dot32(q[1], x + 32, f), _mm256_permute_ps(both, 0x55));
			t = _mm256_fmadd_ps(dot32(q[2], x + 64, f), _mm256_permute_ps(both, 0xaa), t);
			u = _mm256_fmadd_ps(dot32(q[3], x + 96, f), _mm256_permute_ps(both, 0xff), u);
			t = _mm256_add_ps(t, u);
		}
		acc[r] = _mm256_add_ps(acc[r], t);
	}
}

INLINE void output(const uint8_t *w, enum kind f, size_t blocks, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	const size_t bytes = block_bytes(f);
	__m256 acc[4];
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) acc[r] = _mm256_setzero_ps();
	size_t i = 0;
	for (; i + 4 <= blocks; i += 4) {
		fetch_ahead(w + i * bytes, 4 * bytes);
		group(w + i * bytes, f, rows, i, acc, 4, R);
	}
	for (; i < blocks; i++) group(w + i * bytes, f, rows, i, acc, 1, R);
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) out[(size_t)r * out_stride] = fold(acc[r]);
}

DOT(dot_q8_0, Q8_0, 32, 4)
DOT(dot_q4_0, Q4_0, 32, 4)
DOT(dot_q4_1, Q4_1, 32, 4)
DOT(dot_q5_0, Q5_0, 32, 4)
DOT(dot_q5_1, Q5_1, 32, 4)

/* The largest of 32 magnitudes, at most the largest float; what is no number is passed over. */
INLINE float most32(__m256 a, __m256 b, __m256 c, __m256 d)
{
	const __m256 size = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
	/* max gives its second operand when the first is no number */
	__m256 m = _mm256_max_ps(_mm256_and_ps(a, size), _mm256_setzero_ps());
	m = _mm256_max_ps(_mm256_and_ps(b, size), m);
	m = _mm256_max_ps(_mm256_and_ps(c, size), m);
	m = _mm256_max_ps(_mm256_and_ps(d, size), m);
	__m128 v = _mm_max_ps(_mm256_castps256_ps128(m), _mm256_extractf128_ps(m, 1));
	v = _mm_max_ps(v, _mm_movehl_ps(v, v));
	v = _mm_max_ss(v, _mm_movehdup_ps(v));
	float most = _mm_cvtss_f32(v);
	return most > 0x1.fffffep127f ? 0x1.fffffep127f : most;
}

INLINE __m256i rounded(__m256 v, __m256 inverse)
{
	v = _mm256_max_ps(_mm256_mul_ps(v, inverse), _mm256_set1_ps(-127.0f));
	return _mm256_cvtps_epi32(_mm256_min_ps(v, _mm256_set1_ps(127.0f)));
}

static void quantize(const float *x, size_t n, int8_t *q, float *scales, int16_t *sums)
{
	const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7), ones = _mm256_set1_epi8(1);
	for (size_t b = 0; b < n / 32; b++, x += 32, q += 32) {
		__m256 v0 = _mm256_loadu_ps(x), v1 = _mm256_loadu_ps(x + 8), v2 = _mm256_loadu_ps(x + 16),
		       v3 = _mm256_loadu_ps(x + 24);
		float most = most32(v0, v1, v2, v3);
		__m256 inverse = _mm256_set1_ps(most > 0x1p-120f ? 127.0f / most : 0);
		scales[b] = most / 127.0f;
		__m256i low = _mm256_packs_epi32(rounded(v0, inverse), rounded(v1, inverse));
		__m256i high = _mm256_packs_epi32(rounded(v2, inverse), rounded(v3, inverse));
		__m256i bytes = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(low, high), order);
		_mm256_storeu_si256((__m256i *)(void *)q, bytes);
		/* sums of 16: pairs, then fours, then the four fours of each half */
		__m256i fours = _mm256_madd_epi16(_mm256_maddubs_epi16(ones, bytes), _mm256_set1_epi16(1));
		__m256i eights = _mm256_hadd_epi32(fours, fours);
		eights = _mm256_hadd_epi32(eights, eights);
		sums[2 * b] = (int16_t)_mm256_extract_epi32(eights, 0);
		sums[2 * b + 1] = (int16_t)_mm256_extract_epi32(eights, 4);
	}
}

void dot_fill_avx2(struct kernels *k)
{
	k->quantize = quantize;
	k->dot[FORMAT_Q8_0] = dot_q8_0;
	k->dot[FORMAT_Q4_0] = dot_q4_0;
	k->dot[FORMAT_Q4_1] = dot_q4_1;
	k->dot[FORMAT_Q5_0] = dot_q5_0;
	k->dot[FORMAT_Q5_1] = dot_q5_1;
}
