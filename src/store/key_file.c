/* key_file: slots and the bytes of vault.key (see key_file.h). */
#include "store/key_file.h"

#include "base/clock.h"
#include "base/cursor.h"
#include "base/machine.h"
#include "base/memory.h"

#include <string.h>
#include <time.h>

enum { VERSION = 1, HEADER = 128, SLOT = 128, HASHED = HEADER + KEY_SLOTS * SLOT };
_Static_assert(HASHED + SEAL_HASH == KEY_FILE_BYTES, "header, slots, hash");

static const char magic[] = "hearthK1";
const struct key_cost key_cost_least = { 2, 64 << 20 };
static const struct key_cost most = { 64, (uint64_t)4 << 30 };
static const uint64_t usual_memory = (uint64_t)256 << 20;

/* What a slot's wrapped key is bound to. */
struct slot_place {
	uint8_t id[VAULT_ID];
	uint32_t number, kind, passes, reserved;
	uint64_t memory, made;
	uint8_t salt[KEY_SALT];
};

static struct slot_place place_of(const struct key_file *k, int number)
{
	const struct key_slot *s = k->slots + number;
	struct slot_place p = {
		.number = (uint32_t)number, .kind = s->kind, .passes = s->cost.passes, .memory = s->cost.memory, .made = s->made
	};
	memcpy(p.id, k->id, VAULT_ID);
	memcpy(p.salt, s->salt, KEY_SALT);
	return p;
}

/* One pass over the least memory is timed; time grows as passes times memory. As much memory as leaves at least two passes of the
 * wanted time comes before more passes: memory is what a guesser's hardware pays for. */
struct key_cost key_cost_measure(double seconds)
{
	struct key_cost cost = key_cost_least;
	uint8_t key[SEAL_KEY];
	static const uint8_t salt[KEY_SALT] = { 1 };
	uint64_t free_memory = machine_free_memory();
	double start = clock_seconds();
	bool done = seal_passphrase(key, "cost", 4, salt, 1, cost.memory);
	double pass = clock_seconds() - start;
	seal_wipe(key, sizeof key);
	if (!done || pass <= 0) return cost;
	while (cost.memory < usual_memory && cost.memory * 2 <= free_memory / 8 && seconds / (pass * 2) >= key_cost_least.passes) {
		cost.memory *= 2;
		pass *= 2;
	}
	double passes = seconds / pass + 0.5;
	cost.passes = passes >= most.passes ? most.passes : (uint32_t)passes;
	if (cost.passes < key_cost_least.passes) cost.passes = key_cost_least.passes;
	return cost;
}

void key_file_new(struct key_file *k, uint8_t *master)
{
	*k = (struct key_file){ .made = (uint64_t)time(NULL) };
	seal_random(k->id, VAULT_ID);
	seal_random(master, SEAL_KEY);
}

/* The key that wraps the master key in this slot. */
static bool slot_key(uint8_t key[SEAL_KEY], const struct key_slot *s, const struct key_secret *secret)
{
	uint8_t hashed[SEAL_HASH];
	if (s->kind == SLOT_PASSPHRASE)
		return seal_passphrase(key, secret->bytes, secret->size, s->salt, s->cost.passes, s->cost.memory);
	/* Not to be guessed (or not meant to be a secret), so a hash does; the salt keeps two vaults apart. */
	seal_hash(hashed, secret->bytes, secret->size, NULL);
	uint8_t both[KEY_SALT + SEAL_HASH];
	memcpy(both, s->salt, KEY_SALT);
	memcpy(both + KEY_SALT, hashed, SEAL_HASH);
	seal_hash(key, both, sizeof both, NULL);
	seal_wipe(both, sizeof both);
	seal_wipe(hashed, sizeof hashed);
	return true;
}

static bool slot_open(const struct key_file *k, int number, const struct key_secret *secret, uint8_t *master, struct error *e)
{
	const struct key_slot *s = k->slots + number;
	struct slot_place place = place_of(k, number);
	uint8_t key[SEAL_KEY];
	if (!slot_key(key, s, secret)) return error_memory(e);
	bool open = seal_open(master, s->wrapped, s->wrapped + SEAL_KEY, SEAL_KEY, &place, sizeof place, key);
	seal_wipe(key, sizeof key);
	return open;
}

