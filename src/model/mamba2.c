/*
 * mamba2: scans with one decay a head (see recurrent.h). Source: Dao and Gu 2024, "Transformers are SSMs".
 *
 *     z, xBC, dt = h Win;  x, B, C = silu(convolution(xBC));  dt = softplus(dt + bias)
 *     S' = exp(dt a) S + B (dt x);  y = C S' + D x;  y = y silu(z), with a norm of each group where a model has one;  out = y Wout
 *
 * A head's state is n_state x head values; B and C are shared by the heads of a group. n_rank is the number of heads.
 */
#include "model/recurrent.h"

#include <math.h>

enum { ROWS_AT_ONCE = 16 };

struct mamba2 {
	struct projection in_z, in_x, in_steps, out;
	struct convolution convolution;
	const float *step_bias, *a, *skip; /* n_rank: of each head */
	const float *norm;                 /* n_inner, or NULL */
};

/* The buffers of the scan, in `also`. */
enum { SCAN_STEPS, SCAN_GATE };

static bool configure(const struct config_source *s, struct config *c)
{
	if (!recurrent_configure_scan(s, c)) return false;
	const struct config_recurrent *r = &c->recurrent;
	if (r->n_inner % r->n_rank != 0) return config_fail(s, "ssm.time_step_rank", "does not divide the inner size");
	if (r->n_inner / r->n_rank > MAMBA2_MOST_HEAD)
		return config_fail(s, "ssm.inner_size", "makes heads of more than 512 values");
	if (r->n_group == 0 || r->n_rank % r->n_group != 0)
		return config_fail(s, "ssm.group_count", "does not divide the number of heads");
	return true;
}

/* Channels of the convolution: x, and B and C of each group. */
static size_t mixed(const struct config *c)
{
	return c->recurrent.n_inner + (size_t)2 * c->recurrent.n_group * c->recurrent.n_state;
}

static bool bind(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	const struct config_recurrent *r = &b->c->recurrent;
	struct mamba2 *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->mamba2 = w;
	char name[WEIGHTS_MAX_NAME];
	size_t n_mixed = mixed(b->c);
	struct projection in = { 0 };
	if (!weights_projection(b, layer, "ssm_in", b->c->n_embd, r->n_inner + n_mixed + r->n_rank, &in)) return false;
	w->in_z = weights_part(&in, 0, r->n_inner);
	w->in_x = weights_part(&in, r->n_inner, n_mixed);
	w->in_steps = weights_part(&in, r->n_inner + n_mixed, r->n_rank);
	return recurrent_bind_convolution(b, layer, "ssm_conv1d", n_mixed, &w->convolution) &&
	       weights_vector(b, weights_name(name, layer, "ssm_dt", ".bias"), true, r->n_rank, &w->step_bias) &&
	       weights_table(b, weights_name(name, layer, "ssm_a", ""), 1, r->n_rank, &w->a) &&
	       weights_table(b, weights_name(name, layer, "ssm_d", ""), 1, r->n_rank, &w->skip) &&
	       (!gguf_tensor(b->file, weights_name(name, layer, "ssm_norm", ".weight")) ||
	        weights_table(b, name, r->n_inner / r->n_group, r->n_group, &w->norm)) &&
	       weights_projection(b, layer, "ssm_out", r->n_inner, b->c->n_embd, &w->out);
}

static size_t state_floats(const struct config *c)
{
	return recurrent_convolution_floats(c, mixed(c)) + (size_t)c->recurrent.n_state * c->recurrent.n_inner;
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_recurrent *r = &b->c->recurrent;
	const struct mamba2 *w = l->mamba2;
	int z = plan_add_buffer(b, "z", r->n_inner), in = plan_add_buffer(b, "xBC", mixed(b->c));
	int steps = plan_add_buffer(b, "dt", r->n_rank), c = plan_add_buffer(b, "c", mixed(b->c));
	int y = plan_add_buffer(b, "y", r->n_inner);
	struct step *s = plan_add_step(b, STEP_MATMUL, h, PLAN_NO_BUFFER);
	plan_add_product(s, &w->in_z, z, false);
	plan_add_product(s, &w->in_x, in, false);
	plan_add_product(s, &w->in_steps, steps, false);
	recurrent_add_convolution(b, &w->convolution, in, c, 0, true);
	s = plan_add_step(b, STEP_SCAN, c, y);
	s->state = recurrent_convolution_floats(b->c, mixed(b->c));
	s->also[SCAN_STEPS] = steps;
	s->also[SCAN_GATE] = z;
	s->n_also = SCAN_GATE + 1;
	if (w->norm) plan_add_step(b, STEP_SCAN_OUTPUTS, y, y);
	plan_add_matmul(b, y, &w->out, out);
}

