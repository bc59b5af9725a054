/* wants: what a request can be for besides an answer: prompts, logits, likelihoods, vectors, what inputs matter; each compared with
 * the model computed directly, to the bit. */
#include "asked.h"
#include "tiny_model.h"

#include "base/threads.h"
#include "model/model.h"
#include "model/sequence.h"
#include "nn/kernels.h"

#include <math.h>

enum { N = 150 };

static int32_t ids[N];
static float expected[N * TINY_VOCAB], got[N * TINY_VOCAB];
static float expected_vectors[N * TINY_EMBD];
static struct hearth_score scores[N * 8];
static char score_bytes[N * 8 * 16];

/* Logits and vectors of all ids by the model itself, `batch` rows at a time. */
static void compute(const char *path, uint32_t batch, enum row_kind kind)
{
	struct error e = { "" };
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) fail_msg("%s", e.text);
	struct gguf *file = gguf_open(path, &e);
	struct threads *threads = threads_new(1, &e);
	struct model_options o = { .context = 512, .kv = KV_F16, .max_rows = 64 };
	struct model *m = file ? model_open(file, &o, threads, &e) : NULL;
	if (!m) fail_msg("%s", e.text);
	struct sequence *s = sequence_new(m, &e);
	struct row rows[64];
	for (uint32_t at = 0, n; at < N; at += n) {
		n = N - at < batch ? N - at : batch;
		for (uint32_t i = 0; i < n; i++)
			rows[i] = (struct row){ .sequence = s,
				                .token = ids[at + i],
				                .kind = kind,
				                .logits = expected + (at + i) * TINY_VOCAB,
				                .vector = expected_vectors + (at + i) * TINY_EMBD };
		if (!model_forward(m, rows, n, &e)) fail_msg("%s", e.text);
	}
	sequence_free(s);
	model_close(m);
	threads_free(threads);
	gguf_close(file);
}

/* All events of one request that is no answer. */
struct wanted {
	struct hearth_event last;
	char error[512], text[4096];
	size_t text_length, n_values, n_ids, n_scores, n_score_bytes;
	int32_t ids[4096];
	uint32_t n_pieces, n_prompts;
};

static void take(struct wanted *w, const struct hearth_event *event)
{
	if (event->kind == HEARTH_PROMPT) {
		w->n_prompts++;
		assert_true(event->text_length < sizeof w->text && event->n_ids <= 4096);
		if (event->text_length) memcpy(w->text, event->text, event->text_length);
		w->text_length = event->text_length;
		if (event->n_ids) memcpy(w->ids, event->ids, event->n_ids * sizeof w->ids[0]);
		w->n_ids = event->n_ids;
		w->n_pieces = (uint32_t)event->n_pieces;
	}
	if (event->kind == HEARTH_SCORES) {
		assert_true(w->n_values + event->n_values <= N * TINY_VOCAB);
		if (event->n_values) memcpy(got + w->n_values, event->values, event->n_values * sizeof got[0]);
		w->n_values += event->n_values;
		for (size_t i = 0; i < event->n_scores; i++) {
			struct hearth_score s = event->scores[i];
			memcpy(score_bytes + w->n_score_bytes, s.text, s.length);
			s.text = score_bytes + w->n_score_bytes;
			w->n_score_bytes += s.length;
			scores[w->n_scores++] = s;
		}
	}
	assert_int_not_equal(event->kind, HEARTH_ANSWER);
	w->last = *event;
	if (event->kind == HEARTH_FAILED) snprintf(w->error, sizeof w->error, "%.*s", (int)event->text_length, event->text);
}

static void run(struct hearth *h, const struct hearth_request *r, struct wanted *w)
{
	struct hearth_error error;
	struct hearth_event event;
	uint64_t id;
	*w = (struct wanted){ .n_values = 0 };
	if (!hearth_submit(h, r, &id, &error)) fail_msg("%s", error.text);
	while (hearth_next(h, PATIENCE, &event)) {
		assert_true(event.request == id);
		take(w, &event);
	}
	assert_true(w->last.kind == HEARTH_DONE || w->last.kind == HEARTH_FAILED);
}

static struct hearth_request wanted_ids(uint32_t want)
{
	struct hearth_request r = hearth_request_new(HEARTH_IDS);
	r.ids = ids;
	r.n_ids = N;
	r.want = want;
	return r;
}

static struct wanted w;

