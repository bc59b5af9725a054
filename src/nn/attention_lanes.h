/*
 * attention_lanes: scores, weights and weighted sums of a page, written once for any width of vectors.
 *
 * A level's file includes this page with its definitions (see nn/lanes.h) and
 *     LANES_HALVES(p)        halves at p as floats
 *     LANES_TO_HALVES(p, v)  floats to halves at p; without it the level below stores them
 *     LANES_ACCUMULATORS     sums that its registers hold beside the operands
 * and, where instructions fold a vector better than the compiler finds, OPS_FOLD_SUM(v) and OPS_FOLD_MOST(v).
 *
 * Scores have positions in their lanes, weighted sums dimensions; a block of Q queries by V vectors keeps its sums in registers,
 * so that a key or value is read, and converted, once for Q queries. A sum's order is that of the dimensions or the positions, so
 * its bits do not depend on how queries and vectors are grouped. Beside each step one line of what is read next is fetched.
 */
#include "nn/float16.h"
#include "nn/kernel_types.h"
#include "nn/kv_page.h"
#include "nn/lanes.h"

#ifndef LANES_HALVES
static inline lanes lanes_halves(const uint16_t *p)
{
	lanes v;
	for (size_t i = 0; i < LANES; i++) v[i] = half_to_float(p[i]);
	return v;
}
#define LANES_HALVES lanes_halves
#endif
#ifndef LANES_ACCUMULATORS
#define LANES_ACCUMULATORS 12
#endif

#define LANES_INLINE static inline __attribute__((always_inline))

enum { PAGE_VECTORS = KV_PAGE / LANES };

/* Into the second level of the cache: the first has room for few misses at a time, which would bound the reading. */
LANES_INLINE void fetch_line(const void *p)
{
	__builtin_prefetch(p, 0, 2);
}

/* LANES values at place `at` of a plain part. */
LANES_INLINE lanes plain_load(const void *part, size_t at, const int is_half)
{
	return is_half ? LANES_HALVES((const uint16_t *)part + at) : lanes_load((const float *)part + at);
}

/* The first n of them, zeros behind. */
LANES_INLINE lanes plain_part(const void *part, size_t at, size_t n, const int is_half)
{
	if (!is_half) return lanes_load_part((const float *)part + at, n);
	uint16_t half[LANES] = { 0 };
	memcpy(half, (const uint16_t *)part + at, n * sizeof *half);
	return LANES_HALVES(half);
}

/* Vectors of a block of Q queries: the largest power of two whose sums fit into the registers. */
LANES_INLINE int block_vectors(const int Q, const int most)
{
	const int room = LANES_ACCUMULATORS / Q < most ? LANES_ACCUMULATORS / Q : most;
	return room >= 16 ? 16 : room >= 8 ? 8 : room >= 4 ? 4 : room >= 2 ? 2 : 1;
}

/* Scores of Q queries at V vectors of positions from `first` on; Q and V constants. */
LANES_INLINE void score_block(const void *keys, size_t head_k, const float *q, size_t first, float *scores, const uint8_t *next,
                              const int is_half, const int Q, const int V)
{
	const size_t step = (size_t)V * LANES * (is_half ? 2 : 4);
	lanes sum[6][16];
#pragma GCC unroll 6
	for (int i = 0; i < Q; i++) {
#pragma GCC unroll 16
		for (int v = 0; v < V; v++) sum[i][v] = (lanes){ 0 };
	}
	for (size_t d = 0; d < head_k; d++) {
		lanes k[16];
		if (next) {
#pragma GCC unroll 4
			for (size_t line = 0; line < step; line += 64) fetch_line(next + d * step + line);
		}
#pragma GCC unroll 16
		for (int v = 0; v < V; v++) k[v] = plain_load(keys, d * KV_PAGE + first + (size_t)v * LANES, is_half);
#pragma GCC unroll 6
		for (int i = 0; i < Q; i++) {
			lanes x = lanes_of(q[d * KV_QUERIES + (size_t)i]);
#pragma GCC unroll 16
			for (int v = 0; v < V; v++) sum[i][v] = OPS_FUSED(k[v], x, sum[i][v]);
		}
	}
#pragma GCC unroll 6
	for (int i = 0; i < Q; i++) {
#pragma GCC unroll 16
		for (int v = 0; v < V; v++) lanes_store(scores + (size_t)i * KV_PAGE + first + (size_t)v * LANES, sum[i][v]);
	}
}

LANES_INLINE void score_queries(const void *keys, size_t head_k, const float *q, size_t n_positions, float *scores,
                                const void *next, const int is_half, const int Q)
{
	const int V = block_vectors(Q, PAGE_VECTORS);
	const size_t width = (size_t)V * LANES, bytes = head_k * width * (is_half ? 2 : 4);
	const uint8_t *ahead = next;
	for (size_t first = 0; first < n_positions; first += width, ahead = ahead ? ahead + bytes : NULL)
		score_block(keys, head_k, q, first, scores, ahead, is_half, Q, V);
}

