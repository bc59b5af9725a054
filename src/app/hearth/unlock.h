/*
 * unlock: from a vault that is there to one that is open.
 *
 * What needs no person is tried first: the key file that was named, a vault that is named unencrypted. Then, on a terminal, the
 * passphrase is asked for, or the recovery code in its place. A wrong one changes nothing.
 */
#ifndef HEARTH_APP_HEARTH_UNLOCK_H
#define HEARTH_APP_HEARTH_UNLOCK_H

#include "app/hearth/options.h"
#include "app/hearth/vault_place.h"

enum unlock_result {
	UNLOCK_OPEN,
	UNLOCK_SKIPPED, /* the person pressed Enter alone */
	UNLOCK_LEFT,    /* or Ctrl-C or Ctrl-D */
	UNLOCK_FAILED   /* the line says why */
};

/* Opens a vault that this process has taken or joined. `key_file` may be NULL. `prompt` is what the first question says; it is
 * asked until it is answered rightly, `tries` times at most (0: without end). */
enum unlock_result unlock_vault(struct vault *v, const char *key_file, const char *prompt, int tries, struct error *e);

/* For commands: finds the vault that the options name, into *place, joins and opens it; without a terminal only what needs no
 * person. NULL with the line. The caller ends with vault_close. */
struct vault *unlock_for_command(const struct options *o, struct vault_place *place, struct error *e);

/* Keeps the count by which an old copy of the vault is noticed (store/rollback.h), in the settings folder: the vault's folder may
 * be put back as a whole. unlock_vault does it, and says what it notices. */
void unlock_watch(struct vault *v);

/* Opens it with what was typed: the passphrase, or the recovery code, which its check tells from a passphrase. And with the key
 * that the desktop's keyring keeps. */
bool unlock_with_words(struct vault *v, const char *words, size_t size, struct error *e);
bool unlock_with_keyring(struct vault *v, struct error *e);

/* Reads a key file into secret memory of its own (secret_free). NULL with the line. */
char *unlock_read_key_file(const char *path, size_t *size, struct error *e);

/* Does the vault have a slot of this kind? */
bool unlock_has_slot(const struct vault *v, enum slot_kind kind);

#endif
