/*
 * forward: runs the plan for a batch of rows (see model.h and plan.h).
 *
 * Every thread walks the same list of steps and takes its share of each: of rows where a step works row by row, of outputs where
 * it multiplies. Answer rows stand before prompt rows in the batch, whatever order they were given in.
 */
#include "model/recurrent.h"

#include <math.h>
#include <string.h>

/* Outputs [first, last) of product `i`, for all rows. */
static void run_product(const struct model *m, const struct step *s, uint32_t i, const struct activations *in, unsigned t,
                        size_t first, size_t last)
{
	const struct plan_product *p = &s->product[i];
	struct matmul_job job = { .weights = p->weights,
		                  .in = in,
		                  .bias = p->bias,
		                  .out = model_buffer(m, p->out),
		                  .out_stride = model_width(m, p->out),
		                  .add = p->add };
	matmul(&job, first, last, m->thread_scratch[t]);
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
		float *g = gate + r * width + first;
		ops_gate(m->config.family->activation, g, up + r * width + first, g, last - first);
	}
}

static void step_matmul(const struct model *m, const struct step *s, unsigned t)
{
	struct activations in;
	bool quantized = false;
	size_t outputs = 0, first, last;
	const struct matrix *weights = s->product[0].weights;
	activations_init(&in, model_buffer(m, s->in), model_width(m, s->in), m->n_rows, m->n_answers, weights->cols, m->exact,
	                 m->thread_q8[t]);
	for (uint32_t i = 0; i < s->n_products; i++) {
		quantized |= matmul_wants_quantized(s->product[i].weights);
		outputs += s->product[i].weights->rows;
	}
	if (quantized) activations_quantize(&in, 0, in.n_answer);
	if (s->gate) outputs = weights->rows;
	struct threads_loop loop = threads_loop(m->threads, t, outputs, MATMUL_UNIT, matmul_piece(weights, &in));
	while (threads_next(&loop, &first, &last)) {
		if (s->gate)
			run_gate(m, s, &in, t, first, last);
		else
			run_products(m, s, &in, t, first, last);
	}
}

static void step_tables(const struct model *m, size_t first, size_t last)
{
	const struct config *c = &m->config;
	size_t half = c->n_rot / 2, all = (size_t)m->max_rows * half;
	for (size_t r = first; r < last; r++) {
		double position = m->rows[r].position;
		for (int set = 0; set < ROPE_SETS; set++) {
			if (!m->tables[set]) continue;
			float *cosines = m->tables[set] + r * half;
			ops_rope_table(m->rope[set].frequency, half, position, m->rope[set].magnitude, cosines, cosines + all);
		}
		m->query_factor[r] = 1 + c->temperature_scale * logf(1 + floorf((float)position / (float)c->original_context));
	}
}

static void step_embed(const struct model *m, const struct step *s, size_t first, size_t last)
{
	size_t width = model_width(m, s->out);
	for (size_t r = first; r < last; r++) {
		float *x = model_buffer(m, s->out) + r * width;
		matrix_row(&m->weights.embedding, (size_t)m->rows[r].token, x);
		if (m->config.embedding_scale != 1) ops_scale(x, m->config.embedding_scale, width);
	}
}

static void step_norm(const struct model *m, const struct step *s, size_t first, size_t last)
{
	size_t width = model_width(m, s->in);
	for (size_t r = first; r < last; r++) {
		float *in = model_buffer(m, s->in) + r * width, *out = model_buffer(m, s->out) + r * width;
		if (s->kind == STEP_NORM) {
			ops_rms_norm(in, s->weight, m->config.norm_eps, out, width);
		} else {
			ops_rms_norm(in, s->weight, m->config.norm_eps, in, width);
			ops_add(out, in, out, width);
		}
	}
}

/* Norm of each head, then rope, for the heads of one row. */
static void turn_heads(const struct model *m, float *heads, uint32_t n_heads, const float *norm, const float *cosines,
                       const float *sines)
{
	const struct config *c = &m->config;
	for (uint32_t i = 0; norm && i < n_heads; i++) {
		float *head = heads + (size_t)i * c->head_k;
		ops_rms_norm(head, norm, c->norm_eps, head, c->head_k);
	}
	if (c->family->rope == ROPE_PAIRS)
		ops_rope_pairs(heads, n_heads, c->head_k, c->n_rot, cosines, sines);
	else
		ops_rope_halves(heads, n_heads, c->head_k, c->n_rot, cosines, sines);
}

