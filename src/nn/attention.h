/*
 * attention: rows of queries over the keys and values of their sessions.
 *
 * Keys and values lie in pages of 64 positions (how: nn/kv_page.h), as floats, as halves, or in blocks of 32 with a scale, as Q8_0
 * and Q4_0 of nn/format.h round them.
 * A page starts as zeros; what lies in it behind the last stored position is finite and does not count.
 *
 * The softmax is online: a page's scores are computed, the running maximum, sum and weighted values move on; no score matrix is
 * written. Prompt rows take the pages in order. For others positions are split every 8 pages (512 positions), each split is
 * computed from a fresh state, and states are merged in order. A result depends on its own row and its kind alone, for any number
 * of threads and any other rows.
 */
#ifndef HEARTH_NN_ATTENTION_H
#define HEARTH_NN_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { KV_PAGE = 64, KV_SPLIT_PAGES = 8, KV_HEAD_MOST = 1024 };

/* The element types of keys and values. */
enum kv_type { KV_F32, KV_F16, KV_Q8_0, KV_Q4_0, KV_TYPES };

/* What a layer keeps of a position. */
struct kv_shape {
	enum kv_type type;
	size_t n_heads; /* of keys and values */
	size_t head_k;  /* a key's length, at most KV_HEAD_MOST */
	size_t head_v;  /* a value's */
};

/* The type named f32, f16, q8_0, q4_0 (as --kv takes it); false: unknown. */
bool kv_type_named(const char *name, enum kv_type *type);
const char *kv_type_name(enum kv_type type);

/* Bytes of one layer's part of a page, a multiple of 64; 0 when the shape cannot be computed with (a size of 0 or too large). */
size_t kv_layer_bytes(const struct kv_shape *shape);

/* Stores the key (n_heads x head_k floats) and the value (n_heads x head_v) of one position; `layer` is the layer's part of
 * the page, `slot` the position in the page (0 ... 63). F16 rounds to nearest; what is beyond its range becomes its
 * largest. Quantized blocks have a half-precision scale for each 32 values. */
void kv_store(const struct kv_shape *shape, uint8_t *layer, size_t slot, const float *k, const float *v);

/* Rows that follow one another in one session. */
struct attention_run {
	size_t first_row; /* in q and out */
	size_t n_rows;
	bool prompt;     /* rows of a prompt, computed in 16 bits where K/V are not F32 and the level has kernels for it */
	size_t position; /* of the first row; row i sees keys 0 ... position + i */
	const uint8_t *const *pages; /* the session's tables of pages, each from position 0 on: enough for the last row; those
	                                wholly before every row's window are not read */
};

struct attention_job {
	struct kv_shape kv;
	size_t table;        /* where the layer's table begins in a run's pages */
	size_t layer_offset; /* of the layer's part in a page */
	size_t n_heads;      /* of queries; a multiple of kv.n_heads: head h reads key head h / (n_heads / kv.n_heads) */
	const float *q;      /* row r: q + r * q_stride, n_heads x kv.head_k floats, already turned */
	size_t q_stride;
	float *out; /* row r: out + r * out_stride, n_heads x kv.head_v floats */
	size_t out_stride;
	float scale;    /* of scores, 1/sqrt(head_k) or what the model says */
	float soft_cap; /* 0: none; else score = cap * tanh(score / cap) */
	size_t window;  /* 0: none; else a row sees its own and the window - 1 positions before it */
	bool chunks;    /* the window does not slide: a row sees the positions before it of its own stretch of that many */
	bool whole;     /* not causal: every row sees all positions to its run's end, of a window half on each side (encoders) */
	const float *slopes; /* n_heads: a score loses slope for each position between; or NULL */
	const float *sinks;  /* n_heads logits that take part in the sum without a value, or NULL */
	const struct attention_run *runs;
	size_t n_runs;
	void *partial; /* attention_partial_bytes; shared by all threads */
};

/* Bytes of scratch a thread needs, aligned to 64. `group`: n_heads / kv.n_heads. */
size_t attention_scratch_bytes(const struct kv_shape *shape, size_t group);

/* Bytes of memory for results of splits that different threads compute, for jobs on `count` threads whose positions stay below
 * n_positions; aligned to 64. May be 0. */
size_t attention_partial_bytes(const struct kv_shape *shape, size_t n_heads, size_t n_positions, unsigned count);

/* Computes thread `thread`'s share of the job, of `count` threads. */
void attention_compute(const struct attention_job *job, unsigned thread, unsigned count, void *scratch);

/* Whether the shares have to be merged: then a barrier and attention_merge on every thread follow. The same for all threads. */
bool attention_wants_merge(const struct attention_job *job, unsigned count);
void attention_merge(const struct attention_job *job, unsigned thread, unsigned count);

#endif
