/*
 * spawner_process: the spawner's own process (see spawner.h). It has one thread, waits for requests and for the end of what it
 * started, and ends when hearth does.
 */
#include "guard/sanitized.h"
#include "guard/spawner_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MOST_CHILDREN = 64, HIGH = 64 };

static struct child {
	pid_t pid; /* 0: free */
	uint32_t number;
	int ended; /* where its end is told */
} children[MOST_CHILDREN];

/* ---- messages ---- */

bool spawner_send(int socket, const void *message, size_t size, const int *descriptors, size_t n_descriptors)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)message, .iov_len = size };
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int) * SPAWNER_DESCRIPTORS)] = { 0 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	if (n_descriptors) {
		m.msg_control = room;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * n_descriptors);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int) * n_descriptors),
			               .cmsg_level = SOL_SOCKET,
			               .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(c), descriptors, sizeof(int) * n_descriptors);
	}
	ssize_t sent;
	while ((sent = sendmsg(socket, &m, MSG_NOSIGNAL)) < 0 && errno == EINTR) continue;
	return sent == (ssize_t)size;
}

bool spawner_receive(int socket, void *message, size_t size, int *descriptors, size_t most, size_t *n_descriptors)
{
	struct iovec part = { .iov_base = message, .iov_len = size };
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int) * SPAWNER_DESCRIPTORS)];
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
	ssize_t got;
	*n_descriptors = 0;
	while ((got = recvmsg(socket, &m, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
	for (struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL; c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
			if (*n_descriptors < most)
				descriptors[(*n_descriptors)++] = fd;
			else
				close(fd);
		}
	}
	return got == (ssize_t)size && !(m.msg_flags & (MSG_TRUNC | MSG_CTRUNC));
}

/* ---- starting ---- */

static void close_from(int first)
{
	if (close_range((unsigned)first, ~0u, 0) == 0) return;
	long most = sysconf(_SC_OPEN_MAX);
	for (int fd = first; fd < (most > 0 && most < 65536 ? (int)most : 65536); fd++) close(fd);
}

/* The end of a pipe that nobody writes into: reading finds the end at once, writing is refused. */
static bool put_nothing(void)
{
	int pipes[2];
	if (pipe2(pipes, O_CLOEXEC) != 0) return false;
	close(pipes[1]);
	int nothing = fcntl(pipes[0], F_DUPFD_CLOEXEC, HIGH);
	close(pipes[0]);
	bool ok = nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(nothing, 1) >= 0 && (GUARD_SANITIZED || dup2(nothing, 2) >= 0);
	return ok && close(nothing) == 0;
}

/* The descriptors to their places, `failed` behind them, and nothing else; returns where `failed` is then, or -1. */
static int put_descriptors(const int *descriptors, size_t n, int failed)
{
	int high[SPAWNER_DESCRIPTORS + 1];
	for (size_t i = 0; i <= n; i++) {
		high[i] = fcntl(i < n ? descriptors[i] : failed, F_DUPFD_CLOEXEC, HIGH);
		if (high[i] < 0) return -1;
	}
	for (size_t i = 0; i < n; i++) {
		if (dup2(high[i], SPAWNER_FIRST + (int)i) < 0) return -1;
	}
	int last = SPAWNER_FIRST + (int)n;
	if (dup3(high[n], last, O_CLOEXEC) < 0) return -1;
	close_from(last + 1);
	return last;
}

static void reset_signals(void)
{
	sigset_t none;
	for (int s = 1; s < _NSIG; s++) signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child, up to the program: on failure errno goes into `failed`. */
_Noreturn static void become(const char *path, const struct spawner_request *r, const int *descriptors, size_t n, int failed,
                             pid_t spawner)
{
	static char nothing_left_behind[] = "ASAN_OPTIONS=detect_leaks=0"; /* the search for leaks needs rights that a jail takes */
	char *const sanitized[] = { nothing_left_behind, NULL }, *const bare[] = { NULL };
	char name[64], word[sizeof r->word];
	snprintf(name, sizeof name, "%s", guard_role_names[r->role]);
	memcpy(word, r->word, sizeof word);
	char *const arguments[] = { name, word[0] ? word : NULL, NULL };
	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	int last = getppid() == spawner && put_nothing() ? put_descriptors(descriptors, n, failed) : -1;
	if (last >= 0) {
		failed = last;
		execve(path, arguments, GUARD_SANITIZED ? sanitized : bare);
	}
	int error = errno;
	ssize_t told = write(failed, &error, sizeof error);
	_exit(told < 0 ? 127 : 126);
}

/* Forks and waits until the program runs; 0 or the error's number. */
static int start_child(struct child *c, const char *path, const struct spawner_request *r, const int *descriptors, size_t n)
{
	int pipes[2], error = 0;
	pid_t self = getpid();
	if (pipe2(pipes, O_CLOEXEC) != 0) return errno;
	pid_t pid = fork();
	if (pid == 0) become(path, r, descriptors, n, pipes[1], self);
	if (pid < 0) error = errno;
	close(pipes[1]);
	if (pid > 0 && read(pipes[0], &error, sizeof error) > 0) waitpid(pid, NULL, 0);
	close(pipes[0]);
	if (error == 0) c->pid = pid;
	return error;
}

static void run(const char *folder, struct spawner_request *r, const int *descriptors, size_t n, struct spawner_reply *reply,
                int *tell)
{
	static uint32_t last_number;
	char path[PATH_MAX + 64];
	struct child *c = children;
	int pipes[2];
	r->word[sizeof r->word - 1] = 0;
	while (c < children + MOST_CHILDREN && c->pid) c++;
	if (c == children + MOST_CHILDREN) {
		error_set(&reply->error, "%d programs run already, the most that can", (int)MOST_CHILDREN);
		return;
	}
	bool proves = r->role == GUARD_HEARTH && strcmp(r->word, SPAWNER_PROVES) == 0;
	if ((r->role == GUARD_HEARTH && !proves) || r->role >= GUARD_ROLES || pipe2(pipes, O_CLOEXEC) != 0) {
		error_set(&reply->error, "cannot start a program: %s", r->role < GUARD_ROLES ? strerror(errno) : "no such role");
		return;
	}
	snprintf(path, sizeof path, "%s/%s", folder, guard_role_names[r->role]);
	int error = start_child(c, path, r, descriptors, n);
	if (error) {
		error_set(&reply->error, "%s: cannot be started: %s; it belongs to hearth: install hearth again", path,
		          strerror(error));
		close(pipes[0]);
		close(pipes[1]);
		return;
	}
	c->number = ++last_number;
	c->ended = pipes[1];
	*tell = pipes[0];
	reply->ok = true;
	reply->pid = c->pid;
	reply->number = c->number;
}

static void create(struct spawner_request *r, struct spawner_reply *reply, int *file)
{
	r->path[sizeof r->path - 1] = 0;
	*file = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	reply->ok = *file >= 0;
	if (*file < 0) error_set(&reply->error, "%s: cannot create: %s", r->path, strerror(errno));
}

/* ---- the loop ---- */

/* Takes a request and answers it; false when hearth is gone. */
static bool serve(int socket, const char *folder)
{
	struct spawner_request request;
	struct spawner_reply reply = { .ok = false };
	int descriptors[SPAWNER_DESCRIPTORS], tell = -1;
	size_t n = 0;
	bool came = spawner_receive(socket, &request, sizeof request, descriptors, SPAWNER_DESCRIPTORS, &n);
	if (came && request.kind == SPAWNER_RUN) run(folder, &request, descriptors, n, &reply, &tell);
	if (came && request.kind == SPAWNER_CREATE) create(&request, &reply, &tell);
	for (int i = 0; came && request.kind == SPAWNER_KILL && i < MOST_CHILDREN; i++) {
		if (children[i].pid && children[i].number == request.number) kill(children[i].pid, SIGKILL);
	}
	for (size_t i = 0; i < n; i++) close(descriptors[i]);
	bool answered = came && spawner_send(socket, &reply, sizeof reply, &tell, tell >= 0);
	if (tell >= 0) close(tell);
	return answered;
}

static void tell_ends(void)
{
	int how;
	pid_t pid;
	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		for (int i = 0; i < MOST_CHILDREN; i++) {
			if (children[i].pid != pid) continue;
			ssize_t told = write(children[i].ended, &how, sizeof how);
			(void)told; /* nobody may be interested any more */
			close(children[i].ended);
			children[i] = (struct child){ .pid = 0 };
		}
	}
}

static void end_children(void)
{
	for (int i = 0; i < MOST_CHILDREN; i++) {
		if (children[i].pid) kill(children[i].pid, SIGKILL);
	}
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR) continue;
}

/* No terminal, no core, nothing open but the socket and what tells that a child has ended. */
static int prepare(int *socket)
{
	sigset_t child;
	const struct rlimit none = { 0, 0 };
	setsid();
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NAME, "hearth-spawner", 0, 0, 0);
	if (!put_nothing() || dup2(*socket, SPAWNER_FIRST) < 0) return -1;
	*socket = SPAWNER_FIRST;
	fcntl(*socket, F_SETFD, FD_CLOEXEC);
	close_from(SPAWNER_FIRST + 1);
	reset_signals();
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

_Noreturn void spawner_main(int socket, const char *folder)
{
	int ends = prepare(&socket);
	struct pollfd waits[] = { { .fd = socket, .events = POLLIN }, { .fd = ends, .events = POLLIN } };
	struct signalfd_siginfo news;
	for (bool serves = ends >= 0; serves;) {
		if (poll(waits, 2, -1) < 0 && errno != EINTR) break;
		if (waits[1].revents && read(ends, &news, sizeof news) > 0) tell_ends();
		if (waits[0].revents) serves = serve(socket, folder);
	}
	end_children();
	_exit(0);
}
