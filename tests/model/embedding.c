/*
 * embedding: vectors of texts against independent references (shared/golden/embed): texts of different lengths in one batch, each
 * alone, and in another order, exact and default; and what an encoder refuses.
 */
#include "../testdata.h"
#include "base/file.h"
#include "format/gguf_writer.h"
#include "nn/kernels.h"
#include "opened.h"

#include <math.h>
#include <unistd.h>

enum { TEXTS = 3, MAX_TOKENS = 256, MAX_FIELD = 1024 };

struct texts {
	int32_t ids[TEXTS][MAX_TOKENS];
	uint32_t n[TEXTS];
};

static void read_texts(const char *path, struct texts *t)
{
	char line[8192];
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	for (int i = 0; i < TEXTS; i++) {
		assert_non_null(fgets(line, sizeof line, f));
		t->n[i] = 0;
		for (char *p = line, *end;; p = end) {
			long id = strtol(p, &end, 10);
			if (end == p) break;
			t->ids[i][t->n[i]++] = (int32_t)id;
		}
	}
	fclose(f);
}

/* Runs the texts named by `order` as one batch, each a sequence of its own, and pools them into out[text]. */
static void run_texts(const struct opened *o, const struct texts *t, const int *order, int n, float *out)
{
	size_t n_embd = model_config(o->model)->n_embd;
	struct error e = { "" };
	struct row rows[TEXTS * MAX_TOKENS];
	struct sequence *s[TEXTS];
	float *vectors = memory_new(TEXTS * MAX_TOKENS, n_embd * sizeof *vectors);
	uint32_t at = 0;
	for (int i = 0; i < n; i++) {
		s[i] = new_sequence(o);
		for (uint32_t k = 0; k < t->n[order[i]]; k++, at++) {
			rows[at] = (struct row){
				.sequence = s[i], .token = t->ids[order[i]][k], .kind = ROW_PROMPT, .vector = vectors + at * n_embd
			};
		}
	}
	if (!model_forward(o->model, rows, at, &e)) fail_msg("%s", e.text);
	at = 0;
	for (int i = 0; i < n; i++) {
		assert_true(model_pool(o->model, POOLING_NONE, vectors + at * n_embd, t->n[order[i]],
		                       out + (size_t)order[i] * n_embd, &e));
		at += t->n[order[i]];
		sequence_free(s[i]);
	}
	memory_free(vectors);
}

static double nmse(const float *a, const float *b, size_t n)
{
	double error = 0, size = 0;
	for (size_t i = 0; i < n; i++) {
		error += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
		size += (double)b[i] * (double)b[i];
	}
	return error / size;
}

static void check(const char *name, double f16_path, bool exact)
{
	static const int together[TEXTS] = { 0, 1, 2 }, turned[TEXTS] = { 2, 0, 1 };
	char path[3][MAX_FIELD];
	snprintf(path[0], MAX_FIELD, "golden/embed/%s.gguf", name);
	snprintf(path[1], MAX_FIELD, "golden/embed/%s.tokens", name);
	snprintf(path[2], MAX_FIELD, "golden/embed/%s.embd", name);
	struct texts t;
	struct error e = { "" };
	read_texts(testdata(path[1]), &t);
	struct opened o = open_model(testdata(path[0]), 2, (struct model_options){ .context = 128, .exact = exact, .kv = KV_F16 });
	size_t size, n = TEXTS * (size_t)model_config(o.model)->n_embd;
	char *reference = file_read(testdata(path[2]), 1 << 20, &size, &e);
	assert_non_null(reference);
	assert_int_equal(size, n * sizeof(float));
	float *all = memory_new(3 * n, sizeof *all);
	run_texts(&o, &t, together, TEXTS, all);
	run_texts(&o, &t, turned, TEXTS, all + n);
	for (int i = 0; i < TEXTS; i++) run_texts(&o, &t, &together[i], 1, all + 2 * n);
	double error = nmse(all, (const float *)(const void *)reference, n), bound = exact ? 1e-9 : fmax(1e-6, 10 * f16_path);
	if (!(error <= bound)) fail_msg("%s: error %g is above %g", name, error, bound);
	assert_memory_equal(all, all + n, n * sizeof *all);
	assert_memory_equal(all, all + 2 * n, n * sizeof *all);
	memory_free(all);
	memory_free(reference);
	close_model(&o);
}

