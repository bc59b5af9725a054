/*
 * shapes: models of every odd shape that a file may describe, run at every level of this CPU.
 *
 * Widths that are no multiple of anything, heads of one value, one expert of one, weight types mixed from tensor to tensor: all
 * of it is valid, none of it is usual, and each must be computed without touching a byte that is not its own (the
 * sanitizers look) and give the same bits for a row alone and in a batch, on one thread and on three.
 */
#include "made.h"

#include "base/threads.h"
#include "model/model.h"
#include "model/sequence.h"
#include "nn/kernels.h"

enum { TOKENS = 5, SHAPES = 16 };

struct shape {
	uint32_t n_embd, n_head, n_head_kv, head_k, head_v, n_rot, n_ff, n_layer, n_vocab, n_expert, n_used, n_ff_expert;
	const char *architecture;
};

static uint64_t random_state;

/* From 0 to below n. */
static uint32_t any(uint32_t n)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static uint32_t one_of(const uint32_t *values, size_t n)
{
	return values[any((uint32_t)n)];
}

static struct shape any_shape(void)
{
	static const uint32_t widths[] = { 1, 2, 3, 7, 8, 17, 31, 32, 33, 64, 96, 100, 255, 256, 288 };
	static const uint32_t heads[] = { 1, 2, 3, 5, 8, 16, 33 }, kv[] = { 1, 2, 3 },
	                      sizes[] = { 2, 3, 4, 7, 8, 16, 20, 32, 33, 64 };
	static const char *const names[] = { "llama", "qwen2", "phi3", "gemma", "mistral3" };
	struct shape s = { .architecture = names[any(5)], .n_layer = 1 + any(2), .n_vocab = 2 + any(70) };
	s.n_embd = one_of(widths, 15);
	s.n_head_kv = one_of(kv, 3);
	s.n_head = s.n_head_kv * one_of(heads, 7);
	s.head_k = one_of(sizes, 10);
	s.head_v = one_of(sizes, 10);
	s.n_rot = 2 * (1 + any(s.head_k / 2));
	s.n_ff = one_of(widths, 15);
	if (any(3) == 0) {
		s.n_expert = 1 + any(5);
		s.n_used = 1 + any(s.n_expert);
		s.n_ff_expert = one_of(widths, 15);
	}
	return s;
}

/* A tensor of a type that its rows allow, with bytes that make small numbers. */
static void put(struct gguf_writer *w, const char *name, uint32_t a, uint32_t b, uint32_t c, bool vector)
{
	static const uint32_t types[] = { TYPE_F32,  TYPE_F16,  TYPE_BF16, TYPE_Q8_0, TYPE_Q4_0, TYPE_Q4_1, TYPE_Q5_0,
		                          TYPE_Q5_1, TYPE_Q4_K, TYPE_Q5_K, TYPE_Q6_K, TYPE_Q2_K, TYPE_Q3_K };
	const struct tensor_type *t = tensor_type_find(types[vector ? any(3) : any(13)]);
	if (a % t->weights != 0) t = tensor_type_find(types[any(3)]);
	size_t weights = (size_t)a * b * c, size = weights / t->weights * t->bytes;
	uint8_t *bytes = memory_new(size, 1);
	if (t->id == TYPE_F32) {
		for (size_t i = 0; i < weights; i++) {
			float value = ((float)any(2001) - 1000) * 2e-4f;
			memcpy(bytes + i * 4, &value, 4);
		}
	} else if (t->weights == 1) { /* halves: the exponent stays small */
		for (size_t i = 0; i < weights; i++) {
			uint16_t value = (uint16_t)((t->id == TYPE_F16 ? 0x2800 : 0x3d00) + any(0x400) + (any(2) << 15));
			memcpy(bytes + i * 2, &value, 2);
		}
	} else { /* scales are somewhere in a block: all of it is small as a half */
		for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)(i % 2 ? any(0x10) : any(256));
	}
	gguf_put_tensor(w, name, t->id, c > 1 ? 3 : b > 1 ? 2 : 1, (uint64_t[]){ a, b, c }, bytes, size);
	memory_free(bytes);
}

