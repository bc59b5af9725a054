/* programs: the spawner and the engines (see programs.h). */
#include "app/hearth/programs.h"

#include "app/hearth/commands.h"
#include "app/hearth/paths.h"
#include "base/memory.h"
#include "guard/findings.h"
#include "guard/sanitized.h"
#include "wire/client.h"

#include <stdio.h>

enum { NATURAL_END_MS = 500 };

static struct spawner *spawner;

static void *start_engine(void *data, int socket, struct error *e)
{
	(void)data;
	struct spawned *p = memory_new(1, sizeof *p);
	if (!p) {
		error_memory(e);
		return NULL;
	}
	if (spawner_run(spawner, GUARD_ENGINE, NULL, &socket, 1, p, e)) return p;
	memory_free(p);
	return NULL;
}

/* Its socket is closed, so that it ends by itself unless it hangs. */
static void end_engine(void *data, void *process, char *how, size_t room)
{
	(void)data;
	struct spawned *p = process;
	int status;
	if (spawner_ended(p, NATURAL_END_MS, &status)) {
		spawner_describe(status, how, room);
	} else {
		spawner_kill(spawner, p);
		spawner_ended(p, -1, &status);
		snprintf(how, room, "did not end when it was told to");
	}
	spawner_forget(p);
	memory_free(p);
}

static void tell_restart(void *data, const char *line)
{
	(void)data;
	commands_note("%s", line);
}

bool programs_begin(struct error *e)
{
	static const struct client_starter engines = { .start = start_engine, .end = end_engine, .restarted = tell_restart };
	spawner = spawner_start(NULL, e);
	if (!spawner) return false;
	client_use(&engines);
	return true;
}

void programs_end(void)
{
	spawner_stop(spawner);
	spawner = NULL;
}

struct spawner *programs_spawner(void)
{
	return spawner;
}

bool programs_jail(const char *own_folder, struct guard_report *report, struct error *e)
{
	const struct guard_options o = { .own_folder = own_folder, .landlock = GUARD_NEWEST };
	return guard_enter(GUARD_HEARTH, &o, report, e) && (GUARD_SANITIZED || guard_filter(GUARD_HEARTH, &o, report, e));
}

bool programs_probe(struct error *e)
{
	struct guard_report report;
	struct paths paths;
	paths_find(&paths);
	return programs_jail(paths.data, &report, e) && guard_findings_send(SPAWNER_FIRST, GUARD_HEARTH, &report, paths.data, e);
}
