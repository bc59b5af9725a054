/* blobs: rows, chunks and files (see blobs.h). */
#include "store/blobs.h"

#include "base/memory.h"
#include "base/threads.h"
#include "store/sealed_text.h"
#include "store/statement.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { VERSION = 1, START = 64, STRIDE = BLOB_CHUNK + SEAL_EXTRA, ROLE_BLOB = 6, MAX_PATH = 1200 };

static const char magic[] = "hearthB1";

/* What a chunk is bound to. */
struct chunk_place {
	uint8_t vault[VAULT_ID];
	uint64_t object, number;
	uint32_t role, last;
};

/* The first START bytes of a file: nothing that is not known before. */
struct blob_start {
	char magic[8];
	uint32_t version, chunk;
	uint64_t object;
	uint8_t zeros[START - 24];
};
_Static_assert(sizeof(struct blob_start) == START, "the start of the file is the struct");

struct blob_writer {
	struct vault *vault;
	struct disk_file *file;
	uint64_t object, size, chunks; /* chunks: written; the pending one is behind them */
	uint8_t *pending;              /* secret memory, STRIDE bytes */
	size_t n_pending;
	enum blob_kind kind;
	char name[MAX_BLOB_NAME + 1], path[MAX_PATH];
};

struct blob {
	struct vault *vault;
	struct disk_file *file;
	uint64_t object, size;
	uint8_t *chunk;    /* secret memory, STRIDE bytes: the one that was opened last */
	uint64_t chunk_at; /* its number + 1; 0: none */
	char path[MAX_PATH];
};

static bool disk_error(const char *path, int error, const char *what, struct error *e)
{
	if (error == ENOSPC || error == EDQUOT) return error_set(e, "%s: the disk is full", path);
	return error_set(e, "%s: cannot %s: %s", path, what, strerror(error));
}

static uint64_t object_of(int64_t id)
{
	return OBJECT_BLOBS | (uint64_t)id;
}

static void path_of(char path[MAX_PATH], const struct vault *v, uint64_t object)
{
	snprintf(path, MAX_PATH, "%s/blobs/%012llx", vault_name(v), (unsigned long long)(object & ~OBJECT_BLOBS));
}

static struct chunk_place place_of(const struct vault *v, uint64_t object, uint64_t number, bool last)
{
	struct chunk_place p = { .object = object, .number = number, .role = ROLE_BLOB, .last = last };
	memcpy(p.vault, vault_id(v), VAULT_ID);
	return p;
}

static struct blob_start start_of(uint64_t object)
{
	struct blob_start s = { .version = VERSION, .chunk = BLOB_CHUNK, .object = object };
	memcpy(s.magic, magic, sizeof s.magic);
	return s;
}

static bool is_open(struct vault *v, struct error *e)
{
	if (vault_remote(v)) return error_set(e, "%s: another hearth has this vault open; close it first", vault_name(v));
	return vault_is_open(v) || error_set(e, "%s: the vault is locked; unlock it first", vault_name(v));
}

/* The object's key; NULL with the line when the vault was locked, or it was deleted, in between. */
static const uint8_t *key_of(struct vault *v, uint64_t object, const char *path, struct error *e)
{
	if (!is_open(v, e)) return NULL;
	const uint8_t *key = object_keys_find(vault_object_keys(v), object);
	if (!key) error_set(e, "%s: was deleted", path);
	return key;
}

/* ---- writing */

/* A number that no blob has: random, so that it tells nothing about how many there were. */
static uint64_t new_object(struct vault *v)
{
	uint64_t id;
	do {
		seal_random(&id, sizeof id);
		id = object_of((int64_t)(id & 0xffffffffffff));
	} while (object_keys_find(vault_object_keys(v), id));
	return id;
}

/* The file with its start. What was there under that name had no key any more. */
static bool start_file(struct blob_writer *w, struct error *e)
{
	char folder[MAX_PATH];
	struct disk *d = vault_disk(w->vault);
	const struct blob_start start = start_of(w->object);
	snprintf(folder, sizeof folder, "%s/blobs", vault_name(w->vault));
	int error = d->make_folder(d, folder);
	if (!error) error = d->open(d, w->path, DISK_CREATE, &w->file);
	if (error) {
		w->file = NULL;
		return disk_error(w->path, error, "make", e);
	}
	error = d->resize(w->file, 0);
	if (!error) error = d->write(w->file, &start, START, 0);
	return error ? disk_error(w->path, error, "write", e) : true;
}

