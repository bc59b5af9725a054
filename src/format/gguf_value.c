/* gguf_value: reading values and tensors of an open file (see gguf.h). */
#include "format/gguf_internal.h"

#include "base/cursor.h"

#include <stdio.h>
#include <string.h>

const char *gguf_name(const struct gguf *g)
{
	return g->maps[0].name;
}

uint32_t gguf_version(const struct gguf *g)
{
	return g->version;
}

size_t gguf_file_size(const struct gguf *g)
{
	size_t total = 0;
	for (size_t i = 0; i < g->n_maps; i++) total += g->maps[i].size;
	return total;
}

const struct file_map *gguf_maps(const struct gguf *g, size_t *count)
{
	*count = g->n_maps;
	return g->maps;
}

bool gguf_intact(const struct gguf *g, struct error *e)
{
	for (size_t i = 0; i < g->n_maps; i++) {
		if (!file_map_intact(&g->maps[i], e)) return false;
	}
	return true;
}

size_t gguf_value_count(const struct gguf *g)
{
	return g->n_values;
}

const struct gguf_value *gguf_value_at(const struct gguf *g, size_t index)
{
	return &g->values[index];
}

const struct gguf_value *gguf_find(const struct gguf *g, const char *key)
{
	uint64_t index;
	return map_get(g->value_of_key, key, strlen(key), &index) ? &g->values[index] : NULL;
}

size_t gguf_tensor_count(const struct gguf *g)
{
	return g->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t index)
{
	return &g->tensors[index];
}

const struct gguf_tensor *gguf_tensor(const struct gguf *g, const char *name)
{
	uint64_t index;
	return map_get(g->tensor_of_name, name, strlen(name), &index) ? &g->tensors[index] : NULL;
}

struct gguf_text gguf_item_text(const struct gguf_value *v, uint64_t index)
{
	const uint8_t *text = v->text_start[index] + sizeof(uint64_t);
	return (struct gguf_text){ .data = (const char *)text, .length = (size_t)(v->text_start[index + 1] - text) };
}

static uint64_t item_u64(const struct gguf_value *v, uint64_t index)
{
	struct cursor c = cursor_over(v->data + index * sizeof(uint64_t), sizeof(uint64_t));
	return cursor_u64(&c);
}

/* One number of the value as an integer and as a float: both, since the caller knows which it wants. */
static void read_item(const struct gguf_value *v, uint64_t index, int64_t *integer, double *real)
{
	size_t size = gguf_item_size(v->item);
	if (size == 0) return;
	struct cursor c = cursor_over(v->data + index * size, size);
	switch (v->item) {
	case GGUF_U8:
	case GGUF_BOOL: *integer = cursor_u8(&c); break;
	case GGUF_I8: *integer = (int8_t)cursor_u8(&c); break;
	case GGUF_U16: *integer = cursor_u16(&c); break;
	case GGUF_I16: *integer = (int16_t)cursor_u16(&c); break;
	case GGUF_U32: *integer = cursor_u32(&c); break;
	case GGUF_I32: *integer = (int32_t)cursor_u32(&c); break;
	case GGUF_I64: *integer = (int64_t)cursor_u64(&c); break;
	case GGUF_U64: {
		uint64_t u = item_u64(v, index);
		*integer = u > INT64_MAX ? INT64_MAX : (int64_t)u;
		break;
	}
	case GGUF_F32: *real = (double)cursor_f32(&c); return;
	case GGUF_F64: *real = cursor_f64(&c); return;
	default: *integer = 0; break;
	}
	*real = (double)*integer;
}

int64_t gguf_item_int(const struct gguf_value *v, uint64_t index)
{
	int64_t integer = 0;
	double real = 0;
	read_item(v, index, &integer, &real);
	return integer;
}

double gguf_item_float(const struct gguf_value *v, uint64_t index)
{
	int64_t integer = 0;
	double real = 0;
	read_item(v, index, &integer, &real);
	return real;
}

bool gguf_is_integer(enum gguf_type type)
{
	return type <= GGUF_I32 || type == GGUF_U64 || type == GGUF_I64;
}

static bool is_float(enum gguf_type type)
{
	return type == GGUF_F32 || type == GGUF_F64;
}

static bool wrong_kind(const struct gguf *g, const char *key, const char *wanted, struct error *e)
{
	return error_set(e, "%s: '%s': must be %s", gguf_name(g), key, wanted);
}

/* The integer of that key within [least, most]; *found false when the key is absent. */
static bool get_integer(const struct gguf *g, const char *key, int64_t least, int64_t most, int64_t *value, bool *found,
                        struct error *e)
{
	const struct gguf_value *v = gguf_find(g, key);
	*found = v != NULL;
	if (!v) return true;
	if (!gguf_is_integer(v->type)) return wrong_kind(g, key, "an integer", e);
	*value = gguf_item_int(v, 0);
	if (*value >= least && *value <= most) return true;
	return error_set(e, "%s: '%s': %lld is out of range", gguf_name(g), key, (long long)*value);
}

