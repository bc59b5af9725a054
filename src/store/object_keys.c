/* object_keys: the table of keys and its file (see object_keys.h). */
#include "store/object_keys.h"

#include "base/cursor.h"
#include "base/memory.h"

#include <string.h>

enum { VERSION = 1, HEADER = 24, WRAPPED = SEAL_KEY + SEAL_EXTRA, ENTRY = 8 + SEAL_KEY, MAX_OBJECTS = 1 << 20 };

static const char magic[] = "hearthE1";

struct entry {
	uint64_t object;
	uint8_t key[SEAL_KEY];
};
_Static_assert(sizeof(struct entry) == ENTRY, "the table in memory is the table of the file");

struct object_keys {
	struct disk *disk;
	const char *path;
	const uint8_t *key;
	uint8_t vault[VAULT_ID];
	uint64_t epoch;
	uint8_t *epoch_key;    /* secret memory */
	struct entry *entries; /* secret memory, by object */
	size_t count, room;
};

/* What the wrapped epoch key (part 0) and the table (part 1) are bound to. */
struct keys_place {
	uint8_t vault[VAULT_ID];
	uint64_t epoch;
	uint32_t count, part;
};

static struct keys_place place_of(const struct object_keys *o, uint32_t part)
{
	struct keys_place p = { .epoch = o->epoch, .count = (uint32_t)o->count, .part = part };
	memcpy(p.vault, o->vault, VAULT_ID);
	return p;
}

static bool make_room(struct object_keys *o, size_t count)
{
	if (count <= o->room) return true;
	size_t room = o->room ? o->room * 2 : 64;
	if (room < count) room = count;
	struct entry *grown = secret_new(room * sizeof *grown);
	if (!grown) return false;
	if (o->count) memcpy(grown, o->entries, o->count * sizeof *grown);
	secret_free(o->entries);
	o->entries = grown;
	o->room = room;
	return true;
}

