/*
 * hearth-lab quantize: a model in another weight type (see mix.h for the names).
 *
 * Tensor by tensor, in slabs: rows of a slab are unpacked, checked and packed on all threads and written; the memory is that of a
 * slab and the metadata. A split file becomes one.
 */
#include "app/lab/quantize.h"

#include "app/lab/importance.h"
#include "app/lab/lab.h"
#include "app/lab/model_options.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/threads.h"
#include "format/gguf_writer.h"
#include "nn/pack.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLAB = 16 << 20, QUANTIZATION_VERSION = 2 };

struct arguments {
	const char *in, *type, *out, *importance;
	uint32_t threads;
};

/* One tensor on its way. */
struct passage {
	const struct gguf_tensor *tensor;
	const struct format *from, *to;
	const struct packer *packer;
	const float *importance;    /* of the matrix, or NULL */
	size_t in_bytes, out_bytes; /* of a row */
	const uint8_t *rows;
	size_t n_rows; /* of the slab */
	uint8_t *packed;
	float *floats; /* a row for each thread */
	struct threads *threads;
	atomic_bool bad; /* a value is no number */
};

static void pack_rows(void *data, unsigned t, unsigned count)
{
	struct passage *p = data;
	size_t cols = (size_t)p->tensor->dims[0], first, last;
	float *x = p->floats + t * cols;
	(void)count;
	struct threads_loop loop = threads_loop(p->threads, t, p->n_rows, 1, 8);
	while (threads_next(&loop, &first, &last)) {
		for (size_t r = first; r < last; r++) {
			p->from->unpack(p->rows + r * p->in_bytes, cols / p->from->type->weights, x);
			bool good = true;
			for (size_t i = 0; i < cols; i++) good &= isfinite(x[i]) != 0;
			if (good)
				packer_row(p->packer, x, p->importance, cols, p->packed + r * p->out_bytes);
			else
				atomic_store(&p->bad, true);
		}
	}
}

/* The rows of one matrix, slab by slab. */
static bool write_matrix(struct passage *p, const uint8_t *rows, size_t n_rows, struct file_writer *out, struct error *e)
{
	size_t most = SLAB / (p->out_bytes > p->in_bytes ? p->out_bytes : p->in_bytes);
	for (size_t at = 0; at < n_rows; at += p->n_rows) {
		p->n_rows = n_rows - at < most ? n_rows - at : most ? most : 1;
		p->rows = rows + at * p->in_bytes;
		threads_run(p->threads, pack_rows, p);
		if (atomic_load(&p->bad))
			return error_set(e,
			                 "tensor '%s': a weight is no finite number; the file is damaged or the training diverged",
			                 p->tensor->name);
		if (!file_write(out, p->packed, p->n_rows * p->out_bytes, e)) return false;
	}
	return true;
}

static bool write_packed(struct passage *p, const struct gguf *importance, struct file_writer *out, struct error *e)
{
	size_t cols = (size_t)p->tensor->dims[0], n_rows = (size_t)p->tensor->dims[1],
	       n_matrices = (size_t)(p->tensor->dims[2] * p->tensor->dims[3]);
	size_t slab = p->out_bytes > SLAB || p->in_bytes > SLAB ? p->out_bytes : SLAB;
	float *weights = memory_new(cols, sizeof *weights);
	p->packed = memory_new(slab, 1);
	p->floats = memory_new(threads_count(p->threads) * cols, sizeof *p->floats);
	bool ok = (weights && p->packed && p->floats) || error_memory(e);
	for (size_t i = 0; ok && i < n_matrices; i++) {
		bool found = false;
		ok = !importance || importance_read(importance, p->tensor, i, weights, &found, e);
		p->importance = found ? weights : NULL;
		ok = ok && write_matrix(p, p->tensor->data + i * n_rows * p->in_bytes, n_rows, out, e);
	}
	memory_free(weights);
	memory_free(p->packed);
	memory_free(p->floats);
	return ok;
}

/* Tensors in the order in which they are chosen and written, their types, and the file's head. */
struct outline {
	const struct gguf *in;
	size_t n;
	const struct gguf_tensor **tensors;
	const struct tensor_type **types;
	struct gguf_writer writer;
	struct packer *packers[FORMAT_COUNT]; /* made when first needed */
};

static bool write_tensor(struct outline *o, size_t i, const struct gguf *importance, struct threads *threads,
                         struct file_writer *out, struct error *e)
{
	const struct gguf_tensor *t = o->tensors[i];
	const struct tensor_type *type = o->types[i];
	if (type == t->type) return file_write(out, t->data, t->size, e);
	struct passage p = { .tensor = t, .from = format_find(t->type->id), .to = format_find(type->id), .threads = threads };
	if (!p.from || !p.to)
		return error_set(e, "tensor '%s': hearth does not compute with %s", t->name, p.from ? type->name : t->type->name);
	p.in_bytes = (size_t)(t->dims[0] / t->type->weights * t->type->bytes);
	p.out_bytes = (size_t)(t->dims[0] / type->weights * type->bytes);
	struct packer **packer = &o->packers[p.to->index];
	if (!*packer) *packer = packer_new(p.to, e);
	p.packer = *packer;
	return *packer && write_packed(&p, importance, out, e);
}

static int compare(const void *a, const void *b)
{
	const struct gguf_tensor *const *x = a, *const *y = b;
	return mix_before(*x, *y) ? -1 : mix_before(*y, *x);
}

/* What the new file says of itself differs from the old one in these. */
static bool is_replaced(const char *key)
{
	return strncmp(key, "split.", 6) == 0 || strcmp(key, "general.alignment") == 0 || strcmp(key, "general.file_type") == 0 ||
	       strcmp(key, "general.quantization_version") == 0;
}

