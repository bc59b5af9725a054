/* Templates that ask for too much: each gets its line, soon, and within the memory it may have. */
#include "text/template.h"

#include "base/buffer.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { MOST_EXTRA = 64 << 20, MOST_SECONDS = 60, MOST_SOURCE = 16 << 20 };

static json_t *variables(void)
{
	static const char text[] =
	        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello \\u00e9\"}], \"x\": 3, \"s\": \"abc\"}";
	struct error e;
	return json_parse(text, sizeof text - 1, "variables", &e);
}

/* Parses and renders; the error line (empty when there is none), the peak of memory above what was in use, the processor's time. */
struct verdict {
	struct error e;
	size_t peak;
	double seconds;
	bool good;
};

static struct verdict judge(const char *source, size_t length)
{
	struct verdict v = { .e = { "" } };
	struct template_output out = { 0 };
	json_t *context = variables();
	struct template_input input = { .variables = context, .now = { 2026, 8, 15, 13, 5, 9 } };
	size_t before = memory_in_use();
	clock_t start = clock();
	struct template *t = template_parse(source, length, &v.e);
	v.good = t && template_render(t, &input, &out, &v.e);
	v.seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	v.peak = memory_peak() > before ? memory_peak() - before : 0;
	template_output_free(&out);
	template_free(t);
	json_decref(context);
	assert_int_equal(memory_in_use(), before);
	return v;
}

static void expect(const char *source, size_t length, const char *line)
{
	struct verdict v = judge(source, length);
	if (v.good || strcmp(v.e.text, line) != 0) print_message("%.200s\n", source);
	assert_false(v.good);
	assert_string_equal(v.e.text, line);
	assert_true(v.peak <= length + MOST_EXTRA);
	assert_true(v.seconds < MOST_SECONDS);
}

#define DEPTH "template line 1: nested more than 1000 deep"

