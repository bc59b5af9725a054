/*
 * huggingface: a folder as transformers writes it gives the logits of the GGUF file that it was made from, and hostile folders give
 * one line. The folders are written here, from the golden files.
 */
#include "../testdata.h"
#include "base/file.h"
#include "opened.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/hearth-hf-XXXXXX";

static void write_file(const char *name, const void *bytes, size_t size)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

static void write_text(const char *name, const struct buffer *b)
{
	write_file(name, b->data, b->size);
}

static void remove_file(const char *name)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	unlink(path);
}

struct source {
	const struct gguf *file;
	const char *arch, *model_type;
};

static double value_of(const struct source *s, const char *key, double absent)
{
	char full[100];
	snprintf(full, sizeof full, "%s.%s", s->arch, key);
	const struct gguf_value *v = gguf_find(s->file, full);
	if (!v) return absent;
	return v->item == GGUF_F32 ? gguf_item_float(v, 0) : (double)gguf_item_int(v, 0);
}

/* The same number under another name, where the file has it. */
static void put_number(struct buffer *b, const struct source *s, const char *theirs, const char *ours, const char *format)
{
	double v = value_of(s, ours, -1);
	if (v < 0) return;
	buffer_format(b, ", \"%s\": ", theirs);
	if (format[1] == 'd')
		buffer_format(b, "%d", (int)v);
	else
		buffer_format(b, "%.9g", v);
}

static void put_factors(struct buffer *b, const struct source *s, const char *key, const char *tensor)
{
	const struct gguf_tensor *t = gguf_tensor(s->file, tensor);
	buffer_format(b, "\"%s\": [", key);
	for (size_t i = 0; i < t->dims[0]; i++) {
		float v;
		memcpy(&v, t->data + 4 * i, sizeof v);
		buffer_format(b, "%s%.9g", i ? ", " : "", (double)v);
	}
	buffer_append_text(b, "]");
}

static void write_config(const struct source *s)
{
	static const char *const names[][3] = {
		{ "hidden_size", "embedding_length", "%d" },
		{ "num_hidden_layers", "block_count", "%d" },
		{ "intermediate_size", "feed_forward_length", "%d" },
		{ "num_attention_heads", "attention.head_count", "%d" },
		{ "num_key_value_heads", "attention.head_count_kv", "%d" },
		{ "head_dim", "attention.key_length", "%d" },
		{ "max_position_embeddings", "context_length", "%d" },
		{ "rms_norm_eps", "attention.layer_norm_rms_epsilon", "%g" },
		{ "rope_theta", "rope.freq_base", "%g" },
		{ "sliding_window", "attention.sliding_window", "%d" },
		{ "attn_logit_softcapping", "attn_logit_softcapping", "%g" },
		{ "final_logit_softcapping", "final_logit_softcapping", "%g" },
		{ "original_max_position_embeddings", "rope.scaling.original_context_length", "%d" },
	};
	struct buffer b = buffer_new(1 << 16);
	buffer_format(&b, "{\"model_type\": \"%s\", \"bos_token_id\": 1, \"eos_token_id\": [2, 1]", s->model_type);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) put_number(&b, s, names[i][0], names[i][1], names[i][2]);
	if (gguf_tensor(s->file, "rope_factors_long.weight")) {
		buffer_append_text(&b, ", \"rope_scaling\": {\"type\": \"longrope\"");
		put_number(&b, s, "attention_factor", "rope.scaling.attn_factor", "%g");
		buffer_append_text(&b, ", ");
		put_factors(&b, s, "long_factor", "rope_factors_long.weight");
		buffer_append_text(&b, ", ");
		put_factors(&b, s, "short_factor", "rope_factors_short.weight");
		buffer_append_text(&b, "}");
	} else if (value_of(s, "rope.scaling.factor", 0) > 0) {
		buffer_append_text(&b, ", \"rope_scaling\": {\"rope_type\": \"linear\"");
		put_number(&b, s, "factor", "rope.scaling.factor", "%g");
		buffer_append_text(&b, "}");
	}
	buffer_format(&b, ", \"tie_word_embeddings\": %s}", gguf_tensor(s->file, "output.weight") ? "false" : "true");
	write_text("config.json", &b);
	buffer_free(&b);
}

