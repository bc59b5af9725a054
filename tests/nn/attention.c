/* attention: against plain loops in double precision, and bits that depend on nothing but the row. */
#include "nn/attention.h"
#include "nn/format.h"
#include "nn/kv_pack.h"

#include "nn/kernels.h"
#include "weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { PAGES = 24 };

/* A session with stored keys and values, and queries for its last rows. */
struct scene {
	struct attention_job job;
	struct attention_run run;
	size_t n_positions, layer;
	float *k, *v, *q, *out; /* k and v as the type keeps them */
	uint8_t *pages[PAGES];
	void *scratch, *partial;
};

static float *floats_new(uint64_t *seed, size_t n)
{
	float *x = malloc(n * sizeof *x);
	random_floats(seed, x, n);
	return x;
}

/* What n heads of a position become when they are stored. */
static void keep(enum kv_type type, float *x, size_t n_heads, size_t head)
{
	enum format_index format = type == KV_Q8_0 ? FORMAT_Q8_0 : FORMAT_Q4_0;
	for (size_t i = 0; type == KV_F16 && i < n_heads * head; i++) x[i] = half_to_float(half_from_float(x[i]));
	for (size_t h = 0; type != KV_F32 && type != KV_F16 && h < n_heads; h++) {
		uint8_t blocks[KV_HEAD_MOST * 2];
		float whole[KV_HEAD_MOST];
		kv_pack(type, x + h * head, head, blocks);
		format_at(format)->unpack(blocks, (head + 31) / 32, whole);
		memcpy(x + h * head, whole, head * sizeof *x);
	}
}

static struct scene *scene_new(struct kv_shape shape, size_t n_heads, size_t n_positions, size_t n_rows)
{
	struct scene *s = calloc(1, sizeof *s);
	uint64_t seed = 99;
	s->n_positions = n_positions;
	s->layer = kv_layer_bytes(&shape);
	s->k = floats_new(&seed, n_positions * shape.n_heads * shape.head_k);
	s->v = floats_new(&seed, n_positions * shape.n_heads * shape.head_v);
	s->q = floats_new(&seed, n_rows * n_heads * shape.head_k);
	s->out = calloc(n_rows * n_heads * shape.head_v, sizeof(float));
	for (size_t p = 0; p < PAGES; p++) {
		s->pages[p] = aligned_alloc(64, 2 * s->layer);
		memset(s->pages[p], 0, 2 * s->layer);
	}
	for (size_t p = 0; p < n_positions; p++) {
		kv_store(&shape, s->pages[p / KV_PAGE] + s->layer, p % KV_PAGE, s->k + p * shape.n_heads * shape.head_k,
		         s->v + p * shape.n_heads * shape.head_v);
		keep(shape.type, s->k + p * shape.n_heads * shape.head_k, shape.n_heads, shape.head_k);
		keep(shape.type, s->v + p * shape.n_heads * shape.head_v, shape.n_heads, shape.head_v);
	}
	s->run = (struct attention_run){ 0, n_rows, false, n_positions - n_rows, (const uint8_t *const *)s->pages };
	s->scratch = aligned_alloc(64, attention_scratch_bytes(&shape, n_heads / shape.n_heads));
	s->partial = aligned_alloc(64, attention_partial_bytes(&shape, n_heads, PAGES * KV_PAGE, 4));
	s->job = (struct attention_job){ .kv = shape,
		                         .layer_offset = s->layer,
		                         .n_heads = n_heads,
		                         .q = s->q,
		                         .q_stride = n_heads * shape.head_k,
		                         .out = s->out,
		                         .out_stride = n_heads * shape.head_v,
		                         .scale = 0.3f,
		                         .runs = &s->run,
		                         .n_runs = 1,
		                         .partial = s->partial };
	return s;
}

