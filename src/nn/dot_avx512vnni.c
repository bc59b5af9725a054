/*
 * dot: answer rows times the formats with blocks of 32 with AVX512-VNNI, 64 weights at a time.
 *
 * The arithmetic is that of dot_avx2.c; four products at a time are added as 32-bit numbers (vpdpbusd), so nothing
 * can saturate and Q8_0 is taken with its sign bit turned (an offset of 128). Scales become floats that are spread over the lanes
 * they belong to. A sum has 16 lanes, each the sum of whole blocks in order, however many rows there are.
 *
 * Eight blocks of 4 or 5 bits are taken as one block of 256, as dot_k_avx512vnni.c does it: 8 values of each block side by side, so
 * that integers add up in two lanes a block, and one conversion and one multiplication serve all eight. Their words stand 9 to 12
 * apart and are brought there by two permutations: of the first 64 words, and of the last 32.
 */
#include "nn/kernel_types.h"
#include "nn/quants_avx2.h"

INLINE __m512i join(__m256i low, __m256i high)
{
	return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1);
}

/* 16 sums of four products each, as floats. */
INLINE __m512 dot64(__m512i q, const int8_t *x)
{
	return _mm512_cvtepi32_ps(_mm512_dpbusd_epi32(_mm512_setzero_si512(), q, _mm512_loadu_si512(x)));
}

/* Floats 2j and 2j + 1, eight lanes each. */
INLINE __m512 spread_two(__m512 v, const int j)
{
	return _mm512_permutexvar_ps(join(_mm256_set1_epi32(2 * j), _mm256_set1_epi32(2 * j + 1)), v);
}

/* A block of 32 without its offset. */
INLINE __m256i quants_32(const uint8_t *b, enum kind f)
{
	if (f == Q8_0) return _mm256_xor_si256(load32(b + 2), _mm256_set1_epi8((char)0x80));
	if (f == Q4_0) return quants_4(b + 2);
	if (f == Q4_1) return quants_4(b + 4);
	return f == Q5_0 ? quants_5(b + 6, b + 2) : quants_5(b + 8, b + 4);
}

/* What the offsets of N blocks add: (the min, or minus the offset times the scale) times the sum of the activations. */
INLINE __m512 offsets_32(const uint8_t *b, enum kind f, __m128 scale, __m128 x_scale, const int16_t *sums, const int N)
{
	__m128 m;
	if (f == Q4_1 || f == Q5_1)
		m = _mm_mul_ps(halves(b + 2, block_bytes(f), N), x_scale);
	else
		m = _mm_mul_ps(scale, _mm_set1_ps(f == Q8_0 ? -128.0f : f == Q4_0 ? -8.0f : -16.0f));
	__m128i v = N == 4 ? _mm_loadu_si128((const __m128i *)(const void *)sums) : _mm_loadu_si32(sums);
	return _mm512_zextps128_ps512(_mm_mul_ps(m, _mm_cvtepi32_ps(_mm_madd_epi16(v, _mm_set1_epi16(1)))));
}

/* N blocks of 32, 1 or 4, of which the first is number `at` of its row, with R rows. */
INLINE void group(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m512 *acc, const int N, const int R)
{
	const size_t bytes = block_bytes(f);
	__m128 d = halves(b, bytes, N);
	__m512i first, second = _mm512_setzero_si512();
	if (N == 1) {
		first = _mm512_zextsi256_si512(quants_32(b, f));
	} else {
		first = join(quants_32(b, f), quants_32(b + bytes, f));
		second = join(quants_32(b + 2 * bytes, f), quants_32(b + 3 * bytes, f));
	}
#pragma GCC unroll 4
	for (int r = 0; r < R; r++) {
		const int8_t *x = rows[r].q + at * 32;
		__m128 x_scale = N == 4 ? _mm_loadu_ps(rows[r].scales + at) : _mm_set_ss(rows[r].scales[at]);
		__m128 scale = _mm_mul_ps(d, x_scale);
		__m512 spread = _mm512_castps128_ps512(scale), t = offsets_32(b, f, scale, x_scale, rows[r].sums + 2 * at, N);
		if (N == 1) {
			__m256i p = _mm256_dpbusd_epi32(_mm256_setzero_si256(), _mm512_castsi512_si256(first), load32(x));
			t = _mm512_fmadd_ps(_mm512_zextps256_ps512(_mm256_cvtepi32_ps(p)), _mm512_broadcastss_ps(scale), t);
		} else {
			t = _mm512_fmadd_ps(dot64(first, x), spread_two(spread, 0), t);
			t = _mm512_fmadd_ps(dot64(second, x + 64), spread_two(spread, 1), t);
		}
		acc[r] = _mm512_add_ps(acc[r], t);
	}
}

