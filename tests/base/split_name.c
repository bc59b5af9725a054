/* split_name: the first part's name leads to the others, and nothing else does. */
#include "base/split_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void the_first_name_leads_to_the_others(void **state)
{
	(void)state;
	char out[64];
	assert_int_equal(split_name_parts("/m/x-00001-of-00003.gguf"), 3);
	assert_true(split_name_part(out, sizeof out, "/m/x-00001-of-00003.gguf", 2));
	assert_string_equal(out, "/m/x-00002-of-00003.gguf");
	assert_true(split_name_part(out, sizeof out, "a-00001-of-12345.gguf", 12345));
	assert_string_equal(out, "a-12345-of-12345.gguf");
	assert_false(split_name_part(out, 20, "/m/x-00001-of-00003.gguf", 2));
	assert_true(split_name_is_later("x-00002-of-00003.gguf"));
	assert_false(split_name_is_later("x-00001-of-00003.gguf"));
}

static void other_names_are_no_parts(void **state)
{
	(void)state;
	static const char *const names[] = { "",
		                             "x.gguf",
		                             "-00001-of-00003.gguf",
		                             "x-0001-of-0003.gguf",
		                             "x-00001-of-00003.gguf.part",
		                             "x-00001-of-0000x.gguf",
		                             "x_00001-of-00003.gguf" };
	char out[64];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		assert_int_equal(split_name_parts(names[i]), 0);
		assert_false(split_name_is_later(names[i]));
		assert_false(split_name_part(out, sizeof out, names[i], 2));
	}
	assert_int_equal(split_name_parts("x-00002-of-00003.gguf"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_name_leads_to_the_others),
		cmocka_unit_test(other_names_are_no_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
