/* gguf_save: writing a file, for programs that may (see gguf_writer.h). */
#include "base/file.h"
#include "format/gguf_writer.h"

bool gguf_writer_save(const struct gguf_writer *w, const char *path, struct error *e)
{
	struct buffer head = buffer_new(SIZE_MAX / 4);
	struct file_writer f;
	bool ok = gguf_writer_begin(w, &head, e) && file_create(&f, path, e);
	if (ok) {
		ok = file_write(&f, head.data, head.size, e) && file_write(&f, w->data.data, w->data.size, e);
		if (ok)
			ok = file_commit(&f, e);
		else
			file_abandon(&f);
	}
	buffer_free(&head);
	return ok;
}