static void vectors_agree_with_their_references_whatever_shares_the_batch(void **state)
{
	(void)state;
	const char *index = testdata("golden/embed/index.tsv");
	if (!index) skip();
	FILE *f = fopen(index, "r");
	assert_non_null(f);
	char line[4096], name[100], arch[100], pooling[100];
	unsigned n_embd, n, checked = 0;
	double f16_path;
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%99[^\t]\t%99[^\t]\t%u\t%u\t%99[^\t]\t%lf", name, arch, &n_embd, &n, pooling, &f16_path) != 6)
			continue;
		check(name, f16_path, true);
		check(name, f16_path, false);
		checked++;
	}
	fclose(f);
	assert_int_equal(checked, 7);
}

static void an_encoder_writes_nothing_and_reads_a_text_as_a_whole(void **state)
{
	(void)state;
	const char *path = testdata("golden/embed/bert.gguf");
	if (!path) skip();
	struct error e = { "" };
	struct opened o = open_model(path, 1, (struct model_options){ .context = 64 });
	struct sequence *s = new_sequence(&o);
	float *logits = memory_new(o.n_vocab, sizeof *logits);
	struct row row = { .sequence = s, .token = 1, .logits = logits };
	assert_false(model_forward(o.model, &row, 1, &e));
	assert_non_null(strstr(e.text, "is an encoder"));
	row.logits = NULL;
	assert_true(model_forward(o.model, &row, 1, &e));
	assert_false(model_forward(o.model, &row, 1, &e));
	assert_string_equal(e.text, "an encoder reads a text as a whole");
	float vector[1024], score[1024] = { 0 };
	memset(vector, 0, sizeof vector);
	assert_false(model_pool(o.model, POOLING_RANK, vector, 1, score, &e));
	assert_non_null(strstr(e.text, "is no reranker"));
	memory_free(logits);
	sequence_free(s);
	close_model(&o);
}

static void pooling_takes_the_mean_the_first_or_the_last(void **state)
{
	(void)state;
	const char *path = testdata("golden/embed/bert.gguf");
	if (!path) skip();
	struct error e = { "" };
	struct opened o = open_model(path, 1, (struct model_options){ .context = 64 });
	size_t n = model_config(o.model)->n_embd;
	float *vectors = memory_new(3 * n, sizeof *vectors), *out = memory_new(n, sizeof *out);
	for (size_t i = 0; i < 3 * n; i++) vectors[i] = (float)(i / n * i / n);
	assert_true(model_pool(o.model, POOLING_CLS, vectors, 3, out, &e));
	assert_memory_equal(out, vectors, n * sizeof *out);
	assert_true(model_pool(o.model, POOLING_LAST, vectors, 3, out, &e));
	assert_memory_equal(out, vectors + 2 * n, n * sizeof *out);
	assert_true(model_pool(o.model, POOLING_MEAN, vectors, 3, out, &e));
	for (size_t i = 0; i < n; i++) assert_true(fabsf(out[i] - (vectors[i] + vectors[i + n] + vectors[i + 2 * n]) / 3) < 1e-4f);
	memory_free(vectors);
	memory_free(out);
	close_model(&o);
}

/* bert.gguf with a head of two labels, written to a file of its own. */
static void write_reranker(const char *from, const char *to)
{
	struct error e = { "" };
	struct gguf *g = gguf_open(from, &e);
	struct gguf_writer w = gguf_writer_new();
	float dense[64 * 64], label[2 * 64], bias[64];
	assert_non_null(g);
	for (size_t i = 0; i < 64 * 64; i++) dense[i] = i / 64 == i % 64 ? 0.5f : 0;
	for (size_t i = 0; i < 64; i++) {
		bias[i] = 0.25f;
		label[i] = i == 3 ? 2 : 0;
		label[64 + i] = 7;
	}
	for (size_t i = 0; i < gguf_value_count(g); i++) {
		const struct gguf_value *v = gguf_value_at(g, i);
		if (strcmp(v->key, "bert.pooling_type") != 0) gguf_put_value(&w, v);
	}
	gguf_put_u32(&w, "bert.pooling_type", POOLING_RANK);
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		gguf_put_tensor(&w, t->name, t->type->id, t->n_dims, t->dims, t->data, t->size);
	}
	gguf_put_tensor(&w, "cls.weight", TYPE_F32, 2, (const uint64_t[]){ 64, 64 }, dense, sizeof dense);
	gguf_put_tensor(&w, "cls.bias", TYPE_F32, 1, (const uint64_t[]){ 64 }, bias, sizeof bias);
	gguf_put_tensor(&w, "cls.output.weight", TYPE_F32, 2, (const uint64_t[]){ 64, 2 }, label, sizeof label);
	assert_true(gguf_writer_save(&w, to, &e));
	gguf_writer_free(&w);
	gguf_close(g);
}

