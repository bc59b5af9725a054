/* machine: what the kernel says must be believable, and the program is this one. */
#include "base/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void memory_is_told_in_bytes(void **state)
{
	(void)state;
	size_t all = machine_memory(), left = machine_free_memory();
	size_t pages = (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
	assert_true(all > 0 && all <= pages + pages / 8 && all >= pages - pages / 8);
	assert_true(left > 0 && left < all);
}

static void the_peak_grows_with_what_is_touched(void **state)
{
	(void)state;
	const size_t size = 64 << 20;
	size_t before = machine_peak_resident();
	char *p = malloc(size);
	assert_non_null(p);
	memset(p, 1, size);
	size_t after = machine_peak_resident();
	assert_true(p[size / 2] == 1 && after >= before + size / 2 && after < before + 3 * size);
	free(p);
}

static void the_program_is_this_file(void **state)
{
	(void)state;
	char path[4096], little[4];
	assert_true(machine_program(path, sizeof path));
	assert_int_equal(path[0], '/');
	assert_string_equal(strrchr(path, '/'), "/machine");
	assert_int_equal(access(path, X_OK), 0);
	assert_false(machine_program(little, sizeof little));
}

static void the_processor_has_a_name(void **state)
{
	(void)state;
	char name[128], cut[5];
	machine_cpu(name, sizeof name);
	assert_true(strlen(name) > 0);
	machine_cpu(cut, sizeof cut);
	assert_int_equal(strlen(cut), 4);
	assert_memory_equal(cut, name, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(memory_is_told_in_bytes),
		                            cmocka_unit_test(the_peak_grows_with_what_is_touched),
		                            cmocka_unit_test(the_program_is_this_file),
		                            cmocka_unit_test(the_processor_has_a_name) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
