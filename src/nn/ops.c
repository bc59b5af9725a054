/* ops: see ops.h; what a level does better lies in the table of kernels. */
#include "nn/ops.h"

#include "nn/kernel_types.h"

#include <math.h>

void ops_rms_norm(const float *x, const float *weight, float eps, float *out, size_t n)
{
	if (n == 0) return;
	float mean = kernels_chosen->dot_float(x, x, n) / (float)n;
	kernels_chosen->scale_multiply(x, weight, 1.0f / sqrtf(mean + eps), out, n);
}

void ops_layer_norm(const float *x, const float *weight, const float *bias, float eps, float *out, size_t n)
{
	if (n == 0) return;
	double sum = 0, squares = 0;
	for (size_t i = 0; i < n; i++) sum += (double)x[i];
	float mean = (float)(sum / (double)n);
	for (size_t i = 0; i < n; i++) {
		out[i] = x[i] - mean;
		squares += (double)out[i] * (double)out[i];
	}
	kernels_chosen->scale_multiply(out, weight, 1.0f / sqrtf((float)(squares / (double)n) + eps), out, n);
	if (bias) kernels_chosen->add(out, bias, out, n);
}

void ops_softmax(float *x, size_t n)
{
	float sum = kernels_chosen->exp_sum(x, kernels_chosen->most(x, n), n);
	kernels_chosen->scale_multiply(x, NULL, 1.0f / sum, x, n);
}

void ops_add(const float *a, const float *b, float *out, size_t n)
{
	kernels_chosen->add(a, b, out, n);
}

void ops_multiply(const float *a, const float *b, float *out, size_t n)
{
	kernels_chosen->multiply(a, b, out, n);
}

void ops_scale(float *x, float factor, size_t n)
{
	kernels_chosen->scale_multiply(x, NULL, factor, x, n);
}

void ops_add_scaled(float *sum, const float *x, float factor, size_t n)
{
	kernels_chosen->add_scaled(sum, x, factor, n);
}

void ops_soft_cap(float *x, float cap, size_t n)
{
	kernels_chosen->soft_cap(x, cap, n);
}

void ops_clamp(float *x, float least, float most, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float value = x[i] < least ? least : x[i];
		x[i] = value > most ? most : value;
	}
}

void ops_gate(enum ops_activation kind, const float *gate, const float *up, float *out, size_t n)
{
	kernels_chosen->gate[kind](gate, up, out, n);
}

void ops_xielu(float *x, const struct xielu *numbers, size_t n)
{
	const struct xielu u = *numbers;
	for (size_t i = 0; i < n; i++) {
		float v = x[i];
		x[i] = (v > 0 ? u.p * v * v : (expm1f(fminf(v, u.eps)) - v) * u.n) + u.beta * v;
	}
}

void ops_sigmoid(float *x, size_t n)
{
	kernels_chosen->sigmoid(x, n);
}

void ops_unit_length(float *x, float eps, size_t n)
{
	float length = sqrtf(kernels_chosen->dot_float(x, x, n));
	kernels_chosen->scale_multiply(x, NULL, 1.0f / (length > eps ? length : eps), x, n);
}

float ops_dot(const float *a, const float *b, size_t n)
{
	return kernels_chosen->dot_float(a, b, n);
}

size_t ops_argmax(const float *x, size_t n)
{
	float best = kernels_chosen->most(x, n);
	for (size_t i = 0; i < n; i++) {
		if (x[i] == best) return i;
	}
	return 0;
}

/* Whether value a at index i comes before value b at index j: larger first, numbers before what is none, lower index first. */
static int comes_before(float a, size_t i, float b, size_t j)
{
	if (a > b || (isnan(b) && !isnan(a))) return 1;
	if (a < b || (isnan(a) && !isnan(b))) return 0;
	return i < j;
}

void ops_top(const float *x, size_t n, uint32_t *indices, size_t k)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++) {
		size_t place = found;
		while (place > 0 && comes_before(x[i], i, x[indices[place - 1]], indices[place - 1])) place--;
		if (place == k) continue;
		if (found < k) found++;
		for (size_t j = found - 1; j > place; j--) indices[j] = indices[j - 1];
		indices[place] = (uint32_t)i;
	}
}

void ops_rope_table(const float *frequency, size_t n, double position, float magnitude, float *cosines, float *sines)
{
	for (size_t i = 0; i < n; i++) {
		double angle = position * (double)frequency[i];
		cosines[i] = (float)cos(angle) * magnitude;
		sines[i] = (float)sin(angle) * magnitude;
	}
}

void ops_rope_pairs(float *x, size_t n_heads, size_t head_dim, size_t n_rot, const float *cosines, const float *sines)
{
	for (size_t h = 0; h < n_heads; h++) kernels_chosen->rope_pairs(x + h * head_dim, n_rot / 2, cosines, sines);
}

void ops_rope_halves(float *x, size_t n_heads, size_t head_dim, size_t n_rot, const float *cosines, const float *sines)
{
	for (size_t h = 0; h < n_heads; h++) kernels_chosen->rope_halves(x + h * head_dim, n_rot / 2, cosines, sines);
}
