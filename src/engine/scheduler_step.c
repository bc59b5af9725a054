/* scheduler_step: admitting requests, computing batches and taking their results (see scheduler.h). */
#include "engine/scheduler_internal.h"

#include "base/clock.h"
#include "base/memory.h"
#include "text/vocab.h"

#include <stdlib.h>
#include <string.h>

/* The prompt as the session has it: r->ids, r->n_prompt, r->n_cached. */
static bool match_session(struct scheduler *s, struct request *r)
{
	const struct session *session = r->session;
	const struct prompt *p = &r->prompt;
	session_piece piece = r->asked.kind == HEARTH_IDS ? NULL : prompt_piece;
	r->ids = memory_new((size_t)session->n_ids + p->n_ids + 1, sizeof *r->ids);
	if (!r->ids) return error_memory(&r->error);
	size_t most = s->context > p->n_ids ? s->context : p->n_ids;
	struct session_match m =
	        session_match(session->ids, session->n_ids, p->ids, p->n_ids, most, piece, s->source->vocab, r->ids);
	r->n_prompt = (uint32_t)m.n_merged;
	r->n_cached = (uint32_t)m.kept;
	/* The last token is computed again: its logits are needed. */
	if (r->n_cached == r->n_prompt && r->n_cached > 0) r->n_cached--;
	r->n_done = r->n_cached;
	return true;
}

/* The request's stop texts, and the prompt's own. */
static bool start_stream(struct scheduler *s, struct request *r)
{
	size_t n = r->asked.n_stop + (r->prompt.stop != NULL);
	struct stream_stop *stops = arena_alloc(r->arena, n ? n : 1, sizeof *stops);
	if (!stops) return error_memory(&r->error);
	for (size_t i = 0; i < n; i++) {
		const char *text = i < r->asked.n_stop ? r->asked.stop[i] : r->prompt.stop;
		stops[i] = (struct stream_stop){ text, strlen(text) };
	}
	unsigned options = r->asked.kind == HEARTH_CHAT && !r->prompt.continues ? STREAM_TRIM : 0;
	bool ok = stream_start(&r->stream, s->source->vocab, stops, n, options, &r->error);
	r->stream.shown = r->shown;
	r->stream.n_shown = r->n_shown;
	return ok;
}

static int by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

/* The control tokens that the request wants to see: r->shown. */
static bool find_marks(struct scheduler *s, struct request *r)
{
	const struct vocab *v = s->source->vocab;
	if (r->asked.n_marks == 0) return true;
	r->shown = memory_new(r->asked.n_marks, sizeof *r->shown);
	if (!r->shown) return error_memory(&r->error);
	for (size_t i = 0; i < r->asked.n_marks; i++) {
		uint32_t id = vocab_find_special(v, r->asked.marks[i], strlen(r->asked.marks[i]));
		if (id != TOKEN_NONE && v->type[id] == TOKEN_CONTROL && !vocab_ends(v, id)) r->shown[r->n_shown++] = id;
	}
	qsort(r->shown, r->n_shown, sizeof *r->shown, by_id);
	return true;
}

/* The mask of a request with a grammar. */
static bool start_mask(struct scheduler *s, struct request *r)
{
	const struct vocab *v = s->source->vocab;
	if (!r->grammar) return true;
	if (!s->tree) s->tree = mask_tree_new(v, &r->error);
	if (!s->tree) return false;
	bool chat = r->asked.kind == HEARTH_CHAT; /* else what the model thinks is part of the answer */
	struct mask_ask ask = { .kind = r->asked.grammar_kind,
		                .source = r->asked.grammar,
		                .length = r->asked.grammar_length,
		                .grammar = r->grammar,
		                .marks = r->shown,
		                .n_marks = r->n_shown,
		                .trigger = r->asked.trigger,
		                .prompt = r->prompt.text,
		                .prompt_length = r->prompt.text_length,
		                .thinks = chat,
		                .space = chat && v->add_space_prefix };
	r->grammar = NULL;
	r->mask = mask_new(&s->masks, s->tree, &ask, &r->error);
	return r->mask != NULL;
}