static struct blob_writer *create(struct vault *v, enum blob_kind kind, const char *name, struct error *e)
{
	if (!is_open(v, e)) return NULL;
	if (strlen(name) > MAX_BLOB_NAME) {
		error_set(e, "a name has at most %d bytes, this one %zu", MAX_BLOB_NAME, strlen(name));
		return NULL;
	}
	struct blob_writer *w = memory_new(1, sizeof *w);
	if (!w) {
		error_memory(e);
		return NULL;
	}
	w->vault = v;
	w->kind = kind;
	w->object = new_object(v);
	snprintf(w->name, sizeof w->name, "%s", name);
	path_of(w->path, v, w->object);
	w->pending = secret_new(STRIDE);
	/* The key comes first: whatever has a key and no row is cleared away after a crash. */
	if (!w->pending)
		error_memory(e);
	else if (object_keys_add(vault_object_keys(v), w->object, e) && start_file(w, e))
		return w;
	blobs_abandon(w);
	return NULL;
}

struct blob_writer *blobs_create(struct vault *v, enum blob_kind kind, const char *name, struct error *e)
{
	vault_hold(v);
	struct blob_writer *made = create(v, kind, name, e);
	vault_release(v, true);
	return made;
}

static bool write_chunk(struct blob_writer *w, bool last, struct error *e)
{
	struct disk *d = vault_disk(w->vault);
	const uint8_t *key = key_of(w->vault, w->object, w->path, e);
	struct chunk_place place = place_of(w->vault, w->object, w->chunks, last);
	if (!key) return false;
	seal_bytes(w->pending, w->pending + w->n_pending, w->pending, w->n_pending, &place, sizeof place, key);
	int error = d->write(w->file, w->pending, w->n_pending + SEAL_EXTRA, START + w->chunks * STRIDE);
	if (error) return disk_error(w->path, error, "write", e);
	w->chunks++;
	w->n_pending = 0;
	return true;
}

static bool write_bytes(struct blob_writer *w, const void *bytes, size_t size, struct error *e)
{
	for (size_t done = 0; done < size;) {
		/* A full chunk waits until it is known not to be the last. */
		if (w->n_pending == BLOB_CHUNK && !write_chunk(w, false, e)) return false;
		size_t n = size - done < BLOB_CHUNK - w->n_pending ? size - done : BLOB_CHUNK - w->n_pending;
		memcpy(w->pending + w->n_pending, (const char *)bytes + done, n);
		w->n_pending += n;
		w->size += n;
		done += n;
	}
	return true;
}

bool blobs_write(struct blob_writer *w, const void *bytes, size_t size, struct error *e)
{
	vault_hold(w->vault);
	return vault_release(w->vault, write_bytes(w, bytes, size, e));
}

static bool add_row(struct blob_writer *w, struct error *e)
{
	size_t size = strlen(w->name);
	uint8_t *sealed = sealed_text_new(w->vault, "blob", (int64_t)w->object, TEXT_TITLE, w->name, size, e);
	if (!sealed) return false;
	bool ok = vault_begin(w->vault, e);
	if (ok) {
		struct statement s = statement_new(vault_database(w->vault), vault_name(w->vault),
		                                   "INSERT INTO blob(id, made, kind, size, name) VALUES(?1, ?2, ?3, ?4, ?5)");
		statement_number(&s, 1, (int64_t)(w->object & ~OBJECT_BLOBS));
		statement_number(&s, 2, time(NULL));
		statement_number(&s, 3, w->kind);
		statement_number(&s, 4, (int64_t)w->size);
		statement_bytes(&s, 5, sealed, size + SEAL_EXTRA);
		ok = vault_finish(w->vault, statement_run(&s, e), e);
	}
	memory_free(sealed);
	return ok;
}