static void put_role(struct gguf_writer *w, uint32_t layer, const char *role, uint32_t a, uint32_t b, uint32_t c)
{
	char name[64];
	snprintf(name, sizeof name, "blk.%u.%s", layer, role);
	put(w, name, a, b, c, b == 1 && c == 1);
}

static void put_key(struct gguf_writer *w, const struct shape *s, const char *key, uint32_t value)
{
	char name[96];
	snprintf(name, sizeof name, "%s.%s", s->architecture, key);
	gguf_put_u32(w, name, value);
}

static void put_keys(struct gguf_writer *w, const struct shape *s)
{
	char name[96];
	gguf_put_text(w, "general.architecture", s->architecture, strlen(s->architecture));
	put_key(w, s, "block_count", s->n_layer);
	put_key(w, s, "context_length", 200);
	put_key(w, s, "embedding_length", s->n_embd);
	put_key(w, s, "feed_forward_length", s->n_ff);
	put_key(w, s, "attention.head_count", s->n_head);
	put_key(w, s, "attention.head_count_kv", s->n_head_kv);
	put_key(w, s, "attention.key_length", s->head_k);
	put_key(w, s, "attention.value_length", s->head_v);
	put_key(w, s, "rope.dimension_count", s->n_rot);
	put_key(w, s, "vocab_size", s->n_vocab);
	snprintf(name, sizeof name, "%s.attention.layer_norm_rms_epsilon", s->architecture);
	gguf_put_f32(w, name, 1e-5f);
	if (!s->n_expert) return;
	put_key(w, s, "expert_count", s->n_expert);
	put_key(w, s, "expert_used_count", s->n_used);
	put_key(w, s, "expert_feed_forward_length", s->n_ff_expert);
}

static void put_layer(struct gguf_writer *w, const struct shape *s, uint32_t i)
{
	put_role(w, i, "attn_norm.weight", s->n_embd, 1, 1);
	put_role(w, i, "ffn_norm.weight", s->n_embd, 1, 1);
	if (any(4) == 0) {
		put_role(w, i, "attn_qkv.weight", s->n_embd, s->n_head * s->head_k + s->n_head_kv * (s->head_k + s->head_v), 1);
	} else {
		put_role(w, i, "attn_q.weight", s->n_embd, s->n_head * s->head_k, 1);
		put_role(w, i, "attn_k.weight", s->n_embd, s->n_head_kv * s->head_k, 1);
		put_role(w, i, "attn_v.weight", s->n_embd, s->n_head_kv * s->head_v, 1);
		if (any(2)) put_role(w, i, "attn_k.bias", s->n_head_kv * s->head_k, 1, 1);
	}
	put_role(w, i, "attn_output.weight", s->n_head * s->head_v, s->n_embd, 1);
	if (s->n_expert) {
		put_role(w, i, "ffn_gate_inp.weight", s->n_embd, s->n_expert, 1);
		put_role(w, i, "ffn_gate_exps.weight", s->n_embd, s->n_ff_expert, s->n_expert);
		put_role(w, i, "ffn_up_exps.weight", s->n_embd, s->n_ff_expert, s->n_expert);
		put_role(w, i, "ffn_down_exps.weight", s->n_ff_expert, s->n_embd, s->n_expert);
	} else if (strcmp(s->architecture, "phi3") == 0 && any(2)) { /* gate and up as one matrix */
		put_role(w, i, "ffn_up.weight", s->n_embd, 2 * s->n_ff, 1);
		put_role(w, i, "ffn_down.weight", s->n_ff, s->n_embd, 1);
	} else {
		put_role(w, i, "ffn_gate.weight", s->n_embd, s->n_ff, 1);
		put_role(w, i, "ffn_up.weight", s->n_embd, s->n_ff, 1);
		put_role(w, i, "ffn_down.weight", s->n_ff, s->n_embd, 1);
	}
}

