/* threads: every thread works once a run, barriers order, an idle pool sleeps, quotas are read. */
#include "base/threads.h"
#include "base/memory.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

enum { MOST = 8, STEPS = 50 };

struct job {
	struct threads *pool;
	unsigned calls[MOST];        /* how often each thread worked */
	unsigned runs[MOST];         /* how many runs had a thread of that index */
	unsigned steps[STEPS][MOST]; /* what each wrote in a step */
	unsigned wrong;              /* how often a thread saw a neighbour behind */
};

static void count_calls(void *data, unsigned index, unsigned count)
{
	struct job *j = data;
	j->calls[index]++;
	for (unsigned i = 0; index == 0 && i < count; i++) j->runs[i]++;
}

static void every_thread_works_once_a_run(void **state)
{
	(void)state;
	struct error e = { "" };
	size_t before = memory_in_use();
	for (unsigned n = 0; n <= MOST; n++) {
		struct threads *t = threads_new(n, &e);
		unsigned expected = n ? n : 1;
		assert_non_null(t);
		assert_int_equal(threads_count(t), expected);
		struct job j = { .pool = t };
		for (int run = 0; run < 300; run++) threads_run(t, count_calls, &j);
		assert_int_equal(j.calls[0], 300);
		for (unsigned i = 0; i < MOST; i++) assert_int_equal(j.calls[i], j.runs[i]);
		for (unsigned i = expected; i < MOST; i++) assert_int_equal(j.calls[i], 0);
		threads_free(t);
	}
	threads_free(NULL);
	assert_int_equal(memory_in_use(), before);
}

/* Each step reads what every thread wrote in the step before, without atomics: the barrier alone makes it visible. */
static void pass_on(void *data, unsigned index, unsigned count)
{
	struct job *j = data;
	unsigned wrong = 0;
	for (unsigned s = 0; s < STEPS; s++) {
		unsigned sum = 0;
		for (unsigned i = 0; i < count && s > 0; i++) sum += j->steps[s - 1][i];
		if (s > 0 && sum != (s - 1) * count + count * (count - 1) / 2) wrong++;
		j->steps[s][index] = s + index;
		threads_barrier(j->pool, index);
	}
	j->calls[index] += wrong;
}

static void the_barrier_orders_the_steps(void **state)
{
	(void)state;
	struct error e = { "" };
	for (unsigned n = 1; n <= MOST; n++) {
		struct threads *t = threads_new(n, &e);
		struct job *j = memory_new(1, sizeof *j);
		j->pool = t;
		for (int run = 0; run < 40; run++) {
			memset(j->steps, 0xff, sizeof j->steps);
			threads_run(t, pass_on, j);
		}
		for (unsigned i = 0; i < MOST; i++) assert_int_equal(j->calls[i], 0);
		memory_free(j);
		threads_free(t);
	}
}

