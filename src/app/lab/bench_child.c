/* bench_child: the measuring process of `hearth-lab bench`: fresh for each job, so that nothing is warm but the page cache. */
#include "app/lab/bench.h"

#include "app/lab/lab.h"
#include "base/clock.h"
#include "base/memory.h"
#include "model/sequence.h"
#include "nn/ops.h"
#include "nn/roof.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct bench {
	const struct bench_job *job;
	struct lab_model m;
	struct sequence *sequence;
	float *logits;
	uint32_t seed; /* of the random tokens */
	struct error e;
};

/* CPU seconds so far: of the machine and of this process. */
struct cpu_use {
	double at, machine, own;
};

static struct cpu_use cpu_use(void)
{
	struct cpu_use u = { .at = clock_seconds() };
	unsigned long long v[8] = { 0 };
	FILE *f = fopen("/proc/stat", "re");
	if (f) {
		int n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6,
		               v + 7);
		fclose(f);
		if (n == 8) u.machine = (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) / (double)sysconf(_SC_CLK_TCK);
	}
	struct rusage r;
	getrusage(RUSAGE_SELF, &r);
	u.own = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + 1e-6 * (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
	return u;
}

static double others(struct cpu_use start)
{
	struct cpu_use end = cpu_use();
	double whole = (end.at - start.at) * (double)sysconf(_SC_NPROCESSORS_ONLN);
	double used = (end.machine - start.machine) - (end.own - start.own);
	return whole > 0 && used > 0 ? 100 * used / whole : 0;
}

static bool tell(struct bench *b, enum bench_metric metric, double value, double other)
{
	struct bench_sample s = { .metric = metric, .value = value, .other = other };
	return write(b->job->to, &s, sizeof s) == (ssize_t)sizeof s ||
	       error_set(&b->e, "bench: the measuring process cannot report");
}

/* Appends `n` random tokens: as a prompt in full batches, or one answer row at a time. */
static bool feed(struct bench *b, uint32_t n, enum row_kind kind)
{
	struct row rows[512];
	uint32_t most = kind == ROW_ANSWER ? 1 : model_max_rows(b->m.model), n_vocab = model_config(b->m.model)->n_vocab;
	if (most > 512) most = 512;
	for (uint32_t done = 0; done < n;) {
		uint32_t now = n - done < most ? n - done : most;
		for (uint32_t i = 0; i < now; i++) {
			b->seed = b->seed * 1664525u + 1013904223u;
			bool last = done + i + 1 == n || kind == ROW_ANSWER;
			rows[i] = (struct row){ .sequence = b->sequence,
				                .token = (int32_t)((b->seed >> 8) % n_vocab),
				                .kind = kind,
				                .logits = last ? b->logits : NULL };
		}
		if (!model_forward(b->m.model, rows, now, &b->e)) return false;
		done += now;
	}
	return true;
}

static bool open_model(struct bench *b, const struct bench_options *o, uint32_t context)
{
	struct model_arguments a = o->model;
	a.threads = b->job->threads;
	a.context = context;
	if (!lab_model_open(&b->m, &a, 0, 0, &b->e)) return false;
	b->sequence = sequence_new(b->m.model, &b->e);
	b->logits = memory_new(model_config(b->m.model)->n_vocab, sizeof *b->logits);
	return b->sequence && (b->logits || error_memory(&b->e));
}

static bool measure_start(struct bench *b, const struct bench_options *o)
{
	struct cpu_use use = cpu_use();
	double start = clock_seconds();
	if (!open_model(b, o, BENCH_START + o->generate + 1)) return false;
	double loaded = clock_seconds();
	if (!feed(b, BENCH_START, ROW_PROMPT)) return false;
	volatile size_t token = ops_argmax(b->logits, model_config(b->m.model)->n_vocab);
	(void)token;
	double first = clock_seconds(), other = others(use);
	return tell(b, BENCH_LOAD, loaded - start, other) && tell(b, BENCH_FIRST, first - b->job->born, other);
}

static bool measure_prompt(struct bench *b, const struct bench_options *o)
{
	uint32_t n = b->job->prompt;
	if (!open_model(b, o, n + 1)) return false;
	for (int64_t run = -1; run < o->runs; run++) { /* one run to warm up */
		sequence_truncate(b->sequence, 0);
		struct cpu_use use = cpu_use();
		double start = clock_seconds();
		if (!feed(b, n, ROW_PROMPT)) return false;
		double took = clock_seconds() - start;
		if (run >= 0 && !tell(b, BENCH_PROMPT, n / took, others(use))) return false;
	}
	return tell(b, BENCH_PROMPT_WORK, 2 * model_work(b->m.model, 0).prompt_products, 0);
}

static bool measure_generation(struct bench *b, const struct bench_options *o)
{
	if (!open_model(b, o, b->job->depth + o->generate + 1)) return false;
	uint32_t depth = b->job->depth, computed = o->copied && depth > BENCH_COPIED ? BENCH_COPIED : depth;
	if (!feed(b, computed, ROW_PROMPT)) return false;
	if (computed < depth && !sequence_repeat(b->sequence, depth))
		return error_set(&b->e, "bench: --copied cannot lengthen this family's contexts");
	if (!feed(b, 1, ROW_ANSWER)) return false;
	for (uint32_t run = 0; run < o->runs; run++) {
		sequence_truncate(b->sequence, b->job->depth);
		struct cpu_use use = cpu_use();
		double start = clock_seconds();
		if (!feed(b, o->generate, ROW_ANSWER)) return false;
		double took = clock_seconds() - start, own = cpu_use().own - use.own;
		if (!tell(b, BENCH_GENERATE, o->generate / took, others(use)) || !tell(b, BENCH_CPU, own / o->generate, 0))
			return false;
	}
	return tell(b, BENCH_ANSWER_BYTES, model_work(b->m.model, b->job->depth + o->generate / 2).answer_bytes, 0);
}

static bool measure_roof(struct bench *b)
{
	struct threads *threads = threads_new(b->job->threads, &b->e);
	uint8_t *memory = memory_new_aligned(ROOF_MEMORY, 1, 64);
	bool ok = threads && (memory || error_memory(&b->e));
	if (ok) {
		memset(memory, 1, ROOF_MEMORY);
		ok = tell(b, BENCH_BANDWIDTH, roof_bandwidth(threads, memory, 5), 0) &&
		     tell(b, BENCH_OPERATIONS, roof_products(threads, 5), 0);
	}
	memory_free(memory);
	threads_free(threads);
	return ok;
}

int bench_child(const struct bench_options *o, const struct bench_job *job)
{
	struct bench b = { .job = job, .seed = 1 };
	bool ok = job->kind == BENCH_JOB_START      ? measure_start(&b, o)
	          : job->kind == BENCH_JOB_PROMPT   ? measure_prompt(&b, o)
	          : job->kind == BENCH_JOB_GENERATE ? measure_generation(&b, o)
	                                            : measure_roof(&b);
	sequence_free(b.sequence);
	memory_free(b.logits);
	lab_model_close(&b.m);
	return ok ? LAB_DONE : lab_fail(&b.e);
}
