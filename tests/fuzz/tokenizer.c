/*
 * tokenizer: a small vocabulary and a text, both made of the input, through loading, tokenizing, origins and streaming.
 *
 * The input: a byte for the model (of those without merges too), one for the pre-tokenizer, one for the number of tokens; the
 * tokens, each a byte for its type and length and its bytes; pairs of tokens to merge; then the text, in which the byte 0xFE goes
 * over from the template to a message and back. What is checked: text comes back byte for byte, untrusted text gives no control
 * token, no token that ends generation and no mark of the template, and streaming gives the same text as all at once.
 */
#include "text/tokenizer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "format/gguf_writer.h"
#include "text/stream.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 400, MOST_MERGES = 128, LONGEST = 48, MOST_PIECES = 256 };

struct maker {
	struct {
		const uint8_t *data;
		size_t size;
	} in; /* what is left of the input */
	char bytes[MOST][LONGEST];
	char merge_bytes[MOST_MERGES][2 * LONGEST + 1];
	struct gguf_text token[MOST], merge[MOST_MERGES];
	int32_t type[MOST];
	float score[MOST];
	size_t tokens, merges;
};

static void must(bool holds, const char *what)
{
	if (holds) return;
	fprintf(stderr, "%s\n", what);
	abort();
}

static uint8_t take(struct maker *m)
{
	if (m->in.size == 0) return 0;
	m->in.size--;
	return *m->in.data++;
}

/* Adds a token unless there is one like it among those that the input gave. */
static void add_token(struct maker *m, const char *bytes, size_t length, int32_t type)
{
	for (size_t i = type == TOKEN_BYTE || m->tokens < 256 ? m->tokens : 256; i < m->tokens; i++) {
		if (m->token[i].length == length && memcmp(m->token[i].data, bytes, length) == 0) return;
	}
	if (m->tokens == MOST || length > LONGEST) return;
	memcpy(m->bytes[m->tokens], bytes, length);
	m->token[m->tokens] = (struct gguf_text){ m->bytes[m->tokens], length };
	m->type[m->tokens] = type;
	m->score[m->tokens] = -(float)(m->tokens % 64);
	m->tokens++;
}

static void add_byte_tokens(struct maker *m, bool letters)
{
	uint32_t next = 256;
	for (uint32_t b = 0; b < 256; b++) {
		char name[8];
		bool printable = (b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD);
		size_t n = letters ? utf8_encode(printable ? b : next++, name)
		                   : (size_t)snprintf(name, sizeof name, "<0x%02X>", (unsigned)b);
		add_token(m, name, n, letters ? TOKEN_NORMAL : TOKEN_BYTE);
	}
}

static void add_own_tokens(struct maker *m)
{
	static const int32_t types[] = { TOKEN_NORMAL, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_NORMAL };
	for (size_t n = take(m) % 64; n > 0; n--) {
		uint8_t head = take(m);
		size_t length = head >> 2 & 15;
		if (length > m->in.size) length = m->in.size;
		add_token(m, (const char *)m->in.data, length, types[head & 3]);
		m->in.data += length;
		m->in.size -= length;
	}
}

/* Joins pairs of tokens that text can become, and lists the merges for those models that need them. */
static void add_joined_tokens(struct maker *m, bool listed)
{
	for (size_t n = take(m) % 64; n > 0 && m->merges < MOST_MERGES; n--) {
		size_t a = (take(m) | (size_t)take(m) << 8) % m->tokens, b = (take(m) | (size_t)take(m) << 8) % m->tokens;
		struct gguf_text left = m->token[a], right = m->token[b];
		if (m->type[a] != TOKEN_NORMAL || m->type[b] != TOKEN_NORMAL || left.length + right.length > LONGEST) continue;
		char *text = m->merge_bytes[m->merges];
		if (left.length == 0 || right.length == 0 || memchr(left.data, ' ', left.length)) continue;
		memcpy(text, left.data, left.length);
		memcpy(text + left.length, right.data, right.length);
		add_token(m, text, left.length + right.length, TOKEN_NORMAL);
		memmove(text + left.length + 1, text + left.length, right.length);
		text[left.length] = ' ';
		if (listed) m->merge[m->merges++] = (struct gguf_text){ text, left.length + right.length + 1 };
	}
}

