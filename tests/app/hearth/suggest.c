/* suggest: the verdicts, and which ONE model is recommended. */
#include "app/hearth/suggest.h"

#include "base/memory.h"
#include "format/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint64_t GB = 1000000000;
static struct suggest s;
static const struct catalogue_row thinker = { .pull = "a/b:t.gguf",
	                                      .file = "t.gguf",
	                                      .title = "T",
	                                      .good_at = "x",
	                                      .licence = "y",
	                                      .sha256 = "",
	                                      .thinks = true },
                                  talker = { .pull = "a/b:c.gguf",
	                                     .file = "c.gguf",
	                                     .title = "C",
	                                     .good_at = "x",
	                                     .licence = "y",
	                                     .sha256 = "" };

static void begin(double memory, double bandwidth)
{
	memory_free(s.rows);
	s = (struct suggest){ .rows = memory_new(SUGGEST_MOST, sizeof *s.rows),
		              .memory = (uint64_t)(memory * (double)GB),
		              .free = (uint64_t)(memory * 0.8 * (double)GB),
		              .threads = 4,
		              .bandwidth = bandwidth * (double)GB };
	assert_non_null(s.rows);
}

/* A model of so many GB with a billion parameters for each; `here` NULL: to fetch. */
static size_t add(const char *here, double size, const struct catalogue_row *known)
{
	struct suggest_row *r = &s.rows[s.n];
	*r = (struct suggest_row){ .known = known,
		                   .source = here ? here : "to fetch",
		                   .bytes = (uint64_t)(size * (double)GB),
		                   .kv = GB / 10,
		                   .scratch = GB / 10,
		                   .token = (uint64_t)(size * (double)GB),
		                   .parameters = (uint64_t)(size * (double)GB),
		                   .context = 4096,
		                   .talks = true };
	snprintf(r->name, sizeof r->name, "%s", known ? known->pull : "some");
	snprintf(r->title, sizeof r->title, "model %zu", s.n);
	if (here) snprintf(r->path, sizeof r->path, "/models/%zu.gguf", s.n);
	return s.n++;
}

static void expect(size_t row)
{
	suggest_judge(&s);
	assert_int_equal(s.recommended, row);
}

static void memory_and_speed_decide(void **state)
{
	(void)state;
	begin(16, 20);
	add("built-in", 0.01, NULL);
	size_t small = add(NULL, 1, &talker), fast = add(NULL, 3, &talker), slow = add(NULL, 4, &talker),
	       large = add(NULL, 14, &talker), huge = add(NULL, 40, &talker);
	expect(fast); /* 20 / 4 is slower than one reads */
	assert_int_equal(s.rows[small].memory, GB + GB / 5);
	assert_true(s.rows[slow].speed > 4.99 && s.rows[slow].speed < 5.01);
	assert_int_equal(s.rows[fast].fit, SUGGEST_FITS);
	assert_int_equal(s.rows[large].fit, SUGGEST_TIGHT);
	assert_int_equal(s.rows[huge].fit, SUGGEST_TOO_LARGE);
	s.bandwidth *= 10;
	expect(slow);
	s.memory = 5 * GB; /* half of it */
	s.free = 5 * GB;
	expect(small);
	s.bandwidth = GB / 10; /* all are slow: the smallest, and not the built-in one */
	expect(small);
	s.bandwidth = 0; /* not known: memory alone decides */
	expect(small);
}

static void one_that_thinks_has_to_be_faster(void **state)
{
	(void)state;
	begin(32, 20);
	size_t plain = add(NULL, 2, &talker), thinks = add(NULL, 2.5, &thinker);
	expect(plain);
	s.bandwidth = 40e9;
	expect(thinks);
}

static void nobody_waits_longer_than_half_an_hour(void **state)
{
	(void)state;
	begin(64, 500);
	size_t small = add(NULL, 5, &talker), large = add(NULL, 20, &talker);
	expect(small);
	s.rate = 50e6;
	expect(large);
	assert_true(s.rows[large].fetch_seconds > 399 && s.rows[large].fetch_seconds < 401);
	s.rate = 1e6;
	expect(SUGGEST_NONE);
	add("built-in", 0.01, NULL);
	expect(2);
}

static void what_is_here_comes_first(void **state)
{
	(void)state;
	begin(32, 100);
	add("built-in", 0.01, NULL);
	size_t there = add(NULL, 5, &talker), tiny = add("Ollama", 0.5, NULL);
	expect(there); /* a tenth of it is no match */
	size_t here = add("LM Studio", 2.5, NULL);
	expect(here);
	s.rows[here].talks = false; /* one for embeddings */
	expect(there);
	s.rows[here].talks = true;
	s.rows[here].fit = SUGGEST_CANNOT;
	expect(there);
	s.rows[there].fit = SUGGEST_CANNOT;
	expect(tiny);
}

static void programs_get_json(void **state)
{
	(void)state;
	struct error e;
	struct buffer out = buffer_new(1 << 16);
	begin(16, 20);
	add("Ollama", 2, NULL);
	snprintf(s.rows[0].name, sizeof s.rows[0].name, "evil\"\n\033[31m");
	add(NULL, 3, &thinker);
	suggest_judge(&s);
	assert_true(suggest_json(&out, &s));
	json_t *all = json_parse(out.data, out.size, "out", &e);
	if (!all) fail_msg("%s", e.text);
	json_t *first = json_array_get(json_object_get(all, "models"), 0),
	       *second = json_array_get(json_object_get(all, "models"), 1);
	assert_true(json_is_true(json_object_get(first, "recommended")));
	assert_string_equal(json_string_value(json_object_get(first, "name")), s.rows[0].name);
	assert_true(json_is_null(json_object_get(second, "fetch_seconds")));
	assert_string_equal(json_string_value(json_object_get(second, "pull")), "a/b:t.gguf");
	assert_true(json_is_true(json_object_get(second, "thinks")));
	json_decref(all);
	buffer_clear(&out);
	assert_true(suggest_describe(&out, &s, "hearth", false));
	assert_null(strchr(buffer_text(&out), 033));
	assert_non_null(strstr(buffer_text(&out),
	                       "memory 2.0 GB file + 100 MB for 4,096 tokens of context + 100 MB to work = 2.2 GB: it fits"));
	assert_non_null(
	        strstr(buffer_text(&out), "speed  20.0 GB/s / 2.0 GB for each token = at most 10 tokens (7.5 words) a second"));
	buffer_free(&out);
	memory_free(s.rows);
	s.rows = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_and_speed_decide),
		cmocka_unit_test(one_that_thinks_has_to_be_faster),
		cmocka_unit_test(nobody_waits_longer_than_half_an_hour),
		cmocka_unit_test(what_is_here_comes_first),
		cmocka_unit_test(programs_get_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
