/* rwkv: see rwkv.h. */
#include "model/rwkv.h"

enum { ROWS_AT_ONCE = 8 };

/* The published code's, for the norm of heads: 1e-5 times 8 squared. */
static const float heads_eps = 64e-5f;

bool rwkv_configure(const struct config_source *s, struct config *c)
{
	struct config_recurrent *r = &c->recurrent;
	r->n_conv = 2;
	if (!config_count(s, "wkv.head_size", 1, CONFIG_MAX_STATE, &r->n_state)) return false;
	if (c->n_embd % r->n_state != 0) return config_fail(s, "wkv.head_size", "does not divide the width");
	r->n_rank = c->n_embd / r->n_state;
	r->n_inner = c->layer[0].n_ff;
	if (r->n_inner == 0) return config_fail(s, "feed_forward_length", "is 0");
	for (uint32_t i = 0; i < c->n_layer; i++) {
		if (c->layer[i].n_ff != r->n_inner) return config_fail(s, "feed_forward_length", "differs from layer to layer");
		c->layer[i].n_ff = 0;
	}
	return true;
}

bool rwkv_bind_shift(const struct weights_binder *b, struct convolution *v)
{
	float *weight = arena_alloc(b->arena, 2 * (size_t)b->c->n_embd, sizeof *weight);
	if (!weight) return error_memory(b->e);
	for (uint32_t i = 0; i < b->c->n_embd; i++) {
		weight[2 * i] = 1;
		weight[2 * i + 1] = -1;
	}
	*v = (struct convolution){ .weight = weight, .n_channels = b->c->n_embd };
	return true;
}

size_t rwkv_part_at(const struct config *c, enum rwkv_part part)
{
	return (size_t)part * c->n_embd;
}

size_t rwkv_state_floats(const struct config *c)
{
	return rwkv_part_at(c, RWKV_HEADS) + (size_t)c->n_embd * c->recurrent.n_state;
}

int rwkv_add_shift(struct plan_builder *b, const struct convolution *v, int in, enum rwkv_part part)
{
	int out = plan_add_buffer(b, "shift", b->c->n_embd);
	recurrent_add_convolution(b, v, in, out, rwkv_part_at(b->c, part), false);
	return out;
}

int rwkv_add_lerp(struct plan_builder *b, int in, int shift, const float *weight, int more, const char *name)
{
	int out = plan_add_buffer(b, name, b->c->n_embd);
	struct step *s = plan_add_step(b, STEP_LERP, in, out);
	s->weight = weight;
	s->also[s->n_also++] = shift;
	if (more != PLAN_NO_BUFFER) s->also[s->n_also++] = more;
	return out;
}

int rwkv_add_plain(struct plan_builder *b, int in, const struct projection *p, const char *name)
{
	int out = plan_add_buffer(b, name, p->weights.rows);
	plan_add_matmul(b, in, p, (struct plan_sink){ out, false });
	return out;
}

int rwkv_add_active(struct plan_builder *b, int in, const struct projection *p, enum ops_activation activation, const char *name)
{
	int out = plan_add_buffer(b, name, p->weights.rows);
	struct step *s = plan_add_matmul(b, in, p, (struct plan_sink){ out, false });
	s->after = AFTER_ACTIVATION;
	s->activation = activation;
	return out;
}

void rwkv_norm_heads(const struct config *c, float *y, const float *weight, const float *bias)
{
	size_t n = c->recurrent.n_state;
	if (!weight) return;
	for (size_t head = 0; head < c->recurrent.n_rank; head++)
		ops_layer_norm(y + head * n, weight + head * n, bias + head * n, heads_eps, y + head * n, n);
}

void rwkv_scan(const struct model *m, const struct step *s, unsigned t, unsigned count, rwkv_prepare *prepare, bool first)
{
	size_t begin, end, n = m->config.recurrent.n_state;
	float room[ROWS_AT_ONCE][4 * CONFIG_MAX_STATE];
	struct scan_row rows[ROWS_AT_ONCE];
	threads_range(m->config.recurrent.n_rank, 1, t, count, &begin, &end);
	for (uint32_t i = 0; i < m->n_timelines; i++) {
		for (uint32_t k = 0; k < m->timelines[i].n_segments; k++) {
			const struct segment *g = &m->segments[m->timelines[i].first + k];
			for (size_t head = begin; head < end; head++) {
				float *state = recurrent_take_state(m, s, g, s->state + head * n * n, n * n);
				for (uint32_t row = 0; row < g->n_rows; row += ROWS_AT_ONCE) {
					uint32_t now = g->n_rows - row < ROWS_AT_ONCE ? g->n_rows - row : ROWS_AT_ONCE;
					for (uint32_t j = 0; j < now; j++)
						rows[j] = prepare(m, s, m->order[g->first + row + j], head, room[j]);
					scan_rows(state, n, n, rows, now, first);
				}
			}
		}
	}
}
