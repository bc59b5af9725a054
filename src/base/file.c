/* file: opening, reading and replacing files (see file.h). */
#include "base/file_internal.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_PIECE = 64 * 1024 };

int file_open(const char *path, struct error *e)
{
	int fd = file_must_fail() ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		file_system_error(e, path, "open");
		return -1;
	}
	struct stat st;
	if (file_must_fail() || fstat(fd, &st) != 0) {
		file_system_error(e, path, "look at");
	} else if (S_ISDIR(st.st_mode)) {
		error_set(e, "%s: is a directory, not a file", path);
	} else if (!S_ISREG(st.st_mode)) {
		error_set(e, "%s: is not a regular file", path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

bool file_exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

bool file_is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool file_map_path(struct file_map *m, const char *path, struct error *e)
{
	*m = (struct file_map){ 0 };
	int fd = file_open(path, e);
	if (fd < 0) return false;
	bool ok = file_map_fd(m, fd, path, e);
	close(fd);
	return ok;
}

/* For a pipe that somebody else has set not to block. */
static bool wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, -1) > 0 || errno == EINTR;
}

char *file_read_fd(int fd, const char *name, size_t limit, size_t *size, struct error *e)
{
	struct buffer b = buffer_new(limit);
	for (;;) {
		size_t piece = limit - b.size < READ_PIECE ? limit - b.size : READ_PIECE;
		char past_limit;
		char *p = piece ? buffer_extend(&b, piece) : &past_limit;
		if (!p) {
			error_memory(e);
			break;
		}
		ssize_t got = file_must_fail() ? -1 : read(fd, p, piece ? piece : 1);
		if (piece) b.size -= piece - (got > 0 ? (size_t)got : 0);
		if (got < 0 && (errno == EINTR || (errno == EAGAIN && wait_readable(fd)))) continue;
		if (got < 0) {
			file_system_error(e, name, "read");
			break;
		}
		if (got > 0 && !piece) {
			error_set(e, "%s: is larger than %zu bytes, the most that is read here", name, limit);
			break;
		}
		if (got == 0) {
			if (!buffer_extend(&b, 0)) { /* so that an empty file is an allocated "" */
				error_memory(e);
				break;
			}
			b.data[b.size] = 0;
			*size = b.size;
			return b.data;
		}
	}
	buffer_free(&b);
	return NULL;
}

char *file_read(const char *path, size_t limit, size_t *size, struct error *e)
{
	if (strcmp(path, "-") == 0) return file_read_fd(STDIN_FILENO, "standard input", limit, size, e);
	int fd = file_open(path, e);
	if (fd < 0) return NULL;
	char *text = file_read_fd(fd, path, limit, size, e);
	close(fd);
	return text;
}

bool file_create(struct file_writer *w, const char *path, struct error *e)
{
	*w = (struct file_writer){ .fd = -1 };
	size_t length = strlen(path);
	w->path = memory_copy_text(path, length);
	w->temporary = memory_new(length + sizeof ".tmp", 1);
	if (!w->path || !w->temporary) {
		file_abandon(w);
		return error_memory(e);
	}
	snprintf(w->temporary, length + sizeof ".tmp", "%s.tmp", path);
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		error_set(e, "%s: is not a regular file and cannot be replaced by one", path);
	} else {
		/* What lies there is left from a run that was killed; whatever it is, it is not opened. */
		unlink(w->temporary);
		w->fd = file_must_fail() ? -1 : open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (w->fd >= 0) return true;
		file_system_error(e, w->temporary, "create");
	}
	file_abandon(w);
	return false;
}

/* Adds what was written to *written. */
static bool write_all(int fd, const char *name, const void *bytes, size_t size, size_t *written, struct error *e)
{
	const char *p = bytes;
	while (size > 0) {
		ssize_t n = file_must_fail() ? -1 : write(fd, p, size);
		if (n < 0 && errno == EINTR) continue;
		if (n == 0) errno = ENOSPC;
		if (n <= 0) return file_system_error(e, name, "write");
		p += n;
		size -= (size_t)n;
		*written += (size_t)n;
	}
	return true;
}

bool file_write(struct file_writer *w, const void *bytes, size_t size, struct error *e)
{
	return write_all(w->fd, w->temporary, bytes, size, &w->written, e);
}

bool file_write_whole(int fd, const char *name, const void *bytes, size_t size, struct error *e)
{
	size_t written = 0;
	if (!write_all(fd, name, bytes, size, &written, e)) return false;
	return (!file_must_fail() && fsync(fd) == 0) || file_system_error(e, name, "store");
}

bool file_commit(struct file_writer *w, struct error *e)
{
	bool ok = !file_must_fail() && fsync(w->fd) == 0;
	if (!ok) file_system_error(e, w->temporary, "store");
	close(w->fd);
	w->fd = -1;
	if (ok && (file_must_fail() || rename(w->temporary, w->path) != 0)) ok = file_system_error(e, w->path, "replace");
	if (!ok) unlink(w->temporary);
	memory_free(w->path);
	memory_free(w->temporary);
	w->path = w->temporary = NULL;
	return ok;
}

void file_abandon(struct file_writer *w)
{
	if (w->fd >= 0) {
		close(w->fd);
		unlink(w->temporary);
	}
	memory_free(w->path);
	memory_free(w->temporary);
	*w = (struct file_writer){ .fd = -1 };
}
