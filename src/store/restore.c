/* restore: a backup's way back into a folder (see backup.h). Nothing that the archive says is believed before it is checked. */
#include "store/backup.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "store/backup_names.h"
#include "store/tar.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PATH = 1200, PIECE = 1 << 16, MAX_LIST = 64 << 20 };

const char backup_list_name[] = "backup.list";

bool backup_name_is_blob(const char *name)
{
	return strncmp(name, "blobs/", 6) == 0 && strspn(name + 6, "0123456789abcdef") == 12 && strlen(name) == 18;
}

bool backup_name_is_right(const char *name)
{
	static const char *const names[] = { "vault.key", "erase.key", "vault.db", "vault.db-journal", "network.log" };
	for (int i = 0; i < 5; i++) {
		if (strcmp(name, names[i]) == 0) return true;
	}
	return backup_name_is_blob(name);
}

struct restoring {
	const char *path, *folder;
	int fd;
	uint64_t left; /* bytes of the archive that are not read yet */
	uint8_t *piece;
	uint8_t key[KEY_FILE_BYTES]; /* vault.key, which is written last */
	bool has_key;
	struct buffer lines; /* the list as this archive's files give it */
	struct buffer list;  /* and as it came */
	struct buffer made;  /* names of the files that were made, each with a zero byte */
	struct backup_sum *sum;
};

static bool damaged(const struct restoring *r, const char *what, struct error *e)
{
	return error_set(e, "%s: %s; it is damaged, or no backup of a vault", r->path, what);
}

/* Exactly `size` bytes of the archive. */
static bool take(struct restoring *r, void *bytes, size_t size, struct error *e)
{
	if (size > r->left) return damaged(r, "ends too early", e);
	for (size_t done = 0; done < size;) {
		ssize_t n = read(r->fd, (char *)bytes + done, size - done);
		if (n < 0 && errno == EINTR) continue;
		if (n < 0) return error_set(e, "%s: cannot read: %s", r->path, strerror(errno));
		if (n == 0) return damaged(r, "ends too early", e);
		done += (size_t)n;
	}
	r->left -= size;
	return true;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size, const char *path, struct error *e)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return error_set(e, "%s: cannot write: %s", path, n == 0 ? "the disk is full" : strerror(errno));
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

