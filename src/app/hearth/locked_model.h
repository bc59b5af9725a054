/*
 * locked_model: a model's file that lies sealed in the vault, and in the clear in memory alone.
 *
 * It is opened into memory without a name, which is left out of core dumps, kept from being swapped out where the limit of locked
 * memory allows it, and sealed against every change; the engine gets its descriptor and maps it, so that there is one copy. On the
 * disk there is never anything of it but the vault's chunks.
 */
#ifndef HEARTH_APP_HEARTH_LOCKED_MODEL_H
#define HEARTH_APP_HEARTH_LOCKED_MODEL_H

#include "app/hearth/paths.h"
#include "base/memory_file.h"
#include "store/blobs.h"

/* Before the name in what the engine's client, and the page, know it by: no file has such a path. */
#define LOCKED_MODEL_MARK "(locked) "

struct locked_model {
	bool loaded;
	struct memory_file memory; /* of a split model: the first part */
	struct memory_file *later; /* the parts behind it; NULL: none */
	unsigned n_later;
	size_t size;                  /* of all parts, once it is loaded */
	char name[MAX_BLOB_NAME + 1]; /* of the file; empty: none was found */
	char path[PATHS_ROOM];        /* what the engine's client knows it by */
	int64_t id;
};

/* Finds the one that `name` means, as model_file_find does in a folder. False: none, or several; then *e says so. */
bool locked_model_find(struct locked_model *l, struct vault *v, const char *name, struct error *e);

/* Finds the blob of this very name among the models; *size is its content's. False: there is none, *e says so. */
bool locked_model_blob(struct vault *v, const char *name, int64_t *id, uint64_t *size, struct error *e);

/* Opens what was found into memory, all parts of it, under l->path for hearth_open and hearth_file_open. */
bool locked_model_load(struct locked_model *l, struct vault *v, struct error *e);

/* Gives the memory back; no engine may use it any more. What was found stays known. */
void locked_model_unload(struct locked_model *l);

#endif
