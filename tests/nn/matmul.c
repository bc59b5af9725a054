/* matmul: products against sums in double precision, and bits that do not depend on what else is computed. */
#include "nn/matmul.h"

#include "nn/bytes.h"
#include "nn/kernel_types.h"
#include "nn/kernels.h"
#include "weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A product with all its memory. */
struct problem {
	struct matrix m;
	struct activations in;
	uint8_t *weights, *memory;
	float *x, *out, *bias;
	void *scratch;
};

static struct problem problem_new(const struct format *f, size_t rows, size_t cols, size_t n_rows, size_t n_answer, uint64_t seed)
{
	struct problem p = { 0 };
	size_t blocks = rows * cols / f->type->weights;
	/* one byte off any alignment, as in a file */
	p.weights = malloc(blocks * f->type->bytes + 1);
	random_blocks(&seed, f, p.weights + 1, blocks);
	assert_true(matrix_init(&p.m, f, p.weights + 1, rows, cols));
	p.x = malloc(n_rows * (cols + 3) * sizeof(float));
	random_floats(&seed, p.x, n_rows * (cols + 3));
	p.bias = malloc(rows * sizeof(float));
	random_floats(&seed, p.bias, rows);
	p.out = malloc(n_rows * rows * sizeof(float));
	p.memory = aligned_alloc(64, activations_bytes(n_rows, cols) + 64);
	p.scratch = aligned_alloc(64, (matmul_scratch_bytes() + 63) / 64 * 64);
	activations_init(&p.in, p.x, cols + 3, n_rows, n_answer, cols, false, p.memory);
	activations_quantize(&p.in, 0, n_rows);
	return p;
}

static void problem_free(struct problem *p)
{
	free(p->weights);
	free(p->x);
	free(p->bias);
	free(p->out);
	free(p->memory);
	free(p->scratch);
}

static void run_rows(struct problem *p, const uint32_t *pick, size_t n_pick, size_t first, size_t last, float *out)
{
	struct matmul_job job = {
		.weights = &p->m, .in = &p->in, .pick = pick, .n_pick = n_pick, .out = out, .out_stride = p->m.rows
	};
	matmul(&job, first, last, p->scratch);
}

/* Squared error over squared size of out against the double sums; rows [0, n_rows). */
static double nmse(const struct problem *p, size_t n_rows)
{
	double error = 0, size = 0;
	float *row = malloc(p->m.cols * sizeof(float));
	for (size_t o = 0; o < p->m.rows; o++) {
		p->m.format->unpack(p->m.data + o * p->m.row_bytes, p->m.cols / p->m.format->type->weights, row);
		for (size_t r = 0; r < n_rows; r++) {
			double sum = 0;
			for (size_t i = 0; i < p->m.cols; i++) sum += (double)row[i] * (double)p->x[r * p->in.stride + i];
			double d = (double)p->out[r * p->m.rows + o] - sum;
			error += d * d;
			size += sum * sum;
		}
	}
	free(row);
	return error / size;
}

/* Squared error of the first `n_rows` rows as a part of what rounding the activations to 8 bits, a scale for each 32, makes on
 * average: a twelfth of the square of a step, times the square of the weight. About 1; errors are independent, so many outputs lie
 * near it. */
static double rounding_part(const struct problem *p, size_t n_rows)
{
	double error = 0, expected = 0;
	float *row = malloc(p->m.cols * sizeof(float));
	for (size_t o = 0; o < p->m.rows; o++) {
		p->m.format->unpack(p->m.data + o * p->m.row_bytes, p->m.cols / p->m.format->type->weights, row);
		for (size_t r = 0; r < n_rows; r++) {
			const float *x = p->x + r * p->in.stride;
			double sum = 0;
			for (size_t block = 0; block < p->m.cols; block += 32) {
				double most = 0, squares = 0;
				for (size_t i = block; i < block + 32; i++) {
					sum += (double)row[i] * (double)x[i];
					squares += (double)row[i] * (double)row[i];
					if (fabs((double)x[i]) > most) most = fabs((double)x[i]);
				}
				expected += squares * (most / 127) * (most / 127) / 12;
			}
			double d = (double)p->out[r * p->m.rows + o] - sum;
			error += d * d;
		}
	}
	free(row);
	return error / expected;
}

