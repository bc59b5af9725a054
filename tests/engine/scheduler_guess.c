/* scheduler_guess: what is tried ahead changes no answer, whatever the sampling, the threads, the neighbours and the draft model.
 */
#include "asked.h"
#include "tiny_model.h"

#include "engine/scheduler_internal.h"

enum { CASES = 6, ANSWER = 90 };

static struct asked plain[CASES], guessed[CASES];
static struct asked *const all_guessed[] = { &guessed[0], &guessed[1], &guessed[2], &guessed[3], &guessed[4], &guessed[5] };

/* Prompts that repeat themselves, and every kind of choice. */
static struct hearth_request request_number(int i)
{
	static const char *const stops[] = { "sh", "ll on" };
	static const char *const texts[CASES] = {
		" on and on and on and on and on and on and on and on and on",
		" the sun is on the hill, the sun is on the hill, the sun is on the hill, the sun",
		" he is in, she is in, he is in, she is in, he is",
		" a a a a a a a a a a a a a a a a",
		" the end of the end of the end of the end of the",
		" in the inn there is an inn, in the inn there is an inn, in",
	};
	struct hearth_request r = asked_text(texts[i], ANSWER);
	if (i == 1 || i == 3) {
		r.sampling.temperature = i == 1 ? 0.4F : 1.0F;
		r.sampling.top_k = 4;
	}
	if (i == 2) r.sampling.repeat_penalty = 1.05F;
	if (i == 2) r.sampling.penalty_last = 8;
	if (i == 4) {
		r.stop = stops;
		r.n_stop = 2;
	}
	if (i == 5) {
		r.sampling.temperature = 0.3F;
		r.sampling.typical_p = 0.9F;
		r.sampling.frequency_penalty = 0.01F;
		r.sampling.penalty_last = 20;
		r.ignore_end = false;
	}
	r.sampling.seed = (uint64_t)i + 1;
	return r;
}

static void expect_same(const struct asked *a, const struct asked *b)
{
	assert_int_equal(a->n_ids, b->n_ids);
	assert_memory_equal(a->ids, b->ids, a->n_ids * sizeof a->ids[0]);
	assert_int_equal(a->length, b->length);
	assert_memory_equal(a->text, b->text, a->length);
	assert_int_equal(a->last.stop, b->last.stop);
	assert_int_equal(a->last.n_generated, b->last.n_generated);
}

static struct hearth *open_engine(uint32_t threads, uint32_t context, const char *draft)
{
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = threads, .context = context, .draft = draft };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

static void run_plain(void)
{
	struct hearth *h = open_engine(1, 512, NULL);
	for (int i = 0; i < CASES; i++) {
		struct hearth_request r = request_number(i);
		r.no_guess = true;
		asked_run(h, &r, &plain[i]);
		assert_int_equal(plain[i].last.n_guessed, 0);
	}
	hearth_close(h);
}

static void answers_are_the_same_with_guessing(void **state)
{
	(void)state;
	run_plain();
	uint32_t tried = 0;
	for (uint32_t threads = 1; threads <= 4; threads *= 2) {
		struct hearth *h = open_engine(threads, 512, NULL);
		for (int i = 0; i < CASES; i++) { /* alone, often enough that all sizes of a step are tried */
			struct hearth_request r = request_number(i);
			for (unsigned k = threads; k < 3; k++) {
				asked_run(h, &r, &guessed[i]);
				expect_same(&guessed[i], &plain[i]);
				tried += guessed[i].last.n_guessed;
				assert_true(guessed[i].last.n_accepted <= guessed[i].last.n_guessed);
			}
		}
		for (int i = 0; i < CASES; i++) { /* side by side, every other one with guesses */
			struct hearth_request r = request_number(i);
			r.no_guess = i % 2;
			asked_submit(h, &r, &guessed[i]);
		}
		asked_wait(h, all_guessed, CASES);
		for (int i = 0; i < CASES; i++) expect_same(&guessed[i], &plain[i]);
		hearth_close(h);
	}
	assert_true(tried > 0);
}

static void answers_are_the_same_with_a_draft_model(void **state)
{
	(void)state;
	run_plain();
	for (uint32_t threads = 1; threads <= 2; threads++) {
		struct hearth *h = open_engine(threads, 512, tiny_path);
		struct hearth_info info = { .size = sizeof info }, alone = { .size = sizeof alone };
		hearth_info(h, &info);
		struct hearth *other = open_engine(threads, 512, NULL);
		hearth_info(other, &alone);
		hearth_close(other);
		assert_true(info.bytes_total > alone.bytes_total && info.bytes_weights == 2 * alone.bytes_weights);
		for (int i = 0; i < CASES; i++) {
			struct hearth_request r = request_number(i);
			r.session = hearth_session_new(h);
			for (int k = 0; k < 2; k++) {
				asked_run(h, &r, &guessed[i]);
				expect_same(&guessed[i], &plain[i]);
			}
		}
		hearth_close(h);
	}
}

/* An engine thread's scheduler without its thread: steps are forced to try what a test wants. */
static void a_context_and_a_limit_end_an_answer_where_they_would(void **state)
{
	(void)state;
	for (uint32_t most = 1; most < 30; most += 9) {
		for (int full = 0; full < 2; full++) {
			struct hearth *h = open_engine(1, full ? 60 + most : 512, NULL);
			struct hearth_request r = request_number(0);
			r.max_tokens = full ? 4000 : most;
			r.no_guess = true;
			r.session = hearth_session_new(h);
			asked_run(h, &r, &plain[0]);
			asked_run(h, &r, &plain[1]);
			r.no_guess = false;
			r.session = hearth_session_new(h);
			asked_run(h, &r, &guessed[0]);
			expect_same(&guessed[0], &plain[0]);
			asked_run(h, &r, &guessed[1]); /* the session holds as much as the plain one */
			assert_int_equal(guessed[1].last.n_cached, plain[1].last.n_cached);
			expect_same(&guessed[1], &plain[1]);
			assert_int_equal(plain[0].last.stop, full ? HEARTH_STOP_CONTEXT : HEARTH_STOP_LENGTH);
			hearth_close(h);
		}
	}
}

static void a_draft_model_of_another_vocabulary_is_refused(void **state)
{
	(void)state;
	const char *other = "models/hearth-builtin.gguf";
	if (access(other, R_OK) != 0) skip();
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 1, .draft = other };
	assert_false(hearth_open(&o, &h, &error));
	assert_non_null(strstr(error.text, "vocabulary"));
	o.draft = "/nowhere.gguf";
	assert_false(hearth_open(&o, &h, &error));
	assert_non_null(strstr(error.text, "/nowhere.gguf"));
}

/* A program built for the header before guesses: its structs end earlier. */
static void structs_of_an_earlier_version_are_taken(void **state)
{
	(void)state;
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = {
		.size = offsetof(struct hearth_options, draft), .model = tiny_path, .threads = 1, .draft = "never"
	};
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	struct hearth_request r = request_number(0);
	r.size = offsetof(struct hearth_request, no_guess);
	asked_run(h, &r, &guessed[0]);
	assert_int_equal(guessed[0].n_ids, ANSWER);
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_the_same_with_guessing),
		cmocka_unit_test(answers_are_the_same_with_a_draft_model),
		cmocka_unit_test(a_context_and_a_limit_end_an_answer_where_they_would),
		cmocka_unit_test(a_draft_model_of_another_vocabulary_is_refused),
		cmocka_unit_test(structs_of_an_earlier_version_are_taken),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
