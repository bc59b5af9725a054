/* config_recurrent: which layers carry a state, and its sizes (see config.h). */
#include "model/recurrent.h"

/* The layers that a file names, or all but every so many. */
static bool mark_period(const struct config_source *s, struct config *c)
{
	const struct gguf_value *named;
	uint32_t interval = 4;
	if (!config_layer_array(s, c, "attention.recurrent_layers", GGUF_BOOL, &named)) return false;
	if (!config_count(s, "full_attention_interval", 1, CONFIG_MAX_LAYERS, &interval)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		bool recurrent = named ? gguf_item_int(named, i) != 0 : (i + 1) % interval != 0;
		if (!recurrent) continue;
		c->layer[i].recurrent = c->family->recurrent;
		c->layer[i].n_head_kv = 0;
	}
	return true;
}

/* Layers without keys and values; where there are layers without feed-forward, a layer is either this or that. */
static void mark_without_keys(struct config *c)
{
	bool alone = false;
	for (uint32_t i = 0; i < c->n_layer; i++) alone |= c->layer[i].n_ff == 0;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		struct config_layer *l = &c->layer[i];
		if (l->n_head_kv == 0 && (l->n_ff == 0 || !alone)) l->recurrent = c->family->recurrent;
	}
}

static bool mark_layers(const struct config_source *s, struct config *c)
{
	enum recurrent_layers which = c->family->recurrent_layers;
	if (which == RECURRENT_PERIOD) return mark_period(s, c);
	if (which == RECURRENT_WITHOUT_KEYS) {
		mark_without_keys(c);
		return true;
	}
	for (uint32_t i = 0; i < c->n_layer; i++) {
		c->layer[i].recurrent = c->family->recurrent;
		if (which == RECURRENT_EVERYWHERE) c->layer[i].n_head = c->layer[i].n_head_kv = 0;
	}
	return true;
}

bool config_recurrent(const struct config_source *s, struct config *c)
{
	if (c->family->recurrent == RECURRENT_NONE) return true;
	return mark_layers(s, c) && recurrent_block(c->family->recurrent)->configure(s, c);
}
