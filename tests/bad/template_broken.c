/* Broken templates and memory that runs out: a line each, and nothing leaks. */
#include "text/template.h"

#include "../testdata.h"
#include "base/file.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* A template of the usual kind, with most of what such templates use. */
static const char usual[] =
        "{#- A comment -#}\n"
        "{%- macro render(v, depth=0) -%}\n"
        "    {%- if v is mapping -%}{{ '{' }}{%- for k, x in v|dictsort -%}{{ k|tojson }}: {{ render(x, depth + 1) }}"
        "{{ ', ' if not loop.last }}{%- endfor -%}{{ '}' }}\n"
        "    {%- else -%}{{ v|tojson(indent=2) }}{%- endif -%}\n"
        "{%- endmacro -%}\n"
        "{% set ns = namespace(system='', last=-1) %}\n"
        "{%- if messages[0]['role'] == 'system' %}\n"
        "    {%- set ns.system = messages[0].content | trim %}{% set messages = messages[1:] %}\n"
        "{%- endif %}\n"
        "{{- bos_token }}{{ '<|im_start|>system\\n' + ns.system + '<|im_end|>\\n' if ns.system else '' }}\n"
        "{%- for m in messages if m.role != 'skip' %}\n"
        "    {%- if m.tool_calls is defined and m.tool_calls %}\n"
        "        {%- for call in m.tool_calls %}<tool_call>{{ render(call.function) }}</tool_call>{% endfor %}\n"
        "    {%- elif m.content is string %}\n"
        "        {{- '<|im_start|>' ~ m.role ~ '\\n' ~ m.content.split('</think>')[-1].strip() ~ '<|im_end|>\\n' }}\n"
        "    {%- else %}\n"
        "        {{- m.content | selectattr('type', 'equalto', 'text') | map(attribute='text') | join('') | upper }}\n"
        "    {%- endif %}\n"
        "    {%- set ns.last = loop.index0 %}\n"
        "{%- endfor %}\n"
        "{{ '%s of %d: %5.1f' % ('count', ns.last, 2.5) }}{{ '{:>5}'.format('x') }}{{ 'a,b'|replace(',', ';') }}\n"
        "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}\n";

static const char conversation[] = "{\"messages\": [{\"role\": \"system\", \"content\": \" Be brief. \"}, {\"role\": \"user\", "
                                   "\"content\": [{\"type\": \"text\", \"text\": \"h\\u00e9\"}]}, "
                                   "{\"role\": \"assistant\", \"content\": null, \"tool_calls\": [{\"function\": {\"name\": \"f\", "
                                   "\"arguments\": {\"b\": 1, \"a\": [1.5, \"q\"]}}}]}, "
                                   "{\"role\": \"assistant\", \"content\": \"<think>x</think> done\"}], \"bos_token\": \"<s>\", "
                                   "\"add_generation_prompt\": true}";

static json_t *variables(void)
{
	struct error e;
	return json_parse(conversation, sizeof conversation - 1, "variables", &e);
}

static bool run(const char *source, size_t length, const json_t *context, struct template_output *out, struct error *e)
{
	struct template_input input = { .variables = context, .now = { 2026, 8, 15, 13, 5, 9 } };
	struct template *t = template_parse(source, length, e);
	*out = (struct template_output){ 0 };
	bool good = t && template_render(t, &input, out, e);
	template_free(t);
	return good;
}

/* Cut behind every byte: an error line, or a text; no leak. */
static void cut_everywhere(const char *source, size_t length, const json_t *context)
{
	size_t before = memory_in_use(), fails = 0;
	for (size_t cut = 0; cut <= length; cut++) {
		struct error e = { "" };
		struct template_output out;
		/* A copy of the exact size, so that the sanitizer sees a read behind its end. */
		char *part = malloc(cut ? cut : 1);
		assert_non_null(part);
		memcpy(part, source, cut);
		bool good = run(part, cut, context, &out, &e);
		assert_true(good ? e.text[0] == 0 : out.raised || strncmp(e.text, "template", 8) == 0);
		fails += !good;
		template_output_free(&out);
		free(part);
	}
	assert_int_equal(memory_in_use(), before);
	assert_true(fails > length / 3);
}

static void a_template_cut_behind_any_byte_has_its_line(void **state)
{
	(void)state;
	json_t *context = variables();
	struct error e = { "" };
	struct template_output out;
	assert_true(run(usual, sizeof usual - 1, context, &out, &e));
	template_output_free(&out);
	cut_everywhere(usual, sizeof usual - 1, context);
	json_decref(context);
}

static void real_templates_cut_behind_any_byte_have_their_line(void **state)
{
	(void)state;
	static const char *const names[] = { "Qwen-Qwen3-0.6B", "deepseek-ai-DeepSeek-V3.1", "google-gemma-2-2b-it" };
	json_t *context = variables();
	size_t found = 0;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[200];
		size_t size;
		struct error e;
		snprintf(path, sizeof path, "templates/templates/%s.jinja", names[i]);
		const char *file = testdata(path);
		char *source = file ? file_read(file, 1 << 20, &size, &e) : NULL;
		if (!source) continue;
		found++;
		cut_everywhere(source, size, context);
		memory_free(source);
	}
	json_decref(context);
	if (!found) skip();
}

static void every_allocation_that_fails_is_an_error_line(void **state)
{
	(void)state;
	json_t *context = variables();
	size_t before = memory_in_use();
	uint64_t n = 1;
	for (;; n++) {
		struct error e = { "" };
		struct template_output out;
		memory_fail_at(n, n % 2);
		bool good = run(usual, sizeof usual - 1, context, &out, &e);
		memory_fail_at(0, false);
		template_output_free(&out);
		assert_int_equal(memory_in_use(), before);
		if (good) break;
		assert_true(e.text[0] != 0);
		assert_true(n < 10000);
	}
	assert_true(n > 5);
	json_decref(context);
}

static void raise_exception_gives_its_whole_message_even_when_it_is_long(void **state)
{
	(void)state;
	static const char source[] = "{{ raise_exception('line\\n' ~ 'x' * 2000 ~ '!') }}";
	struct error e = { "" };
	struct template_output out;
	json_t *context = variables();
	assert_false(run(source, sizeof source - 1, context, &out, &e));
	assert_int_equal(out.raised_length, 2006);
	assert_memory_equal(out.raised, "line\nxxx", 8);
	assert_int_equal(out.raised[2005], '!');
	assert_int_equal(strncmp(e.text, "line\\x0axxx", 11), 0);
	template_output_free(&out);
	json_decref(context);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_cut_behind_any_byte_has_its_line),
		cmocka_unit_test(real_templates_cut_behind_any_byte_have_their_line),
		cmocka_unit_test(every_allocation_that_fails_is_an_error_line),
		cmocka_unit_test(raise_exception_gives_its_whole_message_even_when_it_is_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
