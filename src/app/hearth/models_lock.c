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
#include "base/split_name.h"

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
	char first[PATHS_ROOM]; /* of the plain file; of a split model: of its first part */
	unsigned parts;         /* 1: in one file */
	char path[PATHS_ROOM];  /* of the part that is worked on */
	const char *name;       /* its last part */
	int fd;
	int64_t id;    /* of its blob */
	uint64_t size; /* of it */
	uint64_t all;  /* bytes of all parts */
	int64_t *made; /* the blobs that this run made, by part; 0: it was there before */
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

/* Which file, and how many parts it has. */
static bool find_plain(struct locking *l, const char *wanted, struct error *e)
{
	if (!model_file_find(l->first, &l->paths, wanted, e)) return false;
	const char *slash = strrchr(l->first, '/'), *name = slash ? slash + 1 : l->first;
	if (strcmp(l->first, l->paths.builtin) == 0)
		return error_set(e, "the model that comes with hearth is everybody's: it stays as it is");
	if (strlen(name) > MAX_BLOB_NAME) return error_set(e, "%s: the name is too long", l->first);
	if (split_name_is_later(name))
		return error_set(e, "%s: is a later part of a split model; name its first part, and all of them are locked",
		                 l->first);
	l->parts = split_name_parts(name);
	if (l->parts == 0) l->parts = 1;
	l->made = memory_new(l->parts, sizeof *l->made);
	return l->made || error_memory(e);
}

