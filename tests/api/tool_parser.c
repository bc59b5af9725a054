/* tool_parser: calls as every chat template of ../shared/templates writes them are found again, however the text is cut. */
#include "api/tool_parser.h"

#include "../testdata.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/memory.h"
#include "format/json.h"
#include "text/tool_form.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What came out: text, and calls as "name(arguments)" one behind the other. */
static struct buffer text, calls;
static unsigned n_open;

static void on_piece(void *data, enum tool_piece kind, const char *bytes, size_t length)
{
	(void)data;
	if (kind == TOOL_TEXT) {
		assert_int_equal(n_open, 0);
		buffer_append(&text, bytes, length);
	} else if (kind == TOOL_CALL) {
		assert_int_equal(n_open++, 0);
		buffer_append(&calls, bytes, length);
		buffer_append_byte(&calls, '(');
	} else if (kind == TOOL_ARGUMENTS) {
		assert_int_equal(n_open, 1);
		buffer_append(&calls, bytes, length);
	} else {
		assert_int_equal(n_open--, 1);
		buffer_append_text(&calls, ")\n");
	}
}

static bool on_known(void *data, const char *name)
{
	(void)data;
	return !strcmp(name, "get_weather") || !strcmp(name, "get_time") || !strcmp(name, "place_order");
}

static bool on_type(void *data, const char *tool, const char *parameter, bool *told)
{
	(void)data;
	(void)tool;
	*told = !strcmp(parameter, "location") || !strcmp(parameter, "unit") || !strcmp(parameter, "days");
	return strcmp(parameter, "days") != 0;
}

/* Runs an answer through the parser in pieces of `step` bytes. */
static void parse(const char *form, const char *answer, size_t length, size_t step)
{
	struct error e;
	struct tool_listener listener = { NULL, on_piece, on_known, on_type };
	const struct tool_form *f = tool_form_find(form);
	assert_non_null(f);
	struct tool_parser *p = tool_parser_new(f, listener, &e);
	assert_non_null(p);
	buffer_free(&text);
	buffer_free(&calls);
	text = calls = buffer_new(1 << 20);
	n_open = 0;
	for (size_t i = 0; i < length; i += step)
		assert_true(tool_parser_text(p, answer + i, length - i < step ? length - i : step));
	assert_true(tool_parser_end(p, true));
	tool_parser_free(p);
	assert_int_equal(n_open, 0);
}

static void expect(const char *form, const char *answer, const char *wanted_text, const char *wanted_calls)
{
	static const size_t steps[] = { 1, 2, 3, 7, 1000 };
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		parse(form, answer, strlen(answer), steps[i]);
		assert_string_equal(buffer_text(&text), wanted_text);
		assert_string_equal(buffer_text(&calls), wanted_calls);
	}
}

#define PARIS "get_weather({\"location\": \"Paris\"})\n"
#define BOTH  PARIS "get_time({})\n"