/* How many of n queries go together: six, or the rest in parts that are as equal as can be. */
static inline size_t queries_together(size_t n)
{
	return n <= 6 ? n : n <= 8 ? 4 : 6;
}

/* Calls `name` for Q queries, a constant. */
#define LANES_CASES(Q, call)                                                                                                       \
	switch (Q) {                                                                                                               \
	case 1: call(1); break;                                                                                                    \
	case 2: call(2); break;                                                                                                    \
	case 3: call(3); break;                                                                                                    \
	case 4: call(4); break;                                                                                                    \
	case 5: call(5); break;                                                                                                    \
	default: call(6); break;                                                                                                   \
	}

LANES_INLINE void scores_plain(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                               float *scores, const void *next, const int is_half)
{
	for (size_t i = 0, some; i < n_q; i += some, next = NULL) {
		some = queries_together(n_q - i);
#define SCORE(Q) score_queries(keys, head_k, q->x + i, n_positions, scores + i * KV_PAGE, next, is_half, Q)
		LANES_CASES(some, SCORE)
#undef SCORE
	}
}

static void scores_f32(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                       float *scores, const void *next)
{
	scores_plain(keys, head_k, q, n_q, n_positions, scores, next, 0);
}

static void scores_f16(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                       float *scores, const void *next)
{
	scores_plain(keys, head_k, q, n_q, n_positions, scores, next, 1);
}

/* V vectors of dimensions from d on, the last of `part` values, of Q queries; Q and V constants. */
LANES_INLINE void value_block(const void *values, size_t head_v, size_t d, size_t part, const float *weights, const float *factors,
                              size_t n_positions, float *acc, const uint8_t *next, const int is_half, const int Q, const int V)
{
	const size_t step = (size_t)V * LANES * (is_half ? 2 : 4);
	const int whole = V > 1 || part == LANES;
	lanes sum[6][16];
#pragma GCC unroll 6
	for (int i = 0; i < Q; i++) {
#pragma GCC unroll 16
		for (int v = 0; v < V; v++) sum[i][v] = (lanes){ 0 };
	}
	for (size_t p = 0; p < n_positions; p++) {
		lanes x[16];
		if (next) {
#pragma GCC unroll 4
			for (size_t line = 0; line < step; line += 64) fetch_line(next + p * step + line);
		}
#pragma GCC unroll 16
		for (int v = 0; v < V; v++) {
			size_t at = p * head_v + d + (size_t)v * LANES;
			x[v] = whole ? plain_load(values, at, is_half) : plain_part(values, at, part, is_half);
		}
#pragma GCC unroll 6
		for (int i = 0; i < Q; i++) {
			lanes w = lanes_of(weights[(size_t)i * KV_PAGE + p]);
#pragma GCC unroll 16
			for (int v = 0; v < V; v++) sum[i][v] = OPS_FUSED(x[v], w, sum[i][v]);
		}
	}
#pragma GCC unroll 6
	for (int i = 0; i < Q; i++) {
		lanes factor = lanes_of(factors[i]);
#pragma GCC unroll 16
		for (int v = 0; v < V; v++) {
			float *to = acc + (size_t)i * head_v + d + (size_t)v * LANES;
			lanes_write(to, OPS_FUSED(lanes_read(to, whole ? LANES : part), factor, sum[i][v]), whole ? LANES : part);
		}
	}
}

/* All blocks of V vectors from d on; what is left begins at the result. */
LANES_INLINE size_t value_span(const void *values, size_t head_v, size_t d, const float *weights, const float *factors,
                               size_t n_positions, float *acc, const uint8_t **next, const int is_half, const int Q, const int V)
{
	const size_t width = (size_t)V * LANES;
	for (; d + width <= head_v; d += width) {
		value_block(values, head_v, d, LANES, weights, factors, n_positions, acc, *next, is_half, Q, V);
		if (*next) *next += n_positions * width * (is_half ? 2 : 4);
	}
	return d;
}

LANES_INLINE void value_queries(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_positions,
                                float *acc, const uint8_t *next, const int is_half, const int Q)
{
	const int V = block_vectors(Q, 8);
	size_t d = value_span(values, head_v, 0, weights, factors, n_positions, acc, &next, is_half, Q, V);
	if (V > 4) d = value_span(values, head_v, d, weights, factors, n_positions, acc, &next, is_half, Q, 4);
	if (V > 2) d = value_span(values, head_v, d, weights, factors, n_positions, acc, &next, is_half, Q, 2);
	if (V > 1) d = value_span(values, head_v, d, weights, factors, n_positions, acc, &next, is_half, Q, 1);
	if (d < head_v) value_block(values, head_v, d, head_v - d, weights, factors, n_positions, acc, NULL, is_half, Q, 1);
}

