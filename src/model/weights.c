/* weights: which tensors a model has (see weights.h). */
#include "model/weights.h"

#include "model/attention_block.h"
#include "model/layer_inputs.h"
#include "model/recurrent.h"
#include "model/stream.h"

#include <math.h>
#include <string.h>

/* The experts' matrices of one role with their optional biases. */
static bool bind_expert_stack(const struct weights_binder *b, uint32_t i, const char *role, size_t cols, size_t rows,
                              struct expert_stack *out)
{
	char name[WEIGHTS_MAX_NAME];
	size_t n = b->c->experts.n;
	if (!weights_stack(b, weights_name(name, i, role, ".weight"), true, cols, rows, n, &out->weights)) return false;
	out->rows = rows;
	weights_name(name, i, role, ".bias");
	return !gguf_tensor(b->file, name) || weights_table(b, name, rows, n, &out->bias);
}

/* Gates, where experts have them, and ups of all experts, in tensors of their own or each expert's gate and up in one. */
static bool bind_expert_inputs(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_experts *x = &b->c->experts;
	size_t n_embd = b->c->n_embd, n_ff = x->n_ff;
	if (b->c->family->plain_ffn) return bind_expert_stack(b, i, "ffn_up_exps", n_embd, n_ff, &l->up_experts);
	if (!weights_has(b, i, "ffn_gate_up_exps"))
		return bind_expert_stack(b, i, "ffn_gate_exps", n_embd, n_ff, &l->gate_experts) &&
		       bind_expert_stack(b, i, "ffn_up_exps", n_embd, n_ff, &l->up_experts);
	if (!bind_expert_stack(b, i, "ffn_gate_up_exps", n_embd, 2 * n_ff, &l->gate_experts)) return false;
	if (l->gate_experts.bias)
		return error_set(b->e, "%s: tensor 'blk.%u.ffn_gate_up_exps.bias' is not supported in this version",
		                 gguf_name(b->file), i);
	l->gate_experts.weights.rows = n_ff;
	l->up_experts = l->gate_experts;
	l->up_experts.weights.data += n_ff * l->up_experts.weights.row_bytes;
	return true;
}

/* The experts of each token, where the layer does not leave the choice to its router. */
static bool bind_by_token(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config *c = b->c;
	char name[WEIGHTS_MAX_NAME];
	if (i >= c->blocks.n_by_token) return true;
	const uint8_t *table;
	if (!weights_integers(b, weights_name(name, i, "ffn_gate_tid2eid", ".weight"), c->experts.n_used, c->n_vocab, &table))
		return false;
	uint32_t *experts = arena_alloc(b->arena, (size_t)c->n_vocab * c->experts.n_used, sizeof *experts);
	if (!experts) return error_memory(b->e);
	for (size_t k = 0; k < (size_t)c->n_vocab * c->experts.n_used; k++) {
		memcpy(&experts[k], table + k * sizeof *experts, sizeof *experts);
		if (experts[k] >= c->experts.n)
			return error_set(b->e, "%s: tensor '%s': expert %d does not exist", gguf_name(b->file), name,
			                 (int32_t)experts[k]);
	}
	l->experts_by_token = experts;
	return true;
}

static bool bind_experts(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_experts *x = &b->c->experts;
	char name[WEIGHTS_MAX_NAME];
	size_t n_embd = b->c->n_embd, shared = x->n_ff_shared;
	if (b->c->family->shared == SHARED_OPTIONAL && !weights_has(b, i, "ffn_up_shexp")) shared = 0;
	if (!weights_projection(b, i, "ffn_gate_inp", n_embd, x->n, &l->router)) return false;
	l->router.weights.floats = true;
	return weights_vector(b, weights_name(name, i, "exp_probs_b", ".bias"), false, x->n, &l->router_bias) &&
	       bind_by_token(b, i, l) && bind_expert_inputs(b, i, l) &&
	       bind_expert_stack(b, i, "ffn_down_exps", x->n_ff, n_embd, &l->down_experts) &&
	       weights_vector(b, weights_name(name, i, "ffn_down_exps", ".scale"), false, x->n, &l->expert_scale) &&
	       (!shared ||
	        ((b->c->family->plain_ffn || weights_projection(b, i, "ffn_gate_shexp", n_embd, shared, &l->gate_shared)) &&
	         weights_projection(b, i, "ffn_up_shexp", n_embd, shared, &l->up_shared) &&
	         weights_projection(b, i, "ffn_down_shexp", shared, n_embd, &l->down_shared) &&
	         (!b->c->family->shared_gate || weights_projection(b, i, "ffn_gate_inp_shexp", n_embd, 1, &l->router_shared))));
}

