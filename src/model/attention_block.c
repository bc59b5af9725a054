/* attention_block: the table, and plain attention: q, k, v = h W; turn, store; a = attention(q); out = a Wo. */
#include "model/attention_block.h"

static bool bind_norm(const struct weights_binder *b, uint32_t i, const char *role, size_t n_head, struct norm *norm)
{
	const struct family *f = b->c->family;
	size_t head_k = b->c->layer[i].head_k;
	char name[WEIGHTS_MAX_NAME];
	if (f->qk_norm == QK_NORM_NONE || (f->qk_norm_optional && !weights_has(b, i, role))) return true;
	if (f->qk_norm != QK_NORM_HEADS)
		return weights_layer_norm(b, i, role, true, f->qk_norm == QK_NORM_WHOLE ? n_head * head_k : head_k, norm);
	*norm = (struct norm){ .layer = f->norm == NORM_LAYER, .separate = true };
	return weights_table(b, weights_name(name, i, role, ".weight"), head_k, n_head, &norm->weight);
}

static bool bind_qkv(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_layer *n = &b->c->layer[i];
	size_t in = b->c->n_embd, q = (size_t)n->n_head * n->head_k;
	size_t k = (size_t)n->n_head_kv * n->head_k, v = (size_t)n->n_head_kv * n->head_v;
	if (n->kv_from != i) return weights_projection(b, i, "attn_q", in, q, &l->q); /* keys and values are another layer's */
	if (b->c->family->keys_as_values && !weights_has(b, i, "attn_v")) {
		if (k != v) return error_set(b->e, "%s: tensor 'blk.%u.attn_v.weight' is missing", gguf_name(b->file), i);
		if (!weights_projection(b, i, "attn_q", in, q, &l->q) || !weights_projection(b, i, "attn_k", in, k, &l->k))
			return false;
		l->v = l->k;
		return true;
	}
	if (!weights_has(b, i, "attn_qkv"))
		return weights_projection(b, i, "attn_q", in, q, &l->q) && weights_projection(b, i, "attn_k", in, k, &l->k) &&
		       weights_projection(b, i, "attn_v", in, v, &l->v);
	struct projection whole = { 0 };
	if (!weights_projection(b, i, "attn_qkv", in, q + k + v, &whole)) return false;
	l->q = weights_part(&whole, 0, q);
	l->k = weights_part(&whole, q, k);
	l->v = weights_part(&whole, q + k, v);
	return true;
}

bool attention_bind_norms(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_layer *n = &b->c->layer[i];
	return bind_norm(b, i, "attn_q_norm", n->n_head, &l->q_norm) &&
	       (n->kv_from != i || bind_norm(b, i, "attn_k_norm", n->n_head_kv, &l->k_norm));
}

static bool bind(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_layer *n = &b->c->layer[i];
	char name[WEIGHTS_MAX_NAME];
	return bind_qkv(b, i, l) && attention_bind_norms(b, i, l) &&
	       (!b->c->family->sinks ||
	        weights_vector(b, weights_name(name, i, "attn_sinks", ".weight"), true, n->n_head, &l->sinks)) &&
	       (!b->c->family->sub_norms ||
	        weights_layer_norm(b, i, "attn_sub_norm", true, (size_t)n->n_head * n->head_v, &l->attn_sub_norm)) &&
	       weights_projection(b, i, "attn_output", (size_t)n->n_head * n->head_v, b->c->n_embd, &l->o);
}

void attention_add(struct plan_builder *b, int q, const struct projection *o, struct plan_sink out)
{
	const struct config_layer *n = &b->c->layer[b->layer];
	int a = plan_add_buffer(b, "a", (size_t)n->n_head * n->head_v);
	plan_add_step(b, STEP_ATTENTION, q, a);
	plan_add_step(b, STEP_MERGE, q, a);
	const struct norm *sub_norm = &b->w->layer[b->layer].attn_sub_norm;
	if (sub_norm->weight) plan_add_step(b, STEP_NORM, a, a)->norm = *sub_norm;
	plan_add_matmul(b, a, o, out);
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config *c = b->c;
	const struct config_layer *n = &c->layer[b->layer];
	int q = plan_add_buffer(b, "q", (size_t)n->n_head * n->head_k);
	bool own = n->kv_from == b->layer; /* else keys and values are there already */
	int k = own ? plan_add_buffer(b, "k", (size_t)n->n_head_kv * n->head_k) : PLAN_NO_BUFFER;
	int v = own ? plan_add_buffer(b, "v", (size_t)n->n_head_kv * n->head_v) : PLAN_NO_BUFFER;
	struct step *qkv = plan_add_matmul(b, h, &l->q, (struct plan_sink){ q, false });
	if (own) {
		plan_add_product(qkv, &l->k, k, false);
		plan_add_product(qkv, &l->v, v, false);
	}
	if (c->clamp_qkv > 0) {
		qkv->after = AFTER_CLAMP;
		qkv->limit = c->clamp_qkv;
	}
	struct step *heads = plan_add_step(b, STEP_HEADS, q, PLAN_NO_BUFFER);
	heads->keys = k;
	heads->values = v;
	attention_add(b, q, &l->o, out);
}

const struct attention_block *attention_block(enum attention_kind kind)
{
	static const struct attention_block plain = { "attention", bind, plan };
	static const struct attention_block *const blocks[ATTENTION_KINDS] = {
		[ATTENTION_PLAIN] = &plain,
		[ATTENTION_GATED] = &attention_gated,
		[ATTENTION_LATENT] = &attention_latent,
		[ATTENTION_BLOCKS] = &attention_blocks,
	};
	return blocks[kind];
}
