/* gguf_path: opening by path, for programs that may open files (see gguf.h). */
#include "format/gguf.h"

struct gguf *gguf_open(const char *path, struct error *e)
{
	return gguf_open_from(&file_paths, path, e);
}
