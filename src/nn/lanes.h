/*
 * lanes: vectors of a level's width, for pages of code that are compiled once for each level.
 *
 * A level's file defines OPS_LANES and OPS_LEVEL, includes this page and what is written with it, and is compiled with that level's
 * instructions. Vectors are the compiler's own; where an instruction says it better than the compiler finds, the file defines
 *     OPS_FUSED(a, b, c)   a * b + c                (default: two roundings)
 *     OPS_LEAST(a, b)      a < b ? a : b            (so b when one is no number)
 *
 * exp: x = n ln 2 + r with n ln 2 in two parts, a polynomial of degree 7 in r, at most 2 ulp; 0 below the smallest normal
 * float, and at most 2.4e38 so that sums stay finite.
 */
#ifndef HEARTH_NN_LANES_H
#define HEARTH_NN_LANES_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef OPS_LANES
#define OPS_LANES 4
#define OPS_LEVEL portable
#endif

#define OPS_NAME_(name, level) name##_##level
#define OPS_NAME(name, level)  OPS_NAME_(name, level)

enum { LANES = OPS_LANES };

typedef float lanes __attribute__((vector_size(OPS_LANES * 4)));
typedef uint32_t bits __attribute__((vector_size(OPS_LANES * 4)));

static inline lanes lanes_load(const float *p)
{
	lanes v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void lanes_store(float *p, lanes v)
{
	memcpy(p, &v, sizeof v);
}

/* The first n values; zeros behind them. */
static inline lanes lanes_load_part(const float *p, size_t n)
{
	lanes v = { 0 };
	memcpy(&v, p, n * sizeof *p);
	return v;
}

static inline lanes lanes_of(float f)
{
	return f - (lanes){ 0 }; /* not a sum: adding 0 to -0 would have to be computed */
}

#ifndef OPS_FUSED
#define OPS_FUSED(a, b, c) ((a) * (b) + (c))
#endif
#ifndef OPS_LEAST
#define OPS_LEAST(a, b) lanes_choose((bits)((a) < (b)), a, b)
#endif

/* mask ? a : b, where a lane of the mask is all ones or all zeros. */
static inline lanes lanes_choose(bits mask, lanes a, lanes b)
{
	return (lanes)((mask & (bits)a) | (~mask & (bits)b));
}

/* Halves folded onto each other until one is left. */
static inline float lanes_sum(lanes v)
{
	float f[LANES];
#pragma GCC unroll 16
	for (size_t i = 0; i < LANES; i++) f[i] = v[i];
#pragma GCC unroll 4
	for (size_t width = LANES / 2; width > 0; width /= 2) {
#pragma GCC unroll 8
		for (size_t i = 0; i < width; i++) f[i] += f[i + width];
	}
	return f[0];
}

static inline lanes lanes_exp(lanes x)
{
	const lanes magic =
	        lanes_of(12582912.0f); /* 1.5 * 2^23: a sum with it is rounded to a whole number, which stands in its low bits */
	bits small = (bits)(x < -87.336f);
	x = OPS_LEAST(lanes_of(88.37f), x);
	lanes shifted = OPS_FUSED(x, lanes_of(0x1.715476p+0f), magic), n = shifted - magic;
	lanes r = OPS_FUSED(n, lanes_of(-0x1.62e400p-1f), x);
	r = OPS_FUSED(n, lanes_of(-0x1.7f7d1cp-20f), r);
	lanes r2 = r * r;
	lanes p23 = OPS_FUSED(r, lanes_of(1.0f / 6), lanes_of(0.5f)), p45 = OPS_FUSED(r, lanes_of(1.0f / 120), lanes_of(1.0f / 24));
	lanes p67 = OPS_FUSED(r, lanes_of(1.0f / 5040), lanes_of(1.0f / 720));
	lanes p = OPS_FUSED(OPS_FUSED(p67, r2, p45), r2 * r2, OPS_FUSED(p23, r2, r)) + 1.0f;
	/* times 2^n: into the exponent */
	return (lanes)(((bits)p + ((bits)shifted << 23)) & ~small);
}

/* For i over the vectors of n values: `part` is how many values of this vector there are. */
#define OPS_EACH(i, n)                                                                                                             \
	for (size_t i = 0, part = (n) < LANES ? (n) : LANES; i < (n); i += LANES, part = (n)-i < LANES ? (n)-i : LANES)

static inline lanes lanes_read(const float *p, size_t part)
{
	return part == LANES ? lanes_load(p) : lanes_load_part(p, part);
}

static inline void lanes_write(float *p, lanes v, size_t part)
{
	if (part == LANES)
		lanes_store(p, v);
	else
		memcpy(p, &v, part * sizeof *p);
}

#endif
