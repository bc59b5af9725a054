/*
 * pack: blocks of 256 whose parts have small whole numbers for scales, and one or two halves that these multiply: the K formats and
 * IQ4_XS.
 *
 * Parts are fitted by themselves first; then, a few times over, each part takes the best of the neighbouring small scales for the
 * halves as they are, and the halves are solved for the codes and small scales as these are.
 */
#include "nn/codebooks.h"
#include "nn/pack_blocks.h"
#include "nn/pack_fit.h"

#include <string.h>

enum { PASSES = 2, MOST_PARTS = 16 };

static const float iq4_values[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 };
static const struct steps steps_q3_k = { -4, 8, NULL }, steps_q6_k = { -32, 64, NULL }, steps_iq4 = { 0, 16, iq4_values };

/* A block whose parts have a scale only. */
struct scaled {
	size_t parts;  /* of 256 / parts weights */
	int low, high; /* of the small scales */
	float d;
	int small[MOST_PARTS];
	uint8_t codes[256];
};

/* The small scale for a part: the best of the nearest and its neighbours. */
static void choose_small(struct scaled *b, const struct steps *s, const float *x, const float *w, size_t part, float wanted)
{
	size_t n = 256 / b->parts;
	float t = b->d != 0 ? wanted / b->d : 0, least = INFINITY;
	int middle = t > (float)b->low ? t < (float)b->high ? (int)lrintf(t) : b->high : b->low;
	for (int small = middle - 1; small <= middle + 1; small++) {
		if (small < b->low || small > b->high) continue;
		float error = fit_error(s, x, w, n, b->d * (float)small, NULL);
		if (error < least) {
			least = error;
			b->small[part] = small;
		}
	}
	fit_error(s, x, w, n, b->d * (float)b->small[part], b->codes + part * n);
}

static void pack_scaled(struct scaled *b, const struct steps *s, const float *x, const float *w, uint8_t *half)
{
	size_t n = 256 / b->parts;
	float wanted[MOST_PARTS], most = 0;
	for (size_t p = 0; p < b->parts; p++) {
		wanted[p] = fit_scale(s, x + p * n, w + p * n, n);
		if (fabsf(wanted[p]) > fabsf(most)) most = wanted[p];
	}
	b->d = pack_half(half, most / (float)b->low);
	for (int pass = 0;; pass++) {
		struct fit_sums sums = { 0, 0 };
		for (size_t p = 0; p < b->parts; p++) {
			choose_small(b, s, x + p * n, w + p * n, p, wanted[p]);
			for (size_t i = p * n; i < (p + 1) * n; i++) {
				fit_sum(&sums, w[i], x[i], (float)b->small[p] * steps_value(s, b->codes[i]));
			}
		}
		if (pass == PASSES || sums.vv == 0) return;
		b->d = pack_half(half, fit_best(&sums));
	}
}

static void q3_k(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	struct scaled b = { .parts = 16, .low = -32, .high = 31 };
	memset(out, 0, 110);
	pack_scaled(&b, &steps_q3_k, x, w, out + 108);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *low = &out[32 + i / 128 * 32 + i % 32], *high = &out[i % 32];
		*low = (uint8_t)(*low | (b.codes[i] & 3) << i / 32 % 4 * 2);
		*high = (uint8_t)(*high | b.codes[i] >> 2 << i / 32);
	}
	for (size_t j = 0; j < 16; j++) {
		int small = b.small[j] + 32;
		uint8_t *low = &out[96 + j % 8], *high = &out[104 + j % 4];
		*low = (uint8_t)(*low | (small & 15) << j / 8 * 4);
		*high = (uint8_t)(*high | small >> 4 << j / 4 * 2);
	}
}

static void q6_k(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	struct scaled b = { .parts = 16, .low = -128, .high = 127 };
	memset(out, 0, 210);
	pack_scaled(&b, &steps_q6_k, x, w, out + 208);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *low = &out[i / 128 * 64 + i % 64], *high = &out[128 + i / 128 * 32 + i % 32];
		*low = (uint8_t)(*low | (b.codes[i] & 15) << i / 64 % 2 * 4);
		*high = (uint8_t)(*high | b.codes[i] >> 4 << i / 32 % 4 * 2);
	}
	for (size_t j = 0; j < 16; j++) out[192 + j] = (uint8_t)b.small[j];
}

static void iq4_xs(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	struct scaled b = { .parts = 8, .low = -32, .high = 31 };
	memset(out, 0, 136);
	pack_scaled(&b, &steps_iq4, x, w, out);
	for (size_t j = 0; j < 8; j++) {
		int small = b.small[j] + 32;
		uint8_t *low = &out[4 + j / 2], *high = &out[2 + j / 4];
		*low = (uint8_t)(*low | (small & 15) << j % 2 * 4);
		*high = (uint8_t)(*high | small >> 4 << j % 4 * 2);
		const uint8_t *codes = b.codes + 32 * j;
		for (size_t i = 0; i < 16; i++) out[8 + 16 * j + i] = (uint8_t)(codes[i] | codes[i + 16] << 4);
	}
}

/* A block whose parts have a scale and a min, which is taken off. */
struct lined {
	size_t parts;
	int high;  /* of the codes */
	int small; /* of the small scales and mins */
	float d, dmin;
	int scales[MOST_PARTS], mins[MOST_PARTS];
	uint8_t codes[256];
};

