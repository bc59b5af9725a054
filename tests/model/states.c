/* states: recurrent families give the same bits whatever the cut, the threads and the way back, and go back to marks alone. */
#include "../testdata.h"
#include "model/model_internal.h"
#include "nn/kernels.h"
#include "opened.h"

enum { N = 60 };

static const char *const models[] = { "mamba",  "mamba2",       "plamo2",      "falcon-h1", "lfm2moe",
	                              "qwen35", "qwen3next-in", "kimi-linear", "rwkv6",     "rwkv7" };
enum { MODELS = sizeof models / sizeof models[0] };

static int32_t ids[N];

static const char *model_path(size_t i)
{
	char name[64];
	snprintf(name, sizeof name, "golden/arch/%s.gguf", models[i]);
	return testdata(name);
}

/* The first 40 ids as prompt rows in pieces of `batch`, the others as answer rows. */
static void run_all(const struct opened *o, struct sequence *s, uint32_t batch, float *logits)
{
	run_ids(o, s, ids, 40, batch, ROW_PROMPT, logits);
	run_ids(o, s, ids + 40, N - 40, 1, ROW_ANSWER, logits + (size_t)40 * o->n_vocab);
}

static void threads_and_cuts_change_no_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODELS; i++) {
		const char *path = model_path(i);
		if (!path) skip();
		float *first = NULL;
		static const uint32_t ways[][2] = { { 1, 40 }, { 2, 7 }, { 4, 1 }, { 4, 33 } };
		for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
			struct opened o = open_model(path, ways[k][0], (struct model_options){ .context = 256 });
			size_t bytes = (size_t)N * o.n_vocab * sizeof(float);
			float *logits = memory_new(bytes, 1);
			struct sequence *s = new_sequence(&o);
			run_all(&o, s, ways[k][1], logits);
			if (first && memcmp(first, logits, bytes) != 0) fail_msg("%s: way %zu differs", models[i], k);
			sequence_free(s);
			assert_int_equal(sequence_bytes(o.model), 0);
			close_model(&o);
			if (first) memory_free(logits);
			if (!first) first = logits;
		}
		memory_free(first);
	}
}

/* A mark in the middle of a batch, back to it from behind, and the same again; and to the beginning where there is none. */
static void going_back_and_forward_gives_the_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODELS; i++) {
		const char *path = model_path(i);
		if (!path) skip();
		struct opened o = open_model(path, 2, (struct model_options){ .context = 256 });
		float *straight = memory_new((size_t)N * o.n_vocab, sizeof *straight),
		      *again = memory_new((size_t)N * o.n_vocab, sizeof *again);
		struct sequence *s = new_sequence(&o);
		sequence_mark(s, 23);
		run_ids(&o, s, ids, N, 40, ROW_PROMPT, straight);
		assert_false(model_drops_rows(o.model));
		assert_int_equal(sequence_truncate(s, 50), 23);
		assert_int_equal(sequence_length(s), 23);
		run_ids(&o, s, ids + 23, N - 23, 11, ROW_PROMPT, again);
		assert_memory_equal(straight + (size_t)23 * o.n_vocab, again, (size_t)(N - 23) * o.n_vocab * sizeof *again);
		assert_int_equal(sequence_truncate(s, 22), 0);
		run_ids(&o, s, ids, N, 60, ROW_PROMPT, again);
		assert_memory_equal(straight, again, (size_t)N * o.n_vocab * sizeof *again);
		sequence_free(s);
		assert_int_equal(sequence_bytes(o.model), 0);
		memory_free(straight);
		memory_free(again);
		close_model(&o);
	}
}

static void forks_go_their_own_ways(void **state)
{
	(void)state;
	const char *path = model_path(5);
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 256 });
	struct error e = { "" };
	float *a = memory_new(o.n_vocab, sizeof *a), *b = memory_new(o.n_vocab, sizeof *b);
	struct sequence *s = new_sequence(&o);
	run_ids(&o, s, ids, 20, 20, ROW_PROMPT, NULL);
	struct sequence *fork = sequence_fork(s, 20, &e);
	assert_non_null(fork);
	run_ids(&o, fork, ids + 30, 1, 1, ROW_PROMPT, b); /* another way, which must not touch the first one's state */
	run_ids(&o, s, ids + 20, 1, 1, ROW_PROMPT, a);
	struct sequence *plain = new_sequence(&o);
	run_ids(&o, plain, ids, 20, 20, ROW_PROMPT, NULL);
	run_ids(&o, plain, ids + 20, 1, 1, ROW_PROMPT, b);
	assert_memory_equal(a, b, o.n_vocab * sizeof *a);
	sequence_free(s);
	sequence_free(fork);
	sequence_free(plain);
	assert_int_equal(sequence_bytes(o.model), 0);
	memory_free(a);
	memory_free(b);
	close_model(&o);
}

static void marks_are_limited_and_thinned(void **state)
{
	(void)state;
	const char *path = model_path(0);
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 256 });
	struct sequence *s = new_sequence(&o);
	uint32_t most = sequence_most_marks(o.model);
	for (uint32_t i = 1; i <= most + 9; i++) {
		sequence_mark(s, i);
		run_ids(&o, s, ids, 1, 1, ROW_ANSWER, NULL);
	}
	assert_int_equal(s->n_marks, most);
	assert_int_equal(s->marks[most - 1].length, most + 9);
	assert_true(sequence_bytes(o.model) <= (most + 2) * o.model->state_bytes);
	sequence_free(s);
	close_model(&o);
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	for (int i = 0; i < N; i++) ids[i] = (i * 37 + 5) % 250;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_cuts_change_no_bit),
		cmocka_unit_test(going_back_and_forward_gives_the_same),
		cmocka_unit_test(forks_go_their_own_ways),
		cmocka_unit_test(marks_are_limited_and_thinned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
