/* file: an open model file behind hearth_file_* (hearth.h): its facts, without a model. */
#ifndef HEARTH_ENGINE_FILE_H
#define HEARTH_ENGINE_FILE_H

#include "base/file_source.h"
#include "format/gguf.h"
#include "hearth.h"

/* As hearth_file_open, from files that are somewhere else. */
bool file_look(const struct file_source *files, const char *path, struct hearth_file **file, struct error *e);

/* The weight type that most bytes have. */
const char *file_main_type(const struct gguf *g);

/* The defaults with what the file recommends in their place, each value that is in range. */
struct hearth_sampling file_sampling(const struct gguf *g);

#endif
