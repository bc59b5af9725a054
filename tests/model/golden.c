/*
 * golden: logits of small models against independent references (shared/golden), at batch sizes 1, 7 and 96, exact and default.
 * The bounds are those of DESIGN 5.
 */
#include "../testdata.h"
#include "base/file.h"
#include "format/gguf_writer.h"
#include "nn/format.h"
#include "nn/kernels.h"
#include "opened.h"

#include <math.h>
#include <unistd.h>

enum { MAX_TOKENS = 256, MAX_FIELD = 1024, MAX_NAME = 100 };

static uint32_t read_ids(const char *path, int32_t *ids)
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	uint32_t n = 0;
	while (n < MAX_TOKENS && fscanf(f, "%d", &ids[n]) == 1) n++;
	fclose(f);
	return n;
}

/* "0-7,15-16,95" to a list of positions. */
static uint32_t read_positions(const char *text, uint32_t *positions)
{
	uint32_t n = 0;
	for (const char *p = text; *p;) {
		char *end;
		unsigned long first = strtoul(p, &end, 10), last = first;
		if (*end == '-') last = strtoul(end + 1, &end, 10);
		while (first <= last && n < MAX_TOKENS) positions[n++] = (uint32_t)first++;
		p = *end ? end + 1 : end;
	}
	return n;
}

/* sum((a - b)^2) / sum(b^2) over the listed positions. */
static double nmse(const float *all, const float *reference, const uint32_t *positions, uint32_t n, uint32_t n_vocab)
{
	double error = 0, size = 0;
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t v = 0; v < n_vocab; v++) {
			double b = (double)reference[(size_t)i * n_vocab + v],
			       d = (double)all[(size_t)positions[i] * n_vocab + v] - b;
			error += d * d;
			size += b * b;
		}
	}
	return error / size;
}

/* Where the reference's best logit leads by more than 1e-3, ours is the same. */
static bool same_best(const float *all, const float *reference, const uint32_t *positions, uint32_t n, uint32_t n_vocab)
{
	for (uint32_t i = 0; i < n; i++) {
		const float *b = reference + (size_t)i * n_vocab, *a = all + (size_t)positions[i] * n_vocab;
		size_t best = ops_argmax(b, n_vocab);
		float second = -INFINITY;
		for (uint32_t v = 0; v < n_vocab; v++) {
			if (v != best && b[v] > second) second = b[v];
		}
		if (b[best] - second > 1e-3f && ops_argmax(a, n_vocab) != best) return false;
	}
	return true;
}

struct golden {
	const char *model, *tokens, *logits; /* paths */
	const char *name;
	uint32_t positions[MAX_TOKENS], n_positions;
};

/* The error of one way of running the model. */
static double error_of(const struct golden *g, uint32_t batch, bool exact)
{
	int32_t ids[MAX_TOKENS];
	uint32_t n = read_ids(g->tokens, ids);
	struct opened o = open_model(g->model, 2, (struct model_options){ .context = 512, .exact = exact, .kv = KV_F16 });
	float *logits = memory_new((size_t)n * o.n_vocab, sizeof *logits);
	struct sequence *s = new_sequence(&o);
	run_ids(&o, s, ids, n, batch, batch == 1 ? ROW_ANSWER : ROW_PROMPT, logits);
	size_t size;
	struct error e = { "" };
	char *reference = file_read(g->logits, 64u << 20, &size, &e);
	assert_non_null(reference);
	assert_int_equal(size, (size_t)g->n_positions * o.n_vocab * sizeof(float));
	double error = nmse(logits, (const float *)(const void *)reference, g->positions, g->n_positions, o.n_vocab);
	bool best = same_best(logits, (const float *)(const void *)reference, g->positions, g->n_positions, o.n_vocab);
	if (exact && !best) fail_msg("%s: batch %u: another token is best", g->name, batch);
	memory_free(reference);
	memory_free(logits);
	sequence_free(s);
	close_model(&o);
	return error;
}

