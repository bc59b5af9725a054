/* system_keyring: the key of a vault in the desktop's keyring, by way of hearth-keyring (src/app/keyring). */
#ifndef HEARTH_APP_HEARTH_SYSTEM_KEYRING_H
#define HEARTH_APP_HEARTH_SYSTEM_KEYRING_H

#include "store/vault.h"
#include "wire/keyring.h"

#include <stdbool.h>

/* Asks the keyring for the vault's key, gives it one to keep, or has it forgotten. `secret` is secret memory of KEYRING_SECRET
 * bytes (KEYRING_FORGET: NULL). False with the line when there is no keyring, or it refuses. */
bool system_keyring(enum keyring_wish wish, const uint8_t vault[KEYRING_ID], uint8_t *secret, struct error *e);

/* Gives an open vault a slot that the keyring opens: -1 with the line when the keyring does not keep the key. */
int system_keyring_add_slot(struct vault *v, struct error *e);

#endif
