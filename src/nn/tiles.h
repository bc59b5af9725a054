/*
 * tiles: the instructions of Intel's AMX that a kernel uses, so that tests can put plain C in their place on other machines
 * (tests/nn/tiles_emulated.h). Tile numbers are constants, 0 to 7; a tile is 16 rows of 64 bytes.
 */
#ifndef HEARTH_NN_TILES_H
#define HEARTH_NN_TILES_H

#include <immintrin.h>
#include <stdint.h>

/* How the tiles are shaped: palette 1, all eight of 16 rows by 64 bytes. */
struct tiles_shape {
	uint8_t palette, start_row, reserved[14];
	uint16_t row_bytes[16];
	uint8_t rows[16];
};

static inline void tiles_begin(void)
{
	static const struct tiles_shape shape = { .palette = 1,
		                                  .row_bytes = { 64, 64, 64, 64, 64, 64, 64, 64 },
		                                  .rows = { 16, 16, 16, 16, 16, 16, 16, 16 } };
	_tile_loadconfig(&shape);
}

/* Gives the tiles back: a thread that holds none is cheaper to switch. */
static inline void tiles_end(void)
{
	_tile_release();
}

#define TILE_ZERO(t) _tile_zero(t)

/* The compiler does not know that these read and write memory. */
#define TILE_LOAD(t, from, stride)                                                                                                 \
	__asm__ volatile("" ::: "memory");                                                                                         \
	_tile_loadd(t, from, stride)
#define TILE_STORE(t, to, stride)                                                                                                  \
	_tile_stored(t, to, stride);                                                                                               \
	__asm__ volatile("" ::: "memory")

/* Row m, lane n of the sums += for every k: pair k of row m of `a` times lane n of row k of `b`. */
#define TILE_PRODUCTS_BF16(sum, a, b) _tile_dpbf16ps(sum, a, b)

#endif
