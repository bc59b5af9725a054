/*
 * arena: memory for what lives together and goes together (a model's metadata, a request, a template's run).
 *
 * Allocation moves a pointer; everything is freed at once. An arena has a stated limit and refuses to grow past it. Under
 * AddressSanitizer there is a poisoned gap behind every allocation, so that an overrun inside an arena is found as well.
 */
#ifndef HEARTH_BASE_ARENA_H
#define HEARTH_BASE_ARENA_H

#include <stddef.h>

struct arena;

/* An empty arena that may hold `limit` bytes at most; NULL when memory is out. */
struct arena *arena_new(size_t limit);
void arena_free(struct arena *a); /* NULL is allowed */

/* `count` elements of `size` bytes, all zero, aligned to 16; NULL when the product overflows, the limit is reached or memory
 * is out. They live until arena_free or arena_reset. */
void *arena_alloc(struct arena *a, size_t count, size_t size);

/* A copy of `length` bytes with a zero byte behind; NULL as above. */
char *arena_copy(struct arena *a, const void *bytes, size_t length);

/* Forgets every allocation and keeps the first chunk for what comes next. */
void arena_reset(struct arena *a);

/* Bytes allocated so far, gaps and rounding included. */
size_t arena_used(const struct arena *a);

#endif
