/* rope: frequencies and magnitude (see rope.h). */
#include "model/rope.h"

#include <math.h>

/* The pair (not whole) that makes `turns` full turns over the original context. */
static double pair_of_turns(const struct config *c, double turns, double base)
{
	return c->n_rot[ROPE_GLOBAL] * log(c->original_context / (turns * 2 * 3.14159265358979323846)) / (2 * log(base));
}

static double clamp(double x, double least, double most)
{
	return x < least ? least : x > most ? most : x;
}

/* How much of pair i keeps its own frequency: 1 for the fast pairs, 0 for the slow ones. */
static double yarn_share(const struct config *c, double base, uint32_t i)
{
	double low = fmax(0, floor(pair_of_turns(c, c->yarn_beta_fast, base)));
	double high = fmin(c->n_rot[ROPE_GLOBAL] - 1.0, ceil(pair_of_turns(c, c->yarn_beta_slow, base)));
	return 1 - clamp((i - low) / fmax(0.001, high - low), 0, 1);
}

/* The growth of attention that YaRN makes up for: 1 + 0.1 m ln(factor). */
static double yarn_growth(double factor, double multiplier)
{
	return factor <= 1 ? 1 : 1 + 0.1 * multiplier * log(factor);
}

static double magnitude(const struct config *c)
{
	double m = (double)c->rope_magnitude;
	if (c->rope_scaling != ROPE_YARN) return m;
	if (c->family->yarn_scores && c->yarn_log_multiplier > 0) return m; /* the scores have it */
	if (c->family->attention == ATTENTION_BLOCKS) return m;
	m *= yarn_growth((double)c->rope_factor, 1);
	if (c->yarn_log_multiplier > 0) m /= yarn_growth((double)c->rope_factor, (double)c->yarn_log_multiplier);
	return m;
}

static bool used(const struct config *c, enum rope_set set)
{
	for (uint32_t i = 0; i < c->n_layer; i++) {
		if (c->layer[i].rope == set) return true;
	}
	return false;
}

bool rope_init(struct rope *r, const struct config *c, const struct weights *w, uint32_t context, enum rope_set set,
               struct arena *arena, struct error *e)
{
	if (!used(c, set)) return true;
	const float *factors = set == ROPE_GLOBAL ? w->rope_factors : NULL;
	if (!factors && set == ROPE_GLOBAL) factors = context > c->original_context ? w->rope_factors_long : w->rope_factors_short;
	bool own = set == ROPE_LOCAL && !c->family->local_rope_scaled; /* then without scaling */
	double base = (double)c->rope_base[set], scale = own ? 1 : 1 / (double)c->rope_factor;
	r->n_rot = c->n_rot[set];
	r->magnitude = (float)(own ? 1 : magnitude(c));
	r->frequency = arena_alloc(arena, r->n_rot / 2, sizeof *r->frequency);
	if (!r->frequency) return error_memory(e);
	for (uint32_t i = 0; i < r->n_rot / 2; i++) {
		double f = pow(base, -2.0 * i / r->n_rot);
		if (factors) f /= (double)factors[i];
		double keep = c->rope_scaling == ROPE_YARN && !own ? yarn_share(c, base, i) : 0;
		r->frequency[i] = (float)(f * (scale * (1 - keep) + keep));
	}
	return true;
}
