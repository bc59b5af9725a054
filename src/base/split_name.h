/*
 * split_name: names of the files of a model that is split: NAME-00001-of-00003.gguf and the others beside it.
 */
#ifndef HEARTH_BASE_SPLIT_NAME_H
#define HEARTH_BASE_SPLIT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* How many parts there are by the name of the first one; 0 for every other name. */
unsigned split_name_parts(const char *path);

/* A part behind the first one? */
bool split_name_is_later(const char *path);

/* The path of part `number` from that of the first. False: that is no first part's, or there is no room. */
bool split_name_part(char *out, size_t room, const char *first, unsigned number);

#endif
