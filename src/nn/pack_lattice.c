/*
 * pack: the IQ formats: points of a lattice for four or eight weights, scaled by an odd number for each part of 16 or 32, by a
 * half, and by a unit of the format.
 *
 * IQ2 and IQ3 keep signs apart: targets are sizes. Where the eighth sign of eight is not stored but makes the number of minus signs
 * even, the weight that costs least is taken with the wrong sign, as a size below zero. IQ1's points have their signs, and an
 * eighth more or less for a part (IQ1_S) or for each point (IQ1_M).
 */
#include "nn/pack_blocks.h"
#include "nn/pack_fit.h"

#include <string.h>

enum { PASSES = 2, MOST_PARTS = 16 };

struct layout {
	size_t part; /* weights with a small scale: 16 or 32 */
	int most;    /* small scales are 0 ... most, and mean 2 s + 1 */
	float unit;
	bool even; /* an even number of minus signs in each eight */
	enum shift shift;
};

struct lattice_block {
	float d;
	int small[MOST_PARTS];
	struct pointed points[MOST_PARTS];
	uint8_t signs[32];
};

static float multiplier(const struct layout *f, int small)
{
	return f->unit * (float)(2 * small + 1);
}

/* Signs of eight weights and their sizes. */
static uint8_t take_signs(const float *x, const float *w, bool even, float *t)
{
	unsigned signs = 0, count = 0;
	size_t cheapest = 0;
	float least = INFINITY;
	for (size_t i = 0; i < 8; i++) {
		t[i] = fabsf(x[i]);
		if (x[i] < 0) {
			signs |= 1u << i;
			count++;
		}
		if (w[i] * x[i] * x[i] < least) {
			least = w[i] * x[i] * x[i];
			cheapest = i;
		}
	}
	if (even && count % 2) {
		signs ^= 1u << cheapest;
		t[cheapest] = -t[cheapest];
	}
	return (uint8_t)signs;
}

/* The best small scale of a part near the wanted one, and its points. */
static void choose_part(const struct layout *f, const struct lattice *l, const float *t, const float *w, float wanted,
                        struct lattice_block *b, size_t part)
{
	float least = INFINITY, s = b->d > 0 ? (wanted / (b->d * f->unit) - 1) / 2 : 0;
	int middle = s > 0 ? s < (float)f->most ? (int)lrintf(s) : f->most : 0;
	for (int small = middle - 1; small <= middle + 1; small++) {
		if (small < 0 || small > f->most) continue;
		struct pointed points;
		float error = fit_points_error(l, f->shift, t, w, f->part, b->d * multiplier(f, small), &points);
		if (!(error < least)) continue;
		least = error;
		b->small[part] = small;
		b->points[part] = points;
	}
}

static void add_part(const struct layout *f, const struct lattice *l, const float *t, const float *w, const struct lattice_block *b,
                     size_t part, struct fit_sums *sums)
{
	float m = multiplier(f, b->small[part]);
	for (size_t i = 0; i < f->part; i++) {
		size_t k = i / l->dims;
		float shift = f->shift == SHIFT_NONE ? 0 : b->points[part].less[k] ? -0.125f : 0.125f;
		fit_sum(sums, w[i], t[i], m * (l->points[b->points[part].points[k] * l->dims + i % l->dims] + shift));
	}
}

static void pack_points(const struct layout *f, const struct lattice *l, const float *x, const float *w, struct lattice_block *b)
{
	float t[256], wanted[MOST_PARTS], most = 0;
	size_t parts = 256 / f->part;
	if (f->shift == SHIFT_NONE) {
		for (size_t i = 0; i < 32; i++) b->signs[i] = take_signs(x + 8 * i, w + 8 * i, f->even, t + 8 * i);
	} else {
		memcpy(t, x, sizeof t);
	}
	for (size_t p = 0; p < parts; p++) {
		wanted[p] = fit_points_scale(l, f->shift, t + p * f->part, w + p * f->part, f->part);
		most = fmaxf(most, wanted[p]);
	}
	uint8_t half[2];
	b->d = pack_half(half, most / multiplier(f, f->most));
	for (int pass = 0;; pass++) {
		struct fit_sums sums = { 0, 0 };
		for (size_t p = 0; p < parts; p++) {
			choose_part(f, l, t + p * f->part, w + p * f->part, wanted[p], b, p);
			add_part(f, l, t + p * f->part, w + p * f->part, b, p, &sums);
		}
		if (pass == PASSES || !(fit_best(&sums) > 0)) return;
		b->d = pack_half(half, fit_best(&sums));
	}
}

/* Seven signs of each eight, and a scale above them. */
static void store_signs_7(const struct lattice_block *b, size_t part, uint8_t *out)
{
	uint32_t v = (uint32_t)b->small[part] << 28;
	for (size_t i = 0; i < 4; i++) v |= (uint32_t)(b->signs[4 * part + i] & 127) << 7 * i;
	memcpy(out, &v, sizeof v);
}

static void store_scales_4(const struct lattice_block *b, size_t n, uint8_t *out)
{
	for (size_t j = 0; j < n / 2; j++) out[j] = (uint8_t)(b->small[2 * j] | b->small[2 * j + 1] << 4);
}

