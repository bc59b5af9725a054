/*
 * hearth-engine: parses one model's files and computes with it, in a jail, for the process that started it.
 *
 * Open, jail, parse: descriptors come over the socket (SPAWNER_FIRST) and are mapped; the CPU is asked for its features, which
 * needs a call that the filter does not have; then namespaces, limits, Landlock, the threads, the filter for all of them; and only
 * then the first byte of what was mapped is looked at. Nothing that this program links can open a file or a socket
 * (tests/end_to_end/engine.sh).
 */
#include "base/file_source.h"
#include "base/memory.h"
#include "base/threads.h"
#include "engine/engine.h"
#include "engine/file.h"
#include "guard/findings.h"
#include "guard/sanitized.h"
#include "guard/spawner.h"
#include "wire/server.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Threads beside the model's own: the scheduler's two, and one that reads ahead for each of two models. */
enum { OTHER_THREADS = 4, MOST_THREADS = 1024 };

struct engine {
	struct file_given files, adapters; /* an adapter's mapping goes with the adapter */
	struct engine_place place;
	struct guard_report report;
	bool jailed;
};

static bool take_file(void *data, int descriptor, const char *path, struct error *e)
{
	struct engine *n = data;
	return file_given_add(n->jailed ? &n->adapters : &n->files, descriptor, path, e);
}

/* Everything but the filter, then the threads, then the filter. */
static bool enter_jail(struct engine *n, const struct wire_start *start, struct error *e)
{
	const struct guard_options options = { .landlock = GUARD_NEWEST };
	if (start->threads < 1 || start->threads > MOST_THREADS)
		return error_set(e, "options: %u threads; at most %d", start->threads, (int)MOST_THREADS);
	if (start->cpu[0]) setenv("HEARTH_CPU", start->cpu, 1);
	hearth_kernels();
	n->place = (struct engine_place){ .files = &n->files.source, .free_memory = start->free_memory, .threads = start->threads };
	if (!guard_enter(GUARD_ENGINE, &options, &n->report, e)) return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of rights takes back what the spawner asked for */
	if (!threads_prepare(start->threads - 1 + OTHER_THREADS + SERVER_THREADS, e)) return false;
	if (!GUARD_SANITIZED && !guard_filter(GUARD_ENGINE, &options, &n->report, e)) return false;
	n->jailed = true;
	return true;
}

static bool jail(void *data, const struct wire_start *start, struct wire_jailed *report, struct error *e)
{
	struct engine *n = data;
	if (!enter_jail(n, start, e)) return false;
	const struct guard_report *r = &n->report;
	*report = (struct wire_jailed){ r->no_new_privileges,  r->undumpable, r->limits, r->namespaces, r->filter,
		                        (uint32_t)r->landlock, r->lost };
	return true;
}

static bool look(void *data, const char *path, struct hearth_file **file, struct error *e)
{
	struct engine *n = data;
	return file_look(n->place.files, path, file, e);
}

static bool open_model(void *data, const struct hearth_options *options, struct hearth **h, struct error *e)
{
	struct engine *n = data;
	return engine_check_options(options, e) && engine_open(options, &n->place, h, e);
}

static bool open_adapter(void *data, struct hearth *h, const char *path, uint64_t *id, struct error *e)
{
	struct engine *n = data;
	bool ok = engine_adapter_open(h, &n->adapters.source, path, id, e);
	file_given_free(&n->adapters); /* what nobody took */
	file_given_begin(&n->adapters);
	n->adapters.hands_over = true;
	return ok;
}

static void settle(void *data, struct hearth *h, int milliseconds)
{
	(void)data;
	engine_settle(h, milliseconds);
}

static bool probe(struct engine *n, struct error *e)
{
	const struct wire_start start = { .version = HEARTH_VERSION, .cpu = "", .threads = 1 };
	return enter_jail(n, &start, e) && guard_findings_send(SPAWNER_FIRST, GUARD_ENGINE, &n->report, NULL, e);
}

int main(int argc, char **argv)
{
	struct engine n = { .jailed = false };
	const struct server_engine engine = { &n, take_file, jail, look, open_model, open_adapter, settle };
	struct error e = { "" };
	file_guard_maps();
	file_given_begin(&n.files);
	file_given_begin(&n.adapters);
	n.adapters.hands_over = true;
	bool ok = argc == 2 && strcmp(argv[1], GUARD_PROBE_WORD) == 0 ? probe(&n, &e) : server_run(SPAWNER_FIRST, &engine, &e);
	_exit(ok ? 0 : 1); /* threads may still compute: nothing waits for them */
}