int key_file_add(struct key_file *k, const struct key_secret *secret, struct key_cost cost, const uint8_t *master, struct error *e)
{
	int number = 0;
	if ((secret->kind == SLOT_KEY_FILE || secret->kind == SLOT_KEYRING) && secret->size < SEAL_KEY) {
		error_set(e, "a key file needs at least %d random bytes, this one has %zu", SEAL_KEY, secret->size);
		return -1;
	}
	if (secret->kind == SLOT_PASSPHRASE && secret->size == 0) {
		error_set(e, "an empty passphrase protects nothing; type some words");
		return -1;
	}
	while (number < KEY_SLOTS && k->slots[number].kind != SLOT_EMPTY) number++;
	if (number == KEY_SLOTS) {
		error_set(e, "all %d key slots are in use; remove one first", KEY_SLOTS);
		return -1;
	}
	struct key_slot *s = k->slots + number;
	*s = (struct key_slot){ .kind = secret->kind, .made = (uint64_t)time(NULL) };
	if (secret->kind == SLOT_PASSPHRASE) {
		s->cost = cost;
		if (s->cost.passes < key_cost_least.passes) s->cost.passes = key_cost_least.passes;
		if (s->cost.memory < key_cost_least.memory) s->cost.memory = key_cost_least.memory;
	}
	seal_random(s->salt, KEY_SALT);
	uint8_t key[SEAL_KEY];
	if (!slot_key(key, s, secret)) {
		*s = (struct key_slot){ 0 };
		error_memory(e);
		return -1;
	}
	struct slot_place place = place_of(k, number);
	seal_bytes(s->wrapped, s->wrapped + SEAL_KEY, master, SEAL_KEY, &place, sizeof place, key);
	seal_wipe(key, sizeof key);
	return number;
}

bool key_file_remove(struct key_file *k, int slot, struct error *e)
{
	int used = 0;
	for (int i = 0; i < KEY_SLOTS; i++) used += k->slots[i].kind != SLOT_EMPTY;
	if (slot < 0 || slot >= KEY_SLOTS || k->slots[slot].kind == SLOT_EMPTY)
		return error_set(e, "key slot %d is empty", slot + 1);
	if (used == 1) return error_set(e, "key slot %d is the last one: without it nobody could open the vault again", slot + 1);
	k->slots[slot] = (struct key_slot){ 0 };
	return true;
}

/* ---- bytes */

static void put(uint8_t **at, const void *bytes, size_t size)
{
	memcpy(*at, bytes, size);
	*at += size;
}

static void file_hash(uint8_t hash[SEAL_HASH], const uint8_t *bytes, const uint8_t *master)
{
	uint8_t key[SEAL_KEY];
	seal_derive(key, master, "key file", 0);
	seal_hash(hash, bytes, HASHED, key);
	seal_wipe(key, sizeof key);
}

void key_file_write(const struct key_file *k, const uint8_t *master, uint8_t bytes[KEY_FILE_BYTES])
{
	const uint32_t numbers[2] = { VERSION, KEY_FILE_BYTES };
	uint8_t *at = bytes;
	memset(bytes, 0, KEY_FILE_BYTES);
	put(&at, magic, 8);
	put(&at, numbers, sizeof numbers);
	put(&at, k->id, VAULT_ID);
	put(&at, &k->made, 8);
	put(&at, &k->generation, 8);
	for (int i = 0; i < KEY_SLOTS; i++) {
		const struct key_slot *s = k->slots + i;
		at = bytes + HEADER + i * SLOT;
		put(&at, &s->kind, 4);
		put(&at, &s->cost.passes, 4);
		put(&at, &s->cost.memory, 8);
		put(&at, &s->made, 8);
		put(&at, s->salt, KEY_SALT);
		put(&at, s->wrapped, sizeof s->wrapped);
	}
	file_hash(bytes + HASHED, bytes, master);
}

