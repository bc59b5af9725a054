/*
 * template_lazy: map, select, reject and their kin: one-shot iterators that look at their parameters when the first item is
 * wanted, as Python's generators do.
 */
#include "text/template_list_filters.h"

struct lazy {
	struct arguments arguments; /* of the filter; then those behind the name, for what it calls */
	struct value source;
	const struct native *native; /* the filter or test to call; NULL: none */
	const struct list *path;     /* of the attribute to look at; NULL: the item itself */
	struct value otherwise;
	bool attribute, rejects, ready;
};

static bool named_argument(struct run *r, struct lazy *l, const struct text *name, struct value v)
{
	if (text_is(name, "attribute")) return (l->path = attribute_path(r, v)) != NULL;
	if (text_is(name, "default")) {
		l->otherwise = v;
		return true;
	}
	run_fail(r, "map does not take this argument");
	return false;
}

static bool take_name(struct run *r, struct lazy *l, const struct native *(*find)(const struct text *), const char *what)
{
	struct value name = l->arguments.positional[0];
	if (name.kind != VALUE_TEXT) return run_fail(r, "the name of a %s must be a text", what), false;
	l->native = find(name.text);
	l->arguments.positional++;
	l->arguments.n_positional--;
	if (!l->native)
		run_fail(r, "there is no %s '%.*s'", what, name.text->size > 100 ? 100 : (int)name.text->size, name.text->bytes);
	return l->native != NULL;
}

static bool prepare_map(struct run *r, struct lazy *l)
{
	bool attribute = false;
	for (size_t i = 0; i < l->arguments.n_named; i++) attribute |= text_is(l->arguments.named[i].name, "attribute");
	if (l->arguments.n_positional) return take_name(r, l, native_filter, "filter");
	if (!attribute) return run_fail(r, "map needs the name of a filter, or an attribute"), false;
	for (size_t i = 0; i < l->arguments.n_named; i++) {
		if (!named_argument(r, l, l->arguments.named[i].name, l->arguments.named[i].value)) return false;
	}
	return true;
}

static bool step_map(struct run *r, struct iterator *i, struct value *v)
{
	struct lazy *l = (struct lazy *)(uintptr_t)i->state;
	if (!l->ready && (!value_is_true(l->source) || !prepare_map(r, l))) return false;
	l->ready = true;
	if (!iterator_next(r, i->source, v)) return false;
	*v = l->native ? call_native(r, l->native, *v, &l->arguments) : follow_path(r, l->path, *v, l->otherwise);
	return v->kind != VALUE_FAILED;
}

static bool prepare_select(struct run *r, struct lazy *l)
{
	if (l->attribute) {
		if (!l->arguments.n_positional) return run_fail(r, "the name of an attribute is needed"), false;
		l->path = attribute_path(r, l->arguments.positional[0]);
		if (!l->path) return false;
		l->arguments.positional++;
		l->arguments.n_positional--;
	}
	return !l->arguments.n_positional || take_name(r, l, native_test, "test");
}

static bool step_select(struct run *r, struct iterator *i, struct value *v)
{
	struct lazy *l = (struct lazy *)(uintptr_t)i->state;
	if (!l->ready && (!value_is_true(l->source) || !prepare_select(r, l))) return false;
	l->ready = true;
	while (iterator_next(r, i->source, v)) {
		struct value seen = l->path ? follow_path(r, l->path, *v, value_none()) : *v;
		if (seen.kind != VALUE_FAILED && l->native) seen = call_native(r, l->native, seen, &l->arguments);
		if (seen.kind == VALUE_FAILED) return false;
		if (value_is_true(seen) != l->rejects) return true;
	}
	return false;
}

/* The source is iterated when the first item is wanted; what cannot be iterated is an error only then. */
static bool step_first(struct run *r, struct iterator *i, struct value *v)
{
	struct lazy *l = (struct lazy *)(uintptr_t)i->state;
	if (value_is_true(l->source)) {
		i->source = iterate(r, l->source);
		if (!i->source) return false;
		i->depth = i->source->depth + 1;
		if (i->depth > 100) return run_fail(r, "generators are nested too deeply"), false;
	}
	i->step = l->attribute || l->rejects || i->at ? step_select : step_map;
	i->at = 0;
	return i->step(r, i, v);
}

static struct value lazy(struct run *r, struct value source, const struct arguments *all, struct lazy state, bool selects)
{
	struct lazy *l = run_alloc(r, 1, sizeof *l);
	struct iterator *i = iterator_new(r, step_first);
	if (!l || !i) return value_failed();
	*l = state;
	l->arguments = *all;
	l->source = source;
	l->otherwise.kind = VALUE_MISSING;
	i->state = l;
	i->at = selects;
	if (source.kind == VALUE_ITERATOR) i->depth = source.iterator->depth + 1;
	if (i->depth > 100) return run_fail(r, "generators are nested too deeply");
	return (struct value){ .kind = VALUE_ITERATOR, .iterator = i };
}

struct value lazy_map(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	return lazy(r, self, all, (struct lazy){ 0 }, false);
}

struct value lazy_select(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	return lazy(r, self, all, (struct lazy){ 0 }, true);
}

struct value lazy_reject(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	return lazy(r, self, all, (struct lazy){ .rejects = true }, true);
}

struct value lazy_selectattr(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	return lazy(r, self, all, (struct lazy){ .attribute = true }, true);
}

struct value lazy_rejectattr(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	return lazy(r, self, all, (struct lazy){ .attribute = true, .rejects = true }, true);
}
