/* ops: every operation at every level against libm in double precision, over odd lengths. */
#include "nn/ops.h"

#include "nn/kernels.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST = 300 };

/* Lengths that leave every rest in vectors of up to 32 values. */
static const size_t lengths[] = { 1, 2, 3, 5, 8, 13, 16, 31, 33, 64, 95, 128, 257, MOST };
enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

static float x[MOST + 1], y[MOST + 1], out[MOST + 1];

static void fill(uint64_t seed)
{
	random_floats(&seed, x, MOST + 1);
	random_floats(&seed, y, MOST + 1);
	for (size_t i = 0; i <= MOST; i++) out[i] = 777;
}

static void near(float value, double expected, double relative)
{
	double e = fabs((double)value - expected);
	if (!(e <= relative * fabs(expected) + 1e-30)) fail_msg("%s: %.9g, not %.9g", kernels_name(), (double)value, expected);
}

#define EACH_LEVEL                                                                                                                 \
	for (size_t level = 0; kernels_level(level); level++)                                                                      \
		if (kernels_choose(kernels_level(level), NULL))                                                                    \
			for (size_t l = 0, n = lengths[0]; l < LENGTHS; l++, n = lengths[l < LENGTHS ? l : 0])

static void rms_norm_divides_by_the_root_of_the_mean_square(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		fill(l + 1);
		double squares = 0;
		for (size_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
		double factor = 1 / sqrt(squares / (double)n + 1e-5);
		ops_rms_norm(x, y, 1e-5f, out, n);
		for (size_t i = 0; i < n; i++) near(out[i], (double)x[i] * factor * (double)y[i], 1e-6);
		ops_rms_norm(x, NULL, 1e-5f, out, n);
		for (size_t i = 0; i < n; i++) near(out[i], (double)x[i] * factor, 1e-6);
		assert_true(out[n] == 777);
	}
}

static void layer_norm_takes_the_mean_away(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		fill(l + 2);
		double mean = 0, squares = 0;
		for (size_t i = 0; i < n; i++) mean += (double)x[i] / (double)n;
		for (size_t i = 0; i < n; i++) squares += ((double)x[i] - mean) * ((double)x[i] - mean);
		double factor = 1 / sqrt(squares / (double)n + 1e-5);
		ops_layer_norm(x, y, x, 1e-5f, out, n);
		for (size_t i = 0; i < n; i++) {
			double v = ((double)x[i] - mean) * factor * (double)y[i] + (double)x[i];
			assert_true(fabs((double)out[i] - v) < 1e-5);
		}
		assert_true(out[n] == 777);
	}
}

static void softmax_adds_up_to_one(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		fill(l + 3);
		x[n / 2] = 40;
		double sum = 0, expected[MOST];
		for (size_t i = 0; i < n; i++) sum += expected[i] = exp((double)(x[i] - 40));
		float behind = x[n];
		ops_softmax(x, n);
		for (size_t i = 0; i < n; i++) near(x[i], expected[i] / sum, 1e-6);
		assert_true(x[n] == behind);
	}
}

static double activation(enum ops_activation kind, double g)
{
	double u = sqrt(2 / 3.14159265358979323846) * (g + 0.044715 * g * g * g), positive = g > 0 ? g : 0;
	switch (kind) {
	case OPS_SILU: return g / (1 + exp(-g));
	case OPS_GELU: return g / (1 + exp(-2 * u));
	case OPS_GELU_ERF: return g * 0.5 * (1 + erf(g / sqrt(2)));
	case OPS_GELU_QUICK: return g / (1 + exp(-1.702 * g));
	case OPS_RELU: return positive;
	case OPS_RELU_SQUARED: return positive * positive;
	case OPS_SIGMOID: return 1 / (1 + exp(-g));
	case OPS_TANH: return tanh(g);
	case OPS_LINEAR: return g;
	default: return 0;
	}
}

