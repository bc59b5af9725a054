/*
 * mask: which tokens may come next, when an answer must follow a grammar.
 *
 * A token may come when the automaton can pass all of its bytes; the tokens that end an answer when the text may end there. The
 * vocabulary is laid out as a tree by bytes once an engine, so that tokens that begin alike are tried together, and what a state
 * lets through is kept for when the state comes again.
 *
 * A model that thinks first does so freely: the grammar begins behind its "</think>".
 */
#ifndef HEARTH_ENGINE_MASK_H
#define HEARTH_ENGINE_MASK_H

#include "grammar/automaton.h"
#include "text/vocab.h"

struct mask_tree;
struct mask;

/* The tokens of a vocabulary that are text, by their bytes. NULL: memory. */
struct mask_tree *mask_tree_new(const struct vocab *v, struct error *e);
void mask_tree_free(struct mask_tree *t); /* NULL is allowed */

enum mask_thoughts {
	MASK_PLAIN,     /* the answer follows the grammar from its first byte */
	MASK_MAY_THINK, /* it may begin with the token <think> */
	MASK_THINKS     /* the prompt has opened <think> already */
};

/* What a prompt's end and the vocabulary say of thinking. */
enum mask_thoughts mask_thoughts(const struct vocab *v, const char *prompt, size_t length);

/* For one answer. Takes the grammar, also when it fails (NULL). `space`: white space may come first. */
struct mask *mask_new(const struct mask_tree *t, struct grammar *g, enum mask_thoughts thoughts, bool space, struct error *e);
void mask_free(struct mask *m); /* NULL is allowed */

/* Sets the logits of tokens that may not come next to minus infinity (n_vocab of them). False with the line when none may. */
bool mask_apply(struct mask *m, float *logits, struct error *e);

/* The token was chosen. False with the line when it does not fit, which mask_apply prevents. */
bool mask_take(struct mask *m, uint32_t token, struct error *e);

/* Whether the answer is whole and nothing may follow. */
bool mask_is_final(const struct mask *m);

#endif