static void check_arch(const char *name, const char *positions, double f16_path)
{
	static const uint32_t batches[] = { 1, 7, 96 };
	char path[3][MAX_FIELD];
	snprintf(path[0], MAX_FIELD, "golden/arch/%s.gguf", name);
	snprintf(path[1], MAX_FIELD, "golden/arch/%s.tokens", name);
	snprintf(path[2], MAX_FIELD, "golden/arch/%s.logits", name);
	struct golden g = { .model = testdata(path[0]), .tokens = testdata(path[1]), .logits = testdata(path[2]), .name = name };
	g.n_positions = read_positions(positions, g.positions);
	for (size_t i = 0; i < 3; i++) {
		for (int exact = 0; exact < 2; exact++) {
			double error = error_of(&g, batches[i], exact), bound = exact ? 1e-6 : fmax(1e-6, 10 * f16_path);
			if (!(error <= bound))
				fail_msg("%s: batch %u, %s: error %g is above %g", name, batches[i], exact ? "exact" : "default",
				         error, bound);
		}
	}
}

static void families_agree_with_their_references(void **state)
{
	(void)state;
	const char *index = testdata("golden/arch/index.tsv");
	if (!index) skip();
	FILE *f = fopen(index, "r");
	assert_non_null(f);
	char line[4096], name[MAX_NAME], arch[MAX_NAME], positions[MAX_FIELD];
	double f16_path;
	unsigned n_vocab, n, checked = 0;
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%99[^\t]\t%99[^\t]\t%u\t%u\t%1023[^\t]\t%lf", name, arch, &n_vocab, &n, positions, &f16_path) !=
		    6)
			continue;
		if (!family_find(arch, strlen(arch))) continue;
		check_arch(name, positions, f16_path);
		checked++;
	}
	fclose(f);
	assert_true(checked >= 60);
}

/* What is changed of a model, besides its name. */
enum change {
	EXPERTS = 1, /* feed-forward blocks without a gate become experts, of which there is one */
	ODD = 2,     /* in odd layers alone */
	STILL = 4,   /* frequency factors are so large that nothing turns */
	SUMMED = 8,  /* experts' weights are from a softmax and sum up to 1, by the keys for it */
	CAUSAL = 16, /* an encoder that sees what was before alone: then it writes */
};

/* A layer's tensor under its name as an expert's: one matrix of a stack, or what it was. */
static const char *expert_name(const char *name, char out[MAX_FIELD], bool odd)
{
	unsigned layer;
	char role[MAX_NAME], end[MAX_NAME];
	if (sscanf(name, "blk.%u.%99[^.].%99s", &layer, role, end) != 3 || (odd && layer % 2 == 0)) return name;
	if (strcmp(role, "ffn_up") != 0 && strcmp(role, "ffn_down") != 0) return name;
	snprintf(out, MAX_FIELD, "blk.%u.%s_exps.%s", layer, role, end);
	return out;
}

static void put_tensor(struct gguf_writer *w, const struct gguf_tensor *t, unsigned change)
{
	static const float nothing[1024] = { 0 };
	char name[MAX_FIELD], router[MAX_FIELD];
	uint64_t dims[] = { t->dims[0], t->dims[1], 1 };
	const char *as = change & EXPERTS ? expert_name(t->name, name, change & ODD) : t->name;
	bool weight = as == name && strstr(as, "_exps.weight");
	gguf_put_tensor(w, as, t->type->id, weight ? 3 : t->n_dims, weight ? dims : t->dims, t->data, t->size);
	if (!weight || !strstr(as, "ffn_up")) return;
	snprintf(router, sizeof router, "%.*sffn_gate_inp.weight", (int)(strstr(as, "ffn_up") - as), as);
	gguf_put_tensor(w, router, TYPE_F32, 2, (uint64_t[]){ t->dims[0], 1 }, nothing, t->dims[0] * sizeof *nothing);
}

static void put_count(struct gguf_writer *w, const char *arch, const char *name, uint32_t value)
{
	char key[MAX_FIELD];
	snprintf(key, sizeof key, "%s.%s", arch, name);
	gguf_put_u32(w, key, value);
}

static void put_flag(struct gguf_writer *w, const char *arch, const char *name)
{
	char key[MAX_FIELD];
	snprintf(key, sizeof key, "%s.%s", arch, name);
	gguf_put_bool(w, key, true);
}

static void put_changes(struct gguf_writer *w, const struct gguf *g, const char *arch, unsigned change)
{
	if (change & EXPERTS) {
		put_count(w, arch, "expert_count", 1);
		put_count(w, arch, "expert_used_count", 1);
		put_count(w, arch, "expert_feed_forward_length", (uint32_t)gguf_tensor(g, "blk.1.ffn_up.weight")->dims[1]);
	}
	if (change & (EXPERTS | SUMMED)) put_flag(w, arch, "expert_weights_norm");
	if (change & SUMMED) put_count(w, arch, "expert_gating_func", GATING_SOFTMAX);
	if (change & ODD) put_count(w, arch, "moe_every_n_layers", 2);
	if (change & CAUSAL) put_flag(w, arch, "attention.causal");
	if (!(change & STILL)) return;
	float factors[512];
	uint64_t half = gguf_tensor(g, "token_embd.weight")->dims[0] / 4 / 2; /* four heads */
	for (uint64_t i = 0; i < half; i++) factors[i] = 1e30f;
	gguf_put_tensor(w, "rope_freqs.weight", TYPE_F32, 1, &half, factors, half * sizeof *factors);
}

