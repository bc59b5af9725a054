/*
 * sequence: what the model keeps of one timeline of tokens: its keys and values, in pages of 64 positions.
 *
 * Pages are counted references: a fork shares them, and the first write to a shared page copies it. A page is wiped when its
 * last reference goes.
 */
#ifndef HEARTH_MODEL_SEQUENCE_H
#define HEARTH_MODEL_SEQUENCE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct model;
struct sequence;

struct sequence *sequence_new(struct model *m, struct error *e); /* empty */
void sequence_free(struct sequence *s);                          /* NULL is allowed */

uint32_t sequence_length(const struct sequence *s); /* positions held */

/* Forgets all positions from `length` on; more than it holds is no change. */
void sequence_truncate(struct sequence *s, uint32_t length);

/* A sequence that holds the first `length` positions of `s` (at most its length), sharing its pages. */
struct sequence *sequence_fork(const struct sequence *s, uint32_t length, struct error *e);

/* Bytes of K/V pages in use by all sequences of the model. */
size_t sequence_bytes(const struct model *m);

#endif
