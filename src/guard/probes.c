/*
 * probes: a process tries what its role forbids (see roles.h). A try is made so that nothing is changed where it succeeds: what
 * cannot be tried without harm is aimed at something that is not there, and the answer is whether the kernel refused the try or the
 * aim. The kernel is called by number throughout: which functions of libc a program imports says what its work may do
 * (`hearth prove` looks), and the probes are not its work.
 */
#include "guard/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* WAITING: nobody takes what connects, and a full queue is answered before Landlock is asked. */
enum { SOME_PORT = 9, HTTPS = 443, DNS = 53, PAGE = 4096, WAITING = 4096 };

/* The kernel said no, as against: there is nothing there, nobody answers, no such network. */
static bool refused(void)
{
	return errno == EPERM || errno == EACCES || errno == ENOSYS;
}

/* True when the call went through or failed for its aim alone. */
static bool went(long result)
{
	return result >= 0 || !refused();
}

static int open_file(const char *path, int flags)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static int open_socket(int family, int type, int protocol)
{
	return (int)syscall(SYS_socket, family, type | SOCK_CLOEXEC, protocol);
}

static bool try_open(const char *path, int flags)
{
	int fd = open_file(path, flags);
	bool ok = fd >= 0;
	if (ok) close(fd);
	return ok;
}

static bool try_create(const char *folder)
{
	char path[512];
	snprintf(path, sizeof path, "%s/hearth-probe-%ld", folder, (long)getpid());
	bool ok = try_open(path, O_RDWR | O_CREAT | O_EXCL);
	if (ok) syscall(SYS_unlinkat, AT_FDCWD, path, 0);
	return ok;
}

static bool try_list(const char *folder)
{
	char entries[512];
	int fd = open_file(folder, O_RDONLY | O_DIRECTORY);
	bool ok = fd >= 0 && syscall(SYS_getdents64, fd, entries, sizeof entries) >= 0;
	if (fd >= 0) close(fd);
	return ok;
}

/* A socket and one try to reach the address; a try that is under way counts. */
static bool try_connect(int type, const char *address, unsigned short port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	inet_pton(AF_INET, address, &to.sin_addr);
	int fd = open_socket(AF_INET, type | SOCK_NONBLOCK, 0);
	if (fd < 0) return false;
	bool ok = went(syscall(SYS_connect, fd, &to, sizeof to));
	close(fd);
	return ok;
}

static bool try_listen(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = open_socket(AF_INET, SOCK_STREAM, 0);
	bool ok = fd >= 0 && syscall(SYS_bind, fd, &any, sizeof any) == 0;
	if (fd >= 0) close(fd);
	return ok;
}

static bool try_socket(int family, int type, int protocol)
{
	int fd = open_socket(family, type, protocol);
	if (fd >= 0) close(fd);
	return fd >= 0;
}

/* An abstract address, which begins with a zero byte, for the children of this process. */
static socklen_t abstract_address(struct sockaddr_un *a, pid_t parent)
{
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	int length = snprintf(a->sun_path + 1, sizeof a->sun_path - 1, "hearth-probe-%ld", (long)parent);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

int guard_listen(pid_t parent)
{
	struct sockaddr_un here;
	socklen_t size = abstract_address(&here, parent);
	int fd = open_socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && syscall(SYS_bind, fd, &here, size) == 0 && syscall(SYS_listen, fd, WAITING) == 0) return fd;
	if (fd >= 0) close(fd);
	return -1;
}

static bool try_abstract(void)
{
	struct sockaddr_un to;
	socklen_t size = abstract_address(&to, getppid());
	int fd = open_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd < 0) return false;
	bool ok = syscall(SYS_connect, fd, &to, size) == 0 || errno == EAGAIN; /* or it has many waiting already */
	close(fd);
	return ok;
}

static void *nothing(void *unused)
{
	return unused;
}

static bool try_thread(void)
{
	pthread_t thread;
	return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool try_fork(void)
{
	long child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (child == 0) syscall(SYS_exit_group, 0);
	if (child > 0) syscall(SYS_wait4, child, NULL, 0, NULL);
	return child > 0;
}

static bool try_parent_memory(void)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%ld/mem", (long)getppid());
	return try_open(path, O_RDONLY);
}

/* A page of anonymous memory; NULL when the kernel refuses. */
static void *page(int protection)
{
	long p = syscall(SYS_mmap, NULL, PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == -1 ? NULL : (void *)p;
}

static bool try_map(void)
{
	void *p = page(PROT_READ | PROT_WRITE | PROT_EXEC);
	if (p) munmap(p, PAGE);
	return p != NULL;
}

static bool try_protect(void)
{
	void *p = page(PROT_READ | PROT_WRITE);
	bool ok = p && syscall(SYS_mprotect, p, PAGE, PROT_READ | PROT_EXEC) == 0;
	if (p) munmap(p, PAGE);
	return ok;
}

static bool try_perf(void)
{
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_CPU_CLOCK, .exclude_kernel = 1
	};
	long fd = syscall(SYS_perf_event_open, &event, 0, -1, -1, 0);
	if (fd >= 0) close((int)fd);
	return went(fd);
}

