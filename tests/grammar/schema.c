/* schema: what documents a schema lets through, what is refused by name, and that nothing invalid is ever made. */
#include "walk.h"

#include "base/memory.h"
#include "format/json.h"

#define S grammar_from_schema

static void numbers_keep_their_bounds(void **state)
{
	(void)state;
	const char *mixed = "{\"type\":\"number\",\"minimum\":-1.5,\"exclusiveMaximum\":2.25}";
	walk_all(S, mixed, WALK("-1.5", "-1.50", "0", "1", "2", "2.24", "2.249999", "-0.5", "-1"), true);
	walk_all(S, mixed, WALK("-1.51", "-2", "2.25", "2.250", "3", "10", "-10", "00", "01", "1.", ".5", "1e1"), false);
	const char *whole = "{\"type\":\"integer\",\"exclusiveMinimum\":9,\"maximum\":1010}";
	walk_all(S, whole, WALK("10", "99", "100", "999", "1000", "1010"), true);
	walk_all(S, whole, WALK("9", "0", "1011", "1100", "-10", "10.0", "5000"), false);
	const char *negative = "{\"type\":\"integer\",\"minimum\":-120,\"maximum\":-7}";
	walk_all(S, negative, WALK("-7", "-8", "-99", "-100", "-120"), true);
	walk_all(S, negative, WALK("-6", "0", "7", "-121", "-200", "-1000"), false);
	const char *positive = "{\"type\":\"number\",\"exclusiveMinimum\":0}";
	walk_all(S, positive, WALK("1", "0.001", "15", "0.00000000000001"), true);
	walk_all(S, positive, WALK("0", "0.0", "-1", "-0"), false);
	walk_all(S, "{\"type\":\"number\"}", WALK("0", "-1.5e-10", "123456789012345", "1E5"), true);
}

static void strings_keep_lengths_patterns_and_formats(void **state)
{
	(void)state;
	const char *length = "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}";
	walk_all(S, length, WALK("\"ab\"", "\"\xC3\xA4\xC3\xB6\xC3\xBC\"", "\"\\u00e9\\n\"", "\"\\ud83d\\ude00x\""), true);
	walk_all(S, length, WALK("\"a\"", "\"abcd\"", "\"\\ud800x\"", "\"\\\"\"", "\"a\nb\"", "ab"), false);
	const char *pattern = "{\"type\":\"string\",\"pattern\":\"^[a-c]+\\\\d{2,3}$\"}";
	walk_all(S, pattern, WALK("\"a12\"", "\"abc123\""), true);
	walk_all(S, pattern, WALK("\"12\"", "\"a1\"", "\"a1234\"", "\"xa12\""), false);
	walk_all(S, "{\"type\":\"string\",\"pattern\":\"b|^x\\\"$\"}", WALK("\"b\"", "\"abc\"", "\"\\n\\u00e9b\"", "\"x\\\"\""),
	         true);
	walk_all(S, "{\"type\":\"string\",\"pattern\":\"b|^x\\\"$\"}", WALK("\"a\"", "\"x\"", "\"ax\\\"\""), false);
	const char *date = "{\"type\":\"string\",\"format\":\"date\"}";
	walk_all(S, date, WALK("\"2024-02-29\"", "\"2023-12-31\"", "\"2000-02-29\"", "\"0096-02-29\""), true);
	walk_all(S, date, WALK("\"2023-02-29\"", "\"1900-02-29\"", "\"2023-04-31\"", "\"2023-13-01\"", "\"2023-1-01\""), false);
}

static void objects_name_each_member_once(void **state)
{
	(void)state;
	const char *open = "{\"properties\":{\"a\":{\"type\":\"integer\"},\"ab\":{}},\"additionalProperties\":{\"type\":\"null\"}}";
	walk_all(S, open, WALK("{}", "{\"a\":1}", "{\"b\":null}", "{\"a\": 1,\"ab\":[1],\n\"abc\":null,\"x\":null}", "{\"\":null}"),
	         true);
	walk_all(S, open, WALK("{\"a\":null}", "{\"b\":1}", "{\"a\":1,\"a\":null}", "{\"\\u0061\":null}", "{\"ab\":1,\"a\":1}"),
	         false);
	const char *closed = "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"enum\":[\"x\",null]},\"c\":{}},"
	                     "\"required\":[\"b\"],"
	                     "\"additionalProperties\":false}";
	walk_all(S, closed, WALK("{\"b\":\"x\"}", "{\"a\":1,\"b\":null}", "{ \"b\": null, \"c\": {\"d\": [true]} }"), true);
	walk_all(S, closed, WALK("{}", "{\"a\":1}", "{\"b\":1}", "{\"b\":null,}", "{,\"b\":null}", "{\"b\":null,\"d\":1}"), false);
}

