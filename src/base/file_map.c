/*
 * file_map: files that lie in memory (see file.h). Nothing here opens a file: a program that links this part alone has only what it
 * was given.
 */
#include "base/file_internal.h"

#include "base/memory.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_GUARDED = 4096 };

/* Maps that the SIGBUS handler may mend. A slot is taken first, filled, and in force once `start` is set. */
static struct guarded {
	atomic_bool taken;
	atomic_uintptr_t start; /* 0: not in force */
	atomic_size_t size;
	atomic_bool damaged;
} guarded[MAX_GUARDED];
static atomic_uintptr_t page_size = 4096;

static atomic_uint_fast64_t fail_countdown;

bool file_must_fail(void)
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

bool file_system_error(struct error *e, const char *name, const char *what)
{
	return error_set(e, "%s: cannot %s: %s", name, what, strerror(errno));
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
	if (file_must_fail() || fstat(fd, &st) != 0) return file_system_error(e, name, "look at");
	if (!S_ISREG(st.st_mode)) return error_set(e, "%s: is not a regular file", name);
	m->name = memory_copy_text(name, strlen(name));
	if (!m->name) return error_memory(e);
	if (st.st_size == 0) return true;
	size_t size = (size_t)st.st_size;
	void *p = file_must_fail() ? MAP_FAILED : mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p != MAP_FAILED && guard_add(p, size)) {
		m->data = p;
		m->size = size;
		m->paged = true;
		return true;
	}
	if (p == MAP_FAILED) {
		file_system_error(e, name, "map");
	} else {
		munmap(p, size);
		error_set(e, "%s: %d files are open already, the most that can be", name, (int)MAX_GUARDED);
	}
	memory_free(m->name);
	m->name = NULL;
	return false;
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
