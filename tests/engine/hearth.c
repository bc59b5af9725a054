/* hearth: requests, events and sessions through the public interface, with a tiny model. */
#include "asked.h"
#include "tiny_model.h"

#include <math.h>
#include <pthread.h>
#include <time.h>

static struct asked a, b; /* large: not on the stack */

static const char story[] = " the sun has set on the hill, and all the animals";

static void an_answer_comes_with_its_counts(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(story, 20);
	r.want_prompt = true;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_DONE);
	assert_int_equal(a.last.stop, HEARTH_STOP_LENGTH);
	assert_int_equal(a.n_prompts, 1);
	assert_true(a.n_progress >= 1);
	assert_int_equal(a.prompt[0], TINY_BOS);
	assert_int_equal(a.last.n_prompt, a.n_prompt_ids);
	assert_int_equal(a.last.n_done, a.last.n_prompt);
	assert_int_equal(a.last.n_cached, 0);
	assert_int_equal(a.last.n_generated, 20);
	assert_int_equal(a.n_ids, 20);
	assert_int_equal(a.last.n_context, 256);
	assert_true(a.last.seconds_prompt > 0 && a.last.seconds_generate > 0);
	struct hearth_event none;
	assert_false(hearth_next(h, -1, &none)); /* nothing is queued or running */
	hearth_close(h);
}

static void ids_and_text_of_one_prompt_give_one_answer(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(story, 30);
	r.want_prompt = true;
	asked_run(h, &r, &a);
	struct hearth_request ids = asked_ids(a.prompt, a.n_prompt_ids, 30);
	asked_run(h, &ids, &b);
	assert_int_equal(b.n_ids, 30);
	assert_memory_equal(a.ids, b.ids, 30 * sizeof a.ids[0]);
	assert_string_equal(a.text, b.text);
	hearth_close(h);
}

static void equal_seeds_give_equal_text_and_a_fresh_one_is_reported(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	struct hearth_request r = asked_text(story, 40);
	r.sampling = hearth_request_new(HEARTH_TEXT).sampling;
	r.sampling.seed = 99;
	asked_run(h, &r, &a);
	asked_run(h, &r, &b);
	assert_memory_equal(a.ids, b.ids, 40 * sizeof a.ids[0]);
	assert_true(a.last.seed == 99);
	r.sampling.seed = 0;
	asked_run(h, &r, &b);
	assert_true(b.last.seed != 0);
	assert_memory_not_equal(a.ids, b.ids, 40 * sizeof a.ids[0]);
	r.sampling.seed = b.last.seed;
	asked_run(h, &r, &a);
	assert_memory_equal(a.ids, b.ids, 40 * sizeof a.ids[0]);
	hearth_close(h);
}

static void an_end_token_ends_the_answer_and_shows_no_text(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 1024);
	struct hearth_request r = asked_text(story, 900);
	r.sampling.temperature = 3; /* nearly any token may come */
	r.sampling.top_p = 1;
	r.sampling.min_p = 0;
	r.sampling.top_k = 0;
	r.ignore_end = false;
	bool ended = false;
	for (r.sampling.seed = 1; r.sampling.seed < 20 && !ended; r.sampling.seed++) {
		asked_run(h, &r, &a);
		ended = a.last.stop == HEARTH_STOP_END;
		for (size_t i = 0; i + 1 < a.n_ids; i++) assert_true(a.ids[i] != TINY_EOS && a.ids[i] != TINY_END);
	}
	assert_true(ended);
	assert_true(a.ids[a.n_ids - 1] == TINY_EOS || a.ids[a.n_ids - 1] == TINY_END);
	assert_int_equal(a.last.n_generated, a.n_ids);
	assert_null(strstr(a.text, "</s>"));
	assert_null(strstr(a.text, "<|im_end|>"));
	hearth_close(h);
}

