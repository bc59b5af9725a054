/*
 * hearth-lab bench: speed of prompts and of generation, load time, first token, peak memory.
 *
 *   prompt      -p random tokens in an empty context, after one warm-up of the same size; a list has a process for each
 *   generate    -n tokens one by one behind `depth` tokens, after one warm-up token
 *   cpu         CPU seconds for each generated token
 *   load        model file opened to ready, in a fresh process (the file is in the page cache after one unmeasured start)
 *   first_token start of a fresh process to the choice of the first token behind a prompt of 128
 *   peak_rss    largest resident size of the process that measured speeds, mapped file included; peak_rss_first: of the other
 *
 * Each number of threads, prompt length and depth has a process of its own; with --copied what lies before a depth is copies of the
 * keys and values of its first 512 tokens, which takes no time and is read in the same way. Medians are shown with the smallest and
 * the largest value. Without --csv a line on the machine comes first, and behind each number of threads what part of its bounds is
 * reached: of the operations a second that the level's multiplier does on registers, of the bytes a second that the threads read
 * from memory.
 */
#include "app/lab/bench.h"

#include "app/lab/lab.h"
#include "base/clock.h"
#include "base/machine.h"
#include "nn/kernels.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct results {
	double value[BENCH_METRICS][BENCH_MAX_RUNS], other[BENCH_METRICS];
	uint32_t n[BENCH_METRICS];
};

static const struct {
	const char *name, *unit;
} metrics[BENCH_METRICS] = {
	[BENCH_LOAD] = { "load", "s" },
	[BENCH_FIRST] = { "first_token", "s" },
	[BENCH_PEAK_FIRST] = { "peak_rss_first", "MiB" },
	[BENCH_PROMPT] = { "prompt", "token/s" },
	[BENCH_GENERATE] = { "generate", "token/s" },
	[BENCH_PEAK] = { "peak_rss", "MiB" },
	[BENCH_CPU] = { "cpu", "s/token" },
};

static void add(struct results *r, const struct bench_sample *s)
{
	if (s->metric >= BENCH_METRICS || r->n[s->metric] == BENCH_MAX_RUNS) return;
	r->value[s->metric][r->n[s->metric]++] = s->value;
	if (s->other > r->other[s->metric]) r->other[s->metric] = s->other;
}

