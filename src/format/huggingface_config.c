/* huggingface: hyperparameters, from config.json's words to GGUF's. */
#include "format/huggingface_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LAYERS = 1024, MOST_WIDTH = 1 << 20, MOST_HEADS = 1024, MOST_CONTEXT = 1 << 28, MOST_HEAD = 1024 };

static const struct hf_family families[] = {
	{ .model_type = "llama", .architecture = "llama", .turned_pairs = true },
	{ .model_type = "mistral", .architecture = "llama", .turned_pairs = true, .n_head_kv = 8, .n_context = 131072 },
	{ .model_type = "qwen2", .architecture = "qwen2" },
	{ .model_type = "qwen3", .architecture = "qwen3", .head_size = 128 },
	{ .model_type = "gemma", .architecture = "gemma", .norm_plus_one = true, .head_size = 256, .n_context = 8192 },
	{ .model_type = "gemma2",
	  .architecture = "gemma2",
	  .norm_plus_one = true,
	  .post_norms = true,
	  .windowed = true,
	  .caps = true,
	  .n_head = 8,
	  .n_head_kv = 4,
	  .head_size = 256,
	  .n_context = 8192,
	  .window = 4096 },
	{ .model_type = "gemma3_text",
	  .architecture = "gemma3",
	  .norm_plus_one = true,
	  .post_norms = true,
	  .windowed = true,
	  .caps = true,
	  .n_head = 8,
	  .n_head_kv = 4,
	  .head_size = 256,
	  .n_context = 131072,
	  .window = 4096,
	  .rope_base = 1e6 },
	{ .model_type = "phi", .architecture = "phi2", .layer_norm = true },
	{ .model_type = "phi3", .architecture = "phi3", .windowed = true },
};

static bool find_family(struct hf_folder *f)
{
	const char *type = json_string_value(json_object_get(f->config, "model_type"));
	if (type && strcmp(type, "gemma3") == 0) type = "gemma3_text"; /* where the text model's part has no name of its own */
	if (!type) return error_set(f->e, "%s/config.json: 'model_type': is missing", f->path);
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		if (strcmp(families[i].model_type, type) == 0) f->family = &families[i];
	}
	if (f->family) return true;
	return error_set(
	        f->e,
	        "%s/config.json: folders of '%.60s' models are not read directly (llama, mistral, qwen2, qwen3, gemma, gemma2, "
	        "gemma3, phi, phi3 are); get this model as a GGUF file",
	        f->path, type);
}

static const char *key_of(const struct hf_folder *f, const char *key)
{
	static _Thread_local char full[128];
	snprintf(full, sizeof full, "%s.%s", f->family->architecture, key);
	return full;
}

static void put_u32(struct hf_folder *f, const char *key, uint32_t value)
{
	gguf_put_u32(&f->writer, key_of(f, key), value);
}

static void put_f32(struct hf_folder *f, const char *key, double value)
{
	gguf_put_f32(&f->writer, key_of(f, key), (float)value);
}

/* The numbers that rope needs besides the scaling. */
struct turning {
	double base;
	uint32_t n_rot, n_context;
	const json_t *scaling; /* rope_scaling, or rope_parameters; NULL: none */
	const char *kind;      /* "default" when there is none */
};

/* Llama 3's scaling: a divisor for each frequency (transformers, _compute_llama3_parameters). */
static bool put_llama3(struct hf_folder *f, const struct turning *t)
{
	double factor = 8, low = 1, high = 4, original = 8192;
	if (!hf_real(f, t->scaling, "factor", 1, 1e6, &factor) || !hf_real(f, t->scaling, "low_freq_factor", 1e-3, 1e6, &low) ||
	    !hf_real(f, t->scaling, "high_freq_factor", 1e-3, 1e6, &high) ||
	    !hf_real(f, t->scaling, "original_max_position_embeddings", 1, MOST_CONTEXT, &original))
		return false;
	uint64_t half = t->n_rot / 2;
	float *factors = arena_alloc(f->arena, half, sizeof *factors);
	if (!factors) return error_memory(f->e);
	for (uint64_t i = 0; i < half; i++) {
		double wave = 2 * 3.14159265358979323846 * pow(t->base, 2.0 * (double)i / t->n_rot);
		double smooth = high > low ? (original / wave - low) / (high - low) : 1;
		if (wave < original / high)
			factors[i] = 1;
		else if (wave > original / low)
			factors[i] = (float)factor;
		else
			factors[i] = (float)(1 / ((1 - smooth) / factor + smooth));
	}
	return hf_put_tensor(f, "rope_freqs.weight", TYPE_F32, 1, &half, factors, (size_t)half * sizeof *factors);
}

