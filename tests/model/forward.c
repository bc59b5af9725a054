/* forward: a row's result depends on its own sequence alone, whatever else runs, and on no number of threads. */
#include "../testdata.h"
#include "nn/kernels.h"
#include "opened.h"

enum { N = 90, SESSIONS = 8 };

static const char *const models[] = { "golden/arch/llama.gguf", "golden/arch/gemma3.gguf", "golden/arch/qwen3moe.gguf",
	                              "golden/quant/llama-Q4_K_M.gguf", "golden/quant/llama-Q8_0.gguf" };

static void make_ids(int32_t *ids, uint32_t n, uint32_t n_vocab, uint32_t seed)
{
	for (uint32_t i = 0; i < n; i++) {
		seed = seed * 1664525u + 1013904223u;
		ids[i] = (int32_t)((seed >> 8) % n_vocab);
	}
}

/* A prompt of `prompt` rows in pieces of `batch`, then answer rows one by one; the logits of all. */
static float *run_alone(const char *path, unsigned threads, uint32_t prompt, uint32_t batch, uint32_t seed)
{
	struct opened o = open_model(path, threads, (struct model_options){ .context = 256 });
	int32_t ids[N];
	make_ids(ids, N, o.n_vocab, seed);
	float *logits = memory_new((size_t)N * o.n_vocab, sizeof *logits);
	struct sequence *s = new_sequence(&o);
	run_ids(&o, s, ids, prompt, batch, ROW_PROMPT, logits);
	run_ids(&o, s, ids + prompt, N - prompt, 1, ROW_ANSWER, logits + (size_t)prompt * o.n_vocab);
	assert_int_equal(sequence_length(s), N);
	sequence_free(s);
	close_model(&o);
	return logits;
}

static void threads_and_batches_change_no_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		const char *path = testdata(models[i]);
		if (!path) skip();
		float *first = run_alone(path, 1, 70, 70, 5);
		static const uint32_t ways[][2] = { { 2, 70 }, { 4, 70 }, { 1, 7 }, { 4, 33 }, { 2, 1 } };
		for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
			float *other = run_alone(path, ways[k][0], 70, ways[k][1], 5);
			struct opened o = open_model(path, 1, (struct model_options){ 0 });
			assert_memory_equal(first, other, (size_t)N * o.n_vocab * sizeof *first);
			close_model(&o);
			memory_free(other);
		}
		memory_free(first);
	}
}

/* Eight sessions whose prompts and answers run in mixed batches. */
static void other_sessions_change_no_bit(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
		const char *path = testdata(models[i]);
		if (!path) skip();
		struct opened o = open_model(path, 2, (struct model_options){ .context = 256 });
		struct sequence *s[SESSIONS];
		int32_t ids[SESSIONS][N];
		uint32_t at[SESSIONS] = { 0 };
		float *logits = memory_new((size_t)SESSIONS * N * o.n_vocab, sizeof *logits);
		for (uint32_t k = 0; k < SESSIONS; k++) {
			s[k] = new_sequence(&o);
			make_ids(ids[k], N, o.n_vocab, k + 5);
		}
		struct error e = { "" };
		for (uint32_t turn = 0; at[0] < N || at[7] < N; turn++) {
			struct row rows[SESSIONS * 16];
			uint32_t n = 0;
			for (uint32_t k = 0; k < SESSIONS; k++) {
				uint32_t take = at[k] < 70 ? 1 + (turn + 3 * k) % 9 : 1;
				if (at[k] < 70 && take > 70 - at[k]) take = 70 - at[k];
				for (uint32_t r = 0; r < take && at[k] < N; r++, at[k]++) {
					rows[n++] = (struct row){ .sequence = s[k],
						                  .token = ids[k][at[k]],
						                  .kind = at[k] < 70 ? ROW_PROMPT : ROW_ANSWER,
						                  .logits = logits + ((size_t)k * N + at[k]) * o.n_vocab };
				}
			}
			if (!model_forward(o.model, rows, n, &e)) fail_msg("%s", e.text);
		}
		for (uint32_t k = 0; k < SESSIONS; k += 3) {
			float *alone = run_alone(path, 1, 70, 70, k + 5);
			assert_memory_equal(alone, logits + (size_t)k * N * o.n_vocab, (size_t)N * o.n_vocab * sizeof *alone);
			memory_free(alone);
		}
		memory_free(logits);
		for (uint32_t k = 0; k < SESSIONS; k++) sequence_free(s[k]);
		close_model(&o);
	}
}

static void bad_rows_are_refused_and_change_nothing(void **state)
{
	(void)state;
	const char *path = testdata(models[0]);
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 8 });
	struct sequence *s = new_sequence(&o);
	struct error e = { "" };
	struct row bad = { .sequence = s, .token = (int32_t)o.n_vocab };
	assert_false(model_forward(o.model, &bad, 1, &e));
	assert_non_null(strstr(e.text, "is not from 0 to"));
	bad.token = -1;
	assert_false(model_forward(o.model, &bad, 1, &e));
	struct row many[9];
	for (int i = 0; i < 9; i++) many[i] = (struct row){ .sequence = s, .token = 1 };
	assert_false(model_forward(o.model, many, 9, &e));
	assert_string_equal(e.text, "the context of 8 tokens is full");
	assert_int_equal(sequence_length(s), 0);
	assert_int_equal(sequence_bytes(o.model), 0);
	assert_true(model_forward(o.model, many, 8, &e));
	assert_int_equal(sequence_length(s), 8);
	sequence_free(s);
	close_model(&o);
}

static void a_batch_that_is_given_up_changes_nothing(void **state)
{
	(void)state;
	const char *path = testdata(models[0]);
	if (!path) skip();
	for (unsigned threads = 1; threads <= 4; threads += 3) {
		struct opened o = open_model(path, threads, (struct model_options){ .context = 100 });
		struct sequence *s = new_sequence(&o);
		struct error e = { "" };
		atomic_bool flag = true;
		struct row rows[80];
		for (int i = 0; i < 80; i++) rows[i] = (struct row){ .sequence = s, .token = i };
		assert_true(model_forward(o.model, rows, 10, &e));
		size_t bytes = sequence_bytes(o.model);
		model_watch(o.model, &flag);
		assert_false(model_forward(o.model, rows + 10, 70, &e));
		assert_string_equal(e.text, "the batch was given up");
		assert_int_equal(sequence_length(s), 10);
		assert_int_equal(sequence_bytes(o.model), bytes);
		flag = false;
		assert_true(model_forward(o.model, rows + 10, 70, &e));
		assert_int_equal(sequence_length(s), 80);
		model_watch(o.model, NULL);
		sequence_free(s);
		close_model(&o);
	}
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_and_batches_change_no_bit),
		cmocka_unit_test(other_sessions_change_no_bit),
		cmocka_unit_test(bad_rows_are_refused_and_change_nothing),
		cmocka_unit_test(a_batch_that_is_given_up_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
