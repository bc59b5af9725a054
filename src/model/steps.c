/* steps: the table, and the steps that are no block of their own (see steps.h). */
#include "model/steps.h"

#include <math.h>
#include <string.h>

/* Rows whose logits are computed together, and how many of each at a time. */
enum { LOGITS_ROWS = 64, LOGITS_OUTPUTS = 256 };

void step_rows(const struct model *m, unsigned t, unsigned count, size_t *first, size_t *last)
{
	threads_range(m->n_rows, 1, t, count, first, last);
}

void step_apply_norm(const struct model *m, const struct norm *norm, const float *in, float *out, size_t n)
{
	if (norm->layer)
		ops_layer_norm(in, norm->weight, norm->bias, m->config.norm_eps, out, n);
	else
		ops_rms_norm(in, norm->weight, m->config.norm_eps, out, n);
	if (!norm->layer && norm->bias) ops_add(out, norm->bias, out, n);
}

void step_tables(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct config *c = &m->config;
	size_t first, last;
	(void)s;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		double position = m->rows[r].position;
		for (int set = 0; set < ROPE_SETS; set++) {
			size_t half = m->rope[set].n_rot / 2, all = (size_t)m->max_rows * half;
			if (!m->tables[set]) continue;
			float *cosines = m->tables[set] + r * half;
			ops_rope_table(m->rope[set].frequency, half, position, m->rope[set].magnitude, cosines, cosines + all);
		}
		double place = position + c->temperature_first;
		m->query_factor[r] = 1 + c->temperature_scale * logf(1 + floorf((float)place / (float)c->temperature_length));
	}
}

void step_embed(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->out);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *x = model_buffer(m, s->out) + r * width;
		matrix_row(&m->weights.embedding, (size_t)m->rows[r].token, x);
		if (m->config.embedding_scale != 1) ops_scale(x, m->config.embedding_scale, width);
		if (m->weights.token_type) ops_add(x, m->weights.token_type, x, width);
		if (m->weights.positions.data) {
			float *position = (float *)(void *)m->thread_scratch[t];
			matrix_row(&m->weights.positions, m->rows[r].position, position);
			ops_add(x, position, x, width);
		}
	}
}

void step_norm(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->in);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++)
		step_apply_norm(m, &s->norm, model_buffer(m, s->in) + r * width, model_buffer(m, s->out) + r * width, width);
}

void step_add(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->in);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *in = model_buffer(m, s->in) + r * width, *out = model_buffer(m, s->out) + r * width;
		if (s->norm.weight) step_apply_norm(m, &s->norm, in, in, width);
		float factor = s->factor;
		if (s->n_also) {
			float share = model_buffer(m, s->also[0])[r];
			ops_sigmoid(&share, 1);
			factor *= share;
		}
		if (factor == 1)
			ops_add(out, in, out, width);
		else
			ops_add_scaled(out, in, factor, width);
	}
}

void step_scale(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->out);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) ops_scale(model_buffer(m, s->out) + r * width, s->factor, width);
}

/* Outputs [first, last) of product `i`, for all rows, and what follows. */
static void run_product(const struct model *m, const struct step *s, uint32_t i, const struct activations *in, unsigned t,
                        size_t first, size_t last)
{
	const struct plan_product *p = &s->product[i];
	size_t width = model_width(m, p->out);
	float *out = model_buffer(m, p->out);
	struct matmul_job job = {
		.weights = p->weights, .in = in, .bias = p->scale ? NULL : p->bias, .out = out, .out_stride = width, .add = p->add
	};
	matmul(&job, first, last, m->thread_scratch[t]);
	for (uint32_t r = 0; p->scale && r < m->n_rows; r++) {
		float *x = out + r * width + first;
		ops_scale(x, *p->scale, last - first);
		if (p->bias) ops_add(x, p->bias + first, x, last - first);
	}
	if (s->after != AFTER_CLAMP && s->after != AFTER_ACTIVATION) return;
	for (uint32_t r = 0; r < m->n_rows; r++) {
		float *x = out + r * width + first;
		if (s->after == AFTER_CLAMP)
			ops_clamp(x, -s->limit, s->limit, last - first);
		else
			ops_gate(s->activation, x, NULL, x, last - first);
	}
}