/* Runs one job in a fresh process (this program again) and adds what it measured; false when that process failed. */
static bool run_job(const struct bench_options *o, struct bench_job job, struct results *r)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0) return false;
	job.to = ends[1];
	job.born = clock_seconds();
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		char spec[128], n[16], runs[16];
		snprintf(spec, sizeof spec, "%d %u %u %u %d %.9f", (int)job.kind, job.threads, job.depth, job.prompt, job.to,
		         job.born);
		snprintf(n, sizeof n, "%u", o->generate);
		snprintf(runs, sizeof runs, "%u", o->runs);
		fcntl(ends[1], F_SETFD, 0);
		char *argv[16 + 2 * LAB_MOST_ADAPTERS] = { "hearth-lab", "bench", (char *)(uintptr_t)o->model.path,
			                                   "-n",         n,       "-r",
			                                   runs,         "--job", spec };
		size_t at = 9;
		if (o->model.exact) argv[at++] = "--exact";
		if (o->copied) argv[at++] = "--copied";
		for (uint32_t i = 0; i < o->model.n_adapters; i++) {
			argv[at++] = "--lora";
			argv[at++] = (char *)(uintptr_t)o->model.adapters[i].text;
		}
		if (o->model.kv_given) {
			argv[at++] = "--kv";
			argv[at++] = (char *)(uintptr_t)kv_type_name(o->model.kv);
		}
		char program[PATH_MAX];
		if (machine_program(program, sizeof program)) execv(program, argv);
		_exit(127);
	}
	close(ends[1]);
	struct bench_sample s;
	while (read(ends[0], &s, sizeof s) == (ssize_t)sizeof s) add(r, &s);
	close(ends[0]);
	int status = -1;
	struct rusage use;
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid || status != 0) return false;
	s = (struct bench_sample){ .metric = job.kind == BENCH_JOB_START ? BENCH_PEAK_FIRST : BENCH_PEAK,
		                   .value = (double)use.ru_maxrss / 1024 };
	add(r, &s);
	return true;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double bench_median(double *v, uint32_t n)
{
	if (n == 0) return 0;
	qsort(v, n, sizeof *v, ascending);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double median(struct results *r, int metric)
{
	return bench_median(r->value[metric], r->n[metric]);
}

static uint32_t tokens_of(const struct bench_options *o, const struct bench_job *job, int metric)
{
	return metric == BENCH_PROMPT     ? job->prompt
	       : metric == BENCH_GENERATE ? o->generate
	       : metric == BENCH_FIRST    ? BENCH_START
	                                  : 0;
}

static void print(const struct bench_options *o, const struct bench_job *job, struct results *r)
{
	const char *slash = strrchr(o->model.path, '/'), *name = slash ? slash + 1 : o->model.path;
	struct stat st = { 0 };
	if (stat(o->model.path, &st) != 0) st.st_size = 0;
	for (int k = 0; k <= (o->csv ? BENCH_PEAK : BENCH_CPU); k++) {
		uint32_t n = r->n[k], tokens = tokens_of(o, job, k);
		const double *v = r->value[k];
		if (n == 0) continue;
		double middle = median(r, k);
		if (o->csv) {
			printf("%s,%lld,%s,%u,%s,%u,%u,%s,%.4f,%.4f,%.4f,%u,%.1f\n", name, (long long)st.st_size, kernels_name(),
			       job->threads, metrics[k].name, tokens, job->depth, metrics[k].unit, middle, v[0], v[n - 1], n,
			       r->other[k]);
		} else {
			printf("%-14s %7u %6u %7u  %10.4g %-8s %10.4g %10.4g  %5.1f %%\n", metrics[k].name, job->threads,
			       job->depth, tokens, middle, metrics[k].unit, v[0], v[n - 1], r->other[k]);
		}
	}
	fflush(stdout);
}

/* What part of the machine's bounds the speeds are. */
static void print_share(const struct bench_options *o, const struct bench_job *job, struct results *r, struct results *roof)
{
	double operations = median(roof, BENCH_OPERATIONS), bandwidth = median(roof, BENCH_BANDWIDTH);
	if (o->csv) return;
	if (r->n[BENCH_PROMPT] > 0) {
		double done = median(r, BENCH_PROMPT) * median(r, BENCH_PROMPT_WORK);
		printf("  prompt of %u: %.0f GFLOP/s of weights, %.0f %% of the multiplier's %.0f\n", job->prompt, done * 1e-9,
		       100 * done / operations, operations * 1e-9);
	}
	if (r->n[BENCH_GENERATE] > 0) {
		double read = median(r, BENCH_GENERATE) * median(r, BENCH_ANSWER_BYTES);
		printf("  generation behind %u: %.3f GB a token, %.1f GB/s, %.0f %% of the memory's %.1f\n", job->depth,
		       median(r, BENCH_ANSWER_BYTES) * 1e-9, read * 1e-9, 100 * read / bandwidth, bandwidth * 1e-9);
	}
}

static void print_head(const struct bench_options *o)
{
	if (o->csv) {
		puts("model,bytes,variant,threads,metric,tokens,depth,unit,median,min,max,runs,other_cpu_pct");
		return;
	}
	char cpu[128];
	machine_cpu(cpu, sizeof cpu);
	printf("%s\n%s, %u threads available, %.0f GiB of memory; kernels %s; %u runs\n\n", o->model.path, cpu, threads_available(),
	       (double)machine_memory() / 0x1p30, kernels_name(), o->runs);
	puts("what           threads  depth  tokens      median               smallest    largest   others");
}

/* The speeds of one number of threads. Depth 0 has one line of peak memory: the most of what its processes took. */
static bool run_speeds(const struct bench_options *o, uint32_t threads, struct results *roof)
{
	struct bench_sample most = { .metric = BENCH_PEAK };
	struct bench_job job = { .kind = BENCH_JOB_PROMPT, .threads = threads };
	struct results r;
	for (uint32_t p = 0; p < o->n_prompts; p++) {
		job.prompt = o->prompt[p];
		memset(&r, 0, sizeof r);
		if (job.prompt == 0) continue;
		if (!run_job(o, job, &r)) return false;
		if (r.value[BENCH_PEAK][0] > most.value) most.value = r.value[BENCH_PEAK][0];
		r.n[BENCH_PEAK] = 0;
		print(o, &job, &r);
		print_share(o, &job, &r, roof);
	}
	job = (struct bench_job){ .kind = BENCH_JOB_GENERATE, .threads = threads };
	for (uint32_t d = 0; d < o->n_depths; d++) {
		job.depth = o->depth[d];
		memset(&r, 0, sizeof r);
		if (o->generate > 0 && !run_job(o, job, &r)) return false;
		if (job.depth == 0 && (r.n[BENCH_PEAK] == 0 || r.value[BENCH_PEAK][0] < most.value)) {
			r.n[BENCH_PEAK] = 0;
			if (most.value > 0) add(&r, &most);
		}
		print(o, &job, &r);
		print_share(o, &job, &r, roof);
	}
	return true;
}

static bool run_threads(const struct bench_options *o, uint32_t threads)
{
	struct results ignored = { 0 }, first = { 0 }, roof = { 0 };
	struct bench_job job = { .kind = BENCH_JOB_START, .threads = threads };
	if (!run_job(o, job, &ignored)) return false; /* brings the file into the page cache; its message is printed */
	if (threads == o->threads[0]) print_head(o);
	for (uint32_t i = 0; i < o->runs; i++) {
		if (!run_job(o, job, &first)) return false;
	}
	print(o, &job, &first);
	job.kind = BENCH_JOB_ROOF;
	if (!o->csv && !run_job(o, job, &roof)) return false;
	return run_speeds(o, threads, &roof);
}

static int run_all(const struct bench_options *o)
{
	struct error e;
	for (uint32_t t = 0; t < o->n_threads; t++) {
		if (!run_threads(o, o->threads[t])) return LAB_FAILED;
	}
	if (!ferror(stdout)) return LAB_DONE;
	error_set(&e, "standard output: cannot write");
	return lab_fail(&e);
}

/* "0,4096" to numbers. */
static bool read_list(const char *text, uint32_t *out, uint32_t *n)
{
	char copy[256];
	uint64_t value;
	*n = 0;
	if (!text || strlen(text) >= sizeof copy) return false;
	memcpy(copy, text, strlen(text) + 1);
	for (char *p = copy, *comma; p; p = comma ? comma + 1 : NULL) {
		comma = strchr(p, ',');
		if (comma) *comma = 0;
		if (*n == BENCH_MAX_LIST || !lab_number(p, 0, 1u << 24, &value)) return false;
		out[(*n)++] = (uint32_t)value;
	}
	return true;
}

static bool read_job(const char *text, struct bench_job *job)
{
	int kind;
	if (!text || sscanf(text, "%d %u %u %u %d %lf", &kind, &job->threads, &job->depth, &job->prompt, &job->to, &job->born) != 6)
		return false;
	job->kind = (enum bench_kind)kind;
	return job->threads > 0;
}

/* One option of bench alone; false when it is not understood. */
static bool take_option(struct bench_options *o, const char *option, const char *value, struct bench_job *job)
{
	uint64_t number;
	if (strcmp(option, "-d") == 0) return read_list(value, o->depth, &o->n_depths);
	if (strcmp(option, "-p") == 0) return read_list(value, o->prompt, &o->n_prompts);
	if (strcmp(option, "-t") == 0) return read_list(value, o->threads, &o->n_threads) && o->threads[0] > 0;
	if (strcmp(option, "--clients") == 0) return read_list(value, o->clients, &o->n_clients);
	if (strcmp(option, "--schema") == 0) return (o->schema = value) != NULL;
	if (strcmp(option, "--job") == 0) return read_job(value, job);
	if (!value || !lab_number(value, 0, 1u << 20, &number)) return false;
	if (strcmp(option, "-n") == 0)
		o->generate = (uint32_t)number;
	else if (strcmp(option, "-r") == 0 && number >= 1 && number <= BENCH_MAX_RUNS)
		o->runs = (uint32_t)number;
	else
		return false;
	return true;
}

int lab_bench(int argc, char **argv)
{
	struct bench_options o = { .prompt = { 512 }, .n_prompts = 1, .generate = 64, .runs = 5, .n_depths = 1 };
	struct bench_job job = { .threads = 0 };
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&o.model, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (strcmp(argv[i], "--csv") == 0)
			o.csv = true;
		else if (strcmp(argv[i], "--copied") == 0)
			o.copied = true;
		else if (!take_option(&o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &job))
			return lab_misuse("bench: '%s' or its value is not understood", argv[i]);
		else
			i++;
	}
	if (!o.model.path) return lab_misuse("bench: a model file is missing");
	if (job.threads) return bench_child(&o, &job);
	if (o.n_threads == 0) {
		o.n_threads = 1;
		o.threads[0] = o.model.threads ? o.model.threads : threads_available();
	}
	if (o.schema) return bench_schema(&o);
	if (o.n_clients) return bench_clients(&o);
	return o.model.engine ? bench_engine(&o) : run_all(&o);
}
