/* ledger: lines are kept, sealed where there is a vault, never changed unnoticed, and no crash loses one that was said to stand. */
#include "store/ledger.h"
#include "simulated_disk.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char path[] = "/v/network.log";
static const char key_bytes[64] = "a key file's bytes, of which nobody can guess any at all ......";
static const struct key_secret key = { .kind = SLOT_KEY_FILE, .bytes = key_bytes, .size = sizeof key_bytes };

static struct ledger_entry *entry_new(enum ledger_kind kind)
{
	struct ledger_entry *entry = memory_new(1, sizeof *entry);
	assert_non_null(entry);
	entry->kind = kind;
	entry->time = 1700000000;
	snprintf(entry->host, sizeof entry->host, "%s", kind == LEDGER_BEGIN ? "host.example through 127.0.0.1" : "");
	if (kind == LEDGER_END) {
		entry->number = 1;
		entry->up = 81;
		entry->down = UINT64_C(7948610123);
		snprintf(entry->result, sizeof entry->result, "%s", "caf\xc3\xa9: a \\ and\ta tab");
		entry->sent_size = 256;
		for (int i = 0; i < 256; i++) entry->sent[i] = (unsigned char)i;
	}
	if (kind != LEDGER_BEGIN) memset(entry->hash, 'a', 64);
	if (kind == LEDGER_PIN) snprintf(entry->name, sizeof entry->name, "%s", "https://host.example/model.gguf");
	return entry;
}

static void add(struct disk *d, enum ledger_kind kind, uint64_t expected)
{
	struct error e;
	uint64_t number = 0;
	struct ledger_entry *entry = entry_new(kind);
	if (!ledger_add(d, path, entry, &number, &e)) fail_msg("%s", e.text);
	assert_int_equal(number, expected);
	memory_free(entry);
}

struct seen {
	uint64_t count;
	enum ledger_kind last;
	uint64_t of; /* LEDGER_END: the number it belongs to */
};

static bool look(void *context, uint64_t number, const struct ledger_entry *entry)
{
	struct seen *s = context;
	struct ledger_entry *same = entry_new(entry->kind);
	assert_int_equal(number, ++s->count);
	s->of = entry->number;
	same->number = entry->number;
	assert_memory_equal(entry, same, sizeof *same);
	s->last = entry->kind;
	memory_free(same);
	return true;
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(1);
	struct ledger_state is;
	struct seen seen = { 0 };
	struct error e;
	assert_true(ledger_read(&s->base, path, NULL, look, &seen, &is, &e));
	assert_int_equal(is.lines, 0);
	struct ledger_entry *entry = entry_new(LEDGER_BEGIN);
	assert_false(ledger_add(&s->base, path, entry, NULL, &e)); /* never begun: not made by the way */
	memory_free(entry);
	assert_true(ledger_prepare(&s->base, path, NULL, &e));
	assert_true(ledger_prepare(&s->base, path, NULL, &e));
	add(&s->base, LEDGER_BEGIN, 1);
	add(&s->base, LEDGER_END, 2);
	add(&s->base, LEDGER_PIN, 3);
	assert_true(ledger_read(&s->base, path, NULL, look, &seen, &is, &e));
	assert_true(seen.count == 3 && is.lines == 3 && !is.sealed && !is.unreadable && seen.last == LEDGER_PIN);
	sim_free(s);
}

/* The whole file, for changing it. */
static size_t load(struct sim_disk *s, uint8_t **bytes)
{
	size_t size = 0;
	assert_int_equal(disk_load(&s->base, path, 1 << 24, bytes, &size), 0);
	return size;
}

static void store(struct sim_disk *s, const uint8_t *bytes, size_t size)
{
	struct disk_file *f;
	assert_int_equal(s->base.open(&s->base, path, DISK_WRITE, &f), 0);
	assert_int_equal(s->base.resize(f, 0), 0);
	assert_int_equal(s->base.write(f, bytes, size, 0), 0);
	s->base.close(f);
}

