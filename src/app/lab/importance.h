/*
 * importance: the file of an importance matrix, in llama.cpp's form: a GGUF file with two tensors for each matrix, NAME.in_sum2
 * (the sums of its inputs' squares, a row for each expert) and NAME.counts (over how many inputs, one for each expert).
 */
#ifndef HEARTH_APP_LAB_IMPORTANCE_H
#define HEARTH_APP_LAB_IMPORTANCE_H

#include "format/gguf.h"

#include <stdbool.h>

/* Opens and checks that it is such a file. Close with gguf_close. */
struct gguf *importance_open(const char *path, struct error *e);

/* The mean squares for expert `index` of a tensor with `cols` inputs and `n_experts` matrices, into `out` (cols floats). *found is
 * false where the file has nothing for this tensor. False: what it has does not fit or is no number. */
bool importance_read(const struct gguf *file, const struct gguf_tensor *t, uint64_t index, float *out, bool *found,
                     struct error *e);

#endif