static struct buffer made_shape(const struct shape *s)
{
	struct error e = { "" };
	struct gguf_writer w = gguf_writer_new();
	struct buffer b = buffer_new(SIZE_MAX / 4);
	put_keys(&w, s);
	put(&w, "token_embd.weight", s->n_embd, s->n_vocab, 1, false);
	put(&w, "output_norm.weight", s->n_embd, 1, 1, true);
	if (any(2)) put(&w, "output.weight", s->n_embd, s->n_vocab, 1, false);
	for (uint32_t i = 0; i < s->n_layer; i++) put_layer(&w, s, i);
	if (!gguf_writer_bytes(&w, &b, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&w);
	return b;
}

/* Runs TOKENS rows of a kind, `batch` at once, and writes their logits. */
static void run(struct model *m, enum row_kind kind, uint32_t batch, float *logits)
{
	struct error e = { "" };
	uint32_t n_vocab = model_config(m)->n_vocab;
	struct sequence *s = sequence_new(m, &e);
	for (uint32_t at = 0; at < TOKENS; at += batch) {
		struct row rows[TOKENS];
		uint32_t n = TOKENS - at < batch ? TOKENS - at : batch;
		for (uint32_t i = 0; i < n; i++)
			rows[i] = (struct row){ .sequence = s,
				                .token = (int32_t)((at + i) * 7 % n_vocab),
				                .kind = kind,
				                .logits = logits + (size_t)(at + i) * n_vocab };
		if (!s || !model_forward(m, rows, n, &e)) fail_msg("%s", e.text);
	}
	sequence_free(s);
}

static void run_shape(const struct buffer *b, const struct shape *s, int number, struct threads *const threads[2])
{
	struct error e = { "" };
	size_t bytes = (size_t)TOKENS * s->n_vocab * sizeof(float);
	float *first = memory_new(bytes, 1), *again = memory_new(bytes, 1);
	for (int k = 0; k < 4; k++) {
		struct file_map map;
		enum row_kind kind = k % 2 ? ROW_ANSWER : ROW_PROMPT;
		struct model_options options = { .max_rows = TOKENS, .kv = k < 2 ? KV_F16 : KV_F32 };
		if (!file_map_memory(&map, b->data, b->size, "shape", &e)) fail_msg("%s", e.text);
		struct gguf *g = gguf_open_maps(&map, 1, &e);
		for (int t = 0; t < 2; t++) {
			struct model *m = g ? model_open(g, &options, threads[t], &e) : NULL;
			if (!m) fail_msg("shape %d: %s", number, e.text);
			run(m, kind, t ? 1 : TOKENS, t ? again : first);
			model_close(m);
		}
		if (memcmp(first, again, bytes) != 0)
			fail_msg("shape %d at %s: rows of kind %d depend on batch or threads (%s, %u wide, heads %u/%u of %u and "
			         "%u, %u, %u)",
			         number, kernels_name(), (int)kind, s->architecture, s->n_embd, s->n_head, s->n_head_kv, s->head_k,
			         s->head_v, s->n_ff, s->n_expert);
		gguf_close(g);
	}
	memory_free(first);
	memory_free(again);
}

static void every_shape_is_computed(void **state)
{
	(void)state;
	static const char *const levels[] = { "portable",   "avx2", "avxvnni", "avx512",  "avx512vnni",
		                              "avx512bf16", "amx",  "neon",    "dotprod", "i8mm" };
	struct error e = { "" };
	struct threads *const threads[2] = { threads_new(1, &e), threads_new(3, &e) };
	for (size_t level = 0; level < sizeof levels / sizeof *levels; level++) {
		if (!kernels_choose(levels[level], &e)) continue; /* not of this CPU */
		random_state = 20260101;
		for (int i = 0; i < SHAPES; i++) {
			struct shape s = any_shape();
			struct buffer b = made_shape(&s);
			run_shape(&b, &s, i, threads);
			buffer_free(&b);
		}
	}
	threads_free(threads[0]);
	threads_free(threads[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_is_computed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
