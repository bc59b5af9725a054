/*
 * hearth-lab embed and rerank: texts as vectors, and how well documents answer a question, by a model for it.
 *
 * Texts of any lengths share batches, row behind row, without filling up; an encoder's text lies in one batch as a whole.
 */
#include "app/lab/engine.h"
#include "app/lab/json_file.h"
#include "app/lab/lab.h"
#include "app/lab/words.h"

#include "base/memory.h"
#include "engine/scores.h"
#include "model/sequence.h"
#include "wire/client.h"

#include <math.h>
#include <string.h>

enum { MOST_INPUT = 1 << 30, BATCH = 512 };

/* The ids of all texts, one behind the other. */
struct texts {
	struct token_list ids;
	size_t *end; /* [n]: where each text ends in ids */
	size_t n;
};

static void free_texts(struct texts *t)
{
	token_list_free(&t->ids);
	memory_free(t->end);
}

static size_t begin_of(const struct texts *t, size_t i)
{
	return i ? t->end[i - 1] : 0;
}

static bool take_ids(const json_t *item, const char *path, size_t index, struct token_list *ids, struct error *e)
{
	if (!json_is_array(item)) return error_set(e, "%s: item %zu is not an array of ids", path, index);
	for (size_t i = 0; i < json_array_size(item); i++) {
		const json_t *id = json_array_get(item, i);
		json_int_t number = json_is_integer(id) ? json_integer_value(id) : -1;
		if (number < 0 || number > INT32_MAX) return error_set(e, "%s: item %zu: number %zu is no id", path, index, i + 1);
		if (!token_list_add(ids, (uint32_t)number)) return error_memory(e);
	}
	return true;
}

static bool take_text(struct words *w, const char *query, const json_t *item, struct token_list *ids, struct error *e)
{
	struct hearth_request r = words_text(json_string_value(item), json_string_length(item), HEARTH_TEXT_CLOSED);
	if (query) {
		r.kind = HEARTH_PAIR;
		r.document = r.text;
		r.document_length = r.text_length;
		r.text = query;
		r.text_length = strlen(query);
	}
	return words_encode(w, &r, ids, e);
}

/* The texts of a JSON array: of ids, or of strings that `w` makes into ids: with what the file adds, or behind a question. */
static bool read_texts(const char *path, struct words *w, const char *query, struct texts *t, struct error *e)
{
	json_t *array = json_file_array(path, MOST_INPUT, e);
	if (!array) return false;
	bool ok = true;
	t->n = json_array_size(array);
	t->end = memory_new(t->n ? t->n : 1, sizeof *t->end);
	if (!t->end) ok = error_memory(e);
	for (size_t i = 0; ok && i < t->n; i++) {
		const json_t *item = json_array_get(array, i);
		if (!w)
			ok = take_ids(item, path, i, &t->ids, e);
		else if (!json_is_string(item))
			ok = error_set(e, "%s: item %zu is not a string", path, i);
		else
			ok = take_text(w, query, item, &t->ids, e);
		t->end[i] = t->ids.count;
		if (ok && t->end[i] == begin_of(t, i)) ok = error_set(e, "%s: item %zu has no tokens", path, i);
	}
	json_decref(array);
	return ok;
}

static size_t longest_of(const struct texts *t)
{
	size_t longest = 1;
	for (size_t i = 0; i < t->n; i++) {
		if (t->end[i] - begin_of(t, i) > longest) longest = t->end[i] - begin_of(t, i);
	}
	return longest;
}

static bool check_texts(uint32_t n_vocab, uint32_t context, const struct texts *t, const char *path, struct error *e)
{
	for (size_t i = 0; i < t->n; i++) {
		size_t length = t->end[i] - begin_of(t, i);
		if (length > context)
			return error_set(e, "%s: item %zu has %zu tokens, and the model takes %u", path, i, length, context);
		for (size_t k = begin_of(t, i); k < t->end[i]; k++) {
			if (t->ids.ids[k] >= n_vocab)
				return error_set(e, "%s: item %zu: id %u is not from 0 to %u", path, i, (unsigned)t->ids.ids[k],
				                 n_vocab - 1);
		}
	}
	return true;
}

/* What runs: the rows that are being put together, the texts they belong to, and the vectors of all positions of those texts. */
struct work {
	struct model *m;
	const struct texts *t;
	enum pooling pooling;
	struct row *rows;
	uint32_t max_rows;
	float *vectors; /* max_rows x n_embd, of the batch */
	float *results; /* n x width */
	size_t width;   /* of a result */
};

