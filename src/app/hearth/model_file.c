/* model_file: facts of a GGUF file (see model_file.h). */
#include "app/hearth/model_file.h"

#include "app/hearth/visible.h"
#include "base/machine.h"
#include "format/gguf.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_NAMES = 1 << 20, USUAL_CONTEXT = 8192, OVERHEAD = 100000000, MAX_LISTED = 256 };

void model_file_bytes(char out[32], uint64_t bytes)
{
	if (bytes < 1000000)
		snprintf(out, 32, "%.0f kB", (double)bytes / 1e3);
	else if (bytes < 1000000000)
		snprintf(out, 32, "%.0f MB", (double)bytes / 1e6);
	else
		snprintf(out, 32, "%.1f GB", (double)bytes / 1e9);
}

void model_file_count(char out[32], uint64_t count)
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count), at = 0;
	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0) out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool is_model_name(const char *name)
{
	size_t n = strlen(name);
	return n > 5 && strcasecmp(name + n - 5, ".gguf") == 0;
}

/* ---- facts ---- */

static uint32_t number(const struct gguf *g, const char *architecture, const char *key)
{
	char full[160];
	uint32_t value = 0;
	snprintf(full, sizeof full, "%s.%s", architecture, key);
	const struct gguf_value *v = gguf_find(g, full);
	if (v && v->type == GGUF_ARRAY) return 0;
	struct error ignored;
	gguf_get_u32(g, full, &value, &ignored);
	return value;
}

/* Heads with keys and values, all layers together: a number for each layer, or one for all. */
static uint64_t kv_heads(const struct gguf *g, const struct model_file *m, const char *architecture)
{
	char key[160];
	snprintf(key, sizeof key, "%s.attention.head_count_kv", architecture);
	const struct gguf_value *each = gguf_find(g, key);
	uint64_t sum = 0;
	if (each && each->type == GGUF_ARRAY && each->item != GGUF_TEXT && each->item != GGUF_ARRAY) {
		for (uint64_t i = 0; i < each->count && i < m->n_layer; i++) {
			int64_t heads = gguf_item_int(each, i);
			sum += heads > 0 && heads < 65536 ? (uint64_t)heads : 0;
		}
		return sum;
	}
	uint32_t heads = number(g, architecture, "attention.head_count_kv");
	if (!heads) heads = number(g, architecture, "attention.head_count");
	return (uint64_t)heads * m->n_layer;
}

static void read_numbers(struct model_file *m, const struct gguf *g, const char *architecture)
{
	m->n_layer = number(g, architecture, "block_count");
	m->n_embd = number(g, architecture, "embedding_length");
	m->context_trained = number(g, architecture, "context_length");
	uint32_t heads = number(g, architecture, "attention.head_count");
	uint32_t key = number(g, architecture, "attention.key_length"), value = number(g, architecture, "attention.value_length");
	if (!key && heads) key = m->n_embd / heads;
	if (!value) value = key;
	m->kv_position = kv_heads(g, m, architecture) * ((uint64_t)key + value) * 2;
	const struct gguf_value *tokens = gguf_find(g, "tokenizer.ggml.tokens");
	m->n_vocab = tokens ? (uint32_t)tokens->count : 0;
	m->has_template = gguf_find(g, "tokenizer.chat_template") != NULL;
}