/* First entry whose object is not below `object`. */
static size_t find(const struct object_keys *o, uint64_t object)
{
	size_t low = 0, high = o->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (o->entries[middle].object < object)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool disk_error(const struct object_keys *o, int error, const char *what, struct error *e)
{
	return error_set(e, "%s: cannot %s: %s", o->path, what, strerror(error));
}

static bool save(struct object_keys *o, struct error *e)
{
	size_t table = o->count * sizeof(struct entry), size = HEADER + WRAPPED + table + SEAL_EXTRA;
	const uint32_t numbers[2] = { VERSION, (uint32_t)o->count };
	uint8_t *bytes = memory_new(size, 1);
	if (!bytes) return error_memory(e);
	struct keys_place key_place = place_of(o, 0), table_place = place_of(o, 1);
	memcpy(bytes, magic, 8);
	memcpy(bytes + 8, numbers, sizeof numbers);
	memcpy(bytes + 16, &o->epoch, 8);
	seal_bytes(bytes + HEADER, bytes + HEADER + SEAL_KEY, o->epoch_key, SEAL_KEY, &key_place, sizeof key_place, o->key);
	seal_bytes(bytes + HEADER + WRAPPED, bytes + HEADER + WRAPPED + table, (const uint8_t *)o->entries, table, &table_place,
	           sizeof table_place, o->epoch_key);
	int error = disk_replace(o->disk, o->path, bytes, size);
	memory_free(bytes);
	return error ? disk_error(o, error, "write", e) : true;
}

/* Checks the header and opens both sealed parts. */
static bool load(struct object_keys *o, const uint8_t *bytes, size_t size, struct error *e)
{
	struct cursor c = cursor_over(bytes, size);
	const uint8_t *start = cursor_bytes(&c, 8);
	if (!start || memcmp(start, magic, 8) != 0)
		return error_set(e, "%s: is not a vault's file of keys; put a backup back", o->path);
	uint32_t version = cursor_u32(&c), count = cursor_u32(&c);
	o->epoch = cursor_u64(&c);
	if (version != VERSION)
		return error_set(e, "%s: was written by another version of hearth (format %u, this one knows %d)", o->path, version,
		                 VERSION);
	if (count > MAX_OBJECTS || size != HEADER + WRAPPED + (size_t)count * sizeof(struct entry) + SEAL_EXTRA)
		return error_set(e, "%s: has %zu bytes, which do not fit its %u keys: it is damaged; put a backup back", o->path,
		                 size, count);
	if (!make_room(o, count)) return error_memory(e);
	o->count = count;
	size_t table = count * sizeof(struct entry);
	struct keys_place key_place = place_of(o, 0), table_place = place_of(o, 1);
	const uint8_t *wrapped = bytes + HEADER, *sealed = wrapped + WRAPPED;
	if (seal_open(o->epoch_key, wrapped, wrapped + SEAL_KEY, SEAL_KEY, &key_place, sizeof key_place, o->key) &&
	    seal_open((uint8_t *)o->entries, sealed, sealed + table, table, &table_place, sizeof table_place, o->epoch_key))
		return true;
	return error_set(e, "%s: is damaged or was changed; put a backup back", o->path);
}

struct object_keys *object_keys_open(struct disk *d, const char *path, const uint8_t *key, const uint8_t vault[VAULT_ID],
                                     bool fresh, struct error *e)
{
	struct object_keys *o = memory_new(1, sizeof *o);
	uint8_t *bytes = NULL;
	size_t size = 0;
	if (!o) {
		error_memory(e);
		return NULL;
	}
	o->disk = d;
	o->path = path;
	o->key = key;
	memcpy(o->vault, vault, VAULT_ID);
	o->epoch_key = secret_new(SEAL_KEY);
	bool ok = o->epoch_key && make_room(o, 1);
	if (!ok) {
		error_memory(e);
	} else if (fresh) {
		seal_random(o->epoch_key, SEAL_KEY);
		ok = save(o, e);
	} else {
		int error = disk_load(d, path, HEADER + WRAPPED + (size_t)MAX_OBJECTS * sizeof(struct entry) + SEAL_EXTRA, &bytes,
		                      &size);
		ok = error ? disk_error(o, error, "read", e) : load(o, bytes, size, e);
		memory_free(bytes);
	}
	if (ok) return o;
	object_keys_close(o);
	return NULL;
}

void object_keys_close(struct object_keys *o)
{
	if (!o) return;
	secret_free(o->epoch_key);
	secret_free(o->entries);
	memory_free(o);
}

const uint8_t *object_keys_find(const struct object_keys *o, uint64_t object)
{
	size_t i = find(o, object);
	return i < o->count && o->entries[i].object == object ? o->entries[i].key : NULL;
}

bool object_keys_next(const struct object_keys *o, uint64_t *object)
{
	size_t i = find(o, *object + 1);
	if (i == o->count) return false;
	*object = o->entries[i].object;
	return true;
}

bool object_keys_add(struct object_keys *o, uint64_t object, struct error *e)
{
	size_t i = find(o, object);
	if (i < o->count && o->entries[i].object == object) return true;
	if (o->count == MAX_OBJECTS) return error_set(e, "%s: holds the most keys it can (%d)", o->path, MAX_OBJECTS);
	if (!make_room(o, o->count + 1)) return error_memory(e);
	memmove(o->entries + i + 1, o->entries + i, (o->count - i) * sizeof *o->entries);
	o->entries[i].object = object;
	seal_random(o->entries[i].key, SEAL_KEY);
	o->count++;
	if (save(o, e)) return true;
	memmove(o->entries + i, o->entries + i + 1, (o->count - i - 1) * sizeof *o->entries);
	o->count--;
	return false;
}

/* Overwrites the wrapped epoch key of a file whose name is another's by now. */
static void spoil(struct object_keys *o, struct disk_file *old)
{
	static const uint8_t zeros[WRAPPED];
	if (o->disk->write(old, zeros, sizeof zeros, HEADER) == 0) o->disk->sync(old);
}

bool object_keys_forget(struct object_keys *o, const uint64_t *objects, size_t n, struct error *e)
{
	struct disk_file *old;
	uint8_t *epoch_key = secret_new(SEAL_KEY), *last_epoch_key = o->epoch_key;
	struct entry *kept = secret_new((o->count + 1) * sizeof *kept), *last_entries = o->entries;
	size_t last_count = o->count, last_room = o->room;
	if (!epoch_key || !kept) {
		secret_free(epoch_key);
		secret_free(kept);
		return error_memory(e);
	}
	seal_random(epoch_key, SEAL_KEY);
	o->count = 0;
	for (size_t i = 0; i < last_count; i++) {
		bool forgotten = false;
		for (size_t j = 0; j < n; j++) forgotten |= objects[j] == last_entries[i].object;
		if (!forgotten) kept[o->count++] = last_entries[i];
	}
	o->entries = kept;
	o->room = last_count + 1;
	o->epoch_key = epoch_key;
	o->epoch++;
	bool there = o->disk->open(o->disk, o->path, DISK_WRITE, &old) == 0;
	bool ok = save(o, e);
	if (ok && there) spoil(o, old);
	if (there) o->disk->close(old);
	secret_free(ok ? last_entries : kept);
	secret_free(ok ? last_epoch_key : epoch_key);
	if (!ok) {
		o->entries = last_entries;
		o->epoch_key = last_epoch_key;
		o->count = last_count;
		o->room = last_room;
		o->epoch--;
	}
	return ok;
}

uint64_t object_keys_epoch(const struct object_keys *o)
{
	return o->epoch;
}