/* The model under another architecture's name, keys and all. */
static void write_renamed(const char *from, const char *old, const char *new, unsigned change, const char *to)
{
	struct error e = { "" };
	struct gguf *g = gguf_open(from, &e);
	struct gguf_writer w = gguf_writer_new();
	char key[MAX_FIELD];
	size_t n = strlen(old);
	assert_non_null(g);
	for (size_t i = 0; i < gguf_value_count(g); i++) {
		struct gguf_value v = *gguf_value_at(g, i);
		if (strcmp(v.key, "general.architecture") == 0) continue;
		if (strncmp(v.key, old, n) == 0 && v.key[n] == '.') {
			snprintf(key, sizeof key, "%s%s", new, v.key + n);
			v.key = key;
		}
		gguf_put_value(&w, &v);
	}
	gguf_put_text(&w, "general.architecture", new, strlen(new));
	put_changes(&w, g, new, change);
	for (size_t i = 0; i < gguf_tensor_count(g); i++) put_tensor(&w, gguf_tensor_at(g, i), change);
	if (!gguf_writer_save(&w, to, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&w);
	gguf_close(g);
}

/* Families without a golden model of their own whose layout is that of another, or becomes it with one expert in place of a block.
 */
static void families_of_one_layout_agree(void **state)
{
	static const struct {
		const char *from, *arch, *to;
		unsigned change;
	} pairs[] = { { "qwen2", "qwen2", "exaone", 0 },
		      { "qwen2", "qwen2", "qwen2vl", 0 },
		      { "qwen2", "qwen2", "pangu-embedded", 0 },
		      { "qwen2", "qwen2", "eurobert", CAUSAL },
		      { "qwen3moe", "qwen3moe", "qwen3vlmoe", 0 },
		      { "qwen3moe", "qwen3moe", "bailingmoe2", SUMMED },
		      { "qwen3moe", "qwen3moe", "dots1", SUMMED },
		      { "qwen3moe", "qwen3moe", "exaone-moe", SUMMED },
		      { "llama", "llama", "chatglm", 0 },
		      { "llama", "llama", "deci", 0 },
		      { "llama", "llama", "llama-embed", CAUSAL },
		      { "llama-moe", "llama", "deepseek", SUMMED },
		      { "llama-moe", "llama", "bailingmoe", SUMMED },
		      { "deepseek2", "deepseek2", "mistral4", 0 },
		      { "gpt2", "gpt2", "starcoder", 0 },
		      { "nemotron_h", "nemotron_h", "nemotron_h_moe", EXPERTS } };
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
		char path[3][MAX_FIELD], made[] = "/tmp/hearth-renamed-XXXXXX";
		snprintf(path[0], MAX_FIELD, "golden/arch/%s.gguf", pairs[i].from);
		snprintf(path[1], MAX_FIELD, "golden/arch/%s.tokens", pairs[i].from);
		snprintf(path[2], MAX_FIELD, "golden/arch/%s.logits", pairs[i].from);
		if (!testdata(path[0])) skip();
		close(mkstemp(made));
		write_renamed(testdata(path[0]), pairs[i].arch, pairs[i].to, pairs[i].change, made);
		struct golden g = { .model = made, .tokens = testdata(path[1]), .logits = testdata(path[2]), .name = pairs[i].to };
		bool all = strcmp(pairs[i].from, "llama") == 0; /* the golden llama has every position */
		g.n_positions = read_positions(all ? "0-95" : "0-7,15-16,31-32,47,63-64,79-95", g.positions);
		double error = error_of(&g, 96, true);
		unlink(made);
		if (!(error <= 1e-9)) fail_msg("%s: error %g", pairs[i].to, error);
	}
}