static bool put_factors(struct hf_folder *f, const struct turning *t, const char *key, const char *name)
{
	const json_t *list = json_object_get(t->scaling, key);
	uint64_t n = json_array_size(list);
	if (n != t->n_rot / 2)
		return error_set(f->e, "%s/config.json: '%s': %llu factors for %u frequencies", f->path, key, (unsigned long long)n,
		                 t->n_rot / 2);
	float *factors = arena_alloc(f->arena, n, sizeof *factors);
	if (!factors) return error_memory(f->e);
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(list, i);
		factors[i] = (float)json_number_value(v);
		if (!json_is_number(v) || !(factors[i] > 0) || !isfinite(factors[i]))
			return error_set(f->e, "%s/config.json: '%s': factor %zu is not above 0", f->path, key, i);
	}
	return hf_put_tensor(f, name, TYPE_F32, 1, &n, factors, (size_t)n * sizeof *factors);
}

/* Phi's: divisors for contexts up to the original one and beyond, and a factor for the scores' size. */
static bool put_longrope(struct hf_folder *f, const struct turning *t)
{
	double original = t->n_context, magnitude = 0;
	if (!hf_real(f, f->config, "original_max_position_embeddings", 2, MOST_CONTEXT, &original) ||
	    !hf_real(f, t->scaling, "original_max_position_embeddings", 2, MOST_CONTEXT, &original) ||
	    !hf_real(f, t->scaling, "attention_factor", 1e-3, 1e3, &magnitude))
		return false;
	double longer = (double)t->n_context / original;
	if (magnitude == 0) magnitude = longer > 1 ? sqrt(1 + log(longer) / log(original)) : 1;
	gguf_put_text(&f->writer, key_of(f, "rope.scaling.type"), "longrope", 8);
	put_u32(f, "rope.scaling.original_context_length", (uint32_t)original);
	put_f32(f, "rope.scaling.attn_factor", magnitude);
	return put_factors(f, t, "long_factor", "rope_factors_long.weight") &&
	       put_factors(f, t, "short_factor", "rope_factors_short.weight");
}

static bool put_yarn(struct hf_folder *f, const struct turning *t)
{
	double factor = 1, original = t->n_context, fast = 32, slow = 1;
	if (!hf_real(f, t->scaling, "factor", 1, 1e6, &factor) ||
	    !hf_real(f, t->scaling, "original_max_position_embeddings", 1, MOST_CONTEXT, &original) ||
	    !hf_real(f, t->scaling, "beta_fast", 1e-3, 1e6, &fast) || !hf_real(f, t->scaling, "beta_slow", 1e-3, 1e6, &slow))
		return false;
	gguf_put_text(&f->writer, key_of(f, "rope.scaling.type"), "yarn", 4);
	put_f32(f, "rope.scaling.factor", factor);
	put_u32(f, "rope.scaling.original_context_length", (uint32_t)original);
	put_f32(f, "rope.scaling.yarn_beta_fast", fast);
	put_f32(f, "rope.scaling.yarn_beta_slow", slow);
	return true;
}

