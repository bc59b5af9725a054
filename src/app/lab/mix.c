/* mix: names, and the rules of each kind of tensor (see mix.h). */
#include "app/lab/mix.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* llama.cpp's numbers of file types, which its rules name. */
enum file_type {
	FILE_F32 = 0,
	FILE_F16 = 1,
	FILE_Q4_0 = 2,
	FILE_Q4_1 = 3,
	FILE_Q8_0 = 7,
	FILE_Q5_0 = 8,
	FILE_Q5_1 = 9,
	FILE_Q2_K = 10,
	FILE_Q3_K_S = 11,
	FILE_Q3_K_M = 12,
	FILE_Q3_K_L = 13,
	FILE_Q4_K_S = 14,
	FILE_Q4_K_M = 15,
	FILE_Q5_K_S = 16,
	FILE_Q5_K_M = 17,
	FILE_Q6_K = 18,
	FILE_IQ2_XXS = 19,
	FILE_IQ2_XS = 20,
	FILE_Q2_K_S = 21,
	FILE_IQ3_XS = 22,
	FILE_IQ3_XXS = 23,
	FILE_IQ1_S = 24,
	FILE_IQ4_NL = 25,
	FILE_IQ3_S = 26,
	FILE_IQ3_M = 27,
	FILE_IQ2_S = 28,
	FILE_IQ2_M = 29,
	FILE_IQ4_XS = 30,
	FILE_IQ1_M = 31,
	FILE_BF16 = 32,
	FILE_TQ1_0 = 36,
	FILE_TQ2_0 = 37,
	FILE_MXFP4_MOE = 38,
	FILE_NVFP4 = 39,
	FILE_Q1_0 = 40,
	FILE_Q2_0 = 41
};

static const struct mix mixes[] = {
	{ "F32", FILE_F32, TYPE_F32 },
	{ "F16", FILE_F16, TYPE_F16 },
	{ "BF16", FILE_BF16, TYPE_BF16 },
	{ "Q8_0", FILE_Q8_0, TYPE_Q8_0 },
	{ "Q6_K", FILE_Q6_K, TYPE_Q6_K },
	{ "Q5_K_M", FILE_Q5_K_M, TYPE_Q5_K },
	{ "Q5_K", FILE_Q5_K_M, TYPE_Q5_K },
	{ "Q5_K_S", FILE_Q5_K_S, TYPE_Q5_K },
	{ "Q5_0", FILE_Q5_0, TYPE_Q5_0 },
	{ "Q5_1", FILE_Q5_1, TYPE_Q5_1 },
	{ "Q4_K_M", FILE_Q4_K_M, TYPE_Q4_K },
	{ "Q4_K", FILE_Q4_K_M, TYPE_Q4_K },
	{ "Q4_K_S", FILE_Q4_K_S, TYPE_Q4_K },
	{ "Q4_0", FILE_Q4_0, TYPE_Q4_0 },
	{ "Q4_1", FILE_Q4_1, TYPE_Q4_1 },
	{ "IQ4_NL", FILE_IQ4_NL, TYPE_IQ4_NL },
	{ "IQ4_XS", FILE_IQ4_XS, TYPE_IQ4_XS },
	{ "MXFP4", MIX_NONE, TYPE_MXFP4 },
	{ "MXFP4_MOE", FILE_MXFP4_MOE, TYPE_MXFP4 },
	{ "NVFP4", FILE_NVFP4, TYPE_NVFP4 },
	{ "Q3_K_L", FILE_Q3_K_L, TYPE_Q3_K },
	{ "Q3_K_M", FILE_Q3_K_M, TYPE_Q3_K },
	{ "Q3_K", FILE_Q3_K_M, TYPE_Q3_K },
	{ "Q3_K_S", FILE_Q3_K_S, TYPE_Q3_K },
	{ "IQ3_M", FILE_IQ3_M, TYPE_IQ3_S },
	{ "IQ3_S", FILE_IQ3_S, TYPE_IQ3_S },
	{ "IQ3_XS", FILE_IQ3_XS, TYPE_IQ3_S },
	{ "IQ3_XXS", FILE_IQ3_XXS, TYPE_IQ3_XXS },
	{ "Q2_K", FILE_Q2_K, TYPE_Q2_K },
	{ "Q2_K_S", FILE_Q2_K_S, TYPE_Q2_K },
	{ "IQ2_M", FILE_IQ2_M, TYPE_IQ2_S },
	{ "IQ2_S", FILE_IQ2_S, TYPE_IQ2_XS },
	{ "IQ2_XS", FILE_IQ2_XS, TYPE_IQ2_XS },
	{ "IQ2_XXS", FILE_IQ2_XXS, TYPE_IQ2_XXS },
	{ "Q2_0", FILE_Q2_0, TYPE_Q2_0 },
	{ "TQ2_0", FILE_TQ2_0, TYPE_TQ2_0 },
	{ "TQ1_0", FILE_TQ1_0, TYPE_TQ1_0 },
	{ "IQ1_M", FILE_IQ1_M, TYPE_IQ1_M },
	{ "IQ1_S", FILE_IQ1_S, TYPE_IQ1_S },
	{ "Q1_0", FILE_Q1_0, TYPE_Q1_0 },
};

