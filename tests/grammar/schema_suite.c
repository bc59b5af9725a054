/*
 * schema_suite: the public suite of JSON Schema (../shared/json-schema): what a schema refuses, its automaton never takes, and what
 * is not understood is refused by a keyword's name; and schemas made by chance, all of which are taken.
 *
 * With HEARTH_SCHEMA_OUT=FILE it writes the schemas that were taken, each with documents that their automata made, for an
 * independent validator (tests/long/schemas.sh).
 */
#include "../testdata.h"
#include "walk.h"

#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

enum { DOCUMENTS = 12, LONGEST = 3000, MADE_SCHEMAS = 200 };

static FILE *made; /* NULL: none is wanted */
static unsigned n_schemas, n_taken, n_refused, n_wrong;

/* ---- documents of one schema ---- */

static void write_documents(const char *source, struct automaton *a)
{
	uint64_t seed = 12345;
	unsigned n = 0;
	if (!made) return;
	fprintf(made, "{\"schema\": %s, \"documents\": [", source);
	for (unsigned i = 0; i < 6 * DOCUMENTS && n < DOCUMENTS; i++) {
		struct buffer b = buffer_new(2 * LONGEST), quoted = buffer_new(16 * LONGEST);
		if (walk_make(a, &seed, LONGEST, &b) && json_write_text(&quoted, buffer_text(&b), b.size))
			fprintf(made, "%s%s", n++ ? ", " : "", buffer_text(&quoted));
		buffer_free(&b);
		buffer_free(&quoted);
	}
	fprintf(made, "]}\n");
}

/* A schema that is taken must keep out what the suite says is wrong; whatever of the right it keeps out too, it makes less of. */
static void check_documents(struct automaton *a, const json_t *tests, const char *where)
{
	size_t i;
	const json_t *test;
	json_array_foreach((json_t *)(uintptr_t)tests, i, test)
	{
		struct buffer b = buffer_new(1 << 20);
		json_write_value(&b, json_object_get(test, "data"));
		bool fits = walk_fits(a, buffer_text(&b), b.size);
		if (fits && json_is_false(json_object_get(test, "valid"))) {
			print_message("%s: takes %s\n", where, buffer_text(&b));
			n_wrong++;
		}
		buffer_free(&b);
	}
}

/* Whether a line says what is refused: a keyword of JSON Schema or a reference between quotes, or that nothing can meet it. */
static bool names_something(const char *line)
{
	return strncmp(line, "schema: ", 8) == 0 &&
	       (strchr(line, '\'') || strstr(line, "oneOf") || strstr(line, "no text can ever meet it") ||
	        strstr(line, "pattern") || strstr(line, "nested too deep"));
}

static bool check_schema(const json_t *schema, const json_t *tests, const char *where)
{
	struct buffer source = buffer_new(1 << 20);
	struct error e;
	assert_true(json_write_value(&source, schema));
	struct grammar *g = grammar_from_schema(buffer_text(&source), source.size, &e);
	struct automaton *a = g ? automaton_new(g, 16 << 20, &e) : NULL;
	n_schemas++;
	if (!g) {
		n_refused++;
		if (!names_something(e.text)) {
			print_message("%s: %s\n", where, e.text);
			n_wrong++;
		}
	} else {
		assert_non_null(a);
		n_taken++;
		check_documents(a, tests, where);
		write_documents(buffer_text(&source), a);
	}
	automaton_free(a);
	grammar_free(g);
	buffer_free(&source);
	return g != NULL;
}

static void check_file(const char *dir, const char *name)
{
	char path[1400];
	struct error e;
	size_t length, i;
	const json_t *group;
	snprintf(path, sizeof path, "%.1000s/%.300s", dir, name);
	char *text = file_read(path, 1 << 24, &length, &e);
	json_t *groups = text ? json_parse(text, length, name, &e) : NULL;
	assert_non_null(groups);
	json_array_foreach(groups, i, group)
	{
		char where[512];
		snprintf(where, sizeof where, "%.200s: %.200s", name, json_string_value(json_object_get(group, "description")));
		check_schema(json_object_get(group, "schema"), json_object_get(group, "tests"), where);
	}
	json_decref(groups);
	memory_free(text);
}

