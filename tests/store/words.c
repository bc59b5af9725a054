/*
 * words: what was said is found nowhere in the clear, and what was deleted is found nowhere at all: in no page of the database or
 * of the index, in no old page, by nobody who has every key that the vault has now.
 */
#include "store/backup.h"
#include "store/blobs.h"
#include "store/conversations.h"
#include "store/sealed_pages.h"

#include "made_vault.h"
#include "simulated_disk.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool nothing(void *context, const struct message_entry *m)
{
	(void)m;
	++*(int *)context;
	return true;
}

/* ---- words in opened pages */

struct searching {
	const char *const *words;
	size_t n;
	bool found[16];
};

static void look_for_words(struct searching *s, const void *bytes, size_t size)
{
	if (size == 0) return;
	for (size_t i = 0; i < s->n; i++) s->found[i] |= memmem(bytes, size, s->words[i], strlen(s->words[i])) != NULL;
}

/* Every page-sized piece of the bytes, as a page of the database or of the index, under the keys that there are now. */
static void look_in_pages(struct searching *s, const struct vault *v, const uint8_t *bytes, uint64_t size, const uint8_t *keys[2])
{
	struct {
		uint8_t vault[VAULT_ID];
		uint32_t role, reserved;
		uint64_t generation, number;
	} place = { .reserved = 0 };
	uint8_t page[VAULT_PAGE];
	memcpy(place.vault, vault_id(v), VAULT_ID);
	for (uint64_t at = 0; at + VAULT_PAGE <= size; at += VAULT_PAGE) {
		for (uint32_t role = ROLE_DATABASE; role <= ROLE_INDEX; role++) {
			place.role = role;
			place.number = at / VAULT_PAGE + 1;
			if (seal_open(page, bytes + at, bytes + at + PAGE_TEXT, PAGE_TEXT, &place, sizeof place, keys[role - 1]))
				look_for_words(s, page, PAGE_TEXT);
		}
	}
}

/* All that was ever written and may still lie on the disk: every file, also those that were removed, as they are and as they were
 * when they were synced last. */
static struct searching look(struct sim_disk *disk, struct vault *v, const char *const *words, size_t n)
{
	struct searching s = { .words = words, .n = n };
	struct key_file k = *vault_keys(v);
	uint8_t master[SEAL_KEY], database[SEAL_KEY], bytes[KEY_FILE_BYTES];
	size_t got;
	struct disk_file *f;
	assert_int_equal(disk->base.open(&disk->base, "v/vault.key", DISK_READ, &f), 0);
	disk->base.read(f, bytes, sizeof bytes, 0, &got);
	disk->base.close(f);
	assert_true(key_file_open(&k, &key, master, NULL, bytes, "v/vault.key", &last));
	seal_derive(database, master, "database", 0);
	const uint8_t *keys[2] = { database, object_keys_find(vault_object_keys(v), OBJECT_INDEX) };
	for (int i = 0; i < disk->n_inodes; i++) {
		const struct sim_inode *file = disk->inodes + i;
		look_for_words(&s, file->live, file->live_size);
		look_in_pages(&s, v, file->live, file->live_size, keys);
		look_in_pages(&s, v, file->durable, file->durable_size, keys);
	}
	return s;
}

