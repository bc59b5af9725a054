/* client_files: which files a model has (see client_files.h). What is missing is left for the engine to name. */
#include "wire/client_files.h"

#include "base/file.h"
#include "base/split_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_PARTS = 1024, MOST_FILES = 2048, MOST_LENT = 64 };

/* Files that have no path (client_lend). */
static struct lent {
	char name[WIRE_MOST_PATH]; /* empty: free */
	int fd;
} lent[MOST_LENT];
static pthread_mutex_t lent_lock = PTHREAD_MUTEX_INITIALIZER;

bool client_lend(const char *name, int fd)
{
	struct lent *place = NULL;
	pthread_mutex_lock(&lent_lock);
	for (size_t i = 0; i < MOST_LENT; i++) {
		if (strcmp(lent[i].name, name) == 0) lent[i].name[0] = 0;
		if (!lent[i].name[0]) place = &lent[i];
	}
	bool ok = fd < 0 || (place && strlen(name) < sizeof place->name);
	if (fd >= 0 && ok) {
		snprintf(place->name, sizeof place->name, "%s", name);
		place->fd = fd;
	}
	pthread_mutex_unlock(&lent_lock);
	return ok;
}

/* A descriptor of its own for the file that was lent under this name; -1: none was. */
static int borrow(const char *name)
{
	int fd = -1;
	pthread_mutex_lock(&lent_lock);
	for (size_t i = 0; *name && i < MOST_LENT; i++) {
		if (strcmp(lent[i].name, name) == 0) fd = fcntl(lent[i].fd, F_DUPFD_CLOEXEC, 3);
	}
	pthread_mutex_unlock(&lent_lock);
	return fd;
}

static bool give(struct link *l, const char *path, struct error *e)
{
	struct buffer b = buffer_new(2 * WIRE_MOST_PATH);
	int fd = borrow(path);
	if (fd < 0) fd = file_open(path, e);
	if (fd < 0) return false;
	wire_put_text(&b, path);
	bool ok = b.failed ? error_set(e, "%.200s...: the path is too long", path) : link_tell(l, WIRE_FILE, b.data, b.size, fd, e);
	buffer_free(&b);
	close(fd);
	return ok;
}

/* Something has that name, even what cannot be opened. */
static bool stands(const char *path)
{
	struct stat st;
	int fd = borrow(path);
	if (fd >= 0) close(fd);
	return fd >= 0 || lstat(path, &st) == 0;
}

static bool give_parts(struct link *l, const char *path, struct error *e)
{
	char part[WIRE_MOST_PATH];
	unsigned parts = split_name_parts(path);
	if (!give(l, path, e)) return false;
	for (unsigned i = 2; i <= parts && i <= MOST_PARTS && split_name_part(part, sizeof part, path, i); i++) {
		if (stands(part) && !give(l, part, e)) return error_at(e, "%s: part %u of %u is missing", path, i, parts);
	}
	return true;
}

/* A file of a model's folder: its name ends so. */
static bool belongs(const char *name)
{
	static const char *const endings[] = { ".json", ".safetensors", ".jinja" };
	size_t length = strlen(name);
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t n = strlen(endings[i]);
		if (length > n && strcmp(name + length - n, endings[i]) == 0) return true;
	}
	return false;
}

static bool give_folder(struct link *l, const char *path, struct error *e)
{
	char file[WIRE_MOST_PATH];
	bool ok = true;
	int n = 0;
	DIR *d = opendir(path);
	struct dirent *entry;
	if (!d) return error_set(e, "%s: cannot be listed", path);
	while (ok && n < MOST_FILES && (entry = readdir(d)) != NULL) {
		int length = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
		if (!belongs(entry->d_name) || length >= (int)sizeof file || file_is_folder(file)) continue;
		ok = give(l, file, e);
		n++;
	}
	closedir(d);
	return ok;
}

bool client_give_files(struct link *l, const char *path, struct error *e)
{
	char config[WIRE_MOST_PATH];
	int n = snprintf(config, sizeof config, "%s/config.json", path);
	if (n < (int)sizeof config && file_exists(config)) return give_folder(l, path, e);
	return give_parts(l, path, e);
}