static bool put_scaling(struct hf_folder *f, const struct turning *t)
{
	double factor = 1;
	if (strcmp(t->kind, "default") == 0) return true;
	if (strcmp(t->kind, "llama3") == 0) return put_llama3(f, t);
	if (strcmp(t->kind, "longrope") == 0 || strcmp(t->kind, "su") == 0) return put_longrope(f, t);
	if (strcmp(t->kind, "yarn") == 0) return put_yarn(f, t);
	if (strcmp(t->kind, "linear") != 0)
		return error_set(f->e,
		                 "%s/config.json: 'rope_scaling': '%.40s' is not known (linear, llama3, yarn and longrope are)",
		                 f->path, t->kind);
	if (!hf_real(f, t->scaling, "factor", 1, 1e6, &factor)) return false;
	gguf_put_text(&f->writer, key_of(f, "rope.scaling.type"), "linear", 6);
	put_f32(f, "rope.scaling.factor", factor);
	return true;
}

/* What a scaling is called; one that is not named is none. */
static const char *kind_of(const json_t *scaling)
{
	const char *kind = json_string_value(json_object_get(scaling, "rope_type"));
	if (!kind) kind = json_string_value(json_object_get(scaling, "type"));
	return kind ? kind : "default";
}

static bool put_rope(struct hf_folder *f, uint32_t head, uint32_t n_context)
{
	struct turning t = { .base = f->family->rope_base > 0 ? f->family->rope_base : 10000,
		             .n_context = n_context,
		             .scaling = json_object_get(f->config, "rope_scaling") };
	double partial = f->family->layer_norm ? 0.5 : 1, local = 0;
	const json_t *windowed = NULL; /* of windowed layers, in files that tell them apart */
	if (!json_is_object(t.scaling)) t.scaling = json_object_get(f->config, "rope_parameters");
	if (json_is_object(json_object_get(t.scaling, "full_attention"))) {
		windowed = json_object_get(t.scaling, "sliding_attention");
		t.scaling = json_object_get(t.scaling, "full_attention");
	}
	t.kind = kind_of(t.scaling);
	if (!hf_real(f, f->config, "rope_theta", 1, 1e12, &t.base) || !hf_real(f, t.scaling, "rope_theta", 1, 1e12, &t.base) ||
	    !hf_real(f, f->config, "partial_rotary_factor", 0.01, 1, &partial) ||
	    !hf_real(f, t.scaling, "partial_rotary_factor", 0.01, 1, &partial) ||
	    !hf_real(f, f->config, "rope_local_base_freq", 1, 1e12, &local) || !hf_real(f, windowed, "rope_theta", 1, 1e12, &local))
		return false;
	t.n_rot = (uint32_t)(head * partial) & ~1u;
	put_u32(f, "rope.dimension_count", t.n_rot);
	put_f32(f, "rope.freq_base", t.base);
	if (local > 0) put_f32(f, "rope.freq_base_swa", local);
	return put_scaling(f, &t);
}

/* Which layers have the window, where the file says so layer by layer or by a period. */
static bool put_pattern(struct hf_folder *f, uint32_t n_layer)
{
	const json_t *types = json_object_get(f->config, "layer_types");
	uint32_t period = 0;
	bool windowed[MOST_LAYERS];
	if (!json_is_array(types)) {
		if (!hf_count(f, "sliding_window_pattern", 0, MOST_LAYERS, &period)) return false;
		if (period > 0) put_u32(f, "attention.sliding_window_pattern", period);
		return true;
	}
	if (json_array_size(types) != n_layer)
		return error_set(f->e, "%s/config.json: 'layer_types': %zu for %u layers", f->path, json_array_size(types),
		                 n_layer);
	for (uint32_t i = 0; i < n_layer; i++) {
		const char *type = json_string_value(json_array_get(types, i));
		if (!type || (strcmp(type, "sliding_attention") != 0 && strcmp(type, "full_attention") != 0))
			return error_set(
			        f->e, "%s/config.json: 'layer_types': layer %u is neither 'full_attention' nor 'sliding_attention'",
			        f->path, i);
		windowed[i] = type[0] == 's';
	}
	gguf_put_array(&f->writer, key_of(f, "attention.sliding_window_pattern"), GGUF_BOOL, windowed, n_layer);
	return true;
}

