/* unicode: classes of characters, and NFC as the standard says, in linear time. */
#include "text/unicode.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utf8proc.h>

#include <cmocka.h>

static void characters_have_their_classes(void **state)
{
	static const struct {
		uint32_t point;
		unsigned class;
	} cases[] = {
		{ 'A', UNICODE_UPPER },
		{ 'z', UNICODE_LOWER },
		{ '7', UNICODE_DIGIT },
		{ ' ', UNICODE_SPACE },
		{ '\n', UNICODE_SPACE | UNICODE_NEWLINE },
		{ '\r', UNICODE_SPACE | UNICODE_NEWLINE },
		{ '\t', UNICODE_SPACE },
		{ 0x0B, UNICODE_SPACE },
		{ 0x1C, UNICODE_OTHER },
		{ 0, UNICODE_OTHER },
		{ 0x7F, UNICODE_OTHER },
		{ '_', UNICODE_PUNCTUATION | UNICODE_JOINER },
		{ '\'', UNICODE_PUNCTUATION },
		{ '$', UNICODE_SYMBOL },
		{ '`', UNICODE_SYMBOL },
		{ 0x85, UNICODE_SPACE },
		{ 0xA0, UNICODE_SPACE },
		{ 0xAA, UNICODE_PLAIN },
		{ 0xB2, UNICODE_COUNT },
		{ 0xBD, UNICODE_COUNT },
		{ 0xC5, UNICODE_UPPER },
		{ 0x1C5, UNICODE_UPPER },
		{ 0x2B0, UNICODE_PLAIN },
		{ 0x301, UNICODE_MARK },
		{ 0x903, UNICODE_MARK },
		{ 0x20DD, UNICODE_MARK },
		{ 0x660, UNICODE_DIGIT },
		{ 0x2160, UNICODE_COUNT },
		{ 0x1680, UNICODE_SPACE },
		{ 0x180E, UNICODE_OTHER },
		{ 0x200B, UNICODE_OTHER },
		{ 0x2028, UNICODE_SPACE },
		{ 0x3000, UNICODE_SPACE },
		{ 0x4E2D, UNICODE_PLAIN },
		{ 0x1F600, UNICODE_SYMBOL },
		{ 0x2040, UNICODE_PUNCTUATION | UNICODE_JOINER },
		{ 0xE000, UNICODE_OTHER },
		{ 0x10FFFF, UNICODE_OTHER },
		{ 0x110000, UNICODE_OTHER },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (unicode_class_of(cases[i].point) != cases[i].class) fail_msg("U+%04X", (unsigned)cases[i].point);
	}
}

static void ascii_agrees_with_utf8proc(void **state)
{
	(void)state;
	for (uint32_t p = 0; p < 128; p++) {
		utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)p);
		unsigned class = unicode_class_of(p);
		bool letter = c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LL;
		bool sign = c >= UTF8PROC_CATEGORY_PC && c <= UTF8PROC_CATEGORY_PO;
		bool symbol = c >= UTF8PROC_CATEGORY_SM && c <= UTF8PROC_CATEGORY_SO;
		assert_int_equal((class & UNICODE_LETTER) != 0, letter);
		assert_int_equal((class & UNICODE_DIGIT) != 0, c == UTF8PROC_CATEGORY_ND);
		assert_int_equal((class & UNICODE_PUNCTUATION) != 0, sign);
		assert_int_equal((class & UNICODE_SYMBOL) != 0, symbol);
		assert_int_equal((class & UNICODE_SPACE) != 0, p == ' ' || (p >= 9 && p <= 13));
	}
}

static void bytes_that_are_not_utf8_are_symbols_of_one_byte(void **state)
{
	(void)state;
	static const char *const broken[] = { "\x80", "\xC3", "\xC0\xAF", "\xE4\xB8", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF" };
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct unicode_char c = unicode_char_at(broken[i], strlen(broken[i]));
		assert_int_equal(c.size, 1);
		assert_int_equal(c.class, UNICODE_SYMBOL);
	}
	assert_int_equal(unicode_char_at("", 0).size, 0);
	assert_int_equal(unicode_char_at("\xE4\xB8\xAD", 3).size, 3);
}

static void nfc_is(const char *text, size_t length, const char *wanted)
{
	struct error e = { "" };
	struct buffer b = buffer_new(1 << 20);
	assert_true(unicode_append_nfc(&b, text, length, &e));
	if (strcmp(buffer_text(&b), wanted) != 0) fail_msg("'%s' became '%s', not '%s'", text, buffer_text(&b), wanted);
	if (unicode_is_nfc(text, length)) assert_string_equal(text, wanted);
	buffer_free(&b);
}

