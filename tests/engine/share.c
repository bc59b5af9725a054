/* share: requests go on from what others of the same number left, and nothing else changes: not the answers, not the others. */
#include "asked.h"
#include "tiny_model.h"

enum { N = 600, MOST = 20 };

static int32_t ids[N];
static struct asked a, b, many[MOST];
static struct asked *const all[MOST] = { &many[0],  &many[1],  &many[2],  &many[3],  &many[4],  &many[5],  &many[6],
	                                 &many[7],  &many[8],  &many[9],  &many[10], &many[11], &many[12], &many[13],
	                                 &many[14], &many[15], &many[16], &many[17], &many[18], &many[19] };

static struct hearth_request sharing(const int32_t *list, size_t n, uint32_t max_tokens, uint64_t share)
{
	struct hearth_request r = asked_ids(list, n, max_tokens);
	r.share = share;
	return r;
}

static void a_second_turn_computes_only_what_is_new(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 1024);
	int32_t turn[N];
	memcpy(turn, ids, sizeof turn);
	struct hearth_request r = sharing(turn, 100, 10, 7);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 0);
	memcpy(turn + 100, a.ids, 10 * sizeof turn[0]);
	r.n_ids = 120;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 109); /* the prompt and the answer, but for its last token */
	struct hearth_request alone = asked_ids(turn, 120, 10);
	asked_run(h, &alone, &b);
	assert_int_equal(b.last.n_cached, 0);
	assert_memory_equal(a.ids, b.ids, 10 * sizeof a.ids[0]);
	hearth_close(h);
}

static void a_side_question_costs_the_conversation_nothing(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 1024);
	int32_t other[N];
	memcpy(other, ids, sizeof other);
	struct hearth_request r = sharing(ids, 300, 10, 1), side = sharing(other, 320, 5, 1);
	for (int i = 300; i < 320; i++) other[i] = ids[0];
	asked_run(h, &r, &a);
	for (int leaves_nothing = 0; leaves_nothing < 2; leaves_nothing++) {
		side.leaves_nothing = leaves_nothing;
		asked_run(h, &side, &b);
		assert_in_range(b.last.n_cached, 300, 319);
		r.n_ids = 310;
		asked_run(h, &r, &a);
		assert_in_range(a.last.n_cached, 300, 309);
	}
	hearth_close(h);
}

static void what_leaves_nothing_is_not_there(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 1024);
	struct hearth_request r = sharing(ids, 200, 4, 1);
	r.leaves_nothing = true;
	asked_run(h, &r, &a);
	r.leaves_nothing = false;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 0);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 199);
	hearth_close(h);
}

static void numbers_know_nothing_of_each_other_and_forget(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 1024);
	struct hearth_request r = sharing(ids, 200, 4, 1), other = sharing(ids, 200, 4, 2), none = asked_ids(ids, 200, 4);
	asked_run(h, &r, &a);
	asked_run(h, &other, &b);
	assert_int_equal(b.last.n_cached, 0);
	asked_run(h, &none, &b);
	assert_int_equal(b.last.n_cached, 0);
	hearth_forget(h, 1);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.n_cached, 0);
	asked_run(h, &other, &b);
	assert_int_equal(b.last.n_cached, 199);
	hearth_close(h);
}

/* All begin alike: that is computed once, and the answers are those of each alone. */
static void what_many_begin_with_is_computed_once(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 2, 1024);
	static int32_t prompts[MOST][N];
	uint32_t computed = 0;
	for (int i = 0; i < MOST; i++) {
		memcpy(prompts[i], ids, sizeof ids);
		for (int k = 500; k < 520; k++) prompts[i][k] = ids[(k + 3 * i) % TINY_WORDS];
		struct hearth_request r = sharing(prompts[i], 520, 8, 9);
		asked_submit(h, &r, all[i]);
	}
	asked_wait(h, all, MOST);
	for (int i = 0; i < MOST; i++) computed += many[i].last.n_prompt - many[i].last.n_cached;
	/* some may begin before the last stretch of it is there */
	assert_in_range(computed, 500 + MOST, 500 + MOST * 60);
	for (int i = 0; i < MOST; i += 7) {
		struct hearth_request alone = asked_ids(prompts[i], 520, 8);
		asked_run(h, &alone, &b);
		assert_int_equal(b.n_ids, many[i].n_ids);
		assert_memory_equal(b.ids, many[i].ids, b.n_ids * sizeof b.ids[0]);
	}
	hearth_close(h);
}

