/*
 * vault_vfs: SQLite's files, sealed.
 *
 * A virtual file system for one database of a vault: its main file through sealed_pages, its journal and write-ahead log
 * through sealed_log under the same key, temporary files through sealed_log under a key that is drawn for each and kept nowhere.
 * It does not lock: the one process that owns a vault is the only one to open it.
 */
#ifndef HEARTH_STORE_VAULT_VFS_H
#define HEARTH_STORE_VAULT_VFS_H

#include "base/error.h"
#include "store/sealed_pages.h"

#include <sqlite3.h>

struct vault_vfs;

/* Prepares SQLite for a vault, once a process: memory is wiped when it is freed, statement journals stay in memory. */
bool vault_sqlite_start(struct error *e);

/* The key must live as long as the file system, which must be freed after every connection that uses it is closed. */
struct vault_vfs *vault_vfs_new(struct disk *d, const struct sealing *s, struct error *e);
void vault_vfs_free(struct vault_vfs *v); /* NULL is allowed */

/* Opens (or makes) the database in `path`: pages of VAULT_PAGE bytes, rollback journal, every commit synced. `name` is for
 * messages. NULL with the line when it cannot be opened or a page of it is damaged. */
sqlite3 *vault_vfs_open(struct vault_vfs *v, const char *path, const char *name, struct error *e);

/* The line for a failed call: "NAME: what SQLite says", damage named as such. Always returns false. */
bool vault_sqlite_error(sqlite3 *db, const char *name, struct error *e);

#endif
