/*
 * adapter: LoRA adapters and control vectors from GGUF files, as a rewrite of the plan.
 *
 * An adapter has, for some matrices W of the model, two thin ones: what W x is becomes W x + s B (A x), where s is the adapter's
 * alpha by its rank, times the scale that the user gives. Before a step with such a product come two more, A x into a buffer of its
 * own and B of that into where the product goes; the product is added to it. So several adapters, fused projections and whatever a
 * step does to its result need nothing of their own.
 *
 * A control vector has, for some layers, a direction, which is added to what the layer gives, times the user's scale: one more
 * step behind each of them.
 *
 * Files: llama.cpp's, with NAME.lora_a (rank x inputs) and NAME.lora_b (outputs x rank) for each matrix; those of control vectors
 * (general.architecture is 'controlvector') have direction.N for layer N, counted from 0, of which layer 0 has none.
 */
#ifndef HEARTH_MODEL_ADAPTER_H
#define HEARTH_MODEL_ADAPTER_H

#include "model/model.h"
#include "model/plan_internal.h"

/* Rewrites the list of steps for all adapters, before buffers have places. A tensor of an adapter that no product takes, or that
 * does not fit the model's, is an error. */
bool adapter_rewrite(struct plan_builder *b, const struct gguf *model, const struct model_adapter *adapters, uint32_t n_adapters,
                     struct error *e);

#endif
