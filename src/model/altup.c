/*
 * altup: a residual stream of several vectors, of which each layer computes one and predicts the others (Baykal et al. 2023,
 * "Alternating Updates for Efficient Transformers"), as in Gemma 3n, whose layers also have a low-rank shortcut beside attention
 * (Laurel) and, in the first ones, gates of which only the largest survive.
 *
 *     begin    s[0] = x, s[k] = x U[k] made as long as x
 *     layer    c = tanh(norm(s[0]) R / n_embd);  p[k] = s[k] + sum over j of (c P)[k][j] s[j];  x = p[0]
 *              h = norm(x);  x = (x + norm(attention(h)) + h + norm(h L1 L2)) / sqrt(2);  x += norm(feed-forward(norm(x)))
 *              c = tanh(norm(x) R / n_embd);  s[k] = p[k] + (x - p[0]) ((c C)[k] + 1);  s[1...] += layer input of s[0] * scale
 *     end      x = mean of s[0] and of s[k] V[k], each made as long as s[0]
 */
#include "model/layer_inputs.h"
#include "model/steps.h"
#include "model/stream.h"

#include <math.h>
#include <string.h>

enum { VECTORS = 4, SPARSE_LAYERS = 10, LAUREL_RANK = 64 };

/* Of a normal distribution, 95 % lie below mean + this many standard deviations. */
static const float sparse_cutoff = 1.6448533535003662f;

struct altup_ends {
	struct matrix begin, end; /* of the first other vector, the rest follow */
};

struct altup {
	const float *router;            /* VECTORS x n_embd */
	const float *predict, *correct; /* (VECTORS x VECTORS) x VECTORS; VECTORS x VECTORS */
	const float *scale;             /* n_embd */
	struct norm router_norm, laurel_norm;
	struct projection laurel_in, laurel_out;
};

static bool bind_layer(const struct weights_binder *b, uint32_t i, struct altup *w)
{
	size_t n = b->c->n_embd;
	char name[WEIGHTS_MAX_NAME];
	return weights_table(b, weights_name(name, i, "altup_router", ".weight"), n, VECTORS, &w->router) &&
	       weights_table(b, weights_name(name, i, "altup_predict_coef", ".weight"), VECTORS, VECTORS * VECTORS, &w->predict) &&
	       weights_table(b, weights_name(name, i, "altup_correct_coef", ".weight"), VECTORS, VECTORS, &w->correct) &&
	       weights_layer_vector(b, i, "altup_correct_scale", true, n, &w->scale) &&
	       weights_layer_norm(b, i, "altup_router_norm", true, n, &w->router_norm) &&
	       weights_layer_norm(b, i, "laurel_post_norm", true, n, &w->laurel_norm) &&
	       weights_projection(b, i, "laurel_l", n, LAUREL_RANK, &w->laurel_in) &&
	       weights_projection(b, i, "laurel_r", LAUREL_RANK, n, &w->laurel_out);
}

static bool bind(const struct weights_binder *b)
{
	const struct config *c = b->c;
	struct altup_ends *ends = arena_alloc(b->arena, 1, sizeof *ends);
	struct altup *layer = arena_alloc(b->arena, c->n_layer, sizeof *layer);
	if (!ends || !layer) return error_memory(b->e);
	b->w->altup = ends;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		b->w->layer[i].altup = &layer[i];
		if (!bind_layer(b, i, &layer[i])) return false;
	}
	return weights_stack(b, "altup_proj.weight", true, c->n_embd, c->n_embd, VECTORS - 1, &ends->begin) &&
	       weights_stack(b, "altup_unembd_proj.weight", true, c->n_embd, c->n_embd, VECTORS - 1, &ends->end);
}

/* ---- the plan ---- */

/* A product of each other vector with its own matrix. `in_width` 0: all from one vector. */
static int add_others(struct plan_builder *b, const struct matrix *first, int in, size_t in_at, size_t in_width)
{
	int out = plan_add_buffer(b, "others", (size_t)(VECTORS - 1) * b->c->n_embd);
	struct step *s = plan_add_step(b, STEP_EACH_HEAD, in, out);
	s->in_at = in_at;
	s->in_width = in_width;
	s->out_width = b->c->n_embd;
	s->product[0] = (struct plan_product){ .weights = first, .out = out };
	s->n_products = 1;
	return out;
}

