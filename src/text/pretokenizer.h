/*
 * pretokenizer: cuts text into the words inside which BPE may merge.
 *
 * Models publish their cut as one or several regular expressions, applied one after the other: each cuts the pieces that the
 * one before left, and text between two matches is a piece too. Here every expression is a step: a small state machine over
 * code points, parametrized by classes (pretokenizer_words.c, pretokenizer_runs.c). A cut takes time linear in the text and
 * no memory. Where the model's own tokenizer and llama.cpp differ, the model's own is followed.
 */
#ifndef HEARTH_TEXT_PRETOKENIZER_H
#define HEARTH_TEXT_PRETOKENIZER_H

#include "text/unicode.h"

enum { PRETOKENIZER_STEPS = 6 };

struct pretokenizer_step;

/* What else goes with a name: defaults that the file's own keys override, and a rule of BPE. */
enum pretokenizer_flag {
	PRETOKENIZER_IGNORE_MERGES = 1 << 0, /* a word that is a token is that token, whatever the merges say */
	PRETOKENIZER_ADD_BOS = 1 << 1,
	PRETOKENIZER_ADD_SEP = 1 << 2
};

struct pretokenizer {
	const char *name;
	unsigned flags;                               /* enum pretokenizer_flag */
	const struct pretokenizer_step *const *steps; /* NULL behind the last; at most PRETOKENIZER_STEPS */
};

/* The one of that name (`tokenizer.ggml.pre`), aliases included; NULL: unknown. */
const struct pretokenizer *pretokenizer_find(const char *name, size_t length);

/* The table in order, for tests; NULL behind its end. */
const struct pretokenizer *pretokenizer_at(size_t index);

/* A cut under way. The text stays the caller's. */
struct pretokenizer_run {
	const struct pretokenizer *rules;
	const char *text;
	size_t at[PRETOKENIZER_STEPS];    /* how far each step has come */
	size_t end[PRETOKENIZER_STEPS];   /* of the piece it works on */
	size_t known[PRETOKENIZER_STEPS]; /* a step's own mark: up to here it knows what follows */
	int depth;                        /* number of steps */
};

void pretokenizer_start(struct pretokenizer_run *r, const struct pretokenizer *rules, const char *text, size_t length);

/* The next word, text[*begin..*end); false when there is no more. Words are never empty and lie next to each other. */
bool pretokenizer_next(struct pretokenizer_run *r, size_t *begin, size_t *end);

#endif
