/* layer_inputs: embeddings of the token for each layer (see layer_inputs.c). Nothing happens in models without them. */
#ifndef HEARTH_MODEL_LAYER_INPUTS_H
#define HEARTH_MODEL_LAYER_INPUTS_H

#include "model/plan_internal.h"
#include "model/weights_internal.h"

bool layer_inputs_bind(const struct weights_binder *b);

/* Makes the buffer b->inputs from the embedded tokens x. */
void layer_inputs_plan(struct plan_builder *b, int x);

/* What the layer's input makes of y, in a new buffer; l->input_post_norm and the sum are left to the layer. */
int layer_input_plan(struct plan_builder *b, const struct layer_weights *l, int y);

#endif
