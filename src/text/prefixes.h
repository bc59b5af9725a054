/*
 * prefixes: which tokens a text begins with, one after the other, shortest first.
 *
 * The tokens of a list are ordered by their bytes: those that share the first bytes lie together, so a walk along the text narrows
 * a range byte by byte. No memory but the ids, and where those of each first byte begin.
 */
#ifndef HEARTH_TEXT_PREFIXES_H
#define HEARTH_TEXT_PREFIXES_H

#include "text/vocab.h"

/* Fills a list with the tokens of at least one byte that `wanted` takes. False when memory is out. */
bool prefixes_make(struct vocab *v, struct token_order *order, bool (*wanted)(const struct vocab *v, uint32_t id), struct error *e);

/* Whether the token's bytes come before others in a list (below 0), behind them (above 0), or are the same. */
int prefixes_compare(const struct vocab *v, uint32_t id, const char *bytes, size_t length);

/* Fills v->texts from the tokens that text can become; for LONGEST from all. False when memory is out. */
bool prefixes_list_texts(struct vocab *v, struct error *e);

/* Whether untrusted text may become the token. */
static inline bool prefixes_harmless(const struct vocab *v, uint32_t id)
{
	return (v->type[id] == TOKEN_NORMAL || v->type[id] == TOKEN_UNUSED) && !(v->flags[id] & TOKEN_ENDS);
}

struct prefixes {
	const struct vocab *v;
	const struct token_order *order;
	const char *text;
	size_t length;      /* of the text */
	uint32_t low, high; /* those that share the first `depth` bytes */
	size_t depth;
};

/* The walk along text[0..length); `length` is at least 1. */
struct prefixes prefixes_start(const struct vocab *v, const struct token_order *order, const char *text, size_t length);

/* The next token that the text begins with, as a place in the list; its length is p->depth. UINT32_MAX: no more. */
uint32_t prefixes_next_place(struct prefixes *p);

/* The same as an id, and its bytes in *length; TOKEN_NONE: no more. */
uint32_t prefixes_next(struct prefixes *p, size_t *length);

/* The longest of v->texts that the text begins with; TOKEN_NONE: none. */
uint32_t prefixes_longest(const struct vocab *v, const char *text, size_t text_length, size_t *length);

#endif
