/* fields: reading a body by its table (see fields.h). */
#include "api/fields.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool api_deny(struct api_refusal *why, const char *field, const char *format, ...)
{
	char text[400];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	why->status = 400;
	why->code = "";
	snprintf(why->field, sizeof why->field, "%s", field);
	if (*field) return error_set(&why->error, "%s: %s", field, text);
	return error_set(&why->error, "%s", text);
}

bool api_deny_memory(struct api_refusal *why)
{
	*why = (struct api_refusal){ .status = 503, .code = "" };
	return error_memory(&why->error);
}

void api_place(char *out, size_t room, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(out, room, format, args);
	va_end(args);
}

static bool is_whole(const json_t *v)
{
	if (json_is_integer(v)) return true;
	return json_is_real(v) && json_real_value(v) == floor(json_real_value(v));
}

static bool in_range(const struct api_field *f, const json_t *v, const char *name, struct api_refusal *why)
{
	double x = json_number_value(v);
	if (x >= f->low && x <= f->high) return true;
	return api_deny(why, name, "it is %g; it must be from %g to %g", x, f->low, f->high);
}

static bool check_type(const struct api_field *f, const json_t *v, const char *name, struct api_refusal *why)
{
	static const char *const words[] = { "",         "a string", "true or false", "a whole number",
		                             "a number", "a list",   "an object",     "a string or a list",
		                             "" };
	bool fits = false;
	switch (f->type) {
	case API_ANY: return true;
	case API_STRING: fits = json_is_string(v); break;
	case API_BOOL: fits = json_is_boolean(v); break;
	case API_WHOLE:
		if (is_whole(v)) return in_range(f, v, name, why);
		break;
	case API_NUMBER:
		if (json_is_number(v)) return in_range(f, v, name, why);
		break;
	case API_LIST: fits = json_is_array(v); break;
	case API_OBJECT: fits = json_is_object(v); break;
	case API_TEXT_OR_LIST: fits = json_is_string(v) || json_is_array(v); break;
	case API_REFUSED: return api_deny(why, name, "%s", f->about);
	}
	return fits || api_deny(why, name, "it must be %s", words[f->type]);
}

bool api_take_fields(struct api_call *c, const json_t *object, const struct api_field *fields, const char *place,
                     struct api_refusal *why)
{
	const char *key;
	json_t *v;
	if (!json_is_object(object)) return api_deny(why, "", "the body must be a JSON object");
	json_object_foreach((json_t *)(uintptr_t)object, key, v)
	{
		char name[128];
		const struct api_field *f = fields;
		snprintf(name, sizeof name, "%s%.80s", place, key);
		while (f->name && strcmp(f->name, key) != 0) f++;
		if (!f->name) return api_deny(why, name, "this field is not known");
		if (json_is_null(v)) continue;
		if (!check_type(f, v, name, why)) return false;
		if (f->take && !f->take(c, v, name, why)) return false;
	}
	return true;
}

/* ---- values that say nothing ---- */

bool api_only_false(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	return json_is_false(v) || api_deny(why, field, "only false is supported");
}

bool api_only_true(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	return json_is_true(v) || api_deny(why, field, "only true is supported");
}

bool api_only_zero(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	return (json_is_number(v) && json_number_value(v) == 0) || api_deny(why, field, "only 0 is supported");
}

bool api_only_one(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	return (json_is_number(v) && json_number_value(v) == 1) || api_deny(why, field, "only 1 is supported");
}

bool api_only_empty(struct api_call *c, const json_t *v, const char *field, struct api_refusal *why)
{
	(void)c;
	bool empty = (json_is_array(v) && json_array_size(v) == 0) || (json_is_object(v) && json_object_size(v) == 0) ||
	             (json_is_string(v) && json_string_length(v) == 0);
	return empty || api_deny(why, field, "it is not supported; leave it empty or out");
}
