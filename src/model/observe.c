/* observe: what products read, for those who measure it (see model_observe). */
#include "model/steps.h"

static void show(const struct model *m, const struct matrix *w, const float *x, size_t stride, const uint32_t *pick, uint32_t n)
{
	struct model_seen seen = { .weights = w->data, .cols = w->cols, .x = x, .stride = stride, .pick = pick, .n_rows = n };
	if (n > 0) m->observer(m->observer_data, &seen);
}

/* Slots of an expert lie one behind the other where each choice has a row of its own. */
static void show_experts(const struct model *m, const struct step *s, bool slots)
{
	const struct choices *ch = &m->choices;
	size_t width = model_width(m, s->in), slot = width / m->config.experts.n_used;
	for (uint32_t x = 0; x < m->config.experts.n; x++) {
		uint32_t begin = ch->first[x], n = ch->first[x + 1] - begin;
		for (uint32_t i = 0; i < s->n_products; i++) {
			struct matrix w = matrix_at(s->product[i].weights, x);
			const float *in = model_buffer(m, s->in);
			if (slots)
				show(m, &w, in + begin * slot, slot, NULL, n);
			else
				show(m, &w, in, width, ch->row_of + begin, n);
		}
	}
}

void observe_step(const struct model *m, const struct step *s)
{
	switch (s->kind) {
	case STEP_MATMUL:
		for (uint32_t i = 0; i < s->n_products; i++)
			show(m, s->product[i].weights, model_buffer(m, s->in), model_width(m, s->in), NULL, m->n_rows);
		return;
	case STEP_EXPERTS_UP: show_experts(m, s, false); return;
	case STEP_EXPERTS_DOWN: show_experts(m, s, true); return;
	default: return;
	}
}

void model_observe(struct model *m, model_observer *observer, void *data)
{
	m->observer = observer;
	m->observer_data = data;
}
