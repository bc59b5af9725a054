/*
 * sealed_log: a file of any content (a journal, a temporary file), sealed as a log of what was written to it.
 *
 * SQLite writes journals in pieces of a few bytes at places of its choice, and relies on what was synced staying as it is. So
 * nothing is ever overwritten here: each write becomes a record behind the last one, and a table in memory says which record holds
 * which bytes. Emptying the file empties the log. Opened again, the log is read up to the first record that is not whole, as if the
 * later writes had never come, which is what a crash may do to writes that were not synced. Where a record shows that the broken
 * one had been synced before, the file was damaged or changed and is refused.
 *
 *     file    := magic "hearthL1", log id (16 bytes), record*
 *     record  := head, body; both end on a multiple of 64 bytes
 *     head    := ciphertext (24 bytes: offset u64, size u32, number u32, synced u32, kind u32), nonce, tag
 *     body    := ciphertext (size bytes), nonce, tag, zeros; only kind 0 has one
 *
 * `number` counts the records from 0; `synced` says how many of them had been synced when this one was written. Kinds: 0 bytes for
 * `offset`, 1 the file now ends at `offset`, 2 nothing (it only says what was synced).
 */
#ifndef HEARTH_STORE_SEALED_LOG_H
#define HEARTH_STORE_SEALED_LOG_H

#include "store/sealed_pages.h"

struct sealed_log;

/* Takes the file over, also on failure; EBADMSG when it is damaged. */
int sealed_log_open(struct sealed_log **log, struct disk *d, struct disk_file *f, const struct sealing *s);
void sealed_log_close(struct sealed_log *log); /* writes what is pending, does not sync; NULL is allowed */

/* As pread, pwrite, ftruncate, fdatasync and the size of a plain file of that content. Bytes never written are zeros. */
int sealed_log_read(struct sealed_log *log, uint8_t *bytes, size_t size, uint64_t at, size_t *got);
int sealed_log_write(struct sealed_log *log, const uint8_t *bytes, size_t size, uint64_t at);
int sealed_log_resize(struct sealed_log *log, uint64_t size);
int sealed_log_sync(struct sealed_log *log);
uint64_t sealed_log_size(const struct sealed_log *log);

#endif
