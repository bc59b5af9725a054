/*
 * delta_net: states that are corrected towards new values (see recurrent.h). Sources: Yang et al. 2024, "Gated Delta Networks";
 * Qwen3-Next and Qwen 3.5; Kimi Team 2025, "Kimi Linear", whose decay is one for each key.
 *
 *     q, k, v = silu(convolution(h W)), q and k of length 1, q / sqrt(head);  beta = sigmoid(h Wb)
 *     decay = exp(a softplus(h Wa + bias))
 *     S' = decay S;  S'' = S' + k (beta (v - k S'));  y = q S'';  y = norm(y) silu(z) (Kimi: sigmoid), head by head;  out = y Wout
 *
 * In the words of nn/scan.h: from = decay k, key = beta k, to = -beta k. A head's state is n_state x n_state; n_group heads of
 * keys serve n_rank heads of values, in blocks or in turn, as the family says.
 */
#include "model/recurrent.h"

#include <math.h>
#include <string.h>

enum { ROWS_AT_ONCE = 8 };

struct delta_net {
	struct projection q, k, v;      /* or all three in q */
	struct projection mixed;        /* in place of them and of z: of each key head its q, k, v and z */
	struct projection z, z_low;     /* z = z_low z, where it is of low rank */
	struct projection beta, alpha;  /* or both in beta: of each key head its betas, then its alphas */
	struct projection alpha_low;    /* alpha = alpha_low alpha, where it is of low rank */
	struct convolution convolution; /* of q, k and v one after the other */
	const float *step_bias;         /* as many as there are decays */
	const float *a;                 /* of each value head, below zero */
	const float *norm;              /* n_state */
	struct projection out;
};

/* The buffers of the scan beside q, k and v, in `also`; the outputs read the gate from also[0]. */
enum { SCAN_BETA, SCAN_DECAY };

static size_t keys_width(const struct config *c)
{
	return (size_t)c->recurrent.n_group * c->recurrent.n_state;
}

/* Channels of the convolution. */
static size_t mixed_width(const struct config *c)
{
	return 2 * keys_width(c) + c->recurrent.n_inner;
}

static size_t state_floats(const struct config *c)
{
	return recurrent_convolution_floats(c, mixed_width(c)) + (size_t)c->recurrent.n_inner * c->recurrent.n_state;
}

/* Whether each key has a decay of its own. */
static bool has_many_decays(const struct config *c)
{
	return c->family->recurrent == RECURRENT_KIMI_DELTA;
}

/* ---- Qwen's ---- */

static bool configure(const struct config_source *s, struct config *c)
{
	struct config_recurrent *r = &c->recurrent;
	if (!recurrent_configure_scan(s, c)) return false;
	if (r->n_group == 0 || r->n_rank % r->n_group != 0)
		return config_fail(s, "ssm.group_count", "does not divide the number of heads");
	return (uint64_t)r->n_rank * r->n_state == r->n_inner ||
	       config_fail(s, "ssm.inner_size", "is not the number of heads times the state's size");
}

static bool bind_mixed(const struct weights_binder *b, uint32_t layer, struct delta_net *w)
{
	size_t n = b->c->n_embd, width = mixed_width(b->c), inner = b->c->recurrent.n_inner, rank = b->c->recurrent.n_rank;
	bool own = weights_has(b, layer, "attn_qkv");
	bool ok = own ? weights_projection(b, layer, "attn_qkv", n, width, &w->q) &&
	                          weights_projection(b, layer, "attn_gate", n, inner, &w->z)
	              : weights_projection(b, layer, "ssm_in", n, width + inner, &w->mixed);
	if (weights_has(b, layer, "ssm_ba")) return ok && weights_projection(b, layer, "ssm_ba", n, 2 * rank, &w->beta);
	return ok && weights_projection(b, layer, "ssm_beta", n, rank, &w->beta) &&
	       weights_projection(b, layer, "ssm_alpha", n, rank, &w->alpha);
}

static bool bind(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	const struct config_recurrent *r = &b->c->recurrent;
	struct delta_net *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->delta_net = w;
	char name[WEIGHTS_MAX_NAME];
	return bind_mixed(b, layer, w) && recurrent_bind_convolution(b, layer, "ssm_conv1d", mixed_width(b->c), &w->convolution) &&
	       weights_vector(b, weights_name(name, layer, "ssm_dt", ".bias"), true, r->n_rank, &w->step_bias) &&
	       weights_table(b, weights_name(name, layer, "ssm_a", ""), 1, r->n_rank, &w->a) &&
	       weights_layer_vector(b, layer, "ssm_norm", true, r->n_state, &w->norm) &&
	       weights_projection(b, layer, "ssm_out", r->n_inner, b->c->n_embd, &w->out);
}

