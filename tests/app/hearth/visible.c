/* visible: nothing but visible characters and line ends comes through. */
#include "app/hearth/visible.h"

#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *text, size_t length, bool ascii, const char *shown)
{
	struct buffer b = buffer_new(4096);
	assert_true(visible_append(&b, text, length, ascii));
	assert_string_equal(buffer_text(&b), shown);
	buffer_free(&b);
}

#define EXPECT(text, shown)       expect(text, sizeof(text) - 1, false, shown)
#define EXPECT_ASCII(text, shown) expect(text, sizeof(text) - 1, true, shown)

static void control_characters_are_written_out(void **state)
{
	(void)state;
	EXPECT("a\033[2Jb", "a^[[2Jb");
	EXPECT("\033]0;title\a", "^[]0;title^G");
	EXPECT("nul\0here", "nul^@here");
	EXPECT("\x7f", "^?");
	EXPECT("\xc2\x9b"
	       "31m",
	       "<U+009B>31m");
	EXPECT("\xc2\x80\xc2\x9f", "<U+0080><U+009F>");
}

static void characters_that_reorder_are_named_and_those_that_hide_are_dropped(void **state)
{
	(void)state;
	EXPECT("\xe2\x80\xae"
	       "evil\xe2\x80\xac",
	       "<U+202E>evil<U+202C>");
	EXPECT("\xe2\x81\xa6x\xe2\x81\xa9", "<U+2066>x<U+2069>");
	EXPECT("in\xe2\x80\x8bvi\xc2\xadsi\xef\xbb\xbf"
	       "ble",
	       "invisible");
	EXPECT("tag\xf3\xa0\x81\x81\xf3\xa0\x81\xbf", "tag");
	EXPECT("\xe2\x80\x8e\xe2\x80\x8fmark", "mark");
}

static void line_ends_and_tabs_stay_what_they_are(void **state)
{
	(void)state;
	EXPECT("a\nb\r\nc\td", "a\nb\nc    d");
	EXPECT("a\rb", "a^Mb");
	EXPECT("a\xe2\x80\xa8"
	       "b",
	       "a\nb");
}

static void text_of_people_stays(void **state)
{
	(void)state;
	EXPECT("Grüße, 日本, привет, 👩‍🚀 ½", "Grüße, 日本, привет, 👩‍🚀 ½");
	EXPECT("\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd(");
}

static void ascii_is_close(void **state)
{
	(void)state;
	EXPECT_ASCII("Café “x” – ½ æß → 日", "Cafe \"x\" - 1/2 aess -> ?");
	EXPECT_ASCII("e\xcc\x81", "e");
}

/* Whatever goes in: no control character comes out, and in ASCII no other byte. */
static void no_code_point_leaks(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 0x110000; point++) {
		char shown[VISIBLE_ROOM];
		unsigned columns;
		for (int ascii = 0; ascii < 2; ascii++) {
			size_t n = visible_point(point, ascii != 0, shown, &columns);
			assert_true(n < VISIBLE_ROOM && columns <= n);
			for (size_t i = 0; i < n;) {
				uint32_t out;
				size_t step = utf8_decode(shown + i, n - i, &out);
				assert_true(step > 0);
				assert_false(out < 0x20 || (out >= 0x7F && out < 0xA0));
				assert_false(ascii && out > 0x7E);
				i += step;
			}
		}
	}
}

static void a_line_is_cut_to_its_room(void **state)
{
	(void)state;
	char out[12];
	visible_line(out, sizeof out, "short", 5, false);
	assert_string_equal(out, "short");
	visible_line(out, sizeof out, "much too long for it", 20, false);
	assert_string_equal(out, "much too...");
	visible_line(out, sizeof out, "a\nb", 3, false);
	assert_string_equal(out, "a\\nb");
	visible_line(out, sizeof out, "äöüäöüäöü", 18, false);
	assert_true(utf8_valid(out, strlen(out)));
}

static void width_is_counted_in_columns(void **state)
{
	(void)state;
	assert_int_equal(visible_columns("abc", 3), 3);
	assert_int_equal(visible_columns("日本", 6), 4);
	assert_int_equal(visible_columns("e\xcc\x81", 3), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_are_written_out),
		cmocka_unit_test(characters_that_reorder_are_named_and_those_that_hide_are_dropped),
		cmocka_unit_test(line_ends_and_tabs_stay_what_they_are),
		cmocka_unit_test(text_of_people_stays),
		cmocka_unit_test(ascii_is_close),
		cmocka_unit_test(no_code_point_leaks),
		cmocka_unit_test(a_line_is_cut_to_its_room),
		cmocka_unit_test(width_is_counted_in_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
