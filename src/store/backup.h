/*
 * backup: a copy of a whole vault in one file, sealed as it is, and the way back.
 *
 * The file is a tar archive (POSIX ustar) of the vault's folder without its index, which is made anew, and with `backup.list` at
 * its end: a line for each file with the BLAKE2b-256 of its bytes. No secret is needed to write one, and none is in it. It is
 * consistent while another process works in the vault: the files are copied at a moment when nothing changes them, which is looked
 * for again when something did.
 */
#ifndef HEARTH_STORE_BACKUP_H
#define HEARTH_STORE_BACKUP_H

#include "store/vault.h"

struct backup_sum {
	size_t files;
	uint64_t bytes;
};

/* Writes the vault in `folder` to the file `path`, which appears when it is whole. */
bool backup_write(const char *folder, const char *path, struct backup_sum *sum, struct error *e);

/* Puts the backup `path` into `folder`, which is empty or not there. Every byte is compared with the list before vault.key makes a
 * vault of it; on failure the folder is as it was. */
bool backup_restore(const char *path, const char *folder, struct backup_sum *sum, struct error *e);

/* Opens everything that is in an open vault: pages, tables, titles, texts and chunks. False with the line for the first that is
 * damaged. */
struct verify_sum {
	size_t conversations, messages, blobs;
};
bool vault_verify(struct vault *v, struct verify_sum *sum, struct error *e);

#endif
