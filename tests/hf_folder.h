/*
 * hf_folder: a folder as transformers writes it, made by a test from a golden file: config.json, tokenizer.json and the weights in
 * one file or in two with an index.
 */
#ifndef HEARTH_TESTS_HF_FOLDER_H
#define HEARTH_TESTS_HF_FOLDER_H

#include "testdata.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/gguf_writer.h"
#include "nn/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/hearth-hf-XXXXXX";

static inline void write_file(const char *name, const void *bytes, size_t size)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	fclose(f);
}

static inline void write_text(const char *name, const struct buffer *b)
{
	write_file(name, b->data, b->size);
}

static inline void remove_file(const char *name)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	unlink(path);
}

struct source {
	const struct gguf *file;
	const char *arch, *model_type;
};

static inline double value_of(const struct source *s, const char *key, double absent)
{
	char full[100];
	snprintf(full, sizeof full, "%s.%s", s->arch, key);
	const struct gguf_value *v = gguf_find(s->file, full);
	if (!v) return absent;
	return v->item == GGUF_F32 ? gguf_item_float(v, 0) : (double)gguf_item_int(v, 0);
}

/* The same number under another name, where the file has it. */
static inline void put_number(struct buffer *b, const struct source *s, const char *theirs, const char *ours, const char *format)
{
	double v = value_of(s, ours, -1);
	if (v < 0) return;
	buffer_format(b, ", \"%s\": ", theirs);
	if (format[1] == 'd')
		buffer_format(b, "%d", (int)v);
	else
		buffer_format(b, "%.9g", v);
}

static inline void put_factors(struct buffer *b, const struct source *s, const char *key, const char *tensor)
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

static inline void write_config(const struct source *s)
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
		{ "layer_norm_eps", "attention.layer_norm_epsilon", "%g" },
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
	if (strcmp(s->arch, "phi2") == 0) {
		double n_rot = value_of(s, "rope.dimension_count", 0), heads = value_of(s, "attention.head_count", 1);
		buffer_format(&b, ", \"partial_rotary_factor\": %.9g", n_rot * heads / value_of(s, "embedding_length", 1));
	}
	if (strcmp(s->arch, "gemma3") == 0) {
		buffer_append_text(&b, ", \"layer_types\": [");
		for (int i = 0; i < (int)value_of(s, "block_count", 0); i++)
			buffer_format(&b, "%s\"%s_attention\"", i ? ", " : "", i % 6 == 5 ? "full" : "sliding");
		buffer_append_byte(&b, ']');
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
	bool post = gguf_tensor(s->file, "blk.0.post_ffw_norm.weight"), phi2 = strcmp(s->arch, "phi2") == 0;
	if (phi2 && strcmp(part, "attn_output") == 0) return "self_attn.dense";
	if (phi2 && strcmp(part, "ffn_up") == 0) return "mlp.fc1";
	if (phi2 && strcmp(part, "ffn_down") == 0) return "mlp.fc2";
	if (strcmp(part, "ffn_norm") == 0) return post ? "pre_feedforward_layernorm" : "post_attention_layernorm";
	if (strcmp(part, "ffn_up") == 0) return strcmp(s->arch, "phi3") == 0 ? "mlp.gate_up_proj" : "mlp.up_proj";
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (strcmp(parts[i][0], part) == 0) return parts[i][1];
	}
	fail_msg("%s has no name in a folder", part);
	return NULL;
}

static inline void their_name(const struct source *s, const char *name, char *out, size_t room)
{
	char part[64];
	unsigned layer;
	int end;
	const char *dot = strrchr(name, '.');
	if (sscanf(name, "blk.%u.%n", &layer, &end) == 1) {
		snprintf(part, sizeof part, "%.*s", (int)(dot - name - end), name + end);
		snprintf(out, room, "model.layers.%u.%s%s", layer, their_part(s, part), dot);
	} else if (strncmp(name, "output.", 7) == 0) {
		snprintf(out, room, "lm_head%s", dot);
	} else {
		const char *norm = strcmp(s->arch, "phi2") == 0 ? "final_layernorm" : "norm";
		snprintf(out, room, "model.%s%s", strcmp(name, "token_embd.weight") == 0 ? "embed_tokens" : norm, dot);
	}
}