/* Outputs [first, last) of all products, counted one product after the other. */
static void run_products(const struct model *m, const struct step *s, const struct activations *in, unsigned t, size_t first,
                         size_t last)
{
	for (uint32_t i = 0; i < s->n_products; i++) {
		size_t rows = s->product[i].weights->rows;
		if (first < rows && last > 0) run_product(m, s, i, in, t, first, last < rows ? last : rows);
		first = first > rows ? first - rows : 0;
		last = last > rows ? last - rows : 0;
	}
}

/* Outputs [first, last) of both products of a gate, and the gate itself. */
static void run_gate(const struct model *m, const struct step *s, const struct activations *in, unsigned t, size_t first,
                     size_t last)
{
	size_t width = model_width(m, s->product[0].out);
	float *gate = model_buffer(m, s->product[0].out), *up = model_buffer(m, s->product[1].out);
	run_product(m, s, 0, in, t, first, last);
	run_product(m, s, 1, in, t, first, last);
	for (uint32_t r = 0; r < m->n_rows; r++) {
		float *g = gate + r * width + first, *u = up + r * width + first;
		if (s->limit > 0) {
			ops_clamp(g, -INFINITY, s->limit, last - first);
			ops_clamp(u, -s->limit, s->limit, last - first);
		}
		ops_gate(s->activation, g, u, g, last - first);
	}
}

void step_matmul(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	struct activations in;
	const struct form_16 *form = NULL;
	bool quantized = false;
	size_t outputs = 0, first, last;
	const struct matrix *weights = s->product[0].weights;
	activations_init(&in, model_buffer(m, s->in), model_width(m, s->in), m->n_rows, m->n_answers, weights->cols, m->exact,
	                 m->thread_q8[t]);
	for (uint32_t i = 0; i < s->n_products; i++) {
		quantized |= matmul_wants_quantized(s->product[i].weights);
		if (!form) form = activations_form(&in, s->product[i].weights);
		outputs += s->product[i].weights->rows;
	}
	if (quantized) activations_quantize(&in, 0, in.n_answer);
	if (form) {
		threads_range(in.n_rows - in.n_answer, 1, t, count, &first, &last);
		activations_round(&in, form, m->x_16, first, last);
		threads_barrier(m->threads, t);
	}
	if (s->after == AFTER_GATE) outputs = weights->rows;
	struct threads_loop loop = threads_loop(m->threads, t, outputs, MATMUL_UNIT, matmul_piece(weights, &in));
	while (threads_next(&loop, &first, &last)) {
		if (s->after == AFTER_GATE)
			run_gate(m, s, &in, t, first, last);
		else
			run_products(m, s, &in, t, first, last);
	}
}

void step_vectors(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->in);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *in = model_buffer(m, s->in) + r * width;
		if (!m->rows[r].vector) continue;
		if (s->norm.weight)
			step_apply_norm(m, &s->norm, in, m->rows[r].vector, width);
		else
			memcpy(m->rows[r].vector, in, width * sizeof *in);
	}
}

static bool no_vectors(const struct model *m, const struct step *s, unsigned count)
{
	(void)s;
	(void)count;
	return m->n_vectors == 0;
}

void step_last_norm(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->in);
	threads_range(m->n_wanted, 1, t, count, &first, &last);
	for (size_t i = first; i < last; i++) {
		const float *in = model_buffer(m, s->in) + m->wanted[i] * width;
		step_apply_norm(m, &s->norm, in, model_buffer(m, s->out) + i * width, width);
	}
}