static void a_changed_line_breaks_the_chain(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(2);
	struct error e;
	uint8_t *whole;
	assert_true(ledger_prepare(&s->base, path, NULL, &e));
	add(&s->base, LEDGER_BEGIN, 1);
	add(&s->base, LEDGER_END, 2);
	size_t size = load(s, &whole);
	uint8_t *copy = memory_new(size, 1);
	for (size_t at = 0; at < size - 1; at++) {
		struct ledger_state is;
		struct seen seen = { 0 };
		memcpy(copy, whole, size);
		copy[at] ^= 1;
		store(s, copy, size);
		struct ledger_entry *entry = entry_new(LEDGER_BEGIN);
		if (ledger_read(&s->base, path, NULL, look, &seen, &is, &e)) fail_msg("a changed byte %zu is not noticed", at);
		if (ledger_add(&s->base, path, entry, NULL, &e)) fail_msg("a changed byte %zu is built on", at);
		memory_free(entry);
	}
	/* A line that is taken out. */
	const uint8_t *first = memchr(whole, '\n', size), *second = memchr(first + 1, '\n', size - (size_t)(first + 1 - whole));
	size_t head = (size_t)(first + 1 - whole), rest = size - (size_t)(second + 1 - whole);
	memcpy(copy, whole, head);
	memcpy(copy + head, second + 1, rest);
	store(s, copy, head + rest);
	struct ledger_state is;
	struct seen seen = { 0 };
	assert_false(ledger_read(&s->base, path, NULL, look, &seen, &is, &e));
	memory_free(copy);
	memory_free(whole);
	sim_free(s);
}

/* A crash in the middle of a line: what was said to stand does, and the next line follows it. */
static void a_line_that_was_cut_is_none(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(3);
	struct error e;
	uint8_t *whole;
	assert_true(ledger_prepare(&s->base, path, NULL, &e));
	add(&s->base, LEDGER_BEGIN, 1);
	size_t one = load(s, &whole);
	memory_free(whole);
	add(&s->base, LEDGER_END, 2);
	size_t two = load(s, &whole);
	for (size_t cut = one; cut < two; cut += 7) {
		struct ledger_state is;
		struct seen seen = { 0 };
		store(s, whole, cut);
		assert_true(ledger_read(&s->base, path, NULL, look, &seen, &is, &e));
		assert_int_equal(seen.count, 1);
		add(&s->base, LEDGER_PIN, 2);
		seen.count = 0;
		assert_true(ledger_read(&s->base, path, NULL, look, &seen, &is, &e));
		assert_int_equal(seen.count, 2);
	}
	memory_free(whole);
	sim_free(s);
}

static void no_power_cut_loses_a_line_that_stands(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct sim_disk *s = sim_new(seed);
		struct error e;
		uint64_t stand = 0, n = 1 + seed % 7;
		assert_true(ledger_prepare(&s->base, path, NULL, &e));
		while (stand < n) {
			add(&s->base, stand % 2 ? LEDGER_END : LEDGER_BEGIN, stand + 1);
			stand++;
		}
		/* And one that fails on the way: it may be there or not. */
		s->fail_at = s->calls + 1 + seed % 6;
		s->fail_with = EIO;
		struct ledger_entry *entry = entry_new(LEDGER_PIN);
		if (ledger_add(&s->base, path, entry, NULL, &e)) stand++;
		s->fail_at = 0;
		memory_free(entry);
		sim_power_cut(s);
		struct ledger_state is;
		struct seen seen = { 0 };
		if (!ledger_read(&s->base, path, NULL, look, &seen, &is, &e))
			fail_msg("seed %llu: %s", (unsigned long long)seed, e.text);
		if (seen.count < stand)
			fail_msg("seed %llu: %llu lines are left of %llu", (unsigned long long)seed, (unsigned long long)seen.count,
			         (unsigned long long)stand);
		uint64_t left = seen.count;
		add(&s->base, LEDGER_PIN, left + 1);
		sim_free(s);
	}
}

