/*
 * blobs: large objects (the file of a model, a document) in files of their own below the vault's folder, in sealed chunks.
 *
 * Each has a random key of its own in erase.key, so that deleting one is forgetting a key. Its name, kind and size stand in
 * vault.db; the file `blobs/ID` holds chunks of BLOB_CHUNK bytes, each bound to its object, its number and to being the last one or
 * not, so that any byte can be read by opening one chunk and nothing can be moved, cut off or added. A blob is there when
 * blobs_commit has returned true, and not before; what a crash left of one that was being written is taken away at the next
 * unlocking (vault_tidy). The format is specified in docs/formats/vault.md.
 *
 * The one thread that uses the vault uses its blobs. Writers and readers must end before the vault is closed; while it is locked
 * they fail with a line.
 */
#ifndef HEARTH_STORE_BLOBS_H
#define HEARTH_STORE_BLOBS_H

#include "store/vault.h"

enum blob_kind { BLOB_MODEL = 1, BLOB_DOCUMENT = 2 };

enum { BLOB_CHUNK = 64 << 10, MAX_BLOB_NAME = 1000 };

struct blob_entry {
	int64_t id, made; /* made: seconds since 1970 */
	enum blob_kind kind;
	uint64_t size;    /* bytes of its content */
	const char *name; /* UTF-8; valid during the call */
};

/* Goes on while it returns true. */
typedef bool (*blob_visitor)(void *context, const struct blob_entry *b);

struct blob_writer;
struct blob;

/* Begins a new blob; NULL with the line. Writing appends. blobs_commit puts everything on the disk, says the new blob's id and
 * frees the writer in any case; blobs_abandon (NULL is allowed) takes all of it away. */
struct blob_writer *blobs_create(struct vault *v, enum blob_kind kind, const char *name, struct error *e);
bool blobs_write(struct blob_writer *w, const void *bytes, size_t size, struct error *e);
bool blobs_commit(struct blob_writer *w, int64_t *id, struct error *e);
void blobs_abandon(struct blob_writer *w);

/* Reads a blob from any place: exactly `size` bytes at `at`, false with the line when it is shorter or a chunk is not as it was
 * sealed. Content in `bytes` is the caller's to wipe. */
struct blob *blobs_open(struct vault *v, int64_t id, struct error *e);
uint64_t blobs_size(const struct blob *b);
bool blobs_read(struct blob *b, void *bytes, size_t size, uint64_t at, struct error *e);
/* The whole content to the start of an open file, by as many threads as suit; what is there on failure is of no use. */
bool blobs_load(struct blob *b, int fd, struct error *e);
void blobs_close(struct blob *b); /* NULL is allowed */

/* All of them, the oldest first. */
bool blobs_list(struct vault *v, blob_visitor visit, void *context, struct error *e);

/* Erases: row, file and key. */
bool blobs_delete(struct vault *v, int64_t id, struct error *e);

/* For vault_tidy: does this object (from erase.key) have a row; and removing the file of one that has none. */
bool blobs_has(struct vault *v, uint64_t object, bool *has, struct error *e);
bool blobs_remove_file(struct vault *v, uint64_t object, struct error *e);

#endif
