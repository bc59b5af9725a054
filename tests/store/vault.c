/* vault: locked and open, what is on the disk, and what a power cut or a failing disk leaves. */
#include "store/vault.h"
#include "store/blobs.h"
#include "store/conversations.h"
#include "store/vault_vfs.h"

#include "made_vault.h"
#include "simulated_disk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void say(struct vault *v, int64_t id, enum message_role role, const char *text)
{
	if (!conversations_add(v, id, role, text, strlen(text), &last)) fail_msg("%s", last.text);
}

static bool last_is_unfinished(void *context, const struct message_entry *m)
{
	*(bool *)context = m->unfinished;
	return true;
}

static void what_is_said_is_there_after_locking(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(1);
	int64_t a, b;
	struct vault *v = made(&s->base, "v");
	assert_true(vault_is_open(v));
	assert_true(conversations_new(v, "Bees", &a, &last));
	assert_int_equal(a, OBJECT_FIRST);
	say(v, a, ROLE_USER, "What do bees make?");
	say(v, a, ROLE_ASSISTANT, "Honey \xc3\xa9.");
	assert_true(conversations_new(v, "Empty", &b, &last));
	vault_lock(v);
	assert_false(vault_is_open(v));
	assert_false(conversations_new(v, "x", &b, &last));
	assert_string_equal(last.text, "v: the vault is locked; unlock it first");
	assert_true(vault_unlock(v, &key, &last));
	assert_string_equal(whole(v, a), "1:What do bees make?|2:Honey \xc3\xa9.|");
	vault_close(v);
	v = opened(&s->base, "v");
	assert_string_equal(whole(v, a), "1:What do bees make?|2:Honey \xc3\xa9.|");
	assert_true(conversations_rename(v, a, "About bees", &last));
	assert_string_equal(titles(v), "Empty(0)|About bees(2)|");
	assert_true(conversations_cut(v, a, 1, &last));
	assert_string_equal(whole(v, a), "1:What do bees make?|");
	say(v, a, ROLE_ASSISTANT, "Wax.");
	assert_true(conversations_write(v, a, 1, ROLE_ASSISTANT, "Half an", 7, true, &last));
	assert_true(conversations_write(v, a, 1, ROLE_ASSISTANT, "Half an answer", 14, true, &last));
	bool unfinished = false;
	assert_true(conversations_read(v, a, last_is_unfinished, &unfinished, &last) && unfinished);
	assert_true(conversations_write(v, a, 1, ROLE_ASSISTANT, "A whole answer", 14, false, &last));
	assert_true(conversations_read(v, a, last_is_unfinished, &unfinished, &last) && !unfinished);
	assert_true(conversations_write(v, a, 1, ROLE_ASSISTANT, "Wax.", 4, false, &last));
	assert_true(conversations_branch(v, a, 1, &b, &last));
	say(v, b, ROLE_ASSISTANT, "Both.");
	assert_string_equal(whole(v, a), "1:What do bees make?|2:Wax.|");
	assert_string_equal(whole(v, b), "1:What do bees make?|2:Both.|");
	vault_close(v);
	sim_free(s);
}

static void a_wrong_secret_changes_nothing(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(2);
	struct key_secret wrong = { SLOT_KEY_FILE, "thirty-two bytes somebody guessed", 32 }, words = { SLOT_PASSPHRASE, "abc", 3 },
	                  empty = { SLOT_PASSPHRASE, "", 0 };
	struct vault *v = made(&s->base, "v");
	int slot = vault_add_slot(v, &words, cheap, &last);
	assert_int_equal(slot, 1);
	assert_int_equal(vault_add_slot(v, &empty, cheap, &last), -1);
	vault_close(v);
	v = vault_take(&s->base, "v", &last);
	assert_false(vault_unlock(v, &wrong, &last));
	assert_string_equal(last.text, "v/vault.key: the key file is not the right one");
	assert_false(vault_is_open(v));
	words.size = 2;
	assert_false(vault_unlock(v, &words, &last));
	assert_string_equal(last.text, "v/vault.key: the passphrase is not right");
	words.size = 3;
	assert_true(vault_unlock(v, &words, &last));
	assert_true(vault_remove_slot(v, 0, &last));
	assert_false(vault_remove_slot(v, 1, &last));
	assert_false(vault_remove_slot(v, 0, &last));
	vault_close(v);
	v = vault_take(&s->base, "v", &last);
	assert_false(vault_unlock(v, &key, &last));
	assert_string_equal(last.text, "v/vault.key: has no slot of that kind");
	vault_close(v);
	sim_free(s);
}

