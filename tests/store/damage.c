/*
 * damage: a vault whose files were changed or cut is refused or the same as before, never another one; a wrong secret changes no
 * byte; and every allocation may fail.
 *
 * HEARTH_EVERY_BIT=1 tries every bit of the key files and of the first page, one bit in every other byte, and every length.
 */
#include "store/backup.h"
#include "store/blobs.h"
#include "store/conversations.h"

#include "made_vault.h"
#include "simulated_disk.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static bool every_bit(void)
{
	return getenv("HEARTH_EVERY_BIT") != NULL;
}

static bool join(void *context, const struct message_entry *m)
{
	char *all = context;
	size_t n = strlen(all);
	snprintf(all + n, 1000 - n, "%d:%s|", (int)m->role, m->text);
	return true;
}

static bool join_titles(void *context, const struct conversation_entry *c)
{
	char *all = context;
	size_t n = strlen(all);
	snprintf(all + n, 1000 - n, "%s(%d)|", c->title, (int)c->messages);
	return true;
}

static bool join_blobs(void *context, const struct blob_entry *b)
{
	char *all = context;
	size_t n = strlen(all);
	snprintf(all + n, 1000 - n, "%s(%d)|", b->name, (int)b->size);
	return true;
}

/* All that the vault holds, as a text; false when any of it cannot be read. */
static bool contents(struct vault *v, char all[1000])
{
	all[0] = 0;
	return conversations_list(v, join_titles, all, &last) && conversations_read(v, 16, join, all, &last) &&
	       conversations_read(v, 17, join, all, &last) && blobs_list(v, join_blobs, all, &last) &&
	       conversations_search(v, "honey", 9, join, all, &last);
}

static void make(struct sim_disk *s, char all[1000])
{
	static const char bytes[3000] = "some bytes";
	int64_t a, b, id;
	struct vault *v = vault_create(&s->base, "v", &key, cheap, &last);
	if (!v || !conversations_new(v, "Bees", &a, &last) ||
	    !conversations_add(v, a, ROLE_USER, "What do bees make?", 18, &last) ||
	    !conversations_add(v, a, ROLE_ASSISTANT, "Honey.", 6, &last) || !conversations_branch(v, a, 1, &b, &last))
		fail_msg("%s", last.text);
	struct blob_writer *w = blobs_create(v, BLOB_DOCUMENT, "doc", &last);
	assert_true(w && blobs_write(w, bytes, sizeof bytes, &last) && blobs_commit(w, &id, &last));
	assert_true(contents(v, all));
	vault_close(v);
}

/* Opens the vault as it lies there: refused (with a line), or exactly what it was. False: neither. */
static bool is_refused_or_same(struct sim_disk *s, const char *right)
{
	char all[1000];
	struct verify_sum sum;
	last.text[0] = 0;
	struct vault *v = vault_take(&s->base, "v", &last);
	bool open = v && vault_unlock(v, &key, &last);
	bool read = open && contents(v, all) && vault_verify(v, &sum, &last);
	bool ok = read ? strcmp(all, right) == 0 : last.text[0] != 0;
	vault_close(v);
	return ok;
}

/* The whole disk, to go back to after each damage, since opening may write. */
static struct sim_disk *copy_disk(const struct sim_disk *s)
{
	struct sim_disk *c = sim_new(1);
	c->n_inodes = s->n_inodes;
	memcpy(c->live, s->live, sizeof s->live);
	memcpy(c->durable, s->live, sizeof s->live);
	for (int i = 0; i < s->n_inodes; i++) {
		sim_grow(&c->inodes[i].live, &c->inodes[i].live_size, s->inodes[i].live_size);
		if (s->inodes[i].live_size) memcpy(c->inodes[i].live, s->inodes[i].live, s->inodes[i].live_size);
	}
	return c;
}

static const char *const files[] = { "v/vault.key", "v/erase.key", "v/vault.db", "v/index.db", "v/vault.db-journal" };
enum { FILES = 5 };

static struct sim_inode *inode_of(struct sim_disk *s, const char *path)
{
	int name = sim_find(s->live, path);
	return name < 0 ? NULL : s->inodes + s->live[name].inode;
}

/* Nothing is lost by having opened a damaged vault: with the file as it was, all is as it was. */
static bool is_mended(struct sim_disk *damaged, struct sim_disk *s, const char *file, const char *right)
{
	char all[1000];
	const struct sim_inode *n = inode_of(s, file);
	if (n && disk_replace(&damaged->base, file, n->live, n->live_size) != 0) return false;
	struct vault *v = vault_take(&damaged->base, "v", &last);
	bool ok = v && vault_unlock(v, &key, &last) && contents(v, all) && strcmp(all, right) == 0;
	vault_close(v);
	return ok;
}