/* How many wanted rows from `i` on want their logits one behind the other. */
static uint32_t logits_run(const struct model *m, uint32_t i)
{
	uint32_t n = 1;
	while (i + n < m->n_wanted &&
	       m->rows[m->wanted[i + n]].logits == m->rows[m->wanted[i]].logits + (size_t)n * m->config.n_vocab)
		n++;
	return n;
}

static void finish_logits(const struct config *c, float *logits, size_t n)
{
	if (c->logit_scale != 1) ops_scale(logits, c->logit_scale, n);
	if (c->logit_cap != 0) ops_soft_cap(logits, c->logit_cap, n);
}

/* Where a part of several rows' logits lies in a thread's scratch: behind what products need. */
static size_t logits_part(void)
{
	return (matmul_scratch_bytes() + 63) / 64 * 64;
}

size_t step_logits_scratch_bytes(void)
{
	return logits_part() + LOGITS_ROWS * LOGITS_OUTPUTS * sizeof(float);
}

/* Logits [first, last) of n wanted rows from the i-th on, which go anywhere: a part after the other, and from there to each row. */
static void scatter_logits(struct model *m, const struct activations *in, uint32_t i, uint32_t n, unsigned t, size_t first,
                           size_t last)
{
	const struct projection *output = &m->weights.output;
	float *part = (float *)(void *)((uint8_t *)m->thread_scratch[t] + logits_part());
	for (size_t o = first; o < last; o += LOGITS_OUTPUTS) {
		size_t n_outputs = last - o < LOGITS_OUTPUTS ? last - o : LOGITS_OUTPUTS;
		struct matrix w = output->weights;
		w.data += o * w.row_bytes;
		struct matmul_job job = { .weights = &w,
			                  .in = in,
			                  .bias = output->bias ? output->bias + o : NULL,
			                  .out = part,
			                  .out_stride = LOGITS_OUTPUTS };
		matmul(&job, 0, n_outputs, m->thread_scratch[t]);
		for (uint32_t k = 0; k < n; k++) {
			float *to = m->rows[m->wanted[i + k]].logits + o;
			memcpy(to, part + k * LOGITS_OUTPUTS, n_outputs * sizeof *to);
			finish_logits(&m->config, to, n_outputs);
		}
	}
}

/* Rows are taken together, so that the largest matrix of many models is read once for all. */
void step_logits(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct matrix *w = &m->weights.output.weights;
	size_t first, last, width = model_width(m, s->in);
	(void)count;
	for (uint32_t i = 0, n; i < m->n_wanted; i += n) {
		n = logits_run(m, i);
		const bool scattered = n < LOGITS_ROWS && n < m->n_wanted - i;
		if (scattered) n = m->n_wanted - i < LOGITS_ROWS ? m->n_wanted - i : LOGITS_ROWS;
		uint32_t answers = m->n_wanted_answers > i ? m->n_wanted_answers - i : 0;
		struct activations in;
		activations_init(&in, model_buffer(m, s->in) + i * width, width, n, answers < n ? answers : n, w->cols, m->exact,
		                 m->thread_q8[t]);
		if (matmul_wants_quantized(w)) activations_quantize(&in, 0, in.n_answer);
		struct matmul_job job = { .weights = w,
			                  .in = &in,
			                  .bias = m->weights.output.bias,
			                  .out = m->rows[m->wanted[i]].logits,
			                  .out_stride = w->rows };
		struct threads_loop loop = threads_loop(m->threads, t, w->rows, MATMUL_UNIT, matmul_piece(w, &in));
		while (threads_next(&loop, &first, &last)) {
			if (scattered) {
				scatter_logits(m, &in, i, n, t, first, last);
				continue;
			}
			matmul(&job, first, last, m->thread_scratch[t]);
			for (uint32_t k = 0; k < n; k++) finish_logits(&m->config, job.out + k * w->rows + first, last - first);
		}
	}
}

static bool nothing_wanted(const struct model *m, const struct step *s, unsigned count)
{
	(void)s;
	(void)count;
	return m->n_wanted == 0;
}

