/*
 * hyper: a residual stream of several vectors that each block mixes by weights of its own (Zhu et al. 2024, "Hyper-Connections";
 * kept doubly stochastic by Sinkhorn's iterations, as in DeepSeek V4).
 *
 *     begin    s[k] = x
 *     block    m = norm(s) F;  read, write, mix = parts of m * scale + base;  x = sum of (sigmoid(read) + eps)[k] s[k]
 *              y = block(norm(x));  s'[k] = y 2 sigmoid(write)[k] + sum over j of sinkhorn(mix)[j][k] s[j]
 *     end      x = sum of (sigmoid(norm(s) F * scale + base) + eps)[k] s[k]
 */
#include "model/steps.h"
#include "model/stream.h"

#include <math.h>
#include <string.h>

struct hyper {
	const float *mix, *base, *scale; /* rows x (n_vectors x n_embd); rows; 3, or 1 at the end */
};

struct hyper_layer {
	struct hyper mixer, feed_forward;
};

static bool bind_one(const struct weights_binder *b, const char *mix, const char *base, const char *scale, size_t rows,
                     size_t n_scales, struct hyper *h)
{
	size_t n = (size_t)b->c->hyper.n_vectors * b->c->n_embd;
	return weights_table(b, mix, n, rows, &h->mix) && weights_vector(b, base, true, rows, &h->base) &&
	       weights_vector(b, scale, true, n_scales, &h->scale);
}

static bool bind_block(const struct weights_binder *b, uint32_t i, const char *part, struct hyper *h)
{
	char mix[WEIGHTS_MAX_NAME], base[WEIGHTS_MAX_NAME], scale[WEIGHTS_MAX_NAME];
	size_t n = b->c->hyper.n_vectors;
	return bind_one(b, weights_name(mix, i, part, "_fn.weight"), weights_name(base, i, part, "_base.weight"),
	                weights_name(scale, i, part, "_scale.weight"), n * (n + 2), 3, h);
}

static bool bind(const struct weights_binder *b)
{
	const struct config *c = b->c;
	struct hyper *end = arena_alloc(b->arena, 1, sizeof *end);
	struct hyper_layer *layer = arena_alloc(b->arena, c->n_layer, sizeof *layer);
	if (!end || !layer) return error_memory(b->e);
	b->w->hyper = end;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		b->w->layer[i].hyper = &layer[i];
		if (!bind_block(b, i, "hc_attn", &layer[i].mixer) || !bind_block(b, i, "hc_ffn", &layer[i].feed_forward))
			return false;
	}
	return bind_one(b, "output_hc_fn.weight", "output_hc_base.weight", "output_hc_scale.weight", c->hyper.n_vectors, 1, end);
}

/* ---- the plan ---- */

static void begin(struct plan_builder *b, int x)
{
	b->vectors = plan_add_buffer(b, "s", (size_t)b->c->hyper.n_vectors * b->c->n_embd);
	plan_add_step(b, STEP_HYPER_BEGIN, x, b->vectors);
}

/* x from the vectors, and the weights that bring the block's result back; their buffer. */
static int add_read(struct plan_builder *b, const struct hyper *h, int x)
{
	size_t n = b->c->hyper.n_vectors;
	int weights = plan_add_buffer(b, "mix", n * (n + 2));
	struct step *s = plan_add_step(b, STEP_HYPER_READ, b->vectors, x);
	s->hyper = h;
	s->also[0] = weights;
	s->n_also = 1;
	return weights;
}

static void add_write(struct plan_builder *b, int result, int weights)
{
	struct step *s = plan_add_step(b, STEP_HYPER_WRITE, result, b->vectors);
	s->also[0] = weights;
	s->n_also = 1;
}

static void layer(struct plan_builder *b, const struct layer_weights *l, int x)
{
	struct plan_sink out = { plan_add_buffer(b, "back", b->c->n_embd), false };
	int weights = add_read(b, &l->hyper->mixer, x);
	plan_add_attention(b, l, plan_normed(b, x, &l->attn_norm, "h"), out);
	add_write(b, out.out, weights);
	out.out = plan_add_buffer(b, "back", b->c->n_embd);
	weights = add_read(b, &l->hyper->feed_forward, x);
	plan_add_feed_forward_of(b, l, plan_normed(b, x, &l->ffn_norm, "h"), out);
	add_write(b, out.out, weights);
}

static void end(struct plan_builder *b, int x)
{
	plan_add_step(b, STEP_HYPER_END, b->vectors, x)->hyper = b->w->hyper;
}

