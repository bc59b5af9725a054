/*
 * roles: who may do what, as a table. One row a program, one column a probe; `hearth prove` and the tests compare with it.
 *
 * A cell says what the role's own process finds when it tries: denied, allowed, or denied from a Landlock ABI on, where
 * the kernel's filter by system call alone cannot tell a file from another.
 */
#ifndef HEARTH_GUARD_ROLES_H
#define HEARTH_GUARD_ROLES_H

#include <stdbool.h>
#include <stddef.h>

enum guard_role {
	GUARD_HEARTH,  /* the command, owner of the vault */
	GUARD_ENGINE,  /* computes a model */
	GUARD_IMPORT,  /* turns one document into text */
	GUARD_FRONT,   /* serves the page and the API on a listener that it was given */
	GUARD_NET,     /* fetches what the user asked for */
	GUARD_KEYRING, /* asks the desktop's keyring for a vault's key */
	GUARD_SLEEP,   /* hears that the machine is about to sleep */
	GUARD_ROLES
};

enum guard_probe {
	PROBE_OPEN_OUTSIDE, /* read a file that is not the role's */
	PROBE_LIST_HOME,
	PROBE_CREATE_OUTSIDE, /* make a file in /tmp */
	PROBE_CREATE_OWN,     /* make a file in the role's own folder */
	PROBE_CONNECT_SELF,   /* TCP to 127.0.0.1 */
	PROBE_CONNECT_OUTSIDE,
	PROBE_CONNECT_PORT, /* TCP to a port that is neither 443 nor 53 */
	PROBE_LISTEN,       /* bind a TCP port */
	PROBE_UDP,
	PROBE_RAW_SOCKET,
	PROBE_NETLINK,
	PROBE_RESOLVE,
	PROBE_UNIX_SOCKET,
	PROBE_ABSTRACT_SOCKET, /* connect to an abstract socket of another process */
	PROBE_THREAD,
	PROBE_FORK,
	PROBE_EXEC,
	PROBE_PTRACE,
	PROBE_PARENT_MEMORY,
	PROBE_SIGNAL, /* to a process that is not its own */
	PROBE_MAP_WRITE_EXEC,
	PROBE_PROTECT_EXEC,
	PROBE_IO_URING,
	PROBE_BPF,
	PROBE_USERFAULTFD,
	PROBE_PERF,
	PROBE_KEYCTL,
	PROBE_MOUNT,
	PROBE_UNSHARE,
	PROBE_CHROOT,
	PROBE_SHARED_MEMORY,  /* by name */
	PROBE_TERMINAL_INPUT, /* TIOCSTI */
	PROBE_RAISE_LIMIT,
	PROBE_CORE, /* would a crash leave a core file? */
	GUARD_PROBES
};

/* 1 to 7: denied from this Landlock ABI on, allowed before; GUARD_EITHER + 1 to 7: before it the kernel's settings decide. */
enum { GUARD_DENIED = 0, GUARD_EITHER = 50, GUARD_ALLOWED = 100 };

struct guard_probe_row {
	const char *name; /* "open a file outside" */
	unsigned char cells[GUARD_ROLES];
};

extern const char *const guard_role_names[GUARD_ROLES]; /* "hearth-engine" */
extern const struct guard_probe_row guard_table[GUARD_PROBES];

/* What the table says for a role under a Landlock ABI (0: none): GUARD_DENIED, GUARD_ALLOWED or GUARD_EITHER. */
int guard_expected(enum guard_role role, enum guard_probe probe, int landlock);

/* Does what a process found agree with the table? */
bool guard_agrees(enum guard_role role, enum guard_probe probe, int landlock, bool found);

#endif