/* Opens part `number`, if it is one that can be locked. */
static bool open_part(struct locking *l, unsigned number, struct error *e)
{
	struct stat st;
	if (l->fd >= 0) close(l->fd);
	l->fd = -1;
	if (l->parts == 1)
		snprintf(l->path, sizeof l->path, "%s", l->first);
	else if (!split_name_part(l->path, sizeof l->path, l->first, number))
		return error_set(e, "%s: the path is too long", l->first);
	const char *slash = strrchr(l->path, '/');
	l->name = slash ? slash + 1 : l->path;
	l->fd = open(l->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (l->fd < 0) return system_says(l->path, "open", e);
	if (fstat(l->fd, &st) != 0 || !S_ISREG(st.st_mode)) return error_set(e, "%s: is not a regular file", l->path);
	if (st.st_nlink > 1) return error_set(e, "%s: has %lu names; remove the others first", l->path, (unsigned long)st.st_nlink);
	l->size = (uint64_t)st.st_size;
	return true;
}

/* A part whose plain file went in a run that was cut, after all had been sealed. */
static bool is_gone(struct locking *l, unsigned number)
{
	struct error none;
	int64_t id;
	uint64_t size;
	char path[PATHS_ROOM];
	if (number == 1 || !split_name_part(path, sizeof path, l->first, number) || paths_is_file(path)) return false;
	return locked_model_blob(l->vault, strrchr(path, '/') ? strrchr(path, '/') + 1 : path, &id, &size, &none);
}

/* All parts can be locked, and there is room for them. */
static bool look_at_parts(struct locking *l, struct error *e)
{
	struct statvfs disk;
	for (unsigned i = 1; i <= l->parts; i++) {
		if (is_gone(l, i)) continue;
		if (!open_part(l, i, e)) return false;
		l->all += l->size;
	}
	bool room = statvfs(l->place.folder, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize > l->all + l->all / 1000;
	return room ||
	       error_set(e, "%s: the vault's disk has no room for a second copy, which is needed until the plain one is gone",
	                 l->first);
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
	if (n == 0 && at == l->size) return blobs_commit(w, &l->id, e);
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
	struct blob *b = blobs_open(l->vault, l->id, e);
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

/* Seals the open part and reads it back. One of a run that was killed before the plain file was gone is gone on with. */
static bool seal_part(struct locking *l, unsigned number, struct error *e)
{
	struct error none;
	char hash[65];
	uint64_t size;
	bool again = locked_model_blob(l->vault, l->name, &l->id, &size, &none);
	if (!(again ? hash_file(l, hash, e) : seal_file(l, hash, e))) return false;
	if (!again) l->made[number - 1] = l->id;
	if (is_sealed_right(l, hash, e)) return true;
	return again && error_set(e, "%s: another model of this name is locked already; rename this file", l->path);
}

/* All parts are sealed before the first plain one goes. */
static bool lock_parts(struct locking *l, struct error *e)
{
	struct error none;
	bool ok = look_at_parts(l, e);
	for (unsigned i = 1; ok && i <= l->parts; i++) ok = is_gone(l, i) || (open_part(l, i, e) && seal_part(l, i, e));
	for (unsigned i = 0; !ok && i < l->parts; i++) {
		if (l->made[i]) blobs_delete(l->vault, l->made[i], &none);
	}
	/* The first part last: with it the rest can be found again. */
	for (unsigned i = l->parts; ok && i >= 1; i--)
		ok = is_gone(l, i) || (open_part(l, i, e) && remove_plain(l, e)) ||
		     error_at(e, "the model is sealed in the vault, but its plain file is still there");
	return ok;
}

static int lock_model(struct locking *l, const char *wanted)
{
	struct error e;
	char bytes[32];
	struct buffer out = buffer_new(MAX_OUT);
	if (!find_plain(l, wanted, &e) || !lock_parts(l, &e)) return commands_fail(&e);
	model_file_bytes(bytes, l->all);
	buffer_format(&out,
	              "%s is locked: %s lie sealed in the vault \"%s\", and its plain file%s overwritten and removed.\n"
	              "A solid-state disk keeps what is overwritten until it uses the place again, and snapshots and backups keep\n"
	              "their own: for a model that nobody may know of, encrypt the whole disk too.\n"
	              "Start it with: hearth -m %s\n",
	              l->name, bytes, l->place.name, l->parts > 1 ? "s were" : " was", l->name);
	return commands_print(&out);
}

/* ---- unlock ---- */

/* Where part `number` is to lie, and its blob. */
static bool find_part(struct locking *l, unsigned number, struct error *e)
{
	char name[MAX_BLOB_NAME + 1];
	if (l->parts == 1)
		snprintf(name, sizeof name, "%s", l->model.name);
	else if (!split_name_part(name, sizeof name, l->model.name, number))
		return error_set(e, "%s: the name is too long", l->model.name);
	if (strchr(name, '/') || !paths_join(l->path, l->paths.models, name))
		return error_set(e, "%s: the path is too long", l->paths.models);
	return locked_model_blob(l->vault, name, &l->id, &l->size, e);
}

static bool write_plain(struct locking *l, struct error *e)
{
	struct file_writer w;
	struct blob *b = blobs_open(l->vault, l->id, e);
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

/* Nothing may be in the way of any part. */
static bool is_free(struct locking *l, struct error *e)
{
	return (!paths_is_file(l->path) && !paths_is_folder(l->path)) ||
	       error_set(e, "%s: is there already; move it away first", l->path);
}

/* All plain files are written before the first sealed one goes; the first part's goes last, since it leads to the others. */
static bool unlock_parts(struct locking *l, struct error *e)
{
	bool ok = true;
	unsigned written = 0;
	for (unsigned i = 1; ok && i <= l->parts; i++) ok = find_part(l, i, e) && is_free(l, e);
	for (unsigned i = 1; ok && i <= l->parts; i++) {
		ok = find_part(l, i, e) && write_plain(l, e);
		if (ok) written = i;
	}
	for (unsigned i = 1; !ok && i <= written; i++) {
		struct error none;
		if (find_part(l, i, &none)) unlink(l->path);
	}
	for (unsigned i = l->parts; ok && i >= 1; i--) ok = find_part(l, i, e) && blobs_delete(l->vault, l->id, e);
	return ok;
}

static int unlock_model(struct locking *l, const char *wanted)
{
	struct error e;
	struct buffer out = buffer_new(MAX_OUT);
	bool ok = locked_model_find(&l->model, l->vault, wanted, &e) && paths_make_folder(l->paths.models, &e);
	l->parts = ok ? split_name_parts(l->model.name) : 0;
	if (l->parts == 0) l->parts = 1;
	if (!ok || !unlock_parts(l, &e)) return commands_fail(&e);
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
		memory_free(l->made);
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
