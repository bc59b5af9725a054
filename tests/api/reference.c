/*
 * reference: docs/API.md says of every path and every field what the tables say.
 *
 *     build/tests/api/reference --print     prints what stands behind the mark in that page
 */
#include "api/fields.h"

#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char mark[] = "<!-- From the tables of src/api, by build/tests/api/reference --print -->\n";

static void put_type(struct buffer *b, const struct api_field *f)
{
	static const char *const types[] = { "any",          "string",         "true or false",
		                             "whole number", "number",         "list",
		                             "object",       "string or list", "-" };
	buffer_append_text(b, types[f->type]);
	if (f->type != API_WHOLE && f->type != API_NUMBER) return;
	if (f->high >= 4294967294.0)
		buffer_format(b, ", from %g", f->low < -1e9 ? f->low : f->low);
	else
		buffer_format(b, ", %g to %g", f->low, f->high);
}

static void put_fields(struct buffer *b, const struct api_field *fields)
{
	buffer_append_text(b, "\n| field | type | |\n|---|---|---|\n");
	for (const struct api_field *f = fields; f->name; f++) {
		buffer_format(b, "| `%s` | ", f->name);
		put_type(b, f);
		buffer_format(b, " | %s%s |\n", f->type == API_REFUSED ? "refused: " : "", f->about);
	}
}

static struct buffer page(void)
{
	struct buffer b = buffer_new(1 << 20);
	buffer_append_text(&b, mark);
	for (const struct api_endpoint *e = api_endpoints; e->path; e++) {
		buffer_format(&b, "\n## %s %s\n\n%s.\n", e->method, e->path, e->about);
		if (e->fields) put_fields(&b, e->fields);
	}
	buffer_append_text(&b, "\n## Ollama's options\n\nMembers of `options` in /api/chat and /api/generate.\n");
	put_fields(&b, api_fields_ollama_options);
	return b;
}

static void the_page_says_what_the_tables_say(void **state)
{
	(void)state;
	struct error e;
	size_t length;
	char *text = file_read("docs/API.md", 1 << 20, &length, &e);
	if (!text) skip(); /* it is run somewhere else */
	struct buffer b = page();
	const char *from = strstr(text, mark);
	assert_non_null(from);
	assert_string_equal(from, buffer_text(&b));
	buffer_free(&b);
	memory_free(text);
}

/* Every field is told in words, or by its name's own meaning; refused ones always with a reason. */
static void every_refusal_has_a_reason(void **state)
{
	(void)state;
	for (const struct api_endpoint *e = api_endpoints; e->path; e++) {
		for (const struct api_field *f = e->fields; f && f->name; f++) {
			assert_non_null(f->about);
			if (f->type == API_REFUSED) assert_true(strlen(f->about) > 5);
			for (const struct api_field *g = e->fields; g < f; g++) assert_string_not_equal(f->name, g->name);
		}
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_says_what_the_tables_say),
		cmocka_unit_test(every_refusal_has_a_reason),
	};
	if (argc == 2 && strcmp(argv[1], "--print") == 0) {
		struct buffer b = page();
		fputs(buffer_text(&b), stdout);
		buffer_free(&b);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
