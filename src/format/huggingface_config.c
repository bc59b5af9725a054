/* huggingface: hyperparameters, from config.json's words to GGUF's. */
#include "format/huggingface_internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LAYERS = 1024, MOST_WIDTH = 1 << 20, MOST_HEADS = 1024, MOST_CONTEXT = 1 << 28, MOST_HEAD = 1024 };

static const struct hf_family families[] = {
	{ "llama", "llama", true, false, false, false },  { "mistral", "llama", true, false, false, false },
	{ "qwen2", "qwen2", false, false, false, false }, { "qwen3", "qwen3", false, false, false, false },
	{ "gemma", "gemma", false, true, false, false },  { "gemma2", "gemma2", false, true, true, true },
	{ "gemma3", "gemma3", false, true, true, true },  { "gemma3_text", "gemma3", false, true, true, true },
	{ "phi3", "phi3", false, false, false, true },
};

static bool find_family(struct hf_folder *f)
{
	const char *type = json_string_value(json_object_get(f->config, "model_type"));
	if (!type) return error_set(f->e, "%s/config.json: 'model_type': is missing", f->path);
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		if (strcmp(families[i].model_type, type) == 0) f->family = &families[i];
	}
	if (f->family) return true;
	return error_set(
	        f->e,
	        "%s/config.json: folders of '%.60s' models are not read directly (llama, mistral, qwen2, qwen3, gemma, gemma2, "
	        "gemma3, phi3 are); get this model as a GGUF file",
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

static bool put_rope(struct hf_folder *f, uint32_t head, uint32_t n_context)
{
	struct turning t = { .base = 10000, .n_context = n_context, .scaling = json_object_get(f->config, "rope_scaling") };
	double partial = 1, local = 0;
	if (!json_is_object(t.scaling)) t.scaling = json_object_get(f->config, "rope_parameters");
	const char *kind = json_string_value(json_object_get(t.scaling, "rope_type"));
	if (!kind) kind = json_string_value(json_object_get(t.scaling, "type"));
	t.kind = kind ? kind : "default";
	if (!hf_real(f, f->config, "rope_theta", 1, 1e12, &t.base) || !hf_real(f, t.scaling, "rope_theta", 1, 1e12, &t.base) ||
	    !hf_real(f, f->config, "partial_rotary_factor", 0.01, 1, &partial) ||
	    !hf_real(f, f->config, "rope_local_base_freq", 1, 1e12, &local))
		return false;
	t.n_rot = (uint32_t)(head * partial) & ~1u;
	put_u32(f, "rope.dimension_count", t.n_rot);
	put_f32(f, "rope.freq_base", t.base);
	if (local > 0) put_f32(f, "rope.freq_base_swa", local);
	return put_scaling(f, &t);
}

static bool put_window(struct hf_folder *f)
{
	uint32_t window = 0;
	if (!f->family->windowed) return true;
	if (!hf_count(f, "sliding_window", 0, MOST_CONTEXT, &window)) return false;
	if (window > 0) put_u32(f, "attention.sliding_window", window);
	return true;
}

static bool put_caps(struct hf_folder *f)
{
	double scores = 0, logits = 0;
	if (!hf_real(f, f->config, "attn_logit_softcapping", 0, 1e6, &scores) ||
	    !hf_real(f, f->config, "final_logit_softcapping", 0, 1e6, &logits))
		return false;
	if (scores > 0) put_f32(f, "attn_logit_softcapping", scores);
	if (logits > 0) put_f32(f, "final_logit_softcapping", logits);
	return true;
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

bool hf_read_config(struct hf_folder *f)
{
	uint32_t width = 0, layers = 0, heads = 0, kv, head = 0, ff = 0, context = 0;
	double eps = 1e-6;
	size_t length;
	const char *name = base_name(f->path, &length);
	if (!find_family(f)) return false;
	if (!hf_count(f, "hidden_size", 1, MOST_WIDTH, &width) || !hf_count(f, "num_hidden_layers", 1, MOST_LAYERS, &layers) ||
	    !hf_count(f, "num_attention_heads", 1, MOST_HEADS, &heads) ||
	    !hf_count(f, "intermediate_size", 1, MOST_WIDTH * 8, &ff) ||
	    !hf_count(f, "max_position_embeddings", 1, MOST_CONTEXT, &context))
		return false;
	kv = heads;
	head = width / heads;
	if (!hf_count(f, "num_key_value_heads", 1, MOST_HEADS, &kv) || !hf_count(f, "head_dim", 1, MOST_HEAD, &head) ||
	    !hf_real(f, f->config, "rms_norm_eps", 0, 1, &eps))
		return false;
	gguf_put_text(&f->writer, "general.architecture", f->family->architecture, strlen(f->family->architecture));
	gguf_put_text(&f->writer, "general.name", name, length);
	put_u32(f, "context_length", context);
	put_u32(f, "embedding_length", width);
	put_u32(f, "block_count", layers);
	put_u32(f, "feed_forward_length", ff);
	put_u32(f, "attention.head_count", heads);
	put_u32(f, "attention.head_count_kv", kv);
	put_u32(f, "attention.key_length", head);
	put_u32(f, "attention.value_length", head);
	put_f32(f, "attention.layer_norm_rms_epsilon", eps);
	return put_window(f) && put_caps(f) && put_rope(f, head, context);
}
