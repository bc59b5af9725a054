/* vault_create: `hearth vault create`: with a passphrase, a key file, the keyring's key, or openly unencrypted. */
#include "app/hearth/commands.h"
#include "app/hearth/new_vault.h"
#include "app/hearth/terminal.h"
#include "app/hearth/vault_commands.h"

enum { PATIENCE = 5 };

int vault_create_command(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct error e;
	bool left = false;
	paths_find(&paths);
	if ((o->key_file != NULL) + o->unencrypted + o->keyring > 1) {
		error_set(&e, "--key-file, --keyring and --unencrypted exclude each other");
		return commands_misuse("vault", &e);
	}
	if (!vault_place_find(&place, &paths, o->vault, &e)) return commands_fail(&e);
	if (place.state == VAULT_PRESENT) {
		error_set(&e, "%s: there is a vault already; --vault NAME makes another one beside it", place.folder);
		return commands_fail(&e);
	}
	struct terminal t = terminal_look(false);
	struct vault *v = NULL;
	terminal_watch_signals(PATIENCE);
	if (o->key_file)
		v = new_vault_with_key_file(&place, o->key_file, &e);
	else if (o->keyring)
		v = new_vault_with_keyring(&place, &e);
	else if (o->unencrypted)
		v = new_vault_unencrypted(&place, &e);
	else if (t.input && t.output)
		v = new_vault_with_passphrase(&place, &left, &e);
	else
		error_set(&e, "a passphrase is typed in a terminal; without one: hearth vault create --key-file FILE");
	if (!v) return commands_fail(&e);
	vault_close(v);
	commands_note(o->unencrypted
	                      ? "the vault \"%s\" is made, UNENCRYPTED: whoever can read its files can read your conversations"
	                      : "the vault \"%s\" is made",
	              place.name);
	return STATUS_DONE;
}
