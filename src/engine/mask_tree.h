/*
 * mask_tree: a vocabulary's tokens that are text as a tree by bytes, so that tokens which begin alike are tried together.
 */
#ifndef HEARTH_ENGINE_MASK_TREE_H
#define HEARTH_ENGINE_MASK_TREE_H

#include "text/vocab.h"

/* Depth first: a node stands for the bytes on the way to it. */
struct mask_tree {
	const struct vocab *vocab;
	uint32_t n;
	uint8_t *byte;
	uint32_t *behind; /* the first node that is not below this one */
	uint32_t *token;  /* the first token of these bytes; TOKEN_NONE */
	uint64_t *apart;  /* a bit each: tokens that end an answer or begin a thought */
	uint32_t *alike;  /* of each token, the next one of the same bytes; TOKEN_NONE */
};

/* NULL: memory. */
struct mask_tree *mask_tree_new(const struct vocab *v, struct error *e);
void mask_tree_free(struct mask_tree *t); /* NULL is allowed */

#endif
