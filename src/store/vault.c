/* vault: creating, unlocking and locking (see vault.h). */
#include "store/vault.h"

#include "base/memory.h"
#include "store/rollback.h"
#include "store/schema.h"
#include "store/statement.h"
#include "store/vault_vfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PATH = 1000 };

struct vault {
	struct disk *disk;
	struct disk_file *lock;
	struct key_file keys;
	uint8_t key_bytes[KEY_FILE_BYTES]; /* vault.key as it stands on the disk */
	char folder[MAX_PATH], key_path[MAX_PATH], erase_path[MAX_PATH], database_path[MAX_PATH], index_path[MAX_PATH];
	/* The rest is NULL while the vault is locked. */
	uint8_t *master, *database_key, *erase_key, *index_key; /* secret memory */
	struct object_keys *objects;
	struct vault_vfs *database_vfs, *index_vfs;
	sqlite3 *database, *index;
	char watch_path[MAX_PATH]; /* empty: no count is kept outside */
	uint64_t changes;
	bool older;
};

static bool disk_error(const char *path, int error, const char *what, struct error *e)
{
	if (error == ENOSPC || error == EDQUOT) return error_set(e, "%s: the disk is full", path);
	return error_set(e, "%s: cannot %s: %s", path, what, strerror(error));
}

static bool path_of(char path[MAX_PATH], const char *folder, const char *name, struct error *e)
{
	if (snprintf(path, MAX_PATH, "%s/%s", folder, name) < MAX_PATH - 16) return true;
	return error_set(e, "%s: the path is too long for a vault", folder);
}

static bool is_there(struct disk *d, const char *folder, const char *name)
{
	char path[MAX_PATH];
	bool there = false;
	return path_of(path, folder, name, NULL) && d->exists(d, path, &there) == 0 && there;
}

enum vault_state vault_look(struct disk *d, const char *folder)
{
	if (is_there(d, folder, "vault.key")) return VAULT_PRESENT;
	return is_there(d, folder, "vault.db") || is_there(d, folder, "erase.key") ? VAULT_BROKEN : VAULT_ABSENT;
}

/* The struct with its paths, holding the lock. */
static struct vault *take(struct disk *d, const char *folder, struct error *e)
{
	char lock_path[MAX_PATH];
	if (!vault_sqlite_start(e)) return NULL;
	struct vault *v = memory_new(1, sizeof *v);
	if (!v) {
		error_memory(e);
		return NULL;
	}
	v->disk = d;
	if (path_of(lock_path, folder, "vault.lock", e) && path_of(v->key_path, folder, "vault.key", e) &&
	    path_of(v->erase_path, folder, "erase.key", e) && path_of(v->database_path, folder, "vault.db", e) &&
	    path_of(v->index_path, folder, "index.db", e)) {
		snprintf(v->folder, sizeof v->folder, "%s", folder);
		int error = d->lock(d, lock_path, &v->lock);
		if (!error) return v;
		v->lock = NULL;
		if (error == EWOULDBLOCK)
			error_set(e, "%s: another hearth has this vault open; close it first", folder);
		else
			disk_error(lock_path, error, "lock", e);
	}
	memory_free(v);
	return NULL;
}

static bool save_keys(struct vault *v, struct error *e)
{
	uint8_t bytes[KEY_FILE_BYTES];
	v->keys.generation++;
	key_file_write(&v->keys, v->master, bytes);
	int error = disk_replace(v->disk, v->key_path, bytes, sizeof bytes);
	if (error) return disk_error(v->key_path, error, "write", e);
	memcpy(v->key_bytes, bytes, sizeof bytes);
	return true;
}

static bool make_secrets(struct vault *v, struct error *e)
{
	v->master = secret_new(SEAL_KEY);
	v->database_key = secret_new(SEAL_KEY);
	v->erase_key = secret_new(SEAL_KEY);
	return (v->master && v->database_key && v->erase_key) || error_memory(e);
}

/* ---- the index: a database that may be thrown away */

static void close_index(struct vault *v)
{
	sqlite3_close(v->index);
	vault_vfs_free(v->index_vfs);
	secret_free(v->index_key);
	v->index = NULL;
	v->index_vfs = NULL;
	v->index_key = NULL;
}