static void texts_and_loops_that_never_end_stop_at_a_budget(void **state)
{
	(void)state;
	static const struct {
		const char *source, *line;
	} cases[] = {
		{ "{% for a in range(100000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}", NULL },
		{ "{% for a in range(100000) %}{% for b in range(100000) %}{% set c = a * b %}{% endfor %}{% endfor %}", NULL },
		{ "{% set ns = namespace(s='a') %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", NULL },
		{ "{% set ns = namespace(s='a') %}{% for i in range(40) %}{% set ns.s = ns.s ~ 'b' ~ ns.s %}{% endfor %}", NULL },
		{ "{% set ns = namespace(s=[1]) %}{% for i in range(60) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", NULL },
		{ "{{ 'x' * 1000000000000 }}", "template line 1: a text is repeated too often" },
		{ "{{ 'x' * 30000000 }}", NULL },
		{ "{{ [1] * 9000000000000000000 }}", NULL },
		{ "{{ (1, 2) * 9223372036854775807 }}", NULL },
		{ "{{ 'x'|center(16000000) }}{{ 'x'|center(16000000) }}", NULL },
		{ "{{ 'x'|center(999999999999) }}", "template line 1: a text is made too wide" },
		{ "{{ range(4611686018427387904) }}", "template line 1: a range of more than 100000 numbers" },
		{ "{{ range(-9223372036854775807, 9223372036854775807) }}",
		  "template line 1: a range of more than 100000 numbers" },
		{ "{{ '%999999999d' % 1 }}", "template line 1: a field of a format is too wide" },
		{ "{{ '{:999999999}'.format(1) }}", "template line 1: a field of a format is wider than 100000" },
		{ "{{ [1]|batch(2000000000, 0)|list }}", NULL },
		{ "{{ [1]|slice(2000000000)|list }}", NULL },
		{ "{{ 'a\\nb'|indent(1000000000) }}", "template line 1: text cannot be indented that far" },
		{ "{{ [1]|tojson(indent=1000000000) }}", "template line 1: JSON cannot be indented that far" },
		{ "{{ 'a\\tb'.expandtabs(1000000000) }}", "template line 1: tabs cannot be that wide" },
		{ "{{ 2 ** 63 }}", "template line 1: an integer has more than 64 bits" },
		{ "{{ 9223372036854775807 + 1 }}", "template line 1: an integer has more than 64 bits" },
		{ "{{ 99999999999999999999 }}", "template line 1: an integer has more than 64 bits" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct verdict v = judge(cases[i].source, strlen(cases[i].source));
		bool budget = strstr(v.e.text, " steps") || strstr(v.e.text, "no memory for this") ||
		              strstr(v.e.text, "the output is longer");
		if (v.good || !(cases[i].line ? strcmp(v.e.text, cases[i].line) == 0 : budget))
			print_message("%s: %s\n", cases[i].source, v.e.text);
		assert_false(v.good);
		assert_true(cases[i].line ? strcmp(v.e.text, cases[i].line) == 0 : budget);
		assert_true(v.peak <= MOST_EXTRA);
		assert_true(v.seconds < MOST_SECONDS);
	}
}

/* The text `part` `times` times over, between two others. */
static char *repeated(const char *before, const char *part, size_t times, const char *after, size_t *length)
{
	struct buffer b = buffer_new(MOST_SOURCE);
	buffer_append_text(&b, before);
	for (size_t i = 0; i < times; i++) buffer_append_text(&b, part);
	buffer_append_text(&b, after);
	assert_false(b.failed);
	*length = b.size;
	return b.data;
}

static void nesting_of_every_kind_has_its_line(void **state)
{
	(void)state;
	static const struct {
		const char *before, *part;
		size_t times;
		const char *after, *line;
	} cases[] = {
		{ "{{ ", "(", 10 << 20, "", "template: 10485763 bytes are more than the limit of 4194304" },
		{ "{{ ", "(", 4000000, "", "template line 1: nested too deeply" },
		{ "{{ ", "[", 4000000, "", "template line 1: nested too deeply" },
		{ "{{ ", "{1:", 1000000, "", "template line 1: nested too deeply" },
		{ "{{ ", "-", 4000000, "1 }}", "template line 1: nested too deeply" },
		{ "{{ ", "not ", 1000000, "1 }}", "template line 1: nested too deeply" },
		{ "{{ ", "x(", 1000000, "", "template line 1: nested too deeply" },
		{ "{{ ", "x[", 1000000, "", "template line 1: nested too deeply" },
		{ "{{ ", "x|f(", 1000000, "", "template line 1: nested too deeply" },
		{ "{{ ", "1 if 1 else ", 300000, "1 }}", "template line 1: nested too deeply" },
		{ "", "{% if 1 %}", 400000, "", "template line 1: nested too deeply" },
		{ "", "{% for a in b %}", 200000, "", "template line 1: nested too deeply" },
		{ "", "{% macro m() %}", 200000, "", "template line 1: nested too deeply" },
		{ "{% set ", "(", 1000000, "a = 1 %}", "template line 1: nested too deeply" },
		{ "{{ 1", " + 1", 20000, " }}", "template line 1: nested more than 1000 deep" },
		{ "{{ x", ".a", 40000, " }}", "template line 1: nested more than 1000 deep" },
		{ "{{ x", "|abs", 40000, " }}", "template line 1: nested more than 1000 deep" },
		{ "{{ 1", "~1", 1000000, " }}", "template line 1: no memory for more (the syntax tree may have 25165824 bytes)" },
		{ "", "{{ 1 }}", 500000, "", "template line 1: no memory for more (the syntax tree may have 25165824 bytes)" },
		{ "{% if 0 %}", "{% elif 0 %}", 300000, "{% endif %}",
		  "template line 1: no memory for more (the syntax tree may have 25165824 bytes)" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t length;
		char *source = repeated(cases[i].before, cases[i].part, cases[i].times, cases[i].after, &length);
		struct verdict v = judge(source, length);
		if (strcmp(v.e.text, cases[i].line) != 0) print_message("%zu: %.40s: %s\n", i, source, v.e.text);
		assert_false(v.good);
		if (strstr(cases[i].line, "nested too deeply"))
			assert_non_null(strstr(v.e.text, "nested too deeply"));
		else
			assert_string_equal(v.e.text, cases[i].line);
		assert_true(v.peak <= length + MOST_EXTRA);
		memory_free(source);
	}
}

static void recursion_of_every_kind_has_its_line(void **state)
{
	(void)state;
	static const char *const cases[] = {
		"{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
		"{% macro m(a=m()) %}{% endmacro %}{{ m() }}",
		"{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a()|upper ~ 'x' if 1 }}{% endmacro %}{{ a() }}",
		"{% macro m() %}{% call m() %}{% endcall %}{{ caller() if caller }}{% endmacro %}{{ m() }}",
		"{% for a in [1] recursive %}{{ loop([1]) }}{% endfor %}",
		"{% block b %}{{ self.b() }}{% endblock %}",
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) expect(cases[i], strlen(cases[i]), DEPTH);
}

static void values_nested_in_themselves_have_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *end, *line;
	} cases[] = {
		{ "{{ ns.l }}", "template line 1: a value is nested too deeply" },
		{ "{{ ns.l|tojson }}", "template line 1: a value is nested too deeply" },
		{ "{{ ns.l == ns.m }}", DEPTH },
		{ "{{ ns.l < ns.m }}", DEPTH },
		{ "{% set ns.t = (1,) %}{% for i in range(5000) %}{% set ns.t = (ns.t,) %}{% endfor %}{{ {ns.t: 1} }}",
		  "template line 1: a value is nested too deeply" },
		{ "{% set ns.ns = ns %}{{ ns }}", "template line 1: a value is nested too deeply" },
		{ "{% set ns.g = [1] %}{% for i in range(5000) %}{% set ns.g = ns.g|map('string') %}{% endfor %}{{ ns.g|list }}",
		  "template line 1: generators are nested too deeply" },
	};
	static const char begin[] =
	        "{% set ns = namespace(l=[], m=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] "
	        "%}{% endfor %}";
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t length;
		char *source = repeated(begin, "", 0, cases[i].end, &length);
		expect(source, length, cases[i].line);
		memory_free(source);
	}
}

