/* cursor: values come out as they were written, and no read goes past the end. */
#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void values_are_little_endian(void **state)
{
	(void)state;
	const uint8_t bytes[] = { 0xff, 1, 2, 3,    4,    5, 6, 7, 8, 9, 10, 11,   12,  13,
		                  14,   0, 0, 0x80, 0x3f, 0, 0, 0, 0, 0, 0,  0xf8, 0xbf };
	struct cursor c = cursor_over(bytes, sizeof bytes);
	assert_int_equal(cursor_u8(&c), 0xff);
	assert_int_equal(cursor_u16(&c), 0x0201);
	assert_int_equal(cursor_u32(&c), 0x06050403);
	assert_int_equal(cursor_u64(&c), 0x0e0d0c0b0a090807);
	assert_true(cursor_f32(&c) == 1.0f);
	assert_true(cursor_f64(&c) == -1.5);
	assert_false(c.failed);
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(c.at, sizeof bytes);
}

static void a_read_past_the_end_fails_for_good(void **state)
{
	(void)state;
	const uint8_t bytes[7] = { 1, 2, 3, 4, 5, 6, 7 };
	struct cursor c = cursor_over(bytes, sizeof bytes);
	assert_int_equal(cursor_u32(&c), 0x04030201);
	assert_int_equal(cursor_u32(&c), 0);
	assert_true(c.failed);
	assert_int_equal(c.at, 4);
	assert_int_equal(cursor_left(&c), 0);
	assert_int_equal(cursor_u8(&c), 0); /* a byte is left, but the place is lost */
	assert_null(cursor_bytes(&c, 0));
	assert_true(cursor_f64(&c) == 0.0);
}

static void lengths_of_any_size_are_compared_without_overflow(void **state)
{
	(void)state;
	const uint8_t bytes[16] = { 0 };
	const uint64_t lengths[] = { 12, 1u << 31, (uint64_t)1 << 32, (uint64_t)1 << 63, UINT64_MAX - 4, UINT64_MAX };
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct cursor c = cursor_over(bytes, sizeof bytes);
		cursor_u32(&c);
		cursor_u8(&c);
		assert_null(cursor_bytes(&c, lengths[i]));
		assert_true(c.failed);
		assert_int_equal(c.at, 5);
	}
	struct cursor c = cursor_over(bytes, sizeof bytes);
	assert_ptr_equal(cursor_bytes(&c, 16), bytes);
	assert_ptr_equal(cursor_bytes(&c, 0), bytes + 16);
	assert_false(c.failed);
}

static void no_bytes_are_no_bytes(void **state)
{
	(void)state;
	struct cursor c = cursor_over(NULL, 0);
	assert_int_equal(cursor_left(&c), 0);
	assert_non_null(cursor_bytes(&c, 0));
	assert_false(c.failed);
	assert_int_equal(cursor_u8(&c), 0);
	assert_true(c.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_little_endian),
		cmocka_unit_test(a_read_past_the_end_fails_for_good),
		cmocka_unit_test(lengths_of_any_size_are_compared_without_overflow),
		cmocka_unit_test(no_bytes_are_no_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
