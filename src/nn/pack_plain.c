/* pack: floats, and the formats whose blocks have one scale, or one for each 16 that stands for itself (NVFP4). */
#include "nn/codebooks.h"
#include "nn/pack_blocks.h"
#include "nn/pack_fit.h"

#include <string.h>

static const float iq4_values[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 };
static const float fp4_values[15] = { -12, -8, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 8, 12 };
static const float sign_values[2] = { -1, 1 };

static const struct steps steps_q8_0 = { -127, 255, NULL }, steps_q4_0 = { -8, 16, NULL }, steps_q5_0 = { -16, 32, NULL },
                          steps_iq4 = { 0, 16, iq4_values }, steps_fp4 = { 0, 15, fp4_values }, steps_ternary = { -1, 3, NULL },
                          steps_q2_0 = { -1, 4, NULL }, steps_sign = { 0, 2, sign_values };

/* The code of FP4 for a place in fp4_values. */
static uint8_t fp4_code(uint8_t place)
{
	return place < 7 ? (uint8_t)(15 - place) : (uint8_t)(place - 7);
}

static void f32(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l, (void)w;
	memcpy(out, x, sizeof *x);
}

static void f16(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l, (void)w;
	pack_half(out, *x);
}

/* Rounded to nearest, ties to even. */
static void bf16(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l, (void)w;
	uint32_t bits = float_bits(*x);
	bits += 0x7fff + (bits >> 16 & 1);
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 24);
}

/* The codes of a block with a half for its scale, which is stored at `out`. */
static void scaled(const struct steps *s, const float *x, const float *w, size_t n, uint8_t *out, uint8_t *codes)
{
	float d = pack_half(out, fit_scale(s, x, w, n));
	fit_error(s, x, w, n, d, codes);
}

/* 32 codes of 4 bits, low halves first. */
static void store_4(const uint8_t *codes, uint8_t *out)
{
	for (size_t i = 0; i < 16; i++) out[i] = (uint8_t)((codes[i] & 15) | codes[i + 16] << 4);
}

/* The fifth bits. */
static void store_5(const uint8_t *codes, uint8_t *high, uint8_t *out)
{
	memset(high, 0, 4);
	for (size_t i = 0; i < 32; i++) high[i / 8] = (uint8_t)(high[i / 8] | codes[i] >> 4 << i % 8);
	store_4(codes, out);
}

static void q8_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	scaled(&steps_q8_0, x, w, 32, out, codes);
	for (size_t i = 0; i < 32; i++) out[2 + i] = (uint8_t)(codes[i] - 127);
}

static void q4_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	scaled(&steps_q4_0, x, w, 32, out, codes);
	store_4(codes, out + 2);
}

static void q5_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	scaled(&steps_q5_0, x, w, 32, out, codes);
	store_5(codes, out + 2, out + 6);
}

static void lined(const float *x, const float *w, int high, uint8_t *out, uint8_t codes[32])
{
	struct line l = fit_line(x, w, 32, high, false);
	l.scale = pack_half(out, l.scale);
	l.offset = pack_half(out + 2, l.offset);
	fit_line_error(x, w, 32, high, l, codes);
}

static void q4_1(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	lined(x, w, 15, out, codes);
	store_4(codes, out + 4);
}

static void q5_1(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	lined(x, w, 31, out, codes);
	store_5(codes, out + 4, out + 8);
}

static void iq4_nl(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	scaled(&steps_iq4, x, w, 32, out, codes);
	store_4(codes, out + 2);
}

/* The power of two whose error is least, near the one that just holds the largest value. */
static void mxfp4(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[32];
	float most = 0, least = INFINITY;
	for (size_t i = 0; i < 32; i++) most = fmaxf(most, fabsf(x[i]));
	int exponent;
	frexpf(most, &exponent); /* most < 2^exponent; the largest value is 6 x 2^(e - 127) */
	int middle = most > 0 ? exponent + 124 : 0;
	out[0] = 0;
	for (int e = middle - 2; e <= middle + 1; e++) {
		if (e < 0 || e > 254) continue;
		float error = fit_error(&steps_fp4, x, w, 32, codebook_e8m0_half((uint8_t)e), NULL);
		if (error < least) {
			least = error;
			out[0] = (uint8_t)e;
		}
	}
	fit_error(&steps_fp4, x, w, 32, codebook_e8m0_half(out[0]), codes);
	for (size_t i = 0; i < 32; i++) codes[i] = fp4_code(codes[i]);
	store_4(codes, out + 1);
}

