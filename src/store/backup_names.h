/* backup_names: what may lie in a backup: the closed list of names that one writes and a restore takes. */
#ifndef HEARTH_STORE_BACKUP_NAMES_H
#define HEARTH_STORE_BACKUP_NAMES_H

#include <stdbool.h>

extern const char backup_list_name[]; /* "backup.list" */

/* "blobs/" and twelve small hexadecimal digits. */
bool backup_name_is_blob(const char *name);

/* A file of a vault that a backup has: vault.key, erase.key, vault.db, its journal, the network ledger, or a blob. */
bool backup_name_is_right(const char *name);

#endif
