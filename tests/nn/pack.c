/*
 * pack: what a format keeps of seeded heavy-tailed weights, compared with what llama.cpp's quantizer keeps of the same ones, and
 * properties that every format has.
 */
#include "nn/pack.h"

#include "base/memory.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { ROWS = 8, COLS = 512, WEIGHTS = ROWS * COLS };

/* The root of the mean squared error of llama.cpp 0.5.0's ggml_quantize_chunk on `weights` below, importance 1 where it wants one.
 */
static const double peer[FORMAT_COUNT] = {
	[FORMAT_F16] = 3.14267e-06,    [FORMAT_BF16] = 2.44467e-05,  [FORMAT_Q8_0] = 0.000129805,  [FORMAT_Q4_0] = 0.00205804,
	[FORMAT_Q4_1] = 0.00154553,    [FORMAT_Q5_0] = 0.00104852,   [FORMAT_Q5_1] = 0.000735182,  [FORMAT_Q2_K] = 0.00524709,
	[FORMAT_Q3_K] = 0.00311495,    [FORMAT_Q4_K] = 0.00142089,   [FORMAT_Q5_K] = 0.000727236,  [FORMAT_Q6_K] = 0.000389466,
	[FORMAT_MXFP4] = 0.0023341,    [FORMAT_NVFP4] = 0.00161139,  [FORMAT_IQ4_NL] = 0.00158719, [FORMAT_IQ4_XS] = 0.00161339,
	[FORMAT_Q1_0] = 0.011328,      [FORMAT_Q2_0] = 0.0101123,    [FORMAT_TQ1_0] = 0.011967,    [FORMAT_TQ2_0] = 0.011967,
	[FORMAT_IQ2_XXS] = 0.00714318, [FORMAT_IQ2_XS] = 0.00589448, [FORMAT_IQ2_S] = 0.00532129,  [FORMAT_IQ3_XXS] = 0.00338768,
	[FORMAT_IQ3_S] = 0.00302318,   [FORMAT_IQ1_S] = 0.00989246,  [FORMAT_IQ1_M] = 0.00785209,
};

static const float *weights(void)
{
	static float x[WEIGHTS];
	uint64_t seed = 12345;
	for (size_t i = 0; i < WEIGHTS; i++) x[i] = random_float(&seed) * 0.02f;
	return x;
}

/* The rows packed and unpacked again. */
static void through(const struct format *f, const float *x, const float *importance, size_t rows, size_t cols, float *out)
{
	struct error e;
	struct packer *p = packer_new(f, &e);
	static uint8_t packed[COLS * sizeof(float)];
	assert_non_null(p);
	for (size_t r = 0; r < rows; r++) {
		packer_row(p, x + r * cols, importance, cols, packed);
		f->unpack(packed, cols / f->type->weights, out + r * cols);
	}
	packer_free(p);
}

/* The root of the mean of w (x - y)^2. */
static double rmse(const float *x, const float *y, const float *w, size_t n)
{
	double sum = 0, all = 0;
	for (size_t i = 0; i < n; i++) {
		double d = (double)x[i] - (double)y[i], wi = w ? (double)w[i % COLS] : 1;
		sum += wi * d * d;
		all += wi;
	}
	return sqrt(sum / all);
}

static void formats_lose_no_more_than_the_peers_quantizer(void **state)
{
	(void)state;
	static float out[WEIGHTS];
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		const struct format *f = format_at(i);
		through(f, weights(), NULL, ROWS, COLS, out);
		double error = rmse(weights(), out, NULL, WEIGHTS);
		if (!(error <= 1.02 * peer[i])) fail_msg("%s: %g for %g", f->type->name, error, peer[i]);
	}
}

static void importance_moves_the_error_to_where_it_matters_less(void **state)
{
	(void)state;
	static float out[WEIGHTS], w[COLS];
	uint64_t seed = 7;
	for (size_t i = 0; i < COLS; i++) {
		float v = random_float(&seed);
		w[i] = v * v;
	}
	static const enum format_index formats[] = { FORMAT_Q4_0,   FORMAT_Q4_K,   FORMAT_Q2_K,
		                                     FORMAT_IQ4_XS, FORMAT_IQ2_XS, FORMAT_IQ1_M };
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		through(format_at(formats[i]), weights(), NULL, ROWS, COLS, out);
		double without = rmse(weights(), out, w, WEIGHTS);
		through(format_at(formats[i]), weights(), w, ROWS, COLS, out);
		double with = rmse(weights(), out, w, WEIGHTS);
		if (!(with < 0.99 * without)) fail_msg("%s: %g, without %g", format_at(formats[i])->type->name, with, without);
	}
}

/* Zeros, one value among zeros, equal values, tiny and huge ones, importance of nothing: finite, and zeros stay zeros. */
static void odd_blocks_are_packed(void **state)
{
	(void)state;
	static float x[6][256], out[256], none[256];
	x[1][17] = -3;
	for (size_t i = 0; i < 256; i++) {
		x[2][i] = 0.25f;
		x[3][i] = 1e-30f * (float)i;
		x[4][i] = i % 2 ? 3e4f : -3e4f;
		x[5][i] = (float)i - 128;
	}
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		const struct format *f = format_at(i);
		for (size_t k = 0; k < 6; k++) {
			for (int important = 0; important < 2; important++) {
				through(f, x[k], important ? none : NULL, 1, 256, out);
				for (size_t j = 0; j < 256; j++) {
					if (!isfinite(out[j]) || (k == 0 && out[j] != 0))
						fail_msg("%s, block %zu: value %zu is %g", f->type->name, k, j, (double)out[j]);
				}
			}
		}
	}
}

/* Weights that a format can say exactly come back exactly: packing twice changes nothing. */
static void ternary_weights_are_kept(void **state)
{
	(void)state;
	static float x[256], out[256];
	uint64_t seed = 3;
	for (size_t i = 0; i < 256; i++) x[i] = 0.125f * (float)((int)(random_next(&seed) % 3) - 1);
	static const enum format_index formats[] = {
		FORMAT_TQ1_0, FORMAT_TQ2_0, FORMAT_Q2_0, FORMAT_Q8_0, FORMAT_F16, FORMAT_MXFP4
	};
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		const struct format *f = format_at(formats[i]);
		through(f, x, NULL, 1, 256, out);
		for (size_t j = 0; j < 256; j++) {
			if (fabsf(out[j] - x[j]) > 1e-4f)
				fail_msg("%s: value %zu is %g, not %g", f->type->name, j, (double)out[j], (double)x[j]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_lose_no_more_than_the_peers_quantizer),
		cmocka_unit_test(importance_moves_the_error_to_where_it_matters_less),
		cmocka_unit_test(odd_blocks_are_packed),
		cmocka_unit_test(ternary_weights_are_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
