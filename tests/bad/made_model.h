/*
 * made_model: a small llama-like model, whole and valid, of which one value or one tensor can be changed.
 *
 * Two layers, 32 wide, four heads of which two are of keys, eight tokens: 25 KB. What is written comes from a few numbers, so that
 * a change of one value contradicts all that was derived from it, as in a file that somebody forged.
 */
#ifndef HEARTH_TESTS_BAD_MADE_MODEL_H
#define HEARTH_TESTS_BAD_MADE_MODEL_H

#include "made.h"

enum { MODEL_EMBD = 32, MODEL_HEADS = 4, MODEL_KV_HEADS = 2, MODEL_FF = 68, MODEL_LAYERS = 2, MODEL_VOCAB = 8, MODEL_EXPERTS = 4 };

/* What a key is set to: a number, a text, or `count` times the number in an array. */
struct made_value {
	enum gguf_type type; /* GGUF_ARRAY: see item */
	enum gguf_type item;
	double number;
	const char *text; /* of each item, when the type or item is GGUF_TEXT */
	uint64_t count;
	bool absent; /* the key is left out */
};

/* One change of the model; a NULL name changes nothing. */
struct made_change {
	const char *architecture; /* NULL: llama */
	bool experts;
	const char *key; /* behind "ARCHITECTURE." when it begins with a dot */
	struct made_value value;
	const char *tensor;
	uint32_t type;
	uint32_t n_dims; /* 0: the tensor is left out */
	uint64_t dims[4];
};

struct made_model {
	struct gguf_writer w;
	const struct made_change *change;
	const char *architecture;
	bool key_done; /* the changed key was one of the model's own */
};

static inline void model_number(struct gguf_writer *w, enum gguf_type type, double number)
{
	const uint8_t u8 = number > 0 ? (uint8_t)number : 0;
	const int64_t i64 = (int64_t)number;
	const uint64_t u64 = number > 0 ? (uint64_t)number : 0;
	const float f32 = (float)number;
	switch (type) {
	case GGUF_U8:
	case GGUF_BOOL: buffer_append(&w->values, &u8, 1); break;
	case GGUF_I8: buffer_append(&w->values, &i64, 1); break;
	case GGUF_U16:
	case GGUF_I16: buffer_append(&w->values, &i64, 2); break;
	case GGUF_U32:
	case GGUF_I32: buffer_append(&w->values, &i64, 4); break;
	case GGUF_F32: buffer_append(&w->values, &f32, 4); break;
	case GGUF_U64: buffer_append(&w->values, &u64, 8); break;
	case GGUF_I64: buffer_append(&w->values, &i64, 8); break;
	case GGUF_F64: buffer_append(&w->values, &number, 8); break;
	default: break;
	}
}

static inline void model_item(struct gguf_writer *w, enum gguf_type type, const struct made_value *v)
{
	if (type != GGUF_TEXT) {
		model_number(w, type, v->number);
		return;
	}
	uint64_t length = strlen(v->text);
	buffer_append(&w->values, &length, sizeof length);
	buffer_append(&w->values, v->text, length);
}

/* Writes the value under the key, or what the change says in its place. */
static inline void model_put(struct made_model *m, const char *key, struct made_value v)
{
	char full[128];
	const char *changed = m->change->key;
	snprintf(full, sizeof full, "%s%s", key[0] == '.' ? m->architecture : "", key);
	if (changed && strcmp(changed, key) == 0) {
		v = m->change->value;
		m->key_done = true;
	}
	if (v.absent) return;
	if (v.type == GGUF_ARRAY) {
		uint32_t item = v.item;
		made_put(&m->w, full, GGUF_ARRAY, &item, sizeof item);
		buffer_append(&m->w.values, &v.count, sizeof v.count);
		for (uint64_t i = 0; i < v.count; i++) model_item(&m->w, v.item, &v);
	} else {
		made_put(&m->w, full, v.type, NULL, 0);
		model_item(&m->w, v.type, &v);
	}
}

static inline void model_count(struct made_model *m, const char *key, double number)
{
	model_put(m, key, (struct made_value){ .type = GGUF_U32, .number = number });
}

static inline void model_float(struct made_model *m, const char *key, double number)
{
	model_put(m, key, (struct made_value){ .type = GGUF_F32, .number = number });
}

static inline void model_text(struct made_model *m, const char *key, const char *text)
{
	model_put(m, key, (struct made_value){ .type = GGUF_TEXT, .text = text });
}

/* A tensor of small floats, or of zeros when a change makes it something else. */
static inline void model_tensor(struct made_model *m, const char *name, uint64_t a, uint64_t b, uint64_t c)
{
	const struct made_change *change = m->change;
	uint64_t dims[4] = { a, b, c, 1 };
	uint32_t n_dims = c > 1 ? 3 : b > 1 ? 2 : 1, type = TYPE_F32;
	if (change->tensor && strcmp(change->tensor, name) == 0) {
		if (change->n_dims == 0) return;
		n_dims = change->n_dims;
		type = change->type;
		for (uint32_t i = 0; i < 4; i++) dims[i] = i < n_dims ? change->dims[i] : 1;
	}
	const struct tensor_type *t = tensor_type_find(type);
	size_t weights = (size_t)(dims[0] * dims[1] * dims[2] * dims[3]), size = weights / t->weights * t->bytes;
	float *bytes = memory_new(size + sizeof *bytes, 1);
	for (size_t i = 0; type == TYPE_F32 && i < weights; i++) bytes[i] = (float)((i * 7 + weights) % 13) * 0.05f - 0.3f;
	gguf_put_tensor(&m->w, name, type, n_dims, dims, bytes, size);
	memory_free(bytes);
}