static void step_heads(const struct model *m, const struct step *s, size_t first, size_t last)
{
	const struct config *c = &m->config;
	const struct config_layer *n = &c->layer[s->layer];
	const struct layer_weights *l = &m->weights.layer[s->layer];
	const float *table = m->tables[n->windowed && m->tables[ROPE_LOCAL] ? ROPE_LOCAL : ROPE_GLOBAL];
	size_t half = c->n_rot / 2, all = (size_t)m->max_rows * half;
	for (size_t r = first; r < last; r++) {
		const struct batch_row *row = &m->rows[r];
		float *q = model_buffer(m, s->in) + r * model_width(m, s->in);
		float *k = model_buffer(m, s->keys) + r * model_width(m, s->keys);
		const float *v = model_buffer(m, s->values) + r * model_width(m, s->values);
		turn_heads(m, q, n->n_head, l->q_norm, table + r * half, table + all + r * half);
		turn_heads(m, k, n->n_head_kv, l->k_norm, table + r * half, table + all + r * half);
		if (m->query_factor[r] != 1) ops_scale(q, m->query_factor[r], model_width(m, s->in));
		uint8_t *page = row->sequence->pages[row->position / KV_PAGE];
		kv_store(&m->kv[s->layer], page + m->layer_offset[s->layer], row->position % KV_PAGE, k, v);
	}
}

static struct attention_job attention_of(const struct model *m, const struct step *s)
{
	const struct config *c = &m->config;
	const struct config_layer *n = &c->layer[s->layer];
	return (struct attention_job){ .kv = m->kv[s->layer],
		                       .layer_offset = m->layer_offset[s->layer],
		                       .n_heads = n->n_head,
		                       .q = model_buffer(m, s->in),
		                       .q_stride = model_width(m, s->in),
		                       .out = model_buffer(m, s->out),
		                       .out_stride = model_width(m, s->out),
		                       .scale = c->attention_scale,
		                       .soft_cap = c->attention_cap,
		                       .window = n->windowed ? c->window : 0,
		                       .runs = m->runs,
		                       .n_runs = m->n_runs,
		                       .partial = m->partial };
}

