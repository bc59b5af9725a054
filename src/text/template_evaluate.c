/* template_evaluate: the value of an expression. */
#include "text/template_iterate.h"
#include "text/template_natives.h"

static struct value undefined_error(struct run *r, struct value v)
{
	if (v.kind != VALUE_UNDEFINED || !v.name) return run_fail(r, "a %s cannot be used like this", value_kind_name(v));
	int length = v.name->size > 100 ? 100 : (int)v.name->size;
	return run_fail(r, "'%.*s' is undefined", length, v.name->bytes);
}

static struct value evaluate_items(struct run *r, const struct node *n)
{
	struct value v = value_list(r, n->kind == NODE_TUPLE ? VALUE_TUPLE : VALUE_LIST, 0);
	if (v.kind == VALUE_FAILED) return v;
	for (const struct node *item = n->first; item; item = item->next) {
		struct value part = evaluate(r, item);
		if (part.kind == VALUE_FAILED || !list_append(r, v.list, part)) return value_failed();
	}
	return v;
}

static struct value evaluate_dict(struct run *r, const struct node *n)
{
	struct value v = { .kind = VALUE_DICT, .dict = dict_new(r) };
	if (!v.dict) return value_failed();
	for (const struct node *key = n->first; key; key = key->next->next) {
		struct value k = evaluate(r, key);
		if (k.kind == VALUE_FAILED) return k;
		struct value member = evaluate(r, key->next);
		if (member.kind == VALUE_FAILED || !dict_set(r, v.dict, k, member)) return value_failed();
	}
	return v;
}

static bool compare(struct run *r, enum operator op, struct value a, struct value b)
{
	switch (op) {
	case OP_EQUAL: return value_equal(r, a, b);
	case OP_NOT_EQUAL: return !value_equal(r, a, b);
	case OP_LESS: return value_less(r, a, b);
	case OP_GREATER: return value_less(r, b, a);
	case OP_IN: return value_contains(r, b, a);
	case OP_NOT_IN: return !value_contains(r, b, a);
	default: break;
	}
	if (op == OP_GREATER_EQUAL) {
		struct value left = a;
		a = b;
		b = left;
	}
	if (value_is_number(a) && value_is_number(b) && (a.kind == VALUE_FLOAT || b.kind == VALUE_FLOAT))
		return value_real_of(a) <= value_real_of(b);
	return value_less(r, a, b) || (!r->failed && value_equal(r, a, b));
}

static struct value evaluate_compare(struct run *r, const struct node *n)
{
	struct value left = evaluate(r, n->a);
	for (const struct node *operand = n->first; operand; operand = operand->next) {
		if (left.kind == VALUE_FAILED) return left;
		struct value right = evaluate(r, operand->a);
		if (right.kind == VALUE_FAILED) return right;
		bool holds = compare(r, operand->op, left, right);
		if (r->failed) return value_failed();
		if (!holds || !operand->next) return value_bool(holds);
		left = right;
	}
	return left;
}

static struct value evaluate_concat(struct run *r, const struct node *n)
{
	const struct text *all = NULL;
	for (const struct node *part = n->first; part; part = part->next) {
		struct value v = evaluate(r, part);
		const struct text *t = r->autoescape ? markup_escape(r, v) : value_to_text(r, v);
		if (t && !r->autoescape) t = text_with_markup(r, t, false);
		all = !t ? NULL : all ? text_concat(r, all, t) : t;
		if (!all) return value_failed();
	}
	return value_text(all);
}

static struct value evaluate_sign(struct run *r, const struct node *n)
{
	struct value v = evaluate(r, n->a);
	if (v.kind == VALUE_FAILED) return v;
	if (!value_is_number(v)) return undefined_error(r, v);
	if (v.kind == VALUE_BOOL) v = (struct value){ .kind = VALUE_INT, .message = v.message, .integer = v.boolean };
	if (n->kind == NODE_POSITIVE) return v;
	if (v.kind == VALUE_FLOAT) {
		v.real = -v.real;
		return v;
	}
	if (v.integer == INT64_MIN) return run_fail(r, "an integer has more than 64 bits");
	v.integer = -v.integer;
	return v;
}

static struct value evaluate_item(struct run *r, const struct node *n)
{
	struct value of = evaluate(r, n->a);
	if (of.kind == VALUE_FAILED) return of;
	if (n->b->kind != NODE_SLICE) {
		struct value index = evaluate(r, n->b);
		return index.kind == VALUE_FAILED ? index : get_item(r, of, index);
	}
	const struct node *const parts[3] = { n->b->a, n->b->b, n->b->c };
	struct value bounds[3];
	for (int i = 0; i < 3; i++) {
		bounds[i] = parts[i] ? evaluate(r, parts[i]) : value_none();
		if (bounds[i].kind == VALUE_FAILED) return bounds[i];
	}
	/* jinja2 looks at literals before it runs, more gently. */
	bool whole = of.kind != VALUE_TEXT && n->a->kind == NODE_CONSTANT;
	return whole ? value_undefined(NULL) : get_slice(r, of, bounds[0], bounds[1], bounds[2]);
}

