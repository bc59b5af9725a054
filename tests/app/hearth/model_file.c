/* model_file: facts of a file, finding by name, and the arithmetic of memory. */
#include "app/hearth/model_file.h"

#include "base/machine.h"
#include "format/gguf_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct paths p;
static struct error e;

static const char *in_folder(const char *name)
{
	static char path[PATHS_ROOM];
	assert_true(paths_join(path, p.models, name));
	return path;
}

/* A file with the numbers of a small model and one tensor of 64 x 2 weights in Q8_0. */
static void write_model(const char *name, const char *title, bool heads_by_layer)
{
	struct gguf_writer w = gguf_writer_new();
	static const uint8_t bytes[2 * 2 * 34];
	const uint64_t dims[] = { 64, 2 };
	gguf_put_text(&w, "general.architecture", "llama", 5);
	if (title) gguf_put_text(&w, "general.name", title, strlen(title));
	gguf_put_u32(&w, "llama.block_count", 4);
	gguf_put_u32(&w, "llama.embedding_length", 64);
	gguf_put_u32(&w, "llama.context_length", 4096);
	gguf_put_u32(&w, "llama.attention.head_count", 8);
	if (heads_by_layer) {
		const int32_t heads[] = { 2, 0, 2, 1 };
		gguf_put_array(&w, "llama.attention.head_count_kv", GGUF_I32, heads, 4);
	} else {
		gguf_put_u32(&w, "llama.attention.head_count_kv", 2);
	}
	gguf_put_tensor(&w, "token_embd.weight", TYPE_Q8_0, 2, dims, bytes, sizeof bytes);
	assert_true(gguf_writer_save(&w, in_folder(name), &e));
	gguf_writer_free(&w);
}

static void facts_are_read(void **state)
{
	(void)state;
	struct model_file m;
	write_model("a.gguf", "A \033[31mmodel", false);
	assert_true(model_file_look(&m, in_folder("a.gguf"), &e));
	assert_string_equal(m.name, "A ^[[31mmodel");
	assert_string_equal(m.architecture, "llama");
	assert_string_equal(m.weights, "Q8_0");
	assert_true(m.parameters == 128 && m.n_layer == 4 && m.n_embd == 64 && m.context_trained == 4096);
	assert_int_equal(m.kv_position, 4 * 2 * (8 + 8) * 2); /* layers, heads, key and value, F16 */
	assert_int_equal(model_file_usual_context(&m), 4096);
	assert_false(m.has_template);
	write_model("a.gguf", NULL, true);
	assert_true(model_file_look(&m, in_folder("a.gguf"), &e));
	assert_string_equal(m.name, "a.gguf");
	assert_int_equal(m.kv_position, (2 + 0 + 2 + 1) * (8 + 8) * 2);
	struct buffer b = buffer_new(1 << 16);
	struct hearth_file *file;
	assert_true(model_file_open(&m, in_folder("a.gguf"), &file, &e));
	assert_true(model_file_describe(&b, &m, file, false, &e));
	hearth_file_close(file);
	assert_non_null(strstr(buffer_text(&b), "weights       128, most of them Q8_0"));
	buffer_clear(&b);
	assert_true(model_file_json(&b, &m));
	assert_non_null(strstr(buffer_text(&b), "\"parameters\": 128, \"layers\": 4"));
	buffer_free(&b);
	unlink(in_folder("a.gguf"));
}

