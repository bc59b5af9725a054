/* i16: prompt rows in 16 bits as whole numbers, in plain C: the definition (see kernel_types.h). */
#include "nn/float16.h"
#include "nn/kernel_types.h"

#include <math.h>

static float limited(float x, float most)
{
	if (!(x > -most)) return -most;
	return x > most ? most : x;
}

/* The largest magnitude; what is no number is above all numbers. */
static float largest(const float *x, size_t n)
{
	uint32_t most = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t size = float_bits(x[i]) & 0x7fffffff;
		if (size > most) most = size;
	}
	return float_from_bits(most);
}

static void round_all(const float *x, size_t n, float factor, float most, uint16_t *out)
{
	for (size_t i = 0; i < n; i++) out[i] = (uint16_t)(int16_t)nearbyintf(limited(x[i] * factor, most));
}

static void round_weights(const float *x, size_t n, uint16_t *out, float *scale)
{
	const float most = largest(x, n);
	*scale = most * (1.0f / MOST_WEIGHT);
	round_all(x, n, most > 0x1p-100f ? MOST_WEIGHT / most : 0, MOST_WEIGHT, out);
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	const float most = largest(x, n), inverse = most > 0x1p-100f ? 1 / most : 0;
	float sum = 0;
	for (size_t i = 0; i < n; i++) sum += fabsf(x[i] * inverse);
	float steps = 0.998f * MOST_SUM / sum;
	if (!(steps < INT16_MAX)) steps = INT16_MAX;
	*scale = most / steps;
	round_all(x, n, inverse * steps, INT16_MAX, out);
}

static void interleave(const uint16_t *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group)
{
	for (size_t i = 0; i < n * GROUP_16; i++) {
		size_t o = i / 2 % GROUP_16;
		group[i] = o < n_outputs ? rows[o * stride + i / 2 / GROUP_16 * 2 + i % 2] : 0;
	}
}

static void products(const struct tile_16 *tile, size_t n_outputs, const struct rows_16 *x, size_t n_rows, size_t n, float *out,
                     size_t out_stride, bool add)
{
	for (size_t r = 0; r < n_rows; r++, out += out_stride) {
		const int16_t *row = (const int16_t *)(x->values + r * x->stride);
		const float scale = x->scales[r * x->scales_stride];
		for (size_t o = 0; o < n_outputs; o += GROUP_16) {
			const int16_t *pair = (const int16_t *)(tile->values + o * n);
			int32_t sums[GROUP_16] = { 0 };
			for (size_t i = 0; i < n; i += 2, pair += 2 * GROUP_16) {
				for (size_t k = 0; k < GROUP_16; k++)
					sums[k] += row[i] * pair[2 * k] + row[i + 1] * pair[2 * k + 1];
			}
			for (size_t k = 0; k < GROUP_16 && o + k < n_outputs; k++) {
				float product = (float)sums[k] * (tile->scales[o + k] * scale);
				out[o + k] = add ? out[o + k] + product : product;
			}
		}
	}
}

void i16_fill_portable(struct kernels *k)
{
	k->whole = (struct form_16){ .products = products, .round_weights = round_weights, .round = round_row };
	k->interleave = interleave;
}