static void arrays_keep_their_places_and_counts(void **state)
{
	(void)state;
	const char *list =
	        "{\"type\":\"array\",\"prefixItems\":[{\"type\":\"null\"},{\"type\":\"boolean\"}],\"items\":{\"type\":\"integer\"},"
	        "\"minItems\":1,\"maxItems\":4}";
	walk_all(S, list, WALK("[null]", "[null,true]", "[null, false, 1,2]"), true);
	walk_all(S, list, WALK("[]", "[true]", "[null,1]", "[null,true,1,2,3]", "[null,]"), false);
	walk_all(S, "{\"type\":\"array\",\"items\":{\"const\":0},\"minItems\":2}", WALK("[0,0]", "[0,0,0,0]"), true);
	walk_all(S, "{\"type\":\"array\",\"items\":{\"const\":0},\"minItems\":2}", WALK("[0]", "[]"), false);
}

static void references_and_alternatives_are_followed(void **state)
{
	(void)state;
	const char *list = "{\"$defs\":{\"a/"
	                   "b\":{\"type\":\"object\",\"properties\":{\"v\":{\"type\":\"integer\"},\"next\":{\"anyOf\":[{\"$ref\":"
	                   "\"#/$defs/"
	                   "a~1b\"},{\"type\":\"null\"}]}},\"required\":[\"v\",\"next\"],\"additionalProperties\":false}},\"$ref\":"
	                   "\"#/$defs/a%7E1b\"}";
	walk_all(S, list, WALK("{\"v\":1,\"next\":{\"v\":2,\"next\":null}}"), true);
	walk_all(S, list, WALK("{\"v\":1,\"next\":{\"v\":2}}", "null"), false);
	const char *all = "{\"allOf\":[{\"type\":\"object\",\"properties\":{\"a\":{\"minimum\":3}},\"required\":[\"a\"]},{"
	                  "\"properties\":{\"a\":{\"type\":"
	                  "\"integer\",\"maximum\":5},\"b\":{\"type\":\"null\"}}}]}";
	walk_all(S, all, WALK("{\"a\":3}", "{\"a\":5,\"b\":null}"), true);
	walk_all(S, all, WALK("{}", "{\"a\":2}", "{\"a\":6}", "{\"a\":4.5}"), false);
	const char *kinds = "{\"oneOf\":[{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"a\"},\"n\":{\"type\":"
	                    "\"integer\"}},\"required\":[\"kind\",\"n\"]},"
	                    "{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"b\"}},\"required\":[\"kind\"]}]}";
	walk_all(S, kinds, WALK("{\"kind\":\"a\",\"n\":1}", "{\"kind\":\"b\"}"), true);
	walk_all(S, kinds, WALK("{\"kind\":\"a\"}", "{\"kind\":\"b\",\"n\":1}"), false);
}

static void what_is_not_understood_is_named(void **state)
{
	(void)state;
	walk_refused(S, "{\"not\":{}}", "schema: the keyword 'not' is not supported");
	walk_refused(S, "{\"properties\":{\"a\":{\"patternProperties\":{}}}}",
	             "schema: the keyword 'patternProperties' is not supported");
	walk_refused(S, "{\"frobnicate\":1}", "schema: the keyword 'frobnicate' is not supported");
	walk_refused(S, "{\"type\":\"string\",\"format\":\"regex\"}", "schema: the format 'regex' is not supported");
	walk_refused(S, "{\"type\":\"string\",\"pattern\":\"(?=a)\"}", "schema: pattern '(?=a)': looking around is not supported");
	walk_refused(S, "{\"$ref\":\"https://example.org/x\"}",
	             "schema: $ref 'https://example.org/x': only references into the same schema (#/...) are followed");
	walk_refused(S, "{\"$ref\":\"#/a\"}", "schema: $ref '#/a' leads nowhere");
	walk_refused(S, "{\"oneOf\":[{\"type\":\"integer\"},{\"minimum\":2}]}",
	             "schema: oneOf: its alternatives 1 and 2 may both fit, which is not supported; use anyOf");
	walk_refused(S, "{\"allOf\":[{\"$ref\":\"#\"}]}", "schema: '$ref' leads back to itself before a character has passed");
	walk_refused(S, "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#\"}},\"required\":[\"a\"]}",
	             "schema: no text can ever meet it");
	walk_refused(S, "{\"minLength\":-1}", "schema: 'minLength' must be a whole number from 0");
	walk_refused(S, "[]", "schema: a schema must be an object, true or false");
	walk_refused(S, "false", "schema: no text can ever meet it");
}

