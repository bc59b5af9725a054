/*
 * timelines: families with states and with windows through hearth.h: a session whose conversation goes on, is asked again, and goes
 * back to an earlier message gives the answers that fresh sessions give.
 */
#include "../testdata.h"
#include "asked.h"

enum { ANSWER = 12, LONG = 300, CONTEXT = 512 };

static struct asked held, fresh;

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
	struct hearth *h = asked_open(path, 2, CONTEXT);
	struct hearth_info info = { .size = sizeof info };
	int32_t ids[LONG + 2 * ANSWER + 40];
	hearth_info(h, &info);
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) ids[i] = (int32_t)((i * 7919 + 3) % info.n_vocab);
	uint64_t session = hearth_session_new(h);
	compare(h, name, "first message", session, ids, 40);
	memcpy(ids + 40, held.ids, ANSWER * sizeof ids[0]);
	compare(h, name, "second message", session, ids, 150);
	assert_true(held.last.n_cached >= 40 - 1);
	compare(h, name, "asked again", session, ids, 150);
	assert_int_equal(held.last.n_cached, 149);
	compare(h, name, "a long one", session, ids, LONG);
	ids[160] = (ids[160] + 1) % (int32_t)info.n_vocab;
	compare(h, name, "the second message edited", session, ids, 170);
	ids[20] = (ids[20] + 1) % (int32_t)info.n_vocab;
	compare(h, name, "the first message edited", session, ids, 100);
	hearth_close(h);
}

static void sessions_go_on_and_back_like_fresh_ones(void **state)
{
	(void)state;
	static const char *const families[] = { "mamba",      "mamba2",        "jamba",       "plamo2",  "falcon-h1",
		                                "nemotron_h", "granitehybrid", "lfm2",        "qwen35",  "rwkv6",
		                                "rwkv7",      "qwen3next",     "kimi-linear", "gemma3",  "gemma4",
		                                "gemma3n",    "gpt-oss",       "olmo2",       "cohere2", "deepseek4" };
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		char name[64];
		snprintf(name, sizeof name, "golden/arch/%s.gguf", families[i]);
		const char *path = testdata(name);
		if (!path) skip();
		converse(path, families[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(sessions_go_on_and_back_like_fresh_ones) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
