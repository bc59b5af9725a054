/*
 * buffer: bytes that grow, up to a stated limit.
 *
 * Failures stick: after the first append that does not fit (limit or memory) `failed` is set and later appends do nothing,
 * so that a writer may append many times and check once.
 */
#ifndef HEARTH_BASE_BUFFER_H
#define HEARTH_BASE_BUFFER_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;   /* zero byte behind the last one whenever `room` > 0 */
	size_t size;  /* bytes that count */
	size_t room;  /* allocated */
	size_t limit; /* `size` never grows past it */
	bool failed;
};

struct buffer buffer_new(size_t limit); /* allocates nothing */
void buffer_free(struct buffer *b);
void buffer_clear(struct buffer *b); /* keeps the room */

/* The bytes must not be the buffer's own. */
bool buffer_append(struct buffer *b, const void *bytes, size_t size);
bool buffer_append_text(struct buffer *b, const char *text);
bool buffer_append_byte(struct buffer *b, uint8_t byte);
bool buffer_format(struct buffer *b, const char *format, ...) ERROR_FORMAT(2, 3);

/* `size` more bytes, not set, to be written by the caller; NULL when they do not fit. Valid until the next append. */
void *buffer_extend(struct buffer *b, size_t size);

/* The bytes as text with a zero byte behind; never NULL ("" while empty). Valid until the next append. */
const char *buffer_text(const struct buffer *b);

#endif
