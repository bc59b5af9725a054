/* weights_internal: finding and checking single tensors, shared by the files that bind parts of a layer. */
#ifndef HEARTH_MODEL_WEIGHTS_INTERNAL_H
#define HEARTH_MODEL_WEIGHTS_INTERNAL_H

#include "model/weights.h"

enum { WEIGHTS_MAX_NAME = 64 };

struct weights_binder {
	const struct gguf *file;
	const struct config *c;
	struct arena *arena;
	struct weights *w;
	struct error *e;
};

/* Writes "blk.LAYER.ROLEEND" and returns it. */
const char *weights_name(char out[WEIGHTS_MAX_NAME], uint32_t layer, const char *role, const char *end);

/* Whether there is a tensor blk.LAYER.ROLE.weight. */
bool weights_has(const struct weights_binder *b, uint32_t layer, const char *role);

/* `count` matrices of rows x cols, one after the other; out->data stays NULL when the tensor is absent and not needed. False on a
 * missing tensor, a wrong shape or a type that cannot be computed with. */
bool weights_stack(const struct weights_binder *b, const char *name, bool needed, size_t cols, size_t rows, size_t count,
                   struct matrix *out);
bool weights_matrix(const struct weights_binder *b, const char *name, bool needed, size_t cols, size_t rows, struct matrix *out);

/* n floats in place or unpacked; *out is NULL when the tensor is absent and not needed. The layer's is blk.LAYER.ROLE.weight, or
 * without the .weight. */
bool weights_vector(const struct weights_binder *b, const char *name, bool needed, size_t n, const float **out);
bool weights_layer_vector(const struct weights_binder *b, uint32_t layer, const char *role, bool needed, size_t n,
                          const float **out);

/* The same for a small table of rows x cols, which must be there; dimensions of 1 may stand anywhere in its shape. */
bool weights_table(const struct weights_binder *b, const char *name, size_t cols, size_t rows, const float **out);

/* A table of 32-bit integers where it lies, of any alignment; it must be there. */
bool weights_integers(const struct weights_binder *b, const char *name, size_t cols, size_t rows, const uint8_t **out);

/* A matrix blk.LAYER.ROLE.weight with its optional blk.LAYER.ROLE.bias. */
bool weights_projection(const struct weights_binder *b, uint32_t layer, const char *role, size_t cols, size_t rows,
                        struct projection *p);

/* A norm of n values, of the family's kind; its bias is NAME with .bias for .weight. The layer's is blk.LAYER.ROLE.weight. */
bool weights_norm(const struct weights_binder *b, const char *name, bool needed, size_t n, struct norm *norm);
bool weights_layer_norm(const struct weights_binder *b, uint32_t layer, const char *role, bool needed, size_t n, struct norm *norm);

/* Rows [first, first + rows) of a fused projection. */
struct projection weights_part(const struct projection *whole, size_t first, size_t rows);

#endif
