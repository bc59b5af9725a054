/* disk: the real files (see disk.h). */
#include "store/disk.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 4096 };

struct disk_file {
	int fd;
};

static int real_open(struct disk *d, const char *path, enum disk_open how, struct disk_file **f)
{
	static const int flags[] = { O_RDONLY, O_RDWR, O_RDWR | O_CREAT, O_RDWR | O_TMPFILE };
	(void)d;
	int fd = open(path, flags[how] | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0) return errno;
	struct stat st;
	int error = fstat(fd, &st) != 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
	*f = error ? NULL : memory_new(1, sizeof **f);
	if (!error && !*f) error = ENOMEM;
	if (error)
		close(fd);
	else
		(*f)->fd = fd;
	return error;
}

static int real_read(struct disk_file *f, void *bytes, size_t size, uint64_t at, size_t *got)
{
	*got = 0;
	while (*got < size) {
		ssize_t n = pread(f->fd, (char *)bytes + *got, size - *got, (off_t)(at + *got));
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return errno;
		if (n == 0) break;
		*got += (size_t)n;
	}
	return 0;
}

static int real_write(struct disk_file *f, const void *bytes, size_t size, uint64_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(f->fd, (const char *)bytes + done, size - done, (off_t)(at + done));
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return errno;
		if (n == 0) return ENOSPC;
		done += (size_t)n;
	}
	return 0;
}

static int real_resize(struct disk_file *f, uint64_t size)
{
	while (ftruncate(f->fd, (off_t)size) != 0) {
		if (errno != EINTR) return errno;
	}
	return 0;
}

static int real_sync(struct disk_file *f)
{
	return fdatasync(f->fd) == 0 ? 0 : errno;
}

static int real_size(struct disk_file *f, uint64_t *size)
{
	struct stat st;
	if (fstat(f->fd, &st) != 0) return errno;
	*size = (uint64_t)st.st_size;
	return 0;
}

static void real_close(struct disk_file *f)
{
	close(f->fd);
	memory_free(f);
}

static int real_remove(struct disk *d, const char *path)
{
	(void)d;
	return unlink(path) == 0 ? 0 : errno;
}

static int real_rename(struct disk *d, const char *from, const char *to)
{
	(void)d;
	return rename(from, to) == 0 ? 0 : errno;
}

static int real_sync_folder(struct disk *d, const char *path)
{
	char folder[MAX_PATH];
	(void)d;
	const char *slash = strrchr(path, '/');
	size_t n = slash ? (size_t)(slash - path) : 0;
	if (n >= sizeof folder) return ENAMETOOLONG;
	if (slash && n == 0) n = 1; /* a file of the root folder */
	if (n)
		memcpy(folder, path, n);
	else
		folder[n++] = '.';
	folder[n] = 0;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) return errno;
	int error = fsync(fd) == 0 ? 0 : errno;
	close(fd);
	return error == EINVAL ? 0 : error; /* a file system without it */
}

static int real_make_folder(struct disk *d, const char *path)
{
	struct stat st;
	if (mkdir(path, 0700) == 0) return real_sync_folder(d, path);
	if (errno != EEXIST) return errno;
	return lstat(path, &st) != 0 ? errno : S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
}

static int real_exists(struct disk *d, const char *path, bool *there)
{
	struct stat st;
	(void)d;
	*there = lstat(path, &st) == 0;
	return *there || errno == ENOENT || errno == ENOTDIR ? 0 : errno;
}

static int real_lock(struct disk *d, const char *path, struct disk_file **f)
{
	int error = real_open(d, path, DISK_CREATE, f);
	if (error) return error;
	if (flock((*f)->fd, LOCK_EX | LOCK_NB) == 0) return 0;
	error = errno;
	real_close(*f);
	return error;
}

struct disk *disk_real(void)
{
	static struct disk real = {
		.open = real_open,
		.read = real_read,
		.write = real_write,
		.resize = real_resize,
		.sync = real_sync,
		.size = real_size,
		.close = real_close,
		.remove = real_remove,
		.rename = real_rename,
		.sync_folder = real_sync_folder,
		.make_folder = real_make_folder,
		.exists = real_exists,
		.lock = real_lock,
	};
	return &real;
}

int disk_replace(struct disk *d, const char *path, const void *bytes, size_t size)
{
	char temporary[MAX_PATH];
	struct disk_file *f;
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.tmp", path) >= sizeof temporary) return ENAMETOOLONG;
	/* One that a crash left goes by its name: where renaming is not one step, it may be the very file that is to be replaced.
	 */
	int error = d->remove(d, temporary);
	if (!error || error == ENOENT) error = d->open(d, temporary, DISK_CREATE, &f);
	if (error) return error;
	error = d->write(f, bytes, size, 0);
	if (!error) error = d->sync(f);
	d->close(f);
	if (!error) error = d->rename(d, temporary, path);
	if (error)
		d->remove(d, temporary);
	else
		error = d->sync_folder(d, path);
	return error;
}

int disk_load(struct disk *d, const char *path, size_t limit, uint8_t **bytes, size_t *size)
{
	struct disk_file *f;
	uint64_t length = 0;
	int error = d->open(d, path, DISK_READ, &f);
	if (error) return error;
	error = d->size(f, &length);
	if (!error && length > limit) error = EFBIG;
	*bytes = error ? NULL : memory_new((size_t)length + 1, 1);
	if (!error && !*bytes) error = ENOMEM;
	if (!error) error = d->read(f, *bytes, (size_t)length, 0, size);
	d->close(f);
	if (error) {
		memory_free(*bytes);
		*bytes = NULL;
	}
	return error;
}
