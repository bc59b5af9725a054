/*
 * lookup: where the end of a timeline stood before, and how it went on there: guesses for text that repeats itself.
 *
 * Every position is in a list of those whose last two tokens hash alike, the newest first. A search walks the list of the
 * timeline's end and takes the place with the longest common past, of equal ones the newest. Tokens come one at a time, in O(1).
 * (Prompt look-up decoding, Saxena 2023; the match finder is that of LZ77 programs.)
 */
#ifndef HEARTH_ENGINE_LOOKUP_H
#define HEARTH_ENGINE_LOOKUP_H

#include "base/error.h"

#include <stdint.h>

struct lookup {
	uint32_t *newest; /* [hash]: 1 + the newest position, 0: none */
	uint32_t *before; /* [position]: 1 + the next older one of the same hash */
	uint32_t room;    /* of `before` */
	uint32_t n;       /* positions taken in */
};

/* Takes in the tokens that came since: the timeline is ids[0..n), and only ever grows. False: memory. */
bool lookup_follow(struct lookup *l, const int32_t *ids, uint32_t n, struct error *e);

/* Writes up to `most` tokens that followed the place most like ids[0..n) + `next`, and in *common how many tokens before them are
 * the same (2 ... LOOKUP_LONGEST); 0: there is none. What would lie behind the end repeats itself. */
enum { LOOKUP_LONGEST = 32 };
uint32_t lookup_find(const struct lookup *l, const int32_t *ids, uint32_t n, int32_t next, int32_t *guesses, uint32_t most,
                     uint32_t *common);

void lookup_clear(struct lookup *l); /* all zero is allowed */

#endif
