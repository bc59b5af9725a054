/*
 * huggingface: folders whose configuration, tokenizer or weights are hostile: each is one line that names the file, takes no more
 * memory than the files, and its time grows as they do.
 */
#include "../hf_folder.h"
#include "../testdata.h"

#include <time.h>

/* The golden llama's folder with one file replaced. */
static void expect_refusal(const char *file, const char *text, size_t length, const char *says)
{
	struct error e = { "" };
	char path[200], *old;
	size_t size;
	snprintf(path, sizeof path, "%s/%s", folder, file);
	old = file_read(path, 1 << 26, &size, &e);
	assert_non_null(old);
	if (text)
		write_file(file, text, length);
	else
		remove_file(file);
	struct gguf *g = gguf_open(folder, &e);
	if (g) fail_msg("%s with '%.60s' was opened", file, text ? text : "");
	if (!strstr(e.text, says)) fail_msg("%s: \"%s\" does not say \"%s\"", file, e.text, says);
	write_file(file, old, size);
	memory_free(old);
}

#define SMALL                                                                                                                      \
	"\"hidden_size\": 8, \"num_hidden_layers\": 2, \"num_attention_heads\": 2, \"intermediate_size\": 8, "                     \
	"\"max_position_embeddings\": 64"
#define GEMMA "{\"model_type\": \"gemma3\", " SMALL ", "

static void hostile_folders_are_one_line(void **state)
{
	(void)state;
	static const struct {
		const char *file, *text, *says;
	} cases[] = {
		{ "config.json", NULL, "is a directory" },
		{ "config.json", "", "not JSON" },
		{ "config.json", "[1]", "no JSON object" },
		{ "config.json", "{}", "'model_type': is missing" },
		{ "config.json", "{\"model_type\": \"mamba\"}", "are not read directly" },
		{ "config.json", "{\"model_type\": \"llama\"}", "'hidden_size': is missing" },
		{ "config.json", "{\"model_type\": \"llama\", \"hidden_size\": -1}", "is not from" },
		{ "config.json", "{\"model_type\": \"llama\", \"hidden_size\": 1e99}", "no whole number" },
		{ "config.json", GEMMA "\"layer_types\": [\"full_attention\"]}", "1 for 2 layers" },
		{ "config.json", GEMMA "\"layer_types\": [\"full_attention\", 7]}", "layer 1 is neither" },
		{ "config.json", GEMMA "\"layer_types\": [\"chunked_attention\", \"full_attention\"]}", "layer 0 is neither" },
		{ "config.json", GEMMA "\"query_pre_attn_scalar\": 0}", "'query_pre_attn_scalar'" },
		{ "config.json", GEMMA "\"rope_parameters\": {\"full_attention\": {\"rope_theta\": -1}}}", "'rope_theta'" },
		{ "config.json",
		  "{\"model_type\": \"qwen2\", \"sliding_window\": 8, \"use_sliding_window\": true, \"max_window_layers\": "
		  "1, " SMALL "}",
		  "'use_sliding_window'" },
		{ "config.json", "{\"model_type\": \"phi\", \"layer_norm_eps\": \"x\", " SMALL "}", "'layer_norm_eps'" },
		{ "tokenizer.json", NULL, "tokenizer.json" },
		{ "tokenizer.json", "{\"model\": {\"type\": \"Unigram\"}}", "byte pair encoding" },
		{ "tokenizer.json", "{\"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}", "'model.vocab' is missing" },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 99999}, \"merges\": []}}", "beyond the embedding" },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": -1}, \"merges\": []}}", "beyond the embedding" },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": [\"ab\"]}}", "no pair" },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": [[1, 2]]}}", "no pair" },
		{ "tokenizer.json",
		  "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": []}, \"pre_tokenizer\": {\"pattern\": {\"Regex\": \"x\"}}}",
		  "pattern is unknown" },
		{ "tokenizer.json", "{\"added_tokens\": [{}], \"model\": {\"vocab\": {\"a\": 1}, \"merges\": []}}", "no 'id'" },
		{ "model.safetensors", NULL, "model.safetensors" },
		{ "model.safetensors", "", "too few" },
		{ "model.safetensors", "\377\377\377\377\377\377\377\377{}", "its header would be" },
		{ "model.safetensors", "\7\0\0\0\0\0\0\0{}", "its header would be" },
	};
	const char *golden = testdata("golden/arch/llama.gguf");
	if (!golden) skip();
	struct error e = { "" };
	struct source s = { gguf_open(golden, &e), "llama", "llama" };
	write_folder(&s, false);
	gguf_close((struct gguf *)(uintptr_t)s.file);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		bool binary = cases[i].text && (cases[i].text[0] == '\377' || cases[i].text[0] == '\7');
		size_t length = !cases[i].text ? 0 : binary ? 10 : strlen(cases[i].text);
		expect_refusal(cases[i].file, cases[i].text, length, cases[i].says);
	}
}

