/*
 * kernel_types: what each entry of the table of kernels computes (see kernels.h for how one is chosen).
 *
 * Everything here works on one thread, allocates nothing, takes pointers of any alignment that the type allows (packed weights:
 * any) and gives bits that do not depend on how many rows or outputs a call has.
 */
#ifndef HEARTH_NN_KERNEL_TYPES_H
#define HEARTH_NN_KERNEL_TYPES_H

#include "nn/attention.h"
#include "nn/attention_16.h"
#include "nn/format.h"
#include "nn/ops.h"
#include "nn/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A row of activations as answer kernels read it; formats that are not quantized read x, the others the 8-bit form. */
struct kernel_row {
	const float *x;
	const int8_t *q;
	const float *scales;
	const int16_t *sums;
	const int8_t
	        *turned; /* q of each 256 as 4 x 8 x 8: values 8i ... 8i + 7 of each group of 32 for i = 0 ... 3; NULL: see turns */
	const float *totals; /* of 32 values: scale times their sum; goes with `turned` */
};

/* out[r * out_stride + o] = packed row o (at weights + o * row_bytes, `cols` weights) times rows[r]; any counts. */
typedef void (*kernel_dot)(const struct format *format, const uint8_t *weights, size_t row_bytes, size_t n_outputs, size_t cols,
                           const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride);

/* The same with the same bits, faster for several rows, at most DOT_MANY_ROWS; added to what `out` holds where `add` is set. cols
 * are whole blocks and at most DOT_MANY_COLS; `scratch` has DOT_MANY_BYTES, aligned to 64. */
enum { DOT_MANY_ROWS = 24, DOT_MANY_COLS = 16384, DOT_MANY_BYTES = DOT_MANY_COLS * 60 };
typedef void (*kernel_dot_many)(const struct format *format, const uint8_t *weights, size_t row_bytes, size_t n_outputs,
                                size_t cols, const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride, bool add,
                                void *scratch);

/* out[r * out_stride + o] = (add ? the old value : 0) + sum over i < n of tile[o * tile_stride + i] * x[r][i]; any counts. The sum
 * over i has one order, whatever the counts. */
typedef void (*kernel_products)(const float *tile, size_t tile_stride, size_t n_outputs, const float *const *x, size_t n_rows,
                                size_t n, float *out, size_t out_stride, bool add);

/*
 * Prompt rows in 16 bits, in one of two forms:
 *     whole numbers  n values of a row share a float scale: weights are -MOST_WEIGHT ... MOST_WEIGHT, magnitudes of activations add
 *                    up to at most MOST_SUM, so that 32 bits hold the sum of their products, which is exact;
 *     bfloat16       products are added in float32; scales are not read.
 * A tile lies in groups of GROUP_16 outputs, one group behind the other: weights 2k and 2k + 1 of a group's output o stand at
 * (k * GROUP_16 + o) * 2, zeros for outputs behind the last. n is a multiple of 32, at most COLS_16.
 */
enum { GROUP_16 = 16, COLS_16 = 512, MOST_WEIGHT = 4096, MOST_SUM = INT32_MAX / MOST_WEIGHT - COLS_16 / 2 };

struct tile_16 {
	const uint16_t *values;
	const float *scales; /* of each output */
};

struct rows_16 {
	const uint16_t *values; /* row r at r * stride */
	size_t stride;
	const float *scales; /* row r's at r * scales_stride */
	size_t scales_stride;
};

/* out[r * out_stride + o] = (add ? the old value : 0) + the product of row r with the tile's output o; any counts. */
typedef void (*kernel_products_16)(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n,
                                   float *out, size_t out_stride, bool add);

/* Rounds n values of a row, weights or activations. One with a value that is no number has no scale, so that its products are none
 * either. */
typedef void (*kernel_round_16)(const float *x, size_t n, uint16_t *out, float *scale);

/*
 * Forms in 8 bits for some formats lie in the same places; those of 64-bit ARM are in bytes_neon.h, here are those of x86-64.
 * Activations are n bytes, those of answer rows, then a float scale for each 32 of them, then each 32's sum times its scale.
 * Weights are n bytes, then floats for each 32, as many as the form has: scales of 32   unsigned codes; the scales of all, then
 * what is added to each scaled code of all; scales of 16   signed codes; for each 32 the scales of both halves, -128 times the sum
 * of its scaled codes, for the activations are multiplied as unsigned bytes, 128 more than they are, and a zero. This brings n
 * packed weights of a row into one, n a multiple of the block.
 */
typedef void (*kernel_codes)(const uint8_t *blocks, size_t n, uint16_t *out);

