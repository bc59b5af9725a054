/* new_vault: questions, files and the recovery code (see new_vault.h). */
#include "app/hearth/new_vault.h"

#include "app/hearth/ask.h"
#include "app/hearth/system_keyring.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "base/file.h"
#include "store/recovery_code.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { KEY_FILE_SIZE = 64, SHORT = 10 };

static void say(const char *text)
{
	terminal_write(text, strlen(text));
}

bool new_vault_ask_passphrase(char *words, size_t *size)
{
	char *again = ask_secret_room();
	size_t again_size = 0;
	bool taken = false;
	while (again && !taken) {
		if (ask_secret("New passphrase (nothing shows while you type): ", words, size) != ASK_TAKEN || *size == 0) break;
		if (ask_secret("The same once more: ", again, &again_size) != ASK_TAKEN) break;
		taken = *size == again_size && seal_equal(words, again, *size);
		if (!taken) say("These two are not the same. Once again:\n");
	}
	secret_free(again);
	if (taken && *size < SHORT)
		say("That is short, and short ones are guessed. Four words or more are good;\n"
		    "`hearth vault passphrase` changes it.\n");
	return taken;
}

/* The code stays on the screen, and nowhere else. */
static void show_recovery_code(const uint8_t code[RECOVERY_BYTES])
{
	char text[RECOVERY_TEXT], line[128];
	recovery_code_write(text, code);
	snprintf(line, sizeof line, "\n    %s\n\n", text);
	say("\nThis is your recovery code. It is shown only now: write it on paper and keep it\n"
	    "where you keep your passport.\n");
	say(line);
	say("If you forget the passphrase, type this code in its place. Whoever has it can read\n"
	    "your conversations. Without the passphrase and without this code nobody can open\n"
	    "the vault again, not even the makers of hearth.\n\n");
	seal_wipe(text, sizeof text);
	seal_wipe(line, sizeof line);
}

int new_vault_recovery(struct vault *v, struct error *e)
{
	uint8_t code[RECOVERY_BYTES];
	seal_random(code, sizeof code);
	const struct key_secret secret = { .kind = SLOT_RECOVERY, .bytes = code, .size = sizeof code };
	int slot = vault_add_slot(v, &secret, key_cost_least, e);
	if (slot >= 0) show_recovery_code(code);
	seal_wipe(code, sizeof code);
	return slot;
}

bool new_vault_place(const struct vault_place *p, struct error *e)
{
	if (p->state == VAULT_PRESENT) return error_set(e, "%s: there is a vault already", p->folder);
	if (p->state == VAULT_BROKEN)
		return error_set(e, "%s: a vault's files without vault.key; put a backup of that file back", p->folder);
	return paths_make_folder(p->folder, e);
}

struct vault *new_vault_with_passphrase(const struct vault_place *p, bool *left, struct error *e)
{
	struct key_secret secret = { .kind = SLOT_PASSPHRASE };
	struct vault *v = NULL;
	*left = false;
	char *words = ask_secret_room();
	if (!words) {
		error_memory(e);
		return NULL;
	}
	if (!new_vault_ask_passphrase(words, &secret.size)) {
		*left = true;
		error_set(e, "no vault was made");
	} else if (new_vault_place(p, e)) {
		secret.bytes = words;
		v = vault_create(disk_real(), p->folder, &secret, key_cost_measure(NEW_VAULT_SECONDS), e);
	}
	secret_free(words);
	if (v) unlock_watch(v);
	if (!v || new_vault_recovery(v, e) >= 0) return v;
	vault_close(v);
	return NULL;
}

/* A new file of random bytes, for its owner alone. */
static bool make_key_file(const char *path, struct error *e)
{
	uint8_t bytes[KEY_FILE_SIZE];
	struct file_writer w;
	if (!seal_start()) return error_set(e, "no random numbers are to be had here");
	seal_random(bytes, sizeof bytes);
	mode_t mask = umask(077);
	bool ok = file_create(&w, path, e);
	umask(mask);
	ok = ok && file_write(&w, bytes, sizeof bytes, e) && file_commit(&w, e);
	if (!ok) file_abandon(&w);
	seal_wipe(bytes, sizeof bytes);
	return ok;
}

char *new_vault_key_file(const char *path, size_t *size, struct error *e)
{
	if (!file_exists(path) && !make_key_file(path, e)) return NULL;
	return unlock_read_key_file(path, size, e);
}

struct vault *new_vault_with_key_file(const struct vault_place *p, const char *path, struct error *e)
{
	struct key_secret secret = { .kind = SLOT_KEY_FILE };
	char *bytes = new_vault_place(p, e) ? new_vault_key_file(path, &secret.size, e) : NULL;
	if (!bytes) return NULL;
	secret.bytes = bytes;
	struct vault *v = vault_create(disk_real(), p->folder, &secret, key_cost_least, e);
	if (v) unlock_watch(v);
	secret_free(bytes);
	return v;
}

struct vault *new_vault_unencrypted(const struct vault_place *p, struct error *e)
{
	const struct key_secret secret = { .kind = SLOT_UNPROTECTED };
	return new_vault_place(p, e) ? vault_create(disk_real(), p->folder, &secret, key_cost_least, e) : NULL;
}

/* The keyring knows a vault by its id, which it has when it is made: so it is made open to all, in an empty folder, and the
 * keyring's slot takes the place of the open one before anything is in it. */
struct vault *new_vault_with_keyring(const struct vault_place *p, struct error *e)
{
	struct vault *v = new_vault_unencrypted(p, e);
	if (!v) return NULL;
	if (system_keyring_add_slot(v, e) >= 0 && vault_remove_slot(v, 0, e)) {
		struct terminal t = terminal_look(false);
		if (!t.output || new_vault_recovery(v, e) >= 0) return v;
	}
	vault_close(v);
	vault_destroy(disk_real(), p->folder, NULL);
	return NULL;
}
