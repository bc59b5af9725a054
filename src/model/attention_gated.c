/*
 * attention_gated: attention whose result is gated by the row itself: out = (a sigmoid(gate)) Wo. Source: Qwen3-Next.
 *
 * The matrix of queries gives, for each head, its query and then its gate; or the gates have a matrix of their own (attn_gate).
 */
#include "model/attention_block.h"

static bool bind(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	const struct config_layer *n = &b->c->layer[i];
	size_t in = b->c->n_embd, q = (size_t)n->n_head * n->head_k;
	size_t k = (size_t)n->n_head_kv * n->head_k, v = (size_t)n->n_head_kv * n->head_v;
	if (n->head_k != n->head_v)
		return error_set(b->e, "%s: key and value heads differ in size, which this architecture does not have",
		                 gguf_name(b->file));
	if (!attention_bind_norms(b, i, l) || !weights_projection(b, i, "attn_output", q, in, &l->o)) return false;
	if (weights_has(b, i, "attn_gate"))
		return weights_projection(b, i, "attn_gate", in, q, &l->attn_gate) &&
		       weights_projection(b, i, "attn_q", in, q, &l->q) && weights_projection(b, i, "attn_k", in, k, &l->k) &&
		       weights_projection(b, i, "attn_v", in, v, &l->v);
	if (!weights_has(b, i, "attn_qkv"))
		return weights_projection(b, i, "attn_q", in, 2 * q, &l->q) && weights_projection(b, i, "attn_k", in, k, &l->k) &&
		       weights_projection(b, i, "attn_v", in, v, &l->v);
	struct projection whole = { 0 };
	if (!weights_projection(b, i, "attn_qkv", in, 2 * q + k + v, &whole)) return false;
	l->q = weights_part(&whole, 0, 2 * q);
	l->k = weights_part(&whole, 2 * q, k);
	l->v = weights_part(&whole, 2 * q + k, v);
	return true;
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_layer *n = &b->c->layer[b->layer];
	size_t width = (size_t)n->n_head * n->head_k;
	bool apart = l->attn_gate.weights.data != NULL;
	int q = plan_add_buffer(b, "q", width), gate = plan_add_buffer(b, "gate", width);
	int both = apart ? q : plan_add_buffer(b, "qg", 2 * width);
	int k = plan_add_buffer(b, "k", (size_t)n->n_head_kv * n->head_k);
	int v = plan_add_buffer(b, "v", (size_t)n->n_head_kv * n->head_v), a = plan_add_buffer(b, "a", width);
	struct step *qkv = plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	plan_add_product(qkv, &l->q, both, false);
	plan_add_product(qkv, &l->k, k, false);
	plan_add_product(qkv, &l->v, v, false);
	if (apart) {
		plan_add_matmul(b, h, &l->attn_gate, (struct plan_sink){ gate, false });
	} else {
		struct plan_split *split = plan_add_split(b, both);
		plan_add_part(b, split, n->head_k, q, 0);
		plan_add_part(b, split, n->head_k, gate, 0);
	}
	struct step *heads = plan_add_step(b, STEP_HEADS, q, PLAN_NO_BUFFER);
	heads->keys = k;
	heads->values = v;
	plan_add_step(b, STEP_ATTENTION, q, a);
	plan_add_step(b, STEP_MERGE, q, a);
	plan_add_gate(b, OPS_SIGMOID, gate, a);
	plan_add_matmul(b, a, &l->o, out);
}

const struct attention_block attention_gated = { "gated attention", bind, plan };
