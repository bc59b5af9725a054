/*
 * sampler: penalties, filters and the choice (see sampler.h).
 *
 * Candidates are keys (engine/select.h): sorted, the most likely come first. A filter that needs an order asks for as long a
 * sorted beginning as it needs, so a vocabulary of 256k entries is never sorted as a whole for the sake of the 40 at its top.
 */
#include "engine/sampler.h"

#include "base/memory.h"
#include "engine/select.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { FIRST_SORTED = 256, MAX_PENALTY_LAST = 65536 };

/* The candidates while filters work on them. */
struct candidates {
	uint64_t *keys;
	double *weights; /* probabilities, parallel to keys[0..n) */
	size_t n;
	size_t sorted; /* keys[0..sorted) are in order and above all others */
};

static bool in_range(double value, double low, double high, const char *name, struct error *e)
{
	if (value >= low && value <= high) return true;
	return error_set(e, "sampling: %s is %g; it must be from %g to %g", name, value, low, high);
}

bool sampler_check(const struct hearth_sampling *s, struct error *e)
{
	if (!in_range(s->temperature, 0, 100, "temperature", e)) return false;
	if (!in_range(s->top_p, 0, 1, "top_p", e) || !in_range(s->min_p, 0, 1, "min_p", e)) return false;
	if (!in_range(s->typical_p, 0, 1, "typical_p", e)) return false;
	if (!in_range(s->repeat_penalty, 0.01F, 100, "repeat_penalty", e)) return false;
	if (!in_range(s->presence_penalty, -100, 100, "presence_penalty", e)) return false;
	if (!in_range(s->frequency_penalty, -100, 100, "frequency_penalty", e)) return false;
	if (s->penalty_last <= MAX_PENALTY_LAST) return true;
	return error_set(e, "sampling: penalty_last is %u; at most %d tokens are looked back at", s->penalty_last,
	                 MAX_PENALTY_LAST);
}

static bool has_penalties(const struct hearth_sampling *s)
{
	return s->penalty_last > 0 && (s->repeat_penalty != 1 || s->presence_penalty != 0 || s->frequency_penalty != 0);
}

bool sampler_init(struct sampler *s, const struct hearth_sampling *settings, struct error *e)
{
	*s = (struct sampler){ .settings = *settings, .random = random_new(settings->seed) };
	if (!has_penalties(settings)) return true;
	s->recent = memory_new(settings->penalty_last, sizeof *s->recent);
	return s->recent ? true : error_memory(e);
}

void sampler_clear(struct sampler *s)
{
	if (s->recent) memory_wipe(s->recent, s->settings.penalty_last * sizeof *s->recent);
	memory_free(s->recent);
	*s = (struct sampler){ 0 };
}

bool sampler_room_init(struct sampler_room *r, uint32_t n_vocab, struct error *e)
{
	*r = (struct sampler_room){ .n_vocab = n_vocab };
	r->keys = memory_new(n_vocab, sizeof *r->keys);
	r->weights = memory_new(n_vocab, sizeof *r->weights);
	r->counts = memory_new(n_vocab, sizeof *r->counts);
	if (r->keys && r->weights && r->counts) return true;
	sampler_room_clear(r);
	return error_memory(e);
}

void sampler_room_clear(struct sampler_room *r)
{
	memory_free(r->keys);
	memory_free(r->scores);
	memory_free(r->weights);
	memory_free(r->counts);
	*r = (struct sampler_room){ 0 };
}

/* Each distinct recent token is changed once; `counts` says how often it came. */
static void apply_penalties(const struct sampler *s, uint32_t *counts, float *logits)
{
	const struct hearth_sampling *set = &s->settings;
	for (uint32_t i = 0; i < s->n_recent; i++) counts[s->recent[i]]++;
	for (uint32_t i = 0; i < s->n_recent; i++) {
		int32_t token = s->recent[i];
		uint32_t count = counts[token];
		if (!count) continue;
		counts[token] = 0;
		float l = select_bounded(logits[token]);
		l = l > 0 ? l / set->repeat_penalty : l * set->repeat_penalty;
		logits[token] = l - set->presence_penalty - (float)count * set->frequency_penalty;
	}
}

static int32_t largest(const float *logits, uint32_t n)
{
	uint32_t best = 0;
	float most = select_bounded(logits[0]);
	for (uint32_t i = 1; i < n; i++) {
		if (!(logits[i] > most)) continue; /* not a number is never greater */
		float l = select_bounded(logits[i]);
		if (l > most) {
			most = l;
			best = i;
		}
	}
	return (int32_t)best;
}

/* All tokens, in the order of their ids. */
static void take_all(struct candidates *c, const float *logits, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) c->keys[i] = select_key(select_bounded(logits[i]), i);
	c->n = n;
	c->sorted = 0;
}

/* The k most likely, sorted. */
static void take_top(struct candidates *c, const float *logits, uint32_t n, size_t k)
{
	c->n = c->sorted = select_top(c->keys, logits, n, k);
}

