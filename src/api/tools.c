/*
 * tools: what tools a request has, and the form that calls must have where they must be or must be right.
 *
 * The form is told to the engine as parts (HEARTH_GRAMMAR_FORM): the marks that the model writes, and the schema of the arguments.
 * It holds for the whole answer where a call is required, and behind the mark that begins a call where calls are free but strict.
 */
#include "api/inside.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { MOST_CALLS = 32, MOST_NAME = 128, MOST_FORM = 4 << 20 };

/* ---- what a request has ---- */

static bool is_name(const char *name, size_t length)
{
	if (length == 0 || length > MOST_NAME) return false;
	for (size_t i = 0; i < length; i++) {
		char ch = name[i];
		bool good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') || ch == '_' ||
		            ch == '-' || ch == '.';
		if (!good) return false;
	}
	return true;
}

static bool check_members(const json_t *function, const char *place, struct api_refusal *why)
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)(uintptr_t)function, key, v)
	{
		char at[192];
		bool known =
		        !strcmp(key, "name") || !strcmp(key, "description") || !strcmp(key, "parameters") || !strcmp(key, "strict");
		api_place(at, sizeof at, "%s.%.40s", place, key);
		if (!known) return api_deny(why, at, "this field is not known");
	}
	return true;
}

/* One tool in OpenAI's form; a copy with the parameters that templates expect. */
static json_t *reduced_tool(struct api_call *c, const json_t *tool, const char *place, struct api_refusal *why)
{
	const char *type = json_string_value(json_object_get(tool, "type"));
	const json_t *function = json_object_get(tool, "function"), *name = json_object_get(function, "name"),
	             *parameters = json_object_get(function, "parameters"), *strict = json_object_get(function, "strict");
	char at[192];
	if (!type || strcmp(type, "function") != 0) {
		api_place(at, sizeof at, "%s.type", place);
		api_deny(why, at, "only tools of type 'function' are supported");
		return NULL;
	}
	api_place(at, sizeof at, "%s.function", place);
	if (!json_is_object(function) || !check_members(function, at, why)) {
		if (!json_is_object(function)) api_deny(why, at, "it must be an object");
		return NULL;
	}
	if (!is_name(json_string_value(name), json_string_length(name))) {
		api_place(at, sizeof at, "%s.function.name", place);
		api_deny(why, at, "it must be 1 to %d letters, digits, '_', '-' or '.'", MOST_NAME);
		return NULL;
	}
	if (parameters && !json_is_null(parameters) && !json_is_object(parameters)) {
		api_place(at, sizeof at, "%s.function.parameters", place);
		api_deny(why, at, "it must be a JSON schema of an object");
		return NULL;
	}
	if (json_is_true(strict)) c->inside->ask.strict = true;
	json_t *made = json_deep_copy(tool), *inner = json_object_get(made, "function");
	bool ok = made != NULL;
	if (ok && !json_is_object(parameters))
		ok = json_object_set_new(inner, "parameters", json_pack("{s:s, s:{}}", "type", "object", "properties")) == 0;
	if (ok && !json_object_get(inner, "description")) ok = json_object_set_new(inner, "description", json_string("")) == 0;
	if (ok) return made;
	json_decref(made);
	api_deny_memory(why);
	return NULL;
}

static const json_t *find_tool(const struct api_call *c, const char *name)
{
	size_t i;
	const json_t *tool;
	json_array_foreach(c->inside->ask.tools, i, tool)
	{
		const json_t *function = json_object_get(tool, "function");
		if (strcmp(json_string_value(json_object_get(function, "name")), name) == 0) return function;
	}
	return NULL;
}

bool api_has_tool(const struct api_call *c, const char *name)
{
	return find_tool(c, name) != NULL;
}

bool api_take_tools(struct api_call *c, const json_t *tools, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	size_t i;
	const json_t *tool;
	if (json_array_size(tools) > API_MOST_TOOLS)
		return api_deny(why, "tools", "%zu are too many; at most %d", json_array_size(tools), API_MOST_TOOLS);
	if (json_array_size(tools) == 0) return true;
	ask->tools = json_array();
	if (!ask->tools) return api_deny_memory(why);
	json_array_foreach((json_t *)(uintptr_t)tools, i, tool)
	{
		char place[64];
		api_place(place, sizeof place, "tools[%zu]", i);
		json_t *one = reduced_tool(c, tool, place, why);
		if (!one) return false;
		const char *name = json_string_value(json_object_get(json_object_get(one, "function"), "name"));
		bool twice = find_tool(c, name) != NULL;
		if (json_array_append_new(ask->tools, one) != 0) return api_deny_memory(why);
		if (twice) return api_deny(why, place, "there are two tools of this name");
	}
	return true;
}

