/* random: known numbers of splitmix64 and xoshiro256**. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/random.h"

static void the_state_comes_from_splitmix64(void **state)
{
	(void)state;
	struct random r = random_new(0);
	assert_true(r.state[0] == 0xe220a8397b1dcdafULL);
	assert_true(r.state[1] == 0x6e789e6aa1b965f4ULL);
	assert_true(r.state[2] == 0x06c45d188009454fULL);
	assert_true(r.state[3] == 0xf88bb8a8724c81ecULL);
}

static void a_seed_gives_the_numbers_of_xoshiro256(void **state)
{
	(void)state;
	struct random r = random_new(42);
	assert_true(random_next(&r) == 0x15780b2e0c2ec716ULL);
	assert_true(random_next(&r) == 0x6104d9866d113a7eULL);
	assert_true(random_next(&r) == 0xae17533239e499a1ULL);
	assert_true(random_next(&r) == 0xecb8ad4703b360a1ULL);
}

static void units_lie_between_0_and_1_and_fill_it_evenly(void **state)
{
	(void)state;
	struct random r = random_new(7);
	unsigned tenth[10] = { 0 };
	for (int i = 0; i < 100000; i++) {
		double u = random_unit(&r);
		assert_true(u >= 0 && u < 1);
		tenth[(int)(u * 10)]++;
	}
	for (int i = 0; i < 10; i++) assert_in_range(tenth[i], 9600, 10400);
}

static void fresh_seeds_differ_and_are_not_0(void **state)
{
	(void)state;
	uint64_t a = random_fresh_seed(), b = random_fresh_seed();
	assert_true(a != 0 && b != 0 && a != b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_state_comes_from_splitmix64),
		cmocka_unit_test(a_seed_gives_the_numbers_of_xoshiro256),
		cmocka_unit_test(units_lie_between_0_and_1_and_fill_it_evenly),
		cmocka_unit_test(fresh_seeds_differ_and_are_not_0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
