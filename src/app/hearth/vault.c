/*
 * vault: `hearth vault`, and the table of its words.
 *
 * Alone it explains the vault from the outside, without opening it: where everything lies, who can open it, what is protected and
 * what is not.
 */
#include "app/hearth/commands.h"
#include "app/hearth/unlock.h"
#include "app/hearth/vault_commands.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_OUT = 1 << 20 };

const struct word_row vault_words[] = {
	{ "create", "", "make a vault: asks for a passphrase and shows a recovery code once", 0, 0, vault_create_command },
	{ "passphrase", "", "change the passphrase, or give one to an unencrypted vault", 0, 0, vault_passphrase_command },
	{ "slots", "[add passphrase | add recovery | add keyring | add key-file FILE | remove N]",
	  "who can open it: up to eight ways", 0, 3, vault_slots_command },
	{ "recovery", "[new]", "the way out after a forgotten passphrase; `new` shows a new code", 0, 1, vault_recovery_command },
	{ "lock", "", "lock it in every hearth that runs now", 0, 0, vault_lock_command },
	{ "size", "", "what takes how much room, and where everything lies", 0, 0, vault_size_command },
	{ "backup", "FILE|FOLDER", "copy the vault into one file, sealed as it is, also while it is open", 1, 1,
	  vault_backup_command },
	{ "restore", "FILE", "a backup's way back; everything in it is read before it says done", 1, 1, vault_restore_command },
	{ "export", "FILE [NUMBER...]", "conversations as Markdown or (--json, FILE.json) JSON, in the clear", 1, 1000,
	  vault_export_command },
	{ "import", "FILE", "conversations from ChatGPT, Claude, Open WebUI, or such an export", 1, 1, vault_import_command },
	{ "delete", "--all", "erase the whole vault: its keys first, then its files", 0, 0, vault_delete_command },
	{ NULL, NULL, NULL, 0, 0, NULL },
};

static const char *const kind_names[SLOT_KINDS] = {
	[SLOT_PASSPHRASE] = "passphrase", [SLOT_RECOVERY] = "recovery code",  [SLOT_KEY_FILE] = "key file",
	[SLOT_KEYRING] = "keyring",       [SLOT_UNPROTECTED] = "unencrypted",
};

static void describe_absent(struct buffer *out, const struct vault_place *p)
{
	buffer_format(out,
	              "There is no vault yet, so no conversation is kept: what you type is forgotten when\n"
	              "the chat ends.\n\n"
	              "`hearth vault create` makes one in\n  %s\n"
	              "An encrypted vault keeps your conversations on this machine, to go on with, to search\n"
	              "and to delete, and nobody can read them without your passphrase.\n",
	              p->folder);
}

/* One row a slot that is in use. */
static void describe_slots(struct buffer *out, const struct key_file *k)
{
	buffer_append_text(out, "Who can open it:\n");
	for (int i = 0; i < KEY_SLOTS; i++) {
		const struct key_slot *s = k->slots + i;
		char day[32] = "";
		time_t made = (time_t)s->made;
		struct tm local;
		if (s->kind == SLOT_EMPTY) continue;
		if (localtime_r(&made, &local)) strftime(day, sizeof day, "%Y-%m-%d", &local);
		buffer_format(out, "  slot %d  %-14s since %s", i + 1, kind_names[s->kind], day);
		if (s->kind == SLOT_PASSPHRASE)
			buffer_format(out, ", Argon2id with %u passes over %llu MiB", s->cost.passes,
			              (unsigned long long)(s->cost.memory >> 20));
		buffer_append_byte(out, '\n');
	}
}

/* Where the keys are now. */
enum use { USE_NONE, USE_LOCKED, USE_OPEN };

static enum use look_at_use(const struct vault_place *p)
{
	if (!vault_is_taken(disk_real(), p->folder)) return USE_NONE;
	struct vault *v = vault_join(disk_real(), p->folder, NULL);
	bool open = v && vault_is_open(v);
	vault_close(v);
	return open || !v ? USE_OPEN : USE_LOCKED;
}

