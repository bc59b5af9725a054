/*
 * session: one timeline of tokens: the ids that a sequence holds keys and values for, and how a new prompt finds its place in it.
 *
 * Invariant between the engine's steps: ids[0..n_ids) are the tokens of the sequence's positions, in order (no sequence: n_ids is
 * 0).
 *
 * A conversation is rendered and tokenized anew for each turn, and the tokenizer may cut an earlier answer differently from how
 * the model wrote it. The text is the same, so the session keeps its own ids where it can: see session_match.
 */
#ifndef HEARTH_ENGINE_SESSION_H
#define HEARTH_ENGINE_SESSION_H

#include "base/error.h"
#include "engine/adapters.h"
#include "model/sequence.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session {
	uint64_t id;
	struct sequence *sequence; /* made by the first request that computes something */
	struct sequence *draft;    /* of the draft model: a beginning of `ids`; NULL: none yet */
	int32_t *ids;
	uint32_t n_ids, room;
	struct adapter_set *adapters; /* that `ids` are computed with; NULL: none */
	struct adapter_set *asked;    /* that the next request is to be computed with */
	uint32_t n_requests;          /* queued and running */
	bool running;                 /* one of them has been admitted */
	bool closing;                 /* to be freed when no requests are left */
	uint64_t share;               /* requests of this number may go on from it; 0: none */
	bool kept;                    /* for them; no request runs in it */
	bool forgotten;               /* and it is not to be kept */
	uint64_t used;                /* when it last was, counted */
	struct session *next;
};

/* The bytes that a token stands for; false for one that stands for no text (control, unknown, empty). */
typedef bool (*session_piece)(const void *data, int32_t id, const char **bytes, size_t *length);

struct session *session_new(uint64_t id, struct error *e);

/* Frees it with its sequence, ids wiped. NULL is allowed. */
void session_free(struct session *s);

/* How many ids of `held` a prompt of `wanted` ids can keep. Equal ids are kept; where they differ, the ids that `held` has up to
 * the next common token boundary are kept when both lists spell the same bytes up to there without a token that stands for no text.
 * `merged` (room for n_held + n_wanted; NULL: not needed) becomes the prompt to compute: what is kept of `held`, then the rest of
 * `wanted`; where that would be more than `most` ids (at least n_wanted), less is kept. With piece NULL only equal ids are kept. */
struct session_match {
	size_t kept, n_merged;
};
struct session_match session_match(const int32_t *held, size_t n_held, const int32_t *wanted, size_t n_wanted, size_t most,
                                   session_piece piece, const void *data, int32_t *merged);

/* Makes room for `count` more ids. */
bool session_reserve(struct session *s, size_t count, struct error *e);

/* Notes that the sequence holds `count` tokens more; room must have been made. */
void session_append(struct session *s, const int32_t *ids, size_t count);

/* Goes over to the adapters that are asked for: where they are others, all positions are forgotten. No request may be running. */
void session_adapt(struct session *s);

/* Forgets all positions from `length` on, keys and values too; of a family that cannot go back to there, some before it as well:
 * n_ids says what is left. */
void session_truncate(struct session *s, uint32_t length);

#endif
