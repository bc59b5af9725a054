/* model_caches: walking through the caches of other programs (see model_caches.h). */
#include "app/hearth/model_caches.h"

#include "app/hearth/model_file.h"
#include "app/hearth/ollama_cache.h"
#include "base/memory.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_ENTRIES = 50000, MOST_TEXT = 16 << 20 };

/* Where other programs keep models: an environment variable that names the folder (or a place in it), else one below HOME. */
static const struct place {
	const char *source, *variable, *below, *usual;
	int depth; /* of folders in it; OLLAMA: it is one of Ollama's */
} places[] = {
	{ "Ollama", "OLLAMA_MODELS", "", ".ollama/models", OLLAMA_CACHE },
	{ "Ollama", NULL, NULL, "/usr/share/ollama/.ollama/models", OLLAMA_CACHE },
	{ "Ollama", NULL, NULL, "/var/lib/ollama/models", OLLAMA_CACHE },
	{ "LM Studio", NULL, NULL, ".lmstudio/models", 3 },
	{ "LM Studio", NULL, NULL, ".cache/lm-studio/models", 3 },
	{ "llama.cpp", "LLAMA_CACHE", "", NULL, 1 },
	{ "llama.cpp", "XDG_CACHE_HOME", "llama.cpp", ".cache/llama.cpp", 1 },
	{ "Hugging Face", "HF_HUB_CACHE", "", NULL, 6 },
	{ "Hugging Face", "HUGGINGFACE_HUB_CACHE", "", NULL, 6 },
	{ "Hugging Face", "HF_HOME", "hub", NULL, 6 },
	{ "Hugging Face", "XDG_CACHE_HOME", "huggingface/hub", ".cache/huggingface/hub", 6 },
	{ "GPT4All", NULL, NULL, ".local/share/nomic.ai/GPT4All", 1 },
	{ "Jan", NULL, NULL, ".local/share/Jan/data/llamacpp/models", 4 },
	{ "Jan", NULL, NULL, ".config/Jan/data/llamacpp/models", 4 },
	{ "models folder", NULL, NULL, "models", 3 },
	{ "models folder", NULL, NULL, "Models", 3 },
	{ "Downloads", "XDG_DOWNLOAD_DIR", "", "Downloads", 1 },
};

/* ---- what counts ---- */

/* Is `path`, with all links resolved, inside of the folder `root` (resolved too)? */
static bool is_inside(const char *root, const char *path)
{
	size_t n = strlen(root);
	return strncmp(path, root, n) == 0 && (path[n] == '/' || (n > 0 && root[n - 1] == '/'));
}

/* The first bytes of every model file, and nothing that could make a reader wait. */
static bool is_gguf(const char *path, struct stat *st)
{
	char magic[4];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0) return false;
	bool ok = fstat(fd, st) == 0 && S_ISREG(st->st_mode) && read(fd, magic, sizeof magic) == sizeof magic &&
	          memcmp(magic, "GGUF", 4) == 0;
	close(fd);
	return ok;
}

static bool is_known(const struct model_caches *c, const struct stat *st)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->models[i].device == st->st_dev && c->models[i].inode == st->st_ino) return true;
	}
	return false;
}

/* The name without .gguf; of a split model without the number of its part. */
static size_t stem_length(const char *name)
{
	size_t n = strlen(name);
	if (n > 5 && strcasecmp(name + n - 5, ".gguf") == 0) n -= 5;
	const char *of = strstr(name, "-of-");
	if (of && of - name >= 6 && of[-6] == '-' && strncmp(of - 5, "00001", 5) == 0) n = (size_t)(of - 6 - name);
	return n;
}

bool model_caches_add(struct model_caches *c, const char *source, const char *root, const char *path, const char *name)
{
	char whole[PATH_MAX];
	struct stat st;
	if (!realpath(path, whole)) return true;
	if (!is_inside(root, whole)) {
		c->outside++;
		return true;
	}
	if (!is_gguf(whole, &st) || is_known(c, &st)) return true;
	if (c->n == MODEL_CACHES_MOST) {
		c->cut = true;
		return true;
	}
	struct cached_model *m = &c->models[c->n];
	*m = (struct cached_model){ .name = arena_copy(c->arena, name, stem_length(name)),
		                    .path = arena_copy(c->arena, path, strlen(path)),
		                    .source = source,
		                    .bytes = (uint64_t)st.st_size,
		                    .device = st.st_dev,
		                    .inode = st.st_ino };
	if (!m->name || !m->path) return false;
	c->n++;
	return true;
}

