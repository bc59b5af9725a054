/* guess: what is tried pays by what was measured, and never loses more than its credit. */
#include "engine/guess.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 3000 };

/* Seconds of a step with so many rows. */
static double cost(uint32_t rows, double each)
{
	return 1 + each * (rows - 1);
}

/* Generates STEPS tokens; `right(t)` says how many proposed tokens are right at token t. Returns the time over the plain time. */
static double play(uint32_t (*right)(uint32_t t), double each, uint32_t *tried)
{
	struct guess g;
	struct pace p = { { 0 } };
	double time = 0;
	uint32_t t = 0;
	guess_begin(&g);
	while (t < STEPS) {
		int32_t chosen[GUESS_MOST + 1];
		uint32_t good = right(t);
		g.kind = GUESS_PAST_3;
		g.n_proposed = GUESS_MOST;
		for (int i = 0; i < GUESS_MOST; i++) g.ids[i] = 1;
		g.n = guess_count(&g, &p, 1, 1, 0);
		uint32_t n = 1 + (good < g.n ? good : g.n);
		for (uint32_t i = 0; i < n; i++) chosen[i] = i < good ? 1 : 2;
		double took = cost(1 + g.n, each);
		pace_take(&p, 1 + g.n, took);
		assert_int_equal(guess_learn(&g, chosen, n), n - 1);
		guess_book(&g, (n - 1) * pace_of(&p, 1) - (took - pace_of(&p, 1)), pace_of(&p, 1));
		time += took;
		t += n;
	}
	*tried = g.n_tried;
	guess_clear(&g);
	return time / t;
}

static uint32_t never(uint32_t t)
{
	(void)t;
	return 0;
}

static uint32_t always(uint32_t t)
{
	(void)t;
	return GUESS_MOST;
}

static uint32_t sometimes(uint32_t t)
{
	return t % 7 < 2 ? 1 : 0;
}

/* A third of the text is copied, in the middle. */
static uint32_t first_well_then_not(uint32_t t)
{
	return t < STEPS / 3 ? GUESS_MOST : 0;
}

static void what_is_never_right_costs_next_to_nothing(void **state)
{
	(void)state;
	uint32_t tried;
	for (double each = 0; each < 2; each += 0.1) assert_true(play(never, each, &tried) < 1.011);
	assert_true(play(sometimes, 1.5, &tried) < 1.011);
	assert_true(play(sometimes, 0.9, &tried) < 1.011);
}

static void what_is_always_right_is_tried_as_far_as_it_pays(void **state)
{
	(void)state;
	uint32_t tried;
	assert_true(play(always, 0.05, &tried) < 0.2);
	assert_true(tried > STEPS / 2);
	assert_true(play(always, 0.25, &tried) < 0.4);
	assert_true(play(always, 1.2, &tried) < 1.011); /* rows that cost more than they can bring */
	assert_true(tried < STEPS / 50);
}

static void it_switches_itself_off_when_the_text_changes(void **state)
{
	(void)state;
	uint32_t tried;
	double took = play(first_well_then_not, 0.1, &tried);
	assert_true(took < 2.0 / 3 + 0.12 && tried > 0);
}

static void paces_lie_between_what_was_measured(void **state)
{
	(void)state;
	struct pace p = { { 0 } };
	assert_true(pace_of(&p, 4) == 0);
	pace_take(&p, 1, 1.0);
	assert_true(pace_of(&p, 1) == 1.0 && pace_of(&p, 2) > 1.0);
	pace_take(&p, 5, 2.0);
	assert_true(fabs(pace_of(&p, 3) - 1.5) < 1e-9);
	pace_take(&p, 1, 50.0); /* somebody else's doing */
	assert_true(pace_of(&p, 1) < 1.2);
	pace_take(&p, 0, 1);
	pace_take(&p, PACE_ROWS + 1, 1);
	assert_true(pace_of(&p, PACE_ROWS + 5) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_never_right_costs_next_to_nothing),
		cmocka_unit_test(what_is_always_right_is_tried_as_far_as_it_pays),
		cmocka_unit_test(it_switches_itself_off_when_the_text_changes),
		cmocka_unit_test(paces_lie_between_what_was_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
