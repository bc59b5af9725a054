/*
 * decoder: the steps of a decoder. The list is read top to bottom like the formula of a layer:
 *     h = norm(x); x += mixer(h); h = norm(x); x += down(act(gate(h)) * up(h))
 */
#include "model/attention_block.h"
#include "model/layer_inputs.h"
#include "model/recurrent.h"
#include "model/stream.h"

struct plan_sink plan_begin_block(struct plan_builder *b, const struct norm *post_norm, int x)
{
	if (!post_norm->weight && b->c->residual_scale == 1) return (struct plan_sink){ x, true };
	return (struct plan_sink){ plan_add_buffer(b, "back", b->c->n_embd), false };
}

void plan_end_block(struct plan_builder *b, struct plan_sink from, const struct norm *post_norm, int x)
{
	if (!from.add) plan_add_sum(b, from.out, post_norm, b->c->residual_scale, x);
}

void plan_add_sum(struct plan_builder *b, int in, const struct norm *norm, float factor, int x)
{
	struct step *s = plan_add_step(b, STEP_ADD, in, x);
	s->norm = *norm;
	s->factor = factor;
}

static void add_feed_forward(struct plan_builder *b, int in, const struct projection *gate, const struct projection *up,
                             const struct projection *down, const struct norm *sub_norm, float limit, struct plan_sink out)
{
	bool gated = gate->weights.data != NULL;
	const struct projection *first = gated ? gate : up;
	int hidden = plan_add_buffer(b, gated ? "gate" : "up", first->weights.rows);
	int other = gated ? plan_add_buffer(b, "up", up->weights.rows) : PLAN_NO_BUFFER;
	struct step *s = plan_add_matmul(b, in, first, (struct plan_sink){ hidden, false });
	if (gated) plan_add_product(s, up, other, false);
	bool xielu = b->c->family->xielu;
	s->after = gated ? AFTER_GATE : xielu ? AFTER_NOTHING : AFTER_ACTIVATION;
	s->limit = limit;
	if (xielu) plan_add_step(b, STEP_XIELU, hidden, hidden);
	if (sub_norm && sub_norm->weight) plan_add_step(b, STEP_NORM, hidden, hidden)->norm = *sub_norm;
	plan_add_matmul(b, hidden, down, out);
}

void plan_add_feed_forward(struct plan_builder *b, int in, const struct projection *gate, const struct projection *up,
                           const struct projection *down, struct plan_sink out)
{
	add_feed_forward(b, in, gate, up, down, NULL, 0, out);
}

static void add_expert_product(struct step *s, const struct expert_stack *e, int out)
{
	s->product[s->n_products++] =
	        (struct plan_product){ .weights = &e->weights, .expert_rows = e->rows, .bias = e->bias, .out = out };
}

static void add_router(struct plan_builder *b, const struct layer_weights *l, int in)
{
	int r = plan_add_buffer(b, "router", b->c->experts.n);
	plan_add_matmul(b, in, &l->router, (struct plan_sink){ r, false });
	plan_add_step(b, STEP_CHOOSE, r, PLAN_NO_BUFFER);
}

/* What the reference computes for a shared expert whose matrices a file leaves out: the activation alone, silu(in) = in
 * sigmoid(in). */
static void add_bare_shared(struct plan_builder *b, int in, int out)
{
	int y = plan_add_buffer(b, "shared", b->c->n_embd);
	plan_add_part(b, plan_add_split(b, in), b->c->n_embd, y, 0);
	plan_add_gate(b, OPS_SIGMOID, in, y);
	plan_add_step(b, STEP_ADD, y, out);
}

