/*
 * made_kind: small models with seeded random weights, written as GGUF files. struct kind says what a family does;
 * reference_pass.h computes it, and the file is what the family's files are like.
 */
#ifndef HEARTH_TESTS_MODEL_MADE_KIND_H
#define HEARTH_TESTS_MODEL_MADE_KIND_H

#include "base/memory.h"
#include "format/gguf_writer.h"
#include "nn/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum turning { TURNS_NOT, TURNS_PAIRS, TURNS_HALVES };
enum act { ACT_SILU, ACT_GELU, ACT_RELU_SQUARED };
enum head_norm { HEADS_AS_THEY_ARE, HEADS_NORMED_FIRST, HEADS_NORMED_LAST, HEADS_NORMED_BARE };

struct kind {
	const char *arch;
	uint32_t n_layer, n_head, n_kv; /* 0: 3 layers, 4 heads, 2 of keys */
	bool uneven;                    /* layers have heads and widths of their own numbers */
	/* layers */
	enum turning turning;
	enum act act;
	bool layer_norm, bare_norms, biases, encoder, plain_ffn, fused_qkv, fused_ffn, half_ffn, post_norms, sum_norms, second_norm;
	const char *out_norm; /* NULL: output_norm */
	bool scaled;          /* embeddings times the root of their width */
	bool norm_biases;     /* norms have them whatever their kind, and the output too */
	/* attention */
	enum head_norm head_norm;
	float alibi, clamp, alpha;
	bool alibi_key, by_size, gates, latent, unscored;
	uint32_t window, window_key, period; /* layer i has the window unless i % period == period - 1; the key's value */
	bool chunks, turn_windowed_only, tempered;
	uint32_t unturned; /* layer i does not turn where i % unturned == unturned - 1 */
	bool wide;         /* Gemma 4: layers without a window have larger heads, whose keys are the values; values are normed */
	/* experts */
	uint32_t n_experts, dense, step; /* leading layers without them; only every step-th has them */
	bool sigmoid, normed_choice, early, shared, choice_bias, beside;
	float soft_cap;
};

enum {
	MADE_VOCAB = 60,
	MADE_EMBD = 24,
	MADE_HEADS = 4,
	MADE_HEAD = 8,
	MADE_FF = 28,
	MADE_USED = 2,
	MADE_LAYERS = 48,
	MADE_MOST = 1200
};
enum { MADE_EXPERT_FF = 12, MADE_LATENT = 16, MADE_LATENT_ROT = 4, MADE_LATENT_K = 12 };

struct made_tensor {
	char name[64];
	size_t rows, cols;
	float *data;
};

struct made {
	const struct kind *kind;
	uint32_t n_layer;
	uint64_t random;
	struct gguf_writer w;
	struct made_tensor *tensor;
	size_t n_tensors;
	size_t first[MADE_LAYERS + 1]; /* tensor of each layer; behind the last: all */
};

static inline uint32_t made_heads(const struct made *m, uint32_t i)
{
	uint32_t n = m->kind->n_head ? m->kind->n_head : MADE_HEADS;
	return m->kind->uneven && i % 2 ? n / 2 : n;
}

static inline uint32_t made_kv(const struct made *m, uint32_t i)
{
	uint32_t n = m->kind->n_kv ? m->kind->n_kv : 2;
	return m->kind->uneven && i % 2 ? 1 : n;
}

static inline uint32_t made_ff(const struct made *m, uint32_t i)
{
	return MADE_FF + (m->kind->uneven ? 4 * i : 0);
}

static inline bool made_windowed(const struct made *m, uint32_t i)
{
	return m->kind->window && (m->kind->period == 0 || i % m->kind->period != m->kind->period - 1);
}

static inline uint32_t made_head(const struct made *m, uint32_t i)
{
	return m->kind->wide && !made_windowed(m, i) ? 2 * MADE_HEAD : MADE_HEAD;
}

static inline bool made_experts(const struct made *m, uint32_t i)
{
	const struct kind *k = m->kind;
	return k->n_experts && i >= k->dense && (!k->step || (i + 1) % k->step == 0);
}

