/*
 * tokenizer: text to token ids.
 *
 * Special tokens come first: USER_DEFINED ones are matched wherever they stand, CONTROL (and unknown) ones only where the
 * caller vouches for the text; at each place the longest wins. What is left between them is tokenized by merging, one stretch
 * at a time. Merging never gives a CONTROL token or one that ends generation, whatever the text says.
 *
 * Time is linear in the text (n log n at worst for odd vocabularies), memory at most TOKENIZER_MEMORY bytes for each byte of
 * it, or of what a Unigram model's map of characters makes of it: at most 16 times as much. Bytes that are not UTF-8 are tokenized
 * as bytes. All functions may be called from several threads at once.
 */
#ifndef HEARTH_TEXT_TOKENIZER_H
#define HEARTH_TEXT_TOKENIZER_H

#include "text/vocab.h"

enum {
	TOKENIZER_MEMORY = 32,
	TOKENIZER_MOST_TEXT = 1 << 28 /* bytes in one call */
};

struct token_list {
	uint32_t *ids;
	size_t count, room;
};

void token_list_free(struct token_list *t);

/* Appends; false when memory is out. */
bool token_list_add(struct token_list *t, uint32_t id);

enum tokenizer_option {
	TOKENIZER_SPECIAL = 1 << 0, /* the text is trusted: CONTROL tokens are matched in it */
	TOKENIZER_ALL_TOKENS =
	        1 << 2,        /* RWKV: text becomes its control token too where it reads like it, as in llama.cpp: for comparing */
	TOKENIZER_ADD = 1 << 1 /* BOS in front and EOS or SEP behind, where the file says so */
};

/* Appends the ids of `text` to `out` (zeroed before its first use); `options` of enum tokenizer_option. On failure the ids
 * that were appended are taken back. */
bool tokenizer_encode(const struct vocab *v, const char *text, size_t length, unsigned options, struct token_list *out,
                      struct error *e);

/* A stretch of a rendered prompt and who wrote it. */
struct text_piece {
	size_t length;     /* bytes; the pieces of a text lie one behind the other */
	bool from_message; /* else the chat template wrote it */
};

/*
 * A rendered prompt, by origin. CONTROL tokens, and USER_DEFINED ones that the template writes as literals (a mark like
 * `<tool_call>`, in its source or in what it rendered), are matched only inside unbroken runs of the template's bytes. Other
 * USER_DEFINED tokens are matched anywhere, but not over the edge of a message where that would hide one of the template's
 * own. All text between is tokenized as one string whatever its origin, so the ids are those of the whole text with
 * TOKENIZER_SPECIAL whenever no message holds such a token.
 * `source` is the template itself (NULL: none). TOKENIZER_SPECIAL makes no difference here.
 */
bool tokenizer_encode_pieces(const struct vocab *v, const char *text, const struct text_piece *pieces, size_t n_pieces,
                             const char *source, size_t source_length, unsigned options, struct token_list *out, struct error *e);

#endif