/* ---- parts of a form ---- */

/* A list of parts, one behind the other; NULL once memory is out, which is seen at the end. */
static void add(json_t **parts, json_t *part)
{
	if (*parts && part && json_array_append_new(*parts, part) == 0) return;
	json_decref(*parts);
	*parts = NULL;
}

static void add_text(json_t **parts, const char *text)
{
	if (text && *text) add(parts, json_string(text));
}

static json_t *sequence(json_t *parts)
{
	return parts ? json_pack("{s:o}", "sequence", parts) : NULL;
}

static json_t *either(json_t *parts)
{
	return parts ? json_pack("{s:o}", "either", parts) : NULL;
}

static json_t *repeat(json_t *part, bool once)
{
	if (!part) return NULL;
	return json_pack("{s:o, s:i, s:i}", "repeat", part, "least", 0, "most", once ? 1 : MOST_CALLS - 1);
}

/* Documents of the schema; where it cannot be held and need not be, of another one. */
static json_t *schema(const struct api_call *c, const json_t *s, const json_t *otherwise)
{
	if (c->inside->ask.strict) return json_pack("{s:O}", "schema", s);
	return json_pack("{s:O, s:O}", "schema", s, "else", otherwise);
}

static json_t *arguments_schema(const struct api_call *c, const json_t *function)
{
	json_t *any = json_pack("{s:s}", "type", "object"), *s = json_object_get(function, "parameters");
	/* An object without members to speak of is one without members. */
	json_t *made = schema(c, s, any);
	json_decref(any);
	return made;
}

/* ---- parameters in notations that are not JSON ---- */

static bool is_required(const json_t *function, const char *key)
{
	size_t i;
	const json_t *v;
	json_array_foreach(json_object_get(json_object_get(function, "parameters"), "required"), i, v)
	{
		if (json_string_value(v) && strcmp(json_string_value(v), key) == 0) return true;
	}
	return false;
}

/* The parameter's schema as one by itself: references lead into the definitions of the whole. */
static json_t *own_schema(const json_t *function, const json_t *s)
{
	static const char *const defs[] = { "$defs", "definitions" };
	const json_t *whole = json_object_get(function, "parameters");
	json_t *own = json_is_object(s) ? json_copy((json_t *)(uintptr_t)s) : json_object();
	for (size_t i = 0; own && i < 2; i++) {
		json_t *d = json_object_get(whole, defs[i]);
		if (d && !json_object_get(own, defs[i])) json_object_set(own, defs[i], d);
	}
	return own;
}

static bool is_text_schema(const json_t *s)
{
	const char *type = json_string_value(json_object_get(s, "type"));
	return type && strcmp(type, "string") == 0;
}

/* A text without quotes that ends before `end`: one of the values that are listed, or anything. */
static json_t *plain_text(const json_t *s, const char *end)
{
	const json_t *values = json_object_get(s, "enum"), *v;
	size_t i;
	if (!json_is_array(values)) return json_pack("{s:s}", "without", end);
	json_t *list = json_array();
	json_array_foreach(values, i, v)
	{
		if (json_is_string(v)) add(&list, json_incref((json_t *)(uintptr_t)v));
	}
	return either(list);
}

static json_t *value_part(const struct api_call *c, const json_t *function, const json_t *s)
{
	json_t *own = own_schema(function, s), *any = json_true();
	json_t *made = own ? schema(c, own, any) : NULL;
	json_decref(own);
	json_decref(any);
	return made;
}