/* What is made by chance is JSON, whatever the schema. */
static void what_is_made_is_json(void **state)
{
	(void)state;
	static const char *const schemas[] = {
		"true",
		"{\"type\":[\"object\",\"array\"]}",
		"{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"number\"}},"
		"\"additionalProperties\":{\"type\":\"string\"}}",
		"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"pattern\":\"[^a-z]{3}.\"}}",
		"{\"type\":\"array\",\"items\":{\"type\":\"number\",\"minimum\":-0.125,\"maximum\":1e6}}",
	};
	uint64_t seed = 1;
	for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
		struct error e;
		struct grammar *g = S(schemas[i], strlen(schemas[i]), &e);
		assert_non_null(g);
		struct automaton *a = automaton_new(g, (size_t)16 << 20, &e);
		int made = 0;
		for (int n = 0; n < 200; n++) {
			struct buffer out = buffer_new(1 << 16);
			if (walk_make(a, &seed, 400, &out)) {
				json_t *value = json_parse(buffer_text(&out), out.size, "made", &e);
				if (!value && !strstr(e.text, "duplicate")) fail_msg("%s: %s", buffer_text(&out), e.text);
				json_decref(value);
				made++;
			}
			buffer_free(&out);
		}
		assert_true(made > 20);
		automaton_free(a);
		grammar_free(g);
	}
}

/* Parts that must all hold, or must differ, cost the product of their sizes; it ends with a line before it takes long. */
static void what_is_joined_has_a_limit(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		for (int n = 50; n <= 19000; n += 18950) {
			struct buffer b = buffer_new(4 << 20);
			struct error e;
			buffer_append_text(&b, i == 1 ? "{\"oneOf\":[" : "{\"allOf\":[");
			for (int k = 0; k < n; k++) {
				if (k) buffer_append_byte(&b, ',');
				if (i == 0) buffer_format(&b, "{\"properties\":{\"a%d\":{\"type\":\"integer\"}}}", k);
				if (i == 1) buffer_format(&b, "{\"const\":%d}", k);
				if (i == 2) buffer_format(&b, "{\"required\":[\"a%d\",\"b\"]}", k);
			}
			buffer_append_text(&b, "]}");
			struct grammar *g = S(buffer_text(&b), b.size, &e);
			if (n == 50 && !g) fail_msg("%s", e.text);
			assert_int_equal(g != NULL, n == 50);
			if (!g)
				assert_string_equal(
				        e.text,
				        "schema: joining and comparing its parts takes too long; make allOf, anyOf or oneOf "
				        "smaller");
			grammar_free(g);
			buffer_free(&b);
		}
	}
}

static void failing_memory_is_a_line(void **state)
{
	(void)state;
	static const char source[] = "{\"type\":\"object\",\"properties\":{\"a\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":"
	                             "\"integer\",\"minimum\":3}]}}}";
	for (uint64_t n = 1;; n++) {
		struct error e;
		memory_fail_at(n, false);
		struct grammar *g = S(source, sizeof source - 1, &e);
		struct automaton *a = g ? automaton_new(g, WALK_MEMORY, &e) : NULL;
		bool fits = a && walk_fits(a, "{\"a\":\"x\"}", 9);
		bool reached = memory_fail_at(0, false) == 0;
		if (!reached) assert_true(fits);
		automaton_free(a);
		grammar_free(g);
		if (!reached) break;
		assert_true(n < 5000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_keep_their_bounds),
		cmocka_unit_test(strings_keep_lengths_patterns_and_formats),
		cmocka_unit_test(objects_name_each_member_once),
		cmocka_unit_test(arrays_keep_their_places_and_counts),
		cmocka_unit_test(references_and_alternatives_are_followed),
		cmocka_unit_test(what_is_not_understood_is_named),
		cmocka_unit_test(what_is_made_is_json),
		cmocka_unit_test(what_is_joined_has_a_limit),
		cmocka_unit_test(failing_memory_is_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
