/*
 * prove: each part of `hearth prove` fails when what it looks for is there: at every Landlock ABI, with a hole in each program's
 * jail, with a program that imports too much, with files that are in the clear, with an answer that depends on the network.
 *
 * This program stands in for hearth's programs when it is started under their names: what its jail lacks is written in the file
 * `hole` of the folder that it is started in.
 */
#include "app/hearth/prove.h"

#include "guard/sanitized.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hearth-test-prove-XXXXXX";
static char self[PATHS_ROOM];

/* ---- in place of a program ---- */

static int stand_in(const char *name)
{
	char role_of_hole[32] = "", call[32] = "";
	int role = 0, abi = 0;
	struct guard_report report;
	struct error e = { "" };
	FILE *f = fopen("hole", "r");
	if (!f || fscanf(f, "%d %31s %31s", &abi, role_of_hole, call) != 3) return 1;
	fclose(f);
	while (role < GUARD_ROLES && strcmp(guard_role_names[role], name) != 0) role++;
	if (role == GUARD_ROLES) return 1;
	const char *own = role == GUARD_HEARTH ? getenv("HEARTH_HOME") : NULL;
	const struct guard_options o = { .own_folder = own,
		                         .landlock = abi,
		                         .hole = strcmp(role_of_hole, name) == 0 ? call : NULL };
	bool ok = guard_enter((enum guard_role)role, &o, &report, &e) && guard_filter((enum guard_role)role, &o, &report, &e) &&
	          guard_findings_send(SPAWNER_FIRST, (enum guard_role)role, &report, own, &e);
	return ok ? 0 : 1;
}

/* ---- the tests ---- */

static struct prove *fresh(void)
{
	static struct prove p;
	p = (struct prove){ .spawner = NULL };
	assert_true(paths_join(p.program, folder, "hearth"));
	assert_true(paths_join(p.scratch, folder, "scratch"));
	snprintf(p.folder, sizeof p.folder, "%s", folder);
	mkdir(p.scratch, 0700);
	return &p;
}

static void put(const char *name, const char *text, mode_t mode)
{
	char path[PATHS_ROOM];
	assert_true(paths_join(path, folder, name));
	remove(path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* This program under the names of all of hearth's. */
static void put_programs(void)
{
	char path[PATHS_ROOM];
	for (int role = 0; role < GUARD_ROLES; role++) {
		assert_true(paths_join(path, folder, guard_role_names[role]));
		remove(path);
		assert_int_equal(symlink(self, path), 0);
	}
}

static const struct prove *rights_with(int abi, const char *role, const char *call)
{
	char hole[128];
	struct error e = { "" };
	struct prove *p = fresh();
	snprintf(hole, sizeof hole, "%d %s %s\n", abi, role, call);
	put("hole", hole, 0600);
	p->spawner = spawner_start(folder, &e);
	if (!p->spawner) fail_msg("%s", e.text);
	prove_rights(p);
	spawner_stop(p->spawner);
	return p;
}

static void the_table_is_agreed_with_at_every_landlock(void **state)
{
	(void)state;
	if (GUARD_SANITIZED) skip();
	put_programs();
	int newest = guard_landlock_abi();
	for (int abi = 0; abi <= (newest < 7 ? newest : 7); abi++) {
		const struct prove *p = rights_with(abi, "-", "-");
		if (p->rights.verdict != PROVE_HOLDS) fail_msg("Landlock %d: %s", abi, p->rights.text);
		for (int role = 0; role < GUARD_ROLES; role++) assert_int_equal(p->right[role].findings.report.landlock, abi);
	}
}

static void a_hole_in_each_program_is_found(void **state)
{
	(void)state;
	static const struct {
		const char *call;
		enum guard_probe probe;
	} holes[] = { { "ptrace", PROBE_PTRACE }, { "io_uring_setup", PROBE_IO_URING }, { "execve", PROBE_EXEC } };
	if (GUARD_SANITIZED) skip();
	put_programs();
	int newest = guard_landlock_abi();
	for (int abi = 0; abi <= (newest < 7 ? newest : 7); abi++) {
		for (int role = 0; role < GUARD_ROLES; role++) {
			size_t h = (size_t)(abi + role) % (sizeof holes / sizeof holes[0]); /* each with each, over all of them */
			const struct prove *p = rights_with(abi, guard_role_names[role], holes[h].call);
			assert_int_equal(p->rights.verdict, PROVE_BROKEN);
			for (int other = 0; other < GUARD_ROLES; other++) assert_int_equal(p->right[other].n_wrong, other == role);
			assert_true(p->right[role].findings.may[holes[h].probe]);
		}
	}
}

static void a_program_that_is_missing_or_says_nothing_is_found(void **state)
{
	(void)state;
	if (GUARD_SANITIZED) skip();
	put_programs();
	put("hearth-net", "#!/bin/sh\nexit 0\n", 0700);
	const struct prove *p = rights_with(7, "-", "-");
	assert_int_equal(p->rights.verdict, PROVE_BROKEN);
	assert_non_null(strstr(p->rights.text, "hearth-net"));
	assert_true(p->right[GUARD_ENGINE].told && !p->right[GUARD_NET].told);
	char path[PATHS_ROOM];
	assert_true(paths_join(path, folder, "hearth-net"));
	remove(path);
	p = rights_with(7, "-", "-");
	assert_int_equal(p->rights.verdict, PROVE_BROKEN);
	assert_non_null(strstr(p->rights.text, "hearth-net"));
}

static bool has(const char names[][48], int n, const char *name)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0) return true;
	}
	return false;
}

