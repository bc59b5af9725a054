/* paths: folders by the XDG base directory rules (see paths.h). */
#include "app/hearth/paths.h"

#include "base/machine.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char builtin_name[] = "hearth-builtin.gguf";

bool paths_join(char out[PATHS_ROOM], const char *folder, const char *name)
{
	int n = snprintf(out, PATHS_ROOM, "%s/%s", folder, name);
	if (n > 0 && n < PATHS_ROOM) return true;
	out[0] = 0;
	return false;
}

bool paths_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool paths_is_file(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool paths_absolute(char out[PATHS_ROOM], const char *path)
{
	char folder[PATHS_ROOM];
	if (!paths_is_file(path) && !paths_is_folder(path)) return false;
	if (path[0] == '/') return snprintf(out, PATHS_ROOM, "%s", path) < PATHS_ROOM;
	return getcwd(folder, sizeof folder) && paths_join(out, folder, path);
}

/* The folder that `variable` names, or HOME/`usual`, with /hearth behind it. */
static void xdg_folder(char out[PATHS_ROOM], const char *variable, const char *usual)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	char folder[PATHS_ROOM];
	out[0] = 0;
	if (base && base[0] == '/')
		paths_join(out, base, "hearth");
	else if (home && home[0] == '/' && paths_join(folder, home, usual))
		paths_join(out, folder, "hearth");
}

/* Takes the last part off a path; false when there is none. */
static bool parent(char *path)
{
	char *slash = strrchr(path, '/');
	if (!slash || slash == path) return false;
	*slash = 0;
	return true;
}

static void find_builtin(struct paths *p)
{
	char prefix[PATHS_ROOM], folder[PATHS_ROOM], file[PATHS_ROOM];
	static const char *const places[] = { "share/hearth", "models" };
	if (!machine_program(prefix, sizeof prefix) || !parent(prefix)) return;
	/* A program of the tests lies deeper in the build folder. */
	for (int depth = 0; depth < 4 && parent(prefix); depth++) {
		for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
			if (!paths_join(folder, prefix, places[i]) || !paths_join(file, folder, builtin_name)) continue;
			if (!p->expected[0]) memcpy(p->expected, file, sizeof file);
			if (!paths_is_file(file)) continue;
			memcpy(p->builtin, file, sizeof file);
			return;
		}
	}
}

void paths_find(struct paths *p)
{
	*p = (struct paths){ 0 };
	const char *home = getenv("HEARTH_HOME");
	char folder[PATHS_ROOM];
	if (home && *home) {
		if (home[0] == '/')
			snprintf(p->data, sizeof p->data, "%s", home);
		else if (getcwd(folder, sizeof folder))
			paths_join(p->data, folder, home);
		memcpy(p->settings, p->data, sizeof p->data);
	} else {
		xdg_folder(p->data, "XDG_DATA_HOME", ".local/share");
		xdg_folder(p->settings, "XDG_CONFIG_HOME", ".config");
	}
	if (p->data[0]) paths_join(p->models, p->data, "models");
	find_builtin(p);
}

bool paths_make_folder(const char *path, struct error *e)
{
	char part[PATHS_ROOM];
	size_t length = strlen(path);
	if (length == 0) return error_set(e, "no home folder is known: set HOME or HEARTH_HOME");
	if (length >= sizeof part) return error_set(e, "%.200s...: the path is too long", path);
	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && path[i] != 0) continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, 0700) != 0 && errno != EEXIST && !paths_is_folder(part))
			return error_set(e, "%s: cannot make this folder: %s", part, strerror(errno));
	}
	if (!paths_is_folder(path)) return error_set(e, "%s: is no folder", path);
	return true;
}