static void a_stop_text_ends_the_answer_and_is_not_shown(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 512);
	struct hearth_request r = asked_text(story, 60);
	asked_run(h, &r, &a);
	assert_true(a.length > 40);
	/* Stop texts of several lengths from the middle of the answer: most begin and end inside tokens. */
	unsigned tried = 0;
	for (size_t from = 10; from < 60; from += 3) {
		for (size_t length = 2; length < 9; length += 2) {
			char stop[16] = "";
			memcpy(stop, a.text + from, length);
			if (strspn(stop, "abcdefghijklmnopqrstuvwxyz .") != length)
				continue; /* bytes that were no text are shown otherwise */
			tried++;
			const char *stops[] = { "never to be found", stop };
			struct hearth_request again = r;
			again.stop = stops;
			again.n_stop = 2;
			asked_run(h, &again, &b);
			size_t shown = (size_t)(strstr(a.text, stop) - a.text);
			assert_int_equal(b.last.stop, HEARTH_STOP_TEXT);
			assert_int_equal(b.length, shown);
			assert_memory_equal(b.text, a.text, shown);
		}
	}
	assert_true(tried >= 10);
	/* One that comes only in part is shown after all. */
	char half[16] = "";
	memcpy(half, a.text + a.length - 3, 3);
	memcpy(half + 3, "\x01\x02", 2);
	const char *stops[] = { half };
	r.stop = stops;
	r.n_stop = 1;
	asked_run(h, &r, &b);
	assert_int_equal(b.last.stop, HEARTH_STOP_LENGTH);
	assert_string_equal(b.text, a.text);
	hearth_close(h);
}

static void a_full_context_ends_the_answer_with_its_own_reason(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 64);
	struct hearth_request r = asked_text(" the sun", 1000);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.stop, HEARTH_STOP_CONTEXT);
	assert_int_equal(a.last.n_generated, 64 - a.last.n_prompt + 1); /* the last one needs no place */
	int32_t full[64];
	for (int i = 0; i < 64; i++) full[i] = TINY_VOCAB - 2;
	struct hearth_request ids = asked_ids(full, 64, 5);
	asked_run(h, &ids, &a);
	assert_int_equal(a.last.stop, HEARTH_STOP_CONTEXT);
	assert_int_equal(a.last.n_generated, 1);
	hearth_close(h);
}

static void a_prompt_that_does_not_fit_is_refused_with_both_numbers(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 64);
	int32_t many[65];
	for (int i = 0; i < 65; i++) many[i] = TINY_VOCAB - 2;
	struct hearth_request r = asked_ids(many, 65, 5);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_FAILED);
	assert_int_equal(a.last.failure, HEARTH_FAIL_CONTEXT);
	assert_int_equal(a.last.n_prompt, 65);
	assert_int_equal(a.last.n_context, 64);
	assert_non_null(strstr(a.error, "65"));

	/* So long that no tokens are needed to know: at once, and with a lower bound. */
	size_t size = 32 << 20;
	char *text = memory_new(size + 1, 1);
	assert_non_null(text);
	memset(text, 'x', size);
	r = asked_text(text, 5);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.failure, HEARTH_FAIL_CONTEXT);
	assert_true(a.last.n_prompt > 64);
	memory_free(text);
	hearth_close(h);
}

static void what_cannot_be_taken_is_said_in_one_line(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 64);
	struct hearth_error error;
	uint64_t id;
	struct hearth_request good = asked_text("a", 1), r = good;
	r.kind = 9;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_non_null(strstr(error.text, "kind"));
	r = good;
	r.size = 8;
	assert_false(hearth_submit(h, &r, &id, &error));
	r = good;
	r.sampling.temperature = NAN;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_non_null(strstr(error.text, "temperature"));
	r = good;
	r.session = 12345;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_non_null(strstr(error.text, "session"));
	r = good;
	r.text = NULL;
	assert_false(hearth_submit(h, &r, &id, &error));
	r = good;
	const char *empty[] = { "" };
	r.stop = empty;
	r.n_stop = 1;
	assert_false(hearth_submit(h, &r, &id, &error));
	r = good;
	r.date = "yesterday";
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_false(hearth_submit(h, NULL, &id, &error));
	const int32_t strange[] = { 1, TINY_VOCAB };
	r = asked_ids(strange, 2, 1);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.failure, HEARTH_FAIL_REQUEST);
	const int32_t negative[] = { -1 };
	r = asked_ids(negative, 1, 1);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.failure, HEARTH_FAIL_REQUEST);
	asked_run(h, &good, &a); /* and all is well afterwards */
	assert_int_equal(a.last.kind, HEARTH_DONE);
	hearth_close(h);
}