static void step_last_norm(const struct model *m, const struct step *s, size_t first, size_t last)
{
	size_t width = model_width(m, s->in);
	for (size_t i = first; i < last; i++) {
		const float *in = model_buffer(m, s->in) + m->wanted[i] * width;
		ops_rms_norm(in, s->weight, m->config.norm_eps, model_buffer(m, s->out) + i * width, width);
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

static void step_logits(const struct model *m, const struct step *s, unsigned t)
{
	const struct matrix *w = &m->weights.output;
	size_t first, last, width = model_width(m, s->in);
	for (uint32_t i = 0, n; i < m->n_wanted; i += n) {
		n = logits_run(m, i);
		uint32_t answers = m->n_wanted_answers > i ? m->n_wanted_answers - i : 0;
		struct activations in;
		activations_init(&in, model_buffer(m, s->in) + i * width, width, n, answers < n ? answers : n, w->cols, m->exact,
		                 m->thread_q8[t]);
		if (matmul_wants_quantized(w)) activations_quantize(&in, 0, in.n_answer);
		struct matmul_job job = { .weights = w, .in = &in, .out = m->rows[m->wanted[i]].logits, .out_stride = w->rows };
		struct threads_loop loop = threads_loop(m->threads, t, w->rows, MATMUL_UNIT, matmul_piece(w, &in));
		while (threads_next(&loop, &first, &last)) {
			matmul(&job, first, last, m->thread_scratch[t]);
			for (uint32_t k = 0; k < n && m->config.logit_cap != 0; k++)
				ops_soft_cap(job.out + k * w->rows + first, m->config.logit_cap, last - first);
		}
	}
}

static void run_step(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last;
	threads_range(s->kind == STEP_LAST_NORM ? m->n_wanted : m->n_rows, 1, t, count, &first, &last);
	struct attention_job attention;
	switch (s->kind) {
	case STEP_TABLES: step_tables(m, first, last); break;
	case STEP_EMBED: step_embed(m, s, first, last); break;
	case STEP_NORM:
	case STEP_ADD_NORM: step_norm(m, s, first, last); break;
	case STEP_MATMUL: step_matmul(m, s, t); break;
	case STEP_HEADS: step_heads(m, s, first, last); break;
	case STEP_ATTENTION:
		attention = attention_of(m, s);
		attention_compute(&attention, t, count, m->thread_scratch[t]);
		break;
	case STEP_MERGE:
		attention = attention_of(m, s);
		attention_merge(&attention, t, count);
		break;
	case STEP_CONVOLUTION: recurrent_convolution(m, s, t, count); break;
	case STEP_SCAN_INPUTS: recurrent_block_of(m, s)->inputs(m, s, first, last); break;
	case STEP_SCAN: recurrent_block_of(m, s)->scan(m, s, t, count); break;
	case STEP_SCAN_OUTPUTS: recurrent_block_of(m, s)->outputs(m, s, first, last); break;
	case STEP_CHOOSE:
		if (t == 0) experts_choose(m, s);
		break;
	case STEP_EXPERTS_UP: experts_up(m, s, t, count); break;
	case STEP_EXPERTS_DOWN: experts_down(m, s, t, count); break;
	case STEP_EXPERTS_SUM: experts_sum(m, s, t, count); break;
	case STEP_LAST_NORM: step_last_norm(m, s, first, last); break;
	case STEP_LOGITS: step_logits(m, s, t); break;
	}
}

/* Steps that have nothing to do in this batch; every thread answers alike. */
static bool is_idle(const struct model *m, const struct step *s, unsigned count)
{
	if (s->kind == STEP_MERGE) {
		struct attention_job job = attention_of(m, s);
		return !attention_wants_merge(&job, count);
	}
	return (s->kind == STEP_LAST_NORM || s->kind == STEP_LOGITS) && m->n_wanted == 0;
}

/* Thread 0 looks at the flag, and the barrier shows all threads what it saw. Two places take turns: one is written only when every
 * thread has passed the barrier behind which the other is read. */
static bool passed(struct model *m, unsigned t, bool *now)
{
	if (t == 0) *now = m->watched && atomic_load_explicit(m->watched, memory_order_relaxed);
	threads_barrier(m->threads, t);
	return !*now;
}

static void run_plan(void *data, unsigned t, unsigned count)
{
	struct model *m = data;
	unsigned turn = 0;
	for (size_t i = 0; i < m->plan.n_steps; i++) {
		const struct step *s = &m->plan.steps[i];
		if (is_idle(m, s, count)) continue;
		run_step(m, s, t, count);
		if (!passed(m, t, &m->given_up[turn ^= 1])) return;
	}
}

static bool check_rows(const struct model *m, const struct row *rows, uint32_t n_rows, struct error *e)
{
	uint32_t answers = 0;
	if (n_rows > m->max_rows) return error_set(e, "%u rows: a batch holds %u at most", n_rows, m->max_rows);
	for (uint32_t i = 0; i < n_rows; i++) {
		answers += rows[i].kind == ROW_ANSWER;
		if (rows[i].token < 0 || (uint32_t)rows[i].token >= m->config.n_vocab) {
			return error_set(e, "token id %d is not from 0 to %u", rows[i].token, m->config.n_vocab - 1);
		}
	}
	return answers <= m->max_answers || error_set(e, "%u answer rows: a batch holds %u at most", answers, m->max_answers);
}

/* Takes the rows of one kind into the batch, in their order. */
static void take_rows(struct model *m, const struct row *rows, uint32_t n_rows, enum row_kind kind)
{
	for (uint32_t i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];
		if (r->kind != kind) continue;
		uint32_t at = m->n_rows++;
		/* positions follow the order in which the rows were given, whatever their kinds */
		uint32_t before = 0;
		if (r->sequence->pending > 1) {
			for (uint32_t k = 0; k < i; k++) before += rows[k].sequence == r->sequence;
		}
		uint32_t position = r->sequence->length + before;
		m->place[i] = at;
		m->rows[at] =
		        (struct batch_row){ .sequence = r->sequence, .position = position, .token = r->token, .logits = r->logits };
		if (r->logits) {
			m->wanted[m->n_wanted++] = at;
			m->n_wanted_answers += kind == ROW_ANSWER;
		}
		struct attention_run *last = m->n_runs ? &m->runs[m->n_runs - 1] : NULL;
		bool follows = last && m->rows[at - 1].sequence == r->sequence && m->rows[at - 1].position + 1 == position;
		if (follows)
			last->n_rows++;
		else
			m->runs[m->n_runs++] = (struct attention_run){ .first_row = at, .n_rows = 1, .position = position };
	}
}

static bool put_together(struct model *m, const struct row *rows, uint32_t n_rows, struct error *e)
{
	m->n_rows = m->n_runs = m->n_wanted = m->n_wanted_answers = 0;
	for (uint32_t i = 0; i < n_rows; i++) rows[i].sequence->pending = 0;
	for (uint32_t i = 0; i < n_rows; i++) rows[i].sequence->pending++;
	for (uint32_t i = 0; i < n_rows; i++) {
		struct sequence *s = rows[i].sequence;
		if (!sequence_reserve(s, s->pending, e)) {
			for (uint32_t k = 0; k <= i; k++) sequence_roll_back(rows[k].sequence);
			return false;
		}
	}
	take_rows(m, rows, n_rows, ROW_ANSWER);
	m->n_answers = m->n_rows;
	take_rows(m, rows, n_rows, ROW_PROMPT);
	for (uint32_t i = 0; i < m->n_runs; i++)
		m->runs[i].pages = (const uint8_t *const *)m->rows[m->runs[i].first_row].sequence->pages;
	if (m->state_bytes) recurrent_order(m, rows, n_rows);
	return true;
}

bool model_forward(struct model *m, const struct row *rows, uint32_t n_rows, struct error *e)
{
	if (n_rows == 0) return true;
	if (!check_rows(m, rows, n_rows, e) || !put_together(m, rows, n_rows, e)) return false;
	m->given_up[0] = m->given_up[1] = false;
	threads_run(m->threads, run_plan, m);
	bool given_up = m->given_up[0] || m->given_up[1];
	bool intact = given_up ? error_set(e, "the batch was given up") : gguf_intact(m->file, e);
	for (uint32_t i = 0; i < n_rows; i++) {
		struct sequence *s = rows[i].sequence;
		if (intact)
			sequence_commit(s);
		else
			sequence_roll_back(s);
	}
	return intact;
}

void model_watch(struct model *m, const atomic_bool *flag)
{
	m->watched = flag;
}
