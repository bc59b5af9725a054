/*
 * programs: hearth's other programs as this one uses them: the spawner that starts them, the engine for hearth.h, and hearth's own
 * jail.
 */
#ifndef HEARTH_APP_HEARTH_PROGRAMS_H
#define HEARTH_APP_HEARTH_PROGRAMS_H

#include "base/error.h"
#include "guard/guard.h"
#include "guard/spawner.h"

/* Forks the spawner and says that models are opened in engines that it starts. The first thing that hearth does. */
bool programs_begin(struct error *e);

/* Ends everything that was started, and waits for it. */
void programs_end(void);

/* For those that start another program; NULL where there is none (tests over a scripted engine). */
struct spawner *programs_spawner(void);

/* hearth's own jail; `own_folder` is where it may write. Nothing can be started afterwards but by the spawner. */
bool programs_jail(const char *own_folder, struct guard_report *report, struct error *e);

/* What `hearth` does in place of its work when it is started with GUARD_PROBE_WORD: the findings go to SPAWNER_FIRST. */
bool programs_probe(struct error *e);

#endif
