/* bandwidth: passes over a large block by all threads, slice by slice, so that a moment without neighbours is enough (see
 * bandwidth.h). A slice has left the caches when it is read again. */
#include "base/bandwidth.h"

#include "base/clock.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/threads.h"

#include <stdatomic.h>
#include <stdint.h>

enum { MOST_BYTES = 256 << 20, LEAST_BYTES = 4 << 20, SLICES = 8, LEAST_SLICES = 16, MOST_SLICES = 512, LANES = 8 };
static const double seconds_to_measure = 0.3;

struct pass {
	uint64_t *words; /* of this pass */
	size_t n;
	bool writes; /* the first one, so that the system gives each page */
	_Atomic uint64_t seen;
};

static void walk(void *data, unsigned index, unsigned count)
{
	struct pass *p = data;
	size_t first, last;
	uint64_t sum[LANES] = { 0 }, all = 0;
	threads_range(p->n, LANES, index, count, &first, &last);
	for (size_t i = first; p->writes && i < last; i++) p->words[i] = i;
	for (size_t i = first; i + LANES <= last; i += LANES) {
		for (size_t k = 0; k < LANES; k++) sum[k] ^= p->words[i + k];
	}
	for (size_t k = 0; k < LANES; k++) all ^= sum[k];
	atomic_fetch_xor(&p->seen, all); /* what is read has to count for something */
}

static double best_pass(struct threads *t, struct pass *p)
{
	uint64_t *all = p->words;
	double best = 0, begun = clock_seconds();
	threads_run(t, walk, p);
	p->writes = false;
	p->n /= SLICES;
	for (int i = 0; i < MOST_SLICES && (i < LEAST_SLICES || clock_seconds() - begun < seconds_to_measure); i++) {
		p->words = all + (size_t)(i % SLICES) * p->n;
		double start = clock_seconds();
		threads_run(t, walk, p);
		double seconds = clock_seconds() - start, rate = seconds > 0 ? (double)(p->n * sizeof *all) / seconds : 0;
		if (rate > best) best = rate;
	}
	p->words = all;
	return best;
}

double bandwidth_measure(unsigned threads, struct error *e)
{
	size_t bytes = machine_free_memory() / 8;
	if (bytes > MOST_BYTES || bytes == 0) bytes = MOST_BYTES;
	if (bytes < LEAST_BYTES) bytes = LEAST_BYTES;
	struct pass p = { .words = memory_new_large(bytes), .n = bytes / sizeof *p.words, .writes = true };
	struct threads *t = p.words ? threads_new(threads, e) : NULL;
	if (!p.words) error_memory(e);
	double rate = t ? best_pass(t, &p) : 0;
	threads_free(t);
	memory_free(p.words);
	return rate;
}