static bool open_index(struct vault *v, struct error *e)
{
	struct sealing s = { .role = ROLE_INDEX };
	const uint8_t *key = object_keys_find(v->objects, OBJECT_INDEX);
	if (!key) return error_set(e, "%s: has no key", v->index_path);
	v->index_key = secret_new(SEAL_KEY);
	if (!v->index_key) return error_memory(e);
	memcpy(v->index_key, key, SEAL_KEY);
	memcpy(s.vault, v->keys.id, VAULT_ID);
	s.key = v->index_key;
	v->index_vfs = vault_vfs_new(v->disk, &s, e);
	if (v->index_vfs) v->index = vault_vfs_open(v->index_vfs, v->index_path, v->index_path, e);
	if (v->index && schema_index(v->index, v->index_path, e)) return true;
	close_index(v);
	return false;
}

bool vault_renew_index(struct vault *v, struct error *e)
{
	char journal[MAX_PATH + 16];
	const uint64_t index = OBJECT_INDEX;
	close_index(v);
	if (!object_keys_forget(v->objects, &index, 1, e)) return false;
	snprintf(journal, sizeof journal, "%s-journal", v->index_path);
	v->disk->remove(v->disk, journal);
	int error = v->disk->remove(v->disk, v->index_path);
	if (error && error != ENOENT) return disk_error(v->index_path, error, "remove", e);
	return object_keys_add(v->objects, OBJECT_INDEX, e) && open_index(v, e);
}

/* ---- open and locked */

static bool read_changes(struct vault *v, struct error *e)
{
	struct statement s = statement_new(v->database, v->folder, "SELECT count FROM changes");
	if (statement_row(&s)) v->changes = (uint64_t)sqlite3_column_int64(s.sql, 0);
	return statement_end(&s, e);
}

/* Where the vault stands, for the count outside of its folder. */
static struct rollback_state state_of(const struct vault *v)
{
	return (struct rollback_state){ v->keys.generation, object_keys_epoch(v->objects), v->changes };
}

static void note_state(struct vault *v)
{
	struct rollback_state state = state_of(v);
	/* Failing changes nothing here: the count outside stays behind, and notices less. */
	if (v->watch_path[0]) rollback_note(v->disk, v->watch_path, v->keys.id, v->master, &state);
}

/* With the master key at hand: everything else. `fresh`: the files are made. */
static bool open_files(struct vault *v, bool fresh, struct error *e)
{
	struct error index_error;
	struct sealing s = { .key = v->database_key, .role = ROLE_DATABASE };
	memcpy(s.vault, v->keys.id, VAULT_ID);
	seal_derive(v->database_key, v->master, "database", 0);
	seal_derive(v->erase_key, v->master, "objects ", 0);
	v->objects = object_keys_open(v->disk, v->erase_path, v->erase_key, v->keys.id, fresh, e);
	if (!v->objects) return false;
	v->database_vfs = vault_vfs_new(v->disk, &s, e);
	if (v->database_vfs) v->database = vault_vfs_open(v->database_vfs, v->database_path, v->database_path, e);
	if (!v->database || !schema_vault(v->database, v->database_path, e)) return false;
	/* An index that is lost or damaged is made anew from the messages. */
	return read_changes(v, e) && (open_index(v, &index_error) || vault_renew_index(v, e));
}

void vault_lock(struct vault *v)
{
	close_index(v);
	sqlite3_close(v->database);
	vault_vfs_free(v->database_vfs);
	object_keys_close(v->objects);
	secret_free(v->master);
	secret_free(v->database_key);
	secret_free(v->erase_key);
	v->database = NULL;
	v->database_vfs = NULL;
	v->objects = NULL;
	v->master = v->database_key = v->erase_key = NULL;
}

void vault_close(struct vault *v)
{
	if (!v) return;
	vault_lock(v);
	v->disk->close(v->lock);
	memory_free(v);
}

/* A vault whose making a crash cut short has no vault.key, and nothing in it was ever said to be saved. */
static bool clear_remains(struct vault *v, struct error *e)
{
	const char *const paths[] = { v->database_path, v->index_path, v->erase_path };
	for (int i = 0; i < 3; i++) {
		int error = v->disk->remove(v->disk, paths[i]);
		if (error && error != ENOENT) return disk_error(paths[i], error, "remove", e);
	}
	return true;
}