static void options_are_checked(void **state)
{
	(void)state;
	struct hearth *h;
	struct hearth_error error;
	struct hearth_options o = { .size = sizeof o, .model = "/nonexistent/model.gguf" };
	assert_false(hearth_open(&o, &h, &error));
	assert_null(h);
	assert_non_null(strstr(error.text, "/nonexistent/model.gguf"));
	o.size = 3;
	assert_false(hearth_open(&o, &h, &error));
	o = (struct hearth_options){ .size = sizeof o };
	assert_false(hearth_open(&o, &h, &error));
	o.model = tiny_path;
	o.kv = 77;
	assert_false(hearth_open(&o, &h, &error));
	assert_false(hearth_open(NULL, &h, NULL));
}

static void info_and_plan_describe_the_model(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 2, 128);
	struct hearth_info info = { .size = sizeof info };
	hearth_info(h, &info);
	assert_string_equal(info.name, "tiny");
	assert_string_equal(info.architecture, "llama");
	assert_string_equal(info.weights, "F32");
	assert_int_equal(info.context, 128);
	assert_int_equal(info.context_trained, 4096);
	assert_int_equal(info.n_vocab, TINY_VOCAB);
	assert_int_equal(info.n_layer, TINY_LAYERS);
	assert_int_equal(info.threads, 2);
	assert_false(info.has_template);
	assert_true(info.parameters > 0 && info.bytes_total >= info.bytes_weights + info.bytes_kv);
	assert_true(info.seconds_load > 0);
	assert_true(strlen(info.kernels) > 0);
	assert_true(info.sampling.temperature == 0.25F && info.sampling.top_k == 17);
	assert_true(info.sampling.top_p == 0.95F && info.sampling.repeat_penalty == 1); /* the file's is no probability */
	const char *plan = hearth_describe(h, false), *json = hearth_describe(h, true);
	assert_true(plan && json && json[0] == '{');
	assert_ptr_equal(hearth_describe(h, true), json);
	hearth_close(h);
	assert_true(strlen(hearth_kernels()) > 0);
	assert_string_equal(hearth_version(), HEARTH_VERSION);
}

static void with_no_tokens_asked_for_the_prompt_is_looked_at_alone(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 256);
	uint64_t session = hearth_session_new(h);
	struct hearth_request r = asked_text(story, 8);
	r.session = session;
	asked_run(h, &r, &a);
	r.max_tokens = 0;
	r.want_prompt = true;
	asked_run(h, &r, &b);
	assert_int_equal(b.last.kind, HEARTH_DONE);
	assert_int_equal(b.last.n_generated, 0);
	assert_int_equal(b.last.n_prompt, a.last.n_prompt);
	assert_int_equal(b.last.n_cached, a.last.n_prompt - 1);
	assert_int_equal(b.n_prompt_ids, a.last.n_prompt);
	assert_int_equal(b.n_ids, 0);
	hearth_close(h);
}

static void a_request_can_be_cancelled_at_any_time(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 4096);
	struct hearth_request r = asked_text(story, 4000);
	struct hearth_event event;
	asked_submit(h, &r, &a);
	while (a.n_ids < 5 && hearth_next(h, PATIENCE, &event)) asked_take(&a, &event);
	hearth_cancel(h, a.id);
	hearth_cancel(h, 987654);
	while (hearth_next(h, PATIENCE, &event)) asked_take(&a, &event);
	assert_true(a.n_ids < 4000);
	assert_int_equal(a.last.kind, HEARTH_DONE);
	assert_int_equal(a.last.stop, HEARTH_STOP_CANCEL);
	assert_true(a.n_ids >= 5 && a.n_ids < 4000);
	assert_int_equal(a.last.n_generated, a.n_ids);
	hearth_cancel(h, a.id); /* finished: ignored */

	/* In the queue and in the prompt. */
	struct asked *both[] = { &a, &b };
	asked_submit(h, &r, &a);
	asked_submit(h, &r, &b);
	hearth_cancel(h, b.id);
	hearth_cancel(h, a.id);
	asked_wait(h, both, 2);
	assert_int_equal(a.last.stop, HEARTH_STOP_CANCEL);
	assert_int_equal(b.last.stop, HEARTH_STOP_CANCEL);
	hearth_close(h);
}

