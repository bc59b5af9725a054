/* file: facts of a model file (see file.h). Nothing is refused for what it means: that is for whoever opens the model. */
#include "engine/file.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/sized.h"
#include "engine/sampler.h"
#include "format/gguf_verify.h"
#include "model/model.h"
#include "text/tool_form.h"

#include <stdio.h>
#include <string.h>

enum { USUAL_CONTEXT = 8192, MOST_TEXT = 512 << 20, MOST_TYPES = 256, KEY_SHOWN = 400, VALUE_SHOWN = 256 };

struct hearth_file {
	struct gguf *g;
	struct arena *arena;
	struct hearth_file_info info;
	struct hearth_file_value *values; /* made when first asked for */
	struct hearth_file_type types[MOST_TYPES];
	size_t n_types;
};

const char *file_main_type(const struct gguf *g)
{
	size_t most = 0;
	const char *name = "none";
	for (uint32_t t = 0; tensor_type_at(t); t++) {
		size_t sum = 0;
		for (size_t i = 0; i < gguf_tensor_count(g); i++) {
			const struct gguf_tensor *tensor = gguf_tensor_at(g, i);
			if (tensor->type == tensor_type_at(t)) sum += tensor->size;
		}
		if (sum > most) {
			most = sum;
			name = tensor_type_at(t)->name;
		}
	}
	return name;
}

/* A number, whole or not. */
static bool get_number(const struct gguf *g, const char *key, float *number)
{
	int32_t whole;
	if (!gguf_find(g, key)) return false;
	if (gguf_get_f32(g, key, number, NULL)) return true;
	if (!gguf_get_i32(g, key, &whole, NULL)) return false;
	*number = (float)whole;
	return true;
}

struct hearth_sampling file_sampling(const struct gguf *g)
{
	struct hearth_sampling sampling = hearth_request_new(0).sampling;
	const struct {
		const char *key;
		float *number;
		uint32_t *count;
	} hints[] = { { "general.sampling.temp", &sampling.temperature, NULL },
		      { "general.sampling.top_k", NULL, &sampling.top_k },
		      { "general.sampling.top_p", &sampling.top_p, NULL },
		      { "general.sampling.min_p", &sampling.min_p, NULL },
		      { "general.sampling.penalty_repeat", &sampling.repeat_penalty, NULL },
		      { "general.sampling.penalty_last_n", NULL, &sampling.penalty_last } };
	for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
		struct hearth_sampling before = sampling;
		bool read = hints[i].number ? get_number(g, hints[i].key, hints[i].number)
		                            : gguf_get_u32(g, hints[i].key, hints[i].count, NULL);
		if (!read || !sampler_check(&sampling, NULL)) sampling = before;
	}
	return sampling;
}

/* ---- facts ---- */

static uint32_t number(const struct gguf *g, const char *architecture, const char *key)
{
	char full[160];
	uint32_t value = 0;
	snprintf(full, sizeof full, "%.80s.%s", architecture, key);
	const struct gguf_value *v = gguf_find(g, full);
	if (v && v->type == GGUF_ARRAY) return 0;
	gguf_get_u32(g, full, &value, NULL);
	return value;
}

/* Heads with keys and values, all layers together: a number for each layer, or one for all. */
static uint64_t kv_heads(const struct gguf *g, uint32_t n_layer, const char *architecture)
{
	char key[160];
	snprintf(key, sizeof key, "%.80s.attention.head_count_kv", architecture);
	const struct gguf_value *each = gguf_find(g, key);
	uint64_t sum = 0;
	if (each && each->type == GGUF_ARRAY && each->item != GGUF_TEXT && each->item != GGUF_ARRAY) {
		for (uint64_t i = 0; i < each->count && i < n_layer; i++) {
			int64_t heads = gguf_item_int(each, i);
			sum += heads > 0 && heads < 65536 ? (uint64_t)heads : 0;
		}
		return sum;
	}
	uint32_t heads = number(g, architecture, "attention.head_count_kv");
	if (!heads) heads = number(g, architecture, "attention.head_count");
	return (uint64_t)heads * n_layer;
}

