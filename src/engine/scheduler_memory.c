/*
 * scheduler_memory: keys and values of all that runs stay within what was planned when the model was opened (engine/hearth.c).
 *
 * A request is admitted when all that it may come to (its prompt and the longest answer that it may give) has room beside what
 * those before it may come to; else it waits for them, and those behind it wait too, so that none is passed over for ever. What
 * nobody may wait for, since nothing runs, is refused with the sizes. What is kept for others to go on from makes room before
 * anybody waits.
 */
#include "engine/scheduler_internal.h"

/* Bytes of a sequence of so many positions. */
static size_t bytes_for(const struct scheduler *s, uint64_t positions)
{
	if (positions == 0) return 0;
	return model_kv_bytes(s->model, positions < s->context ? (uint32_t)positions : s->context);
}

/* Of requests that run, all that they may come to; of sessions between their requests, what they hold. */
static size_t bytes_taken(const struct scheduler *s, const struct request *but)
{
	size_t taken = 0;
	for (uint32_t i = 0; i < s->n_active; i++) taken += s->active[i]->reserved;
	for (const struct session *t = s->sessions; t; t = t->next) {
		bool goes = t->closing && t->n_requests == 0; /* before the next step */
		if (!t->running && !t->kept && !goes && t != but->session) taken += bytes_for(s, t->n_ids);
	}
	return taken;
}

bool scheduler_has_memory(struct scheduler *s, struct request *r)
{
	const double mib = 1 << 20;
	bool answers = r->asked.want == HEARTH_WANT_ANSWER;
	if (!s->bytes_planned || r->asked.want == HEARTH_WANT_PROMPT || (answers && r->asked.max_tokens == 0)) return true;
	size_t need = bytes_for(s, r->prompt.n_ids + (uint64_t)(answers ? r->asked.max_tokens : 0)), taken = bytes_taken(s, r),
	       planned = s->bytes_planned;
	if (need <= planned && taken <= planned - need) {
		r->reserved = need;
		return true;
	}
	if (s->n_active > 0) return false;
	error_set(
	        &r->error,
	        "keys and values of this request may take %.1f MiB; of the %.1f MiB that are planned for all, sessions hold %.1f: "
	        "%.1f MiB too many; ask for fewer tokens, or close sessions",
	        (double)need / mib, (double)planned / mib, (double)taken / mib,
	        ((double)taken + (double)need - (double)planned) / mib);
	return request_fail(r, HEARTH_FAIL_RESOURCES);
}

void scheduler_tidy_memory(struct scheduler *s)
{
	if (!s->bytes_planned || !s->model) return;
	size_t planned = s->bytes_planned, step = bytes_for(s, (uint64_t)s->max_rows);
	if (step > planned) step = planned;
	while (sequence_bytes(s->model) > planned - step && scheduler_drop_kept(s)) continue;
}
