/*
 * tiny_model: a model file that a test writes for itself: llama, two layers, random weights, a byte vocabulary with a few words.
 *
 * Its answers mean nothing but depend on every token before them, which is what the engine's tests need.
 */
#ifndef HEARTH_TESTS_ENGINE_TINY_MODEL_H
#define HEARTH_TESTS_ENGINE_TINY_MODEL_H

#include "base/memory.h"
#include "format/gguf_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	TINY_EMBD = 32,
	TINY_HEADS = 4,
	TINY_FF = 48,
	TINY_LAYERS = 2,
	TINY_UNK = 0,
	TINY_BOS = 1,
	TINY_EOS = 2,
	TINY_START = 3, /* <|im_start|> */
	TINY_END = 4,   /* <|im_end|>, ends generation too */
	TINY_BYTES = 5, /* 256 byte tokens */
	TINY_MOST = 320
};

/* Pieces that text becomes, best first: the score falls with the place. Every merge of two of them is there. */
static const char *const tiny_words[] = {
	"\xe2\x96\x81t",
	"he",
	"\xe2\x96\x81the",
	"ll",
	"\xe2\x96\x81h",
	"er",
	"in",
	"on",
	"\xe2\x96\x81\141",
	"es",
	"\xe2\x96\x81s",
	"\xe2\x96\x81",
	"e",
	"t",
	"a",
	"o",
	"i",
	"n",
	"s",
	"r",
	"h",
	"l",
	"d",
	"u",
	"c",
	"m",
	"w",
	"y",
	"f",
	"g",
	".",
	"\n",
};
enum { TINY_WORDS = sizeof tiny_words / sizeof tiny_words[0], TINY_VOCAB = TINY_BYTES + 256 + TINY_WORDS };

static inline void tiny_vocab(struct gguf_writer *w)
{
	static struct gguf_text tokens[TINY_VOCAB];
	static char bytes[256][8];
	float scores[TINY_VOCAB] = { 0 };
	int32_t types[TINY_VOCAB];
	static const char *const first[] = { "<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>" };
	for (int i = 0; i < TINY_VOCAB; i++) {
		const char *text;
		if (i < TINY_BYTES) {
			text = first[i];
			types[i] = i == TINY_UNK ? 2 : 3;
		} else if (i < TINY_BYTES + 256) {
			snprintf(bytes[i - TINY_BYTES], sizeof bytes[0], "<0x%02X>", (unsigned)(i - TINY_BYTES) & 255);
			text = bytes[i - TINY_BYTES];
			types[i] = 6;
		} else {
			text = tiny_words[i - TINY_BYTES - 256];
			types[i] = 1;
			scores[i] = (float)-(i - TINY_BYTES - 256);
		}
		tokens[i] = (struct gguf_text){ text, strlen(text) };
	}
	gguf_put_text(w, "tokenizer.ggml.model", "llama", 5);
	gguf_put_texts(w, "tokenizer.ggml.tokens", tokens, TINY_VOCAB);
	gguf_put_array(w, "tokenizer.ggml.scores", GGUF_F32, scores, TINY_VOCAB);
	gguf_put_array(w, "tokenizer.ggml.token_type", GGUF_I32, types, TINY_VOCAB);
	gguf_put_u32(w, "tokenizer.ggml.bos_token_id", TINY_BOS);
	gguf_put_u32(w, "tokenizer.ggml.eos_token_id", TINY_EOS);
	gguf_put_u32(w, "tokenizer.ggml.unknown_token_id", TINY_UNK);
	gguf_put_bool(w, "tokenizer.ggml.add_bos_token", true);
	gguf_put_bool(w, "tokenizer.ggml.add_space_prefix", false);
}