bool model_caches_names(struct model_caches *c, struct folder_names *f, const char *folder)
{
	bool ok = folder_names_read(f, folder, MOST_ENTRIES - c->entries);
	c->entries += f->n;
	c->cut |= f->cut;
	return ok;
}

/* ---- folders of files ---- */

static bool is_real_folder(const char *path)
{
	struct stat st;
	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Looks through a folder, `depth` more below it. False: memory is out. */
static bool walk(struct model_caches *c, const struct place *p, const char *root, const char *folder, int depth)
{
	struct folder_names f;
	char path[PATHS_ROOM];
	bool ok = model_caches_names(c, &f, folder);
	for (size_t i = 0; ok && i < f.n; i++) {
		if (!paths_join(path, folder, f.names[i])) continue;
		if (depth > 1 && is_real_folder(path))
			ok = walk(c, p, root, path, depth - 1);
		else if (model_file_is_name(f.names[i]))
			ok = model_caches_add(c, p->source, root, path, f.names[i]);
	}
	folder_names_free(&f);
	return ok;
}

static bool look_at(struct model_caches *c, const struct place *p, const char *folder)
{
	char root[PATH_MAX];
	if (!realpath(folder, root) || !paths_is_folder(root)) return true;
	return p->depth == OLLAMA_CACHE ? ollama_cache(c, p->source, root) : walk(c, p, root, root, p->depth);
}

static bool look_at_place(struct model_caches *c, const struct place *p, const char *home)
{
	char folder[PATHS_ROOM];
	const char *named = p->variable ? getenv(p->variable) : NULL;
	if (named && named[0] == '/') {
		if (!p->below[0]) return look_at(c, p, named);
		return !paths_join(folder, named, p->below) || look_at(c, p, folder);
	}
	if (!p->usual) return true;
	if (p->usual[0] == '/') return look_at(c, p, p->usual);
	return !home || home[0] != '/' || !paths_join(folder, home, p->usual) || look_at(c, p, folder);
}

bool model_caches_scan(struct model_caches *c, struct error *e)
{
	*c = (struct model_caches){ .arena = arena_new(MOST_TEXT) };
	if (c->arena) c->models = arena_alloc(c->arena, MODEL_CACHES_MOST, sizeof *c->models);
	bool ok = c->models != NULL;
	for (size_t i = 0; ok && i < sizeof places / sizeof *places; i++) ok = look_at_place(c, &places[i], getenv("HOME"));
	return ok || error_memory(e);
}

void model_caches_free(struct model_caches *c)
{
	arena_free(c->arena);
	*c = (struct model_caches){ .arena = NULL };
}

/* ---- by name ---- */

static bool contains(const char *text, const char *part)
{
	size_t n = strlen(part);
	for (; *text; text++) {
		if (strncasecmp(text, part, n) == 0) return true;
	}
	return false;
}

static const struct cached_model *choose(const struct model_caches *c, const char *name, size_t *hits)
{
	const struct cached_model *hit = NULL;
	size_t stem = stem_length(name);
	*hits = 0;
	for (size_t i = 0; i < c->n; i++) {
		const struct cached_model *m = &c->models[i];
		if (strlen(m->name) == stem && strncasecmp(m->name, name, stem) == 0) {
			*hits = 1;
			return m;
		}
		if (!contains(m->name, name)) continue;
		if (!hit || strcasecmp(hit->name, m->name) != 0) ++*hits;
		if (!hit) hit = m;
	}
	return hit;
}

bool model_caches_find(char out[PATHS_ROOM], const char *name, bool *several, struct error *e)
{
	struct model_caches c = { .arena = NULL };
	struct error ignored;
	size_t hits = 0;
	const struct cached_model *m = NULL;
	if (name[0] && model_caches_scan(&c, &ignored)) m = choose(&c, name, &hits);
	bool ok = hits == 1 && snprintf(out, PATHS_ROOM, "%s", m->path) < PATHS_ROOM;
	if (several) *several = hits > 1;
	if (hits > 1)
		error_set(e, "%s: %zu models of other programs have this in their name; `hearth models scan` shows them", name,
		          hits);
	model_caches_free(&c);
	return ok;
}
