/*
 * simulated_disk: a disk in memory that forgets.
 *
 * What was not synced may be lost, torn at sectors or written in another order when the power is cut; names of files that were not
 * synced with their folder may be lost, in the order in which they were made. The n-th call can fail, and from a chosen
 * call on every one can (the process is dead).
 */
#ifndef TESTS_STORE_SIMULATED_DISK_H
#define TESTS_STORE_SIMULATED_DISK_H

#include "base/memory.h"
#include "store/disk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { SIM_FILES = 64, SIM_NAMES = 32, SIM_SECTOR = 512 };

struct sim_write {
	uint64_t at, size;
	uint8_t *bytes; /* NULL: a change of the size to `at` */
};

/* One file's content: as the process sees it, and as the disk has it with the writes that may come or not. */
struct sim_inode {
	uint8_t *live, *durable;
	uint64_t live_size, durable_size;
	struct sim_write *waiting;
	size_t n_waiting, room;
};

struct sim_name {
	char path[200];
	int inode; /* -1: free */
};

struct sim_disk {
	struct disk base;
	struct sim_inode inodes[SIM_FILES];
	int n_inodes;
	struct sim_name live[SIM_NAMES], durable[SIM_NAMES];
	struct sim_name changes[256]; /* of names, not synced: inode -1 takes the name away */
	int n_changes;
	uint64_t calls, fail_at; /* the call that fails; 0: none */
	int fail_with;           /* errno; a write that fails with ENOSPC writes half */
	bool dead;               /* every call from fail_at on fails */
	uint64_t random;
};

struct disk_file {
	struct sim_disk *disk;
	int inode;
};

