/* adapters: LoRA adapters of sessions through hearth.h: several at once, others beside them, taken away again, without reloading.
 */
#include "../made_adapter.h"
#include "../testdata.h"
#include "asked.h"

enum { ANSWER = 16, PROMPT = 9, CASES = 4 };

static const int32_t prompt[PROMPT] = { 1, 40, 7, 99, 200, 33, 150, 8, 61 };

static struct hearth *open_exact(const char *path)
{
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = path, .threads = 2, .context = 128, .exact = true };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

static struct hearth_request request_in(uint64_t session)
{
	struct hearth_request r = asked_ids(prompt, PROMPT, ANSWER);
	r.session = session;
	return r;
}

static struct asked answers[CASES], plain, merged;

static void expect_same(const struct asked *a, const struct asked *b, const char *what)
{
	assert_int_equal(a->n_ids, ANSWER);
	if (memcmp(a->ids, b->ids, sizeof a->ids[0] * ANSWER) != 0) fail_msg("%s: another answer", what);
}

static void adapt(struct hearth *h, uint64_t session, const uint64_t *ids, size_t n)
{
	struct hearth_error error;
	struct hearth_adapter list[2] = { { ids[0], made_scales[0] }, { ids[1], made_scales[1] } };
	if (!hearth_session_adapt(h, session, list, n, &error)) fail_msg("%s", error.text);
}

static void each_session_has_its_own(void **state)
{
	(void)state;
	const char *golden = testdata("golden/arch/llama.gguf");
	if (!golden) skip();
	struct made_adapters made = made_write(golden, "llama");
	struct hearth_error error;
	uint64_t ids[2], session[CASES];
	struct hearth *h = open_exact(made.merged);
	struct hearth_request r = request_in(0);
	asked_run(h, &r, &merged);
	hearth_close(h);
	h = open_exact(golden);
	asked_run(h, &r, &plain);
	for (int i = 0; i < 2; i++) {
		if (!hearth_adapter_open(h, made.path[i], &ids[i], &error)) fail_msg("%s", error.text);
	}
	struct asked *all[CASES];
	static const size_t n[CASES] = { 2, 0, 1, 2 };
	for (int i = 0; i < CASES; i++) {
		session[i] = hearth_session_new(h);
		adapt(h, session[i], ids, n[i]);
		r = request_in(session[i]);
		all[i] = &answers[i];
		asked_submit(h, &r, &answers[i]);
	}
	hearth_adapter_close(h, ids[0]); /* sessions keep it */
	asked_wait(h, all, CASES);
	expect_same(&answers[0], &merged, "two adapters");
	expect_same(&answers[3], &merged, "two adapters again");
	expect_same(&answers[1], &plain, "no adapter");
	assert_memory_not_equal(answers[0].ids, plain.ids, sizeof plain.ids[0] * ANSWER);
	assert_memory_not_equal(answers[2].ids, plain.ids, sizeof plain.ids[0] * ANSWER);
	assert_memory_not_equal(answers[2].ids, merged.ids, sizeof plain.ids[0] * ANSWER);
	/* taken away: nothing of what was computed with them is kept */
	adapt(h, session[0], ids, 0);
	r = request_in(session[0]);
	asked_run(h, &r, &answers[0]);
	assert_int_equal(answers[0].last.n_cached, 0);
	expect_same(&answers[0], &plain, "adapters taken away");
	assert_false(hearth_session_adapt(h, session[0], &(struct hearth_adapter){ ids[0], 1 }, 1, &error));
	assert_non_null(strstr(error.text, "there is no adapter"));
	assert_false(hearth_session_adapt(h, 12345, &(struct hearth_adapter){ ids[1], 1 }, 1, &error));
	assert_non_null(strstr(error.text, "there is no session"));
	hearth_close(h);
	made_remove(&made);
}

static void what_is_no_adapter_is_one_line(void **state)
{
	(void)state;
	const char *golden = testdata("golden/arch/llama.gguf");
	if (!golden) skip();
	struct hearth *h = open_exact(golden);
	struct hearth_error error;
	uint64_t id;
	assert_false(hearth_adapter_open(h, "/tmp/hearth-no-such-adapter.gguf", &id, &error));
	assert_non_null(strstr(error.text, "/tmp/hearth-no-such-adapter.gguf"));
	assert_false(hearth_adapter_open(h, golden, &id, &error));
	assert_non_null(strstr(error.text, "is no LoRA adapter"));
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_session_has_its_own),
		cmocka_unit_test(what_is_no_adapter_is_one_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
