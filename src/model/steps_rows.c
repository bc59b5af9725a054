/* steps_rows: small steps between blocks, each row by itself: gate, split, lerp. */
#include "model/steps.h"

#include <string.h>

static float *row_of(const struct model *m, int buffer, size_t row)
{
	return model_buffer(m, buffer) + row * model_width(m, buffer);
}

void step_gate(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->out);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		float *out = row_of(m, s->out, r);
		ops_gate(s->activation, row_of(m, s->in, r), out, out, width);
	}
}

void step_split(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	const struct plan_split *split = s->split;
	size_t first, last, group = 0;
	step_rows(m, t, count, &first, &last);
	for (uint32_t p = 0; p < split->n_parts; p++) group += split->part[p].size;
	for (size_t r = first; r < last; r++) {
		const float *in = row_of(m, s->in, r);
		for (uint32_t p = 0; p < split->n_parts; p++) {
			size_t size = split->part[p].size;
			float *out = row_of(m, s->also[p], r) + split->part[p].at;
			for (size_t g = 0; g * group < model_width(m, s->in); g++)
				memcpy(out + g * size, in + g * group, size * sizeof *in);
			in += size;
		}
	}
}

void step_lerp(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, n = model_width(m, s->out);
	int toward = s->also[0], share = s->n_also > 1 ? s->also[1] : PLAN_NO_BUFFER;
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) {
		const float *in = row_of(m, s->in, r), *way = row_of(m, toward, r);
		const float *more = share == PLAN_NO_BUFFER ? NULL : row_of(m, share, r);
		float *out = row_of(m, s->out, r);
		for (size_t i = 0; i < n; i++) out[i] = in[i] + way[i] * (more ? s->weight[i] + more[i] : s->weight[i]);
	}
}

void step_shift(struct model *m, const struct step *s, unsigned t, unsigned count)
{
	size_t first, last, width = model_width(m, s->out);
	step_rows(m, t, count, &first, &last);
	for (size_t r = first; r < last; r++) ops_add_scaled(model_buffer(m, s->out) + r * width, s->weight, s->factor, width);
}
