/*
 * import_items: the conversations in an export of another program, one after the other, with bounded memory.
 *
 * Exports are one JSON array of conversations, or an object with that array as its member "conversations", or one conversation
 * alone. They can be larger than memory, so that only one element at a time is taken out of the file; what lies between is skipped
 * by its brackets and strings alone.
 */
#ifndef HEARTH_APP_HEARTH_IMPORT_ITEMS_H
#define HEARTH_APP_HEARTH_IMPORT_ITEMS_H

#include "base/buffer.h"
#include "base/error.h"

#include <stdint.h>

enum { IMPORT_ITEM_MOST = 32 << 20 }; /* bytes of one conversation */

struct import_items {
	int fd;
	const char *name; /* for messages */
	uint8_t *bytes;
	size_t at, there;
	uint64_t offset; /* in the file, of bytes[0] */
	bool alone;      /* the whole file is one conversation */
	bool begun, over;
};

enum import_result { IMPORT_TAKEN, IMPORT_LARGE /* passed over */, IMPORT_END, IMPORT_FAILED };

/* Finds the array. False with the line when the file is no such export. `name` must outlive it. */
bool import_items_open(struct import_items *s, const char *path, struct error *e);
void import_items_close(struct import_items *s);

/* The next element's bytes to `item` (cleared before). */
enum import_result import_items_next(struct import_items *s, struct buffer *item, struct error *e);

#endif