const struct mix *mix_at(size_t index)
{
	return index < sizeof mixes / sizeof mixes[0] ? &mixes[index] : NULL;
}

const struct mix *mix_named(const char *name)
{
	for (size_t i = 0; mix_at(i); i++) {
		if (strcasecmp(mix_at(i)->name, name) == 0) return mix_at(i);
	}
	return NULL;
}

enum kind { EMBEDDING, QUERY, VALUE, QKV, KV_B, KEY, ATTENTION_OUT, UP, GATE, DOWN, OUTPUT, OTHER };

static enum kind kind_of(const char *name)
{
	static const struct {
		const char *part;
		enum kind kind;
	} parts[] = {
		{ "attn_qkv.weight", QKV }, { "attn_kv_b.weight", KV_B }, { "attn_v.weight", VALUE },
		{ "attn_k.weight", KEY },   { "attn_q.weight", QUERY },   { "attn_output.weight", ATTENTION_OUT },
		{ "ffn_up", UP },           { "ffn_gate", GATE },         { "ffn_down", DOWN },
	};
	if (strcmp(name, "output.weight") == 0) return OUTPUT;
	if (strcmp(name, "token_embd.weight") == 0 || strcmp(name, "per_layer_token_embd.weight") == 0) return EMBEDDING;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strstr(name, parts[i].part)) return parts[i].kind;
	}
	return OTHER;
}

static bool is_value(enum kind kind)
{
	return kind == VALUE || kind == QKV || kind == KV_B;
}

/* -1: of no layer. */
static long layer_of(const char *name)
{
	if (strncmp(name, "blk.", 4) != 0 || !isdigit((unsigned char)name[4])) return -1;
	return strtol(name + 4, NULL, 10);
}

bool mix_before(const struct gguf_tensor *a, const struct gguf_tensor *b)
{
	long layer_a = layer_of(a->name), layer_b = layer_of(b->name);
	return layer_a != layer_b ? layer_a < layer_b : strcmp(a->name, b->name) < 0;
}

/* A number of the architecture, the first where there is one for each layer; 0 when it is absent or no number. */
static uint32_t number(const struct gguf *file, struct gguf_text arch, const char *key)
{
	char full[128];
	snprintf(full, sizeof full, "%.*s.%s", (int)arch.length, arch.data, key);
	const struct gguf_value *v = gguf_find(file, full);
	if (!v || v->count == 0 || v->item == GGUF_TEXT || v->item == GGUF_F32 || v->item == GGUF_F64) return 0;
	int64_t n = gguf_item_int(v, 0);
	return n > 0 && n < INT32_MAX ? (uint32_t)n : 0;
}

static bool is_text(struct gguf_text t, const char *text)
{
	return t.length == strlen(text) && memcmp(t.data, text, t.length) == 0;
}

bool mix_model_read(struct mix_model *m, const struct mix *mix, const struct gguf *file, bool importance, struct error *e)
{
	struct gguf_text arch = { "", 0 };
	if (!gguf_get_text(file, "general.architecture", &arch, e)) return false;
	if (arch.length > 64) arch.length = 64;
	uint32_t heads = number(file, arch, "attention.head_count"), kv = number(file, arch, "attention.head_count_kv");
	if (kv == 0) kv = heads;
	*m = (struct mix_model){ .mix = mix,
		                 .falcon = is_text(arch, "falcon"),
		                 .tied = true,
		                 .importance = importance,
		                 .n_gqa = kv ? heads / kv : 0,
		                 .n_expert = number(file, arch, "expert_count"),
		                 .n_layer = number(file, arch, "block_count") };
	m->seventy = is_text(arch, "llama") && m->n_layer == 80 && heads != kv;
	for (size_t i = 0; i < gguf_tensor_count(file); i++) {
		enum kind kind = kind_of(gguf_tensor_at(file, i)->name);
		m->n_value += is_value(kind);
		if (kind == OUTPUT) m->tied = false;
	}
	return true;
}

