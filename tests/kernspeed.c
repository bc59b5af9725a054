/* kernspeed: how long each entry of a level takes on one thread (see kerncheck.c). */
#include "kernspeed.h"

#include "base/threads.h"
#include "nn/kv_page.h"
#include "nn/matmul.h"
#include "nn/roof.h"
#include "nn/weights.h"

#include <stdio.h>
#include <time.h>

enum { MEMORY = ROOF_MEMORY, TIMES = 5 };

static const struct kernels *level;
static uint8_t *memory;
static float sink; /* what the compiler must not leave out */
static uint64_t seed = 4711;

/* What this thread has computed so far, in seconds: a neighbour's turns on the core do not count. */
static double work_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Seconds of the fastest of a few calls. */
#define FASTEST(seconds, call)                                                                                                     \
	double seconds = 1e9;                                                                                                      \
	for (int time_ = 0; time_ < TIMES; time_++) {                                                                              \
		double begin_ = work_seconds();                                                                                    \
		call;                                                                                                              \
		double took_ = work_seconds() - begin_;                                                                            \
		if (took_ < seconds) seconds = took_;                                                                              \
	}

static void speed_roof(bool with_memory)
{
	for (unsigned count = 1; count <= threads_available(); count *= 2) {
		struct threads *t = threads_new(count, NULL);
		if (!t) return;
		if (with_memory)
			printf("memory read, %u threads: %.1f GB/s\n", count, roof_bandwidth(t, memory, TIMES) * 1e-9);
		else
			printf("%s multiplier, %u threads: %.0f GFLOP/s\n", level->name, count, roof_products(t, TIMES) * 1e-9);
		threads_free(t);
	}
}

static void speed_format(const struct format *f)
{
	enum { COLS = 2048 };
	static float x[8 * COLS], scales[8 * COLS / 32], unpacked[COLS], *out;
	static _Alignas(64) int8_t q[8 * COLS], turned[8 * COLS];
	static int16_t sums[8 * COLS / 16];
	static float totals[8 * COLS / 32];
	struct kernel_row rows[16];
	size_t row_bytes = COLS / f->type->weights * f->type->bytes, n = MEMORY / row_bytes;
	out = malloc(8 * n * sizeof *out);
	random_floats(&seed, x, 8 * COLS);
	for (size_t r = 0; r < 8; r++)
		rows[r] = (struct kernel_row){ x + r * COLS,         q + r * COLS,      scales + r * COLS / 32,
			                       sums + r * COLS / 16, turned + r * COLS, totals + r * COLS / 32 };
	memcpy(rows + 8, rows, 8 * sizeof *rows);
	level->quantize(x, 8 * COLS, q, scales, sums);
	activations_turn(q, scales, sums, 8 * COLS, turned, totals);
	for (size_t o = 0; o < n; o++) {
		/* real blocks, the same again and again: values that are no numbers would cost time of their own */
		if (o < 64)
			random_blocks(&seed, f, memory + o * row_bytes, COLS / f->type->weights);
		else
			memcpy(memory + o * row_bytes, memory + o % 64 * row_bytes, row_bytes);
	}
	FASTEST(s1, level->dot[f->index](f, memory, row_bytes, n, COLS, rows, 1, out, n))
	size_t some = (1 << 20) / row_bytes;
	FASTEST(sc, level->dot[f->index](f, memory, row_bytes, some, COLS, rows, 1, out, n))
	FASTEST(s8, level->dot[f->index](f, memory, row_bytes, n / 8, COLS, rows, 8, out, n))
	double many = 0;
	if (level->dot_many[f->index]) {
		void *scratch = aligned_alloc(64, DOT_MANY_BYTES);
		FASTEST(s16, level->dot_many[f->index](f, memory, row_bytes, n / 8, COLS, rows, 16, out, n / 8, false, scratch))
		many = (double)(n / 8 * COLS * 16) / s16 * 1e-9;
		free(scratch);
	}
	FASTEST(su, for (size_t i = 0; i < 2000; i++)
	                    level->unpack[f->index](memory + i % 64 * row_bytes, COLS / f->type->weights, unpacked))
	printf("%s %-5s dot: %5.1f GB/s from memory, %5.1f from cache; %5.1f G products/s with 8 rows, %5.1f with 16; unpack %5.2f "
	       "G weights/s\n",
	       level->name, f->type->name, (double)(n * row_bytes) / s1 * 1e-9, (double)(some * row_bytes) / sc * 1e-9,
	       (double)(n / 8 * COLS * 8) / s8 * 1e-9, many, 2000.0 * COLS / su * 1e-9);
	sink += out[0] + unpacked[0];
	free(out);
}

