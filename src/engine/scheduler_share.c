/*
 * scheduler_share: timelines that requests leave for others of the same number to go on from (request.share).
 *
 * A request begins as a fork of the timeline that begins like its prompt the longest, also one that is being computed: pages are
 * shared by reference and copied when they are written. What one request is about to compute is not computed by another at the same
 * time: who needs it waits. Timelines that nobody runs on are kept, the ones used last the longest, while all keys and values
 * together take no more than a limit.
 */
#include "engine/scheduler_internal.h"

#include <string.h>

enum { MOST_KEPT = 256, WORTH_WAITING = 32 /* tokens */ };

/* How many positions of `t` the request's prompt can go on from: not every family goes back to anywhere. */
static size_t common_with(const struct scheduler *s, const struct request *r, const struct session *t)
{
	session_piece piece = r->asked.kind == HEARTH_IDS ? NULL : prompt_piece;
	size_t most = s->context > r->prompt.n_ids ? s->context : r->prompt.n_ids;
	struct session_match m =
	        session_match(t->ids, t->n_ids, r->prompt.ids, r->prompt.n_ids, most, piece, s->source->vocab, NULL);
	return sequence_reach(t->sequence, (uint32_t)m.kept);
}

/* The timeline that has most of the prompt, of equal ones the one with the least behind; NULL: none has any of it. */
static struct session *best_timeline(const struct scheduler *s, const struct request *r, size_t *common)
{
	struct session *best = NULL;
	*common = 0;
	for (struct session *t = s->sessions; t; t = t->next) {
		if (t->share != r->asked.share || t->closing || t->forgotten || t == r->session || !t->sequence) continue;
		size_t n = common_with(s, r, t);
		if (n > *common || (n > 0 && n == *common && t->n_ids < best->n_ids)) {
			*common = n;
			best = t;
		}
	}
	return best;
}

void scheduler_share(struct scheduler *s, struct request *r)
{
	size_t common;
	struct session *own = r->session, *from = best_timeline(s, r, &common);
	own->share = r->asked.share;
	if (!from) return;
	from->used = ++s->n_uses;
	struct sequence *fork = sequence_fork(from->sequence, (uint32_t)common, NULL);
	if (!fork) return; /* it is computed again, then */
	uint32_t held = sequence_length(fork);
	if (held == 0 || !session_reserve(own, held, NULL)) {
		sequence_free(fork);
		return;
	}
	session_append(own, from->ids, held);
	own->sequence = fork;
	if (from->draft) own->draft = sequence_fork(from->draft, held, NULL);
}

bool scheduler_waits_for_other(const struct scheduler *s, const struct request *r)
{
	size_t common = 0;
	if (!r->asked.share || r->asked.max_tokens == 0) return false;
	for (uint32_t i = 0; i < s->n_active; i++) {
		const struct request *a = s->active[i];
		if (a->asked.share != r->asked.share || !request_has_prompt(a)) continue;
		if (sequence_reach(a->session->sequence, a->n_done / 2) != a->n_done / 2) continue; /* nothing could be shared */
		size_t n = 0;
		while (n < a->n_prompt && n < r->prompt.n_ids && a->ids[n] == r->prompt.ids[n]) n++;
		if (n >= (size_t)a->n_done + WORTH_WAITING && n > common) common = n;
	}
	if (common == 0) return false;
	size_t there;
	best_timeline(s, r, &there);
	return common >= there + WORTH_WAITING;
}

/* Whether `longer` holds all of `t` and can be gone on from where that ends. */
static bool holds(const struct session *longer, const struct session *t)
{
	return t->n_ids <= longer->n_ids && memcmp(t->ids, longer->ids, t->n_ids * sizeof *t->ids) == 0 &&
	       sequence_reach(longer->sequence, t->n_ids) == t->n_ids;
}

static struct session *least_used(const struct scheduler *s, uint32_t *n_kept)
{
	struct session *least = NULL;
	*n_kept = 0;
	for (struct session *t = s->sessions; t; t = t->next) {
		if (!t->kept) continue;
		++*n_kept;
		if (!least || t->used < least->used) least = t;
	}
	return least;
}

void scheduler_drop_session(struct scheduler *s, struct session *t)
{
	struct session **at = &s->sessions;
	while (*at != t) at = &(*at)->next;
	*at = t->next;
	session_free(t);
}

bool scheduler_drop_kept(struct scheduler *s)
{
	uint32_t n;
	struct session *least = least_used(s, &n);
	if (least) scheduler_drop_session(s, least);
	return least != NULL;
}

void scheduler_keep(struct scheduler *s, struct session *t)
{
	struct session *next;
	t->kept = true;
	t->used = ++s->n_uses;
	for (struct session *other = s->sessions; other; other = next) {
		next = other->next;
		if (other != t && other->kept && other->share == t->share && holds(t, other)) scheduler_drop_session(s, other);
	}
	for (;;) {
		uint32_t n;
		struct session *least = least_used(s, &n);
		if (!least || (n <= MOST_KEPT && sequence_bytes(s->model) <= s->bytes_shared)) return;
		scheduler_drop_session(s, least);
	}
}

void scheduler_share_bytes(struct scheduler *s, size_t shared, size_t planned)
{
	pthread_mutex_lock(&s->lock);
	s->bytes_shared = shared;
	s->bytes_planned = planned;
	pthread_mutex_unlock(&s->lock);
}

void scheduler_forget(struct scheduler *s, uint64_t share)
{
	pthread_mutex_lock(&s->lock);
	for (struct session *t = s->sessions; t; t = t->next) {
		if (share && t->share == share) t->forgotten = true;
	}
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
}