/* out += the expert that every row takes, through its own gate where it has one. */
static void add_shared(struct plan_builder *b, const struct layer_weights *l, int in, int out)
{
	struct plan_sink to = { out, true };
	if (!l->down_shared.weights.data) {
		if (b->c->family->shared == SHARED_OPTIONAL) add_bare_shared(b, in, out);
		return;
	}
	if (l->router_shared.weights.data) to = (struct plan_sink){ plan_add_buffer(b, "shared", b->c->n_embd), false };
	add_feed_forward(b, in, &l->gate_shared, &l->up_shared, &l->down_shared, NULL, b->c->layer[b->layer].gate_limit_shared, to);
	if (to.add) return;
	int share = plan_add_buffer(b, "share", 1);
	plan_add_matmul(b, in, &l->router_shared, (struct plan_sink){ share, false });
	struct step *s = plan_add_step(b, STEP_ADD, to.out, out);
	s->also[0] = share;
	s->n_also = 1;
}

static void add_experts(struct plan_builder *b, const struct layer_weights *l, int router_in, int in, struct plan_sink out)
{
	const struct config_experts *x = &b->c->experts;
	bool gated = l->gate_experts.weights.data != NULL;
	int hidden = plan_add_buffer(b, "hidden", (size_t)x->n_used * x->n_ff);
	int up = gated ? plan_add_buffer(b, "up", (size_t)x->n_used * x->n_ff) : hidden;
	int results = plan_add_buffer(b, "experts", (size_t)x->n_used * b->c->n_embd);
	if (!b->c->family->early_router) add_router(b, l, router_in);
	struct step *s = plan_add_step(b, STEP_EXPERTS_UP, in, hidden);
	if (gated) add_expert_product(s, &l->gate_experts, hidden);
	add_expert_product(s, &l->up_experts, up);
	add_expert_product(plan_add_step(b, STEP_EXPERTS_DOWN, hidden, results), &l->down_experts, results);
	plan_add_step(b, STEP_EXPERTS_SUM, results, out.out)->add = out.add;
	add_shared(b, l, in, out.out);
}

/* A dense block and experts side by side, each with norms of its own; the router reads the stream. */
static void add_side_experts(struct plan_builder *b, const struct layer_weights *l, int x)
{
	struct plan_sink dense = { plan_add_buffer(b, "dense", b->c->n_embd), false };
	struct plan_sink experts = { plan_add_buffer(b, "chosen", b->c->n_embd), false };
	plan_add_feed_forward(b, plan_normed(b, x, &l->ffn_norm, "h"), &l->gate, &l->up, &l->down, dense);
	plan_add_step(b, STEP_NORM, dense.out, dense.out)->norm = l->dense_post_norm;
	int router_in = plan_normed(b, x, &l->router_norm, "h2");
	add_experts(b, l, router_in, plan_normed(b, x, &l->experts_norm, "h3"), experts);
	plan_add_sum(b, experts.out, &l->experts_post_norm, 1, dense.out);
	plan_end_block(b, dense, &l->ffn_post_norm, x);
}

void plan_add_feed_forward_of(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	if (b->c->layer[b->layer].experts)
		add_experts(b, l, h, h, out);
	else
		add_feed_forward(b, h, &l->gate, &l->up, &l->down, &l->ffn_sub_norm, 0, out);
}

void plan_add_attention(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	attention_block(b->c->family->attention)->plan(b, l, h, out);
}

static void add_second_half(struct plan_builder *b, const struct layer_weights *l, int h, int x)
{
	struct plan_sink out = plan_begin_block(b, &l->ffn_post_norm, x);
	plan_add_feed_forward_of(b, l, h, out);
	plan_end_block(b, out, &l->ffn_post_norm, x);
	if (l->ffn_sum_norm.weight) plan_add_step(b, STEP_NORM, x, x)->norm = l->ffn_sum_norm;
}

