/* kernels: every entry in plain C, the definition that faster levels are checked against. */
#include "nn/float16.h"
#include "nn/kernel_types.h"
#include "nn/kv_page.h"

#include <math.h>

/* The 8-bit form as floats times the unpacked weights: what the integer kernels of other levels compute, for any format. */
static float dot_block(const float *weights, const int8_t *q, size_t n)
{
	float sum = 0;
	for (size_t i = 0; i < n; i++) sum += weights[i] * (float)q[i];
	return sum;
}

static void dot_quantized(const struct format *format, const uint8_t *weights, size_t row_bytes, size_t n_outputs, size_t cols,
                          const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	const size_t block = format->type->weights;
	float unpacked[256];
	for (size_t o = 0; o < n_outputs; o++) {
		for (size_t r = 0; r < n_rows; r++) out[r * out_stride + o] = 0;
		const uint8_t *packed = weights + o * row_bytes;
		for (size_t i = 0; i < cols; i += block, packed += format->type->bytes) {
			format->unpack(packed, 1, unpacked);
			for (size_t j = 0; j < block; j += 32) {
				for (size_t r = 0; r < n_rows; r++) {
					float sum = dot_block(unpacked + j, rows[r].q + i + j, 32);
					out[r * out_stride + o] += rows[r].scales[(i + j) / 32] * sum;
				}
			}
		}
	}
}

static void dot_plain(const struct format *format, const uint8_t *weights, size_t row_bytes, size_t n_outputs, size_t cols,
                      const struct kernel_row *rows, size_t n_rows, float *out, size_t out_stride)
{
	for (size_t o = 0; o < n_outputs; o++) {
		for (size_t r = 0; r < n_rows; r++) {
			const uint8_t *packed = weights + o * row_bytes;
			float sum = 0;
			for (size_t i = 0; i < cols; i++, packed += format->type->bytes) {
				float w;
				format->unpack(packed, 1, &w);
				sum += w * rows[r].x[i];
			}
			out[r * out_stride + o] = sum;
		}
	}
}

static void products(const float *tile, size_t tile_stride, size_t n_outputs, const float *const *x, size_t n_rows, size_t n,
                     float *out, size_t out_stride, bool add)
{
	for (size_t r = 0; r < n_rows; r++) {
		for (size_t o = 0; o < n_outputs; o++) {
			const float *w = tile + o * tile_stride;
			float sum = 0, *to = &out[r * out_stride + o];
			for (size_t i = 0; i < n; i++) sum += w[i] * x[r][i];
			*to = add ? *to + sum : sum;
		}
	}
}

static void quantize(const float *x, size_t n, int8_t *q, float *scales, int16_t *sums)
{
	for (size_t b = 0; b < n / 32; b++, x += 32, q += 32) {
		float most = 0;
		for (size_t i = 0; i < 32; i++) {
			if (fabsf(x[i]) > most) most = fabsf(x[i]);
		}
		/* an infinite value leaves no scale for the others: what overflows is limited to the largest float */
		if (most > 0x1.fffffep127f) most = 0x1.fffffep127f;
		float inverse = most > 0x1p-120f ? 127.0f / most : 0;
		scales[b] = most / 127.0f;
		sums[2 * b] = sums[2 * b + 1] = 0;
		for (size_t i = 0; i < 32; i++) {
			float v = x[i] * inverse;
			if (!(v > -127.0f)) v = -127.0f;
			if (v > 127.0f) v = 127.0f;
			q[i] = (int8_t)lrintf(v);
			sums[2 * b + i / 16] = (int16_t)(sums[2 * b + i / 16] + q[i]);
		}
	}
}

static float plain_f32(const void *part, size_t i)
{
	return ((const float *)part)[i];
}

static float plain_f16(const void *part, size_t i)
{
	return half_to_float(((const uint16_t *)part)[i]);
}

static void scores_any(float (*plain)(const void *part, size_t i), const void *keys, size_t head_k, const struct kernel_queries *q,
                       size_t n_q, size_t n_positions, float *scores)
{
	for (size_t i = 0; i < n_q; i++) {
		for (size_t p = 0; p < n_positions; p++) {
			float sum = 0;
			for (size_t d = 0; d < head_k; d++) sum += q->x[d * KV_QUERIES + i] * plain(keys, d * KV_PAGE + p);
			scores[i * KV_PAGE + p] = sum;
		}
	}
}

static void scores_f32(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                       float *scores, const void *next)
{
	(void)next;
	scores_any(plain_f32, keys, head_k, q, n_q, n_positions, scores);
}

static void scores_f16(const void *keys, size_t head_k, const struct kernel_queries *q, size_t n_q, size_t n_positions,
                       float *scores, const void *next)
{
	(void)next;
	scores_any(plain_f16, keys, head_k, q, n_q, n_positions, scores);
}

static void values_any(float (*plain)(const void *part, size_t i), const void *values, size_t head_v, const float *weights,
                       const float *factors, size_t n_q, size_t n_positions, float *acc)
{
	for (size_t i = 0; i < n_q; i++) {
		for (size_t d = 0; d < head_v; d++) {
			float sum = 0, *to = &acc[i * head_v + d];
			for (size_t p = 0; p < n_positions; p++) sum += weights[i * KV_PAGE + p] * plain(values, p * head_v + d);
			*to = *to * factors[i] + sum;
		}
	}
}