struct form_16 {
	kernel_products_16 products;          /* NULL: this level does not multiply this form */
	kernel_round_16 round_weights, round; /* `round`: activations, the same function where they may be shared */
	const kernel_codes *codes; /* 8 bits: in place of round_weights, by format; NULL for those that it does not take */
	size_t codes_bytes;        /* of 32 weights with their floats; a multiple of 8 */
};

enum { BYTES_FORMS = 6 }; /* as many as a level has at most; the others are empty */

/* n_outputs rows (at most GROUP_16) of rounded weights to a group; a level without products in 16 bits has an arrangement of its
 * own for its bytes. */
typedef void (*kernel_interleave)(const uint16_t *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group);

/* The 8-bit form of n values, n a multiple of 32 (see struct activations). */
typedef void (*kernel_quantize)(const float *x, size_t n, int8_t *q, float *scales, int16_t *sums);

/* Queries that meet a page together, value by value: value d of query i at x[d * KV_QUERIES + i]; zeros behind a head that fills no
 * whole blocks. For quantized types, where the level has scores of them, also as whole numbers t = 128 high + low for each block of
 * KV_BLOCK values: the query is t * scales[block * KV_QUERIES + i], `sums` are of t, and the terms of values 4g ... 4g + 3 are the
 * bytes of words[(2 * g + term) * KV_QUERIES + i], term 0 the high one. */
enum { KV_QUERIES = 32 };
struct kernel_queries {
	const float *x;
	const int32_t *words;
	const float *scales;
	const int32_t *sums;
};

/* The whole numbers of n_q queries whose x has `length` values, in whole blocks. */
void kernel_queries_split(const float *x, size_t length, size_t n_q, int32_t *words, float *scales, int32_t *sums);

/* scores[i * KV_PAGE + p] = q[i] . key p, for p < n_positions; scores behind them are written too, up to KV_PAGE, and mean
 * nothing. `keys`: a head's part of a page; `next`: what is read after it and therefore fetched meanwhile, or NULL. */
typedef void (*kernel_scores)(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                              float *scores, const void *next);

/* acc[i * head_v + d] = acc * factors[i] + sum over p < n_positions of weights[i * KV_PAGE + p] * value p [d]; `values`: a
 * head's part of a page; in the quantized types head_v fills whole blocks. */
typedef void (*kernel_values)(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                              size_t n_positions, float *acc, const void *next);

/* A part of a page to that of KV_F32. */
typedef void (*kernel_unpack_part)(const uint8_t *part, size_t head, size_t n_positions, float *out);

/* The scores [first[i], last[i]) of each of n_q queries in a page, at scores[i * KV_PAGE], become exp(score - max[i]), after max[i]
 * has been raised to the largest of them, and the others up to n become 0. factors[i] is by what earlier weights shrink, and
 * sum[i], shrunk, takes the new ones in. Scores that are no number stay so. */
struct kernel_span {
	uint8_t first, last;
};
typedef void (*kernel_soften)(float *scores, const struct kernel_span *spans, size_t n_q, size_t n, float *max, float *sum,
                              float *factors);

struct kernels {
	const char *name;

	format_unpack unpack[FORMAT_COUNT];
	kernel_dot dot[FORMAT_COUNT];
	kernel_dot_many dot_many[FORMAT_COUNT]; /* NULL: none */
	kernel_products products;
	struct form_16 whole; /* prompt rows of all formats but F32, of quantized ones where there is no bfloat16 */
	struct form_16 bf16;
	kernel_interleave interleave;
	struct form_16 bytes[BYTES_FORMS]; /* prompt rows of the formats that have `codes` in one of them */
	kernel_quantize quantize;
	bool turns; /* the dots of K formats read `turned` and `totals` of their rows */
	/* runs the multiplications of quantized weights' prompt rows on registers alone; the operations of `turns` turns */
	double (*peak)(size_t turns);

	kernel_scores scores[KV_TYPES]; /* NULL: the part is unpacked for that of KV_F32 */
	kernel_values values[KV_TYPES];
	kernel_unpack_part unpack_keys[KV_TYPES], unpack_values[KV_TYPES]; /* all but KV_F32's */
	kernel_soften soften;
	struct kernels_16 attention_16;                              /* of prompt rows; NULL: they are computed as the others */
	void (*store_half)(const float *x, uint16_t *out, size_t n); /* as half_from_float */

