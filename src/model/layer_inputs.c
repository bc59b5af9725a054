/*
 * layer_inputs: a second, small embedding of each token for each layer (Gemma 3n and 4).
 *
 *     at the start   p[i] = (norm((x Wm)[i] / sqrt(n_embd)) + E[token][i] sqrt(n)) / sqrt(2), n values for each layer i
 *     in layer i     v = (act(y Wg) * p[i]) Wp;  the layer adds norm(v) to its stream
 */
#include "model/layer_inputs.h"
#include "model/steps.h"

#include <math.h>

struct layer_inputs {
	struct matrix table; /* n_vocab x (n_layer x n) */
	struct projection model;
	struct norm norm; /* of n values */
};

struct layer_input {
	struct projection gate, out;
};

bool layer_inputs_bind(const struct weights_binder *b)
{
	const struct config *c = b->c;
	size_t n = c->n_layer_input;
	if (n == 0) return true;
	struct layer_inputs *w = arena_alloc(b->arena, 1, sizeof *w);
	struct layer_input *layer = arena_alloc(b->arena, c->n_layer, sizeof *layer);
	if (!w || !layer) return error_memory(b->e);
	b->w->inputs = w;
	if (!weights_matrix(b, "per_layer_token_embd.weight", true, n * c->n_layer, c->n_vocab, &w->table) ||
	    !weights_matrix(b, "per_layer_model_proj.weight", true, c->n_embd, n * c->n_layer, &w->model.weights) ||
	    !weights_norm(b, "per_layer_proj_norm.weight", true, n, &w->norm))
		return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		struct layer_weights *l = &b->w->layer[i];
		l->input = &layer[i];
		if (!weights_projection(b, i, "inp_gate", c->n_embd, n, &layer[i].gate) ||
		    !weights_projection(b, i, "proj", n, c->n_embd, &layer[i].out) ||
		    !weights_layer_norm(b, i, "post_norm", true, c->n_embd, &l->input_post_norm))
			return false;
	}
	return true;
}

void layer_inputs_plan(struct plan_builder *b, int x)
{
	const struct config *c = b->c;
	if (!b->w->inputs) return;
	b->inputs = plan_add_buffer(b, "inputs", (size_t)c->n_layer_input * c->n_layer);
	plan_add_matmul(b, x, &b->w->inputs->model, (struct plan_sink){ b->inputs, false });
	plan_add_step(b, STEP_LAYER_INPUTS, b->inputs, b->inputs);
}

int layer_input_plan(struct plan_builder *b, const struct layer_weights *l, int y)
{
	int gate = plan_add_buffer(b, "gate", b->c->n_layer_input), out = plan_add_buffer(b, "back", b->c->n_embd);
	plan_add_matmul(b, y, &l->input->gate, (struct plan_sink){ gate, false })->after = AFTER_ACTIVATION;
	plan_add_step(b, STEP_LAYER_INPUT, b->inputs, gate);
	plan_add_matmul(b, gate, &l->input->out, (struct plan_sink){ out, false });
	return out;
}

void step_layer_inputs(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config *c = &m->config;
	const struct layer_inputs *w = m->weights.inputs;
	size_t first, last, n = c->n_layer_input, all = model_width(m, s->out);
	float *token = (float *)(void *)m->thread_scratch[t];
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *p = model_buffer(m, s->out) + r * all;
		matrix_row(&w->table, (size_t)m->rows[r].token, token);
		ops_scale(p, 1 / sqrtf((float)c->n_embd), all);
		for (size_t i = 0; i < all; i += n) step_apply_norm(m, &w->norm, p + i, p + i, n);
		ops_add_scaled(p, token, sqrtf((float)n), all);
		ops_scale(p, 1 / sqrtf(2), all);
	}
}

void step_layer_input(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = m->config.n_layer_input;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *gate = model_buffer(m, s->out) + r * n;
		ops_multiply(gate, model_buffer(m, s->in) + r * model_width(m, s->in) + s->layer * n, gate, n);
	}
}
