/* unlock: tries and questions (see unlock.h). */
#include "app/hearth/unlock.h"

#include "app/hearth/ask.h"
#include "app/hearth/commands.h"
#include "app/hearth/system_keyring.h"
#include "app/hearth/terminal.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/recovery_code.h"

#include <string.h>

enum { MAX_KEY_FILE = 1 << 20, COMMAND_TRIES = 5, HINT_AFTER = 2, PATIENCE = 5 };

bool unlock_has_slot(const struct vault *v, enum slot_kind kind)
{
	const struct key_file *k = vault_keys(v);
	for (int i = 0; i < KEY_SLOTS; i++) {
		if (k->slots[i].kind == kind) return true;
	}
	return false;
}

char *unlock_read_key_file(const char *path, size_t *size, struct error *e)
{
	char *bytes = file_read(path, MAX_KEY_FILE, size, e), *secret = NULL;
	if (!bytes) return NULL;
	if (*size == 0)
		error_set(e, "%s: is empty; a key file has at least %d random bytes", path, SEAL_KEY);
	else if (!seal_start() || !(secret = secret_new(*size)))
		error_memory(e);
	else
		memcpy(secret, bytes, *size);
	memory_wipe(bytes, *size);
	memory_free(bytes);
	return secret;
}

static bool open_with_file(struct vault *v, const char *path, struct error *e)
{
	struct key_secret secret = { .kind = SLOT_KEY_FILE };
	char *bytes = unlock_read_key_file(path, &secret.size, e);
	if (!bytes) return false;
	secret.bytes = bytes;
	bool ok = vault_unlock(v, &secret, e);
	secret_free(bytes);
	return ok;
}

bool unlock_with_words(struct vault *v, const char *words, size_t size, struct error *e)
{
	uint8_t code[RECOVERY_BYTES];
	struct key_secret secret = { .kind = SLOT_RECOVERY, .bytes = code, .size = sizeof code };
	if (unlock_has_slot(v, SLOT_RECOVERY) && recovery_code_read(code, words, size)) {
		bool ok = vault_unlock(v, &secret, e);
		seal_wipe(code, sizeof code);
		if (ok) return true;
	}
	if (!unlock_has_slot(v, SLOT_PASSPHRASE))
		return error_set(e, "%s: has no passphrase; open it with its key file (--key-file FILE)", vault_name(v));
	secret = (struct key_secret){ .kind = SLOT_PASSPHRASE, .bytes = words, .size = size };
	return vault_unlock(v, &secret, e);
}

bool unlock_with_keyring(struct vault *v, struct error *e)
{
	uint8_t *bytes = secret_new(KEYRING_SECRET);
	if (!bytes) return error_memory(e);
	const struct key_secret secret = { .kind = SLOT_KEYRING, .bytes = bytes, .size = KEYRING_SECRET };
	bool ok = system_keyring(KEYRING_FIND, vault_keys(v)->id, bytes, e) && vault_unlock(v, &secret, e);
	secret_free(bytes);
	return ok;
}

void unlock_watch(struct vault *v)
{
	char path[PATHS_ROOM];
	if (vault_place_counter(path, vault_id(v))) vault_watch(v, path);
}

static enum unlock_result unlocked(const struct vault *v)
{
	if (vault_is_older(v))
		commands_note(
		        "this vault is older than it was: it was put back from a copy, and what was said since then is not in it");
	return UNLOCK_OPEN;
}

enum unlock_result unlock_vault(struct vault *v, const char *key_file, const char *prompt, int tries, struct error *e)
{
	const struct key_secret nothing = { .kind = SLOT_UNPROTECTED };
	if (vault_is_open(v)) return UNLOCK_OPEN;
	unlock_watch(v);
	if (vault_remote(v)) { /* its owner may have gone, so that this process owns it afterwards */
		if (vault_unlock(v, &nothing, e)) return unlocked(v);
		if (vault_remote(v)) return UNLOCK_FAILED;
	}
	if (key_file) return open_with_file(v, key_file, e) ? unlocked(v) : UNLOCK_FAILED;
	if (unlock_has_slot(v, SLOT_UNPROTECTED)) return vault_unlock(v, &nothing, e) ? unlocked(v) : UNLOCK_FAILED;
	if (unlock_has_slot(v, SLOT_KEYRING)) {
		if (unlock_with_keyring(v, e)) return unlocked(v);
		if (!unlock_has_slot(v, SLOT_PASSPHRASE) && !unlock_has_slot(v, SLOT_RECOVERY)) return UNLOCK_FAILED;
		commands_note("%s", e->text);
	}
	if (!unlock_has_slot(v, SLOT_PASSPHRASE) && !unlock_has_slot(v, SLOT_RECOVERY)) {
		error_set(e, "%s: the vault opens with its key file alone (--key-file FILE)", vault_name(v));
		return UNLOCK_FAILED;
	}
	struct terminal t = terminal_look(false);
	if (!t.input || !t.output) {
		error_set(e, "%s: the vault is locked; name its key file (--key-file FILE), or start this in a terminal",
		          vault_name(v));
		return UNLOCK_FAILED;
	}
	char *words = ask_secret_room();
	size_t size = 0;
	if (!words) {
		error_memory(e);
		return UNLOCK_FAILED;
	}
	enum unlock_result result = UNLOCK_FAILED;
	for (int i = 0; tries == 0 || i < tries; i++) {
		enum ask_result asked = ask_secret(prompt, words, &size);
		if (asked == ASK_LONG) continue;
		if (asked != ASK_TAKEN || size == 0) {
			error_set(e, "%s: the vault stays locked", vault_name(v));
			result = asked == ASK_TAKEN ? UNLOCK_SKIPPED : UNLOCK_LEFT;
			break;
		}
		bool open = unlock_with_words(v, words, size, e);
		seal_wipe(words, ASK_SECRET);
		if (open) {
			result = unlocked(v);
			break;
		}
		commands_note("%s", e->text);
		if (i == HINT_AFTER)
			commands_note("if you forgot the passphrase, type the recovery code in its place (hearth vault recovery "
			              "explains)");
	}
	secret_free(words);
	return result;
}

struct vault *unlock_for_command(const struct options *o, struct vault_place *place, struct error *e)
{
	struct paths paths;
	paths_find(&paths);
	terminal_watch_signals(PATIENCE);
	if (!vault_place_find(place, &paths, o->vault, e)) return NULL;
	if (place->state == VAULT_ABSENT) {
		error_set(e, "%s: there is no vault here; `hearth vault create` makes one", place->folder);
		return NULL;
	}
	struct vault *v = vault_join(disk_real(), place->folder, e);
	if (!v) return NULL;
	if (unlock_vault(v, o->key_file, "Passphrase: ", COMMAND_TRIES, e) == UNLOCK_OPEN) return v;
	vault_close(v);
	return NULL;
}
