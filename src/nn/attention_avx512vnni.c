/*
 * attention: pages of quantized keys and values with AVX512-VNNI, as products of bytes (see nn/kv_page.h for how they lie).
 *
 * Four products are one lane of a vector whose lanes are positions (scores) or dimensions (weighted sums). Queries, and weights
 * times the values' scales, are whole numbers of 15 bits in two terms of a byte, t = 128 high + low: what that rounds away is a
 * ten-thousandth of what the keys and values themselves have lost. Keys and values are made unsigned by an offset, whose part is
 * the offset times the sum of the other side.
 */
#include "nn/kernel_types.h"
#include "nn/kv_page.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

/* Words that hold a block's numbers of one position or dimension: groups of four of them, those of q4_0 in two halves. */
enum { Q8_GROUPS = KV_BLOCK / 4, Q4_GROUPS = KV_BLOCK / 8 };

/* What is added to whole numbers to make them unsigned. */
INLINE int offset_of(const enum kv_type type)
{
	return type == KV_Q8_0 ? 128 : 8;
}

/* 128 high + low, less the offset's part, as floats. */
INLINE __m512 joined(__m512i high, __m512i low, __m512i offset)
{
	return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_add_epi32(_mm512_slli_epi32(high, 7), low), offset));
}

INLINE __m512i word_at(const void *p)
{
	int32_t word;
	__builtin_memcpy(&word, p, sizeof word);
	return _mm512_set1_epi32(word);
}

/* Adds the products of 32 positions' numbers 4 group ... 4 group + 3 with Q queries' terms. */
INLINE void score_group(__m512i acc[4][2][2], const __m512i k[2], const int32_t *words, const int Q)
{
#pragma GCC unroll 4
	for (int i = 0; i < Q; i++) {
#pragma GCC unroll 2
		for (int t = 0; t < 2; t++) {
			__m512i w = _mm512_set1_epi32(words[t * KV_QUERIES + i]);
#pragma GCC unroll 2
			for (int v = 0; v < 2; v++) acc[i][v][t] = _mm512_dpbusd_epi32(acc[i][v][t], k[v], w);
		}
	}
}

/* One block's part in the scores of Q queries at 32 positions from `first` on; the first block's begins them. */
INLINE void score_block(const uint8_t *block, const struct kernel_queries *q, size_t b, size_t first, float *scores,
                        const uint8_t *next, const enum kv_type type, const int Q)
{
	const __m512i half = _mm512_set1_epi8(15), sign = _mm512_set1_epi8((char)0x80);
	const int32_t *words = q->words + b * Q8_GROUPS * 2 * KV_QUERIES;
	__m512i acc[4][2][2];
#pragma GCC unroll 4
	for (int i = 0; i < Q; i++) {
#pragma GCC unroll 2
		for (int v = 0; v < 2; v++) acc[i][v][0] = acc[i][v][1] = _mm512_setzero_si512();
	}
	for (size_t g = 0; g < (type == KV_Q8_0 ? Q8_GROUPS : Q4_GROUPS); g++) {
		const uint8_t *p = block + 2 * KV_PAGE + (g * KV_PAGE + first) * 4;
		__m512i k[2] = { _mm512_loadu_si512(p), _mm512_loadu_si512(p + 64) };
		if (next) {
			_mm_prefetch((const char *)next + g * 128, _MM_HINT_T1);
			_mm_prefetch((const char *)next + g * 128 + 64, _MM_HINT_T1);
		}
		if (type == KV_Q8_0) {
			__m512i plus[2] = { _mm512_xor_si512(k[0], sign), _mm512_xor_si512(k[1], sign) };
			score_group(acc, plus, words + g * 2 * KV_QUERIES, Q);
			continue;
		}
		__m512i low[2] = { _mm512_and_si512(k[0], half), _mm512_and_si512(k[1], half) };
		__m512i high[2] = { _mm512_and_si512(_mm512_srli_epi16(k[0], 4), half),
			            _mm512_and_si512(_mm512_srli_epi16(k[1], 4), half) };
		score_group(acc, low, words + g * 2 * KV_QUERIES, Q);
		score_group(acc, high, words + (g + Q4_GROUPS) * 2 * KV_QUERIES, Q);
	}
	/* groups are 128 bytes, and the scales' share is one line more */
	if (next) _mm_prefetch((const char *)next + (type == KV_Q8_0 ? Q8_GROUPS : Q4_GROUPS) * 128, _MM_HINT_T1);
#pragma GCC unroll 2
	for (int v = 0; v < 2; v++) {
		size_t at = first + (size_t)v * 16;
		__m512 scale = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(block + 2 * at)));
