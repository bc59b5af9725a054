/*
 * rwkv6: RWKV 6 (see recurrent.h and rwkv.h). Source: Peng et al. 2024, "Eagle and Finch".
 *
 *     d = h(before) - h;  z = h + d lerp_x;  m = tanh(z W1) W2, five of them;  x_i = h + d (lerp_i + m_i) for w, k, v, r, g
 *     decay = exp(-exp(base + tanh(x_w Wd1) Wd2));  r, k, v = x W
 *     y = r (S + (first k) v);  S' = decay S + k v;  out = (norm(y) silu(x_g Wg)) Wo
 * and channel mixing: d = h(before) - h;  out = sigmoid((h + d lerp_r) Wr) (relu((h + d lerp_k) Wk)^2 Wv)
 */
#include "model/rwkv.h"

#include <math.h>

enum { LERP_W, LERP_K, LERP_V, LERP_R, LERP_G, LERPS };

struct rwkv6 {
	struct convolution shift;
	const float *lerp_x, *lerp[LERPS];
	struct projection low[LERPS], high[LERPS]; /* of what is added to the lerps */
	struct projection decay_low, decay_high, k, v, r, g, out;
	const float *first;                    /* n_embd */
	const float *norm, *norm_bias;         /* n_embd */
	struct norm channel_norm;              /* before channel mixing */
	const float *channel_k, *channel_r;    /* lerps */
	struct projection mix_k, mix_v, mix_r; /* of channel mixing */
};

/* The buffers of the scan beside r, in `also`. */
enum { SCAN_K, SCAN_V, SCAN_DECAY };

static bool configure(const struct config_source *s, struct config *c)
{
	struct config_recurrent *r = &c->recurrent;
	return rwkv_configure(s, c) && config_count(s, "time_mix_extra_dim", 1, CONFIG_MAX_EMBD, &r->n_mix) &&
	       config_count(s, "time_decay_extra_dim", 1, CONFIG_MAX_EMBD, &r->n_decay) &&
	       config_count(s, "rescale_every_n_layers", 0, CONFIG_MAX_LAYERS, &r->rescale);
}

/* The five lerps: one tensor of them all, or one each. */
static bool bind_lerps(const struct weights_binder *b, uint32_t layer, struct rwkv6 *w)
{
	static const char *const roles[] = { "time_mix_lerp_w", "time_mix_lerp_k", "time_mix_lerp_v", "time_mix_lerp_r",
		                             "time_mix_lerp_g" };
	size_t n = b->c->n_embd;
	char name[WEIGHTS_MAX_NAME];
	if (weights_has(b, layer, "time_mix_lerp_fused")) {
		if (!weights_table(b, weights_name(name, layer, "time_mix_lerp_fused", ".weight"), n, LERPS, &w->lerp[0]))
			return false;
		for (size_t i = 1; i < LERPS; i++) w->lerp[i] = w->lerp[0] + i * n;
		return true;
	}
	for (size_t i = 0; i < LERPS; i++) {
		if (!weights_layer_vector(b, layer, roles[i], true, n, &w->lerp[i])) return false;
	}
	return true;
}

static bool bind_mixes(const struct weights_binder *b, uint32_t layer, struct rwkv6 *w)
{
	size_t n = b->c->n_embd, mix = b->c->recurrent.n_mix;
	char name[WEIGHTS_MAX_NAME];
	struct projection low = { 0 };
	struct matrix high = { 0 };
	if (!weights_projection(b, layer, "time_mix_w1", n, LERPS * mix, &low) ||
	    !weights_stack(b, weights_name(name, layer, "time_mix_w2", ".weight"), true, mix, n, LERPS, &high))
		return false;
	for (size_t i = 0; i < LERPS; i++) {
		w->low[i] = weights_part(&low, i * mix, mix);
		w->high[i].weights = matrix_at(&high, i);
	}
	return true;
}

static bool bind_channels(const struct weights_binder *b, uint32_t layer, struct rwkv6 *w)
{
	size_t n = b->c->n_embd, width = b->c->recurrent.n_inner;
	return weights_layer_norm(b, layer, "attn_norm_2", true, n, &w->channel_norm) &&
	       weights_layer_vector(b, layer, "channel_mix_lerp_k", true, n, &w->channel_k) &&
	       weights_layer_vector(b, layer, "channel_mix_lerp_r", true, n, &w->channel_r) &&
	       weights_projection(b, layer, "channel_mix_key", n, width, &w->mix_k) &&
	       weights_projection(b, layer, "channel_mix_value", width, n, &w->mix_v) &&
	       weights_projection(b, layer, "channel_mix_receptance", n, n, &w->mix_r);
}

static bool bind(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	const struct config_recurrent *r = &b->c->recurrent;
	size_t n = b->c->n_embd;
	char name[WEIGHTS_MAX_NAME];
	struct rwkv6 *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->rwkv6 = w;
	return rwkv_bind_shift(b, &w->shift) && weights_layer_vector(b, layer, "time_mix_lerp_x", true, n, &w->lerp_x) &&
	       bind_lerps(b, layer, w) && bind_mixes(b, layer, w) &&
	       weights_table(b, weights_name(name, layer, "time_mix_first", ".weight"), r->n_state, r->n_rank, &w->first) &&
	       weights_projection(b, layer, "time_mix_decay_w1", n, r->n_decay, &w->decay_low) &&
	       weights_projection(b, layer, "time_mix_decay_w2", r->n_decay, n, &w->decay_high) &&
	       weights_layer_vector(b, layer, "time_mix_decay", true, n, &w->decay_high.bias) &&
	       weights_projection(b, layer, "time_mix_key", n, n, &w->k) &&
	       weights_projection(b, layer, "time_mix_value", n, n, &w->v) &&
	       weights_projection(b, layer, "time_mix_receptance", n, n, &w->r) &&
	       weights_projection(b, layer, "time_mix_gate", n, n, &w->g) &&
	       weights_layer_vector(b, layer, "time_mix_ln", true, n, &w->norm) &&
	       weights_vector(b, weights_name(name, layer, "time_mix_ln", ".bias"), true, n, &w->norm_bias) &&
	       weights_projection(b, layer, "time_mix_output", n, n, &w->out) && bind_channels(b, layer, w);
}