static void read_numbers(struct hearth_file_info *m, const struct gguf *g)
{
	m->n_layer = number(g, m->architecture, "block_count");
	m->n_embd = number(g, m->architecture, "embedding_length");
	m->context_trained = number(g, m->architecture, "context_length");
	m->n_expert = number(g, m->architecture, "expert_count");
	uint32_t heads = number(g, m->architecture, "attention.head_count");
	uint32_t key = number(g, m->architecture, "attention.key_length"),
	         value = number(g, m->architecture, "attention.value_length");
	if (!key && heads) key = m->n_embd / heads;
	if (!value) value = key;
	m->kv_position = kv_heads(g, m->n_layer, m->architecture) * ((uint64_t)key + value) * 2;
	const struct gguf_value *tokens = gguf_find(g, "tokenizer.ggml.tokens");
	m->n_vocab = tokens ? (uint32_t)tokens->count : 0;
	struct gguf_text chat = { NULL, 0 };
	m->has_template = gguf_find(g, "tokenizer.chat_template") != NULL;
	m->tool_form = gguf_get_text(g, "tokenizer.chat_template", &chat, NULL) ? tool_form_of(chat.data, chat.length) : "";
}

static void read_types(struct hearth_file *f)
{
	for (uint32_t t = 0; tensor_type_at(t) && f->n_types < MOST_TYPES; t++) {
		struct hearth_file_type *type = &f->types[f->n_types];
		*type = (struct hearth_file_type){ .name = tensor_type_at(t)->name };
		for (size_t i = 0; i < gguf_tensor_count(f->g); i++) {
			const struct gguf_tensor *tensor = gguf_tensor_at(f->g, i);
			if (tensor->type != tensor_type_at(t)) continue;
			type->count++;
			type->bytes += tensor->size;
			f->info.parameters += tensor->dims[0] * tensor->dims[1] * tensor->dims[2] * tensor->dims[3];
		}
		if (type->count) f->n_types++;
	}
}

/* A text of the metadata, or `other` where the file has none. */
static const char *text_of(struct hearth_file *f, const char *key, const char *other)
{
	struct gguf_text text = { NULL, 0 };
	if (!gguf_get_text(f->g, key, &text, NULL) || text.length == 0) text = (struct gguf_text){ other, strlen(other) };
	return arena_copy(f->arena, text.data, text.length);
}

static bool read_facts(struct hearth_file *f, const char *path, struct error *e)
{
	const char *slash = strrchr(path, '/');
	struct hearth_file_info *m = &f->info;
	*m = (struct hearth_file_info){ .size = sizeof *m,
		                        .name = text_of(f, "general.name", slash ? slash + 1 : path),
		                        .architecture = text_of(f, "general.architecture", ""),
		                        .weights = file_main_type(f->g),
		                        .bytes = gguf_file_size(f->g),
		                        .version = gguf_version(f->g),
		                        .sampling = file_sampling(f->g) };
	if (!m->name || !m->architecture) return error_memory(e);
	read_numbers(m, f->g);
	read_types(f);
	return true;
}

/* What people save by mistake in place of a model gets a line that says so. */
static void name_mistake(const struct file_source *files, const char *path, struct error *e)
{
	static const struct {
		const char *start, *meaning;
	} mistakes[] = {
		{ "<", "is a web page, not a model: download the .gguf file that the page offers" },
		{ "version https://git-lfs", "is only a pointer to the model's file (Git LFS): download the .gguf file itself" },
		{ "PK\003\004", "is a ZIP archive or a PyTorch file, not a GGUF file: look for the model in GGUF form" },
		{ "\x1f\x8b", "is compressed (gzip): unpack it first" },
	};
	struct file_map map;
	if (!files->map(files, path, &map, NULL)) return;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		size_t n = strlen(mistakes[i].start);
		if (map.size > n && memcmp(map.data, mistakes[i].start, n) == 0) error_set(e, "%s: %s", path, mistakes[i].meaning);
	}
	file_unmap(&map);
}

