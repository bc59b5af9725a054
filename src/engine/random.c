/* random: xoshiro256** seeded by splitmix64 (see random.h). */
#include "engine/random.h"

#include "base/clock.h"

#include <string.h>
#include <sys/random.h>

static uint64_t split(uint64_t *x)
{
	uint64_t z = *x += 0x9e3779b97f4a7c15ULL;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

struct random random_new(uint64_t seed)
{
	struct random r;
	for (int i = 0; i < 4; i++) r.state[i] = split(&seed);
	return r;
}

static uint64_t turn(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

uint64_t random_next(struct random *r)
{
	uint64_t *s = r->state;
	uint64_t result = turn(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = turn(s[3], 45);
	return result;
}

double random_unit(struct random *r)
{
	return (double)(random_next(r) >> 11) * 0x1p-53;
}

uint64_t random_fresh_seed(void)
{
	uint64_t seed = 0;
	if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
		double now = clock_seconds();
		memcpy(&seed, &now, sizeof seed);
	}
	return seed ? seed : 1;
}