/* Makes the sorted beginning at least four times as long (at first FIRST_SORTED). The weights become stale. */
static void sort_more(struct candidates *c)
{
	size_t want = c->sorted ? 4 * c->sorted : FIRST_SORTED;
	if (want > c->n) want = c->n;
	select_largest(c->keys + c->sorted, c->n - c->sorted, want - c->sorted);
	select_sort(c->keys + c->sorted, want - c->sorted);
	c->sorted = want;
}

static float largest_logit(const struct candidates *c)
{
	uint64_t most = c->keys[0];
	for (size_t i = c->sorted ? c->n : 1; i < c->n; i++) most = c->keys[i] > most ? c->keys[i] : most;
	return select_value(most);
}

/* weights = exp((logit - largest) / temperature); returns their sum. */
static double weigh(struct candidates *c, double temperature)
{
	double most = largest_logit(c), sum = 0;
	for (size_t i = 0; i < c->n; i++) {
		c->weights[i] = exp((select_value(c->keys[i]) - most) / temperature);
		sum += c->weights[i];
	}
	return sum;
}

/* Keeps the tokens whose surprise is nearest to the expected one, up to a mass of p. */
static bool keep_typical(struct candidates *c, struct sampler_room *room, double p, struct error *e)
{
	if (!room->scores) room->scores = memory_new(room->n_vocab, sizeof *room->scores);
	if (!room->scores) return error_memory(e);
	double sum = weigh(c, 1), entropy = 0;
	for (size_t i = 0; i < c->n; i++) {
		c->weights[i] /= sum;
		if (c->weights[i] > 0) entropy -= c->weights[i] * log(c->weights[i]);
	}
	struct candidates by_score = { .keys = room->scores, .n = c->n };
	for (size_t i = 0; i < c->n; i++) {
		double distance = c->weights[i] > 0 ? fabs(-log(c->weights[i]) - entropy) : FLT_MAX;
		room->scores[i] = select_key((float)-distance, (uint32_t)i);
	}
	double mass = 0;
	size_t kept = 0;
	while (kept < c->n && (kept == 0 || mass < p)) {
		if (kept == by_score.sorted) sort_more(&by_score);
		mass += c->weights[select_index(room->scores[kept++])];
	}
	/* The kept ones stay in the order they had: mark them by their index, then close the gaps. */
	for (size_t i = 0; i < kept; i++) room->counts[select_index(room->scores[i])] = 1;
	size_t n = 0, sorted = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!room->counts[i]) continue;
		room->counts[i] = 0;
		if (i < c->sorted) sorted++;
		c->keys[n++] = c->keys[i];
	}
	c->n = n;
	c->sorted = sorted;
	return true;
}

/* Keeps the most likely tokens that together reach p. */
static void keep_top_p(struct candidates *c, double p)
{
	double sum = weigh(c, 1), most = largest_logit(c), mass = 0;
	size_t kept = 0;
	while (kept < c->n && (kept == 0 || mass < p * sum)) {
		if (kept == c->sorted) sort_more(c);
		mass += exp(select_value(c->keys[kept++]) - most);
	}
	c->n = kept;
	if (c->sorted > kept) c->sorted = kept;
}

/* Keeps the tokens that are at least p times as likely as the most likely one. */
static void keep_min_p(struct candidates *c, double p)
{
	double most = largest_logit(c);
	size_t n = 0, sorted = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (exp(select_value(c->keys[i]) - most) < p) continue;
		if (i < c->sorted) sorted++;
		c->keys[n++] = c->keys[i];
	}
	c->n = n;
	c->sorted = sorted;
}

/* One of the candidates, by chance: weights exp(logit / temperature). */
static int32_t draw(struct candidates *c, double temperature, struct random *random)
{
	double target = random_unit(random) * weigh(c, temperature), mass = 0;
	size_t chosen = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!(c->weights[i] > 0)) continue;
		chosen = i;
		mass += c->weights[i];
		if (mass > target) break;
	}
	return (int32_t)select_index(c->keys[chosen]);
}

static void remember(struct sampler *s, int32_t token)
{
	if (!s->recent) return;
	s->recent[s->next] = token;
	s->next = (s->next + 1) % s->settings.penalty_last;
	if (s->n_recent < s->settings.penalty_last) s->n_recent++;
}

int32_t sampler_choose(struct sampler *s, struct sampler_room *room, float *logits, struct error *e)
{
	const struct hearth_sampling *set = &s->settings;
	uint32_t n = room->n_vocab;
	int32_t token;
	apply_penalties(s, room->counts, logits);
	if (set->temperature == 0) {
		token = largest(logits, n);
	} else {
		struct candidates c = { .keys = room->keys, .weights = room->weights };
		if (set->top_k > 0 && set->top_k < n) {
			take_top(&c, logits, n, set->top_k);
		} else {
			take_all(&c, logits, n);
		}
		if (set->typical_p < 1 && !keep_typical(&c, room, set->typical_p, e)) return -1;
		if (set->top_p < 1) keep_top_p(&c, set->top_p);
		if (set->min_p > 0) keep_min_p(&c, set->min_p);
		token = draw(&c, set->temperature, &s->random);
	}
	remember(s, token);
	return token;
}

uint32_t sampler_reach(const struct sampler *s)
{
	if (s->recent) return 0; /* penalties change the order */
	return s->settings.temperature == 0 ? 1 : s->settings.top_k;
}
