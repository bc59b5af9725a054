/*
 * plan: building the list for a decoder (see plan.h). The list is read top to bottom like the formula of a layer:
 *     h = norm(x); q, k, v = h W; turn, store; a = attention(q); x += a Wo; h = norm(x); x += act(h Wg) * (h Wu) Wd
 */
#include "model/plan.h"

#include <string.h>

/* The most steps and buffers that one layer takes, and those outside of layers. */
enum { LAYER_STEPS = 14, OTHER_STEPS = 4, LAYER_BUFFERS = 14, OTHER_BUFFERS = 4 };

struct builder {
	struct plan *p;
	const struct config *c;
	uint32_t layer;
};

static const char *const names[] = { "tables", "embed",  "norm",       "add-norm",     "matmul",      "heads",     "attention",
	                             "merge",  "choose", "experts-up", "experts-down", "experts-sum", "last-norm", "logits" };

const char *plan_step_name(enum step_kind kind)
{
	return names[kind];
}

static int add_buffer(struct builder *b, const char *name, size_t width)
{
	b->p->buffers[b->p->n_buffers] = (struct plan_buffer){ .name = name, .width = width };
	return (int)b->p->n_buffers++;
}

static struct step *add_step(struct builder *b, enum step_kind kind, int in, int out)
{
	struct step *s = &b->p->steps[b->p->n_steps++];
	*s = (struct step){
		.kind = kind, .layer = b->layer, .in = in, .out = out, .keys = PLAN_NO_BUFFER, .values = PLAN_NO_BUFFER
	};
	return s;
}

static void add_norm(struct builder *b, enum step_kind kind, int in, const float *weight, int out)
{
	add_step(b, kind, in, out)->weight = weight;
}

static void add_product(struct step *s, const struct projection *p, int out, bool add)
{
	s->product[s->n_products++] = (struct plan_product){ .weights = &p->weights, .bias = p->bias, .out = out, .add = add };
}

/* x += in W, with a norm between where the family has one. */
static void add_back(struct builder *b, int in, const struct projection *p, const float *post_norm, int x)
{
	int out = post_norm ? add_buffer(b, "back", b->c->n_embd) : x;
	add_product(add_step(b, STEP_MATMUL, in, PLAN_NO_BUFFER), p, out, !post_norm);
	if (post_norm) add_norm(b, STEP_ADD_NORM, out, post_norm, x);
}

static void add_attention(struct builder *b, const struct layer_weights *l, int x)
{
	const struct config *c = b->c;
	const struct config_layer *n = &c->layer[b->layer];
	int h = add_buffer(b, "h", c->n_embd);
	int q = add_buffer(b, "q", (size_t)n->n_head * c->head_k), k = add_buffer(b, "k", (size_t)n->n_head_kv * c->head_k);
	int v = add_buffer(b, "v", (size_t)n->n_head_kv * c->head_v), a = add_buffer(b, "a", (size_t)n->n_head * c->head_v);
	add_norm(b, STEP_NORM, x, l->attn_norm, h);
	struct step *qkv = add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	add_product(qkv, &l->q, q, false);
	add_product(qkv, &l->k, k, false);
	add_product(qkv, &l->v, v, false);
	struct step *heads = add_step(b, STEP_HEADS, q, PLAN_NO_BUFFER);
	heads->keys = k;
	heads->values = v;
	add_step(b, STEP_ATTENTION, q, a);
	add_step(b, STEP_MERGE, q, a);
	add_back(b, a, &l->o, l->attn_post_norm, x);
}

static void add_dense(struct builder *b, const struct layer_weights *l, int x)
{
	size_t n_ff = b->c->layer[b->layer].n_ff;
	int h = add_buffer(b, "h", b->c->n_embd), gate = add_buffer(b, "gate", n_ff), up = add_buffer(b, "up", n_ff);
	add_norm(b, STEP_NORM, x, l->ffn_norm, h);
	struct step *s = add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	add_product(s, &l->gate, gate, false);
	add_product(s, &l->up, up, false);
	s->gate = true;
	add_back(b, gate, &l->down, l->ffn_post_norm, x);
}

