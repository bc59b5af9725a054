/*
 * mamba: selective scans (see recurrent.h). Sources: Gu and Dao 2023 (Mamba), Lenz et al. 2024 (Jamba's norms).
 *
 *     x, z = h Win;  x = silu(convolution(x));  r, B, C = x Wx, each with a norm in some models;  dt = softplus(r Wdt)
 *     S' = exp(dt A) S + dt x B;  y = C S' + D x;  out = (y silu(z)) Wout
 *
 * The state is n_state values for each channel, that of a group of channels after the other (nn/scan.h).
 */
#include "model/recurrent.h"

enum { ROWS_AT_ONCE = 16, CHANNELS_AT_ONCE = 64 };

struct mamba {
	struct projection in_x, in_z, rank, keys, reads, step, out;
	struct convolution convolution;
	const float *a;                                /* n_inner x n_state, below zero */
	const float *skip;                             /* n_inner: D */
	const float *rank_norm, *key_norm, *read_norm; /* n_rank, n_state, n_state, or NULL */
};

/* The buffers of the scan, in `also`. */
enum { SCAN_STEPS, SCAN_KEYS, SCAN_READS, SCAN_GATE };

static bool configure(const struct config_source *s, struct config *c)
{
	return recurrent_configure_scan(s, c) && config_bool(s, "ssm.dt_b_c_rms", &c->recurrent.bare_norms) &&
	       (c->recurrent.n_state <= SCAN_MOST_STATE || config_fail(s, "ssm.state_size", "is above 256"));
}

static bool bind_norms(const struct weights_binder *b, uint32_t layer, struct mamba *w)
{
	const struct config_recurrent *r = &b->c->recurrent;
	return weights_layer_vector(b, layer, "ssm_dt_norm", false, r->n_rank, &w->rank_norm) &&
	       weights_layer_vector(b, layer, "ssm_b_norm", false, r->n_state, &w->key_norm) &&
	       weights_layer_vector(b, layer, "ssm_c_norm", false, r->n_state, &w->read_norm);
}

static bool bind(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	const struct config_recurrent *r = &b->c->recurrent;
	struct mamba *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->mamba = w;
	char name[WEIGHTS_MAX_NAME];
	struct projection in = { 0 }, x = { 0 };
	if (!weights_projection(b, layer, "ssm_in", b->c->n_embd, (size_t)2 * r->n_inner, &in) ||
	    !weights_projection(b, layer, "ssm_x", r->n_inner, r->n_rank + (size_t)2 * r->n_state, &x))
		return false;
	w->in_x = weights_part(&in, 0, r->n_inner);
	w->in_z = weights_part(&in, r->n_inner, r->n_inner);
	w->rank = weights_part(&x, 0, r->n_rank);
	w->keys = weights_part(&x, r->n_rank, r->n_state);
	w->reads = weights_part(&x, r->n_rank + r->n_state, r->n_state);
	return recurrent_bind_convolution(b, layer, "ssm_conv1d", r->n_inner, &w->convolution) && bind_norms(b, layer, w) &&
	       weights_projection(b, layer, "ssm_dt", r->n_rank, r->n_inner, &w->step) &&
	       weights_table(b, weights_name(name, layer, "ssm_a", ""), r->n_state, r->n_inner, &w->a) &&
	       weights_vector(b, weights_name(name, layer, "ssm_d", ""), true, r->n_inner, &w->skip) &&
	       weights_projection(b, layer, "ssm_out", r->n_inner, b->c->n_embd, &w->out);
}