static inline float made_random(struct made *m) /* about normal, of variance 1 */
{
	float sum = 0;
	for (int i = 0; i < 4; i++) {
		m->random = m->random * 6364136223846793005u + 1442695040888963407u;
		sum += (float)(m->random >> 40) / (float)(1 << 24) - 0.5f;
	}
	return sum * 1.7320508f;
}

/* A tensor of that many values, about `middle`, as far as `spread` from it. */
static inline void made_put(struct made *m, const char *name, size_t cols, size_t rows, size_t count, float middle, float spread)
{
	assert_true(m->n_tensors < MADE_MOST);
	struct made_tensor *t = &m->tensor[m->n_tensors++];
	snprintf(t->name, sizeof t->name, "%s", name);
	t->cols = cols;
	t->rows = rows * count;
	t->data = memory_new(cols * t->rows, sizeof *t->data);
	for (size_t i = 0; i < cols * t->rows; i++) t->data[i] = middle + spread * made_random(m);
	uint64_t dims[] = { cols, rows, count };
	uint32_t n_dims = count > 1 ? 3 : rows > 1 ? 2 : 1;
	gguf_put_tensor(&m->w, name, TYPE_F32, n_dims, dims, t->data, cols * t->rows * sizeof *t->data);
}

static inline void made_layer_put(struct made *m, uint32_t i, const char *role, const char *end, size_t cols, size_t rows,
                                  size_t count, float middle, float spread)
{
	char name[64];
	snprintf(name, sizeof name, "blk.%u.%s%s", i, role, end);
	made_put(m, name, cols, rows, count, middle, spread);
}

static inline void made_matrix(struct made *m, uint32_t i, const char *role, size_t cols, size_t rows)
{
	static const float spread = 0.2f; /* about 1 / sqrt(MADE_EMBD) */
	made_layer_put(m, i, role, ".weight", cols, rows, 1, 0, spread);
	if (m->kind->biases) made_layer_put(m, i, role, ".bias", rows, 1, 1, 0, spread);
}

static inline void made_norm(struct made *m, uint32_t i, const char *role, size_t n)
{
	if (m->kind->bare_norms) return;
	made_layer_put(m, i, role, ".weight", n, 1, 1, 1, 0.2f);
	if (m->kind->layer_norm || m->kind->norm_biases) made_layer_put(m, i, role, ".bias", n, 1, 1, 0, 0.2f);
}

static inline void made_attention(struct made *m, uint32_t i)
{
	const struct kind *k = m->kind;
	size_t n = MADE_EMBD, head = made_head(m, i), q = made_heads(m, i) * head, kv = made_kv(m, i) * head;
	if (k->latent) {
		made_matrix(m, i, "attn_q", n, MADE_HEADS * MADE_LATENT_K);
		made_matrix(m, i, "attn_kv_a_mqa", n, MADE_LATENT + MADE_LATENT_ROT);
		made_norm(m, i, "attn_kv_a_norm", MADE_LATENT);
		made_matrix(m, i, "attn_kv_b", MADE_LATENT, MADE_HEADS * (MADE_LATENT_K - MADE_LATENT_ROT + MADE_HEAD));
	} else if (k->fused_qkv) {
		made_matrix(m, i, "attn_qkv", n, q + 2 * kv);
	} else {
		made_matrix(m, i, "attn_q", n, q);
		made_matrix(m, i, "attn_k", n, kv);
		if (!k->wide || made_windowed(m, i)) made_matrix(m, i, "attn_v", n, kv);
	}
	made_matrix(m, i, "attn_output", q, n);
	if (k->gates) made_matrix(m, i, "attn_gate", n, q);
	if (k->head_norm == HEADS_AS_THEY_ARE || k->head_norm == HEADS_NORMED_BARE) return;
	made_layer_put(m, i, "attn_q_norm", ".weight", head, 1, 1, 1, 0.2f);
	made_layer_put(m, i, "attn_k_norm", ".weight", head, 1, 1, 1, 0.2f);
}

static inline void made_feed_forward(struct made *m, uint32_t i)
{
	const struct kind *k = m->kind;
	size_t n = MADE_EMBD, ff = made_ff(m, i);
	if (!k->plain_ffn && !k->fused_ffn) made_matrix(m, i, "ffn_gate", n, ff);
	made_matrix(m, i, "ffn_up", n, k->fused_ffn ? 2 * ff : ff);
	made_matrix(m, i, "ffn_down", ff, n);
}

