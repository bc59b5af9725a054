/*
 * huggingface: a model folder as transformers writes it (config.json, *.safetensors, tokenizer.json, the chat template), as if it
 * were a GGUF file.
 *
 * Metadata and vocabulary are written into a header in memory, in the words that GGUF has for them. Weights stay where they lie in
 * the safetensors files; what GGUF stores otherwise is made anew: vectors as F32, norms of Gemma with their 1 added, and the rows
 * of queries and keys of Llama in another order, since its heads turn neighbouring values there and halves here.
 */
#ifndef HEARTH_FORMAT_HUGGINGFACE_H
#define HEARTH_FORMAT_HUGGINGFACE_H

#include "format/gguf.h"

/* Whether a path is a folder with a config.json in it. */
bool huggingface_is(const struct file_source *files, const char *path);

/* Opens a folder; gguf_open does it for every path that is one. The families are llama, mistral, qwen2, qwen3, gemma, gemma2,
 * gemma3, phi (1.5 and 2) and phi3 (3 and 4). */
struct gguf *huggingface_open(const struct file_source *files, const char *folder, struct error *e);

#endif
