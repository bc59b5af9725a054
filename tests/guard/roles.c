/* roles: each role's process finds what the rights table says, at every Landlock ABI, and a planted hole shows. */
#include "guard/guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What a child tells: memory that both have. */
struct findings {
	struct guard_report report;
	struct error error;
	bool entered, may[GUARD_PROBES];
	char name[16];
};

static char own_folder[] = "/tmp/hearth-guard-XXXXXX";

static void live(enum guard_role role, const struct guard_options *o, struct findings *f)
{
	if (!guard_enter(role, o, &f->report, &f->error) || !guard_filter(role, o, &f->report, &f->error)) _exit(1);
	f->entered = true;
	for (int p = 0; p < GUARD_PROBES; p++) f->may[p] = guard_try((enum guard_probe)p, o->own_folder);
	_exit(0);
}

static const struct findings *findings_of(enum guard_role role, int landlock, const char *hole)
{
	static struct findings *f;
	const struct guard_options o = { .own_folder = own_folder, .landlock = landlock, .hole = hole };
	if (!f) f = mmap(NULL, sizeof *f, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(f, 0, sizeof *f);
	int status;
	pid_t child = fork();
	if (child == 0) live(role, &o, f);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!f->entered || status != 0) fail_msg("%s: status %x: %s", guard_role_names[role], (unsigned)status, f->error.text);
	return f;
}

static void every_cell_is_as_the_table_says(void **state)
{
	(void)state;
	int newest = guard_landlock_abi(), wrong = 0;
	for (int abi = 0; abi <= (newest < 7 ? newest : 7); abi++) {
		for (int role = 0; role < GUARD_ROLES; role++) {
			const struct findings *f = findings_of((enum guard_role)role, abi, NULL);
			assert_int_equal(f->report.landlock, abi);
			assert_true(f->report.filter && f->report.no_new_privileges && f->report.undumpable && f->report.limits);
			for (int p = 0; p < GUARD_PROBES; p++) {
				if (guard_agrees((enum guard_role)role, (enum guard_probe)p, abi, f->may[p])) continue;
				print_error("Landlock %d, %s: '%s' is %s\n", abi, guard_role_names[role], guard_table[p].name,
				            f->may[p] ? "possible" : "refused");
				wrong++;
			}
		}
	}
	assert_int_equal(wrong, 0);
}

/* How many cells of a role with a hole are not as the table says; -1 when that of `probe` is. */
static int cells_that_differ(enum guard_role role, int abi, const char *hole, enum guard_probe probe)
{
	const struct findings *f = findings_of(role, abi, hole);
	int differ = 0;
	for (int p = 0; p < GUARD_PROBES; p++) differ += !guard_agrees(role, (enum guard_probe)p, abi, f->may[p]);
	return guard_agrees(role, probe, abi, f->may[probe]) ? -1 : differ;
}

static void a_planted_hole_shows(void **state)
{
	(void)state;
	static const struct {
		const char *call;
		enum guard_probe probe;
		int most; /* from the next Landlock on, that refuses it too */
	} holes[] = { { "ptrace", PROBE_PTRACE, 7 },
		      { "io_uring_setup", PROBE_IO_URING, 7 },
		      { "chroot", PROBE_CHROOT, 7 },
		      { "mount", PROBE_MOUNT, 0 },
		      { "execve", PROBE_EXEC, 7 } };
	int newest = guard_landlock_abi();
	for (size_t h = 0; h < sizeof holes / sizeof holes[0]; h++) {
		for (int abi = 0; abi <= (newest < holes[h].most ? newest : holes[h].most); abi++) {
			for (int role = 0; role < GUARD_ROLES; role++) {
				int shown = cells_that_differ((enum guard_role)role, abi, holes[h].call, holes[h].probe);
				if (shown != 1)
					fail_msg("Landlock %d, %s with %s: %d cells differ", abi, guard_role_names[role],
					         holes[h].call, shown);
			}
		}
	}
}

static void without_a_jail_most_is_possible(void **state)
{
	(void)state;
	int possible = 0;
	for (int p = 0; p < GUARD_PROBES; p++) {
		if (p == PROBE_UNSHARE) continue; /* that would change this process */
		possible += guard_try((enum guard_probe)p, own_folder);
	}
	assert_true(possible > GUARD_PROBES / 2);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(own_folder) && guard_listen(getpid()) >= 0 ? 0 : 1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(own_folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cell_is_as_the_table_says),
		cmocka_unit_test(a_planted_hole_shows),
		cmocka_unit_test(without_a_jail_most_is_possible),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
