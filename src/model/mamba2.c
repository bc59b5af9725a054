/*
 * mamba2: scans with one decay a head (see recurrent.h). Source: Dao and Gu 2024, "Transformers are SSMs".
 *
 *     z, xBC, dt = h Win;  x, B, C = silu(convolution(xBC));  dt = softplus(dt + bias)
 *     S' = exp(dt a) S + B (dt x);  y = C S' + D x;  y = y silu(z), with a norm of each group where a model has one;  out = y Wout
 *
 * PLaMo 2 (Preferred Networks) has no groups; its convolution sees x alone, and steps, B and C are made from x, each with a norm.
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
	/* of PLaMo 2: z and x, head after head, in one; what the steps, keys and reads are made from */
	struct projection in_both, keys, reads, rank, steps;
	const float *rank_norm, *key_norm, *read_norm;
};

/* The buffers of the scan, in `also`; a head's keys and reads lie in theirs behind `at` values, or behind none. */
enum { SCAN_STEPS, SCAN_GATE, SCAN_KEYS, SCAN_READS };

static bool configure_heads(const struct config_source *s, struct config *c)
{
	if (!recurrent_configure_scan(s, c)) return false;
	const struct config_recurrent *r = &c->recurrent;
	if (r->n_inner % r->n_rank != 0) return config_fail(s, "ssm.time_step_rank", "does not divide the inner size");
	if (r->n_inner / r->n_rank > MAMBA2_MOST_HEAD)
		return config_fail(s, "ssm.inner_size", "makes heads of more than 512 values");
	return true;
}

static bool configure(const struct config_source *s, struct config *c)
{
	const struct config_recurrent *r = &c->recurrent;
	if (!configure_heads(s, c)) return false;
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
	s->also[SCAN_KEYS] = s->also[SCAN_READS] = c;
	s->n_also = SCAN_READS + 1;
	if (w->norm) plan_add_step(b, STEP_SCAN_OUTPUTS, y, y);
	plan_add_matmul(b, y, &w->out, out);
}

/* Where the keys of a head begin in their buffer. */
static size_t keys_at(const struct config_recurrent *r, size_t head)
{
	return r->n_group ? r->n_inner + head / (r->n_rank / r->n_group) * r->n_state : 0;
}