/* One parameter in the form's notation. */
static json_t *parameter(const struct api_call *c, const json_t *function, const char *key, const json_t *s)
{
	const struct tool_form *f = c->inside->form;
	const char *prefix = f->prefix ? f->prefix : "", *suffix = f->suffix ? f->suffix : "", *gap = f->gap ? f->gap : "";
	char before[512], after[128];
	bool text = is_text_schema(s);
	switch (f->kind) {
	case TOOL_FUNCTION:
		snprintf(before, sizeof before, "<parameter=%.200s>\n", key);
		snprintf(after, sizeof after, "\n</parameter>\n");
		break;
	case TOOL_KEYS:
		snprintf(before, sizeof before, "<arg_key%s>%.200s</arg_key%s>%s<arg_value%s>", suffix, key, suffix, gap, suffix);
		snprintf(after, sizeof after, "</arg_value%s>%s", suffix, gap);
		break;
	case TOOL_INVOKE:
		snprintf(before, sizeof before, "<%sparameter name=\"%.200s\"%s>", prefix, key,
		         strcmp(f->name, "dsml") != 0 ? ""
		         : text                       ? " string=\"true\""
		                                      : " string=\"false\"");
		snprintf(after, sizeof after, "</%sparameter>\n", prefix);
		break;
	case TOOL_GEMMA:
		snprintf(before, sizeof before, text ? "%.200s:<|\"|>" : "%.200s:", key);
		snprintf(after, sizeof after, "%s", text ? "<|\"|>" : "");
		break;
	default:
		snprintf(before, sizeof before, "%.200s=", key);
		after[0] = 0;
		text = false;
		break;
	}
	json_t *parts = json_array();
	const char *end = strstr(after, "<"); /* line ends in front of the mark may be in the text too */
	add_text(&parts, before);
	add(&parts, text ? plain_text(s, end ? end : after) : value_part(c, function, s));
	add_text(&parts, after);
	return sequence(parts);
}

/* Parameters between commas: the required ones, then those of the others that there are. */
static json_t *with_commas(const struct api_call *c, const json_t *function, const char *comma)
{
	json_t *properties = json_object_get(json_object_get(function, "parameters"), "properties"), *s;
	const char *key;
	json_t *parts = json_array(), *first = json_array();
	unsigned n = 0;
	json_object_foreach(properties, key, s)
	{
		if (!is_required(function, key)) continue;
		if (n++) add_text(&parts, comma);
		add(&parts, parameter(c, function, key, s));
	}
	json_t *rest = json_array();
	json_object_foreach(properties, key, s)
	{
		if (is_required(function, key)) continue;
		json_t *one = json_array();
		add_text(&one, comma);
		add(&one, parameter(c, function, key, s));
		add(&rest, repeat(sequence(one), true));
		add(&first, parameter(c, function, key, s));
	}
	if (n > 0) {
		add(&parts, sequence(rest));
		json_decref(first);
		return sequence(parts);
	}
	/* None is required: one of the others begins, or there are none. */
	json_decref(parts);
	json_decref(rest);
	return json_array_size(first) ? repeat(either(first), true) : (json_decref(first), json_string(""));
}

static json_t *one_by_one(const struct api_call *c, const json_t *function)
{
	json_t *properties = json_object_get(json_object_get(function, "parameters"), "properties"), *s, *parts = json_array();
	const char *key;
	json_object_foreach(properties, key, s)
	{
		json_t *one = parameter(c, function, key, s);
		add(&parts, is_required(function, key) ? one : repeat(one, true));
	}
	return sequence(parts);
}

/* ---- calls ---- */

