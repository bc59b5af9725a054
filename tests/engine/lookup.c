/* lookup: the place with the longest common past, the newest of equal ones; what repeats itself beyond the end. */
#include "engine/lookup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Looks up behind `ids`, the last of which is the next one, taken in `step` at a time. */
static uint32_t find(const int32_t *ids, uint32_t n, uint32_t step, int32_t *guesses, uint32_t most, uint32_t *common)
{
	struct lookup l = { 0 };
	struct error e;
	for (uint32_t i = 0; i < n - 1; i += step) assert_true(lookup_follow(&l, ids, i + step < n - 1 ? i + step : n - 1, &e));
	uint32_t found = lookup_find(&l, ids, n - 1, ids[n - 1], guesses, most, common);
	lookup_clear(&l);
	return found;
}

static void what_followed_the_longest_common_past_is_found(void **state)
{
	(void)state;
	/* "2 3" comes three times: behind 1, behind 9, and last behind 7; the end is 1 2 3 */
	const int32_t ids[] = { 1, 2, 3, 40, 41, 42, 9, 2, 3, 50, 7, 2, 3, 60, 8, 1, 2, 3 };
	for (uint32_t step = 1; step < 20; step++) {
		int32_t guesses[4];
		uint32_t common;
		assert_int_equal(find(ids, 18, step, guesses, 4, &common), 4);
		assert_int_equal(common, 3);
		assert_memory_equal(guesses, ((int32_t[]){ 40, 41, 42, 9 }), sizeof guesses);
	}
}

static void of_equal_pasts_the_newest_is_taken(void **state)
{
	(void)state;
	const int32_t ids[] = { 5, 2, 3, 40, 6, 2, 3, 50, 7, 2, 3 };
	int32_t guess;
	uint32_t common;
	assert_int_equal(find(ids, 11, 1, &guess, 1, &common), 1);
	assert_int_equal(common, 2);
	assert_int_equal(guess, 50);
}

static void what_lies_beyond_the_end_repeats_itself(void **state)
{
	(void)state;
	const int32_t ids[] = { 1, 2, 3, 1, 2, 3, 1, 2 };
	int32_t guesses[7];
	uint32_t common;
	assert_int_equal(find(ids, 8, 1, guesses, 7, &common), 7);
	assert_memory_equal(guesses, ((int32_t[]){ 3, 1, 2, 3, 1, 2, 3 }), sizeof guesses);
	const int32_t same[] = { 4, 4, 4 };
	assert_int_equal(find(same, 3, 1, guesses, 7, &common), 7);
	assert_memory_equal(guesses, ((int32_t[]){ 4, 4, 4, 4, 4, 4, 4 }), sizeof guesses);
}

static void nothing_is_found_where_nothing_repeats(void **state)
{
	(void)state;
	const int32_t ids[] = { 1, 2, 3, 4, 5, 6, 3, 7, 3 };
	int32_t guess;
	uint32_t common;
	assert_int_equal(find(ids, 9, 1, &guess, 1, &common), 0); /* 3 came before, but not behind 7 */
	assert_int_equal(find(ids, 1, 1, &guess, 1, &common), 0);
	assert_int_equal(find(ids, 2, 1, &guess, 1, &common), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_followed_the_longest_common_past_is_found),
		cmocka_unit_test(of_equal_pasts_the_newest_is_taken),
		cmocka_unit_test(what_lies_beyond_the_end_repeats_itself),
		cmocka_unit_test(nothing_is_found_where_nothing_repeats),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