static void a_vector_of_unit_length_points_the_same_way(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		fill(l + 9);
		double squares = 0;
		for (size_t i = 0; i < n; i++) squares += (double)x[i] * (double)x[i];
		memcpy(out, x, sizeof out);
		ops_unit_length(out, 1e-6f, n);
		for (size_t i = 0; i < n; i++) near(out[i], (double)x[i] / sqrt(squares), 1e-6);
		memcpy(out, x, sizeof out);
		ops_unit_length(out, 1e6f, n); /* one that is shorter is not made longer than by 1 / eps */
		for (size_t i = 0; i < n; i++) near(out[i], (double)x[i] / 1e6, 1e-6);
	}
}

static void gates_agree_with_libm(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		for (int kind = 0; kind < OPS_ACTIVATIONS; kind++) {
			fill(l + 4);
			ops_gate((enum ops_activation)kind, x, y, out, n);
			for (size_t i = 0; i < n; i++) {
				double v = activation((enum ops_activation)kind, (double)x[i]),
				       size = fmax(fabs((double)x[i]), fabs(v));
				assert_true(fabs((double)out[i] - v * (double)y[i]) <= 4e-7 * size * fabs((double)y[i]));
			}
			assert_true(out[n] == 777);
			ops_gate((enum ops_activation)kind, x, NULL, x, n);
			for (size_t i = 0; i < n; i++) near(x[i] * y[i], (double)out[i], 1e-6);
		}
	}
}

/* Distance of a float from the true value in units of its last place. */
static double ulps(float value, double expected)
{
	double unit = (double)nextafterf(fabsf((float)expected), INFINITY) - fabs((double)(float)expected);
	return fabs((double)value - expected) / unit;
}

static void exp_is_within_two_ulp(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (float v = -87; v < 0; v += 0.00137f) {
			float pair[2] = { 0, v };
			ops_softmax(pair, 2);
			double t = exp((double)v);
			assert_true(ulps(pair[1], t / (1 + t)) <= 3.0);
		}
		float ends[4] = { 0, -1000, -INFINITY, -0.0f };
		ops_softmax(ends, 4);
		assert_true(ends[0] == 0.5f && ends[1] == 0 && ends[2] == 0 && ends[3] == 0.5f);
		float gate[3] = { 1000, -1000, 88 };
		ops_gate(OPS_SILU, gate, NULL, gate, 3);
		assert_true(gate[0] == 1000 && fabsf(gate[1]) < 1e-30f && gate[2] == 88);
	}
}

static void soft_cap_is_a_scaled_tanh(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (float v = -300; v < 300; v += 0.171f) {
			float one = v;
			ops_soft_cap(&one, 30, 1);
			near(one, 30 * tanh((double)v / 30), 4e-7);
		}
		float ends[2] = { INFINITY, 0 };
		ops_soft_cap(ends, 30, 2);
		assert_true(ends[0] == 30 && ends[1] == 0);
	}
}

static void sums_products_and_factors(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		fill(l + 5);
		ops_add(x, y, out, n);
		for (size_t i = 0; i < n; i++) assert_true(out[i] == x[i] + y[i]);
		ops_multiply(x, y, out, n);
		for (size_t i = 0; i < n; i++) assert_true(out[i] == x[i] * y[i]);
		ops_scale(out, 0.5f, n);
		for (size_t i = 0; i < n; i++) assert_true(out[i] == x[i] * y[i] * 0.5f);
		ops_add_scaled(out, x, 2, n);
		for (size_t i = 0; i < n; i++) near(out[i], (double)(x[i] * y[i] * 0.5f) + 2 * (double)x[i], 1e-5);
		assert_true(out[n] == 777);
		double dot = 0, size = 0;
		for (size_t i = 0; i < n; i++) {
			dot += (double)x[i] * (double)y[i];
			size += fabs((double)x[i] * (double)y[i]);
		}
		assert_true(fabs((double)ops_dot(x, y, n) - dot) <= 1e-6 * size);
		ops_sigmoid(x, n);
		for (size_t i = 0; i < n; i++) assert_true(x[i] > 0 && x[i] < 1);
	}
}