/* Small or sensitive tensors keep their type, and so do vectors. */
static bool is_quantized(const struct gguf_tensor *t)
{
	static const char *const kept[] = {
		"_norm.weight",
		"ffn_gate_inp.weight",
		"ffn_gate_tid2eid.weight",
		"altup",
		"laurel",
		"per_layer_model_proj",
		"ssm_conv1d",
		"shortconv.conv.weight",
		"indexer.k_proj.weight",
		"indexer.q_proj.weight",
		"time_mix_first.weight",
		"time_mix_w0.weight",
		"time_mix_w1.weight",
		"time_mix_w2.weight",
		"time_mix_v0.weight",
		"time_mix_v1.weight",
		"time_mix_v2.weight",
		"time_mix_a0.weight",
		"time_mix_a1.weight",
		"time_mix_a2.weight",
		"time_mix_g1.weight",
		"time_mix_g2.weight",
		"time_mix_decay_w1.weight",
		"time_mix_decay_w2.weight",
		"time_mix_lerp_fused.weight",
		"attn_rel_b.weight",
		".position_embd",
		"sam.pos_embd",
		"sam.neck.",
		"sam.net_",
		".rel_pos",
		".patch_embd",
		".patch_merger",
		"a.rvq.codebook",
		"mm.a.code_embd",
	};
	size_t length = strlen(t->name);
	if (t->dims[1] == 1 && t->dims[2] == 1 && t->dims[3] == 1) return false;
	if (length < 6 || strcmp(t->name + length - 6, "weight") != 0) return false;
	if (strcmp(t->name, "position_embd.weight") == 0 || strcmp(t->name, "token_types.weight") == 0) return false;
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		if (strstr(t->name, kept[i])) return false;
	}
	return true;
}

/* The first and last eighth of the layers, and every third between them. */
static bool more_bits(uint32_t layer, uint32_t layers)
{
	return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}

static bool is_of(enum file_type f, enum file_type a, enum file_type b)
{
	return f == a || f == b;
}

static bool is_two_bits_or_less(enum file_type f)
{
	return is_of(f, FILE_IQ2_XXS, FILE_IQ2_XS) || is_of(f, FILE_IQ2_S, FILE_IQ2_M) || is_of(f, FILE_IQ1_S, FILE_IQ1_M);
}

static enum tensor_type_id of_output(const struct mix_model *m, const struct gguf_tensor *t, enum tensor_type_id type)
{
	enum file_type f = m->mix->file_type;
	if (f == FILE_MXFP4_MOE || m->falcon || t->dims[0] % tensor_types[type].weights != 0) return TYPE_Q8_0;
	if (is_two_bits_or_less(f) || f == FILE_IQ3_XXS) return TYPE_Q5_K;
	return type == TYPE_Q8_0 ? type : TYPE_Q6_K;
}

static enum tensor_type_id of_embedding(const struct mix_model *m, enum tensor_type_id type)
{
	switch ((enum file_type)m->mix->file_type) {
	case FILE_IQ2_XXS:
	case FILE_IQ2_XS:
	case FILE_IQ1_S:
	case FILE_IQ1_M: return TYPE_Q2_K;
	case FILE_IQ2_S:
	case FILE_IQ2_M:
	case FILE_IQ3_XXS: return TYPE_IQ3_S;
	case FILE_TQ1_0:
	case FILE_TQ2_0:
	case FILE_Q2_0: return TYPE_Q4_K;
	default: return type;
	}
}

/* Within files of two bits and less. */
static enum tensor_type_id of_two_bits(struct mix_model *m, enum kind kind, enum tensor_type_id type)
{
	enum file_type f = m->mix->file_type;
	enum tensor_type_id better = is_of(f, FILE_IQ2_S, FILE_IQ2_M) ? TYPE_IQ3_S : TYPE_Q2_K;
	if (is_value(kind)) {
		m->value++;
		return m->n_gqa >= 4 || m->n_expert >= 4 ? TYPE_Q4_K : better;
	}
	if (kind == KEY && m->n_expert == 8) return TYPE_Q4_K;
	if (kind == DOWN) return m->down++ < m->n_layer / 8 ? better : type;
	if (kind != ATTENTION_OUT) return type;
	if (m->n_expert == 8) return TYPE_Q5_K;
	if (is_of(f, FILE_IQ1_S, FILE_IQ1_M)) return TYPE_IQ2_XXS;
	return is_of(f, FILE_IQ2_S, FILE_IQ2_M) ? TYPE_IQ3_S : type;
}

