/*
 * plan: building the list for a decoder (see plan.h). The list is read top to bottom like the formula of a layer:
 *     h = norm(x); q, k, v = h W; turn, store; a = attention(q); x += a Wo; h = norm(x); x += act(h Wg) * (h Wu) Wd
 */
#include "model/recurrent.h"

#include <string.h>

/* The most steps and buffers that one layer takes, and those outside of layers. */
enum { LAYER_STEPS = 48, OTHER_STEPS = 16, LAYER_BUFFERS = 48, OTHER_BUFFERS = 16 };

static const char *const names[] = { "tables",    "embed",      "norm",         "add-norm",    "matmul",    "heads",
	                             "attention", "merge",      "convolution",  "scan-inputs", "scan",      "scan-outputs",
	                             "choose",    "experts-up", "experts-down", "experts-sum", "last-norm", "logits" };

const char *plan_step_name(enum step_kind kind)
{
	return names[kind];
}

int plan_add_buffer(struct plan_builder *b, const char *name, size_t width)
{
	b->p->buffers[b->p->n_buffers] = (struct plan_buffer){ .name = name, .width = width };
	return (int)b->p->n_buffers++;
}

struct step *plan_add_step(struct plan_builder *b, enum step_kind kind, int in, int out)
{
	struct step *s = &b->p->steps[b->p->n_steps++];
	*s = (struct step){
		.kind = kind, .layer = b->layer, .in = in, .out = out, .keys = PLAN_NO_BUFFER, .values = PLAN_NO_BUFFER
	};
	return s;
}

void plan_add_norm(struct plan_builder *b, enum step_kind kind, int in, const float *weight, int out)
{
	plan_add_step(b, kind, in, out)->weight = weight;
}

void plan_add_product(struct step *s, const struct projection *p, int out, bool add)
{
	s->product[s->n_products++] = (struct plan_product){ .weights = &p->weights, .bias = p->bias, .out = out, .add = add };
}

void plan_add_back(struct plan_builder *b, int in, const struct projection *p, const float *post_norm, int x)
{
	int out = post_norm ? plan_add_buffer(b, "back", b->c->n_embd) : x;
	plan_add_product(plan_add_step(b, STEP_MATMUL, in, PLAN_NO_BUFFER), p, out, !post_norm);
	if (post_norm) plan_add_norm(b, STEP_ADD_NORM, out, post_norm, x);
}

/* Reads h, the norm of x. */
static void add_attention(struct plan_builder *b, const struct layer_weights *l, int h, int x)
{
	const struct config *c = b->c;
	const struct config_layer *n = &c->layer[b->layer];
	int q = plan_add_buffer(b, "q", (size_t)n->n_head * c->head_k),
	    k = plan_add_buffer(b, "k", (size_t)n->n_head_kv * c->head_k);
	int v = plan_add_buffer(b, "v", (size_t)n->n_head_kv * c->head_v),
	    a = plan_add_buffer(b, "a", (size_t)n->n_head * c->head_v);
	struct step *qkv = plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	plan_add_product(qkv, &l->q, q, false);
	plan_add_product(qkv, &l->k, k, false);
	plan_add_product(qkv, &l->v, v, false);
	struct step *heads = plan_add_step(b, STEP_HEADS, q, PLAN_NO_BUFFER);
	heads->keys = k;
	heads->values = v;
	plan_add_step(b, STEP_ATTENTION, q, a);
	plan_add_step(b, STEP_MERGE, q, a);
	plan_add_back(b, a, &l->o, l->attn_post_norm, x);
}

static void add_dense(struct plan_builder *b, const struct layer_weights *l, int x)
{
	size_t n_ff = b->c->layer[b->layer].n_ff;
	int h = plan_add_buffer(b, "h", b->c->n_embd), gate = plan_add_buffer(b, "gate", n_ff), up = plan_add_buffer(b, "up", n_ff);
	plan_add_norm(b, STEP_NORM, x, l->ffn_norm, h);
	struct step *s = plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	plan_add_product(s, &l->gate, gate, false);
	plan_add_product(s, &l->up, up, false);
	s->gate = true;
	plan_add_back(b, gate, &l->down, l->ffn_post_norm, x);
}

static void add_experts(struct plan_builder *b, const struct layer_weights *l, int x)
{
	const struct config *c = b->c;
	int h = plan_add_buffer(b, "h", c->n_embd), r = plan_add_buffer(b, "router", c->n_expert);
	int hidden = plan_add_buffer(b, "hidden", (size_t)c->n_expert_used * c->n_ff_expert),
	    up = plan_add_buffer(b, "up", (size_t)c->n_expert_used * c->n_ff_expert);
	int out = plan_add_buffer(b, "experts", (size_t)c->n_expert_used * c->n_embd);
	plan_add_norm(b, STEP_NORM, x, l->ffn_norm, h);
	plan_add_product(plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER), &l->router, r, false);
	plan_add_step(b, STEP_CHOOSE, r, PLAN_NO_BUFFER);
	struct step *s = plan_add_step(b, STEP_EXPERTS_UP, h, hidden);
	s->n_products = 2;
	s->product[0] = (struct plan_product){ .weights = &l->gate_experts, .out = hidden };
	s->product[1] = (struct plan_product){ .weights = &l->up_experts, .out = up };
	s = plan_add_step(b, STEP_EXPERTS_DOWN, hidden, out);
	s->n_products = 1;
	s->product[0] = (struct plan_product){ .weights = &l->down_experts, .out = out };
	plan_add_step(b, STEP_EXPERTS_SUM, out, x);
}

