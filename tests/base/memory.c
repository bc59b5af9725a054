/* memory: accounting, checked sizes, and failure at the n-th call. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static bool all_zero(const void *p, size_t size)
{
	const unsigned char *bytes = p;
	for (size_t i = 0; i < size; i++) {
		if (bytes[i]) return false;
	}
	return true;
}

static void new_memory_is_zero_and_accounted(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	char *p = memory_new(1000, 3);
	assert_non_null(p);
	assert_true(all_zero(p, 3000));
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_int_equal(memory_in_use(), before + 3000);
	assert_true(memory_peak() >= before + 3000);
	memory_free(p);
	assert_int_equal(memory_in_use(), before);
	memory_free(NULL);
}

static void resizing_keeps_the_bytes(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	char *p = memory_resize(NULL, 4, 1);
	memcpy(p, "abcd", 4);
	p = memory_resize(p, 100000, 1);
	assert_memory_equal(p, "abcd", 4);
	assert_int_equal(memory_in_use(), before + 100000);
	p = memory_resize(p, 2, 1);
	assert_memory_equal(p, "ab", 2);
	assert_int_equal(memory_in_use(), before + 2);
	memory_fail_at(1, false);
	assert_null(memory_resize(p, 5000, 1));
	assert_memory_equal(p, "ab", 2);
	assert_null(memory_resize(p, SIZE_MAX, 2));
	memory_free(p);
	assert_int_equal(memory_in_use(), before);
}

static void alignment_is_kept(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	for (size_t align = 1; align <= (size_t)2 << 20; align *= 2) {
		char *p = memory_new_aligned(3, 1000, align);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % align, 0);
		assert_true(all_zero(p, 3000));
		memset(p, 0xff, 3000);
		memory_free(p);
	}
	assert_int_equal(memory_in_use(), before);
}

static void large_blocks_are_like_others(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 100, (2 << 20) - 1, 2 << 20, (2 << 20) + 64, 5 << 20 };
	size_t before = memory_in_use();
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char *p = memory_new_large(sizes[i]);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 64, 0);
		assert_true(all_zero(p, sizes[i]));
		memset(p, 0xff, sizes[i]);
		assert_int_equal(memory_in_use(), before + sizes[i]);
		memory_free(p);
	}
	assert_int_equal(memory_in_use(), before);
	memory_fail_at(1, false);
	assert_null(memory_new_large(2 << 20));
	assert_null(memory_new_large(SIZE_MAX - 100));
}

static void sizes_that_overflow_are_refused(void **state)
{
	(void)state;
	assert_null(memory_new(SIZE_MAX, 2));
	assert_null(memory_new((size_t)1 << 32, (size_t)1 << 32));
	assert_null(memory_new(SIZE_MAX, 1));
	assert_null(memory_resize(NULL, SIZE_MAX - 3, 1));
	assert_null(memory_new_aligned(SIZE_MAX - 20, 1, 64));
	assert_null(memory_copy_text("x", SIZE_MAX));
	size_t r = 7;
	assert_true(memory_add(SIZE_MAX - 1, 1, &r));
	assert_int_equal(r, SIZE_MAX);
	assert_false(memory_add(SIZE_MAX, 1, &r));
	assert_true(memory_multiply((size_t)1 << 31, (size_t)1 << 32, &r));
	assert_int_equal(r, (size_t)1 << 63);
	assert_false(memory_multiply((size_t)1 << 32, (size_t)1 << 32, &r));
	assert_true(memory_multiply(0, SIZE_MAX, &r));
	assert_int_equal(r, 0);
}

static void the_nth_allocation_fails(void **state)
{
	(void)state;
	assert_int_equal(memory_fail_at(3, false), 0);
	void *a = memory_new(1, 1), *b = memory_new(1, 1);
	assert_int_equal(memory_fail_at(1, false), 1);
	assert_non_null(a);
	assert_non_null(b);
	assert_null(memory_new(1, 1));
	void *c = memory_new(1, 1);
	assert_non_null(c);
	assert_int_equal(memory_fail_at(2, true), 0);
	void *d = memory_new(1, 1);
	assert_non_null(d);
	assert_null(memory_copy_text("x", 1));
	assert_null(memory_new_aligned(1, 1, 64));
	assert_null(memory_resize(d, 2, 1));
	assert_int_equal(memory_fail_at(0, false), 0);
	void *all[] = { a, b, c, d, memory_new(1, 1) };
	assert_non_null(all[4]);
	for (int i = 0; i < 5; i++) memory_free(all[i]);
}

static void text_is_copied_with_an_end(void **state)
{
	(void)state;
	char *copy = memory_copy_text("ab\0cd", 4);
	assert_memory_equal(copy, "ab\0c\0", 5);
	memory_free(copy);
	copy = memory_copy_text(NULL, 0);
	assert_string_equal(copy, "");
	memory_free(copy);
}

static void wiped_is_zero(void **state)
{
	(void)state;
	char secret[37];
	memset(secret, 's', sizeof secret);
	memory_wipe(secret, sizeof secret - 1);
	assert_true(all_zero(secret, 36));
	assert_int_equal(secret[36], 's');
}

static size_t resident_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t all = 0, resident = 0;
	int n = f ? fscanf(f, "%zu %zu", &all, &resident) : 0;
	if (f) fclose(f);
	return n == 2 ? resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}

/* A block of which a few places were written: all of it reads as zero then, and what was never touched takes no memory. */
static void a_large_block_is_wiped_where_it_was_used(void **state)
{
	(void)state;
	size_t size = ((size_t)256 << 20) + 4321;
	char *block = memory_new(size, 1), *start = block + 7;
	assert_non_null(block);
	for (size_t at = 0; at < size - 7; at += size / 9) memset(start + at, 's', at + 9000 < size - 7 ? 9000 : 1);
	start[size - 8] = 's';
	block[6] = 'k';
	size_t before = resident_bytes();
	memory_wipe_sparse(start, size - 7);
	assert_true(resident_bytes() < before + ((size_t)32 << 20));
	for (size_t at = 0; at < size - 7; at += size / 9) assert_true(all_zero(start + at, at + 9000 < size - 7 ? 9000 : 1));
	assert_int_equal(start[size - 8], 0);
	assert_int_equal(block[6], 'k');
	memory_free(block);
	char small[300];
	memset(small, 's', sizeof small);
	memory_wipe_sparse(small + 1, 298);
	assert_true(all_zero(small + 1, 298));
	assert_true(small[0] == 's' && small[299] == 's');
	memory_wipe_sparse(small, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_memory_is_zero_and_accounted),
		cmocka_unit_test(resizing_keeps_the_bytes),
		cmocka_unit_test(alignment_is_kept),
		cmocka_unit_test(large_blocks_are_like_others),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(the_nth_allocation_fails),
		cmocka_unit_test(text_is_copied_with_an_end),
		cmocka_unit_test(wiped_is_zero),
		cmocka_unit_test(a_large_block_is_wiped_where_it_was_used),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
