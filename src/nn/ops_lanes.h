/*
 * ops_lanes: the small operations, written once for any width of vectors.
 *
 * A level's file includes this page with its definitions (see nn/lanes.h), and OPS_ROPE_PAIRS where it has its own rope_pairs.
 * Sums are made in OPS_LANES lanes, up to four vectors at a time, and so differ in the last bits from level to level.
 *
 * tanh: Lambert's continued fraction up to 1, above that 1 - 2 / (exp(2x) + 1).
 */
#include "nn/kernel_types.h"
#include "nn/lanes.h"

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

static inline lanes lanes_linear(lanes x)
{
	return x;
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
OPS_GATE(sigmoid)
OPS_GATE(tanh)
OPS_GATE(linear)

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
	k->gate[OPS_SIGMOID] = gate_sigmoid;
	k->gate[OPS_TANH] = gate_tanh;
	k->gate[OPS_LINEAR] = gate_linear;
	k->sigmoid = sigmoid;
	k->add = add;
	k->multiply = multiply;
	k->add_scaled = add_scaled;
	k->rope_pairs = OPS_ROPE_PAIRS;
	k->rope_halves = rope_halves;
}
