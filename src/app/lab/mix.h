/*
 * mix: which weight type each tensor gets when a model is written in a type's name.
 *
 * The names are llama.cpp's (Q4_K_M, IQ3_XS ...), and so is what they mean: a type for most matrices, more bits for those that an
 * error is seen most in, and another type where a row is no whole number of blocks.
 */
#ifndef HEARTH_APP_LAB_MIX_H
#define HEARTH_APP_LAB_MIX_H

#include "format/gguf.h"

#include <stdbool.h>
#include <stdint.h>

struct mix {
	const char *name;
	uint32_t file_type;       /* general.file_type; MIX_NONE: the file says nothing */
	enum tensor_type_id type; /* of most matrices */
};

enum { MIX_NONE = UINT32_MAX };

/* A mix by its name, or a plain type by the type's, in upper or lower case; NULL: unknown. mix_at: all of them, NULL behind the
 * end. */
const struct mix *mix_named(const char *name);
const struct mix *mix_at(size_t index);

/* What the choice for one tensor depends on besides it. Tensors must be asked for in the order of mix_before. */
struct mix_model {
	const struct mix *mix;
	bool falcon, seventy; /* an architecture, and a size, with rules of their own */
	bool tied;            /* the embedding is the output matrix too */
	bool importance;      /* an importance matrix is given */
	uint32_t n_gqa, n_expert, n_layer;
	uint32_t n_value;               /* tensors of attention values */
	uint32_t value, down, gate, up; /* asked for so far */
};

bool mix_model_read(struct mix_model *m, const struct mix *mix, const struct gguf *file, bool importance, struct error *e);

/* Layers in order, names in order within one; tensors of no layer first. */
bool mix_before(const struct gguf_tensor *a, const struct gguf_tensor *b);

/* The type for a tensor: its own where it is not to be quantized. */
const struct tensor_type *mix_type(struct mix_model *m, const struct gguf_tensor *t);

#endif