static const char *their_part(const struct source *s, const char *part)
{
	static const char *const parts[][2] = {
		{ "attn_norm", "input_layernorm" },
		{ "attn_q", "self_attn.q_proj" },
		{ "attn_k", "self_attn.k_proj" },
		{ "attn_v", "self_attn.v_proj" },
		{ "attn_output", "self_attn.o_proj" },
		{ "attn_qkv", "self_attn.qkv_proj" },
		{ "attn_q_norm", "self_attn.q_norm" },
		{ "attn_k_norm", "self_attn.k_norm" },
		{ "ffn_gate", "mlp.gate_proj" },
		{ "ffn_down", "mlp.down_proj" },
		{ "post_ffw_norm", "post_feedforward_layernorm" },
		{ "post_attention_norm", "post_attention_layernorm" },
	};
	bool post = gguf_tensor(s->file, "blk.0.post_ffw_norm.weight");
	if (strcmp(part, "ffn_norm") == 0) return post ? "pre_feedforward_layernorm" : "post_attention_layernorm";
	if (strcmp(part, "ffn_up") == 0) return strcmp(s->arch, "phi3") == 0 ? "mlp.gate_up_proj" : "mlp.up_proj";
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(parts[i][0], part) == 0) return parts[i][1];
	}
	fail_msg("%s has no name in a folder", part);
	return NULL;
}

static void their_name(const struct source *s, const char *name, char *out, size_t room)
{
	char part[64];
	unsigned layer;
	int end;
	const char *dot = strrchr(name, '.');
	if (sscanf(name, "blk.%u.%n", &layer, &end) == 1) {
		snprintf(part, sizeof part, "%.*s", (int)(dot - name - end), name + end);
		snprintf(out, room, "model.layers.%u.%s%s", layer, their_part(s, part), dot);
	} else if (strcmp(name, "output.weight") == 0) {
		snprintf(out, room, "lm_head.weight");
	} else {
		snprintf(out, room, "model.%s.weight", strcmp(name, "token_embd.weight") == 0 ? "embed_tokens" : "norm");
	}
}

/* A tensor's bytes as a folder has them: heads in halves, Gemma's norms less 1. */
static void their_bytes(const struct source *s, const struct gguf_tensor *t, uint8_t *out)
{
	memcpy(out, t->data, t->size);
	if (strncmp(s->arch, "gemma", 5) == 0 && t->n_dims == 1) {
		for (size_t i = 0; i < t->dims[0]; i++) {
			float v;
			memcpy(&v, out + 4 * i, sizeof v);
			v -= 1;
			memcpy(out + 4 * i, &v, sizeof v);
		}
	}
	bool query = strstr(t->name, "attn_q."), key = strstr(t->name, "attn_k.");
	if (strcmp(s->arch, "llama") != 0 || (!query && !key)) return;
	size_t rows = (size_t)(t->n_dims > 1 ? t->dims[1] : t->dims[0]), row = t->size / rows;
	size_t heads = (size_t)value_of(s, query ? "attention.head_count" : "attention.head_count_kv", 0), half = rows / heads / 2;
	for (size_t r = 0; r < rows; r++) {
		size_t h = r / (2 * half), i = r % (2 * half);
		memcpy(out + (h * 2 * half + i % 2 * half + i / 2) * row, t->data + r * row, row);
	}
}

/* Every `step`-th tensor from `first` on, into one file. */
static void write_weights(const struct source *s, const char *path, size_t first, size_t step, struct buffer *index)
{
	struct buffer head = buffer_new(1 << 24), data = buffer_new(1 << 26);
	char name[200];
	for (size_t i = first; i < gguf_tensor_count(s->file); i += step) {
		const struct gguf_tensor *t = gguf_tensor_at(s->file, i);
		if (strncmp(t->name, "rope_", 5) == 0) continue;
		their_name(s, t->name, name, sizeof name);
		buffer_format(&head, "%s\"%s\": {\"dtype\": \"%s\", \"shape\": [",
		              head.size ? ", " : "{\"__metadata__\": {\"format\": \"pt\"}, ", name, t->type->name);
		if (t->n_dims > 1) buffer_format(&head, "%d, ", (int)t->dims[1]);
		buffer_format(&head, "%d], \"data_offsets\": [%zu, %zu]}", (int)t->dims[0], data.size, data.size + t->size);
		buffer_format(index, "%s\"%s\": \"%s\"", index->size ? ", " : "{\"weight_map\": {", name, path);
		their_bytes(s, t, buffer_extend(&data, t->size));
	}
	buffer_append_text(&head, "}");
	struct buffer all = buffer_new(1 << 27);
	uint64_t length = head.size;
	buffer_append(&all, &length, sizeof length);
	buffer_append(&all, head.data, head.size);
	buffer_append(&all, data.data, data.size);
	assert_false(all.failed);
	write_text(path, &all);
	buffer_free(&all);
	buffer_free(&head);
	buffer_free(&data);
}

