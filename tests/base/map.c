/* map: every key is found with its value, at a million keys, and prepared keys do not collide. */
#include "base/map.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_get_replace(void **state)
{
	(void)state;
	struct map *m = map_new(0);
	uint64_t v = 99;
	assert_false(map_get(m, "a", 1, &v));
	assert_int_equal(v, 99);
	assert_true(map_set(m, "a", 1, 1));
	assert_true(map_set(m, "ab", 2, 2));
	assert_true(map_set(m, "a\0", 2, 3));
	assert_true(map_set(m, NULL, 0, 4));
	assert_true(map_set(m, "a", 1, 5));
	assert_int_equal(map_count(m), 4);
	assert_true(map_get(m, "a", 1, &v));
	assert_int_equal(v, 5);
	assert_true(map_get(m, "ab", 2, &v));
	assert_int_equal(v, 2);
	assert_true(map_get(m, "a\0", 2, &v));
	assert_int_equal(v, 3);
	assert_true(map_get(m, "", 0, &v));
	assert_int_equal(v, 4);
	assert_true(map_get(m, NULL, 0, NULL));
	assert_false(map_get(m, "b", 1, NULL));
	map_free(m);
	map_free(NULL);
}

static void a_million_keys(void **state)
{
	(void)state;
	enum { N = 1000000, ROOM = 12 };
	size_t before = memory_in_use();
	char(*keys)[ROOM] = memory_new(N, ROOM);
	struct map *m = map_new(10);
	for (uint64_t i = 0; i < N; i++) {
		int length = snprintf(keys[i], ROOM, "k%llu", (unsigned long long)i);
		assert_true(map_set(m, keys[i], (size_t)length, i * 3));
	}
	assert_int_equal(map_count(m), N);
	for (uint64_t i = 0; i < N; i++) {
		uint64_t v = 0;
		char key[ROOM];
		int length = snprintf(key, sizeof key, "k%llu", (unsigned long long)i);
		if (!map_get(m, key, (size_t)length, &v) || v != i * 3) fail_msg("key %s", key);
	}
	assert_false(map_get(m, "k1000000", 8, NULL));
	map_free(m);
	memory_free(keys);
	assert_int_equal(memory_in_use(), before);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Keys with the well-known constants of the construction at each place: none of them may bring the hash to one value. */
static void prepared_keys_do_not_collide(void **state)
{
	(void)state;
	static const uint64_t known[] = { 0, 0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3 };
	enum { N = 20000 };
	uint64_t *hashes = memory_new(N, sizeof *hashes);
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		for (size_t place = 0; place < 4; place++) {
			for (uint64_t i = 0; i < N; i++) {
				uint64_t key[4] = { i, i * 7, i * 13, i * 31 };
				key[place] = known[k];
				hashes[i] = map_hash(key, sizeof key - (i & 1 ? 8 : 0));
			}
			qsort(hashes, N, sizeof *hashes, by_value);
			for (size_t i = 1; i < N; i++) assert_int_not_equal(hashes[i - 1], hashes[i]);
		}
	}
	memory_free(hashes);
}

static void without_memory_the_map_stays_whole(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	memory_fail_at(1, false);
	assert_null(map_new(0));
	memory_fail_at(2, false);
	assert_null(map_new(0));
	memory_fail_at(0, false);
	assert_int_equal(memory_in_use(), before);
	assert_null(map_new(SIZE_MAX));
	struct map *m = map_new(0);
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
	memory_fail_at(1, true);
	size_t i = 0;
	while (i < 26 && map_set(m, letters + i, 1, i)) i++;
	memory_fail_at(0, false);
	assert_int_equal(i, 12);
	assert_int_equal(map_count(m), 12);
	for (size_t k = 0; k < 26; k++) assert_int_equal(map_get(m, letters + k, 1, NULL), k < 12);
	assert_true(map_set(m, letters + 12, 1, 12));
	map_free(m);
	assert_int_equal(memory_in_use(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_get_replace),
		cmocka_unit_test(a_million_keys),
		cmocka_unit_test(prepared_keys_do_not_collide),
		cmocka_unit_test(without_memory_the_map_stays_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
