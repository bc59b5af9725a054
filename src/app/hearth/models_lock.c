/*
 * models_lock: `hearth models lock NAME` and `hearth models unlock NAME`.
 *
 * The file goes into the vault as sealed chunks and is read back from there before the plain one is overwritten and removed. The
 * way back writes the plain file first.
 */
#include "app/hearth/commands.h"
#include "app/hearth/locked_model.h"
#include "app/hearth/model_file.h"
#include "app/hearth/pull_progress.h"
#include "app/hearth/terminal.h"
#include "app/hearth/unlock.h"
#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PIECE = 1 << 20, MAX_OUT = 1 << 16 };

struct locking {
	struct paths paths;
	struct vault_place place;
	struct vault *vault;
	struct locked_model model;
	char path[PATHS_ROOM]; /* of the plain file */
	const char *name;      /* its last part */
	int fd;
	uint64_t size;
	uint8_t *piece;
	struct pull_progress progress;
};

static bool system_says(const char *path, const char *what, struct error *e)
{
	return error_set(e, "%s: cannot %s: %s", path, what, strerror(errno));
}

static bool interrupted(struct error *e)
{
	return terminal_interrupted() && !error_set(e, "interrupted: nothing was changed");
}

/* ---- lock ---- */

/* The plain file, if it is one that can be locked. */
static bool open_plain(struct locking *l, const char *wanted, struct error *e)
{
	struct stat st;
	struct statvfs disk;
	if (!model_file_find(l->path, &l->paths, wanted, e)) return false;
	const char *slash = strrchr(l->path, '/');
	l->name = slash ? slash + 1 : l->path;
	if (strcmp(l->path, l->paths.builtin) == 0)
		return error_set(e, "the model that comes with hearth is everybody's: it stays as it is");
	if (strstr(l->name, "-of-") || strlen(l->name) > MAX_BLOB_NAME)
		return error_set(e, "%s: is a part of a split model; only a model in one file can be locked", l->path);
	l->fd = open(l->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (l->fd < 0) return system_says(l->path, "open", e);
	if (fstat(l->fd, &st) != 0 || !S_ISREG(st.st_mode)) return error_set(e, "%s: is not a regular file", l->path);
	if (st.st_nlink > 1) return error_set(e, "%s: has %lu names; remove the others first", l->path, (unsigned long)st.st_nlink);
	l->size = (uint64_t)st.st_size;
	bool room = statvfs(l->place.folder, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize > l->size + l->size / 1000;
	return room ||
	       error_set(e, "%s: the vault's disk has no room for a second copy, which is needed until the plain one is gone",
	                 l->path);
}

/* Reads the file piece by piece; -1 on failure. */
static ssize_t read_piece(struct locking *l, uint64_t at, struct error *e)
{
	ssize_t n;
	while ((n = pread(l->fd, l->piece, PIECE, (off_t)at)) < 0 && errno == EINTR) continue;
	if (n < 0) system_says(l->path, "read", e);
	return n;
}

static bool seal_file(struct locking *l, char hash[65], struct error *e)
{
	struct seal_sha256 h;
	struct blob_writer *w = blobs_create(l->vault, BLOB_MODEL, l->name, e);
	uint64_t at = 0;
	ssize_t n = w ? 1 : -1;
	seal_sha256_begin(&h);
	pull_progress_begin(&l->progress, "sealed", 0, l->size);
	while (n > 0 && !interrupted(e) && (n = read_piece(l, at, e)) > 0) {
		seal_sha256_add(&h, l->piece, (size_t)n);
		if (!blobs_write(w, l->piece, (size_t)n, e)) n = -1;
		if (n > 0) at += (uint64_t)n;
		pull_progress_show(&l->progress, at);
	}
	pull_progress_end(&l->progress);
	seal_sha256_end(&h, hash);
	if (n == 0 && at == l->size) return blobs_commit(w, &l->model.id, e);
	if (n == 0) error_set(e, "%s: was changed meanwhile", l->path);
	blobs_abandon(w);
	return false;
}

static bool hash_file(struct locking *l, char hash[65], struct error *e)
{
	struct seal_sha256 h;
	uint64_t at = 0;
	ssize_t n = 1;
	seal_sha256_begin(&h);
	while ((n = read_piece(l, at, e)) > 0) {
		seal_sha256_add(&h, l->piece, (size_t)n);
		at += (uint64_t)n;
	}
	seal_sha256_end(&h, hash);
	return n == 0;
}

/* What lies in the vault is read back before the plain file goes. */
static bool is_sealed_right(struct locking *l, const char hash[65], struct error *e)
{
	char sealed[65];
	struct seal_sha256 h;
	struct blob *b = blobs_open(l->vault, l->model.id, e);
	bool ok = b && (blobs_size(b) == l->size || error_set(e, "%s: was not sealed whole", l->path));
	seal_sha256_begin(&h);
	pull_progress_begin(&l->progress, "checked", 0, l->size);
	for (uint64_t at = 0; ok && at < l->size; at += PIECE) {
		size_t n = l->size - at < PIECE ? (size_t)(l->size - at) : PIECE;
		ok = blobs_read(b, l->piece, n, at, e);
		if (ok) seal_sha256_add(&h, l->piece, n);
		pull_progress_show(&l->progress, at + n);
	}
	pull_progress_end(&l->progress);
	seal_sha256_end(&h, sealed);
	blobs_close(b);
	if (ok && strcmp(sealed, hash) != 0)
		ok = error_set(e, "%s: what was sealed is not the same; the plain file stays", l->path);
	return ok;
}

/* Overwrites the file where it lies, then takes its name away. */
static bool remove_plain(struct locking *l, struct error *e)
{
	memset(l->piece, 0, PIECE);
	pull_progress_begin(&l->progress, "overwritten", 0, l->size);
	for (uint64_t at = 0; at < l->size;) {
		size_t left = l->size - at < PIECE ? (size_t)(l->size - at) : PIECE;
		ssize_t n = pwrite(l->fd, l->piece, left, (off_t)at);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return system_says(l->path, "overwrite", e);
		at += (uint64_t)n;
		pull_progress_show(&l->progress, at);
	}
	pull_progress_end(&l->progress);
	if (fsync(l->fd) != 0) return system_says(l->path, "overwrite", e);
	return unlink(l->path) == 0 || system_says(l->path, "remove", e);
}

static int lock_model(struct locking *l, const char *wanted)
{
	struct error e, none;
	char hash[65], bytes[32], shown[32];
	struct locked_model other;
	struct buffer out = buffer_new(MAX_OUT);
	bool ok = open_plain(l, wanted, &e);
	/* One of a run that was killed before the plain file was gone is gone on with. */
	bool again = ok && locked_model_find(&other, l->vault, l->name, &none) && strcmp(other.name, l->name) == 0;
	if (again) l->model.id = other.id;
	ok = ok && (again ? hash_file(l, hash, &e) : seal_file(l, hash, &e));
	if (ok && !is_sealed_right(l, hash, &e)) {
		ok = again ? error_set(&e, "%s: another model of this name is locked already; rename this file", l->path) : false;
		if (!again) blobs_delete(l->vault, l->model.id, &none);
	}
	if (ok && !remove_plain(l, &e)) {
		error_at(&e, "the model is sealed in the vault, but its plain file is still there");
		ok = false;
	}
	if (!ok) return commands_fail(&e);
	model_file_bytes(bytes, l->size);
	snprintf(shown, sizeof shown, "%s", bytes);
	buffer_format(&out,
	              "%s is locked: %s lie sealed in the vault \"%s\", and its plain file was overwritten and removed.\n"
	              "A solid-state disk keeps what is overwritten until it uses the place again, and snapshots and backups keep\n"
	              "their own: for a model that nobody may know of, encrypt the whole disk too.\n"
	              "Start it with: hearth -m %s\n",
	              l->name, shown, l->place.name, l->name);
	return commands_print(&out);
}

/* ---- unlock ---- */

static bool write_plain(struct locking *l, struct error *e)
{
	struct file_writer w;
	struct blob *b = blobs_open(l->vault, l->model.id, e);
	bool ok = b && file_create(&w, l->path, e);
	if (!ok) {
		blobs_close(b);
		return false;
	}
	l->size = blobs_size(b);
	pull_progress_begin(&l->progress, "opened", 0, l->size);
	for (uint64_t at = 0; ok && at < l->size; at += PIECE) {
		size_t n = l->size - at < PIECE ? (size_t)(l->size - at) : PIECE;
		ok = !interrupted(e) && blobs_read(b, l->piece, n, at, e) && file_write(&w, l->piece, n, e);
		pull_progress_show(&l->progress, at + n);
	}
	pull_progress_end(&l->progress);
	blobs_close(b);
	if (ok) return file_commit(&w, e);
	file_abandon(&w);
	return false;
}

static int unlock_model(struct locking *l, const char *wanted)
{
	struct error e;
	struct buffer out = buffer_new(MAX_OUT);
	bool ok = locked_model_find(&l->model, l->vault, wanted, &e) && paths_make_folder(l->paths.models, &e);
	if (ok && (strchr(l->model.name, '/') || !paths_join(l->path, l->paths.models, l->model.name)))
		ok = error_set(&e, "%s: the path is too long", l->paths.models);
	if (ok && (paths_is_file(l->path) || paths_is_folder(l->path)))
		ok = error_set(&e, "%s: is there already; move it away first", l->path);
	ok = ok && write_plain(l, &e) && blobs_delete(l->vault, l->model.id, &e);
	if (!ok) return commands_fail(&e);
	buffer_format(&out, "%s is unlocked: it lies in the clear in\n  %s\n", l->model.name, l->path);
	return commands_print(&out);
}

/* ---- the commands ---- */

static int with_vault(const struct options *o, int (*work)(struct locking *l, const char *wanted))
{
	struct error e;
	struct locking *l = memory_new(1, sizeof *l);
	uint8_t *piece = memory_new(PIECE, 1);
	int status = STATUS_FAILED;
	if (l && piece) {
		l->fd = -1;
		l->piece = piece;
		l->model.memory.fd = -1;
		paths_find(&l->paths);
		l->vault = unlock_for_command(o, &l->place, &e);
		status = l->vault ? work(l, o->words[1]) : commands_fail(&e);
		if (terminal_interrupted()) status = STATUS_INTERRUPTED;
		if (l->fd >= 0) close(l->fd);
		vault_close(l->vault);
	} else {
		error_memory(&e);
		commands_fail(&e);
	}
	memory_free(piece);
	memory_free(l);
	return status;
}

int models_lock_command(const struct options *o)
{
	return with_vault(o, lock_model);
}

int models_unlock_command(const struct options *o)
{
	return with_vault(o, unlock_model);
}