static void scene_free(struct scene *s)
{
	for (size_t p = 0; p < PAGES; p++) free(s->pages[p]);
	free(s->k);
	free(s->v);
	free(s->q);
	free(s->out);
	free(s->scratch);
	free(s->partial);
	free(s);
}

static void compute(struct scene *s, unsigned count)
{
	for (unsigned t = 0; t < count; t++) attention_compute(&s->job, t, count, s->scratch);
	if (!attention_wants_merge(&s->job, count)) return;
	for (unsigned t = 0; t < count; t++) attention_merge(&s->job, t, count);
}

/* What head `h` of row `r` should be, in double. */
static void expected_row(const struct scene *s, size_t r, size_t h, double *out)
{
	const struct attention_job *j = &s->job;
	const struct kv_shape *kv = &j->kv;
	size_t kh = h / (j->n_heads / kv->n_heads), position = s->run.position + r;
	size_t last = j->whole ? s->n_positions : position + 1,
	       first = j->window && position + 1 > j->window ? position + 1 - j->window : 0;
	static double w[PAGES * KV_PAGE];
	double max = j->sinks ? (double)j->sinks[h] : -1e300, sum = 0;
	for (size_t p = first; p < last; p++) {
		double dot = 0;
		for (size_t d = 0; d < kv->head_k; d++)
			dot += (double)s->q[r * j->q_stride + h * kv->head_k + d] *
			       (double)s->k[(p * kv->n_heads + kh) * kv->head_k + d];
		w[p] = dot * (double)j->scale;
		if (j->soft_cap > 0) w[p] = (double)j->soft_cap * tanh(w[p] / (double)j->soft_cap);
		if (w[p] > max) max = w[p];
	}
	for (size_t d = 0; d < kv->head_v; d++) out[d] = 0;
	for (size_t p = first; p < last; p++) {
		w[p] = exp(w[p] - max);
		sum += w[p];
		for (size_t d = 0; d < kv->head_v; d++) out[d] += w[p] * (double)s->v[(p * kv->n_heads + kh) * kv->head_v + d];
	}
	if (j->sinks) sum += exp((double)j->sinks[h] - max);
	for (size_t d = 0; d < kv->head_v; d++) out[d] /= sum;
}

static double nmse(const struct scene *s)
{
	double error = 0, size = 0, expected[KV_HEAD_MOST];
	for (size_t r = 0; r < s->run.n_rows; r++) {
		for (size_t h = 0; h < s->job.n_heads; h++) {
			expected_row(s, r, h, expected);
			for (size_t d = 0; d < s->job.kv.head_v; d++) {
				double e = (double)s->out[r * s->job.out_stride + h * s->job.kv.head_v + d] - expected[d];
				error += e * e;
				size += expected[d] * expected[d];
			}
		}
	}
	return error / size;
}

/* Computes with 1 thread, checks the values, then with 2, 3 and 4 for the same bits. */
static void check_kind(struct scene *s, bool prompt)
{
	size_t bytes = s->run.n_rows * s->job.out_stride * sizeof(float);
	s->run.prompt = prompt;
	compute(s, 1);
	/* quantized types may round queries and weights to 15 bits, prompt rows keys and values too, below what these have lost */
	double e = nmse(s), allowed = s->job.kv.type != KV_F32 && s->job.kv.type != KV_F16 ? 1e-7 : 1e-11;
	if (prompt && s->job.kv.type == KV_F16) allowed = 1e-7;
	if (!(e < allowed))
		fail_msg("%s, %s, %zu positions, %zu rows: nmse %g", kernels_name(), prompt ? "prompt" : "answer", s->n_positions,
		         s->run.n_rows, e);
	float *first = malloc(bytes);
	memcpy(first, s->out, bytes);
	for (unsigned count = 2; count <= 4; count++) {
		memset(s->out, 0xff, bytes);
		compute(s, count);
		if (memcmp(first, s->out, bytes) != 0)
			fail_msg("%s: %zu positions, %zu rows, prompt %d: other bits on %u threads", kernels_name(), s->n_positions,
			         s->run.n_rows, prompt, count);
	}
	free(first);
}

