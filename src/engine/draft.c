/* draft: opening, following and proposing (see draft.h). */
#include "engine/draft.h"

#include "base/clock.h"
#include "base/memory.h"

#include <string.h>

enum {
	ROWS = 256,        /* of a batch */
	FEW = 8,           /* rows that are cheaper as answer rows */
	MOST_PADDING = 512 /* unused entries by which two files of one vocabulary may differ */
};

struct draft {
	struct gguf *file;
	struct model *model;
	float *logits;
	uint32_t n_vocab; /* that both models have */
	double seconds;   /* of one token */
	struct row rows[ROWS];
};

/* Whether every token that both have is the same. */
static bool same_vocab(const struct vocab *a, const struct vocab *b, uint32_t *shared)
{
	*shared = a->count < b->count ? a->count : b->count;
	if (a->count > *shared + MOST_PADDING || b->count > *shared + MOST_PADDING) return false;
	for (uint32_t i = 0; i < *shared; i++) {
		size_t n, m;
		const char *x = vocab_bytes(a, i, &n), *y = vocab_bytes(b, i, &m);
		if (n != m || memcmp(x, y, n) != 0) return false;
	}
	return true;
}

static bool check_vocab(struct draft *d, const struct vocab *vocab, struct error *e)
{
	struct prompt_source source;
	if (!prompt_source_open(&source, d->file, 0, e)) return false;
	bool same = same_vocab(vocab, source.vocab, &d->n_vocab);
	prompt_source_close(&source);
	return same || error_set(e, "%s: cannot draft for this model: its vocabulary is another one", gguf_name(d->file));
}

struct draft *draft_open(const struct file_source *files, const char *path, const struct vocab *vocab,
                         const struct model_options *options, struct threads *threads, struct error *e)
{
	struct model_options own = { .context = options->context, .kv = options->kv, .max_rows = ROWS };
	struct draft *d = memory_new(1, sizeof *d);
	if (!d) {
		error_memory(e);
		return NULL;
	}
	d->file = gguf_open_from(files, path, e);
	bool ok = d->file && check_vocab(d, vocab, e);
	if (ok) d->model = model_open(d->file, &own, threads, e);
	if (ok && d->model && !model_drops_rows(d->model))
		ok = error_set(e, "%s: cannot draft: a model of this kind cannot take back what it has read", path);
	if (ok && d->model) {
		if (model_config(d->model)->n_vocab < d->n_vocab) d->n_vocab = model_config(d->model)->n_vocab;
		d->logits = memory_new(model_config(d->model)->n_vocab, sizeof *d->logits);
		if (d->logits) return d;
		error_memory(e);
	}
	draft_close(d);
	return NULL;
}

void draft_close(struct draft *d)
{
	if (!d) return;
	memory_free(d->logits);
	model_close(d->model);
	gguf_close(d->file);
	memory_wipe(d->rows, sizeof d->rows);
	memory_free(d);
}

struct model_memory draft_memory(const struct draft *d)
{
	return model_memory(d->model);
}

double draft_seconds(const struct draft *d)
{
	return d->seconds;
}

/* Computes ids[0..n), logits behind the last; what fails leaves the sequence shorter. */
static bool feed(struct draft *d, struct sequence *s, const int32_t *ids, uint32_t n, bool wanted)
{
	for (uint32_t done = 0, now; done < n; done += now) {
		now = n - done < ROWS ? n - done : ROWS;
		enum row_kind kind = n <= FEW + 1 ? ROW_ANSWER : ROW_PROMPT;
		for (uint32_t i = 0; i < now; i++) {
			bool last = wanted && done + i + 1 == n;
			d->rows[i] = (struct row){
				.sequence = s, .token = ids[done + i], .kind = kind, .logits = last ? d->logits : NULL
			};
		}
		struct error ignored;
		if (!model_forward(d->model, d->rows, now, &ignored)) return false;
	}
	return true;
}

static struct sequence *sequence_of(struct draft *d, struct session *s)
{
	struct error ignored;
	if (!s->draft) s->draft = sequence_new(d->model, &ignored);
	return s->draft;
}

void draft_follow(struct draft *d, struct session *s)
{
	struct sequence *q = sequence_of(d, s);
	if (!q || s->n_ids <= sequence_length(q) + FEW) return;
	feed(d, q, s->ids + sequence_length(q), s->n_ids - sequence_length(q), false);
}

/* The choice that the answer would make by these logits; its sampler stays as it is. */
static int32_t choose(struct draft *d, struct sampler *like, const struct sampler_room *room)
{
	struct sampler_room own = *room;
	struct error ignored;
	if (own.n_vocab > d->n_vocab) own.n_vocab = d->n_vocab;
	return sampler_choose(like, &own, d->logits, &ignored);
}

uint32_t draft_propose(struct draft *d, struct session *s, int32_t next, const struct sampler *sampler, struct sampler_room *room,
                       int32_t *guesses, uint32_t most)
{
	struct sequence *q = sequence_of(d, s);
	struct sampler like = *sampler;
	like.recent = NULL; /* penalties are left to the answer itself, and so is what needs memory */
	like.n_recent = 0;
	like.settings.typical_p = 1;
	draft_follow(d, s);
	if (!q || sequence_length(q) > s->n_ids || s->n_ids - sequence_length(q) > FEW) return 0;
	int32_t tail[FEW + 1]; /* what it has not read yet */
	uint32_t n_tail = s->n_ids - sequence_length(q);
	if (n_tail) memcpy(tail, s->ids + sequence_length(q), n_tail * sizeof *tail);
	tail[n_tail] = next;
	double start = clock_seconds();
	uint32_t n = 0;
	for (; n < most; n++) {
		if (!feed(d, q, n == 0 ? tail : &guesses[n - 1], n == 0 ? n_tail + 1 : 1, true)) break;
		guesses[n] = choose(d, &like, room);
		if (guesses[n] < 0) break;
	}
	sequence_truncate(q, s->n_ids); /* nothing of this has been said yet */
	double each = n ? (clock_seconds() - start) / n : 0;
	if (n) d->seconds = d->seconds > 0 && each > 2 * d->seconds ? 2 * d->seconds : each;
	return n;
}
