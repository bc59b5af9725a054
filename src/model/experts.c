/*
 * experts: the feed-forward block of mixture models.
 *
 * A row chooses its experts by the softmax over all of them, and the chosen weights are made to sum to one (times the model's
 * scale). Rows are then grouped by expert, so that an expert's weights are read once for all rows that chose it; each choice has
 * a slot, and a row's results are summed in the order of its choices, whatever the grouping was.
 */
#include "model/steps.h"

#include <math.h>
#include <string.h>

/* What each expert's router logit is worth. */
static void score_experts(const struct config_experts *x, float *logits)
{
	switch (x->gating) {
	case GATING_SOFTMAX: ops_softmax(logits, x->n); break;
	case GATING_SIGMOID: ops_sigmoid(logits, x->n); break;
	case GATING_ROOT_SOFTPLUS:
		for (uint32_t i = 0; i < x->n; i++) logits[i] = sqrtf(logits[i] > 20 ? logits[i] : log1pf(expf(logits[i])));
		break;
	case GATING_SOFTMAX_CHOSEN: break;
	}
}

/* Leaves the best groups in the running: a group is as good as its two best experts together. */
static void drop_groups(const struct config_experts *x, float *choice, float *group, uint32_t *best)
{
	uint32_t size = x->n / x->n_groups, two = size < 2 ? size : 2, top[2] = { 0 };
	for (uint32_t g = 0; g < x->n_groups; g++) {
		ops_top(choice + g * size, size, top, two);
		group[g] = choice[g * size + top[0]] + (two > 1 ? choice[g * size + top[1]] : 0);
	}
	ops_top(group, x->n_groups, best, x->n_groups_used);
	for (uint32_t g = 0; g < x->n_groups; g++) {
		bool kept = false;
		for (uint32_t k = 0; k < x->n_groups_used; k++) kept |= best[k] == g;
		for (uint32_t i = 0; !kept && i < size; i++) choice[g * size + i] = -INFINITY;
	}
}

static void choose_row(const struct model *m, const struct layer_weights *l, int32_t token, float *logits, uint32_t *expert,
                       float *weight)
{
	const struct config_experts *x = &m->config.experts;
	struct choices const *ch = &m->choices;
	score_experts(x, logits);
	const float *by = logits;
	if (l->router_bias || x->n_groups > 1) {
		memcpy(ch->score, logits, x->n * sizeof *logits);
		if (l->router_bias) ops_add(ch->score, l->router_bias, ch->score, x->n);
		if (x->n_groups > 1) drop_groups(x, ch->score, ch->group, ch->best_group);
		by = ch->score;
	}
	if (l->experts_by_token)
		memcpy(expert, l->experts_by_token + (size_t)token * x->n_used, x->n_used * sizeof *expert);
	else
		ops_top(by, x->n, expert, x->n_used);
	for (uint32_t i = 0; i < x->n_used; i++) weight[i] = logits[expert[i]];
	if (x->gating == GATING_SOFTMAX_CHOSEN) ops_softmax(weight, x->n_used);
	float sum = 1;
	if (x->normalized) {
		sum = 0;
		for (uint32_t i = 0; i < x->n_used; i++) sum += weight[i];
		/* the floor keeps the division finite for a router that gives every chosen expert nothing (F16's smallest normal
		 * number) */
		if (!(sum > 6.103515625e-5f)) sum = 6.103515625e-5f;
	}
	for (uint32_t i = 0; i < x->n_used; i++) weight[i] = weight[i] / sum * x->scale;
	for (uint32_t i = 0; l->expert_scale && i < x->n_used; i++) weight[i] *= l->expert_scale[expert[i]];
}

