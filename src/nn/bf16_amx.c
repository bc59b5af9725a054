/*
 * bf16: prompt rows times unpacked weights in bfloat16 on AMX tiles; see bf16_avx512bf16.c for the order of a group, which is that
 * of a tile: 32 inputs of 16 outputs are 16 rows of pairs.
 *
 * A block of 32 rows by 32 outputs keeps four tiles of sums and loads four tiles for four products of 16 x 16 x 32. Sums begin with
 * what stands in the output. Where rows or outputs are fewer, the rest of the tiles is zeros in memory of their own: a sum's
 * order is the same everywhere.
 */
#include "nn/kernel_types.h"
#include "nn/tiles.h"

#include <string.h>

enum { SIDE = 16, BLOCK = 2 * SIDE, SUM_COLS = 1024 };

/* One block: its operands and its sums, where they lie or in memory of its own. */
struct place {
	const uint16_t *x;
	size_t x_stride; /* in values */
	float *sums;
	size_t stride; /* in floats */
};

#define BLOCK_TILES(X, W)                                                                                                          \
	TILE_LOAD(4, (X), x_bytes);                                                                                                \
	TILE_LOAD(6, (W), 64);                                                                                                     \
	TILE_PRODUCTS_BF16(0, 4, 6);                                                                                               \
	TILE_LOAD(7, (W) + group, 64);                                                                                             \
	TILE_PRODUCTS_BF16(1, 4, 7);                                                                                               \
	TILE_LOAD(5, (X) + SIDE * p->x_stride, x_bytes);                                                                           \
	TILE_PRODUCTS_BF16(2, 5, 6);                                                                                               \
	TILE_PRODUCTS_BF16(3, 5, 7);

/* 32 rows by 32 outputs; `group`: values from one group of weights to the next, 0 when there is only one. */
static void whole_block(const struct place *p, const uint16_t *w, size_t group, size_t n, bool add)
{
	const size_t x_bytes = p->x_stride * sizeof *p->x, out_bytes = p->stride * sizeof *p->sums;
	if (add) {
		TILE_LOAD(0, p->sums, out_bytes);
		TILE_LOAD(1, p->sums + SIDE, out_bytes);
		TILE_LOAD(2, p->sums + SIDE * p->stride, out_bytes);
		TILE_LOAD(3, p->sums + SIDE * p->stride + SIDE, out_bytes);
	} else {
		TILE_ZERO(0);
		TILE_ZERO(1);
		TILE_ZERO(2);
		TILE_ZERO(3);
	}
	for (size_t i = 0; i < n; i += 32) {
		BLOCK_TILES(p->x + i, w + i * GROUP_16)
	}
	TILE_STORE(0, p->sums, out_bytes);
	TILE_STORE(1, p->sums + SIDE, out_bytes);
	TILE_STORE(2, p->sums + SIDE * p->stride, out_bytes);
	TILE_STORE(3, p->sums + SIDE * p->stride + SIDE, out_bytes);
}

/* A block of which only rows x outputs are there. */
static void part_of_block(const uint16_t *w, size_t group, const uint16_t *x, size_t x_stride, size_t rows, size_t n, float *out,
                          size_t out_stride, size_t outputs, bool add)
{
	_Alignas(64) uint16_t copy[BLOCK * SUM_COLS];
	_Alignas(64) float sums[BLOCK * BLOCK] = { 0 };
	struct place p = { x, x_stride, sums, BLOCK };
	if (rows < BLOCK) {
		for (size_t r = 0; r < rows; r++) memcpy(copy + r * n, x + r * x_stride, n * sizeof *copy);
		memset(copy + rows * n, 0, (BLOCK - rows) * n * sizeof *copy);
		p.x = copy;
		p.x_stride = n;
	}
	for (size_t r = 0; add && r < rows; r++) memcpy(sums + r * BLOCK, out + r * out_stride, outputs * sizeof *sums);
	whole_block(&p, w, group, n, true);
	for (size_t r = 0; r < rows; r++) memcpy(out + r * out_stride, sums + r * BLOCK, outputs * sizeof *sums);
}

/* One length of at most SUM_COLS of the sum; `whole`: of a group. */
static void part_of_sum(const uint16_t *tile, size_t whole, size_t n_outputs, const uint16_t *x, size_t x_stride, size_t n_rows,
                        size_t n, float *out, size_t out_stride, bool add)
{
	for (size_t o = 0; o < n_outputs; o += BLOCK) {
		size_t outputs = n_outputs - o < BLOCK ? n_outputs - o : BLOCK, group = outputs > SIDE ? whole * GROUP_16 : 0;
		const uint16_t *w = tile + o * whole;
		for (size_t r = 0; r < n_rows; r += BLOCK) {
			size_t rows = n_rows - r < BLOCK ? n_rows - r : BLOCK;
			struct place p = { x + r * x_stride, x_stride, out + r * out_stride + o, out_stride };
			if (rows == BLOCK && outputs == BLOCK)
				whole_block(&p, w, group, n, add);
			else
				part_of_block(w, group, p.x, x_stride, rows, n, p.sums, out_stride, outputs, add);
		}
	}
}

static void products(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                     size_t out_stride, bool add)
{
	tiles_begin();
	for (size_t i = 0; i < n; i += SUM_COLS) {
		size_t some = n - i < SUM_COLS ? n - i : SUM_COLS;
		part_of_sum(tile->values + i * GROUP_16, n, n_outputs, x->values + i, x->stride, n_rows, some, out, out_stride,
		            add || i > 0);
	}
	tiles_end();
}

/* Four sums, as a block has them. */
static double peak(size_t turns)
{
	tiles_begin();
	TILE_ZERO(0);
	TILE_ZERO(1);
	TILE_ZERO(2);
	TILE_ZERO(3);
	TILE_ZERO(4);
	TILE_ZERO(5);
	for (size_t t = 0; t < turns; t++) {
		TILE_PRODUCTS_BF16(0, 4, 5);
		TILE_PRODUCTS_BF16(1, 4, 5);
		TILE_PRODUCTS_BF16(2, 4, 5);
		TILE_PRODUCTS_BF16(3, 4, 5);
	}
	tiles_end();
	return 4.0 * 2 * 16 * 16 * 32 * (double)turns;
}

void bf16_fill_amx(struct kernels *k)
{
	k->peak = peak;
	k->bf16.products = products;
}
