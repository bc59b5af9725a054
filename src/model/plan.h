/*
 * plan: the forward pass as a flat list of steps over named buffers.
 *
 * It is built once, when a model is opened. Threads run the steps in order, all of them on their own share, with one barrier
 * between two steps and none inside. A buffer holds `width` floats for each row of the batch; its lifetime goes from the step
 * that writes it first to the one that reads it last, and buffers whose lifetimes do not meet share memory. So the memory of a
 * pass is known before the model is loaded, and whoever wants to change what a model does rewrites this list.
 */
#ifndef HEARTH_MODEL_PLAN_H
#define HEARTH_MODEL_PLAN_H

#include "model/weights.h"

/* What each does is said where it runs: the table in model/steps.c names the functions. */
enum step_kind {
	STEP_TABLES,       /* cosines, sines and query factors of every row's position */
	STEP_EMBED,        /* out = embedding of the token, scaled, and of its position */
	STEP_NORM,         /* out = norm(in) */
	STEP_ADD,          /* out += in * factor, or norm(in) * factor; with one more buffer, times the sigmoid of its value */
	STEP_MATMUL,       /* up to three products of one input, and what is done to them (enum plan_after) */
	STEP_HEADS,        /* norms of heads, rope, query factor; then keys and values go into their page */
	STEP_ATTENTION,    /* out = attention of in */
	STEP_MERGE,        /* joins what threads computed of one row's attention, where it was split */
	STEP_SCALE,        /* out = in * factor, in place */
	STEP_LAYER_INPUTS, /* inputs of all layers, from the token and what in holds */
	STEP_LAYER_INPUT,  /* out *= the layer's part of in */
	STEP_ALTUP_BEGIN,  /* streams of several vectors (model/altup.c) */
	STEP_ALTUP_PREDICT,
	STEP_ALTUP_CORRECT,
	STEP_ALTUP_ADD,
	STEP_ALTUP_END,
	STEP_SPARSE_GATE, /* out = act(the largest of in) * up */
	STEP_HYPER_BEGIN, /* streams that blocks mix (model/hyper.c) */
	STEP_HYPER_READ,
	STEP_HYPER_WRITE,
	STEP_HYPER_END,
	STEP_BLOCKS_STORE, /* attention over blocks (model/blocks.c): what a position gives goes into its page */
	STEP_BLOCKS_MAKE,  /* makes the blocks that are complete */
	STEP_BLOCKS_ATTEND,
	STEP_LATENT,       /* latent attention: rope, and keys and values go into their page */
	STEP_EACH_HEAD,    /* out = in times a matrix of its own for each head */
	STEP_XIELU,        /* out = xielu(out), with the layer's numbers */
	STEP_CONVOLUTION,  /* out = what a causal convolution makes of in and the state, activated or not */
	STEP_SCAN_INPUTS,  /* what a recurrent block does to single rows before its scan */
	STEP_SCAN,         /* out = what the block's recurrence makes of in and the state */
	STEP_SCAN_OUTPUTS, /* and to single rows behind it */
	STEP_GATE,         /* out = act(in) * out */
	STEP_SPLIT,        /* parts of in, which lie group after group, to the buffers of `also` */
	STEP_SHIFT,        /* out += weight * factor, the same for every row */
	STEP_LERP,         /* out = in + also[0] * weight, or also[0] * (weight + also[1]) */
	STEP_CHOOSE,       /* in = router logits: chooses experts and their weights, groups rows by expert */
	STEP_EXPERTS_UP,   /* out = act(gate(in)) * up(in), a row for each choice */
	STEP_EXPERTS_DOWN, /* out = down(in), a row for each choice */
	STEP_EXPERTS_SUM,  /* out = sum of in over the row's choices, weighted; or added to out */
	STEP_VECTORS,      /* norm(in) to where rows want it */
	STEP_LAST_NORM,    /* rows that want logits, one behind the other: out = norm(in) */
	STEP_LOGITS,       /* in times the output matrix, to where each row wants it */
	STEP_KINDS
};

enum { PLAN_MAX_PRODUCTS = 3, PLAN_MAX_ALSO = 8, PLAN_MAX_PARTS = 4, PLAN_NO_BUFFER = -1 };

struct plan_buffer {
	const char *name;
	size_t width;       /* floats a row */
	size_t first, last; /* steps */
	size_t offset;      /* floats a row that lie before it: it starts at offset * max_rows in the scratch */
};

/* What is done to the products of a step, by each thread to its own share. */
enum plan_after {
	AFTER_NOTHING,
	AFTER_CLAMP,      /* each to [-limit, limit] */
	AFTER_ACTIVATION, /* product 0 = act(product 0) */
	AFTER_GATE        /* product 0 = act(product 0) * product 1 */
};

struct plan_product {
	const struct matrix *weights;
	size_t expert_rows;        /* of experts: rows from one to the next, at least weights->rows */
	const float *bias, *scale; /* W x * scale + bias; with `add` there is no scale */
	int out;                   /* buffer */
	bool add;                  /* out += */
};

/* How a row consists of equal groups, each of some parts: those of all groups go to one place. */
struct plan_split {
	uint32_t n_parts;
	struct {
		size_t size; /* of one group's, in floats */
		size_t at;   /* where they begin in their buffer */
	} part[PLAN_MAX_PARTS];
};

struct step {
	enum step_kind kind;
	uint32_t layer; /* of those that belong to one */
	int in, out;    /* buffers; of STEP_HEADS: in = queries, out = none */
	int keys, values;
	int also[PLAN_MAX_ALSO]; /* further buffers that the step reads or writes, in an order that its kind fixes */
	uint32_t n_also;
	struct norm norm;
	float factor; /* as the kind says */
	float limit;  /* the same; 0: none */
	bool add;     /* out += */
	enum plan_after after;
	enum ops_activation activation;
	size_t in_at;               /* where the first head's part begins in a row of in */
	size_t in_width, out_width; /* of a head's part of in and out, where each is multiplied by itself */
	const struct hyper *hyper;  /* weights of a mixed stream */
	const struct convolution *convolution;
	const struct plan_split *split;
	const float *weight; /* of STEP_LERP and STEP_SHIFT: as many as out is wide */
	size_t state;        /* of steps with a state: where theirs begins in the layer's, in floats */
	uint32_t n_products;
	struct plan_product product[PLAN_MAX_PRODUCTS];
};

struct plan {
	struct step *steps;
	size_t n_steps, room_steps;
	struct plan_buffer *buffers;
	size_t n_buffers, room_buffers;
	size_t width;    /* floats a row of all buffers together, after sharing */
	size_t max_cols; /* of a product's input */
};

/* What rewrites the list before buffers have places (model/adapter.h). */
struct model_adapter;
struct plan_adapters {
	const struct gguf *model;
	const struct model_adapter *list;
	uint32_t n;
};

/* Memory from the arena. `adapters`: NULL for none. */
bool plan_build(struct plan *p, const struct config *c, const struct weights *w, const struct plan_adapters *adapters,
                struct arena *arena, struct error *e);

#endif
