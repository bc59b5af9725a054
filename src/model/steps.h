/*
 * steps: what each kind of step does, and its table.
 *
 * All `count` threads run a step, each its own share: of rows where the step works row by row, of outputs where it multiplies. A
 * step must not read what another thread writes in the same step.
 */
#ifndef HEARTH_MODEL_STEPS_H
#define HEARTH_MODEL_STEPS_H

#include "model/model_internal.h"

typedef void step_run(struct model *m, const struct step *s, unsigned thread, unsigned count);

struct step_type {
	const char *name;
	bool in_layer; /* belongs to a layer: for those who read the list */
	step_run *run;
	bool (*idle)(const struct model *m, const struct step *s, unsigned count); /* nothing to do in this batch; every thread
	                                                                              answers alike. NULL: never idle */
};

const struct step_type *step_type(enum step_kind kind);

/* The rows of this thread: [*first, *last). */
void step_rows(const struct model *m, unsigned thread, unsigned count, size_t *first, size_t *last);

/* out = norm(in) ; out may be in. */
void step_apply_norm(const struct model *m, const struct norm *norm, const float *in, float *out, size_t n);

/* Turns n_heads heads, each `size` floats behind the one before, by the position of the row, where the layer turns at all. */
void step_turn(const struct model *m, uint32_t layer, size_t row, float *heads, size_t n_heads, size_t size);

/* Shows the inputs of a step's products to the model's observer (observe.c). One thread calls it before its share of the step. */
void observe_step(const struct model *m, const struct step *s);

/* steps.c */
step_run step_tables, step_embed, step_norm, step_add, step_scale, step_matmul, step_vectors, step_last_norm, step_logits;
/* Bytes of scratch that a thread needs for logits. */
size_t step_logits_scratch_bytes(void);
/* heads.c */
step_run step_heads, step_attention, step_merge;
/* layer_inputs.c */
step_run step_layer_inputs, step_layer_input;
/* altup.c */
step_run step_altup_begin, step_altup_predict, step_altup_correct, step_altup_add, step_altup_end, step_sparse_gate;
/* hyper.c */
step_run step_hyper_begin, step_hyper_read, step_hyper_write, step_hyper_end;
/* blocks.c */
step_run step_blocks_store, step_blocks_make, step_blocks_attend;
/* latent.c */
step_run step_latent, step_each_head;
/* xielu.c */
step_run step_xielu;
/* steps_rows.c */
step_run step_gate, step_split, step_lerp, step_shift;
/* recurrent.c */
step_run step_convolution, step_scan_inputs, step_scan, step_scan_outputs;
/* experts.c */
step_run step_choose, step_experts_up, step_experts_down, step_experts_sum;

bool merge_is_idle(const struct model *m, const struct step *s, unsigned count);

#endif
