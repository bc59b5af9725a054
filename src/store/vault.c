/* vault: creating, unlocking and locking (see vault.h). */
#include "store/vault.h"

#include "base/memory.h"
#include "store/ledger.h"
#include "store/rollback.h"
#include "store/schema.h"
#include "store/statement.h"
#include "store/vault_remote.h"
#include "store/vault_service.h"
#include "store/vault_vfs.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MAX_PATH = 1000 };

struct vault {
	struct disk *disk;
	struct disk_file *lock;      /* NULL: another process owns the vault */
	struct vault_remote *remote; /* that process */
	struct vault_service *service;
	pthread_mutex_t held;
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

void vault_hold(struct vault *v)
{
	pthread_mutex_lock(&v->held);
}

bool vault_release(struct vault *v, bool ok)
{
	pthread_mutex_unlock(&v->held);
	return ok;
}

static void start_mutex(struct vault *v)
{
	pthread_mutexattr_t kind;
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&v->held, &kind);
	pthread_mutexattr_destroy(&kind);
}

/* Takes vault.lock: 0 or an errno value with the line; EWOULDBLOCK when another process has it. */
static int take_lock(struct vault *v, struct error *e)
{
	char path[MAX_PATH];
	if (!path_of(path, v->folder, "vault.lock", e)) return ENAMETOOLONG;
	int error = v->disk->lock(v->disk, path, &v->lock);
	if (!error) return 0;
	v->lock = NULL;
	if (error == EWOULDBLOCK)
		error_set(e, "%s: another hearth has this vault open; close it first", v->folder);
	else
		disk_error(path, error, "lock", e);
	return error;
}

/* The struct with its paths; nothing is taken yet. */
static struct vault *new_vault(struct disk *d, const char *folder, struct error *e)
{
	if (!vault_sqlite_start(e)) return NULL;
	struct vault *v = memory_new(1, sizeof *v);
	if (!v) {
		error_memory(e);
		return NULL;
	}
	v->disk = d;
	start_mutex(v);
	if (path_of(v->key_path, folder, "vault.key", e) && path_of(v->erase_path, folder, "erase.key", e) &&
	    path_of(v->database_path, folder, "vault.db", e) && path_of(v->index_path, folder, "index.db", e)) {
		snprintf(v->folder, sizeof v->folder, "%s", folder);
		return v;
	}
	vault_close(v);
	return NULL;
}

/* The same, holding the lock. */
static struct vault *take(struct disk *d, const char *folder, struct error *e)
{
	struct vault *v = new_vault(d, folder, e);
	if (!v || take_lock(v, e) == 0) return v;
	vault_close(v);
	return NULL;
}

