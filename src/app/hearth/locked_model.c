/* locked_model: finding and opening it (see locked_model.h). */
#include "app/hearth/locked_model.h"

#include "app/hearth/model_file.h"
#include "base/machine.h"
#include "base/memory.h"
#include "base/split_name.h"
#include "wire/client.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { OVERHEAD = 100000000 };

/* ---- finding ---- */

struct search {
	struct locked_model *l;
	const char *wanted;
	size_t found, models;
	bool exact;
};

static bool contains(const char *text, const char *part)
{
	size_t n = strlen(part);
	for (; *text; text++) {
		if (strncasecmp(text, part, n) == 0) return true;
	}
	return false;
}

static bool on_blob(void *context, const struct blob_entry *b)
{
	struct search *s = context;
	size_t length = strlen(b->name), stem = length > 5 ? length - 5 : length;
	if (b->kind != BLOB_MODEL || split_name_is_later(b->name)) return true;
	s->models++;
	bool exact =
	        strcasecmp(b->name, s->wanted) == 0 || (strlen(s->wanted) == stem && strncasecmp(b->name, s->wanted, stem) == 0);
	if (!exact && (s->exact || !contains(b->name, s->wanted))) return true;
	s->found = exact && !s->exact ? 1 : s->found + 1;
	s->exact = s->exact || exact;
	s->l->id = b->id;
	s->l->size = (size_t)b->size;
	snprintf(s->l->name, sizeof s->l->name, "%s", b->name);
	return true;
}

bool locked_model_find(struct locked_model *l, struct vault *v, const char *name, struct error *e)
{
	struct search s = { .l = l, .wanted = name };
	*l = (struct locked_model){ .memory.fd = -1 };
	if (!*name) return error_set(e, "no model is named");
	if (!blobs_list(v, on_blob, &s, e)) return false;
	if (s.found == 1) {
		snprintf(l->path, sizeof l->path, LOCKED_MODEL_MARK "%s", l->name);
		return true;
	}
	l->name[0] = 0;
	if (s.found > 1) return error_set(e, "%s: %zu locked models have this in their name; say more of it", name, s.found);
	return error_set(e, "%s: no model of this name is locked in the vault; %zu %s", name, s.models,
	                 s.models == 1 ? "is" : "are");
}

struct exact {
	const char *name;
	int64_t id;
	uint64_t size;
};

static bool on_exact(void *context, const struct blob_entry *b)
{
	struct exact *x = context;
	if (b->kind != BLOB_MODEL || strcmp(b->name, x->name) != 0) return true;
	x->id = b->id;
	x->size = b->size;
	return false;
}

bool locked_model_blob(struct vault *v, const char *name, int64_t *id, uint64_t *size, struct error *e)
{
	struct exact x = { .name = name };
	if (!blobs_list(v, on_exact, &x, e)) return false;
	*id = x.id;
	*size = x.size;
	return x.id || error_set(e, "%s: is not locked in the vault", name);
}

/* ---- opening ---- */

static bool has_memory(const struct locked_model *l, struct error *e)
{
	char size[32], room[32];
	size_t left = machine_free_memory();
	if (!left || l->size + OVERHEAD <= left) return true;
	model_file_bytes(size, l->size);
	model_file_bytes(room, left);
	return error_set(e, "%s: a locked model lies in memory whole: it takes %s, and %s are free", l->name, size, room);
}

/* The name of part `number`, as the vault and as the engine's client know it. */
static bool part_names(const struct locked_model *l, unsigned number, char name[MAX_BLOB_NAME + 1], char path[PATHS_ROOM])
{
	return split_name_part(name, MAX_BLOB_NAME + 1, l->name, number) && split_name_part(path, PATHS_ROOM, l->path, number);
}

/* Adds up what all parts take, and makes room to know them. */
static bool look_at_parts(struct locked_model *l, struct vault *v, struct error *e)
{
	char name[MAX_BLOB_NAME + 1], path[PATHS_ROOM];
	uint64_t size;
	int64_t id;
	unsigned parts = split_name_parts(l->name);
	if (!locked_model_blob(v, l->name, &id, &size, e)) return false;
	l->size = (size_t)size;
	for (unsigned i = 2; i <= parts; i++) {
		if (!part_names(l, i, name, path)) return error_set(e, "%s: the name is too long", l->name);
		if (!locked_model_blob(v, name, &id, &size, e))
			return error_at(e, "%s: part %u of %u is missing", l->name, i, parts);
		l->size += (size_t)size;
	}
	if (parts < 2) return true;
	l->later = memory_new(parts - 1, sizeof *l->later);
	return l->later || error_memory(e);
}

/* One file of it, from the vault into memory. */
static bool load_file(struct memory_file *m, struct vault *v, int64_t id, const char *name, const char *path, struct error *e)
{
	struct blob *b = blobs_open(v, id, e);
	if (!b) return false;
	size_t size = (size_t)blobs_size(b);
	bool ok = size > 0 || error_set(e, "%s: is empty", name);
	ok = ok && memory_file_new(m, size, name, e) && blobs_load(b, m->fd, e) && memory_file_seal(m, name, e);
	blobs_close(b);
	if (ok && !client_lend(path, m->fd)) ok = error_set(e, "%s: too many locked models, or parts of one, are open", name);
	if (!ok) memory_file_free(m);
	return ok;
}

bool locked_model_load(struct locked_model *l, struct vault *v, struct error *e)
{
	char name[MAX_BLOB_NAME + 1], path[PATHS_ROOM];
	unsigned parts = split_name_parts(l->name);
	uint64_t size;
	int64_t id;
	bool ok = look_at_parts(l, v, e) && has_memory(l, e) && load_file(&l->memory, v, l->id, l->name, l->path, e);
	for (unsigned i = 2; ok && i <= parts; i++) {
		struct memory_file *m = &l->later[i - 2];
		m->fd = -1;
		ok = part_names(l, i, name, path) && locked_model_blob(v, name, &id, &size, e) &&
		     load_file(m, v, id, name, path, e);
		if (!ok) break;
		l->n_later++;
		l->memory.locked = l->memory.locked && m->locked;
	}
	l->loaded = ok;
	if (!ok) locked_model_unload(l);
	return ok;
}

void locked_model_unload(struct locked_model *l)
{
	char name[MAX_BLOB_NAME + 1], path[PATHS_ROOM];
	if (!l->name[0]) return;
	if (l->memory.fd >= 0) client_lend(l->path, -1);
	memory_file_free(&l->memory);
	for (unsigned i = 0; i < l->n_later; i++) {
		if (part_names(l, i + 2, name, path)) client_lend(path, -1);
		memory_file_free(&l->later[i]);
	}
	memory_free(l->later);
	l->later = NULL;
	l->n_later = 0;
	l->loaded = false;
}