/* One entry in a weight file with 16 bytes of data behind it. */
static void hostile_entries_are_one_line(void **state)
{
	(void)state;
	static const struct {
		const char *entry, *says;
	} cases[] = {
		{ "\"a\": 1", "its entry is no object" },
		{ "\"a\": {}", "'dtype'" },
		{ "\"a\": {\"dtype\": \"Q9\", \"shape\": [4], \"data_offsets\": [0, 16]}", "'dtype'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": 4, \"data_offsets\": [0, 16]}", "'shape'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [1, 1, 1, 2, 2], \"data_offsets\": [0, 16]}", "'shape'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [-4], \"data_offsets\": [0, 16]}", "'shape'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [4294967296, 4294967296, 4], \"data_offsets\": [0, 16]}", "'shape'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [4611686018427387905], \"data_offsets\": [0, 4]}",
		  "as large as its shape" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 17]}", "behind the end" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [8, 0]}", "'data_offsets'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [-16, 0]}", "'data_offsets'" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [2], \"data_offsets\": [0, 16]}", "as large as its shape" },
		{ "\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}", "has no place" },
		{ "\"\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}", "name is empty" },
		{ "\"model.embed_tokens.weight\": {\"dtype\": \"F8_E4M3\", \"shape\": [4, 4], \"data_offsets\": [0, 16]}",
		  "F8_E4M3 is not read" },
		{ "\"model.layers.0.self_attn.q_proj.weight\": {\"dtype\": \"F32\", \"shape\": [1, 4], \"data_offsets\": [0, 16]}",
		  "heads" },
		{ "\"model.norm.weight\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}",
		  "no tensor 'model.embed_tokens" },
	};
	if (!testdata("golden/arch/llama.gguf")) skip();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer head = buffer_new(1 << 16), all = buffer_new(1 << 16);
		buffer_format(&head, "{%s}", cases[i].entry);
		uint64_t length = head.size;
		buffer_append(&all, &length, sizeof length);
		buffer_append(&all, head.data, head.size);
		buffer_append(&all, "0123456789abcdef", 16);
		expect_refusal("model.safetensors", all.data, all.size, cases[i].says);
		buffer_free(&head);
		buffer_free(&all);
	}
}

static void an_index_stays_in_its_folder(void **state)
{
	(void)state;
	static const char *const names[] = { "../x.safetensors", "/etc/passwd", "", ".hidden" };
	if (!testdata("golden/arch/llama.gguf")) skip();
	write_file("model.safetensors.index.json", "{}", 2);
	expect_refusal("model.safetensors.index.json", "{\"weight_map\": {}}", 18, "names none");
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char text[100];
		int n = snprintf(text, sizeof text, "{\"weight_map\": {\"a\": \"%s\"}}", names[i]);
		expect_refusal("model.safetensors.index.json", text, (size_t)n, "does not lie in the folder");
	}
	remove_file("model.safetensors.index.json");
}

/* Texts made by repeating: what JSON does not hold, and what a reader must not follow down. */
static void nests_and_repeats_are_one_line(void **state)
{
	(void)state;
	static const struct {
		const char *file, *begin, *again, *middle, *back, *end, *says;
		size_t times;
	} cases[] = {
		{ "config.json", "", "[", "", "]", "", "config.json", 100000 },
		{ "config.json", "{\"model_type\": ", "{\"a\": ", "1", "}", "}", "config.json", 100000 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": ", "[", "", "]", "}}", "tokenizer.json",
		  100000 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1", ", \"a\": 1", "", "", "}, \"merges\": []}}",
		  "tokenizer.json", 1 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": []", "}", "", "", "", "tokenizer.json", 1000 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1}, \"merges\": [\"", "x", "", "", "\"]}}", "no pair",
		  1 << 20 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"", "\\ud800", "", "", "\": 1}, \"merges\": []}}", "tokenizer.json",
		  1 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"", "\\u0000", "", "", "\": 1}, \"merges\": []}}", "tokenizer.json",
		  1 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"", "\xff", "", "", "\": 1}, \"merges\": []}}", "tokenizer.json",
		  1 },
		{ "tokenizer.json", "{\"model\": {\"vocab\": {\"a\": 1", "e", "99", "", "}, \"merges\": []}}", "whole number", 1 },
	};
	if (!write_case(0, "/tmp/hearth-bad-hf.gguf")) skip();
	remove_file("model.safetensors.index.json");
	if (!write_case(2, "/tmp/hearth-bad-hf.gguf")) skip();
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buffer b = buffer_new(1 << 26);
		buffer_append_text(&b, cases[i].begin);
		for (size_t k = 0; k < cases[i].times; k++) buffer_append_text(&b, cases[i].again);
		buffer_append_text(&b, cases[i].middle);
		for (size_t k = 0; k < cases[i].times; k++) buffer_append_text(&b, cases[i].back);
		buffer_append_text(&b, cases[i].end);
		assert_false(b.failed);
		expect_refusal(cases[i].file, b.data, b.size, cases[i].says);
		buffer_free(&b);
	}
	unlink("/tmp/hearth-bad-hf.gguf");
}