/* Counting sort of all choices by expert; rows stay ascending within one. */
static void group_rows(struct model *m)
{
	struct choices *ch = &m->choices;
	uint32_t n_expert = m->config.experts.n, used = m->config.experts.n_used;
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

void step_choose(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	uint32_t used = m->config.experts.n_used;
	(void)count;
	if (t != 0) return;
	for (uint32_t r = 0; r < m->n_rows; r++) {
		choose_row(m, &m->weights.layer[s->layer], m->rows[r].token, model_buffer(m, s->in) + r * model_width(m, s->in),
		           m->choices.expert + (size_t)r * used, m->choices.weight + (size_t)r * used);
	}
	group_rows(m);
}

/* Slots lie one behind the other, each as wide as one choice. */
static size_t slot_width(const struct model *m, int buffer)
{
	return model_width(m, buffer) / m->config.experts.n_used;
}

static struct matrix expert_at(const struct plan_product *p, uint32_t expert)
{
	struct matrix one = *p->weights;
	one.data += expert * p->expert_rows * one.row_bytes;
	return one;
}

static const float *bias_of(const struct plan_product *p, uint32_t expert)
{
	return p->bias ? p->bias + (size_t)expert * p->weights->rows : NULL;
}

/* How much the choice in that slot counts. */
static float slot_weight(const struct model *m, uint32_t slot)
{
	const struct choices *ch = &m->choices;
	uint32_t used = m->config.experts.n_used, choice = ch->row_of[slot] * used;
	while (ch->slot[choice] != slot) choice++;
	return ch->weight[choice];
}

/* gate = act(gate) * up, both limited where the model wants it; or up = act(up) where there is no gate. */
static void gate_slot(const struct model *m, const struct step *s, float *gate, float *up, size_t n)
{
	if (s->n_products == 1) {
		ops_gate(s->activation, up, NULL, up, n);
		return;
	}
	const struct config_experts *x = &m->config.experts;
	float limit = m->config.layer[s->layer].gate_limit;
	if (limit > 0) {
		ops_clamp(gate, -INFINITY, limit, n);
		ops_clamp(up, -limit, limit, n);
	}
	for (size_t i = 0; x->up_plus != 0 && i < n; i++) up[i] += x->up_plus;
	ops_gate(s->activation, gate, up, gate, n);
}

/* How many experts were chosen by any row, and the k-th of them. */
static size_t count_busy(const struct model *m)
{
	size_t busy = 0;
	for (uint32_t x = 0; x < m->config.experts.n; x++) busy += m->choices.first[x + 1] > m->choices.first[x];
	return busy;
}

static uint32_t busy_expert(const struct choices *ch, size_t k)
{
	uint32_t x = 0;
	while (ch->first[x + 1] == ch->first[x] || k-- > 0) x++;
	return x;
}

/* Outputs [first, last) of the products of expert x, and its gate. */
static void expert_up(struct model *m, const struct step *s, const struct activations *in, unsigned t, uint32_t x, size_t first,
                      size_t last)
{
	const struct choices *ch = &m->choices;
	uint32_t begin = ch->first[x], n = ch->first[x + 1] - begin;
	size_t width = slot_width(m, s->out);
	for (uint32_t i = 0; i < s->n_products; i++) {
		struct matrix w = expert_at(&s->product[i], x);
		struct matmul_job job = { .weights = &w,
			                  .in = in,
			                  .bias = bias_of(&s->product[i], x),
			                  .pick = ch->row_of + begin,
			                  .n_pick = n,
			                  .out = model_buffer(m, s->product[i].out) + begin * width,
			                  .out_stride = width };
		matmul(&job, first, last, m->thread_scratch[t]);
	}
	for (uint32_t i = begin; i < begin + n; i++) {
		size_t at = i * width + first;
		float *gate = model_buffer(m, s->product[0].out) + at,
		      *up = model_buffer(m, s->product[s->n_products - 1].out) + at;
		if (m->config.family->early_weights) {
			float weight = slot_weight(m, i);
			ops_scale(gate, weight, last - first);
			if (up != gate) ops_scale(up, weight, last - first);
		}
		gate_slot(m, s, gate, up, last - first);
	}
}

void step_experts_up(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	(void)count;
	struct activations in;
	activations_init(&in, model_buffer(m, s->in), model_width(m, s->in), m->n_rows, m->n_answers, m->config.n_embd, m->exact,
	                 m->thread_q8[t]);
	bool quantized = false;
	for (uint32_t i = 0; i < s->n_products; i++) quantized |= matmul_wants_quantized(s->product[i].weights);
	if (quantized) activations_quantize(&in, 0, in.n_answer);
	size_t first, last, n_ff = m->config.experts.n_ff;
	struct threads_loop loop =
	        threads_loop(m->threads, t, count_busy(m) * n_ff, MATMUL_UNIT, matmul_piece(s->product[0].weights, &in));
	while (threads_next(&loop, &first, &last)) {
		for (size_t next; first < last; first = next) { /* a piece may begin in one expert and end in another */
			size_t k = first / n_ff;
			next = last < (k + 1) * n_ff ? last : (k + 1) * n_ff;
			expert_up(m, s, &in, t, busy_expert(&m->choices, k), first - k * n_ff, next - k * n_ff);
		}
	}
}

/* The rows that chose expert x, as the input of its product. */
static void expert_input(struct model *m, const struct step *s, unsigned t, uint32_t x, struct activations *in)
{
	const struct choices *ch = &m->choices;
	size_t width = slot_width(m, s->in);
	activations_init(in, model_buffer(m, s->in) + ch->first[x] * width, width, ch->first[x + 1] - ch->first[x],
	                 ch->n_answers[x], m->config.experts.n_ff, m->exact, m->thread_q8[t]);
	if (matmul_wants_quantized(s->product[0].weights)) activations_quantize(in, 0, in->n_answer);
}

void step_experts_down(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	(void)count;
	size_t first, last, n_embd = m->config.n_embd, width = slot_width(m, s->out);
	struct activations in = { .n_rows = m->n_rows, .n_answer = m->n_answers };
	uint32_t ready = m->config.experts.n; /* the expert that `in` is of; none yet */
	struct threads_loop loop =
	        threads_loop(m->threads, t, count_busy(m) * n_embd, MATMUL_UNIT, matmul_piece(s->product[0].weights, &in));
	while (threads_next(&loop, &first, &last)) {
		for (size_t next; first < last; first = next) {
			size_t k = first / n_embd;
			uint32_t x = busy_expert(&m->choices, k);
			next = last < (k + 1) * n_embd ? last : (k + 1) * n_embd;
			if (x != ready) expert_input(m, s, t, x, &in);
			ready = x;
			struct matrix w = expert_at(&s->product[0], x);
			struct matmul_job job = { .weights = &w,
				                  .in = &in,
				                  .bias = bias_of(&s->product[0], x),
				                  .out = model_buffer(m, s->out) + m->choices.first[x] * width,
				                  .out_stride = width };
			matmul(&job, first - k * n_embd, next - k * n_embd, m->thread_scratch[t]);
		}
	}
}

void step_experts_sum(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct choices *ch = &m->choices;
	uint32_t used = m->config.experts.n_used;
	size_t first, last, in_width = slot_width(m, s->in), width = model_width(m, s->out);
	threads_range(m->n_rows, 1, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		if (!s->add) memset(model_buffer(m, s->out) + r * width, 0, width * sizeof(float));
		for (uint32_t i = 0; i < used; i++) {
			const float *result = model_buffer(m, s->in) + ch->slot[r * used + i] * in_width;
			float weight = m->config.family->early_weights ? 1 : ch->weight[r * used + i];
			ops_add_scaled(model_buffer(m, s->out) + r * width, result, weight, width);
		}
	}
}
