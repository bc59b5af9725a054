/*
 * draft: a small model of the same vocabulary that proposes how an answer may go on (speculative decoding, Leviathan et al. 2023).
 *
 * It keeps a sequence of its own for each session, which holds the beginning of the session's tokens. It chooses with the answer's
 * own settings and the numbers that the answer will choose with, so that where the models agree the choices do too. What it does
 * changes no answer: when it fails, it proposes nothing.
 */
#ifndef HEARTH_ENGINE_DRAFT_H
#define HEARTH_ENGINE_DRAFT_H

#include "engine/prompt.h"
#include "engine/sampler.h"
#include "engine/session.h"
#include "model/model.h"

struct draft;

/* Opens the model for sessions of `context` positions that speak `vocab`; fails when its vocabulary is another one. K/V type and
 * exactness as in `options`; the rest is the draft's own business. */
struct draft *draft_open(const struct file_source *files, const char *path, const struct vocab *vocab,
                         const struct model_options *options, struct threads *threads, struct error *e);
void draft_close(struct draft *d); /* NULL is allowed; the sessions' sequences must be gone */

struct model_memory draft_memory(const struct draft *d);

/* Computes what the session has and the draft has not, but for the last few tokens. */
void draft_follow(struct draft *d, struct session *s);

/* Proposes up to `most` tokens behind the session's and `next`; returns how many. */
uint32_t draft_propose(struct draft *d, struct session *s, int32_t next, const struct sampler *sampler, struct sampler_room *room,
                       int32_t *guesses, uint32_t most);

/* Seconds for one token, as measured; 0: not yet. */
double draft_seconds(const struct draft *d);

#endif