static void free_writer(struct blob_writer *w)
{
	if (w->file) vault_disk(w->vault)->close(w->file);
	secret_free(w->pending);
	memory_wipe(w, sizeof *w);
	memory_free(w);
}

static bool commit(struct blob_writer *w, int64_t *id, struct error *e)
{
	struct disk *d = vault_disk(w->vault);
	bool ok = write_chunk(w, true, e);
	int error = ok ? d->sync(w->file) : 0;
	if (!error && ok) error = d->sync_folder(d, w->path);
	if (error) ok = disk_error(w->path, error, "write", e);
	if (!ok || !add_row(w, e)) {
		blobs_abandon(w);
		return false;
	}
	*id = (int64_t)(w->object & ~OBJECT_BLOBS);
	free_writer(w);
	return true;
}

bool blobs_commit(struct blob_writer *w, int64_t *id, struct error *e)
{
	struct vault *v = w->vault; /* the writer is gone afterwards */
	vault_hold(v);
	return vault_release(v, commit(w, id, e));
}

static void abandon(struct blob_writer *w)
{
	struct vault *v = w->vault;
	uint64_t object = w->object;
	bool has = true;
	free_writer(w);
	/* A commit whose answer was an error may have arrived all the same; and what fails here is done after the next unlocking.
	 */
	if (!vault_is_open(v) || !blobs_has(v, object, &has, NULL) || has) return;
	if (blobs_remove_file(v, object, NULL)) object_keys_forget(vault_object_keys(v), &object, 1, NULL);
}

void blobs_abandon(struct blob_writer *w)
{
	if (!w) return;
	struct vault *v = w->vault;
	vault_hold(v);
	abandon(w);
	vault_release(v, true);
}

/* ---- reading */

static bool find_row(struct vault *v, int64_t id, uint64_t *size, bool *has, struct error *e)
{
	struct statement s = statement_new(vault_database(v), vault_name(v), "SELECT size FROM blob WHERE id=?1");
	statement_number(&s, 1, id);
	*has = statement_row(&s);
	if (*has) *size = (uint64_t)sqlite3_column_int64(s.sql, 0);
	return statement_end(&s, e);
}

static uint64_t chunks_of(uint64_t size)
{
	return size == 0 ? 1 : (size + BLOB_CHUNK - 1) / BLOB_CHUNK;
}

/* Start and length are as the row says; the chunks answer for themselves. */
static bool check_file(const struct blob *b, struct error *e)
{
	struct disk *d = vault_disk(b->vault);
	struct blob_start start, right = start_of(b->object);
	uint64_t length = 0, wanted = START + b->size + chunks_of(b->size) * SEAL_EXTRA;
	size_t got = 0;
	int error = d->size(b->file, &length);
	if (!error) error = d->read(b->file, &start, START, 0, &got);
	if (error) return disk_error(b->path, error, "read", e);
	if (got == START && memcmp(&start, &right, START) == 0 && length == wanted) return true;
	return error_set(e, "%s: is damaged or was changed; put a backup back", b->path);
}

static struct blob *open_blob(struct vault *v, int64_t id, struct error *e)
{
	uint64_t size = 0;
	bool has = false;
	if (!is_open(v, e) || !find_row(v, id, &size, &has, e)) return NULL;
	struct blob *b = has ? memory_new(1, sizeof *b) : NULL;
	if (!b) {
		if (has)
			error_memory(e);
		else
			error_set(e, "%s: there is no blob %lld", vault_name(v), (long long)id);
		return NULL;
	}
	b->vault = v;
	b->object = object_of(id);
	b->size = size;
	path_of(b->path, v, b->object);
	b->chunk = secret_new(STRIDE);
	int error = b->chunk ? vault_disk(v)->open(vault_disk(v), b->path, DISK_READ, &b->file) : ENOMEM;
	if (error) {
		b->file = NULL;
		disk_error(b->path, error, "open", e);
	} else if (check_file(b, e)) {
		return b;
	}
	blobs_close(b);
	return NULL;
}

struct blob *blobs_open(struct vault *v, int64_t id, struct error *e)
{
	vault_hold(v);
	struct blob *made = open_blob(v, id, e);
	vault_release(v, true);
	return made;
}