LANES_INLINE void values_plain(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                               size_t n_positions, float *acc, const void *next, const int is_half)
{
	for (size_t i = 0, some; i < n_q; i += some, next = NULL) {
		some = queries_together(n_q - i);
#define WEIGH(Q) value_queries(values, head_v, weights + i * KV_PAGE, factors + i, n_positions, acc + i * head_v, next, is_half, Q)
		LANES_CASES(some, WEIGH)
#undef WEIGH
	}
}

static void values_f32(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                       size_t n_positions, float *acc, const void *next)
{
	values_plain(values, head_v, weights, factors, n_q, n_positions, acc, next, 0);
}

static void values_f16(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                       size_t n_positions, float *acc, const void *next)
{
	values_plain(values, head_v, weights, factors, n_q, n_positions, acc, next, 1);
}

/* The largest lane; what is no number was passed over by those who made v. */
LANES_INLINE float lanes_most(lanes v)
{
#ifdef OPS_FOLD_MOST
	return OPS_FOLD_MOST(v);
#else
	float most = v[0];
#pragma GCC unroll 16
	for (size_t i = 1; i < LANES; i++) most = v[i] > most ? v[i] : most;
	return most;
#endif
}

/* Hides what a query does not see, up to the end of a vector; the largest of the rest. */
LANES_INLINE float hide(float *scores, struct kernel_span span, size_t whole, float max)
{
	for (size_t p = 0; p < span.first; p++) scores[p] = -INFINITY;
	for (size_t p = span.last; p < whole; p++) scores[p] = -INFINITY;
	lanes best = lanes_of(max);
	for (size_t p = 0; p < whole; p += LANES) {
		lanes v = lanes_load(scores + p);
		best = lanes_choose((bits)(v > best), v, best);
	}
	return lanes_most(best);
}

/* One query's weights and their sum; hidden scores become zeros by themselves. */
LANES_INLINE float weights_of(float *scores, size_t whole, float most)
{
	lanes total = { 0 };
	for (size_t p = 0; p < whole; p += LANES) {
		lanes v = lanes_exp(lanes_load(scores + p) - most);
		lanes_store(scores + p, v);
		total += v;
	}
#ifdef OPS_FOLD_SUM
	return OPS_FOLD_SUM(total);
#else
	return lanes_sum(total);
#endif
}

/* All queries' largest scores before all weights: what one waits for, the others compute. */
static void soften(float *scores, const struct kernel_span *spans, size_t n_q, size_t n, float *max, float *sum, float *factors)
{
	const size_t whole = (n + LANES - 1) / LANES * LANES;
	float most[KV_QUERIES];
	for (size_t i = 0; i < n_q; i++) most[i] = hide(scores + i * KV_PAGE, spans[i], whole, max[i]);
	for (size_t i = 0; i < n_q; i++) {
		factors[i] = 1;
		if (most[i] == -INFINITY) {
			memset(scores + i * KV_PAGE, 0, whole * sizeof *scores);
			continue;
		}
		float added = weights_of(scores + i * KV_PAGE, whole, most[i]);
		if (most[i] > max[i]) {
			factors[i] = max[i] == -INFINITY ? 0 : expf(max[i] - most[i]);
			max[i] = most[i];
		}
		sum[i] = sum[i] * factors[i] + added;
	}
}

/* Byte j of each word, as a float; signed ones. */
LANES_INLINE lanes signed_bytes(bits words, const int j)
{
	typedef int32_t numbers __attribute__((vector_size(OPS_LANES * 4)));
	return __builtin_convertvector((numbers)(words << (24 - 8 * j)) >> 24, lanes);
}

/* Half a byte of each word that begins at bit `shift`, less 8. */
LANES_INLINE lanes signed_halves(bits words, const int shift)
{
	typedef int32_t numbers __attribute__((vector_size(OPS_LANES * 4)));
	return __builtin_convertvector((numbers)(words >> (uint32_t)shift & 15) - 8, lanes);
}