static void logits_are_those_of_the_model(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 2, 512);
	for (int as_answer = 0; as_answer < 2; as_answer++) {
		struct hearth_request r = wanted_ids(HEARTH_WANT_LOGITS);
		compute(tiny_path, as_answer ? 1 : 50, as_answer ? ROW_ANSWER : ROW_PROMPT);
		r.as_answer = as_answer;
		run(h, &r, &w);
		assert_int_equal(w.last.kind, HEARTH_DONE);
		assert_int_equal(w.n_values, N * TINY_VOCAB);
		assert_memory_equal(got, expected, sizeof expected);
		r.score_from = 140;
		run(h, &r, &w);
		assert_int_equal(w.n_values, 10 * TINY_VOCAB);
		assert_memory_equal(got, expected + 140 * TINY_VOCAB, 10 * TINY_VOCAB * sizeof got[0]);
	}
	hearth_close(h);
}

static void likelihoods_follow_from_the_logits(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 512);
	struct hearth_request r = wanted_ids(HEARTH_WANT_LOGPROBS);
	compute(tiny_path, 64, ROW_PROMPT);
	r.n_scores = 3;
	run(h, &r, &w);
	assert_int_equal(w.n_scores, (N - 1) * 3);
	for (uint32_t i = 1; i < N; i++) {
		const float *logits = expected + (i - 1) * TINY_VOCAB;
		const struct hearth_score *s = &scores[(i - 1) * 3];
		double sum = 0, all = 0;
		for (int k = 0; k < TINY_VOCAB; k++) sum += exp((double)logits[k]);
		assert_int_equal(s[0].id, ids[i]);
		for (int k = 0; k < 3; k++) assert_true(fabs((double)s[k].logprob - ((double)logits[s[k].id] - log(sum))) < 1e-5);
		for (int k = 0; k < TINY_VOCAB; k++) all += logits[k] > logits[s[2].id];
		assert_true(all <= 1 && s[1].logprob >= s[2].logprob);
	}
	r.score_from = N - 1;
	run(h, &r, &w);
	assert_int_equal(w.n_scores, 3);
	assert_int_equal(scores[0].id, ids[N - 1]);
	hearth_close(h);
}

static void a_vector_is_the_pooled_one(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 512);
	struct hearth_info info = { .size = sizeof info };
	struct hearth_request r = wanted_ids(HEARTH_WANT_VECTOR);
	double length = 0;
	compute(tiny_path, 64, ROW_PROMPT);
	hearth_info(h, &info);
	assert_int_equal(info.n_vector, TINY_EMBD);
	assert_false(info.encoder);
	r.raw = true;
	run(h, &r, &w);
	assert_int_equal(w.n_values, TINY_EMBD);
	assert_memory_equal(got, expected_vectors + (N - 1) * TINY_EMBD, TINY_EMBD * sizeof got[0]);
	r.pooling = HEARTH_POOLING_CLS;
	run(h, &r, &w);
	assert_memory_equal(got, expected_vectors, TINY_EMBD * sizeof got[0]);
	r.raw = false;
	run(h, &r, &w);
	for (int i = 0; i < TINY_EMBD; i++) length += (double)got[i] * (double)got[i];
	assert_true(fabs(length - 1) < 1e-5);
	r.want = HEARTH_WANT_RANK;
	run(h, &r, &w);
	assert_int_equal(w.last.kind, HEARTH_FAILED);
	assert_non_null(strstr(w.error, "is no reranker"));
	hearth_close(h);
}

static void words_need_no_weights_and_have_any_length(void **state)
{
	(void)state;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .words_only = true };
	struct hearth_error error;
	struct hearth *h;
	uint64_t id;
	static char text[3000];
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	struct hearth_request r = hearth_request_new(HEARTH_TEXT);
	r.want = HEARTH_WANT_PROMPT;
	r.text = "</s> the";
	r.text_length = 8;
	run(h, &r, &w);
	assert_int_equal(w.ids[0], TINY_BOS);
	assert_int_not_equal(w.ids[1], TINY_EOS);
	assert_int_equal(w.n_pieces, 1);
	r.text_options = HEARTH_TEXT_PLAIN | HEARTH_TEXT_CONTROL;
	run(h, &r, &w);
	assert_int_equal(w.ids[0], TINY_EOS);
	struct hearth_request back = hearth_request_new(HEARTH_IDS);
	back.want = HEARTH_WANT_PROMPT;
	back.ids = w.ids + 1;
	back.n_ids = w.n_ids - 1;
	static struct wanted again;
	run(h, &back, &again);
	assert_int_equal(again.text_length, 4);
	assert_memory_equal(again.text, " the", 4);
	r.text_length = 0;
	run(h, &r, &w);
	assert_int_equal(w.n_ids, 0);
	assert_int_equal(w.last.kind, HEARTH_DONE);
	memset(text, 'q', sizeof text);
	r.text = text;
	r.text_length = sizeof text;
	run(h, &r, &w);
	assert_int_equal(w.n_ids, sizeof text);
	r.want = HEARTH_WANT_ANSWER;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "the model was opened for its words alone");
	hearth_close(h);
}