/* A map of characters out of the input: its units, then its replacements. */
static void put_map(struct maker *m, struct gguf_writer *w)
{
	size_t size = (size_t)take(m) * 4;
	if (size > m->in.size) size = m->in.size;
	gguf_put_bool(w, "tokenizer.ggml.remove_extra_whitespaces", size % 3 == 0);
	gguf_put_array(w, "tokenizer.ggml.precompiled_charsmap", GGUF_U8, m->in.data, size);
	m->in.data += size;
	m->in.size -= size;
}

static struct vocab *make_vocab(struct maker *m, struct error *e)
{
	static const char *const models[] = { "gpt2", "llama", "gemma4", "bert", "t5", "rwkv" };
	const char *model = models[take(m) % 6];
	bool bpe = strcmp(model, "gpt2") == 0, unigram = strcmp(model, "t5") == 0, spm = strcmp(model, "llama") == 0 || unigram;
	const char *pre = pretokenizer_at(take(m) % 86)->name;
	add_byte_tokens(m, bpe);
	add_own_tokens(m);
	add_joined_tokens(m, !spm);
	struct gguf_writer w = gguf_writer_new();
	gguf_put_text(&w, "general.architecture", "qwen2", 5);
	gguf_put_text(&w, "tokenizer.ggml.model", model, strlen(model));
	gguf_put_text(&w, "tokenizer.ggml.pre", pre, strlen(pre));
	gguf_put_texts(&w, "tokenizer.ggml.tokens", m->token, m->tokens);
	gguf_put_array(&w, "tokenizer.ggml.token_type", GGUF_I32, m->type, m->tokens);
	if (spm)
		gguf_put_array(&w, "tokenizer.ggml.scores", GGUF_F32, m->score, m->tokens);
	else
		gguf_put_texts(&w, "tokenizer.ggml.merges", m->merge, m->merges);
	gguf_put_bool(&w, "tokenizer.ggml.add_space_prefix", false);
	if (unigram) put_map(m, &w);
	struct buffer bytes = buffer_new(SIZE_MAX / 4);
	struct file_map map;
	struct vocab *v = NULL;
	must(gguf_writer_bytes(&w, &bytes, e), "no memory to write");
	gguf_writer_free(&w);
	must(file_map_memory(&map, bytes.data, bytes.size, "fuzz.gguf", e), "no memory for a name");
	struct gguf *g = gguf_open_maps(&map, 1, e);
	if (g) v = vocab_load(g, e);
	gguf_close(g);
	buffer_free(&bytes);
	return v;
}

/* Whether the ids stand for the text: where there is no normalization and every byte has a token, byte for byte. */
static void check_round_trip(const struct vocab *v, const struct token_list *t, const char *text, size_t length)
{
	size_t at = 0, n;
	if (v->nfc || v->model != VOCAB_BPE) return;
	for (size_t i = 0; i < t->count; i++) {
		const char *bytes = vocab_bytes(v, t->ids[i], &n);
		must(n <= length - at && memcmp(bytes, text + at, n) == 0, "the text does not come back");
		at += n;
	}
	must(at == length, "something of the text is missing");
}

static bool is_control(const struct vocab *v, uint32_t id)
{
	return (v->type[id] == TOKEN_CONTROL || vocab_ends(v, id)) && id != v->special[VOCAB_UNK];
}

static void check_stream(const struct vocab *v, const struct token_list *t)
{
	struct stream one, whole;
	struct error e;
	struct buffer a = buffer_new(SIZE_MAX / 4), b = buffer_new(SIZE_MAX / 4);
	const struct stream_stop stops[] = { { "ab", 2 }, { "b\xC3", 2 } };
	must(stream_start(&one, v, stops, 2, STREAM_CONTROL, &e) && stream_start(&whole, v, stops, 2, STREAM_CONTROL, &e), e.text);
	struct buffer all = buffer_new(SIZE_MAX / 4);
	for (size_t i = 0; i < t->count; i++) {
		size_t n;
		const char *bytes = vocab_bytes(v, t->ids[i], &n);
		buffer_append(&all, bytes, n);
		must(stream_add(&one, t->ids[i], &a, &e), e.text);
		must(utf8_valid(buffer_text(&a), a.size), "a part of a character is shown");
	}
	must(stream_add_bytes(&whole, buffer_text(&all), all.size, &b, &e), e.text);
	must(stream_end(&one, &a, &e) && stream_end(&whole, &b, &e), e.text);
	must(a.size == b.size && memcmp(buffer_text(&a), buffer_text(&b), a.size) == 0, "streaming gives another text");
	must(one.stopped == whole.stopped, "streaming stops elsewhere");
	stream_free(&one);
	stream_free(&whole);
	buffer_free(&a);
	buffer_free(&b);
	buffer_free(&all);
}

