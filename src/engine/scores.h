/* scores: how likely the tokens of an answer were, as the model has it: before penalties, grammar and temperature. */
#ifndef HEARTH_ENGINE_SCORES_H
#define HEARTH_ENGINE_SCORES_H

#include "base/error.h"
#include "hearth.h"
#include "text/vocab.h"

struct scores {
	float *raw; /* logits as they came, n_vocab */
	struct hearth_score *all;
	size_t n, room;
};

/* Keeps a copy of the logits that a token is about to be chosen by. */
bool scores_note(struct scores *s, const float *logits, uint32_t n_vocab, struct error *e);

/* Appends `count` scores: of the token that was chosen by what was noted, then of the most likely ones. */
bool scores_take(struct scores *s, const struct vocab *v, uint32_t n_vocab, uint32_t token, uint32_t count, struct error *e);

void scores_clear(struct scores *s); /* frees; all zero is allowed */

/* To length 1; a vector of zeros stays. */
void scores_normalize(float *x, size_t n);

#endif
