/*
 * safetensors: the weight files of Hugging Face folders, read where they lie.
 *
 * A file is a length, a JSON object with a type, a shape and two offsets for each tensor, and the data. Opening checks that every
 * tensor lies inside the data and is as large as its shape says. What the names mean is huggingface's business.
 *
 * Specification: https://huggingface.co/docs/safetensors.
 */
#ifndef HEARTH_FORMAT_SAFETENSORS_H
#define HEARTH_FORMAT_SAFETENSORS_H

#include "base/arena.h"
#include "base/error.h"
#include "base/file.h"
#include "format/gguf.h"

enum { SAFETENSORS_MAX_HEAD = 64 << 20 }; /* bytes of JSON */

/* A tensor as the file has it; in the form of GGUF's: dimensions fastest first. */
struct safetensor {
	const char *name;
	const struct tensor_type *type; /* F32, F16 or BF16; NULL: another type, which only matters when the tensor is needed */
	const char *type_name;
	uint32_t n_dims;
	uint64_t dims[GGUF_MAX_DIMENSIONS];
	const uint8_t *data;
	size_t size;
};

struct safetensors {
	struct safetensor *tensors; /* in the arena */
	size_t n;
};

/* Reads the list of tensors of a map, which must outlive it. Names and the list come from the arena. */
bool safetensors_read(struct safetensors *s, const struct file_map *map, struct arena *arena, struct error *e);

#endif
