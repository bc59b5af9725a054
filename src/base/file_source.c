/* file_source: reading from a source, and the files that were given (see file_source.h). */
#include "base/file_source.h"

#include "base/memory.h"

#include <errno.h>
#include <string.h>

char *file_source_read(const struct file_source *s, const char *path, size_t limit, size_t *size, struct error *e)
{
	struct file_map m;
	if (!s->map(s, path, &m, e)) return NULL;
	char *text = NULL;
	if (m.size > limit) {
		error_set(e, "%s: is larger than %zu bytes, the most that is read here", path, limit);
	} else {
		text = memory_copy_text(m.data ? (const char *)m.data : "", m.size);
		if (!text) error_memory(e);
	}
	if (text && !file_map_intact(&m, e)) {
		memory_free(text);
		text = NULL;
	}
	*size = m.size;
	file_unmap(&m);
	return text;
}

static struct file_given *given(const struct file_source *s)
{
	return (struct file_given *)(uintptr_t)s; /* its first member */
}

static struct file_map *find(const struct file_source *s, const char *path)
{
	const struct file_given *g = given(s);
	for (size_t i = 0; i < g->n; i++) {
		if (strcmp(g->maps[i].name, path) == 0) return &g->maps[i];
	}
	return NULL;
}

static bool has_given(const struct file_source *s, const char *path)
{
	return find(s, path) != NULL;
}

static bool map_given(const struct file_source *s, const char *path, struct file_map *m, struct error *e)
{
	struct file_map *found = find(s, path);
	*m = (struct file_map){ 0 };
	if (!found) return error_set(e, "%s: cannot open: %s", path, strerror(ENOENT));
	*m = *found;
	if (given(s)->hands_over) {
		*found = given(s)->maps[--given(s)->n];
		return true;
	}
	m->borrowed = true;
	m->name = memory_copy_text(path, strlen(path));
	return m->name || error_memory(e);
}

void file_given_begin(struct file_given *g)
{
	*g = (struct file_given){ .source = { map_given, has_given } };
}

bool file_given_add(struct file_given *g, int fd, const char *path, struct error *e)
{
	if (g->n == FILE_MOST_GIVEN) return error_set(e, "%s: more than %d files belong to a model", path, (int)FILE_MOST_GIVEN);
	if (g->n == g->room) {
		size_t room = g->room ? 2 * g->room : 16;
		struct file_map *maps = memory_resize(g->maps, room, sizeof *maps);
		if (!maps) return error_memory(e);
		g->maps = maps;
		g->room = room;
	}
	if (!file_map_fd(&g->maps[g->n], fd, path, e)) return false;
	g->n++;
	return true;
}

void file_given_free(struct file_given *g)
{
	for (size_t i = 0; i < g->n; i++) file_unmap(&g->maps[i]);
	memory_free(g->maps);
	*g = (struct file_given){ 0 };
}
