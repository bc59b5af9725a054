/* json_file: reading and checking (see json_file.h). */
#include "app/lab/json_file.h"

#include "base/file.h"
#include "base/memory.h"

json_t *json_file_array(const char *path, size_t limit, struct error *e)
{
	size_t size;
	char *text = file_read(path, limit, &size, e);
	json_t *value = text ? json_parse(text, size, path, e) : NULL;
	memory_free(text);
	if (!value || json_is_array(value)) return value;
	json_decref(value);
	error_set(e, "%s: not a JSON array", path);
	return NULL;
}