static void memory_is_reckoned_before_loading(void **state)
{
	(void)state;
	struct error warning;
	struct model_file m = { .size = 1000000, .kv_position = 1000, .context_trained = 100000 };
	uint64_t all = machine_memory();
	if (!all) skip();
	assert_true(model_file_fits(&m, 0, &warning, &e));
	assert_string_equal(warning.text, "");
	assert_int_equal(model_file_usual_context(&m), 8192);
	assert_false(model_file_fits(&m, all / 1000, &warning, &e)); /* as much context as memory has bytes for it */
	assert_non_null(strstr(e.text, "would fit"));
	m.size = all;
	assert_false(model_file_fits(&m, 0, &warning, &e));
	assert_non_null(strstr(e.text, "not enough memory"));
	m.size = UINT64_MAX / 2;
	assert_false(model_file_fits(&m, UINT64_MAX, &warning, &e));
	m.size = 0;
	m.kv_position = 0; /* nothing is known of the context: no reason to refuse */
	assert_true(model_file_fits(&m, 1 << 20, &warning, &e));
}

static void expect_found(const char *name, const char *file)
{
	char path[PATHS_ROOM];
	if (!model_file_find(path, &p, name, &e)) fail_msg("%s: %s", name, e.text);
	assert_string_equal(path, in_folder(file));
}

static void expect_not_found(const char *name, const char *part)
{
	char path[PATHS_ROOM];
	assert_false(model_file_find(path, &p, name, &e));
	if (!strstr(e.text, part)) fail_msg("'%s' does not say '%s'", e.text, part);
}

static void a_model_is_found_by_what_people_type(void **state)
{
	(void)state;
	expect_not_found("qwen", "has none yet");
	write_model("Qwen3-4B-Q4_K_M.gguf", NULL, false);
	write_model("Qwen3-4B-Q8_0.gguf", NULL, false);
	write_model("Tiny.GGUF", NULL, false);
	write_model("Tiny-Two.gguf", NULL, false);
	write_model("Big-00001-of-00002.gguf", NULL, false);
	write_model("Big-00002-of-00002.gguf", NULL, false);
	expect_found("Qwen3-4B-Q8_0.gguf", "Qwen3-4B-Q8_0.gguf");
	expect_found("qwen3-4b-q8_0", "Qwen3-4B-Q8_0.gguf");
	expect_found("q4_k_m", "Qwen3-4B-Q4_K_M.gguf");
	expect_found("tiny", "Tiny.GGUF"); /* the whole name goes before a part of one */
	expect_found("big", "Big-00001-of-00002.gguf");
	expect_found(in_folder("Tiny.GGUF"), "Tiny.GGUF");
	expect_not_found("qwen3", "2 files");
	expect_not_found("llama", "nor in the models folder");
	expect_not_found("./nowhere", "no such file");
	expect_not_found(p.models, "is a directory");
	expect_not_found("builtin", "built-in model is not there");
	struct buffer names = buffer_new(1 << 16);
	assert_int_equal(model_file_list(&names, p.models), 5);
	assert_string_equal(buffer_text(&names), "Big-00001-of-00002.gguf");
	buffer_free(&names);
	static const char *const files[] = { "Qwen3-4B-Q4_K_M.gguf", "Qwen3-4B-Q8_0.gguf",      "Tiny.GGUF",
		                             "Tiny-Two.gguf",        "Big-00001-of-00002.gguf", "Big-00002-of-00002.gguf" };
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) unlink(in_folder(files[i]));
}

static void numbers_are_written_for_people(void **state)
{
	(void)state;
	char text[32];
	model_file_count(text, 0);
	assert_string_equal(text, "0");
	model_file_count(text, 1234567);
	assert_string_equal(text, "1,234,567");
	model_file_count(text, 999);
	assert_string_equal(text, "999");
	model_file_count(text, UINT64_MAX);
	assert_string_equal(text, "18,446,744,073,709,551,615");
	model_file_bytes(text, 2500000000);
	assert_string_equal(text, "2.5 GB");
	model_file_bytes(text, 16000000);
	assert_string_equal(text, "16 MB");
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(p.models, sizeof p.models, "/tmp/hearth-models-XXXXXX");
	return mkdtemp(p.models) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(p.models);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_read),
		cmocka_unit_test(memory_is_reckoned_before_loading),
		cmocka_unit_test(a_model_is_found_by_what_people_type),
		cmocka_unit_test(numbers_are_written_for_people),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
