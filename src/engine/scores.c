/* scores: log probabilities of chosen tokens and of the most likely ones (see scores.h). */
#include "engine/scores.h"

#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

bool scores_note(struct scores *s, const float *logits, uint32_t n_vocab, struct error *e)
{
	if (!s->raw) s->raw = memory_new(n_vocab, sizeof *s->raw);
	if (!s->raw) return error_memory(e);
	memcpy(s->raw, logits, n_vocab * sizeof *s->raw);
	return true;
}

static float bounded(float x)
{
	if (isnan(x)) return -FLT_MAX;
	return x > FLT_MAX ? FLT_MAX : x < -FLT_MAX ? -FLT_MAX : x;
}

/* log(sum(exp(logit))), by way of the largest. */
static double log_sum(const float *logits, uint32_t n)
{
	double most = -FLT_MAX, sum = 0;
	for (uint32_t i = 0; i < n; i++) most = fmax(most, bounded(logits[i]));
	for (uint32_t i = 0; i < n; i++) sum += exp(bounded(logits[i]) - most);
	return most + log(sum);
}

static struct hearth_score score_of(const struct scores *s, const struct vocab *v, uint32_t token, double sum)
{
	struct hearth_score score = { .id = (int32_t)token };
	double log_probability = (double)bounded(s->raw[token]) - sum;
	score.logprob = (float)(log_probability < -9999 ? -9999 : log_probability);
	if (token < v->count) score.text = vocab_bytes(v, token, &score.length);
	return score;
}

/* The `count` largest logits into ids[], largest first, of equal ones the lowest id. */
static uint32_t find_largest(const float *logits, uint32_t n, uint32_t *ids, uint32_t count)
{
	uint32_t held = 0;
	for (uint32_t i = 0; i < n && count > 0; i++) {
		float l = bounded(logits[i]);
		if (held == count && !(l > bounded(logits[ids[held - 1]]))) continue;
		uint32_t at = held < count ? held++ : held - 1;
		for (; at > 0 && l > bounded(logits[ids[at - 1]]); at--) ids[at] = ids[at - 1];
		ids[at] = i;
	}
	return held;
}

bool scores_take(struct scores *s, const struct vocab *v, uint32_t n_vocab, uint32_t token, uint32_t count, struct error *e)
{
	uint32_t ids[64], n = find_largest(s->raw, n_vocab, ids, count - 1 < 64 ? count - 1 : 64);
	if (s->room - s->n < count) {
		size_t room = 2 * s->room + count;
		struct hearth_score *more = memory_resize(s->all, room, sizeof *more);
		if (!more) return error_memory(e);
		s->all = more;
		s->room = room;
	}
	double sum = log_sum(s->raw, n_vocab);
	s->all[s->n++] = score_of(s, v, token, sum);
	for (uint32_t i = 0; i < count - 1; i++) s->all[s->n++] = score_of(s, v, ids[i < n ? i : n - 1], sum);
	return true;
}

void scores_clear(struct scores *s)
{
	memory_free(s->raw);
	memory_free(s->all);
	*s = (struct scores){ 0 };
}

void scores_normalize(float *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
	for (size_t i = 0; i < n && sum > 0; i++) x[i] = (float)((double)x[i] / sqrt(sum));
}
