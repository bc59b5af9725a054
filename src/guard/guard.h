/*
 * guard: a process gives its rights away, for good.
 *
 * A program opens what it needs, calls guard_enter, starts its threads, calls guard_filter, and only then reads the first byte that
 * comes from outside. What the kernel cannot do is left out and said in the report; nothing here can be taken back, and
 * children inherit all of it. Layers: no new privileges, no core and no ptrace (undumpable), limits, namespaces (no network at
 * all for roles that need none), Landlock (files, TCP ports, abstract sockets, signals), seccomp (system calls, an allow-list).
 */
#ifndef HEARTH_GUARD_GUARD_H
#define HEARTH_GUARD_GUARD_H

#include "base/error.h"
#include "guard/roles.h"

#include <stdint.h>

#include <sys/types.h>

struct guard_options {
	const char *own_folder; /* GUARD_HEARTH: where it may write; NULL: nowhere */
	/* And further folders, which the user named or settings lie in; ends with NULL; NULL: none. */
	const char *const *more_folders;
	int landlock;       /* the newest ABI to use; GUARD_NEWEST: whatever the kernel has */
	uint16_t only_port; /* GUARD_NET: a proxy's: no other port is connected to and no name resolved; 0: https and DNS */
	/* For tests that a hole is noticed: a system call (its name) that the filter lets through; NULL in every program. */
	const char *hole;
};

enum { GUARD_NEWEST = 1000 };

/* Which layers were reached. */
struct guard_report {
	bool no_new_privileges, undumpable, limits, namespaces, filter;
	int landlock;   /* the ABI in force; 0: none */
	char lost[256]; /* what is missing and what that means, for people; empty when all is there */
};

/* Everything but the filter; before threads are started. False only when a layer that every supported kernel has cannot be set up.
 */
bool guard_enter(enum guard_role role, const struct guard_options *o, struct guard_report *report, struct error *e);

/* The filter, for all threads of the process. A kernel that has no filters at all, as an emulator of programs, is in the report. */
bool guard_filter(enum guard_role role, const struct guard_options *o, struct guard_report *report, struct error *e);

/* Adds to the report what is missing and what that means. */
void guard_lost(struct guard_report *report, const char *what);

/* The kernel's Landlock ABI; 0 where it has none. */
int guard_landlock_abi(void);

/* For this folder: rules by role. True when the ABI is in force (or is 0). */
bool guard_landlock(enum guard_role role, const struct guard_options *o, int abi, struct error *e);

/* The socket that the children of process `parent` look for when they try PROBE_ABSTRACT_SOCKET; made by a process outside their
 * jails. The descriptor, -1 on failure. */
int guard_listen(pid_t parent);

/* Tries what the probe names, in this process; true when nothing hindered it. `own_folder` may be NULL. */
bool guard_try(enum guard_probe probe, const char *own_folder);

#endif
