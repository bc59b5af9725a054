/*
 * threads: pool and barrier (see threads.h).
 *
 * Barrier: a counter of those that came and a generation. The last to come resets the counter, raises the generation and
 * wakes sleepers. A waiter spins SPINS times on the generation, then sleeps on a futex of it; `sleepers` spares the wake call
 * when nobody sleeps. The pool itself waits for work in the same way on `round`.
 */
#include "base/threads.h"

#include "base/memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPINS = 4000, MAX_THREADS = 1024 };

struct gate {
	_Alignas(64) atomic_uint generation;
	atomic_uint sleepers;
};

struct worker {
	struct threads *pool;
	pthread_t thread;
	unsigned index;
};

struct threads {
	unsigned count;
	struct gate start, barrier;
	_Alignas(64) atomic_uint arrived;
	threads_work work; /* NULL: the workers end */
	void *data;
	unsigned started; /* workers that run */
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

static void gate_wait(struct gate *g, unsigned seen)
{
	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&g->generation, memory_order_acquire) != seen) return;
		relax();
	}
	atomic_fetch_add(&g->sleepers, 1);
	while (atomic_load(&g->generation) == seen) {
		syscall(SYS_futex, &g->generation, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
	}
	atomic_fetch_sub(&g->sleepers, 1);
}

static void gate_open(struct gate *g)
{
	atomic_fetch_add(&g->generation, 1);
	if (atomic_load(&g->sleepers)) syscall(SYS_futex, &g->generation, FUTEX_WAKE_PRIVATE, MAX_THREADS, NULL, NULL, 0);
}

void threads_barrier(struct threads *t)
{
	if (t->count == 1) return;
	unsigned seen = atomic_load(&t->barrier.generation);
	if (atomic_fetch_add(&t->arrived, 1) + 1 == t->count) {
		atomic_store(&t->arrived, 0);
		gate_open(&t->barrier);
	} else {
		gate_wait(&t->barrier, seen);
	}
}

static void *worker_main(void *data)
{
	struct worker *w = data;
	struct threads *t = w->pool;
	unsigned seen = 0;
	for (;;) {
		gate_wait(&t->start, seen++);
		if (!t->work) return NULL;
		t->work(t->data, w->index, t->count);
		threads_barrier(t);
	}
}

bool threads_start(pthread_t *thread, void *(*body)(void *), void *data)
{
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

static bool start_workers(struct threads *t)
{
	for (unsigned i = 1; i < t->count; i++) {
		struct worker *w = &t->workers[i];
		*w = (struct worker){ .pool = t, .index = i };
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
	t->count = count;
	if (start_workers(t)) return t;
	error_set(e, "cannot start thread %u of %u: %s; try --threads 1", t->started + 2, count, strerror(errno));
	threads_free(t);
	return NULL;
}

void threads_free(struct threads *t)
{
	if (!t) return;
	t->work = NULL;
	gate_open(&t->start);
	for (unsigned i = 1; i <= t->started; i++) pthread_join(t->workers[i].thread, NULL);
	memory_free(t);
}

unsigned threads_count(const struct threads *t)
{
	return t->count;
}

void threads_run(struct threads *t, threads_work work, void *data)
{
	t->work = work;
	t->data = data;
	if (t->count > 1) gate_open(&t->start);
	work(data, 0, t->count);
	threads_barrier(t);
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

/* A number of digits alone in front of a space or the end; moves *text behind it. 0 when there is none or it is too long. */
static uint64_t read_digits(const char **text)
{
	uint64_t value = 0;
	int digits = 0;
	while (**text >= '0' && **text <= '9' && digits++ < 15) value = value * 10 + (uint64_t)(*(*text)++ - '0');
	bool ends = **text == 0 || **text == ' ' || **text == '\n';
	while (**text == ' ') (*text)++;
	return ends ? value : 0;
}

unsigned threads_quota(const char *quota, const char *period)
{
	uint64_t most = read_digits(&quota);
	uint64_t each = read_digits(period ? &period : &quota);
	if (most == 0 || each == 0) return 0;
	uint64_t cpus = (most + each - 1) / each;
	return cpus < MAX_THREADS ? (unsigned)cpus : MAX_THREADS;
}

static bool read_line(const char *path, char *line, int room)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, room, f);
	if (f) fclose(f);
	return ok;
}

/* The least quota from this process's cgroup (version 2) up to the root; a container may see its own limits at the root. */
static unsigned cgroup_quota(void)
{
	char line[1024], path[1200], quota[64], period[64];
	unsigned least = 0;
	if (read_line("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota, sizeof quota) &&
	    read_line("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period)) {
		least = threads_quota(quota, period);
	}
	FILE *f = fopen("/proc/self/cgroup", "re");
	while (f && fgets(line, sizeof line, f)) {
		if (strncmp(line, "0::/", 4) != 0) continue;
		char *group = line + 3, *slash = group + strcspn(group, "\n");
		do {
			*slash = 0;
			snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
			unsigned q = read_line(path, quota, sizeof quota) ? threads_quota(quota, NULL) : 0;
			if (q && (!least || q < least)) least = q;
			slash = strrchr(group, '/');
		} while (slash);
	}
	if (f) fclose(f);
	return least;
}

unsigned threads_available(void)
{
	cpu_set_t set;
	unsigned cpus = 0;
	if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = (unsigned)CPU_COUNT(&set);
	if (cpus == 0) {
		long online = sysconf(_SC_NPROCESSORS_ONLN);
		cpus = online > 0 ? (unsigned)online : 1;
	}
	unsigned quota = cgroup_quota();
	if (quota && quota < cpus) cpus = quota;
	return cpus < MAX_THREADS ? cpus : MAX_THREADS;
}
