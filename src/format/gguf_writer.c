/* gguf_writer: GGUF files from values and tensors (see gguf_writer.h). */
#include "format/gguf_writer.h"

#include "base/memory.h"
#include "format/gguf_internal.h"

#include <string.h>

enum { WRITER_ALIGNMENT = 32 };

struct gguf_writer gguf_writer_new(void)
{
	return (struct gguf_writer){ .values = buffer_new(SIZE_MAX / 4),
		                     .infos = buffer_new(SIZE_MAX / 4),
		                     .data = buffer_new(SIZE_MAX / 4),
		                     .version = 3,
		                     .alignment = WRITER_ALIGNMENT,
		                     .magic = "GGUF" };
}

void gguf_writer_free(struct gguf_writer *w)
{
	buffer_free(&w->values);
	buffer_free(&w->infos);
	buffer_free(&w->data);
}

static void put_u32(struct buffer *b, uint32_t v)
{
	buffer_append(b, &v, sizeof v);
}

static void put_u64(struct buffer *b, uint64_t v)
{
	buffer_append(b, &v, sizeof v);
}

static void put_string(struct buffer *b, const char *text, size_t length)
{
	put_u64(b, length);
	buffer_append(b, text, length);
}

void gguf_put_raw(struct gguf_writer *w, const char *key, size_t key_length, uint32_t type, const void *bytes, size_t size)
{
	put_string(&w->values, key, key_length);
	put_u32(&w->values, type);
	buffer_append(&w->values, bytes, size);
	w->n_values++;
}

static void put_scalar(struct gguf_writer *w, const char *key, enum gguf_type type, const void *value)
{
	gguf_put_raw(w, key, strlen(key), type, value, gguf_item_size(type));
}

void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t value)
{
	put_scalar(w, key, GGUF_U32, &value);
}

void gguf_put_i32(struct gguf_writer *w, const char *key, int32_t value)
{
	put_scalar(w, key, GGUF_I32, &value);
}

void gguf_put_u16(struct gguf_writer *w, const char *key, uint16_t value)
{
	put_scalar(w, key, GGUF_U16, &value);
}

void gguf_put_u64(struct gguf_writer *w, const char *key, uint64_t value)
{
	put_scalar(w, key, GGUF_U64, &value);
}

void gguf_put_f32(struct gguf_writer *w, const char *key, float value)
{
	put_scalar(w, key, GGUF_F32, &value);
}

void gguf_put_bool(struct gguf_writer *w, const char *key, bool value)
{
	uint8_t byte = value;
	put_scalar(w, key, GGUF_BOOL, &byte);
}

void gguf_put_text(struct gguf_writer *w, const char *key, const char *text, size_t length)
{
	gguf_put_raw(w, key, strlen(key), GGUF_TEXT, NULL, 0);
	put_string(&w->values, text, length);
}

static void begin_array(struct gguf_writer *w, const char *key, enum gguf_type item, uint64_t count)
{
	gguf_put_raw(w, key, strlen(key), GGUF_ARRAY, NULL, 0);
	put_u32(&w->values, item);
	put_u64(&w->values, count);
}

void gguf_put_array(struct gguf_writer *w, const char *key, enum gguf_type item, const void *items, uint64_t count)
{
	begin_array(w, key, item, count);
	buffer_append(&w->values, items, (size_t)count * gguf_item_size(item));
}

void gguf_put_texts(struct gguf_writer *w, const char *key, const struct gguf_text *texts, uint64_t count)
{
	begin_array(w, key, GGUF_TEXT, count);
	for (uint64_t i = 0; i < count; i++) put_string(&w->values, texts[i].data, texts[i].length);
}

void gguf_put_value(struct gguf_writer *w, const struct gguf_value *v)
{
	if (v->type == GGUF_ARRAY)
		begin_array(w, v->key, v->item, v->count);
	else
		gguf_put_raw(w, v->key, strlen(v->key), v->type, NULL, 0);
	if (v->item != GGUF_TEXT) {
		buffer_append(&w->values, v->data, (size_t)v->count * gguf_item_size(v->item));
		return;
	}
	for (uint64_t i = 0; i < v->count; i++) {
		struct gguf_text t = gguf_item_text(v, i);
		put_string(&w->values, t.data, t.length);
	}
}

static size_t padding(uint64_t size, uint32_t alignment)
{
	return (size_t)((alignment - size % alignment) % alignment);
}

static void pad(struct buffer *b, size_t size)
{
	char *p = buffer_extend(b, size);
	if (p) memset(p, 0, size);
}

void gguf_put_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint32_t n_dims, const uint64_t *dims,
                     const void *bytes, size_t size)
{
	put_string(&w->infos, name, strlen(name));
	put_u32(&w->infos, n_dims);
	buffer_append(&w->infos, dims, n_dims * sizeof *dims);
	put_u32(&w->infos, type);
	put_u64(&w->infos, w->data_size);
	w->n_tensors++;
	size_t gap = padding(size, w->alignment);
	if (bytes) {
		buffer_append(&w->data, bytes, size);
		pad(&w->data, gap);
	}
	w->data_size += size + gap;
}

bool gguf_writer_begin(const struct gguf_writer *w, struct buffer *out, struct error *e)
{
	size_t start = out->size;
	buffer_append(out, w->magic, 4);
	put_u32(out, w->version);
	put_u64(out, w->n_tensors);
	put_u64(out, w->n_values);
	buffer_append(out, w->values.data, w->values.size);
	buffer_append(out, w->infos.data, w->infos.size);
	pad(out, padding(out->size - start, w->alignment));
	if (out->failed || w->values.failed || w->infos.failed || w->data.failed) return error_memory(e);
	return true;
}

bool gguf_writer_bytes(const struct gguf_writer *w, struct buffer *out, struct error *e)
{
	if (!gguf_writer_begin(w, out, e)) return false;
	return buffer_append(out, w->data.data, w->data.size) || error_memory(e);
}
