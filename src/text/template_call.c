/* template_call: calling what can be called, and the functions that every template has. */
#include "text/template_natives.h"

#include "text/template_time.h"

#include "base/memory.h"

const struct native *native_find(const struct native *table, const struct text *name)
{
	for (; table->name; table++) {
		if (text_is(name, table->name)) return table;
	}
	return NULL;
}

const struct native *native_filter(const struct text *name)
{
	const struct native *n = native_find(template_text_filters, name);
	if (!n) n = native_find(template_list_filters, name);
	return n ? n : native_find(template_markup_filters, name);
}

const struct native *native_test(const struct text *name)
{
	return native_find(template_tests, name);
}

const struct native *native_global(const struct text *name)
{
	return native_find(template_globals, name);
}

bool parameter_int(struct run *r, struct value v, int64_t missing, int64_t *result)
{
	*result = missing;
	if (v.kind == VALUE_MISSING) return true;
	if (v.kind == VALUE_INT || v.kind == VALUE_BOOL) {
		*result = value_integer_of(v);
		return true;
	}
	run_fail(r, "an integer is needed here, not a %s", value_kind_name(v));
	return false;
}

bool parameter_bool(struct value v, bool missing)
{
	return v.kind == VALUE_MISSING ? missing : value_is_true(v);
}

const struct text *parameter_text(struct run *r, struct value v, const char *what)
{
	if (v.kind == VALUE_TEXT) return v.text;
	run_fail(r, "%s must be a text, not a %s", what, value_kind_name(v));
	return NULL;
}

/* The place of the parameter called `name` in "a,b,c", NATIVE_PARAMETERS when there is none. */
static size_t parameter_place(const char *parameters, const struct text *name)
{
	size_t place = 0;
	while (*parameters) {
		size_t n = strcspn(parameters, ",");
		if (n == name->size && memcmp(parameters, name->bytes, n) == 0) return place;
		parameters += n + (parameters[n] == ',');
		place++;
	}
	return NATIVE_PARAMETERS;
}

static size_t count_parameters(const char *parameters)
{
	size_t n = *parameters != 0;
	for (; *parameters; parameters++) n += *parameters == ',';
	return n;
}

struct value call_native(struct run *r, const struct native *n, struct value self, const struct arguments *all)
{
	struct value a[NATIVE_PARAMETERS];
	if (!run_charge(r, 2)) return value_failed();
	if (!n->parameters) return n->call(r, self, NULL, all);
	size_t count = count_parameters(n->parameters);
	for (size_t i = 0; i < NATIVE_PARAMETERS; i++) a[i].kind = VALUE_MISSING;
	if (all->n_positional > count) return run_fail(r, "'%s' takes at most %zu arguments", n->name, count);
	for (size_t i = 0; i < all->n_positional; i++) a[i] = all->positional[i];
	for (size_t i = 0; i < all->n_named; i++) {
		size_t place = parameter_place(n->parameters, all->named[i].name);
		if (place == NATIVE_PARAMETERS || a[place].kind != VALUE_MISSING)
			return run_fail(r, "'%s' does not take this argument", n->name);
		a[place] = all->named[i].value;
	}
	for (size_t i = 0; i < n->required; i++) {
		if (a[i].kind == VALUE_MISSING) return run_fail(r, "'%s' needs another argument", n->name);
	}
	return n->call(r, self, a, all);
}

/* Takes a named argument out of those that are left. */
static bool take_named(struct arguments *left, const struct text *name, struct value *v)
{
	for (size_t i = 0; i < left->n_named; i++) {
		if (!text_equals(left->named[i].name, name)) continue;
		*v = left->named[i].value;
		left->n_named--;
		memmove(left->named + i, left->named + i + 1, (left->n_named - i) * sizeof(*left->named));
		return true;
	}
	return false;
}

/* What is left of the arguments once the parameters have theirs. */
static bool bind_rest(struct run *r, const struct signature *s, struct scope *scope, struct arguments *left, bool has_caller)
{
	struct value v;
	if (s->uses_caller && !has_caller) {
		if (!take_named(left, r->tree->symbols[SYMBOL_CALLER], &v)) v = value_undefined(r->tree->symbols[SYMBOL_CALLER]);
		if (!scope_set(r, scope, SYMBOL_CALLER, v)) return false;
	}
	if (s->uses_kwargs) {
		struct value rest = { .kind = VALUE_DICT, .dict = dict_new(r) };
		if (!rest.dict) return false;
		for (size_t i = 0; i < left->n_named; i++) {
			if (!dict_set(r, rest.dict, value_text(left->named[i].name), left->named[i].value)) return false;
		}
		if (!scope_set(r, scope, SYMBOL_KWARGS, rest)) return false;
	} else if (left->n_named) {
		return run_fail(r, "the macro '%s' does not take this named argument", s->name->bytes), false;
	}
	size_t extra = left->n_positional > s->n_parameters ? left->n_positional - s->n_parameters : 0;
	if (s->uses_varargs) {
		v = value_list(r, VALUE_TUPLE, extra);
		if (v.kind == VALUE_FAILED) return false;
		if (extra) memcpy(v.list->items, left->positional + s->n_parameters, extra * sizeof(struct value));
		return scope_set(r, scope, SYMBOL_VARARGS, v);
	}
	return !extra || (run_fail(r, "the macro '%s' takes at most %u arguments", s->name->bytes, s->n_parameters), false);
}