static void check_plain(const struct vocab *v, const char *text, size_t length)
{
	struct token_list t = { 0 };
	struct error e;
	must(tokenizer_encode(v, text, length, 0, &t, &e), e.text);
	check_round_trip(v, &t, text, length);
	for (size_t i = 0; i < t.count; i++) must(!is_control(v, t.ids[i]), "untrusted text became a control token");
	check_stream(v, &t);
	token_list_free(&t);
	must(tokenizer_encode(v, text, length, TOKENIZER_SPECIAL, &t, &e), e.text);
	check_round_trip(v, &t, text, length);
	check_stream(v, &t);
	token_list_free(&t);
}

static bool same_ids(const struct token_list *a, const struct token_list *b)
{
	return a->count == b->count && (a->count == 0 || memcmp(a->ids, b->ids, a->count * sizeof *a->ids) == 0);
}

/* Control tokens may only stand where all bytes are the template's; with no message at all ids are those of trusted text. */
static void check_origins(const struct vocab *v, const char *text, const struct text_piece *pieces, size_t n, size_t length)
{
	struct token_list t = { 0 }, whole = { 0 };
	struct error e;
	bool messages = false;
	for (size_t i = 0; i < n; i++) messages = messages || (pieces[i].from_message && pieces[i].length > 0);
	must(tokenizer_encode_pieces(v, text, pieces, n, text, length, 0, &t, &e), e.text);
	must(tokenizer_encode(v, text, length, TOKENIZER_SPECIAL, &whole, &e), e.text);
	check_round_trip(v, &t, text, length);
	if (!messages) must(same_ids(&t, &whole), "the template's own text differs");
	size_t at = 0, piece = 0, end = n ? pieces[0].length : 0;
	bool exact = !v->nfc && v->model == VOCAB_BPE;
	for (size_t i = 0; exact && i < t.count; i++) {
		size_t size = v->offset[t.ids[i] + 1] - v->offset[t.ids[i]], stop = at + size;
		while (at < stop) {
			while (end <= at && piece + 1 < n) end += pieces[++piece].length;
			must(!is_control(v, t.ids[i]) || !pieces[piece].from_message, "a message became a control token");
			at++;
		}
	}
	token_list_free(&t);
	token_list_free(&whole);
}

static void check_text(const struct vocab *v, const uint8_t *data, size_t size)
{
	struct text_piece pieces[MOST_PIECES] = { { 0 } };
	size_t n = 1, length = 0;
	char *text = memory_new(size ? size : 1, 1);
	must(text != NULL, "no memory");
	for (size_t i = 0; i < size; i++) {
		if (data[i] == 0xFE && n < MOST_PIECES) {
			pieces[n].from_message = !pieces[n - 1].from_message;
			n++;
			continue;
		}
		text[length++] = (char)data[i];
		pieces[n - 1].length++;
	}
	check_plain(v, text, length);
	check_origins(v, text, pieces, n, length);
	memory_free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct maker m;
	struct error e = { "" };
	if (size > 1 << 16) return 0;
	size_t before = memory_in_use();
	m.in.data = data;
	m.in.size = size;
	m.tokens = m.merges = 0;
	struct vocab *v = make_vocab(&m, &e);
	if (v)
		check_text(v, m.in.data, m.in.size);
	else
		must(strncmp(e.text, "fuzz.gguf: ", 11) == 0, e.text);
	vocab_free(v);
	must(memory_in_use() == before, "something is left behind");
	return 0;
}
