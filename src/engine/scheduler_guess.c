/*
 * scheduler_guess: tokens of answers that are tried ahead (see guess.h), as rows of the batch.
 *
 * They are answer rows like those that they go before, so that their bits are those of the plain run.
 */
#include "engine/scheduler_internal.h"

#include "base/memory.h"

_Static_assert((int)GUESS_MOST <= (int)SEQUENCE_TAKE_BACK, "what was tried can be taken back");

/* How many tokens behind the next one the answer and its session have room for. */
static uint32_t room_ahead(const struct scheduler *s, const struct request *r)
{
	uint32_t answer = r->asked.max_tokens - r->n_generated - 1, context = s->context - r->session->n_ids - 1;
	uint32_t room = answer < context ? answer : context;
	return room < GUESS_MOST ? room : GUESS_MOST;
}

static bool has_logits_room(const struct scheduler *s, struct request *r, uint32_t n)
{
	if (n <= r->n_logits) return true;
	float *more = memory_resize(r->logits, (size_t)n * s->n_vocab, sizeof *more);
	if (!more) return false;
	r->logits = more;
	r->n_logits = n;
	return true;
}

static bool proposes_from_past(struct request *r, uint32_t room)
{
	struct guess *g = &r->guess;
	const struct session *t = r->session;
	struct error ignored;
	uint32_t common;
	if (!lookup_follow(&g->lookup, t->ids, t->n_ids, &ignored)) return false;
	g->n_proposed = lookup_find(&g->lookup, t->ids, t->n_ids, r->token, g->ids, room, &common);
	if (g->n_proposed == 0) return false;
	g->kind = guess_kind_of_past(common);
	return true;
}

/* Chooses what to try for one answer: r->guess.n. The batch has `rows` rows of `answers` answers so far. */
static void propose(struct scheduler *s, struct request *r, uint32_t answers, uint32_t rows)
{
	struct guess *g = &r->guess;
	uint32_t room = room_ahead(s, r);
	g->n = g->n_proposed = 0;
	g->kind = GUESS_PAST_2;
	if (r->asked.no_guess || room == 0) return;
	bool past = proposes_from_past(r, room);
	if (!past && s->draft) {
		g->kind = GUESS_DRAFT;
		g->n_proposed = room;
	}
	uint32_t most = s->max_rows - rows;
	if (g->n_proposed > most) g->n_proposed = most;
	g->n = guess_count(g, &s->pace, answers, rows, past || !s->draft ? 0 : draft_seconds(s->draft));
	if (!has_logits_room(s, r, 1 + g->n)) g->n = 0;
	if (past || !s->draft) return;
	g->n = g->n ? draft_propose(s->draft, r->session, r->token, &r->sampler, &s->room, g->ids, g->n) : 0;
	g->n_proposed = g->n;
}

/* The answer's next row and those of what is tried behind it. */
static uint32_t add_rows(const struct scheduler *s, struct request *r, struct row *rows)
{
	r->n_rows = 1 + r->guess.n;
	for (uint32_t i = 0; i < r->n_rows; i++) {
		rows[i] = (struct row){ .sequence = r->session->sequence,
			                .token = i ? r->guess.ids[i - 1] : r->token,
			                .kind = ROW_ANSWER,
			                .logits = r->logits + (size_t)i * s->n_vocab };
	}
	return r->n_rows;
}

static bool may_guess(const struct scheduler *s, uint32_t n)
{
	return n > 0 && n < PACE_ROWS && !s->prompt_rows && model_drops_rows(s->model);
}

uint32_t scheduler_guess(struct scheduler *s, uint32_t n)
{
	uint32_t rows = n, at = 0;
	for (uint32_t i = 0; i < s->n_active; i++) s->active[i]->guess.n = s->active[i]->guess.n_proposed = 0;
	if (!may_guess(s, n)) return n;
	for (uint32_t i = 0; i < s->n_active; i++) {
		struct request *r = s->active[i];
		if (r->n_rows == 0) continue;
		propose(s, r, n, rows);
		rows += r->guess.n;
	}
	for (uint32_t i = 0; i < s->n_active && rows > n; i++) {
		struct request *r = s->active[i];
		if (r->n_rows > 0) at += add_rows(s, r, s->rows + at);
	}
	return rows;
}

void scheduler_learn(struct scheduler *s, uint32_t n, uint32_t rows, double seconds)
{
	if (!may_guess(s, n) || atomic_load(&s->give_up)) return;
	pace_take(&s->pace, rows, seconds);
	double plain = pace_of(&s->pace, n), extra = seconds - plain;
	for (uint32_t i = 0; i < s->n_active; i++) {
		struct request *r = s->active[i];
		struct guess *g = &r->guess;
		if (r->n_rows == 0 || r->failed) continue;
		uint32_t right = guess_learn(g, r->chosen, r->n_chosen);
		double lost = rows > n ? extra * g->n / (rows - n) : 0;
		guess_book(g, right * plain / n - lost, plain);
	}
}
