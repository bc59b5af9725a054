/*
 * ops_lanes: the small operations, written once for any width of vectors.
 *
 * A level's file defines OPS_LANES and OPS_LEVEL and includes this page; it is compiled with that level's instructions. Vectors are
 * the compiler's own; where an instruction says it better than the compiler finds, the file defines
 *     OPS_FUSED(a, b, c)   a * b + c                (default: two roundings)
 *     OPS_LEAST(a, b)      a < b ? a : b            (so b when one is no number)
 *     OPS_ROPE_PAIRS       its own rope_pairs
 * Sums are made in OPS_LANES lanes, up to four vectors at a time, and so differ in the last bits from level to level.
 *
 * exp: x = n ln 2 + r with n ln 2 in two parts, a polynomial of degree 7 in r, at most 2 ulp; 0 below the smallest normal
 * float, and at most 2.4e38 so that sums stay finite. tanh: Lambert's continued fraction up to 1, above that
 * 1 - 2 / (exp(2x) + 1).
 */
#include "nn/kernel_types.h"

#include <math.h>
#include <string.h>

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
	return (lanes){ 0 } + f;
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

static inline lanes lanes_tanh(lanes x)
{
	bits sign = (bits)x & 0x80000000u;
	lanes y = (lanes)((bits)x & 0x7fffffffu), s = y * y;
	lanes top = ((s + 378.0f) * s + 17325.0f) * s + 135135.0f;
	lanes bottom = ((s * 28.0f + 3150.0f) * s + 62370.0f) * s + 135135.0f;
	lanes small = y * top / bottom, large = 1.0f - 2.0f / (lanes_exp(y + y) + 1.0f);
	return (lanes)((bits)lanes_choose((bits)(y < 1.0f), small, large) | sign);
}

static inline lanes lanes_silu(lanes x)
{
	return x / (1.0f + lanes_exp(-x));
}

/* (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) */
static inline lanes lanes_gelu(lanes x)
{
	lanes u = x * (x * x * 0.044715f + 1.0f);
	return x / (1.0f + lanes_exp(u * -1.5957691216f));
}

static inline lanes lanes_gelu_quick(lanes x)
{
	return x / (1.0f + lanes_exp(x * -1.702f));
}

static inline lanes lanes_gelu_erf(lanes x)
{
	for (size_t i = 0; i < LANES; i++) x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
	return x;
}

static inline lanes lanes_relu(lanes x)
{
	return lanes_choose((bits)(x > 0.0f), x, lanes_of(0.0f));
}

static inline lanes lanes_relu_squared(lanes x)
{
	x = lanes_relu(x);
	return x * x;
}

