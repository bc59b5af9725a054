/*
 * thinking: a limit on how many tokens a model thinks before it answers.
 *
 * The tokens of a thought are counted between its marks (text/thoughts.h). When they are as many as may be, the thought is closed:
 * the tokens of its closing mark are the only ones that can follow, and the model goes on with its answer behind them.
 */
#ifndef HEARTH_ENGINE_THINKING_H
#define HEARTH_ENGINE_THINKING_H

#include "base/error.h"
#include "text/thoughts.h"
#include "text/tokenizer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: no limit. */
struct thinking {
	const struct vocab *vocab;
	struct thoughts place;
	uint32_t left;            /* tokens that the thought may still have */
	uint32_t rest;            /* bytes that the last character still lacks */
	struct token_list closes; /* the tokens that close the thought, from `next` on; empty: it goes on */
	size_t next;
};

/* An answer begins behind this prompt; `limit` is not 0. */
void thinking_begin(struct thinking *t, const struct vocab *v, const char *prompt, size_t length, uint32_t limit);
void thinking_clear(struct thinking *t);

/* Leaves the one token of `logits` (n of them) that must follow, where one must. */
void thinking_apply(const struct thinking *t, float *logits, uint32_t n);

/* The token was chosen. */
void thinking_take(struct thinking *t, uint32_t token);

#endif
