/* guess: rates, paces and credit (see guess.h). */
#include "engine/guess.h"

#include <string.h>

/* Of a look-up's first proposals, as text of many kinds has it; learned anew for each answer, with the weight of four tokens. */
static const double first_rate[GUESS_KINDS] = { 0.3, 0.45, 0.6, 0.8, 0.6 };

static const double first_weight = 4;    /* tokens */
static const double memory_of_rate = 24; /* tokens after which an observation counts a third */
static const double set_aside = 0.01;    /* of plain time */
static const double first_credit = 0.5;  /* plain steps */
static const double most_credit = 12;    /* plain steps */
static const double margin = 1.15;       /* what is to be won over what it costs: measurements are not exact */
static const uint32_t plain_every = 32;  /* steps: a plain one is measured again */

void pace_take(struct pace *p, uint32_t rows, double seconds)
{
	if (rows == 0 || rows > PACE_ROWS || !(seconds > 0)) return;
	double *known = &p->seconds[rows];
	if (*known == 0)
		*known = seconds;
	else if (seconds < *known)
		*known += 0.5 * (seconds - *known);
	else /* more may be somebody else's doing */
		*known += 0.1 * ((seconds < 2 * *known ? seconds : 2 * *known) - *known);
}

double pace_of(const struct pace *p, uint32_t rows)
{
	uint32_t low = rows < PACE_ROWS ? rows : PACE_ROWS, high = low + 1;
	while (low > 0 && p->seconds[low] == 0) low--;
	if (low == 0) return 0;
	if (low == rows) return p->seconds[low];
	while (high <= PACE_ROWS && p->seconds[high] == 0) high++;
	double a = p->seconds[low];
	/* a row more costs a sixth of a plain step as long as nothing better is known */
	double step = a / (5 + low);
	if (high <= PACE_ROWS) step = (p->seconds[high] - a) / (high - low);
	return a + (step > 0 ? step : 0) * (rows - low);
}

enum guess_kind guess_kind_of_past(uint32_t common)
{
	return common < 3 ? GUESS_PAST_2 : common < 5 ? GUESS_PAST_3 : common < 9 ? GUESS_PAST_5 : GUESS_PAST_9;
}

void guess_begin(struct guess *g)
{
	*g = (struct guess){ 0 };
	for (int i = 0; i < GUESS_KINDS; i++) {
		g->rate[i].tried = first_weight;
		g->rate[i].right = first_weight * first_rate[i];
	}
}

void guess_clear(struct guess *g)
{
	lookup_clear(&g->lookup);
	*g = (struct guess){ 0 };
}

uint32_t guess_count(const struct guess *g, const struct pace *p, uint32_t answers, uint32_t rows, double each)
{
	double base = pace_of(p, rows), token = pace_of(p, answers) / answers;
	double rate = g->rate[g->kind].right / g->rate[g->kind].tried, sure = 1, expected = 0, best = 0;
	uint32_t count = 0;
	if (base == 0 || token == 0 || g->steps >= plain_every) return 0;
	for (uint32_t k = 1; k <= g->n_proposed && rows + k <= PACE_ROWS; k++) {
		sure *= rate;
		expected += sure;
		double cost = pace_of(p, rows + k) - base + k * each;
		if (cost > g->credit) break; /* none may be right */
		if (expected * token - margin * cost <= best) continue;
		best = expected * token - margin * cost;
		count = k;
	}
	return count;
}

uint32_t guess_learn(struct guess *g, const int32_t *chosen, uint32_t n)
{
	uint32_t right = 0, seen;
	if (g->kind == GUESS_DRAFT &&
	    g->n_proposed == 0) { /* it cannot be watched without being tried: what is known of it fades */
		g->rate[g->kind].right += (first_rate[g->kind] * g->rate[g->kind].tried - g->rate[g->kind].right) / 256;
		return 0;
	}
	while (right < n && right < g->n_proposed && chosen[right] == g->ids[right]) right++;
	seen = right < n && right < g->n_proposed ? right + 1 : right;
	double keep = 1 - seen / memory_of_rate;
	g->rate[g->kind].right = g->rate[g->kind].right * keep + right;
	g->rate[g->kind].tried = g->rate[g->kind].tried * keep + seen;
	right = right < g->n ? right : g->n;
	g->n_tried += g->n;
	g->n_right += right;
	return right;
}

void guess_book(struct guess *g, double seconds, double plain_step)
{
	if (!g->begun) g->credit = first_credit * plain_step;
	g->begun = true;
	g->steps = g->n > 0 ? g->steps + 1 : 0;
	g->credit += g->n > 0 ? seconds : set_aside * plain_step;
	if (g->credit > most_credit * plain_step) g->credit = most_credit * plain_step;
}
