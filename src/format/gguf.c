/*
 * gguf: opening and checking (see gguf.h).
 *
 * Order of a part: header, values, tensor infos, padding, data. Every count is compared with the bytes that are left before
 * room is made for it. Invariants once gguf_open has returned a file:
 *  1. every value's bytes, and every text's, lie inside the first part's mapping;
 *  2. every tensor's bytes lie inside its part's data, aligned, and no two tensors of a part overlap;
 *  3. keys and tensor names are UTF-8 without control characters, and unique over all parts.
 */
#include "format/gguf_internal.h"

#include "base/cursor.h"
#include "base/memory.h"
#include "base/split_name.h"
#include "base/utf8.h"
#include "format/huggingface.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The least that a value and a tensor info take in the file. */
enum { VALUE_LEAST = 8 + 1 + 4 + 1, TENSOR_LEAST = 8 + 1 + 4 + 8 + 4 + 8, TEXT_LEAST = 8, DEFAULT_ALIGNMENT = 32 };

/* One part while it is read. */
struct part {
	struct gguf *g;
	const char *name;
	struct cursor c;
	uint64_t n_tensors, n_values;
	struct gguf_value *values;
	struct map *keys; /* of this part: index into values */
	uint32_t alignment;
};

static const char *const type_names[] = { "u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
	                                  "bool", "string", "array", "u64", "i64", "f64" };