/* A call of one tool, without the marks that stand around all kinds of calls. */
static json_t *call_part(const struct api_call *c, const json_t *function)
{
	const struct tool_form *f = c->inside->form;
	const char *name = json_string_value(json_object_get(function, "name")), *prefix = f->prefix ? f->prefix : "";
	const char *gap = f->gap ? f->gap : "";
	json_t *parts = json_array();
	char text[512];
	switch (f->kind) {
	case TOOL_JSON:
		snprintf(text, sizeof text, "{\"%s\": \"%s\", \"%s\": ", f->name_key, name, f->arguments_key);
		add_text(&parts, text);
		add(&parts, arguments_schema(c, function));
		add_text(&parts, "}");
		break;
	case TOOL_NAMED:
		if (strcmp(f->name, "deepseek") == 0) add_text(&parts, "function");
		if (strcmp(f->name, "solar") == 0) add_text(&parts, "call00001");
		add_text(&parts, f->name_mark);
		add_text(&parts, name);
		if (strcmp(f->name, "kimi") == 0) add_text(&parts, ":0");
		if (strcmp(f->name, "harmony") == 0) add_text(&parts, " <|constrain|>json");
		add_text(&parts, f->middle);
		add(&parts, arguments_schema(c, function));
		if (strcmp(f->name, "harmony") != 0) add_text(&parts, f->after);
		break;
	case TOOL_FUNCTION:
		snprintf(text, sizeof text, "<function=%s>\n", name);
		add_text(&parts, text);
		add(&parts, one_by_one(c, function));
		add_text(&parts, "</function>");
		break;
	case TOOL_KEYS:
		snprintf(text, sizeof text, f->suffix ? "%s<tool_sep:opensource>%s" : "%s%s", name, gap);
		add_text(&parts, text);
		add(&parts, one_by_one(c, function));
		break;
	case TOOL_INVOKE:
		snprintf(text, sizeof text, "<%sinvoke name=\"%s\">\n", prefix, name);
		add_text(&parts, text);
		add(&parts, one_by_one(c, function));
		snprintf(text, sizeof text, "</%sinvoke>", prefix);
		add_text(&parts, text);
		break;
	case TOOL_PYTHON:
		snprintf(text, sizeof text, "%s(", name);
		add_text(&parts, text);
		add(&parts, with_commas(c, function, ", "));
		add_text(&parts, ")");
		break;
	case TOOL_GEMMA:
		snprintf(text, sizeof text, "call:%s{", name);
		add_text(&parts, text);
		add(&parts, with_commas(c, function, ","));
		add_text(&parts, "}");
		break;
	}
	return sequence(parts);
}

/* A call of any of the tools that may be called. */
static json_t *any_call(const struct api_call *c)
{
	const struct api_ask *ask = &c->inside->ask;
	json_t *list = json_array();
	size_t i;
	const json_t *tool;
	json_array_foreach(ask->tools, i, tool)
	{
		const json_t *function = json_object_get(tool, "function");
		const char *name = json_string_value(json_object_get(function, "name"));
		if (ask->choice == API_TOOLS_NAMED && strcmp(name, ask->chosen) != 0) continue;
		add(&list, call_part(c, function));
	}
	return either(list);
}

/* Whether calls of the form stand in one list between the marks; else each has its own marks. */
static bool is_list(const struct tool_form *f)
{
	return f->list || f->kind == TOOL_PYTHON;
}

/* Calls from behind the first opening mark to the end. */
static json_t *calls_part(const struct api_call *c)
{
	const struct tool_form *f = c->inside->form;
	const char *gap = f->gap ? f->gap : "", *open = *f->open ? f->open : "";
	json_t *parts = json_array(), *more = json_array();
	bool fenced = strcmp(f->name, "python-fenced") == 0, list = is_list(f);
	add_text(&parts, fenced ? "\n```python\n" : list ? "[" : gap);
	add(&parts, any_call(c));
	if (list) {
		add_text(&more, fenced ? "\n" : ", ");
		add(&more, any_call(c));
		if (!c->inside->ask.one_call) add(&parts, repeat(sequence(json_incref(more)), false));
		add_text(&parts, fenced ? "\n```\n" : "]");
		add_text(&parts, f->close);
	} else {
		if (f->kind != TOOL_KEYS) add_text(&parts, gap);
		add_text(&parts, f->close);
		add_text(&more, *f->open ? f->close && *f->close ? "\n" : "" : "; ");
		add_text(&more, open);
		add_text(&more, gap);
		add(&more, any_call(c));
		if (f->kind != TOOL_KEYS) add_text(&more, gap);
		add_text(&more, f->close);
		bool many = !c->inside->ask.one_call && strcmp(f->name, "harmony") != 0;
		if (many) add(&parts, repeat(sequence(json_incref(more)), false));
	}
	json_decref(more);
	return sequence(parts);
}

/* ---- the request ---- */

static bool set_marks(struct api_call *c, struct hearth_request *r, struct api_refusal *why)
{
	const struct tool_form *f = c->inside->form;
	const char **marks = arena_alloc(c->inside->arena, 6 + 2 * thoughts_n_pairs, sizeof *marks);
	if (!marks) return api_deny_memory(why);
	for (size_t i = 0; f && i < 6 && f->marks[i]; i++) marks[r->n_marks++] = f->marks[i];
	for (size_t i = 0; i < thoughts_n_pairs; i++) {
		marks[r->n_marks++] = thoughts_pairs[i].open;
		marks[r->n_marks++] = thoughts_pairs[i].close;
	}
	r->marks = marks;
	return true;
}

