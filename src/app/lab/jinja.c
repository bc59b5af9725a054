/* hearth-lab jinja: renders an array of snippets, each with its own context. */
#include "app/lab/case.h"
#include "app/lab/json_file.h"
#include "app/lab/lab.h"

#include <string.h>

enum { MOST_INPUT = 256 << 20, MOST_OUTPUT = 1 << 30 };

static void write_result(struct buffer *b, bool good, const struct template_output *out, const struct error *e)
{
	buffer_append_text(b, good ? "{\"ok\": " : "{\"error\": ");
	if (good)
		json_write_text(b, out->text, out->length);
	else if (out->raised)
		json_write_text(b, out->raised, out->raised_length);
	else
		json_write_text(b, e->text, strlen(e->text));
	buffer_append_text(b, "}");
}

static bool moment_of(const json_t *snippet, struct template_moment *now, struct error *e)
{
	const char *text = json_string_value(json_object_get(snippet, "strftime_now"));
	return template_moment_parse(text ? text : CASE_MOMENT, now, e);
}

/* One snippet to one member of the result; a snippet without a template is an error of the file. */
static bool render_snippet(struct buffer *b, const json_t *snippet, struct error *e)
{
	const json_t *source = json_object_get(snippet, "template"), *context = json_object_get(snippet, "context");
	struct template_output out = { 0 };
	struct template_input input = { .variables = context };
	struct error why = { "" };
	if (!json_is_string(source)) return error_set(e, "a snippet has no text 'template'");
	if (context && !json_is_object(context)) return error_set(e, "the 'context' of a snippet is no object");
	json_t *none = context ? NULL : json_object();
	if (!context) input.variables = none;
	bool good = moment_of(snippet, &input.now, &why);
	struct template *t = good ? template_parse(json_string_value(source), json_string_length(source), &why) : NULL;
	good = t && input.variables && template_render(t, &input, &out, &why);
	write_result(b, good, &out, &why);
	template_output_free(&out);
	template_free(t);
	json_decref(none);
	return !b->failed || error_memory(e);
}

int lab_jinja(int argc, char **argv)
{
	struct error e = { "" };
	if (argc != 1) return lab_misuse("jinja: UNIT.json is needed");
	json_t *snippets = json_file_array(argv[0], MOST_INPUT, &e);
	if (!snippets) return lab_fail(&e);
	struct buffer b = buffer_new(MOST_OUTPUT);
	bool good = true;
	buffer_append_text(&b, "[");
	for (size_t i = 0; good && i < json_array_size(snippets); i++) {
		buffer_append_text(&b, i ? ",\n" : "\n");
		good = render_snippet(&b, json_array_get(snippets, i), &e) || error_at(&e, "%s: number %zu", argv[0], i);
	}
	buffer_append_text(&b, "\n]\n");
	json_decref(snippets);
	int status = good ? lab_print(buffer_text(&b), b.size) : lab_fail(&e);
	buffer_free(&b);
	return status;
}