static size_t state_floats(const struct config *c)
{
	return recurrent_convolution_floats(c, c->recurrent.n_inner) + (size_t)c->recurrent.n_state * c->recurrent.n_inner;
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_recurrent *r = &b->c->recurrent;
	const struct mamba *w = l->mamba;
	int in = plan_add_buffer(b, "in", r->n_inner), z = plan_add_buffer(b, "z", r->n_inner);
	int c = plan_add_buffer(b, "c", r->n_inner), rank = plan_add_buffer(b, "rank", r->n_rank);
	int keys = plan_add_buffer(b, "B", r->n_state), reads = plan_add_buffer(b, "C", r->n_state);
	int steps = plan_add_buffer(b, "dt", r->n_inner);
	struct step *s = plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	plan_add_product(s, &w->in_x, in, false);
	plan_add_product(s, &w->in_z, z, false);
	recurrent_add_convolution(b, &w->convolution, in, c, 0, true);
	s = plan_add_step(b, STEP_MATMUL, c, PLAN_NO_BUFFER);
	plan_add_product(s, &w->rank, rank, false);
	plan_add_product(s, &w->keys, keys, false);
	plan_add_product(s, &w->reads, reads, false);
	if (r->bare_norms || (w->rank_norm && w->key_norm && w->read_norm)) {
		plan_add_norm(b, STEP_NORM, rank, w->rank_norm, rank);
		plan_add_norm(b, STEP_NORM, keys, w->key_norm, keys);
		plan_add_norm(b, STEP_NORM, reads, w->read_norm, reads);
	}
	plan_add_product(plan_add_step(b, STEP_MATMUL, rank, PLAN_NO_BUFFER), &w->step, steps, false);
	s = plan_add_step(b, STEP_SCAN, c, c);
	s->state = recurrent_convolution_floats(b->c, r->n_inner);
	s->also[SCAN_STEPS] = steps;
	s->also[SCAN_KEYS] = keys;
	s->also[SCAN_READS] = reads;
	s->also[SCAN_GATE] = z;
	s->n_also = SCAN_GATE + 1;
	plan_add_matmul(b, c, &w->out, out);
}

/* Rows [i, i + n) of a segment, channels [first, last). */
static void scan_some(const struct model *m, const struct step *s, const struct segment *g, uint32_t i, uint32_t n, float *state,
                      size_t first, size_t last)
{
	const struct config_recurrent *r = &m->config.recurrent;
	const struct mamba *w = m->weights.layer[s->layer].mamba;
	struct scan_channels_row rows[ROWS_AT_ONCE];
	float out[ROWS_AT_ONCE][CHANNELS_AT_ONCE];
	for (uint32_t k = 0; k < n; k++) {
		float *step = recurrent_row(m, g, i + k, s->also[SCAN_STEPS]);
		for (size_t c = first; c < last; c++) step[c] = recurrent_softplus(step[c]);
		rows[k] = (struct scan_channels_row){ .step = step + first,
			                              .x = recurrent_row(m, g, i + k, s->in) + first,
			                              .key = recurrent_row(m, g, i + k, s->also[SCAN_KEYS]),
			                              .read = recurrent_row(m, g, i + k, s->also[SCAN_READS]),
			                              .out = out[k] };
	}
	scan_channels(state, w->a + first * r->n_state, r->n_state, last - first, rows, n);
	for (uint32_t k = 0; k < n; k++) {
		float *x = recurrent_row(m, g, i + k, s->in);
		for (size_t c = first; c < last; c++) x[c] = out[k][c - first] + w->skip[c] * x[c];
		ops_gate(OPS_SILU, recurrent_row(m, g, i + k, s->also[SCAN_GATE]) + first, x + first, x + first, last - first);
	}
}

static void scan(const struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t begin, end, n_state = m->config.recurrent.n_state;
	threads_range(m->config.recurrent.n_inner, CHANNELS_AT_ONCE, t, count, &begin, &end);
	for (uint32_t i = 0; i < m->n_timelines; i++) {
		for (uint32_t k = 0; k < m->timelines[i].n_segments; k++) {
			const struct segment *g = &m->segments[m->timelines[i].first + k];
			for (size_t first = begin; first < end; first += CHANNELS_AT_ONCE) {
				size_t last = end - first < CHANNELS_AT_ONCE ? end : first + CHANNELS_AT_ONCE;
				float *state = recurrent_take_state(m, s, g, s->state + first * n_state, (last - first) * n_state);
				for (uint32_t row = 0; row < g->n_rows; row += ROWS_AT_ONCE) {
					uint32_t n = g->n_rows - row < ROWS_AT_ONCE ? g->n_rows - row : ROWS_AT_ONCE;
					scan_some(m, s, g, row, n, state, first, last);
				}
			}
		}
	}
}

const struct recurrent_block recurrent_mamba = {
	.name = "mamba", .configure = configure, .bind = bind, .state_floats = state_floats, .plan = plan, .scan = scan
};
