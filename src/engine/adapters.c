/* adapters: counted files and sets (see adapters.h). */
#include "engine/adapters.h"

#include "base/memory.h"

#include <math.h>
#include <pthread.h>

/* An open file, counted by its id and by each place that it has in a set. */
struct adapter {
	uint64_t id; /* 0: closed, and here only for the sets that have it */
	struct gguf *file;
	uint32_t references;
	struct adapter *next;
};

struct adapter_set {
	struct adapters *all;
	struct model_variant *variant;
	struct {
		struct adapter *adapter;
		float scale;
	} member[HEARTH_MOST_ADAPTERS];
	size_t n;
	uint32_t references;
	struct adapter_set *next;
};

struct adapters {
	const struct model *model;
	pthread_mutex_t lock; /* of all below, and of what they point to */
	struct adapter *first;
	struct adapter_set *sets;
	uint64_t last_id;
};

struct adapters *adapters_new(const struct model *m, struct error *e)
{
	struct adapters *a = memory_new(1, sizeof *a);
	if (!a) {
		error_memory(e);
		return NULL;
	}
	a->model = m;
	pthread_mutex_init(&a->lock, NULL);
	return a;
}

/* ---- files ---- */

static void drop_adapter(struct adapters *a, struct adapter *adapter)
{
	if (--adapter->references > 0) return;
	struct adapter **at = &a->first;
	while (*at != adapter) at = &(*at)->next;
	*at = adapter->next;
	gguf_close(adapter->file);
	memory_free(adapter);
}

static struct adapter *find_adapter(const struct adapters *a, uint64_t id)
{
	struct adapter *adapter = id ? a->first : NULL;
	while (adapter && adapter->id != id) adapter = adapter->next;
	return adapter;
}

void adapters_free(struct adapters *a)
{
	if (!a) return;
	while (a->first) drop_adapter(a, a->first);
	pthread_mutex_destroy(&a->lock);
	memory_free(a);
}

/* The plan with this adapter alone is built to learn whether it fits. */
static bool fits(const struct model *m, const struct gguf *file, struct error *e)
{
	struct model_variant *v = model_adapt(m, &(struct model_adapter){ file, 1 }, 1, e);
	model_variant_free(v);
	return v != NULL;
}

bool adapters_open(struct adapters *a, const struct file_source *files, const char *path, uint64_t *id, struct error *e)
{
	struct adapter *adapter = memory_new(1, sizeof *adapter);
	if (!adapter) return error_memory(e);
	adapter->file = gguf_open_from(files, path, e);
	if (!adapter->file || !fits(a->model, adapter->file, e)) {
		gguf_close(adapter->file);
		memory_free(adapter);
		return false;
	}
	adapter->references = 1;
	pthread_mutex_lock(&a->lock);
	*id = adapter->id = ++a->last_id;
	adapter->next = a->first;
	a->first = adapter;
	pthread_mutex_unlock(&a->lock);
	return true;
}

void adapters_close(struct adapters *a, uint64_t id)
{
	pthread_mutex_lock(&a->lock);
	struct adapter *adapter = find_adapter(a, id);
	if (adapter) {
		adapter->id = 0;
		drop_adapter(a, adapter);
	}
	pthread_mutex_unlock(&a->lock);
}

/* ---- sets ---- */

static bool is_list(const struct adapter_set *set, const struct hearth_adapter *list, size_t n)
{
	for (size_t i = 0; i < n && i < set->n; i++) {
		if (set->member[i].adapter->id != list[i].adapter || set->member[i].scale != list[i].scale) return false;
	}
	return set->n == n;
}

static void free_set(struct adapter_set *set)
{
	for (size_t i = 0; i < set->n; i++) drop_adapter(set->all, set->member[i].adapter);
	model_variant_free(set->variant);
	memory_free(set);
}

/* With the lock held. */
static struct adapter_set *new_set(struct adapters *a, const struct hearth_adapter *list, size_t n, struct error *e)
{
	struct model_adapter files[HEARTH_MOST_ADAPTERS];
	struct adapter_set *set = memory_new(1, sizeof *set);
	if (!set) {
		error_memory(e);
		return NULL;
	}
	set->all = a;
	for (; set->n < n; set->n++) {
		struct adapter *adapter = find_adapter(a, list[set->n].adapter);
		if (!adapter) {
			error_set(e, "adapters: there is no adapter %llu", (unsigned long long)list[set->n].adapter);
			free_set(set);
			return NULL;
		}
		adapter->references++;
		set->member[set->n].adapter = adapter;
		set->member[set->n].scale = list[set->n].scale;
		files[set->n] = (struct model_adapter){ adapter->file, list[set->n].scale };
	}
	set->variant = model_adapt(a->model, files, (uint32_t)n, e);
	if (!set->variant) {
		free_set(set);
		return NULL;
	}
	set->references = 1;
	set->next = a->sets;
	a->sets = set;
	return set;
}

struct adapter_set *adapters_set(struct adapters *a, const struct hearth_adapter *list, size_t n, struct error *e)
{
	if (n > HEARTH_MOST_ADAPTERS) {
		error_set(e, "adapters: %zu for one session; at most %d", n, HEARTH_MOST_ADAPTERS);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		if (isfinite(list[i].scale)) continue;
		error_set(e, "adapters: a scale is not a number");
		return NULL;
	}
	pthread_mutex_lock(&a->lock);
	struct adapter_set *set = a->sets;
	while (set && !is_list(set, list, n)) set = set->next;
	if (set)
		set->references++;
	else
		set = new_set(a, list, n, e);
	pthread_mutex_unlock(&a->lock);
	return set;
}

struct adapter_set *adapter_set_share(struct adapter_set *set)
{
	if (!set) return NULL;
	pthread_mutex_lock(&set->all->lock);
	set->references++;
	pthread_mutex_unlock(&set->all->lock);
	return set;
}

void adapter_set_drop(struct adapter_set *set)
{
	if (!set) return;
	struct adapters *a = set->all;
	pthread_mutex_lock(&a->lock);
	if (--set->references == 0) {
		struct adapter_set **at = &a->sets;
		while (*at != set) at = &(*at)->next;
		*at = set->next;
		free_set(set);
	}
	pthread_mutex_unlock(&a->lock);
}

const struct model_variant *adapter_set_variant(const struct adapter_set *set)
{
	return set ? set->variant : NULL;
}
