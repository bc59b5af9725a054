/* markdown: marks become styles, wherever the text is cut while it streams; what is no mark stays. */
#include "app/hearth/markdown.h"

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

/* Styles as <b>, <d>, <i> and <> so that they can be read here. */
static void readable(struct buffer *out, const char *text)
{
	while (*text) {
		if (*text != '\033') {
			buffer_append_byte(out, (uint8_t)*text++);
			continue;
		}
		size_t n = strcspn(text, "m") + 1;
		buffer_append_byte(out, '<');
		if (memchr(text + 2, '1', n - 2)) buffer_append_byte(out, 'b');
		if (memchr(text + 2, '2', n - 2)) buffer_append_byte(out, 'd');
		if (memchr(text + 2, '3', n - 2)) buffer_append_byte(out, 'i');
		buffer_append_byte(out, '>');
		text += n;
	}
}

static void render(const char *text, size_t step, unsigned width, struct buffer *out)
{
	struct screen s = screen_new(collect, NULL, width, true, false);
	struct markdown m = markdown_new(&s, true);
	buffer_clear(&written);
	buffer_clear(out);
	for (size_t i = 0, n = strlen(text); i < n;) {
		size_t end = i + step < n ? i + step : n;
		while (end < n && ((unsigned char)text[end] & 0xC0) == 0x80) end++;
		markdown_text(&m, text + i, end - i);
		i = end;
	}
	markdown_end(&m);
	readable(out, buffer_text(&written));
	screen_free(&s);
}

static void expect(const char *text, const char *shown)
{
	struct buffer out = buffer_new(1 << 16);
	for (size_t step = 1; step < 30; step++) {
		render(text, step, 60, &out);
		assert_string_equal(buffer_text(&out), shown);
	}
	buffer_free(&out);
}

static void strong_and_stressed_words_get_a_style(void **state)
{
	(void)state;
	expect("a **bold** word", "a <b>bold<> word");
	expect("an *odd* word.", "an <i>odd<> word.");
	expect("***both***", "<bi>both<>");
	expect("**bold *and* more**", "<b>bold <bi>and<b> more<>");
	expect("(**x**), **y**: z", "(<b>x<>), <b>y<>: z");
	expect("中文**粗体**中文", "中文<b>粗体<>中文");
}

static void stars_that_are_no_marks_stay(void **state)
{
	(void)state;
	expect("2 * 3 * 4", "2 * 3 * 4");
	expect("2**3 and a*b*c", "2**3 and a*b*c");
	expect("(*p)++ and (*q)", "(*p)++ and (*q)");
	expect("never **closed", "never **closed");
	expect("a **line\nends** here", "a **line\nends** here");
	expect("snake_case_name and __init__", "snake_case_name and __init__");
	expect("`a * b * c` and `**x**`", "`a * b * c` and `**x**`");
	expect("f(*args, **kwargs)", "f(*args, **kwargs)");
}

static void headings_lists_quotes_and_rules(void **state)
{
	(void)state;
	expect("# Title\ntext", "<b>Title<>\ntext");
	expect("#hashtag", "#hashtag");
	expect("- one\n* two\n+ three", "• one\n• two\n• three");
	expect("  - deep", "  • deep");
	expect("1. one\n12) two", "1. one\n12) two");
	expect("1.5 litres\n2024 was", "1.5 litres\n2024 was");
	expect("> said", "│ said");
	expect("-5 degrees\n--flag", "-5 degrees\n--flag");
	expect("a\n---\nb", "a\n<d>────────────────────────────────────────<>\nb");
	expect("| a | *b* |", "| a | *b* |");
}

static void code_stays_letter_for_letter(void **state)
{
	(void)state;
	expect("```c\nint *a = **b;\n# no heading\n- no list\n```\nafter **x**",
	       "<d>```c<>\nint *a = **b;\n# no heading\n- no list\n<d>```<>\nafter <b>x<>");
	expect("````\n```\n````\n", "<d>````<>\n```\n<d>````<>\n");
}

static void long_items_hang_under_their_text(void **state)
{
	(void)state;
	struct buffer out = buffer_new(1 << 16);
	render("- one two three\n12. four five six", 3, 12, &out);
	assert_string_equal(buffer_text(&out), "• one two\n  three\n12. four\n    five six");
	render("> one two three", 1, 10, &out);
	assert_string_equal(buffer_text(&out), "│ one two\n│ three");
	buffer_free(&out);
}

/* No character but marks is lost: whatever stars are mixed in, the letters come out in their order. */
static void letters_come_out_in_order(void **state)
{
	(void)state;
	struct buffer out = buffer_new(1 << 16);
	uint32_t seed = 1;
	for (int round = 0; round < 20000; round++) {
		char text[40], letters[40], seen[80];
		size_t n = 0, k = 0;
		for (int i = 0; i < 30; i++) {
			static const char alphabet[] = "ab* *\n`#->.1\\";
			seed = seed * 1664525 + 1013904223;
			char c = alphabet[(seed >> 16) % (sizeof alphabet - 1)];
			text[n++] = c;
			if (c == 'a' || c == 'b') letters[k++] = c;
		}
		text[n] = letters[k] = 0;
		render(text, 1 + (size_t)round % 7, 0, &out);
		k = 0;
		const char *p = buffer_text(&written);
		for (; *p; p++) {
			if (*p == '\033')
				p += strcspn(p, "m");
			else if (*p == 'a' || *p == 'b')
				seen[k++] = *p;
		}
		seen[k] = 0;
		assert_string_equal(seen, letters);
	}
	buffer_free(&out);
}

static void an_inactive_renderer_changes_nothing(void **state)
{
	(void)state;
	struct screen s = screen_new(collect, NULL, 0, false, false);
	struct markdown m = markdown_new(&s, false);
	buffer_clear(&written);
	markdown_text(&m, "# **a**\n- b", 11);
	markdown_end(&m);
	assert_string_equal(buffer_text(&written), "# **a**\n- b");
	screen_free(&s);
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
		cmocka_unit_test(strong_and_stressed_words_get_a_style), cmocka_unit_test(stars_that_are_no_marks_stay),
		cmocka_unit_test(headings_lists_quotes_and_rules),       cmocka_unit_test(code_stays_letter_for_letter),
		cmocka_unit_test(long_items_hang_under_their_text),      cmocka_unit_test(letters_come_out_in_order),
		cmocka_unit_test(an_inactive_renderer_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, free_written);
}