static void imports_beyond_its_work_are_found(void **state)
{
	(void)state;
	put_programs(); /* with cmocka, and all that hearth itself has */
	struct prove *p = fresh();
	prove_imports(p);
	assert_int_equal(p->imports.verdict, PROVE_BROKEN);
	for (int role = 0; role < GUARD_ROLES; role++) assert_true(p->import[role].read);
	const struct prove_imports *engine = &p->import[GUARD_ENGINE], *hearth = &p->import[GUARD_HEARTH];
	assert_true(has(engine->wrong, engine->n_wrong, "fork") && has(engine->wrong, engine->n_wrong, "libsqlite3.so.0"));
	assert_true(has(hearth->seen, hearth->n_seen, "fork") && has(hearth->wrong, hearth->n_wrong, "libcmocka.so.0"));
	put("hearth-import", "no program", 0700);
	p = fresh();
	prove_imports(p);
	assert_false(p->import[GUARD_IMPORT].read);
	assert_non_null(strstr(p->import[GUARD_IMPORT].error.text, "hearth-import: is no 64-bit program"));
}

static void a_sentence_in_the_clear_is_found(void **state)
{
	(void)state;
	char found[PATHS_ROOM], place[PATHS_ROOM];
	bool unread;
	struct prove *p = fresh();
	assert_true(paths_join(place, p->scratch, "a"));
	assert_int_equal(mkdir(place, 0700), 0);
	assert_false(prove_find(folder, "quokka-in-the-clear", found, &unread));
	put("scratch/a/file", "zeros and a quokka-in-the-clear between", 0600);
	assert_true(prove_find(folder, "quokka-in-the-clear", found, &unread));
	assert_non_null(strstr(found, "scratch/a/file"));
	assert_false(unread);
	put("scratch/a/file", "", 0600);
	assert_false(prove_find(folder, "quokka-in-the-clear", found, &unread));
	put("scratch/a/a quokka-in-the-clear.txt", "", 0600); /* in a name */
	assert_true(prove_find(folder, "quokka-in-the-clear", found, &unread));
	prove_remove(p->scratch);
	assert_false(paths_is_folder(p->scratch));
}

static void storage_holds(void **state)
{
	(void)state;
	struct prove *p = fresh();
	prove_storage(p);
	if (p->storage.verdict != PROVE_HOLDS) fail_msg("%s", p->storage.text);
	prove_remove(p->scratch);
	p = fresh();
	char vault[PATHS_ROOM];
	assert_true(paths_join(vault, p->scratch, "vault"));
	put("scratch/vault", "in the way", 0600);
	prove_storage(p);
	assert_int_equal(p->storage.verdict, PROVE_BROKEN);
	assert_non_null(strstr(p->storage.text, "vault"));
}

static enum prove_verdict answers_of(const char *script)
{
	struct prove *p = fresh();
	put("hearth", script, 0700);
	prove_answers(p);
	return p->answers.verdict;
}

static void an_answer_that_needs_the_network_is_found(void **state)
{
	(void)state;
	enum prove_verdict same = answers_of("#!/bin/sh\necho the same\n");
	assert_true(same == PROVE_HOLDS || same == PROVE_UNTRIED);
	assert_int_equal(answers_of("#!/bin/sh\nexit 3\n"), PROVE_BROKEN);
	if (same == PROVE_UNTRIED) skip();
	assert_int_equal(answers_of("#!/bin/sh\nreadlink /proc/self/ns/net\n"), PROVE_BROKEN);
	assert_int_equal(answers_of("#!/bin/sh\n[ \"$(tail -n +3 /proc/net/dev | wc -l)\" -gt 1 ] || exit 1\n"), PROVE_BROKEN);
}

static int begin(void **state)
{
	(void)state;
	return self[0] && mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	prove_remove(folder);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_agreed_with_at_every_landlock),
		cmocka_unit_test(a_hole_in_each_program_is_found),
		cmocka_unit_test(a_program_that_is_missing_or_says_nothing_is_found),
		cmocka_unit_test(imports_beyond_its_work_are_found),
		cmocka_unit_test(a_sentence_in_the_clear_is_found),
		cmocka_unit_test(storage_holds),
		cmocka_unit_test(an_answer_that_needs_the_network_is_found),
	};
	if (argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0) return stand_in(argv[0]);
	if (argc < 1 || !realpath(argv[0], self)) return 1;
	return cmocka_run_group_tests(tests, begin, end);
}
