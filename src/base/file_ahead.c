/* file_ahead: the thread, and the pieces that it asks for (see file_ahead.h). */
#include "base/file_ahead.h"

#include "base/threads.h"

#include <sys/mman.h>

/* Pieces of LARGE bytes are read and mapped at once: threads that compute need not stop at pages that are new to them, and where
 * the system keeps files in pages of that size (Linux 6.16 on ext4, or earlier elsewhere) weights come faster from them. Where it
 * cannot map ahead, a piece is looked at, every LOOK bytes a page, and asked for if it is not there; one call reads no more than
 * the system reads ahead at once, whatever it is asked for: ASK is what all systems do. */
enum { LARGE = 2 << 20, LOOK = 1 << 20, ASK = 128 << 10 };
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* Whether the piece seems to be in memory: a page of each LOOK bytes is. */
static bool is_there(const uint8_t *piece, size_t size)
{
	for (size_t at = 0; at < size; at += LOOK) {
		unsigned char resident = 0;
		if (mincore((void *)(uintptr_t)(piece + at), 1, &resident) != 0 || !(resident & 1)) return false;
	}
	return true;
}

static void bring(const uint8_t *piece, size_t size)
{
	if (madvise((void *)(uintptr_t)piece, size, MADV_POPULATE_READ) == 0 || is_there(piece, size)) return;
	for (size_t i = 0; i < size; i += ASK)
		madvise((void *)(uintptr_t)(piece + i), size - i < ASK ? size - i : ASK, MADV_WILLNEED);
}

static void *ahead_main(void *data)
{
	struct file_ahead *a = data;
	for (size_t i = 0; i < a->count; i++) {
		const struct file_map *m = &a->maps[i];
		if (!m->paged) continue;
		madvise((void *)(uintptr_t)m->data, m->size, MADV_HUGEPAGE); /* a wish */
		for (size_t at = 0; at < m->size && !atomic_load(&a->stop); at += LARGE)
			bring(m->data + at, m->size - at < LARGE ? m->size - at : LARGE);
	}
	return NULL;
}

void file_ahead_start(struct file_ahead *a, const struct file_map *maps, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++) bytes += maps[i].paged ? maps[i].size : 0;
	*a = (struct file_ahead){ .maps = maps, .count = count };
	a->runs = bytes > 0 && threads_start(&a->thread, ahead_main, a);
}

void file_ahead_stop(struct file_ahead *a)
{
	if (!a->runs) return;
	atomic_store(&a->stop, true);
	pthread_join(a->thread, NULL);
	a->runs = false;
}
