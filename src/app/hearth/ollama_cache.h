/*
 * ollama_cache: Ollama's way to keep models: a manifest for each name, which names blobs by their hash.
 *
 * manifests/HOST/NAMESPACE/MODEL/TAG is a JSON object whose "layers" have a "mediaType" and a "digest"; the one that is the model
 * is blobs/sha256-HEX.
 */
#ifndef HEARTH_APP_HEARTH_OLLAMA_CACHE_H
#define HEARTH_APP_HEARTH_OLLAMA_CACHE_H

#include "app/hearth/folder_names.h"
#include "app/hearth/model_caches.h"

enum { OLLAMA_CACHE = -1 /* in place of a depth */ };

/* Adds the models below `root`, a resolved path. What is no manifest of a model is passed over. False: memory is out. */
bool ollama_cache(struct model_caches *c, const char *source, const char *root);

/* For those that walk: adds the file if it is a model that is not known yet; what lies in
 * a folder, counted. */
bool model_caches_add(struct model_caches *c, const char *source, const char *root, const char *path, const char *name);
bool model_caches_names(struct model_caches *c, struct folder_names *f, const char *folder);

#endif
