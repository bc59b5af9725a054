/*
 * mask: which tokens may come next, when an answer must follow a grammar.
 *
 * A token may come when the automaton can pass all of its bytes; the tokens that end an answer when the text may end there. What a
 * state lets through is kept for when the state comes again, and the states are shared by all answers with the same grammar: of
 * those that nobody uses, the last few stay.
 *
 * A model that thinks first does so freely: the grammar begins behind its thought. With a trigger it begins behind that.
 */
#ifndef HEARTH_ENGINE_MASK_H
#define HEARTH_ENGINE_MASK_H

#include "engine/mask_tree.h"
#include "grammar/automaton.h"

enum { MASK_LONGEST_TRIGGER = 63 };

struct mask;
struct mask_shared;

/* The grammars that an engine's answers follow or followed. All zero at first. */
struct mask_cache {
	struct mask_shared *first; /* the last used comes first */
};
void mask_cache_clear(struct mask_cache *c); /* no mask may be left */

/* What an answer must follow, and when that begins. */
struct mask_ask {
	uint32_t kind;      /* of the grammar's text, as the request says */
	const char *source; /* the grammar's text: equal kinds and texts share their states */
	size_t length;
	struct grammar *grammar; /* made from it; the mask's from now on, also when it fails */
	const uint32_t *marks;   /* control tokens that count as text by their names; sorted */
	size_t n_marks;
	const char *trigger; /* NULL: none; lives as long as the mask */
	const char *prompt;  /* what the answer goes on from: a thought may be open */
	size_t prompt_length;
	bool thinks; /* the answer may begin with a thought */
	bool space;  /* white space may come first */
};

struct mask *mask_new(struct mask_cache *c, const struct mask_tree *t, const struct mask_ask *ask, struct error *e);
void mask_free(struct mask *m); /* NULL is allowed */

/* Sets the logits of tokens that may not come next to minus infinity (n_vocab of them); where only the `most` best of the others
 * count (sampler_reach; 0: all do), of the rest as well. `keys`: room for n_vocab. False with the line when none may come. */
bool mask_apply(struct mask *m, float *logits, uint64_t *keys, uint32_t most, struct error *e);

/* The token was chosen. False with the line when it does not fit, which mask_apply prevents. */
bool mask_take(struct mask *m, uint32_t token, struct error *e);

/* Whether the answer is whole and nothing may follow. */
bool mask_is_final(const struct mask *m);

#endif
