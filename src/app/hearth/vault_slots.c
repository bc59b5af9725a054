/*
 * vault_slots: who can open a vault: `hearth vault passphrase`, `slots` and `recovery`.
 *
 * All of them change vault.key alone: what is in the vault is not written anew. A passphrase is changed by adding the new one and
 * then removing the old one, so that at no moment there is none.
 */
#include "app/hearth/ask.h"
#include "app/hearth/commands.h"
#include "app/hearth/new_vault.h"
#include "app/hearth/system_keyring.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "app/hearth/vault_commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_person(struct error *e)
{
	struct terminal t = terminal_look(false);
	return (t.input && t.output) || error_set(e, "this asks questions: start it in a terminal");
}

/* A slot for a new passphrase, typed twice; -1 with the line. */
static int add_passphrase(struct vault *v, struct error *e)
{
	struct key_secret secret = { .kind = SLOT_PASSPHRASE };
	char *words = ask_secret_room();
	int slot = -1;
	if (!words)
		error_memory(e);
	else if (!new_vault_ask_passphrase(words, &secret.size))
		error_set(e, "nothing was changed");
	else {
		secret.bytes = words;
		slot = vault_add_slot(v, &secret, key_cost_measure(NEW_VAULT_SECONDS), e);
	}
	secret_free(words);
	return slot;
}

/* The slots of a kind go, but for the one numbered `but` (-1: all go). */
static bool remove_kind(struct vault *v, enum slot_kind kind, int but, struct error *e)
{
	for (int i = 0; i < KEY_SLOTS; i++) {
		bool goes = vault_keys(v)->slots[i].kind == kind && i != but;
		if (goes && !vault_remove_slot(v, i, e)) return false;
	}
	return true;
}

static int count_kind(const struct vault *v, enum slot_kind kind)
{
	int n = 0;
	for (int i = 0; i < KEY_SLOTS; i++) n += vault_keys(v)->slots[i].kind == kind;
	return n;
}

int vault_passphrase_command(const struct options *o)
{
	struct vault_place place;
	struct error e;
	if (!has_person(&e)) return commands_fail(&e);
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	bool was_open = unlock_has_slot(v, SLOT_UNPROTECTED), several = count_kind(v, SLOT_PASSPHRASE) > 1;
	int slot = add_passphrase(v, &e);
	bool ok = slot >= 0 && (several || remove_kind(v, SLOT_PASSPHRASE, slot, &e)) && remove_kind(v, SLOT_UNPROTECTED, -1, &e);
	if (ok && was_open && !unlock_has_slot(v, SLOT_RECOVERY)) ok = new_vault_recovery(v, &e) >= 0;
	vault_close(v);
	if (!ok) return commands_fail(&e);
	commands_note("the vault \"%s\" has a new passphrase; nothing else was written anew%s", place.name,
	              was_open  ? ". It is protected from now on; copies of its files from before are not"
	              : several ? ". It had several, which still open it: `hearth vault slots` lists them"
	                        : "");
	return STATUS_DONE;
}

/* ---- slots */

static int add_key_file(struct vault *v, const char *path, struct error *e)
{
	struct key_secret secret = { .kind = SLOT_KEY_FILE };
	char *bytes = new_vault_key_file(path, &secret.size, e);
	if (!bytes) return -1;
	secret.bytes = bytes;
	int slot = vault_add_slot(v, &secret, key_cost_least, e);
	secret_free(bytes);
	return slot;
}

static int add_keyring(struct vault *v, struct error *e)
{
	if (!unlock_has_slot(v, SLOT_KEYRING)) return system_keyring_add_slot(v, e);
	error_set(e, "%s: the keyring keeps a key of this vault already", vault_name(v));
	return -1;
}

static int slots_add(const struct options *o, struct vault *v, struct error *e)
{
	const char *what = o->words[2], *file = o->n_words > 3 ? o->words[3] : NULL;
	if (strcmp(what, "key-file") == 0 && file) return add_key_file(v, file, e);
	if (strcmp(what, "keyring") == 0) return add_keyring(v, e);
	if (strcmp(what, "passphrase") == 0 && !file) return has_person(e) ? add_passphrase(v, e) : -1;
	return has_person(e) ? new_vault_recovery(v, e) : -1;
}

