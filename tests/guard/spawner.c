/* spawner: what it starts has the descriptors that were given and nothing else, is watched, and ends with whoever asked for it. */
#include "guard/spawner.h"

#include "base/machine.h"
#include "guard/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hearth-spawner-XXXXXX", program[128];
extern char **environ;

/* ---- what is started: this program under the engine's name ---- */

struct seen {
	int arguments, variables;
	char word[64];
	uint64_t open; /* a bit for each of the first 64 descriptors */
	bool more_open, terminal, reads_nothing, writes_nothing, blocked_signals, ignored_signals;
};

static struct seen look(int argc, char **argv)
{
	struct seen s = { .arguments = argc, .reads_nothing = read(0, s.word, 1) == 0, .writes_nothing = write(1, "", 1) < 0 };
	sigset_t blocked;
	struct sigaction broken_pipe;
	snprintf(s.word, sizeof s.word, "%s", argc > 1 ? argv[1] : "");
	while (environ[s.variables]) s.variables++;
	for (int fd = 0; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) < 0) continue;
		if (fd < 64)
			s.open |= (uint64_t)1 << fd;
		else
			s.more_open = true;
	}
	int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
	s.terminal = terminal >= 0;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	s.blocked_signals = sigismember(&blocked, SIGCHLD) || sigismember(&blocked, SIGUSR1);
	sigaction(SIGPIPE, NULL, &broken_pipe);
	s.ignored_signals = broken_pipe.sa_handler == SIG_IGN;
	return s;
}

static int started(int argc, char **argv)
{
	struct seen s = look(argc, argv);
	if (strcmp(s.word, "crash") == 0) abort();
	if (strcmp(s.word, "seven") == 0) return 7;
	if (strcmp(s.word, "sleep") == 0) {
		if (write(3, "s", 1) != 1) return 1;
		for (;;) pause();
	}
	return write(3, &s, sizeof s) == (ssize_t)sizeof s ? 0 : 1;
}

/* ---- tests ---- */

static struct spawner *start(void)
{
	struct error e = { "" };
	struct spawner *s = spawner_start(folder, &e);
	if (!s) fail_msg("%s", e.text);
	return s;
}

/* Starts the program with one end of a pair of sockets; the other is the result. */
static int run(struct spawner *s, const char *word, struct spawned *p)
{
	struct error e = { "" };
	int pair[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (!spawner_run(s, GUARD_ENGINE, word, &pair[1], 1, p, &e)) fail_msg("%s", e.text);
	close(pair[1]);
	return pair[0];
}

static void it_has_what_was_given_and_nothing_else(void **state)
{
	(void)state;
	struct seen seen;
	struct spawned p;
	sigset_t user;
	int how, left_open = open("/", O_RDONLY | O_DIRECTORY); /* no O_CLOEXEC: it is not passed on all the same */
	sigemptyset(&user);
	sigaddset(&user, SIGUSR1);
	sigprocmask(SIG_BLOCK, &user, NULL);
	signal(SIGPIPE, SIG_IGN);
	struct spawner *s = start();
	int fd = run(s, "look", &p);
	assert_int_equal(recv(fd, &seen, sizeof seen, MSG_WAITALL), (ssize_t)sizeof seen);
	assert_true(spawner_ended(&p, -1, &how));
	assert_int_equal(how, 0);
	assert_int_equal(seen.arguments, 2);
	assert_string_equal(seen.word, "look");
	assert_int_equal(seen.variables, GUARD_SANITIZED); /* one for the sanitizer */
	assert_int_equal(seen.open, 0xf);
	assert_false(seen.more_open);
	assert_false(seen.terminal);
	assert_true(seen.reads_nothing && seen.writes_nothing);
	assert_false(seen.blocked_signals || seen.ignored_signals);
	spawner_forget(&p);
	close(fd);
	close(left_open);
	sigprocmask(SIG_UNBLOCK, &user, NULL);
	signal(SIGPIPE, SIG_DFL);
	spawner_stop(s);
}

static void descriptors_come_in_order(void **state)
{
	(void)state;
	struct seen seen;
	struct spawned p;
	struct error e = { "" };
	int given[SPAWNER_DESCRIPTORS], pair[2], how;
	struct spawner *s = start();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	given[0] = pair[1];
	for (int i = 1; i < SPAWNER_DESCRIPTORS; i++) given[i] = 0;
	assert_true(spawner_run(s, GUARD_ENGINE, NULL, given, SPAWNER_DESCRIPTORS, &p, &e));
	assert_int_equal(recv(pair[0], &seen, sizeof seen, MSG_WAITALL), (ssize_t)sizeof seen);
	assert_int_equal(seen.arguments, 1);
	assert_int_equal(seen.open, ((uint64_t)1 << (SPAWNER_FIRST + SPAWNER_DESCRIPTORS)) - 1);
	assert_true(spawner_ended(&p, -1, &how));
	spawner_forget(&p);
	close(pair[0]);
	close(pair[1]);
	spawner_stop(s);
}

static void its_end_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *word, *end;
	} cases[] = { { "seven", "ended with status 7" }, { "crash", "was killed (signal 6)" } };
	char text[64];
	int how;
	struct spawner *s = start();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct spawned p;
		close(run(s, cases[i].word, &p));
		assert_true(spawner_ended(&p, -1, &how));
		spawner_describe(how, text, sizeof text);
		assert_string_equal(text, cases[i].end);
		spawner_forget(&p);
	}
	spawner_stop(s);
}

