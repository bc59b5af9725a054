/*
 * programs: hearth's other programs as this one uses them: the spawner that starts them, the engine for hearth.h, and hearth's own
 * jail.
 */
#ifndef HEARTH_APP_HEARTH_PROGRAMS_H
#define HEARTH_APP_HEARTH_PROGRAMS_H

#include "app/hearth/options.h"
#include "base/error.h"
#include "guard/guard.h"
#include "guard/spawner.h"

/* Forks the spawner and says that models are opened in engines that it starts. The first thing that hearth does. */
bool programs_begin(struct error *e);

/* Gives this program's own rights away, but for writing where the options let it write, and its terminal. No effect where
 * programs_begin was not called. */
bool programs_jail(const struct options *o, struct error *e);

/* What that reached; NULL before. */
const struct guard_report *programs_report(void);

/* A new file for what the person asks to be saved somewhere, for writing; -1 with the reason. */
int programs_create(const char *path, struct error *e);

/* Ends everything that was started, and waits for it. */
void programs_end(void);

/* For those that start another program; NULL where there is none (tests over a scripted engine). */
struct spawner *programs_spawner(void);

/* What `hearth` does in place of its work when it is started with GUARD_PROBE_WORD: the findings go to SPAWNER_FIRST. */
bool programs_probe(struct error *e);

#endif
