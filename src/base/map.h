/*
 * map: a hash map from byte strings to 64-bit values.
 *
 * Keys are not copied: they must live as long as the map (NULL with length 0 is the empty key). Open addressing, linear probing, no
 * removal. The hash is seeded per process, so that nobody can prepare keys that collide.
 */
#ifndef HEARTH_BASE_MAP_H
#define HEARTH_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct map;

struct map *map_new(size_t expected); /* NULL when memory is out */
void map_free(struct map *m);         /* NULL is allowed */

/* Sets or replaces; false when memory is out. */
bool map_set(struct map *m, const void *key, size_t length, uint64_t value);

/* The value of `key`; false when there is none. `value` may be NULL. */
bool map_get(const struct map *m, const void *key, size_t length, uint64_t *value);

size_t map_count(const struct map *m);

/* The seeded hash itself, for tables with keys of another kind. */
uint64_t map_hash(const void *key, size_t length);

#endif