static bool spread_arguments(struct run *r, const struct call *c, struct list *positional, struct arguments *all)
{
	if (c->spread_list) {
		struct iterator *i = iterate(r, evaluate(r, c->spread_list));
		struct value v;
		while (i && iterator_next(r, i, &v)) {
			if (!list_append(r, positional, v)) return false;
		}
		if (r->failed) return false;
	}
	if (!c->spread_dict) return true;
	struct value d = evaluate(r, c->spread_dict);
	if (d.kind == VALUE_FAILED) return false;
	if (d.kind != VALUE_DICT) return run_fail(r, "** needs a dict, not a %s", value_kind_name(d)), false;
	struct named_value *named = run_alloc(r, all->n_named + d.dict->count + 1, sizeof(*named));
	if (!named) return false;
	if (all->n_named) memcpy(named, all->named, all->n_named * sizeof(*named));
	all->named = named;
	for (size_t i = 0; i < d.dict->count; i++) {
		if (d.dict->keys[i].kind != VALUE_TEXT) return run_fail(r, "the name of an argument must be a text"), false;
		named[all->n_named++] = (struct named_value){ d.dict->keys[i].text, d.dict->values[i] };
	}
	return true;
}

static bool evaluate_arguments(struct run *r, const struct call *c, struct arguments *all)
{
	struct value positional = value_list(r, VALUE_LIST, 0);
	*all = (struct arguments){ 0 };
	if (positional.kind == VALUE_FAILED) return false;
	for (const struct node *n = c->positional; n; n = n->next) {
		struct value v = evaluate(r, n);
		if (v.kind == VALUE_FAILED || !list_append(r, positional.list, v)) return false;
	}
	if (c->n_named) {
		all->named = run_alloc(r, c->n_named, sizeof(*all->named));
		if (!all->named) return false;
	}
	for (const struct node *n = c->named; n; n = n->next) {
		struct value v = evaluate(r, n->a);
		if (v.kind == VALUE_FAILED) return false;
		all->named[all->n_named++] = (struct named_value){ n->text, v };
	}
	if (!spread_arguments(r, c, positional.list, all)) return false;
	all->positional = positional.list->items;
	all->n_positional = positional.list->count;
	return true;
}

static struct value evaluate_call(struct run *r, const struct node *n)
{
	struct arguments all;
	struct value f = evaluate(r, n->a);
	if (f.kind == VALUE_FAILED || !evaluate_arguments(r, &n->call, &all)) return value_failed();
	r->line = n->line;
	return call_value(r, f, &all);
}

/* A filter or test on a value that is known. */
static struct value apply(struct run *r, const struct node *n, struct value v)
{
	struct arguments all;
	if (v.kind == VALUE_FAILED) return v;
	if (!n->native) {
		int length = n->text->size > 100 ? 100 : (int)n->text->size;
		return run_fail(r, "there is no %s '%.*s'", n->kind == NODE_FILTER ? "filter" : "test", length, n->text->bytes);
	}
	if (!evaluate_arguments(r, &n->call, &all)) return value_failed();
	r->line = n->line;
	return call_native(r, n->native, v, &all);
}

struct value apply_filters(struct run *r, const struct node *filters, struct value v)
{
	if (!filters) return v;
	if (!run_enter(r)) return value_failed();
	struct value result = apply(r, filters, apply_filters(r, filters->a, v));
	run_leave(r);
	return result;
}

static struct value evaluate_inside(struct run *r, const struct node *n)
{
	struct value v;
	switch ((enum node_kind)n->kind) {
	case NODE_TUPLE:
	case NODE_LIST: return evaluate_items(r, n);
	case NODE_DICT: return evaluate_dict(r, n);
	case NODE_CONDITIONAL:
		v = evaluate(r, n->b);
		if (v.kind == VALUE_FAILED) return v;
		if (value_is_true(v)) return evaluate(r, n->a);
		return n->c ? evaluate(r, n->c) : value_undefined(NULL);
	case NODE_OR:
	case NODE_AND:
		v = evaluate(r, n->a);
		if (v.kind == VALUE_FAILED || value_is_true(v) == (n->kind == NODE_OR)) return v;
		return evaluate(r, n->b);
	case NODE_NOT: v = evaluate(r, n->a); return v.kind == VALUE_FAILED ? v : value_bool(!value_is_true(v));
	case NODE_COMPARE: return evaluate_compare(r, n);
	case NODE_CONCAT: return evaluate_concat(r, n);
	case NODE_BINARY: {
		v = evaluate(r, n->a);
		struct value right = v.kind == VALUE_FAILED ? v : evaluate(r, n->b);
		if (right.kind == VALUE_FAILED) return right;
		r->line = n->line;
		return operate(r, n->op, v, right);
	}
	case NODE_NEGATE:
	case NODE_POSITIVE: return evaluate_sign(r, n);
	case NODE_ATTRIBUTE:
		v = evaluate(r, n->a);
		if (v.kind == VALUE_FAILED) return v;
		r->line = n->line;
		return get_attribute(r, v, n->text);
	case NODE_ITEM: return evaluate_item(r, n);
	case NODE_CALL: return evaluate_call(r, n);
	case NODE_FILTER:
	case NODE_TEST: return apply(r, n, evaluate(r, n->a));
	default: return run_fail(r, "this cannot be evaluated");
	}
}

struct value evaluate(struct run *r, const struct node *n)
{
	if (!run_charge(r, 1)) return value_failed();
	if (n->kind == NODE_CONSTANT) return n->constant;
	if (n->kind == NODE_NAME) {
		struct value v = scope_get(r, n->symbol);
		return v.kind == VALUE_MISSING ? value_undefined(n->text) : v;
	}
	r->line = n->line;
	if (!run_enter(r)) return value_failed();
	struct value v = evaluate_inside(r, n);
	run_leave(r);
	return v;
}
