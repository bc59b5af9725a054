/*
 * bench_engine: `hearth-lab bench MODEL --engine`: what the socket and the jail cost. The same requests go to libhearth in this
 * process and to hearth-engine, turn about, with wall times as a program sees them through hearth.h.
 */
#include "app/lab/bench.h"

#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "base/clock.h"
#include "wire/client.h"

#include <stdio.h>
#include <string.h>

enum { PROMPT = 16, PLACES = 2, MEASURES = 3 };

/* One of the two ways to the same functions. */
static const struct place {
	bool (*open)(const struct hearth_options *options, struct hearth **h, struct hearth_error *error);
	void (*close)(struct hearth *h);
	bool (*submit)(struct hearth *h, const struct hearth_request *request, uint64_t *id, struct hearth_error *error);
	bool (*next)(struct hearth *h, int timeout_ms, struct hearth_event *event);
} places[PLACES] = { { hearth_open, hearth_close, hearth_submit, hearth_next },
	             { client_open, client_close, client_submit, client_next } };

static const struct {
	const char *name, *unit;
} measures[MEASURES] = { { "open", "ms" }, { "first token", "ms" }, { "generate", "tokens/s" } };

struct samples {
	double value[MEASURES][PLACES][BENCH_MAX_RUNS];
};

static bool failed(struct error *e, const struct hearth_error *why)
{
	return error_set(e, "%s", why->text);
}

/* One request; false when it does not end well. */
static bool ask(const struct place *p, struct hearth *h, uint32_t tokens, double *first, double *rate, struct error *e)
{
	int32_t ids[PROMPT];
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	struct hearth_event event;
	struct hearth_error why;
	uint64_t id;
	for (int i = 0; i < PROMPT; i++) ids[i] = i + 3;
	r.ids = ids;
	r.n_ids = PROMPT;
	r.max_tokens = tokens;
	r.sampling.temperature = 0;
	r.ignore_end = r.no_guess = true;
	double began = clock_seconds(), answered = 0;
	if (!p->submit(h, &r, &id, &why)) return failed(e, &why);
	while (p->next(h, -1, &event)) {
		if (event.kind == HEARTH_ANSWER && answered == 0) answered = clock_seconds();
		if (event.kind == HEARTH_FAILED) return error_set(e, "%.*s", (int)event.text_length, event.text);
		if (event.kind != HEARTH_DONE) continue;
		*first = 1e3 * (answered - began);
		*rate = (tokens - 1) / (clock_seconds() - answered);
	}
	return true;
}

static bool run_once(const struct place *p, const struct bench_options *o, uint32_t threads, int place, uint32_t run,
                     struct samples *s, struct error *e)
{
	struct hearth_options options = { .size = sizeof options,
		                          .model = o->model.path,
		                          .threads = threads,
		                          .context = PROMPT + o->generate + 1,
		                          .exact = o->model.exact };
	struct hearth *h;
	struct hearth_error why;
	double began = clock_seconds();
	if (!p->open(&options, &h, &why)) return failed(e, &why);
	s->value[0][place][run] = 1e3 * (clock_seconds() - began);
	bool ok = ask(p, h, o->generate, &s->value[1][place][run], &s->value[2][place][run], e) &&
	          ask(p, h, o->generate, &(double){ 0 }, &s->value[2][place][run], e); /* the second one is warm */
	p->close(h);
	return ok;
}

int bench_engine(const struct bench_options *o)
{
	static struct samples s;
	struct error e = { "" };
	if (o->csv) return lab_misuse("bench: --csv and --engine do not go together");
	if (o->generate < 2) return lab_misuse("bench: --engine needs -n 2 at least");
	if (!engine_begin(&e)) return lab_fail(&e);
	bool ok = true;
	for (uint32_t run = 0; ok && run < o->runs; run++) {
		for (int k = 0; ok && k < PLACES; k++) {
			int place = (int)(run + (uint32_t)k) % PLACES;
			ok = run_once(&places[place], o, o->threads[0], place, run, &s, &e);
		}
	}
	engine_end();
	if (!ok) return lab_fail(&e);
	printf("%s, %u threads, prompt of %d, %u tokens, %u runs\n\n", o->model.path, o->threads[0], PROMPT, o->generate, o->runs);
	puts("what          one process    hearth-engine              ratio");
	for (int m = 0; m < MEASURES; m++) {
		double here = bench_median(s.value[m][0], o->runs), there = bench_median(s.value[m][1], o->runs);
		printf("%-12s %12.4g %16.4g %-8s %10.3f\n", measures[m].name, here, there, measures[m].unit, there / here);
	}
	return LAB_DONE;
}
