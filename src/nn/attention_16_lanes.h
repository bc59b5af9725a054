/*
 * attention_16_lanes: the kernels of attention in 16 bits (see attention_16.h), written once for vectors of 16 and of 8 lanes.
 *
 * A level's file includes this page with what nn/lanes.h wants, OPS_LANES as nn/whole.h has them. Both products, of keys with
 * queries and of values with weights, are the same block: two vectors of queries stay in registers and meet pairs that all lanes
 * share. A block of BLOCK columns keeps its sums in registers over all pairs, and they are exact.
 */
#include "nn/attention_16.h"
#include "nn/kernel_types.h"
#include "nn/lanes.h"
#include "nn/whole.h"
#if defined(__AVX2__)

typedef int32_t numbers __attribute__((vector_size(OPS_LANES * 4)));

/* Vectors of a group; vectors, and groups, of a block; columns of a block. */
enum { VECTORS = PAIR_QUERIES / LANES, SIDE = 2, GROUPS = SIDE / VECTORS, BLOCK = LANES == 16 ? 8 : 4 };

#if OPS_LANES == 16
INLINE lanes floats_of(whole v)
{
	return (lanes)_mm512_cvtepi32_ps(v);
}

INLINE bits rounded(lanes v)
{
	return (bits)_mm512_cvtps_epi32((__m512)v);
}

INLINE lanes root(lanes v)
{
	return (lanes)_mm512_sqrt_ps((__m512)v);
}

/* a > b ? a : b */
INLINE lanes larger(lanes a, lanes b)
{
	return (lanes)_mm512_max_ps((__m512)a, (__m512)b);
}

/* What `weight` takes besides the score. */
INLINE lanes weight_base(lanes max)
{
	return max * lanes_of(-0x1.715476p+0f);
}

/* exp(score - max), 0 below the smallest normal float: 2^x with x's whole part as the exponent; the polynomial is the one of least
 * relative error, 7.5e-8, for 2^x from 0 to 1. */
INLINE lanes weight(lanes score, lanes base)
{
	__m512 x = _mm512_fmadd_ps((__m512)score, _mm512_set1_ps(0x1.715476p+0f), (__m512)base);
	__mmask16 counts = _mm512_cmp_ps_mask(x, _mm512_set1_ps(-126), _CMP_NLT_UQ);
	lanes r = (lanes)_mm512_reduce_ps(x, 0x09), p = lanes_of(1.8775767e-3f);
	p = OPS_FUSED(p, r, lanes_of(8.9893400e-3f));
	p = OPS_FUSED(p, r, lanes_of(5.5826318e-2f));
	p = OPS_FUSED(p, r, lanes_of(2.4015362e-1f));
	p = OPS_FUSED(p, r, lanes_of(6.9315307e-1f));
	p = OPS_FUSED(p, r, lanes_of(9.9999993e-1f));
	return (lanes)_mm512_maskz_scalef_ps(counts, (__m512)p, x);
}
#else
INLINE lanes floats_of(whole v)
{
	return (lanes)_mm256_cvtepi32_ps(v);
}

INLINE bits rounded(lanes v)
{
	return (bits)_mm256_cvtps_epi32((__m256)v);
}

INLINE lanes root(lanes v)
{
	return (lanes)_mm256_sqrt_ps((__m256)v);
}

INLINE lanes larger(lanes a, lanes b)
{
	return (lanes)_mm256_max_ps((__m256)a, (__m256)b);
}

INLINE lanes weight_base(lanes max)
{
	return max;
}

INLINE lanes weight(lanes score, lanes base)
{
	return lanes_exp(score - base);
}
#endif

INLINE lanes magnitude(lanes v)
{
	return (lanes)((bits)v & 0x7fffffff);
}

/* One over a step; 0 for one that is none. */
INLINE lanes inverse_of(lanes step)
{
	return lanes_choose((bits)(step > lanes_of(1e-30f)), 1.0f / step, (lanes){ 0 });
}

INLINE void store_pair(uint16_t *to, lanes first, lanes second)
{
	bits pair = (rounded(first) & 0xffff) | rounded(second) << 16;
	memcpy(to, &pair, sizeof pair);
}

static void round_columns(const float *x, size_t n, size_t width, uint16_t *pairs, float *scales)
{
	for (size_t c = 0; c < width; c += LANES) {
		lanes most = { 0 }, squares = { 0 };
		for (size_t i = 0; i < n; i++) {
			lanes v = lanes_load(x + i * width + c);
			most = larger(magnitude(v), most);
			squares = OPS_FUSED(v, v, squares);
		}
		/* the root last: where it is no number, neither is the scale */
		lanes step = larger(most * (1.0f / INT16_MAX), root(squares) * (1.0f / MOST_ROOT)), inverse = inverse_of(step);
		lanes_store(scales + c, step);
		for (size_t i = 0; i < n; i += 2) {
			lanes second = i + 1 < n ? lanes_load(x + (i + 1) * width + c) : (lanes){ 0 };
			store_pair(pairs + (i / 2 * width + c) * 2, lanes_load(x + i * width + c) * inverse, second * inverse);
		}
	}
}

