/*
 * short_convolution: gated convolutions over the last few positions (see recurrent.h). Source: Liquid AI's LFM2.
 *
 *     b, c, x = h Win;  out = (c convolution(b x)) Wout
 */
#include "model/recurrent.h"

struct short_convolution {
	struct projection in_b, in_c, in_x, out;
	struct convolution convolution;
};

static bool configure(const struct config_source *s, struct config *c)
{
	return config_count(s, "shortconv.l_cache", 1, CONFIG_MAX_CONV, &c->recurrent.n_conv);
}

static bool bind(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	size_t n = b->c->n_embd;
	struct short_convolution *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->short_convolution = w;
	struct projection in = { 0 };
	if (!weights_projection(b, layer, "shortconv.in_proj", n, 3 * n, &in)) return false;
	w->in_b = weights_part(&in, 0, n);
	w->in_c = weights_part(&in, n, n);
	w->in_x = weights_part(&in, 2 * n, n);
	return recurrent_bind_convolution(b, layer, "shortconv.conv", n, &w->convolution) &&
	       weights_projection(b, layer, "shortconv.out_proj", n, n, &w->out);
}

static size_t state_floats(const struct config *c)
{
	return recurrent_convolution_floats(c, c->n_embd);
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct short_convolution *w = l->short_convolution;
	size_t n = b->c->n_embd;
	int gate = plan_add_buffer(b, "b", n), c = plan_add_buffer(b, "c", n), in = plan_add_buffer(b, "in", n);
	int y = plan_add_buffer(b, "y", n);
	struct step *s = plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	plan_add_product(s, &w->in_b, gate, false);
	plan_add_product(s, &w->in_c, c, false);
	plan_add_product(s, &w->in_x, in, false);
	plan_add_gate(b, OPS_LINEAR, gate, in);
	recurrent_add_convolution(b, &w->convolution, in, y, 0, false);
	plan_add_gate(b, OPS_LINEAR, c, y);
	plan_add_matmul(b, y, &w->out, out);
}

const struct recurrent_block recurrent_short_convolution = {
	.name = "short-convolution", .configure = configure, .bind = bind, .state_floats = state_floats, .plan = plan
};
