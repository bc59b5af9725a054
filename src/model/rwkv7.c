/*
 * rwkv7: RWKV 7 (see recurrent.h and rwkv.h). Source: Peng et al. 2025, "RWKV-7 Goose".
 *
 *     d = h(before) - h;  x_i = h + d lerp_i for r, w, k, v, a, g;  r, k, v = x W
 *     decay = exp(-e^(-1/2) sigmoid(w0 + tanh(x_w W1) W2));  a = sigmoid(a0 + x_a A1 A2);  g = sigmoid(x_g G1) G2
 *     v += (v of the first layer - v) sigmoid(v0 + x_v V1 V2), but in the first
 *     c = k k_k, each head of length 1;  k = k + (a - 1) k k_a
 *     S' = decay S - (c a) (c . S) + k v;  y = r S';  out = ((norm(y) + (r . k r_k) v) g) Wo
 * and channel mixing: d = h(before) - h;  out = relu((h + d lerp_k) Wk)^2 Wv
 */
#include "model/rwkv.h"

#include <math.h>

enum { LERP_R, LERP_W, LERP_K, LERP_V, LERP_A, LERP_G, LERPS };

struct rwkv7 {
	struct convolution shift;
	const float *lerp[LERPS];
	struct projection r, k, v, out;
	struct projection w1, w2, a1, a2, v1, v2, g1, g2; /* v1, v2, g1 and g2 may be none */
	const float *k_k, *k_a, *r_k;                     /* n_embd */
	const float *norm, *norm_bias;                    /* n_embd, or NULL */
	struct norm channel_norm;
	const float *channel_k;
	struct projection mix_k, mix_v;
};

/* The buffers of the inputs, in `also`; of the scan beside r; and of the outputs. */
enum { IN_A, IN_C, SCAN_K = 0, SCAN_V, SCAN_DECAY, SCAN_C, SCAN_A, OUT_R = 0, OUT_K, OUT_V };

static bool configure(const struct config_source *s, struct config *c)
{
	struct config_recurrent *r = &c->recurrent;
	return rwkv_configure(s, c) && config_count(s, "attention.decay_lora_rank", 1, CONFIG_MAX_EMBD, &r->n_decay) &&
	       config_count(s, "attention.iclr_lora_rank", 1, CONFIG_MAX_EMBD, &r->n_rate) &&
	       config_count(s, "attention.value_residual_mix_lora_rank", 1, CONFIG_MAX_EMBD, &r->n_mix) &&
	       config_count(s, "attention.gate_lora_rank", 0, CONFIG_MAX_EMBD, &r->n_gate);
}

/* sigmoid or what follows of `base` + x LOW HIGH. */
static bool bind_low_rank(const struct weights_binder *b, uint32_t layer, char letter, size_t rank, struct projection *low,
                          struct projection *high)
{
	char role[] = "time_mix_x1", base[] = "time_mix_x0", second[] = "time_mix_x2";
	size_t n = b->c->n_embd;
	role[9] = base[9] = second[9] = letter;
	return weights_projection(b, layer, role, n, rank, low) && weights_projection(b, layer, second, rank, n, high) &&
	       (letter == 'g' || weights_layer_vector(b, layer, base, true, n, &high->bias));
}

static bool bind_lerps(const struct weights_binder *b, uint32_t layer, struct rwkv7 *w)
{
	size_t n = b->c->n_embd, count = b->c->recurrent.n_gate ? LERPS : LERPS - 1;
	char name[WEIGHTS_MAX_NAME];
	if (!weights_table(b, weights_name(name, layer, "time_mix_lerp_fused", ".weight"), n, count, &w->lerp[0])) return false;
	for (size_t i = 1; i < count; i++) w->lerp[i] = w->lerp[0] + i * n;
	return true;
}