static bool set_form(struct api_call *c, struct hearth_request *r, json_t *form, struct api_refusal *why)
{
	struct buffer b = buffer_new(MOST_FORM);
	bool ok = form && json_write_value(&b, form);
	json_decref(form);
	if (!ok) {
		buffer_free(&b);
		return api_deny(why, "tools", "their schemas are too long");
	}
	r->grammar_kind = HEARTH_GRAMMAR_FORM;
	r->grammar = api_keep(c, &b, &r->grammar_length);
	return r->grammar || api_deny_memory(why);
}

/* The whole answer: calls; or where none must be, calls or a document of the schema. */
static json_t *whole_form(const struct api_call *c, const json_t *document)
{
	const struct tool_form *f = c->inside->form;
	json_t *parts = json_array();
	add_text(&parts, f->lead);
	add_text(&parts, f->open);
	add(&parts, calls_part(c));
	json_t *calls = sequence(parts);
	if (!document) return calls;
	json_t *both = json_array();
	add(&both, calls);
	add(&both, json_pack("{s:O}", "schema", document));
	return either(both);
}

static bool set_format(struct api_call *c, struct hearth_request *r, const json_t *document, struct api_refusal *why)
{
	struct buffer b = buffer_new(MOST_FORM);
	if (!json_write_value(&b, document)) {
		buffer_free(&b);
		return api_deny(why, "response_format", "the schema is too long");
	}
	r->grammar_kind = HEARTH_GRAMMAR_SCHEMA;
	r->grammar = api_keep(c, &b, &r->grammar_length);
	return r->grammar || api_deny_memory(why);
}

/* What is free until a call begins. */
static bool set_trigger(struct api_call *c, struct hearth_request *r, struct api_refusal *why)
{
	const struct tool_form *f = c->inside->form;
	char text[64];
	if (*f->open) {
		r->trigger = f->open;
		return set_form(c, r, calls_part(c), why);
	}
	if (f->kind != TOOL_JSON)
		return api_deny(why, "tools", "this model's calls cannot be held to schemas but with tool_choice");
	/* Its calls begin like this and with nothing else. */
	snprintf(text, sizeof text, "%s{\"%s\": \"", f->list ? "[" : "", f->name_key);
	r->trigger = arena_copy(c->inside->arena, text, strlen(text));
	if (!r->trigger) return api_deny_memory(why);
	json_t *list = json_array();
	size_t i;
	const json_t *tool;
	json_array_foreach(c->inside->ask.tools, i, tool)
	{
		const json_t *function = json_object_get(tool, "function");
		json_t *parts = json_array();
		char behind[256];
		snprintf(behind, sizeof behind, "%s\", \"%s\": ", json_string_value(json_object_get(function, "name")),
		         f->arguments_key);
		add_text(&parts, behind);
		add(&parts, arguments_schema(c, function));
		add_text(&parts, f->list ? "}]" : "}");
		add(&list, sequence(parts));
	}
	return set_form(c, r, either(list), why);
}

bool api_plan_tools(struct api_call *c, struct hearth_request *r, struct api_refusal *why)
{
	struct api_ask *ask = &c->inside->ask;
	json_t *object = NULL;
	const json_t *document = NULL;
	if (!set_marks(c, r, why)) return false;
	if (ask->format == API_FORMAT_GBNF) {
		if (ask->tools) return api_deny(why, "grammar", "it cannot be together with tools");
		r->grammar_kind = HEARTH_GRAMMAR_GBNF;
		r->grammar = ask->grammar;
		r->grammar_length = strlen(ask->grammar);
		return true;
	}
	if (ask->format == API_FORMAT_SCHEMA) document = ask->schema;
	if (ask->format == API_FORMAT_JSON) document = object = json_pack("{s:s}", "type", "object");
	bool must = ask->tools && (ask->choice == API_TOOLS_REQUIRED || ask->choice == API_TOOLS_NAMED), ok = true;
	if (must || (ask->tools && document))
		ok = set_form(c, r, whole_form(c, must ? NULL : document), why);
	else if (document)
		ok = set_format(c, r, document, why);
	else if (ask->tools && (ask->strict || ask->one_call))
		ok = set_trigger(c, r, why);
	json_decref(object);
	return ok;
}
