/*
 * file_ahead: reads mapped files in the background, from front to end, and maps what is there.
 *
 * Whoever computes with a map that is not in memory yet waits at its pages, for as little as the system reads around each
 * (128 KB on many machines), and threads that read several places at once undo its guess of what comes next. A thread of
 * its own brings what lies ahead instead, and nobody waits for it. What is in memory already is mapped, so that a process has all
 * of the file, whatever it reads of it: memory is what was planned.
 */
#ifndef HEARTH_BASE_FILE_AHEAD_H
#define HEARTH_BASE_FILE_AHEAD_H

#include "base/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct file_ahead {
	const struct file_map *maps;
	size_t count;
	pthread_t thread;
	bool runs;
	atomic_bool stop;
};

/* Starts reading `count` maps, which must stay until file_ahead_stop. Where there is nothing to do or no thread to be had, nothing
 * runs, which is no error: maps work without. */
void file_ahead_start(struct file_ahead *a, const struct file_map *maps, size_t count);

/* Ends the reading, whole or not; waits for a small piece at most. No effect on one that is all zero or was stopped. */
void file_ahead_stop(struct file_ahead *a);

#endif
