/* i16: prompt rows in 16 bits as whole numbers, in plain C: the definition (see kernel_types.h). */
#include "nn/float16.h"
#include "nn/kernel_types.h"

#include <math.h>

static float limited(float x, float most)
{
	if (!(x > -most)) return -most;
	return x > most ? most : x;
}

static void pack(const float *rows, size_t stride, size_t n_outputs, size_t n, uint16_t *group, float *scales)
{
	for (size_t o = 0; o < GROUP_16; o++, rows += stride) {
		uint32_t most = 0; /* as bits, which are in the order of the magnitudes, and what is no number is above all */
		for (size_t i = 0; o < n_outputs && i < n; i++) {
			uint32_t size = float_bits(rows[i]) & 0x7fffffff;
			if (size > most) most = size;
		}
		float largest = float_from_bits(most), inverse = largest > 0x1p-100f ? MOST_WEIGHT / largest : 0;
		scales[o] = largest * (1.0f / MOST_WEIGHT);
		for (size_t i = 0; i < n; i++) {
			float v = o < n_outputs ? limited(rows[i] * inverse, MOST_WEIGHT) : 0;
			group[(i / 2 * GROUP_16 + o) * 2 + i % 2] = (uint16_t)(int16_t)nearbyintf(v);
		}
	}
}

static void round_row(const float *x, size_t n, uint16_t *out, float *scale)
{
	uint32_t most = 0;
	float sum = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t size = float_bits(x[i]) & 0x7fffffff;
		if (size > most) most = size;
	}
	float largest = float_from_bits(most), inverse = largest > 0x1p-100f ? 1 / largest : 0;
	for (size_t i = 0; i < n; i++) sum += fabsf(x[i] * inverse);
	float steps = 0.998f * MOST_SUM / sum;
	if (!(steps < INT16_MAX)) steps = INT16_MAX;
	*scale = largest / steps;
	for (size_t i = 0; i < n; i++) out[i] = (uint16_t)(int16_t)nearbyintf(limited(x[i] * (inverse * steps), INT16_MAX));
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
	k->whole = (struct form_16){ products, pack, round_row };
}