/* What mixes positions: attention, a recurrent block, or both side by side on the same norm. */
static void add_mixers(struct plan_builder *b, const struct layer_weights *l, int x)
{
	const struct config_layer *n = &b->c->layer[b->layer];
	if (!n->n_head_kv && !n->recurrent) return;
	int h = plan_add_buffer(b, "h", b->c->n_embd);
	plan_add_norm(b, STEP_NORM, x, l->attn_norm, h);
	if (n->n_head_kv) add_attention(b, l, h, x);
	if (n->recurrent) recurrent_block(n->recurrent)->plan(b, l, h, x);
}

static void add_feed_forward(struct plan_builder *b, const struct layer_weights *l, int x)
{
	if (b->c->n_expert)
		add_experts(b, l, x);
	else
		add_dense(b, l, x);
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
		for (uint32_t k = 0; k < s->n_also; k++) use(p, s->also[k], i);
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

static bool overlap(const struct plan_buffer *a, const struct plan_buffer *b)
{
	return a->offset < b->offset + b->width && b->offset < a->offset + a->width;
}

/* Whether a buffer lives on when the next layers have begun. */
static bool lives_long(const struct plan_buffer *b)
{
	return b->last - b->first > LAYER_STEPS;
}

/* Moves a buffer to the lowest place that no buffer alive at the same time takes. A short one can meet those shortly before it
 * in the list and the `n_long` first of `lasting` alone, so that a model of many layers takes no more time than its size. */
static void place_buffer(struct plan *p, size_t index, const size_t *lasting, size_t n_long)
{
	struct plan_buffer *b = &p->buffers[index];
	size_t near = LAYER_BUFFERS * 2, first = index > near ? index - near : 0;
	if (lives_long(b)) first = index;
	for (bool moved = true; moved;) {
		moved = false;
		for (size_t k = first; k < index + n_long; k++) {
			const struct plan_buffer *o = &p->buffers[k < index ? k : lasting[k - index]];
			if (o == b || (k < index && lives_long(o)) || !meet(b, o) || !overlap(b, o)) continue;
			b->offset = o->offset + o->width;
			moved = true;
		}
	}
	if (b->offset + b->width > p->width) p->width = b->offset + b->width;
}

/* First fit: the buffers that live through many layers first, then the others, each in order of its first step. */
static void place_buffers(struct plan *p, size_t *lasting)
{
	size_t n_long = 0;
	for (size_t i = 0; i < p->n_buffers; i++) {
		if (!lives_long(&p->buffers[i])) continue;
		place_buffer(p, i, lasting, n_long);
		lasting[n_long++] = i;
	}
	for (size_t i = 0; i < p->n_buffers; i++) {
		if (!lives_long(&p->buffers[i])) place_buffer(p, i, lasting, n_long);
	}
}

bool plan_build(struct plan *p, const struct config *c, const struct weights *w, struct arena *arena, struct error *e)
{
	memset(p, 0, sizeof *p);
	p->steps = arena_alloc(arena, (size_t)c->n_layer * LAYER_STEPS + OTHER_STEPS, sizeof *p->steps);
	p->buffers = arena_alloc(arena, (size_t)c->n_layer * LAYER_BUFFERS + OTHER_BUFFERS, sizeof *p->buffers);
	size_t *lasting = arena_alloc(arena, (size_t)c->n_layer * LAYER_BUFFERS + OTHER_BUFFERS, sizeof *lasting);
	if (!p->steps || !p->buffers || !lasting) return error_memory(e);
	struct plan_builder b = { .p = p, .c = c };
	int x = plan_add_buffer(&b, "x", c->n_embd);
	plan_add_step(&b, STEP_TABLES, PLAN_NO_BUFFER, PLAN_NO_BUFFER);
	plan_add_step(&b, STEP_EMBED, PLAN_NO_BUFFER, x);
	for (b.layer = 0; b.layer < c->n_layer; b.layer++) {
		const struct layer_weights *l = &w->layer[b.layer];
		add_mixers(&b, l, x);
		if (c->layer[b.layer].n_ff) add_feed_forward(&b, l, x);
	}
	int h = plan_add_buffer(&b, "h", c->n_embd);
	plan_add_norm(&b, STEP_LAST_NORM, x, w->output_norm, h);
	plan_add_step(&b, STEP_LOGITS, h, PLAN_NO_BUFFER);
	find_lifetimes(p, w);
	place_buffers(p, lasting);
	return true;
}