static void every_form_has_its_text(void **state)
{
	(void)state;
	expect("hermes",
	       "Let me look.\n<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"location\": \"Paris\"}}\n</tool_call>\n"
	       "<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>",
	       "Let me look.", BOTH);
	expect("llama", "{\"name\": \"get_weather\", \"parameters\": {\"location\": \"Paris\"}}", "", PARIS);
	expect("llama",
	       "<|python_tag|>{\"name\": \"get_weather\", \"parameters\": {\"location\": \"Paris\"}}; {\"name\": \"get_time\"}", "",
	       BOTH);
	expect("mistral",
	       "[TOOL_CALLS] [{\"name\": \"get_weather\", \"arguments\": {\"location\": \"Paris\"}, \"id\": \"call00001\"}, "
	       "{\"id\": \"x\", \"name\": \"get_time\", \"arguments\": {}}]",
	       "", BOTH);
	expect("mistral-args",
	       "[TOOL_CALLS]get_weather[CALL_ID]call00001[ARGS]{\"location\": \"Paris\"}[TOOL_CALLS]get_time[ARGS]{}", "", BOTH);
	expect("cohere",
	       "<|START_ACTION|>[\n    {\"tool_call_id\": \"0\", \"tool_name\": \"get_weather\", \"parameters\": {\"location\": "
	       "\"Paris\"}},\n"
	       "    {\"tool_call_id\": \"1\", \"tool_name\": \"get_time\", \"parameters\": {}}\n]<|END_ACTION|>",
	       "", BOTH);
	expect("cohere", "<|START_RESPONSE|>It rains.<|END_RESPONSE|>", "It rains.", "");
	expect("deepseek",
	       "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{\"location\": "
	       "\"Paris\"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>get_time\n```json\n{}\n```<"
	       "｜tool▁call▁end｜>"
	       "<｜tool▁calls▁end｜>",
	       "", BOTH);
	expect("deepseek-plain",
	       "Let me look.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{\"location\": "
	       "\"Paris\"}<｜tool▁call▁end｜>"
	       "<｜tool▁calls▁end｜>",
	       "Let me look.", PARIS);
	expect("function",
	       "Let me "
	       "look.\n\n<tool_call>\n<function=get_weather>\n<parameter=location>\nParis\n</parameter>\n</function>\n</tool_call>",
	       "Let me look.", PARIS);
	expect("glm",
	       "<tool_call>get_weather\n<arg_key>location</arg_key>\n<arg_value>Paris</arg_value>\n</"
	       "tool_call>\n<tool_call>get_time\n</tool_call>",
	       "", BOTH);
	expect("minimax",
	       "<minimax:tool_call>\n<invoke name=\"get_weather\">\n<parameter "
	       "name=\"location\">Paris</parameter>\n</invoke>\n<invoke "
	       "name=\"get_time\">\n</invoke>\n</minimax:tool_call>",
	       "", BOTH);
	expect("python", "[get_weather(location='Paris'), get_time()]", "", BOTH);
	expect("lfm", "<|tool_call_start|>[get_weather(location=\"Paris\")]<|tool_call_end|>Soon.", "Soon.", PARIS);
	expect("gemma",
	       "<|tool_call>call:get_weather{location:<|\"|>Paris<|\"|>}<tool_call|><|tool_call>call:get_time{}<tool_call|>", "",
	       BOTH);
	expect("kimi",
	       "<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{\"location\": "
	       "\"Paris\"}<|tool_call_end|><|tool_calls_section_end|>",
	       "", PARIS);
	expect("harmony",
	       "<|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{\"location\": "
	       "\"Paris\"}",
	       "", PARIS);
	expect("harmony", "<|start|>assistant<|channel|>final<|message|>It rains.", "It rains.", "");
}

static void what_is_no_call_stays_text(void **state)
{
	(void)state;
	static const char *const answers[][2] = {
		{ "hermes", "Use <tool_call>like this</tool_call>, please." },
		{ "hermes", "<tool_call>\n{\"name\": \"unknown\", \"arguments\": {}}\n</tool_call>" },
		{ "hermes", "<tool_call>{\"name\": \"get_we" },
		{ "hermes", "a < b and <tool" },
		{ "llama", "{\"answer\": 42}" },
		{ "llama", "It rains: {\"name\": \"get_time\", \"parameters\": {}}" },
		{ "list", "[1, 2, 3]" },
		{ "python", "[x for x in y]" },
		{ "glm", "<tool_call>nothing</tool_call>" },
		{ "function", "<tool_call><function=get_weather><parameter=location>Par" },
		{ "mistral-args", "[TOOL_CALLS]unknown[ARGS]{}" },
		{ "gemma", "<|tool_call>call:unknown{}<tool_call|>" },
	};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) expect(answers[i][0], answers[i][1], answers[i][1], "");
}

static void values_keep_their_types(void **state)
{
	(void)state;
	expect("python",
	       "[get_weather(location='It\\'s \\u00e9', days=2, tags=['a', \"b\"], deep={'x': None, 'y': (1, 2.5)}, on=True)]", "",
	       "get_weather({\"location\": \"It's é\", \"days\": 2, \"tags\": [\"a\", \"b\"], \"deep\": {\"x\": null, \"y\": [1, "
	       "2.5]}, \"on\": true})\n");
	expect("glm",
	       "<tool_call>get_weather<arg_key>location</arg_key><arg_value>12</arg_value><arg_key>days</arg_key><arg_value>12</"
	       "arg_value></tool_call>",
	       "", "get_weather({\"location\": \"12\", \"days\": 12})\n");
	expect("gemma", "<|tool_call>call:get_weather{days:2,tags:[<|\"|>a, b<|\"|>,true],deep:{x:{y:1.5}}}<tool_call|>", "",
	       "get_weather({\"days\": 2, \"tags\": [\"a, b\", true], \"deep\": {\"x\": {\"y\": 1.5}}})\n");
	expect("hermes", "<tool_call>{\"arguments\": {\"a\": \"}\\\"{\"}, \"name\": \"get_time\"}</tool_call>", "",
	       "get_time({\"a\": \"}\\\"{\"})\n");
	expect("hermes", "<tool_call>{\"name\": \"get_time\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>", "",
	       "get_time({\"a\": 1})\n");
}

