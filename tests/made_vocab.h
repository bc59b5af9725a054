/* made_vocab: small vocabularies for tests, written as GGUF in memory and loaded. */
#ifndef HEARTH_TESTS_MADE_VOCAB_H
#define HEARTH_TESTS_MADE_VOCAB_H

#include "base/memory.h"
#include "base/utf8.h"
#include "format/gguf_writer.h"
#include "text/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MADE_MOST = 4096 };

/* Tokens, merges and everything else of a vocabulary under construction. Texts are not copied. */
struct made {
	const char *model, *pre, *name, *architecture; /* NULL: left out */
	struct gguf_text token[MADE_MOST], merge[MADE_MOST];
	int32_t type[MADE_MOST];
	float score[MADE_MOST];
	uint64_t tokens, merges, types, scores; /* how many are written */
	char letter[256][4];                    /* GPT-2's letters of the bytes */
};

static inline void made_token_bytes(struct made *m, const char *text, size_t length, int32_t type, float score)
{
	m->token[m->tokens] = (struct gguf_text){ text, length };
	m->type[m->tokens] = type;
	m->score[m->tokens] = score;
	m->types = m->scores = ++m->tokens;
}

static inline void made_token(struct made *m, const char *text, int32_t type)
{
	made_token_bytes(m, text, strlen(text), type, -(float)m->tokens);
}

static inline void made_merge(struct made *m, const char *text)
{
	m->merge[m->merges++] = (struct gguf_text){ text, strlen(text) };
}

/* The tokens of the 256 bytes, ids 0 to 255. */
static inline void made_bytes(struct made *m)
{
	uint32_t next = 256;
	for (uint32_t b = 0; b < 256; b++) {
		bool printable = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
		size_t n = utf8_encode(printable ? b : next++, m->letter[b]);
		made_token_bytes(m, m->letter[b], n, TOKEN_NORMAL, 0);
	}
}

/* Writes what is there; the caller may put more keys before made_load. */
static inline struct gguf_writer made_write(const struct made *m)
{
	struct gguf_writer w = gguf_writer_new();
	if (m->architecture) gguf_put_text(&w, "general.architecture", m->architecture, strlen(m->architecture));
	if (m->name) gguf_put_text(&w, "general.name", m->name, strlen(m->name));
	if (m->model) gguf_put_text(&w, "tokenizer.ggml.model", m->model, strlen(m->model));
	if (m->pre) gguf_put_text(&w, "tokenizer.ggml.pre", m->pre, strlen(m->pre));
	gguf_put_texts(&w, "tokenizer.ggml.tokens", m->token, m->tokens);
	if (m->types) gguf_put_array(&w, "tokenizer.ggml.token_type", GGUF_I32, m->type, m->types);
	if (m->scores && m->model && (strcmp(m->model, "llama") == 0 || strcmp(m->model, "t5") == 0))
		gguf_put_array(&w, "tokenizer.ggml.scores", GGUF_F32, m->score, m->scores);
	if (!m->model || strcmp(m->model, "llama") != 0) gguf_put_texts(&w, "tokenizer.ggml.merges", m->merge, m->merges);
	return w;
}

/* Loads what was written, and frees the writer; NULL with the line. */
static inline struct vocab *made_load(struct gguf_writer *w, struct error *e)
{
	struct buffer bytes = buffer_new(SIZE_MAX / 4);
	struct file_map map;
	struct vocab *v = NULL;
	bool ok = gguf_writer_bytes(w, &bytes, e) && file_map_memory(&map, bytes.data, bytes.size, "made.gguf", e);
	struct gguf *g = ok ? gguf_open_maps(&map, 1, e) : NULL;
	if (g) v = vocab_load(g, e);
	gguf_close(g);
	buffer_free(&bytes);
	gguf_writer_free(w);
	return v;
}

/* The vocabulary; fails the test when it does not load. */
static inline struct vocab *made_vocab(const struct made *m)
{
	struct error e = { "" };
	struct gguf_writer w = made_write(m);
	struct vocab *v = made_load(&w, &e);
	if (!v) fail_msg("%s", e.text);
	return v;
}

/* The ids as text, "1 2 3", in a buffer that the next call but seven reuses. */
static inline const char *made_ids(const struct token_list *t)
{
	static char texts[8][4096];
	static unsigned next;
	char *text = texts[next++ % 8];
	size_t n = 0;
	text[0] = 0;
	for (size_t i = 0; i < t->count && n + 12 < sizeof texts[0]; i++)
		n += (size_t)snprintf(text + n, sizeof texts[0] - n, i ? " %u" : "%u", (unsigned)t->ids[i]);
	return text;
}

static inline const char *made_encode(const struct vocab *v, const char *text, size_t length, unsigned options)
{
	struct error e = { "" };
	struct token_list t = { 0 };
	if (!tokenizer_encode(v, text, length, options, &t, &e)) fail_msg("%s", e.text);
	const char *ids = made_ids(&t);
	token_list_free(&t);
	return ids;
}

/* The bytes that the ids of a text stand for, which must be the text. */
static inline void made_comes_back(const struct vocab *v, const char *text, size_t length, unsigned options)
{
	struct error e = { "" };
	struct token_list t = { 0 };
	size_t at = 0, n;
	if (!tokenizer_encode(v, text, length, options, &t, &e)) fail_msg("%s", e.text);
	for (size_t i = 0; i < t.count; i++) {
		const char *bytes = vocab_bytes(v, t.ids[i], &n);
		if (n > length - at || memcmp(bytes, text + at, n) != 0) fail_msg("token %zu is not what stands at %zu", i, at);
		at += n;
	}
	assert_int_equal(at, length);
	token_list_free(&t);
}

#endif
