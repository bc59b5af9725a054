/*
 * forward: runs the plan for a batch of rows (see model.h and plan.h).
 *
 * Every thread walks the same list of steps and takes its share of each: of rows where a step works row by row, of outputs where
 * it multiplies. Answer rows stand before prompt rows in the batch, whatever order they were given in.
 */
#include "model/recurrent.h"
#include "model/steps.h"

/* Thread 0 looks at the flag, and the barrier shows all threads what it saw. Two places take turns: one is written only when every
 * thread has passed the barrier behind which the other is read. */
static bool passed(struct model *m, unsigned t, bool *now)
{
	if (t == 0) *now = m->watched && atomic_load_explicit(m->watched, memory_order_relaxed);
	threads_barrier(m->threads, t);
	return !*now;
}

static void run_plan(void *data, unsigned t, unsigned count)
{
	struct model *m = data;
	unsigned turn = 0;
	for (size_t i = 0; i < m->running->n_steps; i++) {
		const struct step *s = &m->running->steps[i];
		const struct step_type *type = step_type(s->kind);
		if (type->idle && type->idle(m, s, count)) continue;
		if (m->observer && t == 0) observe_step(m, s);
		type->run(m, s, t, count);
		if (!passed(m, t, &m->given_up[turn ^= 1])) return;
	}
}

static bool check_rows(const struct model *m, const struct row *rows, uint32_t n_rows, struct error *e)
{
	uint32_t answers = 0;
	if (n_rows > m->max_rows) return error_set(e, "%u rows: a batch holds %u at most", n_rows, m->max_rows);
	for (uint32_t i = 0; i < n_rows; i++) {
		answers += rows[i].kind == ROW_ANSWER;
		if (m->config.whole && rows[i].logits)
			return error_set(e, "%s is an encoder: it gives vectors of texts and cannot write", gguf_name(m->file));
		if (m->config.whole && rows[i].sequence->length > 0) return error_set(e, "an encoder reads a text as a whole");
		if (rows[i].token < 0 || (uint32_t)rows[i].token >= m->config.n_vocab) {
			return error_set(e, "token id %d is not from 0 to %u", rows[i].token, m->config.n_vocab - 1);
		}
	}
	return answers <= m->max_answers || error_set(e, "%u answer rows: a batch holds %u at most", answers, m->max_answers);
}

/* Takes the rows of one kind into the batch, in their order. */
static void take_rows(struct model *m, const struct row *rows, uint32_t n_rows, enum row_kind kind)
{
	for (uint32_t i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];
		if (r->kind != kind || !model_runs(m, r->sequence)) continue;
		uint32_t at = m->n_rows++;
		/* positions follow the order in which the rows were given, whatever their kinds */
		uint32_t before = 0;
		if (r->sequence->pending > 1) {
			for (uint32_t k = 0; k < i; k++) before += rows[k].sequence == r->sequence;
		}
		uint32_t position = r->sequence->length + before;
		m->place[i] = at;
		m->rows[at] = (struct batch_row){
			.sequence = r->sequence, .position = position, .token = r->token, .logits = r->logits, .vector = r->vector
		};
		m->n_vectors += r->vector != NULL;
		if (r->logits) {
			m->wanted[m->n_wanted++] = at;
			m->n_wanted_answers += kind == ROW_ANSWER;
		}
		struct attention_run *last = m->n_runs ? &m->runs[m->n_runs - 1] : NULL;
		bool follows = last && last->prompt == (kind == ROW_PROMPT) && m->rows[at - 1].sequence == r->sequence &&
		               m->rows[at - 1].position + 1 == position;
		if (follows)
			last->n_rows++;
		else
			m->runs[m->n_runs++] = (struct attention_run){
				.first_row = at, .n_rows = 1, .prompt = kind == ROW_PROMPT, .position = position
			};
	}
}

/* Room for the rows of all sequences, or for none. */
static bool reserve(const struct row *rows, uint32_t n_rows, struct error *e)
{
	for (uint32_t i = 0; i < n_rows; i++) rows[i].sequence->pending = 0;
	for (uint32_t i = 0; i < n_rows; i++) rows[i].sequence->pending++;
	for (uint32_t i = 0; i < n_rows; i++) {
		struct sequence *s = rows[i].sequence;
		if (!sequence_reserve(s, s->pending, e)) {
			for (uint32_t k = 0; k <= i; k++) sequence_roll_back(rows[k].sequence);
			return false;
		}
	}
	return true;
}

/* Whether row `i` is the first one with its plan. */
static bool begins_plan(const struct row *rows, uint32_t i)
{
	for (uint32_t k = i; k-- > 0;) {
		if (rows[k].sequence->variant == rows[i].sequence->variant) return false;
	}
	return true;
}

/* The rows of `m->variant`. */
static void put_together(struct model *m, const struct row *rows, uint32_t n_rows)
{
	m->n_rows = m->n_runs = m->n_wanted = m->n_wanted_answers = m->n_vectors = 0;
	take_rows(m, rows, n_rows, ROW_ANSWER);
	m->n_answers = m->n_rows;
	take_rows(m, rows, n_rows, ROW_PROMPT);
	for (uint32_t i = 0; i < m->n_runs; i++)
		m->runs[i].pages = (const uint8_t *const *)m->rows[m->runs[i].first_row].sequence->pages;
	if (m->state_bytes) recurrent_order(m, rows, n_rows);
}

/* Computes the rows of one plan, and says what went wrong. */
static bool run_variant(struct model *m, const struct model_variant *v, const struct row *rows, uint32_t n_rows, struct error *e)
{
	m->variant = v;
	m->running = v ? &v->plan : &m->plan;
	if (!model_make_room(m, m->running, e)) return false;
	put_together(m, rows, n_rows);
	m->given_up[0] = m->given_up[1] = false;
	threads_run(m->threads, run_plan, m);
	if (m->given_up[0] || m->given_up[1]) return error_set(e, "the batch was given up");
	for (uint32_t i = 0; v && i < v->n_files; i++) {
		if (!gguf_intact(v->files[i], e)) return false;
	}
	return gguf_intact(m->file, e);
}

bool model_forward(struct model *m, const struct row *rows, uint32_t n_rows, struct error *e)
{
	if (n_rows == 0) return true;
	if (!check_rows(m, rows, n_rows, e) || !reserve(rows, n_rows, e)) return false;
	bool done = true;
	for (uint32_t i = 0; done && i < n_rows; i++) {
		if (begins_plan(rows, i)) done = run_variant(m, rows[i].sequence->variant, rows, n_rows, e);
	}
	for (uint32_t i = 0; i < n_rows; i++) {
		struct sequence *s = rows[i].sequence;
		if (done)
			sequence_commit(s);
		else
			sequence_roll_back(s);
	}
	return done;
}

void model_watch(struct model *m, const atomic_bool *flag)
{
	m->watched = flag;
}