/* Texts [first, last) as one batch: all of each. */
static bool run_batch(struct work *w, size_t first, size_t last, struct error *e)
{
	size_t n_embd = model_config(w->m)->n_embd, n = last - first, row = 0;
	struct sequence **sequences = memory_new(n, sizeof *sequences);
	bool ok = sequences || error_memory(e);
	for (size_t i = first; ok && i < last; i++) {
		ok = (sequences[i - first] = sequence_new(w->m, e)) != NULL;
		for (size_t k = begin_of(w->t, i); ok && k < w->t->end[i]; k++, row++) {
			w->rows[row] = (struct row){ .sequence = sequences[i - first],
				                     .token = (int32_t)w->t->ids.ids[k],
				                     .kind = ROW_PROMPT,
				                     .vector = w->vectors + row * n_embd };
		}
	}
	ok = ok && model_forward(w->m, w->rows, (uint32_t)row, e);
	row = 0;
	for (size_t i = first; ok && i < last; i++) {
		size_t length = w->t->end[i] - begin_of(w->t, i);
		ok = model_pool(w->m, w->pooling, w->vectors + row * n_embd, (uint32_t)length, w->results + i * w->width, e);
		row += length;
	}
	for (size_t i = 0; sequences && i < n; i++) sequence_free(sequences[i]);
	memory_free(sequences);
	return ok;
}

/* As many texts as fit into each batch, in their order. */
static bool run_all(struct work *w, struct error *e)
{
	size_t first = 0;
	for (size_t i = 0, rows = 0; i < w->t->n; i++) {
		size_t length = w->t->end[i] - begin_of(w->t, i);
		if (rows + length > w->max_rows) {
			if (!run_batch(w, first, i, e)) return false;
			first = i;
			rows = 0;
		}
		rows += length;
	}
	return first == w->t->n || run_batch(w, first, w->t->n, e);
}

/* The vectors, or in the first of each the score, of all texts: n x *width floats, freed with memory_free; NULL on failure. */
static float *compute_here(const struct model_arguments *a, const struct texts *t, const char *path, enum pooling pooling,
                           size_t *width, struct error *e)
{
	struct lab_model m = { 0 };
	size_t longest = longest_of(t), rows = longest > BATCH ? longest : BATCH;
	if (rows > t->ids.count) rows = t->ids.count > longest ? t->ids.count : longest;
	if (!lab_model_open(&m, a, (uint32_t)longest, (uint32_t)rows, e)) return NULL;
	struct work w = { .m = m.model, .t = t, .pooling = pooling, .max_rows = (uint32_t)rows };
	const struct config *c = model_config(m.model);
	w.width = *width = pooling == POOLING_RANK ? c->n_embd : model_vector_width(m.model);
	if (pooling == POOLING_NONE && c->pooling == POOLING_RANK) w.pooling = c->whole ? POOLING_CLS : POOLING_LAST;
	w.rows = memory_new(rows, sizeof *w.rows);
	w.vectors = memory_new(rows, c->n_embd * sizeof *w.vectors);
	w.results = memory_new(t->n ? t->n : 1, *width * sizeof *w.results);
	bool ok = (w.rows && w.vectors && w.results) || error_memory(e);
	ok = ok && check_texts(c->n_vocab, model_context(m.model), t, path, e) && run_all(&w, e);
	memory_free(w.rows);
	memory_free(w.vectors);
	lab_model_close(&m);
	if (ok) return w.results;
	memory_free(w.results);
	return NULL;
}

/* The same by the engine, which puts several texts into a batch by itself. */
struct asked_texts {
	const struct texts *t;
	enum pooling pooling;
	uint64_t session;
	float *results;
	size_t width;
};

static bool make_request(void *data, size_t i, struct hearth_request *r, struct error *e)
{
	const struct asked_texts *a = data;
	(void)e;
	*r = hearth_request_new(HEARTH_IDS);
	r->session = a->session;
	r->ids = (const int32_t *)a->t->ids.ids + begin_of(a->t, i);
	r->n_ids = a->t->end[i] - begin_of(a->t, i);
	r->want = a->pooling == POOLING_RANK ? HEARTH_WANT_RANK : HEARTH_WANT_VECTOR;
	r->pooling = a->pooling == POOLING_RANK ? HEARTH_POOLING_MODEL : (uint32_t)a->pooling;
	r->raw = true;
	return true;
}

static bool take_result(void *data, size_t i, const struct hearth_event *event, struct error *e)
{
	struct asked_texts *a = data;
	if (event->kind != HEARTH_SCORES) return true;
	if (event->n_values > a->width) return error_set(e, "the engine's vector has %zu values", event->n_values);
	memcpy(a->results + i * a->width, event->values, event->n_values * sizeof *event->values);
	return true;
}

static float *compute_there(const struct model_arguments *a, const struct texts *t, const char *path, enum pooling pooling,
                            size_t *width, struct error *e)
{
	const struct hearth_options o = lab_engine_options(a, (uint32_t)longest_of(t));
	struct hearth_info info = { .size = sizeof info };
	struct asked_texts asked = { .t = t, .pooling = pooling };
	const struct engine_many many = { &asked, make_request, take_result };
	struct hearth *h = engine_open_model(a, &o, &asked.session, e);
	bool ok = h != NULL;
	if (h) client_info(h, &info);
	asked.width = *width = pooling == POOLING_RANK ? info.n_embd : (size_t)info.n_vector;
	asked.results = ok ? memory_new(t->n ? t->n : 1, *width * sizeof *asked.results) : NULL;
	if (ok && !asked.results) ok = error_memory(e);
	ok = ok && check_texts(info.n_vocab, info.context, t, path, e) && engine_ask_all(h, t->n, &many, e);
	client_close(h);
	if (ok) return asked.results;
	memory_free(asked.results);
	return NULL;
}

