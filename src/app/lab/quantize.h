/* quantize: a model's tensors in another type, for the commands that write GGUF files. */
#ifndef HEARTH_APP_LAB_QUANTIZE_H
#define HEARTH_APP_LAB_QUANTIZE_H

#include "app/lab/mix.h"

/* Writes `in` to `path` in the types of `mix` (NULL: as they are). `importance`: NULL, or from importance_open. `threads`: 0 for
 * all cores. */
bool quantize_file(const struct gguf *in, const struct mix *mix, const char *path, const struct gguf *importance, uint32_t threads,
                   struct error *e);

#endif