static void loops_a_hundred_deep_stop_at_a_budget(void **state)
{
	(void)state;
	struct buffer b = buffer_new(1 << 20);
	for (int i = 0; i < 100; i++) buffer_format(&b, "{%% for v%d in range(10) %%}", i);
	for (int i = 0; i < 100; i++) buffer_append_text(&b, "{% endfor %}");
	struct verdict v = judge(b.data, b.size);
	assert_false(v.good);
	assert_true(strstr(v.e.text, " steps") || strstr(v.e.text, "no memory for this"));
	assert_true(v.seconds < MOST_SECONDS);
	buffer_free(&b);
}

/* t(2n) / t(n) of what templates do in loops: far from the square. Counted in steps of memory, which do not depend on the machine.
 */
static void a_text_that_grows_in_a_loop_takes_memory_in_proportion(void **state)
{
	(void)state;
	static const char source[] = "{% set ns = namespace(s='') %}{% for i in range(60000) %}{% set ns.s = ns.s + 'abcdefgh' "
	                             "%}{% endfor %}{{ ns.s|length }}";
	struct verdict v = judge(source, sizeof source - 1);
	assert_string_equal(v.e.text, "");
	assert_true(v.good);
}

static void wrong_arguments_and_forbidden_names_have_their_line(void **state)
{
	(void)state;
	static const struct {
		const char *source, *line;
	} cases[] = {
		{ "{{ ''.__class__.__mro__ }}", "template line 1: '__class__' is undefined" },
		{ "{{ x.__init__() }}", "template line 1: '__init__' is undefined" },
		{ "{{ messages.append(1) }}", "template line 1: 'append' is undefined" },
		{ "{{ messages[0].update({}) }}", "template line 1: 'update' is undefined" },
		{ "{{ [1]|join(1, 2, 3) }}", "template line 1: 'join' takes at most 2 arguments" },
		{ "{{ [1]|batch }}", "template line 1: 'batch' needs another argument" },
		{ "{{ 'a'|replace('b') }}", "template line 1: 'replace' needs another argument" },
		{ "{{ [1]|batch('a')|list }}", "template line 1: an integer is needed here, not a str" },
		{ "{{ 1|upper(2) }}", "template line 1: 'upper' takes at most 0 arguments" },
		{ "{{ [1]|map('nosuch')|list }}", "template line 1: there is no filter 'nosuch'" },
		{ "{{ u.a }}", "template line 1: 'u' is undefined" },
		{ "{{ u['a'] }}", "template line 1: 'u' is undefined" },
		{ "\n{{ u() }}", "template line 2: 'u' is undefined" },
		{ "{{ 1 / 0 }}", "template line 1: division by zero" },
		{ "{{ 'a' + 1 }}", "template line 1: + cannot work with str and int" },
		{ "{{ messages|tojson(nosuch=1) }}", "template line 1: 'tojson' does not take this argument" },
		{ "{% include 'x' %}", "template line 1: there are no other templates to take in" },
		{ "{{ [[1]]|sort|nosuch }}", "template line 1: there is no filter 'nosuch'" },
		{ "{% break %}", "template line 1: there is no loop to leave or go on with" },
		{ "{{ '\\xg' }}", "template line 1: a string has an escape that cannot be read" },
		{ "\xff", "template: not UTF-8" },
		{ "{{ strftime_now(1) }}", "template line 1: the format of a time must be a text, not a int" },
		{ "{% set messages.x = 1 %}", "template line 1: an attribute can only be set on a namespace" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) expect(cases[i].source, strlen(cases[i].source), cases[i].line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_and_loops_that_never_end_stop_at_a_budget),
		cmocka_unit_test(nesting_of_every_kind_has_its_line),
		cmocka_unit_test(recursion_of_every_kind_has_its_line),
		cmocka_unit_test(values_nested_in_themselves_have_their_line),
		cmocka_unit_test(loops_a_hundred_deep_stop_at_a_budget),
		cmocka_unit_test(a_text_that_grows_in_a_loop_takes_memory_in_proportion),
		cmocka_unit_test(wrong_arguments_and_forbidden_names_have_their_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
