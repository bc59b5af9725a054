/* importance: looking at what the products read (see importance.h). */
#include "engine/importance.h"

#include "base/memory.h"

#include <stdlib.h>

struct importance {
	struct model *model;
	struct importance_entry *entries; /* ascending by where the tensor lies */
	size_t n;
	bool failed; /* memory is out */
};

static int compare(const void *a, const void *b)
{
	const struct importance_entry *x = a, *y = b;
	return x->tensor->data < y->tensor->data ? -1 : x->tensor->data > y->tensor->data;
}

/* The tensor that a product's matrix is a part of; NULL: none. */
static struct importance_entry *entry_of(const struct importance *c, const uint8_t *weights)
{
	size_t low = 0, high = c->n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (c->entries[middle].tensor->data <= weights)
			low = middle + 1;
		else
			high = middle;
	}
	struct importance_entry *x = low > 0 ? &c->entries[low - 1] : NULL;
	return x && weights < x->tensor->data + x->tensor->size ? x : NULL;
}

/* A model_observer. */
static void collect(void *data, const struct model_seen *seen)
{
	struct importance *c = data;
	struct importance_entry *x = entry_of(c, seen->weights);
	if (!x || x->tensor->dims[0] != seen->cols) return;
	uint64_t n_matrices = x->tensor->dims[2] * x->tensor->dims[3];
	size_t offset = (size_t)(seen->weights - x->tensor->data), bytes = x->tensor->size / (size_t)n_matrices;
	if (offset % bytes != 0) return;
	if (!x->sums) {
		x->sums = memory_new((size_t)n_matrices, seen->cols * sizeof *x->sums);
		x->counts = memory_new((size_t)n_matrices, sizeof *x->counts);
	}
	if (!x->sums || !x->counts) {
		c->failed = true;
		return;
	}
	double *sums = x->sums + offset / bytes * seen->cols;
	for (uint32_t r = 0; r < seen->n_rows; r++) {
		const float *row = seen->x + (seen->pick ? seen->pick[r] : r) * seen->stride;
		for (size_t i = 0; i < seen->cols; i++) sums[i] += (double)row[i] * (double)row[i];
	}
	x->counts[offset / bytes] += seen->n_rows;
}

struct importance *importance_new(struct model *m, const struct gguf *file, struct error *e)
{
	struct importance *c = memory_new(1, sizeof *c);
	size_t n = gguf_tensor_count(file);
	if (c) c->entries = memory_new(n + 1, sizeof *c->entries);
	if (!c || !c->entries) {
		memory_free(c);
		error_memory(e);
		return NULL;
	}
	c->model = m;
	c->n = n;
	for (size_t i = 0; i < n; i++) c->entries[i].tensor = gguf_tensor_at(file, i);
	qsort(c->entries, n, sizeof *c->entries, compare);
	model_observe(m, collect, c);
	return c;
}

void importance_free(struct importance *c)
{
	if (!c) return;
	model_observe(c->model, NULL, NULL);
	for (size_t i = 0; i < c->n; i++) {
		memory_free(c->entries[i].sums);
		memory_free(c->entries[i].counts);
	}
	memory_free(c->entries);
	memory_free(c);
}

bool importance_whole(const struct importance *c)
{
	return !c->failed;
}

const struct importance_entry *importance_at(const struct importance *c, size_t number)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->entries[i].sums && number-- == 0) return &c->entries[i];
	}
	return NULL;
}

float *importance_floats(const struct importance_entry *x, uint64_t *n_matrices)
{
	*n_matrices = x->tensor->dims[2] * x->tensor->dims[3];
	size_t n = (size_t)(x->tensor->dims[0] * *n_matrices), counts = (size_t)*n_matrices;
	float *values = memory_new(n + counts, sizeof *values);
	for (size_t i = 0; values && i < n; i++) values[i] = (float)x->sums[i];
	for (size_t i = 0; values && i < counts; i++) values[n + i] = (float)x->counts[i];
	return values;
}
