/* scheduler: requests side by side give what they give alone; order, fairness, memory that fails. */
#include "asked.h"
#include "tiny_model.h"

#include "engine/scheduler_internal.h"

enum { SIDE_BY_SIDE = 8, ANSWER = 60 };

static struct asked alone[SIDE_BY_SIDE], beside[SIDE_BY_SIDE];
static struct asked *const all_beside[] = { &beside[0], &beside[1], &beside[2], &beside[3],
	                                    &beside[4], &beside[5], &beside[6], &beside[7] };

/* Eight requests that differ in text, length and sampling. */
static struct hearth_request request_number(int i)
{
	static const char *const texts[SIDE_BY_SIDE] = {
		" the sun",
		" he is in the hall and the other one is on the hill",
		" a",
		" in the inn there is another inn and in that one there is one more, and in that one he sat and ate and sang",
		" she sells sea shells on the sea shore",
		" he",
		" on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on",
		" the end",
	};
	struct hearth_request r = asked_text(texts[i], ANSWER);
	r.want_prompt = true;
	if (i % 2) r.sampling = hearth_request_new(HEARTH_TEXT).sampling;
	if (i == 3) r.sampling.repeat_penalty = 1.3F;
	if (i == 5) r.sampling.typical_p = 0.7F;
	r.sampling.seed = (uint64_t)i + 1;
	return r;
}

static void an_answer_is_the_same_alone_and_beside_seven_others(void **state)
{
	(void)state;
	for (unsigned threads = 1; threads <= 4; threads *= 2) {
		struct hearth *h = asked_open(tiny_path, threads, 256);
		for (int i = 0; i < SIDE_BY_SIDE && threads == 1; i++) {
			struct hearth_request r = request_number(i);
			asked_run(h, &r, &alone[i]);
			assert_int_equal(alone[i].n_ids, ANSWER);
		}
		for (int i = 0; i < SIDE_BY_SIDE; i++) {
			struct hearth_request r = request_number(i);
			asked_submit(h, &r, &beside[i]);
		}
		asked_wait(h, all_beside, SIDE_BY_SIDE);
		for (int i = 0; i < SIDE_BY_SIDE; i++) {
			assert_int_equal(beside[i].n_ids, ANSWER);
			assert_memory_equal(beside[i].ids, alone[i].ids, ANSWER * sizeof alone[i].ids[0]);
			assert_string_equal(beside[i].text, alone[i].text);
		}
		hearth_close(h);
	}
}

static void requests_of_one_session_wait_for_each_other(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 512);
	struct hearth_request r = request_number(1);
	r.session = hearth_session_new(h);
	for (int i = 0; i < 3; i++) asked_submit(h, &r, &beside[i]);
	int running = 0;
	struct hearth_event event;
	while (hearth_next(h, PATIENCE, &event)) {
		assert_int_equal(event.request, beside[running].id); /* none begins before the one before it is over */
		asked_take(&beside[running], &event);
		running += beside[running].over;
	}
	assert_int_equal(running, 3);
	assert_int_equal(beside[0].last.n_cached, 0);
	assert_int_equal(beside[1].last.n_cached, beside[1].last.n_prompt - 1);
	assert_memory_equal(beside[0].prompt, beside[2].prompt, beside[0].n_prompt_ids * sizeof beside[0].prompt[0]);
	hearth_close(h);
}

static void a_freed_session_cancels_its_requests(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 4096);
	uint64_t session = hearth_session_new(h), other = hearth_session_new(h);
	assert_true(session != 0 && other != 0 && other != session);
	struct hearth_request r = asked_text(" the sun", 4000);
	r.session = session;
	asked_submit(h, &r, &beside[0]);
	asked_submit(h, &r, &beside[1]);
	r.session = other;
	r.max_tokens = 20;
	asked_submit(h, &r, &beside[2]);
	hearth_session_free(h, session);
	hearth_session_free(h, 4711);
	asked_wait(h, all_beside, 3);
	assert_int_equal(beside[0].last.stop, HEARTH_STOP_CANCEL);
	assert_int_equal(beside[1].last.stop, HEARTH_STOP_CANCEL);
	assert_int_equal(beside[2].last.stop, HEARTH_STOP_LENGTH);
	r.session = session;
	uint64_t id;
	assert_false(hearth_submit(h, &r, &id, NULL));
	hearth_close(h);
}

