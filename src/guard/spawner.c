/* spawner: hearth's side of it (see spawner.h): one request and one reply at a time over a pair of sockets. */
#include "guard/spawner.h"

#include "base/machine.h"
#include "base/memory.h"
#include "guard/spawner_internal.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct spawner {
	int socket;
	pid_t pid;
	pthread_mutex_t lock; /* around a request and its reply */
};

static bool own_folder(char folder[PATH_MAX], struct error *e)
{
	if (!machine_program(folder, PATH_MAX)) return error_set(e, "cannot tell where hearth's program lies");
	char *slash = strrchr(folder, '/');
	if (!slash) return error_set(e, "cannot tell where hearth's program lies");
	*slash = 0;
	return true;
}

struct spawner *spawner_start(const char *folder, struct error *e)
{
	char own[PATH_MAX];
	int pair[2];
	if (!folder && !own_folder(own, e)) return NULL;
	struct spawner *s = memory_new(1, sizeof *s);
	if (!s) {
		error_memory(e);
		return NULL;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
		error_set(e, "cannot make a pair of sockets: %s", strerror(errno));
		memory_free(s);
		return NULL;
	}
	s->pid = fork();
	if (s->pid == 0) spawner_main(pair[1], folder ? folder : own);
	close(pair[1]);
	if (s->pid < 0) {
		error_set(e, "cannot start a process: %s", strerror(errno));
		close(pair[0]);
		memory_free(s);
		return NULL;
	}
	s->socket = pair[0];
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void spawner_stop(struct spawner *s)
{
	if (!s) return;
	char nothing;
	shutdown(s->socket, SHUT_WR);
	/* It answers nothing more; the end of the socket is its own end. */
	while (recv(s->socket, &nothing, 1, 0) < 0 && errno == EINTR) continue;
	close(s->socket);
	waitpid(s->pid, NULL, 0); /* behind hearth's filter that is refused, and whoever inherits the process does it */
	pthread_mutex_destroy(&s->lock);
	memory_free(s);
}

pid_t spawner_pid(const struct spawner *s)
{
	return s->pid;
}

/* Sends a request and takes its reply, with the descriptor that may come with it (else -1). */
static bool ask(struct spawner *s, const struct spawner_request *request, const int *descriptors, size_t n,
                struct spawner_reply *reply, int *descriptor, struct error *e)
{
	*descriptor = -1;
	size_t got = 0;
	pthread_mutex_lock(&s->lock);
	bool ok = spawner_send(s->socket, request, sizeof *request, descriptors, n) &&
	          spawner_receive(s->socket, reply, sizeof *reply, descriptor, 1, &got);
	pthread_mutex_unlock(&s->lock);
	return ok || error_set(e, "the process that starts hearth's programs is gone; start hearth again");
}

bool spawner_run(struct spawner *s, enum guard_role role, const char *word, const int *descriptors, size_t n_descriptors,
                 struct spawned *p, struct error *e)
{
	struct spawner_request request = { .kind = SPAWNER_RUN, .role = role };
	struct spawner_reply reply;
	*p = (struct spawned){ .ended = -1 };
	if (n_descriptors > SPAWNER_DESCRIPTORS || (word && strlen(word) > SPAWNER_WORD))
		return error_set(e, "%s: more than can be given to a program", guard_role_names[role]);
	if (word) snprintf(request.word, sizeof request.word, "%s", word);
	if (!ask(s, &request, descriptors, n_descriptors, &reply, &p->ended, e)) return false;
	if (reply.ok && p->ended >= 0) {
		p->pid = reply.pid;
		p->number = reply.number;
		return true;
	}
	spawner_forget(p);
	return error_set(e, "%s", reply.error.text[0] ? reply.error.text : "a program was started, but cannot be watched");
}

bool spawner_ended(const struct spawned *p, int timeout_ms, int *how)
{
	*how = -1;
	struct pollfd ended = { .fd = p->ended, .events = POLLIN };
	if (p->ended < 0) return true;
	if (poll(&ended, 1, timeout_ms) <= 0) return false;
	int status;
	if (read(p->ended, &status, sizeof status) == (ssize_t)sizeof status) *how = status;
	return true;
}

void spawner_kill(struct spawner *s, const struct spawned *p)
{
	struct spawner_request request = { .kind = SPAWNER_KILL, .number = p->number };
	struct spawner_reply reply;
	int none;
	ask(s, &request, NULL, 0, &reply, &none, NULL);
}

int spawner_create(struct spawner *s, const char *path, struct error *e)
{
	struct spawner_request request = { .kind = SPAWNER_CREATE };
	struct spawner_reply reply;
	int fd;
	if (strlen(path) >= sizeof request.path) {
		error_set(e, "%.200s...: the path is too long", path);
		return -1;
	}
	snprintf(request.path, sizeof request.path, "%s", path);
	if (!ask(s, &request, NULL, 0, &reply, &fd, e)) return -1;
	if (fd < 0) error_set(e, "%s", reply.error.text);
	return fd;
}

void spawner_forget(struct spawned *p)
{
	if (p->ended >= 0) close(p->ended);
	*p = (struct spawned){ .ended = -1 };
}

void spawner_describe(int how, char *out, size_t room)
{
	if (how != -1 && WIFSIGNALED(how))
		snprintf(out, room, "was killed (signal %d)", WTERMSIG(how));
	else if (how != -1 && WIFEXITED(how))
		snprintf(out, room, "ended with status %d", WEXITSTATUS(how));
	else
		snprintf(out, room, "ended");
}
