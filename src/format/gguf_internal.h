/* gguf_internal: the open file, shared by gguf.c (opening, checking) and gguf_value.c (reading values). */
#ifndef HEARTH_FORMAT_GGUF_INTERNAL_H
#define HEARTH_FORMAT_GGUF_INTERNAL_H

#include "base/arena.h"
#include "base/map.h"
#include "format/gguf.h"

struct gguf {
	const struct file_source *files; /* while it is opened: where its parts are */
	struct file_map *maps;           /* the parts, in order; room for GGUF_MAX_PARTS */
	size_t n_maps;
	struct arena *arena;
	uint32_t version;
	uint64_t all_values, all_texts; /* of all parts read so far, texts in arrays */
	int64_t parts;                  /* split.count of the first part; 0: not split */
	int64_t split_tensors;          /* split.tensors.count of the first part; 0: not said */
	struct gguf_value *values;      /* of the first part */
	size_t n_values;
	struct map *value_of_key;    /* index into values */
	struct gguf_tensor *tensors; /* of all parts */
	size_t n_tensors;
	struct map *tensor_of_name;           /* index into tensors */
	const struct gguf_external *external; /* while it is opened: where the tensors' bytes are, when not behind the header */
	size_t n_external;
	struct arena *owned; /* goes with the file; NULL: nothing does */
};

/* A tensor's bytes that lie elsewhere. */
struct gguf_external {
	const uint8_t *data;
	size_t size;
};

/* Opens maps[0], a header, with the bytes of its tensors at `tensors`, one each in order: in the other maps or in `owned`. Takes
 * over maps and arena, on failure too. */
struct gguf *gguf_open_external(struct file_map *maps, size_t n_maps, const struct gguf_external *tensors, size_t n_tensors,
                                struct arena *owned, struct error *e);

/* Bytes of one item of a number type; 0 for texts and arrays. */
size_t gguf_item_size(enum gguf_type type);

bool gguf_is_integer(enum gguf_type type); /* bools are none */

#endif
