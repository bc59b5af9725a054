/* file_paths: the system's files as a source (see file_source.h). */
#include "base/file_source.h"

static bool map_path(const struct file_source *s, const char *path, struct file_map *m, struct error *e)
{
	(void)s;
	return file_map_path(m, path, e);
}

static bool has_path(const struct file_source *s, const char *path)
{
	(void)s;
	return file_exists(path);
}

const struct file_source file_paths = { map_path, has_path };
