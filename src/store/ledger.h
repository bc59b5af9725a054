/*
 * ledger: every connection that hearth ever made, a line each, never changed and never taken away.
 *
 * A connection has a line before it is made and one after it has ended, so that a crash between them leaves the first. Each line
 * begins with a hash over the line before and itself: one that is changed, taken out or put in breaks the chain. Beside a vault the
 * lines are sealed to a public key that stands in the file's first line, so that a locked vault does not hinder writing,
 * and nothing but the vault's master key reads them; without a vault they are plain. Pins (what file a name led to the first time)
 * are lines too. Format: docs/formats/ledger.md.
 */
#ifndef HEARTH_STORE_LEDGER_H
#define HEARTH_STORE_LEDGER_H

#include "base/error.h"
#include "store/vault.h"

#define LEDGER_FILE "network.log" /* its name in a vault's folder */

enum { LEDGER_HOST = 384, LEDGER_RESULT = 512, LEDGER_SENT = 8192, LEDGER_HASH = 65, LEDGER_NAME = 4096 };

enum ledger_kind { LEDGER_BEGIN, LEDGER_END, LEDGER_PIN, LEDGER_KINDS };

struct ledger_entry {
	enum ledger_kind kind;
	uint64_t time;                   /* seconds since 1970 */
	uint64_t number;                 /* LEDGER_END: that of the LEDGER_BEGIN it belongs to */
	uint64_t up, down;               /* LEDGER_END: bytes */
	char host[LEDGER_HOST];          /* LEDGER_BEGIN: and, behind a space, through which proxy */
	char result[LEDGER_RESULT];      /* LEDGER_END: "done", or what went wrong */
	char hash[LEDGER_HASH];          /* LEDGER_END: SHA-256 of what was sent; LEDGER_PIN: of the file */
	char name[LEDGER_NAME];          /* LEDGER_PIN: the URL */
	size_t sent_size;                /* LEDGER_END */
	unsigned char sent[LEDGER_SENT]; /* LEDGER_END: what was sent, every byte */
};

/* What a sealed ledger is written with, and read with. */
struct ledger_keys {
	uint8_t vault[VAULT_ID];
	uint8_t public_key[SEAL_PUBLIC];
	const uint8_t *secret_key; /* SEAL_KEY bytes of secret memory; NULL: writing alone */
};

/* The keys of an open vault's ledger; `secret_key` is SEAL_KEY bytes of secret memory. False: the vault is locked. */
bool ledger_keys_of(struct ledger_keys *k, uint8_t *secret_key, const struct vault *v);

/* Makes the ledger of a vault that was just opened, where it has none yet. */
bool ledger_begin(struct vault *v, struct error *e);

/* Makes the file where there is none: sealed with `keys`, plain without. False when one is there that does not fit the keys. */
bool ledger_prepare(struct disk *d, const char *path, const struct ledger_keys *keys, struct error *e);

/* Adds a line, on the disk when this returns true, and says its number (from 1; `number` may be NULL). A chain that is broken is
 * added to by nobody: false, and what to do. */
bool ledger_add(struct disk *d, const char *path, const struct ledger_entry *entry, uint64_t *number, struct error *e);

struct ledger_state {
	uint64_t lines;
	bool sealed;
	uint64_t unreadable; /* lines that are sealed and no key was given for */
};

/* Visits all lines in order, with their numbers; goes on while the visitor returns true. `keys` may be NULL. A missing file has no
 * lines. False when the chain is broken; the lines before were visited. */
typedef bool (*ledger_visitor)(void *context, uint64_t number, const struct ledger_entry *entry);
bool ledger_read(struct disk *d, const char *path, const struct ledger_keys *keys, ledger_visitor visit, void *context,
                 struct ledger_state *state, struct error *e);

/* Takes the lines of a plain ledger over into the sealed one, then overwrites and removes it. No plain one: nothing to do. */
bool ledger_adopt(struct disk *d, const char *plain, const char *sealed, struct error *e);

#endif