static void read_weights(struct model_file *m, const struct gguf *g)
{
	uint64_t bytes[256] = { 0 };
	uint32_t most = 0;
	for (size_t i = 0; i < gguf_tensor_count(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		m->parameters += t->dims[0] * t->dims[1] * t->dims[2] * t->dims[3];
		if (t->type->id >= 256) continue;
		bytes[t->type->id] += t->size;
		if (bytes[t->type->id] > bytes[most]) most = t->type->id;
	}
	const struct tensor_type *type = tensor_type_find(most);
	snprintf(m->weights, sizeof m->weights, "%s", type && bytes[most] ? type->name : "none");
}

static void read_text(const struct gguf *g, const char *key, char *out, size_t room)
{
	struct gguf_text text = { NULL, 0 };
	struct error ignored;
	out[0] = 0;
	if (gguf_get_text(g, key, &text, &ignored) && text.data) visible_line(out, room, text.data, text.length, false);
}

/* A number of general.sampling that lies in its range; -1 when there is none. */
static float advised(const struct gguf *g, const char *key, float most)
{
	char full[64];
	float value = -1;
	int32_t whole = -1;
	struct error ignored;
	snprintf(full, sizeof full, "general.sampling.%s", key);
	if (!gguf_get_f32(g, full, &value, &ignored) && gguf_get_i32(g, full, &whole, &ignored)) value = (float)whole;
	return value >= 0 && value <= most ? value : -1;
}

static void read_advice(struct model_advice *a, const struct gguf *g)
{
	a->temperature = advised(g, "temp", 10);
	a->top_p = advised(g, "top_p", 1);
	a->min_p = advised(g, "min_p", 1);
	a->repeat_penalty = advised(g, "penalty_repeat", 10);
	a->top_k = (int32_t)advised(g, "top_k", 1e6F);
	a->penalty_last = (int32_t)advised(g, "penalty_last_n", 1e6F);
}

static void read_facts(struct model_file *m, const struct gguf *g, const char *path)
{
	*m = (struct model_file){ .size = gguf_file_size(g) };
	snprintf(m->path, sizeof m->path, "%s", path);
	read_text(g, "general.name", m->name, sizeof m->name);
	if (!m->name[0]) visible_line(m->name, sizeof m->name, file_name(path), strlen(file_name(path)), false);
	read_text(g, "general.architecture", m->architecture, sizeof m->architecture);
	read_numbers(m, g, m->architecture);
	read_weights(m, g);
	read_advice(&m->advice, g);
}

/* What people save by mistake in place of a model gets a line that says so. */
static void name_mistake(const char *path, struct error *e)
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
	struct error ignored;
	if (!file_map_path(&map, path, &ignored)) return;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		size_t n = strlen(mistakes[i].start);
		if (map.size > n && memcmp(map.data, mistakes[i].start, n) == 0) error_set(e, "%s: %s", path, mistakes[i].meaning);
	}
	file_unmap(&map);
}

bool model_file_look(struct model_file *m, const char *path, struct error *e)
{
	struct gguf *g = gguf_open(path, e);
	if (!g) {
		name_mistake(path, e);
		return false;
	}
	read_facts(m, g, path);
	gguf_close(g);
	if (m->architecture[0]) return true;
	return error_set(e, "%s: says no architecture (general.architecture): it is no model that can answer", path);
}

/* ---- does it fit ---- */

uint32_t model_file_usual_context(const struct model_file *m)
{
	return m->context_trained && m->context_trained < USUAL_CONTEXT ? m->context_trained : USUAL_CONTEXT;
}

bool model_file_fits(const struct model_file *m, uint64_t context, struct error *warning, struct error *e)
{
	uint64_t free_bytes = machine_free_memory(), all = machine_memory();
	uint64_t positions = context ? context : model_file_usual_context(m);
	warning->text[0] = 0;
	if (!all || !free_bytes) return true;
	/* Without a wish for the context the engine takes what fits, so only one given is held against the memory. */
	uint64_t kv = m->kv_position && positions >= UINT64_MAX / 4 / m->kv_position ? UINT64_MAX / 4 : m->kv_position * positions;
	char weights[32], kv_text[32], have[32], all_text[32], fits[32];
	model_file_bytes(weights, m->size);
	model_file_bytes(kv_text, kv);
	model_file_bytes(have, free_bytes);
	model_file_bytes(all_text, all);
	if (m->size + OVERHEAD > all)
		return error_set(e,
		                 "%s: not enough memory: its weights take %s and this machine has %s in all; take a smaller model, "
		                 "or the same "
		                 "one in a smaller type such as Q4_K_M",
		                 m->path, weights, all_text);
	if (context && kv + OVERHEAD > free_bytes) {
		uint64_t most = free_bytes > OVERHEAD && m->kv_position ? (free_bytes - OVERHEAD) / m->kv_position / 64 * 64 : 0;
		model_file_count(fits, most);
		return error_set(
		        e, "%s: not enough memory: a context of %llu tokens takes %s and %s are free; --context %llu would fit",
		        m->path, (unsigned long long)context, kv_text, have, (unsigned long long)most);
	}
	if (m->size + OVERHEAD + (context ? kv : 0) > free_bytes)
		error_set(warning,
		          "%s: its weights take %s and %s of memory are free now: it will be read from the disk again and again, "
		          "and be "
		          "slow; close other programs or take a smaller model",
		          m->path, weights, have);
	return true;
}