static void begin(struct plan_builder *b, int x)
{
	b->vectors = plan_add_buffer(b, "s", (size_t)VECTORS * b->c->n_embd);
	int others = add_others(b, &b->w->altup->begin, x, 0, 0);
	struct step *s = plan_add_step(b, STEP_ALTUP_BEGIN, x, b->vectors);
	s->also[0] = others;
	s->n_also = 1;
}

static void add_laurel(struct plan_builder *b, const struct altup *w, int h, int x)
{
	const struct norm none = { 0 };
	int low = plan_add_buffer(b, "laurel-low", LAUREL_RANK), laurel = plan_add_buffer(b, "laurel", b->c->n_embd);
	plan_add_matmul(b, h, &w->laurel_in, (struct plan_sink){ low, false });
	plan_add_matmul(b, low, &w->laurel_out, (struct plan_sink){ laurel, false });
	plan_add_sum(b, laurel, &w->laurel_norm, 1, x);
	plan_add_sum(b, h, &none, 1, x);
	plan_add_step(b, STEP_SCALE, x, x)->factor = 1 / sqrtf(2);
}

static void add_feed_forward(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	if (b->layer >= SPARSE_LAYERS) {
		plan_add_feed_forward(b, h, &l->gate, &l->up, &l->down, out);
		return;
	}
	int gate = plan_add_buffer(b, "gate", l->gate.weights.rows), up = plan_add_buffer(b, "up", l->up.weights.rows);
	plan_add_product(plan_add_matmul(b, h, &l->gate, (struct plan_sink){ gate, false }), &l->up, up, false);
	struct step *s = plan_add_step(b, STEP_SPARSE_GATE, gate, gate);
	s->also[0] = up;
	s->n_also = 1;
	plan_add_matmul(b, gate, &l->down, out);
}

static void layer(struct plan_builder *b, const struct layer_weights *l, int x)
{
	int predicted = plan_add_buffer(b, "p", (size_t)VECTORS * b->c->n_embd);
	struct step *s = plan_add_step(b, STEP_ALTUP_PREDICT, b->vectors, predicted);
	s->also[0] = x;
	s->n_also = 1;
	int h = plan_normed(b, x, &l->attn_norm, "h");
	plan_add_mixers(b, l, h, x);
	add_laurel(b, l->altup, h, x);
	struct plan_sink out = plan_begin_block(b, &l->ffn_post_norm, x);
	add_feed_forward(b, l, plan_normed(b, x, &l->ffn_norm, "h"), out);
	plan_end_block(b, out, &l->ffn_post_norm, x);
	s = plan_add_step(b, STEP_ALTUP_CORRECT, predicted, b->vectors);
	s->also[0] = x;
	s->n_also = 1;
	int back = layer_input_plan(b, l, x);
	plan_add_step(b, STEP_ALTUP_ADD, back, b->vectors)->norm = l->input_post_norm;
}

static void end(struct plan_builder *b, int x)
{
	size_t n = b->c->n_embd;
	int others = add_others(b, &b->w->altup->end, b->vectors, n, n);
	struct step *s = plan_add_step(b, STEP_ALTUP_END, b->vectors, x);
	s->also[0] = others;
	s->n_also = 1;
}

const struct stream stream_altup = { bind, begin, layer, end };

/* ---- the steps ---- */

static float *row_of(const struct model *m, int buffer, size_t r)
{
	return model_buffer(m, buffer) + r * model_width(m, buffer);
}

/* y = x made as long as `length`. */
static void stretch(float *x, float length, size_t n)
{
	ops_scale(x, length / sqrtf(ops_dot(x, x, n)), n);
}