static void speed_matmul(const struct format *f, size_t n_rows)
{
	enum { COLS = 2048, ROWS = 2048 };
	size_t blocks = (size_t)ROWS * COLS / f->type->weights;
	random_blocks(&seed, f, memory, blocks);
	struct matrix m;
	if (!matrix_init(&m, f, memory, ROWS, COLS)) return;
	float *x = malloc(n_rows * COLS * sizeof *x), *out = malloc(n_rows * ROWS * sizeof *out);
	void *scratch = aligned_alloc(64, (matmul_scratch_bytes() + 63) / 64 * 64);
	random_floats(&seed, x, n_rows * COLS);
	struct activations in;
	activations_init(&in, x, COLS, n_rows, 0, COLS, false, NULL);
	struct matmul_job job = { .weights = &m, .in = &in, .out = out, .out_stride = ROWS };
	FASTEST(s, matmul(&job, 0, ROWS, scratch))
	printf("%s %-5s matmul, %zu prompt rows: %.1f GFLOP/s\n", level->name, f->type->name, n_rows,
	       2.0 * ROWS * COLS * (double)n_rows / s * 1e-9);
	sink += out[0];
	free(x);
	free(out);
	free(scratch);
}

/* The products of prompt rows and what makes their operands, all in cache. */
static void speed_form(const struct form_16 *f, const char *name)
{
	enum { ROWS = 96, OUTS = 256, COLS = COLS_16, CALLS = 50 };
	static uint16_t tile[OUTS * COLS], x[ROWS * (COLS + 32)];
	static float out[ROWS * OUTS], rows[GROUP_16 * (COLS + 32)], scales[OUTS], x_scales[ROWS];
	struct tile_16 t = { tile, scales };
	struct rows_16 from = { x, COLS + 32, x_scales, 1 };
	if (!f->products) return;
	random_floats(&seed, rows, GROUP_16 * (COLS + 32));
	FASTEST(w, for (int i = 0; i < CALLS * ROWS; i++)
	                   f->round_weights(rows + i % GROUP_16 * (COLS + 32), COLS, x + i % ROWS * (COLS + 32), scales + i % OUTS))
	FASTEST(p, for (int i = 0; i < CALLS * OUTS / GROUP_16; i++)
	                   level->interleave(x, COLS + 32, GROUP_16, COLS, tile + i % 16 * GROUP_16 * COLS))
	FASTEST(r, for (int i = 0; i < CALLS * ROWS; i++)
	                   f->round(rows + i % GROUP_16 * (COLS + 32), COLS, x + i % ROWS * (COLS + 32), x_scales + i % ROWS))
	FASTEST(s, for (int i = 0; i < CALLS; i++) f->products(&t, OUTS, &from, ROWS, COLS, out, OUTS, false))
	printf("%s %s products from cache: %.1f GFLOP/s; weights rounded in %.3f ns, interleaved in %.3f, activations rounded in "
	       "%.3f\n",
	       level->name, name, 2.0 * CALLS * ROWS * OUTS * COLS / s * 1e-9, w * 1e9 / ((double)CALLS * ROWS * COLS),
	       p * 1e9 / ((double)CALLS * OUTS * COLS), r * 1e9 / ((double)CALLS * ROWS * COLS));
	sink += out[0];
}

static void speed_attention(enum kv_type type, size_t n_rows, size_t position)
{
	enum { HEADS = 32, KV_HEADS = 8, HEAD = 64 };
	struct attention_job job = { .kv = { type, KV_HEADS, HEAD, HEAD }, .n_heads = HEADS, .scale = 0.125f, .n_runs = 1 };
	size_t layer = kv_layer_bytes(&job.kv), n_pages = (position + n_rows + KV_PAGE - 1) / KV_PAGE;
	const uint8_t **pages = malloc(n_pages * sizeof *pages);
	memset(memory, 0, n_pages * layer);
	for (size_t p = 0; p < n_pages; p++) pages[p] = memory + p * layer;
	float *q = malloc(n_rows * HEADS * HEAD * sizeof *q), *out = malloc(n_rows * HEADS * HEAD * sizeof *out);
	random_floats(&seed, q, n_rows * HEADS * HEAD);
	struct attention_run run = { .n_rows = n_rows, .prompt = n_rows > 1, .position = position, .pages = pages };
	void *scratch = aligned_alloc(64, attention_scratch_bytes(&job.kv, HEADS / KV_HEADS));
	job.q = q, job.q_stride = HEADS * HEAD, job.out = out, job.out_stride = HEADS * HEAD, job.runs = &run;
	FASTEST(s, attention_compute(&job, 0, 1, scratch))
	double pairs = (double)n_rows * ((double)position + (double)(n_rows + 1) / 2);
	printf("%s attention, %s, %zu rows at %zu: %.1f GFLOP/s, K/V read at %.1f GB/s\n", level->name, kv_type_name(type), n_rows,
	       position, pairs * HEADS * HEAD * 4 / s * 1e-9, (double)(n_pages * layer) / s * 1e-9);
	sink += out[0];
	free(pages);
	free(q);
	free(out);
	free(scratch);
}

