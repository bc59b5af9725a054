/*
 * threads: a pool that runs one function on its threads, a barrier between the steps of that function, and loops whose pieces
 * are shared out while they run.
 *
 * The calling thread is number 0 and works too. A waiting thread spins for a moment (the next step usually comes within
 * microseconds) and then sleeps, so that an idle pool uses no CPU. A busy neighbour costs its share and no more: who is late
 * loses pieces of a loop to the others, and when the system keeps taking a thread's CPU away, runs go on with one thread
 * fewer, and with all of them again once that is worth it.
 */
#ifndef HEARTH_BASE_THREADS_H
#define HEARTH_BASE_THREADS_H

#include "base/error.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct threads;

/* Work of thread `index` of `count`. */
typedef void (*threads_work)(void *data, unsigned index, unsigned count);

/* A pool of `count` threads (at least 1, the caller's included). NULL on failure. */
struct threads *threads_new(unsigned count, struct error *e);
void threads_free(struct threads *t); /* NULL is allowed */

/* The most that a run may have. */
unsigned threads_count(const struct threads *t);

/* Runs work(data, i, count) on threads 0 ... count - 1 and returns when all are done; `count` is at most threads_count, and less
 * while a neighbour has the CPU of the others. One caller at a time. */
void threads_run(struct threads *t, threads_work work, void *data);

/* Called by every thread of a run from inside the work, with its index: none goes on before all have come, and all see what the
 * others wrote. */
void threads_barrier(struct threads *t, unsigned index);

/* The part of `total` items that thread `index` of `count` takes: [*first, *last), in multiples of `unit` but for the end. */
void threads_range(size_t total, size_t unit, unsigned index, unsigned count, size_t *first, size_t *last);

/*
 * A loop over `total` items on all threads of a run. Each thread walks a range of its own (as threads_range cuts it) from its
 * front in pieces of about `piece` items, multiples of `unit`; then it takes pieces from the back of what others have not begun.
 * Every item is in one piece of one thread. All threads of the run must begin the same loops in the same order, and walk each to
 * its end; no barrier is needed between two loops.
 */
struct threads_loop {
	struct threads *pool;
	size_t total, unit, piece;
	uint32_t serial;
	unsigned index, from; /* whose range is walked now */
};
struct threads_loop threads_loop(struct threads *t, unsigned index, size_t total, size_t unit, size_t piece);

/* The next piece for this thread, [*first, *last); false when there is none left. */
bool threads_next(struct threads_loop *l, size_t *first, size_t *last);

/* Starts a thread that leaves the program's signals to the program's own threads; to be joined with pthread_join. On failure
 * false, errno says why. */
bool threads_start(pthread_t *thread, void *(*body)(void *), void *data);

/* Starts `count` threads that wait for a body: the next calls of threads_start take these. For a program that gives the right to
 * start threads away before it knows what they are for. False: not all could be started. */
bool threads_prepare(unsigned count, struct error *e);

/* How many threads suit this process: the CPUs of its affinity mask, at most the cgroup's quota (versions 1 and 2) rounded
 * up; never 0. */
unsigned threads_available(void);

/* As many as save power: half of them, rounded up. Answers are bound by memory, so half of the cores reach most of the speed. */
unsigned threads_low(void);

/* A quota in CPUs, rounded up, from the text of a cgroup's cpu.max ("QUOTA PERIOD" or "max PERIOD", in microseconds); with
 * `period` the text of cpu.cfs_period_us, and `quota` that of cpu.cfs_quota_us (-1: none). 0 when there is no quota or the text
 * says nothing. */
unsigned threads_quota(const char *quota, const char *period);

#endif