static inline lanes lanes_sigmoid(lanes x)
{
	return 1.0f / (1.0f + lanes_exp(-x));
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

#define OPS_GATE(kind)                                                                                                             \
	static void gate_##kind(const float *gate, const float *up, float *out, size_t n)                                          \
	{                                                                                                                          \
		OPS_EACH(i, n)                                                                                                     \
		{                                                                                                                  \
			lanes v = lanes_##kind(lanes_read(gate + i, part));                                                        \
			if (up) v = v * lanes_read(up + i, part);                                                                  \
			lanes_write(out + i, v, part);                                                                             \
		}                                                                                                                  \
	}
OPS_GATE(silu)
OPS_GATE(gelu)
OPS_GATE(gelu_erf)
OPS_GATE(gelu_quick)
OPS_GATE(relu)
OPS_GATE(relu_squared)

static float dot_float(const float *a, const float *b, size_t n)
{
	lanes sum[4] = { { 0 }, { 0 }, { 0 }, { 0 } };
	size_t i = 0;
	for (; i + 4 * LANES <= n; i += 4 * LANES) {
#pragma GCC unroll 4
		for (size_t j = 0; j < 4; j++) {
			sum[j] = OPS_FUSED(lanes_load(a + i + j * LANES), lanes_load(b + i + j * LANES), sum[j]);
		}
	}
	for (; i < n; i += LANES) {
		size_t part = n - i < LANES ? n - i : LANES;
		sum[0] = OPS_FUSED(lanes_read(a + i, part), lanes_read(b + i, part), sum[0]);
	}
	return lanes_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static void scale_multiply(const float *x, const float *weight, float factor, float *out, size_t n)
{
	OPS_EACH(i, n)
	{
		lanes v = lanes_read(x + i, part) * factor;
		if (weight) v = v * lanes_read(weight + i, part);
		lanes_write(out + i, v, part);
	}
}

static float most(const float *x, size_t n)
{
	lanes best = lanes_of(-INFINITY);
	size_t i = 0;
	for (; i + LANES <= n; i += LANES) {
		lanes v = lanes_load(x + i);
		best = lanes_choose((bits)(v > best), v, best);
	}
	float result = -INFINITY;
#pragma GCC unroll 16
	for (size_t j = 0; j < LANES; j++) {
		if (best[j] > result) result = best[j];
	}
	for (; i < n; i++) {
		if (x[i] > result) result = x[i];
	}
	return result;
}

static float exp_sum(float *x, float max, size_t n)
{
	lanes sum = { 0 };
	size_t i = 0;
	for (; i + LANES <= n; i += LANES) {
		lanes v = lanes_exp(lanes_load(x + i) - max);
		lanes_store(x + i, v);
		sum += v;
	}
	if (i < n) {
		lanes v = lanes_exp(lanes_load_part(x + i, n - i) - max);
		for (size_t j = n - i; j < LANES; j++) v[j] = 0;
		lanes_write(x + i, v, n - i);
		sum += v;
	}
	return lanes_sum(sum);
}

static void soft_cap(float *x, float cap, size_t n)
{
	OPS_EACH(i, n) lanes_write(x + i, lanes_tanh(lanes_read(x + i, part) / cap) * cap, part);
}

static void sigmoid(float *x, size_t n)
{
	OPS_EACH(i, n) lanes_write(x + i, lanes_sigmoid(lanes_read(x + i, part)), part);
}

static void add(const float *a, const float *b, float *out, size_t n)
{
	OPS_EACH(i, n) lanes_write(out + i, lanes_read(a + i, part) + lanes_read(b + i, part), part);
}

static void multiply(const float *a, const float *b, float *out, size_t n)
{
	OPS_EACH(i, n) lanes_write(out + i, lanes_read(a + i, part) * lanes_read(b + i, part), part);
}

static void add_scaled(float *sum, const float *x, float factor, size_t n)
{
	OPS_EACH(i, n) lanes_write(sum + i, lanes_read(sum + i, part) + lanes_read(x + i, part) * factor, part);
}

static void rope_halves(float *x, size_t half, const float *cosines, const float *sines)
{
	OPS_EACH(i, half)
	{
		lanes a = lanes_read(x + i, part), b = lanes_read(x + half + i, part);
		lanes c = lanes_read(cosines + i, part), s = lanes_read(sines + i, part);
		lanes_write(x + i, a * c - b * s, part);
		lanes_write(x + half + i, a * s + b * c, part);
	}
}

#ifndef OPS_ROPE_PAIRS
#define OPS_ROPE_PAIRS rope_pairs
static void rope_pairs(float *x, size_t half, const float *cosines, const float *sines)
{
	for (size_t i = 0; i < half; i++) {
		float a = x[2 * i], b = x[2 * i + 1];
		x[2 * i] = a * cosines[i] - b * sines[i];
		x[2 * i + 1] = a * sines[i] + b * cosines[i];
	}
}
#endif

void OPS_NAME(ops_fill, OPS_LEVEL)(struct kernels *k)
{
	k->dot_float = dot_float;
	k->scale_multiply = scale_multiply;
	k->most = most;
	k->exp_sum = exp_sum;
	k->soft_cap = soft_cap;
	k->gate[OPS_SILU] = gate_silu;
	k->gate[OPS_GELU] = gate_gelu;
	k->gate[OPS_GELU_ERF] = gate_gelu_erf;
	k->gate[OPS_GELU_QUICK] = gate_gelu_quick;
	k->gate[OPS_RELU] = gate_relu;
	k->gate[OPS_RELU_SQUARED] = gate_relu_squared;
	k->sigmoid = sigmoid;
	k->add = add;
	k->multiply = multiply;
	k->add_scaled = add_scaled;
	k->rope_pairs = OPS_ROPE_PAIRS;
	k->rope_halves = rope_halves;
}
