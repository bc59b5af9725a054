/*
 * outside: what a jailed process may do, found out from outside and as root, without a word from the process itself.
 *
 * Alone it looks at a stand-in for each role. With arguments it looks at a process that lives, for tests/end_to_end:
 *
 *     outside PID ROLE                       layers, filters and every refused call; the process goes on. Status 0: all as
 *                                            written; 78: but the filters could not be read; 77: nothing could
 *     outside PID ROLE ia32|x32 NUMBER       one call by another architecture's numbers; it must end the process
 */
#include "calls.h"
#include "guard/guard.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

static struct calls calls;
static struct filters filters;

/* ---- looking ---- */

static long status_number(pid_t pid, long task, const char *name)
{
	char path[96], line[256];
	long value = -1;
	snprintf(path, sizeof path, "/proc/%ld/task/%ld/status", (long)pid, task);
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, name, strlen(name)) == 0) value = strtol(line + strlen(name), NULL, 16);
	}
	if (f) fclose(f);
	return value;
}

/* What the kernel says of each of its threads. */
static int compare_layers(pid_t pid, enum guard_role role)
{
	static const struct {
		const char *name;
		long value;
	} layers[] = { { "NoNewPrivs:", 1 }, { "Seccomp:", 2 }, { "CapEff:", 0 }, { "CapPrm:", 0 }, { "CapInh:", 0 } };
	char path[64];
	int wrong = 0, threads = 0;
	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	DIR *tasks = opendir(path);
	for (struct dirent *d; tasks && (d = readdir(tasks));) {
		long task = strtol(d->d_name, NULL, 10);
		if (task <= 0) continue;
		threads++;
		for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
			long value = status_number(pid, task, layers[i].name);
			if (value == layers[i].value) continue;
			fprintf(stderr, "%s, thread %ld: %s %lx\n", guard_role_names[role], task, layers[i].name, value);
			wrong++;
		}
	}
	if (tasks) closedir(tasks);
	return threads ? wrong : 1;
}

/* -1: nothing can be seen from here. -2: every call is refused, but the kernel gives the filters themselves out to root alone. */
static int compare(pid_t pid, enum guard_role role)
{
	struct tracing t;
	if (!tracing_begin(&t, pid)) return -1;
	bool readable = filters_read(&filters, pid);
	int wrong = compare_layers(pid, role);
	if (readable) wrong += calls_compare_filters(&calls, &filters, role);
	wrong += calls_compare_answers(&calls, &t, role);
	if (!tracing_end(&t)) wrong++;
	return readable || wrong ? wrong : -2;
}

/* True when the call ended the process, or this kernel has no such calls at all. */
static bool ends(pid_t pid, enum tracing_kind kind, unsigned long number)
{
	static const unsigned long a[6] = { 2, 1, 0, 0, 0, 0 };
	struct tracing t;
	if (!tracing_begin(&t, pid)) return false;
	long answer = tracing_call(&t, kind, number, a);
	if (t.died) return t.death == SIGSYS;
	tracing_end(&t);
	fprintf(stderr, "a foreign call %lu is answered with %ld\n", number, answer);
	return answer == -ENOSYS;
}

/* ---- stand-ins ---- */

static void *spin(void *socket)
{
	char c;
	while (read(*(int *)socket, &c, 1) == 1) {
		c++;
		if (write(*(int *)socket, &c, 1) != 1) break;
	}
	return NULL;
}

/* A process in the jail that answers each byte with the next, from two threads. */
static void live(enum guard_role role, int socket, const char *hole)
{
	const struct guard_options o = { .landlock = GUARD_NEWEST, .hole = hole };
	struct guard_report report;
	struct error e;
	pthread_t thread;
	if (!guard_enter(role, &o, &report, &e) || pthread_create(&thread, NULL, spin, &socket) != 0 ||
	    !guard_filter(role, &o, &report, &e) || write(socket, "r", 1) != 1)
		_exit(1);
	spin(&socket);
	_exit(0);
}

struct stand_in {
	pid_t pid;
	int socket;
};

static bool answers(const struct stand_in *s)
{
	char c = 'a';
	return write(s->socket, &c, 1) == 1 && read(s->socket, &c, 1) == 1 && c == 'b';
}