static void the_suite_is_kept(void **state)
{
	(void)state;
	const char *dir = testdata("json-schema/draft2020-12");
	if (!dir) skip();
	DIR *d = opendir(dir);
	assert_non_null(d);
	n_schemas = n_taken = n_refused = n_wrong = 0;
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		if (strstr(entry->d_name, ".json")) check_file(dir, entry->d_name);
	}
	closedir(d);
	print_message("# of %u schemas %u are taken, %u refused by name\n", n_schemas, n_taken, n_refused);
	assert_int_equal(n_wrong, 0);
	assert_true(n_taken >= 147);
}

/* ---- schemas by chance ---- */

static uint64_t chance_state;

static unsigned chance(unsigned n)
{
	chance_state = chance_state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((chance_state >> 33) % n);
}

static json_t *some_schema(unsigned depth);

static json_t *some_string(void)
{
	static const char *const patterns[] = { "^[a-c]{2,4}$", "^x[0-9]+$", "^(red|green)-\\d$", "^\\w+@\\w+$" };
	static const char *const formats[] = { "date", "time", "date-time", "uuid", "ipv4", "email", "hostname", "duration" };
	switch (chance(5)) {
	case 0: return json_pack("{s:s, s:s}", "type", "string", "pattern", patterns[chance(4)]);
	case 1: return json_pack("{s:s, s:s}", "type", "string", "format", formats[chance(8)]);
	case 2: return json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", (int)chance(3), "maxLength", 3 + (int)chance(9));
	case 3: return json_pack("{s:[s, s, s]}", "enum", "a", "b\"\\", "\xC3\xA9");
	default: return json_pack("{s:s}", "type", "string");
	}
}

static json_t *some_number(void)
{
	int low = (int)chance(2000) - 1000;
	switch (chance(4)) {
	case 0: return json_pack("{s:s, s:i, s:i}", "type", "integer", "minimum", low, "maximum", low + (int)chance(500));
	case 1:
		return json_pack("{s:s, s:f, s:f}", "type", "number", "exclusiveMinimum", low / 8.0, "maximum",
		                 low / 8.0 + 1 + chance(50));
	case 2: return json_pack("{s:i}", "const", low);
	default: return json_pack("{s:s}", "type", chance(2) ? "integer" : "number");
	}
}

static json_t *some_list(unsigned depth)
{
	json_t *list = json_pack("{s:s, s:o}", "type", "array", "items", some_schema(depth + 1));
	if (chance(2)) json_object_set_new(list, "minItems", json_integer(chance(3)));
	if (chance(2)) json_object_set_new(list, "maxItems", json_integer(3 + chance(3)));
	if (chance(3) == 0) json_object_set_new(list, "prefixItems", json_pack("[o]", some_schema(depth + 1)));
	return list;
}

static json_t *some_object(unsigned depth)
{
	json_t *properties = json_object(), *required = json_array();
	unsigned n = 1 + chance(4);
	for (unsigned i = 0; i < n; i++) {
		char key[] = { (char)('a' + i), 0 };
		json_object_set_new(properties, key, some_schema(depth + 1));
		if (chance(2)) json_array_append_new(required, json_string(key));
	}
	json_t *object = json_pack("{s:s, s:o, s:o}", "type", "object", "properties", properties, "required", required);
	if (chance(3)) json_object_set_new(object, "additionalProperties", json_false());
	return object;
}

static json_t *some_schema(unsigned depth)
{
	switch (depth > 3 ? chance(4) : chance(9)) {
	case 0: return some_string();
	case 1: return some_number();
	case 2: return json_pack("{s:s}", "type", chance(2) ? "boolean" : "null");
	case 3: return json_pack("{s:s}", "$ref", "#/$defs/d");
	case 4: return some_list(depth);
	case 5: return json_pack("{s:[o, o]}", "anyOf", some_string(), some_number());
	case 6: return json_pack("{s:[o, o]}", "oneOf", some_string(), some_list(depth));
	default: return some_object(depth);
	}
}

static void schemas_by_chance_are_all_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MADE_SCHEMAS; i++) {
		char where[32];
		chance_state = i + 1;
		json_t *schema = some_object(0), *none = json_array();
		json_object_set_new(schema, "$defs", json_pack("{s:o}", "d", some_string()));
		snprintf(where, sizeof where, "made %u", i);
		if (!check_schema(schema, none, where)) fail_msg("%s is refused", where);
		json_decref(schema);
		json_decref(none);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_suite_is_kept),
		cmocka_unit_test(schemas_by_chance_are_all_taken),
	};
	const char *path = getenv("HEARTH_SCHEMA_OUT");
	if (path && *path) made = fopen(path, "w");
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	if (made && fclose(made) != 0) return 1;
	return status;
}
