/*
 * importance: which inputs of each matrix matter: the sums of their squares over all rows that were computed, for quantizers that
 * weigh errors by them.
 *
 * Of a fused projection the part at the matrix's start stands for all: they read the same.
 */
#ifndef HEARTH_ENGINE_IMPORTANCE_H
#define HEARTH_ENGINE_IMPORTANCE_H

#include "format/gguf.h"
#include "model/model.h"

/* What was seen of one tensor: `cols` sums (float64) and a count for each of its matrices. NULL sums: nothing was. */
struct importance_entry {
	const struct gguf_tensor *tensor;
	double *sums;
	uint64_t *counts;
};

struct importance;

/* Begins to look at a model that was opened from the file; both must outlive it. NULL with the reason. */
struct importance *importance_new(struct model *m, const struct gguf *file, struct error *e);
void importance_free(struct importance *i); /* ends it; NULL is allowed */

/* False when memory was out for some of it. No batch may be running, here and below. */
bool importance_whole(const struct importance *i);

/* The tensors that something was seen of, in the order in which they lie; NULL behind the last. */
const struct importance_entry *importance_at(const struct importance *i, size_t number);

/* A tensor's sums and counts as floats, in that order, in memory that the caller frees; NULL when memory is out. */
float *importance_floats(const struct importance_entry *x, uint64_t *n_matrices);

#endif
