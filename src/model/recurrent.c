/* recurrent: the table of blocks, timelines, and the convolution (see recurrent.h). */
#include "model/recurrent.h"

#include "model/steps.h"

#include <math.h>
#include <string.h>

enum { CHANNELS_AT_ONCE = 64 };

const struct recurrent_block *recurrent_block(enum recurrent_kind kind)
{
	static const struct recurrent_block *const blocks[RECURRENT_KINDS] = {
		[RECURRENT_MAMBA] = &recurrent_mamba,         [RECURRENT_MAMBA2] = &recurrent_mamba2,
		[RECURRENT_PLAMO2] = &recurrent_plamo2,       [RECURRENT_SHORT_CONVOLUTION] = &recurrent_short_convolution,
		[RECURRENT_DELTA_NET] = &recurrent_delta_net, [RECURRENT_KIMI_DELTA] = &recurrent_kimi_delta,
		[RECURRENT_RWKV6] = &recurrent_rwkv6,         [RECURRENT_RWKV7] = &recurrent_rwkv7,
	};
	return blocks[kind];
}

bool recurrent_configure_scan(const struct config_source *s, struct config *c)
{
	struct config_recurrent *r = &c->recurrent;
	return config_count(s, "ssm.conv_kernel", 1, CONFIG_MAX_CONV, &r->n_conv) &&
	       config_count(s, "ssm.inner_size", 1, CONFIG_MAX_EMBD, &r->n_inner) &&
	       config_count(s, "ssm.state_size", 1, CONFIG_MAX_STATE, &r->n_state) &&
	       config_count(s, "ssm.time_step_rank", 1, CONFIG_MAX_EMBD, &r->n_rank) &&
	       config_count(s, "ssm.group_count", 0, CONFIG_MAX_HEADS, &r->n_group);
}

/* ---- timelines ---- */

size_t recurrent_state_floats(const struct config *c, uint32_t layer)
{
	enum recurrent_kind kind = c->layer[layer].recurrent;
	return kind ? recurrent_block(kind)->state_floats(c) : 0;
}

/* Cuts the rows of a sequence, which stand in `order` from `first` on, where a state is to be written. */
static void add_segments(struct model *m, const struct sequence *s, uint32_t first, uint32_t *n_segments)
{
	const uint8_t *in = s->state;
	uint32_t position = s->length;
	m->timelines[m->n_timelines++] = (struct timeline){ .first = *n_segments, .n_segments = s->n_next };
	for (uint32_t i = 0; i < s->n_next; i++) {
		uint32_t n = s->next[i].length - position;
		m->segments[(*n_segments)++] = (struct segment){
			.first = first, .n_rows = n, .in = (const float *)(const void *)in, .out = (float *)(void *)s->next[i].state
		};
		in = s->next[i].state;
		position += n;
		first += n;
	}
}

void recurrent_order(struct model *m, const struct row *rows, uint32_t n_rows)
{
	uint32_t n_ordered = 0, n_segments = 0;
	m->n_timelines = 0;
	for (uint32_t i = 0; i < n_rows; i++) {
		bool listed = !model_runs(m, rows[i].sequence);
		for (uint32_t k = 0; k < i && !listed; k++) listed = rows[k].sequence == rows[i].sequence;
		if (listed) continue;
		uint32_t first = n_ordered;
		for (uint32_t k = i; k < n_rows; k++) {
			if (rows[k].sequence == rows[i].sequence) m->order[n_ordered++] = m->place[k];
		}
		add_segments(m, rows[i].sequence, first, &n_segments);
	}
}

float *recurrent_take_state(const struct model *m, const struct step *s, const struct segment *g, size_t offset, size_t n)
{
	size_t at = m->state_offset[s->layer] + offset;
	if (g->in)
		memcpy(g->out + at, g->in + at, n * sizeof(float));
	else
		memset(g->out + at, 0, n * sizeof(float));
	return g->out + at;
}

float recurrent_softplus(float x)
{
	return x > 20 ? x : log1pf(expf(x));
}

/* ---- convolution ---- */

bool recurrent_bind_convolution(const struct weights_binder *b, uint32_t layer, const char *role, size_t n_channels,
                                struct convolution *v)
{
	char name[WEIGHTS_MAX_NAME];
	v->n_channels = n_channels;
	return weights_table(b, weights_name(name, layer, role, ".weight"), b->c->recurrent.n_conv, n_channels, &v->weight) &&
	       weights_vector(b, weights_name(name, layer, role, ".bias"), false, n_channels, &v->bias);
}

