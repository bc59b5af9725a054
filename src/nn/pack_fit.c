/* pack_fit: the searches (see pack_fit.h). */
#include "nn/pack_fit.h"

#include <string.h>

enum { REFINEMENTS = 3 };

/* A scale so small that its inverse is no number takes everything for 0. */
static float inverse_of(float scale)
{
	return fabsf(scale) > 0x1p-126f ? 1 / scale : 0;
}

int steps_nearest(const struct steps *s, float t)
{
	if (!s->values) {
		float low = (float)s->low, high = (float)(s->low + s->count - 1);
		if (!(t > low)) return 0;
		return t < high ? (int)lrintf(t) - s->low : s->count - 1;
	}
	int code = 0;
	for (int i = 0; i + 1 < s->count; i++) code += t * 2 > s->values[i] + s->values[i + 1];
	return code;
}

/* What a scale saves once it is solved for the codes that it gives; the solved one. */
static float saved(const struct steps *s, const float *x, const float *w, size_t n, float scale, float *solved)
{
	struct fit_sums sums = { 0, 0 };
	float inverse = inverse_of(scale);
	for (size_t i = 0; i < n; i++) fit_sum(&sums, w[i], x[i], steps_value(s, steps_nearest(s, x[i] * inverse)));
	*solved = fit_best(&sums);
	return sums.vv > 0 ? sums.xv * sums.xv / sums.vv : 0;
}

/* How far below the scale that just reaches the largest value the search begins: the fewer the steps, the more is cut off. */
static float least_fraction(int count)
{
	return count <= 4 ? 0.35f : count <= 8 ? 0.5f : count <= 16 ? 0.6f : count <= 32 ? 0.75f : 0.95f;
}

static size_t tries(int count)
{
	return count <= 4 ? 24 : count <= 16 ? 18 : count <= 32 ? 12 : 6;
}

float fit_scale(const struct steps *s, const float *x, const float *w, size_t n)
{
	float most = 0, best = 0, gain = 0, solved;
	for (size_t i = 0; i < n; i++) {
		if (fabsf(x[i]) > fabsf(most)) most = x[i];
	}
	if (most == 0) return 0;
	const float ends[2] = { steps_value(s, 0), steps_value(s, s->count - 1) };
	size_t count = tries(s->count);
	float from = least_fraction(s->count), step = (1.04f - from) / (float)(count - 1);
	for (int end = 0; end < 2; end++) {
		if (ends[end] == 0 || (end == 1 && ends[1] == -ends[0])) continue;
		for (size_t i = 0; i < count; i++) {
			float g = saved(s, x, w, n, most / ends[end] * (from + step * (float)i), &solved);
			if (g > gain) {
				gain = g;
				best = solved;
			}
		}
	}
	for (int i = 0; i < REFINEMENTS; i++) {
		float g = saved(s, x, w, n, best, &solved);
		if (!(g > gain)) break;
		gain = g;
		best = solved;
	}
	return best;
}

float fit_error(const struct steps *s, const float *x, const float *w, size_t n, float scale, uint8_t *codes)
{
	float error = 0, inverse = inverse_of(scale);
	for (size_t i = 0; i < n; i++) {
		int code = steps_nearest(s, x[i] * inverse);
		float d = x[i] - scale * steps_value(s, code);
		error += w[i] * d * d;
		if (codes) codes[i] = (uint8_t)code;
	}
	return error;
}

static int line_code(struct line l, float inverse, int high, float x)
{
	float t = (x - l.offset) * inverse;
	if (!(t > 0)) return 0;
	return t < (float)high ? (int)lrintf(t) : high;
}

float fit_line_error(const float *x, const float *w, size_t n, int high, struct line l, uint8_t *codes)
{
	float error = 0, inverse = inverse_of(l.scale);
	for (size_t i = 0; i < n; i++) {
		int code = line_code(l, inverse, high, x[i]);
		float d = x[i] - l.scale * (float)code - l.offset;
		error += w[i] * d * d;
		if (codes) codes[i] = (uint8_t)code;
	}
	return error;
}

/* The line that is best for the codes that `l` gives. */
static struct line solved_line(const float *x, const float *w, size_t n, int high, struct line l, bool below)
{
	float sw = 0, sx = 0, sq = 0, sqq = 0, sxq = 0, inverse = inverse_of(l.scale);
	for (size_t i = 0; i < n; i++) {
		float q = (float)line_code(l, inverse, high, x[i]);
		sw += w[i];
		sx += w[i] * x[i];
		sq += w[i] * q;
		sqq += w[i] * q * q;
		sxq += w[i] * x[i] * q;
	}
	float determinant = sw * sqq - sq * sq;
	if (!(determinant > 1e-6f * sw * sqq)) return l;
	struct line out = { .scale = (sw * sxq - sx * sq) / determinant };
	out.offset = (sx - out.scale * sq) / sw;
	if (below && out.offset > 0) out = (struct line){ sxq / sqq, 0 };
	return out.scale > 0 ? out : l;
}