static bool bind_feed_forward(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config *c = b->c;
	size_t n_ff = c->layer[i].n_ff;
	if (c->layer[i].experts) return bind_experts(b, i, l);
	if (c->family->fused_ffn && !weights_has(b, i, "ffn_gate")) {
		struct projection whole = { 0 };
		if (!weights_projection(b, i, "ffn_up", c->n_embd, 2 * n_ff, &whole)) return false;
		l->gate = weights_part(&whole, 0, n_ff);
		l->up = weights_part(&whole, n_ff, n_ff);
	} else if ((!c->family->plain_ffn && !weights_projection(b, i, "ffn_gate", c->n_embd, n_ff, &l->gate)) ||
	           !weights_projection(b, i, "ffn_up", c->n_embd, n_ff, &l->up)) {
		return false;
	}
	return (!c->family->sub_norms || weights_layer_norm(b, i, "ffn_sub_norm", true, n_ff, &l->ffn_sub_norm)) &&
	       weights_projection(b, i, "ffn_down", n_ff, c->n_embd, &l->down);
}

/* Experts beside the dense block, in layers that have a router, which reads norm(x) / sqrt(n_embd) * scale. */
static bool bind_side_experts(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	size_t n = b->c->n_embd;
	char name[WEIGHTS_MAX_NAME];
	const float *scale;
	if (!b->c->family->side_experts || b->c->experts.n == 0 || !weights_has(b, i, "ffn_gate_inp")) return true;
	if (!weights_vector(b, weights_name(name, i, "ffn_gate_inp", ".scale"), true, n, &scale)) return false;
	float *router = arena_alloc(b->arena, n, sizeof *router);
	if (!router) return error_memory(b->e);
	for (size_t k = 0; k < n; k++) router[k] = scale[k] / sqrtf((float)n);
	l->router_norm = (struct norm){ .weight = router };
	return bind_experts(b, i, l) && weights_layer_norm(b, i, "pre_ffw_norm_2", true, n, &l->experts_norm) &&
	       weights_layer_norm(b, i, "post_ffw_norm_2", true, n, &l->experts_post_norm) &&
	       weights_layer_norm(b, i, "post_ffw_norm_1", true, n, &l->dense_post_norm);
}

/* What follows the mixers. Where both halves read the stream side by side, one norm may serve both. */
static bool bind_second_half(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct family *f = b->c->family;
	size_t n = b->c->n_embd;
	bool needed = !b->c->parallel && !f->ffn_norm_optional;
	const char *norm = f->ffn_norm ? f->ffn_norm : "ffn_norm";
	if (!config_mixes(&b->c->layer[i]) && !f->gaps) norm = "attn_norm"; /* a layer that is nothing else has one norm */
	return (f->no_pre_norms || weights_layer_norm(b, i, norm, needed, n, &l->ffn_norm)) && bind_feed_forward(b, i, l) &&
	       bind_side_experts(b, i, l) &&
	       (!f->out_scale || weights_layer_vector(b, i, "layer_output_scale", false, 1, &l->out_scale)) &&
	       (!f->post_norms || weights_layer_norm(b, i, "post_ffw_norm", true, n, &l->ffn_post_norm));
}

static bool bind_layer(const struct weights_binder *b, uint32_t i)
{
	const struct family *f = b->c->family;
	const struct config_layer *n = &b->c->layer[i];
	struct layer_weights *l = &b->w->layer[i];
	size_t n_embd = b->c->n_embd;
	bool mixes = config_mixes(n), norms = mixes && !f->no_pre_norms;
	return (!norms || weights_layer_norm(b, i, "attn_norm", !f->attn_norm_optional, n_embd, &l->attn_norm)) &&
	       (!norms || !n->n_head_kv || weights_layer_norm(b, i, "attn_norm_2", false, n_embd, &l->attn_norm_2)) &&
	       (!n->n_head_kv || attention_block(f->attention)->bind(b, i, l)) &&
	       (!n->recurrent || recurrent_block(n->recurrent)->bind(b, i, l)) &&
	       (!f->post_norms || !mixes || weights_layer_norm(b, i, "post_attention_norm", true, n_embd, &l->attn_post_norm)) &&
	       (!f->sum_norms || (weights_layer_norm(b, i, "attn_output_norm", true, n_embd, &l->attn_sum_norm) &&
	                          weights_layer_norm(b, i, "attn_norm_2", false, n_embd, &l->attn_sum_norm_2) &&
	                          weights_layer_norm(b, i, "layer_output_norm", true, n_embd, &l->ffn_sum_norm))) &&
	       (!(n->n_ff || n->experts) || bind_second_half(b, i, l));
}

