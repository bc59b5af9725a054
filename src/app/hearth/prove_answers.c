/*
 * prove_answers: the same prompt twice, once in a namespace that has no network at all (see prove.h).
 *
 * Two `hearth run` of this same program with one seed, which go through all that any other does. The second starts behind
 * unshare(2), as `unshare -rn hearth run ...` would, where even 127.0.0.1 cannot be reached.
 */
#include "app/hearth/prove.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST = 1 << 20, SECONDS = 300, NO_NAMESPACE = 99 };

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0) close(fd);
	return ok;
}

/* No network but a loopback device that is down. Who is not root gets a user namespace for it, and stays who he is in it. */
static bool leave_network(void)
{
	char map[64];
	long uid = (long)getuid(), gid = (long)getgid();
	if (unshare(CLONE_NEWNET) == 0) return true;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
	snprintf(map, sizeof map, "%ld %ld 1\n", uid, uid);
	if (!put("/proc/self/uid_map", map) || !put("/proc/self/setgroups", "deny")) return false;
	snprintf(map, sizeof map, "%ld %ld 1\n", gid, gid);
	return put("/proc/self/gid_map", map);
}

/* The process that becomes the second hearth. */
_Noreturn static void become(const struct prove *p, bool alone, int out)
{
	char home[PATHS_ROOM], temporary[PATHS_ROOM];
	static const char *const arguments[] = { "hearth",
		                                 "run",
		                                 "--seed",
		                                 "7",
		                                 "--temp",
		                                 "0.8",
		                                 "--tokens",
		                                 "24",
		                                 "--json",
		                                 "--",
		                                 "What is a hearth, and who sits beside it?",
		                                 NULL };
	int nothing = open("/dev/null", O_RDWR);
	if (!paths_join(home, p->scratch, "home") || !paths_join(temporary, p->scratch, "temporary")) _exit(1);
	if (setenv("HEARTH_HOME", home, 1) != 0 || setenv("TMPDIR", temporary, 1) != 0) _exit(1);
	if (dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(nothing, STDERR_FILENO) < 0) _exit(1);
	if (alone && !leave_network()) _exit(NO_NAMESPACE);
	execve(p->program, (char *const *)(uintptr_t)arguments, environ);
	_exit(1);
}

/* Reads to the end, or to the end of the time. */
static bool read_all(int in, struct buffer *out)
{
	char bytes[4096];
	double end = clock_seconds() + SECONDS;
	for (;;) {
		struct pollfd ready = { .fd = in, .events = POLLIN };
		if (clock_seconds() > end) return false;
		if (poll(&ready, 1, 1000) <= 0) continue;
		ssize_t n = read(in, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return n == 0;
		if (!buffer_append(out, bytes, (size_t)n)) return false;
	}
}

/* The exit status of `hearth run`, or -1. */
static int answer(const struct prove *p, bool alone, struct buffer *out)
{
	int pipes[2], status = -1;
	if (pipe2(pipes, O_CLOEXEC) != 0) return -1;
	pid_t child = fork();
	if (child == 0) become(p, alone, pipes[1]);
	close(pipes[1]);
	bool whole = child > 0 && read_all(pipes[0], out);
	close(pipes[0]);
	if (child > 0 && !whole) kill(child, SIGKILL);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
	return whole && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void prove_answers(struct prove *p)
{
	struct buffer with = buffer_new(MOST), without = buffer_new(MOST);
	int first = answer(p, false, &with), second = first == 0 ? answer(p, true, &without) : 0;
	struct prove_part *part = &p->answers;
	if (first != 0) {
		part->verdict = PROVE_BROKEN;
		snprintf(part->text, sizeof part->text, "%.300s run did not answer (status %d)", p->program, first);
	} else if (second == NO_NAMESPACE) {
		part->verdict = PROVE_UNTRIED;
		snprintf(part->text, sizeof part->text,
		         "this system lets nobody but root make a place without a network: as root, "
		         "or with unshare -rn, it can be tried");
	} else if (second != 0 || with.size != without.size || memcmp(with.data, without.data, with.size) != 0) {
		part->verdict = PROVE_BROKEN;
		snprintf(part->text, sizeof part->text, "where there is no network, hearth does not answer as it does elsewhere");
	} else {
		part->verdict = PROVE_HOLDS;
		snprintf(part->text, sizeof part->text, "where there is no network at all, the answer has the same bytes");
	}
	buffer_free(&with);
	buffer_free(&without);
}
