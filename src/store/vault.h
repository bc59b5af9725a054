/*
 * vault: a folder in which everything is sealed.
 *
 *     vault.key    who can open it (key_file)
 *     erase.key    the keys that can be forgotten (object_keys)
 *     vault.db     conversations and all that belongs to them (vault_vfs, schema)
 *     index.db     the full-text index, under a key that is forgotten whenever something is deleted (index)
 *     blobs/       large objects (blobs)
 *     vault.lock   held by the one process that owns the vault
 *     vault.sock   where it is asked by others (vault_service)
 *
 * A vault is locked or open. Locking closes the databases and wipes every key; what callers keep of its contents is theirs to
 * wipe. One thread of a program may use a vault; beside it, the thread of vault_service does, by vault_hold.
 */
#ifndef HEARTH_STORE_VAULT_H
#define HEARTH_STORE_VAULT_H

#include "store/key_file.h"
#include "store/object_keys.h"

#include <sqlite3.h>

struct vault;

enum vault_state { VAULT_ABSENT, VAULT_PRESENT, VAULT_BROKEN /* files of a vault without its vault.key */ };

/* What lies in the folder. */
enum vault_state vault_look(struct disk *d, const char *folder);

/* Makes a vault in an existing folder that has none, with one slot; it is open. `cost` is for a passphrase. NULL with the line. */
struct vault *vault_create(struct disk *d, const char *folder, const struct key_secret *secret, struct key_cost cost,
                           struct error *e);

/* Takes a vault that is there, locked. NULL with the line when another process owns it or its key file is damaged. */
struct vault *vault_take(struct disk *d, const char *folder, struct error *e);

/* Does another process own it now? */
bool vault_is_taken(struct disk *d, const char *folder);

/* Takes a vault and serves other processes (vault_serve), or, where another process owns it, joins that one: conversations.h then
 * goes by way of the owner, and what needs the files themselves (slots, blobs) is refused. A vault whose owner has ended is locked;
 * unlocking it looks for a new owner or becomes it. NULL with the line. */
struct vault *vault_join(struct disk *d, const char *folder, struct error *e);

/* Lets other processes of this user join (vault_service); without it they are refused. */
bool vault_serve(struct vault *v, struct error *e);

/* Opens it, and clears away what a crash left. A joined vault that its owner has open needs no secret. */
bool vault_unlock(struct vault *v, const struct key_secret *secret, struct error *e);
void vault_lock(struct vault *v);
void vault_close(struct vault *v); /* locks, and lets other processes have it; NULL is allowed */

/* Erases the vault in a folder that no process has open: its keys are overwritten and gone before its files are removed. */
bool vault_destroy(struct disk *d, const char *folder, struct error *e);

bool vault_is_open(const struct vault *v);
const struct key_file *vault_keys(const struct vault *v); /* ids, times and kinds of the slots; no secret */

/* Slots of an open vault, on the disk when these return true. The number of the new slot, -1 on failure. */
int vault_add_slot(struct vault *v, const struct key_secret *secret, struct key_cost cost, struct error *e);
bool vault_remove_slot(struct vault *v, int slot, struct error *e);

/* The owner as it is asked; NULL when this process owns the vault. */
struct vault_remote;
struct vault_remote *vault_remote(struct vault *v);

/* Keeps the service's thread from the vault meanwhile; may be nested. Public functions of this folder do it themselves.
 * vault_release gives back `ok`. */
void vault_hold(struct vault *v);
bool vault_release(struct vault *v, bool ok);

/* A change to the database, whole or not at all: between the two, statements on vault_database. vault_finish commits when `ok`,
 * else it takes everything back; it is true when the change is on the disk. */
bool vault_begin(struct vault *v, struct error *e);
bool vault_finish(struct vault *v, bool ok, struct error *e);

/* Keeps a count of the changes in a file outside of the folder (see rollback.h), from the next unlocking or change on; and says
 * whether the last unlocking found the vault older than that file knows it. */
void vault_watch(struct vault *v, const char *path);
bool vault_is_older(const struct vault *v);

/* For the other files of this folder: a key for one purpose from the master key, the database of an open vault, the keys of its
 * objects, and what its messages start with. */
bool vault_subkey(const struct vault *v, uint8_t key[SEAL_KEY], const char purpose[9]); /* false: it is locked */
sqlite3 *vault_database(struct vault *v);
sqlite3 *vault_index(struct vault *v);
struct object_keys *vault_object_keys(struct vault *v);
const uint8_t *vault_id(const struct vault *v);
const char *vault_name(const struct vault *v); /* the folder */
struct disk *vault_disk(struct vault *v);

/* Forgets the index's key and starts an empty index under a new one. */
bool vault_renew_index(struct vault *v, struct error *e);

/* Forgets keys whose conversation or blob is gone, as when a deletion was cut short, with what lies under them. */
bool vault_tidy(struct vault *v, struct error *e);

#endif