static bool has(const uint8_t *bytes, size_t size, const char *text)
{
	return memmem(bytes, size, text, strlen(text)) != NULL;
}

static void beside_a_vault_nobody_reads_it_who_cannot_open_the_vault(void **state)
{
	(void)state;
	struct sim_disk *s = sim_new(4);
	struct ledger_state is;
	struct seen seen = { 0 };
	struct error e;
	struct ledger_keys keys;
	uint8_t *bytes, *secret_key = secret_new(SEAL_KEY);
	struct vault *v = vault_create(&s->base, "/v", &key, key_cost_least, &e);
	if (!v) fail_msg("%s", e.text);
	vault_lock(v);
	assert_false(ledger_keys_of(&keys, secret_key, v));
	add(&s->base, LEDGER_BEGIN, 1); /* while it is locked */
	add(&s->base, LEDGER_END, 2);
	add(&s->base, LEDGER_PIN, 3);
	assert_true(ledger_read(&s->base, path, NULL, look, &seen, &is, &e));
	assert_true(seen.count == 0 && is.sealed && is.lines == 3 && is.unreadable == 3);
	size_t size = load(s, &bytes);
	assert_false(has(bytes, size, "host.example") || has(bytes, size, "1700000000") || has(bytes, size, "7948610123"));
	memory_free(bytes);
	assert_true(vault_unlock(v, &key, &e));
	assert_true(ledger_keys_of(&keys, secret_key, v));
	assert_true(ledger_read(&s->base, path, &keys, look, &seen, &is, &e));
	assert_true(seen.count == 3 && is.unreadable == 0);
	keys.public_key[0] ^= 1;
	assert_false(ledger_read(&s->base, path, &keys, look, &seen, &is, &e));
	secret_free(secret_key);
	vault_close(v);
	sim_free(s);
}

static void what_was_plain_is_sealed_when_there_is_a_vault(void **state)
{
	(void)state;
	static const char plain[] = "/plain.log";
	struct sim_disk *s = sim_new(5);
	struct ledger_state is;
	struct seen seen = { 0 };
	struct error e;
	struct ledger_keys keys;
	bool there = true;
	uint8_t *secret_key = secret_new(SEAL_KEY);
	struct vault *v = vault_create(&s->base, "/v", &key, key_cost_least, &e);
	assert_non_null(v);
	struct ledger_entry *begin = entry_new(LEDGER_BEGIN), *end = entry_new(LEDGER_END);
	assert_true(ledger_adopt(&s->base, plain, path, &e)); /* there is none */
	assert_true(ledger_prepare(&s->base, plain, NULL, &e));
	assert_true(ledger_add(&s->base, plain, begin, NULL, &e) && ledger_add(&s->base, plain, end, NULL, &e));
	add(&s->base, LEDGER_PIN, 1);
	assert_true(ledger_adopt(&s->base, plain, path, &e));
	assert_int_equal(s->base.exists(&s->base, plain, &there), 0);
	assert_false(there);
	assert_true(ledger_keys_of(&keys, secret_key, v));
	assert_true(ledger_read(&s->base, path, &keys, look, &seen, &is, &e));
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.of, 2); /* the connection is the second line now */
	memory_free(begin);
	memory_free(end);
	secret_free(secret_key);
	vault_close(v);
	sim_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(a_changed_line_breaks_the_chain),
		cmocka_unit_test(a_line_that_was_cut_is_none),
		cmocka_unit_test(no_power_cut_loses_a_line_that_stands),
		cmocka_unit_test(beside_a_vault_nobody_reads_it_who_cannot_open_the_vault),
		cmocka_unit_test(what_was_plain_is_sealed_when_there_is_a_vault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