/* Keys of a quantized page, all positions of each vector that n_positions need. */
LANES_INLINE void unpack_keys(const uint8_t *page, size_t head_k, size_t n_positions, float *out, const int is_byte)
{
	for (size_t b = 0; b < head_k;
	     b += KV_BLOCK, page += kv_block_bytes(is_byte ? KV_Q8_0 : KV_Q4_0), out += KV_BLOCK * KV_PAGE) {
		for (size_t p = 0; p < n_positions; p += LANES) {
			lanes scale = LANES_HALVES((const uint16_t *)(const void *)page + p);
			for (size_t i = 0; i < (is_byte ? 8 : 4); i++) {
				bits words;
				memcpy(&words, page + 2 * KV_PAGE + (i * KV_PAGE + p) * 4, sizeof words);
				float *to = out + 4 * i * KV_PAGE + p;
#pragma GCC unroll 4
				for (int j = 0; j < 4; j++) {
					lanes low = is_byte ? signed_bytes(words, j) : signed_halves(words, 8 * j);
					lanes_store(to + j * KV_PAGE, low * scale);
					if (!is_byte) lanes_store(to + (16 + j) * KV_PAGE, signed_halves(words, 8 * j + 4) * scale);
				}
			}
		}
	}
}

/* Values of a quantized page, all positions of each group of four. */
LANES_INLINE void unpack_values(const uint8_t *page, size_t head_v, size_t n_positions, float *out, const int is_byte)
{
	const size_t length = kv_kept_length(KV_Q8_0, head_v), words_of_group = is_byte ? KV_BLOCK : KV_BLOCK / 2;
	for (size_t b = 0; b < length; b += KV_BLOCK, page += kv_block_bytes(is_byte ? KV_Q8_0 : KV_Q4_0)) {
		float scales[KV_PAGE];
		for (size_t p = 0; p < KV_PAGE; p += LANES)
			lanes_store(scales + p, LANES_HALVES((const uint16_t *)(const void *)page + p));
		for (size_t p = 0; p < n_positions; p += 4) {
			for (size_t d = 0; d < words_of_group; d += LANES) {
				bits words;
				memcpy(&words, page + 2 * KV_PAGE + (p / 4 * words_of_group + d) * 4, sizeof words);
				float *to = out + p * length + b + d;
#pragma GCC unroll 4
				for (int j = 0; j < 4; j++) {
					lanes low = is_byte ? signed_bytes(words, j) : signed_halves(words, 8 * j);
					lanes_store(to + (size_t)j * length, low * scales[p + (size_t)j]);
					if (!is_byte)
						lanes_store(to + (size_t)j * length + 16,
						            signed_halves(words, 8 * j + 4) * scales[p + (size_t)j]);
				}
			}
		}
	}
}

static void unpack_keys_q8_0(const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	unpack_keys(page, head_k, n_positions, out, 1);
}

static void unpack_keys_q4_0(const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	unpack_keys(page, head_k, n_positions, out, 0);
}

static void unpack_values_q8_0(const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	unpack_values(page, head_v, n_positions, out, 1);
}

static void unpack_values_q4_0(const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	unpack_values(page, head_v, n_positions, out, 0);
}

static void unpack_keys_f16(const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	for (size_t d = 0; d < head_k; d++) {
		for (size_t p = 0; p < n_positions; p += LANES)
			lanes_store(out + d * KV_PAGE + p, LANES_HALVES((const uint16_t *)(const void *)page + d * KV_PAGE + p));
	}
}

static void unpack_values_f16(const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	const size_t n = head_v * n_positions;
	const uint16_t *half = (const uint16_t *)(const void *)page;
	size_t i = 0;
	for (; i + LANES <= n; i += LANES) lanes_store(out + i, LANES_HALVES(half + i));
	for (; i < n; i++) out[i] = half_to_float(half[i]);
}

#ifdef LANES_TO_HALVES
static void store_half(const float *x, uint16_t *out, size_t n)
{
	const lanes most = lanes_of(65504.0f), least = lanes_of(-65504.0f);
	size_t i = 0;
	for (; i + LANES <= n; i += LANES) {
		lanes v = lanes_load(x + i);
		v = lanes_choose((bits)(v > least), v, least); /* what is no number too */
		LANES_TO_HALVES(out + i, lanes_choose((bits)(v < most), v, most));
	}
	for (; i < n; i++) out[i] = half_from_float(x[i]);
}
#endif

void OPS_NAME(attention_fill, OPS_LEVEL)(struct kernels *k)
{
#ifdef LANES_TO_HALVES
	k->store_half = store_half;
#endif
	k->scores[KV_F32] = scores_f32;
	k->scores[KV_F16] = scores_f16;
	k->values[KV_F32] = values_f32;
	k->values[KV_F16] = values_f16;
	k->soften = soften;
	k->unpack_keys[KV_F16] = unpack_keys_f16;
	k->unpack_keys[KV_Q8_0] = unpack_keys_q8_0;
	k->unpack_keys[KV_Q4_0] = unpack_keys_q4_0;
	k->unpack_values[KV_F16] = unpack_values_f16;
	k->unpack_values[KV_Q8_0] = unpack_values_q8_0;
	k->unpack_values[KV_Q4_0] = unpack_values_q4_0;
}
