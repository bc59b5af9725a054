/* vault_vfs: the methods that SQLite calls (see vault_vfs.h and sqlite.org/vfs.html). */
#include "store/vault_vfs.h"

#include "base/memory.h"
#include "store/sealed_log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MAX_PATH = 1024 };

struct vault_vfs {
	sqlite3_vfs base; /* pAppData is the struct itself */
	struct disk *disk;
	struct sealing sealing;
	sqlite3_vfs *usual; /* for sleep and time */
	char name[48];
	bool damaged;
};

/* What SQLite takes for its sqlite3_file. */
struct vault_file {
	sqlite3_file base;
	struct vault_vfs *vfs;
	struct disk_file *pages; /* a main database */
	struct sealed_log *log;  /* anything else */
	uint8_t *key;            /* a temporary file's own */
	const char *made;        /* its path, until its name in the folder is synced too; SQLite's */
};

static struct vault_file *file_of(sqlite3_file *f)
{
	return (struct vault_file *)(void *)f;
}

static int code_of(struct vault_vfs *v, int error, int usual)
{
	if (error == EBADMSG) v->damaged = true;
	switch (error) {
	case 0: return SQLITE_OK;
	case ENOSPC:
	case EDQUOT: return SQLITE_FULL;
	case EBADMSG: return SQLITE_IOERR_DATA;
	case ENOMEM: return SQLITE_NOMEM;
	default: return usual;
	}
}