/* ---- the public functions ---- */

bool file_look(const struct file_source *files, const char *path, struct hearth_file **out, struct error *e)
{
	struct hearth_file *f = memory_new(1, sizeof *f);
	*out = NULL;
	if (!f) return error_memory(e);
	f->arena = arena_new(MOST_TEXT);
	f->g = f->arena ? gguf_open_from(files, path, e) : NULL;
	bool ok = f->g ? read_facts(f, path, e) : f->arena ? false : error_memory(e);
	if (ok) {
		*out = f;
		return true;
	}
	if (f->arena && !f->g) name_mistake(files, path, e);
	hearth_file_close(f);
	return false;
}

void hearth_file_close(struct hearth_file *f)
{
	if (!f) return;
	gguf_close(f->g);
	arena_free(f->arena);
	memory_free(f);
}

void hearth_file_info(struct hearth_file *f, struct hearth_file_info *info)
{
	sized_show(info, &f->info, sizeof *info);
}

static bool describe_value(struct hearth_file *f, const struct gguf_value *v, struct hearth_file_value *out)
{
	char words[VALUE_SHOWN];
	gguf_describe(v, words, sizeof words);
	out->key = arena_copy(f->arena, v->key, strnlen(v->key, KEY_SHOWN));
	out->value = arena_copy(f->arena, words, strlen(words));
	return out->key && out->value;
}

size_t hearth_file_values(struct hearth_file *f, const struct hearth_file_value **values)
{
	size_t n = gguf_value_count(f->g);
	*values = f->values;
	if (f->values) return n;
	struct hearth_file_value *made = arena_alloc(f->arena, n + 1, sizeof *made);
	bool ok = made != NULL;
	for (size_t i = 0; ok && i < n; i++) ok = describe_value(f, gguf_value_at(f->g, i), &made[i]);
	if (!ok) return 0;
	*values = f->values = made;
	return n;
}

size_t hearth_file_types(struct hearth_file *f, const struct hearth_file_type **types)
{
	*types = f->types;
	return f->n_types;
}

bool hearth_file_verify(struct hearth_file *f, uint64_t *n_tensors, uint64_t *bytes, struct hearth_error *error)
{
	struct error *e = (struct error *)(void *)error; /* one is the other (hearth.c) */
	*n_tensors = gguf_tensor_count(f->g);
	return gguf_verify(f->g, bytes, e);
}

static bool plan(const struct gguf *g, uint32_t context, struct threads *threads, struct hearth_file_plan *out, struct error *e)
{
	/* No room for weights: none of them is read ahead, since nothing will be computed. */
	const struct model_options options = { .context = context, .kv = KV_F16, .free_memory = 1 };
	struct model *m = model_open(g, &options, threads, e);
	if (!m) return false;
	const struct model_memory memory = model_memory(m);
	*out = (struct hearth_file_plan){ .bytes_weights = memory.weights,
		                          .bytes_kv = memory.kv,
		                          .bytes_scratch = memory.scratch,
		                          .bytes_total = memory.total,
		                          .bytes_token = (uint64_t)model_work(m, 0).answer_bytes,
		                          .context = model_context(m) };
	model_close(m);
	return true;
}

bool hearth_file_plan(struct hearth_file *f, uint32_t context, struct hearth_file_plan *out, struct hearth_error *error)
{
	struct error *e = (struct error *)(void *)error;
	struct hearth_file_plan made = { 0 };
	uint32_t trained = f->info.context_trained;
	if (context == 0) context = trained && trained < USUAL_CONTEXT ? trained : USUAL_CONTEXT;
	struct threads *threads = threads_new(1, e);
	bool ok = threads && plan(f->g, context, threads, &made, e);
	threads_free(threads);
	if (!ok) return false;
	size_t given = out->size;
	memcpy(out, &made, given < sizeof made ? given : sizeof made);
	out->size = given;
	return true;
}
