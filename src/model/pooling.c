/* pooling: one vector of a text, or a reranker's score, out of the vectors of its positions (see model.h). */
#include "base/memory.h"
#include "model/model_internal.h"

#include <math.h>
#include <string.h>

/* out = W x + bias, in float32. */
static void project(const struct projection *p, const float *x, float *row, float *out)
{
	for (size_t o = 0; o < p->weights.rows; o++) {
		matrix_row(&p->weights, o, row);
		out[o] = ops_dot(row, x, p->weights.cols) + (p->bias ? p->bias[o] : 0);
	}
}

/* The head: a dense layer with its activation and norm, then the labels; of qwen3 the softmax of "yes" and "no". */
static void score(const struct model *m, const float *x, float *work, float *out)
{
	const struct weights *w = &m->weights;
	size_t n = m->config.n_embd, most = n > w->head.weights.rows ? n : w->head.weights.rows;
	float *row = work, *hidden = work + n, *labels = work + n + most;
	memcpy(hidden, x, n * sizeof *hidden);
	if (w->head.weights.data) {
		n = w->head.weights.rows;
		project(&w->head, x, row, hidden);
		if (m->config.family->head_activation)
			ops_gate(m->config.family->activation, hidden, NULL, hidden, n);
		else
			for (size_t i = 0; i < n; i++) hidden[i] = tanhf(hidden[i]);
		if (w->head_norm.weight)
			ops_layer_norm(hidden, w->head_norm.weight, w->head_norm.bias, m->config.norm_eps, hidden, n);
	}
	out[0] = hidden[0];
	if (!w->head_out.weights.data) return;
	project(&w->head_out, hidden, row, labels);
	if (m->config.family->softmax_labels) ops_softmax(labels, w->head_out.weights.rows);
	out[0] = labels[0];
}

static enum pooling kind_of(const struct model *m, enum pooling wanted)
{
	if (wanted != POOLING_NONE) return wanted;
	if (m->config.pooling != POOLING_NONE) return m->config.pooling;
	return m->config.whole ? POOLING_MEAN : POOLING_LAST;
}

static void mean(const float *vectors, uint32_t n_rows, size_t n, float *out)
{
	memcpy(out, vectors, n * sizeof *out);
	for (uint32_t r = 1; r < n_rows; r++) ops_add(out, vectors + r * n, out, n);
	ops_scale(out, 1 / (float)n_rows, n);
}

uint32_t model_vector_width(const struct model *m)
{
	return m->config.n_dense[1] ? m->config.n_dense[1] : m->config.n_embd;
}

/* The pooled vector through both matrices. */
static bool through_dense(const struct model *m, const float *x, float *out, struct error *e)
{
	const struct matrix *dense = m->weights.dense;
	size_t most = dense[0].cols > dense[1].cols ? dense[0].cols : dense[1].cols;
	float *row = memory_new(most + dense[0].rows, sizeof *row), *hidden = row + most;
	if (!row) return error_memory(e);
	project(&(struct projection){ .weights = dense[0] }, x, row, hidden);
	project(&(struct projection){ .weights = dense[1] }, hidden, row, out);
	memory_free(row);
	return true;
}

bool model_pool(const struct model *m, enum pooling pooling, const float *vectors, uint32_t n_rows, float *out, struct error *e)
{
	size_t n = m->config.n_embd;
	enum pooling kind = kind_of(m, pooling);
	const float *one =
	        kind == POOLING_LAST || (kind == POOLING_RANK && !m->config.whole) ? vectors + (size_t)(n_rows - 1) * n : vectors;
	if (kind == POOLING_RANK) {
		size_t labels = m->weights.head_out.weights.rows, hidden = m->weights.head.weights.rows;
		if (!m->weights.head.weights.data && !m->weights.head_out.weights.data)
			return error_set(e, "%s is no reranker: it has no tensor 'cls.output.weight'", gguf_name(m->file));
		float *work = memory_new(2 * n + hidden + labels, sizeof *work);
		if (!work) return error_memory(e);
		memcpy(out, one, n * sizeof *out);
		if (m->config.family->head_activation) mean(vectors, n_rows, n, out); /* such a head reads the mean */
		score(m, out, work, out);
		memory_free(work);
		return true;
	}
	if (!m->weights.dense[0].data) {
		memcpy(out, one, n * sizeof *out);
		if (kind == POOLING_MEAN) mean(vectors, n_rows, n, out);
		return true;
	}
	float *pooled = memory_new(n, sizeof *pooled);
	if (!pooled) return error_memory(e);
	memcpy(pooled, one, n * sizeof *pooled);
	if (kind == POOLING_MEAN) mean(vectors, n_rows, n, pooled);
	bool ok = through_dense(m, pooled, out, e);
	memory_free(pooled);
	return ok;
}