static struct stand_in start(enum guard_role role, const char *hole)
{
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	struct stand_in s = { .pid = fork(), .socket = pair[0] };
	if (s.pid == 0) {
		close(pair[0]);
		live(role, pair[1], hole);
	}
	close(pair[1]);
	char ready = 0;
	assert_true(read(s.socket, &ready, 1) == 1 && ready == 'r' && answers(&s));
	return s;
}

static void stop(const struct stand_in *s)
{
	close(s->socket);
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

static void every_call_is_as_written(void **state)
{
	(void)state;
	for (int role = 0; role < GUARD_ROLES; role++) {
		struct stand_in s = start((enum guard_role)role, NULL);
		int wrong = compare(s.pid, (enum guard_role)role);
		bool alive = wrong >= 0 && answers(&s) && answers(&s);
		stop(&s);
		if (wrong < 0) skip(); /* not root, or a kernel that gives no filters out */
		assert_int_equal(wrong, 0);
		assert_true(alive); /* and it went on with its work */
	}
}

/* Findings that are wanted fill no screen. Returns what to give back. */
static int silence(int before)
{
	int now = before < 0 ? dup(STDERR_FILENO) : before, to = before < 0 ? open("/dev/null", O_WRONLY | O_CLOEXEC) : before;
	fflush(stderr);
	dup2(to, STDERR_FILENO);
	close(to);
	return before < 0 ? now : -1;
}

static void a_hole_is_seen_from_outside(void **state)
{
	(void)state;
	static const char *const holes[] = { "socket", "openat", "execve", "ptrace", "io_uring_setup" };
	for (int role = 0; role < GUARD_ROLES; role++) {
		for (size_t h = 0; h < sizeof holes / sizeof holes[0]; h++) {
			if (role == GUARD_HEARTH && strcmp(holes[h], "openat") == 0) continue; /* it may */
			struct stand_in s = start((enum guard_role)role, holes[h]);
			int spoken = silence(-1), wrong = compare(s.pid, (enum guard_role)role);
			silence(spoken);
			stop(&s);
			if (wrong < 0) skip();
			if (wrong == 0) fail_msg("%s: a hole for %s is not seen", guard_role_names[role], holes[h]);
		}
	}
}

static void calls_of_other_architectures_end_the_process(void **state)
{
	(void)state;
#if defined(__x86_64__)
	/* socket, socketcall, open, openat, execve, ptrace, io_uring_setup, getpid of 32-bit programs; and of x32. */
	static const unsigned long ia32[] = { 359, 102, 5, 295, 11, 26, 425, 20 }, x32[] = { 41, 2, 257, 520, 521, 425, 39 };
	for (int role = 0; role < GUARD_ROLES; role++) {
		for (size_t i = 0; i < sizeof ia32 / sizeof ia32[0] + sizeof x32 / sizeof x32[0]; i++) {
			const size_t n = sizeof ia32 / sizeof ia32[0];
			struct stand_in s = start((enum guard_role)role, NULL);
			struct tracing t;
			bool may = tracing_begin(&t, s.pid) && tracing_end(&t);
			bool ended = may && ends(s.pid, i < n ? TRACING_IA32 : TRACING_X32, i < n ? ia32[i] : x32[i - n]);
			stop(&s);
			if (!may) skip();
			assert_true(ended);
		}
	}
#else
	skip();
#endif
}

static int look_at(int argc, char **argv)
{
	int role = 0;
	while (role < GUARD_ROLES && strcmp(guard_role_names[role], argv[2]) != 0) role++;
	pid_t pid = (pid_t)strtol(argv[1], NULL, 10);
	if (role == GUARD_ROLES || pid <= 0) return 2;
	if (argc == 5)
		return ends(pid, strcmp(argv[3], "x32") == 0 ? TRACING_X32 : TRACING_IA32, strtoul(argv[4], NULL, 10)) ? 0 : 1;
	int wrong = compare(pid, (enum guard_role)role);
	if (wrong == -1) fprintf(stderr, "cannot look into process %ld: not root\n", (long)pid);
	if (wrong == -2) fprintf(stderr, "process %ld refuses every call; its filters cannot be read here\n", (long)pid);
	return wrong == 0 ? 0 : wrong == -1 ? 77 : wrong == -2 ? 78 : 1;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_as_written),
		cmocka_unit_test(a_hole_is_seen_from_outside),
		cmocka_unit_test(calls_of_other_architectures_end_the_process),
	};
	if (!calls_read(&calls)) return 2;
	if (argc == 3 || argc == 5) return look_at(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