static void an_engine_can_be_closed_while_it_computes(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	for (int i = 0; i < 20; i++) {
		struct hearth *h = asked_open(tiny_path, 2, 4096);
		uint64_t session = hearth_session_new(h), id;
		struct hearth_request r = asked_text(story, 4000);
		struct hearth_event event;
		r.session = i % 2 ? session : 0;
		for (int k = 0; k < 3; k++) assert_true(hearth_submit(h, &r, &id, NULL));
		for (int k = 0; k < i; k++) hearth_next(h, 10000, &event);
		if (i % 3 == 0) hearth_session_free(h, session);
		hearth_close(h);
	}
	assert_int_equal(memory_in_use(), before);
	hearth_close(NULL);
}

static void *wait_for_event(void *data)
{
	struct hearth_event event;
	while (hearth_next(data, -1, &event) && event.kind != HEARTH_DONE) {}
	return event.stop == HEARTH_STOP_CANCEL ? data : NULL;
}

static void a_waiting_thread_sees_what_another_cancels(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 4096);
	struct hearth_request r = asked_text(story, 4000);
	asked_submit(h, &r, &a);
	pthread_t waiter;
	void *result;
	assert_int_equal(pthread_create(&waiter, NULL, wait_for_event, h), 0);
	usleep(20000);
	hearth_cancel(h, a.id);
	pthread_join(waiter, &result);
	assert_ptr_equal(result, h);
	hearth_close(h);
}

static void a_wait_ends_in_time(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 4096);
	struct hearth_event event;
	/* Nothing runs: at once, for the alarm that ends the test is shorter than the wait. */
	alarm(PATIENCE / 1000);
	assert_false(hearth_next(h, 10 * PATIENCE, &event));
	alarm(0);
	hearth_close(h);
}

static double cpu_seconds(void)
{
	struct timespec t; /* of all threads, exact where getrusage counts in ticks */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void an_idle_engine_uses_no_cpu(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 4, 256);
	struct hearth_request r = asked_text(story, 20);
	asked_run(h, &r, &a);
	/* The pool's threads spin for a moment, which a busy machine makes long: one quiet second of several will do. */
	double used = 1;
	for (int second = 0; second < 10 && used >= 0.0005; second++) {
		double start = cpu_seconds();
		sleep(1);
		used = cpu_seconds() - start;
	}
	assert_true(used < 0.0005); /* what measuring takes */
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_comes_with_its_counts),
		cmocka_unit_test(ids_and_text_of_one_prompt_give_one_answer),
		cmocka_unit_test(equal_seeds_give_equal_text_and_a_fresh_one_is_reported),
		cmocka_unit_test(an_end_token_ends_the_answer_and_shows_no_text),
		cmocka_unit_test(a_stop_text_ends_the_answer_and_is_not_shown),
		cmocka_unit_test(a_full_context_ends_the_answer_with_its_own_reason),
		cmocka_unit_test(a_prompt_that_does_not_fit_is_refused_with_both_numbers),
		cmocka_unit_test(what_cannot_be_taken_is_said_in_one_line),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(info_and_plan_describe_the_model),
		cmocka_unit_test(with_no_tokens_asked_for_the_prompt_is_looked_at_alone),
		cmocka_unit_test(a_request_can_be_cancelled_at_any_time),
		cmocka_unit_test(an_engine_can_be_closed_while_it_computes),
		cmocka_unit_test(a_waiting_thread_sees_what_another_cancels),
		cmocka_unit_test(a_wait_ends_in_time),
		cmocka_unit_test(an_idle_engine_uses_no_cpu),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
