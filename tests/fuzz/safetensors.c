/* safetensors: any bytes as a weight file: the list is read, and every tensor that it has lies inside. */
#include "format/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile unsigned seen;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error e = { "" };
	struct file_map map;
	struct safetensors s;
	struct arena *arena = arena_new(SIZE_MAX / 2);
	if (!arena || !file_map_memory(&map, data, size, "fuzz.safetensors", &e)) abort();
	if (safetensors_read(&s, &map, arena, &e)) {
		for (size_t i = 0; i < s.n; i++) {
			const struct safetensor *t = &s.tensors[i];
			if (t->data < data || t->size > (size_t)(data + size - t->data)) abort();
			seen += (unsigned)strlen(t->name) + (t->size ? t->data[t->size - 1] : 0u);
		}
	} else if (strncmp(e.text, "fuzz.safetensors: ", 18) != 0) {
		abort();
	}
	file_unmap(&map);
	arena_free(arena);
	return 0;
}
