/* scan: the recurrences at every level against double precision, and bits that depend on no cut. */
#include "nn/scan.h"

#include "nn/kernels.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { KEYS = 24, VALUES = 70, ROWS = 9 };

struct inputs {
	float decay[ROWS][KEYS], key[ROWS][KEYS], read[ROWS][KEYS], from[ROWS][KEYS], to[ROWS][KEYS], value[ROWS][VALUES];
	float state[KEYS * VALUES];
	struct scan_row rows[ROWS];
};

static void make(struct inputs *in, size_t n_keys, size_t n_values, bool feedback, float out[ROWS][VALUES])
{
	uint64_t seed = n_keys * 1000 + n_values;
	random_floats(&seed, in->state, n_keys * n_values);
	for (size_t r = 0; r < ROWS; r++) {
		random_floats(&seed, in->key[r], n_keys);
		random_floats(&seed, in->read[r], n_keys);
		random_floats(&seed, in->from[r], n_keys);
		random_floats(&seed, in->to[r], n_keys);
		random_floats(&seed, in->value[r], n_values);
		for (size_t k = 0; k < n_keys; k++) {
			in->decay[r][k] = 1 / (1 + fabsf(random_float(&seed)));
			in->to[r][k] *= 0.1f;
		}
		in->rows[r] = (struct scan_row){ .decay = in->decay[r],
			                         .key = in->key[r],
			                         .read = in->read[r],
			                         .from = feedback ? in->from[r] : NULL,
			                         .to = feedback ? in->to[r] : NULL,
			                         .value = in->value[r],
			                         .out = out[r],
			                         .bonus = 0.3f };
	}
}

/* One row as nn/scan.h says it. */
static void expect(double *state, size_t n_keys, size_t n_values, const struct scan_row *row, bool first, double *out)
{
	for (size_t v = 0; v < n_values; v++) {
		double back = 0, before = 0, after = 0;
		for (size_t k = 0; k < n_keys; k++) {
			before += (double)row->read[k] * state[scan_at(n_keys, n_values, k, v)];
			if (row->from) back += (double)row->from[k] * state[scan_at(n_keys, n_values, k, v)];
		}
		for (size_t k = 0; k < n_keys; k++) {
			double *s = &state[scan_at(n_keys, n_values, k, v)];
			*s = *s * (double)row->decay[k] + (double)row->key[k] * (double)row->value[v];
			if (row->to) *s += (double)row->to[k] * back;
			after += (double)row->read[k] * *s;
		}
		out[v] = first ? before + (double)row->bonus * (double)row->value[v] : after;
	}
}

/* Errors and values squared, over all rows: a single value may be a small difference of large ones. */
struct difference {
	double error, size;
};

static void compare(struct difference *d, const float *x, const double *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		d->error += ((double)x[i] - wanted[i]) * ((double)x[i] - wanted[i]);
		d->size += wanted[i] * wanted[i];
	}
}

static void check_rows(size_t n_keys, size_t n_values, bool feedback, bool first)
{
	static struct inputs in, again;
	static float out[ROWS][VALUES], cut[ROWS][VALUES];
	double state[KEYS * VALUES], wanted[VALUES];
	struct difference d = { 0, 0 };
	make(&in, n_keys, n_values, feedback, out);
	make(&again, n_keys, n_values, feedback, cut);
	for (size_t i = 0; i < n_keys * n_values; i++) state[i] = (double)in.state[i];
	scan_rows(in.state, n_keys, n_values, in.rows, ROWS, first);
	for (size_t r = 0; r < ROWS; r++) {
		expect(state, n_keys, n_values, &in.rows[r], first, wanted);
		compare(&d, out[r], wanted, n_values);
	}
	compare(&d, in.state, state, n_keys * n_values);
	assert_true(d.error < 1e-12 * d.size);
	scan_rows(again.state, n_keys, n_values, again.rows, 4, first);
	scan_rows(again.state, n_keys, n_values, again.rows + 4, ROWS - 4, first);
	assert_memory_equal(in.state, again.state, n_keys * n_values * sizeof(float));
	for (size_t r = 0; r < ROWS; r++) assert_memory_equal(out[r], cut[r], n_values * sizeof(float));
}

static void rows_follow_the_formula_whatever_the_cut(void **state)
{
	(void)state;
	static const size_t values[] = { 1, 3, 8, 17, 64, VALUES };
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
			for (unsigned way = 0; way < 4; way++) check_rows(i % 2 ? KEYS : 5, values[i], way & 1, way & 2);
		}
	}
}

static void check_channels(size_t n_state, size_t n)
{
	static float a[VALUES * KEYS], start[KEYS * VALUES], s[KEYS * VALUES], again[KEYS * VALUES];
	static float step[ROWS][VALUES], x[ROWS][VALUES], key[ROWS][KEYS], read[ROWS][KEYS], out[ROWS][VALUES], cut[ROWS][VALUES];
	double state[KEYS * VALUES], wanted[VALUES];
	struct scan_channels_row rows[ROWS], others[ROWS];
	struct difference d = { 0, 0 };
	uint64_t seed = n * 100 + n_state;
	random_floats(&seed, start, KEYS * VALUES);
	for (size_t i = 0; i < n * n_state; i++) a[i] = -fabsf(random_float(&seed));
	for (size_t i = 0; i < KEYS * VALUES; i++) state[i] = (double)(again[i] = s[i] = start[i]);
	for (size_t r = 0; r < ROWS; r++) {
		random_floats(&seed, x[r], n);
		random_floats(&seed, key[r], n_state);
		random_floats(&seed, read[r], n_state);
		for (size_t c = 0; c < n; c++) step[r][c] = fabsf(random_float(&seed));
		rows[r] = others[r] = (struct scan_channels_row){ step[r], x[r], key[r], read[r], out[r] };
		others[r].out = cut[r];
	}
	scan_channels(s, a, n_state, n, rows, ROWS);
	for (size_t r = 0; r < ROWS; r++) {
		for (size_t c = 0; c < n; c++) {
			double sum = 0, dt = (double)step[r][c];
			for (size_t k = 0; k < n_state; k++) {
				double *at = &state[scan_at(n_state, n, k, c)];
				*at = *at * exp(dt * (double)a[c * n_state + k]) + dt * (double)x[r][c] * (double)key[r][k];
				sum += *at * (double)read[r][k];
			}
			wanted[c] = sum;
		}
		compare(&d, out[r], wanted, n);
	}
	assert_true(d.error < 1e-12 * d.size);
	assert_memory_equal(s + n_state * n, start + n_state * n, (KEYS * VALUES - n_state * n) * sizeof(float));
	scan_channels(again, a, n_state, n, others, 5);
	scan_channels(again, a, n_state, n, others + 5, ROWS - 5);
	assert_memory_equal(s, again, sizeof s);
	for (size_t r = 0; r < ROWS; r++) assert_memory_equal(out[r], cut[r], n * sizeof(float));
}

static void channels_follow_the_formula_whatever_the_cut(void **state)
{
	(void)state;
	static const size_t counts[] = { 1, 4, 15, 16, 33, VALUES };
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) check_channels(i % 2 ? KEYS : 7, counts[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_follow_the_formula_whatever_the_cut),
		cmocka_unit_test(channels_follow_the_formula_whatever_the_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
