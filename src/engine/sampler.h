/*
 * sampler: from logits to one token.
 *
 * The order is fixed: penalties, top_k, typical_p, top_p, min_p, temperature, choice. Each filter sees the probabilities of what
 * the one before it kept, made to sum to 1, at temperature 1, and always keeps at least one token. With temperature 0 the
 * token with the largest logit behind the penalties is taken, of equal ones the lowest id. Sums are float64, in a fixed order, so
 * that a seed and logits give one result. Logits that are not finite never win: not a number counts as the smallest, infinities as
 * the largest and smallest finite number.
 *
 * Sources: nucleus sampling (top_p) Holtzman et al. 2020; min_p Nguyen et al. 2024; locally typical sampling Meister et al. 2022;
 * repeat penalty Keskar et al. 2019 (CTRL).
 */
#ifndef HEARTH_ENGINE_SAMPLER_H
#define HEARTH_ENGINE_SAMPLER_H

#include "base/error.h"
#include "engine/random.h"
#include "hearth.h"

#include <stdint.h>

/* One request's settings and memory. */
struct sampler {
	struct hearth_sampling settings;
	struct random random;
	int32_t *recent; /* a ring of the last settings.penalty_last answer tokens; NULL without penalties */
	uint32_t n_recent, next;
};

/* Room for one choice at a time, shared by all samplers of an engine. */
struct sampler_room {
	uint32_t n_vocab;
	uint64_t *keys;   /* n_vocab candidates */
	uint64_t *scores; /* n_vocab, for typical_p; made when first needed */
	double *weights;  /* n_vocab, parallel to keys */
	uint32_t *counts; /* n_vocab, all zero between uses */
};

/* False with the reason when a setting is out of range: temperature 0 to 100, top_p, min_p and typical_p 0 to 1, repeat_penalty
 * 0.01 to 100, the other penalties -100 to 100, penalty_last at most 65,536, none of them not a number. */
bool sampler_check(const struct hearth_sampling *settings, struct error *e);

/* `settings` must have passed sampler_check and have a seed that is not 0. False: memory. */
bool sampler_init(struct sampler *s, const struct hearth_sampling *settings, struct error *e);
void sampler_clear(struct sampler *s);

bool sampler_room_init(struct sampler_room *r, uint32_t n_vocab, struct error *e);
void sampler_room_clear(struct sampler_room *r);

/* How many of the most likely tokens it looks at, whatever the others are; 0: all. */
uint32_t sampler_reach(const struct sampler *s);

/* Chooses a token by `logits` (n_vocab of them, overwritten) and remembers it for the penalties. -1: memory. */
int32_t sampler_choose(struct sampler *s, struct sampler_room *room, float *logits, struct error *e);

#endif