/* Rows [i, i + n) of a segment for one head. */
static void scan_some(const struct model *m, const struct step *s, const struct segment *g, uint32_t i, uint32_t n, float *state,
                      size_t head)
{
	const struct config_recurrent *r = &m->config.recurrent;
	const struct mamba2 *w = m->weights.layer[s->layer].mamba2;
	size_t size = r->n_inner / r->n_rank, group = head / (r->n_rank / r->n_group);
	struct scan_row rows[ROWS_AT_ONCE] = { { 0 } };
	float decays[ROWS_AT_ONCE][CONFIG_MAX_STATE], values[ROWS_AT_ONCE][MAMBA2_MOST_HEAD];
	for (uint32_t k = 0; k < n; k++) {
		const float *x = recurrent_row(m, g, i + k, s->in);
		float step = recurrent_softplus(recurrent_row(m, g, i + k, s->also[SCAN_STEPS])[head] + w->step_bias[head]);
		float decay = expf(step * w->a[head]);
		for (size_t c = 0; c < r->n_state; c++) decays[k][c] = decay;
		for (size_t c = 0; c < size; c++) values[k][c] = step * x[head * size + c];
		rows[k] = (struct scan_row){ .decay = decays[k],
			                     .key = x + r->n_inner + group * r->n_state,
			                     .read = x + r->n_inner + (r->n_group + group) * r->n_state,
			                     .value = values[k],
			                     .out = recurrent_row(m, g, i + k, s->out) + head * size };
	}
	scan_rows(state, r->n_state, size, rows, n, false);
	for (uint32_t k = 0; k < n; k++) {
		const float *x = recurrent_row(m, g, i + k, s->in) + head * size;
		const float *gate = recurrent_row(m, g, i + k, s->also[SCAN_GATE]) + head * size;
		for (size_t c = 0; c < size; c++) rows[k].out[c] += w->skip[head] * x[c];
		ops_gate(OPS_SILU, gate, rows[k].out, rows[k].out, size);
	}
}

static void scan(const struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_recurrent *r = &m->config.recurrent;
	size_t first, last, floats = (size_t)r->n_state * (r->n_inner / r->n_rank);
	threads_range(r->n_rank, 1, t, count, &first, &last);
	for (uint32_t i = 0; i < m->n_timelines; i++) {
		for (uint32_t k = 0; k < m->timelines[i].n_segments; k++) {
			const struct segment *g = &m->segments[m->timelines[i].first + k];
			for (size_t head = first; head < last; head++) {
				float *state = recurrent_take_state(m, s, g, s->state + head * floats, floats);
				for (uint32_t row = 0; row < g->n_rows; row += ROWS_AT_ONCE) {
					uint32_t n = g->n_rows - row < ROWS_AT_ONCE ? g->n_rows - row : ROWS_AT_ONCE;
					scan_some(m, s, g, row, n, state, head);
				}
			}
		}
	}
}

/* The norm of each group. */
static void outputs(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct config_recurrent *r = &m->config.recurrent;
	const float *norm = m->weights.layer[s->layer].mamba2->norm;
	size_t size = r->n_inner / r->n_group;
	for (size_t i = first; i < last; i++) {
		float *y = model_buffer(m, s->out) + i * model_width(m, s->out);
		for (size_t k = 0; k < r->n_group; k++)
			ops_rms_norm(y + k * size, norm + k * size, m->config.norm_eps, y + k * size, size);
	}
}

const struct recurrent_block recurrent_mamba2 = { .name = "mamba-2",
	                                          .configure = configure,
	                                          .bind = bind,
	                                          .state_floats = state_floats,
	                                          .plan = plan,
	                                          .outputs = outputs,
	                                          .scan = scan };