/* Attention, a recurrent block, or both side by side on the same norm. */
void plan_add_mixers(struct plan_builder *b, const struct layer_weights *l, int h, int x)
{
	const struct config_layer *n = &b->c->layer[b->layer];
	if (!n->n_head_kv && !n->recurrent) return;
	struct plan_sink out = plan_begin_block(b, &l->attn_post_norm, x), next = out;
	int before = PLAN_NO_BUFFER; /* what the layer read */
	if (l->attn_sum_norm_2.weight) {
		before = plan_add_buffer(b, "before", b->c->n_embd);
		plan_add_part(b, plan_add_split(b, x), b->c->n_embd, before, 0);
	}
	if (n->n_head_kv) {
		plan_add_attention(b, l, h, out);
		next.add = true;
	}
	if (n->recurrent) recurrent_block(n->recurrent)->plan(b, l, h, next);
	plan_end_block(b, out, &l->attn_post_norm, x);
	if (l->attn_sum_norm.weight) plan_add_step(b, STEP_NORM, x, x)->norm = l->attn_sum_norm;
	if (before == PLAN_NO_BUFFER) return;
	plan_add_step(b, STEP_ADD, before, x);
	plan_add_step(b, STEP_NORM, x, x)->norm = l->attn_sum_norm_2;
}

static void add_layer(struct plan_builder *b, const struct layer_weights *l, int x)
{
	const struct config_layer *n = &b->c->layer[b->layer];
	bool parallel = b->c->parallel || (!l->ffn_norm.weight && b->c->family->ffn_norm_optional);
	if (n->experts && b->c->family->early_router) add_router(b, l, x);
	int h = plan_normed(b, x, &l->attn_norm, "h"), mixed = h;
	if (l->attn_norm_2.weight) mixed = plan_normed(b, x, &l->attn_norm_2, "h2");
	int other = parallel && l->ffn_norm.weight ? plan_normed(b, x, &l->ffn_norm, "h3") : h;
	plan_add_mixers(b, l, mixed, x);
	if (l->experts_norm.weight)
		add_side_experts(b, l, x);
	else if (n->n_ff || n->experts)
		add_second_half(b, l, parallel ? other : plan_normed(b, x, &l->ffn_norm, "h"), x);
	if (b->w->inputs) plan_add_sum(b, layer_input_plan(b, l, x), &l->input_post_norm, 1, x);
	if (l->out_scale) plan_add_step(b, STEP_SCALE, x, x)->factor = *l->out_scale;
}

static void nothing(struct plan_builder *b, int x)
{
	(void)b;
	(void)x;
}

const struct stream stream_plain = { NULL, nothing, add_layer, nothing };

const struct stream *stream_of(enum stream_kind kind)
{
	static const struct stream *const kinds[STREAM_KINDS] = {
		[STREAM_PLAIN] = &stream_plain, [STREAM_ALTUP] = &stream_altup, [STREAM_HYPER] = &stream_hyper
	};
	return kinds[kind];
}

void decoder_plan(struct plan_builder *b)
{
	int x = plan_add_buffer(b, "x", b->c->n_embd);
	plan_add_step(b, STEP_TABLES, PLAN_NO_BUFFER, PLAN_NO_BUFFER);
	plan_add_step(b, STEP_EMBED, PLAN_NO_BUFFER, x);
	if (b->w->embedding_norm.weight) plan_add_step(b, STEP_NORM, x, x)->norm = b->w->embedding_norm;
	const struct stream *stream = stream_of(b->c->family->stream);
	layer_inputs_plan(b, x);
	stream->begin(b, x);
	for (b->layer = 0; b->layer < b->c->n_layer; b->layer++) stream->layer(b, &b->w->layer[b->layer], x);
	stream->end(b, x);
	plan_add_step(b, STEP_VECTORS, x, PLAN_NO_BUFFER)->norm = b->w->output_norm;
	if (b->c->whole) return;
	int h = plan_add_buffer(b, "h", b->c->n_embd);
	plan_add_step(b, STEP_LAST_NORM, x, h)->norm = b->w->output_norm;
	plan_add_step(b, STEP_LOGITS, h, PLAN_NO_BUFFER);
}