uint64_t blobs_size(const struct blob *b)
{
	return b->size;
}

/* Chunk `number` opened to `b->chunk`. */
static bool read_chunk(struct blob *b, uint64_t number, struct error *e)
{
	struct disk *d = vault_disk(b->vault);
	const uint8_t *key = key_of(b->vault, b->object, b->path, e);
	bool last = number + 1 == chunks_of(b->size);
	size_t size = last ? (size_t)(b->size - number * BLOB_CHUNK) : BLOB_CHUNK, got = 0;
	struct chunk_place place = place_of(b->vault, b->object, number, last);
	if (!key) return false;
	if (b->chunk_at == number + 1) return true;
	b->chunk_at = 0;
	int error = d->read(b->file, b->chunk, size + SEAL_EXTRA, START + number * STRIDE, &got);
	if (error) return disk_error(b->path, error, "read", e);
	if (got < size + SEAL_EXTRA || !seal_open(b->chunk, b->chunk, b->chunk + size, size, &place, sizeof place, key))
		return error_set(e, "%s: is damaged or was changed at byte %llu; put a backup back", b->path,
		                 (unsigned long long)(number * BLOB_CHUNK));
	b->chunk_at = number + 1;
	return true;
}

static bool read_bytes(struct blob *b, void *bytes, size_t size, uint64_t at, struct error *e)
{
	if (at > b->size || size > b->size - at)
		return error_set(e, "%s: ends at byte %llu, before what is asked for", b->path, (unsigned long long)b->size);
	for (size_t done = 0; done < size;) {
		uint64_t number = (at + done) / BLOB_CHUNK;
		size_t from = (size_t)((at + done) % BLOB_CHUNK), n = BLOB_CHUNK - from;
		if (n > size - done) n = size - done;
		if (!read_chunk(b, number, e)) return false;
		memcpy((char *)bytes + done, b->chunk + from, n);
		done += n;
	}
	return true;
}

bool blobs_read(struct blob *b, void *bytes, size_t size, uint64_t at, struct error *e)
{
	vault_hold(b->vault);
	return vault_release(b->vault, read_bytes(b, bytes, size, at, e));
}

/* ---- reading all of it */

/* What the threads of a blobs_load share. */
struct loading {
	const struct blob *blob;
	const uint8_t *key;
	int fd;
	atomic_uint_fast64_t next;  /* chunk that nobody has taken yet */
	atomic_uint_fast64_t wrong; /* the number + 1 of one that is damaged; 0: none */
	atomic_int error;           /* of the disk */
	atomic_bool memory;         /* was out */
};

/* Written, not stored through a mapping: a page of a file that is written whole needs no fault and no zeros before. */
static int put(int fd, const uint8_t *bytes, size_t size, uint64_t at)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, bytes, size, (off_t)at);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return n < 0 ? errno : ENOSPC;
		bytes += n;
		size -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

static void load_chunk(struct loading *l, uint64_t number, uint8_t *chunk)
{
	const struct blob *b = l->blob;
	bool last = number + 1 == chunks_of(b->size);
	size_t size = last ? (size_t)(b->size - number * BLOB_CHUNK) : BLOB_CHUNK, got = 0;
	struct chunk_place place = place_of(b->vault, b->object, number, last);
	int error = vault_disk(b->vault)->read(b->file, chunk, size + SEAL_EXTRA, START + number * STRIDE, &got);
	if (!error && (got < size + SEAL_EXTRA || !seal_open(chunk, chunk, chunk + size, size, &place, sizeof place, l->key)))
		atomic_store(&l->wrong, number + 1);
	else if (!error)
		error = put(l->fd, chunk, size, number * BLOB_CHUNK);
	if (error) atomic_store(&l->error, error);
}

static void load_chunks(void *data, unsigned index, unsigned count)
{
	struct loading *l = data;
	uint64_t chunks = chunks_of(l->blob->size), number;
	uint8_t *chunk = memory_new(STRIDE, 1);
	(void)index;
	(void)count;
	if (!chunk) atomic_store(&l->memory, true);
	while (!atomic_load(&l->wrong) && !atomic_load(&l->error) && !atomic_load(&l->memory) &&
	       (number = atomic_fetch_add(&l->next, 1)) < chunks)
		load_chunk(l, number, chunk);
	if (chunk) memory_wipe(chunk, STRIDE);
	memory_free(chunk);
}