/* A tensor's bytes as a folder has them: heads in halves, Gemma's norms less 1. */
static inline void their_bytes(const struct source *s, const struct gguf_tensor *t, uint8_t *out)
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
static inline void write_weights(const struct source *s, const char *path, size_t first, size_t step, struct buffer *index)
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

static inline void write_tokenizer(const struct source *s)
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
static inline void write_folder(const struct source *s, bool split)
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

/* The file again at `to`, its matrices of another type. */
static inline void write_retyped(const char *from, uint32_t type, const char *to)
{
	struct error e = { "" };
	struct gguf *g = gguf_open(from, &e);
	struct gguf_writer w = gguf_writer_new();
	const struct format *as = format_find(type);
	struct packer *packer = packer_new(as, &e);
	assert_true(g && packer);
	for (size_t i = 0; i < gguf_value_count(g); i++) gguf_put_value(&w, gguf_value_at(g, i));
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		size_t n = t->size / t->type->bytes;
		if (t->n_dims < 2 || t->type->id == type) {
			gguf_put_tensor(&w, t->name, t->type->id, t->n_dims, t->dims, t->data, t->size);
			continue;
		}
		float *values = memory_new(n, sizeof *values);
		uint8_t *packed = memory_new(n, as->type->bytes);
		format_find(t->type->id)->unpack(t->data, n, values);
		packer_row(packer, values, NULL, n, packed);
		gguf_put_tensor(&w, t->name, type, t->n_dims, t->dims, packed, n * as->type->bytes);
		memory_free(values);
		memory_free(packed);
	}
	if (!gguf_writer_save(&w, to, &e)) fail_msg("%s", e.text);
	gguf_writer_free(&w);
	packer_free(packer);
	gguf_close(g);
}

/* The folders that tests make, one of each kind that there is. */
static const struct {
	const char *golden, *arch, *model_type;
	bool split;
	int type; /* of matrices; -1: as they are */
} hf_cases[] = {
	{ "llama", "llama", "llama", true, -1 },
	{ "llama-bias", "llama", "llama", false, TYPE_BF16 },
	{ "llama-tied", "llama", "mistral", false, -1 },
	{ "qwen2", "qwen2", "qwen2", false, TYPE_F32 },
	{ "qwen3", "qwen3", "qwen3", true, TYPE_BF16 },
	{ "gemma", "gemma", "gemma", false, -1 },
	{ "gemma2", "gemma2", "gemma2", false, TYPE_BF16 },
	{ "gemma3", "gemma3", "gemma3_text", true, -1 },
	{ "phi2", "phi2", "phi", false, -1 },
	{ "phi3", "phi3", "phi3", true, TYPE_F32 },
	{ "phi3-long", "phi3", "phi3", false, -1 },
};
enum { HF_CASES = sizeof hf_cases / sizeof hf_cases[0] };

/* Writes the folder of a case; `made`: where its GGUF file goes, which has the same weights. False: no reference data. */
static inline bool write_case(size_t i, const char *made)
{
	char path[100];
	struct error e = { "" };
	snprintf(path, sizeof path, "golden/arch/%s.gguf", hf_cases[i].golden);
	const char *golden = testdata(path);
	if (!golden) return false;
	write_retyped(golden, hf_cases[i].type < 0 ? (uint32_t)TYPE_F16 : (uint32_t)hf_cases[i].type, made);
	struct source s = { gguf_open(made, &e), hf_cases[i].arch, hf_cases[i].model_type };
	assert_non_null(s.file);
	write_folder(&s, hf_cases[i].split);
	gguf_close((struct gguf *)(uintptr_t)s.file);
	return true;
}

static inline int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : 1;
}

static inline int remove_folder(void **state)
{
	(void)state;
	static const char *const files[] = { "config.json",           "tokenizer.json",
		                             "model.safetensors",     "model.safetensors.index.json",
		                             "a.safetensors",         "b.safetensors",
		                             "tokenizer_config.json", "chat_template.jinja" };
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) remove_file(files[i]);
	return rmdir(folder);
}

#endif
