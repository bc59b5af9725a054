/*
 * latent: attention over compressed keys and values (DeepSeek-AI 2024, "DeepSeek-V2", multi-head latent attention).
 *
 *     c, r = h Wkv_a;  c = norm(c);  q = norm(h Wq_a) Wq_b, or h Wq;  r and the end of each head of q turn
 *
 * c has n_keys values, r the n_rot that turn, for all heads together. Two layouts of files:
 *     apart     k, v = c Wkv_b for each head; a key is its own part of k and r behind it; plain attention
 *     absorbed  keys are c and r, values are c, one head for all: q's part meets c as q Wk_b, and what attention gives for a head
 *               becomes its value by Wv_b. Only n_keys + n_rot values of a position are read back, whatever the number of heads.
 */
#include "model/attention_block.h"
#include "model/steps.h"

#include <string.h>

struct latent {
	struct projection q;                  /* from h, or from the compressed queries */
	struct projection q_low, c, r, kv, o; /* q_low: none where queries are not compressed; kv: of the layout apart */
	struct norm q_low_norm, c_norm;
	struct matrix k_heads, v_heads; /* of the first head, the others follow: n_keys x own part of a key; head_v x n_keys */
};

/* The buffers of STEP_LATENT, in `also`. */
enum { LATENT_C, LATENT_R, LATENT_OTHER };

static bool bind_queries(const struct weights_binder *b, uint32_t i, struct latent *w)
{
	const struct config_latent *t = &b->c->latent;
	size_t rows = (size_t)b->c->layer[i].n_head * t->head_k;
	if (weights_has(b, i, "attn_q") || t->n_query == 0) return weights_projection(b, i, "attn_q", b->c->n_embd, rows, &w->q);
	return weights_projection(b, i, "attn_q_a", b->c->n_embd, t->n_query, &w->q_low) &&
	       weights_layer_norm(b, i, "attn_q_a_norm", true, t->n_query, &w->q_low_norm) &&
	       weights_projection(b, i, "attn_q_b", t->n_query, rows, &w->q);
}

static bool bind_keys(const struct weights_binder *b, uint32_t i, struct latent *w)
{
	const struct config_latent *t = &b->c->latent;
	size_t n_head = b->c->layer[i].n_head, own = t->head_k - t->n_rot;
	struct projection both = { 0 };
	char name[WEIGHTS_MAX_NAME];
	if (!weights_projection(b, i, "attn_kv_a_mqa", b->c->n_embd, t->n_keys + t->n_rot, &both) ||
	    !weights_layer_norm(b, i, "attn_kv_a_norm", true, t->n_keys, &w->c_norm))
		return false;
	w->c = weights_part(&both, 0, t->n_keys);
	w->r = weights_part(&both, t->n_keys, t->n_rot);
	if (!t->absorbed) return weights_projection(b, i, "attn_kv_b", t->n_keys, n_head * (own + t->head_v), &w->kv);
	return weights_stack(b, weights_name(name, i, "attn_k_b", ".weight"), true, own, t->n_keys, n_head, &w->k_heads) &&
	       weights_stack(b, weights_name(name, i, "attn_v_b", ".weight"), true, t->n_keys, t->head_v, n_head, &w->v_heads);
}

static bool bind(const struct weights_binder *b, uint32_t i, struct layer_weights *l)
{
	struct latent *w = arena_alloc(b->arena, 1, sizeof *w);
	if (!w) return error_memory(b->e);
	l->latent = w;
	return bind_queries(b, i, w) && bind_keys(b, i, w) &&
	       weights_projection(b, i, "attn_output", (size_t)b->c->layer[i].n_head * b->c->latent.head_v, b->c->n_embd, &w->o);
}

/* A product of each head with its own matrix; a head's part of a row is as wide as `in_width`, its result as `out_width`. */
static void add_each_head(struct plan_builder *b, const struct matrix *first, int in, size_t in_width, int out, size_t out_width)
{
	struct step *s = plan_add_step(b, STEP_EACH_HEAD, in, out);
	s->in_width = in_width;
	s->out_width = out_width;
	s->product[0] = (struct plan_product){ .weights = first, .out = out };
	s->n_products = 1;
}

