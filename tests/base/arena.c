/* arena: limits, alignment, reuse, and gaps that a sanitizer sees. */
#include "base/arena.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#endif
#ifdef HAVE_ASAN
#include <sanitizer/asan_interface.h>
#endif

static void allocations_are_zero_aligned_and_apart(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 22);
	unsigned char *p[300];
	for (size_t i = 0; i < 300; i++) {
		p[i] = arena_alloc(a, i, 7);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		for (size_t k = 0; k < i * 7; k++) assert_int_equal(p[i][k], 0);
		memset(p[i], (int)(i & 0xff), i * 7);
	}
	for (size_t i = 0; i < 300; i++) {
		for (size_t k = 0; k < i * 7; k++) assert_int_equal(p[i][k], i & 0xff);
	}
	arena_free(a);
	arena_free(NULL);
}

static void the_limit_holds(void **state)
{
	(void)state;
	struct arena *a = arena_new(10000);
	assert_null(arena_alloc(a, 10001, 1));
	assert_null(arena_alloc(a, SIZE_MAX, 2));
	assert_null(arena_alloc(a, SIZE_MAX, 1));
	assert_null(arena_alloc(a, SIZE_MAX - 20, 1));
	assert_null(arena_copy(a, "x", SIZE_MAX));
	assert_int_equal(arena_used(a), 0);
	size_t got = 0;
	while (arena_alloc(a, 100, 1)) got += 100;
	assert_true(got >= 6000 && got <= 10000);
	assert_true(arena_used(a) <= 10000);
	arena_reset(a);
	assert_int_equal(arena_used(a), 0);
	assert_non_null(arena_alloc(a, 9000, 1));
	arena_free(a);
}

static void reset_gives_zeroed_memory_again(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	struct arena *a = arena_new(1 << 24);
	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < 50; i++) {
			unsigned char *p = arena_alloc(a, 1000, 20);
			assert_non_null(p);
			for (size_t k = 0; k < 20000; k += 97) assert_int_equal(p[k], 0);
			memset(p, 0xee, 20000);
		}
		arena_reset(a);
		assert_true(memory_in_use() - before < 100000);
	}
	arena_free(a);
	assert_int_equal(memory_in_use(), before);
}

static void copies_have_an_end(void **state)
{
	(void)state;
	struct arena *a = arena_new(1 << 16);
	assert_string_equal(arena_copy(a, "hearth!", 6), "hearth");
	assert_string_equal(arena_copy(a, NULL, 0), "");
	arena_free(a);
}

static void every_failure_of_memory_is_a_null(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	memory_fail_at(1, true);
	assert_null(arena_new(100));
	memory_fail_at(0, false);
	struct arena *a = arena_new(1 << 20);
	memory_fail_at(1, true);
	assert_null(arena_alloc(a, 10, 1));
	memory_fail_at(0, false);
	assert_non_null(arena_alloc(a, 10, 1));
	memory_fail_at(1, true);
	assert_null(arena_alloc(a, 100000, 1));
	assert_non_null(arena_alloc(a, 10, 1)); /* what the chunk still holds */
	memory_fail_at(0, false);
	arena_free(a);
	assert_int_equal(memory_in_use(), before);
}

static void an_overrun_is_seen_by_the_sanitizer(void **state)
{
	(void)state;
#ifdef HAVE_ASAN
	struct arena *a = arena_new(1 << 16);
	for (size_t size = 1; size < 100; size++) {
		char *p = arena_alloc(a, size, 1), *q = arena_alloc(a, 8, 1);
		assert_null(__asan_region_is_poisoned(p, size));
		for (size_t past = 0; past < 32; past++) assert_true(__asan_address_is_poisoned(p + size + past));
		assert_true(p + size + 32 <= q || q + 8 <= p);
	}
	char *stale = arena_alloc(a, 10, 1);
	arena_reset(a);
	assert_true(__asan_address_is_poisoned(stale));
	arena_free(a);
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_are_zero_aligned_and_apart), cmocka_unit_test(the_limit_holds),
		cmocka_unit_test(reset_gives_zeroed_memory_again),        cmocka_unit_test(copies_have_an_end),
		cmocka_unit_test(every_failure_of_memory_is_a_null),      cmocka_unit_test(an_overrun_is_seen_by_the_sanitizer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
