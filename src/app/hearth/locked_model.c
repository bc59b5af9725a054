/* locked_model: finding and opening it (see locked_model.h). */
#include "app/hearth/locked_model.h"

#include "app/hearth/model_file.h"
#include "base/machine.h"
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
	if (b->kind != BLOB_MODEL) return true;
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
		snprintf(l->path, sizeof l->path, "%s (locked)", l->name);
		return true;
	}
	l->name[0] = 0;
	if (s.found > 1) return error_set(e, "%s: %zu locked models have this in their name; say more of it", name, s.found);
	return error_set(e, "%s: no model of this name is locked in the vault; %zu %s", name, s.models,
	                 s.models == 1 ? "is" : "are");
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

bool locked_model_load(struct locked_model *l, struct vault *v, struct error *e)
{
	struct blob *b = blobs_open(v, l->id, e);
	if (!b) return false;
	l->size = (size_t)blobs_size(b);
	bool ok = l->size > 0 || error_set(e, "%s: is empty", l->name);
	ok = ok && has_memory(l, e) && memory_file_new(&l->memory, l->size, l->name, e) && blobs_load(b, l->memory.fd, e) &&
	     memory_file_seal(&l->memory, l->name, e);
	blobs_close(b);
	if (ok && !client_lend(l->path, l->memory.fd)) ok = error_set(e, "%s: too many locked models are open", l->name);
	l->loaded = ok;
	if (!ok) locked_model_unload(l);
	return ok;
}

void locked_model_unload(struct locked_model *l)
{
	if (!l->name[0]) return;
	if (l->loaded) client_lend(l->path, -1);
	memory_file_free(&l->memory);
	l->loaded = false;
}
