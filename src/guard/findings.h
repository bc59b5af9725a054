/*
 * findings: what a jailed process found when it tried every probe, on its way to the process that compares it with the rights
 * table.
 *
 * A program that is started with the word GUARD_PROBE_WORD opens nothing and reads nothing: it goes into its jail by the steps
 * of every start, calls guard_findings_send in place of its work, and ends. The record has one fixed size and is checked when it is
 * read: the reader trusts the writer as little as any other jailed program.
 */
#ifndef HEARTH_GUARD_FINDINGS_H
#define HEARTH_GUARD_FINDINGS_H

#include "guard/guard.h"

#define GUARD_PROBE_WORD "probe"

struct guard_findings {
	struct guard_report report;
	bool may[GUARD_PROBES]; /* nothing hindered it */
};

/* In the jail: tries every probe and writes the findings to `fd`. `own_folder` as it was given to guard_enter. */
bool guard_findings_send(int fd, enum guard_role role, const struct guard_report *report, const char *own_folder, struct error *e);

/* Reads the findings of a process that was started as `role`; waits at most `milliseconds` for all of them. */
bool guard_findings_receive(int fd, enum guard_role role, int milliseconds, struct guard_findings *f, struct error *e);

/* The whole life of a program that does nothing but this: jail, probes, findings. */
bool guard_findings_stand_in(int fd, enum guard_role role, struct error *e);

#endif
