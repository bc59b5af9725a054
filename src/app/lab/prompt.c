/* hearth-lab prompt: the tokens of a conversation by the model's own chat template, and who wrote which part of it. */
#include "app/lab/engine.h"
#include "app/lab/lab.h"
#include "app/lab/words.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"

#include <string.h>

enum { MOST_CASE = 64 << 20, MOST_OUTPUT = 1 << 30 };

/* Takes out what is no variable: members that begin with _, and the moment for strftime_now, which is copied to `date`. What such
 * files leave unsaid is false here, and not true as for a program's conversation. */
static bool prepare_case(json_t *members, char date[32], struct error *e)
{
	const char *name;
	json_t *value;
	void *next;
	if (!json_is_object(members)) return error_set(e, "a case is a JSON object");
	const char *moment = json_string_value(json_object_get(members, "strftime_now"));
	if (moment && (strlen(moment) >= 32 || !prompt_check_date(moment)))
		return error_set(e, "strftime_now must be YYYY-MM-DDTHH:MM:SS");
	strncpy(date, moment ? moment : "2026-08-15T13:05:09", 31);
	date[31] = 0;
	json_object_foreach_safe(members, next, name, value)
	{
		if (name[0] == '_' || strcmp(name, "strftime_now") == 0) json_object_del(members, name);
	}
	if (json_object_get(members, "add_generation_prompt")) return true;
	return json_object_set_new(members, "add_generation_prompt", json_false()) == 0 ? true : error_memory(e);
}

/* Appends the case as the text of a request. */
static bool read_case(struct buffer *request, const char *path, char date[32], struct error *e)
{
	size_t size;
	char *text = file_read(path, MOST_CASE, &size, e);
	json_t *members = text ? json_parse(text, size, path, e) : NULL;
	memory_free(text);
	bool ok = members != NULL;
	if (ok && !prepare_case(members, date, e)) ok = error_at(e, "%s", path);
	if (ok && !json_write_value(request, members)) ok = error_memory(e);
	json_decref(members);
	return ok;
}

static int print(const struct prompt *p)
{
	struct buffer out = buffer_new(MOST_OUTPUT);
	buffer_append_text(&out, "{\"ids\": [");
	for (size_t i = 0; i < p->n_ids; i++) buffer_format(&out, "%s%d", i ? ", " : "", p->ids[i]);
	buffer_append_text(&out, "], \"pieces\": [");
	for (size_t i = 0; i < p->n_pieces; i++) {
		buffer_format(&out, "%s[\"%s\", ", i ? ", " : "", p->pieces[i].trusted ? "template" : "message");
		json_write_text(&out, p->text + p->pieces[i].start, p->pieces[i].length);
		buffer_append_byte(&out, ']');
	}
	buffer_append_text(&out, "]}\n");
	struct error e;
	int status;
	if (out.failed) {
		error_memory(&e);
		status = lab_fail(&e);
	} else {
		status = lab_print(buffer_text(&out), out.size);
	}
	buffer_free(&out);
	return status;
}

static int run(const struct model_arguments *a, const char *case_path)
{
	struct error e = { "" };
	struct words w = { .h = NULL };
	struct prompt prompt = { 0 };
	char date[32];
	struct buffer text = buffer_new(2 * (size_t)MOST_CASE);
	bool ok = read_case(&text, case_path, date, &e) && words_open(&w, a, &e);
	if (ok) {
		struct hearth_request r = hearth_request_new(HEARTH_CHAT);
		r.want = HEARTH_WANT_PROMPT;
		r.text = buffer_text(&text);
		r.text_length = text.size;
		r.date = date;
		ok = words_make(&w, &r, &prompt, &e);
	}
	int status = ok ? print(&prompt) : lab_fail(&e);
	prompt_clear(&prompt);
	words_close(&w);
	engine_end();
	buffer_free(&text);
	return status;
}

int lab_prompt(int argc, char **argv)
{
	struct model_arguments a = { 0 };
	const char *case_path = NULL;
	for (int i = 0; i < argc; i++) {
		bool taken;
		int status = model_option(&a, argc, argv, &i, &taken);
		if (status != LAB_DONE) return status;
		if (taken) continue;
		if (argv[i][0] == '-' || case_path) return lab_misuse("prompt: '%s' is not understood", argv[i]);
		case_path = argv[i];
	}
	if (!a.path || !case_path) return lab_misuse("prompt: MODEL and CASE.json are needed");
	return run(&a, case_path);
}
