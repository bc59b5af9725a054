/*
 * huggingface: any bytes as one file of a model folder whose other files are a tiny llama's. The first byte says which: c
 * config.json, t tokenizer.json, s tokenizer_config.json, i the index, w the weights. What opens is loaded as a vocabulary and as a
 * model.
 */
#include "base/threads.h"
#include "format/gguf.h"
#include "model/model.h"
#include "text/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILES = 5, WIDTH = 4, VOCAB = 8 };

static char folder[] = "/tmp/hearth-fuzz-XXXXXX";
static const char *const names[FILES] = { "config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors.index.json",
	                                  "model.safetensors" };

static void write_file(const char *name, const void *bytes, size_t size)
{
	char path[200];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) abort();
}

/* The tiny llama's weights: every value 0. */
static void write_weights(void)
{
	static const struct {
		const char *name;
		int rows; /* 0: a vector */
	} tensors[] = {
		{ "model.embed_tokens.weight", VOCAB },
		{ "model.norm.weight", 0 },
		{ "model.layers.0.input_layernorm.weight", 0 },
		{ "model.layers.0.post_attention_layernorm.weight", 0 },
		{ "model.layers.0.self_attn.q_proj.weight", WIDTH },
		{ "model.layers.0.self_attn.k_proj.weight", WIDTH },
		{ "model.layers.0.self_attn.v_proj.weight", WIDTH },
		{ "model.layers.0.self_attn.o_proj.weight", WIDTH },
		{ "model.layers.0.mlp.gate_proj.weight", WIDTH },
		{ "model.layers.0.mlp.up_proj.weight", WIDTH },
		{ "model.layers.0.mlp.down_proj.weight", WIDTH },
	};
	static uint8_t all[8192];
	char *text = (char *)all + 8;
	size_t at = 0, data = 0, n = sizeof tensors / sizeof tensors[0];
	for (size_t i = 0; i < n; i++) {
		size_t bytes = (size_t)(tensors[i].rows ? tensors[i].rows : 1) * WIDTH * 2;
		at += (size_t)snprintf(text + at, 4096 - at, "%s\"%s\": {\"dtype\": \"F16\", \"shape\": [", i ? ", " : "{",
		                       tensors[i].name);
		if (tensors[i].rows) at += (size_t)snprintf(text + at, 4096 - at, "%d, ", tensors[i].rows);
		at += (size_t)snprintf(text + at, 4096 - at, "%d], \"data_offsets\": [%zu, %zu]}", WIDTH, data, data + bytes);
		data += bytes;
	}
	text[at++] = '}';
	uint64_t length = at;
	memcpy(all, &length, sizeof length);
	memset(text + at, 0, data);
	write_file(names[4], all, 8 + at + data);
}

static void write_others(void)
{
	static const char
	        config[] = "{\"model_type\": \"llama\", \"hidden_size\": 4, \"num_hidden_layers\": 1, \"intermediate_size\": 4, "
	                   "\"num_attention_heads\": 1, \"max_position_embeddings\": 16, \"tie_word_embeddings\": true}",
	        tokenizer[] = "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2}, \"merges\": [\"a b\"]}}",
	        settings[] = "{\"eos_token\": \"b\"}";
	char index[200];
	write_file(names[0], config, sizeof config - 1);
	write_file(names[1], tokenizer, sizeof tokenizer - 1);
	write_file(names[2], settings, sizeof settings - 1);
	snprintf(index, sizeof index, "%s/%s", folder, names[3]);
	unlink(index);
	write_weights();
}

static void remove_folder(void)
{
	char path[200];
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
}

static void open_all(void)
{
	struct error e = { "" };
	struct gguf *g = gguf_open(folder, &e);
	struct vocab *vocab = g ? vocab_load(g, &e) : NULL;
	struct threads *threads = vocab ? threads_new(1, &e) : NULL;
	struct model_options options = { .context = 8, .max_rows = 4 };
	struct model *m = threads ? model_open(g, &options, threads, &e) : NULL;
	if (!m && !e.text[0]) abort();
	for (const char *p = e.text; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f) abort();
	}
	model_close(m);
	threads_free(threads);
	vocab_free(vocab);
	gguf_close(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool made;
	if (!made) {
		if (!mkdtemp(folder)) abort();
		made = true;
		atexit(remove_folder);
	}
	static const char letters[] = "ctsiw";
	const char *which = size ? strchr(letters, data[0]) : NULL;
	if (!which || !*which) return 0;
	write_others();
	write_file(names[which - letters], data + 1, size - 1);
	open_all();
	return 0;
}
