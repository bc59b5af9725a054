/*
 * model: an open model that can be run: weights in their file, the plan, and the forward pass over rows.
 *
 * A model is loaded once and does not change. What a conversation computed lives in a sequence (model/sequence.h): a list of
 * K/V pages. model_forward runs a batch of rows; a row is one token at one position of one sequence, and rows of different
 * sequences mix freely. A row's result depends on nothing but its own sequence.
 */
#ifndef HEARTH_MODEL_MODEL_H
#define HEARTH_MODEL_MODEL_H

#include "base/buffer.h"
#include "base/error.h"
#include "base/threads.h"
#include "format/gguf.h"
#include "model/config.h"
#include "nn/attention.h"

#include <stdatomic.h>
#include <stdint.h>

/* A LoRA adapter or control vector (model/adapter.h): an open file, which must outlive the model or variant, and how strongly it
 * counts. */
struct model_adapter {
	const struct gguf *file;
	float scale;
};

struct model_options {
	uint32_t context; /* positions a sequence may hold; 0: the least of trained length, 8192, and what fits in half of
	                     free_memory */
	enum kv_type kv;
	bool exact;         /* float32 everywhere; implies KV_F32 */
	uint32_t max_rows;  /* of one batch; 0: 512, or a text of full length for an encoder */
	size_t free_memory; /* bytes that may be used, for the default context; 0: not known */
	const struct model_adapter *adapters;
	uint32_t n_adapters;
};

/* Answer rows of one batch; prompt rows fill the rest up to max_rows. */
enum { MODEL_MAX_ANSWERS = 64, MODEL_MAX_CONTEXT = 1 << 28 };

/* Bytes. `kv` is for one sequence of full length, with its states and the most marks;
 * scratch is allocated when the model is opened. */
struct model_memory {
	size_t weights, kv, scratch, total;
};

struct model;

/* Builds the plan and allocates the scratch. The file stays the caller's and must live as long as the model; so must `threads`. */
struct model *model_open(const struct gguf *file, const struct model_options *options, struct threads *threads, struct error *e);
void model_close(struct model *m); /* NULL is allowed; sequences must be gone */

/* The model's plan, rewritten for adapters in place of those that the model was opened with: a sequence is computed with it once
 * sequence_adapt says so, beside sequences with other plans. May be called while a batch runs. The model must outlive it, it the
 * sequences. */
struct model_variant;
struct model_variant *model_adapt(const struct model *m, const struct model_adapter *adapters, uint32_t n, struct error *e);
void model_variant_free(struct model_variant *v); /* NULL is allowed */

const struct config *model_config(const struct model *m);
struct model_memory model_memory(const struct model *m);

/* Bytes of keys, values, states and marks of one sequence of so many positions, at most. */
size_t model_kv_bytes(const struct model *m, uint32_t positions);

uint64_t model_parameters(const struct model *m);
uint32_t model_context(const struct model *m);  /* positions */
uint32_t model_max_rows(const struct model *m); /* of one batch */

/* Whether a sequence can forget its last rows (SEQUENCE_TAKE_BACK of them) and nothing else: false for families that carry a state,
 * which go back to a mark (sequence_truncate). Whoever computes rows on trial asks here. */
bool model_drops_rows(const struct model *m);

/* What the plan asks of the machine for one token: `answer_bytes`: weights and the K/V of `depth` positions, read once for an
 * answer token; `prompt_products`: multiplications of weights for a prompt token that wants no logits. */
struct model_work {
	double answer_bytes, prompt_products;
};

struct model_work model_work(const struct model *m, uint32_t depth);

/* Seconds to be expected of an answer token where the weights are read from the disk again and again, since they are more than the
 * free memory (bytes); 0: they are not, or it is not known. Reads a few of them, for at most some seconds, to learn how fast that
 * is.
 */
double model_seconds_from_disk(const struct model *m, size_t free_memory);

/* The list of steps, a line each, and the memory plan: as text, or as the JSON object of DESIGN 11. */
bool model_describe(const struct model *m, bool json, struct buffer *out, struct error *e);

struct sequence;

enum row_kind {
	ROW_PROMPT, /* given text: computed by the arithmetic for many rows */
	ROW_ANSWER  /* one the model wrote: the arithmetic for few */
};

/* One token to be computed. Rows of one sequence stand in order of position, without gaps, behind what the sequence holds. */
struct row {
	struct sequence *sequence;
	int32_t token;
	enum row_kind kind;
	float *logits; /* NULL, or where n_vocab logits go */
	float *vector; /* NULL, or where the n_embd values behind the last layer go, through the last norm */
};

/* One vector, or score, of a text out of the n_rows vectors of its rows (n_rows x n_embd, above 0). `pooling` NONE: the file's,
 * else mean for an encoder and last for the others. A reranker's score goes to out[0]; else model_vector_width floats
 * (model/pooling.c). */
bool model_pool(const struct model *m, enum pooling pooling, const float *vectors, uint32_t n_rows, float *out, struct error *e);

/* Floats of a pooled vector: n_embd, or what matrices behind the pooling give. */
uint32_t model_vector_width(const struct model *m);

/* Computes `n_rows` (at most model_max_rows, of them at most MODEL_MAX_ANSWERS answer rows) and appends them to their sequences.
 * False when a sequence's context is full, memory is out or the file was cut: then the sequences are as before. Calls must not
 * overlap. */
bool model_forward(struct model *m, const struct row *rows, uint32_t n_rows, struct error *e);

/* From now on a batch is given up when *flag becomes true while it runs (any thread may set it): model_forward then soon returns
 * false, the sequences are as before. NULL: never. The flag is the caller's and must live until it is taken back. */
void model_watch(struct model *m, const atomic_bool *flag);

/* What a product is about to read: row i of the input at x + (pick ? pick[i] : i) * stride, `cols` floats. `weights` is where its
 * matrix lies: of experts each one's own; of a fused projection a part of it. */
struct model_seen {
	const uint8_t *weights;
	size_t cols;
	const float *x;
	size_t stride;
	const uint32_t *pick;
	uint32_t n_rows;
};
typedef void model_observer(void *data, const struct model_seen *seen);

/* From now on every batch shows its products' inputs, the logits' excepted, from one thread at a time. NULL: none. */
void model_observe(struct model *m, model_observer *observer, void *data);

#endif
