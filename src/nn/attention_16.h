/*
 * attention_16: what prompt rows compute with keys and values that are not F32: whole numbers of 16 bits, whose products come in
 * pairs.
 *
 * Sixteen queries lie beside each other in a group; they are the lanes of everything that follows, so that nothing is folded and a
 * lane's bits are its own. A matrix of pairs with `width` columns has values 2i and 2i + 1 of column j at (i * width + j) * 2.
 *
 * A key, a value and a query have one scale each, whatever stands beside them. Those of keys and queries let the root of the
 * squares' sum be at most MOST_ROOT, so that no score leaves 32 bits (Cauchy and Schwarz); a value is at most MOST_VALUE, and the
 * weights of a page, times the scales of its values, are rounded so that they sum up to at most MOST_WEIGHTS. What this rounds away
 * is half of what halves have lost, and less where K/V are packed.
 */
#ifndef HEARTH_NN_ATTENTION_16_H
#define HEARTH_NN_ATTENTION_16_H

#include "nn/attention.h"

enum {
	PAIR_QUERIES = 16, /* of a group; columns of values are filled up with zeros to as many */
	MOST_ROOT = 46000,
	MOST_VALUE = 10240,
	MOST_WEIGHTS = INT32_MAX / MOST_VALUE - KV_PAGE
};

/* A group of queries: what it keeps from page to page. */
struct pair_state {
	float scales[PAIR_QUERIES]; /* of the queries */
	float max[PAIR_QUERIES], sum[PAIR_QUERIES];
};

/* And what it has of one page. */
struct pair_page {
	float scores[KV_PAGE][PAIR_QUERIES];
	uint16_t weights[KV_PAGE * PAIR_QUERIES];         /* pairs of positions */
	float factors[PAIR_QUERIES], steps[PAIR_QUERIES]; /* by what earlier sums shrink; what a whole weight stands for */
	int32_t first[PAIR_QUERIES], last[PAIR_QUERIES];  /* positions that a query sees */
};

struct kernels_16 {
	/* Columns of n values at x[i * width + column], width a multiple of 16: as pairs, (n + 1) / 2 of them, with a scale each.
	 * One with a value that is no number has no scale. */
	void (*round_columns)(const float *x, size_t n, size_t width, uint16_t *pairs, float *scales);
	/* A page's values at x[p * n + d]: pairs of positions, n filled up with zeros to whole groups of columns. */
	void (*round_values)(const float *x, size_t n, uint16_t *pairs, float *scales);
	/* page[g].scores = keys times group g, for the first n_positions at least; `queries`: one group behind the other. */
	void (*scores)(const uint16_t *keys, const float *key_scales, const uint16_t *queries, size_t n_pairs, size_t n_positions,
	               const struct pair_state *states, struct pair_page *pages, size_t n_groups);
	/* Scores to weights, which bring max and sum up to date; `hides`: first and last count, else all n_positions are seen. */
	void (*soften)(struct pair_state *state, struct pair_page *page, const float *value_scales, size_t n_positions, bool hides);
	/* acc[(g * width + d) * 16 + query] = acc * factor + the weighted values; d < n, `width` n filled up. */
	void (*values)(const uint16_t *values, size_t n, size_t n_positions, const struct pair_page *pages, size_t n_groups,
	               float *acc);
};

#endif