static bool bind_factors(const struct weights_binder *b, const char *name, const float **out)
{
	size_t n = b->c->n_rot[ROPE_GLOBAL] / 2;
	if (n == 0) return true;
	if (!weights_vector(b, name, false, n, out)) return false;
	for (size_t i = 0; *out && i < n; i++) {
		if (!((*out)[i] > 0)) return error_set(b->e, "%s: tensor '%s': a factor is not above 0", gguf_name(b->file), name);
	}
	return true;
}

static bool bind_token_type(const struct weights_binder *b)
{
	const struct gguf_tensor *t = gguf_tensor(b->file, "token_types.weight");
	size_t n = b->c->n_embd;
	struct matrix types = { 0 };
	if (!b->c->family->token_types || !t) return true;
	if (!weights_matrix(b, "token_types.weight", true, n, (size_t)t->dims[1], &types)) return false;
	float *first = arena_alloc(b->arena, n, sizeof *first);
	if (!first) return error_memory(b->e);
	matrix_row(&types, 0, first);
	b->w->token_type = first;
	return true;
}

/* The head of a reranker, which has one label or a few. */
static bool bind_head(const struct weights_binder *b)
{
	const struct gguf_tensor *dense = gguf_tensor(b->file, "cls.weight"), *t = gguf_tensor(b->file, "cls.output.weight");
	struct weights *w = b->w;
	size_t n = b->c->n_embd, labels = t ? (size_t)t->dims[1] : 1;
	size_t hidden = dense && !t ? (size_t)dense->dims[1] : n; /* without labels it gives the scores itself */
	if (b->c->pooling != POOLING_RANK) return true;
	return weights_matrix(b, "cls.weight", false, n, hidden, &w->head.weights) &&
	       weights_vector(b, "cls.bias", false, hidden, &w->head.bias) &&
	       weights_norm(b, "cls.norm.weight", false, n, &w->head_norm) &&
	       weights_matrix(b, "cls.output.weight", !w->head.weights.data, n, labels, &w->head_out.weights) &&
	       weights_vector(b, "cls.output.bias", false, labels, &w->head_out.bias);
}

/* The two matrices that EmbeddingGemma's vectors go through behind the pooling, in files that say so. */
static bool bind_dense(const struct weights_binder *b)
{
	struct matrix *dense = b->w->dense;
	const uint32_t *n = b->c->n_dense;
	return n[0] == 0 || (weights_matrix(b, "dense_2.weight", true, b->c->n_embd, n[0], &dense[0]) &&
	                     weights_matrix(b, "dense_3.weight", true, n[0], n[1], &dense[1]));
}

static bool bind_ends(const struct weights_binder *b)
{
	const struct config *c = b->c;
	const struct family *f = c->family;
	struct weights *w = b->w;
	if (!weights_matrix(b, "token_embd.weight", true, c->n_embd, c->n_vocab, &w->embedding) ||
	    !weights_matrix(b, "output.weight", false, c->n_embd, c->n_vocab, &w->output.weights) ||
	    !weights_vector(b, "output.bias", false, c->n_vocab, &w->output.bias))
		return false;
	if (!w->output.weights.data) w->output.weights = w->embedding;
	return (!f->embedding_norm || weights_norm(b, "token_embd_norm.weight", true, c->n_embd, &w->embedding_norm)) &&
	       weights_matrix(b, "position_embd.weight", f->learned_positions, c->n_embd, c->n_context, &w->positions) &&
	       weights_norm(b, f->output_norm ? f->output_norm : "output_norm.weight", !f->no_output_norm, c->n_embd,
	                    &w->output_norm) &&
	       bind_token_type(b) && bind_head(b) && bind_dense(b) && bind_factors(b, "rope_freqs.weight", &w->rope_factors) &&
	       bind_factors(b, "rope_factors_long.weight", &w->rope_factors_long) &&
	       bind_factors(b, "rope_factors_short.weight", &w->rope_factors_short);
}

bool weights_bind(struct weights *w, const struct gguf *file, const struct config *c, struct arena *arena, struct error *e)
{
	memset(w, 0, sizeof *w);
	struct weights_binder b = { .file = file, .c = c, .arena = arena, .w = w, .e = e };
	w->layer = arena_alloc(arena, c->n_layer, sizeof *w->layer);
	if (!w->layer) return error_memory(e);
	if (!bind_ends(&b)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		if (!bind_layer(&b, i)) return false;
	}
	const struct stream *stream = stream_of(c->family->stream);
	return layer_inputs_bind(&b) && (!stream->bind || stream->bind(&b));
}