static void a_deleted_conversation_leaves_no_word(void **state)
{
	(void)state;
	/* Words without a common beginning, since the index writes only how a word goes on behind the one before it. */
	static const char *const gone[] = { "xylophagus", "quokkaberg", "wombatolith", "jackdawium" };
	static const char *const kept[] = { "honeycombed", "birdsonglike" };
	struct sim_disk *s = sim_new(51);
	int64_t a, b;
	int n = 0;
	char text[200];
	struct vault *v = vault_create(&s->base, "v", &key, cheap, &last);
	assert_true(conversations_new(v, "xylophagus", &a, &last) && conversations_new(v, "kept", &b, &last));
	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof text, "the %s of number %d is here", gone[i % 4], i);
		assert_true(conversations_add(v, a, ROLE_USER, text, strlen(text), &last));
		snprintf(text, sizeof text, "the %s of number %d is there", kept[i % 2], i);
		assert_true(conversations_add(v, b, ROLE_USER, text, strlen(text), &last));
		if (i % 20 == 0) conversations_search(v, gone[0], 5, nothing, &n, &last);
	}
	assert_true(conversations_search(v, gone[1], 50, nothing, &n, &last));
	/* That looking finds them while they are there: in the index alone, since texts are sealed once more. */
	struct searching before = look(s, v, gone, 4);
	for (int i = 0; i < 4; i++) assert_true(before.found[i]);
	assert_true(conversations_delete(v, &a, 1, &last));
	struct searching after = look(s, v, gone, 4);
	for (int i = 0; i < 4; i++) assert_false(after.found[i]);
	n = 0;
	assert_true(conversations_search(v, gone[2], 50, nothing, &n, &last));
	assert_int_equal(n, 0);
	after = look(s, v, gone, 4);
	for (int i = 0; i < 4; i++) assert_false(after.found[i]);
	struct searching others = look(s, v, kept, 2);
	assert_true(others.found[0] && others.found[1]);
	/* The same for an answer that is taken back, and one that is written again. */
	assert_true(conversations_write(v, b, 60, ROLE_ASSISTANT, "a jackdawium", 12, true, &last));
	assert_true(conversations_search(v, "jackdawium", 50, nothing, &n, &last));
	assert_true(look(s, v, gone, 4).found[3]);
	assert_true(conversations_write(v, b, 60, ROLE_ASSISTANT, "another word", 12, false, &last));
	assert_false(look(s, v, gone, 4).found[3]);
	vault_close(v);
	sim_power_cut(s);
	v = vault_take(&s->base, "v", &last);
	assert_true(vault_unlock(v, &key, &last));
	after = look(s, v, gone, 4);
	for (int i = 0; i < 4; i++) assert_false(after.found[i]);
	vault_close(v);
	sim_free(s);
}

/* ---- what is withdrawn back, and what a crash in the middle of it leaves */

static const char *const withdrawn[] = { "xylophagus", "quokkaberg" };

/* A conversation whose messages from position 2 on have the words, indexed. Their texts as they lie in the database, one behind the
 * other, in `sealed`. */
static struct vault *talked(struct sim_disk *s, int64_t *id, uint8_t *sealed, size_t *size)
{
	char text[6000];
	int n = 0;
	struct vault *v = vault_create(&s->base, "v", &key, cheap, &last);
	assert_true(v && conversations_new(v, "title", id, &last));
	for (int i = 0; i < 6; i++) {
		memset(text, 'a' + i, sizeof text);
		snprintf(text, sizeof text, "the %s of number %d", i < 2 ? "honeycombed" : withdrawn[i % 2], i);
		text[strlen(text)] = ' '; /* so long that it lies in pages of its own */
		assert_true(conversations_add(v, *id, ROLE_USER, text, sizeof text, &last));
	}
	assert_true(conversations_search(v, withdrawn[0], 50, nothing, &n, &last) && n == 2);
	*size = 0;
	sqlite3_stmt *q;
	assert_int_equal(sqlite3_prepare_v2(vault_database(v), "SELECT text FROM message WHERE position>=2", -1, &q, NULL),
	                 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW) {
		memcpy(sealed + *size, sqlite3_column_blob(q, 0), 5000);
		*size += 5000;
	}
	sqlite3_finalize(q);
	return v;
}

static bool take_back(struct vault *v, int64_t id)
{
	return conversations_cut(v, id, 2, &last);
}

static bool write_again(struct vault *v, int64_t id)
{
	return conversations_write(v, id, 2, ROLE_USER, "other", 5, false, &last);
}

static bool delete_all(struct vault *v, int64_t id)
{
	return conversations_delete(v, &id, 1, &last);
}

