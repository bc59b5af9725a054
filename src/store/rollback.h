/*
 * rollback: notices that a whole vault was replaced by an older copy of itself.
 *
 * Nothing inside a folder can tell that all of it is old. So where the vault stands (how often its keys, its forgotten keys and its
 * content were changed) is also noted in a file elsewhere, authenticated under the master key. A vault that stands before what that
 * file says was put back from a copy. The file tells nothing but the vault's id and three numbers. Who can put both back is not
 * noticed; nor is what was taken back since the last note, which is written behind each change and not synced.
 */
#ifndef HEARTH_STORE_ROLLBACK_H
#define HEARTH_STORE_ROLLBACK_H

#include "store/disk.h"
#include "store/seal.h"

struct rollback_state {
	uint64_t generation; /* of vault.key */
	uint64_t epoch;      /* of erase.key */
	uint64_t changes;    /* of vault.db */
};

/* Does the file know this vault in a later state? False also when there is no such file, or it is not this vault's. */
bool rollback_found(struct disk *d, const char *path, const uint8_t vault[VAULT_ID], const uint8_t *master,
                    const struct rollback_state *now);

/* Writes the state; an errno value, which the caller may pass over. */
int rollback_note(struct disk *d, const char *path, const uint8_t vault[VAULT_ID], const uint8_t *master,
                  const struct rollback_state *now);

#endif