/* One product of h, in parts of each key head. */
static struct plan_split *add_woven(struct plan_builder *b, int h, const struct projection *p)
{
	int woven = plan_add_buffer(b, "woven", p->weights.rows);
	plan_add_matmul(b, h, p, (struct plan_sink){ woven, false });
	return plan_add_split(b, woven);
}

static void add_mixed(struct plan_builder *b, const struct delta_net *w, int h, int in, int z)
{
	const struct config_recurrent *r = &b->c->recurrent;
	if (w->q.weights.data) {
		struct step *s = plan_add_matmul(b, h, &w->q, (struct plan_sink){ in, false });
		plan_add_product(s, &w->z, z, false);
		return;
	}
	struct plan_split *split = add_woven(b, h, &w->mixed);
	size_t values = r->n_inner / r->n_group, keys = keys_width(b->c);
	plan_add_part(b, split, r->n_state, in, 0);
	plan_add_part(b, split, r->n_state, in, keys);
	plan_add_part(b, split, values, in, 2 * keys);
	plan_add_part(b, split, values, z, 0);
}

static void add_rates(struct plan_builder *b, const struct delta_net *w, int h, int beta, int alpha)
{
	if (w->alpha.weights.data) {
		struct step *s = plan_add_matmul(b, h, &w->beta, (struct plan_sink){ beta, false });
		plan_add_product(s, &w->alpha, alpha, false);
		return;
	}
	struct plan_split *split = add_woven(b, h, &w->beta);
	size_t each = b->c->recurrent.n_rank / b->c->recurrent.n_group;
	plan_add_part(b, split, each, beta, 0);
	plan_add_part(b, split, each, alpha, 0);
}

/* From the convolution's result c to the block's. */
static void add_scan(struct plan_builder *b, const struct delta_net *w, int c, int beta, int decay, int z, struct plan_sink out)
{
	int y = plan_add_buffer(b, "y", b->c->recurrent.n_inner);
	struct step *s = plan_add_step(b, STEP_SCAN_INPUTS, c, c);
	s->also[SCAN_BETA] = beta;
	s->also[SCAN_DECAY] = decay;
	s->n_also = SCAN_DECAY + 1;
	s = plan_add_step(b, STEP_SCAN, c, y);
	s->also[SCAN_BETA] = beta;
	s->also[SCAN_DECAY] = decay;
	s->n_also = SCAN_DECAY + 1;
	s->state = recurrent_convolution_floats(b->c, mixed_width(b->c));
	plan_add_step(b, STEP_SCAN_OUTPUTS, y, y);
	plan_add_gate(b, has_many_decays(b->c) ? OPS_SIGMOID : OPS_SILU, z, y);
	plan_add_matmul(b, y, &w->out, out);
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_recurrent *r = &b->c->recurrent;
	const struct delta_net *w = l->delta_net;
	int in = plan_add_buffer(b, "qkv", mixed_width(b->c)), z = plan_add_buffer(b, "z", r->n_inner);
	int beta = plan_add_buffer(b, "beta", r->n_rank), decay = plan_add_buffer(b, "decay", r->n_rank);
	int c = plan_add_buffer(b, "c", mixed_width(b->c));
	add_mixed(b, w, h, in, z);
	add_rates(b, w, h, beta, decay);
	recurrent_add_convolution(b, &w->convolution, in, c, 0, true);
	add_scan(b, w, c, beta, decay, z, out);
}

/* ---- the work ---- */

/* q and k of length 1, beta, and the decays. */
static void inputs(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct config_recurrent *r = &m->config.recurrent;
	const struct delta_net *w = m->weights.layer[s->layer].delta_net;
	size_t n_decay = model_width(m, s->also[SCAN_DECAY]), each = n_decay / r->n_rank, n = r->n_state;
	for (size_t i = first; i < last; i++) {
		float *q = model_buffer(m, s->in) + i * model_width(m, s->in), *k = q + keys_width(&m->config);
		float *decay = model_buffer(m, s->also[SCAN_DECAY]) + i * n_decay;
		for (size_t head = 0; head < r->n_group; head++) {
			ops_unit_length(q + head * n, m->config.norm_eps, n);
			ops_scale(q + head * n, 1 / sqrtf((float)n), n);
			ops_unit_length(k + head * n, m->config.norm_eps, n);
		}
		ops_sigmoid(model_buffer(m, s->also[SCAN_BETA]) + i * r->n_rank, r->n_rank);
		for (size_t d = 0; d < n_decay; d++)
			decay[d] = expf(w->a[d / each] * recurrent_softplus(decay[d] + w->step_bias[d]));
	}
}

