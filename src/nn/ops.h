/*
 * ops: the small operations between the products: norms, activations, sums, rope, choosing the best.
 *
 * Each works on one row of floats, or on one contiguous piece of it, on one thread. `out` may be the input itself
 * unless the comment says otherwise; partial overlap is not allowed. Sums have a fixed order.
 */
#ifndef HEARTH_NN_OPS_H
#define HEARTH_NN_OPS_H

#include <stddef.h>
#include <stdint.h>

/* out = x / sqrt(mean(x^2) + eps) * weight; weight NULL: 1. */
void ops_rms_norm(const float *x, const float *weight, float eps, float *out, size_t n);

/* out = (x - mean) / sqrt(variance + eps) * weight + bias; weight and bias may be NULL. */
void ops_layer_norm(const float *x, const float *weight, const float *bias, float eps, float *out, size_t n);

/* x = exp(x - max) / sum, in place. */
void ops_softmax(float *x, size_t n);

/* out = a + b; out = a * b; x = x * factor; sum += x * factor. */
void ops_add(const float *a, const float *b, float *out, size_t n);
void ops_multiply(const float *a, const float *b, float *out, size_t n);
void ops_scale(float *x, float factor, size_t n);
void ops_add_scaled(float *sum, const float *x, float factor, size_t n);

/* x = cap * tanh(x / cap). */
void ops_soft_cap(float *x, float cap, size_t n);

/* x no smaller than least, no larger than most; what is no number stays. */
void ops_clamp(float *x, float least, float most, size_t n);

/* The gates of feed-forward blocks: out = act(gate) * up; `up` NULL: out = act(gate).
 *   silu:      g / (1 + exp(-g))
 *   gelu:      g * (1 + tanh(sqrt(2/pi) * (g + 0.044715 g^3))) / 2      what "gelu" means in llama-family files
 *   gelu_erf:  g * (1 + erf(g / sqrt(2))) / 2                           the exact form
 *   gelu_quick: g / (1 + exp(-1.702 g))
 *   relu, relu_squared: max(g, 0), its square
 *   sigmoid, tanh, linear: 1 / (1 + exp(-g)), tanh(g), g itself */
enum ops_activation {
	OPS_SILU,
	OPS_GELU,
	OPS_GELU_ERF,
	OPS_GELU_QUICK,
	OPS_RELU,
	OPS_RELU_SQUARED,
	OPS_SIGMOID,
	OPS_TANH,
	OPS_LINEAR,
	OPS_ACTIVATIONS
};
void ops_gate(enum ops_activation kind, const float *gate, const float *up, float *out, size_t n);

/* x = xielu(x) with a layer's numbers (model/xielu.c says what they are):
 * x > 0: p x^2 + beta x; else n (exp(min(x, eps)) - 1 - x) + beta x. */
struct xielu {
	float n, p, beta, eps;
};
void ops_xielu(float *x, const struct xielu *numbers, size_t n);

/* x = 1 / (1 + exp(-x)). */
void ops_sigmoid(float *x, size_t n);

/* x = x / max(sqrt(sum of x^2), eps). */
void ops_unit_length(float *x, float eps, size_t n);

float ops_dot(const float *a, const float *b, size_t n);

/* The largest value's index, the lowest of equals; values that are not numbers never win. 0 when n is 0. */
size_t ops_argmax(const float *x, size_t n);

/* The indices of the k largest values, best first, the lower index first of equals; k <= n. For choosing experts. */
void ops_top(const float *x, size_t n, uint32_t *indices, size_t k);

/* Writes cos and sin of position * frequency[i], times `magnitude` (1, or yarn's attention factor), for i < n (half of the rotated
 * length). Computed in double; frequencies are the model's affair (theta ^ (-2i / n_rot), scaled as it says). */
void ops_rope_table(const float *frequency, size_t n, double position, float magnitude, float *cosines, float *sines);

/* Turns n_heads heads of head_dim floats each, one after the other at x, in place; values behind n_rot stay.
 *   pairs:  (x[2i], x[2i+1])             "NORM"
 *   halves: (x[i], x[i + n_rot / 2])     "NEOX" */
void ops_rope_pairs(float *x, size_t n_heads, size_t head_dim, size_t n_rot, const float *cosines, const float *sines);
void ops_rope_halves(float *x, size_t n_heads, size_t head_dim, size_t n_rot, const float *cosines, const float *sines);

#endif
