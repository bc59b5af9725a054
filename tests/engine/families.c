/* families: through the whole engine, real weights: the same answer alone and beside seven others at any number of threads. */
#include "../testdata.h"
#include "asked.h"

#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"

enum { SIDE_BY_SIDE = 8, ANSWER = 24, MOST_JSON = 1 << 20 };

static struct asked alone[SIDE_BY_SIDE], beside[SIDE_BY_SIDE];
static struct asked *const all_beside[] = { &beside[0], &beside[1], &beside[2], &beside[3],
	                                    &beside[4], &beside[5], &beside[6], &beside[7] };

/* Prompts of 3 to 80 ids; odd ones draw by chance. */
static struct hearth_request request_number(int i, uint32_t n_vocab, int32_t *ids)
{
	size_t n = 3 + (size_t)(i * 11);
	for (size_t k = 0; k < n; k++) ids[k] = (int32_t)((k * 7919 + (size_t)i * 104729 + 3) % n_vocab);
	struct hearth_request r = asked_ids(ids, n, ANSWER);
	if (i % 2) r.sampling = hearth_request_new(HEARTH_IDS).sampling;
	r.sampling.seed = (uint64_t)i + 1;
	return r;
}

static void compare_alone_and_beside(const char *path)
{
	int32_t ids[128];
	for (uint32_t threads = 1; threads <= 4; threads *= 2) {
		struct hearth *h = asked_open(path, threads, 256);
		struct hearth_info info = { .size = sizeof info };
		hearth_info(h, &info);
		for (int i = 0; i < SIDE_BY_SIDE && threads == 1; i++) {
			struct hearth_request r = request_number(i, info.n_vocab, ids);
			asked_run(h, &r, &alone[i]);
			assert_int_equal(alone[i].n_ids, ANSWER);
		}
		for (int i = 0; i < SIDE_BY_SIDE; i++) {
			struct hearth_request r = request_number(i, info.n_vocab, ids);
			asked_submit(h, &r, &beside[i]);
		}
		asked_wait(h, all_beside, SIDE_BY_SIDE);
		for (int i = 0; i < SIDE_BY_SIDE; i++) {
			if (beside[i].n_ids != ANSWER || memcmp(beside[i].ids, alone[i].ids, ANSWER * sizeof alone[i].ids[0]) != 0)
				fail_msg("%s: request %d at %u threads differs from itself alone", path, i, threads);
		}
		hearth_close(h);
	}
}

static void each_family_answers_the_same_alone_and_beside_others(void **state)
{
	(void)state;
	static const char *const families[] = { "llama", "llama-moe", "qwen2",  "qwen3", "qwen3moe",
		                                "gemma", "gemma2",    "gemma3", "phi3",  "mistral3" };
	unsigned n = 0;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
		char name[64];
		snprintf(name, sizeof name, "golden/arch/%s.gguf", families[i]);
		const char *path = testdata(name);
		if (!path) continue;
		compare_alone_and_beside(path);
		n++;
	}
	if (n == 0) skip();
}

static void each_weight_type_answers_the_same_alone_and_beside_others(void **state)
{
	(void)state;
	static const char *const types[] = { "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K" };
	unsigned n = 0;
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
		char name[64];
		snprintf(name, sizeof name, "golden/quant/llama-%s.gguf", types[i]);
		const char *path = testdata(name);
		if (!path) continue;
		compare_alone_and_beside(path);
		n++;
	}
	if (n == 0) skip();
}

static size_t read_ids(const json_t *list, int32_t *ids)
{
	size_t n = json_array_size(list);
	assert_true(n <= ASKED_MOST);
	for (size_t i = 0; i < n; i++) ids[i] = (int32_t)json_integer_value(json_array_get(list, i));
	return n;
}

/* Runs `input` greedily; returns how many ids at the beginning are the expected ones. */
static size_t equal_ids(struct hearth *h, const json_t *expected)
{
	static int32_t input[ASKED_MOST], ids[ASKED_MOST];
	size_t n_input = read_ids(json_object_get(expected, "input"), input);
	size_t n = read_ids(json_object_get(expected, "ids"), ids), equal = 0;
	struct hearth_request r = asked_ids(input, n_input, (uint32_t)n);
	r.ignore_end = false;
	asked_run(h, &r, &alone[0]);
	while (equal < n && equal < alone[0].n_ids && alone[0].ids[equal] == ids[equal]) equal++;
	return equal;
}

static void stories_are_told_as_the_reference_tells_them(void **state)
{
	(void)state;
	const char *model = testdata("real/stories260K.gguf"), *path = testdata("real/stories260K.expected.json");
	if (!model || !path) skip();
	size_t size;
	char *text = file_read(path, MOST_JSON, &size, NULL);
	json_t *expected = json_parse(text, size, path, NULL);
	assert_non_null(expected);
	struct hearth_error error;
	struct hearth *h;
	struct hearth_options o = { .size = sizeof o, .model = model, .threads = 2, .context = 512, .exact = true };
	if (!hearth_open(&o, &h, &error)) fail_msg("%s", error.text);
	assert_int_equal(equal_ids(h, json_object_get(expected, "greedy_from_bos")), 256);
	size_t i;
	json_t *prompt;
	json_array_foreach(json_object_get(expected, "prompts"), i, prompt)
	{
		/* The reference keeps half-precision K/V. Where its two best tokens were nearer to each other than that is exact,
		 * the answer may go another way (a forward pass in float64 does too). */
		bool sure = json_number_value(json_object_get(prompt, "min_margin")) > 0.004;
		size_t equal = equal_ids(h, prompt);
		if (sure) assert_int_equal(equal, 64);
		assert_true(equal >= 4);
	}
	hearth_close(h);
	json_decref(expected);
	memory_free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_family_answers_the_same_alone_and_beside_others),
		cmocka_unit_test(each_weight_type_answers_the_same_alone_and_beside_others),
		cmocka_unit_test(stories_are_told_as_the_reference_tells_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