/* True when nothing of that number is there any more, or it has been waited for. */
static bool is_gone(pid_t pid)
{
	return kill(pid, 0) != 0 && errno == ESRCH;
}

static void it_is_killed_alone(void **state)
{
	(void)state;
	struct spawned a, b;
	char c, text[64];
	int how;
	struct spawner *s = start();
	int first = run(s, "sleep", &a), second = run(s, "sleep", &b);
	assert_int_equal(read(first, &c, 1) + read(second, &c, 1), 2);
	assert_false(spawner_ended(&a, 0, &how));
	kill(a.pid, SIGSTOP); /* one that hangs is killed as well */
	spawner_kill(s, &a);
	assert_true(spawner_ended(&a, -1, &how));
	spawner_describe(how, text, sizeof text);
	assert_string_equal(text, "was killed (signal 9)");
	spawner_kill(s, &a);
	assert_false(spawner_ended(&b, 0, &how));
	pid_t pid = b.pid;
	spawner_stop(s);
	assert_true(is_gone(pid));
	assert_true(spawner_ended(&b, 0, &how));
	spawner_forget(&a);
	spawner_forget(&b);
	close(first);
	close(second);
}

/* A process that starts one and is killed; *pid is the one. */
static void die_with_one_running(int tell)
{
	struct spawned p;
	struct error e;
	int pair[2];
	char c;
	struct spawner *s = spawner_start(folder, &e);
	if (!s || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) _exit(1);
	if (!spawner_run(s, GUARD_ENGINE, "sleep", &pair[1], 1, &p, &e) || read(pair[0], &c, 1) != 1) _exit(1);
	if (write(tell, &p.pid, sizeof p.pid) != (ssize_t)sizeof p.pid) _exit(1);
	raise(SIGKILL);
}

static void all_end_with_the_one_that_asked(void **state)
{
	(void)state;
	int tell[2], how;
	pid_t pid = 0;
	assert_int_equal(pipe(tell), 0);
	pid_t owner = fork();
	if (owner == 0) die_with_one_running(tell[1]);
	close(tell[1]);
	assert_int_equal(read(tell[0], &pid, sizeof pid), (ssize_t)sizeof pid);
	assert_int_equal(waitpid(owner, &how, 0), owner);
	for (int i = 0; i < 600 && !is_gone(pid); i++) poll(NULL, 0, 100); /* its signal is on the way */
	assert_true(is_gone(pid));
	close(tell[0]);
}

static void what_cannot_be_started_is_a_line(void **state)
{
	(void)state;
	struct error e = { "" };
	struct spawned p;
	int many[SPAWNER_DESCRIPTORS + 1] = { 0 };
	struct spawner *s = start();
	assert_false(spawner_run(s, GUARD_NET, NULL, NULL, 0, &p, &e));
	char expected[256];
	snprintf(expected, sizeof expected,
	         "%s/hearth-net: cannot be started: No such file or directory; it belongs to hearth: install hearth again", folder);
	assert_string_equal(e.text, expected);
	assert_int_equal(p.ended, -1);
	assert_false(spawner_run(s, GUARD_HEARTH, NULL, NULL, 0, &p, &e));
	assert_false(spawner_run(s, GUARD_ENGINE, NULL, many, SPAWNER_DESCRIPTORS + 1, &p, &e));
	spawner_stop(s);
}

static void a_file_is_made_and_never_replaced(void **state)
{
	(void)state;
	struct error e = { "" };
	char path[128], link[128], expected[256];
	struct stat st;
	struct spawner *s = start();
	snprintf(path, sizeof path, "%s/saved", folder);
	snprintf(link, sizeof link, "%s/link", folder);
	int fd = spawner_create(s, path, &e);
	assert_true(fd >= 0 && write(fd, "words", 5) == 5);
	close(fd);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(spawner_create(s, path, &e), -1);
	snprintf(expected, sizeof expected, "%s: cannot create: File exists", path);
	assert_string_equal(e.text, expected);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("saved", link), 0); /* nor through a link */
	assert_int_equal(spawner_create(s, link, &e), -1);
	assert_int_equal(stat(path, &st), -1);
	unlink(link);
	spawner_stop(s);
}

static int make_folder(void **state)
{
	(void)state;
	char self[4096];
	if (!mkdtemp(folder) || !machine_program(self, sizeof self)) return 1;
	snprintf(program, sizeof program, "%s/hearth-engine", folder);
	return symlink(self, program);
}

static int remove_folder(void **state)
{
	(void)state;
	return unlink(program) == 0 && rmdir(folder) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (strcmp(argv[0], "hearth-engine") == 0) return started(argc, argv);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_what_was_given_and_nothing_else),
		cmocka_unit_test(descriptors_come_in_order),
		cmocka_unit_test(its_end_is_told),
		cmocka_unit_test(it_is_killed_alone),
		cmocka_unit_test(all_end_with_the_one_that_asked),
		cmocka_unit_test(what_cannot_be_started_is_a_line),
		cmocka_unit_test(a_file_is_made_and_never_replaced),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
