/* prove_find: looks through every file below a folder for bytes that must not be there, and removes such folders (see prove.h). */
#include "app/hearth/prove.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST = 1 << 30, DEEPEST = 32 };

/* What to do with an entry that is no folder; false ends the walk. */
typedef bool (*visitor)(void *context, const char *path, const char *name, bool regular);

static bool walk(const char *folder, int depth, visitor visit, void *context)
{
	char path[PATHS_ROOM];
	DIR *entries = depth < DEEPEST ? opendir(folder) : NULL;
	bool goes_on = entries != NULL;
	for (struct dirent *d; goes_on && (d = readdir(entries));) {
		struct stat st;
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0) continue;
		if (!paths_join(path, folder, d->d_name) || lstat(path, &st) != 0) continue;
		if (S_ISDIR(st.st_mode)) goes_on = walk(path, depth + 1, visit, context);
		goes_on = goes_on && visit(context, path, d->d_name, S_ISREG(st.st_mode));
	}
	if (entries) closedir(entries);
	return goes_on;
}

struct search {
	const char *needle;
	char *found;
	bool unread;
};

static bool look(void *context, const char *path, const char *name, bool regular)
{
	struct search *s = context;
	struct error e;
	size_t size = 0;
	bool there = strstr(name, s->needle) != NULL;
	char *bytes = regular && !there ? file_read(path, LARGEST, &size, &e) : NULL;
	if (regular && !there && !bytes) s->unread = true;
	there = there || (bytes && memmem(bytes, size, s->needle, strlen(s->needle)));
	memory_free(bytes);
	if (there) snprintf(s->found, PATHS_ROOM, "%s", path);
	return !there;
}

bool prove_find(const char *folder, const char *needle, char found[PATHS_ROOM], bool *unread)
{
	struct search s = { .needle = needle, .found = found };
	found[0] = 0;
	if (!walk(folder, 0, look, &s) && !found[0]) s.unread = true; /* a folder that cannot be read */
	*unread = s.unread;
	return found[0] || s.unread;
}

static bool take_away(void *context, const char *path, const char *name, bool regular)
{
	(void)context, (void)name, (void)regular;
	return remove(path) == 0;
}

void prove_remove(const char *folder)
{
	walk(folder, 0, take_away, NULL);
	rmdir(folder);
}
