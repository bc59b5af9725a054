/* weights: finding, checking and binding tensors (see weights.h). Tensor names are those of ggml's files. */
#include "model/recurrent.h"

#include "base/memory.h"

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

/* The tensor of that name with shape cols x rows x count; *t is NULL when it is absent and not needed. */
static bool find(const struct weights_binder *b, const char *name, bool needed, size_t cols, size_t rows, size_t count,
                 const struct gguf_tensor **t)
{
	*t = gguf_tensor(b->file, name);
	if (!*t) return !needed || error_set(b->e, "%s: tensor '%s' is missing", gguf_name(b->file), name);
	const uint64_t *d = (*t)->dims;
	if (d[0] != cols || d[1] != rows || d[2] != count || d[3] != 1) return wrong_shape(b, *t, cols, rows, count);
	b->w->bytes += (*t)->size;
	b->w->parameters += (uint64_t)cols * rows * count;
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

bool weights_table(const struct weights_binder *b, const char *name, size_t cols, size_t rows, const float **out)
{
	const struct gguf_tensor *t = gguf_tensor(b->file, name);
	bool flat = t && t->dims[1] == 1 && t->dims[2] == 1 && (cols == 1 || rows == 1);
	bool deep = t && t->dims[1] == 1 && t->dims[2] == rows && rows > 1; /* a dimension of 1 between */
	if (flat) return find(b, name, true, cols * rows, 1, 1, &t) && take_floats(b, t, cols * rows, out);
	if (deep) return find(b, name, true, cols, 1, rows, &t) && take_floats(b, t, cols * rows, out);
	return find(b, name, true, cols, rows, 1, &t) && take_floats(b, t, cols * rows, out);
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
	return weights_matrix(b, weights_name(name, layer, role, ".weight"), true, cols, rows, &p->weights) &&
	       weights_vector(b, weights_name(name, layer, role, ".bias"), false, rows, &p->bias);
}

bool weights_layer_vector(const struct weights_binder *b, uint32_t layer, const char *role, bool needed, size_t n,
                          const float **out)
{
	char name[WEIGHTS_MAX_NAME];
	return weights_vector(b, weights_name(name, layer, role, ".weight"), needed, n, out);
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

static bool bind_attention(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config *c = b->c;
	size_t q = (size_t)c->layer[i].n_head * c->head_k, k = (size_t)c->layer[i].n_head_kv * c->head_k;
	size_t v = (size_t)c->layer[i].n_head_kv * c->head_v, o = (size_t)c->layer[i].n_head * c->head_v;
	if (weights_has(b, i, "attn_qkv")) {
		struct projection whole = { 0 };
		if (!weights_projection(b, i, "attn_qkv", c->n_embd, q + k + v, &whole)) return false;
		l->q = weights_part(&whole, 0, q);
		l->k = weights_part(&whole, q, k);
		l->v = weights_part(&whole, q + k, v);
	} else if (!weights_projection(b, i, "attn_q", c->n_embd, q, &l->q) ||
	           !weights_projection(b, i, "attn_k", c->n_embd, k, &l->k) ||
	           !weights_projection(b, i, "attn_v", c->n_embd, v, &l->v)) {
		return false;
	}
	if (c->family->flags & FAMILY_QK_NORM) {
		if (!weights_layer_vector(b, i, "attn_q_norm", true, c->head_k, &l->q_norm)) return false;
		if (!weights_layer_vector(b, i, "attn_k_norm", true, c->head_k, &l->k_norm)) return false;
	}
	return weights_projection(b, i, "attn_output", o, c->n_embd, &l->o);
}

static bool bind_experts(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config *c = b->c;
	char name[WEIGHTS_MAX_NAME];
	return weights_projection(b, i, "ffn_gate_inp", c->n_embd, c->n_expert, &l->router) &&
	       weights_stack(b, weights_name(name, i, "ffn_gate_exps", ".weight"), true, c->n_embd, c->n_ff_expert, c->n_expert,
	                     &l->gate_experts) &&
	       weights_stack(b, weights_name(name, i, "ffn_up_exps", ".weight"), true, c->n_embd, c->n_ff_expert, c->n_expert,
	                     &l->up_experts) &&
	       weights_stack(b, weights_name(name, i, "ffn_down_exps", ".weight"), true, c->n_ff_expert, c->n_embd, c->n_expert,
	                     &l->down_experts);
}

static bool bind_feed_forward(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config *c = b->c;
	size_t n_ff = c->layer[i].n_ff;
	if (c->n_expert) return bind_experts(b, i, l);
	if (weights_has(b, i, "ffn_gate")) {
		if (!weights_projection(b, i, "ffn_gate", c->n_embd, n_ff, &l->gate) ||
		    !weights_projection(b, i, "ffn_up", c->n_embd, n_ff, &l->up))
			return false;
	} else { /* gate and up in one, the gate first */
		struct projection whole = { 0 };
		if (!weights_projection(b, i, "ffn_up", c->n_embd, 2 * n_ff, &whole)) return false;
		l->gate = weights_part(&whole, 0, n_ff);
		l->up = weights_part(&whole, n_ff, n_ff);
	}
	return weights_projection(b, i, "ffn_down", n_ff, c->n_embd, &l->down);
}

static bool bind_second_half(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	size_t n = b->c->n_embd;
	bool post = b->c->family->flags & FAMILY_POST_NORMS;
	return weights_layer_vector(b, i, "ffn_norm", true, n, &l->ffn_norm) && bind_feed_forward(b, i, l) &&
	       (!post || weights_layer_vector(b, i, "post_ffw_norm", true, n, &l->ffn_post_norm));
}

static bool bind_layer(const struct weights_binder *b, uint32_t i)
{
	const struct config *c = b->c;
	struct layer_weights *l = &b->w->layer[i];
	const struct config_layer *n = &c->layer[i];
	bool post = c->family->flags & FAMILY_POST_NORMS;
	return weights_layer_vector(b, i, "attn_norm", true, c->n_embd, &l->attn_norm) &&
	       (!n->n_head_kv || bind_attention(b, i, l)) && (!n->recurrent || recurrent_block(n->recurrent)->bind(b, i, l)) &&
	       (!post || weights_layer_vector(b, i, "post_attention_norm", true, c->n_embd, &l->attn_post_norm)) &&
	       (!n->n_ff || bind_second_half(b, i, l));
}

static bool finite_factors(const struct weights_binder *b, const char *name, const float *factors, size_t n)
{
	for (size_t i = 0; factors && i < n; i++) {
		if (!(factors[i] > 0)) return error_set(b->e, "%s: tensor '%s': a factor is not above 0", gguf_name(b->file), name);
	}
	return true;
}

static bool bind_rope(const struct weights_binder *b)
{
	struct weights *w = b->w;
	size_t n = b->c->n_rot / 2;
	return weights_vector(b, "rope_freqs.weight", false, n, &w->rope_factors) &&
	       weights_vector(b, "rope_factors_long.weight", false, n, &w->rope_factors_long) &&
	       weights_vector(b, "rope_factors_short.weight", false, n, &w->rope_factors_short) &&
	       finite_factors(b, "rope_freqs.weight", w->rope_factors, n) &&
	       finite_factors(b, "rope_factors_long.weight", w->rope_factors_long, n) &&
	       finite_factors(b, "rope_factors_short.weight", w->rope_factors_short, n);
}

bool weights_bind(struct weights *w, const struct gguf *file, const struct config *c, struct arena *arena, struct error *e)
{
	memset(w, 0, sizeof *w);
	struct weights_binder b = { .file = file, .c = c, .arena = arena, .w = w, .e = e };
	w->layer = arena_alloc(arena, c->n_layer, sizeof *w->layer);
	if (!w->layer) return error_memory(e);
	if (!weights_matrix(&b, "token_embd.weight", true, c->n_embd, c->n_vocab, &w->embedding)) return false;
	if (!weights_matrix(&b, "output.weight", false, c->n_embd, c->n_vocab, &w->output)) return false;
	if (!w->output.data) w->output = w->embedding;
	if (!weights_vector(&b, "output_norm.weight", true, c->n_embd, &w->output_norm) || !bind_rope(&b)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		if (!bind_layer(&b, i)) return false;
	}
	return true;
}
