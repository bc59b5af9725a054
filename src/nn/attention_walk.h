/*
 * attention_walk: what the two ways through a job share (see attention.h): rows whose keys and values are F32 and answer rows go
 * through attention.c, the prompt rows of the other types, where the level has kernels for them, through attention_16.c.
 */
#ifndef HEARTH_NN_ATTENTION_WALK_H
#define HEARTH_NN_ATTENTION_WALK_H

#include "nn/attention.h"

/* Rows of one run for query heads that read one key head. */
struct attention_unit {
	const struct attention_run *run;
	size_t row, n_rows;   /* in the run */
	size_t head, n_heads; /* of queries, all of one key head */
	size_t kv_head;
	size_t split; /* when splits are computed apart */
};

/* The positions that row `row` of a run sees, and that some row of a unit sees: [*first, *last). */
void attention_visible(const struct attention_job *job, const struct attention_run *run, size_t row, size_t *first, size_t *last);
void attention_span(const struct attention_job *job, const struct attention_unit *u, size_t *first, size_t *last);

/* Takes from a score what the distance of query `i` of a unit, row by row and head by head, to `position` costs. */
float attention_lean(const struct attention_job *job, const struct attention_unit *u, size_t i, size_t position);

/* The finished row of a head: weighted values over the sum, in which a sink takes part. */
void attention_finish(const struct attention_job *job, size_t row, size_t head, float max, float sum, const float *acc);

/* Whether a run is attention_16.c's. */
bool attention_16_takes(const struct attention_job *job, const struct attention_run *run);

size_t attention_16_scratch(const struct kv_shape *shape);
void attention_16_compute(const struct attention_job *job, unsigned thread, unsigned count, void *scratch);

#endif
