/* roles: the rights table (see roles.h). */
#include "guard/roles.h"

const char *const guard_role_names[GUARD_ROLES] = { "hearth",     "hearth-engine",  "hearth-import", "hearth-front",
	                                            "hearth-net", "hearth-keyring", "hearth-sleep" };

#define YES     GUARD_ALLOWED
#define NO      GUARD_DENIED
#define OR(abi) (GUARD_EITHER + (abi))

const struct guard_probe_row guard_table[GUARD_PROBES] = {
	/*                                                           hearth engine import front net keyring sleep */
	[PROBE_OPEN_OUTSIDE] = { "open a file outside", { YES, NO, NO, NO, 1, NO, NO } },
	[PROBE_LIST_HOME] = { "list the home folder", { YES, NO, NO, NO, 1, NO, NO } },
	[PROBE_CREATE_OUTSIDE] = { "make a file outside", { 1, NO, NO, NO, NO, NO, NO } },
	[PROBE_CREATE_OWN] = { "make a file in its own folder", { YES, NO, NO, NO, NO, NO, NO } },
	[PROBE_CONNECT_SELF] = { "connect to 127.0.0.1", { NO, NO, NO, NO, YES, NO, NO } },
	[PROBE_CONNECT_OUTSIDE] = { "connect to another machine", { NO, NO, NO, NO, YES, NO, NO } },
	[PROBE_CONNECT_PORT] = { "connect to a port beside https", { NO, NO, NO, NO, 4, NO, NO } },
	[PROBE_LISTEN] = { "open a port", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_UDP] = { "send a UDP packet", { NO, NO, NO, NO, YES, NO, NO } },
	[PROBE_RAW_SOCKET] = { "open a raw socket", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_NETLINK] = { "open a netlink socket", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_RESOLVE] = { "resolve a name", { NO, NO, NO, NO, YES, NO, NO } },
	[PROBE_UNIX_SOCKET] = { "make a Unix socket", { YES, NO, NO, NO, NO, YES, NO } },
	[PROBE_ABSTRACT_SOCKET] = { "reach an abstract Unix socket", { 6, NO, NO, NO, NO, 6, NO } },
	[PROBE_THREAD] = { "start a thread", { YES, NO, NO, YES, YES, YES, NO } },
	[PROBE_FORK] = { "start a process", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_EXEC] = { "run a program", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_PTRACE] = { "trace another process", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_PARENT_MEMORY] = { "read its parent's memory", { OR(1), NO, NO, NO, OR(1), NO, NO } },
	[PROBE_SIGNAL] = { "send a signal to another process", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_MAP_WRITE_EXEC] = { "map memory to write and run", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_PROTECT_EXEC] = { "make written memory runnable", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_IO_URING] = { "use io_uring", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_BPF] = { "use bpf", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_USERFAULTFD] = { "use userfaultfd", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_PERF] = { "use performance events", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_KEYCTL] = { "use kernel keys", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_MOUNT] = { "mount a file system", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_UNSHARE] = { "make a namespace", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_CHROOT] = { "change its root folder", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_SHARED_MEMORY] = { "use shared memory by name", { 1, NO, NO, NO, NO, NO, NO } },
	[PROBE_TERMINAL_INPUT] = { "type into the terminal", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_RAISE_LIMIT] = { "raise a limit", { NO, NO, NO, NO, NO, NO, NO } },
	[PROBE_CORE] = { "leave a core file", { NO, NO, NO, NO, NO, NO, NO } },
};

int guard_expected(enum guard_role role, enum guard_probe probe, int landlock)
{
	int cell = guard_table[probe].cells[role];
	if (cell == GUARD_DENIED || cell == GUARD_ALLOWED) return cell;
	if (cell < GUARD_EITHER) return landlock >= cell ? GUARD_DENIED : GUARD_ALLOWED;
	return landlock >= cell - GUARD_EITHER ? GUARD_DENIED : GUARD_EITHER;
}

bool guard_agrees(enum guard_role role, enum guard_probe probe, int landlock, bool found)
{
	int expected = guard_expected(role, probe, landlock);
	return expected == GUARD_EITHER || found == (expected == GUARD_ALLOWED);
}
