/* ends: a real engine is killed or stopped at any moment: each request has one last event, and the next one the same answer as
 * ever. */
#include "real_engine.h"

#include "../engine/asked.h"
#include "../engine/tiny_model.h"

#include <signal.h>
#include <time.h>

static struct asked before, after;

static void pause_for(double seconds)
{
	struct timespec t = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };
	nanosleep(&t, NULL);
}

static struct hearth *open_model(void)
{
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 2, .context = 4096 };
	struct hearth_error error;
	struct hearth *h;
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	return h;
}

/* Sends a signal in mid-answer, `moment` seconds after the request; returns the last event. */
static struct hearth_event interrupted(struct hearth *h, int number, double moment, char *text, size_t room)
{
	struct hearth_request r = asked_text(" the sun has set on the hill", 4000);
	struct hearth_event event, last = { .kind = 0 };
	struct hearth_error error;
	uint64_t id;
	if (!hearth_submit(h, &r, &id, &error)) fail_msg("%s", error.text);
	pid_t pid = real_last.pid;
	pause_for(moment);
	kill(pid, number);
	while (hearth_next(h, PATIENCE, &event)) {
		assert_true(event.request == id && last.kind == 0);
		if (event.kind != HEARTH_DONE && event.kind != HEARTH_FAILED) continue;
		last = event;
		snprintf(text, room, "%.*s", (int)event.text_length, event.text);
	}
	assert_true(last.kind != 0);
	return last;
}

static void killed_at_any_moment(void **state)
{
	(void)state;
	struct hearth *h = open_model();
	struct hearth_request r = asked_text(" the sun has set", 30);
	uint64_t session = hearth_session_new(h);
	uint32_t seed = 7, failed = 0;
	char text[512];
	r.session = session;
	asked_run(h, &r, &before);
	for (int i = 0; i < 40; i++) {
		seed = seed * 1664525u + 1013904223u;
		struct hearth_event last = interrupted(h, SIGKILL, (double)(seed >> 16) * 1e-6, text, sizeof text);
		if (last.kind == HEARTH_FAILED) {
			failed++;
			assert_int_equal(last.failure, HEARTH_FAIL_ENGINE);
			assert_string_equal(text, "the process that computes ended unexpectedly: it was killed (signal 9)");
		}
		asked_run(h, &r, &after);
		assert_int_equal(before.n_ids, after.n_ids);
		assert_memory_equal(before.ids, after.ids, before.n_ids * sizeof before.ids[0]);
	}
	assert_true(failed > 0);
	hearth_close(h);
}

static void stopped_is_hung(void **state)
{
	(void)state;
	real_use(300);
	struct hearth *h = open_model();
	struct hearth_request r = asked_text(" the sun has set", 30);
	char text[512];
	asked_run(h, &r, &before);
	struct hearth_event last = interrupted(h, SIGSTOP, 0.01, text, sizeof text);
	if (last.kind == HEARTH_FAILED) {
		assert_int_equal(last.failure, HEARTH_FAIL_ENGINE);
		assert_string_equal(text, "the process that computes was stopped: it gave no sign of life for too long");
	}
	asked_run(h, &r, &after);
	assert_memory_equal(before.ids, after.ids, before.n_ids * sizeof before.ids[0]);
	hearth_close(h);
	real_use(0);
}

static void dead_while_nobody_asks(void **state)
{
	(void)state;
	struct hearth *h = open_model();
	struct hearth_request r = asked_text(" the sun has set", 30);
	asked_run(h, &r, &before);
	struct spawned p = real_last;
	real_restarted[0] = 0;
	kill(p.pid, SIGKILL);
	pause_for(0.2);
	asked_run(h, &r, &after);
	assert_memory_equal(before.ids, after.ids, before.n_ids * sizeof before.ids[0]);
	assert_string_equal(real_restarted,
	                    "the process that computes ended unexpectedly: it was killed (signal 9), and was started again");
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_at_any_moment),
		cmocka_unit_test(stopped_is_hung),
		cmocka_unit_test(dead_while_nobody_asks),
	};
	if (!real_begin()) return 1;
	real_use(0);
	int status = cmocka_run_group_tests(tests, tiny_begin, tiny_end);
	spawner_stop(real_spawner);
	return status;
}