static int file_close(sqlite3_file *file)
{
	struct vault_file *f = file_of(file);
	if (f->pages) f->vfs->disk->close(f->pages);
	sealed_log_close(f->log);
	secret_free(f->key);
	f->pages = NULL;
	f->log = NULL;
	f->key = NULL;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
	struct vault_file *f = file_of(file);
	size_t got = 0, wanted = (size_t)size;
	int error = f->log ? sealed_log_read(f->log, bytes, wanted, (uint64_t)at, &got)
	                   : sealed_pages_read(f->pages, f->vfs->disk, &f->vfs->sealing, bytes, wanted, (uint64_t)at, &got);
	/* SQLite looks at the head of the first page before it plays a journal back, which may be what mends a torn first page. */
	if (error == EBADMSG && f->pages && wanted < VAULT_PAGE) {
		memset(bytes, 0, wanted);
		return SQLITE_OK;
	}
	if (error) return code_of(f->vfs, error, SQLITE_IOERR_READ);
	if (got == wanted) return SQLITE_OK;
	memset((char *)bytes + got, 0, wanted - got);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	struct vault_file *f = file_of(file);
	int error = f->log ? sealed_log_write(f->log, bytes, (size_t)size, (uint64_t)at)
	                   : sealed_pages_write(f->pages, f->vfs->disk, &f->vfs->sealing, bytes, (size_t)size, (uint64_t)at);
	return code_of(f->vfs, error, SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	struct vault_file *f = file_of(file);
	int error = f->log ? sealed_log_resize(f->log, (uint64_t)size) : f->vfs->disk->resize(f->pages, (uint64_t)size);
	return code_of(f->vfs, error, SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct vault_file *f = file_of(file);
	struct disk *d = f->vfs->disk;
	(void)flags;
	int error = f->log ? sealed_log_sync(f->log) : d->sync(f->pages);
	if (error || !f->made) return code_of(f->vfs, error, SQLITE_IOERR_FSYNC);
	error = d->sync_folder(d, f->made);
	if (!error) f->made = NULL;
	return code_of(f->vfs, error, SQLITE_IOERR_DIR_FSYNC);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	struct vault_file *f = file_of(file);
	uint64_t n = 0;
	int error = 0;
	if (f->log)
		n = sealed_log_size(f->log);
	else
		error = f->vfs->disk->size(f->pages, &n);
	*size = (sqlite3_int64)n;
	return code_of(f->vfs, error, SQLITE_IOERR_FSTAT);
}

static int file_lock(sqlite3_file *file, int level)
{
	(void)file, (void)level;
	return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *reserved)
{
	(void)file;
	*reserved = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int what, void *value)
{
	(void)file, (void)what, (void)value;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
	(void)file;
	return VAULT_PAGE;
}

/* A write leaves the bytes beside it alone: pages are whole sectors, and logs only grow. */
static int file_traits(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
};

static struct vault_vfs *vfs_of(sqlite3_vfs *base)
{
	return base->pAppData;
}

/* A temporary file is sealed under a key that nobody else ever has. */
static int open_temporary(struct vault_vfs *v, struct vault_file *f)
{
	struct sealing s = v->sealing;
	struct disk_file *file;
	f->key = secret_new(SEAL_KEY);
	if (!f->key) return SQLITE_NOMEM;
	seal_random(f->key, SEAL_KEY);
	s.key = f->key;
	s.role = ROLE_TEMPORARY;
	int error = v->disk->open(v->disk, "/tmp", DISK_UNNAMED, &file);
	if (!error) error = sealed_log_open(&f->log, v->disk, file, &s);
	return code_of(v, error, SQLITE_CANTOPEN);
}

static int open_journal(struct vault_vfs *v, struct vault_file *f, const char *path, enum sealed_role role, bool create)
{
	struct sealing s = v->sealing;
	struct disk_file *file;
	s.role = s.role << 8 | role;
	int error = v->disk->open(v->disk, path, create ? DISK_CREATE : DISK_WRITE, &file);
	if (!error) error = sealed_log_open(&f->log, v->disk, file, &s);
	return code_of(v, error, SQLITE_CANTOPEN);
}

static int vfs_open(sqlite3_vfs *base, sqlite3_filename path, sqlite3_file *file, int flags, int *given)
{
	struct vault_vfs *v = vfs_of(base);
	struct vault_file *f = file_of(file);
	bool create = (flags & SQLITE_OPEN_CREATE) != 0;
	int code;
	memset(f, 0, sizeof *f);
	f->vfs = v;
	if (!path)
		code = open_temporary(v, f);
	else if (flags & SQLITE_OPEN_MAIN_DB)
		code = code_of(v, v->disk->open(v->disk, path, create ? DISK_CREATE : DISK_WRITE, &f->pages), SQLITE_CANTOPEN);
	else if (flags & SQLITE_OPEN_MAIN_JOURNAL)
		code = open_journal(v, f, path, ROLE_JOURNAL, create);
	else if (flags & SQLITE_OPEN_WAL)
		code = open_journal(v, f, path, ROLE_WAL, create);
	else
		code = SQLITE_CANTOPEN; /* attached databases and their shared journals are not used */
	if (code == SQLITE_OK) {
		f->base.pMethods = &methods;
		if (create) f->made = path;
		if (given) *given = flags;
	} else {
		file_close(file);
	}
	return code;
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync_folder)
{
	struct vault_vfs *v = vfs_of(base);
	int error = v->disk->remove(v->disk, path);
	if (error == ENOENT) return SQLITE_IOERR_DELETE_NOENT;
	if (!error && sync_folder) error = v->disk->sync_folder(v->disk, path);
	return code_of(v, error, SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *result)
{
	struct vault_vfs *v = vfs_of(base);
	bool there = false;
	(void)flags;
	int error = v->disk->exists(v->disk, path, &there);
	*result = there;
	return code_of(v, error, SQLITE_IOERR_ACCESS);
}

static int vfs_full_path(sqlite3_vfs *base, const char *path, int room, char *full)
{
	(void)base;
	return snprintf(full, (size_t)room, "%s", path) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_random(sqlite3_vfs *base, int size, char *bytes)
{
	(void)base;
	seal_random(bytes, (size_t)size);
	return size;
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds)
{
	sqlite3_vfs *usual = vfs_of(base)->usual;
	return usual->xSleep(usual, microseconds);
}

static int vfs_time(sqlite3_vfs *base, double *now)
{
	sqlite3_vfs *usual = vfs_of(base)->usual;
	return usual->xCurrentTime(usual, now);
}

struct vault_vfs *vault_vfs_new(struct disk *d, const struct sealing *s, struct error *e)
{
	struct vault_vfs *v = memory_new(1, sizeof *v);
	if (!v) {
		error_memory(e);
		return NULL;
	}
	v->disk = d;
	v->sealing = *s;
	v->usual = sqlite3_vfs_find(NULL);
	snprintf(v->name, sizeof v->name, "hearth-vault-%p", (void *)v);
	v->base = (sqlite3_vfs){
		.iVersion = 1,
		.szOsFile = sizeof(struct vault_file),
		.mxPathname = MAX_PATH,
		.zName = v->name,
		.pAppData = v,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_random,
		.xSleep = vfs_sleep,
		.xCurrentTime = vfs_time,
	};
	if (v->usual && sqlite3_vfs_register(&v->base, 0) == SQLITE_OK) return v;
	memory_free(v);
	error_set(e, "SQLite takes no further file system");
	return NULL;
}

void vault_vfs_free(struct vault_vfs *v)
{
	if (!v) return;
	sqlite3_vfs_unregister(&v->base);
	memory_wipe(v, sizeof *v);
	memory_free(v);
}

bool vault_sqlite_error(sqlite3 *db, const char *name, struct error *e)
{
	int code = db ? sqlite3_extended_errcode(db) : SQLITE_NOMEM;
	switch (code & 0xff) {
	case SQLITE_NOMEM: return error_memory(e);
	case SQLITE_FULL: return error_set(e, "%s: the disk is full; nothing was changed", name);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return error_set(e, "%s: is damaged (%s); put a backup back", name, sqlite3_errmsg(db));
	default: break;
	}
	if (code == SQLITE_IOERR_DATA)
		return error_set(e, "%s: is damaged or was changed: a part of it does not open with its key; put a backup back",
		                 name);
	return error_set(e, "%s: %s", name, db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

sqlite3 *vault_vfs_open(struct vault_vfs *v, const char *path, const char *name, struct error *e)
{
	/* A page that is read again is opened again, so that a larger cache than SQLite's usual one pays. */
	static const char settings[] =
	        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size=4096; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0;"
	        "PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA foreign_keys=ON;"
	        "PRAGMA cache_size=-16000; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; SELECT count(*) FROM "
	        "sqlite_schema;";
	sqlite3 *db = NULL;
	int reserve = SEAL_EXTRA;
	int code =
	        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
	                        v->name);
	if (code == SQLITE_OK) code = sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserve);
	if (code == SQLITE_OK) code = sqlite3_exec(db, settings, NULL, NULL, NULL);
	if (code == SQLITE_OK && !v->damaged) return db;
	vault_sqlite_error(db, name, e);
	sqlite3_close(db);
	return NULL;
}

/* ---- SQLite's memory: accounted, and wiped when it is freed. The size stands in front of each block. */

enum { SIZE_ROOM = 16 };

static void *block_new(int size)
{
	char *p = memory_new((size_t)size + SIZE_ROOM, 1);
	if (!p) return NULL;
	memcpy(p, &size, sizeof size);
	return p + SIZE_ROOM;
}

static int block_size(void *p)
{
	int size = 0;
	if (p) memcpy(&size, (char *)p - SIZE_ROOM, sizeof size);
	return size;
}

static void block_free(void *p)
{
	if (!p) return;
	memory_wipe(p, (size_t)block_size(p));
	memory_free((char *)p - SIZE_ROOM);
}

static void *block_resize(void *p, int size)
{
	int old = block_size(p);
	void *moved = block_new(size);
	if (!moved) return NULL;
	memcpy(moved, p, (size_t)(old < size ? old : size));
	block_free(p);
	return moved;
}

static int block_round(int size)
{
	return (size + 7) & ~7;
}

static int block_start(void *unused)
{
	(void)unused;
	return SQLITE_OK;
}

static void block_stop(void *unused)
{
	(void)unused;
}

bool vault_sqlite_start(struct error *e)
{
	static bool started;
	static const sqlite3_mem_methods memory = { block_new,   block_free,  block_resize, block_size,
		                                    block_round, block_start, block_stop,   NULL };
	if (started) return true;
	if (!seal_start()) return error_set(e, "libsodium cannot start: there are no random numbers");
	if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) != SQLITE_OK ||
	    sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
		return error_set(e, "SQLite cannot start");
	started = true;
	return true;
}