static bool put_window(struct hf_folder *f, uint32_t n_layer)
{
	uint32_t window = f->family->window, without = 28; /* layers before those that have it, in Qwen's files */
	if (!hf_count(f, "sliding_window", 0, MOST_CONTEXT, &window) || !hf_count(f, "max_window_layers", 0, MOST_LAYERS, &without))
		return false;
	if (window && without < n_layer && json_is_true(json_object_get(f->config, "use_sliding_window")))
		return error_set(f->e,
		                 "%s/config.json: 'use_sliding_window': windows of %s models are not supported in this version",
		                 f->path, f->family->model_type);
	if (!f->family->windowed) return true;
	if (window > 0) put_u32(f, "attention.sliding_window", window);
	return put_pattern(f, n_layer);
}

/* A cap that is stated as none is 0. */
static bool put_cap(struct hf_folder *f, const char *key)
{
	double cap = 0;
	if (!hf_real(f, f->config, key, 0, 1e6, &cap)) return false;
	if (json_object_get(f->config, key)) put_f32(f, key, cap);
	return true;
}

/* The size of scores, where it is not that of the heads. */
static bool put_scores(struct hf_folder *f, uint32_t head)
{
	double size = head;
	if (!f->family->caps) return true;
	if (!hf_real(f, f->config, "query_pre_attn_scalar", 1e-3, 1e6, &size)) return false;
	put_f32(f, "attention.scale", 1 / sqrt(size));
	return put_cap(f, "attn_logit_softcapping") && put_cap(f, "final_logit_softcapping");
}

static const char *base_name(const char *path, size_t *length)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/') end--;
	size_t start = end;
	while (start > 0 && path[start - 1] != '/') start--;
	*length = end - start;
	return path + start;
}

/* Numbers of the layers, and what the others need of them. */
struct shape {
	uint32_t width, n_layer, n_head, n_head_kv, head, n_ff, n_context;
	double eps;
};

static bool read_shape(struct hf_folder *f, struct shape *s)
{
	const struct hf_family *own = f->family;
	*s = (struct shape){ .n_head = own->n_head, .n_context = own->n_context, .eps = own->layer_norm ? 1e-5 : 1e-6 };
	if (!hf_count(f, "hidden_size", 1, MOST_WIDTH, &s->width) ||
	    !hf_count(f, "num_hidden_layers", 1, MOST_LAYERS, &s->n_layer) ||
	    !hf_count(f, "num_attention_heads", 1, MOST_HEADS, &s->n_head))
		return false;
	s->n_ff = own->layer_norm ? 4 * s->width : 0;
	s->n_head_kv = own->n_head_kv ? own->n_head_kv : s->n_head;
	s->head = own->head_size ? own->head_size : s->width / s->n_head;
	return hf_count(f, "intermediate_size", 1, MOST_WIDTH * 8, &s->n_ff) &&
	       hf_count(f, "max_position_embeddings", 1, MOST_CONTEXT, &s->n_context) &&
	       hf_count(f, "num_key_value_heads", 1, MOST_HEADS, &s->n_head_kv) &&
	       hf_count(f, "head_dim", 1, MOST_HEAD, &s->head) &&
	       hf_real(f, f->config, own->layer_norm ? "layer_norm_eps" : "rms_norm_eps", 0, 1, &s->eps);
}

bool hf_read_config(struct hf_folder *f)
{
	struct shape s;
	size_t length;
	const char *name = base_name(f->path, &length);
	if (!find_family(f) || !read_shape(f, &s)) return false;
	gguf_put_text(&f->writer, "general.architecture", f->family->architecture, strlen(f->family->architecture));
	gguf_put_text(&f->writer, "general.name", name, length);
	put_u32(f, "context_length", s.n_context);
	put_u32(f, "embedding_length", s.width);
	put_u32(f, "block_count", s.n_layer);
	put_u32(f, "feed_forward_length", s.n_ff);
	put_u32(f, "attention.head_count", s.n_head);
	put_u32(f, "attention.head_count_kv", s.n_head_kv);
	put_u32(f, "attention.key_length", s.head);
	put_u32(f, "attention.value_length", s.head);
	put_f32(f, f->family->layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon", s.eps);
	return put_window(f, s.n_layer) && put_scores(f, s.head) && put_rope(f, s.head, s.n_context);
}
