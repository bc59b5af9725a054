/*
 * sealed_pages: a database file whose pages are sealed one by one.
 *
 * A page of VAULT_PAGE bytes holds PAGE_TEXT bytes of ciphertext, a nonce and a tag, so that pages lie where SQLite puts them:
 * its databases leave the last SEAL_EXTRA bytes of each page unused. A page is bound to vault, role, generation and number.
 * An old version of the same page put back is not noticed here (see docs/formats/vault.md).
 */
#ifndef HEARTH_STORE_SEALED_PAGES_H
#define HEARTH_STORE_SEALED_PAGES_H

#include "store/disk.h"
#include "store/seal.h"

enum { VAULT_PAGE = 4096, PAGE_TEXT = VAULT_PAGE - SEAL_EXTRA };

enum sealed_role { ROLE_DATABASE = 1, ROLE_INDEX = 2, ROLE_JOURNAL = 3, ROLE_WAL = 4, ROLE_TEMPORARY = 5 };

/* What the bytes of a file are sealed with and bound to. */
struct sealing {
	const uint8_t *key; /* SEAL_KEY bytes of secret memory */
	uint8_t vault[VAULT_ID];
	uint32_t role; /* an enum sealed_role; a journal's is combined with its database's */
	uint64_t generation;
};

/* Reads `size` bytes at `at`: 0, an errno value, or EBADMSG when a page is not as it was sealed. *got is less than `size` when the
 * file ends before; the reserved bytes of a page read as zeros. */
int sealed_pages_read(struct disk_file *f, const struct disk *d, const struct sealing *s, uint8_t *bytes, size_t size, uint64_t at,
                      size_t *got);

/* Writes whole pages at a page's place; EINVAL for anything else. */
int sealed_pages_write(struct disk_file *f, const struct disk *d, const struct sealing *s, const uint8_t *bytes, size_t size,
                       uint64_t at);

#endif