static float largest(const float *x, size_t n)
{
	lanes most = { 0 };
	OPS_EACH(i, n) most = larger(magnitude(lanes_read(x + i, part)), most);
	float best = 0;
	for (size_t i = 0; i < LANES; i++) best = most[i] > best ? most[i] : best;
	return best;
}

static size_t filled_up(size_t n)
{
	return (n + PAIR_QUERIES - 1) / PAIR_QUERIES * PAIR_QUERIES;
}

static void round_values(const float *x, size_t n, uint16_t *pairs, float *scales)
{
	const size_t width = filled_up(n);
	for (size_t p = 0; p < KV_PAGE; p += 2, x += 2 * n, pairs += 2 * width) {
		float inverse[2];
		for (size_t k = 0; k < 2; k++) {
			const float most = largest(x + k * n, n);
			scales[p + k] = most * (1.0f / MOST_VALUE);
			inverse[k] = most > 1e-30f ? MOST_VALUE / most : 0;
		}
		OPS_EACH(d, n)
		store_pair(pairs + 2 * d, lanes_read(x + d, part) * inverse[0], lanes_read(x + n + d, part) * inverse[1]);
		for (size_t d = (n + LANES - 1) / LANES * LANES; d < width; d += LANES)
			store_pair(pairs + 2 * d, (lanes){ 0 }, (lanes){ 0 });
	}
}

/* BLOCK columns of a matrix of `width` from `right` on, times V vectors of queries; `gap`: values from one's to the next's. */
INLINE void block(const uint16_t *left, size_t gap, const uint16_t *right, size_t width, size_t n_pairs, whole out[BLOCK][SIDE],
                  const int V)
{
	whole sum[BLOCK][SIDE];
#pragma GCC unroll 8
	for (int j = 0; j < BLOCK; j++) {
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) sum[j][v] = whole_zero();
	}
	for (size_t i = 0; i < n_pairs; i++, left += 2 * PAIR_QUERIES, right += 2 * width) {
		whole a[SIDE];
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) a[v] = whole_load(left + (size_t)v * gap);
#pragma GCC unroll 8
		for (int j = 0; j < BLOCK; j++) {
			whole b = whole_pair(right + 2 * j);
#pragma GCC unroll 2
			for (int v = 0; v < V; v++) sum[j][v] = whole_products(sum[j][v], a[v], b);
		}
	}
#pragma GCC unroll 8
	for (int j = 0; j < BLOCK; j++) {
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) out[j][v] = sum[j][v];
	}
}

/* V vectors of the groups from `states` on. */
INLINE void scores_of(const uint16_t *keys, const float *key_scales, const uint16_t *queries, size_t n_pairs, size_t n_positions,
                      const struct pair_state *states, struct pair_page *pages, const int V)
{
	const size_t gap = VECTORS > 1 ? 2 * LANES : n_pairs * 2 * PAIR_QUERIES;
	for (size_t p = 0; p < n_positions; p += BLOCK) {
		whole sums[BLOCK][SIDE];
		block(queries, gap, keys + 2 * p, KV_PAGE, n_pairs, sums, V);
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) {
			const size_t lane = (size_t)v % VECTORS * LANES;
			lanes scale = lanes_load(states[v / VECTORS].scales + lane);
			for (size_t j = 0; j < BLOCK; j++)
				lanes_store(pages[v / VECTORS].scores[p + j] + lane,
				            floats_of(sums[j][v]) * (scale * key_scales[p + j]));
		}
	}
}

static void scores(const uint16_t *keys, const float *key_scales, const uint16_t *queries, size_t n_pairs, size_t n_positions,
                   const struct pair_state *states, struct pair_page *pages, size_t n_groups)
{
	size_t g = 0;
	for (; g + GROUPS <= n_groups; g += GROUPS)
		scores_of(keys, key_scales, queries + g * n_pairs * 2 * PAIR_QUERIES, n_pairs, n_positions, states + g, pages + g,
		          SIDE);
	for (; g < n_groups; g++)
		scores_of(keys, key_scales, queries + g * n_pairs * 2 * PAIR_QUERIES, n_pairs, n_positions, states + g, pages + g,
		          VECTORS);
}

