/* sequence: going back, forking, sharing and wiping pages. */
#include "../testdata.h"
#include "model/model_internal.h"
#include "nn/kernels.h"
#include "opened.h"

enum { N = 150 };

static int32_t ids[N];

static void same_logits_after(const struct opened *o, struct sequence *a, struct sequence *b, int32_t id)
{
	float *x = memory_new(o->n_vocab, sizeof *x), *y = memory_new(o->n_vocab, sizeof *y);
	run_ids(o, a, &id, 1, 1, ROW_PROMPT, x);
	run_ids(o, b, &id, 1, 1, ROW_PROMPT, y);
	assert_memory_equal(x, y, o->n_vocab * sizeof *x);
	memory_free(x);
	memory_free(y);
}

static void going_back_and_forward_gives_the_same(void **state)
{
	(void)state;
	const char *path = testdata("golden/arch/gemma2.gguf");
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 512 });
	struct sequence *straight = new_sequence(&o), *back = new_sequence(&o);
	run_ids(&o, straight, ids, 70, 70, ROW_PROMPT, NULL);
	run_ids(&o, back, ids + 3, N - 3, 64, ROW_PROMPT, NULL);
	sequence_truncate(back, 0);
	sequence_mark(back, 70);
	run_ids(&o, back, ids, N, 50, ROW_PROMPT, NULL);
	sequence_truncate(back, 70);
	assert_int_equal(sequence_length(back), 70);
	assert_int_equal(back->n_pages, 2);
	same_logits_after(&o, straight, back, 7);
	sequence_free(straight);
	sequence_free(back);
	assert_int_equal(sequence_bytes(o.model), 0);
	close_model(&o);
}

static void forks_share_pages_until_one_writes(void **state)
{
	(void)state;
	const char *path = testdata("golden/arch/llama.gguf");
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 512 });
	struct error e = { "" };
	struct sequence *a = new_sequence(&o), *plain = new_sequence(&o);
	run_ids(&o, a, ids, 130, 130, ROW_PROMPT, NULL);
	run_ids(&o, plain, ids, 100, 100, ROW_PROMPT, NULL);
	size_t page = o.model->pages.table[0].bytes;
	assert_int_equal(sequence_bytes(o.model), 5 * page); /* 3 and 2 */
	struct sequence *fork = sequence_fork(a, 100, &e);
	assert_non_null(fork);
	assert_int_equal(sequence_bytes(o.model), 5 * page);
	assert_ptr_equal(fork->pages[1], a->pages[1]);
	same_logits_after(&o, plain, fork, 9);
	assert_int_equal(sequence_bytes(o.model), 6 * page);
	assert_ptr_equal(fork->pages[0], a->pages[0]);
	assert_ptr_not_equal(fork->pages[1], a->pages[1]);
	struct sequence *whole = new_sequence(&o); /* the first one still holds what it held */
	run_ids(&o, whole, ids, 130, 130, ROW_PROMPT, NULL);
	same_logits_after(&o, whole, a, 9);
	sequence_free(a);
	sequence_free(fork);
	sequence_free(plain);
	sequence_free(whole);
	assert_int_equal(sequence_bytes(o.model), 0);
	close_model(&o);
}

static void running_out_of_memory_leaves_the_sequence_as_it_was(void **state)
{
	(void)state;
	const char *path = testdata("golden/arch/llama.gguf");
	if (!path) skip();
	struct opened o = open_model(path, 1, (struct model_options){ .context = 512 });
	struct sequence *s = new_sequence(&o);
	struct error e = { "" };
	run_ids(&o, s, ids, 10, 10, ROW_PROMPT, NULL);
	struct row rows[N];
	for (int i = 0; i < N; i++) rows[i] = (struct row){ .sequence = s, .token = ids[i] };
	for (uint64_t n = 1;; n++) {
		memory_fail_at(n, true);
		bool ok = model_forward(o.model, rows, N, &e);
		memory_fail_at(0, false);
		if (ok) {
			assert_true(n > 1);
			break;
		}
		assert_int_equal(sequence_length(s), 10);
		assert_int_equal(s->n_pages, 1);
	}
	assert_int_equal(sequence_length(s), 10 + N);
	sequence_free(s);
	close_model(&o);
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	for (int i = 0; i < N; i++) ids[i] = (i * 37 + 5) % 300;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(going_back_and_forward_gives_the_same),
		cmocka_unit_test(forks_share_pages_until_one_writes),
		cmocka_unit_test(running_out_of_memory_leaves_the_sequence_as_it_was),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