/* ---- the templates ---- */

static char *read_text(const char *dir, const char *a, const char *b, size_t *length)
{
	char path[1024];
	struct error e;
	int n = snprintf(path, sizeof path, "%s/%s%s", dir, a, b);
	assert_true(n > 0 && (size_t)n < sizeof path);
	return file_read(path, 16 << 20, length, &e);
}

/* The template's own rendering of case 06 or 08, from behind the user's question: its calls must come out. */
static bool check_template(const char *dir, const char *name, unsigned *n_forms)
{
	static const struct {
		const char *file, *question, *wanted;
	} cases[] = { { "/08-tool-calls-parallel.txt", "Weather in Paris, and the time?", "get_weather" },
		      { "/06-tool-call-object.txt", "Is it raining in Paris?", "get_weather" },
		      { "/07-tool-call-string.txt", "Is it raining in Paris?", "get_weather" } };
	char path[1024];
	size_t n, length;
	snprintf(path, sizeof path, "templates/%s.jinja", name);
	char *source = read_text(dir, path, "", &n);
	assert_non_null(source);
	const char *form = tool_form_of(source, n);
	memory_free(source);
	if (!*form) return true;
	bool ok = true;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "expected/%s", name);
		char *whole = read_text(dir, path, cases[i].file, &length);
		char *from = whole ? memmem(whole, length, cases[i].question, strlen(cases[i].question)) : NULL;
		char *called =
		        from ? memmem(from, length - (size_t)(from - whole), cases[i].wanted, strlen(cases[i].wanted)) : NULL;
		if (!called) { /* the template leaves calls out */
			memory_free(whole);
			continue;
		}
		/* From the line, or the mark, that the call begins with. */
		const char *turn = from + strlen(cases[i].question);
		const struct tool_form *f = tool_form_find(form);
		const char *open = *f->open ? memmem(turn, length - (size_t)(turn - whole), f->open, strlen(f->open)) : NULL;
		if (!open && f->open2) open = memmem(turn, length - (size_t)(turn - whole), f->open2, strlen(f->open2));
		if (!*f->open && !open) {
			open = called;
			while (open > turn && *open != '{' && *open != '[') open--;
		}
		/* Those that stand by their look end with the turn. */
		const char *end = *f->open ? NULL : memmem(called, length - (size_t)(called - whole), "<|eot", 5);
		if (!open && strcmp(form, "functools") == 0) { /* the model is told another form than the template writes */
			memory_free(whole);
			break;
		}
		if (!open) {
			print_message("%s (%s): no opening mark\n", name, form);
			ok = false;
		} else {
			parse(form, open, end ? (size_t)(end - open) : length - (size_t)(open - whole), 5);
			if (strncmp(buffer_text(&calls), "get_weather({", 13) != 0 || !strstr(buffer_text(&calls), "Paris")) {
				print_message("%s (%s): %s\n", name, form, buffer_text(&calls));
				ok = false;
			}
			if (i == 0 && !strstr(buffer_text(&calls), "get_time({})") && strcmp(form, "harmony") != 0 &&
			    strcmp(form, "gigachat") != 0) {
				print_message("%s (%s): the second call is missing: %s\n", name, form, buffer_text(&calls));
				ok = false;
			}
			++*n_forms;
		}
		memory_free(whole);
		break;
	}
	return ok;
}

static void the_templates_calls_are_read(void **state)
{
	(void)state;
	char path[1100];
	const char *dir = testdata("templates");
	if (!dir) skip();
	snprintf(path, sizeof path, "%s/templates", dir);
	DIR *d = opendir(path);
	assert_non_null(d);
	unsigned n = 0, bad = 0;
	for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
		char name[256];
		const char *end = strstr(entry->d_name, ".jinja");
		if (!end) continue;
		snprintf(name, sizeof name, "%.*s", (int)(end - entry->d_name), entry->d_name);
		bad += !check_template(dir, name, &n);
	}
	closedir(d);
	print_message("%u templates' calls were read\n", n);
	assert_int_equal(bad, 0);
	assert_true(n >= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_has_its_text),
		cmocka_unit_test(what_is_no_call_stays_text),
		cmocka_unit_test(values_keep_their_types),
		cmocka_unit_test(the_templates_calls_are_read),
	};
	text = calls = buffer_new(1 << 20);
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	buffer_free(&text);
	buffer_free(&calls);
	return status;
}