bool gguf_get_u32(const struct gguf *g, const char *key, uint32_t *value, struct error *e)
{
	int64_t integer;
	bool found;
	if (!get_integer(g, key, 0, UINT32_MAX, &integer, &found, e)) return false;
	if (found) *value = (uint32_t)integer;
	return true;
}

bool gguf_get_i32(const struct gguf *g, const char *key, int32_t *value, struct error *e)
{
	int64_t integer;
	bool found;
	if (!get_integer(g, key, INT32_MIN, INT32_MAX, &integer, &found, e)) return false;
	if (found) *value = (int32_t)integer;
	return true;
}

bool gguf_get_f32(const struct gguf *g, const char *key, float *value, struct error *e)
{
	const struct gguf_value *v = gguf_find(g, key);
	if (!v) return true;
	if (!is_float(v->type)) return wrong_kind(g, key, "a float", e);
	*value = (float)gguf_item_float(v, 0);
	return true;
}

bool gguf_get_bool(const struct gguf *g, const char *key, bool *value, struct error *e)
{
	const struct gguf_value *v = gguf_find(g, key);
	if (!v) return true;
	if (v->type != GGUF_BOOL) return wrong_kind(g, key, "true or false", e);
	*value = v->data[0] != 0;
	return true;
}

bool gguf_get_text(const struct gguf *g, const char *key, struct gguf_text *value, struct error *e)
{
	const struct gguf_value *v = gguf_find(g, key);
	if (!v) return true;
	if (v->type != GGUF_TEXT) return wrong_kind(g, key, "a string", e);
	*value = gguf_item_text(v, 0);
	return true;
}

bool gguf_get_array(const struct gguf *g, const char *key, enum gguf_type item, const struct gguf_value **value, struct error *e)
{
	*value = NULL;
	const struct gguf_value *v = gguf_find(g, key);
	if (!v) return true;
	if (v->type != GGUF_ARRAY) return wrong_kind(g, key, "an array", e);
	bool fits = item == GGUF_I64 ? gguf_is_integer(v->item) : item == GGUF_F64 ? is_float(v->item) : v->item == item;
	if (!fits && v->count > 0) {
		return wrong_kind(g, key,
		                  item == GGUF_I64    ? "an array of integers"
		                  : item == GGUF_F64  ? "an array of floats"
		                  : item == GGUF_TEXT ? "an array of strings"
		                                      : "an array of bools",
		                  e);
	}
	*value = v;
	return true;
}

/* Appends like snprintf and never past the end. */
static size_t add(char *out, size_t room, size_t at, const char *format, ...) ERROR_FORMAT(4, 5);
static size_t add(char *out, size_t room, size_t at, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int n = vsnprintf(out + at, room - at, format, args);
	va_end(args);
	size_t end = at + (n > 0 ? (size_t)n : 0);
	return end < room ? end : room - 1;
}

static size_t add_text(char *out, size_t room, size_t at, struct gguf_text t, size_t most)
{
	at = add(out, room, at, "\"");
	for (size_t i = 0; i < t.length && i < most; i++) {
		unsigned char c = (unsigned char)t.data[i];
		if (c == '\n')
			at = add(out, room, at, "\\n");
		else if (c < 0x20 || c >= 0x7f)
			at = add(out, room, at, "\\x%02x", c);
		else
			at = add(out, room, at, "%c", c);
	}
	return add(out, room, at, t.length > most ? "\"..." : "\"");
}

void gguf_describe(const struct gguf_value *v, char *out, size_t room)
{
	enum { SHOWN = 6, TEXT_SHOWN = 60 };
	if (room == 0) return;
	out[0] = 0;
	size_t at = 0;
	bool array = v->type == GGUF_ARRAY;
	if (array) at = add(out, room, at, "%llu items [", (unsigned long long)v->count);
	for (uint64_t i = 0; i < v->count && i < SHOWN; i++) {
		if (i) at = add(out, room, at, ", ");
		if (v->item == GGUF_TEXT)
			at = add_text(out, room, at, gguf_item_text(v, i), array ? 20 : TEXT_SHOWN);
		else if (v->item == GGUF_BOOL)
			at = add(out, room, at, "%s", gguf_item_int(v, i) ? "true" : "false");
		else if (is_float(v->item))
			at = add(out, room, at, "%g", gguf_item_float(v, i));
		else if (v->item == GGUF_U64)
			at = add(out, room, at, "%llu", (unsigned long long)item_u64(v, i));
		else
			at = add(out, room, at, "%lld", (long long)gguf_item_int(v, i));
	}
	if (array) add(out, room, at, v->count > SHOWN ? ", ...]" : "]");
}
