/*
 * hearth-lab perplexity: how surprised a model is by a text.
 *
 * The text's tokens are cut into windows of --context positions (512 when it is not given) without overlap; what is left at the
 * end is not used. In each window the first token gives way to BOS where the model wants one, and the tokens of the second half are
 * scored, so that each has at least half a window before it. ppl = exp(mean of -log p); error is its standard error.
 */
#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "app/lab/words.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"
#include "model/sequence.h"
#include "wire/client.h"

#include <math.h>
#include <string.h>

enum { MOST_TEXT = 1 << 28, DEFAULT_WINDOW = 512, MOST_ROWS = 64 };

struct score {
	double sum, squares; /* of -log p */
	uint64_t n;
};

/* -log of the probability of `token`, float64 over all logits in order. */
static double surprise(const float *logits, uint32_t n, int32_t token)
{
	double most = logits[0], sum = 0;
	for (uint32_t i = 1; i < n; i++) most = logits[i] > most ? logits[i] : most;
	for (uint32_t i = 0; i < n; i++) sum += exp(logits[i] - most);
	return log(sum) + most - logits[token];
}

static void add(struct score *s, double x)
{
	s->sum += x;
	s->squares += x * x;
	s->n++;
}

/* Runs one window of `size` ids; the logits behind positions size/2 to size-2 score the token that follows. */
static bool score_window(struct model *m, struct sequence *s, const int32_t *ids, uint32_t size, float *logits, struct score *score,
                         struct error *e)
{
	struct row rows[MOST_ROWS];
	uint32_t n_vocab = model_config(m)->n_vocab, most = model_max_rows(m) < MOST_ROWS ? model_max_rows(m) : MOST_ROWS;
	sequence_truncate(s, 0);
	for (uint32_t at = 0, n; at < size - 1; at += n) {
		n = size - 1 - at < most ? size - 1 - at : most;
		for (uint32_t i = 0; i < n; i++) {
			rows[i] = (struct row){ .sequence = s,
				                .token = ids[at + i],
				                .kind = ROW_PROMPT,
				                .logits = at + i >= size / 2 ? logits + (size_t)i * n_vocab : NULL };
		}
		if (!model_forward(m, rows, n, e)) return false;
		for (uint32_t i = 0; i < n; i++) {
			if (!rows[i].logits) continue;
			add(score, surprise(rows[i].logits, n_vocab, ids[at + i + 1]));
		}
	}
	return true;
}

static int print(const struct score *s)
{
	double mean = s->sum / (double)s->n, variance = s->squares / (double)s->n - mean * mean, ppl = exp(mean);
	double error = variance > 0 && s->n > 1 ? sqrt(variance / (double)(s->n - 1)) * ppl : 0;
	struct buffer out = buffer_new(1024);
	buffer_append_text(&out, "{\"ppl\": ");
	json_write_float(&out, ppl);
	buffer_append_text(&out, ", \"error\": ");
	json_write_float(&out, error);
	buffer_format(&out, ", \"tokens\": %llu}\n", (unsigned long long)s->n);
	int status = lab_print(buffer_text(&out), out.size);
	buffer_free(&out);
	return status;
}

/* The text as windows of `size` ids each, the first of each in place of BOS. */
struct windows {
	const char *path;
	struct token_list ids;
	uint32_t size;
	uint32_t bos; /* TOKEN_NONE: none */
};

static const int32_t *window_at(const struct windows *w, size_t at)
{
	if (w->bos != TOKEN_NONE) w->ids.ids[at] = w->bos;
	return (const int32_t *)w->ids.ids + at;
}

static bool fill_one(const struct windows *w, struct error *e)
{
	if (w->ids.count >= w->size) return true;
	return error_set(e, "%s: %zu tokens do not fill a window of %u; try a smaller --context", w->path, w->ids.count, w->size);
}

static bool score_here(const struct model_arguments *a, const struct windows *w, struct score *score, struct error *e)
{
	struct lab_model m = { 0 };
	if (!lab_model_open(&m, a, w->size, 0, e)) return false;
	struct sequence *s = sequence_new(m.model, e);
	float *logits = memory_new(MOST_ROWS, (size_t)model_config(m.model)->n_vocab * sizeof *logits);
	bool ok = s && (logits || error_memory(e)) && fill_one(w, e);
	for (size_t at = 0; ok && at + w->size <= w->ids.count; at += w->size)
		ok = score_window(m.model, s, window_at(w, at), w->size, logits, score, e);
	memory_free(logits);
	sequence_free(s);
	lab_model_close(&m);
	return ok;
}

/* A window whose logits come from the engine. */
struct asked_window {
	const int32_t *next; /* the token that the next logits score */
	uint32_t n_vocab;
	struct score *score;
};

/* An engine_taker. */
static bool take_logits(void *data, const struct hearth_event *event, struct error *e)
{
	struct asked_window *w = data;
	(void)e;
	if (event->kind != HEARTH_SCORES) return true;
	for (size_t i = 0; i + w->n_vocab <= event->n_values; i += w->n_vocab)
		add(w->score, surprise(event->values + i, w->n_vocab, *w->next++));
	return true;
}

static bool score_there(const struct model_arguments *a, const struct windows *w, struct score *score, struct error *e)
{
	const struct hearth_options o = lab_engine_options(a, w->size);
	struct hearth_info info = { .size = sizeof info };
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	struct hearth *h = engine_open_model(a, &o, &r.session, e);
	bool ok = h && fill_one(w, e);
	if (h) client_info(h, &info);
	r.want = HEARTH_WANT_LOGITS;
	r.n_ids = w->size - 1;
	r.score_from = w->size / 2;
	for (size_t at = 0; ok && at + w->size <= w->ids.count; at += w->size) {
		r.ids = window_at(w, at);
		struct asked_window asked = { r.ids + r.score_from + 1, info.n_vocab, score };
		ok = engine_ask(h, &r, take_logits, &asked, e);
	}
	client_close(h);
	return ok;
}

/* The text's ids, and what each window begins with. */
static bool read_windows(const struct model_arguments *a, const char *path, struct windows *windows, struct error *e)
{
	size_t size;
	struct words w = { .h = NULL };
	char *text = file_read(path, MOST_TEXT, &size, e);
	bool ok = text && words_open(&w, a, e) && words_begin(&w, &windows->bos, e);
	const struct hearth_request r = words_text(text, size, HEARTH_TEXT_CLOSED);
	ok = ok && words_encode(&w, &r, &windows->ids, e);
	words_close(&w);
	memory_free(text);
	return ok;
}

static int run(const struct model_arguments *a, const char *text_path)
{
	struct error e = { "" };
	struct windows w = { .path = text_path, .size = a->context ? a->context : DEFAULT_WINDOW };
	struct score score = { 0 };
	bool ok = read_windows(a, text_path, &w, &e);
	ok = ok && (a->engine ? score_there(a, &w, &score, &e) : score_here(a, &w, &score, &e));
	int status = ok ? print(&score) : lab_fail(&e);
	engine_end();
	token_list_free(&w.ids);
	return status;
}

int lab_perplexity(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	const char *text = NULL;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (argv[i][0] == '-' || text) return lab_misuse("perplexity: '%s' is not understood", argv[i]);
		text = argv[i];
	}
	if (!a.path || !text) return lab_misuse("perplexity: MODEL and TEXT are needed");
	if (a.context && a.context < 4) return lab_misuse("perplexity: --context must be at least 4");
	return run(&a, text);
}