static enum tensor_type_id of_values_alone(const struct mix_model *m, enum tensor_type_id type)
{
	bool shared = m->n_gqa >= 4;
	switch ((enum file_type)m->mix->file_type) {
	case FILE_Q2_K: return shared ? TYPE_Q4_K : TYPE_Q3_K;
	case FILE_Q2_K_S: return shared ? TYPE_Q4_K : type;
	case FILE_IQ3_XXS: return shared ? TYPE_Q4_K : m->importance ? TYPE_IQ3_XXS : TYPE_IQ3_S;
	case FILE_IQ3_XS:
	case FILE_IQ3_S: return shared ? TYPE_Q4_K : type;
	case FILE_IQ3_M: return TYPE_Q4_K;
	case FILE_Q3_K_M: return m->value < 2 ? TYPE_Q5_K : TYPE_Q4_K;
	case FILE_Q3_K_L: return TYPE_Q5_K;
	case FILE_IQ4_NL:
	case FILE_IQ4_XS: return shared ? TYPE_Q5_K : type;
	case FILE_Q4_K_M:
	case FILE_Q5_K_M: return more_bits(m->value, m->n_value) ? TYPE_Q6_K : type;
	case FILE_Q4_K_S: return m->value < 4 ? TYPE_Q5_K : type;
	default: return type;
	}
}

static enum tensor_type_id of_values(struct mix_model *m, enum tensor_type_id type)
{
	type = of_values_alone(m, type);
	if (m->seventy && (type == TYPE_Q3_K || type == TYPE_Q4_K)) type = TYPE_Q5_K;
	m->value++;
	return m->n_expert == 8 ? TYPE_Q8_0 : type;
}

static enum tensor_type_id of_down(const struct mix_model *m, uint32_t layer, enum tensor_type_id type)
{
	uint32_t n = m->n_layer;
	bool early = layer < n / 8;
	switch ((enum file_type)m->mix->file_type) {
	case FILE_Q2_K: return TYPE_Q3_K;
	case FILE_Q2_K_S: return early ? TYPE_Q4_K : type;
	case FILE_IQ3_XXS: return m->importance ? type : early ? TYPE_Q4_K : TYPE_Q3_K;
	case FILE_Q3_K_M:
		if (layer < n / 16) return TYPE_Q5_K;
		return !m->falcon || more_bits(layer, n) ? TYPE_Q4_K : TYPE_Q3_K;
	case FILE_IQ3_M: return early || (m->n_expert == 8 && more_bits(layer, n)) ? TYPE_Q4_K : type;
	case FILE_Q3_K_L: return m->falcon ? TYPE_Q4_K : TYPE_Q5_K;
	case FILE_Q4_K_M:
		if (!m->falcon) return more_bits(layer, n) ? TYPE_Q6_K : type;
		return layer < n / 16 ? TYPE_Q6_K : more_bits(layer, n) ? TYPE_Q5_K : TYPE_Q4_K;
	case FILE_IQ4_NL:
	case FILE_IQ4_XS: return early && !m->importance ? TYPE_Q5_K : type;
	case FILE_Q5_K_M: return more_bits(layer, n) ? TYPE_Q6_K : type;
	case FILE_Q4_K_S: return early && !m->falcon ? TYPE_Q5_K : type;
	case FILE_Q4_0: return early && m->importance ? TYPE_Q4_1 : type;
	case FILE_Q5_0: return early && m->importance ? TYPE_Q5_1 : type;
	default: return type;
	}
}

static enum tensor_type_id of_attention_out(const struct mix_model *m, enum tensor_type_id type)
{
	enum file_type f = m->mix->file_type;
	if (m->falcon) return f == FILE_Q3_K_L ? TYPE_Q4_K : type;
	if (m->n_expert == 8) {
		switch (f) {
		case FILE_Q2_K:
		case FILE_IQ3_XS:
		case FILE_IQ3_XXS:
		case FILE_Q3_K_S:
		case FILE_Q3_K_M:
		case FILE_IQ4_NL:
		case FILE_Q4_K_S:
		case FILE_Q4_K_M:
		case FILE_IQ3_S:
		case FILE_IQ3_M:
		case FILE_IQ4_XS: return TYPE_Q5_K;
		default: return type;
		}
	}
	switch (f) {
	case FILE_Q2_K: return TYPE_Q3_K;
	case FILE_IQ3_XXS: return TYPE_IQ3_S;
	case FILE_Q3_K_M:
	case FILE_IQ3_M: return TYPE_Q4_K;
	case FILE_Q3_K_L: return TYPE_Q5_K;
	default: return type;
	}
}

