/*
 * huggingface: a folder as transformers writes it gives the logits of the GGUF file that it was made from, and hostile folders give
 * one line. The folders are written here, from the golden files.
 */
#include "../hf_folder.h"
#include "../testdata.h"
#include "base/file.h"
#include "opened.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void run(const char *path, float *logits, uint32_t *n_vocab)
{
	struct opened o = open_model(path, 2, (struct model_options){ .context = 64, .exact = true });
	int32_t ids[40];
	for (int i = 0; i < 40; i++) ids[i] = 3 + i * 7 % 300;
	struct sequence *s = new_sequence(&o);
	run_ids(&o, s, ids, 40, 40, ROW_PROMPT, logits);
	*n_vocab = o.n_vocab;
	sequence_free(s);
	close_model(&o);
}

static void folders_give_the_logits_of_their_files(void **state)
{
	(void)state;
	static float a[40 * 400], b[40 * 400];
	char made[] = "/tmp/hearth-hf-XXXXXX";
	close(mkstemp(made));
	for (size_t i = 0; i < HF_CASES; i++) {
		if (!write_case(i, made)) skip();
		uint32_t n_a, n_b;
		run(made, a, &n_a);
		run(folder, b, &n_b);
		assert_int_equal(n_a, n_b);
		double error = 0, size = 0;
		for (size_t k = 0; k < 40 * (size_t)n_a; k++) {
			error += (double)(a[k] - b[k]) * (double)(a[k] - b[k]);
			size += (double)(a[k] * a[k]);
		}
		if (!(error <= 1e-10 * size)) fail_msg("%s: error %g", hf_cases[i].golden, error / size);
	}
	unlink(made);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_give_the_logits_of_their_files),
		cmocka_unit_test(hostile_folders_are_one_line),
		cmocka_unit_test(hostile_entries_are_one_line),
		cmocka_unit_test(an_index_stays_in_its_folder),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