struct line fit_line(const float *x, const float *w, size_t n, int high, bool below)
{
	enum { TRIES = 9 };
	float low = x[0], top = x[0];
	for (size_t i = 1; i < n; i++) {
		if (x[i] < low) low = x[i];
		if (x[i] > top) top = x[i];
	}
	if (below && low > 0) low = 0;
	if (!(top > low)) return (struct line){ 0, low };
	struct line best = { (top - low) / (float)high, low };
	float least = fit_line_error(x, w, n, high, best, NULL), from = high <= 3 ? 0.45f : high <= 15 ? 0.6f : 0.8f;
	for (int i = 0; i < TRIES; i++) {
		float scale = (top - low) / (float)high * (from + (1.05f - from) * (float)i / (TRIES - 1));
		for (int side = 0; side < 3; side++) {
			/* what is cut off is cut from the top, from both ends, from below */
			float offset = low + (top - low - scale * (float)high) * 0.5f * (float)side;
			struct line l = { scale, below && offset > 0 ? 0 : offset };
			l = solved_line(x, w, n, high, l, below);
			float error = fit_line_error(x, w, n, high, l, NULL);
			if (error < least) {
				least = error;
				best = l;
			}
		}
	}
	for (int i = 0; i < REFINEMENTS; i++) {
		struct line l = solved_line(x, w, n, high, best, below);
		float error = fit_line_error(x, w, n, high, l, NULL);
		if (!(error < least)) break;
		least = error;
		best = l;
	}
	return best;
}

/* One point for `dims` targets divided by the scale, shifted by `shift`: its error, and the sums for least squares. */
static float one_point(const struct lattice *l, const float *t, const float *w, float inverse, float shift, uint16_t *point,
                       struct fit_sums *sums)
{
	float scaled[8], error = 0;
	for (unsigned i = 0; i < l->dims; i++) scaled[i] = t[i] * inverse - shift;
	*point = lattice_nearest(l, scaled, w);
	const float *p = l->points + (size_t)*point * l->dims;
	for (unsigned i = 0; i < l->dims; i++) {
		float d = scaled[i] - p[i];
		error += w[i] * d * d;
		fit_sum(sums, w[i], t[i], p[i] + shift);
	}
	return error;
}

/* All points with one shift, or each with its better one; in units of the scale. */
static float all_points(const struct lattice *l, enum shift shift, float all, const float *t, const float *w, size_t n,
                        float inverse, struct pointed *out, struct fit_sums *sums)
{
	float error = 0;
	for (size_t i = 0; i < n / l->dims; i++) {
		const float *ti = t + i * l->dims, *wi = w + i * l->dims;
		struct fit_sums more = *sums, less = *sums;
		float e = one_point(l, ti, wi, inverse, all, &out->points[i], &more);
		out->less[i] = all < 0;
		if (shift == SHIFT_EACH) {
			uint16_t point;
			float e_less = one_point(l, ti, wi, inverse, -all, &point, &less);
			if (e_less < e) {
				e = e_less;
				more = less;
				out->points[i] = point;
				out->less[i] = true;
			}
		}
		*sums = more;
		error += e;
	}
	return error;
}

/* As fit_points_error, in units of the scale, with the sums. */
static float best_points(const struct lattice *l, enum shift shift, const float *t, const float *w, size_t n, float inverse,
                         struct pointed *out, struct fit_sums *sums)
{
	*sums = (struct fit_sums){ 0, 0 };
	float error = all_points(l, shift, shift == SHIFT_NONE ? 0 : 0.125f, t, w, n, inverse, out, sums);
	if (shift != SHIFT_SHARED) return error;
	struct pointed other;
	struct fit_sums others = { 0, 0 };
	float e = all_points(l, shift, -0.125f, t, w, n, inverse, &other, &others);
	if (!(e < error)) return error;
	*out = other;
	*sums = others;
	return e;
}

float fit_points_error(const struct lattice *l, enum shift shift, const float *t, const float *w, size_t n, float scale,
                       struct pointed *out)
{
	struct fit_sums sums;
	return scale * scale * best_points(l, shift, t, w, n, inverse_of(scale), out, &sums);
}

float fit_points_scale(const struct lattice *l, enum shift shift, const float *t, const float *w, size_t n)
{
	enum { TRIES = 14 };
	const float from = shift == SHIFT_NONE ? 0.5f : 0.3f, top = l->values[l->levels - 1];
	float most = 0, best = 0, gain = 0;
	struct pointed out;
	struct fit_sums sums;
	for (size_t i = 0; i < n; i++) {
		if (fabsf(t[i]) > most) most = fabsf(t[i]);
	}
	if (most == 0) return 0;
	for (int i = 0; i < TRIES + REFINEMENTS; i++) {
		float scale = i < TRIES ? most / top * (from + (1.15f - from) * (float)i / (TRIES - 1)) : best;
		if (!(scale > 0)) break;
		best_points(l, shift, t, w, n, inverse_of(scale), &out, &sums);
		float g = sums.vv > 0 && sums.xv > 0 ? sums.xv * sums.xv / sums.vv : 0;
		if (g > gain) {
			gain = g;
			best = fit_best(&sums);
		} else if (i >= TRIES) {
			break;
		}
	}
	return best;
}
