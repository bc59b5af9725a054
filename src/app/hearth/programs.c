/* programs: the spawner and the engines (see programs.h). */
#include "app/hearth/programs.h"

#include "app/hearth/commands.h"
#include "app/hearth/paths.h"
#include "base/memory.h"
#include "guard/findings.h"
#include "guard/sanitized.h"
#include "wire/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

enum { NATURAL_END_MS = 500, MOST_FOLDERS = 32 };

static struct spawner *spawner;
static struct guard_report report;
static bool jailed;

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

/* ---- the own jail ---- */

struct folders {
	const char *list[MOST_FOLDERS + 1]; /* ends with NULL */
	char text[MOST_FOLDERS][PATHS_ROOM];
	size_t n;
};

static void add_folder(struct folders *f, const char *path)
{
	if (!path[0] || f->n == MOST_FOLDERS) return;
	snprintf(f->text[f->n], PATHS_ROOM, "%s", path);
	f->list[f->n] = f->text[f->n];
	f->n++;
}

/* The folder that a path lies in. */
static void add_folder_of(struct folders *f, const char *path)
{
	char above[PATHS_ROOM];
	snprintf(above, sizeof above, "%s", path);
	for (size_t n = strlen(above); n > 1 && above[n - 1] == '/'; n--) above[n - 1] = 0;
	char *slash = strrchr(above, '/');
	if (slash)
		slash[slash == above] = 0;
	else
		snprintf(above, sizeof above, ".");
	add_folder(f, above);
}

static bool writes(const struct options *o)
{
	if (o->command->bit == FOR_MODELS) return o->n_words && strcmp(o->words[0], "pull") == 0;
	return o->command->bit & (FOR_CHAT | FOR_VAULT | FOR_NET | FOR_SERVE);
}

/* Where this command may write. The own folders have to be there, since a jail knows what exists; and what the command line names
 * lies where the person says. */
static void find_folders(struct folders *f, const struct paths *p, const struct options *o)
{
	struct error ignored; /* whoever writes there says it */
	const char *own[] = { p->data, p->settings };
	for (size_t i = 0; i < 2; i++) {
		if (writes(o) && own[i][0]) paths_make_folder(own[i], &ignored);
		add_folder(f, own[i]);
	}
	if (o->vault && strchr(o->vault, '/')) add_folder_of(f, o->vault);
	if (o->key_file && o->command->bit == FOR_VAULT) add_folder_of(f, o->key_file); /* one may be made */
	for (size_t i = 1; o->command->bit == FOR_VAULT && i < o->n_words; i++) add_folder_of(f, o->words[i]);
}

static bool enter_jail(const struct guard_options *options, struct error *e)
{
	if (!guard_enter(GUARD_HEARTH, options, &report, e)) return false;
	if (!GUARD_SANITIZED) return guard_filter(GUARD_HEARTH, options, &report, e);
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the search for leaks traces this process */
	return true;
}

bool programs_jail(const struct options *o, struct error *e)
{
	/* `hearth prove` starts hearths, each in its own jail, and looks at them with its person's rights (prove.h). */
	if (!spawner || jailed || o->command->bit == FOR_PROVE) return true;
	struct paths *p = memory_new(1, sizeof *p);
	struct folders *f = memory_new(1, sizeof *f);
	bool ok = (p && f) || error_memory(e);
	if (ok) {
		paths_find(p);
		find_folders(f, p, o);
		const struct guard_options options = { .more_folders = f->list, .landlock = GUARD_NEWEST };
		ok = jailed = enter_jail(&options, e);
	}
	memory_free(f);
	memory_free(p);
	return ok;
}

const struct guard_report *programs_report(void)
{
	return jailed ? &report : NULL;
}

int programs_create(const char *path, struct error *e)
{
	if (spawner) return spawner_create(spawner, path, e);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) error_set(e, "%s: cannot create: %s", path, strerror(errno));
	return fd;
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

bool programs_probe(struct error *e)
{
	struct paths paths;
	paths_find(&paths);
	const struct guard_options options = { .own_folder = paths.data, .landlock = GUARD_NEWEST };
	return enter_jail(&options, e) && guard_findings_send(SPAWNER_FIRST, GUARD_HEARTH, &report, paths.data, e);
}
