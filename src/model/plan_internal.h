/* plan_internal: adding steps and buffers, shared by the files that build parts of the plan. */
#ifndef HEARTH_MODEL_PLAN_INTERNAL_H
#define HEARTH_MODEL_PLAN_INTERNAL_H

#include "model/plan.h"

struct plan_builder {
	struct plan *p;
	const struct config *c;
	uint32_t layer; /* the one that is being built */
};

/* A new buffer of `width` floats a row. */
int plan_add_buffer(struct plan_builder *b, const char *name, size_t width);

/* A step behind all others; it is the list's, and valid until the next one is added. */
struct step *plan_add_step(struct plan_builder *b, enum step_kind kind, int in, int out);

void plan_add_norm(struct plan_builder *b, enum step_kind kind, int in, const float *weight, int out);

/* One more product of a STEP_MATMUL. */
void plan_add_product(struct step *s, const struct projection *p, int out, bool add);

/* x += in W, with a norm between where the family has one. */
void plan_add_back(struct plan_builder *b, int in, const struct projection *p, const float *post_norm, int x);

#endif