/* ---- finding ---- */

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* Parts of a split model behind the first one are opened with it and not listed. */
static bool is_later_part(const char *name)
{
	const char *of = strstr(name, "-of-");
	return of && of - name >= 6 && of[-6] == '-' && strncmp(of - 5, "00001", 5) != 0;
}

size_t model_file_list(struct buffer *names, const char *folder)
{
	struct buffer found = buffer_new(MAX_NAMES);
	const char *sorted[MAX_LISTED];
	size_t offsets[MAX_LISTED], n = 0;
	DIR *d = opendir(folder);
	struct dirent *entry;
	while (d && n < MAX_LISTED && (entry = readdir(d)) != NULL) {
		if (!is_model_name(entry->d_name) || is_later_part(entry->d_name)) continue;
		offsets[n] = found.size;
		if (buffer_append(&found, entry->d_name, strlen(entry->d_name) + 1)) n++;
	}
	if (d) closedir(d);
	for (size_t i = 0; i < n; i++) sorted[i] = found.data + offsets[i];
	qsort(sorted, n, sizeof sorted[0], compare_names);
	for (size_t i = 0; i < n; i++) buffer_append(names, sorted[i], strlen(sorted[i]) + 1);
	buffer_free(&found);
	return names->failed ? 0 : n;
}

static bool contains(const char *text, const char *part)
{
	size_t n = strlen(part);
	for (; *text; text++) {
		if (strncasecmp(text, part, n) == 0) return true;
	}
	return false;
}

/* The one file of the folder that the name means. */
static bool find_in_folder(char out[PATHS_ROOM], const char *folder, const char *name, struct error *e)
{
	struct buffer names = buffer_new(MAX_NAMES);
	size_t n = model_file_list(&names, folder), hits = 0;
	const char *at = names.data, *hit = NULL;
	for (size_t i = 0; i < n; i++, at += strlen(at) + 1) {
		size_t stem = strlen(at) - 5;
		bool exact = strcasecmp(at, name) == 0 || (strlen(name) == stem && strncasecmp(at, name, stem) == 0);
		if (!exact && !contains(at, name)) continue;
		hit = at;
		if (exact) {
			hits = 1;
			break;
		}
		hits++;
	}
	bool ok = hits == 1 && paths_join(out, folder, hit);
	if (hits > 1)
		error_set(e, "%s: %zu files in %s have this in their name; say more of it", name, hits, folder);
	else if (!ok && n == 0)
		error_set(e, "%s: there is no such file, and the models folder %s has none yet: give the path of a .gguf file",
		          name, folder);
	else if (!ok)
		error_set(e, "%s: there is no such file, nor in the models folder %s; `hearth models list` shows what is there",
		          name, folder);
	buffer_free(&names);
	return ok;
}

bool model_file_find(char out[PATHS_ROOM], const struct paths *p, const char *name, struct error *e)
{
	if (strcmp(name, "builtin") == 0 || strcmp(name, "built-in") == 0) {
		if (!p->builtin[0]) return error_set(e, "%s: the built-in model is not there; install hearth again", p->expected);
		return snprintf(out, PATHS_ROOM, "%s", p->builtin) < PATHS_ROOM;
	}
	char config[PATHS_ROOM];
	bool folder = paths_is_folder(name), model = folder && paths_join(config, name, "config.json") && paths_is_file(config);
	if (folder && !model) return error_set(e, "%s: is a directory; name a .gguf file in it", name);
	if (model || paths_is_file(name)) {
		if (paths_absolute(out, name)) return true;
		return error_set(e, "%s: the path is too long", name);
	}
	if (strchr(name, '/'))
		return error_set(e, "%s: there is no such file; `hearth models list` shows which models are there", name);
	if (!p->models[0]) return error_set(e, "%s: there is no such file", name);
	return find_in_folder(out, p->models, name, e);
}
