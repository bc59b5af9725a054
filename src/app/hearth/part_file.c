/* part_file: the part and its note (see part_file.h). */
#include "app/hearth/part_file.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { MAX_NOTE = 16 << 10 };

static bool system_says(const char *path, const char *what, struct error *e)
{
	return error_set(e, "%s: cannot %s: %s", path, what, strerror(errno));
}

/* ---- the note: NAME VALUE a line ---- */

static void take_line(struct part_file *p, char *line)
{
	char *value = strchr(line, ' ');
	if (!value) return;
	*value++ = 0;
	if (strcmp(line, "url") == 0)
		snprintf(p->url, sizeof p->url, "%s", value);
	else if (strcmp(line, "etag") == 0)
		snprintf(p->etag, sizeof p->etag, "%s", value);
	else if (strcmp(line, "sha256") == 0 && strlen(value) == FETCH_HASH - 1)
		snprintf(p->hash, sizeof p->hash, "%s", value);
	else if (strcmp(line, "size") == 0 && *value >= '0' && *value <= '9')
		p->whole = strtoull(value, NULL, 10);
}

static void read_note(struct part_file *p)
{
	size_t size;
	struct error ignored;
	p->whole = FETCH_UNKNOWN;
	char *text = file_exists(p->note) ? file_read(p->note, MAX_NOTE, &size, &ignored) : NULL;
	for (char *line = text; line && *line;) {
		char *end = strchr(line, '\n');
		if (!end) break;
		*end = 0;
		take_line(p, line);
		line = end + 1;
	}
	memory_free(text);
}

bool part_file_note(const struct part_file *p, struct error *e)
{
	struct file_writer w;
	char text[MAX_NOTE];
	int n = snprintf(text, sizeof text, "url %s\netag %s\nsha256 %s\n", p->url, p->etag, p->hash);
	if (p->whole != FETCH_UNKNOWN)
		n += snprintf(text + n, sizeof text - (size_t)n, "size %llu\n", (unsigned long long)p->whole);
	if (!file_create(&w, p->note, e)) return false;
	if (file_write(&w, text, (size_t)n, e)) return file_commit(&w, e);
	file_abandon(&w);
	return false;
}

/* ---- the part ---- */

static bool name_paths(struct part_file *p, const char *folder, const char *name, struct error *e)
{
	int n = snprintf(p->path, sizeof p->path, "%s/%s", folder, name);
	if (n < 0 || n + 16 >= (int)sizeof p->path) return error_set(e, "%s: the path is too long", folder);
	memcpy(p->part, p->path, (size_t)n);
	memcpy(p->part + n, ".part", sizeof ".part");
	memcpy(p->note, p->path, (size_t)n);
	memcpy(p->note + n, ".part.from", sizeof ".part.from");
	return true;
}

bool part_file_open(struct part_file *p, const char *folder, const char *name, const char *url, struct error *e)
{
	struct stat st;
	*p = (struct part_file){ .fd = -1 };
	if (!name_paths(p, folder, name, e)) return false;
	if (lstat(p->path, &st) == 0) return error_set(e, "%s: is here already; remove or rename it to fetch it anew", p->path);
	p->fd = open(p->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
	if (p->fd < 0) return system_says(p->part, "open", e);
	bool ok = false;
	if (fstat(p->fd, &st) != 0 || !S_ISREG(st.st_mode))
		error_set(e, "%s: is not a regular file; remove it", p->part);
	else if (flock(p->fd, LOCK_EX | LOCK_NB) != 0)
		error_set(e, "%s: another hearth is fetching it", p->part);
	else
		ok = true;
	if (!ok) {
		close(p->fd);
		p->fd = -1;
		return false;
	}
	p->size = (uint64_t)st.st_size;
	read_note(p);
	bool same = strcmp(p->url, url) == 0;
	snprintf(p->url, sizeof p->url, "%s", url);
	return same || p->size == 0 || part_file_restart(p, e);
}

bool part_file_restart(struct part_file *p, struct error *e)
{
	p->etag[0] = p->hash[0] = 0;
	p->whole = FETCH_UNKNOWN;
	p->size = 0;
	return ftruncate(p->fd, 0) == 0 || system_says(p->part, "empty", e);
}

uint64_t part_file_room(const struct part_file *p)
{
	struct statvfs disk;
	return fstatvfs(p->fd, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : FETCH_UNKNOWN;
}

uint64_t part_file_size(const struct part_file *p)
{
	struct stat st;
	return p->fd >= 0 && fstat(p->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

/* The folder's entry of the file, on the disk. */
static bool sync_folder(const char *path, struct error *e)
{
	char folder[PATHS_ROOM];
	snprintf(folder, sizeof folder, "%s", path);
	*strrchr(folder, '/') = 0;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) return system_says(folder, "open", e);
	bool ok = fsync(fd) == 0 || errno == EINVAL || system_says(folder, "store", e);
	close(fd);
	return ok;
}

bool part_file_finish(struct part_file *p, struct error *e)
{
	if (fsync(p->fd) != 0) return system_says(p->part, "store", e);
	/* Not in the place of a file that has come there meanwhile. */
	bool renamed = renameat2(AT_FDCWD, p->part, AT_FDCWD, p->path, RENAME_NOREPLACE) == 0;
	if (!renamed && errno == EINVAL) renamed = rename(p->part, p->path) == 0; /* a file system that cannot tell */
	if (!renamed) return system_says(p->path, "give the file this name", e);
	unlink(p->note);
	close(p->fd);
	p->fd = -1;
	return sync_folder(p->path, e);
}

void part_file_discard(struct part_file *p)
{
	if (p->fd < 0) return;
	unlink(p->part);
	unlink(p->note);
	close(p->fd);
	p->fd = -1;
}

void part_file_close(struct part_file *p)
{
	struct stat st;
	if (p->fd < 0) return;
	if (fstat(p->fd, &st) == 0 && st.st_size == 0) {
		part_file_discard(p);
		return;
	}
	fsync(p->fd);
	close(p->fd);
	p->fd = -1;
}
