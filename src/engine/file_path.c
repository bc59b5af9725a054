/* file_path: looking at a model file by its path, for programs that may open files (see file.h). */
#include "engine/engine.h"
#include "engine/file.h"

bool hearth_file_open(const char *path, struct hearth_file **file, struct hearth_error *error)
{
	struct error *e = engine_error(error);
	file_guard_maps_by_default();
	return file_look(&file_paths, path, file, e);
}