/* Queries and keys: the scores that they give forgive more. */
static enum tensor_type_id of_scores(const struct mix_model *m, enum kind kind, enum tensor_type_id type)
{
	if (kind == KEY && m->n_expert == 8) return TYPE_Q8_0;
	if (m->mix->file_type == FILE_IQ3_XS) return TYPE_IQ3_XXS;
	return m->mix->file_type == FILE_IQ3_XXS ? TYPE_IQ2_S : type;
}

/* Gates and ups of IQ3_XS: fewer bits but for the first and last eighth. */
static enum tensor_type_id of_gate_or_up(const struct mix_model *m, uint32_t layer, enum tensor_type_id type)
{
	bool inner = layer >= m->n_layer / 8 && layer < 7 * m->n_layer / 8;
	return m->mix->file_type == FILE_IQ3_XS && inner ? TYPE_IQ3_XXS : type;
}

static enum tensor_type_id of_kind(struct mix_model *m, const struct gguf_tensor *t, enum tensor_type_id type)
{
	enum kind kind = kind_of(t->name);
	enum file_type f = m->mix->file_type;
	if (kind == OUTPUT || (kind == EMBEDDING && m->tied)) return of_output(m, t, type);
	if (f == FILE_MXFP4_MOE) return t->dims[2] > 1 ? TYPE_MXFP4 : TYPE_Q8_0;
	if (kind == EMBEDDING) return of_embedding(m, type);
	if (is_two_bits_or_less(f)) return of_two_bits(m, kind, type);
	if (is_value(kind)) return of_values(m, type);
	/* with experts a layer may have several such tensors: then its own number counts */
	long own = layer_of(t->name);
	uint32_t named = m->n_expert > 1 && own >= 0 ? (uint32_t)own : UINT32_MAX, layer;
	switch (kind) {
	case KEY:
	case QUERY: return of_scores(m, kind, type);
	case ATTENTION_OUT: return of_attention_out(m, type);
	case DOWN: layer = m->down++; return of_down(m, named != UINT32_MAX ? named : layer, type);
	case GATE: layer = m->gate++; return of_gate_or_up(m, named != UINT32_MAX ? named : layer, type);
	case UP: layer = m->up++; return of_gate_or_up(m, named != UINT32_MAX ? named : layer, type);
	default: return type;
	}
}

/* A type whose blocks fit the rows. */
static enum tensor_type_id fitting(enum tensor_type_id type, uint64_t cols)
{
	if (cols % tensor_types[type].weights == 0) return type;
	enum tensor_type_id other = TYPE_F16;
	switch (type) {
	case TYPE_IQ1_S:
	case TYPE_IQ1_M:
	case TYPE_IQ2_XXS:
	case TYPE_IQ2_XS:
	case TYPE_IQ2_S:
	case TYPE_IQ3_XXS:
	case TYPE_IQ3_S:
	case TYPE_IQ4_XS: other = TYPE_IQ4_NL; break;
	case TYPE_Q1_0:
	case TYPE_Q2_0:
	case TYPE_NVFP4:
	case TYPE_Q2_K:
	case TYPE_Q3_K:
	case TYPE_TQ1_0:
	case TYPE_TQ2_0: other = TYPE_Q4_0; break;
	case TYPE_Q4_K: other = TYPE_Q5_0; break;
	case TYPE_Q5_K: other = TYPE_Q5_1; break;
	case TYPE_Q6_K: other = TYPE_Q8_0; break;
	default: break;
	}
	return cols % tensor_types[other].weights == 0 ? other : TYPE_F16;
}

const struct tensor_type *mix_type(struct mix_model *m, const struct gguf_tensor *t)
{
	enum tensor_type_id type = m->mix->type;
	if (!is_quantized(t)) return t->type;
	if (m->mix->file_type != MIX_NONE && type != TYPE_F32 && type != TYPE_F16 && type != TYPE_BF16) type = of_kind(m, t, type);
	return &tensor_types[fitting(type, t->dims[0])];
}
