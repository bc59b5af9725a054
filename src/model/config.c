/* config: metadata to checked numbers (see config.h). */
#include "model/config_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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

/* Layers that guess ahead stand behind the others and are left out. */
static bool skip_tail(const struct config_source *s, struct config *c)
{
	uint32_t tail = 0;
	c->n_blocks = c->n_layer;
	if (!c->family->skip_tail) return true;
	if (!config_count(s, "nextn_predict_layers", 0, CONFIG_MAX_LAYERS, &tail)) return false;
	if (tail >= c->n_layer) return config_fail(s, "nextn_predict_layers", "leaves no layer");
	c->n_layer -= tail;
	return true;
}

/* `n_head`: of the first layer that attends. */
static bool read_head_sizes(const struct config_source *s, struct config *c, uint32_t n_head)
{
	uint32_t head_k = 0;
	if (!config_stated(s, "attention.key_length")) {
		if (c->n_embd % n_head != 0) return config_fail(s, "attention.head_count", "does not divide the width");
		head_k = c->n_embd / n_head;
	}
	if (!config_count(s, "attention.key_length", 1, CONFIG_MAX_HEAD, &head_k)) return false;
	uint32_t head_v = head_k;
	if (!config_count(s, "attention.value_length", 1, CONFIG_MAX_HEAD, &head_v)) return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		c->layer[i].head_k = head_k;
		c->layer[i].head_v = head_v;
	}
	return true;
}

static bool read_heads(const struct config_source *s, struct config *c)
{
	uint32_t least = c->family->recurrent || c->family->gaps ? 0 : 1; /* heads of a layer */
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
	const struct gguf_value *pattern;
	uint32_t window = f->window, period = f->window_period;
	if (f->ignore_window || (!f->window && !f->window_period && !f->every_window)) return true;
	bool stated = config_stated(s, "attention.sliding_window");
	if (f->window_layers && c->n_layer != f->window_layers) return true;
	/* where a family has windows anyhow, one of 0 would hide everything */
	if (!config_count(s, "attention.sliding_window", stated && f->window ? 1 : 0, CONFIG_MAX_CONTEXT, &window)) return false;
	if (window == 0) return true;
	if (stated && f->window_fixed) window = f->window_fixed;
	if (!config_layer_flags(s, c, "attention.sliding_window_pattern", &pattern)) return false;
	if (!pattern && !config_count(s, "attention.sliding_window_pattern", 0, CONFIG_MAX_LAYERS, &period)) return false;
	uint32_t global = f->window_last ? 0 : period - 1;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		bool windowed = pattern ? gguf_item_int(pattern, i) != 0 : period == 0 || i % period != global;
		c->layer[i].window = windowed ? window : 0;
	}
	return true;
}

/* What a gate and what it gates are counted together as, by layer, is the width of either. */
static bool halve_widths(const struct config_source *s, struct config *c)
{
	for (uint32_t i = 0; c->family->half_ffn && i < c->n_layer; i++) {
		if (c->layer[i].n_ff % 2 != 0) return config_fail(s, "feed_forward_length", "is odd");
		c->layer[i].n_ff /= 2;
	}
	return true;
}

/* Heads of windowed layers where they have sizes of their own, and layers that read the keys and values of earlier ones. */
static bool read_window_heads(const struct config_source *s, struct config *c)
{
	uint32_t key = 0, value = 0;
	if (!c->family->window_heads) return true;
	if (!config_count(s, "attention.key_length_swa", 1, CONFIG_MAX_HEAD, &key) ||
	    !config_count(s, "attention.value_length_swa", 1, CONFIG_MAX_HEAD, &value))
		return false;
	for (uint32_t i = 0; i < c->n_layer; i++) {
		if (!c->layer[i].window) continue;
		c->layer[i].head_k = key;
		c->layer[i].head_v = value;
	}
	return true;
}

static bool read_shared_kv(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	uint32_t shared = 0, own = c->n_layer;
	for (uint32_t i = 0; i < c->n_layer; i++) c->layer[i].kv_from = i;
	if (f->shared_kv && !config_count(s, "attention.shared_kv_layers", 0, c->n_layer, &shared)) return false;
	own -= shared;
	if (f->kv_layers && f->kv_layers < own) own = f->kv_layers;
	for (uint32_t i = own; i < c->n_layer; i++) {
		struct config_layer *l = &c->layer[i];
		/* the last windowed layer of those with their own is the last but one, and the one behind it has no window */
		uint32_t back = l->window ? 2 : 1;
		if (own < back) return config_fail(s, "attention.shared_kv_layers", "leaves too few layers");
		const struct config_layer *from = &c->layer[l->kv_from = own - back];
		if (from->window != l->window || from->head_k != l->head_k || from->head_v != l->head_v ||
		    l->n_head % from->n_head_kv != 0)
			return config_fail(s, "attention.shared_kv_layers", "pairs layers of different kinds");
		l->n_head_kv = from->n_head_kv;
	}
	return true;
}

