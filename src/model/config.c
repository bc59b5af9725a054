/* config: metadata to checked numbers (see config.h). Key names are ggml's (docs/gguf.md). */
#include "model/config_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *config_key(const struct config_source *s, const char *key, char out[CONFIG_MAX_KEY])
{
	snprintf(out, CONFIG_MAX_KEY, "%s.%s", s->architecture, key);
	return out;
}

bool config_fail(const struct config_source *s, const char *key, const char *what)
{
	return error_set(s->e, "%s: '%s.%s': %s; the file is damaged or its model unusual", gguf_name(s->file), s->architecture,
	                 key, what);
}

bool config_count(const struct config_source *s, const char *key, uint32_t least, uint32_t most, uint32_t *value)
{
	char name[CONFIG_MAX_KEY], what[96];
	if (!gguf_get_u32(s->file, config_key(s, key, name), value, s->e)) return false;
	if (*value == 0 && least > 0 && !gguf_find(s->file, name)) return config_fail(s, key, "is missing");
	if (*value >= least && *value <= most) return true;
	snprintf(what, sizeof what, "%u is not from %u to %u", *value, least, most);
	return config_fail(s, key, what);
}

bool config_float(const struct config_source *s, const char *key, float least, float most, float *value)
{
	char name[CONFIG_MAX_KEY], what[96];
	if (!gguf_get_f32(s->file, config_key(s, key, name), value, s->e)) return false;
	if (*value >= least && *value <= most) return true; /* false for what is not a number */
	snprintf(what, sizeof what, "%g is not from %g to %g", (double)*value, (double)least, (double)most);
	return config_fail(s, key, what);
}

bool config_layers(const struct config_source *s, struct config *c, const char *key, uint32_t least, uint32_t most, uint32_t none,
                   size_t offset)
{
	char name[CONFIG_MAX_KEY], what[96];
	const struct gguf_value *v = gguf_find(s->file, config_key(s, key, name));
	bool array = v && v->type == GGUF_ARRAY;
	uint32_t all = none;
	if (array) {
		if (!gguf_get_array(s->file, name, GGUF_I64, &v, s->e)) return false;
		if (v->count != c->n_layer) {
			snprintf(what, sizeof what, "has %llu values for %u layers", (unsigned long long)v->count, c->n_layer);
			return config_fail(s, key, what);
		}
	} else if (!config_count(s, key, least, most, &all)) {
		return false;
	}
	for (uint32_t i = 0; i < c->n_layer; i++) {
		int64_t value = array ? gguf_item_int(v, i) : all;
		if (value < least || value > most) {
			snprintf(what, sizeof what, "%lld (layer %u) is not from %u to %u", (long long)value, i, least, most);
			return config_fail(s, key, what);
		}
		uint32_t small = (uint32_t)value;
		memcpy((char *)&c->layer[i] + offset, &small, sizeof small);
	}
	return true;
}

static bool find_family(struct config_source *s, struct config *c)
{
	struct gguf_text name = { "", 0 };
	if (!gguf_get_text(s->file, "general.architecture", &name, s->e)) return false;
	if (name.length == 0)
		return error_set(s->e, "%s: 'general.architecture' is missing; this is no model file", gguf_name(s->file));
	c->family = family_find(name.data, name.length);
	if (!c->family) {
		return error_set(s->e, "%s: architecture '%.*s' is not supported in this version; the nearest that runs is '%s'",
		                 gguf_name(s->file), (int)(name.length < 64 ? name.length : 64), name.data,
		                 family_nearest(name.data, name.length));
	}
	s->architecture = c->family->architecture;
	return true;
}

static bool read_vocab_size(const struct config_source *s, struct config *c)
{
	const struct gguf_value *tokens;
	if (!gguf_get_array(s->file, "tokenizer.ggml.tokens", GGUF_TEXT, &tokens, s->e)) return false;
	if (tokens && tokens->count > CONFIG_MAX_VOCAB)
		return error_set(s->e, "%s: a vocabulary of %llu tokens is too large", gguf_name(s->file),
		                 (unsigned long long)tokens->count);
	c->n_vocab = tokens ? (uint32_t)tokens->count : 0;
	if (!config_count(s, "vocab_size", 1, CONFIG_MAX_VOCAB, &c->n_vocab)) return false;
	if (tokens && tokens->count != c->n_vocab) {
		return error_set(s->e, "%s: '%s.vocab_size' is %u, but there are %llu tokens", gguf_name(s->file), s->architecture,
		                 c->n_vocab, (unsigned long long)tokens->count);
	}
	return true;
}