static inline void made_mixture(struct made *m, uint32_t i)
{
	const struct kind *k = m->kind;
	size_t n = MADE_EMBD, x = k->n_experts, ff = MADE_EXPERT_FF;
	made_layer_put(m, i, "ffn_gate_inp", ".weight", n, x, 1, 0, 0.6f);
	made_layer_put(m, i, "ffn_gate_exps", ".weight", n, ff, x, 0, 0.2f);
	made_layer_put(m, i, "ffn_up_exps", ".weight", n, ff, x, 0, 0.2f);
	made_layer_put(m, i, "ffn_down_exps", ".weight", ff, n, x, 0, 0.3f);
	if (k->choice_bias) made_layer_put(m, i, "exp_probs_b", ".bias", x, 1, 1, 0, 0.3f);
	if (k->shared) {
		made_matrix(m, i, "ffn_gate_shexp", n, ff);
		made_matrix(m, i, "ffn_up_shexp", n, ff);
		made_matrix(m, i, "ffn_down_shexp", ff, n);
	}
	if (!k->beside) return;
	made_layer_put(m, i, "ffn_gate_inp", ".scale", n, 1, 1, 1, 0.2f);
	made_layer_put(m, i, "ffn_down_exps", ".scale", x, 1, 1, 1, 0.2f);
	made_norm(m, i, "pre_ffw_norm_2", n);
	made_norm(m, i, "post_ffw_norm_1", n);
	made_norm(m, i, "post_ffw_norm_2", n);
}

static inline void made_layer(struct made *m, uint32_t i)
{
	const struct kind *k = m->kind;
	if (!k->sum_norms) made_norm(m, i, "attn_norm", MADE_EMBD);
	if (!k->sum_norms) made_norm(m, i, "ffn_norm", MADE_EMBD);
	if (k->sum_norms) made_norm(m, i, "attn_output_norm", MADE_EMBD);
	if (k->sum_norms) made_norm(m, i, "layer_output_norm", MADE_EMBD);
	if (k->second_norm) made_norm(m, i, "attn_norm_2", MADE_EMBD);
	if (k->post_norms) made_norm(m, i, "post_attention_norm", MADE_EMBD);
	if (k->post_norms) made_norm(m, i, "post_ffw_norm", MADE_EMBD);
	made_attention(m, i);
	if (made_experts(m, i)) made_mixture(m, i);
	if (!made_experts(m, i) || k->beside) made_feed_forward(m, i);
}

/* ---- keys ---- */

static inline const char *made_key(const struct made *m, const char *key)
{
	static char name[128];
	snprintf(name, sizeof name, "%s.%s", m->kind->arch, key);
	return name;
}

static inline void made_count(struct made *m, const char *key, uint32_t value)
{
	gguf_put_u32(&m->w, made_key(m, key), value);
}

static inline void made_counts(struct made *m, const char *key, uint32_t (*of)(const struct made *m, uint32_t i))
{
	int32_t values[MADE_LAYERS];
	for (uint32_t i = 0; i < m->n_layer; i++) values[i] = (int32_t)of(m, i);
	if (m->kind->uneven)
		gguf_put_array(&m->w, made_key(m, key), GGUF_I32, values, m->n_layer);
	else
		made_count(m, key, (uint32_t)values[0] * (m->kind->half_ffn && of == made_ff ? 2 : 1));
}

