/* vocab_internal: the parts of loading a vocabulary (private to vocab*.c). */
#ifndef HEARTH_TEXT_VOCAB_INTERNAL_H
#define HEARTH_TEXT_VOCAB_INTERNAL_H

#include "text/vocab.h"

/* What loading knows beyond the vocabulary itself. */
struct vocab_load {
	const struct gguf *file;
	struct vocab *vocab;
	const char *name; /* of the file */
	uint8_t *made;    /* count: some merge makes this token out of text; NULL for SPM */
	struct error *error;
};

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
bool vocab_read_specials(struct vocab_load *l); /* special ids and flags, the tokens that end generation, names */

/* Undoes GPT-2's writing of bytes as letters: `length` bytes of UTF-8 into at most as many bytes at `out`. False when there
 * is a character that stands for no byte. */
bool vocab_decode_letters(const char *text, size_t length, char *out, size_t *size);

/* Replaces U+2581 by a space; `out` may be `text`. Returns the bytes written. */
size_t vocab_decode_spaces(const char *text, size_t length, char *out);

#endif