static void speed_ops(void)
{
	enum { N = 2048, CALLS = 3000 };
	static float x[N], y[N], out[N];
	static int8_t q[N];
	static float scales[N / 32];
	static int16_t sums[N / 16];
	random_floats(&seed, x, N);
	random_floats(&seed, y, N);
#define TIME(what, call)                                                                                                           \
	{                                                                                                                          \
		FASTEST(s, for (int i = 0; i < CALLS; i++) call)                                                                   \
		printf("%s %s: %.2f ns a value\n", level->name, what, s * 1e9 / ((double)N * CALLS));                              \
	}
	TIME("quantize", level->quantize(x, N, q, scales, sums))
	TIME("dot_float", sink += level->dot_float(x, y, N))
	TIME("scale_multiply", level->scale_multiply(x, y, 1.1f, out, N))
	TIME("gate silu", level->gate[OPS_SILU](x, y, out, N))
	TIME("gate gelu", level->gate[OPS_GELU](x, y, out, N))
	TIME("exp_sum", (memcpy(out, x, sizeof out), sink += level->exp_sum(out, 3, N)))
	TIME("rope_pairs", level->rope_pairs(out, N / 2, x, y))
	TIME("rope_halves", level->rope_halves(out, N / 2, x, y))
}

/* A delta net's head: what a row costs while the state stays in cache. */
static void speed_scan(void)
{
	enum { SIZE = 128, ROWS = 64, STATE = 16, CHANNELS = 1024 };
	static float state[SIZE * SIZE], row[SIZE], out[CHANNELS], decay[SIZE], a[CHANNELS * STATE];
	struct scan_row rows[ROWS];
	struct scan_channels_row channels[ROWS];
	random_floats(&seed, row, SIZE);
	for (size_t i = 0; i < SIZE; i++) row[i] *= 0.05f, decay[i] = 0.9f;
	for (size_t i = 0; i < CHANNELS * STATE; i++) a[i] = -0.5f;
	for (size_t r = 0; r < ROWS; r++) {
		rows[r] = (struct scan_row){ decay, row, row, row, row, row, out, 0 };
		channels[r] = (struct scan_channels_row){ a, a, row, row, out };
	}
	FASTEST(s, for (int i = 0; i < 20; i++) level->scan_rows(state, SIZE, SIZE, rows, ROWS, false))
	printf("%s scan_rows, 128 x 128: %.2f us a row\n", level->name, s / (20 * ROWS) * 1e6);
	FASTEST(c, for (int i = 0; i < 20; i++) level->scan_channels(state, a, STATE, CHANNELS, channels, ROWS))
	printf("%s scan_channels, 16 x 1024: %.2f us a row\n", level->name, c / (20 * ROWS) * 1e6);
	sink += out[0];
}

static void speed_all_attention(void)
{
	for (int type = 0; type < KV_TYPES; type++) {
		speed_attention((enum kv_type)type, 1, 32767);
		speed_attention((enum kv_type)type, 128, 512);
		speed_attention((enum kv_type)type, 128, 8192);
	}
}

void kernspeed_level(const struct kernels *kernels, const char *part)
{
	level = kernels;
	if (!part || strcmp(part, "roof") == 0) speed_roof(false);
	if (!part || strcmp(part, "matmul") == 0) {
		speed_form(&level->whole, "whole");
		speed_form(&level->bf16, "bf16");
	}
	for (size_t i = 0; i < FORMAT_COUNT && (!part || strcmp(part, "formats") == 0); i++) speed_format(format_at(i));
	for (size_t i = 0; i < FORMAT_COUNT && (!part || strcmp(part, "matmul") == 0); i++) speed_matmul(format_at(i), 256);
	if (!part || strcmp(part, "attention") == 0) speed_all_attention();
	if (part && strcmp(part, "ops") != 0) return;
	speed_ops();
	speed_scan();
}

bool kernspeed_begin(void)
{
	memory = aligned_alloc(2 << 20, MEMORY);
	if (!memory) return false;
	memset(memory, 1, MEMORY);
	speed_roof(true);
	return true;
}

void kernspeed_end(void)
{
	if (sink == 12345.678f) puts("");
	free(memory);
}