static const struct step_type types[STEP_KINDS] = {
	[STEP_TABLES] = { "tables", false, step_tables, NULL },
	[STEP_EMBED] = { "embed", false, step_embed, NULL },
	[STEP_NORM] = { "norm", true, step_norm, NULL },
	[STEP_ADD] = { "add", true, step_add, NULL },
	[STEP_MATMUL] = { "matmul", true, step_matmul, NULL },
	[STEP_HEADS] = { "heads", true, step_heads, NULL },
	[STEP_ATTENTION] = { "attention", true, step_attention, NULL },
	[STEP_MERGE] = { "merge", true, step_merge, merge_is_idle },
	[STEP_SCALE] = { "scale", true, step_scale, NULL },
	[STEP_LAYER_INPUTS] = { "layer-inputs", false, step_layer_inputs, NULL },
	[STEP_LAYER_INPUT] = { "layer-input", true, step_layer_input, NULL },
	[STEP_ALTUP_BEGIN] = { "altup-begin", false, step_altup_begin, NULL },
	[STEP_ALTUP_PREDICT] = { "altup-predict", true, step_altup_predict, NULL },
	[STEP_ALTUP_CORRECT] = { "altup-correct", true, step_altup_correct, NULL },
	[STEP_ALTUP_ADD] = { "altup-add", true, step_altup_add, NULL },
	[STEP_ALTUP_END] = { "altup-end", false, step_altup_end, NULL },
	[STEP_SPARSE_GATE] = { "sparse-gate", true, step_sparse_gate, NULL },
	[STEP_HYPER_BEGIN] = { "hyper-begin", false, step_hyper_begin, NULL },
	[STEP_HYPER_READ] = { "hyper-read", true, step_hyper_read, NULL },
	[STEP_HYPER_WRITE] = { "hyper-write", true, step_hyper_write, NULL },
	[STEP_HYPER_END] = { "hyper-end", false, step_hyper_end, NULL },
	[STEP_BLOCKS_STORE] = { "blocks-store", true, step_blocks_store, NULL },
	[STEP_BLOCKS_MAKE] = { "blocks-make", true, step_blocks_make, NULL },
	[STEP_BLOCKS_ATTEND] = { "blocks-attend", true, step_blocks_attend, NULL },
	[STEP_LATENT] = { "latent", true, step_latent, NULL },
	[STEP_EACH_HEAD] = { "each-head", true, step_each_head, NULL },
	[STEP_XIELU] = { "xielu", true, step_xielu, NULL },
	[STEP_CONVOLUTION] = { "convolution", true, step_convolution, NULL },
	[STEP_SCAN_INPUTS] = { "scan-inputs", true, step_scan_inputs, NULL },
	[STEP_SCAN] = { "scan", true, step_scan, NULL },
	[STEP_SCAN_OUTPUTS] = { "scan-outputs", true, step_scan_outputs, NULL },
	[STEP_GATE] = { "gate", true, step_gate, NULL },
	[STEP_SPLIT] = { "split", true, step_split, NULL },
	[STEP_SHIFT] = { "shift", true, step_shift, NULL },
	[STEP_LERP] = { "lerp", true, step_lerp, NULL },
	[STEP_CHOOSE] = { "choose", true, step_choose, NULL },
	[STEP_EXPERTS_UP] = { "experts-up", true, step_experts_up, NULL },
	[STEP_EXPERTS_DOWN] = { "experts-down", true, step_experts_down, NULL },
	[STEP_EXPERTS_SUM] = { "experts-sum", true, step_experts_sum, NULL },
	[STEP_VECTORS] = { "vectors", false, step_vectors, no_vectors },
	[STEP_LAST_NORM] = { "last-norm", false, step_last_norm, nothing_wanted },
	[STEP_LOGITS] = { "logits", false, step_logits, nothing_wanted },
};

const struct step_type *step_type(enum step_kind kind)
{
	return &types[kind];
}
