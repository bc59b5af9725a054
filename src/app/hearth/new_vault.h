/*
 * new_vault: making a vault, with the words that a person reads while doing so.
 *
 * Each function makes the folder, asks what is to be asked on the terminal, and gives the vault open; NULL with the line when it
 * failed, or when the person left (then *left is set and nothing was made).
 */
#ifndef HEARTH_APP_HEARTH_NEW_VAULT_H
#define HEARTH_APP_HEARTH_NEW_VAULT_H

#include "app/hearth/vault_place.h"

/* A passphrase, typed twice, and a recovery code, shown once. Needs a terminal. */
struct vault *new_vault_with_passphrase(const struct vault_place *p, bool *left, struct error *e);

/* A file's bytes; the file is made with random ones where it is not there. */
struct vault *new_vault_with_key_file(const struct vault_place *p, const char *path, struct error *e);

/* Makes the vault's folder. False where there is a vault already, or what is left of one. */
bool new_vault_place(const struct vault_place *p, struct error *e);

/* The bytes of a key file in secret memory (secret_free); made with random ones where it is not there. NULL with the line. */
char *new_vault_key_file(const char *path, size_t *size, struct error *e);

/* Nothing: whoever can read the files can read the conversations. */
struct vault *new_vault_unencrypted(const struct vault_place *p, struct error *e);

/* A key that the desktop's keyring keeps, and on a terminal a recovery code, shown once. */
struct vault *new_vault_with_keyring(const struct vault_place *p, struct error *e);

/* Asks for a new passphrase, twice, until both are equal, into `words` (ask_secret_room). False: the person left. */
bool new_vault_ask_passphrase(char *words, size_t *size);

/* Adds a recovery code to an open vault and shows it, with what it is for. The slot's number, -1 with the line. */
int new_vault_recovery(struct vault *v, struct error *e);

/* How long an unlocking with a passphrase should take, in seconds. */
#define NEW_VAULT_SECONDS 1.0

#endif