/* Word w of eight blocks of S words: its index among the first 64, or behind them among the last 32. */
#define WORD(S, w)     ((uint16_t)((w) < 64 ? (w) : (w) - (8 * (S)-32)))
#define ONE(S, w, b)   WORD(S, (w) + (S) * (b))
#define TWO(S, w, b)   ONE(S, w, b), ONE(S, (w) + 1, b)
#define FOUR(S, w, b)  TWO(S, w, b), TWO(S, (w) + 2, b)
#define EIGHT(M, S, w) M(S, w, 0), M(S, w, 1), M(S, w, 2), M(S, w, 3), M(S, w, 4), M(S, w, 5), M(S, w, 6), M(S, w, 7)

/* Where the parts of eight blocks stand: their 8-byte halves of nibbles, their fifth bits, their scales and mins. */
enum part { FIRST_HALF, LAST_HALF, FIFTH_BITS, SCALES, MINS, PARTS };
struct places {
	_Alignas(64) uint16_t word[PARTS][32];
};
#define PLACES(S, nibbles, fifth, min)                                                                                             \
	{                                                                                                                          \
		{                                                                                                                  \
			[FIRST_HALF] = { EIGHT(FOUR, S, nibbles) }, [LAST_HALF] = { EIGHT(FOUR, S, (nibbles) + 4) },               \
			[FIFTH_BITS] = { EIGHT(TWO, S, fifth) }, [SCALES] = { EIGHT(ONE, S, 0) }, [MINS] = { EIGHT(ONE, S, min) }, \
		}                                                                                                                  \
	}
static const struct places places[] = {
	[Q4_0] = PLACES(9, 1, 0, 0),
	[Q4_1] = PLACES(10, 2, 0, 1),
	[Q5_0] = PLACES(11, 3, 1, 0),
	[Q5_1] = PLACES(12, 4, 2, 1),
};

/* The words of a part, of which each block has `n` from word `first` on. */
INLINE __m512i words_of(const uint8_t *b, enum kind f, enum part part, const int first, const int n)
{
	const int S = (int)block_bytes(f) / 2;
	const __m512i at = _mm512_load_si512(places[f].word[part]);
	uint32_t behind = 0;
#pragma GCC unroll 32
	for (int i = 0; i < 8 * n; i++) behind |= (uint32_t)(first + S * (i / n) + i % n >= 64) << i;
	__m512i v = _mm512_permutex2var_epi16(_mm512_loadu_si512(b), at, _mm512_loadu_si512(b + 64));
	return behind ? _mm512_mask_permutexvar_epi16(v, behind, at, _mm512_loadu_si512(b + 16 * S - 64)) : v;
}

INLINE __m256 floats_of(const uint8_t *b, enum kind f, enum part part, const int first)
{
	return _mm256_cvtph_ps(_mm512_castsi512_si128(words_of(b, f, part, first, 1)));
}

/* Eight blocks, of which the first is number `at` of its row, with R rows: `acc` are the sums of products, `off` those of the
 * offsets. */