static void iq2_xxs(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 32, 15, 0.125f, true, SHIFT_NONE };
	struct lattice_block b;
	pack_points(&f, l, x, w, &b);
	pack_half(out, b.d);
	for (size_t j = 0; j < 8; j++) {
		for (size_t i = 0; i < 4; i++) out[2 + 8 * j + i] = (uint8_t)b.points[j].points[i];
		store_signs_7(&b, j, out + 6 + 8 * j);
	}
}

static void iq2_xs(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 16, 15, 0.125f, true, SHIFT_NONE };
	struct lattice_block b;
	pack_points(&f, l, x, w, &b);
	pack_half(out, b.d);
	for (size_t i = 0; i < 32; i++) {
		unsigned v = b.points[i / 2].points[i % 2] | (unsigned)(b.signs[i] & 127) << 9;
		out[2 + 2 * i] = (uint8_t)v;
		out[3 + 2 * i] = (uint8_t)(v >> 8);
	}
	store_scales_4(&b, 16, out + 66);
}

static void iq2_s(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 16, 15, 0.125f, false, SHIFT_NONE };
	struct lattice_block b;
	pack_points(&f, l, x, w, &b);
	pack_half(out, b.d);
	memset(out + 66, 0, 8);
	for (size_t i = 0; i < 32; i++) {
		unsigned point = b.points[i / 2].points[i % 2];
		out[2 + i] = (uint8_t)point;
		out[34 + i] = b.signs[i];
		out[66 + i / 4] = (uint8_t)(out[66 + i / 4] | point >> 8 << i % 4 * 2);
	}
	store_scales_4(&b, 16, out + 74);
}

static void iq3_xxs(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 32, 15, 0.25f, true, SHIFT_NONE };
	struct lattice_block b;
	pack_points(&f, l, x, w, &b);
	pack_half(out, b.d);
	for (size_t j = 0; j < 8; j++) {
		for (size_t i = 0; i < 8; i++) out[2 + 8 * j + i] = (uint8_t)b.points[j].points[i];
		store_signs_7(&b, j, out + 66 + 4 * j);
	}
}

static void iq3_s(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 32, 15, 1, false, SHIFT_NONE };
	struct lattice_block b;
	pack_points(&f, l, x, w, &b);
	pack_half(out, b.d);
	memset(out + 66, 0, 8);
	for (size_t i = 0; i < 64; i++) {
		unsigned point = b.points[i / 8].points[i % 8];
		out[2 + i] = (uint8_t)point;
		out[66 + i / 8] = (uint8_t)(out[66 + i / 8] | point >> 8 << i % 8);
	}
	memcpy(out + 74, b.signs, 32);
	store_scales_4(&b, 8, out + 106);
}

static void iq1_s(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 32, 7, 1, false, SHIFT_SHARED };
	struct lattice_block b;
	pack_points(&f, l, x, w, &b);
	pack_half(out, b.d);
	for (size_t j = 0; j < 8; j++) {
		unsigned high = (unsigned)b.small[j] << 12 | (b.points[j].less[0] ? 0x8000u : 0);
		for (size_t i = 0; i < 4; i++) {
			unsigned point = b.points[j].points[i];
			out[2 + 4 * j + i] = (uint8_t)point;
			high |= point >> 8 << 3 * i;
		}
		out[34 + 2 * j] = (uint8_t)high;
		out[35 + 2 * j] = (uint8_t)(high >> 8);
	}
}

static void iq1_m(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	static const struct layout f = { 16, 7, 1, false, SHIFT_EACH };
	struct lattice_block b;
	uint8_t half[2];
	pack_points(&f, l, x, w, &b);
	memset(out + 32, 0, 24);
	for (size_t i = 0; i < 32; i++) {
		unsigned point = b.points[i / 2].points[i % 2], high = point >> 8 | (b.points[i / 2].less[i % 2] ? 8u : 0);
		out[i] = (uint8_t)point;
		out[32 + i / 2] = (uint8_t)(out[32 + i / 2] | high << i % 2 * 4);
	}
	pack_half(half, b.d);
	unsigned d = half[0] | (unsigned)half[1] << 8;
	for (size_t j = 0; j < 4; j++) {
		unsigned v = (d >> 4 * j & 15) << 12;
		for (size_t i = 0; i < 4; i++) v |= (unsigned)b.small[4 * j + i] << 3 * i;
		out[48 + 2 * j] = (uint8_t)v;
		out[49 + 2 * j] = (uint8_t)(v >> 8);
	}
}

pack_block pack_lattice(enum format_index format)
{
	static const pack_block table[FORMAT_COUNT] = {
		[FORMAT_IQ2_XXS] = iq2_xxs, [FORMAT_IQ2_XS] = iq2_xs, [FORMAT_IQ2_S] = iq2_s, [FORMAT_IQ3_XXS] = iq3_xxs,
		[FORMAT_IQ3_S] = iq3_s,     [FORMAT_IQ1_S] = iq1_s,   [FORMAT_IQ1_M] = iq1_m,
	};
	return table[format];
}