static float *compute(const struct model_arguments *a, const struct texts *t, const char *path, enum pooling pooling, size_t *width,
                      struct error *e)
{
	if (longest_of(t) <= INT32_MAX / 2) return (a->engine ? compute_there : compute_here)(a, t, path, pooling, width, e);
	error_set(e, "%s: a text is too long", path);
	return NULL;
}

static void write_number(struct buffer *out, float x)
{
	if (isfinite(x))
		buffer_format(out, "%.9g", (double)x);
	else
		buffer_append_text(out, "null");
}

static int run_embed(const struct model_arguments *a, const char *path, bool ids, enum pooling pooling, bool raw)
{
	struct error e = { "" };
	struct texts t = { 0 };
	struct words w = { .h = NULL };
	struct buffer out = buffer_new(SIZE_MAX / 2);
	size_t width = 0;
	bool ok = (ids || words_open(&w, a, &e)) && read_texts(path, ids ? NULL : &w, NULL, &t, &e);
	float *results = ok ? compute(a, &t, path, pooling, &width, &e) : NULL;
	if (results) {
		buffer_append_byte(&out, '[');
		for (size_t i = 0; i < t.n; i++) {
			float *x = results + i * width;
			if (!raw) scores_normalize(x, width);
			buffer_append_text(&out, i ? ",\n[" : "[");
			for (size_t k = 0; k < width; k++) {
				if (k) buffer_append_text(&out, ", ");
				write_number(&out, x[k]);
			}
			buffer_append_byte(&out, ']');
		}
		buffer_append_text(&out, "]\n");
		if (out.failed) error_memory(&e);
	}
	int status = results && !out.failed ? lab_print(out.data, out.size) : lab_fail(&e);
	memory_free(results);
	free_texts(&t);
	words_close(&w);
	engine_end();
	buffer_free(&out);
	return status;
}

static bool pooling_named(const char *name, enum pooling *pooling)
{
	static const struct {
		const char *name;
		enum pooling pooling;
	} names[] = { { "mean", POOLING_MEAN }, { "cls", POOLING_CLS }, { "last", POOLING_LAST } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i].name, name) != 0) continue;
		*pooling = names[i].pooling;
		return true;
	}
	return false;
}

int lab_embed(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	enum pooling pooling = POOLING_NONE;
	const char *path = NULL;
	bool ids = false, raw = false;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (strcmp(argv[i], "--raw") == 0) {
			raw = true;
		} else if (strcmp(argv[i], "--pooling") == 0) {
			if (++i == argc || !pooling_named(argv[i], &pooling))
				return lab_misuse("--pooling takes mean, cls or last");
		} else if (strcmp(argv[i], "--ids") == 0) {
			if (++i == argc || path) return lab_misuse("--ids needs a file, in place of texts");
			path = argv[i];
			ids = true;
		} else if (argv[i][0] != '-' && !path) {
			path = argv[i];
		} else {
			return lab_misuse("embed: '%.80s' is not understood", argv[i]);
		}
	}
	if (!a.path || !path) return lab_misuse("embed: MODEL and TEXTS.json or --ids IDS.json are needed");
	return run_embed(&a, path, ids, pooling, raw);
}

/* ---- rerank ---- */

int lab_rerank(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	const char *own[2] = { NULL, NULL };
	for (int i = 0, n = 0; i < argc; i++) {
		bool taken = false;
		int status = a.path && argv[i][0] != '-' ? LAB_DONE : model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (n == 2) return lab_misuse("rerank: '%.80s' is not understood", argv[i]);
		own[n++] = argv[i];
	}
	if (!own[1]) return lab_misuse("rerank: MODEL, QUERY and DOCS.json are needed");
	struct error e = { "" };
	struct texts t = { 0 };
	struct buffer out = buffer_new(SIZE_MAX / 2);
	size_t width = 0;
	struct words w;
	bool ok = words_open(&w, &a, &e) && read_texts(own[1], &w, own[0], &t, &e);
	float *results = ok ? compute(&a, &t, own[1], POOLING_RANK, &width, &e) : NULL;
	if (results) {
		buffer_append_byte(&out, '[');
		for (size_t i = 0; i < t.n; i++) {
			if (i) buffer_append_text(&out, ", ");
			write_number(&out, results[i * width]);
		}
		buffer_append_text(&out, "]\n");
		if (out.failed) error_memory(&e);
	}
	int status = results && !out.failed ? lab_print(out.data, out.size) : lab_fail(&e);
	memory_free(results);
	free_texts(&t);
	words_close(&w);
	engine_end();
	buffer_free(&out);
	return status;
}