	/* the operations of nn/ops.h that are worth a level's own code */
	float (*dot_float)(const float *a, const float *b, size_t n);
	void (*scale_multiply)(const float *x, const float *weight, float factor, float *out, size_t n); /* x * factor * weight */
	float (*most)(const float *x, size_t n);         /* the largest; -inf when n is 0; what is no number is passed over */
	float (*exp_sum)(float *x, float max, size_t n); /* x = exp(x - max); the sum */
	void (*soft_cap)(float *x, float cap, size_t n);
	void (*gate[OPS_ACTIVATIONS])(const float *gate, const float *up, float *out, size_t n); /* `up` may be NULL */
	void (*sigmoid)(float *x, size_t n);
	void (*add)(const float *a, const float *b, float *out, size_t n);
	void (*multiply)(const float *a, const float *b, float *out, size_t n);
	void (*add_scaled)(float *sum, const float *x, float factor, size_t n);
	/* the recurrences of nn/scan.h */
	void (*scan_rows)(float *state, size_t n_keys, size_t n_values, const struct scan_row *rows, size_t n_rows, bool first);
	void (*scan_channels)(float *state, const float *a, size_t n_state, size_t n_channels, const struct scan_channels_row *rows,
	                      size_t n_rows);

	void (*rope_pairs)(float *x, size_t half, const float *cosines, const float *sines);  /* one head's `half` pairs */
	void (*rope_halves)(float *x, size_t half, const float *cosines, const float *sines); /* one head */
};

/* The chosen table. */
extern const struct kernels *kernels_chosen;

/* The table of a level by name, complete; NULL: unknown, or this CPU or build lacks it. For kerncheck. */
const struct kernels *kernels_find(const char *name);

/* The levels, and the files that they are made of: each fills what it has. */
void kernels_fill_portable(struct kernels *k);
void i16_fill_portable(struct kernels *k);
void ops_fill_portable(struct kernels *k);
void scan_fill_portable(struct kernels *k);
#if defined(__x86_64__)
void kernels_fill_avx2(struct kernels *k);
void attention_16_fill_avx2(struct kernels *k);
void attention_fill_avx2(struct kernels *k);
void bytes_fill_avx2(struct kernels *k);
void dot_fill_avx2(struct kernels *k);
void dot_codes_fill_avx2(struct kernels *k);
void dot_k_fill_avx2(struct kernels *k);
void float_fill_avx2(struct kernels *k);
void i16_fill_avx2(struct kernels *k);
void ops_fill_avx2(struct kernels *k);
void scan_fill_avx2(struct kernels *k);
void unpack_codes_fill_avx2(struct kernels *k);
void unpack_fill_avx2(struct kernels *k);
void kernels_fill_avxvnni(struct kernels *k);
void attention_16_fill_avxvnni(struct kernels *k);
void bytes_fill_avxvnni(struct kernels *k);
void dot_fill_avxvnni(struct kernels *k);
void dot_codes_fill_avxvnni(struct kernels *k);
void dot_k_fill_avxvnni(struct kernels *k);
void i16_fill_avxvnni(struct kernels *k);
void kernels_fill_avx512(struct kernels *k);
void attention_16_fill_avx512(struct kernels *k);
void attention_fill_avx512(struct kernels *k);
void float_fill_avx512(struct kernels *k);
void i16_fill_avx512(struct kernels *k);
void ops_fill_avx512(struct kernels *k);
void scan_fill_avx512(struct kernels *k);
void kernels_fill_avx512vnni(struct kernels *k);
void attention_16_fill_avx512vnni(struct kernels *k);
void attention_fill_avx512vnni(struct kernels *k);
void dot_fill_avx512vnni(struct kernels *k);
void dot_k_fill_avx512vnni(struct kernels *k);
void dot_many_fill_avx512vnni(struct kernels *k);
void i16_fill_avx512vnni(struct kernels *k);
void bytes_fill_avx512vnni(struct kernels *k);
void kernels_fill_avx512bf16(struct kernels *k);
void bf16_fill_avx512bf16(struct kernels *k);
void kernels_fill_amx(struct kernels *k);
void bf16_fill_amx(struct kernels *k);
#elif defined(__aarch64__)
void kernels_fill_neon(struct kernels *k);
void attention_fill_neon(struct kernels *k);
void dot_fill_neon(struct kernels *k);
void float_fill_neon(struct kernels *k);
void ops_fill_neon(struct kernels *k);
void scan_fill_neon(struct kernels *k);
void unpack_fill_neon(struct kernels *k);
void kernels_fill_dotprod(struct kernels *k);
void bytes_fill_dotprod(struct kernels *k);
void dot_fill_dotprod(struct kernels *k);
void kernels_fill_i8mm(struct kernels *k);
void bytes_fill_i8mm(struct kernels *k);
#endif

#endif
