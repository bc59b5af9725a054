/*
 * vault_backup: `hearth vault backup FILE|FOLDER` and `hearth vault restore FILE`.
 *
 * A backup needs no secret and is sealed as the vault is. A restore goes into a vault that is not there yet, opens it and
 * everything in it, and only then says done.
 */
#include "app/hearth/commands.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "app/hearth/vault_commands.h"
#include "base/file.h"
#include "store/backup.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { TRIES = 5, PATIENCE = 5 };

/* In a folder: a name with the day and the time. */
static bool name_backup(char path[PATHS_ROOM], const char *wanted, const struct vault_place *place, struct error *e)
{
	char name[256], when[32] = "";
	time_t now = time(NULL);
	struct tm local;
	if (!file_is_folder(wanted)) {
		if (snprintf(path, PATHS_ROOM, "%s", wanted) < PATHS_ROOM) return true;
	} else {
		if (localtime_r(&now, &local)) strftime(when, sizeof when, "%Y-%m-%d-%H%M%S", &local);
		snprintf(name, sizeof name, "hearth-%s-%s.tar", place->name, when);
		if (paths_join(path, wanted, name)) return true;
	}
	return error_set(e, "%s: the path is too long", wanted);
}

int vault_backup_command(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct backup_sum sum;
	struct error e;
	char path[PATHS_ROOM];
	paths_find(&paths);
	if (!vault_place_find(&place, &paths, o->vault, &e) || !name_backup(path, o->words[1], &place, &e) ||
	    !backup_write(place.folder, path, &sum, &e))
		return commands_fail(&e);
	commands_note("%s: the vault \"%s\", %zu files with %llu bytes, sealed as they are; `hearth vault restore` brings it back",
	              path, place.name, sum.files, (unsigned long long)sum.bytes);
	return STATUS_DONE;
}

static int not_opened(const struct vault_place *place, const struct error *e)
{
	commands_note("%s: the backup's bytes are all there and right, but it was not opened, so what is in it was not checked",
	              place->folder);
	return commands_fail(e);
}

int vault_restore_command(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct backup_sum files;
	struct verify_sum sum;
	struct error e;
	char *slash;
	paths_find(&paths);
	terminal_watch_signals(PATIENCE);
	if (!vault_place_find(&place, &paths, o->vault, &e)) return commands_fail(&e);
	if (place.state != VAULT_ABSENT) {
		error_set(&e, "%s: there is a vault already; --vault NAME restores beside it", place.folder);
		return commands_fail(&e);
	}
	char above[PATHS_ROOM];
	snprintf(above, sizeof above, "%s", place.folder);
	slash = strrchr(above, '/');
	if (slash && slash != above) *slash = 0;
	if ((slash && slash != above && !paths_make_folder(above, &e)) || !backup_restore(o->words[1], place.folder, &files, &e))
		return commands_fail(&e);
	struct vault *v = vault_take(disk_real(), place.folder, &e);
	if (v) vault_place_unwatch(vault_keys(v)->id); /* an old copy is what is wanted */
	if (!v || unlock_vault(v, o->key_file, "Passphrase of the backup: ", TRIES, &e) != UNLOCK_OPEN) {
		vault_close(v);
		return not_opened(&place, &e);
	}
	bool sound = vault_verify(v, &sum, &e);
	vault_close(v);
	if (!sound) return commands_fail(&e);
	commands_note("%s: restored and read to the end: %zu conversations with %zu messages, %zu large objects", place.folder,
	              sum.conversations, sum.messages, sum.blobs);
	return STATUS_DONE;
}