static inline void tiny_tensor(struct gguf_writer *w, const char *name, uint64_t columns, uint64_t rows, float scale, float middle)
{
	static uint32_t state;
	static float values[TINY_EMBD * (TINY_VOCAB + TINY_FF)];
	if (strcmp(name, "token_embd.weight") == 0) state = 12345; /* the same file each time */
	bool output = strcmp(name, "output.weight") == 0;
	for (uint64_t i = 0; i < columns * rows; i++) {
		state = state * 1664525U + 1013904223U;
		values[i] = middle + scale * ((float)(state >> 8) / (float)(1 << 23) - 1);
		if (output && i / columns < TINY_BYTES + 256) values[i] = 0; /* greedy answers are words */
	}
	gguf_put_tensor(w, name, TYPE_F32, rows > 1 ? 2 : 1, (uint64_t[]){ columns, rows }, values,
	                columns * rows * sizeof values[0]);
}

static inline void tiny_weights(struct gguf_writer *w)
{
	static const struct {
		const char *name;
		uint64_t columns, rows;
	} parts[] = { { "attn_norm", TINY_EMBD, 1 },           { "attn_q", TINY_EMBD, TINY_EMBD },
		      { "attn_k", TINY_EMBD, TINY_EMBD / 2 },  { "attn_v", TINY_EMBD, TINY_EMBD / 2 },
		      { "attn_output", TINY_EMBD, TINY_EMBD }, { "ffn_norm", TINY_EMBD, 1 },
		      { "ffn_gate", TINY_EMBD, TINY_FF },      { "ffn_up", TINY_EMBD, TINY_FF },
		      { "ffn_down", TINY_FF, TINY_EMBD } };
	tiny_tensor(w, "token_embd.weight", TINY_EMBD, TINY_VOCAB, 1, 0);
	tiny_tensor(w, "output.weight", TINY_EMBD, TINY_VOCAB, 1, 0);
	tiny_tensor(w, "output_norm.weight", TINY_EMBD, 1, 0.1F, 1);
	for (int layer = 0; layer < TINY_LAYERS; layer++) {
		for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
			char name[64];
			snprintf(name, sizeof name, "blk.%d.%s.weight", layer, parts[i].name);
			tiny_tensor(w, name, parts[i].columns, parts[i].rows, parts[i].rows > 1 ? 0.35F : 0.1F,
			            parts[i].rows > 1 ? 0 : 1);
		}
	}
}

/* Writes the file, with a chat template when one is given, and returns its path in `path`. The test removes it. */
static inline void tiny_write(char path[64], const char *template)
{
	struct error e = { "" };
	struct gguf_writer w = gguf_writer_new();
	snprintf(path, 64, "/tmp/hearth-tiny-XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	gguf_put_text(&w, "general.architecture", "llama", 5);
	gguf_put_text(&w, "general.name", "tiny", 4);
	gguf_put_u32(&w, "llama.block_count", TINY_LAYERS);
	gguf_put_u32(&w, "llama.context_length", 4096);
	gguf_put_u32(&w, "llama.embedding_length", TINY_EMBD);
	gguf_put_u32(&w, "llama.feed_forward_length", TINY_FF);
	gguf_put_u32(&w, "llama.attention.head_count", TINY_HEADS);
	gguf_put_u32(&w, "llama.attention.head_count_kv", TINY_HEADS / 2);
	gguf_put_f32(&w, "llama.attention.layer_norm_rms_epsilon", 1e-5F);
	gguf_put_f32(&w, "general.sampling.temp", 0.25F);
	gguf_put_i32(&w, "general.sampling.top_k", 17);
	gguf_put_f32(&w, "general.sampling.top_p", 1.5F); /* out of range: to be ignored */
	tiny_vocab(&w);
	if (template) gguf_put_text(&w, "tokenizer.chat_template", template, strlen(template));
	tiny_weights(&w);
	if (!gguf_writer_save(&w, path, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&w);
}

/* Before and behind the tests of a program: the model at `tiny_path`. A file that has no use for them writes its own. */
static char tiny_path[64];

static inline int tiny_begin(void **state)
{
	(void)state;
	tiny_write(tiny_path, NULL);
	return 0;
}

static inline int tiny_end(void **state)
{
	(void)state;
	return unlink(tiny_path);
}

#endif
