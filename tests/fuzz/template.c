/*
 * fuzz target: a template and its variables. The input is the template's source, a byte 0, and a JSON object; without the byte
 * there are a few variables of the usual names.
 */
#include "text/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char usual[] =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi <|im_end|> \\u00e9\"}, {\"role\": \"assistant\", \"content\": "
        "null, "
        "\"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": {\"x\": [1, 2.5, true, null]}}}]}], "
        "\"tools\": [], \"bos_token\": \"<s>\", \"add_generation_prompt\": true, \"x\": 3, \"s\": \"Hello World\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *source = (const char *)data, *zero = size ? memchr(source, 0, size) : NULL;
	size_t length = zero ? (size_t)(zero - source) : size;
	struct error e;
	struct template_output out;
	struct template_input input = { .now = { 2026, 8, 15, 13, 5, 9 } };
	struct template *t = template_parse(source, length, &e);
	if (!t) return 0;
	json_t *variables = zero ? json_parse(zero + 1, size - length - 1, "variables", &e) : NULL;
	if (!json_is_object(variables)) {
		json_decref(variables);
		variables = json_parse(usual, sizeof usual - 1, "variables", &e);
	}
	input.variables = variables;
	size_t covered = 0;
	if (template_render(t, &input, &out, &e)) {
		for (size_t i = 0; i < out.n_pieces; i++) {
			if (out.pieces[i].start != covered || out.pieces[i].length == 0) __builtin_trap();
			covered += out.pieces[i].length;
		}
		if (covered != out.length) __builtin_trap();
	}
	template_output_free(&out);
	template_free(t);
	json_decref(variables);
	return 0;
}
