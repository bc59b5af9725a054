/*
 * scheduler_build: what the next step computes: a row for every answer, and the prompts' rows in the room that is left.
 *
 * Texts that an encoder reads go in whole, in the order in which they came; all other prompts in slices.
 */
#include "engine/scheduler_internal.h"

/* How long a step with prompt rows may take, and how many it has at least and before the time of a row is known: beside answers
 * that wait for it, and alone. Fewer rows would cost more in passes over the weights than they save in waiting. */
static const struct {
	double seconds;
	uint32_t least, first;
} beside_answers = { 0.5, SCHEDULER_LEAST_ROWS, SCHEDULER_LEAST_ROWS }, alone = { 2, 128, 256 };

/* Behind a step with both, answers have at most so much of its time for themselves: else they would come as slowly as long as a
 * prompt is read, and with more the prompt would. Where more prompts wait than answers run, it is less, each answer having half of
 * what each prompt has: steps with few answers cost as much as those with many that there will be when the prompts are read. */
static const double most_of_answers = 1.0 / 3;

/* Bytes of scores that nobody has taken, from which on a request waits. */
enum { MOST_UNTAKEN = 32 << 20 };

/* How many prompt rows a step may have in which `prompts` and `answers` have their turn. Where more wait than are answered, those
 * wait twice as long: longer slices cost less. */
static uint32_t chunk_rows(const struct scheduler *s, uint32_t prompts, uint32_t answers)
{
	double seconds = answers ? beside_answers.seconds : alone.seconds;
	uint32_t least = answers ? beside_answers.least : alone.least;
	if (s->seconds_per_row <= 0) return answers ? beside_answers.first : alone.first;
	if (answers && prompts > answers) seconds *= 2;
	double rows = seconds / s->seconds_per_row;
	if (rows < least) return least;
	return rows < s->max_rows ? (uint32_t)rows : s->max_rows;
}

/* The next `count` rows of a prompt. An answer needs the logits behind the last one of all. */
static void add_prompt_rows(const struct scheduler *s, struct request *r, uint32_t count, struct row *rows)
{
	bool as_answer = r->asked.as_answer && r->asked.want != HEARTH_WANT_ANSWER;
	size_t n_embd = s->n_embd;
	float *logits = r->logits;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = r->n_done + i;
		rows[i] = (struct row){ .sequence = r->session->sequence,
			                .token = r->ids[at],
			                .kind = as_answer ? ROW_ANSWER : ROW_PROMPT,
			                .vector = r->vectors ? r->vectors + at * n_embd : NULL };
		if (!request_wants_logits(r, at)) continue;
		rows[i].logits = logits;
		logits += s->n_vocab;
	}
	r->n_rows = count;
}

/* Rows that the request can have in a step of `left` prompt rows and `answers` rows that are answers'. */
static uint32_t can_have(const struct request *r, uint32_t left, uint32_t answers)
{
	uint32_t need = r->n_prompt - r->n_done;
	if (need > left) need = left;
	if (request_scores_tokens(r) && need > r->n_logits) need = r->n_logits;
	if (r->asked.as_answer && need > MODEL_MAX_ANSWERS - answers) need = MODEL_MAX_ANSWERS - answers;
	return need;
}

static bool waits_for_taker(const struct request *r)
{
	return r->open && r->open->shown.kind == HEARTH_SCORES && r->open->values.size + r->open->scores.size > MOST_UNTAKEN;
}

static bool has_turn(const struct request *r)
{
	return request_has_prompt(r) && r->n_rows == 0 && !waits_for_taker(r);
}

/* The waiting prompt without rows in this step that needs the fewest; NULL: none. */
static struct request *shortest_prompt(const struct scheduler *s)
{
	struct request *shortest = NULL;
	for (uint32_t i = 0; i < s->n_active; i++) {
		struct request *r = s->active[i];
		if (!has_turn(r)) continue;
		if (!shortest || r->n_prompt - r->n_done < shortest->n_prompt - shortest->n_done) shortest = r;
	}
	return shortest;
}

/* Slices of prompts behind `n` rows; returns how many rows there are then. */
static uint32_t add_slices(struct scheduler *s, uint32_t n)
{
	uint32_t prompts = 0, answers = n;
	for (uint32_t i = 0; i < s->n_active; i++) prompts += has_turn(s->active[i]);
	uint32_t left = chunk_rows(s, prompts, n);
	if (left < prompts) left = prompts;
	if (left > s->max_rows - n) left = s->max_rows - n;
	for (struct request *r; left > 0 && (r = shortest_prompt(s)) != NULL; prompts--) {
		uint32_t share = can_have(r, (left + prompts - 1) / prompts, answers); /* what it does not need is left to others */
		if (share == 0) break;
		add_prompt_rows(s, r, share, s->rows + n);
		if (r->asked.as_answer) answers += share;
		n += share;
		left -= share;
	}
	return n;
}

/* Texts as wholes, the ones that came first before the others. */
static uint32_t add_texts(struct scheduler *s)
{
	uint32_t n = 0;
	for (;;) {
		struct request *first = NULL;
		for (uint32_t i = 0; i < s->n_active; i++) {
			struct request *r = s->active[i];
			if (has_turn(r) && (!first || r->id < first->id)) first = r;
		}
		if (!first || first->n_prompt > s->max_rows - n) return n;
		add_prompt_rows(s, first, first->n_prompt, s->rows + n);
		n += first->n_prompt;
	}
}

uint32_t scheduler_build(struct scheduler *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->n_active; i++) {
		struct request *r = s->active[i];
		r->n_rows = 0;
		if (request_has_prompt(r)) continue;
		s->rows[n++] = (struct row){
			.sequence = r->session->sequence, .token = r->token, .kind = ROW_ANSWER, .logits = r->logits
		};
		r->n_rows = 1;
	}
	s->answers = n;
	uint32_t all = s->whole ? add_texts(s) : n > 0 && s->owed > 0 ? n : add_slices(s, n);
	s->prompt_rows = all > n;
	return all;
}

/* How many requests have a prompt that is not read yet. */
static uint32_t count_prompts(const struct scheduler *s)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < s->n_active; i++) n += request_has_prompt(s->active[i]);
	return n;
}

void scheduler_account(struct scheduler *s, double seconds)
{
	if (s->prompt_rows && s->answers > 0) {
		double share = s->answers / (s->answers + 2.0 * count_prompts(s));
		s->owed = seconds * (share < most_of_answers ? share : most_of_answers);
	} else if (s->prompt_rows) {
		s->owed = 0;
	} else if (s->owed > 0) {
		s->owed -= seconds;
	}
}
