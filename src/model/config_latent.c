/* config_latent: the sizes of latent attention (see latent.c), and what YaRN does to its scores. */
#include "model/config_internal.h"

#include <math.h>

/* Each head has keys and values of its own, or all share what is compressed. */
static void share_heads(struct config *c)
{
	const struct config_latent *t = &c->latent;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		struct config_layer *l = &c->layer[i];
		if (!l->n_head_kv) continue;
		l->n_head_kv = t->absorbed ? 1 : l->n_head;
		l->head_k = t->absorbed ? t->n_keys + t->n_rot : t->head_k;
		l->head_v = t->absorbed ? t->n_keys : t->head_v;
	}
}

bool config_latent(const struct config_source *s, struct config *c)
{
	struct config_latent *t = &c->latent;
	if (c->family->attention != ATTENTION_LATENT) return true;
	t->absorbed = config_stated(s, "attention.key_length_mla") && config_stated(s, "attention.value_length_mla");
	const char *key = t->absorbed ? "attention.key_length_mla" : "attention.key_length";
	const char *value = t->absorbed ? "attention.value_length_mla" : "attention.value_length";
	if (!config_count(s, "attention.kv_lora_rank", 1, CONFIG_MAX_HEAD, &t->n_keys) ||
	    !config_count(s, "attention.q_lora_rank", 0, CONFIG_MAX_EMBD, &t->n_query) ||
	    !config_count(s, key, 1, CONFIG_MAX_HEAD, &t->head_k) || !config_count(s, value, 1, CONFIG_MAX_HEAD, &t->head_v) ||
	    !config_count(s, "rope.dimension_count", 2, CONFIG_MAX_HEAD, &t->n_rot))
		return false;
	if (t->n_rot >= t->head_k) return config_fail(s, "rope.dimension_count", "leaves nothing of a head");
	if (t->n_keys + t->n_rot > CONFIG_MAX_HEAD) return config_fail(s, "attention.kv_lora_rank", "is too large");
	share_heads(c);
	return true;
}

void config_latent_scale(struct config *c)
{
	if (c->family->attention != ATTENTION_LATENT) return;
	c->attention_scale = 1 / sqrtf((float)c->latent.head_k);
	if (!c->family->yarn_scores) return;
	/* what YaRN makes of cosines and sines elsewhere is squared into the scores here; the file's multiplier stands for 0.1 */
	float m = c->rope_magnitude, growth = logf(c->rope_factor);
	if (c->rope_scaling != ROPE_YARN || c->yarn_log_multiplier == 0) m *= 1 + 0.1f * growth;
	if (c->yarn_log_multiplier > 0) m *= 1 + c->yarn_log_multiplier * growth;
	c->attention_scale *= m * m;
}