/* Bits of a file from `bit` on: all of them, or those that are tried in a minute. */
static uint64_t next_bit(uint64_t bit)
{
	if (every_bit()) return bit < 4096 * 8 ? bit + 1 : (bit / 8 + 1) * 8 + bit % 7;
	return bit + (bit < 1200 * 8 ? 41 : 1709);
}

static void every_changed_bit_is_noticed_or_harmless(void **state)
{
	(void)state;
	char right[1000];
	struct sim_disk *s = sim_new(41);
	make(s, right);
	for (int f = 0; f < FILES; f++) {
		uint64_t size = inode_of(s, files[f]) ? inode_of(s, files[f])->live_size : 0;
		for (uint64_t bit = 0; bit < size * 8; bit = next_bit(bit)) {
			struct sim_disk *c = copy_disk(s);
			inode_of(c, files[f])->live[bit / 8] ^= (uint8_t)(1 << bit % 8);
			if (!is_refused_or_same(c, right) || !is_mended(c, s, files[f], right))
				fail_msg("%s: bit %u", files[f], (unsigned)bit);
			sim_free(c);
		}
	}
	sim_free(s);
}

static void every_cut_is_noticed_or_harmless(void **state)
{
	(void)state;
	char right[1000];
	struct sim_disk *s = sim_new(42);
	make(s, right);
	for (int f = 0; f < FILES; f++) {
		uint64_t size = inode_of(s, files[f]) ? inode_of(s, files[f])->live_size : 0;
		uint64_t step = every_bit() ? 1 : size > 4096 ? 977 : 61;
		for (uint64_t cut = 0; cut < size; cut += step) {
			struct sim_disk *c = copy_disk(s);
			inode_of(c, files[f])->live_size = cut;
			if (!is_refused_or_same(c, right) || !is_mended(c, s, files[f], right))
				fail_msg("%s: cut at %u: %s", files[f], (unsigned)cut, last.text);
			sim_free(c);
		}
		/* And the file gone altogether. */
		struct sim_disk *c = copy_disk(s);
		int name = sim_find(c->live, files[f]);
		if (name >= 0) c->live[name].inode = -1;
		if (!is_refused_or_same(c, right) || !is_mended(c, s, files[f], right))
			fail_msg("%s: gone: %s", files[f], last.text);
		sim_free(c);
	}
	sim_free(s);
}

static void a_wrong_secret_changes_no_byte(void **state)
{
	(void)state;
	const struct key_secret wrong[] = { { SLOT_KEY_FILE, "thirty-two bytes somebody guessed", 32 },
		                            { SLOT_RECOVERY, "recovery recover", 16 },
		                            { SLOT_UNPROTECTED, NULL, 0 },
		                            { SLOT_KEY_FILE, "", 0 } };
	char right[1000];
	struct sim_disk *s = sim_new(43);
	make(s, right);
	struct sim_disk *before = copy_disk(s);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct vault *v = vault_take(&s->base, "v", &last);
		assert_false(vault_unlock(v, &wrong[i], &last));
		vault_close(v);
	}
	for (int f = 0; f < FILES; f++) {
		const struct sim_inode *x = inode_of(s, files[f]), *y = inode_of(before, files[f]);
		assert_true(!x == !y);
		if (x) assert_true(x->live_size == y->live_size);
		if (x && x->live_size) assert_memory_equal(x->live, y->live, x->live_size);
	}
	sim_free(before);
	sim_free(s);
}

/* ---- every call of the disk, with everything that a vault can do */

static bool do_everything(struct vault *v, int64_t *said)
{
	static const char bytes[70000] = "bytes";
	int64_t a, b, c, id;
	const struct message_new two[] = { { ROLE_USER, 1, "imported", 8 }, { ROLE_TOOL, 2, "too", 3 } };
	char all[1000] = "";
	if (!conversations_new(v, "t", &a, &last) || !conversations_add(v, a, ROLE_USER, "said", 4, &last)) return false;
	*said = a;
	if (!conversations_write(v, a, 1, ROLE_ASSISTANT, "answer", 6, true, &last) || !conversations_branch(v, a, 1, &b, &last) ||
	    !conversations_take(v, "u", 5, 0, two, 2, &c, &last) || !conversations_search(v, "imported", 5, join, all, &last) ||
	    !conversations_rename(v, c, "renamed", &last) || !conversations_cut(v, c, 1, &last))
		return false;
	struct blob_writer *w = blobs_create(v, BLOB_DOCUMENT, "doc", &last);
	if (!w) return false;
	if (!blobs_write(w, bytes, sizeof bytes, &last)) {
		blobs_abandon(w);
		return false;
	}
	if (!blobs_commit(w, &id, &last)) return false;
	struct blob *open = blobs_open(v, id, &last);
	bool read = open && blobs_read(open, all, 100, 65500, &last);
	blobs_close(open);
	return read && blobs_delete(v, id, &last) && conversations_delete(v, &b, 1, &last) &&
	       conversations_search(v, "said", 5, join, all, &last);
}