static void nfc_composes_orders_and_excludes(void **state)
{
	static const char *const cases[][2] = {
		{ "plain", "plain" },
		{ "e\xCC\x81", "\xC3\xA9" },                                /* e and acute */
		{ "\xC3\xA9", "\xC3\xA9" },                                 /* composed already */
		{ "a\xCC\x82\xCC\x81", "\xE1\xBA\xA5" },                    /* two marks, one letter */
		{ "q\xCC\x87\xCC\xA3", "q\xCC\xA3\xCC\x87" },               /* canonical order */
		{ "\xE2\x84\xAB", "\xC3\x85" },                             /* Angstrom sign */
		{ "\xE2\x84\xA6", "\xCE\xA9" },                             /* Ohm sign */
		{ "\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C" }, /* Hangul from its jamo */
		{ "\xED\x95\x98\xE1\x86\xAB", "\xED\x95\x9C" },             /* a syllable and a final */
		{ "\xE0\xA5\x98", "\xE0\xA4\x95\xE0\xA4\xBC" },             /* excluded from composition */
		{ "\xEF\xAC\xAA", "\xD7\xA9\xD7\x81" },                     /* Hebrew presentation form */
		{ "\xEF\xAC\x80", "\xEF\xAC\x80" },                         /* a ligature is compatibility: stays */
		{ "\xE2\x80\x80", "\xE2\x80\x82" },                         /* en quad becomes en space */
		{ "x\xFF"
		  "e\xCC\x81\x80y",
		  "x\xFF\xC3\xA9\x80y" },                       /* bytes that are not UTF-8 stay */
		{ "\xCC\x81x", "\xCC\x81x" },                   /* a mark with nothing before it */
		{ "\xE0\xAD\x87\xE0\xAC\xBE", "\xE0\xAD\x8B" }, /* a starter that joins the one before */
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) nfc_is(cases[i][0], strlen(cases[i][0]), cases[i][1]);
	assert_true(unicode_is_nfc("plain \xC3\xA9\xE4\xB8\xAD", 12));
	assert_false(unicode_is_nfc("e\xCC\x81", 3));
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void nfc_agrees_with_utf8proc_on_random_texts(void **state)
{
	static const uint32_t pool[] = { 'a',    'e',    0xE9,   0x300,  0x301,   0x323,  0x315,   0x345,
		                         0x1100, 0x1161, 0x11A8, 0xAC00, 0x212B,  0x958,  0x9C7,   0x9BE,
		                         0x9D7,  0xFB2A, 0x2000, 0x1E9B, 0x1D15E, 0x4E2D, 0x2F800, ' ' };
	uint32_t seed = 7;
	(void)state;
	for (int round = 0; round < 4000; round++) {
		char text[4 * 12 + 1];
		size_t n = 0;
		for (uint32_t i = 0, k = 1 + next_random(&seed) % 12; i < k; i++)
			n += utf8_encode(pool[next_random(&seed) % (sizeof pool / sizeof *pool)], text + n);
		text[n] = 0;
		utf8proc_uint8_t *wanted = utf8proc_NFC((utf8proc_uint8_t *)text);
		nfc_is(text, n, (char *)wanted);
		free(wanted);
	}
}

/* Seconds of the processor that NFC takes for n marks of falling and rising classes behind one letter. */
static double seconds_for_marks(size_t n)
{
	struct error e = { "" };
	struct buffer text = buffer_new(SIZE_MAX / 2), out = buffer_new(SIZE_MAX / 2);
	buffer_append_byte(&text, 'a');
	for (size_t i = 0; i < n; i++) buffer_append(&text, i % 2 ? "\xCC\xA3" : "\xCD\x85", 2);
	clock_t start = clock();
	assert_true(unicode_append_nfc(&out, buffer_text(&text), text.size, &e));
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	assert_int_equal(out.size, 3 + 2 * (n - 1)); /* one of the marks goes into the letter */
	buffer_free(&text);
	buffer_free(&out);
	return seconds;
}

static void marks_without_end_take_linear_time(void **state)
{
	(void)state;
	assert_true(seconds_for_marks(500000) < 5);
}

static void no_memory_is_an_error(void **state)
{
	struct error e;
	(void)state;
	for (uint64_t n = 1;; n++) {
		struct buffer out = buffer_new(1000);
		e.text[0] = 0;
		memory_fail_at(n, false);
		bool ok = unicode_append_nfc(&out, "e\xCC\x81", 3, &e);
		memory_fail_at(0, false);
		buffer_free(&out);
		if (ok) break;
		assert_true(e.text[0] != 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_have_their_classes),
		cmocka_unit_test(ascii_agrees_with_utf8proc),
		cmocka_unit_test(bytes_that_are_not_utf8_are_symbols_of_one_byte),
		cmocka_unit_test(nfc_composes_orders_and_excludes),
		cmocka_unit_test(nfc_agrees_with_utf8proc_on_random_texts),
		cmocka_unit_test(marks_without_end_take_linear_time),
		cmocka_unit_test(no_memory_is_an_error),
	};
	return cmocka_run_group_tests_name("unicode", tests, NULL, NULL);
}