static uint64_t sim_random(struct sim_disk *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

static bool sim_fails(struct sim_disk *s)
{
	s->calls++;
	return s->fail_at && (s->dead ? s->calls >= s->fail_at : s->calls == s->fail_at);
}

static void sim_grow(uint8_t **bytes, uint64_t *size, uint64_t to)
{
	if (to > *size) {
		*bytes = memory_resize(*bytes, to, 1);
		memset(*bytes + *size, 0, to - *size);
	}
	*size = to;
}

static void sim_apply(uint8_t **bytes, uint64_t *size, uint64_t at, const uint8_t *from, uint64_t n)
{
	if (at + n > *size) sim_grow(bytes, size, at + n);
	if (n) memcpy(*bytes + at, from, n);
}

static int sim_find(const struct sim_name *names, const char *path)
{
	for (int i = 0; i < SIM_NAMES; i++) {
		if (names[i].inode >= 0 && strcmp(names[i].path, path) == 0) return i;
	}
	return -1;
}

static void sim_name(struct sim_name *names, const char *path, int inode)
{
	int i = sim_find(names, path);
	for (int free_place = 0; i < 0 && inode >= 0; free_place++) {
		if (names[free_place].inode < 0) i = free_place;
	}
	if (i < 0) return;
	snprintf(names[i].path, sizeof names[i].path, "%s", path);
	names[i].inode = inode;
}

static void sim_change(struct sim_disk *s, const char *path, int inode)
{
	sim_name(s->live, path, inode);
	snprintf(s->changes[s->n_changes].path, sizeof s->changes[0].path, "%s", path);
	s->changes[s->n_changes++].inode = inode;
}

static void sim_wait(struct sim_inode *n, uint64_t at, const void *bytes, uint64_t size)
{
	if (n->n_waiting == n->room) {
		n->room = n->room ? n->room * 2 : 16;
		n->waiting = memory_resize(n->waiting, n->room, sizeof *n->waiting);
	}
	struct sim_write *w = n->waiting + n->n_waiting++;
	*w = (struct sim_write){ at, size, bytes ? memory_new(size + 1, 1) : NULL };
	if (bytes) memcpy(w->bytes, bytes, size);
}

static int sim_open(struct disk *d, const char *path, enum disk_open how, struct disk_file **f)
{
	struct sim_disk *s = (struct sim_disk *)(void *)d;
	if (sim_fails(s)) return s->fail_with;
	int name = how == DISK_UNNAMED ? -1 : sim_find(s->live, path), inode = name < 0 ? -1 : s->live[name].inode;
	if (inode < 0) {
		if (how == DISK_READ || how == DISK_WRITE) return ENOENT;
		if (s->n_inodes == SIM_FILES) return ENOSPC;
		inode = s->n_inodes++;
		if (how == DISK_CREATE) sim_change(s, path, inode);
	}
	*f = memory_new(1, sizeof **f);
	**f = (struct disk_file){ s, inode };
	return 0;
}

static int sim_read(struct disk_file *f, void *bytes, size_t size, uint64_t at, size_t *got)
{
	struct sim_inode *n = f->disk->inodes + f->inode;
	*got = 0;
	if (sim_fails(f->disk)) return f->disk->fail_with == ENOSPC ? EIO : f->disk->fail_with;
	if (at >= n->live_size) return 0;
	*got = size < n->live_size - at ? size : (size_t)(n->live_size - at);
	memcpy(bytes, n->live + at, *got);
	return 0;
}

static int sim_write(struct disk_file *f, const void *bytes, size_t size, uint64_t at)
{
	struct sim_inode *n = f->disk->inodes + f->inode;
	bool fails = sim_fails(f->disk);
	if (fails && f->disk->fail_with != ENOSPC) return f->disk->fail_with;
	if (fails) size /= 2;
	sim_apply(&n->live, &n->live_size, at, bytes, size);
	sim_wait(n, at, bytes, size);
	return fails ? ENOSPC : 0;
}

static int sim_resize(struct disk_file *f, uint64_t size)
{
	struct sim_inode *n = f->disk->inodes + f->inode;
	if (sim_fails(f->disk)) return f->disk->fail_with;
	sim_grow(&n->live, &n->live_size, size);
	sim_wait(n, size, NULL, 0);
	return 0;
}

static int sim_sync(struct disk_file *f)
{
	struct sim_inode *n = f->disk->inodes + f->inode;
	if (sim_fails(f->disk)) return f->disk->fail_with;
	sim_grow(&n->durable, &n->durable_size, n->live_size);
	if (n->live_size) memcpy(n->durable, n->live, n->live_size);
	for (size_t i = 0; i < n->n_waiting; i++) memory_free(n->waiting[i].bytes);
	n->n_waiting = 0;
	return 0;
}

static int sim_size(struct disk_file *f, uint64_t *size)
{
	if (sim_fails(f->disk)) return f->disk->fail_with;
	*size = f->disk->inodes[f->inode].live_size;
	return 0;
}

static void sim_close(struct disk_file *f)
{
	memory_free(f);
}

static int sim_remove(struct disk *d, const char *path)
{
	struct sim_disk *s = (struct sim_disk *)(void *)d;
	if (sim_fails(s)) return s->fail_with;
	if (sim_find(s->live, path) < 0) return ENOENT;
	sim_change(s, path, -1);
	return 0;
}

static int sim_rename(struct disk *d, const char *from, const char *to)
{
	struct sim_disk *s = (struct sim_disk *)(void *)d;
	if (sim_fails(s)) return s->fail_with;
	int i = sim_find(s->live, from);
	if (i < 0) return ENOENT;
	int inode = s->live[i].inode;
	/* Not one step here: after a crash in between the file has both names. */
	sim_change(s, to, inode);
	sim_change(s, from, -1);
	return 0;
}

static int sim_sync_folder(struct disk *d, const char *path)
{
	struct sim_disk *s = (struct sim_disk *)(void *)d;
	(void)path;
	if (sim_fails(s)) return s->fail_with;
	memcpy(s->durable, s->live, sizeof s->live);
	s->n_changes = 0;
	return 0;
}

static int sim_make_folder(struct disk *d, const char *path)
{
	(void)path;
	return sim_fails((struct sim_disk *)(void *)d) ? ((struct sim_disk *)(void *)d)->fail_with : 0;
}

static int sim_exists(struct disk *d, const char *path, bool *there)
{
	struct sim_disk *s = (struct sim_disk *)(void *)d;
	if (sim_fails(s)) return s->fail_with;
	*there = sim_find(s->live, path) >= 0;
	return 0;
}

static int sim_lock(struct disk *d, const char *path, struct disk_file **f)
{
	return sim_open(d, path, DISK_CREATE, f);
}

static struct sim_disk *sim_new(uint64_t seed)
{
	struct sim_disk *s = memory_new(1, sizeof *s);
	s->base = (struct disk){ sim_open,   sim_read,   sim_write,       sim_resize,      sim_sync,   sim_size, sim_close,
		                 sim_remove, sim_rename, sim_sync_folder, sim_make_folder, sim_exists, sim_lock };
	s->random = seed * 0x9e3779b97f4a7c15u + 1;
	s->fail_with = EIO;
	for (int i = 0; i < SIM_NAMES; i++) s->live[i].inode = s->durable[i].inode = -1;
	return s;
}

static void sim_free(struct sim_disk *s)
{
	for (int i = 0; i < s->n_inodes; i++) {
		struct sim_inode *n = s->inodes + i;
		for (size_t k = 0; k < n->n_waiting; k++) memory_free(n->waiting[k].bytes);
		memory_free(n->waiting);
		memory_free(n->live);
		memory_free(n->durable);
	}
	memory_free(s);
}

/* A write that was not synced: gone, whole, or some of its sectors. */
static void sim_tear(struct sim_disk *s, struct sim_inode *n, const struct sim_write *w)
{
	uint64_t fate = sim_random(s) % 4;
	if (fate == 0) return;
	if (!w->bytes) {
		sim_grow(&n->durable, &n->durable_size, w->at);
		return;
	}
	for (uint64_t from = 0; from < w->size;) {
		uint64_t to = ((w->at + from) / SIM_SECTOR + 1) * SIM_SECTOR - w->at;
		if (to > w->size) to = w->size;
		if (fate > 1 || sim_random(s) % 2)
			sim_apply(&n->durable, &n->durable_size, w->at + from, w->bytes + from, to - from);
		from = to;
	}
}

/* The power is cut: what the next start will find. All calls work again. */
static void sim_power_cut(struct sim_disk *s)
{
	int names = s->n_changes ? (int)(sim_random(s) % (uint64_t)(s->n_changes + 1)) : 0;
	for (int i = 0; i < names; i++) sim_name(s->durable, s->changes[i].path, s->changes[i].inode);
	memcpy(s->live, s->durable, sizeof s->live);
	s->n_changes = 0;
	for (int i = 0; i < s->n_inodes; i++) {
		struct sim_inode *n = s->inodes + i;
		for (size_t left = n->n_waiting; left > 0; left--) { /* in any order */
			size_t k = sim_random(s) % 3 ? 0 : (size_t)(sim_random(s) % left);
			sim_tear(s, n, n->waiting + k);
			memory_free(n->waiting[k].bytes);
			memmove(n->waiting + k, n->waiting + k + 1, (left - k - 1) * sizeof *n->waiting);
		}
		n->n_waiting = 0;
		sim_grow(&n->live, &n->live_size, n->durable_size);
		if (n->durable_size) memcpy(n->live, n->durable, n->durable_size);
	}
	s->fail_at = 0;
	s->dead = false;
}

#endif
