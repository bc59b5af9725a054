/* hearth-lab template: what a chat template makes of a golden case, and who wrote which part of it. */
#include "text/template.h"

#include "app/lab/case.h"
#include "app/lab/lab.h"
#include "base/file.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_INPUT = 256 << 20, MOST_PIECES = 1 << 30 };

static bool set_default(json_t *variables, const char *name, json_t *value)
{
	if (json_object_get(variables, name)) {
		json_decref(value);
		return true;
	}
	return json_object_set_new(variables, name, value) == 0;
}

bool case_prepare(json_t *variables, struct template_moment *moment, struct error *e)
{
	const char *name;
	void *next;
	json_t *value;
	const char *text = json_string_value(json_object_get(variables, "strftime_now"));
	if (!json_is_object(variables)) return error_set(e, "a case must be a JSON object");
	if (!template_moment_parse(text ? text : CASE_MOMENT, moment, e)) return false;
	json_object_foreach_safe(variables, next, name, value)
	{
		if (name[0] == '_' || strcmp(name, "strftime_now") == 0) json_object_del(variables, name);
	}
	bool good = set_default(variables, "tools", json_null()) && set_default(variables, "documents", json_null()) &&
	            set_default(variables, "add_generation_prompt", json_false());
	return good || error_memory(e);
}

static int print_pieces(const struct template_output *out)
{
	struct buffer b = buffer_new(MOST_PIECES);
	buffer_append_text(&b, "[");
	for (size_t i = 0; i < out->n_pieces; i++) {
		const struct template_piece *p = &out->pieces[i];
		buffer_append_text(&b, i ? ", [" : "[");
		buffer_append_text(&b, p->origin == TEMPLATE_ORIGIN_MESSAGE ? "\"message\", " : "\"template\", ");
		json_write_text(&b, out->text + p->start, p->length);
		buffer_append_text(&b, "]");
	}
	buffer_append_text(&b, "]\n");
	struct error e;
	int status = LAB_FAILED;
	if (b.failed) {
		error_memory(&e);
		lab_fail(&e);
	} else {
		status = lab_print(buffer_text(&b), b.size);
	}
	buffer_free(&b);
	return status;
}

/* raise_exception's message as it is, every other failure as its line. */
static int print_failure(const struct template_output *out, const struct error *e)
{
	if (!out->raised) return lab_fail(e);
	fputs("error: ", stderr);
	fwrite(out->raised, 1, out->raised_length, stderr);
	fputs("\n", stderr);
	return LAB_FAILED;
}

static int render(const struct template *t, const json_t *variables, const struct template_moment *now, bool pieces)
{
	struct template_output out;
	struct error e = { "" };
	struct template_input input = { .variables = variables, .now = *now };
	int status;
	if (!template_render(t, &input, &out, &e))
		status = print_failure(&out, &e);
	else
		status = pieces ? print_pieces(&out) : lab_print(out.text, out.length);
	template_output_free(&out);
	return status;
}

static int run(const char *template_path, const char *case_path, bool pieces)
{
	size_t source_size, case_size;
	struct error e = { "" };
	struct template_moment now;
	char *source = file_read(template_path, MOST_INPUT, &source_size, &e);
	char *text = source ? file_read(case_path, MOST_INPUT, &case_size, &e) : NULL;
	json_t *variables = text ? json_parse(text, case_size, case_path, &e) : NULL;
	struct template *t = NULL;
	memory_free(text);
	if (variables) {
		if (!case_prepare(variables, &now, &e))
			error_at(&e, "%s", case_path);
		else
			t = template_parse(source, source_size, &e);
	}
	memory_free(source);
	int status = t ? render(t, variables, &now, pieces) : lab_fail(&e);
	template_free(t);
	json_decref(variables);
	return status;
}

int lab_template(int argc, char **argv)
{
	const char *paths[2] = { NULL, NULL };
	int n = 0;
	bool pieces = false;
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--pieces") == 0)
			pieces = true;
		else if (n == 2 || (argv[i][0] == '-' && argv[i][1]))
			return lab_misuse("template: '%s' is not understood", argv[i]);
		else
			paths[n++] = argv[i];
	}
	if (n < 2) return lab_misuse("template: FILE.jinja and CASE.json are needed");
	return run(paths[0], paths[1], pieces);
}
