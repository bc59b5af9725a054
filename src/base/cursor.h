/*
 * cursor: reads little-endian values from bytes that nobody vouches for.
 *
 * Each function checks the bytes that are left before it reads. The first read that does not fit sets `failed` and moves
 * nothing; all later reads fail too, so a caller may read several values and check once.
 */
#ifndef HEARTH_BASE_CURSOR_H
#define HEARTH_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
	const uint8_t *data;
	size_t size;
	size_t at;   /* offset of the next byte, at most `size` */
	bool failed; /* a read went past the end */
};

struct cursor cursor_over(const void *data, size_t size); /* `data` may be NULL: no bytes */
size_t cursor_left(const struct cursor *c);

uint8_t cursor_u8(struct cursor *c); /* 0 when nothing is left: check `failed` */
uint16_t cursor_u16(struct cursor *c);
uint32_t cursor_u32(struct cursor *c);
uint64_t cursor_u64(struct cursor *c);
float cursor_f32(struct cursor *c);
double cursor_f64(struct cursor *c);

/* `size` bytes where they lie; NULL (and `failed`) when fewer are left. */
const uint8_t *cursor_bytes(struct cursor *c, uint64_t size);

#endif
