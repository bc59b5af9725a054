/* ollama_cache: from manifests to files (see ollama_cache.h). */
#include "app/hearth/ollama_cache.h"

#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_MANIFEST = 65536, LEVELS = 4, HEX = 64 };

static const char digest_start[] = "sha256:", model_type[] = "application/vnd.ollama.image.model",
                  usual_host[] = "registry.ollama.ai", usual_namespace[] = "library";

struct walk {
	struct model_caches *c;
	const char *source, *root;
	const char *names[LEVELS]; /* host, namespace, model, tag */
};

/* The hash of the layer that is the model; NULL: none that makes sense. */
static const char *model_digest(const json_t *manifest)
{
	size_t i;
	const json_t *layer;
	json_array_foreach(json_object_get(manifest, "layers"), i, layer)
	{
		const char *type = json_string_value(json_object_get(layer, "mediaType")),
		           *digest = json_string_value(json_object_get(layer, "digest"));
		if (!type || !digest || strcmp(type, model_type) != 0) continue;
		if (strncmp(digest, digest_start, sizeof digest_start - 1) != 0) return NULL;
		const char *hex = digest + sizeof digest_start - 1;
		return strlen(hex) == HEX && strspn(hex, "0123456789abcdef") == HEX ? hex : NULL;
	}
	return NULL;
}

/* As Ollama itself says it: what is usual is left out. */
static bool say_name(const struct walk *w, char *out, size_t room)
{
	bool host = strcmp(w->names[0], usual_host) != 0, space = host || strcmp(w->names[1], usual_namespace) != 0;
	int n = snprintf(out, room, "%s%s%s%s%s:%s", host ? w->names[0] : "", host ? "/" : "", space ? w->names[1] : "",
	                 space ? "/" : "", w->names[2], w->names[3]);
	return n > 0 && (size_t)n < room;
}

static bool take_manifest(struct walk *w, const char *path)
{
	struct error ignored;
	struct stat st;
	char name[1024], file[PATHS_ROOM];
	size_t size;
	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode)) return true;
	char *text = file_read(path, MOST_MANIFEST, &size, &ignored);
	json_t *manifest = text ? json_parse(text, size, path, &ignored) : NULL;
	const char *hex = manifest ? model_digest(manifest) : NULL;
	bool ok = true;
	if (hex && say_name(w, name, sizeof name) && snprintf(file, sizeof file, "%s/blobs/sha256-%s", w->root, hex) < PATHS_ROOM)
		ok = model_caches_add(w->c, w->source, w->root, file, name);
	json_decref(manifest);
	memory_free(text);
	return ok;
}

/* A folder of the names of one level, in their order. */
static bool walk_level(struct walk *w, const char *folder, int level)
{
	struct folder_names f;
	char path[PATHS_ROOM];
	bool ok = model_caches_names(w->c, &f, folder);
	for (size_t i = 0; ok && i < f.n; i++) {
		w->names[level] = f.names[i];
		if (!paths_join(path, folder, f.names[i])) continue;
		ok = level == LEVELS - 1 ? take_manifest(w, path) : walk_level(w, path, level + 1);
	}
	folder_names_free(&f);
	return ok;
}

bool ollama_cache(struct model_caches *c, const char *source, const char *root)
{
	struct walk w = { .c = c, .source = source, .root = root };
	char manifests[PATHS_ROOM];
	return !paths_join(manifests, root, "manifests") || walk_level(&w, manifests, 0);
}