static void more_requests_than_run_at_once_all_come_to_an_end(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 2, 128);
	uint64_t ids[3 * MOST_ACTIVE];
	struct hearth_request r = asked_text(" the sun", 10);
	for (int i = 0; i < 3 * MOST_ACTIVE; i++) assert_true(hearth_submit(h, &r, &ids[i], NULL));
	unsigned done = 0, tokens = 0;
	struct hearth_event event;
	while (hearth_next(h, PATIENCE, &event)) {
		done += event.kind == HEARTH_DONE;
		if (event.kind == HEARTH_ANSWER) tokens += (unsigned)event.n_ids;
	}
	assert_int_equal(done, 3 * MOST_ACTIVE);
	assert_int_equal(tokens, 10 * 3 * MOST_ACTIVE);
	hearth_close(h);
}

static void news_that_nobody_takes_are_joined(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 4096);
	struct hearth_request r = asked_text(" the sun", 1000);
	asked_submit(h, &r, &beside[0]);
	struct hearth_info info = { .size = sizeof info };
	hearth_info(h, &info);
	usleep(400000);
	asked_wait(h, all_beside, 1);
	assert_int_equal(beside[0].n_ids, 1000);
	assert_in_range(beside[0].n_events, 3, 900); /* prompt, progress, few answers, done */
	hearth_close(h);
}

/* ---- batches, built by hand ---- */

struct bench {
	struct scheduler s;
	struct request requests[4];
	struct session sessions[4];
	struct row rows[512];
	int32_t ids[4096];
};

/* Four requests: two answers, and prompts of 1000 and 30 tokens. */
static void fill_bench(struct bench *b)
{
	memset(b, 0, sizeof *b);
	b->s.rows = b->rows;
	b->s.max_rows = 512;
	for (uint32_t i = 0; i < 4; i++) {
		struct request *r = &b->requests[i];
		r->session = &b->sessions[i];
		b->sessions[i].sequence = (struct sequence *)(void *)&b->sessions[i]; /* only compared here */
		r->state = REQUEST_RUNNING;
		r->ids = b->ids;
		r->n_prompt = i == 2 ? 1000 : 30;
		r->n_done = i < 2 ? 30 : 0;
		r->logits = (float *)(void *)&r->logits;
		b->s.active[i] = r;
	}
	b->s.n_active = 4;
}

static void a_step_has_every_answer_and_equal_shares_of_prompts(void **state)
{
	(void)state;
	static struct bench b;
	fill_bench(&b);
	b.s.seconds_per_row = 0.5 / 100.5; /* 100 prompt rows take as long as a step beside answers may */
	uint32_t n = scheduler_build(&b.s);
	assert_int_equal(n, 2 + 100);
	assert_int_equal(b.requests[0].n_rows, 1);
	assert_int_equal(b.requests[1].n_rows, 1);
	assert_int_equal(b.requests[3].n_rows, 30); /* all it needs */
	assert_int_equal(b.requests[2].n_rows, 70); /* the rest */
	assert_int_equal(b.rows[0].kind, ROW_ANSWER);
	unsigned with_logits = 0;
	for (uint32_t i = 0; i < n; i++) with_logits += b.rows[i].logits != NULL;
	assert_int_equal(with_logits, 3); /* two answers, and the end of the short prompt */

	b.requests[3].n_done = 30; /* now the long one has all the room */
	b.requests[2].n_done = 900;
	assert_int_equal(scheduler_build(&b.s), 3 + 100);
	assert_int_equal(b.requests[2].n_rows, 100);
	assert_ptr_equal(b.rows[102].logits, b.requests[2].logits);
}

static void behind_a_step_with_both_answers_have_time_for_themselves(void **state)
{
	(void)state;
	static struct bench b;
	fill_bench(&b);
	b.s.seconds_per_row = 0.5 / 100.5;
	assert_int_equal(scheduler_build(&b.s), 2 + 100);
	scheduler_account(&b.s, 0.6); /* a third of it: 0.2 s */
	for (int i = 0; i < 4; i++) {
		assert_int_equal(scheduler_build(&b.s), 2);
		assert_int_equal(b.requests[2].n_rows, 0);
		scheduler_account(&b.s, 0.06);
	}
	assert_int_equal(scheduler_build(&b.s), 2 + 100);
	b.requests[0].n_done = b.requests[1].n_done = 0; /* nobody answers: nothing is owed */
	scheduler_account(&b.s, 0.6);
	assert_true(scheduler_build(&b.s) > 100);
	scheduler_account(&b.s, 2);
	assert_true(scheduler_build(&b.s) > 100);
}

