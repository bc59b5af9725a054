/*
 * key_file: vault.key, the one file that stands between a person's secret and the vault's master key.
 *
 * Eight slots hold the same random master key, each wrapped under a key made from something else: a passphrase (Argon2id), a
 * recovery code, a file, an entry of the system's keyring, or nothing (a vault that is named unprotected). The whole file is
 * authenticated under the master key, so that a changed bit anywhere is noticed at unlocking; what is read before that is bounded.
 * The format is specified in docs/formats/vault.md.
 */
#ifndef HEARTH_STORE_KEY_FILE_H
#define HEARTH_STORE_KEY_FILE_H

#include "base/error.h"
#include "store/disk.h"
#include "store/seal.h"

enum { KEY_SLOTS = 8, KEY_FILE_BYTES = 1184, KEY_SALT = 16 };

enum slot_kind { SLOT_EMPTY, SLOT_PASSPHRASE, SLOT_RECOVERY, SLOT_KEY_FILE, SLOT_KEYRING, SLOT_UNPROTECTED, SLOT_KINDS };

/* What a slot is opened with. SLOT_PASSPHRASE: the words, UTF-8. SLOT_RECOVERY: the 16 bytes of the code. SLOT_KEY_FILE and
 * SLOT_KEYRING: 32 or more bytes that nobody can guess. SLOT_UNPROTECTED: nothing. The bytes stay the caller's. */
struct key_secret {
	enum slot_kind kind;
	const void *bytes;
	size_t size;
};

/* The price of trying one passphrase. */
struct key_cost {
	uint32_t passes;
	uint64_t memory; /* bytes */
};

struct key_slot {
	uint32_t kind;
	struct key_cost cost; /* zeros but for passphrases */
	uint64_t made;        /* seconds since 1970 */
	uint8_t salt[KEY_SALT];
	uint8_t wrapped[SEAL_KEY + SEAL_EXTRA];
};

struct key_file {
	uint8_t id[VAULT_ID];
	uint64_t made;
	uint64_t generation; /* of this file: one more at each writing */
	struct key_slot slots[KEY_SLOTS];
};

/* The least that a passphrase may cost, and the cost that takes about `seconds` here with at most an eighth of the free memory. */
extern const struct key_cost key_cost_least;
struct key_cost key_cost_measure(double seconds);

/* A new vault's: random id, `master` (SEAL_KEY bytes of secret memory) filled, no slot. */
void key_file_new(struct key_file *k, uint8_t *master);

/* Checks the form alone: nothing is authenticated before key_file_open. `name` is for messages. */
bool key_file_read(struct key_file *k, const uint8_t *bytes, size_t size, const char *name, struct error *e);

/* Tries the slots of the secret's kind; with the right one `master` is filled and the whole file authenticated. `slot` (may be
 * NULL) says which. False with a line that tells a wrong secret from a damaged file as far as that can be told. */
bool key_file_open(const struct key_file *k, const struct key_secret *secret, uint8_t *master, int *slot, const uint8_t *bytes,
                   const char *name, struct error *e);

/* Fills a free slot; -1 with the line when there is none or the secret is too weak to stand alone. `cost` is for passphrases. */
int key_file_add(struct key_file *k, const struct key_secret *secret, struct key_cost cost, const uint8_t *master, struct error *e);

/* Empties a slot; refused for the last one. */
bool key_file_remove(struct key_file *k, int slot, struct error *e);

/* The bytes of vault.key, authenticated under `master`. */
void key_file_write(const struct key_file *k, const uint8_t *master, uint8_t bytes[KEY_FILE_BYTES]);

#endif
