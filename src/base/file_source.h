/*
 * file_source: where a reader of several files gets them from, by their paths.
 *
 * A program with the right to open files reads them from the system (file_paths). One without it has been given descriptors,
 * each with the path that it stands for (struct file_given), and finds nothing else.
 */
#ifndef HEARTH_BASE_FILE_SOURCE_H
#define HEARTH_BASE_FILE_SOURCE_H

#include "base/file.h"

struct file_source {
	/* As file_map_path. */
	bool (*map)(const struct file_source *s, const char *path, struct file_map *m, struct error *e);
	/* Whether there is something under that path; a hint, as file_exists. */
	bool (*has)(const struct file_source *s, const char *path);
};

extern const struct file_source file_paths;

/* Reads a whole file, as file_read does. */
char *file_source_read(const struct file_source *s, const char *path, size_t limit, size_t *size, struct error *e);

enum { FILE_MOST_GIVEN = 4096 };

struct file_given {
	struct file_source source; /* hand on its address */
	bool hands_over;           /* a file is found once, and whoever maps it owns the mapping */
	struct file_map *maps;     /* their names are the paths */
	size_t n, room;
};

void file_given_begin(struct file_given *g);

/* Maps a descriptor, which stays the caller's, as `path`. */
bool file_given_add(struct file_given *g, int fd, const char *path, struct error *e);

/* What was mapped from it must not be used any more. */
void file_given_free(struct file_given *g);

#endif
