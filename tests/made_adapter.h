/* made_adapter: two LoRA adapters for a model file, written by a test, and the model with both in its matrices. */
#ifndef HEARTH_TESTS_MADE_ADAPTER_H
#define HEARTH_TESTS_MADE_ADAPTER_H

#include "format/gguf_writer.h"
#include "nn/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MADE_RANK = 3, MADE_MOST = 1 << 15 };

struct made_adapters {
	char path[2][64], merged[64];
};
static const float made_alphas[2] = { 6, 0 }, made_scales[2] = { 0.5f, -1.5f };

static inline void made_name(char path[64])
{
	snprintf(path, 64, "/tmp/hearth-adapter-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

/* A small number that depends on where it stands. */
static inline float made_value(size_t adapter, const char *name, int side, size_t i)
{
	uint64_t x = 1469598103934665603u + adapter * 977 + (uint64_t)side * 31 + i * 0x9e3779b97f4a7c15u;
	for (const char *p = name; *p; p++) x = (x ^ (uint8_t)*p) * 1099511628211u;
	x ^= x >> 29;
	return ((float)(x >> 40 & 0xffff) / 32768.0f - 1) * 0.15f;
}

static inline bool made_adapts(const struct gguf_tensor *t)
{
	return t->n_dims == 2 && strncmp(t->name, "blk.", 4) == 0;
}

static inline void made_adapter(const struct gguf *model, const char *arch, size_t which, const char *path)
{
	struct gguf_writer w = gguf_writer_new();
	struct error e;
	static float a[MADE_MOST], b[MADE_MOST];
	char name[300];
	gguf_put_text(&w, "general.type", "adapter", 7);
	gguf_put_text(&w, "general.architecture", arch, strlen(arch));
	gguf_put_text(&w, "adapter.type", "lora", 4);
	if (made_alphas[which] != 0) gguf_put_f32(&w, "adapter.lora.alpha", made_alphas[which]);
	for (size_t i = 0; i < gguf_tensor_count(model); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(model, i);
		if (!made_adapts(t)) continue;
		size_t cols = (size_t)t->dims[0], rows = (size_t)t->dims[1];
		for (size_t k = 0; k < MADE_RANK * cols; k++) a[k] = made_value(which, t->name, 0, k);
		for (size_t k = 0; k < MADE_RANK * rows; k++) b[k] = made_value(which, t->name, 1, k);
		snprintf(name, sizeof name, "%s.lora_a", t->name);
		gguf_put_tensor(&w, name, TYPE_F32, 2, (uint64_t[]){ cols, MADE_RANK }, a, MADE_RANK * cols * sizeof *a);
		snprintf(name, sizeof name, "%s.lora_b", t->name);
		gguf_put_tensor(&w, name, TYPE_F32, 2, (uint64_t[]){ MADE_RANK, rows }, b, MADE_RANK * rows * sizeof *b);
	}
	assert_true(gguf_writer_save(&w, path, &e));
	gguf_writer_free(&w);
}

/* The model with both adapters in its matrices, as float32. */
static inline void made_merged(const struct gguf *model, const char *path)
{
	struct gguf_writer w = gguf_writer_new();
	struct error e;
	static float x[MADE_MOST];
	for (size_t i = 0; i < gguf_value_count(model); i++) gguf_put_value(&w, gguf_value_at(model, i));
	for (size_t i = 0; i < gguf_tensor_count(model); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(model, i);
		size_t cols = (size_t)t->dims[0], n = t->size / t->type->bytes;
		assert_true(n <= MADE_MOST);
		format_find(t->type->id)->unpack(t->data, n, x);
		for (size_t which = 0; which < 2 && made_adapts(t); which++) {
			float scale =
			        made_alphas[which] != 0 ? made_scales[which] * made_alphas[which] / MADE_RANK : made_scales[which];
			for (size_t k = 0; k < n; k++) {
				for (size_t r = 0; r < MADE_RANK; r++)
					x[k] += scale * made_value(which, t->name, 1, k / cols * MADE_RANK + r) *
					        made_value(which, t->name, 0, r * cols + k % cols);
			}
		}
		gguf_put_tensor(&w, t->name, TYPE_F32, t->n_dims, t->dims, x, n * sizeof *x);
	}
	assert_true(gguf_writer_save(&w, path, &e));
	gguf_writer_free(&w);
}

/* Writes all three files; the test removes them with made_remove. */
static inline struct made_adapters made_write(const char *golden, const char *arch)
{
	struct made_adapters made;
	struct error e = { "" };
	struct gguf *model = gguf_open(golden, &e);
	for (size_t i = 0; i < 2; i++) {
		made_name(made.path[i]);
		made_adapter(model, arch, i, made.path[i]);
	}
	made_name(made.merged);
	made_merged(model, made.merged);
	gguf_close(model);
	return made;
}

static inline void made_remove(const struct made_adapters *made)
{
	unlink(made->path[0]);
	unlink(made->path[1]);
	unlink(made->merged);
}

#endif
