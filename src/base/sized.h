/*
 * sized: structs of a public interface that begin with their size, so that a program which was made for an earlier version can call
 * a later one; and errors, which cross as texts.
 */
#ifndef HEARTH_BASE_SIZED_H
#define HEARTH_BASE_SIZED_H

#include "base/error.h"

#include <stddef.h>

/* Copies what a program filled in over `to`, a struct of `size` bytes with defaults: at least the first `least` bytes must have
 * been there. False with a line that begins with `name`. */
bool sized_take(void *to, size_t size, const void *from, size_t least, const char *name, struct error *e);

/* The reverse: as much of the struct `from` (`size` bytes) as the caller's `to` says that it takes. */
void sized_show(void *to, const void *from, size_t size);

/* The text of a caller's error, of as many bytes as ours, emptied, as an error of ours; NULL is allowed. */
struct error *sized_error(char *text);

#endif