static void check(struct scene *s)
{
	check_kind(s, false);
	check_kind(s, true);
}

static void shapes_agree_with_plain_loops(void **state)
{
	(void)state;
	static const struct {
		struct kv_shape shape;
		size_t n_heads, n_positions, n_rows;
	} cases[] = {
		{ { KV_F32, 2, 64, 64 }, 4, 1, 1 },       { { KV_F16, 2, 64, 64 }, 4, 70, 70 },
		{ { KV_F16, 1, 128, 128 }, 8, 1200, 1 },  { { KV_F16, 2, 80, 96 }, 2, 513, 9 },
		{ { KV_F32, 1, 16, 16 }, 4, 130, 96 },    { { KV_F16, 1, 256, 256 }, 1, 640, 3 },
		{ { KV_F16, 1, 7, 5 }, 3, 100, 4 },       { { KV_F16, 2, 192, 128 }, 2, 65, 2 },
		{ { KV_F32, 1, 512, 512 }, 1, 66, 2 },    { { KV_F16, 1, 64, 64 }, 71, 90, 2 },
		{ { KV_Q8_0, 2, 64, 64 }, 8, 700, 1 },    { { KV_Q8_0, 1, 80, 40 }, 5, 513, 9 },
		{ { KV_Q8_0, 2, 128, 128 }, 4, 130, 96 }, { { KV_Q4_0, 2, 64, 128 }, 6, 600, 2 },
		{ { KV_Q4_0, 1, 7, 5 }, 3, 100, 4 },      { { KV_Q4_0, 1, 512, 512 }, 1, 66, 2 },
		{ { KV_F16, 4, 64, 64 }, 4, 1100, 4 },    { { KV_F32, 1, 3, 1 }, 1, 1030, 5 },
		{ { KV_F16, 1, 64, 48 }, 3, 900, 300 },   { { KV_Q4_0, 2, 40, 72 }, 8, 300, 100 },
	};
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			struct scene *s = scene_new(cases[i].shape, cases[i].n_heads, cases[i].n_positions, cases[i].n_rows);
			check(s);
			scene_free(s);
		}
	}
}

static void windows_caps_sinks_and_whole(void **state)
{
	(void)state;
	static const float sinks[4] = { 1, -2, 30, 0 };
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		struct scene *s = scene_new((struct kv_shape){ KV_F16, 2, 32, 32 }, 4, 1100, 3);
		for (size_t window = 1; window < 1200; window = window * 3 + 1) {
			s->job.window = window;
			check(s);
		}
		s->job.window = 0;
		s->job.soft_cap = 5;
		check(s);
		s->job.sinks = sinks;
		check(s);
		s->job.whole = true;
		check(s);
		scene_free(s);
		s = scene_new((struct kv_shape){ KV_F16, 2, 32, 32 }, 4, 600, 300);
		s->job.window = 100;
		check(s);
		scene_free(s);
		s = scene_new((struct kv_shape){ KV_F32, 1, 32, 32 }, 2, 150, 150);
		s->job.window = 100;
		check(s);
		scene_free(s);
	}
}

static void a_row_has_the_same_bits_alone_and_among_others(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (size_t i = 0; i < 2 * KV_TYPES; i++) {
			struct scene *s = scene_new((struct kv_shape){ (enum kv_type)(i / 2), 2, 40, 36 }, 6, 700, 200);
			s->run.prompt = i % 2;
			s->job.window = 600;
			compute(s, 1);
			size_t bytes = s->job.out_stride * sizeof(float);
			float *all = malloc(200 * bytes);
			memcpy(all, s->out, 200 * bytes);
			for (size_t r = 0; r < 200; r += 7) {
				s->run = (struct attention_run){ r, 1, s->run.prompt, 500 + r, (const uint8_t *const *)s->pages };
				compute(s, 1 + (unsigned)r % 4);
				assert_memory_equal(s->out + r * s->job.out_stride, all + r * s->job.out_stride, bytes);
			}
			free(all);
			scene_free(s);
		}
	}
}