#pragma GCC unroll 4
		for (int i = 0; i < Q; i++) {
			size_t of = b * KV_QUERIES + (size_t)i;
			float *to = scores + (size_t)i * KV_PAGE + at;
			__m512 f = joined(acc[i][v][0], acc[i][v][1], _mm512_set1_epi32(offset_of(type) * q->sums[of]));
			__m512 step = _mm512_mul_ps(scale, _mm512_set1_ps(q->scales[of]));
			_mm512_storeu_ps(to, b == 0 ? _mm512_mul_ps(f, step) : _mm512_fmadd_ps(f, step, _mm512_loadu_ps(to)));
		}
	}
}

INLINE void score_queries(const uint8_t *keys, size_t head_k, struct kernel_queries q, size_t first_q, size_t n_positions,
                          float *scores, const uint8_t *next, const enum kv_type type, const int Q)
{
	const size_t bytes = kv_block_bytes(type);
	q.words += first_q, q.scales += first_q, q.sums += first_q;
	for (size_t b = 0; b < head_k / KV_BLOCK; b++, keys += bytes) {
		for (size_t p = 0; p < n_positions; p += 32) {
			score_block(keys, &q, b, p, scores + first_q * KV_PAGE, next, type, Q);
			if (next) next += bytes / 2;
		}
	}
}

/* Calls `name` for Q queries, a constant of at most four. */
#define CASES(Q, call)                                                                                                             \
	switch (Q) {                                                                                                               \
	case 1: call(1); break;                                                                                                    \
	case 2: call(2); break;                                                                                                    \
	case 3: call(3); break;                                                                                                    \
	default: call(4); break;                                                                                                   \
	}

INLINE void scores_any(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                       float *scores, const void *next, const enum kv_type type)
{
	for (size_t i = 0; i < n_q; i += 4, next = NULL) {
#define SCORE(Q) score_queries(keys, head_k, *q, i, n_positions, scores, next, type, Q)
		CASES(n_q - i, SCORE)
#undef SCORE
	}
}

static void scores_q8_0(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                        float *scores, const void *next)
{
	scores_any(keys, head_k, q, n_q, n_positions, scores, next, KV_Q8_0);
}

static void scores_q4_0(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                        float *scores, const void *next)
{
	scores_any(keys, head_k, q, n_q, n_positions, scores, next, KV_Q4_0);
}

/* A query's weights times a block's scales as whole numbers, and what one of them stands for. */
struct terms {
	_Alignas(64) int8_t high[KV_PAGE], low[KV_PAGE];
	float step;
	int sum;
};

INLINE void split_weights(const float *weights, const __m512 scales[4], size_t n_positions, struct terms *to)
{
	const float most_number = 127 * 128;
	__m512 w[4], most = _mm512_setzero_ps();
	__m512i sum = _mm512_setzero_si512();
#pragma GCC unroll 4
	for (size_t i = 0; i < 4; i++) {
		size_t left = n_positions > 16 * i ? n_positions - 16 * i : 0;
		__mmask16 mask = (__mmask16)(left < 16 ? (1u << left) - 1 : 0xffffu);
		w[i] = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, weights + 16 * i), scales[i]);
		most = _mm512_max_ps(_mm512_abs_ps(w[i]), most);
	}
	float size = _mm512_reduce_max_ps(most), inverse = size > 1e-30f ? most_number / size : 0;
	to->step = size / most_number;
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		__m512i t = _mm512_cvtps_epi32(_mm512_mul_ps(w[i], _mm512_set1_ps(inverse)));
		__m512i high = _mm512_srai_epi32(_mm512_add_epi32(t, _mm512_set1_epi32(64)), 7);
		__m512i low = _mm512_sub_epi32(t, _mm512_slli_epi32(high, 7));
		_mm_store_si128((__m128i *)(void *)(to->high + 16 * i), _mm512_cvtepi32_epi8(high));
		_mm_store_si128((__m128i *)(void *)(to->low + 16 * i), _mm512_cvtepi32_epi8(low));
		sum = _mm512_add_epi32(sum, t);
	}
	to->sum = _mm512_reduce_add_epi32(sum);
}

