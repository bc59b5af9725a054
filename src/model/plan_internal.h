/* plan_internal: adding steps and buffers, shared by the files that build parts of the plan. */
#ifndef HEARTH_MODEL_PLAN_INTERNAL_H
#define HEARTH_MODEL_PLAN_INTERNAL_H

#include "model/plan.h"

struct plan_builder {
	struct plan *p;
	const struct config *c;
	const struct weights *w;
	struct arena *arena;
	uint32_t layer;   /* the one that is being built */
	int inputs;       /* buffer of the layers' inputs (model/layer_inputs.h) */
	int vectors;      /* buffer of a stream of several vectors (model/altup.c) */
	int first_values; /* buffer of the first layer's, where later ones look back at them (model/rwkv7.c) */
	bool failed;      /* memory is out; what is added from then on is lost */
};

/* Where a block's result goes: added to a buffer, or written into it. */
struct plan_sink {
	int out;
	bool add;
};

/* A new buffer of `width` floats a row. */
int plan_add_buffer(struct plan_builder *b, const char *name, size_t width);

/* A step behind all others; it is the list's, and valid until the next one is added. */
struct step *plan_add_step(struct plan_builder *b, enum step_kind kind, int in, int out);

/* A norm of the family's kind without a bias. */
void plan_add_norm(struct plan_builder *b, enum step_kind kind, int in, const float *weight, int out);

/* A new buffer with norm(in), or `in` itself where there is no such norm. */
int plan_normed(struct plan_builder *b, int in, const struct norm *norm, const char *name);

/* One more product of a STEP_MATMUL. */
void plan_add_product(struct step *s, const struct projection *p, int out, bool add);

/* A step with one product. */
struct step *plan_add_matmul(struct plan_builder *b, int in, const struct projection *p, struct plan_sink out);

/* out = act(in) * out. */
void plan_add_gate(struct plan_builder *b, enum ops_activation activation, int in, int out);

/* A STEP_SPLIT without parts, and one more part of it: `size` floats of each group to buffer `out` from `at` on. */
struct plan_split *plan_add_split(struct plan_builder *b, int in);
void plan_add_part(struct plan_builder *b, struct plan_split *split, size_t size, int out, size_t at);

/* down(act(gate) * up), or down(act(up)) without a gate */
void plan_add_feed_forward(struct plan_builder *b, int in, const struct projection *gate, const struct projection *up,
                           const struct projection *down, struct plan_sink out);

/* The steps of a decoder (model/decoder.c). */
void decoder_plan(struct plan_builder *b);

#endif
