/*
 * sequence: what the model keeps of one timeline of tokens: keys and values in pages of 64 positions, and the state of its
 * recurrent blocks behind the last position.
 *
 * Pages are counted references: a fork shares them, and the first write to a shared page copies it. Pages of layers that see all
 * positions reach back as far as the sequence does, those of windowed layers as far as they see; a state stands for one position
 * alone. So a sequence keeps marks: places to go back to, with the state there, a counted reference too, and with what windows see
 * there. It can go back to where pages and state are, at least to a mark and to its beginning, and from there positions are
 * computed anew. A mark is made where sequence_mark asks for one, and of states every SEQUENCE_STRIDE positions; when there are too
 * many, the one goes whose neighbours are nearest to each other. The last SEQUENCE_TAKE_BACK positions of a family without states
 * can always be taken back. Pages and states are wiped when their last reference goes.
 */
#ifndef HEARTH_MODEL_SEQUENCE_H
#define HEARTH_MODEL_SEQUENCE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEQUENCE_STRIDE = 1024, SEQUENCE_TAKE_BACK = 64 };

struct model;
struct model_variant;
struct sequence;

struct sequence *sequence_new(struct model *m, struct error *e); /* empty */
void sequence_free(struct sequence *s);                          /* NULL is allowed */

uint32_t sequence_length(const struct sequence *s); /* positions held */

/* Forgets all positions from `length` on; more than it holds is no change. Where a state or pages that a row there needs are gone,
 * it goes back further, to where they are. Returns the positions that are held now: whoever needs those up to `length` computes the
 * rest. */
uint32_t sequence_truncate(struct sequence *s, uint32_t length);

/* Where sequence_truncate would leave it. */
uint32_t sequence_reach(const struct sequence *s, uint32_t length);

/* Asks for a mark behind `length` positions, as soon as the sequence has them; one wish at a time. Without memory for it there
 * is none. No change for a family that can go back to anywhere. */
void sequence_mark(struct sequence *s, uint32_t length);

/* A sequence that holds the first `length` positions of `s` (at most its length) or what sequence_truncate would leave of them,
 * sharing pages and states. */
struct sequence *sequence_fork(const struct sequence *s, uint32_t length, struct error *e);

/* Forgets all positions; from now on the sequence is computed with this plan, which must outlive it or be replaced; NULL: the
 * model's own. Forks have their original's. */
void sequence_adapt(struct sequence *s, const struct model_variant *variant);
const struct model_variant *sequence_variant(const struct sequence *s);

/* For measuring: lengthens the sequence to `length` positions with copies of the whole pages that it holds (of one at least). False
 * for families with windows or states, and when memory is out. */
bool sequence_repeat(struct sequence *s, uint32_t length);

/* Bytes of K/V pages and states in use by all sequences of the model. */
size_t sequence_bytes(const struct model *m);

#endif