static bool try_terminal(void)
{
	/* Not a terminal: the kernel looks at the request first, so that only a filter says EPERM. */
	int pipes[2];
	char c = 'x';
	bool made = syscall(SYS_pipe2, pipes, O_CLOEXEC) == 0;
	bool ok = ioctl(made ? pipes[0] : STDIN_FILENO, TIOCSTI, &c) == 0 || errno == ENOTTY || errno == EBADF;
	if (made) {
		close(pipes[0]);
		close(pipes[1]);
	}
	return ok;
}

static bool try_raise(void)
{
	struct rlimit now = { 0, 0 };
	if (syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, &now) != 0) return false;
	struct rlimit more = { now.rlim_max, now.rlim_max == RLIM_INFINITY ? RLIM_INFINITY : now.rlim_max + 1 };
	return syscall(SYS_prlimit64, 0, RLIMIT_CORE, &more, NULL) == 0;
}

static bool try_core(void)
{
	struct rlimit now = { 1, 1 };
	getrlimit(RLIMIT_CORE, &now);
	return now.rlim_cur != 0 || now.rlim_max != 0;
}

/* Sockets and what they reach. */
static bool try_network(enum guard_probe probe)
{
	switch (probe) {
	/* A group's address: TCP knows no groups, so that no packet is made where nothing refuses the call before. What could
	 * refuse it, the filter and Landlock, sees the family and the port alone. */
	case PROBE_CONNECT_SELF:
	case PROBE_CONNECT_OUTSIDE: return try_connect(SOCK_STREAM, "233.252.0.1", HTTPS);
	case PROBE_CONNECT_PORT: return try_connect(SOCK_STREAM, "233.252.0.1", SOME_PORT);
	/* UDP that is connected has sent nothing; and no machine has an address of those for documentation. */
	case PROBE_UDP: return try_connect(SOCK_DGRAM, "192.0.2.1", SOME_PORT);
	case PROBE_RESOLVE: return try_connect(SOCK_DGRAM, "192.0.2.1", DNS);
	case PROBE_LISTEN: return try_listen();
	case PROBE_RAW_SOCKET: return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
	case PROBE_NETLINK: return try_socket(AF_NETLINK, SOCK_RAW, 0);
	case PROBE_UNIX_SOCKET: return try_socket(AF_UNIX, SOCK_STREAM, 0);
	default: return try_abstract();
	}
}

/* The kernel's large and dangerous interfaces. */
static bool try_kernel(enum guard_probe probe)
{
	char parameters[256] = { 0 };
	switch (probe) {
	case PROBE_IO_URING: return went(syscall(SYS_io_uring_setup, 1, NULL));
	case PROBE_BPF: return went(syscall(SYS_bpf, 0, parameters, 0));
	case PROBE_USERFAULTFD: return went(syscall(SYS_userfaultfd, -1));
	case PROBE_PERF: return try_perf();
	case PROBE_KEYCTL: return went(syscall(SYS_keyctl, 0, -1, 0)); /* KEYCTL_GET_KEYRING_ID of the thread's */
	case PROBE_MOUNT: return went(syscall(SYS_mount, "none", "/nowhere/hearth", "tmpfs", 0, NULL));
	case PROBE_UNSHARE: return went(syscall(SYS_unshare, CLONE_NEWUSER));
	case PROBE_CHROOT: return went(syscall(SYS_chroot, "/nowhere/hearth"));
	case PROBE_SHARED_MEMORY: return try_create("/dev/shm");
	case PROBE_TERMINAL_INPUT: return try_terminal();
	case PROBE_RAISE_LIMIT: return try_raise();
	default: return try_core();
	}
}

static bool try_exec(void)
{
	char *const none[] = { NULL };
	return went(syscall(SYS_execve, "/nowhere/hearth", none, none));
}

bool guard_try(enum guard_probe probe, const char *own_folder)
{
	switch (probe) {
	case PROBE_OPEN_OUTSIDE: return try_open("/etc/passwd", O_RDONLY);
	case PROBE_LIST_HOME: return try_list("/home");
	case PROBE_CREATE_OUTSIDE: return try_create("/tmp");
	case PROBE_CREATE_OWN: return own_folder && try_create(own_folder);
	case PROBE_THREAD: return try_thread();
	case PROBE_FORK: return try_fork();
	case PROBE_EXEC: return try_exec();
	case PROBE_PTRACE: return went(syscall(SYS_ptrace, PTRACE_SEIZE, 0x7ffffff0, NULL, NULL));
	case PROBE_PARENT_MEMORY: return try_parent_memory();
	case PROBE_SIGNAL: return syscall(SYS_kill, getppid(), 0) == 0;
	case PROBE_MAP_WRITE_EXEC: return try_map();
	case PROBE_PROTECT_EXEC: return try_protect();
	default: break;
	}
	return probe <= PROBE_ABSTRACT_SOCKET ? try_network(probe) : try_kernel(probe);
}
