/* blobs: large objects, read at any place, whole or not at all, gone when deleted; old vaults; and a vault put back from a copy. */
#include "store/blobs.h"
#include "store/conversations.h"

#include "made_vault.h"
#include "simulated_disk.h"

#include "base/memory_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Byte `at` of the content that the tests use. */
static uint8_t byte(uint64_t at)
{
	return (uint8_t)(at * 2654435761u >> 13);
}

/* A blob of that size, written in pieces of `piece`; its id, or -1. */
static int64_t write_blob(struct vault *v, const char *name, size_t size, size_t piece)
{
	static uint8_t bytes[300000];
	int64_t id = -1;
	struct blob_writer *w = blobs_create(v, BLOB_MODEL, name, &last);
	if (!w) return -1;
	for (size_t i = 0; i < size; i++) bytes[i] = byte(i);
	for (size_t at = 0; at < size; at += piece) {
		if (blobs_write(w, bytes + at, piece < size - at ? piece : size - at, &last)) continue;
		blobs_abandon(w);
		return -1;
	}
	return blobs_commit(w, &id, &last) ? id : -1;
}

/* Bytes at .. at + size are right. */
static bool reads(struct blob *b, uint64_t at, size_t size)
{
	static uint8_t bytes[300000], loaded[300000];
	bool whole = at == 0 && size == blobs_size(b), read = blobs_read(b, bytes, size, at, &last);
	if (whole) {
		struct error other;
		struct memory_file m;
		assert_true(memory_file_new(&m, size + 1, "loaded", &other));
		assert_int_equal(blobs_load(b, m.fd, read ? &last : &other), read);
		assert_int_equal(pread(m.fd, loaded, size, 0), size);
		if (read) assert_memory_equal(loaded, bytes, size);
		memory_file_free(&m);
	}
	if (!read) return false;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] != byte(at + i)) return false;
	}
	return true;
}

static bool all_right(struct vault *v, int64_t id, size_t size)
{
	struct blob *b = blobs_open(v, id, &last);
	bool ok = b && blobs_size(b) == size && reads(b, 0, size);
	blobs_close(b);
	return ok;
}

/* Reading says that it is not as it was, which is more than giving other bytes. */
static bool is_refused(struct vault *v, int64_t id, size_t size)
{
	static uint8_t bytes[300000];
	struct blob *b = blobs_open(v, id, &last);
	bool read = b && blobs_read(b, bytes, size, 0, &last);
	blobs_close(b);
	return !read;
}

static bool name_of(void *context, const struct blob_entry *b)
{
	char *all = context;
	snprintf(all + strlen(all), 1000 - strlen(all), "%s(%d,%llu)|", b->name, (int)b->kind, (unsigned long long)b->size);
	return true;
}

static const char *names(struct vault *v)
{
	static char all[1000];
	all[0] = 0;
	return blobs_list(v, name_of, all, &last) ? all : last.text;
}

static void what_was_written_is_read_at_any_place(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, BLOB_CHUNK - 1, BLOB_CHUNK, BLOB_CHUNK + 1, 3 * BLOB_CHUNK, 200001 };
	struct sim_disk *s = sim_new(21);
	struct vault *v = made(&s->base, "v");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		int64_t id = write_blob(v, "a", sizes[i], i % 2 ? 1000 : 100000);
		if (id < 0) fail_msg("%s", last.text);
		struct blob *b = blobs_open(v, id, &last);
		assert_non_null(b);
		assert_true(blobs_size(b) == sizes[i]);
		assert_true(reads(b, 0, sizes[i]));
		for (int k = 0; k < 50 && sizes[i]; k++) {
			uint64_t at = sim_random(s) % sizes[i];
			assert_true(reads(b, at, (size_t)(sim_random(s) % (sizes[i] - at + 1))));
		}
		assert_false(reads(b, sizes[i], 1));
		blobs_close(b);
		assert_true(blobs_delete(v, id, &last));
		assert_null(blobs_open(v, id, &last));
	}
	assert_string_equal(names(v), "");
	vault_close(v);
	sim_free(s);
}

