/* tool_form: the marks by which forms are told (see tool_form.h). */
#include "text/tool_form.h"

#include <stdbool.h>
#include <string.h>

/* What must stand in the source; the first row that fits counts, so marks that others contain come later. */
static const struct {
	const char *name, *marks[3];
} forms[] = {
	{ "harmony", { "<|channel|>", "functions." } },
	{ "dsml", { "｜DSML｜" } },
	{ "deepseek", { "<｜tool▁sep｜>", "```json" } },
	{ "deepseek-plain", { "<｜tool▁sep｜>" } },
	{ "kimi", { "<|tool_call_argument_begin|>" } },
	{ "solar", { "<|tool_call:name|>" } },
	{ "mistral-args", { "[TOOL_CALLS]", "[ARGS]" } },
	{ "mistral", { "[TOOL_CALLS]" } },
	{ "cohere", { "<|START_ACTION|>" } },
	{ "minimax", { "<minimax:tool_call>" } },
	{ "", { "]<]minimax[>[" } }, /* tags within marks, which nothing reads yet */
	{ "atem", { "<atem:invoke" } },
	{ "seed", { "<seed:tool_call>" } },
	{ "hunyuan3", { "tool_sep", "arg_key", ":opensource" } },
	{ "function", { "<function=", "<parameter=", "<tool_call>" } },
	{ "glm", { "<arg_key>", "<tool_call>" } },
	{ "functionary", { "<function=" } },
	{ "gemma", { "<|tool_call>call:" } },
	{ "python-fenced", { "<|tool_call_start|>", "```python" } },
	{ "lfm", { "<|tool_call_start|>" } },
	{ "lfm", { "<|tool_list_start|>" } },
	{ "nemotron", { "<TOOLCALL>" } },
	{ "tool-calls", { "<tool_calls>" } },
	{ "internlm", { "<|plugin|>" } },
	{ "gigachat", { "<|function_call|>" } },
	{ "granite", { "<|tool_call|>" } },
	{ "granite-code", { "<function_call> " } },
	{ "functools", { "functools[" } },
	{ "hermes", { "<tool_call>" } },
	{ "python", { "[func_name1(" } },
	{ "python", { "pythonic" } },
	{ "list", { "xlam" } },
	{ "list", { "[{\"name\": \"func_name1\"" } },
	{ "llama", { "ipython", "parameters" } },
};

enum { N_FORMS = sizeof forms / sizeof *forms };

const char *const tool_form_names[] = {
	"harmony",      "dsml",          "deepseek", "deepseek-plain", "kimi",       "solar",    "mistral-args", "mistral",
	"cohere",       "minimax",       "atem",     "seed",           "hunyuan3",   "function", "glm",          "functionary",
	"gemma",        "python-fenced", "lfm",      "nemotron",       "tool-calls", "internlm", "gigachat",     "granite",
	"granite-code", "functools",     "hermes",   "python",         "list",       "llama",    NULL,
};

static bool has(const char *source, size_t length, const char *what)
{
	return length > 0 && memmem(source, length, what, strlen(what)) != NULL;
}

const char *tool_form_of(const char *source, size_t length)
{
	if (!has(source, length, "tools")) return "";
	for (size_t i = 0; i < N_FORMS; i++) {
		bool all = true;
		for (size_t k = 0; k < 3 && forms[i].marks[k]; k++) all = all && has(source, length, forms[i].marks[k]);
		if (all) return forms[i].name;
	}
	return "";
}
