/* vault_delete: `hearth vault delete --all`: the keys first, then the files. */
#include "app/hearth/ask.h"
#include "app/hearth/commands.h"
#include "app/hearth/system_keyring.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "app/hearth/vault_commands.h"
#include "app/hearth/vault_place.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE = 5 };

/* The vault's name, typed out, on a terminal. */
static bool is_meant(const struct options *o, const struct vault_place *place, struct error *e)
{
	char prompt[PATHS_ROOM], typed[sizeof place->name];
	struct terminal t = terminal_look(false);
	if (o->yes) return true;
	if (!t.input || !t.output) return error_set(e, "this cannot be undone: say so with --yes, or start it in a terminal");
	terminal_watch_signals(PATIENCE);
	snprintf(prompt, sizeof prompt,
	         "Everything in the vault \"%s\" will be gone for good, for everybody, with every passphrase.\nType its name to "
	         "delete it: ",
	         place->name);
	if (ask_line(prompt, typed, sizeof typed) == ASK_TAKEN && strcmp(typed, place->name) == 0) return true;
	return error_set(e, "nothing was deleted");
}

int vault_delete_command(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct error e;
	paths_find(&paths);
	if (!o->all) {
		error_set(&e,
		          "`hearth vault delete --all` deletes a whole vault; one conversation is deleted in the chat (/delete)");
		return commands_misuse("vault", &e);
	}
	if (!vault_place_find(&place, &paths, o->vault, &e)) return commands_fail(&e);
	if (place.state == VAULT_ABSENT) {
		error_set(&e, "%s: there is no vault here", place.folder);
		return commands_fail(&e);
	}
	if (!is_meant(o, &place, &e)) return commands_fail(&e);
	uint8_t id[VAULT_ID] = { 0 };
	struct vault *v = vault_take(disk_real(), place.folder, NULL); /* NULL: its key file is damaged, or it is in use */
	bool keyring = v && unlock_has_slot(v, SLOT_KEYRING);
	if (v) memcpy(id, vault_keys(v)->id, VAULT_ID);
	vault_close(v);
	if (!vault_destroy(disk_real(), place.folder, &e)) return commands_fail(&e);
	vault_place_unwatch(id);
	if (keyring) system_keyring(KEYRING_FORGET, id, NULL, NULL);
	commands_note(
	        "the vault \"%s\" is deleted: its keys were overwritten first, so that copies of its files open for nobody who has "
	        "no copy of vault.key and erase.key",
	        place.name);
	return STATUS_DONE;
}
