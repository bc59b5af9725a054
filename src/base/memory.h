/*
 * memory: the one place that allocates.
 *
 * Every allocation of hearth goes through these functions, so that memory is accounted, sizes are multiplied with a check,
 * and a test can make the n-th allocation fail. Running out of memory is an ordinary return (NULL).
 */
#ifndef HEARTH_BASE_MEMORY_H
#define HEARTH_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `count` elements of `size` bytes, all zero; NULL when the product overflows or memory is out. Free with memory_free. */
void *memory_new(size_t count, size_t size);

/* Grows or shrinks what memory_new gave (NULL: like memory_new, but new bytes are not set). On failure NULL, `p` stays valid. */
void *memory_resize(void *p, size_t count, size_t size);

/* Like memory_new, aligned to `align` (a power of two, at most 2 MiB). */
void *memory_new_aligned(size_t count, size_t size, size_t align);

/* `size` zero bytes aligned to 64, from 2 MiB on in large pages of the system where it has some: for what is read from end to end,
 * which is faster by the looking up of addresses that it saves. Not for memory_resize. */
void *memory_new_large(size_t size);

void memory_free(void *p); /* NULL is allowed */

/* Copies `length` bytes and adds a zero byte; NULL when memory is out. */
char *memory_copy_text(const char *text, size_t length);

/* Overwrites `size` bytes in a way that the compiler does not remove. */
void memory_wipe(void *p, size_t size);

/* The same for a large block of which little may have been used: pages that were never touched stay so. */
void memory_wipe_sparse(void *p, size_t size);

/* For places within one block, under AddressSanitizer: bytes that lie between two of them (else 0), and marking these as not to be
 * touched (else nothing). A block is unmarked as a whole before it is freed. */
size_t memory_gap(void);
void memory_poison(void *p, size_t size);
void memory_unpoison(void *p, size_t size);

/* a + b and a * b into *result; false when the value does not fit. */
bool memory_add(size_t a, size_t b, size_t *result);
bool memory_multiply(size_t a, size_t b, size_t *result);

/* Bytes that are allocated now, and the most that ever were at once (as asked for, without the allocator's own). */
size_t memory_in_use(void);
size_t memory_peak(void);
void memory_peak_reset(void); /* for tests: the peak starts again from what is in use */

/* For tests: the n-th allocation from now on (1 = the next) fails, and every one after it when `all` is set; 0 switches off.
 * Returns what was left of the n before: 0 when its allocation came and failed, or nothing was set. */
uint64_t memory_fail_at(uint64_t n, bool all);

#endif