static void the_best_come_first(void **state)
{
	(void)state;
	EACH_LEVEL
	{
		fill(l + 6);
		for (size_t i = 0; i < n; i++) x[i] = (float)(random_next(&(uint64_t){ l * 1000 + i + 1 }) % 50);
		uint32_t top[8];
		size_t k = n < 8 ? n : 8;
		ops_top(x, n, top, k);
		assert_int_equal(top[0], ops_argmax(x, n));
		for (size_t j = 0; j < k; j++) {
			size_t better = 0;
			for (size_t i = 0; i < n; i++) better += x[i] > x[top[j]] || (x[i] == x[top[j]] && i < top[j]);
			assert_int_equal(better, j);
		}
	}
	float odd[4] = { NAN, -INFINITY, 3, NAN };
	uint32_t top[4];
	assert_int_equal(ops_argmax(odd, 4), 2);
	ops_top(odd, 4, top, 4);
	assert_true(top[0] == 2 && top[1] == 1 && top[2] == 0 && top[3] == 3);
	assert_int_equal(ops_argmax(odd, 0), 0);
}

static void rope_turns_pairs_and_halves(void **state)
{
	(void)state;
	enum { HEADS = 3, DIM = 20, ROT = 14 };
	float frequency[ROT / 2], c[ROT / 2], s[ROT / 2], a[HEADS * DIM], b[HEADS * DIM], before[HEADS * DIM];
	for (int i = 0; i < ROT / 2; i++) frequency[i] = powf(10000, -2.0f * (float)i / ROT);
	ops_rope_table(frequency, ROT / 2, 4321, 1.5f, c, s);
	near(c[0], 1.5 * cos(4321), 1e-6);
	near(s[3], 1.5 * sin(4321 * (double)frequency[3]), 1e-6);
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		uint64_t seed = 8;
		random_floats(&seed, before, HEADS * DIM);
		memcpy(a, before, sizeof a);
		memcpy(b, before, sizeof b);
		ops_rope_pairs(a, HEADS, DIM, ROT, c, s);
		ops_rope_halves(b, HEADS, DIM, ROT, c, s);
		for (int h = 0; h < HEADS; h++) {
			const float *p = before + h * DIM;
			for (int i = 0; i < ROT / 2; i++) {
				assert_true(fabsf(a[h * DIM + 2 * i] - (p[2 * i] * c[i] - p[2 * i + 1] * s[i])) < 1e-5f);
				assert_true(fabsf(a[h * DIM + 2 * i + 1] - (p[2 * i] * s[i] + p[2 * i + 1] * c[i])) < 1e-5f);
				assert_true(fabsf(b[h * DIM + i] - (p[i] * c[i] - p[i + ROT / 2] * s[i])) < 1e-5f);
				assert_true(fabsf(b[h * DIM + i + ROT / 2] - (p[i] * s[i] + p[i + ROT / 2] * c[i])) < 1e-5f);
			}
			for (int i = ROT; i < DIM; i++) assert_true(a[h * DIM + i] == p[i] && b[h * DIM + i] == p[i]);
		}
	}
}

static void xielu_is_a_parabola_above_zero_and_an_exponential_below(void **state)
{
	(void)state;
	const struct xielu u = { .n = 1.7f, .p = 0.8f, .beta = 0.45f, .eps = -1e-6f };
	static const float in[] = { 3, 0.5f, 1e-7f, 0, -1e-7f, -0.5f, -3, -100 };
	float got[8];
	memcpy(got, in, sizeof in);
	ops_xielu(got, &u, 8);
	for (size_t i = 0; i < 8; i++) {
		double v = (double)in[i], low = fmin(v, -1e-6);
		near(got[i], v > 0 ? 0.8 * v * v + 0.45 * v : (expm1(low) - v) * 1.7 + 0.45 * v, 1e-6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rms_norm_divides_by_the_root_of_the_mean_square),
		cmocka_unit_test(layer_norm_takes_the_mean_away),
		cmocka_unit_test(softmax_adds_up_to_one),
		cmocka_unit_test(a_vector_of_unit_length_points_the_same_way),
		cmocka_unit_test(gates_agree_with_libm),
		cmocka_unit_test(xielu_is_a_parabola_above_zero_and_an_exponential_below),
		cmocka_unit_test(exp_is_within_two_ulp),
		cmocka_unit_test(soft_cap_is_a_scaled_tanh),
		cmocka_unit_test(sums_products_and_factors),
		cmocka_unit_test(the_best_come_first),
		cmocka_unit_test(rope_turns_pairs_and_halves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
