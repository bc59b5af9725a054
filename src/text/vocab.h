/*
 * vocab: the tokens of a model, read from its GGUF metadata and checked.
 *
 * Bytes: every token is kept as the bytes that it stands for. Byte-level BPE files write bytes as letters (GPT-2's table:
 * "Ġthe"), SentencePiece files a space as U+2581; both are undone here, so that tokenizing and detokenizing work on the
 * text's own bytes. Tokens that text can become by merging are found by their bytes through a hash table.
 *
 * Kinds: CONTROL tokens, unknown and byte tokens, and those that end generation, are never found that way: text that
 * nobody vouches for cannot become one (tokenizer.h says where special tokens are matched). Names that are known to end a
 * turn (`<|im_end|>`) make a token CONTROL, unless the vocabulary's own merges build it out of text.
 *
 * The vocabulary owns its memory and does not need the file after vocab_load.
 */
#ifndef HEARTH_TEXT_VOCAB_H
#define HEARTH_TEXT_VOCAB_H

#include "base/arena.h"
#include "base/error.h"
#include "format/gguf.h"
#include "text/charsmap.h"
#include "text/pretokenizer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VOCAB_MOST_TOKENS = 1000000,
	VOCAB_MOST_MERGES = 1500000,
	VOCAB_LONGEST_TOKEN = 4095 /* bytes, as written in the file */
};

#define TOKEN_NONE UINT32_MAX

enum vocab_model {
	VOCAB_SPM,       /* tokenizer.ggml.model "llama": SentencePiece BPE, merges by score */
	VOCAB_BPE,       /* "gpt2": byte-level BPE, merges by rank inside pre-tokenized words */
	VOCAB_RAW,       /* "gemma4": BPE by rank over UTF-8 with U+2581 for spaces and <0xNN> for bytes */
	VOCAB_WORDPIECE, /* "bert": the longest tokens from the beginning of each word; no merges, as those below */
	VOCAB_UNIGRAM,   /* "t5": SentencePiece's Unigram, the best sum of scores */
	VOCAB_LONGEST    /* "rwkv": the longest token at each place */
};

/* GGUF's numbers (tokenizer.ggml.token_type). */
enum token_type {
	TOKEN_NORMAL = 1,
	TOKEN_UNKNOWN = 2,
	TOKEN_CONTROL = 3,
	TOKEN_USER_DEFINED = 4,
	TOKEN_UNUSED = 5,
	TOKEN_BYTE = 6
};

enum token_flag {
	TOKEN_ENDS = 1 << 0,   /* ends generation */
	TOKEN_RSTRIP = 1 << 1, /* takes the white space behind it with it */
	TOKEN_LSTRIP = 1 << 2, /* ... before it */
	TOKEN_LITERAL = 1 << 3 /* byte-level BPE: written with characters that stand for no byte */
};

enum vocab_special {
	VOCAB_BOS,
	VOCAB_EOS,
	VOCAB_EOT,
	VOCAB_EOM,
	VOCAB_UNK,
	VOCAB_SEP,
	VOCAB_PAD,
	VOCAB_MASK,
	VOCAB_FIM_PRE,
	VOCAB_FIM_SUF,
	VOCAB_FIM_MID,
	VOCAB_FIM_PAD,
	VOCAB_FIM_REP,
	VOCAB_FIM_SEP,
	VOCAB_SPECIALS /* how many there are */
};

/* Tokens in the order of their bytes (text/prefixes.h). */
struct token_order {
	uint32_t *ids;
	uint32_t n;
	uint32_t first[257]; /* where those that begin with each byte begin */
};

struct vocab {
	struct arena *arena; /* owns everything below */
	enum vocab_model model;
	const struct pretokenizer *pretokenizer; /* of BPE and RAW; else NULL */

	uint32_t count;
	const char *bytes;        /* of all tokens, one after the other */
	uint32_t *offset;         /* count + 1: token i is bytes[offset[i] .. offset[i + 1]) */
	uint8_t *type;            /* enum token_type */
	uint8_t *flags;           /* enum token_flag */
	uint32_t *rank;           /* SPM: place of the score among all scores, best first; else NULL */
	uint32_t longest;         /* bytes of the longest token that text can become */
	uint32_t byte_token[256]; /* TOKEN_NONE where the vocabulary has none */
	uint8_t (*pairs)[32];     /* not BPE: bit b of pairs[a]: some token has byte b behind byte a */

	uint32_t *slots; /* hash table by bytes: 12 bits of the hash, and the id + 1 below them; 0: free */
	uint32_t slot_mask;
	uint64_t
	        *merges; /* hash table: left and right token (20 bits each), rank (24 bits, from 1); 0: free. NULL without merges */
	uint32_t *merged; /* what the merge of each rank becomes; TOKEN_NONE: nothing that text may become */
	uint32_t merge_mask, n_merges;
	uint64_t merge_factor; /* of the hash: odd and secret, so that no file can be made whose merges all collide */

	struct token_order *texts; /* models without merges: the tokens that text can become; else NULL */
	float *score;              /* UNIGRAM: of each token; else NULL */
	double unknown_score;      /* UNIGRAM: of a character that is no token */
	struct charsmap charsmap;

	struct token_order specials; /* CONTROL, USER_DEFINED and UNKNOWN tokens */
	bool user_first[256];        /* some USER_DEFINED token begins with the byte */

	uint32_t special[VOCAB_SPECIALS]; /* TOKEN_NONE: none */
	bool add_bos, add_eos, add_sep;
	bool add_space_prefix; /* SPM, UNIGRAM: a space before text at the start and behind special tokens */
	bool ignore_merges;    /* BPE: a word that is a token is that token */
	bool merge_spaces;     /* UNIGRAM: white space in a row becomes one space, at the end none */
	bool small_letters;    /* WORDPIECE: text becomes small letters ... */
	bool strip_accents;    /* ... without accents */
	bool nfc;              /* the model's own tokenizer brings text into NFC */
};

/* Reads `tokenizer.ggml.*`. NULL with one line that names the file when something is missing or contradicts something else. */
struct vocab *vocab_load(const struct gguf *g, struct error *e);
void vocab_free(struct vocab *v); /* NULL is allowed */

/* The bytes of a token (`id` below count): a control token's name, a byte token's byte. */
static inline const char *vocab_bytes(const struct vocab *v, uint32_t id, size_t *length)
{
	*length = v->offset[id + 1] - v->offset[id];
	return v->bytes + v->offset[id];
}

static inline bool vocab_ends(const struct vocab *v, uint32_t id)
{
	return id < v->count && (v->flags[id] & TOKEN_ENDS);
}

/* The token that text of these bytes becomes; TOKEN_NONE: there is none. */
uint32_t vocab_find(const struct vocab *v, const char *bytes, size_t length);

/* Whether a USER_DEFINED token is a mark, not a piece of ordinary text like a run of spaces, a letter or a word: three characters
 * or more, with a sign and a letter or digit among them. */
bool vocab_is_mark(const struct vocab *v, uint32_t id);

/* The token of that name as the file writes it, whatever its type ("<|im_end|>"); TOKEN_NONE: there is none. */
uint32_t vocab_find_special(const struct vocab *v, const char *name, size_t length);

/* The rank of merging two tokens, lower ones first, and in *into what they become; 0: they do not merge. */
uint32_t vocab_merge(const struct vocab *v, uint32_t left, uint32_t right, uint32_t *into);

#endif
