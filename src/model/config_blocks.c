/* config_blocks: the sizes of attention over blocks (see blocks.c) and of a mixed stream (see hyper.c). */
#include "model/config_internal.h"

#include <stdio.h>

/* A block for so many positions of each layer; the array may be longer than there are layers. */
static bool read_ratios(const struct config_source *s, struct config *c)
{
	static const char key[] = "attention.compress_ratios";
	char name[CONFIG_MAX_KEY], what[96];
	const struct gguf_value *v;
	if (!gguf_get_array(s->file, config_key(s, key, name), GGUF_I64, &v, s->e)) return false;
	if (!v || v->count < c->n_blocks) return config_fail(s, key, "does not have a value for each layer");
	for (uint32_t i = 0; i < c->n_layer; i++) {
		int64_t ratio = gguf_item_int(v, i);
		if (ratio != 0 && ratio != BLOCKS_INDEXED && ratio != BLOCKS_WIDE) {
			snprintf(what, sizeof what, "%lld (layer %u) is not 0, 4 or 128", (long long)ratio, i);
			return config_fail(s, key, what);
		}
		c->layer[i].block_ratio = (uint32_t)ratio;
	}
	return true;
}

/* Limits of gates: one for all layers, or one for each. */
static bool read_limits(const struct config_source *s, struct config *c, const char *key, bool shared)
{
	const struct gguf_value *v;
	float all = 0;
	if (!config_stated(s, key)) return true;
	if (!config_layer_array(s, c, key, GGUF_F64, &v)) return false;
	if (!v && !config_float(s, key, 0, 1e6f, &all)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		double limit = v ? gguf_item_float(v, i) : (double)all;
		if (!(limit >= 0 && limit <= 1e6)) return config_fail(s, key, "is not from 0 to 1e6");
		c->layer[i].gate_limit_shared = (float)limit;
		if (!shared) c->layer[i].gate_limit = (float)limit;
	}
	return true;
}

static bool read_hyper(const struct config_source *s, struct config *c)
{
	struct config_hyper *h = &c->hyper;
	return config_count(s, "hyper_connection.count", 1, HYPER_MOST_VECTORS, &h->n_vectors) &&
	       config_count(s, "hyper_connection.sinkhorn_iterations", 1, 1000, &h->n_iterations) &&
	       config_float(s, "hyper_connection.epsilon", 0, 1, &h->epsilon);
}

bool config_blocks(const struct config_source *s, struct config *c)
{
	struct config_blocks *b = &c->blocks;
	if (c->family->attention != ATTENTION_BLOCKS) return true;
	bool ok = config_count(s, "attention.q_lora_rank", 1, CONFIG_MAX_EMBD, &b->n_query) &&
	          config_count(s, "attention.indexer.head_count", 1, CONFIG_MAX_HEADS, &b->n_index_heads) &&
	          config_count(s, "attention.indexer.key_length", 1, CONFIG_MAX_HEAD, &b->index_size) &&
	          config_count(s, "attention.indexer.top_k", 1, CONFIG_MAX_CONTEXT, &b->n_chosen) &&
	          config_count(s, "attention.output_group_count", 1, CONFIG_MAX_HEADS, &b->n_groups) &&
	          config_count(s, "attention.output_lora_rank", 1, CONFIG_MAX_EMBD, &b->n_output) && read_ratios(s, c) &&
	          read_limits(s, c, "swiglu_clamp_exp", false) && read_limits(s, c, "swiglu_clamp_shexp", true) &&
	          read_hyper(s, c) && config_count(s, "hash_layer_count", 0, CONFIG_MAX_LAYERS, &b->n_by_token);
	if (!ok) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		const struct config_layer *l = &c->layer[i];
		if (l->n_head % b->n_groups != 0)
			return config_fail(s, "attention.output_group_count", "does not divide the heads");
		if (l->n_head_kv != 1 || l->head_v != l->head_k)
			return config_fail(s, "attention.head_count_kv", "is not one head that is key and value");
		if (l->window == 0) return config_fail(s, "attention.sliding_window", "is missing");
	}
	return true;
}

/* Layers with blocks turn by a base of their own, scaled; the others by the plain one. Called behind config_rope. */
bool config_blocks_rope(const struct config_source *s, struct config *c)
{
	if (c->family->attention != ATTENTION_BLOCKS) return true;
	c->rope_base[ROPE_LOCAL] = c->rope_base[ROPE_GLOBAL];
	for (uint32_t i = 0; i < c->n_layer; i++) c->layer[i].rope = c->layer[i].block_ratio ? ROPE_GLOBAL : ROPE_LOCAL;
	if (c->n_rot[ROPE_GLOBAL] > c->blocks.index_size)
		return config_fail(s, "rope.dimension_count", "is larger than an index head");
	return config_float(s, "attention.compress_rope_freq_base", 1, 1e12f, &c->rope_base[ROPE_GLOBAL]);
}