static bool bind_macro(struct run *r, const struct signature *s, struct scope *scope, const struct arguments *all)
{
	struct arguments left = *all;
	bool has_caller = false;
	size_t i = 0;
	if (left.n_named) {
		left.named = run_alloc(r, left.n_named, sizeof(*left.named));
		if (!left.named) return false;
		memcpy(left.named, all->named, all->n_named * sizeof(*left.named));
	}
	for (const struct node *p = s->parameters; p; p = p->next, i++) {
		struct value v = { .kind = VALUE_MISSING };
		has_caller |= p->symbol == SYMBOL_CALLER;
		if (i < all->n_positional) {
			v = all->positional[i];
		} else if (!take_named(&left, p->text, &v)) {
			/* Defaults see the parameters before them. */
			v = p->a ? evaluate(r, p->a) : value_undefined(p->text);
		}
		if (v.kind == VALUE_FAILED || !scope_set(r, scope, p->symbol, v)) return false;
	}
	return bind_rest(r, s, scope, &left, has_caller);
}

struct value call_macro(struct run *r, const struct macro *m, const struct arguments *all)
{
	struct scope *outer = r->scope, *inner = scope_new(r, m->scope, m->node->hidden);
	struct value v = value_failed();
	if (!inner || !run_enter(r)) return v;
	r->scope = inner;
	if (bind_macro(r, m->node->signature, inner, all)) v = execute_to_text(r, m->node->body);
	r->scope = outer;
	run_leave(r);
	return v;
}

static struct value call_block(struct run *r, const struct node *block)
{
	struct scope *outer = r->scope;
	r->scope = scope_new(r, r->root, block->hidden);
	struct value v = r->scope ? execute_to_text(r, block->body) : value_failed();
	r->scope = outer;
	return v;
}

static struct value call_joiner(struct run *r, struct joiner *j)
{
	if (j->used) return j->separator;
	j->used = true;
	return value_text(r->empty);
}

struct value call_value(struct run *r, struct value f, const struct arguments *all)
{
	switch (f.kind) {
	case VALUE_MACRO: return call_macro(r, f.macro, all);
	case VALUE_FUNCTION: return call_native(r, f.function, value_none(), all);
	case VALUE_METHOD: return call_native(r, f.method->native, f.method->self, all);
	case VALUE_LOOP: return loop_call(r, f.loop, all);
	case VALUE_JOINER:
		if (all->n_positional || all->n_named) return run_fail(r, "a joiner is called without arguments");
		return call_joiner(r, f.joiner);
	case VALUE_BLOCK:
		if (all->n_positional || all->n_named) return run_fail(r, "a block is called without arguments");
		return call_block(r, f.block);
	case VALUE_UNDEFINED:
		if (f.name) return run_fail(r, "'%.*s' is undefined", f.name->size > 100 ? 100 : (int)f.name->size, f.name->bytes);
		return run_fail(r, "an undefined value cannot be called");
	default: return run_fail(r, "a %s cannot be called", value_kind_name(f));
	}
}

/* The functions of the environment */

static struct value global_range(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)all;
	int64_t part[3] = { 0, 0, 1 };
	for (int i = 0; i < 3; i++) {
		if (!parameter_int(r, a[i], part[i], &part[i])) return value_failed();
	}
	if (a[1].kind == VALUE_MISSING) {
		part[1] = part[0];
		part[0] = 0;
	}
	if (part[2] == 0) return run_fail(r, "the step of a range cannot be 0");
	struct range *g = run_alloc(r, 1, sizeof *g);
	if (!g) return value_failed();
	*g = (struct range){ part[0], part[1], part[2], 0 };
	bool up = part[2] > 0;
	uint64_t span = up ? (uint64_t)part[1] - (uint64_t)part[0] : (uint64_t)part[0] - (uint64_t)part[1];
	uint64_t stride = up ? (uint64_t)part[2] : 0 - (uint64_t)part[2];
	if (up ? part[0] < part[1] : part[0] > part[1]) g->count = (size_t)((span - 1) / stride + 1);
	if (g->count > 100000) return run_fail(r, "a range of more than 100000 numbers");
	return (struct value){ .kind = VALUE_RANGE, .range = g };
}

