/* bench: what `hearth-lab bench` measures, and the form in which a measuring process tells it. */
#ifndef HEARTH_APP_LAB_BENCH_H
#define HEARTH_APP_LAB_BENCH_H

#include "app/lab/model_options.h"

/* Those from BENCH_CPU on are not in the CSV: CPU time of an answer token, the machine's bounds (bytes and operations a second),
 * and what the plan asks for a token (bytes, operations). */
enum bench_metric {
	BENCH_LOAD,
	BENCH_FIRST,
	BENCH_PEAK_FIRST,
	BENCH_PROMPT,
	BENCH_GENERATE,
	BENCH_PEAK,
	BENCH_CPU,
	BENCH_BANDWIDTH,
	BENCH_OPERATIONS,
	BENCH_ANSWER_BYTES,
	BENCH_PROMPT_WORK,
	BENCH_METRICS
};

enum { BENCH_MAX_RUNS = 64, BENCH_MAX_LIST = 8, BENCH_START = 128 /* tokens before the first answer */, BENCH_COPIED = 512 };

struct bench_options {
	struct model_arguments model;
	uint32_t prompt[BENCH_MAX_LIST], n_prompts, generate, runs;
	uint32_t depth[BENCH_MAX_LIST], n_depths;
	uint32_t threads[BENCH_MAX_LIST], n_threads;
	uint32_t clients[BENCH_MAX_LIST], n_clients; /* none: not measured */
	const char *schema;                          /* NULL: not measured */
	bool csv, copied;                            /* copied: what lies before a depth is copies of its first tokens */
};

/* One measured value, as it goes through the pipe. */
struct bench_sample {
	uint32_t metric; /* enum bench_metric */
	double value;
	double other; /* percent of the machine's CPU time that other processes took meanwhile */
};

/* What a fresh process is started for: load time and first token; the speed of a prompt; of generation at a depth; or the machine's
 * bounds. */
enum bench_kind { BENCH_JOB_START, BENCH_JOB_PROMPT, BENCH_JOB_GENERATE, BENCH_JOB_ROOF };

struct bench_job {
	enum bench_kind kind;
	uint32_t threads, depth, prompt;
	int to;      /* where samples are written */
	double born; /* clock_seconds of the parent before the process was made */
};

/* Of n values, which are sorted in place; 0 of none. */
double bench_median(double *v, uint32_t n);

/* Measures and returns the exit status of the process. */
int bench_child(const struct bench_options *o, const struct bench_job *job);

/* `--engine`: what the socket and the jail cost. */
int bench_engine(const struct bench_options *o);

/* `--clients`: several that ask at once. */
int bench_clients(const struct bench_options *o);

/* `--schema`: answers that are held to a schema. */
int bench_schema(const struct bench_options *o);

#endif