const struct stream stream_hyper = { bind, begin, layer, end };

/* ---- the steps ---- */

static float *row_of(const struct model *m, int buffer, size_t r)
{
	return model_buffer(m, buffer) + r * model_width(m, buffer);
}

void step_hyper_begin(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = m->config.n_embd;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		for (size_t k = 0; k < m->config.hyper.n_vectors; k++)
			memcpy(row_of(m, s->out, r) + k * n, row_of(m, s->in, r), n * sizeof(float));
	}
}

static float sigmoid(float x)
{
	return 1 / (1 + expf(-x));
}

/* out[i] = norm(vectors) . row i of the matrix */
static void mix_row(const struct model *m, const struct hyper *h, const float *vectors, size_t rows, float *out)
{
	size_t n = (size_t)m->config.hyper.n_vectors * m->config.n_embd;
	float size = 1 / sqrtf(ops_dot(vectors, vectors, n) / (float)n + m->config.norm_eps);
	for (size_t i = 0; i < rows; i++) out[i] = ops_dot(h->mix + i * n, vectors, n) * size;
}

static void sum_vectors(const struct model *m, const float *vectors, const float *weights, float *x)
{
	size_t n = m->config.n_embd;
	memset(x, 0, n * sizeof *x);
	for (size_t k = 0; k < m->config.hyper.n_vectors; k++) ops_add_scaled(x, vectors + k * n, weights[k], n);
}

/* Makes columns (step n) or rows (step 1) of an n x n matrix sum up to nearly 1. */
static void even_out(float *a, size_t n, size_t step, float eps)
{
	for (size_t i = 0; i < n; i++) {
		float *line = a + i * (step == 1 ? n : 1), sum = eps;
		for (size_t k = 0; k < n; k++) sum += line[k * step];
		for (size_t k = 0; k < n; k++) line[k * step] /= sum;
	}
}

/* mix[j][k], from vector j to vector k. */
static void sinkhorn(const struct config_hyper *c, float *mix)
{
	size_t n = c->n_vectors;
	for (size_t j = 0; j < n; j++) {
		ops_softmax(mix + j * n, n);
		for (size_t k = 0; k < n; k++) mix[j * n + k] += c->epsilon;
	}
	even_out(mix, n, n, c->epsilon);
	for (uint32_t i = 1; i < c->n_iterations; i++) {
		even_out(mix, n, 1, c->epsilon);
		even_out(mix, n, n, c->epsilon);
	}
}

void step_hyper_read(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config_hyper *c = &m->config.hyper;
	const struct hyper *h = s->hyper;
	size_t first, last, n = c->n_vectors, all = n * (n + 2);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *w = row_of(m, s->also[0], r);
		mix_row(m, h, row_of(m, s->in, r), all, w);
		for (size_t i = 0; i < all; i++) w[i] = w[i] * h->scale[i < n ? 0 : i < 2 * n ? 1 : 2] + h->base[i];
		for (size_t i = 0; i < n; i++) {
			w[i] = sigmoid(w[i]) + c->epsilon;
			w[n + i] = 2 * sigmoid(w[n + i]);
		}
		sinkhorn(c, w + 2 * n);
		sum_vectors(m, row_of(m, s->in, r), w, row_of(m, s->out, r));
	}
}

void step_hyper_write(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = m->config.n_embd, vectors = m->config.hyper.n_vectors;
	float old[HYPER_MOST_VECTORS];
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *result = row_of(m, s->in, r), *post = row_of(m, s->also[0], r) + vectors, *mix = post + vectors;
		float *to = row_of(m, s->out, r);
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < vectors; j++) old[j] = to[j * n + i];
			for (size_t k = 0; k < vectors; k++) {
				float sum = result[i] * post[k];
				for (size_t j = 0; j < vectors; j++) sum += old[j] * mix[j * vectors + k];
				to[k * n + i] = sum;
			}
		}
	}
}

void step_hyper_end(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct hyper *h = s->hyper;
	size_t first, last, n = m->config.hyper.n_vectors;
	float w[HYPER_MOST_VECTORS];
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		mix_row(m, h, row_of(m, s->in, r), n, w);
		for (size_t i = 0; i < n; i++) w[i] = sigmoid(w[i] * h->scale[0] + h->base[i]) + m->config.hyper.epsilon;
		sum_vectors(m, row_of(m, s->in, r), w, row_of(m, s->out, r));
	}
}
