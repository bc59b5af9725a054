/*
 * filter: the system calls that each role keeps, as seccomp rules made by libseccomp.
 *
 * An allow-list: what is not named fails with EPERM, so that a library that tries something new gets an ordinary error. Where an
 * argument decides, it is looked at (the family of a socket, the protection of a mapping, the kind of a terminal request); what
 * lies behind a pointer cannot be. clone3 and a few others fail with ENOSYS, so that libc falls back to calls whose arguments can
 * be looked at.
 */
#include "guard/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

enum { MOST_NAMES = 64 };

/* Named, not numbered: libseccomp knows the numbers of every architecture, and -1 for a name that one of them lacks. */
static const char *const compute[MOST_NAMES] = {
	"brk",
	"munmap",
	"mremap",
	"madvise",
	"mincore",
	"mlock",
	"munlock",
	"mlock2",
	"msync",
	"futex",
	"futex_waitv",
	"sched_yield",
	"sched_getaffinity",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigaltstack",
	"restart_syscall",
	"exit",
	"exit_group",
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getrandom",
	"set_robust_list",
	"rseq",
	"set_tid_address",
	"membarrier",
	"getrusage",
	"getcpu",
	"sysinfo",
	"uname",
	"times",
};
static const char *const talk[MOST_NAMES] = {
	"read",  "write", "readv", "writev", "recvmsg",    "sendmsg", "recvfrom", "sendto",
	"close", "poll",  "ppoll", "fstat",  "newfstatat", "lseek",   "shutdown",
};
static const char *const files[MOST_NAMES] = {
	"openat",     "open",     "creat",      "stat",      "lstat",    "statx",        "access",   "faccessat", "faccessat2",
	"getdents64", "readlink", "readlinkat", "unlink",    "unlinkat", "rename",       "renameat", "renameat2", "mkdir",
	"mkdirat",    "rmdir",    "ftruncate",  "fallocate", "fsync",    "fdatasync",    "flock",    "pread64",   "pwrite64",
	"preadv",     "pwritev",  "fchmod",     "utimensat", "getcwd",   "statfs",       "fstatfs",  "umask",     "chdir",
	"fadvise64",  "dup",      "dup2",       "dup3",      "pipe2",    "memfd_create", "eventfd2",
};
/* What the resolver and libcurl need of files, and what is written through a descriptor that was given. */
static const char *const reading[MOST_NAMES] = {
	"stat",   "lstat",     "statx",     "access", "faccessat", "faccessat2", "readlink", "readlinkat", "pread64", "getdents64",
	"getcwd", "ftruncate", "fdatasync", "fsync",  "pwrite64",  "dup",        "pipe2",    "eventfd2",   "statfs",  "fstatfs",
};
static const char *const terminal[MOST_NAMES] = { "select", "pselect6" };
static const char *const serving[MOST_NAMES] = {
	"accept",     "accept4",     "getsockopt", "setsockopt", "getpeername", "getsockname", "epoll_create1", "epoll_ctl",
	"epoll_wait", "epoll_pwait", "eventfd2",   "select",     "pselect6",    "pipe2",       "sendfile",
};
static const char *const fetching[MOST_NAMES] = {
	"connect",       "getsockopt", "setsockopt", "getpeername", "getsockname", "sendmmsg", "recvmmsg",
	"epoll_create1", "epoll_ctl",  "epoll_wait", "epoll_pwait", "select",      "pselect6", "socketpair",
};
/* One bus on a Unix socket, and a library that waits for it in a thread. */
static const char *const asking[MOST_NAMES] = {
	"connect", "getsockopt", "setsockopt", "getpeername", "getsockname", "eventfd2", "pipe2",
};
static const char *const unix_sockets[MOST_NAMES] = {
	"connect", "bind", "listen", "accept4", "accept", "getsockopt", "setsockopt", "getpeername", "getsockname", "socketpair",
};

/* What a role is made of. */
static const struct {
	const char *const *lists[6];
	bool threads, files_read, own_terminal; /* files_read: opens files, and maps the code of libraries */
	int families[2];                        /* of sockets that it may make; 0: none */
} parts[GUARD_ROLES] = {
	[GUARD_HEARTH] = { { compute, talk, files, terminal, unix_sockets }, true, true, true, { AF_UNIX } },
	[GUARD_ENGINE] = { { compute, talk }, false, false, false, { 0 } },
	[GUARD_IMPORT] = { { compute, talk }, false, false, false, { 0 } },
	[GUARD_FRONT] = { { compute, talk, serving }, true, false, false, { 0 } },
	[GUARD_NET] = { { compute, talk, reading, fetching }, true, true, false, { AF_INET, AF_INET6 } },
	[GUARD_KEYRING] = { { compute, talk, asking }, true, false, false, { AF_UNIX } },
	[GUARD_SLEEP] = { { compute, talk }, false, false, false, { 0 } },
};

