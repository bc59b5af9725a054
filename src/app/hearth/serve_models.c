/* serve_models: names for models (see serve_models.h). */
#include "app/hearth/serve_models.h"

#include "app/hearth/model_caches.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MOST_NAMES = 1 << 20, MOST_TOLD = 8 };

/* A file's name without its folder and its ending. */
static void name_of(char name[SERVE_NAME], const char *path)
{
	const char *slash = strrchr(path, '/');
	if (strncmp(path, LOCKED_MODEL_MARK, sizeof LOCKED_MODEL_MARK - 1) == 0) path += sizeof LOCKED_MODEL_MARK - 1;
	snprintf(name, SERVE_NAME, "%s", slash ? slash + 1 : path);
	size_t n = strlen(name);
	if (n > 5 && strcasecmp(name + n - 5, ".gguf") == 0) name[n - 5] = 0;
}

/* Those of other programs, where they lie. */
static void each_cached(const char *usual, serve_models_visitor visit, void *data)
{
	struct model_caches c;
	struct error ignored; /* what could not be looked through is not listed */
	bool more = model_caches_scan(&c, &ignored);
	for (size_t i = 0; more && i < c.n; i++) {
		const struct cached_model *m = &c.models[i];
		if (strlen(m->name) < SERVE_NAME && strcmp(m->path, usual) != 0) more = visit(data, m->name, m->path);
	}
	model_caches_free(&c);
}

void serve_models_each(const struct serve *s, serve_models_visitor visit, void *data)
{
	const struct paths *p = &s->opening.paths;
	const char *usual = s->opening.file.path;
	char name[SERVE_NAME], path[PATHS_ROOM];
	if (s->opening.builtin)
		snprintf(name, sizeof name, "builtin");
	else
		name_of(name, usual);
	if (usual[0] && !visit(data, name, usual)) return;
	if (p->builtin[0] && strcmp(p->builtin, usual) != 0 && !visit(data, "builtin", p->builtin)) return;
	struct buffer names = buffer_new(MOST_NAMES);
	size_t n = p->models[0] ? model_file_list(&names, p->models) : 0;
	const char *at = names.data;
	bool more = true;
	for (size_t i = 0; more && i < n; i++, at += strlen(at) + 1) {
		if (!paths_join(path, p->models, at) || strcmp(path, usual) == 0) continue;
		name_of(name, path);
		more = visit(data, name, path);
	}
	buffer_free(&names);
	if (more) each_cached(usual, visit, data);
}

struct search {
	const char *name;
	char *path;
	bool found;
	char told[256]; /* those that there are */
	size_t n;
};

static bool compare(void *data, const char *name, const char *path)
{
	struct search *x = data;
	size_t n = strlen(name), wanted = strlen(x->name);
	bool ending = wanted == n + 5 && strcasecmp(x->name + n, ".gguf") == 0;
	if (strncasecmp(name, x->name, n) == 0 && (wanted == n || ending)) {
		snprintf(x->path, PATHS_ROOM, "%s", path);
		x->found = true;
		return false;
	}
	size_t at = strlen(x->told);
	if (x->n++ < MOST_TOLD) snprintf(x->told + at, sizeof x->told - at, "%s%s", at ? ", " : "", name);
	return true;
}

bool serve_models_find(const struct serve *s, const char *name, char path[PATHS_ROOM], struct error *e)
{
	struct search x = { .name = name, .path = path };
	if (!*name) {
		snprintf(path, PATHS_ROOM, "%s", s->opening.file.path);
		return true;
	}
	serve_models_each(s, compare, &x);
	if (x.found) return true;
	return error_set(e, "there is no model named '%.80s' here; there %s %s%s", name, x.n == 1 ? "is" : "are", x.told,
	                 x.n > MOST_TOLD ? ", and more" : "");
}