static void what_is_taken_back_is_in_no_page(void **state)
{
	(void)state;
	static bool (*const ways[])(struct vault *, int64_t) = { take_back, write_again };
	static uint8_t sealed[20000];
	static char needles[8][33];
	const char *wanted[8];
	for (int w = 0; w < 2; w++) {
		struct sim_disk *s = sim_new(60 + (uint64_t)w);
		int64_t id;
		size_t size;
		struct vault *v = talked(s, &id, sealed, &size);
		/* Pieces of the sealed texts without a zero byte, so that they are texts to look for. */
		for (size_t i = 0; i < 8; i++) {
			size_t at = i * 2500;
			while (memchr(sealed + at, 0, 32)) at++;
			wanted[i] = memcpy(needles[i], sealed + at, 32);
		}
		struct searching before = look(s, v, wanted, 8), words = look(s, v, withdrawn, 2);
		for (int i = 0; i < 8; i++) assert_true(before.found[i]);
		assert_true(words.found[0] && words.found[1]);
		assert_true(ways[w](v, id));
		struct searching after = look(s, v, wanted, 8);
		words = look(s, v, withdrawn, 2);
		for (int i = 0; i < 8; i++) assert_false(after.found[i]);
		assert_false(words.found[0] || words.found[1]);
		/* Nor is a journal left, with the pages as they were. */
		for (int i = 0; i < SIM_NAMES; i++) {
			if (s->live[i].inode < 0 || !strstr(s->live[i].path, "-journal")) continue;
			assert_int_equal(s->inodes[s->live[i].inode].live_size, 0);
		}
		vault_close(v);
		sim_free(s);
	}
}

static bool see(void *context, const struct message_entry *m)
{
	*(int *)context += strstr(m->text, withdrawn[0]) || strstr(m->text, withdrawn[1]);
	return true;
}

/* The process dies at each call of the disk in turn, and the power with it. Opened again, the words are either messages still or
 * nowhere. */
static void a_crash_in_between_leaves_no_word(void **state)
{
	(void)state;
	static bool (*const ways[])(struct vault *, int64_t) = { take_back, write_again, delete_all };
	static uint8_t sealed[20000];
	for (int w = 0; w < 3; w++) {
		int gone = 0, kept = 0;
		bool whole = false;
		for (uint64_t call = 1; !whole; call++) {
			struct sim_disk *s = sim_new(70 + call);
			int64_t id;
			size_t size;
			int there = 0;
			struct vault *v = talked(s, &id, sealed, &size);
			uint64_t start = s->calls;
			s->fail_at = start + call;
			s->fail_with = EIO;
			s->dead = true;
			ways[w](v, id);
			whole = s->calls < s->fail_at;
			vault_close(v);
			s->fail_at = 0;
			s->dead = false;
			sim_power_cut(s);
			v = vault_take(&s->base, "v", &last);
			if (!v || !vault_unlock(v, &key, &last)) fail_msg("call %d: %s", (int)call, last.text);
			conversations_read(v, id, see, &there, &last); /* the conversation itself may be gone */
			struct searching words = look(s, v, withdrawn, 2);
			if (there == 0 && (words.found[0] || words.found[1]))
				fail_msg("way %d, call %d: words are left", w, (int)call);
			kept += there != 0;
			gone += there == 0;
			vault_close(v);
			sim_free(s);
		}
		if (kept < 6 || gone < 1) fail_msg("way %d: %d times kept, %d gone", w, kept, gone);
	}
}

/* ---- canaries on a real disk */

static int found_in_files(const char *path, const char *words)
{
	char inner[600];
	struct dirent *entry;
	int n = 0;
	DIR *d = opendir(path);
	while (d && (entry = readdir(d)) != NULL) {
		uint8_t *bytes;
		size_t size;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		if (disk_load(disk_real(), inner, 256 << 20, &bytes, &size) != 0) {
			n += found_in_files(inner, words);
			continue;
		}
		n += size && memmem(bytes, size, words, strlen(words)) != NULL;
		memory_free(bytes);
	}
	if (d) closedir(d);
	return n;
}