static int make_file(struct restoring *r, const char *name, char path[MAX_PATH], struct error *e)
{
	snprintf(path, MAX_PATH, "%s/blobs", r->folder);
	if (backup_name_is_blob(name) && mkdir(path, 0700) != 0 && errno != EEXIST) {
		error_set(e, "%s: cannot make: %s", path, strerror(errno));
		return -1;
	}
	snprintf(path, MAX_PATH, "%s/%s", r->folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		error_set(e, "%s: cannot make: %s", path, strerror(errno));
	else
		buffer_append(&r->made, name, strlen(name) + 1);
	return fd;
}

/* Bytes of the archive into a file. */
static bool put_file(struct restoring *r, const char *name, uint64_t size, struct seal_hashing *h, struct error *e)
{
	char path[MAX_PATH];
	int fd = make_file(r, name, path, e);
	bool ok = fd >= 0;
	for (uint64_t left = size; ok && left > 0;) {
		size_t n = left < PIECE ? (size_t)left : PIECE;
		ok = take(r, r->piece, n, e) && write_all(fd, r->piece, n, path, e);
		if (ok) seal_hash_more(h, r->piece, n);
		left -= n;
	}
	if (ok && fsync(fd) != 0) ok = error_set(e, "%s: cannot write: %s", path, strerror(errno));
	if (fd >= 0) close(fd);
	return ok;
}

static bool take_file(struct restoring *r, const char *name, uint64_t size, struct error *e)
{
	struct seal_hashing hashing;
	uint8_t hash[SEAL_HASH];
	seal_hash_begin(&hashing);
	if (strcmp(name, "vault.key") == 0) {
		if (size != KEY_FILE_BYTES || r->has_key) return damaged(r, "has a vault.key that is none", e);
		if (!take(r, r->key, KEY_FILE_BYTES, e)) return false;
		r->has_key = true;
		seal_hash_more(&hashing, r->key, KEY_FILE_BYTES);
	} else if (!put_file(r, name, size, &hashing, e)) {
		return false;
	}
	seal_hash_end(&hashing, hash);
	for (int i = 0; i < SEAL_HASH; i++) buffer_format(&r->lines, "%02x", hash[i]);
	buffer_format(&r->lines, "  %s\n", name);
	r->sum->files++;
	r->sum->bytes += size;
	return take(r, r->piece, tar_padding(size), e) && (!r->lines.failed || error_memory(e));
}

static bool take_list(struct restoring *r, uint64_t size, struct error *e)
{
	if (size > MAX_LIST || size > r->left) return damaged(r, "has a list of files that is too long", e);
	void *room = size ? buffer_extend(&r->list, (size_t)size) : r->piece;
	return room ? take(r, room, (size_t)size, e) && take(r, r->piece, tar_padding(size), e) : error_memory(e);
}

/* File by file, up to the list, which is the last one. */
static bool take_all(struct restoring *r, struct error *e)
{
	char name[TAR_NAME + 1];
	uint8_t head[TAR_BLOCK];
	uint64_t size = 0;
	for (;;) {
		if (!take(r, head, TAR_BLOCK, e)) return false;
		enum tar_result what = tar_read(head, name, &size);
		if (what != TAR_FILE) return damaged(r, "has no list of its files at its end", e);
		if (size > r->left) return damaged(r, "ends too early", e);
		if (strcmp(name, backup_list_name) == 0) return take_list(r, size, e);
		if (!backup_name_is_right(name)) return damaged(r, "has a file that no vault has", e);
		if (!take_file(r, name, size, e)) return false;
	}
}

static bool check_list(struct restoring *r, struct error *e)
{
	if (!r->has_key) return damaged(r, "has no vault.key", e);
	if (r->list.size == r->lines.size && memcmp(buffer_text(&r->list), buffer_text(&r->lines), r->list.size) == 0) return true;
	return damaged(r, "has other bytes than its list says", e);
}

static bool is_empty(const char *folder)
{
	return mkdir(folder, 0700) == 0 || (errno == EEXIST && rmdir(folder) == 0 && mkdir(folder, 0700) == 0);
}

static void take_back(struct restoring *r)
{
	char path[MAX_PATH];
	for (size_t at = 0; at < r->made.size; at += strlen(r->made.data + at) + 1) {
		snprintf(path, sizeof path, "%s/%s", r->folder, r->made.data + at);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/blobs", r->folder);
	rmdir(path);
}

static bool put_key(struct restoring *r, struct error *e)
{
	char path[MAX_PATH];
	struct disk *d = disk_real();
	snprintf(path, sizeof path, "%s/blobs/x", r->folder);
	d->sync_folder(d, path); /* where there are any */
	snprintf(path, sizeof path, "%s/vault.key", r->folder);
	int error = disk_replace(d, path, r->key, KEY_FILE_BYTES);
	return !error || error_set(e, "%s: cannot write: %s", path, strerror(error));
}

bool backup_restore(const char *path, const char *folder, struct backup_sum *sum, struct error *e)
{
	struct restoring r = {
		.path = path, .folder = folder, .sum = sum, .lines = buffer_new(MAX_LIST), .list = buffer_new(MAX_LIST)
	};
	struct stat st;
	*sum = (struct backup_sum){ 0 };
	r.made = buffer_new(MAX_LIST);
	if (!seal_start()) return error_set(e, "libsodium cannot start");
	r.fd = file_open(path, e);
	if (r.fd < 0) return false;
	r.piece = memory_new(PIECE, 1);
	r.left = fstat(r.fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	bool ok = r.piece != NULL || error_memory(e);
	if (ok && !is_empty(folder)) ok = error_set(e, "%s: is not an empty folder; a backup is restored into a new one", folder);
	if (ok) {
		ok = take_all(&r, e) && check_list(&r, e) && put_key(&r, e);
		if (!ok) take_back(&r);
	}
	close(r.fd);
	memory_free(r.piece);
	buffer_free(&r.lines);
	buffer_free(&r.list);
	buffer_free(&r.made);
	return ok;
}