static void inputs_are_counted_and_summed(void **state)
{
	(void)state;
	struct hearth_options o = { .size = sizeof o, .model = tiny_path, .threads = 2, .context = 512, .importance = true };
	struct hearth_error error;
	struct hearth *h;
	struct hearth_importance i = { .size = sizeof i };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	assert_false(hearth_importance(h, 0, &i, &error));
	assert_string_equal(error.text, "");
	struct hearth_request r = wanted_ids(HEARTH_WANT_READING);
	run(h, &r, &w);
	run(h, &r, &w);
	uint64_t n = 0;
	while (hearth_importance(h, n, &i, &error)) {
		assert_int_equal(i.n_matrices, 1);
		assert_int_equal(i.cols, strstr(i.name, "ffn_down") ? TINY_FF : TINY_EMBD);
		/* the last layer's end is computed for rows whose result somebody wants */
		assert_true(i.counts[0] > 0 && i.counts[0] <= 2 * N);
		for (uint64_t k = 0; k < i.cols; k++) assert_true(i.sums[k] > 0 && isfinite(i.sums[k]));
		n++;
	}
	assert_string_equal(error.text, "");
	assert_true(n >= 4);
	hearth_close(h);
	h = asked_open(tiny_path, 1, 512);
	assert_false(hearth_importance(h, 0, &i, &error));
	assert_string_equal(error.text, "the model was not opened with `importance`");
	hearth_close(h);
}

static void numbers_beside_answers_change_neither(void **state)
{
	(void)state;
	static struct asked alone, beside;
	struct hearth *h = asked_open(tiny_path, 2, 512);
	struct hearth_request answer = asked_text(" the sun has set", 40), r = wanted_ids(HEARTH_WANT_LOGITS);
	struct hearth_error error;
	struct hearth_event event;
	uint64_t id;
	compute(tiny_path, 64, ROW_PROMPT);
	asked_run(h, &answer, &alone);
	w = (struct wanted){ .n_values = 0 };
	asked_submit(h, &answer, &beside);
	if (!hearth_submit(h, &r, &id, &error)) fail_msg("%s", error.text);
	while (hearth_next(h, PATIENCE, &event)) {
		if (event.request == id)
			take(&w, &event);
		else
			asked_take(&beside, &event);
	}
	assert_int_equal(alone.n_ids, beside.n_ids);
	assert_memory_equal(alone.ids, beside.ids, alone.n_ids * sizeof alone.ids[0]);
	assert_memory_equal(got, expected, sizeof expected);
	hearth_close(h);
}

static void what_makes_no_sense_is_refused(void **state)
{
	(void)state;
	struct hearth *h = asked_open(tiny_path, 1, 512);
	struct hearth_error error;
	uint64_t id;
	struct hearth_request r = wanted_ids(99);
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: want 99 is unknown");
	r = wanted_ids(HEARTH_WANT_LOGPROBS);
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: n_scores is 0");
	r = wanted_ids(HEARTH_WANT_VECTOR);
	r.pooling = HEARTH_POOLING_RANK;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: pooling 4 is unknown");
	r.pooling = 0;
	r.text_options = 64;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: text options 64 are unknown");
	r = wanted_ids(HEARTH_WANT_LOGITS);
	r.share = 1;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: only an answer without a session can share");
	r = wanted_ids(HEARTH_WANT_LOGITS);
	r.session = 4711;
	assert_false(hearth_submit(h, &r, &id, &error));
	assert_string_equal(error.text, "request: there is no session 4711");
	hearth_close(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(logits_are_those_of_the_model),  cmocka_unit_test(likelihoods_follow_from_the_logits),
		cmocka_unit_test(a_vector_is_the_pooled_one),     cmocka_unit_test(words_need_no_weights_and_have_any_length),
		cmocka_unit_test(inputs_are_counted_and_summed),  cmocka_unit_test(numbers_beside_answers_change_neither),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};
	for (int i = 0; i < N; i++) ids[i] = TINY_BYTES + 256 + (i * 7 + i / 9) % TINY_WORDS;
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