static bool outline_make(struct outline *o, const struct gguf *in, const struct mix *mix, bool importance, struct error *e)
{
	struct mix_model m;
	if (mix && !mix_model_read(&m, mix, in, importance, e)) return false;
	o->n = gguf_tensor_count(in);
	o->tensors = memory_new(o->n + 1, sizeof *o->tensors);
	o->types = memory_new(o->n + 1, sizeof *o->types);
	if (!o->tensors || !o->types) return error_memory(e);
	for (size_t i = 0; i < o->n; i++) o->tensors[i] = gguf_tensor_at(in, i);
	qsort(o->tensors, o->n, sizeof(struct gguf_tensor *), compare);
	for (size_t i = 0; i < gguf_value_count(in); i++) {
		if (!is_replaced(gguf_value_at(in, i)->key)) gguf_put_value(&o->writer, gguf_value_at(in, i));
	}
	gguf_put_u32(&o->writer, "general.quantization_version", QUANTIZATION_VERSION);
	if (mix && mix->file_type != MIX_NONE) gguf_put_u32(&o->writer, "general.file_type", mix->file_type);
	for (size_t i = 0; i < o->n; i++) {
		const struct gguf_tensor *t = o->tensors[i];
		o->types[i] = mix ? mix_type(&m, t) : t->type;
		size_t size = o->types[i] == t->type
		                      ? t->size
		                      : t->size / t->type->bytes * t->type->weights / o->types[i]->weights * o->types[i]->bytes;
		gguf_put_tensor(&o->writer, t->name, o->types[i]->id, t->n_dims, t->dims, NULL, size);
	}
	return true;
}

static void outline_free(struct outline *o)
{
	gguf_writer_free(&o->writer);
	memory_free(o->tensors);
	memory_free(o->types);
	for (size_t i = 0; i < FORMAT_COUNT; i++) packer_free(o->packers[i]);
}

/* A line that is written over, on a terminal alone. */
static void show_progress(const struct outline *o, size_t i)
{
	if (!isatty(STDERR_FILENO)) return;
	if (i < o->n)
		fprintf(stderr, "\r\033[K%zu of %zu: %s as %s", i + 1, o->n, o->tensors[i]->name, o->types[i]->name);
	else
		fputs("\r\033[K", stderr);
}

static bool write_all(struct outline *o, const char *path, const struct gguf *importance, struct threads *threads, struct error *e)
{
	static const uint8_t zeros[GGUF_MAX_ALIGNMENT];
	struct buffer head = buffer_new(SIZE_MAX / 4);
	struct file_writer out;
	bool ok = gguf_writer_begin(&o->writer, &head, e) && file_create(&out, path, e);
	if (!ok) {
		buffer_free(&head);
		return false;
	}
	ok = file_write(&out, head.data, head.size, e);
	for (size_t i = 0; ok && i < o->n; i++) {
		show_progress(o, i);
		size_t before = out.written;
		ok = write_tensor(o, i, importance, threads, &out, e);
		size_t odd = (out.written - before) % o->writer.alignment;
		if (ok && odd) ok = file_write(&out, zeros, o->writer.alignment - odd, e);
	}
	show_progress(o, o->n);
	if (ok) ok = gguf_intact(o->in, e);
	if (ok)
		ok = file_commit(&out, e);
	else
		file_abandon(&out);
	buffer_free(&head);
	return ok;
}

bool quantize_file(const struct gguf *in, const struct mix *mix, const char *path, const struct gguf *importance,
                   uint32_t n_threads, struct error *e)
{
	struct outline o = { .in = in, .writer = gguf_writer_new() };
	struct threads *threads = threads_new(n_threads ? n_threads : threads_available(), e);
	bool ok = threads && outline_make(&o, in, mix, importance != NULL, e) && write_all(&o, path, importance, threads, e);
	outline_free(&o);
	threads_free(threads);
	return ok;
}

static int run(const struct arguments *a, const struct mix *mix)
{
	struct error e = { "" };
	struct gguf *in = gguf_open(a->in, &e), *importance = NULL;
	bool ok = in != NULL;
	if (ok && a->importance) ok = (importance = importance_open(a->importance, &e)) != NULL;
	ok = ok && quantize_file(in, mix, a->out, importance, a->threads, &e);
	gguf_close(importance);
	gguf_close(in);
	return ok ? LAB_DONE : lab_fail(&e);
}

static int unknown_type(const char *name)
{
	char all[600] = "";
	size_t length = 0;
	for (size_t i = 0; mix_at(i) && length < sizeof all; i++)
		length += (size_t)snprintf(all + length, sizeof all - length, "%s%s", i ? ", " : "", mix_at(i)->name);
	return lab_misuse("quantize: there is no type '%.40s'; there are %s", name, all);
}

int lab_quantize(int argc, char **argv)
{
	struct arguments a = { 0 };
	for (int i = 0; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;
		uint64_t number;
		if (strcmp(argv[i], "--imatrix") == 0) {
			if (!value) return lab_misuse("quantize: --imatrix needs a file");
			a.importance = argv[++i];
		} else if (strcmp(argv[i], "--threads") == 0) {
			if (!value || !lab_number(value, 1, 1024, &number))
				return lab_misuse("--threads needs a number from 1 to 1024");
			a.threads = (uint32_t)number;
			i++;
		} else if (argv[i][0] == '-' || a.out) {
			return lab_misuse("quantize: '%s' is not understood", argv[i]);
		} else {
			*(a.type ? &a.out : a.in ? &a.type : &a.in) = argv[i];
		}
	}
	if (!a.out) return lab_misuse("quantize: IN.gguf, TYPE and OUT.gguf are needed");
	const struct mix *mix = mix_named(a.type);
	return mix ? run(&a, mix) : unknown_type(a.type);
}