static void every_format_multiplies_at_every_level(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t i = 0; i < FORMAT_COUNT; i++) {
			const struct format *f = format_at(i);
			for (size_t n_answer = 0; n_answer <= 9; n_answer += 9) {
				struct problem p = problem_new(f, 37, 1280, 9, n_answer, 77 + i);
				run_rows(&p, NULL, 0, 0, 37, p.out);
				const struct form_16 *form = activations_form(&p.in, &p.m);
				bool rounded = (f->quantized && n_answer > 0) || (form && form->round == bytes_round);
				double e = rounded ? rounding_part(&p, 9) : nmse(&p, 9), most = 1e-11;
				if (form) most = form == &kernels_chosen->bf16 ? 1e-5 : 1e-6;
				if (rounded) most = 2;
				if (!(e < most))
					fail_msg("%s at %s, %zu answer rows: error %g", f->type->name, kernels_name(), n_answer, e);
				problem_free(&p);
			}
		}
	}
}

static void odd_lengths_multiply(void **state)
{
	(void)state;
	static const size_t lengths[] = { 1, 3, 7, 8, 9, 31, 100, 511, 513, 1025 };
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t f = FORMAT_F32; f <= FORMAT_BF16; f++) {
			for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
				struct problem p = problem_new(format_at(f), 5 + i, lengths[i], 5, i % 6, i + 1);
				run_rows(&p, NULL, 0, 0, 5 + i, p.out);
				assert_true(nmse(&p, 5) < 1e-11);
				problem_free(&p);
			}
		}
	}
}

/* Rows one by one and outputs in uneven pieces give the bits of the whole. */
static void check_independence(const struct format *f, size_t n_rows, size_t n_answer)
{
	enum { ROWS = 150, COLS = 1536 };
	struct problem p = problem_new(f, ROWS, COLS, n_rows, n_answer, 5);
	run_rows(&p, NULL, 0, 0, ROWS, p.out);
	float *other = malloc(n_rows * ROWS * sizeof(float));
	static const size_t cuts[] = { 0, 1, 16, 17, 64, 101, 131, ROWS };
	for (size_t c = 0; c + 1 < sizeof cuts / sizeof cuts[0]; c++) run_rows(&p, NULL, 0, cuts[c], cuts[c + 1], other);
	assert_memory_equal(other, p.out, n_rows * ROWS * sizeof(float));
	for (uint32_t r = 0; r < n_rows; r++) {
		run_rows(&p, &r, 1, 0, ROWS, other);
		if (memcmp(other, p.out + r * ROWS, ROWS * sizeof(float)) != 0)
			fail_msg("%s at %s: row %u of %zu differs alone", f->type->name, kernels_name(), r, n_rows);
	}
	free(other);
	problem_free(&p);
}

static void bits_do_not_depend_on_other_rows_or_cuts(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t i = 0; i < FORMAT_COUNT; i++) {
			check_independence(format_at(i), 11, 0);
			check_independence(format_at(i), 11, 11);
			check_independence(format_at(i), 53, 7);
		}
	}
}

static void picked_rows_bias_and_sums(void **state)
{
	(void)state;
	struct problem p = problem_new(format_find(TYPE_Q8_0), 40, 96, 6, 3, 9);
	static const uint32_t pick[] = { 1, 2, 4 };
	float out[3 * 40], before[3 * 40];
	uint64_t seed = 3;
	random_floats(&seed, out, 120);
	memcpy(before, out, sizeof out);
	struct matmul_job job = { &p.m, &p.in, pick, 3, p.bias, out, 40, true };
	run_rows(&p, NULL, 0, 0, 40, p.out);
	matmul(&job, 0, 40, p.scratch);
	for (size_t i = 0; i < 3; i++) {
		for (size_t o = 0; o < 40; o++) {
			float expected = before[i * 40 + o] + p.out[pick[i] * 40 + o] + p.bias[o];
			assert_true(fabsf(out[i * 40 + o] - expected) < 1e-5f);
		}
	}
	problem_free(&p);
}