/* The scale byte nearest to a scale, from below. */
static int e4m3_below(float scale)
{
	int code = 0;
	while (code < 0x7e && codebook_e4m3_half((uint8_t)(code + 1)) <= scale) code++;
	return code;
}

static void nvfp4(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	for (size_t j = 0; j < 4; j++, x += 16, w += 16) {
		int below = e4m3_below(fabsf(fit_scale(&steps_fp4, x, w, 16)));
		float least = INFINITY;
		for (int code = below; code <= below + 1 && code <= 0x7e; code++) {
			float error = fit_error(&steps_fp4, x, w, 16, codebook_e4m3_half((uint8_t)code), NULL);
			if (!(error < least)) continue;
			least = error;
			out[j] = (uint8_t)code;
		}
		uint8_t codes[16];
		fit_error(&steps_fp4, x, w, 16, codebook_e4m3_half(out[j]), codes);
		for (size_t i = 0; i < 8; i++) {
			out[4 + 8 * j + i] = (uint8_t)(fp4_code(codes[i]) | fp4_code(codes[i + 8]) << 4);
		}
	}
}

static void q1_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[128];
	/* of a sign only the mean size is left to choose */
	struct fit_sums sums = { 0, 0 };
	for (size_t i = 0; i < 128; i++) fit_sum(&sums, w[i], fabsf(x[i]), 1);
	float d = pack_half(out, fit_best(&sums));
	fit_error(&steps_sign, x, w, 128, d, codes);
	memset(out + 2, 0, 16);
	for (size_t i = 0; i < 128; i++) out[2 + i / 8] = (uint8_t)(out[2 + i / 8] | codes[i] << i % 8);
}

static void q2_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[64];
	scaled(&steps_q2_0, x, w, 64, out, codes);
	memset(out + 2, 0, 16);
	for (size_t i = 0; i < 64; i++) out[2 + i / 4] = (uint8_t)(out[2 + i / 4] | codes[i] << i % 4 * 2);
}

/* n digits to base 3, a byte: the fraction that begins with them, rounded up so that every digit comes out again. */
static uint8_t digits(const uint8_t *codes, size_t stride, size_t n)
{
	unsigned number = 0;
	for (size_t i = 0; i < 5; i++) number = number * 3 + (i < n ? codes[i * stride] : 0);
	return (uint8_t)((number * 256 + 242) / 243);
}

static void tq1_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[256];
	scaled(&steps_ternary, x, w, 256, out + 52, codes);
	for (size_t i = 0; i < 32; i++) out[i] = digits(codes + i, 32, 5);
	for (size_t i = 0; i < 16; i++) out[32 + i] = digits(codes + 160 + i, 16, 5);
	for (size_t i = 0; i < 4; i++) out[48 + i] = digits(codes + 240 + i, 4, 4);
}

static void tq2_0(const struct lattice *l, const float *x, const float *w, uint8_t *out)
{
	(void)l;
	uint8_t codes[256];
	scaled(&steps_ternary, x, w, 256, out + 64, codes);
	memset(out, 0, 64);
	for (size_t i = 0; i < 256; i++) {
		uint8_t *to = &out[i / 128 * 32 + i % 32];
		*to = (uint8_t)(*to | codes[i] << i / 32 % 4 * 2);
	}
}

pack_block pack_plain(enum format_index format)
{
	static const pack_block table[FORMAT_COUNT] = {
		[FORMAT_F32] = f32,     [FORMAT_F16] = f16,     [FORMAT_BF16] = bf16,     [FORMAT_Q8_0] = q8_0,
		[FORMAT_Q4_0] = q4_0,   [FORMAT_Q4_1] = q4_1,   [FORMAT_Q5_0] = q5_0,     [FORMAT_Q5_1] = q5_1,
		[FORMAT_MXFP4] = mxfp4, [FORMAT_NVFP4] = nvfp4, [FORMAT_IQ4_NL] = iq4_nl, [FORMAT_Q1_0] = q1_0,
		[FORMAT_Q2_0] = q2_0,   [FORMAT_TQ1_0] = tq1_0, [FORMAT_TQ2_0] = tq2_0,
	};
	return table[format];
}
