/* heads: steps on query, key and value heads, and attention over the pages. */
#include "model/steps.h"

/* Norm of each head of one row, or of all as one vector. */
static void norm_heads(const struct model *m, float *heads, size_t n_heads, size_t size, const struct norm *norm)
{
	if (m->config.family->qk_norm == QK_NORM_WHOLE) {
		step_apply_norm(m, norm, heads, heads, n_heads * size);
		return;
	}
	for (size_t i = 0; i < n_heads; i++) {
		struct norm own = *norm;
		if (norm->separate) own.weight += i * size;
		step_apply_norm(m, &own, heads + i * size, heads + i * size, size);
	}
}

void step_turn(const struct model *m, uint32_t layer, size_t row, float *heads, size_t n_heads, size_t size)
{
	enum rope_set set = m->config.layer[layer].rope;
	if (set == ROPE_UNTURNED) return;
	size_t n_rot = m->rope[set].n_rot, half = n_rot / 2;
	const float *cosines = m->tables[set] + row * half, *sines = cosines + (size_t)m->max_rows * half;
	if (m->config.family->rope == ROPE_PAIRS)
		ops_rope_pairs(heads, n_heads, size, n_rot, cosines, sines);
	else
		ops_rope_halves(heads, n_heads, size, n_rot, cosines, sines);
}

/* The norm of a row's heads and their turn, in the family's order. */
static void place_heads(const struct model *m, uint32_t layer, size_t row, float *heads, size_t n_heads, const struct norm *norm)
{
	bool last = m->config.family->qk_norm_last;
	size_t size = m->config.layer[layer].head_k;
	if (norm->weight && !last) norm_heads(m, heads, n_heads, size, norm);
	step_turn(m, layer, row, heads, n_heads, size);
	if (norm->weight && last) norm_heads(m, heads, n_heads, size, norm);
	if (!m->config.unit_qk || m->config.layer[layer].rope == ROPE_UNTURNED) return;
	for (size_t i = 0; i < n_heads; i++) ops_rms_norm(heads + i * size, NULL, m->config.norm_eps, heads + i * size, size);
}

/* One row's keys and values, to their page. */
static void store_heads(const struct model *m, const struct step *s, size_t r)
{
	const struct config_layer *n = &m->config.layer[s->layer];
	const struct norm *norm = &m->weights.layer[s->layer].k_norm;
	const struct batch_row *row = &m->rows[r];
	float *k = model_buffer(m, s->keys) + r * model_width(m, s->keys);
	float *v = model_buffer(m, s->values) + r * model_width(m, s->values);
	place_heads(m, s->layer, r, k, n->n_head_kv, norm);
	for (uint32_t i = 0; m->config.family->value_norm && i < n->n_head_kv; i++)
		ops_rms_norm(v + i * n->head_v, NULL, m->config.norm_eps, v + i * n->head_v, n->head_v);
	kv_store(&m->pages.kv[s->layer], model_page(m, row->sequence, &m->pages.keys[s->layer], row->position),
	         row->position % KV_PAGE, k, v);
}

void step_heads(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_layer *n = &m->config.layer[s->layer];
	const struct norm *norm = &m->weights.layer[s->layer].q_norm;
	bool tempered = !m->config.family->unturned_temperature || n->rope == ROPE_UNTURNED;
	size_t first, last;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *q = model_buffer(m, s->in) + r * model_width(m, s->in);
		place_heads(m, s->layer, r, q, n->n_head, norm);
		if (m->query_factor[r] != 1 && tempered) ops_scale(q, m->query_factor[r], model_width(m, s->in));
		if (s->keys != PLAN_NO_BUFFER) store_heads(m, s, r);
	}
}

static struct attention_job attention_of(const struct model *m, const struct step *s)
{
	const struct config *c = &m->config;
	const struct config_layer *n = &c->layer[s->layer];
	return (struct attention_job){ .kv = m->pages.kv[s->layer],
		                       .table = m->pages.keys[s->layer].table * m->pages.n_pages,
		                       .layer_offset = m->pages.keys[s->layer].offset,
		                       .n_heads = n->n_head,
		                       .q = model_buffer(m, s->in),
		                       .q_stride = model_width(m, s->in),
		                       .out = model_buffer(m, s->out),
		                       .out_stride = model_width(m, s->out),
		                       .scale = c->attention_scale,
		                       .soft_cap = c->attention_cap,
		                       .window = n->window,
		                       .chunks = c->family->chunks,
		                       .whole = c->whole,
		                       .sinks = m->weights.layer[s->layer].sinks,
		                       .slopes = m->slopes,
		                       .runs = m->runs,
		                       .n_runs = m->n_runs,
		                       .partial = m->partial };
}

void step_attention(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	struct attention_job job = attention_of(m, s);
	attention_compute(&job, t, count, m->thread_scratch[t]);
}

void step_merge(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	struct attention_job job = attention_of(m, s);
	attention_merge(&job, t, count);
}

bool merge_is_idle(const struct model *m, const struct step *s, unsigned count)
{
	struct attention_job job = attention_of(m, s);
	return !attention_wants_merge(&job, count);
}
