/* utf8: all code points there and back, and everything else refused. */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_code_point_comes_back(void **state)
{
	(void)state;
	for (uint32_t p = 0; p <= 0x110000; p++) {
		bool exists = p <= 0x10FFFF && !(p >= 0xD800 && p <= 0xDFFF);
		char bytes[4];
		uint32_t back = 1;
		size_t n = utf8_encode(p, bytes);
		if (n != (p < 0x80 ? 1u : p < 0x800 ? 2u : p < 0x10000 || !exists ? 3u : 4u)) fail_msg("U+%04X: %zu bytes", p, n);
		if (utf8_decode(bytes, n, &back) != n) fail_msg("U+%04X is not decoded", p);
		if (back != (exists ? p : UTF8_REPLACEMENT)) fail_msg("U+%04X comes back as U+%04X", p, back);
	}
}

static void what_is_not_utf8_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = { "\x80",
		                           "\xbf",
		                           "\xc0\x80",
		                           "\xc1\xbf",
		                           "\xe0\x80\x80",
		                           "\xe0\x9f\xbf",
		                           "\xed\xa0\x80",
		                           "\xed\xbf\xbf",
		                           "\xf0\x80\x80\x80",
		                           "\xf0\x8f\xbf\xbf",
		                           "\xf4\x90\x80\x80",
		                           "\xf5\x80\x80\x80",
		                           "\xff",
		                           "\xfe",
		                           "\xc3(",
		                           "\xe2\x28\xa1",
		                           "\xe2\x82(",
		                           "\xf0\x28\x8c\xbc" };
	uint32_t p;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &p), 0);
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
	}
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("a\0b\xc3\xa9", 5));
	assert_false(utf8_valid("a\0b\xc3\xa9", 4));
}

/* Against the definition: the end is incomplete when some continuation makes it valid. */
static void incomplete_ends_are_told_exactly(void **state)
{
	(void)state;
	assert_int_equal(utf8_incomplete("", 0), 0);
	for (uint32_t p = 0; p <= 0x10FFFF; p += p < 0x3000 ? 1 : 37) {
		if (p >= 0xD800 && p <= 0xDFFF) continue;
		char text[5] = "x";
		size_t n = utf8_encode(p, text + 1);
		assert_int_equal(utf8_incomplete(text, 1 + n), 0);
		for (size_t cut = 1; cut < n; cut++) {
			assert_int_equal(utf8_incomplete(text, 1 + cut), cut);
			assert_int_equal(utf8_incomplete(text + 1, cut), cut);
		}
	}
	static const char *const never[] = {
		"\x80",         "\xc0",     "\xc1",         "\xe0\x80", "\xe0\x9f", "\xed\xa0",         "\xf0\x8f",
		"\xf0\x8f\xbf", "\xf4\x90", "\xf4\x90\x80", "\xf5",     "\xff",     "\xe2\x82\xac\x80", "\x80\x80\x80\x80"
	};
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		assert_int_equal(utf8_incomplete(never[i], strlen(never[i])), 0);
	}
}

static void control_characters_are_not_plain(void **state)
{
	(void)state;
	static const char *const bad[] = { "\n",           "\033",         "\x7f",         "\xc2\x80", "\xc2\x9f",
		                           "\xe2\x80\xa8", "\xe2\x80\xae", "\xe2\x81\xa6", "\xff" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) assert_false(utf8_plain(bad[i], strlen(bad[i])));
	assert_true(utf8_plain("blk.0.\xc3\xa9\xe6\x97\xa5\xf0\x9f\x94\xa5 ~", 17));
	assert_false(utf8_plain("a\0b", 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_comes_back),
		cmocka_unit_test(what_is_not_utf8_is_refused),
		cmocka_unit_test(incomplete_ends_are_told_exactly),
		cmocka_unit_test(control_characters_are_not_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
