/* safetensors: the list of tensors (see safetensors.h). */
#include "format/safetensors.h"

#include "base/cursor.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "format/json.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	uint32_t bytes;
	int type; /* -1: none of ours */
} dtypes[] = {
	{ "F32", 4, TYPE_F32 }, { "F16", 2, TYPE_F16 }, { "BF16", 2, TYPE_BF16 }, { "F64", 8, -1 }, { "I64", 8, -1 },
	{ "I32", 4, -1 },       { "I16", 2, -1 },       { "I8", 1, -1 },          { "U8", 1, -1 },  { "BOOL", 1, -1 },
	{ "F8_E4M3", 1, -1 },   { "F8_E5M2", 1, -1 },   { "U16", 2, -1 },         { "U32", 4, -1 }, { "U64", 8, -1 },
};

/* A tensor while it is read. */
struct reading {
	const char *file, *name;
	const uint8_t *data;
	size_t room;
	struct error *e;
};

static bool fail(const struct reading *r, const char *what)
{
	return error_set(r->e, "%s: tensor '%.80s': %s; the file is damaged or was not downloaded whole", r->file, r->name, what);
}

static bool read_dtype(const struct reading *r, const json_t *entry, struct safetensor *t, size_t *bytes)
{
	const char *dtype = json_string_value(json_object_get(entry, "dtype"));
	for (size_t i = 0; dtype && i < sizeof dtypes / sizeof dtypes[0]; i++) {
		if (strcmp(dtypes[i].name, dtype) != 0) continue;
		t->type = dtypes[i].type >= 0 ? &tensor_types[dtypes[i].type] : NULL;
		t->type_name = dtypes[i].name;
		*bytes = dtypes[i].bytes;
		return true;
	}
	return fail(r, "its 'dtype' is missing or unknown");
}

/* The shape, slowest first in the file; its weights into *n. */
static bool read_shape(const struct reading *r, const json_t *entry, struct safetensor *t, size_t *n)
{
	const json_t *shape = json_object_get(entry, "shape");
	size_t dims = json_array_size(shape);
	if (!json_is_array(shape) || dims > GGUF_MAX_DIMENSIONS) return fail(r, "its 'shape' is no list of at most 4 numbers");
	*n = 1;
	t->n_dims = dims ? (uint32_t)dims : 1;
	for (size_t i = 0; i < GGUF_MAX_DIMENSIONS; i++) t->dims[i] = 1;
	for (size_t i = 0; i < dims; i++) {
		const json_t *v = json_array_get(shape, dims - 1 - i);
		json_int_t d = json_integer_value(v);
		if (!json_is_integer(v) || d < 1 || !memory_multiply(*n, (size_t)d, n))
			return fail(r, "its 'shape' makes no sense");
		t->dims[i] = (uint64_t)d;
	}
	return true;
}

static bool read_offsets(const struct reading *r, const json_t *entry, struct safetensor *t)
{
	const json_t *offsets = json_object_get(entry, "data_offsets"), *a = json_array_get(offsets, 0),
	             *b = json_array_get(offsets, 1);
	json_int_t begin = json_integer_value(a), end = json_integer_value(b);
	if (json_array_size(offsets) != 2 || !json_is_integer(a) || !json_is_integer(b) || begin < 0 || end < begin)
		return fail(r, "its 'data_offsets' make no sense");
	if ((uint64_t)end > r->room) return fail(r, "its data lie behind the end of the file");
	t->data = r->data + begin;
	t->size = (size_t)(end - begin);
	return true;
}

static bool read_entry(const struct reading *r, const json_t *entry, struct safetensor *t)
{
	size_t bytes = 0, n = 0, size;
	if (!json_is_object(entry)) return fail(r, "its entry is no object");
	if (!read_dtype(r, entry, t, &bytes) || !read_shape(r, entry, t, &n) || !read_offsets(r, entry, t)) return false;
	if (!memory_multiply(n, bytes, &size) || size != t->size) return fail(r, "its data are not as large as its shape says");
	return true;
}

static bool read_list(struct safetensors *s, const json_t *root, struct reading *r, struct arena *arena)
{
	size_t n = json_object_size(root);
	if (!json_is_object(root) || n > GGUF_MAX_TENSORS)
		return error_set(r->e, "%s: the header is no object with at most %d tensors", r->file, GGUF_MAX_TENSORS);
	s->tensors = arena_alloc(arena, n + 1, sizeof *s->tensors);
	if (!s->tensors) return error_memory(r->e);
	const char *name;
	json_t *entry;
	json_object_foreach((json_t *)(uintptr_t)root, name, entry)
	{
		if (strcmp(name, "__metadata__") == 0) continue;
		size_t length = strlen(name);
		r->name = name;
		if (length == 0 || length > GGUF_MAX_NAME || !utf8_plain(name, length)) {
			r->name = "";
			return fail(r, "a name is empty, too long or not plain text");
		}
		struct safetensor *t = &s->tensors[s->n++];
		t->name = arena_copy(arena, name, length);
		if (!t->name) return error_memory(r->e);
		if (!read_entry(r, entry, t)) return false;
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct safetensor *const *x = a, *const *y = b;
	return ((*x)->data > (*y)->data) - ((*x)->data < (*y)->data);
}

/* Whether no two tensors have bytes in common. */
static bool lie_apart(const struct safetensors *s, struct reading *r)
{
	const struct safetensor **sorted = memory_new(s->n + 1, sizeof *sorted);
	if (!sorted) return error_memory(r->e);
	for (size_t i = 0; i < s->n; i++) sorted[i] = &s->tensors[i];
	qsort(sorted, s->n, sizeof *sorted, by_place);
	bool ok = true;
	for (size_t i = 1; ok && i < s->n; i++) {
		r->name = sorted[i]->name;
		if (sorted[i]->data < sorted[i - 1]->data + sorted[i - 1]->size) ok = fail(r, "its data overlap another tensor's");
	}
	memory_free(sorted);
	return ok;
}

bool safetensors_read(struct safetensors *s, const struct file_map *map, struct arena *arena, struct error *e)
{
	struct cursor c = cursor_over(map->data, map->size);
	uint64_t length = cursor_u64(&c);
	*s = (struct safetensors){ 0 };
	if (c.failed) return error_set(e, "%s: %zu bytes are too few for a safetensors file", map->name, map->size);
	if (length > SAFETENSORS_MAX_HEAD || length > cursor_left(&c))
		return error_set(e, "%s: its header would be %llu bytes; it is no safetensors file or was not downloaded whole",
		                 map->name, (unsigned long long)length);
	const uint8_t *head = cursor_bytes(&c, length);
	json_t *root = json_parse((const char *)head, (size_t)length, map->name, e);
	if (!root) return false;
	struct reading r = { .file = map->name, .data = map->data + c.at, .room = map->size - c.at, .e = e };
	bool ok = read_list(s, root, &r, arena) && lie_apart(s, &r);
	json_decref(root);
	return ok;
}
