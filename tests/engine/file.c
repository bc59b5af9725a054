/* file: what hearth_file_* say of a model file, by its path or given as a descriptor. */
#include "engine/file.h"

#include "base/memory.h"
#include "tiny_model.h"

static struct error e;

static struct hearth_file_info facts(struct hearth_file *f)
{
	struct hearth_file_info info = { .size = sizeof info };
	hearth_file_info(f, &info);
	return info;
}

static void a_file_says_what_it_holds(void **state)
{
	(void)state;
	struct hearth_error error;
	struct hearth_file *f;
	const struct hearth_file_value *values;
	const struct hearth_file_type *types;
	uint64_t tensors, bytes;
	if (!hearth_file_open(tiny_path, &f, &error)) fail_msg("%s", error.text);
	struct hearth_file_info i = facts(f);
	struct hearth_file_info old = { .size = offsetof(struct hearth_file_info, architecture) };
	hearth_file_info(f, &old);
	assert_string_equal(old.name, i.name);
	assert_null(old.architecture);
	assert_string_equal(i.architecture, "llama");
	assert_int_equal(i.version, 3);
	assert_int_equal(i.n_embd, TINY_EMBD);
	assert_int_equal(i.n_vocab, TINY_VOCAB);
	size_t n = hearth_file_values(f, &values), count = 0;
	assert_true(n > 10);
	for (size_t k = 0; k < n; k++) {
		if (strcmp(values[k].key, "general.architecture") == 0) assert_non_null(strstr(values[k].value, "llama"));
	}
	n = hearth_file_types(f, &types);
	assert_true(hearth_file_verify(f, &tensors, &bytes, &error));
	uint64_t sum = 0;
	for (size_t k = 0; k < n; k++) {
		count += types[k].count;
		sum += types[k].bytes;
	}
	assert_int_equal(count, tensors);
	assert_int_equal(sum, bytes);
	hearth_file_close(f);
}

/* What a file would take is what the open model says that it takes. */
static void a_file_says_what_running_it_would_take(void **state)
{
	(void)state;
	struct hearth_error error;
	struct hearth_file *f;
	struct hearth *h;
	struct hearth_info info = { .size = sizeof info };
	struct hearth_file_plan plan = { .size = sizeof plan }, old = { .size = offsetof(struct hearth_file_plan, bytes_kv) };
	const struct hearth_options options = { .size = sizeof options, .model = tiny_path, .threads = 1, .context = 64 };
	if (!hearth_file_open(tiny_path, &f, &error)) fail_msg("%s", error.text);
	if (!hearth_file_plan(f, 64, &plan, &error)) fail_msg("%s", error.text);
	assert_true(hearth_open(&options, &h, &error));
	hearth_info(h, &info);
	assert_int_equal(plan.bytes_weights, info.bytes_weights);
	assert_int_equal(plan.bytes_kv, info.bytes_kv);
	assert_int_equal(plan.bytes_scratch, info.bytes_scratch);
	assert_int_equal(plan.bytes_total, info.bytes_total);
	assert_int_equal(plan.context, 64);
	assert_true(plan.bytes_token > 0 && plan.bytes_token <= plan.bytes_weights);
	hearth_close(h);
	assert_true(hearth_file_plan(f, 0, &old, &error));
	assert_true(old.bytes_weights == plan.bytes_weights && old.bytes_kv == 0);
	hearth_file_close(f);
}

static void a_descriptor_is_as_good_as_a_path(void **state)
{
	(void)state;
	struct file_given g;
	struct hearth_file *f;
	int fd = file_open(tiny_path, &e);
	file_given_begin(&g);
	assert_true(file_given_add(&g, fd, "some/where.gguf", &e));
	close(fd);
	assert_true(file_look(&g.source, "some/where.gguf", &f, &e));
	assert_string_equal(facts(f).architecture, "llama");
	hearth_file_close(f);
	assert_false(file_look(&g.source, tiny_path, &f, &e));
	assert_null(f);
	file_given_free(&g);
}

static void advice_is_taken_where_it_makes_sense(void **state)
{
	(void)state;
	struct hearth_error error;
	struct gguf_writer w = gguf_writer_new();
	struct hearth_file *f;
	char path[96];
	snprintf(path, sizeof path, "%s.advice", tiny_path);
	gguf_put_text(&w, "general.architecture", "llama", 5);
	gguf_put_f32(&w, "general.sampling.temp", 0.25F);
	gguf_put_i32(&w, "general.sampling.top_k", 20);
	gguf_put_f32(&w, "general.sampling.top_p", 1.5F);
	gguf_put_i32(&w, "general.sampling.penalty_repeat", 2);
	gguf_put_text(&w, "general.sampling.min_p", "x", 1);
	assert_true(gguf_writer_save(&w, path, &e));
	gguf_writer_free(&w);
	assert_true(hearth_file_open(path, &f, &error));
	const struct hearth_sampling usual = hearth_request_new(0).sampling, s = facts(f).sampling;
	assert_true(s.temperature > 0.24F && s.temperature < 0.26F);
	assert_int_equal(s.top_k, 20);
	assert_memory_equal(&s.top_p, &usual.top_p, sizeof s.top_p);
	assert_memory_equal(&s.min_p, &usual.min_p, sizeof s.min_p);
	assert_int_equal(s.penalty_last, usual.penalty_last);
	assert_true(s.repeat_penalty > 1.9F && s.repeat_penalty < 2.1F);
	hearth_file_close(f);
	unlink(path);
}

static void what_is_no_model_is_named(void **state)
{
	(void)state;
	static const struct {
		const char *start, *part;
	} cases[] = { { "<!doctype html>", "is a web page" },
		      { "version https://git-lfs.github.com/spec/v1", "Git LFS" },
		      { "PK\003\004.....", "ZIP archive" },
		      { "\x1f\x8b.....", "compressed" },
		      { "something else", "not a GGUF file" } };
	char path[96];
	snprintf(path, sizeof path, "%s.no", tiny_path);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct hearth_error error;
		struct hearth_file *f;
		FILE *out = fopen(path, "wb");
		assert_true(out && fputs(cases[i].start, out) >= 0 && fclose(out) == 0);
		assert_false(hearth_file_open(path, &f, &error));
		if (!strstr(error.text, cases[i].part)) fail_msg("'%s' does not say '%s'", error.text, cases[i].part);
	}
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_says_what_it_holds),         cmocka_unit_test(a_file_says_what_running_it_would_take),
		cmocka_unit_test(a_descriptor_is_as_good_as_a_path), cmocka_unit_test(advice_is_taken_where_it_makes_sense),
		cmocka_unit_test(what_is_no_model_is_named),
	};
	return cmocka_run_group_tests(tests, tiny_begin, tiny_end);
}
