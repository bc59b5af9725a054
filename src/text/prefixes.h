/*
 * prefixes: which tokens a text begins with, one after the other, shortest first.
 *
 * The tokens that text can become, ordered by their bytes: those that share the first bytes lie together, so a walk along the
 * text narrows a range byte by byte. No memory but the ids, and where those of each first byte begin.
 */
#ifndef HEARTH_TEXT_PREFIXES_H
#define HEARTH_TEXT_PREFIXES_H

#include "text/vocab.h"

/* Fills v->ordered from the tokens that text can become; for LONGEST from all. False when memory is out. */
bool prefixes_make(struct vocab *v, struct error *e);

/* Whether untrusted text may become the token. */
static inline bool prefixes_harmless(const struct vocab *v, uint32_t id)
{
	return (v->type[id] == TOKEN_NORMAL || v->type[id] == TOKEN_UNUSED) && !(v->flags[id] & TOKEN_ENDS);
}

struct prefixes {
	const struct vocab *v;
	const char *text;
	size_t length;      /* of the text */
	uint32_t low, high; /* those that share the first `depth` bytes */
	size_t depth;
};

/* The walk along text[0..length); `length` is at least 1. */
struct prefixes prefixes_start(const struct vocab *v, const char *text, size_t length);

/* The next token that the text begins with, and its bytes in *length; TOKEN_NONE: no more. */
uint32_t prefixes_next(struct prefixes *p, size_t *length);

/* The longest of them; TOKEN_NONE: none. */
uint32_t prefixes_longest(const struct vocab *v, const char *text, size_t text_length, size_t *length);

#endif