static void values_f32(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                       size_t n_positions, float *acc, const void *next)
{
	(void)next;
	values_any(plain_f32, values, head_v, weights, factors, n_q, n_positions, acc);
}

static void values_f16(const void *values, size_t head_v, const float *weights, const float *factors, size_t n_q,
                       size_t n_positions, float *acc, const void *next)
{
	(void)next;
	values_any(plain_f16, values, head_v, weights, factors, n_q, n_positions, acc);
}

static void soften(float *scores, const struct kernel_span *spans, size_t n_q, size_t n, float *max, float *sum, float *factors)
{
	for (size_t i = 0; i < n_q; i++, scores += KV_PAGE) {
		float most = max[i], total = 0;
		for (size_t p = spans[i].first; p < spans[i].last; p++) most = scores[p] > most ? scores[p] : most;
		for (size_t p = 0; p < n; p++) {
			bool seen = p >= spans[i].first && p < spans[i].last && most != -INFINITY;
			scores[p] = seen ? expf(scores[p] - most) : 0;
			total += scores[p];
		}
		factors[i] = most == max[i] ? 1 : max[i] == -INFINITY ? 0 : expf(max[i] - most);
		max[i] = most;
		sum[i] = sum[i] * factors[i] + total;
	}
}

/* Whole number i of a block's position or dimension `word`, as nn/kv_page.h lays them; `words`: words of a group. */
static int number_at(const uint8_t *block, enum kv_type type, size_t words, size_t group, size_t word, size_t byte, bool high)
{
	uint8_t v = block[2 * KV_PAGE + (group * words + word) * 4 + byte];
	return type == KV_Q8_0 ? (int8_t)v : (high ? v >> 4 : v & 15) - 8;
}

static void unpack_keys(enum kv_type type, const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	const size_t half = type == KV_Q8_0 ? KV_BLOCK : KV_BLOCK / 2;
	for (size_t d = 0; d < kv_kept_length(type, head_k); d++) {
		const uint8_t *block = page + d / KV_BLOCK * kv_block_bytes(type);
		size_t i = d % KV_BLOCK % half;
		for (size_t p = 0; p < n_positions; p++)
			out[d * KV_PAGE + p] = half_load(block + 2 * p) *
			                       (float)number_at(block, type, KV_PAGE, i / 4, p, i % 4, d % KV_BLOCK >= half);
	}
}

static void unpack_values(enum kv_type type, const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	const size_t half = type == KV_Q8_0 ? KV_BLOCK : KV_BLOCK / 2, length = kv_kept_length(type, head_v);
	for (size_t p = 0; p < n_positions; p++) {
		for (size_t d = 0; d < length; d++) {
			const uint8_t *block = page + d / KV_BLOCK * kv_block_bytes(type);
			size_t i = d % KV_BLOCK % half;
			out[p * length + d] = half_load(block + 2 * p) *
			                      (float)number_at(block, type, half, p / 4, i, p % 4, d % KV_BLOCK >= half);
		}
	}
}

static void unpack_keys_q8_0(const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	unpack_keys(KV_Q8_0, page, head_k, n_positions, out);
}

static void unpack_keys_q4_0(const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	unpack_keys(KV_Q4_0, page, head_k, n_positions, out);
}

static void unpack_values_q8_0(const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	unpack_values(KV_Q8_0, page, head_v, n_positions, out);
}

static void unpack_values_q4_0(const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	unpack_values(KV_Q4_0, page, head_v, n_positions, out);
}

static void unpack_keys_f16(const uint8_t *page, size_t head_k, size_t n_positions, float *out)
{
	for (size_t d = 0; d < head_k; d++) {
		for (size_t p = 0; p < n_positions; p++) out[d * KV_PAGE + p] = plain_f16(page, d * KV_PAGE + p);
	}
}

static void unpack_values_f16(const uint8_t *page, size_t head_v, size_t n_positions, float *out)
{
	for (size_t i = 0; i < head_v * n_positions; i++) out[i] = plain_f16(page, i);
}

static void store_half(const float *x, uint16_t *out, size_t n)
{
	for (size_t i = 0; i < n; i++) out[i] = half_from_float(x[i]);
}

static double peak(size_t turns)
{
	float sum[8] = { 0 };
	for (size_t t = 0; t < turns; t++) {
		for (size_t i = 0; i < 8; i++) sum[i] += sum[i] * 0.5f;
	}
	volatile float all = sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
	(void)all;
	return 16.0 * (double)turns;
}

void kernels_fill_portable(struct kernels *k)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		k->unpack[i] = format_at(i)->unpack;
		k->dot[i] = format_at(i)->quantized ? dot_quantized : dot_plain;
	}
	k->products = products;
	k->quantize = quantize;
	k->peak = peak;
	k->scores[KV_F32] = scores_f32;
	k->scores[KV_F16] = scores_f16;
	k->values[KV_F32] = values_f32;
	k->values[KV_F16] = values_f16;
	k->soften = soften;
	k->unpack_keys[KV_F16] = unpack_keys_f16;
	k->unpack_keys[KV_Q8_0] = unpack_keys_q8_0;
	k->unpack_keys[KV_Q4_0] = unpack_keys_q4_0;
	k->unpack_values[KV_F16] = unpack_values_f16;
	k->unpack_values[KV_Q8_0] = unpack_values_q8_0;
	k->unpack_values[KV_Q4_0] = unpack_values_q4_0;
	k->store_half = store_half;
	i16_fill_portable(k);
	ops_fill_portable(k);
	scan_fill_portable(k);
}