static void a_passphrase_costs_what_its_slot_says(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(10);
	struct key_secret words = { SLOT_PASSPHRASE, "abc", 3 };
	struct key_cost cost = key_cost_measure(0.05), none = { 0, 0 };
	assert_true(cost.passes >= key_cost_least.passes && cost.memory >= key_cost_least.memory);
	struct vault *v = made(&s->base, "v");
	int slot = vault_add_slot(v, &words, cost, &last), least = vault_add_slot(v, &words, none, &last);
	const struct key_file *keys = vault_keys(v);
	assert_int_equal(keys->slots[slot].cost.passes, cost.passes);
	assert_true(keys->slots[slot].cost.memory == cost.memory);
	assert_int_equal(keys->slots[least].cost.passes, key_cost_least.passes);
	assert_true(keys->slots[least].cost.memory == key_cost_least.memory);
	vault_close(v);
	sim_free(s);
}

/* Every file of the disk, in the clear or not: is the text there? */
static bool on_disk(const struct sim_disk *s, const char *text)
{
	for (int i = 0; i < s->n_inodes; i++) {
		const struct sim_inode *n = s->inodes + i;
		if (n->live_size && memmem(n->live, n->live_size, text, strlen(text))) return true;
		if (n->durable_size && memmem(n->durable, n->durable_size, text, strlen(text))) return true;
		for (size_t k = 0; k < n->n_waiting; k++) {
			if (n->waiting[k].bytes && memmem(n->waiting[k].bytes, n->waiting[k].size, text, strlen(text))) return true;
		}
	}
	return false;
}

static bool count(void *context, const struct message_entry *m)
{
	(void)m;
	++*(int *)context;
	return true;
}

static int found(struct vault *v, const char *words)
{
	int n = 0;
	if (!conversations_search(v, words, 100, count, &n, &last)) fail_msg("%s", last.text);
	return n;
}

static void nothing_lies_in_the_clear_and_search_finds_it(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(3);
	int64_t a, b;
	struct vault *v = made(&s->base, "v");
	assert_true(conversations_new(v, "canary-title", &a, &last));
	for (int i = 0; i < 50; i++) say(v, a, ROLE_USER, "the canarysong is \"loud\" in the Caf\xc3\xa9");
	assert_true(conversations_new(v, "other", &b, &last));
	say(v, b, ROLE_USER, "the canaryfeather is light");
	assert_int_equal(found(v, "canarysong"), 50);
	assert_int_equal(found(v, "loud cafe the"), 50);
	assert_int_equal(found(v, "canary"), 51);
	assert_int_equal(found(v, "\"loud\" OR NOT ( *"), 0);
	assert_int_equal(found(v, "  "), 0);
	assert_false(on_disk(s, "canary"));
	assert_false(on_disk(s, "SQLite format 3"));
	assert_false(on_disk(s, "conversation"));
	assert_true(conversations_delete(v, &b, 1, &last));
	assert_int_equal(found(v, "canaryfeather"), 0);
	assert_int_equal(found(v, "canarysong"), 50);
	assert_string_equal(whole(v, b), "v: there is no conversation 17");
	vault_close(v);
	assert_false(on_disk(s, "canary"));
	sim_free(s);
}

/* ---- damage */

static struct sim_inode *inode_of(struct sim_disk *s, const char *path)
{
	return s->inodes + s->live[sim_find(s->live, path)].inode;
}

