/* screen: lines are broken between words, and nothing of a text is lost. */
#include "app/hearth/screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct buffer written;

static void collect(void *data, const char *bytes, size_t size)
{
	(void)data;
	buffer_append(&written, bytes, size);
}

/* The text as it comes out, given in pieces of `step` bytes that end at characters. */
static const char *shown(const char *text, unsigned width, size_t step)
{
	struct screen s = screen_new(collect, NULL, width, false, false);
	buffer_clear(&written);
	for (size_t i = 0, n = strlen(text); i < n;) {
		size_t end = i + step < n ? i + step : n;
		while (end < n && ((unsigned char)text[end] & 0xC0) == 0x80) end++;
		screen_text(&s, text + i, end - i);
		i = end;
	}
	screen_flush(&s);
	screen_free(&s);
	return buffer_text(&written);
}

static void lines_break_between_words(void **state)
{
	(void)state;
	for (size_t step = 1; step < 40; step++) {
		assert_string_equal(shown("one two three four", 9, step), "one two\nthree\nfour");
		assert_string_equal(shown("one two three", 0, step), "one two three");
		assert_string_equal(shown("  kept\n\n  too", 20, step), "  kept\n\n  too");
	}
}

static void a_word_longer_than_the_line_is_cut(void **state)
{
	(void)state;
	assert_string_equal(shown("abcdefghijkl", 5, 3), "abcde\nfghij\nkl");
	assert_string_equal(shown("a bcdefgh", 4, 1), "a\nbcde\nfgh");
}

static void wide_characters_break_anywhere_and_count_twice(void **state)
{
	(void)state;
	assert_string_equal(shown("日本語日本語", 7, 3), "日本語\n日本語");
	assert_string_equal(shown("ab日本語", 7, 1), "ab日本\n語");
}

static void no_line_is_wider_than_the_terminal(void **state)
{
	(void)state;
	static const char text[] =
	        "The quick brown fox 日本 jumps-over-an-extraordinarily-long-word and\nthen a\ttab, e\xcc\x81t\xcc\x81 cetera.";
	for (unsigned width = 20; width < 70; width++) {
		const char *line = shown(text, width, 5);
		while (*line) {
			size_t n = strcspn(line, "\n");
			unsigned columns = 0;
			for (size_t i = 0; i < n; i++) { /* two columns for three bytes of a wide one, none for a mark */
				unsigned char c = (unsigned char)line[i];
				columns += c < 0x80 || c == 0xE6 ? 1 : 0;
				columns += c == 0xE6 ? 1 : 0;
			}
			assert_true(columns <= width);
			line += n + (line[n] == '\n');
		}
	}
}

static void broken_lines_go_on_under_their_indent(void **state)
{
	(void)state;
	struct screen s = screen_new(collect, NULL, 12, false, false);
	buffer_clear(&written);
	screen_say(&s, "- ");
	screen_indent(&s, "  ");
	screen_say(&s, "a list that is long");
	screen_newline(&s);
	screen_say(&s, "next line is free");
	screen_flush(&s);
	assert_string_equal(buffer_text(&written), "- a list\n  that is\n  long\nnext line is\nfree");
	screen_free(&s);
}

static void only_styled_screens_write_escape_sequences(void **state)
{
	(void)state;
	for (int styled = 0; styled < 2; styled++) {
		struct screen s = screen_new(collect, NULL, 40, styled != 0, false);
		buffer_clear(&written);
		screen_style(&s, SCREEN_BOLD);
		screen_say(&s, "x");
		screen_style(&s, SCREEN_PLAIN);
		screen_flush(&s);
		assert_string_equal(buffer_text(&written), styled ? "\033[0;1mx\033[0m" : "x");
		screen_free(&s);
	}
}

static void marks_on_one_letter_are_limited(void **state)
{
	(void)state;
	char text[203] = "a";
	for (size_t i = 1; i < 201; i += 2) memcpy(text + i, "\xcc\x81", 2);
	assert_int_equal(strlen(shown(text, 40, 50)), 1 + 2 * 8);
}

static int free_written(void **state)
{
	(void)state;
	buffer_free(&written);
	return 0;
}

int main(void)
{
	written = buffer_new(1 << 20);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_break_between_words),
		cmocka_unit_test(a_word_longer_than_the_line_is_cut),
		cmocka_unit_test(wide_characters_break_anywhere_and_count_twice),
		cmocka_unit_test(no_line_is_wider_than_the_terminal),
		cmocka_unit_test(broken_lines_go_on_under_their_indent),
		cmocka_unit_test(only_styled_screens_write_escape_sequences),
		cmocka_unit_test(marks_on_one_letter_are_limited),
	};
	return cmocka_run_group_tests(tests, NULL, free_written);
}