/* What changes scores: their scale, soft caps, biases by distance, limits of queries, keys and values. */
static bool read_scores(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	const struct config_layer *l = &c->layer[0];
	bool wide = f->wide_head_layers && c->n_layer == f->wide_head_layers;
	c->attention_scale = 1 / sqrtf(wide ? (float)c->n_embd / (float)l->n_head : (float)l->head_k); /* unused without heads */
	if (f->unit_scores) c->attention_scale = 1;
	if (f->scores_by_size) c->attention_scale = 1 / (float)l->head_k;
	if (f->scores_key && config_stated(s, "attention.scale") &&
	    !config_float(s, "attention.scale", 1e-6f, 1e6f, &c->attention_scale))
		return false;
	c->attention_cap = f->attention_cap;
	c->alibi = !f->alibi_layers || c->n_layer == f->alibi_layers ? f->alibi : 0;
	if (f->clamp_qkv && !config_float(s, "attention.clamp_kqv", 0, 1e6f, &c->clamp_qkv)) return false;
	if (f->alibi_key && !config_float(s, "attention.max_alibi_bias", 0, 1e3f, &c->alibi)) return false;
	return f->attention_cap == 0 || config_float(s, "attn_logit_softcapping", 0, 1e6f, &c->attention_cap);
}

/* A number that something is multiplied with; 0 in a file stands for `none`. */
static bool read_factor(const struct config_source *s, const char *key, float none, float *factor)
{
	if (!config_float(s, key, 0, 1e6f, factor)) return false;
	if (*factor == 0) *factor = none;
	return true;
}

static bool read_scales(const struct config_source *s, struct config *c)
{
	bool guessed = c->family->scales_guessed;
	float divisor = 256 / (float)c->n_embd;
	if (guessed) {
		c->embedding_scale = 12;
		c->residual_scale = 1.4f / sqrtf((float)c->n_layer);
	} else {
		if (!read_factor(s, "attention.scale", c->attention_scale, &c->attention_scale)) return false;
		if (!config_stated(s, "logit_scale")) return config_fail(s, "logit_scale", "is missing");
	}
	if (!config_float(s, "logit_scale", 1e-6f, 1e6f, &divisor)) return false;
	c->logit_scale = 1 / divisor;
	return read_factor(s, "embedding_scale", 1, &c->embedding_scale) && read_factor(s, "residual_scale", 1, &c->residual_scale);
}

/* What stands before the first layer, between layers and behind the last. */
static bool read_stream(const struct config_source *s, struct config *c)
{
	const struct family *f = c->family;
	const char *eps = f->norm == NORM_LAYER ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon";
	if (!config_stated(s, eps)) return config_fail(s, eps, "is missing");
	c->embedding_scale = f->scaled_embedding ? sqrtf((float)c->n_embd) : 1;
	if (f->embedding_factor > 0) c->embedding_scale = f->embedding_factor;
	c->residual_scale = f->residual_depth > 0 ? f->residual_depth / sqrtf((float)c->n_layer) : 1;
	c->logit_scale = f->logit_base > 0 ? f->logit_base / (float)c->n_embd : 1;
	c->logit_cap = f->logit_cap;
	c->n_layer_input = f->layer_input;
	if (f->layer_inputs && !config_count(s, "embedding_length_per_layer_input", 0, CONFIG_MAX_EMBD / 16, &c->n_layer_input))
		return false;
	c->parallel = f->parallel;
	bool causal = !f->encoder;
	uint32_t pooling = POOLING_NONE;
	if (!config_bool(s, "attention.causal", &causal) || !config_count(s, "pooling_type", 0, POOLING_RANK, &pooling))
		return false;
	if (f->dense_modules && config_stated(s, "dense_2_feat_out") && config_stated(s, "dense_3_feat_out") &&
	    (!config_count(s, "dense_2_feat_out", 1, CONFIG_MAX_EMBD, &c->n_dense[0]) ||
	     !config_count(s, "dense_3_feat_out", 1, CONFIG_MAX_EMBD, &c->n_dense[1])))
		return false;
	c->whole = !causal;
	c->pooling = (enum pooling)pooling;
	if (f->parallel && !config_bool(s, "use_parallel_residual", &c->parallel)) return false;
	if (f->scales && !read_scales(s, c)) return false;
	if (f->logit_scale && !config_float(s, "logit_scale", -1e6f, 1e6f, &c->logit_scale)) return false;
	return config_float(s, eps, 0, 1, &c->norm_eps) &&
	       (!f->logit_cap_key || config_float(s, "final_logit_softcapping", 0, 1e6f, &c->logit_cap));
}

bool config_read(struct config *c, const struct gguf *file, struct error *e)
{
	struct config_source s = { .file = file, .e = e };
	memset(c, 0, sizeof *c);
	if (!find_family(&s, c) || !read_vocab_size(&s, c)) return false;
	bool ok = config_count(&s, "embedding_length", 1, CONFIG_MAX_EMBD, &c->n_embd) &&
	          config_count(&s, "block_count", 1, CONFIG_MAX_LAYERS, &c->n_layer) && skip_tail(&s, c) &&
	          config_count(&s, "context_length", 1, CONFIG_MAX_CONTEXT, &c->n_context);
	uint32_t least = c->family->recurrent || c->family->gaps ? 0 : 1; /* a layer may have no feed-forward block */
	ok = ok && config_layers(&s, c, "feed_forward_length", least, CONFIG_MAX_FF, 0, offsetof(struct config_layer, n_ff)) &&
	     halve_widths(&s, c) && read_heads(&s, c) && config_latent(&s, c) && config_recurrent(&s, c) && read_window(&s, c) &&
	     read_window_heads(&s, c) && read_shared_kv(&s, c) && config_blocks(&s, c) && read_scores(&s, c) &&
	     config_rope(&s, c) && config_blocks_rope(&s, c) && config_experts(&s, c) && read_stream(&s, c) && config_xielu(&s, c);
	if (!ok) return false;
	config_latent_scale(c);
	c->unit_qk = c->family->unit_qk && c->experts.n != c->family->unit_qk_not;
	return true;
}
