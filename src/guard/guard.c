/* guard: the layers but Landlock's rules and the filter's list (see guard.h). */
#include "guard/guard.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

void guard_lost(struct guard_report *r, const char *what)
{
	size_t n = strlen(r->lost);
	snprintf(r->lost + n, sizeof r->lost - n, "%s%s", n ? "; " : "", what);
}

/* A limit that nobody raises again: soft and hard. */
static bool limit(__rlimit_resource_t resource, rlim_t most)
{
	struct rlimit now;
	if (getrlimit(resource, &now) != 0) return false;
	if (now.rlim_max < most) most = now.rlim_max;
	now.rlim_cur = now.rlim_max = most;
	return setrlimit(resource, &now) == 0;
}

static bool set_limits(enum guard_role role)
{
	bool ok = limit(RLIMIT_CORE, 0) && limit(RLIMIT_NOFILE, role == GUARD_FRONT || role == GUARD_HEARTH ? 4096 : 256);
	/* What writes no file can fill no disk; pipes and sockets are not meant by this limit. */
	if (role != GUARD_HEARTH && role != GUARD_NET) ok = ok && limit(RLIMIT_FSIZE, 0);
	return ok;
}

/* A user namespace gives the right to make the others; the process keeps its files, and has a network without any device. */
static bool leave_namespaces(enum guard_role role)
{
	/* A desktop's keyring asks who it talks to, and in a namespace of its own a process is nobody. */
	if (role == GUARD_NET || role == GUARD_HEARTH || role == GUARD_KEYRING) return true;
	return unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0;
}

/* What a program started as root, or the new user namespace, would let it do. */
static bool drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 } };
	return syscall(SYS_capset, &header, none) == 0;
}

bool guard_enter(enum guard_role role, const struct guard_options *o, struct guard_report *r, struct error *e)
{
	*r = (struct guard_report){ .landlock = 0 };
	r->limits = set_limits(role);
	if (!r->limits) return error_set(e, "cannot set limits: %s", strerror(errno));
	r->namespaces = leave_namespaces(role);
	if (!r->namespaces) guard_lost(r, "no namespaces here: the filter alone keeps the network away");
	if (!drop_capabilities()) return error_set(e, "cannot give up capabilities: %s", strerror(errno));
	r->no_new_privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	if (!r->no_new_privileges) return error_set(e, "cannot give up new privileges: %s", strerror(errno));
	r->undumpable = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
	if (!r->undumpable) return error_set(e, "cannot be made undumpable: %s", strerror(errno));
	int abi = guard_landlock_abi();
	if (abi > o->landlock) abi = o->landlock;
	if (abi > 7) abi = 7; /* the newest that this code knows */
	if (abi == 0) guard_lost(r, "no Landlock here: files are kept apart by the filter alone");
	if (!guard_landlock(role, o, abi, e)) return false;
	r->landlock = abi;
	return true;
}
