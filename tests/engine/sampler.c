/* sampler: filters, penalties and the choice, with values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "engine/sampler.h"

#include <math.h>
#include <string.h>

enum { WIDE = 200000 };

static struct hearth_sampling plain(float temperature)
{
	struct hearth_sampling s = { .temperature = temperature, .top_p = 1, .typical_p = 1, .repeat_penalty = 1, .seed = 5 };
	return s;
}

/* Chooses `rounds` times by the same probabilities and counts what comes. */
static void count_choices(const struct hearth_sampling *set, const double *p, uint32_t n, unsigned *counts, unsigned rounds)
{
	struct sampler s;
	struct sampler_room room;
	float logits[32];
	assert_true(sampler_check(set, NULL));
	assert_true(sampler_init(&s, set, NULL) && sampler_room_init(&room, n, NULL));
	memset(counts, 0, n * sizeof *counts);
	for (unsigned i = 0; i < rounds; i++) {
		for (uint32_t t = 0; t < n; t++) logits[t] = (float)log(p[t]);
		counts[sampler_choose(&s, &room, logits, NULL)]++;
	}
	sampler_clear(&s);
	sampler_room_clear(&room);
}

/* The tokens that can come at all, as a set of bits. */
static unsigned possible(const struct hearth_sampling *set, const double *p, uint32_t n)
{
	unsigned counts[32], bits = 0;
	count_choices(set, p, n, counts, 4000);
	for (uint32_t t = 0; t < n; t++) bits |= counts[t] ? 1U << t : 0;
	return bits;
}

static const double five[] = { 0.05, 0.4, 0.1, 0.25, 0.2 }; /* by likelihood: 1 3 4 2 0 */

static void temperature_0_takes_the_largest_and_of_equal_ones_the_lowest(void **state)
{
	(void)state;
	struct hearth_sampling set = plain(0);
	set.top_k = 1;
	set.min_p = 1;
	struct sampler s;
	struct sampler_room room;
	assert_true(sampler_init(&s, &set, NULL) && sampler_room_init(&room, 6, NULL));
	float logits[6] = { -1, 2.5F, 3, 1, 3, 2 };
	assert_int_equal(sampler_choose(&s, &room, logits, NULL), 2);
	float low[6] = { -9, -8, -7, -7, -8, -9 };
	assert_int_equal(sampler_choose(&s, &room, low, NULL), 2);
	sampler_clear(&s);
	sampler_room_clear(&room);
}

static void choices_come_as_often_as_they_are_likely(void **state)
{
	(void)state;
	unsigned counts[5];
	struct hearth_sampling set = plain(1);
	count_choices(&set, five, 5, counts, 20000);
	for (int t = 0; t < 5; t++) assert_true(fabs(counts[t] / 20000.0 - five[t]) < 0.012);
	/* Temperature 0.5 squares the probabilities: 0.16 : 0.0625 : 0.04 : 0.01 : 0.0025, sum 0.275. */
	set.temperature = 0.5F;
	count_choices(&set, five, 5, counts, 20000);
	assert_true(fabs(counts[1] / 20000.0 - 0.16 / 0.275) < 0.012);
	assert_true(fabs(counts[3] / 20000.0 - 0.0625 / 0.275) < 0.012);
	assert_true(fabs(counts[0] / 20000.0 - 0.0025 / 0.275) < 0.012);
}

static void top_k_keeps_the_k_most_likely(void **state)
{
	(void)state;
	struct hearth_sampling set = plain(1);
	const unsigned kept[] = { 31, 2, 2 | 8, 2 | 8 | 16, 2 | 8 | 16 | 4, 31, 31 };
	for (uint32_t k = 0; k < 7; k++) {
		set.top_k = k;
		assert_int_equal(possible(&set, five, 5), kept[k]);
	}
}