static double cpu_seconds(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void an_idle_pool_uses_no_cpu(void **state)
{
	(void)state;
	struct error e = { "" };
	struct threads *t = threads_new(MOST, &e);
	struct job j = { .pool = t };
	threads_run(t, count_calls, &j);
	struct timespec settle = { .tv_nsec = 100000000 }, half = { .tv_nsec = 500000000 };
	nanosleep(&settle, NULL);
	double before = cpu_seconds();
	nanosleep(&half, NULL);
	assert_true(cpu_seconds() - before < 0.02);
	threads_run(t, count_calls, &j); /* and it wakes */
	for (unsigned i = 0; i < MOST; i++) assert_int_equal(j.calls[i], j.runs[i]);
	threads_free(t);
}

enum { LOOPS = 40, ITEMS = 1000 };

struct loops {
	struct threads *pool;
	size_t total, unit, piece;
	unsigned late;                    /* this thread is slow; MOST: none */
	_Atomic uint8_t by[LOOPS][ITEMS]; /* how often the item was taken */
	_Atomic unsigned cut_wrong, together;
};

/* Loops one behind the other without a barrier; each item of each must come once. */
static void walk_loops(void *data, unsigned index, unsigned count)
{
	struct loops *l = data;
	struct timespec moment = { .tv_nsec = 200000 };
	size_t first, last;
	for (size_t n = 0; n < LOOPS; n++) {
		size_t total = l->total - (l->total > n ? n : 0);
		struct threads_loop loop = threads_loop(l->pool, index, total, l->unit, l->piece);
		while (threads_next(&loop, &first, &last)) {
			if (first >= last || last > total || first % l->unit || (last % l->unit && last != total)) l->cut_wrong++;
			for (size_t i = first; i < last && i < ITEMS; i++) l->by[n][i]++;
			if (index == l->late) nanosleep(&moment, NULL);
		}
	}
	(void)count;
}

static void loops_give_every_item_to_one_thread(void **state)
{
	(void)state;
	struct error e = { "" };
	struct loops *l = memory_new(1, sizeof *l);
	for (unsigned n = 1; n <= MOST; n++) {
		l->pool = threads_new(n, &e);
		for (size_t run = 0; run < 24; run++) {
			static const size_t totals[] = { 0, 1, 15, 16, 17, 100, 333, ITEMS };
			l->total = totals[run % 8];
			l->unit = run < 12 ? 1 : 16;
			l->piece = run % 3 == 0 ? 1 : run % 3 == 1 ? 40 : ITEMS;
			l->late = run == 7 ? 0 : run == 15 ? n - 1 : MOST;
			memset(l->by, 0, sizeof l->by);
			threads_run(l->pool, walk_loops, l);
			assert_int_equal(l->cut_wrong, 0);
			for (size_t k = 0; k < LOOPS; k++) {
				size_t total = l->total - (l->total > k ? k : 0);
				for (size_t i = 0; i < ITEMS; i++) {
					if (l->by[k][i] != (i < total))
						fail_msg("%u threads, run %zu: item %zu of loop %zu: %d", n, run, i, k,
						         l->by[k][i]);
				}
			}
		}
		threads_free(l->pool);
	}
	memory_free(l);
}

/* While thread 0 holds a piece, the others must take all that it has not begun. */
static void hold_a_piece(void *data, unsigned index, unsigned count)
{
	struct loops *l = data;
	struct threads_loop loop = threads_loop(l->pool, index, ITEMS, 1, 10);
	struct timespec moment = { .tv_nsec = 1000000 };
	size_t first, last, taken = 0;
	bool held = index == 0 && count > 1;
	while (threads_next(&loop, &first, &last)) {
		taken += last - first;
		l->together += (unsigned)(last - first);
		for (int i = 0; held && l->together < ITEMS && i < 10000; i++) nanosleep(&moment, NULL);
		held = false;
	}
	if (index == 0) l->by[0][0] = (uint8_t)(count == 1 || taken <= 10);
}

static void the_pieces_of_a_thread_that_is_held_up_go_to_others(void **state)
{
	(void)state;
	struct error e = { "" };
	struct loops *l = memory_new(1, sizeof *l);
	l->pool = threads_new(3, &e);
	for (int run = 0; run < 5; run++) {
		l->together = 0;
		threads_run(l->pool, hold_a_piece, l);
		assert_int_equal(l->together, ITEMS);
		assert_int_equal(l->by[0][0], 1);
	}
	threads_free(l->pool);
	memory_free(l);
}

static void ranges_cover_everything_once(void **state)
{
	(void)state;
	for (size_t total = 0; total < 70; total++) {
		for (size_t unit = 1; unit < 20; unit += 3) {
			for (unsigned count = 1; count < 10; count++) {
				size_t next = 0, first, last, least = SIZE_MAX, most = 0;
				for (unsigned i = 0; i < count; i++) {
					threads_range(total, unit, i, count, &first, &last);
					assert_int_equal(first, next);
					assert_true(last >= first);
					assert_true(first % unit == 0 || first == total);
					next = last;
					size_t units = (last - first + unit - 1) / unit;
					if (units < least) least = units;
					if (units > most) most = units;
				}
				assert_int_equal(next, total);
				assert_true(most - least <= 1);
			}
		}
	}
}

static void too_many_threads_are_refused(void **state)
{
	(void)state;
	struct error e = { "" };
	assert_null(threads_new(100000, &e));
	assert_non_null(strstr(e.text, "100000 threads"));
	memory_fail_at(1, false);
	assert_null(threads_new(2, &e));
	memory_fail_at(0, false);
	assert_non_null(strstr(e.text, "out of memory"));
}

static void quotas_are_rounded_up(void **state)
{
	(void)state;
	static const struct {
		const char *quota, *period;
		unsigned cpus;
	} cases[] = {
		{ "200000 100000\n", NULL, 2 },
		{ "150000 100000\n", NULL, 2 },
		{ "100001 100000", NULL, 2 },
		{ "1000 100000\n", NULL, 1 },
		{ "max 100000\n", NULL, 0 },
		{ "", NULL, 0 },
		{ "\n", NULL, 0 },
		{ "200000", NULL, 0 },
		{ "200000 \n", NULL, 0 },
		{ "200000 0\n", NULL, 0 },
		{ "0 100000\n", NULL, 0 },
		{ "-1 100000\n", NULL, 0 },
		{ "2x 1\n", NULL, 0 },
		{ "200000 1x", NULL, 0 },
		{ "99999999999999999999999999 1\n", NULL, 0 },
		{ "999999999999999 1\n", NULL, 1024 },
		{ "400000\n", "100000\n", 4 },
		{ "-1\n", "100000\n", 0 },
		{ "50000\n", "", 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (threads_quota(cases[i].quota, cases[i].period) != cases[i].cpus) fail_msg("case %zu", i);
	}
	assert_true(threads_available() >= 1);
}

static void the_affinity_mask_limits_the_threads(void **state)
{
	(void)state;
	cpu_set_t before, one;
	if (sched_getaffinity(0, sizeof before, &before) != 0) skip();
	size_t cpu = 0;
	while (!CPU_ISSET(cpu, &before)) cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	unsigned all = threads_available();
	assert_int_equal(threads_low(), (all + 1) / 2);
	assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
	assert_int_equal(threads_available(), 1);
	assert_int_equal(threads_low(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
	assert_int_equal(threads_available(), all);
	assert_true(all <= (unsigned)CPU_COUNT(&before));
}

static void *tell_self(void *data)
{
	*(pthread_t *)data = pthread_self();
	return data;
}

/* Last: what is prepared stays for the process. */
static void prepared_threads_wait_for_their_body(void **state)
{
	(void)state;
	struct error e = { "" };
	pthread_t threads[4], told[4];
	void *result;
	assert_true(threads_prepare(3, &e));
	assert_false(threads_prepare(1, &e));
	for (int i = 0; i < 4; i++) assert_true(threads_start(&threads[i], tell_self, &told[i])); /* the fourth is a new one */
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, &told[i]);
		assert_true(pthread_equal(told[i], threads[i]));
	}
	struct threads *pool = threads_new(3, &e);
	assert_non_null(pool);
	threads_free(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_thread_works_once_a_run),
		cmocka_unit_test(the_barrier_orders_the_steps),
		cmocka_unit_test(an_idle_pool_uses_no_cpu),
		cmocka_unit_test(ranges_cover_everything_once),
		cmocka_unit_test(too_many_threads_are_refused),
		cmocka_unit_test(quotas_are_rounded_up),
		cmocka_unit_test(the_affinity_mask_limits_the_threads),
		cmocka_unit_test(loops_give_every_item_to_one_thread),
		cmocka_unit_test(the_pieces_of_a_thread_that_is_held_up_go_to_others),
		cmocka_unit_test(prepared_threads_wait_for_their_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