static void where_most_wait_for_a_first_word_few_answers_have_less_time(void **state)
{
	(void)state;
	static struct bench b;
	fill_bench(&b);
	b.requests[1].n_done = 0; /* one answer, three prompts */
	b.s.seconds_per_row = 0.5 / 100.5;
	assert_int_equal(scheduler_build(&b.s), 1 + 201); /* a slice twice as long */
	scheduler_account(&b.s, 0.7);                     /* a seventh of it: 0.1 s */
	assert_int_equal(scheduler_build(&b.s), 1);
	scheduler_account(&b.s, 0.06);
	assert_int_equal(scheduler_build(&b.s), 1);
	scheduler_account(&b.s, 0.06);
	assert_int_equal(scheduler_build(&b.s), 1 + 201);
}

static void a_step_stays_within_the_rows_and_the_time_it_may_have(void **state)
{
	(void)state;
	static struct bench b;
	fill_bench(&b);
	b.s.seconds_per_row = 1e-9;
	assert_int_equal(scheduler_build(&b.s), 512);
	assert_int_equal(b.requests[2].n_rows, 512 - 2 - 30);
	b.s.seconds_per_row = 10; /* a slow machine: few rows, but some for each prompt */
	assert_int_equal(scheduler_build(&b.s), 2 + 64);
	assert_int_equal(b.requests[2].n_rows, 34);
	assert_int_equal(b.requests[3].n_rows, 30);

	/* Without answers to hold up, a step may be longer. */
	b.s.active[0] = b.s.active[2];
	b.s.n_active = 1;
	b.s.seconds_per_row = 0.01;
	assert_int_equal(scheduler_build(&b.s), 200);
	b.s.seconds_per_row = 0; /* not known yet */
	assert_int_equal(scheduler_build(&b.s), 256);
}

/* ---- memory that fails ---- */

/* Opens, submits, runs and closes; every failure must be an ordinary one. Returns whether all went well. */
static bool use_engine(void)
{
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 2, .context = 96 };
	struct hearth *h;
	struct hearth_error error = { "" };
	if (!hearth_open(&o, &h, &error)) {
		assert_true(error.text[0] != 0);
		return false;
	}
	uint64_t session = hearth_session_new(h), id;
	bool well = session != 0;
	static const char *const stops[] = { "zzzz" };
	for (int turn = 0; turn < 2 && session; turn++) {
		struct hearth_request r = asked_text(turn ? " the sun and the hill and the inn" : " the sun and", 6);
		struct hearth_event event;
		r.session = session;
		r.want_prompt = true;
		r.stop = stops;
		r.n_stop = 1;
		r.sampling.temperature = 1;
		r.sampling.typical_p = 0.9F;
		r.sampling.repeat_penalty = 1.1F;
		if (!hearth_submit(h, &r, &id, &error)) {
			assert_true(error.text[0] != 0);
			well = false;
			continue;
		}
		uint32_t last = 0;
		while (hearth_next(h, PATIENCE, &event)) {
			last = event.kind;
			if (last == HEARTH_FAILED) {
				assert_int_equal(event.failure, HEARTH_FAIL_RESOURCES);
				assert_true(event.text_length > 0);
				well = false;
			}
		}
		assert_true(last == HEARTH_DONE || last == HEARTH_FAILED);
	}
	hearth_close(h);
	return well;
}

static void every_allocation_may_fail_once(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	assert_true(use_engine());
	uint64_t n = 0, well = 0; /* some are harmless (news of progress); behind the last one all are */
	while (well < 40 && n < 5000) {
		memory_fail_at(++n, false);
		well = use_engine() ? well + 1 : 0;
		memory_fail_at(0, false);
		assert_int_equal(memory_in_use(), before);
	}
	assert_in_range(n, 90, 4999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_the_same_alone_and_beside_seven_others),
		cmocka_unit_test(requests_of_one_session_wait_for_each_other),
		cmocka_unit_test(a_freed_session_cancels_its_requests),
		cmocka_unit_test(more_requests_than_run_at_once_all_come_to_an_end),
		cmocka_unit_test(news_that_nobody_takes_are_joined),
		cmocka_unit_test(a_step_has_every_answer_and_equal_shares_of_prompts),
		cmocka_unit_test(behind_a_step_with_both_answers_have_time_for_themselves),
		cmocka_unit_test(where_most_wait_for_a_first_word_few_answers_have_less_time),
		cmocka_unit_test(a_step_stays_within_the_rows_and_the_time_it_may_have),
		cmocka_unit_test(every_allocation_may_fail_once),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
