/* scheduler_scores: requests for numbers in place of an answer: vectors, ranks, logits and likelihoods (see hearth.h). */
#include "engine/scheduler_internal.h"

#include "base/memory.h"

/* Bytes of logits of one step of a request, unless one row has more. */
enum { MOST_LOGITS = 32 << 20, MOST_LOGIT_ROWS = 64 };

bool scheduler_can_give(const struct scheduler *s, struct request *r)
{
	bool numbers =
	        r->asked.want == HEARTH_WANT_VECTOR || r->asked.want == HEARTH_WANT_RANK || r->asked.want == HEARTH_WANT_READING;
	if (s->whole && !numbers)
		return error_set(&r->error, "this model is an encoder: it gives vectors of texts and cannot write");
	if (s->whole && r->n_prompt > s->max_rows)
		return error_set(&r->error, "the text has %u tokens, and the model reads %u at once", r->n_prompt, s->max_rows);
	return true;
}

bool scheduler_prepare_scores(struct scheduler *s, struct request *r)
{
	if (request_scores_tokens(r)) {
		size_t row = s->n_vocab * sizeof *r->logits;
		r->n_logits = row > MOST_LOGITS ? 1 : (uint32_t)(MOST_LOGITS / row);
		if (r->n_logits > MOST_LOGIT_ROWS) r->n_logits = MOST_LOGIT_ROWS;
		if (r->n_logits > r->n_prompt) r->n_logits = r->n_prompt;
		r->logits = memory_new(r->n_logits, row);
		return r->logits || error_memory(&r->error);
	}
	if (r->asked.want == HEARTH_WANT_READING) return true;
	r->vectors = memory_new(r->n_prompt, s->n_embd * sizeof *r->vectors);
	return r->vectors || error_memory(&r->error);
}

/* The logits behind the tokens of this step that are asked for. */
static bool take_logits(struct scheduler *s, struct request *r)
{
	const float *logits = r->logits;
	bool ok = true;
	for (uint32_t at = r->n_done - r->n_rows; ok && at < r->n_done; at++) {
		if (!request_wants_logits(r, at)) continue;
		if (r->asked.want == HEARTH_WANT_LOGITS)
			ok = buffer_append(&r->values, logits, s->n_vocab * sizeof *logits) || error_memory(&r->error);
		else
			ok = scores_note(&r->scores, logits, s->n_vocab, &r->error) &&
			     scores_take(&r->scores, s->source->vocab, s->n_vocab, (uint32_t)r->ids[at + 1], r->asked.n_scores,
			                 &r->error);
		logits += s->n_vocab;
	}
	return ok;
}

/* All vectors are there: the text's. */
static bool take_vector(struct scheduler *s, struct request *r)
{
	bool rank = r->asked.want == HEARTH_WANT_RANK;
	enum pooling pooling = rank ? POOLING_RANK : (enum pooling)r->asked.pooling;
	/* a reranker's own pooling gives no vector */
	if (pooling == POOLING_NONE && model_config(s->model)->pooling == POOLING_RANK)
		pooling = s->whole ? POOLING_CLS : POOLING_LAST;
	size_t n = rank ? s->n_embd : model_vector_width(s->model);
	float *out = memory_new(n, sizeof *out);
	if (!out) return error_memory(&r->error);
	bool ok = model_pool(s->model, pooling, r->vectors, r->n_prompt, out, &r->error);
	if (ok && !rank && !r->asked.raw) scores_normalize(out, n);
	ok = ok && (buffer_append(&r->values, out, (rank ? 1 : n) * sizeof *out) || error_memory(&r->error));
	memory_wipe(out, n * sizeof *out);
	memory_free(out);
	return ok;
}

bool scheduler_take_scores(struct scheduler *s, struct request *r)
{
	bool over = !request_has_prompt(r), ok = true;
	if (request_scores_tokens(r)) ok = take_logits(s, r);
	if (r->vectors && over) ok = take_vector(s, r);
	if (over) r->stop = HEARTH_STOP_END;
	return ok;
}
