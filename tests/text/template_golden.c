/* Every golden template with every golden case, and every golden snippet, byte for byte. */
#include "text/template.h"

#include "../testdata.h"

#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_FILE = 64 << 20 };

static char *read_text(const char *path, size_t *size)
{
	struct error e;
	return file_read(path, MOST_FILE, size, &e);
}

static json_t *read_json(const char *path)
{
	size_t size;
	struct error e;
	char *text = read_text(path, &size);
	json_t *value = text ? json_parse(text, size, path, &e) : NULL;
	memory_free(text);
	return value;
}

/* A case as a program would pass it: without its notes, with the three variables that are always there. */
static json_t *prepare(json_t *c, struct template_moment *now)
{
	const char *name, *text = json_string_value(json_object_get(c, "strftime_now"));
	void *next;
	json_t *value;
	struct error e;
	assert_true(template_moment_parse(text ? text : "2026-08-15T13:05:09", now, &e));
	json_object_foreach_safe(c, next, name, value)
	{
		if (name[0] == '_' || strcmp(name, "strftime_now") == 0) json_object_del(c, name);
	}
	if (!json_object_get(c, "tools")) json_object_set_new(c, "tools", json_null());
	if (!json_object_get(c, "documents")) json_object_set_new(c, "documents", json_null());
	if (!json_object_get(c, "add_generation_prompt")) json_object_set_new(c, "add_generation_prompt", json_false());
	return c;
}

/* The pieces cover the text, are not empty, and neighbours differ. */
static bool pieces_fit(const struct template_output *out)
{
	size_t at = 0;
	for (size_t i = 0; i < out->n_pieces; i++) {
		const struct template_piece *p = &out->pieces[i];
		if (p->start != at || p->length == 0 || (i && p->origin == p[-1].origin)) return false;
		at += p->length;
	}
	return at == out->length;
}

/* Whether rendering gives what is expected: `want` as text, or an error (with the message `want`, unless that is "error"). */
static bool gives(const struct template *t, const json_t *variables, struct template_moment now, const char *want, size_t length,
                  bool fails, struct error *e)
{
	struct template_output out = { 0 };
	struct template_input input = { .variables = variables, .now = now };
	bool good = t && template_render(t, &input, &out, e), right;
	if (good)
		right = !fails && out.length == length && memcmp(out.text, want, length) == 0 && pieces_fit(&out);
	else if (length == 5 && memcmp(want, "error", 5) == 0)
		right = fails && !out.raised;
	else
		right = fails && out.raised && out.raised_length == length && memcmp(out.raised, want, length) == 0;
	if (good) error_set(e, "another text");
	template_output_free(&out);
	return right;
}

static bool check_case(const struct template *t, const char *name, const char *case_name, json_t *c,
                       const struct template_moment *now)
{
	char path[512];
	size_t size;
	struct error e = { "" };
	snprintf(path, sizeof path, "templates/expected/%.150s/%.60s.txt", name, case_name);
	const char *file = testdata(path);
	bool fails = !file;
	if (fails) {
		snprintf(path, sizeof path, "templates/expected/%.150s/%.60s.error", name, case_name);
		file = testdata(path);
	}
	char *want = file ? read_text(file, &size) : NULL;
	bool right = want && gives(t, c, *now, want, size, fails, &e);
	if (!right) print_message("%s %s: %s\n", name, case_name, e.text);
	memory_free(want);
	return right;
}

struct golden_case {
	char name[64];
	json_t *variables;
	struct template_moment now;
};

static size_t read_cases(struct golden_case *cases, size_t room)
{
	struct dirent **entries;
	const char *folder = testdata("templates/cases");
	int count = folder ? scandir(folder, &entries, NULL, alphasort) : 0;
	size_t n = 0;
	for (int i = 0; i < count; i++) {
		size_t length = strlen(entries[i]->d_name);
		if (length > 5 && length < 64 && n < room && strcmp(entries[i]->d_name + length - 5, ".json") == 0) {
			char path[512];
			snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
			snprintf(cases[n].name, sizeof cases[n].name, "%.*s", (int)length - 5, entries[i]->d_name);
			json_t *c = read_json(path);
			assert_non_null(c);
			cases[n].variables = prepare(c, &cases[n].now);
			n++;
		}
		free(entries[i]);
	}
	if (count > 0) free(entries);
	return n;
}

static void every_template_gives_every_case_byte_for_byte(void **state)
{
	(void)state;
	const char *folder = testdata("templates/templates");
	static struct golden_case cases[64];
	struct dirent **entries;
	if (!folder) skip();
	size_t n_cases = read_cases(cases, 64), wrong = 0, templates = 0;
	int count = scandir(folder, &entries, NULL, alphasort);
	assert_true(count > 0 && n_cases > 0);
	for (int i = 0; i < count; i++) {
		char path[512], name[256];
		size_t length = strlen(entries[i]->d_name), size;
		struct error e = { "" };
		if (length > 6 && strcmp(entries[i]->d_name + length - 6, ".jinja") == 0) {
			snprintf(path, sizeof path, "templates/templates/%.200s", entries[i]->d_name);
			snprintf(name, sizeof name, "%.*s", (int)length - 6, entries[i]->d_name);
			char *source = read_text(testdata(path), &size);
			struct template *t = source ? template_parse(source, size, &e) : NULL;
			if (!t) print_message("%s: %s\n", name, e.text);
			templates++;
			for (size_t c = 0; c < n_cases; c++)
				wrong += !check_case(t, name, cases[c].name, cases[c].variables, &cases[c].now);
			template_free(t);
			memory_free(source);
		}
		free(entries[i]);
	}
	free(entries);
	for (size_t c = 0; c < n_cases; c++) json_decref(cases[c].variables);
	print_message("%zu templates, %zu cases, %zu differ\n", templates, n_cases, wrong);
	assert_int_equal(wrong, 0);
}

static void every_snippet_gives_what_python_gives(void **state)
{
	(void)state;
	const char *path = testdata("templates/unit.json");
	if (!path) skip();
	json_t *snippets = read_json(path), *snippet;
	size_t i, wrong = 0, left_out = 0;
	assert_non_null(snippets);
	json_array_foreach(snippets, i, snippet)
	{
		struct error e = { "" };
		struct template_moment now;
		json_t *context = json_object_get(snippet, "context"), *source = json_object_get(snippet, "template");
		json_t *expected = json_object_get(snippet, "expected"),
		       *want = expected ? expected : json_object_get(snippet, "error");
		json_t *none = json_object();
		assert_true(template_moment_parse("2026-08-15T13:05:09", &now, &e));
		struct template *t = template_parse(json_string_value(source), json_string_length(source), &e);
		bool right =
		        gives(t, context ? context : none, now, json_string_value(want), json_string_length(want), !expected, &e);
		bool optional = json_is_true(json_object_get(snippet, "optional"));
		if (!right && !optional) print_message("%s: %s\n", json_string_value(json_object_get(snippet, "id")), e.text);
		wrong += !right && !optional;
		left_out += !right && optional;
		template_free(t);
		json_decref(none);
	}
	print_message("%zu snippets, %zu differ, %zu optional ones left out\n", json_array_size(snippets), wrong, left_out);
	json_decref(snippets);
	assert_int_equal(wrong, 0);
	assert_true(left_out <= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_template_gives_every_case_byte_for_byte),
		cmocka_unit_test(every_snippet_gives_what_python_gives),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