bool vault_is_taken(struct disk *d, const char *folder)
{
	char path[MAX_PATH];
	struct disk_file *f = NULL;
	if (!is_there(d, folder, "vault.lock") || !path_of(path, folder, "vault.lock", NULL)) return false;
	int error = d->lock(d, path, &f);
	if (!error) d->close(f);
	return error == EWOULDBLOCK;
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

/* SQLite would start an empty one in the place of a database that is lost, and keys without a conversation would be forgotten. */
static bool has_database(struct vault *v, struct error *e)
{
	struct disk_file *f;
	uint64_t size = 0;
	int error = v->disk->open(v->disk, v->database_path, DISK_READ, &f);
	if (!error) {
		error = v->disk->size(f, &size);
		v->disk->close(f);
	}
	if (error == ENOENT || (!error && size < VAULT_PAGE))
		return error_set(e, "%s: is missing or empty, while the vault's keys are there; put a backup back",
		                 v->database_path);
	return !error || disk_error(v->database_path, error, "read", e);
}

/* With the master key at hand: everything else. `fresh`: the files are made. */
static bool open_files(struct vault *v, bool fresh, struct error *e)
{
	struct error index_error;
	struct sealing s = { .key = v->database_key, .role = ROLE_DATABASE };
	memcpy(s.vault, v->keys.id, VAULT_ID);
	seal_derive(v->database_key, v->master, "database", 0);
	seal_derive(v->erase_key, v->master, "objects ", 0);
	if (!fresh && !has_database(v, e)) return false;
	v->objects = object_keys_open(v->disk, v->erase_path, v->erase_key, v->keys.id, fresh, e);
	if (!v->objects) return false;
	v->database_vfs = vault_vfs_new(v->disk, &s, e);
	if (v->database_vfs) v->database = vault_vfs_open(v->database_vfs, v->database_path, v->database_path, e);
	if (!v->database || !schema_vault(v->database, v->database_path, e)) return false;
	/* An index that is lost or damaged is made anew from the messages. */
	if (!read_changes(v, e) || (!open_index(v, &index_error) && !vault_renew_index(v, e))) return false;
	/* Without a ledger nothing is fetched, which is no reason not to open. */
	ledger_begin(v, NULL);
	return true;
}

static void lock(struct vault *v)
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

void vault_lock(struct vault *v)
{
	if (v->remote) {
		vault_remote_lock(v->remote);
		return;
	}
	vault_hold(v);
	lock(v);
	vault_release(v, true);
}

void vault_close(struct vault *v)
{
	if (!v) return;
	/* The socket goes before the lock: who has the lock has the socket. */
	vault_service_stop(v->service);
	vault_remote_close(v->remote);
	lock(v);
	if (v->lock) v->disk->close(v->lock);
	pthread_mutex_destroy(&v->held);
	memory_free(v);
}

/* A vault whose making a crash cut short has no vault.key, and nothing in it was ever said to be saved. */
static bool clear_remains(struct vault *v, struct error *e)
{
	char ledger[MAX_PATH];
	if (!path_of(ledger, v->folder, LEDGER_FILE, e)) return false;
	const char *const paths[] = { v->database_path, v->index_path, v->erase_path, ledger };
	for (int i = 0; i < 4; i++) {
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

static bool load_keys(struct vault *v, struct error *e)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	int error = disk_load(v->disk, v->key_path, 1 << 20, &bytes, &size);
	if (error == ENOENT) return error_set(e, "%s: there is no vault here", v->folder);
	if (error) return disk_error(v->key_path, error, "read", e);
	bool ok = key_file_read(&v->keys, bytes, size, v->key_path, e);
	if (ok) memcpy(v->key_bytes, bytes, KEY_FILE_BYTES);
	memory_free(bytes);
	return ok;
}

struct vault *vault_take(struct disk *d, const char *folder, struct error *e)
{
	struct vault *v = take(d, folder, e);
	if (!v || load_keys(v, e)) return v;
	vault_close(v);
	return NULL;
}

/* Becomes the owner, or finds it. An owner that just starts or ends has the lock and no socket for a moment. */
static bool own_or_join(struct vault *v, struct error *e)
{
	const struct timespec moment = { .tv_nsec = 50 * 1000 * 1000 };
	vault_remote_close(v->remote);
	v->remote = NULL;
	for (int tries = 0; tries < 60; tries++) {
		int error = take_lock(v, e);
		if (!error) {
			if (load_keys(v, e)) {
				vault_serve(v, NULL); /* alone, where it cannot be asked */
				return true;
			}
			v->disk->close(v->lock);
			v->lock = NULL;
			return false;
		}
		if (error != EWOULDBLOCK) return false;
		v->remote = vault_remote_open(v->folder, e);
		if (v->remote) return load_keys(v, e);
		nanosleep(&moment, NULL);
	}
	return false;
}

struct vault *vault_join(struct disk *d, const char *folder, struct error *e)
{
	struct vault *v = new_vault(d, folder, e);
	if (!v || own_or_join(v, e)) return v;
	vault_close(v);
	return NULL;
}

bool vault_serve(struct vault *v, struct error *e)
{
	if (v->remote || v->service) return true;
	v->service = vault_service_start(v, e);
	return v->service != NULL;
}

struct vault_remote *vault_remote(struct vault *v)
{
	return v->remote;
}

static bool is_owner(struct vault *v, struct error *e)
{
	return !v->remote || error_set(e, "%s: another hearth (process %d) has this vault open; close it first", v->folder,
	                               vault_remote_owner(v->remote));
}

static bool unlock(struct vault *v, const struct key_secret *secret, struct error *e)
{
	if (v->master) return true;
	if (!make_secrets(v, e) || !key_file_open(&v->keys, secret, v->master, NULL, v->key_bytes, v->key_path, e) ||
	    !open_files(v, false, e)) {
		vault_lock(v);
		return false;
	}
	struct rollback_state state = state_of(v);
	v->older = v->watch_path[0] && rollback_found(v->disk, v->watch_path, v->keys.id, v->master, &state);
	/* What cannot be cleared away now waits for the next time. Keys that an old copy does not know may still be wanted. */
	if (!v->older) vault_tidy(v, NULL);
	note_state(v);
	return true;
}

bool vault_unlock(struct vault *v, const struct key_secret *secret, struct error *e)
{
	if (v->remote && vault_remote_is_open(v->remote)) return true;
	if (v->remote && vault_remote_is_lost(v->remote) && !own_or_join(v, e)) return false;
	if (v->remote && vault_remote_is_open(v->remote)) return true;
	if (v->remote)
		return error_set(e, "%s: is locked in another hearth (process %d); unlock it there, or close that one", v->folder,
		                 vault_remote_owner(v->remote));
	vault_hold(v);
	return vault_release(v, unlock(v, secret, e));
}

bool vault_begin(struct vault *v, struct error *e)
{
	if (!is_owner(v, e)) return false;
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

/* May the slots be changed here and now? */
static bool begin_slots(struct vault *v, struct error *e)
{
	if (!is_owner(v, e)) return false;
	vault_hold(v);
	if (v->master) return true;
	return vault_release(v, error_set(e, "%s: the vault is locked; unlock it first", v->folder));
}

int vault_add_slot(struct vault *v, const struct key_secret *secret, struct key_cost cost, struct error *e)
{
	if (!begin_slots(v, e)) return -1;
	struct key_file before = v->keys;
	int slot = key_file_add(&v->keys, secret, cost, v->master, e);
	if (slot >= 0 && !save_keys(v, e)) {
		v->keys = before;
		slot = -1;
	}
	vault_release(v, true);
	return slot;
}

bool vault_remove_slot(struct vault *v, int slot, struct error *e)
{
	if (!begin_slots(v, e)) return false;
	struct key_file before = v->keys;
	bool ok = key_file_remove(&v->keys, slot, e) && save_keys(v, e);
	if (!ok) v->keys = before;
	return vault_release(v, ok);
}

bool vault_is_open(const struct vault *v)
{
	if (v->remote) return vault_remote_is_open(v->remote);
	struct vault *held = (struct vault *)v;
	vault_hold(held);
	return vault_release(held, v->master != NULL);
}

const struct key_file *vault_keys(const struct vault *v)
{
	return &v->keys;
}

bool vault_subkey(const struct vault *v, uint8_t key[SEAL_KEY], const char purpose[9])
{
	if (v->master) seal_derive(key, v->master, purpose, 0);
	return v->master != NULL;
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
