/*
 * threads: pool, barrier and loops (see threads.h).
 *
 * Gates: a generation that is raised to open one. A waiter spins SPIN seconds on the generation, then sleeps on a futex of it;
 * `sleepers` spares the wake call when nobody sleeps. Each worker waits for a run at a gate of its own, so that those without a
 * part in it sleep on. Barrier: a counter of those that came and a gate; the last to come resets the counter and opens.
 *
 * Loops: each thread has a counter of the pieces taken from its range, front and back, together with the serial number of the
 * loop that they belong to. A counter of an older loop counts as nothing taken, one of a newer loop as everything: a thread
 * goes on to the next loop only when nothing is left of the one before. So counters are never reset between loops.
 *
 * Neighbours: after a run each thread tells the CPU time that it worked and whether the system took its CPU away meanwhile. When
 * it did and all together worked less than CROWDED of the time that they had, one thread is left out for a pause, which doubles
 * as long as trying again shows the same. Otherwise barriers that are microseconds apart would wait for time slices of
 * milliseconds.
 */
#include "base/threads.h"

#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 1024, LOOKS = 32, MOST_PIECES = 0xffff };

/* Seconds; CROWDED is a part. */
static const double SPIN = 50e-6, CROWDED = 0.6, LEAST_LOSS = 0.5e-3, FIRST_PAUSE = 0.05, MOST_PAUSE = 2, CALM = 0.1;

struct gate {
	_Alignas(64) atomic_uint generation;
	atomic_uint sleepers;
};

struct worker {
	struct gate start;
	_Alignas(64) atomic_uint_fast64_t taken; /* of its range: serial << 32 | pieces from the front << 16 | from the back */
	_Alignas(64) struct threads *pool;
	pthread_t thread;
	unsigned index;
	uint32_t serial; /* of the last loop that this thread began */
	double spun, worked;
	bool preempted;
};

struct threads {
	unsigned count, active;
	struct gate barrier;
	_Alignas(64) atomic_uint arrived;
	threads_work work; /* NULL: the workers end */
	void *data;
	unsigned started; /* workers that run */
	uint32_t serial;  /* of the last loop of the run before */

	/* how many threads the neighbours leave */
	unsigned fitting;
	double pause, until; /* the next pause, and the end of this one */
	bool trial;          /* `fitting` has been raised: does it stay so? */
	double calm;         /* seconds of runs in this trial */

	struct worker workers[];
};

static void relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static bool is_open(const struct gate *g, unsigned seen)
{
	return atomic_load_explicit(&g->generation, memory_order_acquire) != seen;
}