static void check_afterwards(struct disk *d, const char *folder, int64_t said, const char *what, unsigned long n)
{
	char all[1000] = "";
	struct verify_sum sum;
	struct vault *v = vault_take(d, folder, &last);
	if (!v || !vault_unlock(v, &key, &last) || !vault_verify(v, &sum, &last)) fail_msg("%s %lu: %s", what, n, last.text);
	if (said && (!conversations_read(v, said, join, all, &last) || strncmp(all, "1:said|", 7) != 0))
		fail_msg("%s %lu: what was said is not there: %s", what, n, all);
	int64_t ignored;
	if (!do_everything(v, &ignored)) fail_msg("%s %lu: %s", what, n, last.text);
	vault_close(v);
}

static void every_call_of_the_disk_may_fail(void **state)
{
	(void)state;
	static const int errors[] = { EIO, ENOSPC };
	for (int k = 0; k < 2; k++) {
		for (uint64_t at = 1;; at += every_bit() ? 1 : 1 + at / 30) {
			struct sim_disk *s = sim_new(44);
			int64_t said = 0;
			struct vault *v = vault_create(&s->base, "v", &key, cheap, &last);
			s->fail_at = s->calls + at;
			s->fail_with = errors[k];
			last.text[0] = 0;
			bool ok = do_everything(v, &said);
			bool came = s->calls >= s->fail_at;
			if (!ok && !last.text[0]) fail_msg("call %u failed without a line", (unsigned)at);
			s->fail_at = 0;
			vault_close(v);
			if (at % 2) sim_power_cut(s);
			check_afterwards(&s->base, "v", said, "call", (unsigned long)at);
			sim_free(s);
			if (!came) break;
		}
	}
}

static void every_call_of_opening_may_fail(void **state)
{
	(void)state;
	char right[1000], all[1000];
	for (uint64_t at = 1;; at++) {
		struct sim_disk *s = sim_new(45);
		make(s, right);
		s->fail_at = s->calls + at;
		last.text[0] = 0;
		struct vault *v = vault_take(&s->base, "v", &last);
		bool open = v && vault_unlock(v, &key, &last), came = s->calls >= s->fail_at;
		if (!open && !last.text[0]) fail_msg("call %u failed without a line", (unsigned)at);
		s->fail_at = 0;
		vault_close(v);
		v = vault_take(&s->base, "v", &last);
		if (!vault_unlock(v, &key, &last) || !contents(v, all)) fail_msg("call %u: %s", (unsigned)at, last.text);
		assert_string_equal(all, right);
		vault_close(v);
		sim_free(s);
		if (!came) break;
	}
}

/* ---- memory */

static void every_allocation_may_fail(void **state)
{
	(void)state;
	char base[64], folder[80];
	size_t before = 0;
	snprintf(base, sizeof base, "%s/hearth-memory-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(base));
	snprintf(folder, sizeof folder, "%s/v", base);
	for (int all = 0; all < 2; all++) {
		for (uint64_t n = 1;; n += 1 + n / (every_bit() ? 200 : 12)) {
			int64_t said = 0;
			clear(folder);
			mkdir(folder, 0700);
			struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
			assert_non_null(v);
			vault_lock(v);
			last.text[0] = 0;
			memory_fail_at(n, all);
			bool ok = vault_unlock(v, &key, &last) && do_everything(v, &said);
			bool came = memory_fail_at(0, false) == 0;
			if (!ok && !last.text[0]) fail_msg("allocation %u failed without a line", (unsigned)n);
			vault_close(v);
			check_afterwards(disk_real(), folder, said, "allocation", (unsigned long)n);
			if (n > 1 && memory_in_use() > before) fail_msg("allocation %u: something is left", (unsigned)n);
			before = memory_in_use();
			if (ok && !came) break;
		}
	}
	clear(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_changed_bit_is_noticed_or_harmless), cmocka_unit_test(every_cut_is_noticed_or_harmless),
		cmocka_unit_test(a_wrong_secret_changes_no_byte),           cmocka_unit_test(every_call_of_the_disk_may_fail),
		cmocka_unit_test(every_call_of_opening_may_fail),           cmocka_unit_test(every_allocation_may_fail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