static void every_changed_bit_is_noticed(void **state)
{
	(void)state;
	static const char *const files[] = { "v/vault.key", "v/erase.key", "v/vault.db" };
	struct sim_disk *s = sim_new(4);
	int64_t a;
	struct vault *v = made(&s->base, "v");
	assert_true(conversations_new(v, "t", &a, &last));
	say(v, a, ROLE_USER, "text");
	vault_close(v);
	for (int f = 0; f < 3; f++) {
		struct sim_inode *n = inode_of(s, files[f]);
		/* Every bit of the key files and of the first page, then one bit in every 61st byte. */
		for (uint64_t bit = 0; bit < n->live_size * 8; bit += bit < 4096 * 8 && f < 2 ? 1
		                                                      : bit < 4096 * 8        ? 7
		                                                                              : 61 * 8 + 1) {
			n->live[bit / 8] ^= (uint8_t)(1 << bit % 8);
			v = vault_take(&s->base, "v", &last);
			bool open = v && vault_unlock(v, &key, &last);
			bool same = open && strcmp(whole(v, a), "1:text|") == 0 && strcmp(titles(v), "t(1)|") == 0;
			bool sound =
			        open && sqlite3_exec(vault_database(v), "PRAGMA integrity_check", NULL, NULL, NULL) == SQLITE_OK;
			if (open && same && sound) fail_msg("%s: bit %u changed and was not noticed", files[f], (unsigned)bit);
			vault_close(v);
			n->live[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	vault_close(opened(&s->base, "v"));
	sim_free(s);
}

static void a_page_belongs_to_its_place_and_its_vault(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(5);
	uint8_t page[VAULT_PAGE];
	int64_t a;
	struct vault *v = made(&s->base, "v");
	assert_true(conversations_new(v, "t", &a, &last));
	vault_close(v);
	struct sim_inode *n = inode_of(s, "v/vault.db");
	memcpy(page, n->live + VAULT_PAGE, VAULT_PAGE);
	memcpy(n->live + VAULT_PAGE, n->live + (size_t)2 * VAULT_PAGE, VAULT_PAGE);
	memcpy(n->live + (size_t)2 * VAULT_PAGE, page, VAULT_PAGE);
	v = vault_take(&s->base, "v", &last);
	bool fine = vault_unlock(v, &key, &last) && strcmp(titles(v), "t(0)|") == 0;
	assert_false(fine);
	vault_close(v);
	sim_free(s);
}

/* ---- power cuts */

/* What was said to be saved, and what the call in flight would add. */
struct promise {
	char all[8][4096];
	int64_t ids[8];
	bool deleted[8];
	int n;
};

/* Random work until the disk dies; `doubt` is the conversation that the failed call was about, -1 for a new one. */
static void work(struct sim_disk *s, struct vault *v, struct promise *p, int steps, int *doubt, char *doubtful)
{
	struct error e;
	char text[64];
	for (int i = 0; i < steps; i++) {
		uint64_t what = sim_random(s) % 8;
		*doubt = p->n ? (int)(sim_random(s) % (uint64_t)p->n) : -1;
		if ((what == 0 && p->n < 8) || *doubt < 0 || p->deleted[*doubt]) {
			if (p->n == 8) continue;
			*doubt = -1;
			if (!conversations_new(v, "title", &p->ids[p->n], &e)) return;
			p->all[p->n][0] = 0;
			p->deleted[p->n++] = false;
		} else if (what == 1) {
			doubtful[0] = 0;
			if (!conversations_delete(v, &p->ids[*doubt], 1, &e)) return;
			p->deleted[*doubt] = true;
		} else {
			snprintf(text, sizeof text, "message %llu", (unsigned long long)sim_random(s));
			if (strlen(p->all[*doubt]) > 3500) continue;
			snprintf(doubtful, 4096, "%.3900s1:%s|", p->all[*doubt], text);
			if (!conversations_add(v, p->ids[*doubt], ROLE_USER, text, strlen(text), &e)) return;
			memcpy(p->all[*doubt], doubtful, sizeof p->all[0]);
		}
	}
	*doubt = -2;
}

static void check_promises(struct vault *v, const struct promise *p, int doubt, const char *doubtful)
{
	for (int i = 0; i < p->n; i++) {
		const char *there = whole(v, p->ids[i]);
		bool gone = strstr(there, "there is no conversation") != NULL;
		if (p->deleted[i] ? gone : strcmp(there, p->all[i]) == 0) continue;
		if (i == doubt && (gone || strcmp(there, doubtful) == 0)) continue;
		fail_msg("conversation %d: '%s' was promised, '%s' is there", i, p->deleted[i] ? "nothing" : p->all[i], there);
	}
}

static bool is_sound(sqlite3 *db)
{
	sqlite3_stmt *row = NULL;
	bool ok = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &row, NULL) == SQLITE_OK &&
	          sqlite3_step(row) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(row, 0), "ok") == 0;
	sqlite3_finalize(row);
	return ok;
}

static void one_power_cut(uint64_t seed)
{
	struct sim_disk *s = sim_new(seed);
	struct promise p = { .n = 0 };
	char doubtful[4096] = "";
	int doubt = -2;
	struct vault *v = made(&s->base, "v");
	for (int life = 0; life < 3; life++) {
		s->fail_at = s->calls + 1 + sim_random(s) % 150;
		s->dead = true;
		doubt = -2;
		if (v) work(s, v, &p, 12, &doubt, doubtful);
		vault_close(v);
		sim_power_cut(s);
		v = vault_take(&s->base, "v", &last);
		if (!v || !vault_unlock(v, &key, &last) || !vault_tidy(v, &last))
			fail_msg("seed %llu: %s", (unsigned long long)seed, last.text);
		check_promises(v, &p, doubt, doubtful);
		if (!is_sound(vault_database(v)) || !is_sound(vault_index(v)))
			fail_msg("seed %llu: not sound", (unsigned long long)seed);
		/* What was in doubt is settled now. */
		if (doubt >= 0) {
			const char *there = whole(v, p.ids[doubt]);
			p.deleted[doubt] = strstr(there, "there is no conversation") != NULL;
			snprintf(p.all[doubt], sizeof p.all[0], "%s", there);
		}
	}
	vault_close(v);
	sim_free(s);
}

static void nothing_promised_is_lost_in_a_power_cut(void **state)
{
	(void)state;
	const char *wanted = getenv("HEARTH_POWER_CUTS"), *first = getenv("HEARTH_FIRST_SEED");
	unsigned long n = wanted ? strtoul(wanted, NULL, 10) : 200, from = first ? strtoul(first, NULL, 10) : 1;
	for (unsigned long seed = from; seed < from + n; seed++) one_power_cut(seed);
}

static void every_call_may_fail(void **state)
{
	(void)state;
	static const int errors[] = { EIO, ENOSPC };
	for (int k = 0; k < 2; k++) {
		for (uint64_t at = 1;; at += 1 + at / 40) {
			struct sim_disk *s = sim_new(9);
			struct promise p = { .n = 0 };
			char doubtful[4096] = "";
			int doubt = -2;
			struct vault *v = made(&s->base, "v");
			uint64_t before = s->calls;
			s->fail_at = before + at;
			s->fail_with = errors[k];
			work(s, v, &p, 20, &doubt, doubtful);
			bool came = s->calls >= s->fail_at;
			s->fail_at = 0;
			vault_close(v);
			v = opened(&s->base, "v");
			check_promises(v, &p, doubt, doubtful);
			assert_true(is_sound(vault_database(v)));
			vault_close(v);
			sim_free(s);
			if (!came) break;
		}
	}
}

static void the_real_disk_has_one_owner(void **state)
{
	(void)state;
	char folder[] = "/tmp/hearth-vault-XXXXXX", path[64];
	static const char *const files[] = { "vault.key",        "vault.db",  "vault.db-journal", "index.db",
		                             "index.db-journal", "erase.key", "vault.lock",       "network.log" };
	int64_t a;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(vault_look(disk_real(), folder), VAULT_ABSENT);
	assert_null(vault_take(disk_real(), folder, &last));
	struct vault *v = made(disk_real(), folder);
	assert_int_equal(vault_look(disk_real(), folder), VAULT_PRESENT);
	assert_true(conversations_new(v, "t", &a, &last));
	say(v, a, ROLE_USER, "hello");
	assert_null(vault_take(disk_real(), folder, &last));
	assert_non_null(strstr(last.text, "another hearth has this vault open"));
	vault_close(v);
	v = opened(disk_real(), folder);
	assert_string_equal(whole(v, a), "1:hello|");
	vault_close(v);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(folder), 0);
}