/* Vectors of an encoder's positions; the caller frees them. */
static float *vectors_of(const char *path, bool experts, size_t *count)
{
	enum { N = 20 };
	struct error e = { "" };
	struct opened o = open_model(path, 2, (struct model_options){ .context = 64, .exact = true });
	size_t n_embd = model_config(o.model)->n_embd;
	struct sequence *s = new_sequence(&o);
	struct row rows[N];
	float *vectors = memory_new(N * n_embd, sizeof *vectors);
	for (size_t k = 0; k < N; k++)
		rows[k] = (struct row){ .sequence = s, .token = (int32_t)(k * 13 % o.n_vocab), .vector = vectors + k * n_embd };
	if (!model_forward(o.model, rows, N, &e)) fail_msg("%s", e.text);
	assert_int_equal(experts, model_config(o.model)->layer[1].experts);
	sequence_free(s);
	close_model(&o);
	*count = N * n_embd;
	return vectors;
}

/* BERT with nothing that turns, under the names of those that turn, gives BERT's vectors. */
static void encoders_of_one_layout_agree(void **state)
{
	(void)state;
	const char *bert = testdata("golden/embed/bert.gguf");
	if (!bert) skip();
	char made[] = "/tmp/hearth-renamed-XXXXXX";
	static const struct {
		const char *arch;
		unsigned change;
	} cases[] = { { "nomic-bert-moe", EXPERTS | ODD | STILL }, { "jina-bert-v3", STILL } };
	close(mkstemp(made));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n;
		write_renamed(bert, "bert", cases[i].arch, cases[i].change, made);
		float *plain = vectors_of(bert, false, &n), *other = vectors_of(made, cases[i].change & EXPERTS, &n);
		for (size_t k = 0; k < n; k++) {
			if (fabsf(plain[k] - other[k]) > 1e-4f) fail_msg("%s: value %zu differs", cases[i].arch, k);
		}
		memory_free(plain);
		memory_free(other);
	}
	unlink(made);
}

/* The largest of llama.cpp's own errors, from the columns of quant/index.tsv. */
static double largest_column(const char *columns)
{
	double most = 0;
	for (const char *p = columns; *p;) {
		char *end;
		double value = strtod(p, &end);
		if (end == p) break;
		most = fmax(most, value);
		p = end;
	}
	return most;
}

static double check_quant(const char *name, const char *type, double largest)
{
	char path[2][MAX_FIELD];
	snprintf(path[0], MAX_FIELD, "golden/quant/%s.gguf", name);
	snprintf(path[1], MAX_FIELD, "golden/quant/%s.exact.logits", name);
	struct golden g = { .model = testdata(path[0]),
		            .tokens = testdata("golden/quant/llama.tokens"),
		            .logits = testdata(path[1]),
		            .name = name };
	int32_t positions[MAX_TOKENS];
	g.n_positions = read_ids(testdata("golden/quant/llama.positions"), positions);
	for (uint32_t i = 0; i < g.n_positions; i++) g.positions[i] = (uint32_t)positions[i];
	bool plain = type[0] == 'F' || type[0] == 'B';
	double prompt = error_of(&g, 96, false), answer = error_of(&g, 1, false);
	double prompt_bound = plain ? largest : largest / 2;
	if (!(prompt <= prompt_bound)) fail_msg("%s: prompt rows: error %g is above %g", name, prompt, prompt_bound);
	if (!(answer <= 1.3 * largest)) fail_msg("%s: answer rows: error %g is above %g", name, answer, 1.3 * largest);
	if (!(error_of(&g, 96, true) <= 1e-10)) fail_msg("%s: exact rows are not exact", name);
	return answer / largest;
}

static void weight_formats_agree_with_their_references(void **state)
{
	(void)state;
	const char *index = testdata("golden/quant/index.tsv");
	if (!index) skip();
	FILE *f = fopen(index, "r");
	assert_non_null(f);
	char line[4096], name[MAX_NAME], type[MAX_NAME];
	double logarithms = 0;
	int skipped, checked = 0;
	unsigned long bytes;
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%99[^\t]\t%99[^\t]\t%lu%n", name, type, &bytes, &skipped) != 3) continue;
		logarithms += log(check_quant(name, type, largest_column(line + skipped)));
		checked++;
	}
	fclose(f);
	assert_true(checked >= 30);
	assert_true(exp(logarithms / checked) <= 1.0);
}

int main(void)
{
	struct error e;
	if (!kernels_choose(getenv("HEARTH_CPU"), &e)) return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_agree_with_their_references),
		cmocka_unit_test(families_of_one_layout_agree),
		cmocka_unit_test(encoders_of_one_layout_agree),
		cmocka_unit_test(weight_formats_agree_with_their_references),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
