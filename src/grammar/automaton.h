/*
 * automaton: what may follow, byte by byte.
 *
 * A state is the set of all places of the grammar where a text may stand, each with the rules that it has yet to return to.
 * States are made when they are first reached, numbered, and never made twice, so that a step is one look into a table
 * after the first time. Memory is bounded: when it is used up, all states but one are forgotten and made again as needed.
 */
#ifndef HEARTH_GRAMMAR_AUTOMATON_H
#define HEARTH_GRAMMAR_AUTOMATON_H

#include "grammar/grammar.h"

enum {
	AUTOMATON_DEAD = 0,           /* the state from which no text fits */
	AUTOMATON_MOST_PLACES = 20000 /* of one state; a grammar that needs more is ambiguous beyond use */
};

struct automaton;

/* Works on `g`, which must live as long; at most about `memory` bytes. NULL: memory. */
struct automaton *automaton_new(const struct grammar *g, size_t memory, struct error *e);
void automaton_free(struct automaton *a); /* NULL is allowed */

uint32_t automaton_start(const struct automaton *a);

/* The state behind one more byte; AUTOMATON_DEAD when it does not fit, and when something failed (automaton_failed). */
uint32_t automaton_step(struct automaton *a, uint32_t state, uint8_t byte);

/* Whether a text that has come to this state may end there, and whether it must. */
bool automaton_accepts(const struct automaton *a, uint32_t state);
bool automaton_is_final(const struct automaton *a, uint32_t state);

/* Steps that are new cost time, and who takes many of them for one purpose calls this first: with too many behind it they fail. */
void automaton_rest(struct automaton *a);

/* True when a step could not be made, with the reason: memory, or more places than AUTOMATON_MOST_PLACES. */
bool automaton_failed(const struct automaton *a, struct error *e);

/* Whether its memory is used up: then automaton_forget keeps these `n` states alone and gives them their new numbers. False with
 * the reason when memory is out; then the automaton is of no use any more. */
bool automaton_is_full(const struct automaton *a);
bool automaton_forget(struct automaton *a, uint32_t *const *states, size_t n, struct error *e);

#endif
