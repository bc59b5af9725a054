/* memory_file: memfd, seals and locking (see memory_file.h). */
#include "base/memory_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool memory_file_new(struct memory_file *m, size_t size, const char *name, struct error *e)
{
	*m = (struct memory_file){ .fd = memfd_create("hearth", MFD_CLOEXEC | MFD_ALLOW_SEALING), .size = size };
	if (m->fd >= 0 && ftruncate(m->fd, (off_t)size) == 0) return true;
	error_set(e, "%s: cannot get memory for it: %s", name, strerror(errno));
	memory_file_free(m);
	return false;
}

bool memory_file_seal(struct memory_file *m, const char *name, struct error *e)
{
	if (fcntl(m->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0)
		return error_set(e, "%s: cannot seal its memory: %s", name, strerror(errno));
	void *data = mmap(NULL, m->size, PROT_READ, MAP_SHARED, m->fd, 0);
	if (data == MAP_FAILED) return true;
	madvise(data, m->size, MADV_DONTDUMP);
	m->locked = mlock(data, m->size) == 0;
	if (m->locked)
		m->data = data;
	else
		munmap(data, m->size);
	return true;
}

void memory_file_free(struct memory_file *m)
{
	if (m->fd < 0) return;
	if (m->data) munmap(m->data, m->size);
	close(m->fd);
	*m = (struct memory_file){ .fd = -1 };
}