static void a_list_names_them_and_locking_ends_reading(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(22);
	struct vault *v = made(&s->base, "v");
	int64_t a = write_blob(v, "one.gguf", 100, 100), b = write_blob(v, "two", BLOB_CHUNK + 7, 999);
	struct blob *open = blobs_open(v, b, &last);
	assert_true(reads(open, 0, 5));
	assert_non_null(strstr(names(v), "one.gguf(1,100)|"));
	assert_non_null(strstr(names(v), "two(1,65543)|"));
	vault_lock(v);
	assert_false(reads(open, 0, 5));
	assert_string_equal(last.text, "v: the vault is locked; unlock it first");
	assert_null(blobs_create(v, BLOB_MODEL, "x", &last));
	assert_true(vault_unlock(v, &key, &last));
	assert_true(reads(open, 0, 5));
	assert_true(blobs_delete(v, b, &last));
	assert_false(reads(open, BLOB_CHUNK, 5));
	blobs_close(open);
	assert_true(all_right(v, a, 100));
	vault_close(v);
	sim_free(s);
}

static struct sim_inode *blob_file(struct sim_disk *s, int64_t id)
{
	char path[64];
	snprintf(path, sizeof path, "v/blobs/%012llx", (unsigned long long)id);
	int name = sim_find(s->live, path);
	return name < 0 ? NULL : s->inodes + s->live[name].inode;
}

static void every_change_is_noticed(void **state)
{
	(void)state;
	enum { SIZE = 2 * BLOB_CHUNK + 300 };
	struct sim_disk *s = sim_new(23);
	struct vault *v = made(&s->base, "v");
	int64_t id = write_blob(v, "a", SIZE, SIZE), other = write_blob(v, "b", SIZE, SIZE);
	struct sim_inode *n = blob_file(s, id), *m = blob_file(s, other);
	for (uint64_t at = 0; at < n->live_size; at += at < 200 ? 1 : 97) {
		n->live[at] ^= (uint8_t)(1 << at % 8);
		if (!is_refused(v, id, SIZE)) fail_msg("byte %u changed and was not noticed", (unsigned)at);
		n->live[at] ^= (uint8_t)(1 << at % 8);
	}
	uint64_t whole = n->live_size;
	for (uint64_t size = 0; size < whole; size += 1 + whole / 50) {
		n->live_size = size;
		assert_true(is_refused(v, id, SIZE));
		n->live_size = whole;
	}
	/* Chunks exchanged within a file and between two, and one put behind. */
	uint8_t *copy = malloc(whole);
	memcpy(copy, n->live, whole);
	memcpy(n->live + 64, copy + 64 + BLOB_CHUNK + SEAL_EXTRA, BLOB_CHUNK + SEAL_EXTRA);
	assert_true(is_refused(v, id, SIZE));
	memcpy(n->live, copy, whole);
	memcpy(n->live + 64, m->live + 64, BLOB_CHUNK + SEAL_EXTRA);
	assert_true(is_refused(v, id, SIZE));
	memcpy(n->live, copy, whole);
	free(copy);
	assert_true(all_right(v, id, SIZE));
	vault_close(v);
	sim_free(s);
}

static void a_blob_is_there_whole_or_not_at_all(void **state)
{
	(void)state;
	enum { SIZE = BLOB_CHUNK + 100 };
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct sim_disk *s = sim_new(seed);
		struct vault *v = made(&s->base, "v");
		int64_t kept = write_blob(v, "kept", 500, 500), id = -1;
		char both[100], one[] = "kept(1,500)|";
		s->fail_at = s->calls + 1 + sim_random(s) % 45;
		s->dead = seed % 3 != 0;
		s->fail_with = seed % 2 ? EIO : ENOSPC;
		id = write_blob(v, "new", SIZE, SIZE);
		bool gone = id >= 0 && seed % 4 == 0 && blobs_delete(v, id, &last);
		vault_close(v);
		s->dead || sim_random(s) % 2 ? sim_power_cut(s) : (void)(s->fail_at = 0);
		v = opened(&s->base, "v");
		snprintf(both, sizeof both, "kept(1,500)|new(1,%d)|", SIZE);
		const char *there = names(v);
		assert_true(all_right(v, kept, 500));
		if (id >= 0 && !gone && seed % 4)
			assert_true(all_right(v, id, SIZE));
		else if (gone)
			assert_string_equal(there, one);
		/* No file without a row, whatever was cut short. */
		bool extra = strcmp(there, one) != 0;
		int files = 0;
		for (int i = 0; i < SIM_NAMES; i++) files += s->live[i].inode >= 0 && strstr(s->live[i].path, "/blobs/");
		assert_int_equal(files, extra ? 2 : 1);
		vault_close(v);
		sim_free(s);
	}
}