void step_altup_begin(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = m->config.n_embd;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *x = row_of(m, s->in, r);
		float *out = row_of(m, s->out, r), length = sqrtf(ops_dot(x, x, n));
		memcpy(out, x, n * sizeof *out);
		memcpy(out + n, row_of(m, s->also[0], r), (VECTORS - 1) * n * sizeof *out);
		for (size_t k = 1; k < VECTORS; k++) stretch(out + k * n, length, n);
	}
}

void step_altup_end(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = m->config.n_embd;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *active = row_of(m, s->in, r);
		float *x = row_of(m, s->out, r), *others = row_of(m, s->also[0], r), length = sqrtf(ops_dot(active, active, n));
		memcpy(x, active, n * sizeof *x);
		for (size_t k = 0; k < VECTORS - 1; k++) {
			stretch(others + k * n, length, n);
			ops_add(x, others + k * n, x, n);
		}
		ops_scale(x, 1.0f / VECTORS, n);
	}
}

/* What kind of input x is; `work`: n_embd floats. */
static void route(const struct model *m, const struct altup *w, const float *x, float *work, float kind[VECTORS])
{
	size_t n = m->config.n_embd;
	step_apply_norm(m, &w->router_norm, x, work, n);
	ops_scale(work, 1 / (float)n, n);
	for (size_t k = 0; k < VECTORS; k++) kind[k] = tanhf(ops_dot(w->router + k * n, work, n));
}

void step_altup_predict(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct altup *w = m->weights.layer[s->layer].altup;
	size_t first, last, n = m->config.n_embd;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *from = row_of(m, s->in, r);
		float *to = row_of(m, s->out, r), kind[VECTORS];
		route(m, w, from, to, kind);
		memcpy(to, from, VECTORS * n * sizeof *to);
		for (size_t k = 0; k < VECTORS; k++) {
			for (size_t j = 0; j < VECTORS; j++) {
				const float *row = w->predict + (k * VECTORS + j) * VECTORS;
				float factor = 0;
				for (size_t i = 0; i < VECTORS; i++) factor += row[i] * kind[i];
				ops_add_scaled(to + k * n, from + j * n, factor, n);
			}
		}
		memcpy(row_of(m, s->also[0], r), to, n * sizeof *to);
	}
}

void step_altup_correct(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct altup *w = m->weights.layer[s->layer].altup;
	size_t first, last, n = m->config.n_embd;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *predicted = row_of(m, s->in, r);
		float *to = row_of(m, s->out, r), *x = row_of(m, s->also[0], r), kind[VECTORS];
		route(m, w, x, to, kind);
		ops_add_scaled(x, predicted, -1, n); /* what was not foreseen */
		memcpy(to, predicted, VECTORS * n * sizeof *to);
		for (size_t k = 0; k < VECTORS; k++) {
			float factor = 1;
			for (size_t i = 0; i < VECTORS; i++) factor += w->correct[k * VECTORS + i] * kind[i];
			ops_add_scaled(to + k * n, x, factor, n);
		}
		ops_multiply(to, w->scale, x, n);
	}
}

void step_altup_add(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = m->config.n_embd;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *in = row_of(m, s->in, r), *to = row_of(m, s->out, r);
		step_apply_norm(m, &s->norm, in, in, n);
		for (size_t k = 1; k < VECTORS; k++) ops_add(to + k * n, in, to + k * n, n);
	}
}

void step_sparse_gate(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = model_width(m, s->in);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *gate = row_of(m, s->in, r);
		double sum = 0, squares = 0;
		for (size_t i = 0; i < n; i++) sum += (double)gate[i];
		double mean = sum / (double)n;
		for (size_t i = 0; i < n; i++) squares += ((double)gate[i] - mean) * ((double)gate[i] - mean);
		float cutoff = (float)(mean + (double)sparse_cutoff * sqrt(squares / (n > 1 ? (double)n - 1 : 1)));
		for (size_t i = 0; i < n; i++) gate[i] = gate[i] > cutoff ? gate[i] - cutoff : 0;
		ops_gate(s->activation, gate, row_of(m, s->also[0], r), gate, n);
	}
}