static void write_tokenizer(const struct source *s)
{
	struct buffer b = buffer_new(1 << 24);
	const struct gguf_value *tokens = gguf_find(s->file, "tokenizer.ggml.tokens");
	buffer_append_text(
	        &b, "{\"added_tokens\": [{\"id\": 1, \"content\": \"<s>\", \"special\": true}, {\"id\": 2, \"content\": \"</s>\", "
	            "\"special\": true}], \"model\": {\"type\": \"BPE\", \"unk_token\": \"<unk>\", \"byte_fallback\": true, "
	            "\"vocab\": {");
	for (uint64_t i = 0; i < tokens->count; i++) {
		struct gguf_text t = gguf_item_text(tokens, i);
		buffer_format(&b, "%s\"", i ? ", " : "");
		for (size_t k = 0; k < t.length; k++) {
			if (t.data[k] == '"' || t.data[k] == '\\') buffer_append_byte(&b, '\\');
			buffer_append_byte(&b, (uint8_t)t.data[k]);
		}
		buffer_format(&b, "\": %d", (int)i);
	}
	buffer_append_text(&b, "}, \"merges\": []}}");
	write_text("tokenizer.json", &b);
	buffer_free(&b);
}

/* A folder in one file, or in two with an index. */
static void write_folder(const struct source *s, bool split)
{
	struct buffer index = buffer_new(1 << 24);
	remove_file("model.safetensors.index.json");
	write_config(s);
	write_tokenizer(s);
	if (split) {
		write_weights(s, "a.safetensors", 0, 2, &index);
		write_weights(s, "b.safetensors", 1, 2, &index);
		buffer_append_text(&index, "}}");
		write_text("model.safetensors.index.json", &index);
	} else {
		write_weights(s, "model.safetensors", 0, 1, &index);
	}
	buffer_free(&index);
}

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
	static const struct {
		const char *golden, *arch, *model_type;
		bool split;
	} cases[] = {
		{ "llama", "llama", "llama", true },         { "llama-bias", "llama", "llama", false },
		{ "llama-tied", "llama", "mistral", false }, { "qwen2", "qwen2", "qwen2", false },
		{ "qwen3", "qwen3", "qwen3", true },         { "gemma", "gemma", "gemma", false },
		{ "gemma2", "gemma2", "gemma2", false },     { "gemma3", "gemma3", "gemma3_text", true },
		{ "phi3", "phi3", "phi3", false },           { "phi3-long", "phi3", "phi3", false },
	};
	static float a[40 * 400], b[40 * 400];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char path[100];
		snprintf(path, sizeof path, "golden/arch/%s.gguf", cases[i].golden);
		const char *golden = testdata(path);
		if (!golden) skip();
		struct error e = { "" };
		struct source s = { gguf_open(golden, &e), cases[i].arch, cases[i].model_type };
		assert_non_null(s.file);
		write_folder(&s, cases[i].split);
		gguf_close((struct gguf *)(uintptr_t)s.file);
		uint32_t n_a, n_b;
		run(golden, a, &n_a);
		run(folder, b, &n_b);
		assert_int_equal(n_a, n_b);
		double error = 0, size = 0;
		for (size_t k = 0; k < 40 * (size_t)n_a; k++) {
			error += (double)(a[k] - b[k]) * (double)(a[k] - b[k]);
			size += (double)(a[k] * a[k]);
		}
		if (!(error <= 1e-10 * size)) fail_msg("%s: error %g", cases[i].golden, error / size);
	}
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

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : 1;
}

static int remove_folder(void **state)
{
	(void)state;
	static const char *const files[] = { "config.json",   "tokenizer.json", "model.safetensors", "model.safetensors.index.json",
		                             "a.safetensors", "b.safetensors" };
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) remove_file(files[i]);
	return rmdir(folder);
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