static bool prepare_answer(struct scheduler *s, struct request *r)
{
	/* so that the same prompt, or one that begins like it, can be computed from here again */
	sequence_mark(r->session->sequence, r->n_prompt - 1);
	struct hearth_sampling sampling = r->asked.sampling;
	if (sampling.seed == 0) sampling.seed = random_fresh_seed();
	if (!sampler_init(&r->sampler, &sampling, &r->error)) return false;
	r->logits = memory_new(s->n_vocab, sizeof *r->logits);
	if (!r->logits) return error_memory(&r->error);
	r->n_logits = 1;
	guess_begin(&r->guess);
	uint32_t limit = r->asked.kind == HEARTH_CHAT ? r->asked.thought_limit : 0;
	const struct prompt *p = &r->prompt;
	if (limit) thinking_begin(&r->thinking, s->source->vocab, p->text, p->text_length, limit);
	return find_marks(s, r) && start_mask(s, r) && start_stream(s, r);
}

static bool prepare(struct scheduler *s, struct request *r)
{
	struct session *session = r->session;
	if (!session->sequence) {
		session->sequence = sequence_new(s->model, &r->error);
		if (!session->sequence) return false;
		sequence_adapt(session->sequence, adapter_set_variant(session->adapters));
	}
	session_truncate(session, r->n_cached);
	r->n_cached = r->n_done = session->n_ids;
	if (!session_reserve(session, r->n_prompt - r->n_cached, &r->error)) return false;
	return r->asked.want == HEARTH_WANT_ANSWER ? prepare_answer(s, r) : scheduler_prepare_scores(s, r);
}

bool scheduler_admit(struct scheduler *s, struct request *r)
{
	bool looks = r->asked.want == HEARTH_WANT_PROMPT || (r->asked.want == HEARTH_WANT_ANSWER && r->asked.max_tokens == 0);
	r->admitted = clock_seconds();
	session_adapt(r->session);
	if (r->asked.share && !looks) scheduler_share(s, r);
	if (!match_session(s, r)) return request_fail(r, HEARTH_FAIL_RESOURCES);
	if (looks) {
		r->stop = HEARTH_STOP_LENGTH;
		return false;
	}
	if (!scheduler_can_give(s, r)) return request_fail(r, HEARTH_FAIL_REQUEST);
	if (!prepare(s, r)) return request_fail(r, HEARTH_FAIL_RESOURCES);
	r->state = REQUEST_RUNNING;
	r->session->running = true;
	s->active[s->n_active++] = r;
	return true;
}

/* Runs rows[0..n) of requests that all have room for their ids. */
static bool forward(struct scheduler *s, const struct row *rows, uint32_t n, struct error *e)
{
	double start = clock_seconds();
	if (!model_forward(s->model, rows, n, e)) return false;
	uint32_t prompt_rows = 0;
	for (uint32_t i = 0; i < n; i++) prompt_rows += rows[i].kind == ROW_PROMPT;
	if (prompt_rows >= SCHEDULER_LEAST_ROWS) s->seconds_per_row = (clock_seconds() - start) / prompt_rows;
	return true;
}

/* Where the rows of `r` lie in the batch. */
static const struct row *rows_of(const struct scheduler *s, const struct request *r)
{
	const struct row *row = s->rows;
	while (row->sequence != r->session->sequence) row++;
	return row;
}

/* The whole batch at once; when that fails, each request's rows alone, so that only those fail that cannot be computed. A batch
 * that is given up has not happened: no request has rows in it. */
static void run_batch(struct scheduler *s, uint32_t n)
{
	struct error e;
	if (forward(s, s->rows, n, &e)) return;
	for (uint32_t i = 0; i < s->n_active; i++) {
		struct request *r = s->active[i];
		if (r->n_rows == 0) continue;
		if (!request_has_prompt(r)) r->n_rows = 1; /* without what was to be tried ahead */
		r->guess.n = 0;
		if (!atomic_load(&s->give_up) && forward(s, rows_of(s, r), r->n_rows, &r->error)) continue;
		if (!atomic_load(&s->give_up)) request_fail(r, HEARTH_FAIL_RESOURCES);
		if (!r->failed) r->n_rows = 0;
	}
}

/* Whether the answer takes longer than the request allows. */
static bool is_late(const struct request *r)
{
	return r->asked.limit_ms > 0 && clock_seconds() - r->answering > r->asked.limit_ms / 1000.0;
}

