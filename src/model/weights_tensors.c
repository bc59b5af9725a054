/* weights_tensors: finding, checking and binding single tensors (see weights_internal.h). Tensor names are those of ggml's files.
 */
#include "model/weights_internal.h"

#include <stdio.h>
#include <string.h>

static bool wrong_shape(const struct weights_binder *b, const struct gguf_tensor *t, size_t cols, size_t rows, size_t count)
{
	char wanted[96];
	if (count > 1)
		snprintf(wanted, sizeof wanted, "%zu x %zu x %zu", cols, rows, count);
	else if (rows > 1)
		snprintf(wanted, sizeof wanted, "%zu x %zu", cols, rows);
	else
		snprintf(wanted, sizeof wanted, "%zu", cols);
	return error_set(b->e, "%s: tensor '%s': its shape is %llu x %llu x %llu, the metadata want %s", gguf_name(b->file),
	                 t->name, (unsigned long long)t->dims[0], (unsigned long long)t->dims[1], (unsigned long long)t->dims[2],
	                 wanted);
}

static void count_tensor(const struct weights_binder *b, const struct gguf_tensor *t)
{
	b->w->bytes += t->size;
	b->w->parameters += t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];
}

/* The tensor of that name with shape cols x rows x count; *t is NULL when it is absent and not needed. */
static bool find(const struct weights_binder *b, const char *name, bool needed, size_t cols, size_t rows, size_t count,
                 const struct gguf_tensor **t)
{
	*t = gguf_tensor(b->file, name);
	if (!*t) return !needed || error_set(b->e, "%s: tensor '%s' is missing", gguf_name(b->file), name);
	const uint64_t *d = (*t)->dims;
	if (d[0] != cols || d[1] != rows || d[2] != count || d[3] != 1) return wrong_shape(b, *t, cols, rows, count);
	count_tensor(b, *t);
	return true;
}

static const struct format *format_of(const struct weights_binder *b, const struct gguf_tensor *t)
{
	const struct format *f = format_find(t->type->id);
	if (!f)
		error_set(b->e, "%s: tensor '%s': weight type %s is not supported in this version", gguf_name(b->file), t->name,
		          t->type->name);
	return f;
}

bool weights_stack(const struct weights_binder *b, const char *name, bool needed, size_t cols, size_t rows, size_t count,
                   struct matrix *out)
{
	const struct gguf_tensor *t;
	if (!find(b, name, needed, cols, rows, count, &t)) return false;
	if (!t) return true;
	const struct format *f = format_of(b, t);
	if (!f) return false;
	return matrix_init(out, f, t->data, rows, cols) ||
	       error_set(b->e, "%s: tensor '%s': rows are no whole blocks", gguf_name(b->file), name);
}

bool weights_matrix(const struct weights_binder *b, const char *name, bool needed, size_t cols, size_t rows, struct matrix *out)
{
	return weights_stack(b, name, needed, cols, rows, 1, out);
}

/* The n values of a tensor as floats: in place, or unpacked into the arena. */
static bool take_floats(const struct weights_binder *b, const struct gguf_tensor *t, size_t n, const float **out)
{
	if (t->type->id == TYPE_F32 && (uintptr_t)t->data % _Alignof(float) == 0) {
		*out = (const float *)(const void *)t->data;
		return true;
	}
	const struct format *f = format_of(b, t);
	if (!f) return false;
	float *copy = arena_alloc(b->arena, n, sizeof *copy);
	if (!copy) return error_memory(b->e);
	f->unpack(t->data, n / t->type->weights, copy);
	*out = copy;
	return true;
}

bool weights_vector(const struct weights_binder *b, const char *name, bool needed, size_t n, const float **out)
{
	const struct gguf_tensor *t;
	*out = NULL;
	if (!find(b, name, needed, n, 1, 1, &t)) return false;
	return !t || take_floats(b, t, n, out);
}

/* Whether a tensor has this shape when dimensions of 1 are left away. */
static bool same_but_for_ones(const struct gguf_tensor *t, size_t cols, size_t rows)
{
	uint64_t wanted[] = { cols, rows }, left[4] = { 1, 1, 1, 1 }, right[4] = { 1, 1, 1, 1 };
	size_t n_left = 0, n_right = 0;
	for (size_t i = 0; i < 4; i++) {
		if (t->dims[i] != 1) left[n_left++] = t->dims[i];
	}
	for (size_t i = 0; i < 2; i++) {
		if (wanted[i] != 1) right[n_right++] = wanted[i];
	}
	return memcmp(left, right, sizeof left) == 0;
}