static void top_p_keeps_as_many_as_reach_p(void **state)
{
	(void)state;
	struct hearth_sampling set = plain(1);
	const struct {
		float p;
		unsigned kept;
	} cases[] = { { 0, 2 },     { 0.39F, 2 }, { 0.5F, 2 | 8 }, { 0.64F, 2 | 8 }, { 0.7F, 2 | 8 | 16 }, { 0.9F, 2 | 8 | 16 | 4 },
		      { 0.97F, 31 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		set.top_p = cases[i].p;
		assert_int_equal(possible(&set, five, 5), cases[i].kept);
	}
	/* Behind top_k 2 the probabilities are 0.615 and 0.385: 0.6 is reached by the first alone. */
	set.top_k = 2;
	set.top_p = 0.6F;
	assert_int_equal(possible(&set, five, 5), 2);
	set.top_p = 0.63F;
	assert_int_equal(possible(&set, five, 5), 2 | 8);
}

static void min_p_is_measured_against_the_most_likely(void **state)
{
	(void)state;
	struct hearth_sampling set = plain(1);
	set.min_p = 0.3F; /* of 0.4: 0.12 */
	assert_int_equal(possible(&set, five, 5), 2 | 8 | 16);
	set.min_p = 0.2F;
	assert_int_equal(possible(&set, five, 5), 2 | 8 | 16 | 4);
	set.min_p = 1;
	assert_int_equal(possible(&set, five, 5), 2);
	/* It looks at probabilities before the temperature. */
	set.min_p = 0.3F;
	set.temperature = 100;
	assert_int_equal(possible(&set, five, 5), 2 | 8 | 16);
}

static void typical_p_prefers_what_is_as_surprising_as_expected(void **state)
{
	(void)state;
	/* Entropy of `five` is 1.4150 nats; surprises are 3.00 0.92 2.30 1.39 1.61, so the order is 3 4 1 2 0, and the masses
	 * are 0.25, 0.45, 0.85, 0.95, 1. */
	struct hearth_sampling set = plain(1);
	const struct {
		float p;
		unsigned kept;
	} cases[] = { { 0.2F, 8 }, { 0.3F, 8 | 16 }, { 0.5F, 8 | 16 | 2 }, { 0.9F, 8 | 16 | 2 | 4 }, { 0.96F, 31 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		set.typical_p = cases[i].p;
		assert_int_equal(possible(&set, five, 5), cases[i].kept);
	}
	set.typical_p = 0.3F; /* leaves 0.25 and 0.2, which top_p sees as 0.556 and 0.444 */
	set.top_p = 0.5F;
	assert_int_equal(possible(&set, five, 5), 8);
}

static void penalties_change_each_recent_token_once_or_by_its_count(void **state)
{
	(void)state;
	struct hearth_sampling set = plain(0);
	set.penalty_last = 3;
	set.repeat_penalty = 2;
	struct sampler s;
	struct sampler_room room;
	assert_true(sampler_init(&s, &set, NULL) && sampler_room_init(&room, 4, NULL));
	const int32_t expected[] = { 0, 1, 2, 3, 0, 1 }; /* 8 6 5 4.5: halves are below 4.5; 0 returns when it is 4 back */
	for (size_t i = 0; i < 6; i++) {
		float logits[4] = { 8, 6, 5, 4.5F };
		assert_int_equal(sampler_choose(&s, &room, logits, NULL), expected[i]);
	}
	float logits[4] = { -2, 1, -3, 1.5F }; /* recent are 3, 0, 1 */
	sampler_choose(&s, &room, logits, NULL);
	assert_true(logits[0] == -4 && logits[1] == 0.5F && logits[2] == -3 && logits[3] == 0.75F);
	sampler_clear(&s);

	set.repeat_penalty = 1;
	set.presence_penalty = 1;
	set.frequency_penalty = 0.5F;
	set.penalty_last = 10;
	assert_true(sampler_init(&s, &set, NULL));
	for (int i = 0; i < 2; i++) { /* 5 and then 5 - 1 - 0.5 */
		float peak[4] = { 0, 5, 0, 0 };
		assert_int_equal(sampler_choose(&s, &room, peak, NULL), 1);
		assert_true(peak[1] == (i == 0 ? 5.0F : 3.5F));
	}
	float peak[4] = { 0, 5, 0, 4 }; /* 5 - 1 - 2 * 0.5 = 3 */
	assert_int_equal(sampler_choose(&s, &room, peak, NULL), 3);
	assert_true(peak[1] == 3 && peak[3] == 4);
	sampler_clear(&s);
	sampler_room_clear(&room);
}

static void logits_that_are_not_finite_are_harmless(void **state)
{
	(void)state;
	struct hearth_sampling greedy = plain(0), warm = plain(0.8F);
	warm.top_p = 0.9F;
	warm.min_p = 0.01F;
	warm.typical_p = 0.95F;
	struct sampler s;
	struct sampler_room room;
	assert_true(sampler_room_init(&room, 4, NULL));
	for (int k = 0; k < 2; k++) {
		struct hearth_sampling *set = k ? &warm : &greedy;
		for (uint32_t top_k = 0; top_k < 4; top_k++) {
			set->top_k = top_k;
			assert_true(sampler_init(&s, set, NULL));
			float one[4] = { NAN, -INFINITY, 1, NAN };
			assert_int_equal(sampler_choose(&s, &room, one, NULL), 2);
			float high[4] = { 3, 2, INFINITY, NAN };
			assert_int_equal(sampler_choose(&s, &room, high, NULL), 2);
			float none[4] = { NAN, NAN, NAN, NAN };
			assert_in_range(sampler_choose(&s, &room, none, NULL), 0, 3);
			float low[4] = { -INFINITY, -INFINITY, -INFINITY, -INFINITY };
			assert_in_range(sampler_choose(&s, &room, low, NULL), 0, 3);
			sampler_clear(&s);
		}
	}
	sampler_room_clear(&room);
}

static void a_large_vocabulary_gives_what_a_full_sort_gives(void **state)
{
	(void)state;
	/* Logits of token i: rising to the middle and falling; the most likely 60 are known. */
	float *logits = memory_new(WIDE, sizeof *logits);
	struct sampler s;
	struct sampler_room room;
	assert_true(logits && sampler_room_init(&room, WIDE, NULL));
	struct hearth_sampling set = plain(1);
	for (int kind = 0; kind < 3; kind++) {
		set.top_k = kind == 0 ? 60 : 0;
		set.top_p = kind == 1 ? 0.9F : 1;
		set.min_p = kind == 2 ? 0.5F : 0;
		assert_true(sampler_init(&s, &set, NULL));
		int32_t lowest = WIDE, highest = 0;
		for (int i = 0; i < 300; i++) {
			for (int32_t t = 0; t < WIDE; t++) logits[t] = -0.02F * (float)(t > 100000 ? t - 100000 : 100000 - t);
			int32_t token = sampler_choose(&s, &room, logits, NULL);
			lowest = token < lowest ? token : lowest;
			highest = token > highest ? token : highest;
		}
		/* Half the mass lies on each side: |d| < 30 by rank (60), < 115 by mass (exp(-0.02 d) = 0.1), < 34.7 by ratio. */
		int32_t reach = kind == 0 ? 30 : kind == 1 ? 116 : 35;
		assert_true(lowest >= 100000 - reach && highest <= 100000 + reach);
		assert_true(highest - lowest > reach);
		sampler_clear(&s);
	}
	sampler_room_clear(&room);
	memory_free(logits);
}

static void equal_seeds_give_equal_choices(void **state)
{
	(void)state;
	struct hearth_sampling set = plain(1.3F);
	set.top_k = 4;
	struct sampler a, b, c;
	struct sampler_room room;
	assert_true(sampler_room_init(&room, 5, NULL));
	assert_true(sampler_init(&a, &set, NULL) && sampler_init(&b, &set, NULL));
	set.seed = 6;
	assert_true(sampler_init(&c, &set, NULL));
	int differ = 0;
	for (int i = 0; i < 200; i++) {
		int32_t got[3];
		struct sampler *all[3] = { &a, &b, &c };
		for (int k = 0; k < 3; k++) {
			float logits[5] = { 1, 2, 3, 2, 1 };
			got[k] = sampler_choose(all[k], &room, logits, NULL);
		}
		assert_int_equal(got[0], got[1]);
		differ += got[0] != got[2];
	}
	assert_true(differ > 20);
	sampler_clear(&a);
	sampler_clear(&b);
	sampler_clear(&c);
	sampler_room_clear(&room);
}

static void settings_out_of_range_are_refused_by_name(void **state)
{
	(void)state;
	struct error e;
	struct hearth_sampling set = plain(NAN);
	assert_false(sampler_check(&set, &e));
	assert_non_null(strstr(e.text, "temperature"));
	set = plain(-1);
	assert_false(sampler_check(&set, &e));
	set = plain(1);
	set.top_p = 1.5F;
	assert_false(sampler_check(&set, &e));
	assert_non_null(strstr(e.text, "top_p"));
	set = plain(1);
	set.min_p = NAN;
	assert_false(sampler_check(&set, &e));
	set = plain(1);
	set.repeat_penalty = 0;
	assert_false(sampler_check(&set, &e));
	set = plain(1);
	set.presence_penalty = INFINITY;
	assert_false(sampler_check(&set, &e));
	set = plain(1);
	set.penalty_last = 1U << 30;
	assert_false(sampler_check(&set, &e));
	set = plain(0);
	assert_true(sampler_check(&set, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(temperature_0_takes_the_largest_and_of_equal_ones_the_lowest),
		cmocka_unit_test(choices_come_as_often_as_they_are_likely),
		cmocka_unit_test(top_k_keeps_the_k_most_likely),
		cmocka_unit_test(top_p_keeps_as_many_as_reach_p),
		cmocka_unit_test(min_p_is_measured_against_the_most_likely),
		cmocka_unit_test(typical_p_prefers_what_is_as_surprising_as_expected),
		cmocka_unit_test(penalties_change_each_recent_token_once_or_by_its_count),
		cmocka_unit_test(logits_that_are_not_finite_are_harmless),
		cmocka_unit_test(a_large_vocabulary_gives_what_a_full_sort_gives),
		cmocka_unit_test(equal_seeds_give_equal_choices),
		cmocka_unit_test(settings_out_of_range_are_refused_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
