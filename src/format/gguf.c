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
#include "base/utf8.h"

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
	uint64_t texts; /* in arrays, so far */
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

/* Keys and names: UTF-8 that can be shown as it is. */
static bool plain_text(const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < 0x20 || text[i] == 0x7f) return false;
	}
	return utf8_valid((const char *)text, length);
}

static bool part_error(const struct part *p, struct error *e, const char *what)
{
	return error_set(e, "%s: byte %zu: %s; the file is damaged or was not downloaded whole", p->name, p->c.at, what);
}

static bool read_header(struct part *p, struct error *e)
{
	const uint8_t *magic = cursor_bytes(&p->c, 4);
	if (!magic) return error_set(e, "%s: %zu bytes are too few for a GGUF file", p->name, p->c.size);
	if (memcmp(magic, "GGUF", 4) != 0) return error_set(e, "%s: not a GGUF file (it does not begin with 'GGUF')", p->name);
	uint32_t version = cursor_u32(&p->c);
	p->n_tensors = cursor_u64(&p->c);
	p->n_values = cursor_u64(&p->c);
	if (version == 0x02000000 || version == 0x03000000) {
		return error_set(e, "%s: a big-endian GGUF file; get the little-endian one of this model", p->name);
	}
	if (version == 1) return error_set(e, "%s: GGUF version 1 is no longer in use; get a newer file of this model", p->name);
	if (version != 2 && version != 3)
		return error_set(e, "%s: GGUF version %u is unknown (2 and 3 are known)", p->name, version);
	if (p->c.failed) return part_error(p, e, "the header is cut short");
	p->g->version = version;
	if (p->n_values > GGUF_MAX_VALUES || p->n_values > cursor_left(&p->c) / VALUE_LEAST) {
		return part_error(p, e, "it claims more metadata values than it can hold");
	}
	if (p->n_tensors > GGUF_MAX_TENSORS || p->n_tensors > cursor_left(&p->c) / TENSOR_LEAST) {
		return part_error(p, e, "it claims more tensors than it can hold");
	}
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
	p->texts += v->count;
	if (v->count > GGUF_MAX_TEXTS || p->texts > GGUF_MAX_TEXTS || v->count > cursor_left(&p->c) / TEXT_LEAST) {
		return error_set(e, "%s: '%s': it claims more strings than it can hold", p->name, v->key);
	}
	v->text_start = arena_alloc(p->g->arena, (size_t)v->count, sizeof *v->text_start);
	if (!v->text_start) return error_memory(e);
	for (uint64_t i = 0; i < v->count; i++) {
		uint64_t length;
		v->text_start[i] = p->c.data + p->c.at;
		if (!read_text(&p->c, &length)) {
			return error_set(e, "%s: '%s': string %llu lies behind the end of the file", p->name, v->key,
			                 (unsigned long long)i);
		}
	}
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
	if (!plain_text(key, (size_t)length)) return part_error(p, e, "a metadata key is not plain UTF-8 text");
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
	if (length == 0 || length > GGUF_MAX_NAME || !plain_text(name, (size_t)length)) {
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

/* Reads the tensor infos of part `index` into tensors[0..n_tensors) and gives each its data. */
static bool read_tensors(struct part *p, struct gguf_tensor *tensors, uint32_t index, struct error *e)
{
	uint64_t *offsets = memory_new(p->n_tensors ? (size_t)p->n_tensors : 1, sizeof *offsets);
	if (!offsets) return error_memory(e);
	bool ok = true;
	for (size_t i = 0; i < p->n_tensors && ok; i++) {
		ok = read_tensor(p, &tensors[i], &offsets[i], e) && tensor_size(p, &tensors[i], e);
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

/* An integer of this part's metadata; `none` when it is absent. */
static int64_t part_integer(const struct part *p, const char *key, int64_t none)
{
	const struct gguf_value *v = part_find(p, key);
	bool integer = v && v->type != GGUF_ARRAY && v->type != GGUF_TEXT && v->type != GGUF_F32 && v->type != GGUF_F64;
	return integer ? gguf_item_int(v, 0) : none;
}

static bool check_split(const struct part *p, uint32_t index, struct error *e)
{
	int64_t count = part_integer(p, "split.count", 0), number = part_integer(p, "split.no", 0);
	if (p->g->n_maps == 1 && count <= 1) return true;
	if (count < 0 || count > GGUF_MAX_PARTS || number < 0 || number >= count) {
		return error_set(e, "%s: part %lld of %lld makes no sense", p->name, (long long)number + 1, (long long)count);
	}
	if (number != index && p->g->n_maps == 1) {
		return error_set(e, "%s: this is part %lld of %lld of a split model; open the first part", p->name,
		                 (long long)number + 1, (long long)count);
	}
	if (number != index || count != (int64_t)p->g->n_maps) {
		return error_set(e, "%s: part %u of %zu was expected, but the file says %lld of %lld; get all parts of one model",
		                 p->name, index + 1, p->g->n_maps, (long long)number + 1, (long long)count);
	}
	return true;
}

static bool read_part(struct gguf *g, uint32_t index, struct error *e)
{
	struct part p = { .g = g, .name = g->maps[index].name, .c = cursor_over(g->maps[index].data, g->maps[index].size) };
	bool ok = read_header(&p, e) && read_values(&p, e) && read_alignment(&p, e) && check_split(&p, index, e);
	if (ok) {
		size_t first = g->n_tensors;
		struct gguf_tensor *all = memory_resize(g->tensors, first + (size_t)p.n_tensors + 1, sizeof *all);
		ok = all || error_memory(e);
		if (all) g->tensors = all;
		if (ok) {
			memset(all + first, 0, (size_t)p.n_tensors * sizeof *all);
			ok = read_tensors(&p, all + first, index, e);
			g->n_tensors += ok ? (size_t)p.n_tensors : 0;
		}
		ok = ok && add_names(g, first, e);
	}
	if (index == 0) {
		g->values = p.values;
		g->n_values = (size_t)p.n_values;
		g->value_of_key = p.keys;
		if (!ok) g->n_values = 0;
	} else {
		map_free(p.keys);
	}
	return ok;
}

static bool check_whole(const struct gguf *g, struct error *e)
{
	uint32_t total = 0;
	if (!gguf_get_u32(g, "split.tensors.count", &total, e)) return false;
	if (total && g->n_maps > 1 && total != g->n_tensors) {
		return error_set(e, "%s: the parts hold %zu tensors, not %u; get all parts of one model", g->maps[0].name,
		                 g->n_tensors, total);
	}
	return true;
}

struct gguf *gguf_open_maps(struct file_map *maps, size_t n_maps, struct error *e)
{
	struct gguf *g = memory_new(1, sizeof *g);
	if (g) g->maps = memory_new(n_maps, sizeof *maps);
	if (!g || !g->maps) {
		for (size_t i = 0; i < n_maps; i++) file_unmap(&maps[i]);
		memory_free(g);
		error_memory(e);
		return NULL;
	}
	memcpy(g->maps, maps, n_maps * sizeof *maps);
	g->n_maps = n_maps;
	g->arena = arena_new(SIZE_MAX / 2); /* bounded by the counts that read_header and read_texts allow */
	g->tensor_of_name = map_new(512);
	bool ok = (g->arena && g->tensor_of_name) || error_memory(e);
	for (uint32_t i = 0; i < n_maps && ok; i++) ok = read_part(g, i, e);
	if (ok && check_whole(g, e) && gguf_intact(g, e)) return g;
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
	memory_free(g);
}

/* The path of part `number` of `count`, made from the first part's; false when that is not named -00001-of-NNNNN.gguf. */
static bool part_path(char *out, size_t room, const char *first, unsigned number, unsigned count)
{
	char end[64];
	int n = snprintf(end, sizeof end, "-00001-of-%05u.gguf", count);
	size_t length = strlen(first), cut = (size_t)n;
	if (length <= cut || strcmp(first + length - cut, end) != 0 || length >= room) return false;
	snprintf(out, room, "%.*s-%05u-of-%05u.gguf", (int)(length - cut), first, number, count);
	return true;
}

/* How many parts the file says it is one of: read ahead of the real opening, 1 when it cannot be told. */
static unsigned count_parts(const struct file_map *m)
{
	static const char key[] = "split.count";
	struct cursor c = cursor_over(m->data, m->size < (1u << 20) ? m->size : (1u << 20));
	for (size_t i = 24; i + sizeof key - 1 + 6 <= c.size; i++) {
		const uint8_t *p = memchr(c.data + i, 's', c.size - i - (sizeof key - 1 + 6) + 1);
		if (!p) return 1;
		i = (size_t)(p - c.data);
		if (memcmp(p, key, sizeof key - 1) != 0) continue;
		struct cursor v = cursor_over(p + sizeof key - 1, 6);
		uint32_t type = cursor_u32(&v), count = cursor_u16(&v);
		if (type == GGUF_U16 && count >= 1 && count <= GGUF_MAX_PARTS) return count;
	}
	return 1;
}

struct gguf *gguf_open(const char *path, struct error *e)
{
	struct file_map first;
	if (!file_map_path(&first, path, e)) return NULL;
	char other[4096];
	unsigned parts = count_parts(&first);
	if (parts > 1 && !part_path(other, sizeof other, path, 1, parts))
		parts = 1; /* then the check of the part says what is wrong */
	struct file_map *maps = memory_new(parts, sizeof *maps);
	if (!maps) {
		file_unmap(&first);
		error_memory(e);
		return NULL;
	}
	maps[0] = first;
	unsigned have = 1;
	while (have < parts && part_path(other, sizeof other, path, have + 1, parts) && file_map_path(&maps[have], other, e))
		have++;
	struct gguf *g = NULL;
	if (have == parts) {
		g = gguf_open_maps(maps, parts, e);
	} else {
		error_at(e, "%s: part %u of %u is missing", path, have + 1, parts);
		for (unsigned i = 0; i < have; i++) file_unmap(&maps[i]);
	}
	memory_free(maps);
	return g;
}