static bool load(struct blob *b, int fd, struct error *e)
{
	struct loading l = { .blob = b, .key = key_of(b->vault, b->object, b->path, e), .fd = fd };
	struct threads *pool = l.key ? threads_new(threads_available(), e) : NULL;
	if (!pool) return false;
	threads_run(pool, load_chunks, &l);
	threads_free(pool);
	uint64_t wrong = atomic_load(&l.wrong);
	if (atomic_load(&l.memory)) return error_memory(e);
	if (atomic_load(&l.error)) return disk_error(b->path, atomic_load(&l.error), "read", e);
	return !wrong || error_set(e, "%s: is damaged or was changed at byte %llu; put a backup back", b->path,
	                           (unsigned long long)((wrong - 1) * BLOB_CHUNK));
}

bool blobs_load(struct blob *b, int fd, struct error *e)
{
	vault_hold(b->vault);
	return vault_release(b->vault, load(b, fd, e));
}

void blobs_close(struct blob *b)
{
	if (!b) return;
	if (b->file) vault_disk(b->vault)->close(b->file);
	secret_free(b->chunk);
	memory_free(b);
}

/* ---- the list, and deleting */

static bool list(struct vault *v, blob_visitor visit, void *context, struct error *e)
{
	if (!is_open(v, e)) return false;
	struct statement s =
	        statement_new(vault_database(v), vault_name(v), "SELECT id, made, kind, size, name FROM blob ORDER BY made, id");
	bool going = true, ok = true;
	while (going && statement_row(&s)) {
		struct blob_entry b = { .id = sqlite3_column_int64(s.sql, 0), .made = sqlite3_column_int64(s.sql, 1) };
		size_t size = 0;
		b.kind = (enum blob_kind)sqlite3_column_int(s.sql, 2);
		b.size = (uint64_t)sqlite3_column_int64(s.sql, 3);
		char *name = sealed_text_open(v, "blob", (int64_t)object_of(b.id), TEXT_TITLE, s.sql, 4, &size, e);
		if (!name) ok = going = false;
		b.name = name;
		if (ok) going = visit(context, &b);
		sealed_text_close(name, size);
	}
	return ok ? statement_end(&s, e) : (statement_end(&s, NULL), false);
}

bool blobs_list(struct vault *v, blob_visitor visit, void *context, struct error *e)
{
	vault_hold(v);
	return vault_release(v, list(v, visit, context, e));
}

bool blobs_has(struct vault *v, uint64_t object, bool *has, struct error *e)
{
	uint64_t size;
	return find_row(v, (int64_t)(object & ~OBJECT_BLOBS), &size, has, e);
}

bool blobs_remove_file(struct vault *v, uint64_t object, struct error *e)
{
	char path[MAX_PATH];
	path_of(path, v, object);
	int error = vault_disk(v)->remove(vault_disk(v), path);
	if (error == ENOENT) return true;
	if (!error) error = vault_disk(v)->sync_folder(vault_disk(v), path);
	return !error || disk_error(path, error, "remove", e);
}

static bool delete_blob(struct vault *v, int64_t id, struct error *e)
{
	uint64_t object = object_of(id);
	bool has = false;
	if (!is_open(v, e) || !blobs_has(v, object, &has, e)) return false;
	if (!has) return error_set(e, "%s: there is no blob %lld", vault_name(v), (long long)id);
	if (!vault_begin(v, e)) return false;
	struct statement s = statement_new(vault_database(v), vault_name(v), "DELETE FROM blob WHERE id=?1");
	statement_number(&s, 1, id);
	/* The key goes last: as long as it is there, vault_tidy knows of the file. */
	return vault_finish(v, statement_run(&s, e), e) && blobs_remove_file(v, object, e) &&
	       object_keys_forget(vault_object_keys(v), &object, 1, e);
}

bool blobs_delete(struct vault *v, int64_t id, struct error *e)
{
	vault_hold(v);
	return vault_release(v, delete_blob(v, id, e));
}