/* One block of 32 dimensions of Q queries. */
INLINE void value_block(const uint8_t *block, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                        float *acc, const uint8_t *next, const enum kv_type type, const int Q)
{
	const __m512i half = _mm512_set1_epi8(15), sign = _mm512_set1_epi8((char)0x80);
	struct terms terms[4];
	__m512 scales[4];
	__m512i sums[4][2][2];
#pragma GCC unroll 4
	for (int i = 0; i < 4; i++) {
		if (next && i < 2) _mm_prefetch((const char *)next + 64 * i, _MM_HINT_T1);
		scales[i] = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)(block + 32 * i)));
	}
#pragma GCC unroll 4
	for (int i = 0; i < Q; i++) {
		split_weights(weights + (size_t)i * KV_PAGE, scales, n_positions, &terms[i]);
#pragma GCC unroll 2
		for (int v = 0; v < 2; v++) sums[i][v][0] = sums[i][v][1] = _mm512_setzero_si512();
	}
	for (size_t g = 0; g < (n_positions + 3) / 4; g++) {
		const uint8_t *p = block + 2 * KV_PAGE + g * (type == KV_Q8_0 ? 128 : 64);
		__m512i all = _mm512_loadu_si512(p), v[2];
		if (next) _mm_prefetch((const char *)next + (p - block), _MM_HINT_T1);
		if (next && type == KV_Q8_0) _mm_prefetch((const char *)next + (p - block) + 64, _MM_HINT_T1);
		v[0] = type == KV_Q8_0 ? _mm512_xor_si512(all, sign) : _mm512_and_si512(all, half);
		v[1] = type == KV_Q8_0 ? _mm512_xor_si512(_mm512_loadu_si512(p + 64), sign)
		                       : _mm512_and_si512(_mm512_srli_epi16(all, 4), half);
#pragma GCC unroll 4
		for (int i = 0; i < Q; i++) {
			__m512i high = word_at(terms[i].high + 4 * g), low = word_at(terms[i].low + 4 * g);
#pragma GCC unroll 2
			for (int k = 0; k < 2; k++) {
				sums[i][k][0] = _mm512_dpbusd_epi32(sums[i][k][0], v[k], high);
				sums[i][k][1] = _mm512_dpbusd_epi32(sums[i][k][1], v[k], low);
			}
		}
	}
#pragma GCC unroll 4
	for (int i = 0; i < Q; i++) {
		__m512i offset = _mm512_set1_epi32(offset_of(type) * terms[i].sum);
#pragma GCC unroll 2
		for (int k = 0; k < 2; k++) {
			float *to = acc + (size_t)i * head_v + (size_t)k * 16;
			__m512 f = _mm512_mul_ps(joined(sums[i][k][0], sums[i][k][1], offset), _mm512_set1_ps(terms[i].step));
			_mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_loadu_ps(to), _mm512_set1_ps(factors[i]), f));
		}
	}
}

INLINE void value_queries(const uint8_t *values, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                          float *acc, const uint8_t *next, const enum kv_type type, const int Q)
{
	const size_t bytes = kv_block_bytes(type);
	for (size_t b = 0; b < head_v / KV_BLOCK; b++, values += bytes, next = next ? next + bytes : NULL)
		value_block(values, head_v, weights, factors, n_positions, acc + b * KV_BLOCK, next, type, Q);
}

INLINE void values_any(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                       size_t n_positions, float *acc, const void *next, const enum kv_type type)
{
	for (size_t i = 0; i < n_q; i += 4, next = NULL) {
#define WEIGH(Q) value_queries(values, head_v, weights + i * KV_PAGE, factors + i, n_positions, acc + i * head_v, next, type, Q)
		CASES(n_q - i, WEIGH)
#undef WEIGH
	}
}

static void values_q8_0(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                        size_t n_positions, float *acc, const void *next)
{
	values_any(values, head_v, weights, factors, n_q, n_positions, acc, next, KV_Q8_0);
}

static void values_q4_0(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                        size_t n_positions, float *acc, const void *next)
{
	values_any(values, head_v, weights, factors, n_q, n_positions, acc, next, KV_Q4_0);
}

void attention_fill_avx512vnni(struct kernels *k)
{
	k->scores[KV_Q8_0] = scores_q8_0;
	k->scores[KV_Q4_0] = scores_q4_0;
	k->values[KV_Q8_0] = values_q8_0;
	k->values[KV_Q4_0] = values_q4_0;
}