bool weights_table(const struct weights_binder *b, const char *name, size_t cols, size_t rows, const float **out)
{
	const struct gguf_tensor *t = gguf_tensor(b->file, name);
	if (!t) return error_set(b->e, "%s: tensor '%s' is missing", gguf_name(b->file), name);
	if (!same_but_for_ones(t, cols, rows)) return wrong_shape(b, t, cols, rows, 1);
	count_tensor(b, t);
	return take_floats(b, t, cols * rows, out);
}

const char *weights_name(char out[WEIGHTS_MAX_NAME], uint32_t layer, const char *role, const char *end)
{
	snprintf(out, WEIGHTS_MAX_NAME, "blk.%u.%s%s", layer, role, end);
	return out;
}

bool weights_projection(const struct weights_binder *b, uint32_t layer, const char *role, size_t cols, size_t rows,
                        struct projection *p)
{
	char name[WEIGHTS_MAX_NAME];
	if (!weights_matrix(b, weights_name(name, layer, role, ".weight"), true, cols, rows, &p->weights) ||
	    !weights_vector(b, weights_name(name, layer, role, ".bias"), false, rows, &p->bias))
		return false;
	const struct gguf_tensor *scale = gguf_tensor(b->file, weights_name(name, layer, role, ".scale"));
	/* vectors of that name belong to other roles (a router's input, experts' results) */
	return !scale || scale->dims[0] != 1 || weights_vector(b, name, false, 1, &p->scale);
}

/* Writes the name of a layer's vector: some files leave the .weight away. */
static const char *vector_name(const struct weights_binder *b, char out[WEIGHTS_MAX_NAME], uint32_t layer, const char *role)
{
	if (!gguf_tensor(b->file, weights_name(out, layer, role, ".weight")) &&
	    gguf_tensor(b->file, weights_name(out, layer, role, "")))
		return out;
	return weights_name(out, layer, role, ".weight");
}

bool weights_layer_vector(const struct weights_binder *b, uint32_t layer, const char *role, bool needed, size_t n,
                          const float **out)
{
	char name[WEIGHTS_MAX_NAME];
	return weights_vector(b, vector_name(b, name, layer, role), needed, n, out);
}

struct projection weights_part(const struct projection *whole, size_t first, size_t rows)
{
	struct projection part = *whole;
	part.weights.data += first * whole->weights.row_bytes;
	part.weights.rows = rows;
	if (part.bias) part.bias += first;
	return part;
}

bool weights_has(const struct weights_binder *b, uint32_t layer, const char *role)
{
	char name[WEIGHTS_MAX_NAME];
	return gguf_tensor(b->file, weights_name(name, layer, role, ".weight")) != NULL;
}

/* n times 1: the weights of a norm that has none. */
static bool bind_ones(const struct weights_binder *b, size_t n, const float **out)
{
	float *ones = arena_alloc(b->arena, n, sizeof *ones);
	if (!ones) return error_memory(b->e);
	for (size_t i = 0; i < n; i++) ones[i] = 1;
	*out = ones;
	return true;
}

bool weights_norm(const struct weights_binder *b, const char *name, bool needed, size_t n, struct norm *norm)
{
	char bias[WEIGHTS_MAX_NAME];
	*norm = (struct norm){ .layer = b->c->family->norm == NORM_LAYER };
	if (b->c->family->bare_norms) return bind_ones(b, n, &norm->weight);
	if (!weights_vector(b, name, needed, n, &norm->weight)) return false;
	if (!norm->weight) return true;
	size_t length = strlen(name), end = strlen(".weight");
	bool suffix = length > end && strcmp(name + length - end, ".weight") == 0;
	snprintf(bias, sizeof bias, "%.*s.bias", (int)(suffix ? length - end : length), name);
	return weights_vector(b, bias, false, n, &norm->bias);
}

bool weights_layer_norm(const struct weights_binder *b, uint32_t layer, const char *role, bool needed, size_t n, struct norm *norm)
{
	char name[WEIGHTS_MAX_NAME];
	return weights_norm(b, vector_name(b, name, layer, role), needed, n, norm);
}

bool weights_integers(const struct weights_binder *b, const char *name, size_t cols, size_t rows, const uint8_t **out)
{
	const struct gguf_tensor *t;
	if (!find(b, name, true, cols, rows, 1, &t)) return false;
	if (t->type->id != TYPE_I32)
		return error_set(b->e, "%s: tensor '%s': its type is %s, not I32", gguf_name(b->file), name, t->type->name);
	*out = t->data;
	return true;
}