/* Copies a dict, or pairs, into `d`. */
static bool add_members(struct run *r, struct dict *d, struct value from)
{
	if (from.kind == VALUE_DICT) {
		for (size_t i = 0; i < from.dict->count; i++) {
			if (!dict_set(r, d, from.dict->keys[i], from.dict->values[i])) return false;
		}
		return true;
	}
	struct iterator *i = iterate(r, from);
	struct value pair;
	while (i && iterator_next(r, i, &pair)) {
		struct list *two = collect(r, pair);
		if (!two) return false;
		if (two->count != 2) return run_fail(r, "a dict is made of pairs"), false;
		if (!dict_set(r, d, two->items[0], two->items[1])) return false;
	}
	return !r->failed;
}

static struct value make_dict(struct run *r, const struct arguments *all, enum value_kind kind)
{
	struct value v = { .kind = (uint8_t)kind, .dict = dict_new(r) };
	if (!v.dict) return value_failed();
	if (all->n_positional > 1) return run_fail(r, "a dict is made of one other at most");
	if (all->n_positional) {
		v.message = kind == VALUE_DICT && all->positional[0].message;
		if (!add_members(r, v.dict, all->positional[0])) return value_failed();
	}
	for (size_t i = 0; i < all->n_named; i++) {
		if (!dict_set(r, v.dict, value_text(all->named[i].name), all->named[i].value)) return value_failed();
	}
	return v;
}

static struct value global_dict(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)a;
	return make_dict(r, all, VALUE_DICT);
}

static struct value global_namespace(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)a;
	return make_dict(r, all, VALUE_NAMESPACE);
}

static struct value global_cycler(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)a;
	struct cycler *c = run_alloc(r, 1, sizeof *c);
	struct value items = value_list(r, VALUE_LIST, all->n_positional);
	if (!c || items.kind == VALUE_FAILED) return value_failed();
	if (all->n_positional == 0 || all->n_named) return run_fail(r, "a cycler needs something to go through");
	memcpy(items.list->items, all->positional, all->n_positional * sizeof(struct value));
	c->items = items.list;
	return (struct value){ .kind = VALUE_CYCLER, .cycler = c };
}

static struct value cycler_next(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)r;
	(void)a;
	(void)all;
	struct cycler *c = self.cycler;
	struct value v = c->items->items[c->position];
	c->position = (c->position + 1) % c->items->count;
	return v;
}

static struct value cycler_reset(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)r;
	(void)a;
	(void)all;
	self.cycler->position = 0;
	return value_none();
}

const struct native template_cycler_methods[] = {
	{ "next", cycler_next, "", 0 },
	{ "reset", cycler_reset, "", 0 },
	{ NULL, NULL, NULL, 0 },
};

static struct value global_joiner(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)all;
	struct joiner *j = run_alloc(r, 1, sizeof *j);
	if (!j) return value_failed();
	j->separator = a[0].kind == VALUE_MISSING ? value_text(text_static(r, ", ")) : a[0];
	return (struct value){ .kind = VALUE_JOINER, .joiner = j };
}

static struct value global_lipsum(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)a;
	(void)all;
	return run_fail(r, "there are no random texts here");
}

static struct value global_raise(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)all;
	const struct text *t = value_to_text(r, a[0]);
	if (!t) return value_failed();
	r->out->raised = memory_copy_text(t->bytes, t->size);
	r->out->raised_length = t->size;
	if (!r->out->raised) return run_fail_memory(r);
	r->failed = true;
	error_set(r->error, "%s", r->out->raised);
	return value_failed();
}

static struct value global_strftime(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)self;
	(void)all;
	const struct text *format = parameter_text(r, a[0], "the format of a time");
	struct builder b = builder_new(r);
	if (!format || !time_write(&b, &r->input->now, format)) return value_failed();
	return value_text(builder_done(&b));
}

const struct native template_globals[] = {
	{ "range", global_range, "start,stop,step", 1 },
	{ "dict", global_dict, NULL, 0 },
	{ "namespace", global_namespace, NULL, 0 },
	{ "cycler", global_cycler, NULL, 0 },
	{ "joiner", global_joiner, "sep", 0 },
	{ "lipsum", global_lipsum, NULL, 0 },
	{ "raise_exception", global_raise, "message", 1 },
	{ "strftime_now", global_strftime, "format", 1 },
	{ NULL, NULL, NULL, 0 },
};