static void add_experts(struct builder *b, const struct layer_weights *l, int x)
{
	const struct config *c = b->c;
	int h = add_buffer(b, "h", c->n_embd), r = add_buffer(b, "router", c->n_expert);
	int hidden = add_buffer(b, "hidden", (size_t)c->n_expert_used * c->n_ff_expert),
	    up = add_buffer(b, "up", (size_t)c->n_expert_used * c->n_ff_expert);
	int out = add_buffer(b, "experts", (size_t)c->n_expert_used * c->n_embd);
	add_norm(b, STEP_NORM, x, l->ffn_norm, h);
	add_product(add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER), &l->router, r, false);
	add_step(b, STEP_CHOOSE, r, PLAN_NO_BUFFER);
	struct step *s = add_step(b, STEP_EXPERTS_UP, h, hidden);
	s->n_products = 2;
	s->product[0] = (struct plan_product){ .weights = &l->gate_experts, .out = hidden };
	s->product[1] = (struct plan_product){ .weights = &l->up_experts, .out = up };
	s = add_step(b, STEP_EXPERTS_DOWN, hidden, out);
	s->n_products = 1;
	s->product[0] = (struct plan_product){ .weights = &l->down_experts, .out = out };
	add_step(b, STEP_EXPERTS_SUM, out, x);
}

static void use(struct plan *p, int buffer, size_t step)
{
	if (buffer == PLAN_NO_BUFFER) return;
	struct plan_buffer *b = &p->buffers[buffer];
	if (b->last == 0) b->first = step;
	b->last = step;
}

static void find_lifetimes(struct plan *p, const struct weights *w)
{
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		use(p, s->in, i);
		use(p, s->out, i);
		use(p, s->keys, i);
		use(p, s->values, i);
		for (uint32_t k = 0; k < s->n_products; k++) {
			use(p, s->product[k].out, i);
			if (s->product[k].weights->cols > p->max_cols) p->max_cols = s->product[k].weights->cols;
		}
	}
	if (w->output.cols > p->max_cols) p->max_cols = w->output.cols;
}

static bool meet(const struct plan_buffer *a, const struct plan_buffer *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* First fit: each buffer, in order of its first step, goes to the lowest place that no buffer alive at the same time takes. */
static void place_buffers(struct plan *p)
{
	for (size_t i = 0; i < p->n_buffers; i++) {
		struct plan_buffer *b = &p->buffers[i];
		for (bool moved = true; moved;) {
			moved = false;
			/* a buffer of long ago cannot meet this one, but for x, which lives all along and comes first */
			for (size_t k = i > LAYER_BUFFERS * 2 ? i - LAYER_BUFFERS * 2 : 0; k < i; k++) {
				const struct plan_buffer *o = &p->buffers[k];
				if (!meet(b, o) || b->offset >= o->offset + o->width || o->offset >= b->offset + b->width) continue;
				b->offset = o->offset + o->width;
				moved = true;
			}
			const struct plan_buffer *x = &p->buffers[0];
			if (i > 0 && b->offset < x->offset + x->width) {
				b->offset = x->offset + x->width;
				moved = true;
			}
		}
		if (b->offset + b->width > p->width) p->width = b->offset + b->width;
	}
}

bool plan_build(struct plan *p, const struct config *c, const struct weights *w, struct arena *arena, struct error *e)
{
	memset(p, 0, sizeof *p);
	p->steps = arena_alloc(arena, (size_t)c->n_layer * LAYER_STEPS + OTHER_STEPS, sizeof *p->steps);
	p->buffers = arena_alloc(arena, (size_t)c->n_layer * LAYER_BUFFERS + OTHER_BUFFERS, sizeof *p->buffers);
	if (!p->steps || !p->buffers) return error_memory(e);
	struct builder b = { .p = p, .c = c };
	int x = add_buffer(&b, "x", c->n_embd);
	add_step(&b, STEP_TABLES, PLAN_NO_BUFFER, PLAN_NO_BUFFER);
	add_step(&b, STEP_EMBED, PLAN_NO_BUFFER, x);
	for (b.layer = 0; b.layer < c->n_layer; b.layer++) {
		const struct layer_weights *l = &w->layer[b.layer];
		add_attention(&b, l, x);
		if (c->n_expert)
			add_experts(&b, l, x);
		else
			add_dense(&b, l, x);
	}
	int h = add_buffer(&b, "h", c->n_embd);
	add_norm(&b, STEP_LAST_NORM, x, w->output_norm, h);
	add_step(&b, STEP_LOGITS, h, PLAN_NO_BUFFER);
	find_lifetimes(p, w);
	place_buffers(p);
	return true;
}
