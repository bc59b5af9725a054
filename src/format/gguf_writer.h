/*
 * gguf_writer: writes GGUF version 3 files; used by tests and the workshop.
 *
 * Values and tensor infos are collected in memory, tensor data are taken from the caller when the file is written, so a file
 * larger than memory can be written with gguf_writer_begin and file_write. Names and values are not checked: a test may write
 * what no reader should take.
 */
#ifndef HEARTH_FORMAT_GGUF_WRITER_H
#define HEARTH_FORMAT_GGUF_WRITER_H

#include "base/buffer.h"
#include "base/file.h"
#include "format/gguf.h"

struct gguf_writer {
	struct buffer values, infos;
	struct buffer data; /* of tensors given with their bytes */
	uint64_t n_values, n_tensors;
	uint64_t data_size; /* of all tensors, padding included */
	uint32_t version, alignment;
	const char *magic; /* 4 bytes */
};

struct gguf_writer gguf_writer_new(void);
void gguf_writer_free(struct gguf_writer *w);

/* Scalars. All functions fail only by memory, and that sticks (buffer.h): check what gguf_writer_save returns. */
void gguf_put_u32(struct gguf_writer *w, const char *key, uint32_t value);
void gguf_put_i32(struct gguf_writer *w, const char *key, int32_t value);
void gguf_put_u16(struct gguf_writer *w, const char *key, uint16_t value);
void gguf_put_u64(struct gguf_writer *w, const char *key, uint64_t value);
void gguf_put_f32(struct gguf_writer *w, const char *key, float value);
void gguf_put_bool(struct gguf_writer *w, const char *key, bool value);
void gguf_put_text(struct gguf_writer *w, const char *key, const char *text, size_t length);

/* Arrays: `items` are packed numbers of that type; texts are given one by one. */
void gguf_put_array(struct gguf_writer *w, const char *key, enum gguf_type item, const void *items, uint64_t count);
void gguf_put_texts(struct gguf_writer *w, const char *key, const struct gguf_text *texts, uint64_t count);

/* A value of any type, number and bytes as they are: for values that should not exist. */
void gguf_put_raw(struct gguf_writer *w, const char *key, size_t key_length, uint32_t type, const void *bytes, size_t size);
void gguf_put_value(struct gguf_writer *w, const struct gguf_value *v); /* as read from another file */

/* A tensor with its bytes (copied; NULL: the caller writes them behind gguf_writer_begin in the same order, padded). */
void gguf_put_tensor(struct gguf_writer *w, const char *name, uint32_t type, uint32_t n_dims, const uint64_t *dims,
                     const void *bytes, size_t size);

/* The whole file, appended to `out`; the tensors must have been given with their bytes. */
bool gguf_writer_bytes(const struct gguf_writer *w, struct buffer *out, struct error *e);
bool gguf_writer_save(const struct gguf_writer *w, const char *path, struct error *e);

/* Everything before the tensor data, padded. */
bool gguf_writer_begin(const struct gguf_writer *w, struct buffer *out, struct error *e);

#endif
