/*
 * prompt: from what a program asks (a conversation, a text, ids) to the tokens that the model reads.
 *
 * A conversation is run through the model's own chat template, which says for every byte whether the template or a message wrote
 * it; the tokenizer takes control tokens only from the template's. A model without a template gets a plain form ("User: ...",
 * "Assistant:") by a template of ours, through the same code.
 */
#ifndef HEARTH_ENGINE_PROMPT_H
#define HEARTH_ENGINE_PROMPT_H

#include "base/error.h"
#include "format/gguf.h"
#include "hearth.h"
#include "text/template.h"
#include "text/vocab.h"

#include <stdint.h>

/* What prompts are made with; constant once opened. */
struct prompt_source {
	struct vocab *vocab;
	struct template *template; /* of the model, else the plain form; NULL: see broken */
	char *text;                /* the template's source */
	size_t text_length;
	bool plain; /* the file has no template */
	char *pair; /* the file's form for a question and a document; NULL: it has none */
	size_t pair_length;
	struct error broken; /* why the file's template cannot be used; conversations fail with it */
	uint32_t longest;    /* bytes of the longest token */
	uint32_t context;    /* positions that a prompt may take; 0: any number */
};

/* Reads vocabulary and template of a file, which may be closed afterwards. A template that cannot be parsed is no failure here. */
bool prompt_source_open(struct prompt_source *s, const struct gguf *file, uint32_t context, struct error *e);
void prompt_source_close(struct prompt_source *s); /* all zero is allowed */

/* A prompt that was made. Everything is owned by it. */
struct prompt {
	char *text; /* NULL for ids */
	size_t text_length;
	struct hearth_piece *pieces;
	size_t n_pieces;
	int32_t *ids;
	size_t n_ids;
	size_t n_estimated; /* of a prompt that was refused untokenized: how many tokens it has at least */
	bool continues;     /* the prompt ends with the beginning of the answer */
	const char *stop;   /* a text that ends the answer as well (the plain form's); NULL: none */
};

/* Makes the prompt of a request that request_check has taken. On failure `failure` says what kind it is; the prompt may hold parts
 * and is to be cleared as well. */
bool prompt_make(struct prompt *p, const struct prompt_source *s, const struct hearth_request *asked, enum hearth_failure *failure,
                 struct error *e);
void prompt_clear(struct prompt *p); /* wiped; all zero is allowed */

/* Whether the model has tokens to fill in the middle with. */
bool prompt_fills(const struct vocab *v);

/* Whether a date is "YYYY-MM-DDTHH:MM:SS" with numbers that can be. */
bool prompt_check_date(const char *date);

/* session_piece over a vocabulary: false for control, unknown, unused and empty tokens. */
bool prompt_piece(const void *vocab, int32_t id, const char **bytes, size_t *length);

#endif
