/* bandwidth: it is measured at all, whatever the machine. */
#include "base/bandwidth.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void memory_is_read_at_some_speed(void **state)
{
	(void)state;
	struct error e;
	size_t before = memory_in_use();
	double rate = bandwidth_measure(2, &e);
	assert_true(rate > 1e6 && rate < 1e14);
	assert_int_equal(memory_in_use(), before);
}

static void no_memory_is_an_error(void **state)
{
	(void)state;
	struct error e = { "" };
	memory_fail_at(1, true);
	double rate = bandwidth_measure(1, &e);
	memory_fail_at(0, false);
	assert_true(rate <= 0);
	assert_true(e.text[0] != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(memory_is_read_at_some_speed),
		                            cmocka_unit_test(no_memory_is_an_error) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
