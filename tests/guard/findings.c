/* findings: a jailed process's findings arrive as they were, and a record that is none is refused. */
#include "guard/findings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { SOON = 20000, LARGE = 4096 };

static void a_stand_in_finds_what_the_table_says(void **state)
{
	(void)state;
	for (int role = 0; role < GUARD_ROLES; role++) {
		int ends[2];
		struct error e = { "" };
		struct guard_findings f;
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		pid_t child = fork();
		if (child == 0) _exit(guard_findings_stand_in(ends[1], (enum guard_role)role, &e) ? 0 : 1);
		close(ends[1]);
		if (!guard_findings_receive(ends[0], (enum guard_role)role, SOON, &f, &e)) fail_msg("%s", e.text);
		assert_true(f.report.filter && f.report.no_new_privileges && f.report.undumpable && f.report.limits);
		for (int p = 0; p < GUARD_PROBES; p++) {
			if (p == PROBE_CREATE_OWN) continue; /* a stand-in has no folder */
			if (!guard_agrees((enum guard_role)role, (enum guard_probe)p, f.report.landlock, f.may[p]))
				fail_msg("%s: '%s' is %s", guard_role_names[role], guard_table[p].name,
				         f.may[p] ? "possible" : "refused");
		}
		close(ends[0]);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
}

/* The bytes that a process outside every jail sends; their number. */
static size_t some_record(uint8_t *bytes)
{
	int ends[2];
	struct guard_report r = { .filter = true, .landlock = 3, .lost = "nothing" };
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork(); /* the probes of an open process change it */
	if (child == 0) _exit(guard_findings_send(ends[1], GUARD_NET, &r, NULL, NULL) ? 0 : 1);
	close(ends[1]);
	size_t size = 0;
	for (ssize_t n; (n = read(ends[0], bytes + size, LARGE - size)) > 0;) size += (size_t)n;
	close(ends[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	return size;
}

static bool accepted(const uint8_t *bytes, size_t size, struct guard_findings *f, struct error *e)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, size), size);
	close(ends[1]);
	bool ok = guard_findings_receive(ends[0], GUARD_NET, SOON, f, e);
	close(ends[0]);
	return ok;
}

static void a_record_that_is_none_is_refused(void **state)
{
	(void)state;
	uint8_t good[LARGE], bad[LARGE];
	struct guard_findings f;
	struct error e = { "" };
	size_t size = some_record(good);
	assert_true(accepted(good, size, &f, &e));
	assert_true(f.report.filter && !f.report.limits);
	assert_int_equal(f.report.landlock, 3);
	assert_string_equal(f.report.lost, "nothing");
	assert_true(f.may[PROBE_OPEN_OUTSIDE]);

	assert_false(accepted(good, size - 1, &f, &e));
	assert_non_null(strstr(e.text, "hearth-net"));
	static const struct {
		size_t at;
		uint8_t value;
	} changes[] = { { 0, 'x' }, { 4, GUARD_ENGINE }, { 5, 0xff }, { 7, 2 }, { 7 + GUARD_PROBES - 1, 0xff } };
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		memcpy(bad, good, size);
		bad[changes[i].at] = changes[i].value;
		assert_false(accepted(bad, size, &f, &e));
	}
	memset(bad, 'x', sizeof bad); /* a text without an end */
	memcpy(bad, good, 7 + GUARD_PROBES);
	assert_false(accepted(bad, size, &f, &e));
}

static void a_process_that_says_nothing_is_given_up(void **state)
{
	(void)state;
	int ends[2];
	struct guard_findings f;
	struct error e = { "" };
	assert_int_equal(pipe(ends), 0);
	assert_false(guard_findings_receive(ends[0], GUARD_ENGINE, 50, &f, &e));
	assert_non_null(strstr(e.text, "hearth-engine"));
	close(ends[0]);
	close(ends[1]);
}

static int listen_for_probes(void **state)
{
	(void)state;
	return guard_listen(getpid()) >= 0 ? 0 : 1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stand_in_finds_what_the_table_says),
		cmocka_unit_test(a_record_that_is_none_is_refused),
		cmocka_unit_test(a_process_that_says_nothing_is_given_up),
	};
	return cmocka_run_group_tests(tests, listen_for_probes, NULL);
}
