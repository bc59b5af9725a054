/* vocab: a small SentencePiece vocabulary that a case may bend: <unk>, <s>, </s>, the 256 bytes, and a few words. */
#ifndef HEARTH_TESTS_INCIDENTS_VOCAB_H
#define HEARTH_TESTS_INCIDENTS_VOCAB_H

#include "../bad/made.h"

#include "text/tokenizer.h"

enum { VOCAB_BYTES = 3, VOCAB_WORDS = VOCAB_BYTES + 256, VOCAB_ROOM = VOCAB_WORDS + 8 };

struct small_vocab {
	struct gguf_text tokens[VOCAB_ROOM];
	float scores[VOCAB_ROOM];
	int32_t types[VOCAB_ROOM];
	uint32_t count;
	char names[256][8];
};

static inline void small_vocab_add(struct small_vocab *v, const char *text, size_t length, enum token_type type)
{
	v->tokens[v->count] = (struct gguf_text){ text, length };
	v->scores[v->count] = -(float)v->count;
	v->types[v->count++] = (int32_t)type;
}

static inline void small_vocab_new(struct small_vocab *v)
{
	v->count = 0;
	small_vocab_add(v, "<unk>", 5, TOKEN_UNKNOWN);
	small_vocab_add(v, "<s>", 3, TOKEN_CONTROL);
	small_vocab_add(v, "</s>", 4, TOKEN_CONTROL);
	for (unsigned i = 0; i < 256; i++) {
		snprintf(v->names[i], sizeof v->names[i], "<0x%02X>", i);
		small_vocab_add(v, v->names[i], 6, TOKEN_BYTE);
	}
	small_vocab_add(v, "a", 1, TOKEN_NORMAL);
	small_vocab_add(v, "b", 1, TOKEN_NORMAL);
	small_vocab_add(v, "ab", 2, TOKEN_NORMAL);
}

/* The vocabulary as a model file would give it; NULL with the line in `e`. */
static inline struct vocab *small_vocab_load(const struct small_vocab *v, struct error *e)
{
	struct gguf_writer w = gguf_writer_new();
	gguf_put_text(&w, "tokenizer.ggml.model", "llama", 5);
	gguf_put_texts(&w, "tokenizer.ggml.tokens", v->tokens, v->count);
	gguf_put_array(&w, "tokenizer.ggml.scores", GGUF_F32, v->scores, v->count);
	gguf_put_array(&w, "tokenizer.ggml.token_type", GGUF_I32, v->types, v->count);
	gguf_put_bool(&w, "tokenizer.ggml.add_space_prefix", false);
	if (!gguf_writer_save(&w, made_path("vocab.gguf"), e)) fail_msg("%s", e->text);
	gguf_writer_free(&w);
	struct gguf *g = gguf_open(made_path("vocab.gguf"), e);
	if (!g) fail_msg("%s", e->text);
	unlink(made_path("vocab.gguf"));
	struct vocab *loaded = vocab_load(g, e);
	gguf_close(g);
	return loaded;
}

#endif