static void plan_absorbed(struct plan_builder *b, const struct latent *w, int q, int c, int r, struct plan_sink out)
{
	const struct config_latent *t = &b->c->latent;
	size_t n_head = b->c->layer[b->layer].n_head, wide = t->n_keys + t->n_rot;
	int keyed = plan_add_buffer(b, "qk", n_head * wide), a = plan_add_buffer(b, "a", n_head * t->n_keys);
	int values = plan_add_buffer(b, "av", n_head * t->head_v);
	add_each_head(b, &w->k_heads, q, t->head_k, keyed, wide);
	struct step *s = plan_add_step(b, STEP_LATENT, q, PLAN_NO_BUFFER);
	s->also[LATENT_C] = c;
	s->also[LATENT_R] = r;
	s->also[LATENT_OTHER] = keyed;
	s->n_also = LATENT_OTHER + 1;
	plan_add_step(b, STEP_ATTENTION, keyed, a);
	plan_add_step(b, STEP_MERGE, keyed, a);
	add_each_head(b, &w->v_heads, a, t->n_keys, values, t->head_v);
	plan_add_matmul(b, values, &w->o, out);
}

static void plan_apart(struct plan_builder *b, const struct latent *w, int q, int c, int r, struct plan_sink out)
{
	int kv = plan_add_buffer(b, "kv", w->kv.weights.rows);
	plan_add_matmul(b, c, &w->kv, (struct plan_sink){ kv, false });
	struct step *s = plan_add_step(b, STEP_LATENT, q, PLAN_NO_BUFFER);
	s->also[LATENT_C] = c;
	s->also[LATENT_R] = r;
	s->also[LATENT_OTHER] = kv;
	s->n_also = LATENT_OTHER + 1;
	attention_add(b, q, &w->o, out);
}

static void plan(struct plan_builder *b, const struct layer_weights *l, int h, struct plan_sink out)
{
	const struct config_latent *t = &b->c->latent;
	const struct latent *w = l->latent;
	int c = plan_add_buffer(b, "c", t->n_keys), r = plan_add_buffer(b, "r", t->n_rot);
	int q = plan_add_buffer(b, "q", w->q.weights.rows), low = PLAN_NO_BUFFER;
	bool compressed = w->q_low.weights.data != NULL;
	if (compressed) low = plan_add_buffer(b, "q-low", t->n_query);
	struct step *s = plan_add_matmul(b, h, &w->c, (struct plan_sink){ c, false });
	plan_add_product(s, &w->r, r, false);
	plan_add_product(s, compressed ? &w->q_low : &w->q, compressed ? low : q, false);
	plan_add_step(b, STEP_NORM, c, c)->norm = w->c_norm;
	if (compressed) {
		plan_add_step(b, STEP_NORM, low, low)->norm = w->q_low_norm;
		plan_add_matmul(b, low, &w->q, (struct plan_sink){ q, false });
	}
	if (t->absorbed)
		plan_absorbed(b, w, q, c, r, out);
	else
		plan_apart(b, w, q, c, r, out);
}

/* The end of each head of `q`, beside the queries for c. */
static void place_absorbed(const struct model *m, size_t n_head, const float *q, float *keyed)
{
	const struct config_latent *t = &m->config.latent;
	for (size_t i = 0; i < n_head; i++) {
		memcpy(keyed + i * (t->n_keys + t->n_rot) + t->n_keys, q + i * t->head_k + t->head_k - t->n_rot,
		       t->n_rot * sizeof *q);
	}
}