/* What follows from the token that was just chosen: its text, and whether the answer ends. */
static bool take_token(struct scheduler *s, struct request *r)
{
	const struct vocab *vocab = s->source->vocab;
	bool end = vocab_ends(vocab, (uint32_t)r->token);
	r->n_generated++;
	r->chosen[r->n_chosen++] = r->token;
	if (end && !r->asked.ignore_end) {
		r->stop = HEARTH_STOP_END;
	} else if (!stream_add(&r->stream, (uint32_t)r->token, &r->text, &r->error)) {
		return false;
	} else if (r->stream.stopped) {
		r->stop = HEARTH_STOP_TEXT;
	} else if (r->mask && mask_is_final(r->mask)) {
		r->stop = HEARTH_STOP_END;
	} else if (r->n_generated == r->asked.max_tokens || is_late(r)) {
		r->stop = HEARTH_STOP_LENGTH;
	} else if (r->session->n_ids == s->context) {
		r->stop = HEARTH_STOP_CONTEXT;
	} else {
		return session_reserve(r->session, 1, &r->error); /* it is computed in the next step */
	}
	return true;
}

/* Chooses by the logits behind the i-th of the rows that have some. */
static bool choose_token(struct scheduler *s, struct request *r, uint32_t i)
{
	float *logits = r->logits + (size_t)i * s->n_vocab;
	const struct vocab *v = s->source->vocab;
	uint32_t n_scores = r->asked.n_scores;
	if (n_scores && !scores_note(&r->scores, logits, s->n_vocab, &r->error)) return false;
	for (size_t k = 0; k < r->asked.n_biases; k++) logits[r->asked.biases[k].id] += r->asked.biases[k].bias;
	thinking_apply(&r->thinking, logits, s->n_vocab);
	if (r->mask && !mask_apply(r->mask, logits, s->room.keys, sampler_reach(&r->sampler), &r->error)) return false;
	r->token = sampler_choose(&r->sampler, &s->room, logits, &r->error);
	if (r->token < 0 || (r->mask && !mask_take(r->mask, (uint32_t)r->token, &r->error))) return false;
	thinking_take(&r->thinking, (uint32_t)r->token);
	bool ends = vocab_ends(v, (uint32_t)r->token) && !r->asked.ignore_end;
	if (n_scores && !ends && !scores_take(&r->scores, v, s->n_vocab, (uint32_t)r->token, n_scores, &r->error)) return false;
	return take_token(s, r);
}

/* Chooses behind each row in turn, as long as the row that follows is of the token that was chosen; what was tried beyond is taken
 * back. So an answer is what it would be one row at a time. */
static bool take_answer(struct scheduler *s, struct request *r)
{
	struct session *session = r->session;
	bool ok = true, goes_on = true;
	for (uint32_t i = 0; ok && goes_on; i++) {
		session_append(session, &r->token, 1);
		ok = choose_token(s, r, i);
		goes_on = !r->stop && i + 1 < r->n_rows && r->token == r->guess.ids[i];
	}
	sequence_truncate(session->sequence, session->n_ids);
	return ok;
}

/* Notes the computed rows of `r` and, behind the prompt's last row, chooses a token. */
static bool take_results(struct scheduler *s, struct request *r)
{
	if (!request_has_prompt(r)) return take_answer(s, r);
	session_append(r->session, r->ids + r->n_done, r->n_rows);
	r->n_done += r->n_rows;
	if (r->asked.want != HEARTH_WANT_ANSWER) return scheduler_take_scores(s, r);
	if (s->draft && !r->asked.no_guess) draft_follow(s->draft, r->session);
	if (request_has_prompt(r)) {
		double limit = r->asked.prompt_limit_ms / 1000.0;
		if (limit > 0 && clock_seconds() - r->admitted > limit) r->stop = HEARTH_STOP_LENGTH;
		return true;
	}
	r->answering = clock_seconds();
	return choose_token(s, r, 0);
}

void scheduler_compute(struct scheduler *s, uint32_t n)
{
	double start = clock_seconds();
	uint32_t rows = scheduler_guess(s, n);
	run_batch(s, rows);
	for (uint32_t i = 0; i < s->n_active; i++) {
		struct request *r = s->active[i];
		r->n_chosen = 0;
		if (r->n_rows > 0 && !r->failed && !take_results(s, r)) request_fail(r, HEARTH_FAIL_RESOURCES);
	}
	double seconds = clock_seconds() - start;
	scheduler_account(s, seconds);
	scheduler_learn(s, n, rows, seconds);
}
