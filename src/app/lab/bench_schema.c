/*
 * bench_schema: `hearth-lab bench MODEL --schema FILE`: what holding answers to a JSON Schema costs, through hearth.h. Free answers
 * and held ones of the same number of tokens follow each other, at temperature 1 and with seeds of their own, since states of a
 * schema that come again cost nothing: what is measured is the time for a token, the making of states included.
 */
#include "app/lab/bench.h"

#include "app/lab/lab.h"
#include "base/file.h"
#include "base/memory.h"
#include "hearth.h"

#include <stdio.h>

enum { PROMPT = 64, MOST_SCHEMA = 4 << 20 };

/* So many tokens, free or held: one answer behind the other until there are as many. False when one fails. */
static bool run(struct hearth *h, const struct bench_options *o, struct hearth_request *r, double *seconds, struct error *e)
{
	uint32_t made = 0;
	*seconds = 0;
	while (made < o->generate) {
		struct hearth_event event;
		struct hearth_error why;
		uint64_t id;
		r->max_tokens = o->generate - made + 1; /* the first one belongs to the prompt */
		r->sampling.seed++;
		if (!hearth_submit(h, r, &id, &why)) return error_set(e, "%s", why.text);
		do {
			if (!hearth_next(h, -1, &event)) return error_set(e, "the engine has lost a request");
			if (event.kind == HEARTH_FAILED) return error_set(e, "%.*s", (int)event.text_length, event.text);
		} while (event.kind != HEARTH_DONE);
		if (event.n_generated > 1) made += event.n_generated - 1;
		*seconds += event.seconds_generate;
	}
	return true;
}

static bool measure(struct hearth *h, const struct bench_options *o, const char *schema, size_t length, struct error *e)
{
	int32_t ids[PROMPT];
	double free_ms[BENCH_MAX_RUNS], held_ms[BENCH_MAX_RUNS], seconds;
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	for (int i = 0; i < PROMPT; i++) ids[i] = i + 11;
	r.ids = ids;
	r.n_ids = PROMPT;
	r.sampling.temperature = 1;
	r.no_guess = true;
	for (uint32_t k = 0; k < o->runs; k++) {
		r.grammar_kind = HEARTH_GRAMMAR_NONE;
		r.ignore_end = true;
		if (!run(h, o, &r, &seconds, e)) return false;
		free_ms[k] = 1e3 * seconds / o->generate;
		r.grammar_kind = HEARTH_GRAMMAR_SCHEMA;
		r.grammar = schema;
		r.grammar_length = length;
		r.ignore_end = false;
		if (!run(h, o, &r, &seconds, e)) return false;
		held_ms[k] = 1e3 * seconds / o->generate;
		printf("%3u %16.3f %18.3f\n", k + 1, free_ms[k], held_ms[k]);
	}
	double without = bench_median(free_ms, o->runs), with = bench_median(held_ms, o->runs);
	printf("median %13.3f %18.3f   %+.1f %%\n", without, with, 100 * (with / without - 1));
	return true;
}

int bench_schema(const struct bench_options *o)
{
	struct hearth_options options = lab_engine_options(&o->model, PROMPT + o->generate + 2);
	struct hearth_info info = { .size = sizeof info };
	struct hearth_error why;
	struct hearth *h;
	size_t length;
	struct error e = { "" };
	options.threads = o->threads[0];
	if (o->csv || o->model.engine || o->n_clients) return lab_misuse("bench: --schema goes with no other kind of measuring");
	if (o->generate < 8) return lab_misuse("bench: --schema needs -n 8 at least");
	char *schema = file_read(o->schema, MOST_SCHEMA, &length, &e);
	if (!schema) return lab_fail(&e);
	if (!hearth_open(&options, &h, &why)) {
		error_set(&e, "%s", why.text);
		memory_free(schema);
		return lab_fail(&e);
	}
	hearth_info(h, &info);
	printf("%s, %u tokens in the vocabulary, %u threads, %u tokens a run\n\n", o->model.path, info.n_vocab, options.threads,
	       o->generate);
	puts("run   free, ms/token   held, ms/token");
	bool ok = measure(h, o, schema, length, &e);
	hearth_close(h);
	memory_free(schema);
	return ok ? LAB_DONE : lab_fail(&e);
}