/* h + d (lerp + m), mixed anew for each row. */
static int add_mixed(struct plan_builder *b, const struct rwkv6 *w, int h, int shift, int z, int which)
{
	int low = rwkv_add_active(b, z, &w->low[which], OPS_TANH, "low");
	int more = rwkv_add_plain(b, low, &w->high[which], "m");
	return rwkv_add_lerp(b, h, shift, w->lerp[which], more, "mixed");
}

static void plan_channels(struct plan_builder *b, const struct rwkv6 *w, int x)
{
	int h = plan_normed(b, x, &w->channel_norm, "h"), shift = rwkv_add_shift(b, &w->shift, h, RWKV_CHANNELS);
	int k = rwkv_add_active(b, rwkv_add_lerp(b, h, shift, w->channel_k, PLAN_NO_BUFFER, "mixed"), &w->mix_k, OPS_RELU_SQUARED,
	                        "k");
	int r = rwkv_add_plain(b, rwkv_add_lerp(b, h, shift, w->channel_r, PLAN_NO_BUFFER, "mixed"), &w->mix_r, "r");
	int v = rwkv_add_plain(b, k, &w->mix_v, "v");
	plan_add_gate(b, OPS_SIGMOID, r, v);
	plan_add_step(b, STEP_ADD, v, x);
	uint32_t rescale = b->c->recurrent.rescale;
	if (rescale && (b->layer + 1) % rescale == 0) plan_add_step(b, STEP_ADD, x, x)->factor = -0.5f;
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct rwkv6 *w = l->rwkv6;
	int shift = rwkv_add_shift(b, &w->shift, h, RWKV_TIME);
	int z = rwkv_add_lerp(b, h, shift, w->lerp_x, PLAN_NO_BUFFER, "z");
	int low = rwkv_add_active(b, add_mixed(b, w, h, shift, z, LERP_W), &w->decay_low, OPS_TANH, "low");
	int decay = rwkv_add_plain(b, low, &w->decay_high, "decay");
	int k = rwkv_add_plain(b, add_mixed(b, w, h, shift, z, LERP_K), &w->k, "k");
	int v = rwkv_add_plain(b, add_mixed(b, w, h, shift, z, LERP_V), &w->v, "v");
	int r = rwkv_add_plain(b, add_mixed(b, w, h, shift, z, LERP_R), &w->r, "r");
	int g = rwkv_add_plain(b, add_mixed(b, w, h, shift, z, LERP_G), &w->g, "g");
	int y = plan_add_buffer(b, "y", b->c->n_embd);
	struct step *s = plan_add_step(b, STEP_SCAN, r, y);
	s->also[SCAN_K] = k;
	s->also[SCAN_V] = v;
	s->also[SCAN_DECAY] = decay;
	s->n_also = SCAN_DECAY + 1;
	s->state = rwkv_part_at(b->c, RWKV_HEADS);
	plan_add_step(b, STEP_SCAN_OUTPUTS, y, y);
	plan_add_gate(b, OPS_SILU, g, y);
	plan_add_matmul(b, y, &w->out, out);
	plan_channels(b, w, out.out);
}

static struct scan_row prepare(const struct model *m, const struct step *s, size_t row, size_t head, float *room)
{
	size_t n = m->config.recurrent.n_state, at = head * n;
	const float *r = rwkv_row(m, s->in, row) + at, *k = rwkv_row(m, s->also[SCAN_K], row) + at;
	const float *rate = rwkv_row(m, s->also[SCAN_DECAY], row) + at;
	const float *first = m->weights.layer[s->layer].rwkv6->first + at;
	float bonus = 0;
	for (size_t i = 0; i < n; i++) {
		room[i] = expf(-expf(rate[i]));
		bonus += r[i] * first[i] * k[i];
	}
	return (struct scan_row){ .decay = room,
		                  .key = k,
		                  .read = r,
		                  .value = rwkv_row(m, s->also[SCAN_V], row) + at,
		                  .out = rwkv_row(m, s->out, row) + at,
		                  .bonus = bonus };
}

static void scan(const struct model *m, const struct step *s, unsigned t, unsigned count)
{
	rwkv_scan(m, s, t, count, prepare, true);
}

static void outputs(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct rwkv6 *w = m->weights.layer[s->layer].rwkv6;
	for (size_t i = first; i < last; i++) rwkv_norm_heads(&m->config, rwkv_row(m, s->out, i), w->norm, w->norm_bias);
}

const struct recurrent_block recurrent_rwkv6 = { .name = "rwkv-6",
	                                         .configure = configure,
	                                         .bind = bind,
	                                         .state_floats = rwkv_state_floats,
	                                         .plan = plan,
	                                         .outputs = outputs,
	                                         .scan = scan };