static void a_reranker_scores_the_first_position_through_its_head(void **state)
{
	(void)state;
	const char *path = testdata("golden/embed/bert.gguf");
	if (!path) skip();
	char made[] = "/tmp/hearth-rerank-XXXXXX";
	close(mkstemp(made));
	write_reranker(path, made);
	struct error e = { "" };
	struct opened o = open_model(made, 1, (struct model_options){ .context = 64 });
	struct sequence *s = new_sequence(&o);
	float vectors[3 * 64], out[64];
	struct row rows[3];
	for (int i = 0; i < 3; i++)
		rows[i] = (struct row){ .sequence = s, .token = i + 1, .kind = ROW_PROMPT, .vector = vectors + (size_t)i * 64 };
	assert_true(model_forward(o.model, rows, 3, &e));
	assert_true(model_pool(o.model, POOLING_NONE, vectors, 3, out, &e));
	assert_true(fabs((double)out[0] - 2 * tanh(0.5 * (double)vectors[3] + 0.25)) < 1e-5);
	assert_true(model_pool(o.model, POOLING_CLS, vectors, 3, out, &e));
	assert_memory_equal(out, vectors, sizeof out);
	sequence_free(s);
	close_model(&o);
	unlink(made);
}

/* A matrix that turns the order of n values around, times `factor`. */
static void put_reversal(struct gguf_writer *w, const char *name, uint64_t n, float factor)
{
	float *x = memory_new(n * n, sizeof *x);
	for (uint64_t i = 0; i < n; i++) x[i * n + n - 1 - i] = factor;
	gguf_put_tensor(w, name, TYPE_F32, 2, (uint64_t[]){ n, n }, x, n * n * sizeof *x);
	memory_free(x);
}

/* Matrices that undo each other change nothing, and each alone does. */
static void pooled_vectors_go_through_the_dense_modules(void **state)
{
	(void)state;
	const char *golden = testdata("golden/embed/gemma-embedding.gguf");
	if (!golden) skip();
	static float out[2][1024];
	char made[] = "/tmp/hearth-dense-XXXXXX";
	static const struct texts t = { .ids = { { 1, 5, 9, 70, 33 } }, .n = { 5 } };
	close(mkstemp(made));
	struct error e = { "" };
	struct gguf *g = gguf_open(golden, &e);
	struct gguf_writer w = gguf_writer_new();
	uint64_t n = gguf_tensor(g, "token_embd.weight")->dims[0];
	for (size_t i = 0; i < gguf_value_count(g); i++) gguf_put_value(&w, gguf_value_at(g, i));
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *from = gguf_tensor_at(g, i);
		gguf_put_tensor(&w, from->name, from->type->id, from->n_dims, from->dims, from->data, from->size);
	}
	gguf_put_u32(&w, "gemma-embedding.dense_2_feat_out", (uint32_t)n);
	gguf_put_u32(&w, "gemma-embedding.dense_3_feat_out", (uint32_t)n);
	put_reversal(&w, "dense_2.weight", n, 2);
	put_reversal(&w, "dense_3.weight", n, 1);
	if (!gguf_writer_save(&w, made, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&w);
	gguf_close(g);
	for (int i = 0; i < 2; i++) {
		struct opened o = open_model(i ? made : golden, 1, (struct model_options){ .context = 64, .exact = true });
		assert_int_equal(model_vector_width(o.model), n);
		run_texts(&o, &t, (const int[]){ 0 }, 1, out[i]);
		close_model(&o);
	}
	for (size_t i = 0; i < n; i++) assert_true(fabsf(out[1][i] - 2 * out[0][i]) <= 1e-5f * fabsf(out[0][i]));
	unlink(made);
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_agree_with_their_references_whatever_shares_the_batch),
		cmocka_unit_test(an_encoder_writes_nothing_and_reads_a_text_as_a_whole),
		cmocka_unit_test(a_reranker_scores_the_first_position_through_its_head),
		cmocka_unit_test(pooling_takes_the_mean_the_first_or_the_last),
		cmocka_unit_test(pooled_vectors_go_through_the_dense_modules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
