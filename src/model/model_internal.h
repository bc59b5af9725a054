/* model_internal: what an open model holds, shared by opening (model.c) and running (forward.c and the steps). */
#ifndef HEARTH_MODEL_MODEL_INTERNAL_H
#define HEARTH_MODEL_MODEL_INTERNAL_H

#include "base/arena.h"
#include "base/file_ahead.h"
#include "model/model.h"
#include "model/page_tables.h"
#include "model/plan.h"
#include "model/rope.h"
#include "model/sequence_internal.h"
#include "nn/attention.h"

/* The plan rewritten for some adapters. */
struct model_variant {
	struct arena *arena;
	struct plan plan;
	const struct gguf **files; /* of the adapters */
	uint32_t n_files;
};

/* A row as the steps see it; answer rows come first. */
struct batch_row {
	struct sequence *sequence;
	uint32_t position;
	int32_t token;
	float *logits, *vector;
};

/* Rows grouped by expert: slot s stands for one choice of one row. */
struct choices {
	uint32_t *expert;     /* [row][n_expert_used]: chosen, best first */
	float *weight;        /* the same */
	uint32_t *slot;       /* the same: where its results lie */
	uint32_t *row_of;     /* [slot]: row, ascending within an expert */
	uint32_t *first;      /* [n_expert + 1]: an expert's slots are first[e] ... first[e + 1] - 1 */
	uint32_t *n_answers;  /* [n_expert]: of its slots, the first so many are of answer rows */
	float *score, *group; /* [n_expert]: of one row, while it chooses */
	uint32_t *best_group;
};

/* Rows of one sequence that follow one another and have one state before and one behind them. */
struct segment {
	uint32_t first, n_rows; /* in model.order */
	const float *in;        /* state before the first row; NULL: zeros */
	float *out;             /* behind the last */
};

/* One sequence's segments in this batch: each begins with the state that the one before wrote. */
struct timeline {
	uint32_t first, n_segments;
};

struct model {
	const struct gguf *file;
	struct threads *threads;
	struct arena *arena;
	struct file_ahead ahead;
	struct config config;
	struct weights weights;
	struct plan plan; /* its own, without what sequences have adapted */
	struct rope rope[ROPE_SETS];
	bool exact;
	uint32_t context, max_rows, max_answers;
	float *slopes; /* of each head's bias by distance, or NULL */

	struct page_tables pages;
	size_t bytes_in_pages;
	size_t *state_offset; /* of each layer's part in a state, in floats */
	size_t state_bytes;   /* 0: a family without states */

	/* scratch, in one block of memory */
	uint8_t *scratch;
	size_t scratch_bytes;
	size_t room_width, room_cols; /* of the widest plan that it was made for */
	float *buffers;               /* room_width x max_rows */
	float *tables[ROPE_SETS];     /* [row][n_rot / 2] cosines, then the same of sines; NULL: no layer uses them */
	float *query_factor;          /* [row] */
	void *partial;                /* of attention */
	uint8_t **thread_scratch;     /* [thread]: for kernels */
	uint8_t **thread_q8;          /* [thread]: 8-bit form of answer rows */
	uint16_t *x_16;               /* prompt rows of a step's input in 16 bits, where the kernels want them */
	struct choices choices;

	/* the batch that is being run, or the part of it whose sequences have one plan */
	const struct plan *running;
	const struct model_variant *variant; /* whose plan it is; NULL: the model's own */
	struct batch_row *rows;
	struct attention_run *runs;
	uint32_t n_rows, n_answers, n_runs;
	uint32_t n_vectors; /* rows that want theirs */
	uint32_t *place;    /* of each row as given: its index in `rows` */
	uint32_t *order;    /* rows, sequence after sequence, by position: for recurrent blocks */
	struct segment *segments;
	struct timeline *timelines;
	uint32_t n_timelines;
	uint32_t *wanted; /* rows that want logits, ascending */
	uint32_t n_wanted, n_wanted_answers;
	model_observer *observer; /* NULL: none */
	void *observer_data;
	const atomic_bool *watched; /* gives the batch up; NULL: nothing does */
	bool given_up[2];           /* as thread 0 saw it at the last step and the one before, so that all threads see the same */
};

static inline float *model_buffer(const struct model *m, int buffer)
{
	return m->buffers + m->running->buffers[buffer].offset * m->max_rows;
}

static inline size_t model_width(const struct model *m, int buffer)
{
	return m->running->buffers[buffer].width;
}

/* Floats of state that a sequence has for a layer; 0: it has no recurrent block (model/recurrent.c). */
size_t recurrent_state_floats(const struct config *c, uint32_t layer);

/* Makes the scratch large enough for a plan; when that fails it is as before. No batch may be running. */
bool model_make_room(struct model *m, const struct plan *plan, struct error *e);

/* Whether a row belongs to the part of the batch that is being run. */
static inline bool model_runs(const struct model *m, const struct sequence *s)
{
	return s->variant == m->variant;
}

/* Lists the batch's timelines and segments, once all rows have their places (model/recurrent.c). */
void recurrent_order(struct model *m, const struct row *rows, uint32_t n_rows);

/* What lies at `place` of the page that holds a position. */
static inline uint8_t *model_page(const struct model *m, const struct sequence *s, const struct page_place *place,
                                  uint32_t position)
{
	return s->pages[place->table * m->pages.n_pages + position / KV_PAGE] + place->offset;
}

#endif
