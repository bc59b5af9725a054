/* plan: adding steps and buffers, and finding a place for every buffer (see plan.h and plan_internal.h). */
#include "model/adapter.h"
#include "model/plan_internal.h"

#include <string.h>

enum { FIRST_ROOM = 256 };

/* Room for one more element behind `count` of `size` bytes; false when memory is out. */
static bool grow(struct plan_builder *b, void **elements, size_t count, size_t *room, size_t size)
{
	if (count < *room) return true;
	size_t more = *room ? *room * 2 : FIRST_ROOM;
	void *larger = b->failed ? NULL : arena_alloc(b->arena, more, size);
	if (!larger) {
		b->failed = true;
		return false;
	}
	if (count) memcpy(larger, *elements, count * size);
	*elements = larger;
	*room = more;
	return true;
}

int plan_add_buffer(struct plan_builder *b, const char *name, size_t width)
{
	struct plan *p = b->p;
	void *buffers = p->buffers;
	if (!grow(b, &buffers, p->n_buffers, &p->room_buffers, sizeof *p->buffers)) return PLAN_NO_BUFFER;
	p->buffers = buffers;
	p->buffers[p->n_buffers] = (struct plan_buffer){ .name = name, .width = width };
	return (int)p->n_buffers++;
}

struct step *plan_add_step(struct plan_builder *b, enum step_kind kind, int in, int out)
{
	static struct step lost; /* written when memory is out, never read */
	struct plan *p = b->p;
	void *steps = p->steps;
	if (!grow(b, &steps, p->n_steps, &p->room_steps, sizeof *p->steps)) {
		lost.n_products = 0;
		return &lost;
	}
	p->steps = steps;
	struct step *s = &p->steps[p->n_steps++];
	*s = (struct step){ .kind = kind,
		            .layer = b->layer,
		            .in = in,
		            .out = out,
		            .keys = PLAN_NO_BUFFER,
		            .values = PLAN_NO_BUFFER,
		            .factor = 1,
		            .activation = b->c->family->activation };
	return s;
}

void plan_add_norm(struct plan_builder *b, enum step_kind kind, int in, const float *weight, int out)
{
	plan_add_step(b, kind, in, out)->norm = (struct norm){ .weight = weight, .layer = b->c->family->norm == NORM_LAYER };
}

int plan_normed(struct plan_builder *b, int in, const struct norm *norm, const char *name)
{
	if (!norm->weight) return in;
	int out = plan_add_buffer(b, name, b->failed ? 0 : b->p->buffers[in].width);
	plan_add_step(b, STEP_NORM, in, out)->norm = *norm;
	return out;
}

void plan_add_product(struct step *s, const struct projection *p, int out, bool add)
{
	s->product[s->n_products++] =
	        (struct plan_product){ .weights = &p->weights, .bias = p->bias, .scale = p->scale, .out = out, .add = add };
}

struct step *plan_add_matmul(struct plan_builder *b, int in, const struct projection *p, struct plan_sink out)
{
	bool apart = out.add && p->scale;
	int to = apart ? plan_add_buffer(b, "scaled", p->weights.rows) : out.out;
	struct step *s = plan_add_step(b, STEP_MATMUL, in, PLAN_NO_BUFFER);
	plan_add_product(s, p, to, out.add && !apart);
	return apart ? plan_add_step(b, STEP_ADD, to, out.out) : s;
}

void plan_add_gate(struct plan_builder *b, enum ops_activation activation, int in, int out)
{
	plan_add_step(b, STEP_GATE, in, out)->activation = activation;
}

struct plan_split *plan_add_split(struct plan_builder *b, int in)
{
	static struct plan_split lost; /* written when memory is out, never read */
	struct plan_split *split = arena_alloc(b->arena, 1, sizeof *split);
	plan_add_step(b, STEP_SPLIT, in, PLAN_NO_BUFFER)->split = split;
	if (split) return split;
	b->failed = true;
	lost.n_parts = 0;
	return &lost;
}

void plan_add_part(struct plan_builder *b, struct plan_split *split, size_t size, int out, size_t at)
{
	if (b->failed) return;
	struct step *s = &b->p->steps[b->p->n_steps - 1];
	s->also[s->n_also++] = out;
	split->part[split->n_parts].size = size;
	split->part[split->n_parts++].at = at;
}

static void use(struct plan *p, int buffer, size_t step)
{
	if (buffer == PLAN_NO_BUFFER) return;
	struct plan_buffer *b = &p->buffers[buffer];
	if (b->last == 0) b->first = step;
	b->last = step;
}

static void find_lifetimes(struct plan *p, const struct weights *w)
{
	for (size_t i = 0; i < p->n_steps; i++) {
		const struct step *s = &p->steps[i];
		use(p, s->in, i);
		use(p, s->out, i);
		use(p, s->keys, i);
		use(p, s->values, i);
		for (uint32_t k = 0; k < s->n_also; k++) use(p, s->also[k], i);
		for (uint32_t k = 0; k < s->n_products; k++) {
			use(p, s->product[k].out, i);
			if (s->product[k].weights->cols > p->max_cols) p->max_cols = s->product[k].weights->cols;
		}
	}
	if (w->output.weights.cols > p->max_cols) p->max_cols = w->output.weights.cols;
}

/* First fit: each buffer, in order of its first step, goes to the lowest place that no buffer alive at the same time takes. */
static void place(struct plan *p, struct plan_buffer *b, const size_t *alive, size_t n_alive)
{
	for (bool moved = true; moved;) {
		moved = false;
		for (size_t k = 0; k < n_alive; k++) {
			const struct plan_buffer *o = &p->buffers[alive[k]];
			if (b->offset >= o->offset + o->width || o->offset >= b->offset + b->width) continue;
			b->offset = o->offset + o->width;
			moved = true;
		}
	}
	if (b->offset + b->width > p->width) p->width = b->offset + b->width;
}

static bool place_buffers(struct plan *p, struct arena *arena)
{
	size_t *order = arena_alloc(arena, p->n_buffers, sizeof *order), *alive = arena_alloc(arena, p->n_buffers, sizeof *alive);
	if (!order || !alive) return false;
	size_t n_alive = 0;
	for (size_t i = 0; i < p->n_buffers; i++) { /* they come nearly sorted */
		size_t at = i;
		for (; at > 0 && p->buffers[order[at - 1]].first > p->buffers[i].first; at--) order[at] = order[at - 1];
		order[at] = i;
	}
	for (size_t i = 0; i < p->n_buffers; i++) {
		struct plan_buffer *b = &p->buffers[order[i]];
		size_t kept = 0;
		for (size_t k = 0; k < n_alive; k++) {
			if (p->buffers[alive[k]].last >= b->first) alive[kept++] = alive[k];
		}
		n_alive = kept;
		place(p, b, alive, n_alive);
		alive[n_alive++] = order[i];
	}
	return true;
}

bool plan_build(struct plan *p, const struct config *c, const struct weights *w, const struct plan_adapters *adapters,
                struct arena *arena, struct error *e)
{
	memset(p, 0, sizeof *p);
	struct plan_builder b = { .p = p, .c = c, .w = w, .arena = arena };
	decoder_plan(&b);
	if (!b.failed && adapters && !adapter_rewrite(&b, adapters->model, adapters->list, adapters->n, e)) return false;
	if (b.failed) return error_memory(e);
	find_lifetimes(p, w);
	return place_buffers(p, arena) || error_memory(e);
}
