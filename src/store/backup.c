/* backup: writing one (see backup.h; restore.c is the way back). */
#include "store/backup.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/backup_names.h"
#include "store/tar.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PATH = 1200, PIECE = 1 << 16, TRIES = 100, MAX_LIST = 64 << 20 };

static const int64_t quiet_ns = 100 * 1000 * 1000; /* coarser than the clock of any file system's times */

/* The files that belong together, in the order in which a restore needs them. */
static const char *const together[] = { "erase.key", "vault.db", "vault.db-journal", "network.log", "vault.key" };
enum { TOGETHER = 5 };

struct writing {
	const char *folder;
	struct file_writer out;
	struct buffer list;
	struct backup_sum *sum;
	uint8_t *piece;
};

static bool wrong(const char *path, struct error *e)
{
	return error_set(e, "%s: cannot read: %s", path, strerror(errno));
}

static bool pad(struct writing *w, uint64_t size, struct error *e)
{
	static const uint8_t zeros[TAR_BLOCK];
	return file_write(&w->out, zeros, tar_padding(size), e);
}

/* Head, bytes and padding of an open file. */
static bool write_file(struct writing *w, int fd, const char *name, const char *path, struct error *e)
{
	struct stat st;
	struct seal_hashing hashing;
	uint8_t head[TAR_BLOCK], hash[SEAL_HASH];
	if (fstat(fd, &st) != 0) return wrong(path, e);
	uint64_t left = (uint64_t)st.st_size;
	tar_head(head, name, left, (uint64_t)st.st_mtime);
	if (!file_write(&w->out, head, TAR_BLOCK, e)) return false;
	seal_hash_begin(&hashing);
	while (left > 0) {
		ssize_t n = read(fd, w->piece, left < PIECE ? (size_t)left : PIECE);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return wrong(path, e);
		if (n == 0) return error_set(e, "%s: became shorter while it was copied; try again", path);
		seal_hash_more(&hashing, w->piece, (size_t)n);
		if (!file_write(&w->out, w->piece, (size_t)n, e)) return false;
		left -= (uint64_t)n;
	}
	seal_hash_end(&hashing, hash);
	for (int i = 0; i < SEAL_HASH; i++) buffer_format(&w->list, "%02x", hash[i]);
	buffer_format(&w->list, "  %s\n", name);
	w->sum->files++;
	w->sum->bytes += (uint64_t)st.st_size;
	return pad(w, (uint64_t)st.st_size, e) && (!w->list.failed || error_memory(e));
}

/* *there: a file of that name was there. */
static bool write_named(struct writing *w, const char *name, bool *there, struct error *e)
{
	char path[MAX_PATH];
	snprintf(path, sizeof path, "%s/%s", w->folder, name);
	*there = file_exists(path);
	if (!*there) return true;
	int fd = file_open(path, e);
	if (fd < 0) return false;
	bool ok = write_file(w, fd, name, path, e);
	close(fd);
	return ok;
}

static bool write_blobs(struct writing *w, struct error *e)
{
	char path[MAX_PATH], name[TAR_NAME];
	struct dirent *entry;
	bool ok = true, there;
	snprintf(path, sizeof path, "%s/blobs", w->folder);
	DIR *d = opendir(path);
	if (!d) return errno == ENOENT || wrong(path, e);
	while (ok && (errno = 0, entry = readdir(d)) != NULL) {
		if (snprintf(name, sizeof name, "blobs/%s", entry->d_name) >= (int)sizeof name || !backup_name_is_blob(name))
			continue;
		ok = write_named(w, name, &there, e);
		if (ok && !there) ok = error_set(e, "%s/%s: was deleted while it was copied; try again", path, entry->d_name);
	}
	if (ok && errno) ok = wrong(path, e);
	closedir(d);
	return ok;
}

/* What a change of any of the files that belong together changes. */
struct moment {
	struct stat files[TOGETHER];
	bool there[TOGETHER];
};

static void look(struct moment *m, const char *folder)
{
	char path[MAX_PATH];
	memset(m, 0, sizeof *m);
	for (int i = 0; i < TOGETHER; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, together[i]);
		m->there[i] = stat(path, &m->files[i]) == 0;
	}
}