static bool bind_heads(const struct weights_binder *b, uint32_t layer, struct rwkv7 *w)
{
	const struct config_recurrent *r = &b->c->recurrent;
	size_t n = b->c->n_embd;
	char name[WEIGHTS_MAX_NAME];
	return weights_projection(b, layer, "time_mix_receptance", n, n, &w->r) &&
	       weights_projection(b, layer, "time_mix_key", n, n, &w->k) &&
	       weights_projection(b, layer, "time_mix_value", n, n, &w->v) &&
	       weights_projection(b, layer, "time_mix_output", n, n, &w->out) &&
	       bind_low_rank(b, layer, 'w', r->n_decay, &w->w1, &w->w2) &&
	       bind_low_rank(b, layer, 'a', r->n_rate, &w->a1, &w->a2) &&
	       (layer == 0 || bind_low_rank(b, layer, 'v', r->n_mix, &w->v1, &w->v2)) &&
	       (r->n_gate == 0 || bind_low_rank(b, layer, 'g', r->n_gate, &w->g1, &w->g2)) &&
	       weights_layer_vector(b, layer, "time_mix_k_k", true, n, &w->k_k) &&
	       weights_layer_vector(b, layer, "time_mix_k_a", true, n, &w->k_a) &&
	       weights_table(b, weights_name(name, layer, "time_mix_r_k", ".weight"), n, 1, &w->r_k);
}

static bool bind(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	size_t n = b->c->n_embd, width = b->c->recurrent.n_inner;
	char name[WEIGHTS_MAX_NAME];
	struct rwkv7 *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->rwkv7 = w;
	bool ok = rwkv_bind_shift(b, &w->shift) && bind_lerps(b, layer, w) && bind_heads(b, layer, w) &&
	          weights_layer_vector(b, layer, "time_mix_ln", false, n, &w->norm) &&
	          weights_vector(b, weights_name(name, layer, "time_mix_ln", ".bias"), w->norm != NULL, n, &w->norm_bias);
	return ok && weights_layer_norm(b, layer, "attn_norm_2", true, n, &w->channel_norm) &&
	       weights_layer_vector(b, layer, "channel_mix_lerp_k", true, n, &w->channel_k) &&
	       weights_projection(b, layer, "channel_mix_key", n, width, &w->mix_k) &&
	       weights_projection(b, layer, "channel_mix_value", width, n, &w->mix_v);
}

static int add_lerp(struct plan_builder *b, const struct rwkv7 *w, int h, int shift, int which)
{
	return rwkv_add_lerp(b, h, shift, w->lerp[which], PLAN_NO_BUFFER, "mixed");
}

/* The values, drawn towards those of the first layer. */
static int add_values(struct plan_builder *b, const struct rwkv7 *w, int h, int shift)
{
	int mixed = add_lerp(b, w, h, shift, LERP_V), v = rwkv_add_plain(b, mixed, &w->v, "v");
	if (b->layer == 0) return b->first_values = v;
	int share = rwkv_add_active(b, rwkv_add_plain(b, mixed, &w->v1, "low"), &w->v2, OPS_SIGMOID, "share");
	int away = plan_add_buffer(b, "away", b->c->n_embd); /* first - v */
	plan_add_part(b, plan_add_split(b, b->first_values), b->c->n_embd, away, 0);
	plan_add_step(b, STEP_ADD, v, away)->factor = -1;
	plan_add_gate(b, OPS_LINEAR, share, away);
	plan_add_step(b, STEP_ADD, away, v);
	return v;
}

static void plan_channels(struct plan_builder *b, const struct rwkv7 *w, int x)
{
	int h = plan_normed(b, x, &w->channel_norm, "h"), shift = rwkv_add_shift(b, &w->shift, h, RWKV_CHANNELS);
	int k = rwkv_add_active(b, rwkv_add_lerp(b, h, shift, w->channel_k, PLAN_NO_BUFFER, "mixed"), &w->mix_k, OPS_RELU_SQUARED,
	                        "k");
	plan_add_matmul(b, k, &w->mix_v, (struct plan_sink){ x, true });
}

