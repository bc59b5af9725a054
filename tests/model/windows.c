/*
 * windows: families with windowed layers give up the pages that nothing sees any more, keep those that a mark needs, and give the
 * same bits as a batch that has everything.
 */
#include "../testdata.h"
#include "model/model_internal.h"
#include "nn/kernels.h"
#include "opened.h"

enum { N = 420, MARK = 150, CONTEXT = 512 };

static const char *const models[] = {
	"gemma2", "gemma3", "gemma3n", "gemma4", "gpt-oss", "olmo2", "cohere2", "exaone4", "deepseek4"
};
enum { MODELS = sizeof models / sizeof models[0] };

static int32_t ids[N];

struct tried {
	struct opened o;
	struct sequence *s;
	float *straight, *again;
	const char *name;
};

static bool begin(struct tried *t, size_t i)
{
	char name[64];
	snprintf(name, sizeof name, "golden/arch/%s.gguf", models[i]);
	const char *path = testdata(name);
	if (!path) return false;
	t->name = models[i];
	t->o = open_model(path, 2, (struct model_options){ .context = CONTEXT });
	for (uint32_t k = 0; k < N; k++) ids[k] = (int32_t)((k * 37 + 5) % t->o.n_vocab);
	t->straight = memory_new((size_t)N * t->o.n_vocab, sizeof *t->straight);
	t->again = memory_new((size_t)N * t->o.n_vocab, sizeof *t->again);
	t->s = new_sequence(&t->o);
	struct sequence *s = new_sequence(&t->o);
	run_ids(&t->o, s, ids, N, N, ROW_PROMPT, t->straight); /* at once: every page is there to its end */
	sequence_free(s);
	return true;
}

static void end(struct tried *t)
{
	sequence_free(t->s);
	assert_int_equal(sequence_bytes(t->o.model), 0);
	memory_free(t->straight);
	memory_free(t->again);
	close_model(&t->o);
}

/* Goes on from what the sequence has to N in pieces, and compares. */
static void run_on(struct tried *t, const char *what)
{
	uint32_t from = sequence_length(t->s), n = t->o.n_vocab;
	run_ids(&t->o, t->s, ids + from, N - from, 29, ROW_PROMPT, t->again + (size_t)from * n);
	for (uint32_t i = from; i < N; i++) {
		if (memcmp(t->straight + (size_t)i * n, t->again + (size_t)i * n, n * sizeof *t->again) != 0)
			fail_msg("%s: %s: position %u differs", t->name, what, i);
	}
}

/* Bytes of the pages that a sequence of N positions needs with so many marks. */
static size_t most_bytes(const struct tried *t, uint32_t n_marks)
{
	return page_tables_bytes(&t->o.model->pages, N, 29, n_marks);
}

static void unseen_pages_are_given_up(void **state)
{
	(void)state;
	size_t with_windows = 0;
	for (size_t i = 0; i < MODELS; i++) {
		struct tried t;
		if (!begin(&t, i)) skip();
		size_t all = 0;
		for (uint32_t k = 0; k < t.o.model->pages.n; k++)
			all += (N + KV_PAGE - 1) / KV_PAGE * t.o.model->pages.table[k].bytes;
		run_on(&t, "in pieces");
		assert_true(sequence_bytes(t.o.model) <= most_bytes(&t, 0));
		if (most_bytes(&t, 0) < all) with_windows++;
		end(&t);
	}
	assert_true(with_windows >= 6); /* the windows of some are wider than N */
}

static void the_last_rows_can_be_taken_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODELS; i++) {
		struct tried t;
		if (!begin(&t, i)) skip();
		run_on(&t, "in pieces");
		assert_int_equal(sequence_truncate(t.s, N - SEQUENCE_TAKE_BACK), N - SEQUENCE_TAKE_BACK);
		run_on(&t, "taken back");
		end(&t);
	}
}

static void a_mark_can_be_gone_back_to(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODELS; i++) {
		struct tried t;
		struct error e;
		if (!begin(&t, i)) skip();
		sequence_mark(t.s, MARK);
		run_on(&t, "with a mark");
		assert_true(sequence_bytes(t.o.model) <= most_bytes(&t, 1));
		struct sequence *whole = t.s;
		t.s = sequence_fork(whole, MARK, &e);
		assert_non_null(t.s);
		assert_int_equal(sequence_length(t.s), MARK);
		run_on(&t, "forked");
		sequence_free(t.s);
		t.s = whole;
		assert_int_equal(sequence_truncate(t.s, MARK), MARK);
		run_on(&t, "back to the mark");
		end(&t);
	}
}

/* Between marks it goes back to where the pages are, and what is computed from there on is the same. */
static void elsewhere_it_goes_back_further(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODELS; i++) {
		struct tried t;
		if (!begin(&t, i)) skip();
		sequence_mark(t.s, MARK);
		run_on(&t, "with a mark");
		assert_in_range(sequence_truncate(t.s, MARK + 100), MARK, MARK + 100);
		run_on(&t, "behind the mark");
		assert_in_range(sequence_truncate(t.s, MARK - 80), 0, MARK - 80);
		run_on(&t, "before the mark");
		assert_true(sequence_bytes(t.o.model) <= most_bytes(&t, 0));
		end(&t);
	}
}

/* At most as many pages as the plan has, with all marks that it may have. */
static void the_plan_holds_with_marks_everywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < MODELS; i++) {
		struct tried t;
		if (!begin(&t, i)) skip();
		for (uint32_t at = 0; at < N; at += 10) {
			sequence_mark(t.s, at + 7);
			run_ids(&t.o, t.s, ids + at, 10, 10, ROW_PROMPT, NULL);
			assert_true(sequence_bytes(t.o.model) <= model_memory(t.o.model).kv);
		}
		end(&t);
	}
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unseen_pages_are_given_up),
		cmocka_unit_test(the_last_rows_can_be_taken_back),
		cmocka_unit_test(a_mark_can_be_gone_back_to),
		cmocka_unit_test(elsewhere_it_goes_back_further),
		cmocka_unit_test(the_plan_holds_with_marks_everywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