size_t recurrent_convolution_floats(const struct config *c, size_t n_channels)
{
	return (c->recurrent.n_conv - 1) * n_channels;
}

void recurrent_add_convolution(struct plan_builder *b, const struct convolution *v, int in, int out, size_t state, bool silu)
{
	struct step *s = plan_add_step(b, STEP_CONVOLUTION, in, out);
	s->convolution = v;
	s->state = state;
	s->after = silu ? AFTER_ACTIVATION : AFTER_NOTHING;
}

/* The input of `back` rows before row i of the segment: a row of it, or what its state holds; NULL: zeros. */
static const float *input_before(const struct model *m, const struct step *s, const struct segment *g, uint32_t i, uint32_t back)
{
	if (back <= i) return recurrent_row(m, g, i - back, s->in);
	size_t kept = m->config.recurrent.n_conv - 1, n = s->convolution->n_channels;
	if (!g->in) return NULL;
	return g->in + m->state_offset[s->layer] + s->state + (kept - (back - i)) * n;
}

/* Channels [first, first + n) of all rows of a segment, n at most CHANNELS_AT_ONCE. */
static void convolve(const struct model *m, const struct step *s, const struct segment *g, size_t first, size_t n)
{
	const struct convolution *v = s->convolution;
	uint32_t taps = m->config.recurrent.n_conv;
	float turned[CONFIG_MAX_CONV][CHANNELS_AT_ONCE]; /* [positions before][channel] */
	for (uint32_t back = 0; back < taps; back++) {
		for (size_t c = 0; c < n; c++) turned[back][c] = v->weight[(first + c) * taps + taps - 1 - back];
	}
	for (uint32_t i = 0; i < g->n_rows; i++) {
		float *out = recurrent_row(m, g, i, s->out) + first;
		float sum[CHANNELS_AT_ONCE] = { 0 };
		for (uint32_t back = taps; back-- > 0;) {
			const float *in = input_before(m, s, g, i, back);
			for (size_t c = 0; in && c < n; c++) sum[c] += turned[back][c] * in[first + c];
		}
		for (size_t c = 0; c < n; c++) out[c] = v->bias ? sum[c] + v->bias[first + c] : sum[c];
		if (s->after == AFTER_ACTIVATION) ops_gate(OPS_SILU, out, NULL, out, n);
	}
}

/* The inputs that the rows behind the segment need. */
static void keep_inputs(const struct model *m, const struct step *s, const struct segment *g, size_t first, size_t n)
{
	float *state = g->out + m->state_offset[s->layer] + s->state + first;
	for (uint32_t kept = m->config.recurrent.n_conv - 1, back = kept; back > 0; back--) {
		const float *in = input_before(m, s, g, g->n_rows, back);
		float *out = state + (kept - back) * s->convolution->n_channels;
		if (in)
			memcpy(out, in + first, n * sizeof *out);
		else
			memset(out, 0, n * sizeof *out);
	}
}

void step_convolution(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last;
	threads_range(s->convolution->n_channels, MATMUL_UNIT, t, count, &first, &last);
	for (uint32_t i = 0; i < m->n_timelines; i++) {
		const struct segment *g = m->segments + m->timelines[i].first;
		for (uint32_t k = 0; k < m->timelines[i].n_segments; k++) {
			for (size_t c = first; c < last; c += CHANNELS_AT_ONCE) {
				size_t n = last - c < CHANNELS_AT_ONCE ? last - c : CHANNELS_AT_ONCE;
				convolve(m, s, &g[k], c, n);
				keep_inputs(m, s, &g[k], c, n);
			}
		}
	}
}

/* ---- the block's own steps ---- */

void step_scan_inputs(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last;
	step_rows(m, t, count, &first, &last);
	recurrent_block_of(m, s)->inputs(m, s, first, last);
}

void step_scan(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	recurrent_block_of(m, s)->scan(m, s, t, count);
}

void step_scan_outputs(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last;
	step_rows(m, t, count, &first, &last);
	recurrent_block_of(m, s)->outputs(m, s, first, last);
}
