/* sealed_pages: pages to sealed pages and back (see sealed_pages.h). */
#include "store/sealed_pages.h"

#include <errno.h>
#include <string.h>

/* The associated data of a page, in the byte order of the file. */
struct page_place {
	uint8_t vault[VAULT_ID];
	uint32_t role, reserved;
	uint64_t generation, number; /* number: 1 for the first page */
};

static struct page_place place_of(const struct sealing *s, uint64_t number)
{
	struct page_place p = { .role = s->role, .generation = s->generation, .number = number };
	memcpy(p.vault, s->vault, VAULT_ID);
	return p;
}

/* One page to `page`; *got is VAULT_PAGE, or less when the file ends within it. */
static int read_page(struct disk_file *f, const struct disk *d, const struct sealing *s, uint64_t index, uint8_t page[VAULT_PAGE],
                     size_t *got)
{
	int error = d->read(f, page, VAULT_PAGE, index * VAULT_PAGE, got);
	if (error) return error;
	if (*got < VAULT_PAGE) { /* a write that a crash cut short: SQLite takes what is behind the last whole page for not there */
		*got = 0;
		return 0;
	}
	struct page_place place = place_of(s, index + 1);
	if (!seal_open(page, page, page + PAGE_TEXT, PAGE_TEXT, &place, sizeof place, s->key)) return EBADMSG;
	memset(page + PAGE_TEXT, 0, SEAL_EXTRA);
	return 0;
}

int sealed_pages_read(struct disk_file *f, const struct disk *d, const struct sealing *s, uint8_t *bytes, size_t size, uint64_t at,
                      size_t *got)
{
	uint8_t page[VAULT_PAGE];
	int error = 0;
	*got = 0;
	while (*got < size) {
		uint64_t index = (at + *got) / VAULT_PAGE;
		size_t from = (size_t)((at + *got) % VAULT_PAGE), there, n = VAULT_PAGE - from;
		error = read_page(f, d, s, index, page, &there);
		if (error || there == 0) break;
		if (n > size - *got) n = size - *got;
		memcpy(bytes + *got, page + from, n);
		*got += n;
	}
	seal_wipe(page, sizeof page);
	return error;
}

int sealed_pages_write(struct disk_file *f, const struct disk *d, const struct sealing *s, const uint8_t *bytes, size_t size,
                       uint64_t at)
{
	uint8_t page[VAULT_PAGE];
	if (at % VAULT_PAGE || size % VAULT_PAGE) return EINVAL;
	for (size_t done = 0; done < size; done += VAULT_PAGE) {
		struct page_place place = place_of(s, (at + done) / VAULT_PAGE + 1);
		seal_bytes(page, page + PAGE_TEXT, bytes + done, PAGE_TEXT, &place, sizeof place, s->key);
		int error = d->write(f, page, VAULT_PAGE, at + done);
		if (error) return error;
	}
	return 0;
}
