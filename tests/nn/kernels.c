/* kernels: the choice of a level. */
#include "nn/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_level_of_this_cpu_can_be_forced(void **state)
{
	(void)state;
	assert_string_equal(kernels_level(0), "portable");
	size_t n = 0;
	for (; kernels_level(n); n++) {
		struct error e;
		assert_true(kernels_choose(kernels_level(n), &e));
		assert_string_equal(kernels_name(), kernels_level(n));
	}
	assert_true(kernels_choose(NULL, NULL));
	assert_string_equal(kernels_name(), kernels_level(n - 1));
	assert_true(kernels_choose("", NULL));
	assert_string_equal(kernels_name(), kernels_level(n - 1));
}

static void an_unknown_level_is_an_error_that_names_the_known(void **state)
{
	(void)state;
	struct error e = { "" };
	assert_true(kernels_choose("portable", &e));
	assert_false(kernels_choose("pentium", &e));
	assert_non_null(strstr(e.text, "'pentium'"));
	assert_non_null(strstr(e.text, "portable"));
	assert_string_equal(kernels_name(), "portable");
}

static void the_description_names_every_entry_and_fits(void **state)
{
	(void)state;
	static char text[8192], little[20];
	assert_true(kernels_choose("portable", NULL));
	size_t length = kernels_describe(text, sizeof text);
	assert_int_equal(length, strlen(text));
	assert_non_null(strstr(text, "products portable\n"));
	assert_non_null(strstr(text, "products_whole portable\n"));
	assert_non_null(strstr(text, "Q4_K unpack portable, dot portable\n"));
	assert_int_equal(kernels_describe(little, sizeof little), length);
	assert_true(strlen(little) < sizeof little);
	assert_int_equal(kernels_describe(NULL, 0), length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_level_of_this_cpu_can_be_forced),
		cmocka_unit_test(an_unknown_level_is_an_error_that_names_the_known),
		cmocka_unit_test(the_description_names_every_entry_and_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
