/*
 * words: texts to ids and back, and conversations to prompts, by what a model file says: in this process, or in the jailed engine.
 */
#ifndef HEARTH_APP_LAB_WORDS_H
#define HEARTH_APP_LAB_WORDS_H

#include "app/lab/model_options.h"
#include "engine/prompt.h"
#include "text/tokenizer.h"

struct words {
	struct prompt_source source; /* in this process */
	struct hearth *h;            /* in the engine */
	uint32_t n_vocab;
};

/* Opens the file that the arguments name. False with the reason; words_close in both cases. */
bool words_open(struct words *w, const struct model_arguments *a, struct error *e);
void words_close(struct words *w); /* all zero is allowed */

/* A request for a text of HEARTH_TEXT with these of enum hearth_text_option, of which nothing but the prompt is wanted. */
struct hearth_request words_text(const char *text, size_t length, uint32_t options);

/* Makes the prompt of a request that wants nothing else; `p` is zero before, and the caller's to clear in both cases. */
bool words_make(struct words *w, const struct hearth_request *r, struct prompt *p, struct error *e);

/* The same, its ids appended to a list. */
bool words_encode(struct words *w, const struct hearth_request *r, struct token_list *ids, struct error *e);

/* What stands in front of a text of this model; TOKEN_NONE: nothing. */
bool words_begin(struct words *w, uint32_t *bos, struct error *e);

#endif