static int nearest_small(float wanted, float unit, int most)
{
	float t = unit > 0 ? wanted / unit : 0;
	if (!(t > 0)) return 0;
	return t < (float)most ? (int)lrintf(t) : most;
}

static void choose_line(struct lined *b, const float *x, const float *w, size_t part, struct line wanted)
{
	size_t n = 256 / b->parts;
	int scale = nearest_small(wanted.scale, b->d, b->small), min = nearest_small(-wanted.offset, b->dmin, b->small);
	float least = INFINITY;
	for (int i = 0; i < 9; i++) {
		int s = scale + i / 3 - 1, m = min + i % 3 - 1;
		if (s < 0 || m < 0 || s > b->small || m > b->small) continue;
		struct line l = { b->d * (float)s, -b->dmin * (float)m };
		float error = fit_line_error(x, w, n, b->high, l, NULL);
		if (error < least) {
			least = error;
			b->scales[part] = s;
			b->mins[part] = m;
		}
	}
	struct line l = { b->d * (float)b->scales[part], -b->dmin * (float)b->mins[part] };
	fit_line_error(x, w, n, b->high, l, b->codes + part * n);
}

/* The two halves that are best for the codes and the small numbers; false when there is no better pair. */
static bool solve_halves(struct lined *b, const float *x, const float *w, uint8_t *half)
{
	float aa = 0, am = 0, mm = 0, xa = 0, xm = 0;
	for (size_t i = 0; i < 256; i++) {
		size_t p = i / (256 / b->parts);
		float a = (float)(b->scales[p] * b->codes[i]), m = -(float)b->mins[p];
		aa += w[i] * a * a;
		am += w[i] * a * m;
		mm += w[i] * m * m;
		xa += w[i] * x[i] * a;
		xm += w[i] * x[i] * m;
	}
	float determinant = aa * mm - am * am, d = aa > 0 ? xa / aa : 0, dmin = b->dmin;
	if (determinant > 1e-6f * aa * mm) {
		d = (xa * mm - xm * am) / determinant;
		dmin = (xm * aa - xa * am) / determinant;
	}
	if (!(d > 0) || !(dmin >= 0)) return false;
	b->d = pack_half(half, d);
	b->dmin = pack_half(half + 2, dmin);
	return true;
}

static void pack_lined(struct lined *b, const float *x, const float *w, uint8_t *half)
{
	size_t n = 256 / b->parts;
	struct line wanted[MOST_PARTS];
	float scale = 0, min = 0;
	for (size_t p = 0; p < b->parts; p++) {
		wanted[p] = fit_line(x + p * n, w + p * n, n, b->high, true);
		scale = fmaxf(scale, wanted[p].scale);
		min = fmaxf(min, -wanted[p].offset);
	}
	b->d = pack_half(half, scale / (float)b->small);
	b->dmin = pack_half(half + 2, min / (float)b->small);
	for (int pass = 0;; pass++) {
		for (size_t p = 0; p < b->parts; p++) choose_line(b, x + p * n, w + p * n, p, wanted[p]);
		if (pass == PASSES || !solve_halves(b, x, w, half)) return;
	}
}

static void q2_k(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	struct lined b = { .parts = 16, .high = 3, .small = 15 };
	memset(out, 0, 84);
	pack_lined(&b, x, w, out + 80);
	for (size_t j = 0; j < 16; j++) out[j] = (uint8_t)(b.scales[j] | b.mins[j] << 4);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *to = &out[16 + i / 128 * 32 + i % 32];
		*to = (uint8_t)(*to | b.codes[i] << i / 32 % 4 * 2);
	}
}

/* The 6-bit scales and mins of Q4_K and Q5_K. */
static void store_small(const struct lined *b, uint8_t *out)
{
	for (size_t j = 0; j < 4; j++) {
		int scale = b->scales[j + 4], min = b->mins[j + 4];
		out[j] = (uint8_t)(b->scales[j] | scale >> 4 << 6);
		out[j + 4] = (uint8_t)(b->mins[j] | min >> 4 << 6);
		out[j + 8] = (uint8_t)((scale & 15) | (min & 15) << 4);
	}
}

static void q4_k(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	struct lined b = { .parts = 8, .high = 15, .small = 63 };
	memset(out, 0, 144);
	pack_lined(&b, x, w, out);
	store_small(&b, out + 4);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *to = &out[16 + i / 64 * 32 + i % 32];
		*to = (uint8_t)(*to | b.codes[i] << i / 32 % 2 * 4);
	}
}

static void q5_k(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	struct lined b = { .parts = 8, .high = 31, .small = 63 };
	memset(out, 0, 176);
	pack_lined(&b, x, w, out);
	store_small(&b, out + 4);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *to = &out[48 + i / 64 * 32 + i % 32], *high = &out[16 + i % 32];
		*to = (uint8_t)(*to | (b.codes[i] & 15) << i / 32 % 2 * 4);
		*high = (uint8_t)(*high | b.codes[i] >> 4 << i / 32);
	}
}

pack_block pack_k(enum format_index format)
{
	static const pack_block table[FORMAT_COUNT] = {
		[FORMAT_Q2_K] = q2_k, [FORMAT_Q3_K] = q3_k, [FORMAT_Q4_K] = q4_k,
		[FORMAT_Q5_K] = q5_k, [FORMAT_Q6_K] = q6_k, [FORMAT_IQ4_XS] = iq4_xs,
	};
	return table[format];
}
