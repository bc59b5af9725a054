/* scores: log probabilities of an answer's tokens, and how an answer ended. */
#include "asked.h"
#include "tiny_model.h"

#include <math.h>

enum { MOST = 400 };

static struct hearth_score scores[MOST];
static size_t n_scores, n_ids;

/* Runs a request and keeps its scores. */
static struct hearth_event run(struct hearth *h, const struct hearth_request *r)
{
	struct hearth_error error;
	struct hearth_event event = { 0 };
	uint64_t id;
	n_scores = n_ids = 0;
	if (!hearth_submit(h, r, &id, &error)) fail_msg("%s", error.text);
	while (hearth_next(h, PATIENCE, &event) && event.kind != HEARTH_DONE && event.kind != HEARTH_FAILED) {
		assert_true(n_scores + event.n_scores <= MOST);
		if (event.n_scores) memcpy(scores + n_scores, event.scores, event.n_scores * sizeof *scores);
		n_scores += event.n_scores;
		n_ids += event.n_ids;
		if (event.kind == HEARTH_PROMPT) assert_memory_equal(event.prompt_end, " the sun", event.prompt_end_length);
	}
	return event;
}

static void each_token_has_its_own_and_the_most_likely(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(" the sun", 10);
	r.n_scores = 4;
	assert_int_equal(run(h, &r).kind, HEARTH_DONE);
	assert_int_equal(n_ids, 10);
	assert_int_equal(n_scores, 40);
	for (size_t i = 0; i < n_scores; i += 4) {
		assert_int_equal(scores[i].id, scores[i + 1].id); /* greedy: the most likely one was taken */
		assert_true(scores[i].logprob == scores[i + 1].logprob);
		assert_true(scores[i + 1].logprob >= scores[i + 2].logprob && scores[i + 2].logprob >= scores[i + 3].logprob);
		assert_true(scores[i].logprob < 0);
	}
	hearth_close(h);
}

/* With all of a small vocabulary's... the 20 most likely cannot be more than everything. */
static void probabilities_sum_to_at_most_one(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(" the sun", 3);
	r.n_scores = 21;
	run(h, &r);
	for (size_t i = 0; i < n_scores; i += 21) {
		double sum = 0;
		for (size_t k = 1; k < 21; k++) sum += exp(scores[i + k].logprob);
		assert_true(sum > 0.05 && sum < 1.0001);
	}
	r.n_scores = 22;
	struct hearth_error error;
	uint64_t id;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: n_scores is 22; at most 21");
	hearth_close(h);
}

static void the_end_says_which_stop_text_came(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(" the sun", 200);
	const char *const stops[] = { "zzzzzzzzzz", "e" };
	r.stop = stops;
	r.n_stop = 2;
	r.sampling.temperature = 2;
	r.sampling.seed = 3;
	struct hearth_event end = run(h, &r);
	assert_int_equal(end.stop, HEARTH_STOP_TEXT);
	assert_int_equal(end.stop_text, 1);
	hearth_close(h);
}

static void a_limit_of_time_ends_an_answer(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 100000);
	struct hearth_request r = asked_text(" the sun", 90000);
	r.limit_ms = 1;
	struct hearth_event end = run(h, &r);
	assert_int_equal(end.stop, HEARTH_STOP_LENGTH);
	assert_true(end.n_generated < 90000);
	hearth_close(h);
}

static void a_model_without_tokens_for_it_says_that_it_cannot_fill(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = hearth_request_new(HEARTH_FILL);
	static struct asked a;
	r.text = "{\"prefix\": \"a\", \"suffix\": \"b\"}";
	r.text_length = strlen(r.text);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_FAILED);
	assert_int_equal(a.last.failure, HEARTH_FAIL_REQUEST);
	assert_string_equal(a.error, "this model has no tokens to fill in the middle with; open one that was trained for it");
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_token_has_its_own_and_the_most_likely),
		cmocka_unit_test(probabilities_sum_to_at_most_one),
		cmocka_unit_test(the_end_says_which_stop_text_came),
		cmocka_unit_test(a_limit_of_time_ends_an_answer),
		cmocka_unit_test(a_model_without_tokens_for_it_says_that_it_cannot_fill),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