static inline void made_attention_keys(struct made *m)
{
	const struct kind *k = m->kind;
	bool windowed[MADE_LAYERS];
	for (uint32_t i = 0; i < m->n_layer; i++) windowed[i] = made_windowed(m, i);
	made_counts(m, "attention.head_count", made_heads);
	made_counts(m, "attention.head_count_kv", made_kv);
	made_count(m, "attention.key_length", k->latent ? MADE_LATENT_K : k->wide ? 2 * MADE_HEAD : MADE_HEAD);
	made_count(m, "attention.value_length", k->wide ? 2 * MADE_HEAD : MADE_HEAD);
	if (k->latent) made_count(m, "attention.kv_lora_rank", MADE_LATENT);
	if (k->latent) made_count(m, "rope.dimension_count", MADE_LATENT_ROT);
	if (k->window_key) made_count(m, "attention.sliding_window", k->window_key);
	if (k->wide) {
		gguf_put_array(&m->w, made_key(m, "attention.sliding_window_pattern"), GGUF_BOOL, windowed, m->n_layer);
		made_count(m, "attention.key_length_swa", MADE_HEAD);
		made_count(m, "attention.value_length_swa", MADE_HEAD);
		made_count(m, "rope.dimension_count_swa", MADE_HEAD);
		gguf_put_f32(&m->w, made_key(m, "rope.freq_base_swa"), 10000);
	}
	if (k->clamp > 0) gguf_put_f32(&m->w, made_key(m, "attention.clamp_kqv"), k->clamp);
	if (k->alibi_key) gguf_put_f32(&m->w, made_key(m, "attention.max_alibi_bias"), k->alibi);
	if (k->alpha > 0) gguf_put_f32(&m->w, made_key(m, "rope.scaling.alpha"), k->alpha);
}

static inline void made_keys(struct made *m)
{
	const struct kind *k = m->kind;
	gguf_put_text(&m->w, "general.architecture", k->arch, strlen(k->arch));
	made_count(m, "vocab_size", MADE_VOCAB);
	made_count(m, "context_length", 16384);
	made_count(m, "embedding_length", MADE_EMBD);
	made_count(m, "block_count", m->n_layer);
	made_counts(m, "feed_forward_length", made_ff);
	gguf_put_f32(&m->w, made_key(m, k->layer_norm ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon"),
	             1e-5f);
	made_attention_keys(m);
	if (k->soft_cap > 0) gguf_put_f32(&m->w, made_key(m, "final_logit_softcapping"), k->soft_cap);
	if (!k->n_experts) return;
	made_count(m, "expert_count", k->n_experts);
	made_count(m, "expert_used_count", MADE_USED);
	made_count(m, "expert_feed_forward_length", MADE_EXPERT_FF);
	if (k->step) made_count(m, "interleave_moe_layer_step", k->step);
	if (k->dense) made_count(m, "leading_dense_block_count", k->dense);
	if (k->shared) made_count(m, "expert_shared_count", 1);
	if (k->normed_choice) gguf_put_bool(&m->w, made_key(m, "expert_weights_norm"), true);
}

/* Writes a model of that kind to `path`; made_free gives back what the reference needs of it. */
static inline struct made made_model(const struct kind *kind, uint64_t seed, const char *path)
{
	struct made m = { .kind = kind, .n_layer = kind->n_layer ? kind->n_layer : 3, .random = seed, .w = gguf_writer_new() };
	struct error e = { "" };
	char name[64];
	m.tensor = memory_new(MADE_MOST, sizeof *m.tensor);
	made_keys(&m);
	made_put(&m, "token_embd.weight", MADE_EMBD, MADE_VOCAB, 1, 0, kind->scaled ? 0.2f : 1);
	if (!kind->encoder) made_put(&m, "output.weight", MADE_EMBD, MADE_VOCAB, 1, 0, 0.2f);
	if (kind->sum_norms) {
		made_put(&m, "token_embd_norm.weight", MADE_EMBD, 1, 1, 1, 0.2f);
		made_put(&m, "token_embd_norm.bias", MADE_EMBD, 1, 1, 0, 0.2f);
	} else if (!kind->bare_norms) {
		snprintf(name, sizeof name, "%s.weight", kind->out_norm ? kind->out_norm : "output_norm");
		made_put(&m, name, MADE_EMBD, 1, 1, 1, 0.2f);
		if (kind->layer_norm || kind->norm_biases) made_put(&m, "output_norm.bias", MADE_EMBD, 1, 1, 0, 0.2f);
		if (kind->norm_biases) made_put(&m, "output.bias", MADE_VOCAB, 1, 1, 0, 0.2f);
	}
	for (uint32_t i = 0; i < m.n_layer; i++) {
		m.first[i] = m.n_tensors;
		made_layer(&m, i);
		m.first[i + 1] = m.n_tensors;
	}
	if (!gguf_writer_save(&m.w, path, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&m.w);
	return m;
}

static inline void made_free(struct made *m)
{
	for (size_t i = 0; i < m->n_tensors; i++) memory_free(m->tensor[i].data);
	memory_free(m->tensor);
}

#endif