/* A vault for other readers: three slots, two conversations, and a change that died half-way, with its journal. */
static int make_for_others(const char *folder)
{
	static const uint8_t code[16] = "recovery recover";
	struct key_secret words = { SLOT_PASSPHRASE, "a long walk by the sea", 22 }, recovery = { SLOT_RECOVERY, code, 16 };
	int64_t a, b;
	struct vault *v = vault_create(disk_real(), folder, &key, cheap, &last);
	if (!v || vault_add_slot(v, &words, cheap, &last) < 0 || vault_add_slot(v, &recovery, cheap, &last) < 0 ||
	    !conversations_new(v, "Caf\xc3\xa9", &a, &last))
		return 1;
	say(v, a, ROLE_USER, "Where is it?");
	say(v, a, ROLE_ASSISTANT, "By the sea.");
	struct blob_writer *w = blobs_create(v, BLOB_MODEL, "caf\xc3\xa9.gguf", &last);
	for (int i = 0; i < 10000 && w; i++) blobs_write(w, "by the sea ", 11, &last);
	if (!w || !blobs_commit(w, &b, &last) || !conversations_branch(v, a, 1, &b, &last)) return 1;
	sqlite3 *db = vault_database(v);
	sqlite3_exec(db,
	             "PRAGMA cache_size=5; BEGIN; UPDATE message SET role=3;"
	             "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
	             "INSERT INTO message(conversation, position, role, made, text) SELECT 16, i, 1, 0, randomblob(900) FROM n",
	             NULL, NULL, NULL);
	_exit(0);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--make") == 0) return make_for_others(argv[2]);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_said_is_there_after_locking),
		cmocka_unit_test(a_wrong_secret_changes_nothing),
		cmocka_unit_test(a_passphrase_costs_what_its_slot_says),
		cmocka_unit_test(nothing_lies_in_the_clear_and_search_finds_it),
		cmocka_unit_test(every_changed_bit_is_noticed),
		cmocka_unit_test(a_page_belongs_to_its_place_and_its_vault),
		cmocka_unit_test(nothing_promised_is_lost_in_a_power_cut),
		cmocka_unit_test(every_call_may_fail),
		cmocka_unit_test(the_real_disk_has_one_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
