/* kv_page: keys and values of one position, to their places (see kv_page.h). */
#include "nn/kv_page.h"

#include "nn/kernel_types.h"

#include <string.h>

static const char *const names[KV_TYPES] = { [KV_F32] = "f32", [KV_F16] = "f16", [KV_Q8_0] = "q8_0", [KV_Q4_0] = "q4_0" };

const char *kv_type_name(enum kv_type type)
{
	return names[type];
}

bool kv_type_named(const char *name, enum kv_type *type)
{
	for (size_t i = 0; i < KV_TYPES; i++) {
		if (strcmp(names[i], name) == 0) {
			*type = (enum kv_type)i;
			return true;
		}
	}
	return false;
}

/* A page of a head is 64 rows of a whole number of bytes: always a multiple of 64 bytes. */
size_t kv_layer_bytes(const struct kv_shape *s)
{
	if (s->n_heads == 0 || s->n_heads > 65536 || s->head_k == 0 || s->head_k > KV_HEAD_MOST || s->head_v == 0 ||
	    s->head_v > KV_HEAD_MOST)
		return 0;
	return s->n_heads * KV_PAGE * (kv_row_bytes(s->type, s->head_k) + kv_row_bytes(s->type, s->head_v));
}

static void store_plain_key(enum kv_type type, uint8_t *keys, size_t slot, const float *k, size_t n)
{
	if (type == KV_F32) {
		for (size_t d = 0; d < n; d++) ((float *)(void *)keys)[d * KV_PAGE + slot] = k[d];
		return;
	}
	uint16_t half[KV_HEAD_MOST];
	kernels_chosen->store_half(k, half, n);
	for (size_t d = 0; d < n; d++) ((uint16_t *)(void *)keys)[d * KV_PAGE + slot] = half[d];
}

static void store_plain_value(enum kv_type type, uint8_t *values, size_t slot, const float *v, size_t n)
{
	if (type == KV_F32)
		memcpy(values + slot * n * sizeof *v, v, n * sizeof *v);
	else
		kernels_chosen->store_half(v, (uint16_t *)(void *)values + slot * n, n);
}

/* A packed block's bytes, in fours by position or one by one by dimension. */
static void store_blocks(enum kv_type type, uint8_t *part, size_t slot, const float *x, size_t n, bool is_key)
{
	const size_t bytes = kv_block_bytes(type) / KV_PAGE - 2;
	uint8_t packed[KV_HEAD_MOST / KV_BLOCK * (2 + KV_BLOCK)], *block = packed;
	kv_pack(type, x, n, packed);
	for (size_t b = 0; b < n; b += KV_BLOCK, block += 2 + bytes, part += kv_block_bytes(type)) {
		uint8_t *to = part + 2 * KV_PAGE;
		memcpy(part + 2 * slot, block, 2);
		for (size_t i = 0; is_key && i < bytes; i += 4) memcpy(to + i * KV_PAGE + slot * 4, block + 2 + i, 4);
		for (size_t i = 0; !is_key && i < bytes; i++) to[(slot / 4 * bytes + i) * 4 + slot % 4] = block[2 + i];
	}
}

void kv_store(const struct kv_shape *s, uint8_t *layer, size_t slot, const float *k, const float *v)
{
	for (size_t h = 0; h < s->n_heads; h++) {
		uint8_t *keys = layer + kv_keys_at(s, h), *values = layer + kv_values_at(s, h);
		const float *key = k + h * s->head_k, *value = v + h * s->head_v;
		if (kv_is_plain(s->type)) {
			store_plain_key(s->type, keys, slot, key, s->head_k);
			store_plain_value(s->type, values, slot, value, s->head_v);
		} else {
			store_blocks(s->type, keys, slot, key, s->head_k, true);
			store_blocks(s->type, values, slot, value, s->head_v, false);
		}
	}
}
