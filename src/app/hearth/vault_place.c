/* vault_place: from a name to a folder (see vault_place.h). */
#include "app/hearth/vault_place.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usual[] = "main";

/* Names are short and plain, so that none of them leads out of the folder or hides in it. */
static bool name_is_plain(const char *name)
{
	size_t n = strlen(name);
	if (n == 0 || n > 64 || name[0] == '.') return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)name[i] < ' ' || name[i] == '/' || name[i] == 0x7f) return false;
	}
	return true;
}

bool vault_place_find(struct vault_place *p, const struct paths *paths, const char *wanted, struct error *e)
{
	char vaults[PATHS_ROOM];
	*p = (struct vault_place){ .state = VAULT_ABSENT };
	if (wanted && strchr(wanted, '/')) {
		if (!paths_absolute(p->folder, wanted) &&
		    snprintf(p->folder, sizeof p->folder, "%s", wanted) >= (int)sizeof p->folder)
			return error_set(e, "%.200s...: the path is too long", wanted);
		for (size_t n = strlen(p->folder); n > 1 && p->folder[n - 1] == '/'; n--) p->folder[n - 1] = 0;
		const char *last = strrchr(p->folder, '/');
		snprintf(p->name, sizeof p->name, "%.100s", last && last[1] ? last + 1 : p->folder);
	} else {
		if (!wanted) wanted = usual;
		if (!name_is_plain(wanted))
			return error_set(e, "'%.80s' is no name for a vault: up to 64 characters, not beginning with a dot",
			                 wanted);
		if (!paths->data[0]) return error_set(e, "no home folder is known: set HOME or HEARTH_HOME");
		if (!paths_join(vaults, paths->data, "vaults") || !paths_join(p->folder, vaults, wanted))
			return error_set(e, "%s: the path is too long", paths->data);
		snprintf(p->name, sizeof p->name, "%s", wanted);
	}
	p->state = vault_look(disk_real(), p->folder);
	return true;
}

bool vault_place_counter(char path[PATHS_ROOM], const uint8_t id[VAULT_ID])
{
	struct paths paths;
	char name[32 + 2 * VAULT_ID] = "vault-";
	size_t n = strlen(name);
	paths_find(&paths);
	for (int i = 0; i < VAULT_ID; i++) n += (size_t)snprintf(name + n, sizeof name - n, "%02x", id[i]);
	return paths.settings[0] && paths_make_folder(paths.settings, NULL) && paths_join(path, paths.settings, name);
}

void vault_place_unwatch(const uint8_t id[VAULT_ID])
{
	char path[PATHS_ROOM];
	if (vault_place_counter(path, id)) unlink(path);
}
