/* work: what a token costs by the plan: bytes that an answer must read, multiplications of a prompt (see model.h). */
#include "model/model_internal.h"

static void add_matrix(struct model_work *w, const struct matrix *m, double times)
{
	w->answer_bytes += (double)m->rows * (double)m->row_bytes * times;
	w->prompt_products += (double)m->rows * (double)m->cols * times;
}

/* Keys and values of the positions that a row behind `depth` others sees. */
static double kv_bytes(const struct model *m, uint32_t depth)
{
	double bytes = 0;
	for (uint32_t i = 0; i < m->config.n_layer; i++) {
		const struct config_layer *n = &m->config.layer[i];
		uint32_t seen = n->window && depth > n->window ? n->window : depth;
		if (n->n_head_kv > 0) bytes += (double)kv_layer_bytes(&m->pages.kv[i]) / KV_PAGE * seen;
	}
	return bytes;
}

struct model_work model_work(const struct model *m, uint32_t depth)
{
	struct model_work w = { .answer_bytes = kv_bytes(m, depth) };
	for (size_t i = 0; i < m->plan.n_steps; i++) {
		const struct step *s = &m->plan.steps[i];
		bool experts = s->kind == STEP_EXPERTS_UP || s->kind == STEP_EXPERTS_DOWN;
		for (uint32_t p = 0; p < s->n_products; p++)
			add_matrix(&w, s->product[p].weights, experts ? m->config.experts.n_used : 1);
	}
	w.answer_bytes += (double)m->weights.output.weights.rows * (double)m->weights.output.weights.row_bytes;
	return w;
}