/* One row's keys and values to its page; `key` has room for a key and `value` for a value of every head. */
static void store(const struct model *m, const struct step *s, size_t row, float *key, float *value)
{
	const struct config_latent *t = &m->config.latent;
	const struct config_layer *n = &m->config.layer[s->layer];
	const float *c = model_buffer(m, s->also[LATENT_C]) + row * t->n_keys;
	const float *r = model_buffer(m, s->also[LATENT_R]) + row * t->n_rot;
	const float *kv = model_buffer(m, s->also[LATENT_OTHER]) + row * model_width(m, s->also[LATENT_OTHER]);
	size_t own = t->absorbed ? t->n_keys : t->head_k - t->n_rot;
	for (size_t i = 0; i < n->n_head_kv; i++) {
		const float *from = t->absorbed ? c : kv + i * (own + t->head_v);
		memcpy(key + i * n->head_k, from, own * sizeof *key);
		memcpy(key + i * n->head_k + own, r, t->n_rot * sizeof *key);
		if (!t->absorbed) memcpy(value + i * t->head_v, from + own, t->head_v * sizeof *value);
	}
	uint32_t position = m->rows[row].position;
	kv_store(&m->pages.kv[s->layer], model_page(m, m->rows[row].sequence, &m->pages.keys[s->layer], position),
	         position % KV_PAGE, key, t->absorbed ? c : value);
}

void step_latent(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_latent *n = &m->config.latent;
	size_t first, last, n_head = m->config.layer[s->layer].n_head;
	size_t keys = (size_t)m->config.layer[s->layer].n_head_kv * m->config.layer[s->layer].head_k;
	float *key = (float *)(void *)m->thread_scratch[t], *value = key + keys;
	step_rows(m, t, count, &first, &last);
	for (size_t row = first; row < last; row++) {
		float *q = model_buffer(m, s->in) + row * model_width(m, s->in);
		float *r = model_buffer(m, s->also[LATENT_R]) + row * n->n_rot;
		step_turn(m, s->layer, row, q + n->head_k - n->n_rot, n_head, n->head_k);
		step_turn(m, s->layer, row, r, 1, n->n_rot);
		if (n->absorbed) {
			float *keyed = model_buffer(m, s->also[LATENT_OTHER]) + row * model_width(m, s->also[LATENT_OTHER]);
			place_absorbed(m, n_head, q, keyed);
			q = keyed;
		}
		if (m->query_factor[row] != 1) ops_scale(q, m->query_factor[row], n_head * m->config.layer[s->layer].head_k);
		store(m, s, row, key, value);
	}
}

size_t latent_scratch_bytes(const struct config *c)
{
	size_t most = 0;
	for (uint32_t i = 0; i < c->n_layer && c->family->attention == ATTENTION_LATENT; i++) {
		size_t one = (size_t)c->layer[i].n_head_kv * (c->layer[i].head_k + c->layer[i].head_v);
		most = one > most ? one : most;
	}
	return most * sizeof(float);
}

/* Outputs [first, last) of one head. */
static void run_head(const struct model *m, const struct step *s, size_t head, size_t first, size_t last, unsigned t)
{
	struct matrix w = matrix_at(s->product[0].weights, head);
	struct activations in;
	activations_init(&in, model_buffer(m, s->in) + s->in_at + head * s->in_width, model_width(m, s->in), m->n_rows,
	                 m->n_answers, w.cols, m->exact, m->thread_q8[t]);
	if (matmul_wants_quantized(&w)) activations_quantize(&in, 0, in.n_answer);
	struct matmul_job job = {
		.weights = &w, .in = &in, .out = model_buffer(m, s->out) + head * s->out_width, .out_stride = model_width(m, s->out)
	};
	matmul(&job, first, last, m->thread_scratch[t]);
}

void step_each_head(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t rows = s->product[0].weights->rows, n_head = model_width(m, s->out) / s->out_width, first, last;
	threads_range(n_head * rows, MATMUL_UNIT, t, count, &first, &last);
	while (first < last) {
		size_t head = first / rows, end = last < (head + 1) * rows ? last : (head + 1) * rows;
		run_head(m, s, head, first - head * rows, end - head * rows, t);
		first = end;
	}
}

const struct attention_block attention_latent = { "latent attention", bind, plan };