/* Sizes of the heads of layers that have attention; `n_head` is the first such layer's. */
static bool read_head_sizes(const struct config_source *s, struct config *c, uint32_t n_head)
{
	char name[CONFIG_MAX_KEY];
	c->head_k = 0;
	if (!gguf_find(s->file, config_key(s, "attention.key_length", name))) {
		if (c->n_embd % n_head != 0) return config_fail(s, "attention.head_count", "does not divide the width");
		c->head_k = c->n_embd / n_head;
	}
	if (!config_count(s, "attention.key_length", 1, CONFIG_MAX_HEAD, &c->head_k)) return false;
	c->head_v = c->head_k;
	if (!config_count(s, "attention.value_length", 1, CONFIG_MAX_HEAD, &c->head_v)) return false;
	c->n_rot = c->head_k;
	if (!config_count(s, "rope.dimension_count", 2, CONFIG_MAX_HEAD, &c->n_rot)) return false;
	if (c->n_rot > c->head_k || c->n_rot % 2 != 0)
		return config_fail(s, "rope.dimension_count", "is odd or larger than a head");
	bool wide = c->family->wide_head_layers && c->n_layer == c->family->wide_head_layers;
	c->attention_scale = 1 / sqrtf(wide ? (float)c->n_embd / (float)n_head : (float)c->head_k);
	return true;
}

static bool read_heads(const struct config_source *s, struct config *c)
{
	uint32_t least = c->family->recurrent ? 0 : 1; /* heads of a layer */
	if (!config_layers(s, c, "attention.head_count", least, CONFIG_MAX_HEADS, 0, offsetof(struct config_layer, n_head)))
		return false;
	if (!config_layers(s, c, "attention.head_count_kv", least, CONFIG_MAX_HEADS, c->layer[0].n_head,
	                   offsetof(struct config_layer, n_head_kv)))
		return false;
	uint32_t attending = c->n_layer;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		struct config_layer *l = &c->layer[i];
		if (l->n_head == 0) l->n_head_kv = 0;
		if (l->n_head_kv && l->n_head % l->n_head_kv != 0)
			return config_fail(s, "attention.head_count_kv", "does not divide the number of heads");
		if (l->n_head_kv && attending == c->n_layer) attending = i;
	}
	return attending == c->n_layer || read_head_sizes(s, c, c->layer[attending].n_head);
}

static bool read_window(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	char name[CONFIG_MAX_KEY];
	c->window = f->window;
	if (f->flags & FAMILY_IGNORE_WINDOW || (!f->window && !f->window_period)) {
		c->window = 0;
		return true;
	}
	bool stated = gguf_find(s->file, config_key(s, "attention.sliding_window", name)) != NULL;
	if (!config_count(s, "attention.sliding_window", stated ? 1 : 0, CONFIG_MAX_CONTEXT, &c->window)) return false;
	if (c->window == 0) return true;
	const struct gguf_value *pattern = gguf_find(s->file, config_key(s, "attention.sliding_window_pattern", name));
	if (pattern && pattern->type == GGUF_ARRAY) {
		if (!gguf_get_array(s->file, name, GGUF_BOOL, &pattern, s->e)) return false;
		if (pattern->count != c->n_layer)
			return config_fail(s, "attention.sliding_window_pattern", "does not have one value for each layer");
		for (uint32_t i = 0; i < c->n_layer; i++) c->layer[i].windowed = gguf_item_int(pattern, i) != 0;
		return true;
	}
	uint32_t period = f->window_period;
	if (!config_count(s, "attention.sliding_window_pattern", 0, CONFIG_MAX_LAYERS, &period)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) c->layer[i].windowed = period == 0 || i % period < period - 1;
	return true;
}

static bool read_scaling_kind(const struct config_source *s, struct config *c)
{
	static const struct {
		const char *name;
		enum rope_scaling kind;
	} kinds[] = { { "none", ROPE_PLAIN }, { "linear", ROPE_LINEAR }, { "yarn", ROPE_YARN }, { "longrope", ROPE_LONG } };
	char key[CONFIG_MAX_KEY];
	struct gguf_text kind = { "", 0 };
	if (!gguf_get_text(s->file, config_key(s, "rope.scaling.type", key), &kind, s->e)) return false;
	bool factor = gguf_find(s->file, config_key(s, "rope.scaling.factor", key)) ||
	              gguf_find(s->file, config_key(s, "rope.scale_linear", key));
	c->rope_scaling = factor ? ROPE_LINEAR : ROPE_PLAIN;
	if (kind.length == 0) return true;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strlen(kinds[i].name) != kind.length || memcmp(kinds[i].name, kind.data, kind.length) != 0) continue;
		c->rope_scaling = kinds[i].kind;
		return true;
	}
	return config_fail(s, "rope.scaling.type", "is unknown (none, linear, yarn and longrope are known)");
}

