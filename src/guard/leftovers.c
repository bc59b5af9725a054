/* leftovers: free() that wipes, the stack, and standard output's buffer (see leftovers.h). */
#include "guard/leftovers.h"

#include "base/memory.h"
#include "hearth.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { STACK = 512 << 10 };

static char output[BUFSIZ];

void leftovers_begin(void)
{
	setvbuf(stdout, output, _IOLBF, sizeof output);
}

static void wipe_stack(void)
{
	char below[STACK];
	memory_wipe(below, sizeof below);
}

void leftovers_wipe(void)
{
	fflush(stdout);
	memory_wipe(output, sizeof output);
	wipe_stack();
}

/* The sanitizers have a heap of their own. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OTHER_HEAP
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OTHER_HEAP
#endif

#ifndef OTHER_HEAP

/* glibc's own, under the names that it keeps for programs which put something in front. */
extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *block, size_t size);
extern void __libc_free(void *block);

enum { LARGE = 1 << 20 };

static void wipe(void *block, size_t size)
{
	if (size < LARGE)
		memory_wipe(block, size);
	else
		memory_wipe_sparse(block, size);
}

HEARTH_API void(free)(void *block)
{
	if (!block) return;
	wipe(block, malloc_usable_size(block));
	__libc_free(block);
}

/* Moves by hand, so that the old block can be wiped. */
HEARTH_API void *(realloc)(void *block, size_t size)
{
	if (!block || size == 0) return __libc_realloc(block, size);
	size_t before = malloc_usable_size(block);
	if (size <= before && size >= before / 2) {
		wipe((char *)block + size, before - size);
		return block;
	}
	void *moved = __libc_malloc(size);
	if (!moved) return NULL;
	memcpy(moved, block, before < size ? before : size);
	wipe(block, before);
	__libc_free(block);
	return moved;
}

#endif
