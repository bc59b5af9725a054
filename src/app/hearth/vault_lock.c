/* vault_lock: `hearth vault lock`: tells the hearth that has the vault open to lock it. */
#include "app/hearth/commands.h"
#include "app/hearth/vault_commands.h"
#include "app/hearth/vault_place.h"

int vault_lock_command(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct error e;
	paths_find(&paths);
	if (!vault_place_find(&place, &paths, o->vault, &e)) return commands_fail(&e);
	struct vault *v = place.state == VAULT_PRESENT && vault_is_taken(disk_real(), place.folder)
	                          ? vault_join(disk_real(), place.folder, &e)
	                          : NULL;
	if (!v && place.state == VAULT_PRESENT && vault_is_taken(disk_real(), place.folder)) return commands_fail(&e);
	if (v) vault_lock(v);
	bool open = v && vault_is_open(v);
	vault_close(v);
	if (open) {
		error_set(&e, "%s: the vault does not lock; end the hearth that has it open", place.folder);
		return commands_fail(&e);
	}
	commands_note("the vault \"%s\" is locked: no process has its keys", place.name);
	return STATUS_DONE;
}