/* Rows [i, i + n) of a segment for one head. */
static void scan_some(const struct model *m, const struct step *s, const struct segment *g, uint32_t i, uint32_t n, float *state,
                      size_t head)
{
	const struct config_recurrent *r = &m->config.recurrent;
	const struct mamba2 *w = m->weights.layer[s->layer].mamba2;
	size_t size = r->n_inner / r->n_rank, at = keys_at(r, head);
	struct scan_row rows[ROWS_AT_ONCE] = { { 0 } };
	float decays[ROWS_AT_ONCE][CONFIG_MAX_STATE], values[ROWS_AT_ONCE][MAMBA2_MOST_HEAD];
	for (uint32_t k = 0; k < n; k++) {
		const float *x = recurrent_row(m, g, i + k, s->in);
		float rate = recurrent_row(m, g, i + k, s->also[SCAN_STEPS])[head];
		float step = recurrent_softplus(w->step_bias ? rate + w->step_bias[head] : rate);
		float decay = expf(step * w->a[head]);
		for (size_t c = 0; c < r->n_state; c++) decays[k][c] = decay;
		for (size_t c = 0; c < size; c++) values[k][c] = step * x[head * size + c];
		rows[k] = (struct scan_row){ .decay = decays[k],
			                     .key = recurrent_row(m, g, i + k, s->also[SCAN_KEYS]) + at,
			                     .read = recurrent_row(m, g, i + k, s->also[SCAN_READS]) + at + r->n_group * r->n_state,
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

/* ---- PLaMo 2 ---- */

static bool configure_plamo2(const struct config_source *s, struct config *c)
{
	if (!configure_heads(s, c)) return false;
	return c->recurrent.n_group == 0 || config_fail(s, "ssm.group_count", "is not 0, as in all models of this architecture");
}

/* The rank of the steps is not in the metadata: the published code's rule. */
static size_t plamo2_rank(const struct config *c)
{
	return c->n_embd / 16 > 64 ? c->n_embd / 16 : 64;
}

static size_t state_floats_plamo2(const struct config *c)
{
	return recurrent_convolution_floats(c, c->recurrent.n_inner) + (size_t)c->recurrent.n_state * c->recurrent.n_inner;
}

static bool bind_plamo2(const struct weights_binder *b, uint32_t layer, struct layer_weights *l)
{
	const struct config_recurrent *r = &b->c->recurrent;
	struct mamba2 *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->mamba2 = w;
	char name[WEIGHTS_MAX_NAME];
	size_t rank = plamo2_rank(b->c), n = r->n_state;
	struct projection x = { 0 };
	if (!weights_projection(b, layer, "ssm_in", b->c->n_embd, (size_t)2 * r->n_inner, &w->in_both) ||
	    !weights_projection(b, layer, "ssm_x", r->n_inner, 2 * n + rank, &x))
		return false;
	w->keys = weights_part(&x, 0, n);
	w->reads = weights_part(&x, n, n);
	w->rank = weights_part(&x, 2 * n, rank);
	return recurrent_bind_convolution(b, layer, "ssm_conv1d", r->n_inner, &w->convolution) &&
	       weights_layer_vector(b, layer, "ssm_dt_norm", true, rank, &w->rank_norm) &&
	       weights_layer_vector(b, layer, "ssm_b_norm", true, n, &w->key_norm) &&
	       weights_layer_vector(b, layer, "ssm_c_norm", true, n, &w->read_norm) &&
	       weights_projection(b, layer, "ssm_dt", rank, r->n_rank, &w->steps) &&
	       weights_table(b, weights_name(name, layer, "ssm_a", ""), 1, r->n_rank, &w->a) &&
	       weights_table(b, weights_name(name, layer, "ssm_d", ""), 1, r->n_rank, &w->skip) &&
	       weights_projection(b, layer, "ssm_out", r->n_inner, b->c->n_embd, &w->out);
}

static void plan_plamo2(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_recurrent *r = &b->c->recurrent;
	const struct mamba2 *w = l->mamba2;
	size_t inner = r->n_inner, size = r->n_inner / r->n_rank, width = plamo2_rank(b->c);
	int both = plan_add_buffer(b, "zx", 2 * inner), z = plan_add_buffer(b, "z", inner), in = plan_add_buffer(b, "in", inner);
	int c = plan_add_buffer(b, "c", inner), y = plan_add_buffer(b, "y", inner), steps = plan_add_buffer(b, "dt", r->n_rank);
	int rank = plan_add_buffer(b, "rank", width), keys = plan_add_buffer(b, "B", r->n_state),
	    reads = plan_add_buffer(b, "C", r->n_state);
	plan_add_matmul(b, h, &w->in_both, (struct plan_sink){ both, false });
	struct plan_split *split = plan_add_split(b, both);
	plan_add_part(b, split, size, z, 0);
	plan_add_part(b, split, size, in, 0);
	recurrent_add_convolution(b, &w->convolution, in, c, 0, true);
	struct step *s = plan_add_matmul(b, c, &w->keys, (struct plan_sink){ keys, false });
	plan_add_product(s, &w->reads, reads, false);
	plan_add_product(s, &w->rank, rank, false);
	plan_add_norm(b, STEP_NORM, rank, w->rank_norm, rank);
	plan_add_norm(b, STEP_NORM, keys, w->key_norm, keys);
	plan_add_norm(b, STEP_NORM, reads, w->read_norm, reads);
	plan_add_matmul(b, rank, &w->steps, (struct plan_sink){ steps, false });
	s = plan_add_step(b, STEP_SCAN, c, y);
	s->state = recurrent_convolution_floats(b->c, inner);
	s->also[SCAN_STEPS] = steps;
	s->also[SCAN_GATE] = z;
	s->also[SCAN_KEYS] = keys;
	s->also[SCAN_READS] = reads;
	s->n_also = SCAN_READS + 1;
	plan_add_matmul(b, y, &w->out, out);
}

const struct recurrent_block recurrent_plamo2 = { .name = "plamo-2",
	                                          .configure = configure_plamo2,
	                                          .bind = bind_plamo2,
	                                          .state_floats = state_floats_plamo2,
	                                          .plan = plan_plamo2,
	                                          .scan = scan };