/* Two tensors in one file. */
static void expect_pair(const char *entries, const char *says)
{
	struct buffer head = buffer_new(1 << 16), all = buffer_new(1 << 16);
	buffer_format(&head, "{%s}", entries);
	uint64_t length = head.size;
	buffer_append(&all, &length, sizeof length);
	buffer_append(&all, head.data, head.size);
	buffer_append(&all, "0123456789abcdef0123456789abcdef", 32);
	expect_refusal("model.safetensors", all.data, all.size, says);
	buffer_free(&head);
	buffer_free(&all);
}

static void pairs_that_contradict_each_other_are_one_line(void **state)
{
	(void)state;
	if (!testdata("golden/arch/llama.gguf")) skip();
	expect_pair("\"a\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}, "
	            "\"b\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [12, 28]}",
	            "tensor 'b': its data overlap");
	expect_pair("\"b\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [16, 32]}, "
	            "\"a\": {\"dtype\": \"F32\", \"shape\": [8], \"data_offsets\": [0, 32]}",
	            "its data overlap");
	expect_pair("\"model.norm.weight\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}, "
	            "\"model.norm.weight\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [16, 32]}",
	            "model.safetensors");
	expect_pair("\"model.norm.weight\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]}, "
	            "\"norm.weight\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [16, 32]}, "
	            "\"model.embed_tokens.weight\": {\"dtype\": \"F16\", \"shape\": [1, 0], \"data_offsets\": [32, 32]}",
	            "'shape'");
}

/* The same weight under two names that mean one, in two files of an index, each whole. */
static void a_tensor_in_two_files_is_one_line(void **state)
{
	(void)state;
	struct error e = { "" };
	if (!write_case(0, "/tmp/hearth-bad-hf.gguf")) skip();
	static const char index[] =
	        "{\"weight_map\": {\"x\": \"a.safetensors\", \"y\": \"b.safetensors\", \"z\": \"c.safetensors\"}}";
	char from[100], to[100];
	size_t size;
	snprintf(from, sizeof from, "%s/a.safetensors", folder);
	snprintf(to, sizeof to, "%s/c.safetensors", folder);
	char *bytes = file_read(from, 1 << 26, &size, &e);
	assert_non_null(bytes);
	write_file("c.safetensors", bytes, size);
	expect_refusal("model.safetensors.index.json", index, sizeof index - 1, "twice");
	memory_free(bytes);
	remove_file("c.safetensors");
	unlink("/tmp/hearth-bad-hf.gguf");
}

/* Seconds of the processor to open the folder with a tokenizer of n merges, one as good as any. */
static double seconds_of_merges(size_t n, const char *merge)
{
	struct buffer b = buffer_new(1 << 28);
	struct error e;
	buffer_append_text(&b, "{\"model\": {\"vocab\": {\"a\": 1, \"b\": 2, \"ab\": 3}, \"merges\": [");
	for (size_t i = 0; i < n; i++) buffer_format(&b, "%s%s", i ? "," : "", merge);
	buffer_append_text(&b, "]}}");
	assert_false(b.failed);
	write_file("tokenizer.json", b.data, b.size);
	buffer_free(&b);
	clock_t start = clock();
	gguf_close(gguf_open(folder, &e)); /* opened or refused */
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void time_grows_with_the_files(void **state)
{
	(void)state;
	if (!write_case(2, "/tmp/hearth-bad-hf.gguf")) skip();
	static const char *const merges[] = { "\"a b\"", "[\"a\", \"b\"]", "\"x y\"" };
	for (size_t i = 0; i < sizeof merges / sizeof merges[0]; i++) {
		double one = seconds_of_merges(50000, merges[i]), four = seconds_of_merges(200000, merges[i]);
		if (four > 16 * one + 1) fail_msg("%s: %g s, then %g s for four times as many", merges[i], one, four);
	}
	unlink("/tmp/hearth-bad-hf.gguf");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_folders_are_one_line),
		cmocka_unit_test(hostile_entries_are_one_line),
		cmocka_unit_test(an_index_stays_in_its_folder),
		cmocka_unit_test(nests_and_repeats_are_one_line),
		cmocka_unit_test(pairs_that_contradict_each_other_are_one_line),
		cmocka_unit_test(a_tensor_in_two_files_is_one_line),
		cmocka_unit_test(time_grows_with_the_files),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
