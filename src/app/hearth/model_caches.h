/*
 * model_caches: model files that other programs have on this machine, used where they lie: Ollama's, LM Studio's, llama.cpp's and
 * the Hugging Face hub's caches, and the folders where people keep them.
 *
 * Nothing is copied, changed or opened but to read its first four bytes (and Ollama's small manifests, which name its files). Names
 * in a cache are not trusted: folders are never entered through a link, a link to a file counts when the file lies in the same
 * cache, depth and number of entries have limits, and what is no regular file is passed over without waiting for it.
 */
#ifndef HEARTH_APP_HEARTH_MODEL_CACHES_H
#define HEARTH_APP_HEARTH_MODEL_CACHES_H

#include "app/hearth/paths.h"
#include "base/arena.h"

#include <stdint.h>

enum { MODEL_CACHES_MOST = 1000 /* models */ };

struct cached_model {
	const char *name;   /* what a person says to -m; as the cache has it, not made visible */
	const char *path;   /* absolute */
	const char *source; /* "Ollama" */
	uint64_t bytes;     /* of this file */
	uint64_t device, inode;
};

struct model_caches {
	struct arena *arena;
	struct cached_model *models;
	size_t n;
	size_t entries; /* that were looked at */
	size_t outside; /* links that lead out of their cache, and were not followed */
	bool cut;       /* there is more than the limits allow to look at */
};

/* Looks at all places that the environment names. False: memory is out. To be freed with model_caches_free in any case. */
bool model_caches_scan(struct model_caches *c, struct error *e);
void model_caches_free(struct model_caches *c);

/* The file that a person means by a name that is in no folder of hearth's: the whole name, or a part that only one has. Two copies
 * of one name from different programs: the first. False: none, and *e is as it was, or several, and *e names them. `several` may be
 * NULL. */
bool model_caches_find(char out[PATHS_ROOM], const char *name, bool *several, struct error *e);

#endif
