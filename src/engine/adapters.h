/*
 * adapters: the LoRA files and control vectors that a program has opened, and the rewritten plans that sessions use.
 *
 * An adapter is known by its id. A set is a list of adapters with scales, made into one plan; equal lists are one set, so that
 * their sessions are computed together. Sets are counted, and a file stays open as long as a set needs it.
 *
 * All functions may be called from any thread.
 */
#ifndef HEARTH_ENGINE_ADAPTERS_H
#define HEARTH_ENGINE_ADAPTERS_H

#include "hearth.h"
#include "model/model.h"

struct adapters;
struct adapter_set;

/* For the adapters of one model, which must outlive it. */
struct adapters *adapters_new(const struct model *m, struct error *e);
void adapters_free(struct adapters *a); /* NULL is allowed; sets must be gone */

/* Opens a file and checks that it fits the model. False with the reason. */
bool adapters_open(struct adapters *a, const struct file_source *files, const char *path, uint64_t *id, struct error *e);

/* Takes the id away; sets that have the adapter keep it. An unknown id is ignored. */
void adapters_close(struct adapters *a, uint64_t id);

/* The set of a list, to be dropped by the caller; n > 0. NULL with the reason. */
struct adapter_set *adapters_set(struct adapters *a, const struct hearth_adapter *list, size_t n, struct error *e);
struct adapter_set *adapter_set_share(struct adapter_set *set); /* one reference more; NULL is allowed */
void adapter_set_drop(struct adapter_set *set);                 /* NULL is allowed */

/* The plan; NULL for no set: the model's own. */
const struct model_variant *adapter_set_variant(const struct adapter_set *set);

#endif