size_t gguf_item_size(enum gguf_type type)
{
	static const uint8_t sizes[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
	return (size_t)type < sizeof sizes ? sizes[type] : 0;
}

static bool part_error(const struct part *p, struct error *e, const char *what)
{
	return error_set(e, "%s: byte %zu: %s; the file is damaged or was not downloaded whole", p->name, p->c.at, what);
}

static bool read_header(struct part *p, struct error *e)
{
	const uint8_t *magic = cursor_bytes(&p->c, 4);
	if (p->c.size == 0) return error_set(e, "%s: the file is empty; it was not downloaded", p->name);
	if (!magic) return error_set(e, "%s: %zu bytes are too few for a GGUF file", p->name, p->c.size);
	if (memcmp(magic, "GGUF", 4) != 0) return error_set(e, "%s: not a GGUF file (it does not begin with 'GGUF')", p->name);
	uint32_t version = cursor_u32(&p->c);
	if (p->c.failed) return part_error(p, e, "the header is cut short");
	if (version == 0x02000000 || version == 0x03000000) {
		return error_set(e, "%s: a big-endian GGUF file; get the little-endian one of this model", p->name);
	}
	if (version == 1) return error_set(e, "%s: GGUF version 1 is no longer in use; get a newer file of this model", p->name);
	if (version != 2 && version != 3)
		return error_set(e, "%s: GGUF version %u is unknown (2 and 3 are known)", p->name, version);
	p->n_tensors = cursor_u64(&p->c);
	p->n_values = cursor_u64(&p->c);
	if (p->c.failed) return part_error(p, e, "the header is cut short");
	p->g->version = version;
	if (p->n_values > GGUF_MAX_VALUES - p->g->all_values || p->n_values > cursor_left(&p->c) / VALUE_LEAST) {
		return part_error(p, e, "it claims more metadata values than it can hold");
	}
	if (p->n_tensors > GGUF_MAX_TENSORS - p->g->n_tensors || p->n_tensors > cursor_left(&p->c) / TENSOR_LEAST) {
		return part_error(p, e, "it claims more tensors than it can hold");
	}
	p->g->all_values += p->n_values;
	return true;
}

/* A length and that many bytes; NULL when they do not fit. */
static const uint8_t *read_text(struct cursor *c, uint64_t *length)
{
	*length = cursor_u64(c);
	return cursor_bytes(c, *length);
}

static bool read_texts(struct part *p, struct gguf_value *v, struct error *e)
{
	if (v->count > GGUF_MAX_TEXTS - p->g->all_texts || v->count > cursor_left(&p->c) / TEXT_LEAST) {
		return error_set(e, "%s: '%s': it claims more strings than it can hold", p->name, v->key);
	}
	if (v->type == GGUF_ARRAY) p->g->all_texts += v->count;
	v->text_start = arena_alloc(p->g->arena, (size_t)v->count + 1, sizeof *v->text_start);
	if (!v->text_start) return error_memory(e);
	for (uint64_t i = 0; i < v->count; i++) {
		uint64_t length;
		v->text_start[i] = p->c.data + p->c.at;
		if (!read_text(&p->c, &length)) {
			return error_set(e, "%s: '%s': string %llu lies behind the end of the file", p->name, v->key,
			                 (unsigned long long)i);
		}
	}
	v->text_start[v->count] = p->c.data + p->c.at;
	return true;
}

static bool check_bools(const struct part *p, const struct gguf_value *v, struct error *e)
{
	for (uint64_t i = 0; i < v->count; i++) {
		if (v->data[i] > 1) return error_set(e, "%s: '%s': %u is neither true nor false", p->name, v->key, v->data[i]);
	}
	return true;
}

static bool read_numbers(struct part *p, struct gguf_value *v, struct error *e)
{
	size_t size = gguf_item_size(v->item);
	if (v->count > cursor_left(&p->c) / size)
		return error_set(e, "%s: '%s': its value lies behind the end of the file", p->name, v->key);
	v->data = cursor_bytes(&p->c, v->count * size);
	return v->item != GGUF_BOOL || check_bools(p, v, e);
}

static bool read_value(struct part *p, struct gguf_value *v, struct error *e)
{
	uint64_t length;
	const uint8_t *key = read_text(&p->c, &length);
	if (!key) return part_error(p, e, "a metadata key lies behind the end of the file");
	if (length == 0 || length > GGUF_MAX_KEY) return part_error(p, e, "a metadata key is empty or longer than 65535 bytes");
	if (!utf8_plain((const char *)key, (size_t)length)) return part_error(p, e, "a metadata key is not plain UTF-8 text");
	v->key = arena_copy(p->g->arena, key, (size_t)length);
	if (!v->key) return error_memory(e);
	uint32_t type = cursor_u32(&p->c), item = type;
	v->count = 1;
	if (type == GGUF_ARRAY) {
		item = cursor_u32(&p->c);
		v->count = cursor_u64(&p->c);
		if (item == GGUF_ARRAY) return error_set(e, "%s: '%s': an array of arrays has no use in a model", p->name, v->key);
	}
	if (p->c.failed) return part_error(p, e, "a metadata value lies behind the end of the file");
	if (type > GGUF_F64 || item > GGUF_F64)
		return error_set(e, "%s: '%s': value type %u is unknown", p->name, v->key, type > GGUF_F64 ? type : item);
	v->type = (enum gguf_type)type;
	v->item = (enum gguf_type)item;
	if (item != GGUF_TEXT) return read_numbers(p, v, e);
	if (!read_texts(p, v, e)) return false;
	if (type == GGUF_TEXT) {
		struct gguf_text text = gguf_item_text(v, 0);
		if (!utf8_valid(text.data, text.length)) return error_set(e, "%s: '%s': the string is not UTF-8", p->name, v->key);
		if (memchr(text.data, 0, text.length))
			return error_set(e, "%s: '%s': the string has a NUL byte inside", p->name, v->key);
	}
	return true;
}

static bool read_values(struct part *p, struct error *e)
{
	p->values = arena_alloc(p->g->arena, (size_t)p->n_values, sizeof *p->values);
	p->keys = map_new((size_t)p->n_values);
	if (!p->values || !p->keys) return error_memory(e);
	for (size_t i = 0; i < p->n_values; i++) {
		struct gguf_value *v = &p->values[i];
		if (!read_value(p, v, e)) return false;
		size_t length = strlen(v->key);
		if (map_get(p->keys, v->key, length, NULL)) return error_set(e, "%s: '%s': this key stands twice", p->name, v->key);
		if (!map_set(p->keys, v->key, length, i)) return error_memory(e);
	}
	return true;
}

static const struct gguf_value *part_find(const struct part *p, const char *key)
{
	uint64_t index;
	return map_get(p->keys, key, strlen(key), &index) ? &p->values[index] : NULL;
}

static bool read_alignment(struct part *p, struct error *e)
{
	const struct gguf_value *v = part_find(p, "general.alignment");
	p->alignment = DEFAULT_ALIGNMENT;
	if (!v) return true;
	if (v->type != GGUF_U32) return error_set(e, "%s: 'general.alignment': must be a u32, is %s", p->name, type_names[v->type]);
	int64_t a = gguf_item_int(v, 0);
	if (a < 8 || a > GGUF_MAX_ALIGNMENT || (a & (a - 1)) != 0) {
		return error_set(e, "%s: 'general.alignment': %lld is not a power of two from 8 to %d", p->name, (long long)a,
		                 GGUF_MAX_ALIGNMENT);
	}
	p->alignment = (uint32_t)a;
	return true;
}

/* Name, dimensions, type and offset (kept in `data` as a distance until the data's start is known). */
static bool read_tensor(struct part *p, struct gguf_tensor *t, uint64_t *offset, struct error *e)
{
	uint64_t length;
	const uint8_t *name = read_text(&p->c, &length);
	if (!name) return part_error(p, e, "a tensor's name lies behind the end of the file");
	if (length == 0 || length > GGUF_MAX_NAME || !utf8_plain((const char *)name, (size_t)length)) {
		return part_error(p, e, "a tensor's name is empty, too long or not plain UTF-8 text");
	}
	t->name = arena_copy(p->g->arena, name, (size_t)length);
	if (!t->name) return error_memory(e);
	t->n_dims = cursor_u32(&p->c);
	if (!p->c.failed && (t->n_dims < 1 || t->n_dims > GGUF_MAX_DIMENSIONS)) {
		return error_set(e, "%s: tensor '%s': %u dimensions (1 to 4 are possible)", p->name, t->name, t->n_dims);
	}
	for (uint32_t d = 0; d < GGUF_MAX_DIMENSIONS; d++) t->dims[d] = d < t->n_dims ? cursor_u64(&p->c) : 1;
	uint32_t type = cursor_u32(&p->c);
	*offset = cursor_u64(&p->c);
	if (p->c.failed) return part_error(p, e, "the list of tensors is cut short");
	t->type = tensor_type_find(type);
	if (!t->type) return error_set(e, "%s: tensor '%s': weight type %u is unknown", p->name, t->name, type);
	return true;
}

static bool tensor_size(const struct part *p, struct gguf_tensor *t, struct error *e)
{
	size_t weights = 1;
	for (uint32_t d = 0; d < t->n_dims; d++) {
		if (t->dims[d] == 0) return error_set(e, "%s: tensor '%s': dimension %u is 0", p->name, t->name, d);
		if (!memory_multiply(weights, (size_t)t->dims[d], &weights)) {
			return error_set(e, "%s: tensor '%s': its dimensions are too large", p->name, t->name);
		}
	}
	if (t->dims[0] % t->type->weights != 0) {
		return error_set(e, "%s: tensor '%s': rows of %llu weights are no whole blocks of %s (%u)", p->name, t->name,
		                 (unsigned long long)t->dims[0], t->type->name, t->type->weights);
	}
	if (!memory_multiply(weights / t->type->weights, t->type->bytes, &t->size)) {
		return error_set(e, "%s: tensor '%s': its dimensions are too large", p->name, t->name);
	}
	return true;
}

static int by_place(const void *a, const void *b)
{
	const struct gguf_tensor *const *x = a, *const *y = b;
	return (*x)->data < (*y)->data ? -1 : (*x)->data > (*y)->data;
}

static bool check_overlap(const struct part *p, struct gguf_tensor *tensors, struct error *e)
{
	size_t n = (size_t)p->n_tensors;
	const struct gguf_tensor **order = memory_new(n ? n : 1, sizeof *order);
	if (!order) return error_memory(e);
	for (size_t i = 0; i < n; i++) order[i] = &tensors[i];
	qsort(order, n, sizeof *order, by_place);
	bool ok = true;
	for (size_t i = 1; i < n && ok; i++) {
		if (order[i - 1]->data + order[i - 1]->size <= order[i]->data) continue;
		ok = error_set(e, "%s: tensor '%s': its data overlap those of '%s'", p->name, order[i]->name, order[i - 1]->name);
	}
	memory_free(order);
	return ok;
}

/* Gives each tensor its bytes that lie elsewhere. */
static bool take_external(const struct part *p, struct gguf_tensor *tensors, struct error *e)
{
	const struct gguf *g = p->g;
	if (p->n_tensors != g->n_external) return error_set(e, "%s: the tensors are not those of the header", p->name);
	for (size_t i = 0; i < g->n_external; i++) {
		if (tensors[i].size != g->external[i].size)
			return error_set(e, "%s: tensor '%s': %zu bytes, not %zu", p->name, tensors[i].name, g->external[i].size,
			                 tensors[i].size);
		tensors[i].data = g->external[i].data;
	}
	return true;
}

/* Reads the tensor infos of part `index` into tensors[0..n_tensors) and gives each its data. */
static bool read_tensors(struct part *p, struct gguf_tensor *tensors, uint32_t index, struct error *e)
{
	uint64_t *offsets = memory_new(p->n_tensors ? (size_t)p->n_tensors : 1, sizeof *offsets);
	if (!offsets) return error_memory(e);
	bool ok = true;
	for (size_t i = 0; i < p->n_tensors && ok; i++) {
		ok = read_tensor(p, &tensors[i], &offsets[i], e) && tensor_size(p, &tensors[i], e);
	}
	if (p->g->external) {
		memory_free(offsets);
		return ok && take_external(p, tensors, e);
	}
	size_t start = (p->c.at + p->alignment - 1) / p->alignment * p->alignment;
	size_t room = start < p->c.size ? p->c.size - start : 0;
	for (size_t i = 0; i < p->n_tensors && ok; i++) {
		struct gguf_tensor *t = &tensors[i];
		if (offsets[i] % p->alignment != 0) {
			ok = error_set(e, "%s: tensor '%s': offset 0x%llx is not a multiple of %u", p->name, t->name,
			               (unsigned long long)offsets[i], p->alignment);
		} else if (offsets[i] > room || t->size > room - offsets[i]) {
			ok = error_set(e,
			               "%s: tensor '%s': its data (offset 0x%llx, %zu bytes) lie behind the end of the file; it "
			               "was not downloaded whole",
			               p->name, t->name, (unsigned long long)offsets[i], t->size);
		} else {
			t->data = p->c.data + start + offsets[i];
			t->part = index;
		}
	}
	memory_free(offsets);
	return ok && check_overlap(p, tensors, e);
}

static bool add_names(struct gguf *g, size_t first, struct error *e)
{
	for (size_t i = first; i < g->n_tensors; i++) {
		const char *name = g->tensors[i].name;
		if (map_get(g->tensor_of_name, name, strlen(name), NULL)) {
			return error_set(e, "%s: tensor '%s': this name stands twice", g->maps[g->tensors[i].part].name, name);
		}
		if (!map_set(g->tensor_of_name, name, strlen(name), i)) return error_memory(e);
	}
	return true;
}

/* An integer of this part's metadata; 0 when it is absent. */
static bool part_integer(const struct part *p, const char *key, int64_t *value, struct error *e)
{
	const struct gguf_value *v = part_find(p, key);
	*value = 0;
	if (!v) return true;
	if (!gguf_is_integer(v->type))
		return error_set(e, "%s: '%s': must be an integer, is %s", p->name, key, type_names[v->type]);
	*value = gguf_item_int(v, 0);
	return true;
}

/* What the part says about its place in a split model. A count of 0 stands in files that were merged from parts. */
static bool check_split(const struct part *p, uint32_t index, struct error *e)
{
	struct gguf *g = p->g;
	int64_t count, number, tensors;
	if (!part_integer(p, "split.count", &count, e) || !part_integer(p, "split.no", &number, e) ||
	    !part_integer(p, "split.tensors.count", &tensors, e))
		return false;
	if (count < 0 || count > GGUF_MAX_PARTS || number < 0 || number >= (count ? count : 1)) {
		return error_set(e, "%s: part %lld of %lld makes no sense ('split.no', 'split.count')", p->name,
		                 (long long)number + 1, (long long)count);
	}
	if (index == 0) {
		g->parts = count;
		g->split_tensors = tensors;
		if (number == 0) return true;
		return error_set(e, "%s: this is part %lld of %lld of a split model; open the first part", p->name,
		                 (long long)number + 1, (long long)count);
	}
	if (number != index || count != g->parts) {
		return error_set(e, "%s: part %u of %lld was expected, but the file says %lld of %lld; get all parts of one model",
		                 p->name, index + 1, (long long)g->parts, (long long)number + 1, (long long)count);
	}
	if (tensors != g->split_tensors) {
		return error_set(e, "%s: 'split.tensors.count': %lld here and %lld in the first part; get all parts of one model",
		                 p->name, (long long)tensors, (long long)g->split_tensors);
	}
	return true;
}

/* Room for the part's tensors behind those of the parts before. */
static struct gguf_tensor *tensor_room(struct gguf *g, size_t more, struct error *e)
{
	struct gguf_tensor *all = memory_resize(g->tensors, g->n_tensors + more + 1, sizeof *all);
	if (!all) {
		error_memory(e);
		return NULL;
	}
	g->tensors = all;
	memset(all + g->n_tensors, 0, more * sizeof *all);
	return all + g->n_tensors;
}

static bool read_part(struct gguf *g, uint32_t index, struct error *e)
{
	struct part p = { .g = g, .name = g->maps[index].name, .c = cursor_over(g->maps[index].data, g->maps[index].size) };
	bool ok = read_header(&p, e) && read_values(&p, e) && read_alignment(&p, e) && check_split(&p, index, e);
	if (ok) {
		size_t first = g->n_tensors;
		struct gguf_tensor *tensors = tensor_room(g, (size_t)p.n_tensors, e);
		ok = tensors && read_tensors(&p, tensors, index, e);
		if (ok) g->n_tensors += (size_t)p.n_tensors;
		ok = ok && add_names(g, first, e);
	}
	if (index == 0) {
		g->values = p.values;
		g->n_values = ok ? (size_t)p.n_values : 0;
		g->value_of_key = p.keys;
	} else {
		map_free(p.keys);
	}
	return ok;
}

/* Maps parts 2 to g->parts, which lie beside the first. */
static bool map_parts(struct gguf *g, struct error *e)
{
	char path[4096];
	const char *first = g->maps[0].name;
	unsigned parts = (unsigned)g->parts;
	for (unsigned i = 2; i <= parts; i++) {
		if (split_name_parts(first) != parts || !split_name_part(path, sizeof path, first, i)) {
			return error_set(e,
			                 "%s: part 1 of %u; its name must end in -00001-of-%05u.gguf, and the others lie beside it",
			                 first, parts, parts);
		}
		if (!g->files->map(g->files, path, &g->maps[i - 1], e))
			return error_at(e, "%s: part %u of %u is missing", first, i, parts);
		g->n_maps = i;
	}
	return true;
}

/* An open file without its parts. */
static struct gguf *gguf_new(struct error *e)
{
	struct gguf *g = memory_new(1, sizeof *g);
	if (g) {
		g->maps = memory_new(GGUF_MAX_PARTS, sizeof *g->maps);
		g->arena = arena_new(SIZE_MAX / 2); /* bounded by the counts that read_header and read_texts allow */
		g->tensor_of_name = map_new(512);
	}
	if (g && g->maps && g->arena && g->tensor_of_name) return g;
	gguf_close(g);
	error_memory(e);
	return NULL;
}

/* Reads the first part, finds the others when `beside` is set, and reads those. */
static bool read_parts(struct gguf *g, bool beside, struct error *e)
{
	if (!read_part(g, 0, e)) return false;
	if (beside && g->parts > 1 && !map_parts(g, e)) return false;
	size_t parts = g->parts ? (size_t)g->parts : 1;
	if (g->n_maps != parts) {
		return error_set(e, "%s: a model of %zu parts, but %zu were given; get all parts of one model", g->maps[0].name,
		                 parts, g->n_maps);
	}
	for (uint32_t i = 1; i < g->n_maps; i++) {
		if (!read_part(g, i, e)) return false;
	}
	if (g->n_maps > 1 && g->split_tensors && (uint64_t)g->split_tensors != g->n_tensors) {
		return error_set(e, "%s: the parts hold %zu tensors, not %lld; get all parts of one model", g->maps[0].name,
		                 g->n_tensors, (long long)g->split_tensors);
	}
	return gguf_intact(g, e);
}

struct gguf *gguf_open_maps(struct file_map *maps, size_t n_maps, struct error *e)
{
	struct gguf *g = NULL;
	if (n_maps < 1 || n_maps > GGUF_MAX_PARTS) {
		error_set(e, "a model of %zu files: 1 to %d are possible", n_maps, GGUF_MAX_PARTS);
	} else {
		g = gguf_new(e);
	}
	if (!g) {
		for (size_t i = 0; i < n_maps; i++) file_unmap(&maps[i]);
		return NULL;
	}
	memcpy(g->maps, maps, n_maps * sizeof *maps);
	g->n_maps = n_maps;
	if (read_parts(g, false, e)) return g;
	gguf_close(g);
	return NULL;
}

struct gguf *gguf_open_external(struct file_map *maps, size_t n_maps, const struct gguf_external *tensors, size_t n_tensors,
                                struct arena *owned, struct error *e)
{
	struct gguf *g = gguf_new(e);
	if (!g) {
		for (size_t i = 0; i < n_maps; i++) file_unmap(&maps[i]);
		arena_free(owned);
		return NULL;
	}
	memcpy(g->maps, maps, n_maps * sizeof *maps);
	g->n_maps = n_maps;
	g->owned = owned;
	g->external = tensors;
	g->n_external = n_tensors;
	bool ok = read_part(g, 0, e);
	g->external = NULL;
	if (ok && gguf_intact(g, e)) return g;
	gguf_close(g);
	return NULL;
}

struct gguf *gguf_open_from(const struct file_source *files, const char *path, struct error *e)
{
	if (huggingface_is(files, path)) return huggingface_open(files, path, e);
	struct gguf *g = gguf_new(e);
	if (!g) return NULL;
	g->files = files;
	if (files->map(files, path, &g->maps[0], e)) {
		g->n_maps = 1;
		bool ok = read_parts(g, true, e);
		g->files = NULL;
		if (ok) return g;
	}
	gguf_close(g);
	return NULL;
}

void gguf_close(struct gguf *g)
{
	if (!g) return;
	for (size_t i = 0; i < g->n_maps; i++) file_unmap(&g->maps[i]);
	memory_free(g->maps);
	memory_free(g->tensors);
	map_free(g->value_of_key);
	map_free(g->tensor_of_name);
	arena_free(g->arena);
	arena_free(g->owned);
	memory_free(g);
}