static bool read_slot(struct key_slot *s, struct cursor c, int number, const char *name, struct error *e)
{
	s->kind = cursor_u32(&c);
	s->cost.passes = cursor_u32(&c);
	s->cost.memory = cursor_u64(&c);
	s->made = cursor_u64(&c);
	memcpy(s->salt, cursor_bytes(&c, KEY_SALT), KEY_SALT);
	memcpy(s->wrapped, cursor_bytes(&c, sizeof s->wrapped), sizeof s->wrapped);
	if (s->kind >= SLOT_KINDS)
		return error_set(e, "%s: key slot %d is of a kind (%u) that this version does not know", name, number + 1, s->kind);
	if (s->kind != SLOT_PASSPHRASE) return true;
	if (s->cost.passes < key_cost_least.passes || s->cost.memory < key_cost_least.memory || s->cost.passes > most.passes ||
	    s->cost.memory > most.memory)
		return error_set(e,
		                 "%s: key slot %d asks for a cost that no vault has (%u passes, %llu bytes): the file is damaged",
		                 name, number + 1, s->cost.passes, (unsigned long long)s->cost.memory);
	return true;
}

bool key_file_read(struct key_file *k, const uint8_t *bytes, size_t size, const char *name, struct error *e)
{
	struct cursor c = cursor_over(bytes, size);
	*k = (struct key_file){ 0 };
	if (size < 16 || memcmp(bytes, magic, 8) != 0) return error_set(e, "%s: is not a vault's key file", name);
	cursor_bytes(&c, 8);
	uint32_t version = cursor_u32(&c), length = cursor_u32(&c);
	if (version != VERSION)
		return error_set(e, "%s: was written by another version of hearth (format %u, this one knows %d)", name, version,
		                 VERSION);
	if (length != KEY_FILE_BYTES || size != KEY_FILE_BYTES)
		return error_set(e, "%s: has %zu bytes instead of %d: it is damaged; put a backup of it back", name, size,
		                 KEY_FILE_BYTES);
	memcpy(k->id, cursor_bytes(&c, VAULT_ID), VAULT_ID);
	k->made = cursor_u64(&c);
	k->generation = cursor_u64(&c);
	for (int i = 0; i < KEY_SLOTS; i++) {
		if (!read_slot(k->slots + i, cursor_over(bytes + HEADER + i * SLOT, SLOT), i, name, e)) return false;
	}
	return true;
}

static const char *what_was_wrong(enum slot_kind kind)
{
	static const char *const wrong[SLOT_KINDS] = {
		[SLOT_PASSPHRASE] = "the passphrase is not right",
		[SLOT_RECOVERY] = "the recovery code is not right",
		[SLOT_KEY_FILE] = "the key file is not the right one",
		[SLOT_KEYRING] = "the key in the system's keyring is not the right one",
		[SLOT_UNPROTECTED] = "the vault is protected",
	};
	return wrong[kind];
}

bool key_file_open(const struct key_file *k, const struct key_secret *secret, uint8_t *master, int *slot, const uint8_t *bytes,
                   const char *name, struct error *e)
{
	struct error failed = { "" };
	bool any = false;
	for (int i = 0; i < KEY_SLOTS; i++) {
		if (k->slots[i].kind != secret->kind) continue;
		any = true;
		if (!slot_open(k, i, secret, master, &failed)) continue;
		uint8_t hash[SEAL_HASH];
		file_hash(hash, bytes, master);
		if (!seal_equal(hash, bytes + HASHED, SEAL_HASH)) {
			seal_wipe(master, SEAL_KEY);
			return error_set(e, "%s: was changed since hearth wrote it; put a backup of it back", name);
		}
		if (slot) *slot = i;
		return true;
	}
	seal_wipe(master, SEAL_KEY);
	if (failed.text[0]) return error_set(e, "%s", failed.text);
	if (!any && secret->kind != SLOT_UNPROTECTED) return error_set(e, "%s: has no slot of that kind", name);
	return error_set(e, "%s: %s", name, what_was_wrong(secret->kind));
}
