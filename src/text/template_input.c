/*
 * template_input: JSON to values (see template_input.h). This is where origins begin: everything is a message's but trusted
 * variables, and roles from a closed list, which templates build control tokens from.
 */
#include "text/template_input.h"

const char *const template_special_tokens[] = { "bos_token", "eos_token", "unk_token",  "sep_token",
	                                        "pad_token", "cls_token", "mask_token", "additional_special_tokens" };
const size_t template_special_token_count = sizeof template_special_tokens / sizeof template_special_tokens[0];

/* What a role may be called for its text to count as the template's. */
static const char *const roles[] = {
	"system",
	"developer",
	"user",
	"assistant",
	"tool",
	"function",
	"functions",
	"ipython",
	"model",
	"human",
	"gpt",
	"chatbot",
	"observation",
	"tool_call",
	"tool_calls",
	"tool_response",
	"tools",
	"tool_result",
	"tool_results",
	"function_call",
	"function_response",
	"environment",
	"context",
	"documents",
	"critic",
	"reasoning",
	"thinking",
	"analysis",
	"available_tools",
	"platform",
	"guardian",
	"latest_reminder",
};

static bool is_known_role(const char *text, size_t length)
{
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
		if (strlen(roles[i]) == length && memcmp(roles[i], text, length) == 0) return true;
	}
	return false;
}

static size_t size_of(const json_t *j, unsigned depth)
{
	size_t size = 16, i;
	const char *key;
	json_t *member;
	if (depth >= TEMPLATE_VALUE_DEPTH_LIMIT) return size;
	switch (json_typeof(j)) {
	case JSON_STRING: return size + json_string_length(j);
	case JSON_ARRAY: json_array_foreach(j, i, member) size += size_of(member, depth + 1); return size;
	case JSON_OBJECT: {
		size_t key_length;
		json_object_keylen_foreach((json_t *)(uintptr_t)j, key, key_length, member) size +=
		        key_length + 16 + size_of(member, depth + 1);
		return size;
	}
	default: return size;
	}
}

size_t input_size(const json_t *variables)
{
	return variables ? size_of(variables, 0) : 0;
}

static struct value text_of(struct run *r, const char *bytes, size_t size, uint8_t origin)
{
	struct text *t = run_alloc(r, 1, sizeof *t);
	if (!t) return value_failed();
	*t = (struct text){ .bytes = bytes, .size = size, .uniform = origin, .points = text_count_points(bytes, size) };
	return value_text(t);
}

static struct value convert(struct run *r, const json_t *j, uint8_t origin, unsigned depth);

static struct value convert_array(struct run *r, const json_t *j, uint8_t origin, unsigned depth)
{
	struct value v = value_list(r, VALUE_LIST, json_array_size(j));
	for (size_t i = 0; v.kind != VALUE_FAILED && i < json_array_size(j); i++) {
		v.list->items[i] = convert(r, json_array_get(j, i), origin, depth + 1);
		if (v.list->items[i].kind == VALUE_FAILED) return value_failed();
	}
	return v;
}

/* Objects directly in a list that is a variable are messages: depth 1, the list having 0. */
static bool is_role(const char *key, size_t key_length, const json_t *member, unsigned depth)
{
	return depth == 1 && key_length == 4 && memcmp(key, "role", 4) == 0 && json_is_string(member) &&
	       is_known_role(json_string_value(member), json_string_length(member));
}

static struct value convert_object(struct run *r, const json_t *j, uint8_t origin, unsigned depth)
{
	struct value v = { .kind = VALUE_DICT, .dict = dict_new(r) };
	const char *key;
	size_t key_length;
	json_t *member;
	if (!v.dict) return value_failed();
	json_object_keylen_foreach((json_t *)(uintptr_t)j, key, key_length, member)
	{
		bool role = is_role(key, key_length, member, depth);
		struct value k = text_of(r, key, key_length, origin);
		struct value part = convert(r, member, role ? TEMPLATE_ORIGIN_TEMPLATE : origin, depth + 1);
		if (k.kind == VALUE_FAILED || part.kind == VALUE_FAILED || !dict_set(r, v.dict, k, part)) return value_failed();
	}
	return v;
}

static struct value convert(struct run *r, const json_t *j, uint8_t origin, unsigned depth)
{
	struct value v = value_none();
	if (!run_charge(r, 1)) return value_failed();
	if (depth >= TEMPLATE_VALUE_DEPTH_LIMIT)
		return run_fail(r, "a variable is nested more than %d deep", TEMPLATE_VALUE_DEPTH_LIMIT);
	switch (json_typeof(j)) {
	case JSON_OBJECT: v = convert_object(r, j, origin, depth); break;
	case JSON_ARRAY: v = convert_array(r, j, origin, depth); break;
	case JSON_STRING: return text_of(r, json_string_value(j), json_string_length(j), origin);
	case JSON_INTEGER: v = value_int(json_integer_value(j)); break;
	case JSON_REAL: v = value_float(json_real_value(j)); break;
	case JSON_TRUE: v = value_bool(true); break;
	case JSON_FALSE: v = value_bool(false); break;
	default: break;
	}
	v.message = origin;
	return v;
}

static bool is_trusted(const struct template_input *input, const char *name, size_t length)
{
	const char *const *names = input->n_trusted ? input->trusted : template_special_tokens;
	size_t count = input->n_trusted ? input->n_trusted : template_special_token_count;
	for (size_t i = 0; i < count; i++) {
		if (strlen(names[i]) == length && memcmp(names[i], name, length) == 0) return true;
	}
	return false;
}

bool input_bind(struct run *r)
{
	const char *name;
	size_t length;
	json_t *j;
	uint64_t symbol;
	json_object_keylen_foreach((json_t *)(uintptr_t)r->input->variables, name, length, j)
	{
		if (!map_get(r->tree->symbol_numbers, name, length, &symbol)) continue;
		uint8_t origin = is_trusted(r->input, name, length) ? TEMPLATE_ORIGIN_TEMPLATE : TEMPLATE_ORIGIN_MESSAGE;
		struct value v = convert(r, j, origin, 0);
		if (v.kind == VALUE_FAILED) return false;
		r->root->all[symbol] = v;
	}
	return true;
}