static void ten_thousand_canaries_are_in_no_file(void **state)
{
	(void)state;
	static char texts[100][80];
	struct message_new messages[100];
	char base[] = "/tmp/hearth-canary-XXXXXX", folder[64], archive[64];
	struct backup_sum sum;
	int64_t id;
	int n = 0;
	assert_non_null(mkdtemp(base));
	snprintf(folder, sizeof folder, "%s/v", base);
	snprintf(archive, sizeof archive, "%s/backup", base);
	mkdir(folder, 0700);
	struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
	assert_non_null(v);
	for (int c = 0; c < 100; c++) {
		char title[40];
		snprintf(title, sizeof title, "canarysong of %d", c);
		for (int i = 0; i < 100; i++) {
			int size = snprintf(texts[i], sizeof texts[i], "canarysong %04d flies over the sea", c * 100 + i);
			messages[i] = (struct message_new){ (enum message_role)(i % 4), 1000 + i, texts[i], (size_t)size };
		}
		assert_true(conversations_take(v, title, 1000, 0, messages, 100, &id, &last));
		if (c == 50) assert_true(conversations_search(v, "canarysong 4711", 10, nothing, &n, &last));
	}
	struct blob_writer *w = blobs_create(v, BLOB_DOCUMENT, "canarysong.pdf", &last);
	for (int i = 0; i < 10000; i++) assert_true(blobs_write(w, "canarysong in a document ", 25, &last));
	assert_true(blobs_commit(w, &id, &last));
	assert_true(conversations_search(v, "canarysong 9999", 10, nothing, &n, &last));
	assert_true(n >= 1);
	assert_int_equal(found_in_files(folder, "canarysong"), 0);
	/* In the middle of a change that does not come to its end, with its journal. */
	sqlite3_exec(vault_database(v), "PRAGMA cache_size=5; BEGIN; UPDATE message SET made=1", NULL, NULL, NULL);
	assert_int_equal(found_in_files(folder, "canarysong"), 0);
	assert_int_equal(found_in_files(folder, "conversation"), 0);
	sqlite3_exec(vault_database(v), "ROLLBACK", NULL, NULL, NULL);
	vault_lock(v);
	assert_int_equal(found_in_files(folder, "canarysong"), 0);
	vault_close(v);
	assert_true(backup_write(folder, archive, &sum, &last));
	assert_int_equal(found_in_files(base, "canarysong"), 0);
	/* That they would be found. */
	FILE *f = fopen(archive, "a");
	fputs("canarysong", f);
	fclose(f);
	assert_int_equal(found_in_files(base, "canarysong"), 1);
	clear(base);
}

static void an_erased_vault_opens_for_nobody(void **state)
{
	(void)state;
	char base[] = "/tmp/hearth-erase-XXXXXX", folder[64], taken[80], path[80];
	int64_t id;
	assert_non_null(mkdtemp(base));
	snprintf(folder, sizeof folder, "%s/v", base);
	mkdir(folder, 0700);
	struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
	assert_true(v && conversations_new(v, "t", &id, &last));
	assert_false(vault_destroy(disk_real(), folder, &last));
	assert_non_null(strstr(last.text, "another hearth has this vault open"));
	vault_close(v);
	/* Somebody holds on to the key file: what is overwritten is the file itself, not a copy. */
	snprintf(path, sizeof path, "%s/vault.key", folder);
	snprintf(taken, sizeof taken, "%s/taken", base);
	assert_int_equal(link(path, taken), 0);
	assert_true(vault_destroy(disk_real(), folder, &last));
	assert_int_equal(vault_look(disk_real(), folder), VAULT_ABSENT);
	struct key_file k;
	uint8_t *bytes;
	size_t size;
	assert_int_equal(disk_load(disk_real(), taken, 1 << 20, &bytes, &size), 0);
	assert_false(key_file_read(&k, bytes, size, taken, &last));
	memory_free(bytes);
	assert_int_not_equal(access(folder, F_OK), 0);
	clear(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deleted_conversation_leaves_no_word), cmocka_unit_test(what_is_taken_back_is_in_no_page),
		cmocka_unit_test(a_crash_in_between_leaves_no_word),     cmocka_unit_test(ten_thousand_canaries_are_in_no_file),
		cmocka_unit_test(an_erased_vault_opens_for_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
