/*
 * tiles_emulated: nn/tiles.h in plain C, for one thread, so that the AMX kernel's values are checked on machines without AMX.
 * Include it, then nn/bf16_amx.c.
 *
 * Products follow Intel's description of TDPBF16PS: even and odd members of the pairs are summed each for itself, then both are
 * added to what the tile held. What stands in a tile before it is written is no number, so that a kernel that forgets to is seen.
 */
#ifndef HEARTH_TESTS_NN_TILES_EMULATED_H
#define HEARTH_TESTS_NN_TILES_EMULATED_H

#define HEARTH_NN_TILES_H /* in place of the instructions */

#include "nn/float16.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static uint8_t emulated_tiles[8][16][64];
static bool emulated_configured;

static inline void tiles_begin(void)
{
	memset(emulated_tiles, 0xff, sizeof emulated_tiles);
	emulated_configured = true;
}

static inline void tiles_end(void)
{
	emulated_configured = false;
}

static inline void emulated_load(int t, const void *from, size_t stride)
{
	for (size_t r = 0; r < 16; r++) memcpy(emulated_tiles[t][r], (const uint8_t *)from + r * stride, 64);
}

static inline void emulated_store(int t, void *to, size_t stride)
{
	for (size_t r = 0; r < 16; r++) memcpy((uint8_t *)to + r * stride, emulated_tiles[t][r], 64);
}

static inline void emulated_products(int sum, int a, int b)
{
	for (size_t m = 0; m < 16; m++) {
		for (size_t n = 0; n < 16; n++) {
			float old, part[2] = { 0, 0 };
			for (size_t k = 0; k < 32; k++) {
				part[k % 2] += bfloat_load(&emulated_tiles[a][m][2 * k]) *
				               bfloat_load(&emulated_tiles[b][k / 2][4 * n + 2 * (k % 2)]);
			}
			memcpy(&old, &emulated_tiles[sum][m][4 * n], 4);
			old += part[0] + part[1];
			memcpy(&emulated_tiles[sum][m][4 * n], &old, 4);
		}
	}
	if (!emulated_configured) memset(emulated_tiles[sum], 0xff, sizeof emulated_tiles[sum]);
}

#define TILE_ZERO(t)                  memset(emulated_tiles[t], 0, sizeof emulated_tiles[t])
#define TILE_LOAD(t, from, stride)    emulated_load(t, from, stride)
#define TILE_STORE(t, to, stride)     emulated_store(t, to, stride)
#define TILE_PRODUCTS_BF16(sum, a, b) emulated_products(sum, a, b)

#endif