/* One position takes nearly all of the weight and brings nothing, as models do with their first one: the rest keeps its precision.
 */
static void a_position_without_a_value_costs_the_others_nothing(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		struct scene *s = scene_new((struct kv_shape){ KV_F16, 1, 64, 64 }, 4, 64, 20);
		float *k = s->k, *v = s->v;
		for (size_t d = 0; d < 64; d++) {
			k[d] = 20, v[d] *= 1e-6f;
			for (size_t r = 0; r < 20 * 4; r++) s->q[r * 64 + d] = 0.02f + 0.01f * s->q[r * 64 + d];
		}
		keep(KV_F16, v, 1, 64);
		kv_store(&s->job.kv, s->pages[0] + s->layer, 0, k, v);
		check(s);
		scene_free(s);
	}
}

/* A query that is no number spoils its own result and no other. */
static void what_is_no_number_stays_alone(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		struct scene *s = scene_new((struct kv_shape){ KV_F16, 1, 64, 64 }, 1, 130, 40);
		s->run.prompt = true;
		compute(s, 1);
		float *all = malloc(40 * 64 * sizeof *all);
		memcpy(all, s->out, 40 * 64 * sizeof *all);
		s->q[7 * 64 + 3] = (float)NAN;
		s->q[21 * 64 + 63] = (float)INFINITY;
		compute(s, 1);
		for (size_t r = 0; r < 40; r++) {
			if (r != 7 && r != 21) assert_memory_equal(s->out + r * 64, all + r * 64, 64 * sizeof *all);
		}
		free(all);
		scene_free(s);
	}
}

/* Answers and prompts beside each other have the bits that they have alone. */
static void kinds_in_one_job(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		struct scene *s = scene_new((struct kv_shape){ KV_F16, 2, 32, 32 }, 4, 1200, 50);
		float alone[50 * 128];
		for (unsigned kind = 0; kind < 2; kind++) {
			s->run.prompt = kind;
			compute(s, 1);
			memcpy(alone + kind * 128, s->out + kind * 128, (kind ? 49u : 1u) * 128 * sizeof(float));
		}
		struct attention_run runs[2] = { s->run, s->run };
		runs[0].n_rows = 1, runs[0].prompt = false;
		runs[1].first_row = 1, runs[1].n_rows = 49, runs[1].position++;
		s->job.runs = runs, s->job.n_runs = 2;
		for (unsigned count = 1; count <= 4; count++) {
			memset(s->out, 0xff, sizeof alone);
			compute(s, count);
			assert_memory_equal(s->out, alone, sizeof alone);
		}
		scene_free(s);
	}
}

static void what_lies_behind_the_last_position_does_not_count(void **state)
{
	(void)state;
	for (size_t level = 0; kernels_level(level); level++) {
		assert_true(kernels_choose(kernels_level(level), NULL));
		for (int i = 0; i < 2 * KV_TYPES; i++) {
			struct scene *s = scene_new((struct kv_shape){ (enum kv_type)(i / 2), 1, 64, 64 }, 2, 69, 1);
			s->run.prompt = i % 2;
			compute(s, 1);
			float before[128];
			memcpy(before, s->out, sizeof before);
			float huge[64];
			for (int d = 0; d < 64; d++) huge[d] = 1e9f;
			for (size_t slot = 5; slot < 64; slot++) kv_store(&s->job.kv, s->pages[1] + s->layer, slot, huge, huge);
			compute(s, 1);
			assert_memory_equal(before, s->out, sizeof before);
			scene_free(s);
		}
	}
}

