/*
 * hearth-lab perplexity: how surprised a model is by a text.
 *
 * The text's tokens are cut into windows of --context positions (512 when it is not given) without overlap; what is left at the
 * end is not used. In each window the first token gives way to BOS where the model wants one, and the tokens of the second half are
 * scored, so that each has at least half a window before it. ppl = exp(mean of -log p); error is its standard error.
 */
#include "app/lab/lab.h"
#include "app/lab/model_options.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"
#include "model/sequence.h"
#include "text/tokenizer.h"

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
			double x = surprise(rows[i].logits, n_vocab, ids[at + i + 1]);
			score->sum += x;
			score->squares += x * x;
			score->n++;
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

static bool score_text(const struct lab_model *m, const struct vocab *vocab, struct token_list *ids, uint32_t window,
                       struct score *score, struct error *e)
{
	uint32_t bos = vocab->add_bos ? vocab->special[VOCAB_BOS] : TOKEN_NONE;
	struct sequence *s = sequence_new(m->model, e);
	float *logits = memory_new(MOST_ROWS, (size_t)model_config(m->model)->n_vocab * sizeof *logits);
	bool ok = s && (logits || error_memory(e));
	for (size_t at = 0; ok && at + window <= ids->count; at += window) {
		if (bos != TOKEN_NONE) ids->ids[at] = bos;
		ok = score_window(m->model, s, (const int32_t *)ids->ids + at, window, logits, score, e);
	}
	memory_free(logits);
	sequence_free(s);
	return ok;
}

static bool read_tokens(const char *path, const struct vocab *vocab, struct token_list *ids, struct error *e)
{
	size_t size;
	char *text = file_read(path, MOST_TEXT, &size, e);
	if (!text) return false;
	bool ok = tokenizer_encode(vocab, text, size, TOKENIZER_ADD, ids, e);
	memory_free(text);
	return ok;
}

static int run(const struct model_arguments *a, const char *text_path)
{
	struct error e = { "" };
	struct lab_model m = { 0 };
	struct token_list ids = { 0 };
	struct score score = { 0 };
	uint32_t window = a->context ? a->context : DEFAULT_WINDOW;
	bool ok = lab_model_open(&m, a, window, 0, &e);
	struct vocab *vocab = ok ? vocab_load(m.file, &e) : NULL;
	ok = vocab && read_tokens(text_path, vocab, &ids, &e);
	if (ok && ids.count < window)
		ok = error_set(&e, "%s: %zu tokens do not fill a window of %u; try a smaller --context", text_path, ids.count,
		               window);
	ok = ok && score_text(&m, vocab, &ids, window, &score, &e);
	int status = ok ? print(&score) : lab_fail(&e);
	vocab_free(vocab);
	token_list_free(&ids);
	lab_model_close(&m);
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