static inline void model_layer_tensor(struct made_model *m, unsigned layer, const char *role, uint64_t a, uint64_t b, uint64_t c)
{
	char name[64];
	snprintf(name, sizeof name, "blk.%u.%s.weight", layer, role);
	model_tensor(m, name, a, b, c);
}

static inline void model_vocabulary(struct made_model *m)
{
	static const char *const tokens[MODEL_VOCAB] = { "<unk>", "<s>", "</s>", "<0x0A>", "a", "b", "ab", "\xe2\x96\x81" };
	static const int32_t types[MODEL_VOCAB] = { 2, 3, 3, 6, 1, 1, 1, 1 };
	static const float scores[MODEL_VOCAB] = { 0, 0, 0, 0, -3, -2, -1, -4 };
	struct gguf_text texts[MODEL_VOCAB];
	for (size_t i = 0; i < MODEL_VOCAB; i++) texts[i] = (struct gguf_text){ tokens[i], strlen(tokens[i]) };
	const char *changed = m->change->key ? m->change->key : "";
	model_text(m, "tokenizer.ggml.model", "llama");
	if (strcmp(changed, "tokenizer.ggml.tokens") != 0) gguf_put_texts(&m->w, "tokenizer.ggml.tokens", texts, MODEL_VOCAB);
	if (strcmp(changed, "tokenizer.ggml.scores") != 0)
		gguf_put_array(&m->w, "tokenizer.ggml.scores", GGUF_F32, scores, MODEL_VOCAB);
	if (strcmp(changed, "tokenizer.ggml.token_type") != 0)
		gguf_put_array(&m->w, "tokenizer.ggml.token_type", GGUF_I32, types, MODEL_VOCAB);
	model_count(m, "tokenizer.ggml.bos_token_id", 1);
	model_count(m, "tokenizer.ggml.eos_token_id", 2);
}

static inline void model_numbers(struct made_model *m)
{
	model_text(m, "general.architecture", m->architecture);
	model_count(m, ".block_count", MODEL_LAYERS);
	model_count(m, ".context_length", 128);
	model_count(m, ".embedding_length", MODEL_EMBD);
	model_count(m, ".feed_forward_length", MODEL_FF);
	model_count(m, ".attention.head_count", MODEL_HEADS);
	model_count(m, ".attention.head_count_kv", MODEL_KV_HEADS);
	model_float(m, ".attention.layer_norm_rms_epsilon", 1e-5);
	model_count(m, ".rope.dimension_count", MODEL_EMBD / MODEL_HEADS);
	model_float(m, ".rope.freq_base", 10000);
	model_count(m, ".vocab_size", MODEL_VOCAB);
	if (m->change->experts) {
		model_count(m, ".expert_count", MODEL_EXPERTS);
		model_count(m, ".expert_used_count", 2);
	}
}

static inline void model_layer(struct made_model *m, unsigned i)
{
	uint64_t kv = MODEL_EMBD / MODEL_HEADS * MODEL_KV_HEADS;
	model_layer_tensor(m, i, "attn_norm", MODEL_EMBD, 1, 1);
	model_layer_tensor(m, i, "attn_q", MODEL_EMBD, MODEL_EMBD, 1);
	model_layer_tensor(m, i, "attn_k", MODEL_EMBD, kv, 1);
	model_layer_tensor(m, i, "attn_v", MODEL_EMBD, kv, 1);
	model_layer_tensor(m, i, "attn_output", MODEL_EMBD, MODEL_EMBD, 1);
	model_layer_tensor(m, i, "ffn_norm", MODEL_EMBD, 1, 1);
	if (m->change->experts) {
		model_layer_tensor(m, i, "ffn_gate_inp", MODEL_EMBD, MODEL_EXPERTS, 1);
		model_layer_tensor(m, i, "ffn_gate_exps", MODEL_EMBD, MODEL_FF, MODEL_EXPERTS);
		model_layer_tensor(m, i, "ffn_up_exps", MODEL_EMBD, MODEL_FF, MODEL_EXPERTS);
		model_layer_tensor(m, i, "ffn_down_exps", MODEL_FF, MODEL_EMBD, MODEL_EXPERTS);
		return;
	}
	model_layer_tensor(m, i, "ffn_gate", MODEL_EMBD, MODEL_FF, 1);
	model_layer_tensor(m, i, "ffn_up", MODEL_EMBD, MODEL_FF, 1);
	model_layer_tensor(m, i, "ffn_down", MODEL_FF, MODEL_EMBD, 1);
}

/* The whole file. */
static inline struct buffer made_model(const struct made_change *change)
{
	struct error e = { "" };
	struct made_model m = { .w = gguf_writer_new(), .change = change };
	m.architecture = change->architecture ? change->architecture : "llama";
	model_numbers(&m);
	model_vocabulary(&m);
	if (change->key && !m.key_done) model_put(&m, change->key, change->value);
	model_tensor(&m, "token_embd.weight", MODEL_EMBD, MODEL_VOCAB, 1);
	model_tensor(&m, "output_norm.weight", MODEL_EMBD, 1, 1);
	model_tensor(&m, "output.weight", MODEL_EMBD, MODEL_VOCAB, 1);
	for (unsigned i = 0; i < MODEL_LAYERS; i++) model_layer(&m, i);
	if (change->tensor && change->n_dims && !strstr("token_embd.weight output_norm.weight output.weight", change->tensor) &&
	    !strstr(change->tensor, "blk."))
		model_tensor(&m, change->tensor, 1, 1, 1);
	struct buffer b = buffer_new(SIZE_MAX / 4);
	if (!gguf_writer_bytes(&m.w, &b, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&m.w);
	return b;
}

#endif