static int64_t nanoseconds(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Nothing is under way, and the last change lies so far back that another one would show in the times. */
static bool is_quiet(const struct moment *m)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	if (m->there[2] && m->files[2].st_size > 0) return false;
	for (int i = 0; i < TOGETHER; i++) {
		int64_t age = nanoseconds(now) - nanoseconds(m->files[i].st_mtim);
		if (m->there[i] && age >= 0 && age < quiet_ns) return false;
	}
	return true;
}

static bool is_same(const struct moment *a, const struct moment *b)
{
	for (int i = 0; i < TOGETHER; i++) {
		const struct stat *x = a->files + i, *y = b->files + i;
		if (a->there[i] != b->there[i]) return false;
		if (!a->there[i]) continue;
		if (x->st_ino != y->st_ino || x->st_size != y->st_size || nanoseconds(x->st_mtim) != nanoseconds(y->st_mtim) ||
		    nanoseconds(x->st_ctim) != nanoseconds(y->st_ctim))
			return false;
	}
	return true;
}

static bool write_together(struct writing *w, struct error *e)
{
	bool there;
	for (int i = 0; i < TOGETHER; i++) {
		if (!write_named(w, together[i], &there, e)) return false;
	}
	return true;
}

/* Starts the archive again from nothing. */
static bool start_again(struct writing *w, struct error *e)
{
	buffer_clear(&w->list);
	*w->sum = (struct backup_sum){ 0 };
	w->out.written = 0;
	return (lseek(w->out.fd, 0, SEEK_SET) == 0 && ftruncate(w->out.fd, 0) == 0) ||
	       error_set(e, "%s: cannot write: %s", w->out.temporary, strerror(errno));
}

/* The files that belong together, as they were at one moment: under the vault's lock, or else between two changes of its owner. */
static bool write_moment(struct writing *w, struct error *e)
{
	const struct timespec pause = { .tv_nsec = 50 * 1000 * 1000 };
	char path[MAX_PATH];
	struct disk_file *lock;
	struct disk *d = disk_real();
	struct moment before, after;
	snprintf(path, sizeof path, "%s/vault.lock", w->folder);
	if (d->lock(d, path, &lock) == 0) {
		bool ok = write_together(w, e);
		d->close(lock);
		return ok;
	}
	for (int i = 0; i < TRIES; i++) {
		look(&before, w->folder);
		if (is_quiet(&before)) {
			struct error later;
			bool ok = write_together(w, &later);
			look(&after, w->folder);
			if (ok && is_same(&before, &after)) return true;
			if (!ok && is_same(&before, &after)) return error_set(e, "%s", later.text);
			if (!start_again(w, e)) return false;
		}
		nanosleep(&pause, NULL);
	}
	return error_set(e, "%s: is written to all the time; try again when hearth has nothing to do", w->folder);
}

static bool write_list(struct writing *w, struct error *e)
{
	uint8_t head[TAR_BLOCK], end[2 * TAR_BLOCK] = { 0 };
	tar_head(head, backup_list_name, w->list.size, (uint64_t)time(NULL));
	return file_write(&w->out, head, TAR_BLOCK, e) && file_write(&w->out, w->list.data, w->list.size, e) &&
	       pad(w, w->list.size, e) && file_write(&w->out, end, sizeof end, e);
}

bool backup_write(const char *folder, const char *path, struct backup_sum *sum, struct error *e)
{
	struct writing w = { .folder = folder, .list = buffer_new(MAX_LIST), .sum = sum };
	*sum = (struct backup_sum){ 0 };
	if (!seal_start()) return error_set(e, "libsodium cannot start");
	if (vault_look(disk_real(), folder) != VAULT_PRESENT) return error_set(e, "%s: there is no vault here", folder);
	if (!file_create(&w.out, path, e)) return false;
	w.piece = memory_new(PIECE, 1);
	bool ok = w.piece ? fchmod(w.out.fd, 0600) == 0 || wrong(path, e) : error_memory(e);
	ok = ok && write_moment(&w, e) && write_blobs(&w, e) && write_list(&w, e) && file_commit(&w.out, e);
	if (!ok) file_abandon(&w.out);
	memory_free(w.piece);
	buffer_free(&w.list);
	return ok;
}
