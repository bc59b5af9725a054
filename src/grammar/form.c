/*
 * form: schemas between other text, as a grammar (HEARTH_GRAMMAR_FORM).
 *
 * A form is JSON: a string is itself; an object with one of these members (and for repeat its limits) is
 *
 *     {"schema": S}  {"schema": S, "else": T}        a document of the JSON schema; of T, where S is not understood whole
 *     {"sequence": [P...]}  {"either": [P...]}       its parts one behind the other, one of them
 *     {"repeat": P, "least": N, "most": N}           the part so often; without "most" any number of times
 *     {"without": "TEXT"}                            characters among which TEXT does not occur
 *
 * so that a call of a tool can be told: the marks that a model writes around it, and the schema of its arguments.
 */
#include "grammar/grammar.h"

#include "format/json.h"
#include "grammar/schema_internal.h"

#include <string.h>

enum { MOST_REPEATS = 10000 };

struct form {
	struct grammar *g;
	unsigned depth;
	struct error *e;
};

static bool make(struct form *f, const json_t *part, struct expression **x);

static bool make_parts(struct form *f, const json_t *list, struct expression *whole, struct expression **x)
{
	size_t i;
	json_t *part;
	if (!json_is_array(list)) return error_set(f->e, "form: sequence and either take a list");
	json_array_foreach(list, i, part)
	{
		struct expression *made;
		if (!make(f, part, &made)) return false;
		whole = expression_add(whole, made);
	}
	*x = whole;
	return true;
}

static bool make_repeat(struct form *f, const json_t *object, struct expression **x)
{
	const json_t *least = json_object_get(object, "least"), *most = json_object_get(object, "most");
	struct expression *part;
	json_int_t from = json_integer_value(least), to = json_integer_value(most);
	bool counts = (!least || json_is_integer(least)) && (!most || json_is_integer(most));
	if (!counts || from < 0 || from > MOST_REPEATS || to < 0 || to > MOST_REPEATS || (most && to < from))
		return error_set(f->e, "form: least and most must be whole numbers from 0 to %d, in this order", MOST_REPEATS);
	if (!make(f, json_object_get(object, "repeat"), &part)) return false;
	*x = expression_repeat(f->g->arena, part, (uint32_t)from, most ? (uint32_t)to : EXPRESSION_EVER);
	return true;
}

/* One of the beginnings of `text` that are shorter than it. With `left`, and then a character that leads neither on nor back to the
 * start of one. */
static struct expression *beginnings(struct arena *a, const char *text, size_t n, bool left)
{
	struct expression *any = expression_either(a);
	for (size_t i = 1; i < n; i++) {
		struct expression *one = expression_add(expression_sequence(a), expression_text(a, text, i));
		struct range not [2] = { { (unsigned char)text[0], (unsigned char)text[0] },
			                 { (unsigned char)text[i], (unsigned char)text[i] } };
		if (left) one = expression_add(one, expression_set(a, not, 2, true));
		any = expression_add(any, one);
	}
	return any;
}

/* Characters that are not the text's first, or beginnings of it one behind the other and a character that leads to no other: since
 * the first character comes but once in it, each text has one way. */
static bool make_without(struct form *f, const json_t *text, struct expression **x)
{
	struct arena *a = f->g->arena;
	const char *t = json_string_value(text);
	size_t n = json_string_length(text);
	bool plain = t && n > 0 && !memchr(t + 1, t[0], n - 1);
	for (size_t i = 0; plain && i < n; i++) plain = (unsigned char)t[i] < 0x80;
	if (!plain) return error_set(f->e, "form: without takes an ASCII text whose first character does not come again in it");
	struct range first = { (unsigned char)t[0], (unsigned char)t[0] };
	struct expression *unit = expression_either(a), *broken = expression_sequence(a);
	unit = expression_add(unit, expression_set(a, &first, 1, true));
	if (n > 1) {
		broken = expression_add(broken, expression_repeat(a, beginnings(a, t, n, false), 0, EXPRESSION_EVER));
		broken = expression_add(broken, beginnings(a, t, n, true));
		unit = expression_add(unit, broken);
	}
	*x = expression_add(expression_sequence(a), expression_repeat(a, unit, 0, EXPRESSION_EVER));
	if (n > 1) *x = expression_add(*x, expression_repeat(a, beginnings(a, t, n, false), 0, EXPRESSION_EVER));
	return true;
}

/* What a schema that was not understood has left without a meaning is the empty text, where nothing leads. */
static void close_rules(struct grammar *g, uint32_t from)
{
	for (uint32_t rule = from; rule < g->n_rules; rule++) {
		if (g->rules[rule] == GRAMMAR_NONE) grammar_define(g, rule, expression_text(g->arena, "", 0));
	}
}

static bool make_schema(struct form *f, json_t *schema, json_t *otherwise, struct expression **x)
{
	uint32_t rule, first = f->g->n_rules;
	if (!schema_add(f->g, schema, &rule, f->e)) {
		if (!otherwise || f->g->failed) return false;
		close_rules(f->g, first);
		if (!schema_add(f->g, otherwise, &rule, f->e)) return false;
	}
	*x = expression_rule(f->g->arena, rule);
	return true;
}

static bool make_object(struct form *f, const json_t *object, struct expression **x)
{
	struct arena *a = f->g->arena;
	json_t *schema = json_object_get(object, "schema");
	if (schema) return make_schema(f, schema, json_object_get(object, "else"), x);
	if (json_object_get(object, "sequence"))
		return make_parts(f, json_object_get(object, "sequence"), expression_sequence(a), x);
	if (json_object_get(object, "either")) return make_parts(f, json_object_get(object, "either"), expression_either(a), x);
	if (json_object_get(object, "without")) return make_without(f, json_object_get(object, "without"), x);
	if (json_object_get(object, "repeat")) return make_repeat(f, object, x);
	return error_set(f->e, "form: a part has none of schema, sequence, either, repeat, without");
}

static bool make(struct form *f, const json_t *part, struct expression **x)
{
	if (json_is_string(part)) {
		*x = expression_text(f->g->arena, json_string_value(part), json_string_length(part));
		return true;
	}
	if (!json_is_object(part)) return error_set(f->e, "form: a part is a string or an object");
	if (f->depth >= GRAMMAR_DEEPEST) return error_set(f->e, "form: it is nested too deep");
	f->depth++;
	bool ok = make_object(f, part, x);
	f->depth--;
	return ok;
}

struct grammar *grammar_from_form(const char *text, size_t length, struct error *e)
{
	if (length > GRAMMAR_MOST_SOURCE) {
		error_set(e, "form: %zu bytes are too many; at most %d", length, GRAMMAR_MOST_SOURCE);
		return NULL;
	}
	json_t *root = json_parse(text, length, "form", e);
	struct grammar *g = root ? grammar_new(e) : NULL;
	struct form f = { .g = g, .e = e };
	struct expression *x;
	bool ok = g && make(&f, root, &x);
	if (ok) {
		uint32_t rule = grammar_rule(g, "root");
		grammar_define(g, rule, x);
		ok = grammar_finish(g, rule, e) || error_at(e, "form");
	}
	json_decref(root);
	if (ok) return g;
	grammar_free(g);
	return NULL;
}