struct vault *vault_create(struct disk *d, const char *folder, const struct key_secret *secret, struct key_cost cost,
                           struct error *e)
{
	if (vault_look(d, folder) == VAULT_PRESENT) {
		error_set(e, "%s: there is a vault already", folder);
		return NULL;
	}
	struct vault *v = take(d, folder, e);
	if (!v) return NULL;
	if (clear_remains(v, e) && make_secrets(v, e)) {
		key_file_new(&v->keys, v->master);
		/* vault.key comes last: with it the vault exists. */
		if (key_file_add(&v->keys, secret, cost, v->master, e) >= 0 && open_files(v, true, e) && save_keys(v, e)) return v;
	}
	vault_close(v);
	return NULL;
}

struct vault *vault_take(struct disk *d, const char *folder, struct error *e)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	struct vault *v = take(d, folder, e);
	if (!v) return NULL;
	int error = disk_load(d, v->key_path, 1 << 20, &bytes, &size);
	if (error == ENOENT)
		error_set(e, "%s: there is no vault here", folder);
	else if (error)
		disk_error(v->key_path, error, "read", e);
	bool ok = !error && key_file_read(&v->keys, bytes, size, v->key_path, e);
	if (ok) memcpy(v->key_bytes, bytes, KEY_FILE_BYTES);
	memory_free(bytes);
	if (ok) return v;
	vault_close(v);
	return NULL;
}

bool vault_unlock(struct vault *v, const struct key_secret *secret, struct error *e)
{
	if (v->master) return true;
	if (!make_secrets(v, e) || !key_file_open(&v->keys, secret, v->master, NULL, v->key_bytes, v->key_path, e) ||
	    !open_files(v, false, e)) {
		vault_lock(v);
		return false;
	}
	struct rollback_state state = state_of(v);
	v->older = v->watch_path[0] && rollback_found(v->disk, v->watch_path, v->keys.id, v->master, &state);
	vault_tidy(v, NULL); /* what cannot be cleared away now waits for the next time */
	note_state(v);
	return true;
}

bool vault_begin(struct vault *v, struct error *e)
{
	if (!vault_is_open(v)) return error_set(e, "%s: the vault is locked; unlock it first", v->folder);
	return statement_simple(v->database, v->folder, "BEGIN IMMEDIATE", e);
}

bool vault_finish(struct vault *v, bool ok, struct error *e)
{
	if (ok) {
		struct statement s = statement_new(v->database, v->folder, "UPDATE changes SET count=?1");
		statement_number(&s, 1, (int64_t)(v->changes + 1));
		ok = statement_run(&s, e);
	}
	if (ok && statement_simple(v->database, v->folder, "COMMIT", e)) {
		v->changes++;
		note_state(v);
		return true;
	}
	sqlite3_exec(v->database, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

void vault_watch(struct vault *v, const char *path)
{
	if (snprintf(v->watch_path, sizeof v->watch_path, "%s", path) >= MAX_PATH) v->watch_path[0] = 0;
}

bool vault_is_older(const struct vault *v)
{
	return v->older;
}

int vault_add_slot(struct vault *v, const struct key_secret *secret, struct key_cost cost, struct error *e)
{
	struct key_file before = v->keys;
	int slot = key_file_add(&v->keys, secret, cost, v->master, e);
	if (slot >= 0 && save_keys(v, e)) return slot;
	v->keys = before;
	return -1;
}

bool vault_remove_slot(struct vault *v, int slot, struct error *e)
{
	struct key_file before = v->keys;
	if (key_file_remove(&v->keys, slot, e) && save_keys(v, e)) return true;
	v->keys = before;
	return false;
}

bool vault_is_open(const struct vault *v)
{
	return v->master != NULL;
}

const struct key_file *vault_keys(const struct vault *v)
{
	return &v->keys;
}

sqlite3 *vault_database(struct vault *v)
{
	return v->database;
}

sqlite3 *vault_index(struct vault *v)
{
	return v->index;
}

struct object_keys *vault_object_keys(struct vault *v)
{
	return v->objects;
}

const uint8_t *vault_id(const struct vault *v)
{
	return v->keys.id;
}

const char *vault_name(const struct vault *v)
{
	return v->folder;
}

struct disk *vault_disk(struct vault *v)
{
	return v->disk;
}
