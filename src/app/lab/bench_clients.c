/*
 * bench_clients: `hearth-lab bench MODEL --clients 1,4,16`: how fast answers come when several ask at once, through hearth.h. Each
 * asks with a prompt of its own; what is measured is all tokens of a second from the moment on when the last of them got its first,
 * and how long the first and the last waited for that.
 */
#include "app/lab/bench.h"

#include "app/lab/lab.h"
#include "base/clock.h"
#include "hearth.h"

#include <stdio.h>

enum { PROMPT = 64, MOST_CLIENTS = 32 };

struct clients {
	uint64_t id[MOST_CLIENTS];
	double first[MOST_CLIENTS]; /* seconds; 0: not yet */
	uint32_t n, begun;
	double began, all_begun, last;
	uint64_t counted;
};

static bool submit(struct hearth *h, const struct bench_options *o, struct clients *c, uint32_t n_vocab, struct error *e)
{
	int32_t ids[PROMPT];
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	struct hearth_error why;
	r.ids = ids;
	r.n_ids = PROMPT;
	r.max_tokens = o->generate;
	r.sampling.temperature = 0;
	r.ignore_end = r.no_guess = true;
	c->began = clock_seconds();
	for (uint32_t i = 0; i < c->n; i++) {
		for (uint32_t k = 0; k < PROMPT; k++) ids[k] = (int32_t)((i * 7919 + k * 104729 + 11) % n_vocab);
		if (!hearth_submit(h, &r, &c->id[i], &why)) return error_set(e, "%s", why.text);
	}
	return true;
}

static void take_answer(struct clients *c, const struct hearth_event *event)
{
	double now = clock_seconds();
	uint32_t i = 0;
	while (i < c->n && c->id[i] != event->request) i++;
	if (i < c->n && c->first[i] == 0) {
		c->first[i] = now - c->began;
		if (++c->begun == c->n) c->all_begun = now;
	} else if (c->begun == c->n) {
		c->counted += event->n_ids;
		c->last = now;
	}
}

static bool run(struct hearth *h, const struct bench_options *o, struct clients *c, uint32_t n_vocab, struct error *e)
{
	struct hearth_event event;
	bool ok = submit(h, o, c, n_vocab, e);
	while (hearth_next(h, -1, &event)) {
		if (event.kind == HEARTH_ANSWER) take_answer(c, &event);
		if (event.kind == HEARTH_FAILED) ok = error_set(e, "%.*s", (int)event.text_length, event.text);
	}
	return ok;
}

/* One number of clients, as often as is asked for, and its line. */
static bool measure(struct hearth *h, const struct bench_options *o, uint32_t n, uint32_t n_vocab, struct error *e)
{
	double rate[BENCH_MAX_RUNS], first[BENCH_MAX_RUNS], last[BENCH_MAX_RUNS];
	for (uint32_t k = 0; k < o->runs; k++) {
		struct clients c = { .n = n };
		if (!run(h, o, &c, n_vocab, e)) return false;
		bench_median(c.first, n); /* in order */
		rate[k] = (double)c.counted / (c.last - c.all_begun);
		first[k] = c.first[0];
		last[k] = c.first[n - 1];
	}
	printf("%7u %18.1f %20.3f %20.3f\n", n, bench_median(rate, o->runs), bench_median(first, o->runs),
	       bench_median(last, o->runs));
	return true;
}

int bench_clients(const struct bench_options *o)
{
	struct hearth_options options = lab_engine_options(&o->model, PROMPT + o->generate + 1);
	struct hearth_info info = { .size = sizeof info };
	struct hearth_error why;
	struct hearth *h;
	struct error e = { "" };
	options.threads = o->threads[0];
	if (o->csv || o->model.engine) return lab_misuse("bench: --clients goes with neither --csv nor --engine");
	if (o->generate < 8) return lab_misuse("bench: --clients needs -n 8 at least");
	for (uint32_t i = 0; i < o->n_clients; i++) {
		if (o->clients[i] < 1 || o->clients[i] > MOST_CLIENTS)
			return lab_misuse("bench: --clients takes numbers from 1 to %d", MOST_CLIENTS);
	}
	if (!hearth_open(&options, &h, &why)) {
		error_set(&e, "%s", why.text);
		return lab_fail(&e);
	}
	hearth_info(h, &info);
	printf("%s, %u threads, prompts of %d, %u tokens each, %u runs\n\n", o->model.path, options.threads, PROMPT, o->generate,
	       o->runs);
	puts("clients   tokens/s, of all      first token, s    last one's first, s");
	bool ok = true;
	for (uint32_t i = 0; ok && i < o->n_clients; i++) ok = measure(h, o, o->clients[i], info.n_vocab, &e);
	hearth_close(h);
	return ok ? LAB_DONE : lab_fail(&e);
}