static void also(struct step *s, const int *buffers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) s->also[s->n_also++] = buffers[i];
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct rwkv7 *w = l->rwkv7;
	int shift = rwkv_add_shift(b, &w->shift, h, RWKV_TIME);
	int r = rwkv_add_plain(b, add_lerp(b, w, h, shift, LERP_R), &w->r, "r");
	int low = rwkv_add_active(b, add_lerp(b, w, h, shift, LERP_W), &w->w1, OPS_TANH, "low");
	int decay = rwkv_add_active(b, low, &w->w2, OPS_SIGMOID, "decay");
	int k = rwkv_add_plain(b, add_lerp(b, w, h, shift, LERP_K), &w->k, "k");
	int v = add_values(b, w, h, shift);
	int a = rwkv_add_active(b, rwkv_add_plain(b, add_lerp(b, w, h, shift, LERP_A), &w->a1, "low"), &w->a2, OPS_SIGMOID, "a");
	int g = PLAN_NO_BUFFER, c = plan_add_buffer(b, "c", b->c->n_embd), y = plan_add_buffer(b, "y", b->c->n_embd);
	if (b->c->recurrent.n_gate) {
		low = rwkv_add_active(b, add_lerp(b, w, h, shift, LERP_G), &w->g1, OPS_SIGMOID, "low");
		g = rwkv_add_plain(b, low, &w->g2, "g");
	}
	also(plan_add_step(b, STEP_SCAN_INPUTS, k, k), (int[]){ a, c }, 2);
	struct step *s = plan_add_step(b, STEP_SCAN, r, y);
	s->state = rwkv_part_at(b->c, RWKV_HEADS);
	also(s, (int[]){ k, v, decay, c, a }, 5);
	also(plan_add_step(b, STEP_SCAN_OUTPUTS, y, y), (int[]){ r, k, v }, 3);
	if (g != PLAN_NO_BUFFER) plan_add_gate(b, OPS_LINEAR, g, y);
	plan_add_matmul(b, y, &w->out, out);
	plan_channels(b, w, out.out);
}

/* c, and k as it goes into the state. */
static void inputs(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct rwkv7 *w = m->weights.layer[s->layer].rwkv7;
	size_t width = m->config.n_embd, n = m->config.recurrent.n_state;
	for (size_t i = first; i < last; i++) {
		float *k = rwkv_row(m, s->out, i), *c = rwkv_row(m, s->also[IN_C], i);
		const float *a = rwkv_row(m, s->also[IN_A], i);
		for (size_t j = 0; j < width; j++) {
			c[j] = k[j] * w->k_k[j];
			k[j] += (a[j] - 1) * (k[j] * w->k_a[j]);
		}
		for (size_t j = 0; j < width; j += n) ops_unit_length(c + j, 1e-12f, n);
	}
}

static struct scan_row prepare(const struct model *m, const struct step *s, size_t row, size_t head, float *room)
{
	size_t n = m->config.recurrent.n_state, at = head * n;
	const float *rate = rwkv_row(m, s->also[SCAN_DECAY], row) + at, *c = rwkv_row(m, s->also[SCAN_C], row) + at;
	const float *a = rwkv_row(m, s->also[SCAN_A], row) + at;
	float *decay = room, *from = room + n, *to = room + 2 * n;
	for (size_t i = 0; i < n; i++) {
		decay[i] = expf(-0.606531f * rate[i]);
		from[i] = -c[i];
		to[i] = c[i] * a[i];
	}
	return (struct scan_row){ .decay = decay,
		                  .key = rwkv_row(m, s->also[SCAN_K], row) + at,
		                  .read = rwkv_row(m, s->in, row) + at,
		                  .from = from,
		                  .to = to,
		                  .value = rwkv_row(m, s->also[SCAN_V], row) + at,
		                  .out = rwkv_row(m, s->out, row) + at };
}

static void scan(const struct model *m, const struct step *s, unsigned t, unsigned count)
{
	rwkv_scan(m, s, t, count, prepare, false);
}

static void outputs(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct rwkv7 *w = m->weights.layer[s->layer].rwkv7;
	size_t n = m->config.recurrent.n_state;
	for (size_t i = first; i < last; i++) {
		float *y = rwkv_row(m, s->out, i);
		const float *r = rwkv_row(m, s->also[OUT_R], i), *k = rwkv_row(m, s->also[OUT_K], i),
		            *v = rwkv_row(m, s->also[OUT_V], i);
		rwkv_norm_heads(&m->config, y, w->norm, w->norm_bias);
		for (size_t at = 0; at < m->config.n_embd; at += n) {
			float sum = 0;
			for (size_t j = 0; j < n; j++) sum += r[at + j] * k[at + j] * w->r_k[at + j];
			ops_add_scaled(y + at, v + at, sum, n);
		}
	}
}

const struct recurrent_block recurrent_rwkv7 = { .name = "rwkv-7",
	                                         .configure = configure,
	                                         .bind = bind,
	                                         .state_floats = rwkv_state_floats,
	                                         .plan = plan,
	                                         .inputs = inputs,
	                                         .outputs = outputs,
	                                         .scan = scan };