static void a_vault_put_back_from_a_copy_is_noticed(void **state)
{
	(void)state;
	static const char *const files[] = { "v/vault.key", "v/erase.key", "v/vault.db", "v/index.db" };
	struct sim_disk *s = sim_new(24);
	uint8_t *copies[4];
	size_t sizes[4];
	int64_t id;
	struct vault *v = made(&s->base, "v");
	vault_watch(v, "counter");
	assert_true(conversations_new(v, "a", &id, &last));
	vault_close(v);
	for (int i = 0; i < 4; i++) assert_int_equal(disk_load(&s->base, files[i], 1 << 20, &copies[i], &sizes[i]), 0);
	for (int round = 0; round < 3; round++) {
		v = vault_take(&s->base, "v", &last);
		vault_watch(v, "counter");
		assert_true(vault_unlock(v, &key, &last));
		/* Once it is said, what is there is what counts. */
		assert_int_equal(vault_is_older(v), round == 1);
		if (round == 0) assert_true(conversations_new(v, "b", &id, &last));
		vault_close(v);
		for (int i = 0; i < 4 && round == 0; i++)
			assert_int_equal(disk_replace(&s->base, files[i], copies[i], sizes[i]), 0);
	}
	/* A file that says nothing, or something else, is none. */
	s->inodes[s->live[sim_find(s->live, "counter")].inode].live[30] ^= 1;
	v = vault_take(&s->base, "v", &last);
	vault_watch(v, "counter");
	assert_true(vault_unlock(v, &key, &last));
	assert_false(vault_is_older(v));
	vault_close(v);
	for (int i = 0; i < 4; i++) memory_free(copies[i]);
	sim_free(s);
}

/* ---- vaults of every earlier version */

static bool join(void *context, const struct message_entry *m)
{
	char *all = context;
	snprintf(all + strlen(all), 1000 - strlen(all), "%d:%s|", (int)m->role, m->text);
	return true;
}

/* The files of tests/store/version1 in a simulated disk. */
static bool load_old(struct sim_disk *s)
{
	static const char *const files[] = { "vault.key", "erase.key", "vault.db" };
	char from[64], to[32];
	for (int i = 0; i < 3; i++) {
		uint8_t *bytes;
		size_t size;
		snprintf(from, sizeof from, "tests/store/version1/%s", files[i]);
		snprintf(to, sizeof to, "v/%s", files[i]);
		if (disk_load(disk_real(), from, 1 << 20, &bytes, &size) != 0) return false;
		bool ok = disk_replace(&s->base, to, bytes, size) == 0;
		memory_free(bytes);
		if (!ok) return false;
	}
	return true;
}

static void a_vault_of_version_1_is_brought_up_to_date(void **state)
{
	(void)state;
	/* A power cut at every call of the way. */
	for (uint64_t at = 0; at < 60; at++) {
		struct sim_disk *s = sim_new(100 + at);
		char all[1000] = "";
		if (!load_old(s)) fail_msg("tests/store/version1 is not there; run this from the root of the repository");
		struct vault *v = vault_take(&s->base, "v", &last);
		assert_non_null(v);
		s->fail_at = at ? s->calls + at : 0;
		s->dead = true;
		vault_unlock(v, &key, &last);
		vault_close(v);
		sim_power_cut(s);
		v = opened(&s->base, "v");
		assert_true(conversations_read(v, 16, join, all, &last));
		assert_true(conversations_read(v, 17, join, all, &last));
		assert_string_equal(all, "1:Where is it?|2:By the sea.|1:Where is it?|2:In the hills.|");
		assert_true(write_blob(v, "new in this version", 10, 10) >= 0);
		vault_close(v);
		sim_free(s);
	}
}

static void a_newer_vault_is_left_alone(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(25);
	struct vault *v = made(&s->base, "v");
	sqlite3_exec(vault_database(v), "PRAGMA user_version=99", NULL, NULL, NULL);
	vault_close(v);
	v = vault_take(&s->base, "v", &last);
	assert_false(vault_unlock(v, &key, &last));
	assert_non_null(strstr(last.text, "v/vault.db: was written by a newer hearth (format 99"));
	vault_close(v);
	sim_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_at_any_place),
		cmocka_unit_test(a_list_names_them_and_locking_ends_reading),
		cmocka_unit_test(every_change_is_noticed),
		cmocka_unit_test(a_blob_is_there_whole_or_not_at_all),
		cmocka_unit_test(a_vault_put_back_from_a_copy_is_noticed),
		cmocka_unit_test(a_vault_of_version_1_is_brought_up_to_date),
		cmocka_unit_test(a_newer_vault_is_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
