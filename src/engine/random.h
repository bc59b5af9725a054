/*
 * random: the numbers behind the choice of a token: the same ones from the same seed on every machine.
 *
 * xoshiro256** 1.0 (Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", 2021), its state filled from the seed
 * by splitmix64 (Steele, Lea and Flood 2014). Not for keys or anything secret.
 */
#ifndef HEARTH_ENGINE_RANDOM_H
#define HEARTH_ENGINE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state[4];
};

struct random random_new(uint64_t seed);

uint64_t random_next(struct random *r);

/* From [0, 1), a multiple of 2^-53. */
double random_unit(struct random *r);

/* A seed that nobody can foresee, never 0. */
uint64_t random_fresh_seed(void);

#endif