/* A row's vectors for one head of values, prepared for the scan. */
struct prepared {
	float decay[CONFIG_MAX_STATE], key[CONFIG_MAX_STATE], from[CONFIG_MAX_STATE], to[CONFIG_MAX_STATE];
};

static struct scan_row prepare(const struct model *m, const struct step *s, size_t row, size_t head, struct prepared *p)
{
	const struct config_recurrent *r = &m->config.recurrent;
	size_t n = r->n_state, n_decay = model_width(m, s->also[SCAN_DECAY]), each = n_decay / r->n_rank;
	size_t pair = m->config.family->keys_in_turn ? head % r->n_group : head / (r->n_rank / r->n_group);
	const float *q = model_buffer(m, s->in) + row * model_width(m, s->in) + pair * n, *k = q + keys_width(&m->config);
	const float *decay = model_buffer(m, s->also[SCAN_DECAY]) + row * n_decay + head * each;
	float beta = model_buffer(m, s->also[SCAN_BETA])[row * r->n_rank + head];
	for (size_t i = 0; i < n; i++) {
		p->decay[i] = decay[each > 1 ? i : 0];
		p->from[i] = p->decay[i] * k[i];
		p->key[i] = beta * k[i];
		p->to[i] = -p->key[i];
	}
	return (struct scan_row){ .decay = p->decay,
		                  .key = p->key,
		                  .from = p->from,
		                  .to = p->to,
		                  .read = q,
		                  .value = q - pair * n + 2 * keys_width(&m->config) + head * n,
		                  .out = model_buffer(m, s->out) + row * model_width(m, s->out) + head * n };
}

static void scan(const struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_recurrent *r = &m->config.recurrent;
	size_t first, last, n = r->n_state;
	struct prepared prepared[ROWS_AT_ONCE];
	struct scan_row rows[ROWS_AT_ONCE];
	threads_range(r->n_rank, 1, t, count, &first, &last);
	for (uint32_t i = 0; i < m->n_timelines; i++) {
		for (uint32_t k = 0; k < m->timelines[i].n_segments; k++) {
			const struct segment *g = &m->segments[m->timelines[i].first + k];
			for (size_t head = first; head < last; head++) {
				float *state = recurrent_take_state(m, s, g, s->state + head * n * n, n * n);
				for (uint32_t row = 0; row < g->n_rows; row += ROWS_AT_ONCE) {
					uint32_t now = g->n_rows - row < ROWS_AT_ONCE ? g->n_rows - row : ROWS_AT_ONCE;
					for (uint32_t j = 0; j < now; j++)
						rows[j] = prepare(m, s, m->order[g->first + row + j], head, &prepared[j]);
					scan_rows(state, n, n, rows, now, false);
				}
			}
		}
	}
}

/* The norm of each head. */
static void outputs(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct config_recurrent *r = &m->config.recurrent;
	const float *norm = m->weights.layer[s->layer].delta_net->norm;
	for (size_t i = first; i < last; i++) {
		float *y = model_buffer(m, s->out) + i * model_width(m, s->out);
		for (size_t head = 0; head < r->n_rank; head++)
			ops_rms_norm(y + head * r->n_state, norm, m->config.norm_eps, y + head * r->n_state, r->n_state);
	}
}

/* ---- Kimi's ---- */

static bool configure_kimi(const struct config_source *s, struct config *c)
{
	struct config_recurrent *r = &c->recurrent;
	if (!config_count(s, "ssm.conv_kernel", 1, CONFIG_MAX_CONV, &r->n_conv) ||
	    !config_count(s, "kda.head_dim", 1, CONFIG_MAX_STATE, &r->n_state))
		return false;
	for (uint32_t i = 0; i < c->n_layer && !r->n_rank; i++) r->n_rank = c->layer[i].n_head;
	if (r->n_rank == 0) return config_fail(s, "attention.head_count", "is 0");
	r->n_group = r->n_rank;
	r->n_inner = r->n_rank * r->n_state;
	return true;
}

