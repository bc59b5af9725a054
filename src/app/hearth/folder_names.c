/* folder_names: reading and sorting a folder (see folder_names.h). */
#include "app/hearth/folder_names.h"

#include "base/memory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_TEXT = 32 << 20 };

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static DIR *open_folder(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (fd >= 0 && !d) close(fd);
	return d;
}

bool folder_names_read(struct folder_names *f, const char *folder, size_t most)
{
	*f = (struct folder_names){ .text = buffer_new(MOST_TEXT) };
	DIR *d = open_folder(folder);
	const struct dirent *entry;
	size_t n = 0;
	while (d && !f->cut && (entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.') continue;
		f->cut = n == most;
		if (!f->cut && buffer_append(&f->text, entry->d_name, strlen(entry->d_name) + 1)) n++;
	}
	if (d) closedir(d);
	if (n == 0) return !f->text.failed;
	f->names = memory_new(n, sizeof *f->names);
	if (!f->names) return false;
	const char *at = f->text.data;
	for (; f->n < n; at += strlen(at) + 1) f->names[f->n++] = at;
	qsort(f->names, n, sizeof *f->names, compare);
	return true;
}

void folder_names_free(struct folder_names *f)
{
	memory_free(f->names);
	buffer_free(&f->text);
}
