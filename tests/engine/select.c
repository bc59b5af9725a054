/* select: the largest keys, against a plain sort. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/random.h"
#include "engine/select.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void keys_compare_as_their_floats_and_then_by_index(void **state)
{
	(void)state;
	const float rising[] = { -INFINITY, -FLT_MAX, -2, -1.5F, -FLT_MIN, 0, FLT_MIN, 1, 1.5F, FLT_MAX, INFINITY };
	for (size_t i = 0; i + 1 < sizeof rising / sizeof rising[0]; i++) {
		assert_true(select_key(rising[i], 0) < select_key(rising[i + 1], 4000000000U));
		assert_true(select_value(select_key(rising[i], 9)) == rising[i]);
	}
	assert_true(select_key(1, 3) > select_key(1, 4));
	assert_int_equal(select_index(select_key(-7, 123456)), 123456);
	assert_true(select_key(-0.0F, 1) == select_key(0.0F, 1));
}

static int falling(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x < y) - (x > y);
}

enum { MOST = 5000 };
static uint64_t keys[MOST], wanted[MOST];

/* What kinds of logits there are: random, all equal, rising, falling, few values. */
static float value_of_kind(int kind, size_t i, struct random *r)
{
	switch (kind) {
	case 0: return (float)(random_unit(r) * 40 - 20);
	case 1: return 3.5F;
	case 2: return (float)i;
	case 3: return -(float)i;
	default: return (float)(random_next(r) % 3);
	}
}

static void the_largest_come_to_the_front(void **state)
{
	(void)state;
	struct random r = random_new(1);
	for (int round = 0; round < 500; round++) {
		size_t n = 1 + (size_t)(random_next(&r) % (round < 400 ? 40 : MOST));
		size_t count = (size_t)(random_next(&r) % (n + 1));
		for (size_t i = 0; i < n; i++) keys[i] = select_key(value_of_kind(round % 5, i, &r), (uint32_t)i);
		memcpy(wanted, keys, n * sizeof keys[0]);
		qsort(wanted, n, sizeof wanted[0], falling);
		select_largest(keys, n, count);
		select_sort(keys, count);
		assert_memory_equal(keys, wanted, count * sizeof keys[0]);
		select_sort(keys, n);
		assert_memory_equal(keys, wanted, n * sizeof keys[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_compare_as_their_floats_and_then_by_index),
		cmocka_unit_test(the_largest_come_to_the_front),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
