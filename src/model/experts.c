/*
 * experts: the feed-forward block of mixture models.
 *
 * A row chooses its experts by the softmax over all of them, and the chosen weights are made to sum to one (times the model's
 * scale). Rows are then grouped by expert, so that an expert's weights are read once for all rows that chose it; each choice has
 * a slot, and a row's results are summed in the order of its choices, whatever the grouping was.
 */
#include "model/model_internal.h"

#include <string.h>

static void choose_row(const struct model *m, float *logits, uint32_t *expert, float *weight)
{
	const struct config *c = &m->config;
	ops_softmax(logits, c->n_expert);
	ops_top(logits, c->n_expert, expert, c->n_expert_used);
	float sum = 0;
	for (uint32_t i = 0; i < c->n_expert_used; i++) sum += logits[expert[i]];
	/* the floor keeps the division finite for a router that gives every chosen expert nothing (F16's smallest normal number) */
	if (!(sum > 6.103515625e-5f)) sum = 6.103515625e-5f;
	for (uint32_t i = 0; i < c->n_expert_used; i++) weight[i] = logits[expert[i]] / sum * c->expert_scale;
}

/* Counting sort of all choices by expert; rows stay ascending within one. */
static void group_rows(struct model *m)
{
	struct choices *ch = &m->choices;
	uint32_t n_expert = m->config.n_expert, used = m->config.n_expert_used;
	memset(ch->first, 0, (n_expert + 1) * sizeof *ch->first);
	memset(ch->n_answers, 0, n_expert * sizeof *ch->n_answers);
	for (uint32_t r = 0; r < m->n_rows; r++) {
		for (uint32_t i = 0; i < used; i++) {
			uint32_t expert = ch->expert[r * used + i];
			ch->first[expert + 1]++;
			ch->n_answers[expert] += r < m->n_answers;
		}
	}
	for (uint32_t x = 0; x < n_expert; x++) ch->first[x + 1] += ch->first[x];
	for (uint32_t r = 0; r < m->n_rows; r++) {
		for (uint32_t i = 0; i < used; i++) {
			uint32_t slot = ch->first[ch->expert[r * used + i]]++;
			ch->slot[r * used + i] = slot;
			ch->row_of[slot] = r;
		}
	}
	for (uint32_t x = n_expert; x > 0; x--) ch->first[x] = ch->first[x - 1];
	ch->first[0] = 0;
}

void experts_choose(struct model *m, const struct step *s)
{
	uint32_t used = m->config.n_expert_used;
	for (uint32_t r = 0; r < m->n_rows; r++) {
		choose_row(m, model_buffer(m, s->in) + r * model_width(m, s->in), m->choices.expert + (size_t)r * used,
		           m->choices.weight + (size_t)r * used);
	}
	group_rows(m);
}

/* Slots lie one behind the other, each as wide as one choice. */
static size_t slot_width(const struct model *m, int buffer)
{
	return model_width(m, buffer) / m->config.n_expert_used;
}

void experts_up(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct choices *ch = &m->choices;
	struct activations in;
	activations_init(&in, model_buffer(m, s->in), model_width(m, s->in), m->n_rows, m->n_answers, m->config.n_embd, m->exact,
	                 m->thread_q8[t]);
	if (matmul_wants_quantized(s->product[0].weights) || matmul_wants_quantized(s->product[1].weights))
		activations_quantize(&in, 0, in.n_answer);
	size_t first, last, width = slot_width(m, s->out);
	threads_range(m->config.n_ff_expert, MATMUL_UNIT, t, count, &first, &last);
	if (first == last) return;
	for (uint32_t x = 0; x < m->config.n_expert; x++) {
		uint32_t begin = ch->first[x], n = ch->first[x + 1] - begin;
		if (n == 0) continue;
		for (uint32_t i = 0; i < 2; i++) {
			struct matrix w = matrix_at(s->product[i].weights, x);
			struct matmul_job job = { .weights = &w,
				                  .in = &in,
				                  .pick = ch->row_of + begin,
				                  .n_pick = n,
				                  .out = model_buffer(m, s->product[i].out) + begin * width,
				                  .out_stride = width };
			matmul(&job, first, last, m->thread_scratch[t]);
		}
		for (uint32_t i = begin; i < begin + n; i++) {
			float *gate = model_buffer(m, s->product[0].out) + i * width + first;
			ops_gate(m->config.family->activation, gate, model_buffer(m, s->product[1].out) + i * width + first, gate,
			         last - first);
		}
	}
}

void experts_down(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct choices *ch = &m->choices;
	size_t first, last, in_width = slot_width(m, s->in), width = slot_width(m, s->out);
	threads_range(m->config.n_embd, MATMUL_UNIT, t, count, &first, &last);
	if (first == last) return;
	for (uint32_t x = 0; x < m->config.n_expert; x++) {
		uint32_t begin = ch->first[x], n = ch->first[x + 1] - begin;
		if (n == 0) continue;
		struct matrix w = matrix_at(s->product[0].weights, x);
		struct activations in;
		activations_init(&in, model_buffer(m, s->in) + begin * in_width, in_width, n, ch->n_answers[x],
		                 m->config.n_ff_expert, m->exact, m->thread_q8[t]);
		if (matmul_wants_quantized(&w)) activations_quantize(&in, 0, in.n_answer);
		struct matmul_job job = {
			.weights = &w, .in = &in, .out = model_buffer(m, s->out) + begin * width, .out_stride = width
		};
		matmul(&job, first, last, m->thread_scratch[t]);
	}
}

void experts_sum(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct choices *ch = &m->choices;
	uint32_t used = m->config.n_expert_used;
	size_t first, last, in_width = slot_width(m, s->in), width = model_width(m, s->out);
	threads_range(m->n_rows, 1, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		for (uint32_t i = 0; i < used; i++) {
			const float *result = model_buffer(m, s->in) + ch->slot[r * used + i] * in_width;
			ops_add_scaled(model_buffer(m, s->out) + r * width, result, ch->weight[r * used + i], width);
		}
	}
}
