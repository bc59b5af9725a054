/*
 * memory_file: a file that lies in memory alone and has no name, for content that must not reach a disk.
 *
 * It is written through its descriptor, then sealed: nobody can change it any more, whoever gets its descriptor. It is left out of
 * core dumps, and kept from being swapped out where the limit of locked memory (RLIMIT_MEMLOCK) allows it.
 */
#ifndef HEARTH_BASE_MEMORY_FILE_H
#define HEARTH_BASE_MEMORY_FILE_H

#include "base/error.h"

#include <stddef.h>

struct memory_file {
	int fd;     /* -1 when there is none */
	void *data; /* once it is sealed, where it could be locked: its content; else NULL */
	size_t size;
	bool locked; /* it is never swapped out */
};

/* `size` bytes (at least 1) of zeros. `name` is for the line on failure. */
bool memory_file_new(struct memory_file *m, size_t size, const char *name, struct error *e);

/* Ends the writing. Also undone by memory_file_free alone. */
bool memory_file_seal(struct memory_file *m, const char *name, struct error *e);

/* Gives it back, once every other descriptor and mapping of it is gone; no effect on one that was freed or is all zero but fd. */
void memory_file_free(struct memory_file *m);

#endif