/* Returns the seconds that were spent spinning. */
static double gate_wait(struct gate *g, unsigned seen)
{
	if (is_open(g, seen)) return 0;
	double began = clock_seconds(), spun = 0;
	while (spun < SPIN) {
		for (int i = 0; i < LOOKS; i++) {
			relax();
			if (is_open(g, seen)) {
				spun = clock_seconds() - began;
				return spun < SPIN ? spun : SPIN;
			}
		}
		spun = clock_seconds() - began;
	}
	atomic_fetch_add(&g->sleepers, 1);
	while (atomic_load(&g->generation) == seen) {
		syscall(SYS_futex, &g->generation, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
	}
	atomic_fetch_sub(&g->sleepers, 1);
	return SPIN;
}

static void gate_open(struct gate *g)
{
	atomic_fetch_add(&g->generation, 1);
	if (atomic_load(&g->sleepers)) syscall(SYS_futex, &g->generation, FUTEX_WAKE_PRIVATE, MAX_THREADS, NULL, NULL, 0);
}

void threads_barrier(struct threads *t, unsigned index)
{
	unsigned active = t->active; /* read before it may change: the last to come may begin another run */
	if (active == 1) return;
	unsigned seen = atomic_load(&t->barrier.generation);
	if (atomic_fetch_add(&t->arrived, 1) + 1 == active) {
		atomic_store(&t->arrived, 0);
		gate_open(&t->barrier);
	} else {
		t->workers[index].spun += gate_wait(&t->barrier, seen);
	}
}

/* ---- a run ---- */

static double cpu_seconds(void)
{
	struct timespec used;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

/* How often the system has taken this thread's CPU for another. */
static long preemptions(void)
{
	struct rusage use;
	return getrusage(RUSAGE_THREAD, &use) == 0 ? use.ru_nivcsw : 0;
}

/* One thread's part of a run, watched where there are others that it could hold up. */
static void take_part(struct worker *w)
{
	struct threads *t = w->pool;
	bool watched = t->active > 1;
	long before = watched ? preemptions() : 0;
	double began = watched ? cpu_seconds() : 0;
	w->serial = t->serial;
	w->spun = 0;
	t->work(t->data, w->index, t->active);
	w->worked = watched ? cpu_seconds() - began - w->spun : 0;
	w->preempted = watched && preemptions() != before;
	threads_barrier(t, w->index);
}

static void *worker_main(void *data)
{
	struct worker *w = data;
	for (unsigned seen = 0;; seen++) {
		gate_wait(&w->start, seen);
		if (!w->pool->work) return NULL;
		take_part(w);
	}
}

/* How many threads the next run has. */
static unsigned choose_active(struct threads *t, double now)
{
	if (t->fitting < t->count && !t->trial && now >= t->until) {
		t->fitting++;
		t->trial = true;
		t->calm = 0;
	}
	return t->fitting;
}

/* Draws the lesson of a run that took `seconds` until `now`. */
static void adapt(struct threads *t, double seconds, double now)
{
	double worked = 0;
	bool preempted = false;
	if (t->active == 1) return;
	for (unsigned i = 0; i < t->active; i++) {
		worked += t->workers[i].worked;
		preempted |= t->workers[i].preempted;
	}
	double had = seconds * t->active;
	if (preempted && worked < CROWDED * had && had - worked > LEAST_LOSS * t->active) {
		t->fitting = t->active - 1;
		t->until = now + t->pause;
		t->pause = t->pause * 2 < MOST_PAUSE ? t->pause * 2 : MOST_PAUSE;
		t->trial = false;
	} else if (t->trial && (t->calm += seconds) >= CALM) {
		t->pause = FIRST_PAUSE;
		t->trial = false;
	}
}

void threads_run(struct threads *t, threads_work work, void *data)
{
	double began = t->count > 1 ? clock_seconds() : 0;
	t->work = work;
	t->data = data;
	t->active = t->count > 1 ? choose_active(t, began) : 1;
	for (unsigned i = 0; i < t->active; i++) atomic_store(&t->workers[i].taken, (uint64_t)t->serial << 32);
	for (unsigned i = 1; i < t->active; i++) gate_open(&t->workers[i].start);
	take_part(&t->workers[0]);
	t->serial = t->workers[0].serial;
	if (t->count == 1) return;
	double now = clock_seconds();
	adapt(t, now - began, now);
}

/* ---- loops ---- */

struct threads_loop threads_loop(struct threads *t, unsigned index, size_t total, size_t unit, size_t piece)
{
	size_t least = total / t->active / (MOST_PIECES - 1) + 1;
	if (piece < least) piece = least;
	return (struct threads_loop){ .pool = t,
		                      .total = total,
		                      .unit = unit,
		                      .piece = (piece + unit - 1) / unit * unit,
		                      .serial = ++t->workers[index].serial,
		                      .index = index,
		                      .from = index };
}

/* Takes a piece of the range of `pieces` pieces that is walked now, from the front of an own one and the back of another's; false
 * when none is left. */
static bool take(struct threads_loop *l, uint64_t pieces, uint64_t *piece)
{
	atomic_uint_fast64_t *taken = &l->pool->workers[l->from].taken;
	uint64_t seen = atomic_load_explicit(taken, memory_order_relaxed), now;
	do {
		uint32_t serial = (uint32_t)(seen >> 32);
		bool fresh = serial == l->serial;
		if (!fresh && (int32_t)(serial - l->serial) > 0) return false;
		uint64_t front = fresh ? seen >> 16 & MOST_PIECES : 0, back = fresh ? seen & MOST_PIECES : 0;
		if (front + back >= pieces) return false;
		*piece = l->from == l->index ? front++ : pieces - ++back;
		now = (uint64_t)l->serial << 32 | front << 16 | back;
	} while (!atomic_compare_exchange_weak_explicit(taken, &seen, now, memory_order_relaxed, memory_order_relaxed));
	return true;
}

bool threads_next(struct threads_loop *l, size_t *first, size_t *last)
{
	unsigned count = l->pool->active;
	for (;;) {
		size_t begin, end;
		uint64_t piece;
		threads_range(l->total, l->unit, l->from, count, &begin, &end);
		if (take(l, (end - begin + l->piece - 1) / l->piece, &piece)) {
			*first = begin + piece * l->piece;
			*last = end - *first < l->piece ? end : *first + l->piece;
			return true;
		}
		unsigned next = l->from + 1 < count ? l->from + 1 : 0;
		if (next == l->index) return false;
		l->from = next;
	}
}

void threads_range(size_t total, size_t unit, unsigned index, unsigned count, size_t *first, size_t *last)
{
	size_t units = (total + unit - 1) / unit;
	size_t share = units / count, rest = units % count;
	size_t begin = share * index + (index < rest ? index : rest);
	size_t end = begin + share + (index < rest ? 1 : 0);
	*first = begin * unit < total ? begin * unit : total;
	*last = end * unit < total ? end * unit : total;
}

/* ---- starting and ending ---- */

/* Threads that wait for a body (threads_prepare). The next to be taken is number `spares_taken`. */
static struct spare {
	struct gate gate;
	pthread_t thread;
	void *(*body)(void *);
	void *data;
} * spares;
static unsigned n_spares;
static atomic_uint spares_taken;

static void *spare_main(void *data)
{
	struct spare *s = data;
	gate_wait(&s->gate, 0);
	return s->body(s->data);
}

static bool take_spare(pthread_t *thread, void *(*body)(void *), void *data)
{
	unsigned taken = atomic_load(&spares_taken);
	do {
		if (taken >= n_spares) return false;
	} while (!atomic_compare_exchange_weak(&spares_taken, &taken, taken + 1));
	struct spare *s = &spares[taken];
	s->body = body;
	s->data = data;
	*thread = s->thread;
	gate_open(&s->gate);
	return true;
}

bool threads_start(pthread_t *thread, void *(*body)(void *), void *data)
{
	if (take_spare(thread, body, data)) return true;
	sigset_t blocked, before;
	sigfillset(&blocked);
	sigdelset(&blocked, SIGBUS); /* those that a fault raises stay where they belong */
	sigdelset(&blocked, SIGSEGV);
	sigdelset(&blocked, SIGFPE);
	sigdelset(&blocked, SIGILL);
	sigdelset(&blocked, SIGSYS);
	sigdelset(&blocked, SIGTRAP);
	sigdelset(&blocked, SIGABRT);
	pthread_sigmask(SIG_BLOCK, &blocked, &before);
	int status = pthread_create(thread, NULL, body, data);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = status;
	return status == 0;
}

bool threads_prepare(unsigned count, struct error *e)
{
	if (spares) return error_set(e, "threads are prepared already");
	spares = memory_new_aligned(count, sizeof *spares, 64);
	if (!spares) return error_memory(e);
	for (unsigned i = 0; i < count; i++) {
		if (!threads_start(&spares[i].thread, spare_main, &spares[i]))
			return error_set(e, "cannot start thread %u of %u: %s; try --threads 1", i + 1, count, strerror(errno));
	}
	n_spares = count;
	return true;
}

static bool start_workers(struct threads *t)
{
	for (unsigned i = 0; i < t->count; i++) {
		struct worker *w = &t->workers[i];
		*w = (struct worker){ .pool = t, .index = i };
		if (i == 0) continue;
		if (!threads_start(&w->thread, worker_main, w)) return false;
		t->started++;
	}
	return true;
}

struct threads *threads_new(unsigned count, struct error *e)
{
	if (count < 1) count = 1;
	if (count > MAX_THREADS) {
		error_set(e, "%u threads: at most %d are supported", count, (int)MAX_THREADS);
		return NULL;
	}
	struct threads *t = memory_new_aligned(1, sizeof *t + count * sizeof(struct worker), 64);
	if (!t) {
		error_memory(e);
		return NULL;
	}
	t->count = t->active = t->fitting = count;
	t->pause = FIRST_PAUSE;
	if (start_workers(t)) return t;
	error_set(e, "cannot start thread %u of %u: %s; try --threads 1", t->started + 2, count, strerror(errno));
	threads_free(t);
	return NULL;
}

void threads_free(struct threads *t)
{
	if (!t) return;
	t->work = NULL;
	for (unsigned i = 1; i <= t->started; i++) gate_open(&t->workers[i].start);
	for (unsigned i = 1; i <= t->started; i++) pthread_join(t->workers[i].thread, NULL);
	memory_free(t);
}

unsigned threads_count(const struct threads *t)
{
	return t->count;
}