static void several_sessions_in_one_job(void **state)
{
	(void)state;
	struct scene *a = scene_new((struct kv_shape){ KV_F16, 2, 16, 16 }, 4, 600, 2);
	compute(a, 1);
	struct attention_run runs[3] = { a->run, a->run, a->run };
	runs[0].n_rows = runs[1].n_rows = 1;
	runs[0].first_row = 1, runs[0].position++;
	runs[1].first_row = 0;
	runs[2].first_row = 0, runs[2].n_rows = 0;
	float both[2 * 64];
	memcpy(both, a->out, sizeof both);
	for (unsigned count = 1; count <= 4; count++) {
		memset(a->out, 0xff, sizeof both);
		a->job.runs = runs;
		a->job.n_runs = 3;
		compute(a, count);
		assert_memory_equal(both, a->out, sizeof both);
	}
	scene_free(a);
}

static void shapes_that_cannot_be_computed_are_refused(void **state)
{
	(void)state;
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_F16, 8, 128, 64 }), 8 * 64 * (128 + 64) * 2);
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_F16, 0, 128, 64 }), 0);
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_F16, 1, 0, 64 }), 0);
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_F16, 1, 64, 1025 }), 0);
	enum kv_type type;
	assert_true(kv_type_named("f32", &type) && type == KV_F32);
	assert_true(kv_type_named("f16", &type) && type == KV_F16);
	assert_true(kv_type_named("q8_0", &type) && type == KV_Q8_0);
	assert_true(kv_type_named("q4_0", &type) && type == KV_Q4_0);
	assert_false(kv_type_named("f8", &type));
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_Q8_0, 8, 128, 64 }), 8 * 64 * 6 * 34);
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_Q4_0, 8, 128, 64 }), 8 * 64 * 6 * 18);
	assert_int_equal(kv_layer_bytes(&(struct kv_shape){ KV_Q4_0, 1, 33, 1 }), 64 * 3 * 18);
}

/* What is no number or far out of range leaves finite values, and the rest of its kind of precision. */
static void packed_values_are_near_and_finite(void **state)
{
	(void)state;
	uint64_t seed = 3;
	float *x = floats_new(&seed, 96), kept[96];
	for (int k = 0; k < 2; k++) {
		memcpy(kept, x, sizeof kept);
		keep(k ? KV_Q4_0 : KV_Q8_0, kept, 1, 96);
		for (int b = 0; b < 3; b++) {
			float most = 0;
			for (int i = 0; i < 32; i++) most = fmaxf(most, fabsf(x[32 * b + i]));
			for (int i = 0; i < 32;
			     i++) /* half a step of 127 or 8, and the scale's rounding; the last step of 8 is missing */
				assert_true(fabsf(kept[32 * b + i] - x[32 * b + i]) <=
				            most * (k ? 1.01f / 8 : 0.51f / 127 + 0x1p-11f));
		}
		float wild[64] = { 1e30f, -1e30f, (float)NAN, (float)INFINITY, 1 };
		for (int i = 32; i < 64; i++) wild[i] = 1e-30f;
		keep(k ? KV_Q4_0 : KV_Q8_0, wild, 1, 64);
		for (int i = 0; i < 64; i++) assert_true(isfinite(wild[i]));
	}
	free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_agree_with_plain_loops),
		cmocka_unit_test(windows_caps_sinks_and_whole),
		cmocka_unit_test(a_row_has_the_same_bits_alone_and_among_others),
		cmocka_unit_test(what_lies_behind_the_last_position_does_not_count),
		cmocka_unit_test(several_sessions_in_one_job),
		cmocka_unit_test(kinds_in_one_job),
		cmocka_unit_test(a_position_without_a_value_costs_the_others_nothing),
		cmocka_unit_test(what_is_no_number_stays_alone),
		cmocka_unit_test(packed_values_are_near_and_finite),
		cmocka_unit_test(shapes_that_cannot_be_computed_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
