/* file: opening, mapping, reading and replacing files (see file.h). */
#include "base/file.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_GUARDED = 4096, READ_PIECE = 64 * 1024 };

/* Maps that the SIGBUS handler may mend. A slot is taken first, filled, and in force once `start` is set. */
static struct guarded {
	atomic_bool taken;
	atomic_uintptr_t start; /* 0: not in force */
	atomic_size_t size;
	atomic_bool damaged;
} guarded[MAX_GUARDED];
static atomic_uintptr_t page_size = 4096;

static atomic_uint_fast64_t fail_countdown;

/* True when the call that would come now has to fail for a test. */
static bool must_fail(void)
{
	uint_fast64_t left = atomic_load(&fail_countdown);
	if (left == 0) return false;
	atomic_fetch_sub(&fail_countdown, 1);
	if (left > 1) return false;
	errno = EIO;
	return true;
}

uint64_t file_fail_at(uint64_t n)
{
	return atomic_exchange(&fail_countdown, n);
}

static bool system_error(struct error *e, const char *name, const char *what)
{
	return error_set(e, "%s: cannot %s: %s", name, what, strerror(errno));
}

int file_open(const char *path, struct error *e)
{
	int fd = must_fail() ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		system_error(e, path, "open");
		return -1;
	}
	struct stat st;
	if (must_fail() || fstat(fd, &st) != 0) {
		system_error(e, path, "look at");
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

static bool guard_add(const uint8_t *data, size_t size)
{
	for (int i = 0; i < MAX_GUARDED; i++) {
		if (atomic_exchange(&guarded[i].taken, true)) continue;
		atomic_store(&guarded[i].damaged, false);
		atomic_store(&guarded[i].size, size);
		atomic_store(&guarded[i].start, (uintptr_t)data);
		return true;
	}
	return false;
}

static struct guarded *guard_find(const void *address)
{
	for (int i = 0; i < MAX_GUARDED; i++) {
		uintptr_t start = atomic_load(&guarded[i].start);
		if (start && (uintptr_t)address >= start && (uintptr_t)address - start < atomic_load(&guarded[i].size))
			return &guarded[i];
	}
	return NULL;
}

/* Puts zero pages from the page that could not be read to the end of its map, so that the reader goes on and finds the mark. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	(void)context;
	struct guarded *g = guard_find(info->si_addr);
	if (g) {
		uintptr_t within = atomic_load(&page_size) - 1;
		uintptr_t page = (uintptr_t)info->si_addr & ~within;
		uintptr_t end = (atomic_load(&g->start) + atomic_load(&g->size) + within) & ~within;
		atomic_store(&g->damaged, true);
		void *p = mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		if (p != MAP_FAILED) return;
	}
	signal(number, SIG_DFL);
	raise(number);
}

void file_guard_maps(void)
{
	struct sigaction action = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO | SA_NODEFER };
	long size = sysconf(_SC_PAGESIZE);
	if (size > 0) atomic_store(&page_size, (uintptr_t)size);
	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

void file_guard_maps_by_default(void)
{
	struct sigaction now;
	if (sigaction(SIGBUS, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL) file_guard_maps();
}

bool file_map_fd(struct file_map *m, int fd, const char *name, struct error *e)
{
	*m = (struct file_map){ 0 };
	struct stat st;
	if (must_fail() || fstat(fd, &st) != 0) return system_error(e, name, "look at");
	if (!S_ISREG(st.st_mode)) return error_set(e, "%s: is not a regular file", name);
	m->name = memory_copy_text(name, strlen(name));
	if (!m->name) return error_memory(e);
	if (st.st_size == 0) return true;
	size_t size = (size_t)st.st_size;
	void *p = must_fail() ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED && guard_add(p, size)) {
		m->data = p;
		m->size = size;
		return true;
	}
	if (p == MAP_FAILED) {
		system_error(e, name, "map");
	} else {
		munmap(p, size);
		error_set(e, "%s: %d files are open already, the most that can be", name, (int)MAX_GUARDED);
	}
	memory_free(m->name);
	m->name = NULL;
	return false;
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

bool file_map_memory(struct file_map *m, const void *bytes, size_t size, const char *name, struct error *e)
{
	*m = (struct file_map){ .data = size ? bytes : NULL, .size = size, .borrowed = true };
	m->name = memory_copy_text(name, strlen(name));
	return m->name || error_memory(e);
}

void file_unmap(struct file_map *m)
{
	struct guarded *g = m->data && !m->borrowed ? guard_find(m->data) : NULL;
	if (g) {
		atomic_store(&g->start, 0);
		atomic_store(&g->taken, false);
	}
	if (m->data && !m->borrowed) munmap((void *)(uintptr_t)m->data, m->size);
	memory_free(m->name);
	*m = (struct file_map){ 0 };
}

bool file_map_intact(const struct file_map *m, struct error *e)
{
	const struct guarded *g = m->data ? guard_find(m->data) : NULL;
	if (!g || !atomic_load(&g->damaged)) return true;
	return error_set(e, "%s: the file was cut short while in use; open it again when it is whole", m->name);
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
		ssize_t got = must_fail() ? -1 : read(fd, p, piece ? piece : 1);
		if (piece) b.size -= piece - (got > 0 ? (size_t)got : 0);
		if (got < 0 && (errno == EINTR || (errno == EAGAIN && wait_readable(fd)))) continue;
		if (got < 0) {
			system_error(e, name, "read");
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
		w->fd = must_fail() ? -1 : open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (w->fd >= 0) return true;
		system_error(e, w->temporary, "create");
	}
	file_abandon(w);
	return false;
}

bool file_write(struct file_writer *w, const void *bytes, size_t size, struct error *e)
{
	const char *p = bytes;
	while (size > 0) {
		ssize_t n = must_fail() ? -1 : write(w->fd, p, size);
		if (n < 0 && errno == EINTR) continue;
		if (n == 0) errno = ENOSPC;
		if (n <= 0) return system_error(e, w->temporary, "write");
		p += n;
		size -= (size_t)n;
		w->written += (size_t)n;
	}
	return true;
}

bool file_commit(struct file_writer *w, struct error *e)
{
	bool ok = !must_fail() && fsync(w->fd) == 0;
	if (!ok) system_error(e, w->temporary, "store");
	close(w->fd);
	w->fd = -1;
	if (ok && (must_fail() || rename(w->temporary, w->path) != 0)) ok = system_error(e, w->path, "replace");
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
