/* json: what is parsed and refused, and what is written comes back the same. */
#include "format/json.h"
#include "base/memory.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void values_are_parsed_in_order(void **state)
{
	(void)state;
	static const char text[] = "{\"z\": [1, 2.5, null, true], \"a\": \"x\\u0000y\", \"m\": {}}";
	struct error e = { "" };
	json_t *v = json_parse(text, sizeof text - 1, "in.json", &e);
	assert_non_null(v);
	static const char *const order[] = { "z", "a", "m" };
	const char *key;
	json_t *item;
	size_t i = 0;
	json_object_foreach(v, key, item) assert_string_equal(key, order[i++]);
	assert_int_equal(i, 3);
	assert_true(json_is_integer(json_array_get(json_object_get(v, "z"), 0)));
	assert_true(json_real_value(json_array_get(json_object_get(v, "z"), 1)) == 2.5);
	assert_int_equal(json_string_length(json_object_get(v, "a")), 3);
	assert_memory_equal(json_string_value(json_object_get(v, "a")), "x\0y", 3);
	json_decref(v);
	v = json_parse("7", 1, "in.json", &e);
	assert_int_equal(json_integer_value(v), 7);
	json_decref(v);
}

static void bad_text_is_refused_with_its_place(void **state)
{
	(void)state;
	static const char *const bad[] = { "",
		                           " ",
		                           "{",
		                           "[1,]",
		                           "{\"a\":1,\"a\":2}",
		                           "[1] x",
		                           "\"\xff\"",
		                           "\"\xed\xa0\x80\"",
		                           "nul",
		                           "[1e999]",
		                           "\"\\ud800\"",
		                           "'a'",
		                           "[01]",
		                           "NaN" };
	struct error e;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		e.text[0] = 0;
		assert_null(json_parse(bad[i], strlen(bad[i]), "in.json", &e));
		if (strncmp(e.text, "in.json: not JSON, line 1 column ", 33) != 0) fail_msg("%s: %s", bad[i], e.text);
	}
	assert_null(json_parse("[\n\n\033]", 6, "in.json", &e));
	assert_non_null(strstr(e.text, "line 3"));
	assert_null(strchr(e.text, '\033'));
}

static void nesting_has_a_limit(void **state)
{
	(void)state;
	enum { DEEP = 1000000 };
	char *text = memory_new(DEEP, 1);
	struct error e = { "" };
	memset(text, '[', DEEP);
	assert_null(json_parse(text, DEEP, "deep.json", &e));
	assert_non_null(strstr(e.text, "deep.json"));
	memory_free(text);
}

static void written_text_comes_back(void **state)
{
	(void)state;
	struct error e = { "" };
	char text[300];
	size_t n = 0;
	for (int c = 0; c < 128; c++) text[n++] = (char)c;
	memcpy(text + n, "\xc3\xa9\xe2\x80\xa8\xf0\x9f\x94\xa5", 9);
	n += 9;
	struct buffer b = buffer_new(4096);
	assert_true(json_write_text(&b, text, n));
	for (size_t i = 0; i < b.size; i++) assert_true((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
	json_t *v = json_parse(b.data, b.size, "out", &e);
	assert_non_null(v);
	assert_int_equal(json_string_length(v), n);
	assert_memory_equal(json_string_value(v), text, n);
	json_decref(v);
	buffer_clear(&b);
	assert_true(json_write_text(&b, "a\xff\xc3(", 4));
	assert_string_equal(buffer_text(&b), "\"a\xef\xbf\xbd\xef\xbf\xbd(\"");
	buffer_free(&b);
	b = buffer_new(5);
	assert_false(json_write_text(&b, "12345", 5));
	buffer_free(&b);
}

static void written_floats_come_back(void **state)
{
	(void)state;
	static const float values[] = { 0, -0.0f, 1, 0.1f, -2.5e-38f, 3.4028235e38f, 1e-45f, 16777216, 0.333333343f };
	for (int french = 0; french < 2; french++) {
		if (french && !setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) break;
		for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
			struct buffer b = buffer_new(100);
			assert_true(json_write_float(&b, (double)values[i]));
			assert_null(strchr(buffer_text(&b), ','));
			setlocale(LC_NUMERIC, "C");
			float back = strtof(buffer_text(&b), NULL);
			assert_memory_equal(&back, &values[i], sizeof back);
			buffer_free(&b);
		}
	}
	setlocale(LC_NUMERIC, "C");
	struct buffer b = buffer_new(100);
	json_write_float(&b, (double)NAN);
	json_write_float(&b, (double)INFINITY);
	assert_string_equal(buffer_text(&b), "nullnull");
	buffer_free(&b);
}

static void values_are_written_as_they_were_read(void **state)
{
	(void)state;
	static const char text[] =
	        "{\"b\":[1,2.5,\"a\\u0000ä\",null,true],\"a\":{\"n\":-9223372036854775808,\"r\":0.10000000000000001}}";
	struct error e = { "" };
	json_t *value = json_parse(text, sizeof text - 1, "test", &e);
	assert_non_null(value);
	struct buffer b = buffer_new(sizeof text);
	assert_true(json_write_value(&b, value));
	assert_string_equal(buffer_text(&b), text);
	buffer_free(&b);
	b = buffer_new(sizeof text - 2);
	assert_false(json_write_value(&b, value));
	buffer_free(&b);
	json_decref(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_parsed_in_order),
		cmocka_unit_test(bad_text_is_refused_with_its_place),
		cmocka_unit_test(nesting_has_a_limit),
		cmocka_unit_test(written_text_comes_back),
		cmocka_unit_test(values_are_written_as_they_were_read),
		cmocka_unit_test(written_floats_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
