/*
 * pack_fit: the searches that packing is made of, over up to 256 weights with an importance each.
 *
 * A scale is found by trying steps between fractions of the largest value, each solved by least squares for the codes that it
 * gives: with codes v fixed, the best scale is sum(w x v) / sum(w v v), and what it saves is sum(w x v)^2 / sum(w v v).
 */
#ifndef HEARTH_NN_PACK_FIT_H
#define HEARTH_NN_PACK_FIT_H

#include "nn/lattice.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a code can stand for: `count` values in ascending order, or, without a table, the whole numbers from `low` on. */
struct steps {
	int low, count;
	const float *values;
};

/* The code of the value nearest to t: 0 ... count - 1. */
int steps_nearest(const struct steps *s, float t);

static inline float steps_value(const struct steps *s, int code)
{
	return s->values ? s->values[code] : (float)(s->low + code);
}

/* The best scale, of either sign, of n weights. */
float fit_scale(const struct steps *s, const float *x, const float *w, size_t n);

/* The error of n weights with a scale: sum of w (x - scale v)^2; the codes into `codes` unless NULL. */
float fit_error(const struct steps *s, const float *x, const float *w, size_t n, float scale, uint8_t *codes);

/* scale * code + offset, codes 0 ... high. */
struct line {
	float scale, offset;
};

/* The best line of n weights; `below`: with an offset of at most 0. */
struct line fit_line(const float *x, const float *w, size_t n, int high, bool below);
float fit_line_error(const float *x, const float *w, size_t n, int high, struct line l, uint8_t *codes);

/* How the points of a lattice meet targets: as they are; or an eighth more or less, chosen for all of a call or for each point. */
enum shift { SHIFT_NONE, SHIFT_SHARED, SHIFT_EACH };

/* n targets as points of a lattice: the numbers of the points, and whether each is an eighth less. */
struct pointed {
	uint16_t points[8];
	bool less[8];
};

float fit_points_scale(const struct lattice *l, enum shift shift, const float *t, const float *w, size_t n);
float fit_points_error(const struct lattice *l, enum shift shift, const float *t, const float *w, size_t n, float scale,
                       struct pointed *out);

/* Least squares in sums: the best factor of what was given to fit_sum. */
struct fit_sums {
	float xv, vv;
};

static inline void fit_sum(struct fit_sums *s, float w, float x, float v)
{
	s->xv += w * x * v;
	s->vv += w * v * v;
}

static inline float fit_best(const struct fit_sums *s)
{
	return s->vv > 0 ? s->xv / s->vv : 0;
}

#endif
