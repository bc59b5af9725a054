/*
 * threads: a pool that runs one function on all of its threads, and a barrier between the steps of that function.
 *
 * The calling thread is number 0 and works too. A waiting thread spins for a moment (the next step usually comes within
 * microseconds) and then sleeps, so that an idle pool uses no CPU and a busy neighbour costs only its share.
 */
#ifndef HEARTH_BASE_THREADS_H
#define HEARTH_BASE_THREADS_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct threads;

/* Work of thread `index` of `count`. */
typedef void (*threads_work)(void *data, unsigned index, unsigned count);

/* A pool of `count` threads (at least 1, the caller's included). NULL on failure. */
struct threads *threads_new(unsigned count, struct error *e);
void threads_free(struct threads *t); /* NULL is allowed */

unsigned threads_count(const struct threads *t);

/* Runs work(data, i, count) on every thread and returns when all are done. One caller at a time. */
void threads_run(struct threads *t, threads_work work, void *data);

/* Called by every thread from inside the work: none goes on before all have come, and all see what the others wrote. */
void threads_barrier(struct threads *t);

/* The part of `total` items that thread `index` of `count` takes: [*first, *last), in multiples of `unit` but for the end. */
void threads_range(size_t total, size_t unit, unsigned index, unsigned count, size_t *first, size_t *last);

/* Starts a thread that leaves the program's signals to the program's own threads; to be joined with pthread_join. On failure
 * false, errno says why. */
bool threads_start(pthread_t *thread, void *(*body)(void *), void *data);

/* How many threads suit this process: the CPUs of its affinity mask, at most the cgroup's quota (versions 1 and 2) rounded
 * up; never 0. */
unsigned threads_available(void);

/* A quota in CPUs, rounded up, from the text of a cgroup's cpu.max ("QUOTA PERIOD" or "max PERIOD", in microseconds); with
 * `period` the text of cpu.cfs_period_us, and `quota` that of cpu.cfs_quota_us (-1: none). 0 when there is no quota or the text
 * says nothing. */
unsigned threads_quota(const char *quota, const char *period);

#endif