INLINE void eight(const uint8_t *b, enum kind f, const struct kernel_row *rows, size_t at, __m512 *acc, __m256 *off, const int R)
{
	const bool fifth = f == Q5_0 || f == Q5_1, min = f == Q4_1 || f == Q5_1;
	const int nibbles_at = (fifth ? 3 : 1) + min;
	const __m512i low = _mm512_set1_epi8(15);
	const __m512i first = words_of(b, f, FIRST_HALF, nibbles_at, 4), last = words_of(b, f, LAST_HALF, nibbles_at + 4, 4);
	const __m256 d = floats_of(b, f, SCALES, 0);
	const __m256 m = min ? floats_of(b, f, MINS, 1) : _mm256_mul_ps(d, _mm256_set1_ps(fifth ? -16.0f : -8.0f));
	__m512i q[4] = { _mm512_and_si512(first, low), _mm512_and_si512(last, low),
		         _mm512_and_si512(_mm512_srli_epi16(first, 4), low), _mm512_and_si512(_mm512_srli_epi16(last, 4), low) };
	if (fifth) {
		/* byte i of each block's 32 bits: eight bytes of 64 bits for q[i] */
		const __m256i turn =
		        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
		__m256i v = _mm512_castsi512_si256(words_of(b, f, FIFTH_BITS, 1 + min, 2));
		v = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(v, turn), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
		uint64_t bits[4];
		_mm256_storeu_si256((__m256i *)(void *)bits, v);
#pragma GCC unroll 4
		for (int i = 0; i < 4; i++) q[i] = _mm512_mask_add_epi8(q[i], bits[i], q[i], _mm512_set1_epi8(16));
	}
#pragma GCC unroll 8
	for (int r = 0; r < R; r++) {
		const int8_t *x = rows[r].turned + at * 32;
		__m512i s = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q[0], _mm512_loadu_si512(x));
		__m512i t = _mm512_dpbusd_epi32(_mm512_setzero_si512(), q[1], _mm512_loadu_si512(x + 64));
		s = _mm512_dpbusd_epi32(s, q[2], _mm512_loadu_si512(x + 128));
		t = _mm512_dpbusd_epi32(t, q[3], _mm512_loadu_si512(x + 192));
		__m512 scale = twice(_mm256_mul_ps(d, _mm256_loadu_ps(rows[r].scales + at)));
		acc[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_add_epi32(s, t)), scale, acc[r]);
		off[r] = _mm256_fmadd_ps(m, _mm256_loadu_ps(rows[r].totals + at), off[r]);
	}
}

INLINE void blocks(const uint8_t *w, enum kind f, size_t cols, const struct kernel_row *rows, __m512 *acc, __m256 *off, const int R)
{
	const size_t bytes = block_bytes(f);
	size_t i = 0;
	for (; f != Q8_0 && rows->turned && i + 8 <= cols / 32; i += 8, w += 8 * bytes) {
		fetch_ahead(w, 8 * bytes);
		eight(w, f, rows, i, acc, off, R);
	}
	for (; i + 4 <= cols / 32; i += 4, w += 4 * bytes) {
		fetch_ahead(w, 4 * bytes);
		group(w, f, rows, i, acc, 4, R);
	}
	for (; i < cols / 32; i++, w += bytes) group(w, f, rows, i, acc, 1, R);
}

INLINE void output(const uint8_t *w, enum kind f, size_t cols, const struct kernel_row *rows, float *out, size_t out_stride,
                   const int R)
{
	__m512 acc[8];
	__m256 off[8];
#pragma GCC unroll 8
	for (int r = 0; r < R; r++) {
		acc[r] = _mm512_setzero_ps();
		off[r] = _mm256_setzero_ps();
	}
	blocks(w, f, cols, rows, acc, off, R);
#pragma GCC unroll 8
	for (int r = 0; r < R; r++) {
		__m256 sum = _mm256_add_ps(_mm512_castps512_ps256(acc[r]), _mm512_extractf32x8_ps(acc[r], 1));
		out[(size_t)r * out_stride] = fold(_mm256_add_ps(sum, off[r]));
	}
}

DOT(dot_q8_0, Q8_0, 1, 4)
DOT(dot_q4_0, Q4_0, 1, 8)
DOT(dot_q4_1, Q4_1, 1, 8)
DOT(dot_q5_0, Q5_0, 1, 8)
DOT(dot_q5_1, Q5_1, 1, 8)

void dot_fill_avx512vnni(struct kernels *k)
{
	k->dot[FORMAT_Q8_0] = dot_q8_0;
	k->dot[FORMAT_Q4_0] = dot_q4_0;
	k->dot[FORMAT_Q4_1] = dot_q4_1;
	k->dot[FORMAT_Q5_0] = dot_q5_0;
	k->dot[FORMAT_Q5_1] = dot_q5_1;
}
