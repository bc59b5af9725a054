/*
 * gguf: the model file format of ggml, versions 2 and 3, read where it lies.
 *
 * gguf_open maps the file (and the other parts of a split one) and checks everything that can be checked without knowing
 * what the values mean: counts against what the file can hold before anything is allocated, strings, types, alignment, and
 * that every tensor lies inside the data and overlaps no other. Values and tensors stay in the mapping, lengths do not: a file
 * that is written to while it is open gives wrong values, never one that reaches outside the mapping.
 * What the metadata says about a model is model/config's business, the vocabulary text/vocab's.
 *
 * Specification: ggml's docs/gguf.md.
 */
#ifndef HEARTH_FORMAT_GGUF_H
#define HEARTH_FORMAT_GGUF_H

#include "base/error.h"
#include "base/file_source.h"
#include "format/tensor_type.h"

#include <stddef.h>
#include <stdint.h>

enum gguf_type {
	GGUF_U8 = 0,
	GGUF_I8 = 1,
	GGUF_U16 = 2,
	GGUF_I16 = 3,
	GGUF_U32 = 4,
	GGUF_I32 = 5,
	GGUF_F32 = 6,
	GGUF_BOOL = 7,
	GGUF_TEXT = 8,
	GGUF_ARRAY = 9,
	GGUF_U64 = 10,
	GGUF_I64 = 11,
	GGUF_F64 = 12
};

/* Bytes in the mapping, not zero-terminated. */
struct gguf_text {
	const char *data;
	size_t length;
};

struct gguf_value {
	const char *key; /* zero-terminated, UTF-8 */
	enum gguf_type type;
	enum gguf_type item;        /* of an array */
	uint64_t count;             /* of items; 1 for a scalar */
	const uint8_t *data;        /* numbers, packed, unaligned; NULL for texts */
	const uint8_t **text_start; /* where each of `count` texts lies, its length first, and the end; see gguf_item_text */
};

/* What a model may hold at most, all parts together: far above any real one, so that a hostile file costs little memory. */
enum {
	GGUF_MAX_DIMENSIONS = 4,
	GGUF_MAX_VALUES = 65536,
	GGUF_MAX_TENSORS = 131072,
	GGUF_MAX_TEXTS = 4194304, /* in arrays */
	GGUF_MAX_KEY = 65535,     /* bytes */
	GGUF_MAX_NAME = 255,      /* bytes of a tensor's name */
	GGUF_MAX_ALIGNMENT = 1048576,
	GGUF_MAX_PARTS = 1024
};

struct gguf_tensor {
	const char *name; /* zero-terminated, UTF-8 */
	const struct tensor_type *type;
	uint32_t n_dims;
	uint64_t dims[GGUF_MAX_DIMENSIONS]; /* fastest first; unused ones are 1 */
	const uint8_t *data;
	size_t size;   /* bytes */
	uint32_t part; /* of a split file, from 0 */
};

struct gguf;

/* Opens a file, or a Hugging Face folder (format/huggingface.h); when it is part 1 of a split file (split.count > 1) its other
 * parts too, by their -0000N-of-0000M names. */
struct gguf *gguf_open(const char *path, struct error *e);
struct gguf *gguf_open_from(const struct file_source *files, const char *path, struct error *e);

/* The same over maps that are there already, at least one, in the order of the parts. Takes the maps over, on failure too. */
struct gguf *gguf_open_maps(struct file_map *maps, size_t n_maps, struct error *e);

void gguf_close(struct gguf *g); /* NULL is allowed */

const char *gguf_name(const struct gguf *g); /* as opened, for messages */
uint32_t gguf_version(const struct gguf *g);
size_t gguf_file_size(const struct gguf *g); /* all parts */

/* The mapped parts. */
const struct file_map *gguf_maps(const struct gguf *g, size_t *count);

/* False when a part was cut while mapped (see file_map_intact). */
bool gguf_intact(const struct gguf *g, struct error *e);

size_t gguf_value_count(const struct gguf *g);
const struct gguf_value *gguf_value_at(const struct gguf *g, size_t index);
const struct gguf_value *gguf_find(const struct gguf *g, const char *key); /* NULL: absent */

size_t gguf_tensor_count(const struct gguf *g);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t index);
const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name); /* NULL: absent */

/* Typed reading. An absent key leaves *value as it is and is no error; a value of another kind, or one that does not fit, is.
 * Integers of every width are taken where they fit, F32 and F64 alike for floats. */
bool gguf_get_u32(const struct gguf *g, const char *key, uint32_t *value, struct error *e);
bool gguf_get_i32(const struct gguf *g, const char *key, int32_t *value, struct error *e);
bool gguf_get_f32(const struct gguf *g, const char *key, float *value, struct error *e);
bool gguf_get_bool(const struct gguf *g, const char *key, bool *value, struct error *e);
bool gguf_get_text(const struct gguf *g, const char *key, struct gguf_text *value, struct error *e);

/* The array of that key (NULL in *value when absent): items of integers, floats, bools or texts, as `item` says (GGUF_I64: any
 * integer, GGUF_F64: any float, GGUF_BOOL, GGUF_TEXT). */
bool gguf_get_array(const struct gguf *g, const char *key, enum gguf_type item, const struct gguf_value **value, struct error *e);

/* Item `index` (below value->count) of an array or a scalar, numbers converted. */
struct gguf_text gguf_item_text(const struct gguf_value *v, uint64_t index);
int64_t gguf_item_int(const struct gguf_value *v, uint64_t index);
double gguf_item_float(const struct gguf_value *v, uint64_t index);

/* The value in words, at most a few items of an array: for `hearth models inspect`. `out` is always terminated. */
void gguf_describe(const struct gguf_value *v, char *out, size_t room);

#endif
