/* tool_forms: the table (see tool_forms.h). */
#include "api/tool_forms.h"

#include <stddef.h>
#include <string.h>

/* clang-format off */
static const struct tool_form forms[] = {
	{ .name = "hermes", .kind = TOOL_JSON, .open = "<tool_call>", .close = "</tool_call>", .gap = "\n",
	  .name_key = "name", .arguments_key = "arguments", .marks = { "<tool_call>", "</tool_call>" } },
	{ .name = "llama", .kind = TOOL_JSON, .open = "", .open2 = "<|python_tag|>", .close = "",
	  .name_key = "name", .arguments_key = "parameters", .marks = { "<|python_tag|>" } },
	{ .name = "list", .kind = TOOL_JSON, .open = "", .close = "", .list = true, .name_key = "name", .arguments_key = "arguments" },
	{ .name = "mistral", .kind = TOOL_JSON, .open = "[TOOL_CALLS]", .close = "", .list = true,
	  .name_key = "name", .arguments_key = "arguments", .marks = { "[TOOL_CALLS]" } },
	{ .name = "mistral-args", .kind = TOOL_NAMED, .open = "[TOOL_CALLS]", .close = "", .middle = "[ARGS]",
	  .marks = { "[TOOL_CALLS]", "[CALL_ID]", "[ARGS]" } },
	{ .name = "cohere", .kind = TOOL_JSON, .open = "<|START_ACTION|>", .close = "<|END_ACTION|>", .list = true,
	  .name_key = "tool_name", .arguments_key = "parameters",
	  .swallow = { "<|START_RESPONSE|>", "<|END_RESPONSE|>" },
	  .marks = { "<|START_ACTION|>", "<|END_ACTION|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>" } },
	{ .name = "nemotron", .kind = TOOL_JSON, .open = "<TOOLCALL>", .close = "</TOOLCALL>", .list = true,
	  .name_key = "name", .arguments_key = "arguments", .marks = { "<TOOLCALL>", "</TOOLCALL>" } },
	{ .name = "tool-calls", .kind = TOOL_JSON, .open = "<tool_calls>", .close = "</tool_calls>", .list = true,
	  .name_key = "name", .arguments_key = "arguments", .marks = { "<tool_calls>", "</tool_calls>" } },
	{ .name = "internlm", .kind = TOOL_JSON, .open = "<|action_start|><|plugin|>", .close = "<|action_end|>", .gap = "\n",
	  .name_key = "name", .arguments_key = "parameters", .marks = { "<|action_start|>", "<|plugin|>", "<|action_end|>" } },
	{ .name = "gigachat", .kind = TOOL_JSON, .open = "<|function_call|>", .close = "", .name_key = "name",
	  .arguments_key = "arguments", .marks = { "<|function_call|>" } },
	{ .name = "granite", .kind = TOOL_JSON, .open = "<|tool_call|>", .open2 = "<tool_call>", .close = "<|/tool_call|>",
	  .close2 = "</tool_call>", .list = true, .name_key = "name", .arguments_key = "arguments",
	  .marks = { "<|tool_call|>", "<|/tool_call|>", "<tool_call>", "</tool_call>" } },
	{ .name = "granite-code", .kind = TOOL_JSON, .open = "<function_call>", .close = "", .name_key = "name",
	  .arguments_key = "arguments", .marks = { "<function_call>" } },
	{ .name = "functools", .kind = TOOL_JSON, .open = "functools", .close = "", .list = true, .name_key = "name",
	  .arguments_key = "arguments" },
	{ .name = "deepseek", .kind = TOOL_NAMED, .open = "<｜tool▁call▁begin｜>", .close = "", .name_mark = "<｜tool▁sep｜>",
	  .middle = "\n```json\n", .after = "\n```<｜tool▁call▁end｜>",
	  .swallow = { "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>", "<｜tool▁call▁end｜>" }, .lead = "<｜tool▁calls▁begin｜>",
	  .marks = { "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>" } },
	{ .name = "deepseek-plain", .kind = TOOL_NAMED, .open = "<｜tool▁call▁begin｜>", .close = "", .middle = "<｜tool▁sep｜>",
	  .after = "<｜tool▁call▁end｜>",
	  .swallow = { "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>" }, .lead = "<｜tool▁calls▁begin｜>",
	  .marks = { "<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>" } },
	{ .name = "kimi", .kind = TOOL_NAMED, .open = "<|tool_call_begin|>", .close = "", .name_mark = "functions.",
	  .middle = "<|tool_call_argument_begin|>", .after = "<|tool_call_end|>",
	  .swallow = { "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>" }, .lead = "<|tool_calls_section_begin|>",
	  .marks = { "<|tool_calls_section_begin|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>",
		     "<|tool_calls_section_end|>" } },
	{ .name = "solar", .kind = TOOL_NAMED, .open = "<|tool_call:begin|>", .close = "", .name_mark = "<|tool_call:name|>",
	  .middle = "<|tool_call:args|>", .after = "<|tool_call:end|>", .swallow = { "<|tool_calls|>", "<|calls|>" },
	  .lead = "<|tool_calls|>",
	  .marks = { "<|tool_calls|>", "<|tool_call:begin|>", "<|tool_call:name|>", "<|tool_call:args|>", "<|tool_call:end|>" } },
	{ .name = "functionary", .kind = TOOL_NAMED, .open = "<function=", .close = "", .middle = ">", .after = "</function>" },
	{ .name = "function", .kind = TOOL_FUNCTION, .open = "<tool_call>", .close = "</tool_call>", .gap = "\n",
	  .marks = { "<tool_call>", "</tool_call>" } },
	{ .name = "seed", .kind = TOOL_FUNCTION, .open = "<seed:tool_call>", .close = "</seed:tool_call>", .gap = "\n",
	  .marks = { "<seed:tool_call>", "</seed:tool_call>" } },
	{ .name = "glm", .kind = TOOL_KEYS, .open = "<tool_call>", .close = "</tool_call>", .gap = "\n",
	  .marks = { "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>" } },
	{ .name = "hunyuan3", .kind = TOOL_KEYS, .open = "<tool_call:opensource>", .close = "</tool_call:opensource>", .gap = "\n",
	  .suffix = ":opensource", .swallow = { "<tool_calls:opensource>", "</tool_calls:opensource>" },
	  .lead = "<tool_calls:opensource>\n" },
	{ .name = "minimax", .kind = TOOL_INVOKE, .open = "<minimax:tool_call>", .close = "</minimax:tool_call>", .gap = "\n",
	  .marks = { "<minimax:tool_call>", "</minimax:tool_call>" } },
	{ .name = "atem", .kind = TOOL_INVOKE, .open = "<atem:function_calls>", .close = "</atem:function_calls>", .prefix = "atem:",
	  .gap = "\n", .marks = { "<atem:function_calls>", "</atem:function_calls>" } },
	{ .name = "dsml", .kind = TOOL_INVOKE, .open = "<｜DSML｜function_calls>", .open2 = "<｜DSML｜tool_calls>",
	  .close = "</｜DSML｜function_calls>", .close2 = "</｜DSML｜tool_calls>", .prefix = "｜DSML｜", .gap = "\n",
	  .marks = { "｜DSML｜" } },
	{ .name = "lfm", .kind = TOOL_PYTHON, .open = "<|tool_call_start|>", .close = "<|tool_call_end|>",
	  .marks = { "<|tool_call_start|>", "<|tool_call_end|>" } },
	{ .name = "python-fenced", .kind = TOOL_PYTHON, .open = "<|tool_call_start|>", .close = "<|tool_call_end|>",
	  .marks = { "<|tool_call_start|>", "<|tool_call_end|>" } },
	{ .name = "python", .kind = TOOL_PYTHON, .open = "", .open2 = "<|python_start|>", .close = "", .close2 = "<|python_end|>",
	  .marks = { "<|python_start|>", "<|python_end|>" } },
	{ .name = "gemma", .kind = TOOL_GEMMA, .open = "<|tool_call>", .close = "<tool_call|>",
	  .marks = { "<|tool_call>", "<tool_call|>", "<|\"|>" } },
	{ .name = "harmony", .kind = TOOL_NAMED, .open = "<|channel|>commentary to=functions.", .open2 = " to=functions.",
	  .close = "", .middle = "<|message|>", .after = "<|call|>",
	  .swallow = { "<|start|>assistant", "<|channel|>final<|message|>", "<|channel|>commentary<|message|>", "<|end|>" },
	  .marks = { "<|channel|>", "<|message|>", "<|constrain|>", "<|start|>", "<|end|>" } },
};
/* clang-format on */

const struct tool_form *tool_form_find(const char *name)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (strcmp(forms[i].name, name) == 0) return &forms[i];
	}
	return NULL;
}
