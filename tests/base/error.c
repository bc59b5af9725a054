/* error: lines that can be shown as they are, whoever chose the words in them. */
#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sets_and_returns_false(void **state)
{
	(void)state;
	struct error e = { "" };
	assert_false(error_set(&e, "%s: %d", "a", 7));
	assert_string_equal(e.text, "a: 7");
	assert_false(error_set(NULL, "nobody listens"));
	assert_false(error_at(NULL, "nowhere"));
}

static void a_place_goes_in_front(void **state)
{
	(void)state;
	struct error e = { "" };
	error_set(&e, "offset is wrong");
	assert_false(error_at(&e, "tensor '%s'", "x"));
	error_at(&e, "FILE");
	assert_string_equal(e.text, "FILE: tensor 'x': offset is wrong");
}

static void what_a_terminal_obeys_is_shown_as_bytes(void **state)
{
	(void)state;
	struct error e = { "" };
	error_set(&e, "%s",
	          "a\033[2Jb\nc\x7f"
	          "d\xc2\x9b"
	          "e\xe2\x80\xae"
	          "f");
	assert_string_equal(e.text, "a\\x1b[2Jb\\x0ac\\x7fd\\xc2\\x9be\\xe2\\x80\\xaef");
	error_set(&e, "%s", "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x94\xa5");
	assert_string_equal(e.text, "caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x94\xa5");
	error_set(&e, "%s", "bad \xff\xc3");
	assert_string_equal(e.text, "bad \\xff\\xc3");
	error_at(&e, "again");
	assert_string_equal(e.text, "again: bad \\xff\\xc3");
}

/* A path of any length, made of characters of `unit`: start and reason are both there, and the line is whole UTF-8. */
static void check_long(const char *unit, size_t repeats)
{
	static char name[70000];
	size_t length = strlen(unit), at = 0;
	memcpy(name, "/start/", 7);
	at = 7;
	for (size_t i = 0; i < repeats; i++, at += length) memcpy(name + at, unit, length);
	name[at] = 0;
	struct error e = { "" };
	error_set(&e, "%s: the reason", name);
	size_t shown = strlen(e.text);
	assert_true(shown < sizeof e.text);
	assert_true(utf8_plain(e.text, shown));
	assert_memory_equal(e.text, "/start/", 7);
	assert_string_equal(e.text + shown - 12, ": the reason");
	if (at + 12 > 511) {
		assert_non_null(strstr(e.text, " ... "));
		assert_true(shown > 480);
	}
}

static void a_long_line_loses_its_middle(void **state)
{
	(void)state;
	for (size_t n = 470; n < 520; n++) check_long("x", n);
	for (size_t n = 150; n < 180; n++) check_long("\xe6\x97\xa5", n);
	for (size_t n = 100; n < 140; n++) check_long("\xf0\x9f\x94\xa5", n);
	for (size_t n = 100; n < 140; n++) check_long("\x01", n);
	check_long("\x80", 500);
	check_long("k", 65535);
}

static void a_line_that_fits_is_whole(void **state)
{
	(void)state;
	char text[512];
	memset(text, 'y', sizeof text);
	text[511] = 0;
	memcpy(text + 507, "\xf0\x9f\x94\xa5", 4);
	struct error e = { "" };
	error_set(&e, "%s", text);
	assert_string_equal(e.text, text);
}

static void without_memory_a_long_line_keeps_its_start(void **state)
{
	(void)state;
	char text[4000];
	memset(text, 'z', sizeof text);
	text[sizeof text - 1] = 0;
	struct error e = { "" };
	size_t before = memory_in_use();
	memory_fail_at(1, true);
	error_set(&e, "begin %s", text);
	memory_fail_at(0, false);
	assert_memory_equal(e.text, "begin zzz", 9);
	assert_int_equal(memory_in_use(), before);
	error_memory(&e);
	assert_non_null(strstr(e.text, "out of memory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sets_and_returns_false),
		cmocka_unit_test(a_place_goes_in_front),
		cmocka_unit_test(what_a_terminal_obeys_is_shown_as_bytes),
		cmocka_unit_test(a_long_line_loses_its_middle),
		cmocka_unit_test(a_line_that_fits_is_whole),
		cmocka_unit_test(without_memory_a_long_line_keeps_its_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