static bool allow_names(void *f, const char *const *names)
{
	for (int i = 0; i < MOST_NAMES && names[i]; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		if (number == __NR_SCMP_ERROR) continue; /* newer than this libseccomp: it stays forbidden */
		int code = seccomp_rule_add(f, SCMP_ACT_ALLOW, number, 0);
		if (code != 0 && code != -EDOM) return false;
	}
	return true;
}

/* Memory: never both to write and to run, and never to run later. */
static bool allow_memory(void *f, bool files_read)
{
	bool ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
	          seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	/* Libraries that libc loads later (name services): a file's code, not to be written. */
	if (files_read)
		ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
		                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC),
		                            SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0)) == 0;
	return ok;
}

/* Opening files to read them, whatever they are: making, changing or cutting one is in the flags. */
static bool allow_opening(void *f)
{
	const scmp_datum_t changes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
	return seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, changes, 0)) == 0;
}

static bool allow_threads(void *f, bool threads)
{
	/* libc asks with clone first when clone3 is not there. */
	bool ok = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
	if (threads)
		ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
		                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
	/* A thread's own name; and abort(), which sends a signal to its own process. */
	ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)) == 0;
	ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0)) == 0;
	/* The stack of a thread is measured by its limit: asking is free, setting is not. */
	return ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0, 0),
	                              SCMP_A2(SCMP_CMP_EQ, 0, 0)) == 0;
}

/* Ctrl-Z while a line is edited: libedit sends it on to the program's own group. */
static bool allow_own_group(void *f, bool own_terminal)
{
	return !own_terminal || seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_EQ, 0, 0)) == 0;
}

static bool allow_descriptors(void *f, bool own_terminal)
{
	static const int questions[] = { 1 /* F_GETFD */,
		                         2 /* F_SETFD */,
		                         3 /* F_GETFL */,
		                         4 /* F_SETFL */,
		                         1030 /* F_DUPFD_CLOEXEC */,
		                         5,
		                         6,
		                         7 /* locks */,
		                         1033 /* F_ADD_SEALS: only takes rights away */ };
	static const unsigned long requests[] = { TCGETS,    TCSETS,    TCSETSW,  TCSETSF, TIOCGWINSZ,
		                                  TIOCGPGRP, TIOCSPGRP, FIONREAD, TCFLSH };
	bool ok = true;
	for (size_t i = 0; ok && i < sizeof questions / sizeof questions[0]; i++)
		ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)questions[i], 0)) ==
		     0;
	for (size_t i = 0; ok && own_terminal && i < sizeof requests / sizeof requests[0]; i++) /* never TIOCSTI */
		ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
		                      SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, requests[i])) == 0;
	return ok;
}

static bool allow_sockets(void *f, const int families[2], bool packets)
{
	const unsigned kind = 0xf; /* of the type; the rest are flags */
	bool ok = true;
	for (int i = 0; ok && i < 2 && families[i]; i++) {
		const scmp_datum_t family = (scmp_datum_t)families[i];
		ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, family, 0),
		                      SCMP_A1(SCMP_CMP_MASKED_EQ, kind, SOCK_STREAM)) == 0;
		if (packets)
			ok = ok && seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0(SCMP_CMP_EQ, family, 0),
			                            SCMP_A1(SCMP_CMP_MASKED_EQ, kind, SOCK_DGRAM)) == 0;
	}
	return ok;
}

bool guard_filter(enum guard_role role, const struct guard_options *o, struct guard_report *r, struct error *e)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0 && errno == EINVAL) {
		guard_lost(r, "no filters of system calls here: what is computed could call whatever its user may");
		return true;
	}
	void *f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	bool ok = f && seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
	          seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
	for (int i = 0; ok && i < 6 && parts[role].lists[i]; i++) ok = allow_names(f, parts[role].lists[i]);
	ok = ok && allow_memory(f, parts[role].files_read) && (!parts[role].files_read || allow_opening(f)) &&
	     allow_threads(f, parts[role].threads) && allow_descriptors(f, parts[role].own_terminal) &&
	     allow_own_group(f, parts[role].own_terminal) && allow_sockets(f, parts[role].families, o->only_port == 0);
	if (ok && o->hole) ok = seccomp_rule_add(f, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(o->hole), 0) == 0;
	int code = ok ? seccomp_load(f) : -ENOMEM;
	seccomp_release(f);
	if (code != 0) return error_set(e, "cannot put the filter of system calls in force: %s", strerror(-code));
	r->filter = true;
	return true;
}
