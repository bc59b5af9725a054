/*
 * guess: how many tokens of an answer are tried ahead, so that trying pays.
 *
 * A pass over the weights costs little more for several rows than for one, so tokens that a look-up or a draft model proposes are
 * computed together with the next one, and as many are kept as would have been chosen anyway. The answer is the same; what changes
 * is the time. It is decided by what was measured: `pace` is the time of steps by their number of rows, a kind's rate is the share
 * of its proposals that were right, and `credit` is time that was won or set aside: nothing is tried that could lose more than
 * that. One part in a hundred of the plain time is set aside, so an answer is never slower by more than this and half a step.
 */
#ifndef HEARTH_ENGINE_GUESS_H
#define HEARTH_ENGINE_GUESS_H

#include "engine/lookup.h"

#include <stdint.h>

enum { GUESS_MOST = 15, PACE_ROWS = 32 };

/* Seconds of a step of so many answer rows; 0: not measured. */
struct pace {
	double seconds[PACE_ROWS + 1];
};

void pace_take(struct pace *p, uint32_t rows, double seconds);

/* Measured, or between what was measured; 0 while no step of at most so many rows was. */
double pace_of(const struct pace *p, uint32_t rows);

/* Where a proposal comes from: the look-up, by the length of the common past, or a draft model. */
enum guess_kind { GUESS_PAST_2, GUESS_PAST_3, GUESS_PAST_5, GUESS_PAST_9, GUESS_DRAFT, GUESS_KINDS };

enum guess_kind guess_kind_of_past(uint32_t common);

/* One answer's. */
struct guess {
	struct lookup lookup;
	struct {
		double right, tried;
	} rate[GUESS_KINDS];
	double credit;             /* seconds */
	bool begun;                /* the first credit was given */
	enum guess_kind kind;      /* of the proposal of this step */
	int32_t ids[GUESS_MOST];   /* the proposal */
	uint32_t n_proposed, n;    /* of them; tried in this step */
	uint32_t n_tried, n_right; /* in all */
	uint32_t steps;            /* with guesses, since the last plain one */
};

void guess_begin(struct guess *g);
void guess_clear(struct guess *g); /* all zero is allowed */

/* How many of g->n_proposed tokens of g->kind to try in a step that has `rows` rows of `answers` answers without them; each costs
 * `each` seconds besides (a draft's). */
uint32_t guess_count(const struct guess *g, const struct pace *p, uint32_t answers, uint32_t rows, double each);

/* Learns from the tokens that were chosen: chosen[0..n) beside the proposal, of which g->n were tried. Returns how many were right.
 */
uint32_t guess_learn(struct guess *g, const int32_t *chosen, uint32_t n);

/* Books what a step with guesses won (negative: lost), or the part of a plain step that is set aside. */
void guess_book(struct guess *g, double seconds, double plain_step);

#endif
