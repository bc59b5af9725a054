/* roof: the measurements (see roof.h). */
#include "nn/roof.h"

#include "base/clock.h"
#include "nn/kernel_types.h"

#include <stdlib.h>

enum { TURNS = 1 << 18, MOST_TIMES = 16 };

static void read_share(void *data, unsigned index, unsigned count)
{
	const uint64_t *p = (const uint64_t *)data + (size_t)ROOF_MEMORY / 8 / count / 8 * 8 * index;
	uint64_t sum[8] = { 0 };
	for (size_t i = 0; i < (size_t)ROOF_MEMORY / 8 / count / 8 * 8; i += 8) {
		for (size_t j = 0; j < 8; j++) sum[j] += p[i + j];
	}
	volatile uint64_t all = sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
	(void)all;
}

static void multiply(void *data, unsigned index, unsigned count)
{
	(void)count;
	double operations = kernels_chosen->peak(TURNS);
	if (index == 0) *(double *)data = operations;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Median seconds of a few runs, behind one to warm up. */
static double seconds_of(struct threads *threads, threads_work work, void *data, unsigned times)
{
	double took[MOST_TIMES];
	if (times > MOST_TIMES) times = MOST_TIMES;
	threads_run(threads, work, data);
	for (unsigned i = 0; i < times; i++) {
		double begin = clock_seconds();
		threads_run(threads, work, data);
		took[i] = clock_seconds() - begin;
	}
	qsort(took, times, sizeof *took, ascending);
	return took[times / 2];
}

double roof_bandwidth(struct threads *threads, const void *memory, unsigned times)
{
	return ROOF_MEMORY / seconds_of(threads, read_share, (void *)(uintptr_t)memory, times);
}

double roof_products(struct threads *threads, unsigned times)
{
	double operations = 0, seconds = seconds_of(threads, multiply, &operations, times);
	return operations * threads_count(threads) / seconds;
}
