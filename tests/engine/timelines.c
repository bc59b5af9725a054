/*
 * timelines: every family of the golden models through hearth.h: a session whose conversation goes on, is asked again, and goes
 * back to an earlier message gives the answers that fresh sessions give, and those are what the forward pass gives.
 */
#include "../model/opened.h"
#include "../testdata.h"
#include "asked.h"
#include "nn/ops.h"

enum { ANSWER = 12, PROMPT = 40, LONG = 300, CONTEXT = 512 };

static struct asked held, fresh;

/* Exact, since else what was an answer is computed otherwise when it is a part of a prompt. */
static struct hearth *open_exact(const char *path)
{
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = path, .threads = 2, .context = CONTEXT, .exact = true };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

/* Asks for ids[0..n) in the session and in a fresh one. */
static void compare(struct hearth *h, const char *name, const char *what, uint64_t session, const int32_t *ids, size_t n)
{
	struct hearth_request r = asked_ids(ids, n, ANSWER);
	asked_run(h, &r, &fresh);
	r.session = session;
	asked_run(h, &r, &held);
	if (held.n_ids != ANSWER || memcmp(held.ids, fresh.ids, ANSWER * sizeof held.ids[0]) != 0)
		fail_msg("%s: %s: another answer, %u of %u positions kept", name, what, held.last.n_cached, held.last.n_prompt);
}

static void converse(const char *path, const char *name)
{
	struct hearth *h = open_exact(path);
	struct hearth_info info = { .size = sizeof info };
	int32_t ids[LONG + 2 * ANSWER + 40];
	hearth_info(h, &info);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) ids[i] = (int32_t)((i * 7919 + 3) % info.n_vocab);
	uint64_t session = hearth_session_new(h);
	compare(h, name, "first message", session, ids, 40);
	memcpy(ids + 40, held.ids, ANSWER * sizeof ids[0]);
	compare(h, name, "second message", session, ids, 100);
	assert_true(held.last.n_cached >= 40 - 1);
	compare(h, name, "asked again", session, ids, 100);
	assert_int_equal(held.last.n_cached, 99);
	size_t most = info.context - ANSWER - 1;
	compare(h, name, "a long one", session, ids, LONG < most ? LONG : most);
	ids[90] = (ids[90] + 1) % (int32_t)info.n_vocab;
	compare(h, name, "the second message edited", session, ids, 110);
	ids[20] = (ids[20] + 1) % (int32_t)info.n_vocab;
	compare(h, name, "the first message edited", session, ids, 60);
	hearth_close(h);
}

/* Asks for ids[0..n) as one of those that share, and alone; the positions that were there already. */
static uint32_t compare_sharing(struct hearth *h, const char *name, const char *what, const int32_t *ids, size_t n)
{
	struct hearth_request r = asked_ids(ids, n, ANSWER);
	asked_run(h, &r, &fresh);
	r.share = 1;
	asked_run(h, &r, &held);
	if (held.n_ids != ANSWER || memcmp(held.ids, fresh.ids, ANSWER * sizeof held.ids[0]) != 0)
		fail_msg("%s: %s: another answer, %u of %u positions kept", name, what, held.last.n_cached, held.last.n_prompt);
	return held.last.n_cached;
}

static void share(const char *path, const char *name)
{
	struct hearth *h = open_exact(path);
	struct hearth_info info = { .size = sizeof info };
	int32_t ids[160], side[160];
	hearth_info(h, &info);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) ids[i] = (int32_t)((i * 7919 + 3) % info.n_vocab);
	compare_sharing(h, name, "first message", ids, 40);
	memcpy(ids + 40, held.ids, ANSWER * sizeof ids[0]);
	memcpy(side, ids, sizeof side);
	side[55] = (side[55] + 1) % (int32_t)info.n_vocab;
	assert_int_equal(compare_sharing(h, name, "a title", side, 60), 40 + ANSWER - 1);
	assert_in_range(compare_sharing(h, name, "second message", ids, 100), 40 + ANSWER - 1, 55);
	assert_int_equal(compare_sharing(h, name, "asked again", ids, 100), 99);
	ids[90] = (ids[90] + 1) % (int32_t)info.n_vocab;
	compare_sharing(h, name, "the second message edited", ids, 110);
	hearth_close(h);
}

/* Every golden model that is there. */
static void for_all(void (*check)(const char *path, const char *name))
{
	const char *index = testdata("golden/arch/index.tsv");
	if (!index) skip();
	FILE *f = fopen(index, "r");
	assert_non_null(f);
	char line[4096], name[64], file[100];
	unsigned n = 0;
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%63[^\t]", name) != 1) continue;
		snprintf(file, sizeof file, "golden/arch/%s.gguf", name);
		if (!testdata(file)) continue;
		check(testdata(file), name);
		n++;
	}
	fclose(f);
	assert_true(n >= 60);
}

static void requests_that_share_answer_like_fresh_ones(void **state)
{
	(void)state;
	for_all(share);
}

static void sessions_go_on_and_back_like_fresh_ones(void **state)
{
	(void)state;
	for_all(converse);
}

/* What the forward pass gives, its best token taken each time. */
static void answer_by_hand(const char *path, const int32_t *ids, uint32_t n, int32_t *answer)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = CONTEXT, .exact = true });
	struct sequence *s = new_sequence(&o);
	float *logits = memory_new((size_t)n * o.n_vocab, sizeof *logits);
	run_ids(&o, s, ids, n, n, ROW_PROMPT, logits);
	answer[0] = (int32_t)ops_argmax(logits + (size_t)(n - 1) * o.n_vocab, o.n_vocab);
	for (uint32_t i = 1; i < ANSWER; i++) {
		run_ids(&o, s, &answer[i - 1], 1, 1, ROW_ANSWER, logits);
		answer[i] = (int32_t)ops_argmax(logits, o.n_vocab);
	}
	memory_free(logits);
	sequence_free(s);
	close_model(&o);
}

static void compare_with_forward(const char *path, const char *name)
{
	int32_t ids[PROMPT], answer[ANSWER];
	struct hearth *h = open_exact(path);
	struct hearth_info info = { .size = sizeof info };
	hearth_info(h, &info);
	for (size_t i = 0; i < PROMPT; i++) ids[i] = (int32_t)((i * 104729 + 5) % info.n_vocab);
	struct hearth_request r = asked_ids(ids, PROMPT, ANSWER);
	asked_run(h, &r, &held);
	hearth_close(h);
	answer_by_hand(path, ids, PROMPT, answer);
	if (held.n_ids != ANSWER || memcmp(held.ids, answer, sizeof answer) != 0)
		fail_msg("%s: the engine answers something else than the forward pass", name);
}

static void the_engine_answers_what_the_forward_pass_gives(void **state)
{
	(void)state;
	for_all(compare_with_forward);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_go_on_and_back_like_fresh_ones),
		cmocka_unit_test(requests_that_share_answer_like_fresh_ones),
		cmocka_unit_test(the_engine_answers_what_the_forward_pass_gives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
