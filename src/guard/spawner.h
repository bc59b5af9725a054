/*
 * spawner: the small process that starts hearth's other programs.
 *
 * Filters and Landlock's rules are inherited, so a program that has put itself into a jail can start nothing that needs other
 * rights. hearth therefore forks the spawner before it does anything else. On request it starts one of hearth's own programs, from
 * the folder that hearth's own program lies in and never from PATH, with the descriptors that it was sent as 3, 4, ... and nothing
 * else: an empty environment, no terminal, nothing to read as 0 and nothing to write to as 1 and 2 (in a build with sanitizers 2
 * stays, for their reports). Everything that it started ends when hearth or the spawner ends, however that happens.
 *
 * All functions may be called from any thread.
 */
#ifndef HEARTH_GUARD_SPAWNER_H
#define HEARTH_GUARD_SPAWNER_H

#include "base/error.h"
#include "guard/roles.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* hearth itself is started with this word alone: it then takes nothing from whoever had it started, proves, and tells what it
 * found. */
#define SPAWNER_PROVES "prove-rows"

enum { SPAWNER_FIRST = 3, SPAWNER_DESCRIPTORS = 16, SPAWNER_WORD = 63 };

struct spawner;

/* A program that was started. */
struct spawned {
	pid_t pid;
	uint32_t number; /* what the spawner knows it by; never used twice */
	int ended;       /* a descriptor that becomes readable when the program has ended; -1: there is no program */
};

/* Forks the spawner; before threads are started and any right is given away. `folder`: where the programs lie; NULL: the folder of
 * the program that is running. NULL on failure. */
struct spawner *spawner_start(const char *folder, struct error *e);

/* Ends the spawner and everything that it started, and waits until they are gone; NULL is allowed. */
void spawner_stop(struct spawner *s);

/* The parent of what it starts. */
pid_t spawner_pid(const struct spawner *s);

/* Starts a role's program with `word` as its only argument (NULL: none). The descriptors stay the caller's and arrive as
 * SPAWNER_FIRST and following. *p is to be closed with spawner_forget. False: nothing runs. */
bool spawner_run(struct spawner *s, enum guard_role role, const char *word, const int *descriptors, size_t n_descriptors,
                 struct spawned *p, struct error *e);

/* True when the program has ended, or does within `timeout_ms` (for ever when negative); *how is then what waitpid says, or -1 when
 * the spawner itself is gone and with it whoever could tell. To be asked once after it was true. */
bool spawner_ended(const struct spawned *p, int timeout_ms, int *how);

/* Ends the program at once (SIGKILL). No effect on one that has ended. */
void spawner_kill(struct spawner *s, const struct spawned *p);

/* Makes a new file that its user alone may read, outside of the folders where a jailed hearth may write: for what the person asks
 * to be saved somewhere. Nothing that is there is ever opened or replaced. Its descriptor, for writing; -1 with the reason. */
int spawner_create(struct spawner *s, const char *path, struct error *e);

/* Closes what belongs to *p here; the program itself goes on. */
void spawner_forget(struct spawned *p);

/* `how` in words: "ended with status 1", "was killed (signal 9)"; always terminated. */
void spawner_describe(int how, char *out, size_t room);

#endif