static bool read_rope(const struct config_source *s, struct config *c)
{
	c->rope_base = 10000;
	c->rope_base_local = c->family->local_rope_base;
	c->rope_factor = 1;
	c->original_context = c->n_context;
	c->yarn_beta_fast = 32;
	c->yarn_beta_slow = 1;
	c->rope_magnitude = 1;
	bool ok = config_float(s, "rope.freq_base", 1, 1e12f, &c->rope_base) && read_scaling_kind(s, c);
	if (ok && c->family->flags & FAMILY_LOCAL_ROPE) ok = config_float(s, "rope.freq_base_swa", 1, 1e12f, &c->rope_base_local);
	/* 0 stands for "none" in some files */
	ok = ok && config_float(s, "rope.scale_linear", 0, 1e6f, &c->rope_factor) &&
	     config_float(s, "rope.scaling.factor", 0, 1e6f, &c->rope_factor);
	if (c->rope_factor == 0 || c->rope_scaling == ROPE_PLAIN) c->rope_factor = 1;
	ok = ok && config_count(s, "rope.scaling.original_context_length", 1, CONFIG_MAX_CONTEXT, &c->original_context) &&
	     config_float(s, "rope.scaling.attn_factor", 1e-3f, 1e3f, &c->rope_magnitude) &&
	     config_float(s, "rope.scaling.yarn_beta_fast", 1e-3f, 1e6f, &c->yarn_beta_fast) &&
	     config_float(s, "rope.scaling.yarn_beta_slow", 1e-3f, 1e6f, &c->yarn_beta_slow);
	if (ok && c->family->flags & FAMILY_YARN_LOG_MULTIPLIER)
		ok = config_float(s, "rope.scaling.yarn_log_multiplier", 0, 1e3f, &c->yarn_log_multiplier);
	if (ok && c->family->flags & FAMILY_QUERY_TEMPERATURE)
		ok = config_float(s, "attention.temperature_scale", 0, 1e3f, &c->temperature_scale);
	return ok;
}

static bool read_experts(const struct config_source *s, struct config *c)
{
	bool needed = c->family->flags & FAMILY_EXPERTS;
	c->expert_scale = 1;
	if (!config_count(s, "expert_count", needed ? 1 : 0, CONFIG_MAX_EXPERTS, &c->n_expert)) return false;
	if (c->n_expert == 0) return true;
	if (!config_count(s, "expert_used_count", 1, CONFIG_MAX_EXPERTS, &c->n_expert_used)) return false;
	if (c->n_expert_used > c->n_expert) return config_fail(s, "expert_used_count", "is larger than the number of experts");
	c->n_ff_expert = c->layer[0].n_ff;
	if (!config_count(s, "expert_feed_forward_length", 1, CONFIG_MAX_FF, &c->n_ff_expert)) return false;
	return config_float(s, "expert_weights_scale", 0, 1e6f, &c->expert_scale);
}

bool config_read(struct config *c, const struct gguf *file, struct error *e)
{
	struct config_source s = { .file = file, .e = e };
	memset(c, 0, sizeof *c);
	if (!find_family(&s, c) || !read_vocab_size(&s, c)) return false;
	const struct family *f = c->family;
	c->attention_cap = f->attention_cap;
	c->logit_cap = f->logit_cap;
	bool ok = config_count(&s, "embedding_length", 1, CONFIG_MAX_EMBD, &c->n_embd) &&
	          config_count(&s, "block_count", 1, CONFIG_MAX_LAYERS, &c->n_layer) &&
	          config_count(&s, "context_length", 1, CONFIG_MAX_CONTEXT, &c->n_context) &&
	          config_layers(&s, c, "feed_forward_length", f->recurrent ? 0 : 1, CONFIG_MAX_FF, 0,
	                        offsetof(struct config_layer, n_ff)) &&
	          read_heads(&s, c) && config_recurrent(&s, c) && read_window(&s, c) && read_rope(&s, c) && read_experts(&s, c);
	char name[CONFIG_MAX_KEY];
	if (ok && !gguf_find(file, config_key(&s, "attention.layer_norm_rms_epsilon", name)))
		return config_fail(&s, "attention.layer_norm_rms_epsilon", "is missing");
	ok = ok && config_float(&s, "attention.layer_norm_rms_epsilon", 0, 1, &c->norm_eps);
	ok = ok && config_float(&s, "attn_logit_softcapping", 0, 1e6f, &c->attention_cap) &&
	     config_float(&s, "final_logit_softcapping", 0, 1e6f, &c->logit_cap);
	c->embedding_scale = f->flags & FAMILY_SCALED_EMBEDDING ? sqrtf((float)c->n_embd) : 1;
	return ok;
}
