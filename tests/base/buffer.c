/* buffer: contents, limits, and failures that stick. */
#include "base/buffer.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void appended_bytes_stand_in_order(void **state)
{
	(void)state;
	struct buffer b = buffer_new(1000);
	assert_string_equal(buffer_text(&b), "");
	assert_true(buffer_append(&b, "ab\0", 3));
	assert_true(buffer_append_text(&b, "cd"));
	assert_true(buffer_append_byte(&b, 0xfe));
	assert_true(buffer_format(&b, "%d-%s", -5, "x"));
	memcpy(buffer_extend(&b, 2), "yz", 2);
	assert_int_equal(b.size, 12);
	assert_memory_equal(b.data, "ab\0cd\xfe-5-xyz\0", 13);
	buffer_clear(&b);
	assert_int_equal(b.size, 0);
	assert_string_equal(buffer_text(&b), "");
	buffer_free(&b);
	assert_null(b.data);
}

static void the_limit_is_exact_and_failures_stick(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < 200; limit++) {
		struct buffer b = buffer_new(limit);
		for (size_t i = 0; i < limit; i++) assert_true(buffer_append_byte(&b, 'x'));
		assert_true(buffer_append(&b, "", 0));
		assert_true(b.room <= limit + 1);
		assert_false(buffer_append_byte(&b, 'y'));
		assert_true(b.failed);
		assert_int_equal(b.size, limit);
		assert_false(buffer_append(&b, "", 0));
		assert_false(buffer_format(&b, "%s", ""));
		assert_null(buffer_extend(&b, 0));
		buffer_clear(&b);
		assert_int_equal(buffer_append(&b, "z", 1), limit > 0);
		buffer_free(&b);
	}
	struct buffer b = buffer_new(10);
	assert_false(buffer_format(&b, "%s", "eleven more"));
	assert_int_equal(b.size, 0);
	buffer_free(&b);
}

static void sizes_that_overflow_fail(void **state)
{
	(void)state;
	struct buffer b = buffer_new(SIZE_MAX);
	assert_true(buffer_append_byte(&b, 'a'));
	assert_null(buffer_extend(&b, SIZE_MAX));
	assert_true(b.failed);
	buffer_clear(&b);
	assert_null(buffer_extend(&b, SIZE_MAX - 1));
	buffer_free(&b);
}

static void growth_takes_few_steps(void **state)
{
	(void)state;
	struct buffer b = buffer_new(1 << 24);
	size_t steps = 0, room = 0;
	for (size_t i = 0; i < 1 << 20; i++) {
		assert_true(buffer_append_byte(&b, (uint8_t)i));
		steps += b.room != room;
		room = b.room;
	}
	assert_true(steps < 25);
	for (size_t i = 0; i < 1 << 20; i += 4099) assert_int_equal((uint8_t)b.data[i], i & 0xff);
	buffer_free(&b);
}

static void without_memory_what_stands_stays(void **state)
{
	(void)state;
	size_t before = memory_in_use();
	struct buffer b = buffer_new(1000);
	buffer_append_text(&b, "kept");
	memory_fail_at(1, true);
	char more[200];
	memset(more, 'm', sizeof more);
	assert_false(buffer_append(&b, more, sizeof more));
	memory_fail_at(0, false);
	assert_string_equal(buffer_text(&b), "kept");
	assert_true(b.failed);
	buffer_free(&b);
	assert_int_equal(memory_in_use(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appended_bytes_stand_in_order),    cmocka_unit_test(the_limit_is_exact_and_failures_stick),
		cmocka_unit_test(sizes_that_overflow_fail),         cmocka_unit_test(growth_takes_few_steps),
		cmocka_unit_test(without_memory_what_stands_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
