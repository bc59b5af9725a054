/* vocab_internal: the parts of loading a vocabulary (private to vocab*.c). */
#ifndef HEARTH_TEXT_VOCAB_INTERNAL_H
#define HEARTH_TEXT_VOCAB_INTERNAL_H

#include "text/vocab.h"

#include <string.h>

/* What loading knows beyond the vocabulary itself. */
struct vocab_load {
	const struct gguf *file;
	struct vocab *vocab;
	const char *name; /* of the file */
	uint8_t *made;    /* count: some merge makes this token out of text; NULL for SPM */
	struct error *error;
};

/* Whether n bytes are equal, without a call for the few that most tokens have. */
static inline bool vocab_same(const char *a, const char *b, size_t n)
{
	uint64_t a8, b8, c8, d8;
	uint32_t a4, b4, c4, d4;
	if (n > 16) return memcmp(a, b, n) == 0;
	if (n >= 8) {
		memcpy(&a8, a, 8);
		memcpy(&b8, b, 8);
		memcpy(&c8, a + n - 8, 8);
		memcpy(&d8, b + n - 8, 8);
		return a8 == b8 && c8 == d8;
	}
	if (n >= 4) {
		memcpy(&a4, a, 4);
		memcpy(&b4, b, 4);
		memcpy(&c4, a + n - 4, 4);
		memcpy(&d4, b + n - 4, 4);
		return a4 == b4 && c4 == d4;
	}
	return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

/* The token of these bytes among all in the hash table, whatever became of its type. */
uint32_t vocab_lookup(const struct vocab *v, const char *bytes, size_t length);

/* The same for several at once, `id` being the answer: much faster, since the processor waits for all of them together. */
struct vocab_wanted {
	const char *bytes;
	size_t length;
	uint32_t id, hash;
};
void vocab_lookup_many(const struct vocab *v, struct vocab_wanted *w, size_t n);

bool vocab_read_merges(struct vocab_load *l);   /* tokenizer.ggml.merges; fills `made` */
bool vocab_list_specials(struct vocab_load *l); /* the list of special tokens by the types that are known so far */
bool vocab_read_cutter(struct vocab_load *l);   /* what models without merges need */
bool vocab_read_specials(struct vocab_load *l); /* special ids and flags, the tokens that end generation, names */

/* Undoes GPT-2's writing of bytes as letters: `length` bytes of UTF-8 into at most as many bytes at `out`. False when there
 * is a character that stands for no byte. */
bool vocab_decode_letters(const char *text, size_t length, char *out, size_t *size);

/* Undoes RWKV's writing of bytes: \n, \t, \r, \xNN, and any other character behind a backslash for itself. Returns the bytes
 * written, at most `length`. */
size_t vocab_decode_escapes(const char *text, size_t length, char *out);

/* Whether the model merges by a list: it has a pre-tokenizer and merges in its file. */
static inline bool vocab_merges(const struct vocab *v)
{
	return v->model == VOCAB_BPE || v->model == VOCAB_RAW;
}

/* Replaces U+2581 by a space; `out` may be `text`. Returns the bytes written. */
size_t vocab_decode_spaces(const char *text, size_t length, char *out);

#endif
