/* config_rope: how positions turn heads, and how that is stretched to longer contexts. */
#include "model/config_internal.h"

#include <math.h>
#include <string.h>

static bool read_scaling_kind(const struct config_source *s, struct config *c)
{
	static const struct {
		const char *name;
		enum rope_scaling kind;
	} kinds[] = { { "none", ROPE_PLAIN }, { "linear", ROPE_LINEAR }, { "yarn", ROPE_YARN }, { "longrope", ROPE_LONG } };
	struct gguf_text kind = { "", 0 };
	if (!config_text(s, "rope.scaling.type", &kind)) return false;
	bool factor = config_stated(s, "rope.scaling.factor") || config_stated(s, "rope.scale_linear");
	c->rope_scaling = factor ? ROPE_LINEAR : ROPE_PLAIN;
	if (kind.length == 0) return true;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strlen(kinds[i].name) != kind.length || memcmp(kinds[i].name, kind.data, kind.length) != 0) continue;
		c->rope_scaling = kinds[i].kind;
		return true;
	}
	return config_fail(s, "rope.scaling.type", "is unknown (none, linear, yarn and longrope are known)");
}

/* How many values turn in each set, and which layers use which. */
static bool read_turning(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	bool any = false, turned = true, windows = false;
	if (f->rope_switch && !config_bool(s, "rope.scaling.finetuned", &turned)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) windows |= c->layer[i].window > 0;
	/* the reference counts a model of exactly one period as one that turns everywhere */
	bool first = f->unturned_first && windows && c->n_layer != f->unturned_period;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		struct config_layer *l = &c->layer[i];
		l->rope = ROPE_UNTURNED;
		if (f->rope == ROPE_NONE || !l->n_head_kv || (f->rope_layers && c->n_layer != f->rope_layers)) continue;
		any = true;
		l->rope = f->local_rope && l->window ? ROPE_LOCAL : ROPE_GLOBAL;
		bool left_out = f->unturned_period && (f->unturned_first ? first && i % f->unturned_period == 0
		                                                         : i % f->unturned_period == f->unturned_period - 1);
		if (!turned || left_out || (f->rope_windowed_only && windows && !l->window)) l->rope = ROPE_UNTURNED;
		if (!c->n_rot[ROPE_GLOBAL] && l->rope == ROPE_GLOBAL) c->n_rot[ROPE_GLOBAL] = l->head_k;
	}
	if (!any) return true;
	if (!config_count(s, "rope.dimension_count", 2, CONFIG_MAX_HEAD, &c->n_rot[ROPE_GLOBAL])) return false;
	c->n_rot[ROPE_LOCAL] = c->n_rot[ROPE_GLOBAL];
	for (uint32_t i = 0; f->window_heads && i < c->n_layer; i++) {
		if (c->layer[i].window) c->n_rot[ROPE_LOCAL] = c->layer[i].head_k;
	}
	if (f->window_heads && !config_count(s, "rope.dimension_count_swa", 2, CONFIG_MAX_HEAD, &c->n_rot[ROPE_LOCAL]))
		return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		const struct config_layer *l = &c->layer[i];
		if (l->rope == ROPE_UNTURNED) continue;
		uint32_t n_rot = c->n_rot[l->rope];
		if (n_rot > l->head_k || n_rot % 2 != 0)
			return config_fail(s, "rope.dimension_count", "is odd or larger than a head");
	}
	return true;
}

/* How the scores of far positions are kept apart: see query_temperature and unturned_temperature in struct family. */
static bool read_temperature(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	c->temperature_length = c->original_context;
	if (f->unturned_temperature) {
		c->temperature_scale = 0.1f;
		c->temperature_length = f->window;
		c->temperature_first = 1;
	}
	if (f->query_temperature && !config_float(s, "attention.temperature_scale", 0, 1e3f, &c->temperature_scale)) return false;
	return f->attention != ATTENTION_LATENT ||
	       config_count(s, "attention.temperature_length", 1, CONFIG_MAX_CONTEXT, &c->temperature_length);
}

/* The base grows with the context that a model was stretched to. */
static bool read_alpha(const struct config_source *s, struct config *c)
{
	float alpha = 0, size = (float)c->layer[0].head_k;
	if (!c->family->rope_alpha) return true;
	if (!config_float(s, "rope.scaling.alpha", 0, 1e6f, &alpha)) return false;
	if (alpha > 0 && size > 2) c->rope_base[ROPE_GLOBAL] *= powf(alpha, size / (size - 2));
	return true;
}

bool config_rope(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	c->rope_base[ROPE_GLOBAL] = 10000;
	c->rope_factor = 1;
	c->original_context = c->n_context;
	c->yarn_beta_fast = 32;
	c->yarn_beta_slow = 1;
	c->rope_magnitude = 1;
	bool ok = read_turning(s, c) && config_float(s, "rope.freq_base", 1, 1e12f, &c->rope_base[ROPE_GLOBAL]) &&
	          read_alpha(s, c) && read_scaling_kind(s, c);
	c->rope_base[ROPE_LOCAL] = f->local_rope_base > 0 ? f->local_rope_base : c->rope_base[ROPE_GLOBAL];
	if (ok && f->local_rope && !f->local_rope_fixed)
		ok = config_float(s, "rope.freq_base_swa", 1, 1e12f, &c->rope_base[ROPE_LOCAL]);
	/* 0 stands for "none" in some files */
	ok = ok && config_float(s, "rope.scale_linear", 0, 1e6f, &c->rope_factor) &&
	     config_float(s, "rope.scaling.factor", 0, 1e6f, &c->rope_factor);
	if (c->rope_factor == 0 || c->rope_scaling == ROPE_PLAIN) c->rope_factor = 1;
	ok = ok && config_count(s, "rope.scaling.original_context_length", 1, CONFIG_MAX_CONTEXT, &c->original_context) &&
	     config_float(s, "rope.scaling.attn_factor", 1e-3f, 1e3f, &c->rope_magnitude) &&
	     config_float(s, "rope.scaling.yarn_beta_fast", 1e-3f, 1e6f, &c->yarn_beta_fast) &&
	     config_float(s, "rope.scaling.yarn_beta_slow", 1e-3f, 1e6f, &c->yarn_beta_slow);
	if (ok && f->yarn_log_multiplier)
		ok = config_float(s, "rope.scaling.yarn_log_multiplier", 0, 1e3f, &c->yarn_log_multiplier);
	return ok && read_temperature(s, c);
}
