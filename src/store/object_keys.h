/*
 * object_keys: erase.key, the keys that can be forgotten.
 *
 * Each conversation, each blob and the search index is sealed under a random key of its own, kept here. The file is sealed
 * under a random epoch key, which stands at its start wrapped under the master key. Forgetting a key writes the whole file anew
 * under a new epoch key and overwrites the old one: what was sealed under the forgotten key can then be read by nobody, whoever has
 * the passphrase. (What a solid-state disk keeps of overwritten blocks is out of reach: SECURITY.md.)
 *
 *     file   := magic "hearthE1", version u32, count u32, epoch u64, wrapped epoch key (32 + 40), sealed table, nonce, tag
 *     table  := count x (object u64, key 32 bytes), by object
 */
#ifndef HEARTH_STORE_OBJECT_KEYS_H
#define HEARTH_STORE_OBJECT_KEYS_H

#include "base/error.h"
#include "store/disk.h"
#include "store/seal.h"

enum { OBJECT_INDEX = 1, OBJECT_FIRST = 16 }; /* the search index; conversations count from OBJECT_FIRST */
#define OBJECT_BLOBS ((uint64_t)1 << 62)      /* and blobs have this bit beside their number */

struct object_keys;

/* Reads `path`, or starts an empty file where none is (`fresh`). The key (the master's subkey for this) and the path must outlive
 * it. */
struct object_keys *object_keys_open(struct disk *d, const char *path, const uint8_t *key, const uint8_t vault[VAULT_ID],
                                     bool fresh, struct error *e);
void object_keys_close(struct object_keys *o); /* NULL is allowed */

/* The key of an object: SEAL_KEY bytes of secret memory that stay valid until the next change; NULL when it has none. */
const uint8_t *object_keys_find(const struct object_keys *o, uint64_t object);

/* The first object above *object that has a key, to *object; false when there is none. */
bool object_keys_next(const struct object_keys *o, uint64_t *object);

/* A new random key, on the disk when this returns true. An object that has one keeps it. */
bool object_keys_add(struct object_keys *o, uint64_t object, struct error *e);

/* Forgets the keys of `n` objects (those without one are passed over); gone from the disk when this returns true. */
bool object_keys_forget(struct object_keys *o, const uint64_t *objects, size_t n, struct error *e);

/* How often keys were forgotten. */
uint64_t object_keys_epoch(const struct object_keys *o);

#endif
