/*
 * gguf_verify: reads every byte of an open model and looks for what opening cannot see: numbers that are none, which a torn
 * download or a failing disk leaves behind in the weights.
 */
#ifndef HEARTH_FORMAT_GGUF_VERIFY_H
#define HEARTH_FORMAT_GGUF_VERIFY_H

#include "format/gguf.h"

/* False and the line for it at the first weight, or scale of a block, that is no finite number, or where the file cannot be read.
 * `seen`: bytes of tensors that were read, or NULL. */
bool gguf_verify(const struct gguf *g, uint64_t *seen, struct error *e);

#endif