/* The number of a slot as people count, from 1; -1 with the line. */
static int slot_number(const char *text, struct error *e)
{
	if (text[0] >= '1' && text[0] <= '0' + KEY_SLOTS && !text[1]) return text[0] - '1';
	error_set(e, "a slot has a number from 1 to %d, not '%.40s'", (int)KEY_SLOTS, text);
	return -1;
}

static bool slots_remove(const struct options *o, struct vault *v, struct error *e)
{
	int slot = slot_number(o->words[2], e);
	if (slot < 0) return false;
	bool keyring = vault_keys(v)->slots[slot].kind == SLOT_KEYRING;
	if (!vault_remove_slot(v, slot, e)) return false;
	/* What the keyring goes on keeping opens nothing any more. */
	if (keyring) system_keyring(KEYRING_FORGET, vault_keys(v)->id, NULL, NULL);
	return true;
}

/* Is it `add WHAT [FILE]` or `remove N`? */
static bool understood(const struct options *o)
{
	size_t n = o->n_words;
	const char *verb = o->words[1], *what = n > 2 ? o->words[2] : "";
	if (strcmp(verb, "remove") == 0) return n == 3;
	if (strcmp(verb, "add") != 0) return false;
	if (strcmp(what, "key-file") == 0) return n == 4;
	return n == 3 && (strcmp(what, "passphrase") == 0 || strcmp(what, "recovery") == 0 || strcmp(what, "keyring") == 0);
}

int vault_slots_command(const struct options *o)
{
	struct vault_place place;
	struct error e;
	if (o->n_words == 1) return vault_describe(o);
	if (!understood(o)) {
		error_set(&e, "vault slots takes: add passphrase | add recovery | add keyring | add key-file FILE | remove N");
		return commands_misuse("vault", &e);
	}
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	bool adds = strcmp(o->words[1], "add") == 0;
	int slot = adds ? slots_add(o, v, &e) : -1;
	bool ok = adds ? slot >= 0 : slots_remove(o, v, &e);
	vault_close(v);
	if (!ok) return commands_fail(&e);
	if (adds)
		commands_note("slot %d of the vault \"%s\" opens it too", slot + 1, place.name);
	else
		commands_note("slot %s of the vault \"%s\" is empty: what it held opens the vault no more", o->words[2],
		              place.name);
	return STATUS_DONE;
}

/* ---- recovery */

int vault_recovery_command(const struct options *o)
{
	struct vault_place place;
	struct error e;
	if (o->n_words == 1) {
		static const char text[] =
		        "If you forgot the passphrase: start `hearth`, and type the recovery code where the passphrase is\n"
		        "asked for. It is the code of seven groups, like 7K2D-..., that was shown when the vault was made, for\n"
		        "you to write down. Small letters, spaces and missing dashes are no matter. Then give the vault a\n"
		        "new passphrase: `hearth vault passphrase` (type the code once more where it asks).\n\n"
		        "If you still know the passphrase but lost the code: `hearth vault recovery new` shows a new one, and\n"
		        "the old one opens the vault no more.\n\n"
		        "If you have neither, nor a key file that was added: nobody can open the vault, and nobody could make\n"
		        "hearth so that they can. `hearth vault create --vault NAME` makes another one.\n";
		return fputs(text, stdout) >= 0 && fflush(stdout) == 0 ? STATUS_DONE : STATUS_FAILED;
	}
	if (strcmp(o->words[1], "new") != 0) {
		error_set(&e, "vault recovery takes no word but 'new', not '%.40s'", o->words[1]);
		return commands_misuse("vault", &e);
	}
	if (!has_person(&e)) return commands_fail(&e);
	struct vault *v = unlock_for_command(o, &place, &e);
	if (!v) return commands_fail(&e);
	int slot = new_vault_recovery(v, &e);
	bool ok = slot >= 0 && remove_kind(v, SLOT_RECOVERY, slot, &e);
	vault_close(v);
	return ok ? STATUS_DONE : commands_fail(&e);
}
