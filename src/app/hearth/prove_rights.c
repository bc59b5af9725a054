/*
 * prove_rights: each of hearth's programs goes into its jail and tries everything that it must not do (see prove.h).
 *
 * hearth itself is started again with the word GUARD_PROBE_WORD, the others by the spawner as ever; each goes through the steps of
 * every start and sends its findings over a socket.
 */
#include "app/hearth/prove.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 60000 /* ms */, HIGH = 64 };

void prove_compare(struct prove_rights *r, enum guard_role role)
{
	r->n_wrong = 0;
	for (int p = 0; p < GUARD_PROBES; p++) {
		if (!guard_agrees(role, (enum guard_probe)p, r->findings.report.landlock, r->findings.may[p])) r->n_wrong++;
	}
}

/* hearth's own program once more, with `socket` as the descriptor that findings go to. */
_Noreturn static void become(const struct prove *p, int socket)
{
	static char name[] = "hearth", word[] = GUARD_PROBE_WORD;
	char *const arguments[] = { name, word, NULL };
	char home[PATHS_ROOM];
	int high = fcntl(socket, F_DUPFD_CLOEXEC, HIGH);
	if (!paths_join(home, p->scratch, "home") || setenv("HEARTH_HOME", home, 1) != 0) _exit(1);
	if (high < 0 || dup2(high, SPAWNER_FIRST) < 0) _exit(1);
	execve(p->program, arguments, environ);
	_exit(1);
}

static void hear_hearth(struct prove *p, struct prove_rights *r, const int pair[2])
{
	int listener = guard_listen(getpid());
	pid_t child = fork();
	if (child == 0) become(p, pair[1]);
	close(pair[1]);
	r->told = child > 0 && guard_findings_receive(pair[0], GUARD_HEARTH, PATIENCE, &r->findings, &r->error);
	if (child < 0) error_set(&r->error, "hearth: cannot start a process: %s", strerror(errno));
	if (child > 0) kill(child, SIGKILL);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
	if (listener >= 0) close(listener);
}

static void hear_other(struct spawner *s, enum guard_role role, struct prove_rights *r, const int pair[2])
{
	struct spawned program;
	int listener = guard_listen(spawner_pid(s));
	bool runs = spawner_run(s, role, GUARD_PROBE_WORD, &pair[1], 1, &program, &r->error);
	close(pair[1]);
	r->told = runs && guard_findings_receive(pair[0], role, PATIENCE, &r->findings, &r->error);
	if (runs) spawner_kill(s, &program);
	spawner_forget(&program);
	if (listener >= 0) close(listener);
}

static void summarize(struct prove *p)
{
	struct prove_part *part = &p->rights;
	part->verdict = PROVE_HOLDS;
	for (int role = 0; role < GUARD_ROLES; role++) {
		const struct prove_rights *r = &p->right[role];
		if (r->told && !r->n_wrong) continue;
		if (part->verdict == PROVE_HOLDS)
			snprintf(part->text, sizeof part->text, "%s",
			         r->told ? "a program can do what it must not, or cannot do what it must" : r->error.text);
		part->verdict = PROVE_BROKEN;
	}
	if (part->verdict == PROVE_HOLDS)
		snprintf(part->text, sizeof part->text,
		         "in their jails the %d programs tried %d things each: every one went as the rights table says",
		         (int)GUARD_ROLES, (int)GUARD_PROBES);
}

void prove_rights(struct prove *p)
{
	struct error e = { "the process that starts hearth's programs is missing" };
	char home[PATHS_ROOM];
	for (int role = 0; role < GUARD_ROLES; role++) {
		struct prove_rights *r = &p->right[role];
		int pair[2];
		if (!p->spawner || !paths_join(home, p->scratch, "home") || !paths_make_folder(home, &e)) {
			r->error = e;
			continue;
		}
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
			error_set(&r->error, "cannot make a pair of sockets: %s", strerror(errno));
			continue;
		}
		if (role == GUARD_HEARTH)
			hear_hearth(p, r, pair);
		else
			hear_other(p->spawner, (enum guard_role)role, r, pair);
		close(pair[0]);
		if (r->told) prove_compare(r, (enum guard_role)role);
	}
	summarize(p);
}