static void exact_rows_use_floats(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		struct problem p = problem_new(format_at(i), 16, 512, 3, 3, 21);
		activations_init(&p.in, p.x, p.in.stride, 3, 3, 512, true, NULL);
		activations_quantize(&p.in, 0, 3);
		run_rows(&p, NULL, 0, 0, 16, p.out);
		assert_true(nmse(&p, 3) < 1e-11);
		problem_free(&p);
	}
}

static void eight_bits_keep_zero_small_and_huge_values(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		float x[96] = { 0 };
		uint8_t memory[1024] __attribute__((aligned(64)));
		for (int i = 0; i < 32; i++) {
			x[32 + i] = (float)(i - 16) * 1e30f;
			x[64 + i] = i == 5 ? 1.0f : 1e-20f;
		}
		struct activations a;
		assert_true(activations_bytes(1, 96) <= sizeof memory);
		activations_init(&a, x, 96, 1, 1, 96, false, memory);
		activations_quantize(&a, 0, 1);
		for (int i = 0; i < 32; i++) assert_int_equal(a.q[i], 0);
		assert_true(a.scales[0] == 0);
		assert_int_equal(a.q[32], -127);
		assert_int_equal(a.q[32 + 16], 0);
		assert_true(fabsf(a.scales[1] * 127.0f / 16e30f - 1) < 1e-6f);
		assert_int_equal(a.q[64 + 5], 127);
		assert_int_equal(a.sums[4], 127);
		assert_int_equal(a.sums[5], 0);
	}
}

static void values_that_are_no_numbers_stay_in_their_row(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		struct problem p = problem_new(format_find(TYPE_Q4_K), 24, 256, 4, 4, 13);
		run_rows(&p, NULL, 0, 0, 24, p.out);
		float good[24];
		memcpy(good, p.out + 2 * 24, sizeof good);
		p.x[1 * p.in.stride + 7] = NAN;
		p.x[3 * p.in.stride + 7] = INFINITY;
		activations_quantize(&p.in, 0, 4);
		run_rows(&p, NULL, 0, 0, 24, p.out);
		assert_memory_equal(good, p.out + 2 * 24, sizeof good);
		problem_free(&p);
	}
}

static void a_matrix_holds_whole_blocks(void **state)
{
	(void)state;
	struct matrix m;
	uint8_t data[18 * 8] = { 0 };
	assert_false(matrix_init(&m, format_find(TYPE_Q4_0), data, 2, 48));
	assert_true(matrix_init(&m, format_find(TYPE_Q4_0), data, 2, 64));
	assert_int_equal(m.row_bytes, 36);
	assert_ptr_equal(matrix_at(&m, 1).data, data + 72);
	data[36] = 0;
	data[37] = 0x3c; /* the second row's first scale is 1 */
	float row[64];
	matrix_row(&m, 1, row);
	assert_true(row[0] == -8 && row[31] == -8 && row[32] == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_multiplies_at_every_level),
		cmocka_unit_test(odd_lengths_multiply),
		cmocka_unit_test(bits_do_not_depend_on_other_rows_or_cuts),
		cmocka_unit_test(picked_rows_bias_and_sums),
		cmocka_unit_test(exact_rows_use_floats),
		cmocka_unit_test(eight_bits_keep_zero_small_and_huge_values),
		cmocka_unit_test(values_that_are_no_numbers_stay_in_their_row),
		cmocka_unit_test(a_matrix_holds_whole_blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