static const char *const state_text[] = {
	[USE_NONE] = "It is locked: no process has its keys.",
	[USE_LOCKED] = "It is locked: a hearth runs with it, and has no key.",
	[USE_OPEN] = "It is unlocked, in a hearth that runs now. `hearth vault lock` locks it.",
};

static void describe(struct buffer *out, const struct vault_place *p, const struct key_file *k, enum use state)
{
	bool open = false;
	for (int i = 0; i < KEY_SLOTS; i++) open = open || k->slots[i].kind == SLOT_UNPROTECTED;
	buffer_format(out, "Vault \"%s\" in\n  %s\n%s\n\n", p->name, p->folder, open ? "It is unencrypted." : state_text[state]);
	describe_slots(out, k);
	if (open)
		buffer_append_text(out, "\nTHIS VAULT IS NOT PROTECTED: it opens without any secret, so whoever can read its\n"
		                        "files can read your conversations. `hearth vault passphrase` gives it one.\n");
	else
		buffer_append_text(out, "\nProtected: your messages, the answers, titles, and the search index. Each file is\n"
		                        "encrypted, and a change of it is noticed. What you delete loses its key.\n");
	buffer_append_text(out, "Not protected: the files' sizes and times; what an open chat has in memory, against\n"
	                        "whoever rules this machine; old copies of these files in backups; and traces that a\n"
	                        "solid-state disk may keep of what was overwritten. SECURITY.md tells more.\n");
}

static void describe_json(struct buffer *out, const struct vault_place *p, const struct key_file *k, enum use state)
{
	buffer_append_text(out, "{\"name\": ");
	json_write_text(out, p->name, strlen(p->name));
	buffer_append_text(out, ", \"folder\": ");
	json_write_text(out, p->folder, strlen(p->folder));
	buffer_format(out, ", \"present\": %s, \"unlocked\": %s, \"slots\": [", k ? "true" : "false",
	              state == USE_OPEN ? "true" : "false");
	const char *between = "";
	for (int i = 0; k && i < KEY_SLOTS; i++) {
		const struct key_slot *s = k->slots + i;
		if (s->kind == SLOT_EMPTY) continue;
		buffer_format(out, "%s{\"slot\": %d, \"kind\": \"%s\", \"made\": %llu, \"passes\": %u, \"memory\": %llu}", between,
		              i + 1, kind_names[s->kind], (unsigned long long)s->made, s->cost.passes,
		              (unsigned long long)s->cost.memory);
		between = ", ";
	}
	buffer_append_text(out, "]}\n");
}

/* Reads the slots of a vault without taking it. */
static bool read_slots(struct key_file *k, const struct vault_place *p, struct error *e)
{
	char path[PATHS_ROOM];
	uint8_t *bytes = NULL;
	size_t size = 0;
	if (!paths_join(path, p->folder, "vault.key")) return error_set(e, "%s: the path is too long", p->folder);
	int error = disk_load(disk_real(), path, KEY_FILE_BYTES * 2, &bytes, &size);
	bool ok = error ? error_set(e, "%s: %s", path, strerror(error)) : key_file_read(k, bytes, size, path, e);
	memory_free(bytes);
	return ok;
}

int vault_describe(const struct options *o)
{
	struct vault_place place;
	struct paths paths;
	struct key_file keys;
	struct error e;
	struct buffer out = buffer_new(MAX_OUT);
	paths_find(&paths);
	if (!vault_place_find(&place, &paths, o->vault, &e)) return commands_fail(&e);
	bool there = place.state == VAULT_PRESENT;
	if (place.state == VAULT_BROKEN) {
		error_set(&e, "%s: a vault's files without vault.key; put a backup of that file back", place.folder);
		return commands_fail(&e);
	}
	if (there && !read_slots(&keys, &place, &e)) return commands_fail(&e);
	enum use state = there ? look_at_use(&place) : USE_NONE;
	if (o->json)
		describe_json(&out, &place, there ? &keys : NULL, state);
	else if (there)
		describe(&out, &place, &keys, state);
	else
		describe_absent(&out, &place);
	return commands_print(&out);
}

int vault_command(const struct options *o)
{
	struct error e;
	if (o->n_words == 0) return vault_describe(o);
	const struct word_row *word = options_word(o, &e);
	return word ? word->run(o) : commands_misuse("vault", &e);
}
