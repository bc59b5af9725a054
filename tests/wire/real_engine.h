/* real_engine: hearth-engine of this build, started by a spawner, for tests of both ends. */
#ifndef HEARTH_TESTS_WIRE_REAL_ENGINE_H
#define HEARTH_TESTS_WIRE_REAL_ENGINE_H

#include "base/machine.h"
#include "base/memory.h"
#include "guard/spawner.h"
#include "wire/client.h"

#include <stdio.h>
#include <string.h>

static struct spawner *real_spawner;
static struct spawned real_last; /* the one that was started last; not to be closed */

/* The folder of the programs: this one is BUILD/tests/wire/NAME. */
static inline bool real_begin(void)
{
	char folder[4096];
	struct error e;
	if (!machine_program(folder, sizeof folder)) return false;
	for (int i = 0; i < 3; i++) {
		char *slash = strrchr(folder, '/');
		if (!slash) return false;
		*slash = 0;
	}
	real_spawner = spawner_start(folder, &e);
	return real_spawner != NULL;
}

static inline void *real_start(void *data, int socket, struct error *e)
{
	(void)data;
	struct spawned *p = memory_new(1, sizeof *p);
	if (!p || !spawner_run(real_spawner, GUARD_ENGINE, NULL, &socket, 1, p, e)) {
		memory_free(p);
		return NULL;
	}
	real_last = *p;
	return p;
}

static inline void real_end(void *data, void *process, char *how, size_t room)
{
	(void)data;
	struct spawned *p = process;
	int status;
	if (!spawner_ended(p, 500, &status)) {
		spawner_kill(real_spawner, p);
		spawner_ended(p, -1, &status);
	}
	spawner_describe(status, how, room);
	spawner_forget(p);
	memory_free(p);
}

static char real_restarted[512]; /* the last line about it */

static inline void real_tell(void *data, const char *line)
{
	(void)data;
	snprintf(real_restarted, sizeof real_restarted, "%s", line);
}

static inline void real_use(int patience_ms)
{
	static struct client_starter starter = { .start = real_start, .end = real_end, .restarted = real_tell };
	starter.patience_ms = patience_ms;
	client_use(&starter);
}

#endif
