/*
 * made: GGUF files that no honest program writes, and what must happen when one is opened.
 *
 * A case starts from a small valid file, changes what is put into it or bends its bytes, and names the words that the verdict must
 * contain. Besides the verdict: opening ends within a minute, takes no more memory than the file's size and 64 MiB, and
 * leaves nothing allocated.
 */
#ifndef HEARTH_TESTS_BAD_MADE_H
#define HEARTH_TESTS_BAD_MADE_H

#include "base/memory.h"
#include "format/gguf_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { HANG = 60, ALLOWED = 64 << 20 };

static char made_folder[] = "/tmp/hearth-bad-XXXXXX";

static inline int made_begin(void **state)
{
	(void)state;
	return mkdtemp(made_folder) ? 0 : -1;
}

static inline int made_end(void **state)
{
	(void)state;
	return rmdir(made_folder);
}

/* A path in the folder, in a buffer that the next call but three reuses. */
static inline const char *made_path(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", made_folder, name);
	return path;
}

static inline void made_write(const char *name, const void *bytes, size_t size)
{
	FILE *f = fopen(made_path(name), "wb");
	if (!f || (size && fwrite(bytes, size, 1, f) != 1) || fclose(f) != 0) fail_msg("cannot write %s", made_path(name));
}

/* A valid file: five values and two tensors. */
static inline struct gguf_writer made_valid(void)
{
	struct gguf_writer w = gguf_writer_new();
	float norm[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t weights[4 * 18] = { 0 };
	gguf_put_text(&w, "general.architecture", "llama", 5);
	gguf_put_u32(&w, "llama.block_count", 1);
	gguf_put_bool(&w, "flag", true);
	gguf_put_texts(&w, "texts", (struct gguf_text[]){ { "one", 3 }, { "two", 3 }, { "", 0 } }, 3);
	gguf_put_array(&w, "floats", GGUF_F32, norm, 4);
	gguf_put_tensor(&w, "norm", TYPE_F32, 1, (uint64_t[]){ 8 }, norm, sizeof norm);
	gguf_put_tensor(&w, "weights", TYPE_Q4_0, 2, (uint64_t[]){ 64, 2 }, weights, sizeof weights);
	return w;
}

struct made_case {
	const char *name;
	void (*put)(struct gguf_writer *w); /* NULL: nothing more */
	void (*bend)(struct buffer *b);     /* NULL: as written */
	const char *expected;               /* words of the verdict */
};

static inline struct buffer made_bytes(const struct made_case *c)
{
	struct error e = { "" };
	struct gguf_writer w = made_valid();
	struct buffer b = buffer_new(SIZE_MAX / 4);
	if (c->put) c->put(&w);
	if (!gguf_writer_bytes(&w, &b, &e)) fail_msg("%s: %s", c->name, e.text);
	gguf_writer_free(&w);
	if (c->bend) c->bend(&b);
	return b;
}

/* Called with each file that was judged and the line about it (NULL: it was opened), where a test sets it that opens files in
 * another way as well (tests/wire/bad_*.c). */
static void (*made_also)(const char *name, const char *path, const char *line);

/* The file must be refused with a line that names it and contains the expected words. */
static inline void made_refused(const char *name, const char *path, size_t size, const char *expected)
{
	struct error e = { "" };
	size_t before = memory_in_use();
	memory_peak_reset();
	alarm(HANG);
	struct gguf *g = gguf_open(path, &e);
	alarm(0);
	if (g) fail_msg("%s: was opened", name);
	if (strncmp(e.text, path, strlen(path)) != 0) fail_msg("%s: '%s' does not begin with the file's name", name, e.text);
	if (!strstr(e.text, expected)) fail_msg("%s: '%s' lacks '%s'", name, e.text, expected);
	if (memory_peak() - before > size + ALLOWED)
		fail_msg("%s: %zu bytes for a file of %zu", name, memory_peak() - before, size);
	if (memory_in_use() != before) fail_msg("%s: %zu bytes are left behind", name, memory_in_use() - before);
	if (made_also) made_also(name, path, e.text);
}

static inline void made_run(const struct made_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct buffer b = made_bytes(&cases[i]);
		made_write("bad.gguf", b.data, b.size);
		made_refused(cases[i].name, made_path("bad.gguf"), b.size, cases[i].expected);
		buffer_free(&b);
	}
	unlink(made_path("bad.gguf"));
}

/* Changes to bytes that stand already. */
static inline void made_set_u32(struct buffer *b, size_t at, uint32_t value)
{
	memcpy(b->data + at, &value, sizeof value);
}

static inline void made_set_u64(struct buffer *b, size_t at, uint64_t value)
{
	memcpy(b->data + at, &value, sizeof value);
}

/* A value whose bytes, behind the type, are given as they are. */
static inline void made_put(struct gguf_writer *w, const char *key, uint32_t type, const void *bytes, size_t size)
{
	gguf_put_raw(w, key, strlen(key), type, bytes, size);
}

/* An array value that claims `count` items of `item`, with `size` bytes behind. */
static inline void made_put_array(struct gguf_writer *w, const char *key, uint32_t item, uint64_t count, const void *bytes,
                                  size_t size)
{
	made_put(w, key, GGUF_ARRAY, &item, sizeof item);
	buffer_append(&w->values, &count, sizeof count);
	buffer_append(&w->values, bytes, size);
}

/* A tensor info as it is, without data. */
static inline void made_put_info(struct gguf_writer *w, const char *name, size_t length, uint32_t n_dims, const uint64_t *dims,
                                 size_t dims_given, uint32_t type, uint64_t offset)
{
	uint64_t name_length = length;
	buffer_append(&w->infos, &name_length, sizeof name_length);
	buffer_append(&w->infos, name, length);
	buffer_append(&w->infos, &n_dims, sizeof n_dims);
	buffer_append(&w->infos, dims, dims_given * sizeof *dims);
	buffer_append(&w->infos, &type, sizeof type);
	buffer_append(&w->infos, &offset, sizeof offset);
	w->n_tensors++;
}

#endif
