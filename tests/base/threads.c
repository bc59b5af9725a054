/* threads: every thread works once a run, barriers order, an idle pool sleeps, quotas are read. */
#include "base/threads.h"
#include "base/memory.h"

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
	unsigned count;              /* as each was told */
	unsigned steps[STEPS][MOST]; /* what each wrote in a step */
	unsigned wrong;              /* how often a thread saw a neighbour behind */
};

static void count_calls(void *data, unsigned index, unsigned count)
{
	struct job *j = data;
	j->calls[index]++;
	if (index == 0) j->count = count;
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
		for (unsigned i = 0; i < MOST; i++) assert_int_equal(j.calls[i], i < expected ? 300 : 0);
		assert_int_equal(j.count, expected);
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
		threads_barrier(j->pool);
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
	for (unsigned i = 0; i < MOST; i++) assert_int_equal(j.calls[i], 2);
	threads_free(t);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_thread_works_once_a_run), cmocka_unit_test(the_barrier_orders_the_steps),
		cmocka_unit_test(an_idle_pool_uses_no_cpu),      cmocka_unit_test(ranges_cover_everything_once),
		cmocka_unit_test(too_many_threads_are_refused),  cmocka_unit_test(quotas_are_rounded_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
