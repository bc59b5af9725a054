/* model_file: facts of a model file, and finding it (see model_file.h). */
#include "app/hearth/model_file.h"

#include "app/hearth/model_caches.h"
#include "app/hearth/visible.h"
#include "base/machine.h"
#include "base/split_name.h"

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

/* ---- facts ---- */

/* Takes the facts over, with the file's own texts made visible. */
static void take_facts(struct model_file *m, const struct hearth_file_info *f, const char *path)
{
	*m = (struct model_file){ .size = f->bytes,
		                  .parameters = f->parameters,
		                  .kv_position = f->kv_position,
		                  .version = f->version,
		                  .n_layer = f->n_layer,
		                  .n_embd = f->n_embd,
		                  .n_vocab = f->n_vocab,
		                  .context_trained = f->context_trained,
		                  .has_template = f->has_template,
		                  .has_experts = f->n_expert > 0 };
	snprintf(m->path, sizeof m->path, "%s", path);
	visible_line(m->name, sizeof m->name, f->name, strlen(f->name), false);
	visible_line(m->architecture, sizeof m->architecture, f->architecture, strlen(f->architecture), false);
	snprintf(m->tool_form, sizeof m->tool_form, "%s", f->tool_form ? f->tool_form : "");
	visible_line(m->weights, sizeof m->weights, f->weights, strlen(f->weights), false);
}

bool model_file_open(struct model_file *m, const char *path, struct hearth_file **file, struct error *e)
{
	struct hearth_error refused;
	struct hearth_file_info info = { .size = sizeof info };
	if (!hearth_file_open(path, file, &refused)) return error_set(e, "%s", refused.text);
	hearth_file_info(*file, &info);
	take_facts(m, &info, path);
	if (m->architecture[0]) return true;
	hearth_file_close(*file);
	*file = NULL;
	return error_set(e, "%s: says no architecture (general.architecture): it is no model that can answer", path);
}

bool model_file_look(struct model_file *m, const char *path, struct error *e)
{
	struct hearth_file *file;
	if (!model_file_open(m, path, &file, e)) return false;
	hearth_file_close(file);
	return true;
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
	if (m->size + OVERHEAD > all && !m->has_experts)
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
		          "%s: its weights take %s and %s of memory are free now: %s; close other programs or take a smaller model",
		          m->path, weights, have,
		          m->has_experts ? "the experts that a token needs will be read from the disk, and it will be slow"
		                         : "it will be read from the disk again and again, and be slow");
	return true;
}

/* ---- finding ---- */

static int compare_names(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

bool model_file_is_projector(const char *name)
{
	return strncasecmp(name, "mmproj", 6) == 0;
}

bool model_file_is_name(const char *name)
{
	size_t n = strlen(name);
	return n > 5 && strcasecmp(name + n - 5, ".gguf") == 0 && !split_name_is_later(name) && !model_file_is_projector(name);
}

size_t model_file_list(struct buffer *names, const char *folder)
{
	struct buffer found = buffer_new(MAX_NAMES);
	const char *sorted[MAX_LISTED];
	size_t offsets[MAX_LISTED], n = 0;
	DIR *d = opendir(folder);
	struct dirent *entry;
	while (d && n < MAX_LISTED && (entry = readdir(d)) != NULL) {
		if (!model_file_is_name(entry->d_name)) continue;
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
static bool find_in_folder(char out[PATHS_ROOM], const char *folder, const char *name, bool *several, struct error *e)
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
	*several = hits > 1;
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
	bool several = false, plain = !strchr(name, '/');
	if (plain && p->models[0] && find_in_folder(out, p->models, name, &several, e)) return true;
	if (several || model_caches_find(out, name, &several, e)) return !several;
	if (several) return false;
	if (plain && p->models[0]) return false; /* *e says what the folder has */
	return error_set(e, "%s: there is no such file; `hearth models list` and `hearth models scan` show which models are there",
	                 name);
}