/* The convolutions of q, k and v as one: their weights one after the other. */
static bool bind_kimi_convolution(const struct weights_binder *b, uint32_t layer, struct convolution *v)
{
	static const char *const roles[] = { "ssm_conv1d_q", "ssm_conv1d_k", "ssm_conv1d_v" };
	size_t n = (size_t)b->c->recurrent.n_inner * b->c->recurrent.n_conv;
	float *all = arena_alloc(b->arena, 3 * n, sizeof *all);
	char name[WEIGHTS_MAX_NAME];
	if (!all) return error_memory(b->e);
	for (size_t i = 0; i < 3; i++) {
		const float *own;
		if (!weights_table(b, weights_name(name, layer, roles[i], ".weight"), b->c->recurrent.n_conv,
		                   b->c->recurrent.n_inner, &own))
			return false;
		memcpy(all + i * n, own, n * sizeof *all);
	}
	*v = (struct convolution){ .weight = all, .n_channels = mixed_width(b->c) };
	return true;
}

static bool bind_kimi(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	const struct config_recurrent *r = &b->c->recurrent;
	size_t n = b->c->n_embd, inner = r->n_inner;
	struct delta_net *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->delta_net = w;
	char name[WEIGHTS_MAX_NAME];
	return weights_projection(b, layer, "attn_q", n, inner, &w->q) && weights_projection(b, layer, "attn_k", n, inner, &w->k) &&
	       weights_projection(b, layer, "attn_v", n, inner, &w->v) && bind_kimi_convolution(b, layer, &w->convolution) &&
	       weights_projection(b, layer, "ssm_f_a", n, r->n_state, &w->alpha_low) &&
	       weights_projection(b, layer, "ssm_f_b", r->n_state, inner, &w->alpha) &&
	       weights_projection(b, layer, "ssm_g_a", n, r->n_state, &w->z_low) &&
	       weights_projection(b, layer, "ssm_g_b", r->n_state, inner, &w->z) &&
	       weights_projection(b, layer, "ssm_beta", n, r->n_rank, &w->beta) &&
	       weights_table(b, weights_name(name, layer, "ssm_a", ""), 1, r->n_rank, &w->a) &&
	       weights_vector(b, weights_name(name, layer, "ssm_dt", ".bias"), true, inner, &w->step_bias) &&
	       weights_layer_vector(b, layer, "ssm_norm", true, r->n_state, &w->norm) &&
	       weights_projection(b, layer, "attn_output", inner, n, &w->out);
}

static void plan_kimi(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_recurrent *r = &b->c->recurrent;
	const struct delta_net *w = l->delta_net;
	size_t inner = r->n_inner;
	int q = plan_add_buffer(b, "q", inner), k = plan_add_buffer(b, "k", inner), v = plan_add_buffer(b, "v", inner);
	int in = plan_add_buffer(b, "qkv", 3 * inner), c = plan_add_buffer(b, "c", 3 * inner);
	int low = plan_add_buffer(b, "f", r->n_state), z_low = plan_add_buffer(b, "g", r->n_state);
	int beta = plan_add_buffer(b, "beta", r->n_rank), decay = plan_add_buffer(b, "decay", inner),
	    z = plan_add_buffer(b, "z", inner);
	struct step *s = plan_add_matmul(b, h, &w->q, (struct plan_sink){ q, false });
	plan_add_product(s, &w->k, k, false);
	plan_add_product(s, &w->v, v, false);
	const int parts[] = { q, k, v };
	for (size_t i = 0; i < 3; i++) plan_add_part(b, plan_add_split(b, parts[i]), inner, in, i * inner);
	s = plan_add_matmul(b, h, &w->beta, (struct plan_sink){ beta, false });
	plan_add_product(s, &w->alpha_low, low, false);
	plan_add_product(s, &w->z_low, z_low, false);
	plan_add_matmul(b, low, &w->alpha, (struct plan_sink){ decay, false });
	plan_add_matmul(b, z_low, &w->z, (struct plan_sink){ z, false });
	recurrent_add_convolution(b, &w->convolution, in, c, 0, true);
	add_scan(b, w, c, beta, decay, z, out);
}

const struct recurrent_block recurrent_delta_net = { .name = "delta-net",
	                                             .configure = configure,
	                                             .bind = bind,
	                                             .state_floats = state_floats,
	                                             .plan = plan,
	                                             .inputs = inputs,
	                                             .outputs = outputs,
	                                             .scan = scan };

const struct recurrent_block recurrent_kimi_delta = { .name = "kimi-delta",
	                                              .configure = configure_kimi,
	                                              .bind = bind_kimi,
	                                              .state_floats = state_floats,
	                                              .plan = plan_kimi,
	                                              .inputs = inputs,
	                                              .outputs = outputs,
	                                              .scan = scan };