INLINE void values_of(const uint16_t *values, size_t n, size_t n_positions, const struct pair_page *pages, float *acc, const int V)
{
	const size_t width = filled_up(n), gap = VECTORS > 1 ? 2 * LANES : sizeof *pages / sizeof *pages->weights;
	for (size_t d = 0; d < n; d += BLOCK) {
		whole sums[BLOCK][SIDE];
		block(pages->weights, gap, values + 2 * d, width, (n_positions + 1) / 2, sums, V);
#pragma GCC unroll 2
		for (int v = 0; v < V; v++) {
			const struct pair_page *page = &pages[v / VECTORS];
			const size_t lane = (size_t)v % VECTORS * LANES;
			lanes factor = lanes_load(page->factors + lane), step = lanes_load(page->steps + lane);
			float *to = acc + ((size_t)(v / VECTORS) * width + d) * PAIR_QUERIES + lane;
			for (size_t j = 0; j < BLOCK; j++, to += PAIR_QUERIES)
				lanes_store(to, OPS_FUSED(lanes_load(to), factor, floats_of(sums[j][v]) * step));
		}
	}
}

static void values(const uint16_t *values, size_t n, size_t n_positions, const struct pair_page *pages, size_t n_groups, float *acc)
{
	const size_t length = filled_up(n) * PAIR_QUERIES;
	size_t g = 0;
	for (; g + GROUPS <= n_groups; g += GROUPS) values_of(values, n, n_positions, pages + g, acc + g * length, SIDE);
	for (; g < n_groups; g++) values_of(values, n, n_positions, pages + g, acc + g * length, VECTORS);
}

/* Scores that a query does not see, of one vector from `lane` on. */
INLINE void hide(struct pair_page *page, size_t lane, size_t n)
{
	numbers first, last;
	memcpy(&first, page->first + lane, sizeof first);
	memcpy(&last, page->last + lane, sizeof last);
	for (size_t p = 0; p < n; p++) {
		numbers at = (int32_t)p - (numbers){ 0 };
		lanes v = lanes_load(page->scores[p] + lane);
		lanes_store(page->scores[p] + lane, lanes_choose((bits)((at >= first) & (at < last)), v, lanes_of(-INFINITY)));
	}
}

/* One vector's weights times the values' scales in the place of scores, and what sums up to MOST_WEIGHTS of their steps. */
INLINE void soften_lanes(struct pair_state *state, struct pair_page *page, const float *value_scales, size_t n, size_t lane)
{
	lanes old = lanes_load(state->max + lane), most = old;
	for (size_t p = 0; p < n; p++) most = larger(lanes_load(page->scores[p] + lane), most);
	/* where nothing has been seen, what is hidden must still be further down */
	lanes base = weight_base(lanes_choose((bits)(most == lanes_of(-INFINITY)), (lanes){ 0 }, most));
	lanes total = { 0 }, scaled = { 0 }, best = { 0 };
	/* exactly 1 where the largest stays, so that a page that a query does not see changes no bit */
	lanes factor = lanes_choose((bits)(most == old), lanes_of(1), weight(old - most, (lanes){ 0 }));
	for (size_t p = 0; p < n; p++) {
		lanes w = weight(lanes_load(page->scores[p] + lane), base);
		total += w;
		w *= value_scales[p];
		scaled += w;
		best = larger(w, best);
		lanes_store(page->scores[p] + lane, w);
	}
	lanes step = larger(best * (1.0f / INT16_MAX), scaled * (1.0f / MOST_WEIGHTS)), inverse = inverse_of(step);
	lanes_store(state->max + lane, most);
	lanes_store(state->sum + lane, OPS_FUSED(lanes_load(state->sum + lane), factor, total));
	lanes_store(page->factors + lane, factor);
	lanes_store(page->steps + lane, step);
	for (size_t p = 0; p < n; p += 2)
		store_pair(page->weights + (p / 2 * PAIR_QUERIES + lane) * 2, lanes_load(page->scores[p] + lane) * inverse,
		           lanes_load(page->scores[p + 1] + lane) * inverse);
}

static void soften(struct pair_state *state, struct pair_page *page, const float *value_scales, size_t n_positions, bool hides)
{
	const size_t n = (n_positions + 1) / 2 * 2; /* whole pairs; an odd page hides what is behind */
	for (size_t lane = 0; lane < PAIR_QUERIES; lane += LANES) {
		if (hides) hide(page, lane, n);
		soften_lanes(state, page, value_scales, n, lane);
	}
}

void OPS_NAME(attention_16_fill, OPS_LEVEL)(struct kernels *k)
{
	k->attention_16 = (struct kernels_16){ round_columns, round_values, scores, soften, values };
}

#endif