static void what_was_stopped_is_gone_on_with(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 1024);
	struct hearth_request r = sharing(ids, 100, 900, 1);
	struct hearth_event event;
	asked_submit(h, &r, &a);
	while (hearth_next(h, PATIENCE, &event)) {
		asked_take(&a, &event);
		if (event.kind == HEARTH_ANSWER) hearth_cancel(h, a.id);
	}
	assert_int_equal(a.last.stop, HEARTH_STOP_CANCEL);
	r.max_tokens = 4;
	asked_run(h, &r, &b);
	assert_int_equal(b.last.n_cached, 99);
	hearth_close(h);
}

static void the_least_used_goes_first_when_there_is_no_room(void **state)
{
	(void)state;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 1, .context = 1024 };
	struct hearth_info info = { .size = sizeof info };
	struct hearth_error error;
	struct hearth *h;
	int32_t turned[3][N];
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	hearth_info(h, &info);
	hearth_close(h);
	o.bytes_shared = info.bytes_kv * 11 / 10; /* 1,126 positions: two of 500 and no third */
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < N; k++) turned[i][k] = ids[(k + 1 + i) % TINY_WORDS + (k % 2)];
		turned[i][0] = ids[i];
		struct hearth_request r = sharing(turned[i], 500, 2, 1);
		asked_run(h, &r, &a);
		assert_int_equal(a.last.n_cached, 0);
	}
	struct hearth_request last = sharing(turned[2], 500, 2, 1), first = sharing(turned[0], 500, 2, 1);
	asked_run(h, &last, &a);
	assert_int_equal(a.last.n_cached, 499);
	asked_run(h, &first, &a);
	assert_int_equal(a.last.n_cached, 0);
	hearth_close(h);
}

/* More requests than the planned memory has room for: some wait, in order, and all have the answers that they have alone. */
static void what_has_no_room_in_memory_waits_in_order(void **state)
{
	(void)state;
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 1, .context = 512, .bytes_shared = 1 };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	struct hearth_request r = sharing(ids, 40, 200, 0);
	asked_run(h, &r, &a);
	struct hearth_event event;
	uint32_t running = 0, most = 0, over = 0;
	uint64_t last = 0;
	for (int i = 0; i < 8; i++) asked_submit(h, &r, &many[i]);
	while (hearth_next(h, PATIENCE, &event)) {
		if (event.kind == HEARTH_PROMPT) {
			assert_true(event.request > last);
			last = event.request;
			if (++running > most) most = running;
		}
		if (event.kind == HEARTH_DONE) {
			running--;
			over++;
		}
		for (int i = 0; i < 8; i++) {
			if (many[i].id == event.request) asked_take(&many[i], &event);
		}
	}
	assert_int_equal(over, 8);
	assert_in_range(most, 1, 2); /* 240 positions each, and 512 are planned for */
	for (int i = 0; i < 8; i++) assert_memory_equal(many[i].ids, a.ids, 200 * sizeof a.ids[0]);
	hearth_close(h);
}

/* What sessions hold is not taken from them: who has no room beside it hears by how much. */
static void what_can_never_have_room_is_refused_by_how_much(void **state)
{
	(void)state;
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 1, .context = 512, .bytes_shared = 1 };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	uint64_t first = hearth_session_new(h), second = hearth_session_new(h);
	struct hearth_request r = asked_ids(ids, 300, 10);
	r.session = first;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_DONE);
	r.session = second;
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_FAILED);
	assert_int_equal(a.last.failure, HEARTH_FAIL_RESOURCES);
	assert_non_null(strstr(a.error, "keys and values of this request may take 0."));
	assert_non_null(strstr(a.error, " MiB too many; ask for fewer tokens, or close sessions"));
	hearth_session_free(h, first);
	asked_run(h, &r, &a);
	assert_int_equal(a.last.kind, HEARTH_DONE);
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_second_turn_computes_only_what_is_new),
		cmocka_unit_test(a_side_question_costs_the_conversation_nothing),
		cmocka_unit_test(what_leaves_nothing_is_not_there),
		cmocka_unit_test(numbers_know_nothing_of_each_other_and_forget),
		cmocka_unit_test(what_many_begin_with_is_computed_once),
		cmocka_unit_test(what_was_stopped_is_gone_on_with),
		cmocka_unit_test(the_least_used_goes_first_when_there_is_no_room),
		cmocka_unit_test(what_has_no_room_in_memory_waits_in_order),
		cmocka_unit_test(what_can_never_have_room_is_refused_by_how_much),
	};
	for (int i = 0; i < N; i++) ids[i] = TINY_BYTES + 256 + (i * 7 + i / 9) % TINY_WORDS;
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
