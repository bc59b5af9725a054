/*
 * kv_types: what rounding keys and values to blocks of 8 and of 4 bits does to the logits of the built-in model, a trained one,
 * over words of its own, at every CPU level.
 */
#include "nn/kernels.h"
#include "opened.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char path[] = "models/hearth-builtin.gguf";
enum { IDS = 400, LEARNED = 350 };

/* What the model goes on with by itself, whatever it begins with; a new beginning every 40. */
static void own_words(int32_t *ids)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = 512 });
	float *logits = malloc(o.n_vocab * sizeof *logits);
	struct error e;
	struct sequence *s = sequence_new(o.model, &e);
	uint32_t seed = 5;
	for (uint32_t i = 0; i < IDS; i++) {
		seed = seed * 1664525u + 1013904223u;
		ids[i] = i % 40 == 0 ? (int32_t)((seed >> 8) % (o.n_vocab - 300) + 300) : (int32_t)ops_argmax(logits, o.n_vocab);
		struct row row = { .sequence = s, .token = ids[i], .kind = ROW_PROMPT, .logits = logits };
		assert_true(model_forward(o.model, &row, 1, &e));
	}
	sequence_free(s);
	free(logits);
	close_model(&o);
}

/* All logits with keys and values of one type: most rows as a prompt, the last 50 as an answer. */
static float *logits_with(enum kv_type type, const int32_t *ids, uint32_t *n_vocab)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = 512, .kv = type });
	float *logits = malloc((size_t)IDS * o.n_vocab * sizeof *logits);
	struct error e;
	struct sequence *s = sequence_new(o.model, &e);
	run_ids(&o, s, ids, LEARNED, 64, ROW_PROMPT, logits);
	run_ids(&o, s, ids + LEARNED, IDS - LEARNED, 1, ROW_ANSWER, logits + (size_t)LEARNED * o.n_vocab);
	sequence_free(s);
	*n_vocab = o.n_vocab;
	close_model(&o);
	return logits;
}

/* sum((a - b)^2) / sum(b^2) of logits less their row's mean, which the softmax does not see. */
static double nmse(const float *a, const float *b, uint32_t n_vocab)
{
	double error = 0, size = 0;
	for (uint32_t r = 0; r < IDS; r++, a += n_vocab, b += n_vocab) {
		double mean_a = 0, mean_b = 0;
		for (uint32_t v = 0; v < n_vocab; v++) mean_a += (double)a[v] / n_vocab, mean_b += (double)b[v] / n_vocab;
		for (uint32_t v = 0; v < n_vocab; v++) {
			double x = (double)a[v] - mean_a, y = (double)b[v] - mean_b;
			error += (x - y) * (x - y);
			size += y * y;
		}
	}
	return error / size;
}

/* Rows whose surest token is the same. */
static uint32_t agree(const float *a, const float *b, uint32_t n_vocab)
{
	uint32_t n = 0;
	for (uint32_t r = 0; r < IDS; r++)
		n += ops_argmax(a + (size_t)r * n_vocab, n_vocab) == ops_argmax(b + (size_t)r * n_vocab, n_vocab);
	return n;
}

static void quantized_keys_and_values_stay_near_halves(void **state)
{
	(void)state;
	static const struct {
		enum kv_type type;
		double most;     /* NMSE against F16 */
		uint32_t agreed; /* of IDS */
	} bounds[] = { { KV_F32, 1e-4, 398 }, { KV_Q8_0, 1.5e-4, 397 }, { KV_Q4_0, 0.03, 385 } };
	FILE *f = fopen(path, "rb");
	if (!f) skip();
	fclose(f);
	int32_t ids[IDS];
	assert_true(kernels_choose(NULL, NULL));
	own_words(ids);
	for (size_t level = kernels_level(1) ? 1 : 0; kernels_level(level); level++) { /* portable C takes long */
		uint32_t n_vocab;
		assert_true(kernels_choose(kernels_level(level), NULL));
		float *halves = logits_with(KV_F16, ids, &n_vocab);
		for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
			float *other = logits_with(bounds[i].type, ids, &n_vocab);
			double e = nmse(other, halves, n_vocab);
			uint32_t same = agree(other, halves, n_vocab);
			printf("# %s, K/V %s: nmse %.2g, %u of %d surest tokens\n", kernels_name(), kv_type_name(bounds[i].type), e,
			       same, IDS);
			assert_true(e < bounds[i].most);
			assert_true(same >= bounds[i].agreed);
			free(other);
		}
		free(halves);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(quantized_keys_and_values_stay_near_halves) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
