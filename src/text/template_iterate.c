/*
 * template_iterate: iterators over every kind of value, and the lazy ones that filters make of other iterators.
 */
#include "text/template_iterate.h"

#include "base/utf8.h"

struct iterator *iterator_new(struct run *r, iterator_step step)
{
	struct iterator *i = run_alloc(r, 1, sizeof *i);
	if (i) i->step = step;
	return i;
}

struct iterator *iterator_from(struct run *r, iterator_step step, struct value source)
{
	struct iterator *from = iterate(r, source), *i = from ? iterator_new(r, step) : NULL;
	if (!i) return NULL;
	i->source = from;
	i->depth = from->depth + 1;
	if (i->depth > 100) {
		run_fail(r, "generators are nested too deeply");
		return NULL;
	}
	return i;
}

static bool step_list(struct run *r, struct iterator *i, struct value *v)
{
	(void)r;
	if (i->at >= i->over.list->count) return false;
	*v = i->over.list->items[i->at++];
	return true;
}

static bool step_text(struct run *r, struct iterator *i, struct value *v)
{
	const struct text *t = i->over.text;
	size_t n;
	if (i->at >= t->size) return false;
	text_point_at(t, i->at, &n);
	const struct text *one = text_slice(r, t, i->at, i->at + n);
	*v = value_text(one ? text_with_markup(r, one, false) : NULL);
	i->at += n;
	return v->kind != VALUE_FAILED;
}

static bool step_range(struct run *r, struct iterator *i, struct value *v)
{
	(void)r;
	const struct range *g = i->over.range;
	if (i->at >= g->count) return false;
	*v = value_int(g->start + (int64_t)i->at++ * g->step);
	return true;
}

struct value dict_member(struct run *r, struct value dict, size_t at)
{
	struct value pair = value_list(r, VALUE_TUPLE, 2);
	if (pair.kind == VALUE_FAILED) return pair;
	pair.message = dict.message;
	pair.list->items[0] = dict.dict->keys[at];
	pair.list->items[1] = dict.dict->values[at];
	return pair;
}

static bool step_view(struct run *r, struct iterator *i, struct value *v)
{
	const struct view *view = i->over.view;
	const struct dict *d = view->dict.dict;
	if (i->at >= d->count) return false;
	size_t at = i->at++;
	*v = view->what == VIEW_KEYS ? d->keys[at] : view->what == VIEW_VALUES ? d->values[at] : dict_member(r, view->dict, at);
	return v->kind != VALUE_FAILED;
}

static bool step_dict(struct run *r, struct iterator *i, struct value *v)
{
	(void)r;
	if (i->at >= i->over.dict->count) return false;
	*v = i->over.dict->keys[i->at++];
	return true;
}

static bool step_nothing(struct run *r, struct iterator *i, struct value *v)
{
	(void)r;
	(void)i;
	(void)v;
	return false;
}

struct iterator *iterate(struct run *r, struct value v)
{
	iterator_step step = NULL;
	switch (v.kind) {
	case VALUE_ITERATOR: return v.iterator;
	case VALUE_LIST:
	case VALUE_TUPLE: step = step_list; break;
	case VALUE_TEXT: step = step_text; break;
	case VALUE_RANGE: step = step_range; break;
	case VALUE_VIEW: step = step_view; break;
	case VALUE_DICT: step = step_dict; break;
	case VALUE_UNDEFINED: step = step_nothing; break;
	case VALUE_FAILED: return NULL;
	default: run_fail(r, "a %s cannot be iterated", value_kind_name(v)); return NULL;
	}
	struct iterator *i = iterator_new(r, step);
	if (i) i->over = v;
	return i;
}

bool iterator_next(struct run *r, struct iterator *i, struct value *v)
{
	if (i->done || r->failed || !run_charge(r, 1)) return false;
	if (i->busy) {
		run_fail(r, "a generator is used while it runs");
		return false;
	}
	i->busy = true;
	bool more = i->step(r, i, v) && !r->failed;
	i->busy = false;
	i->done = !more;
	return more;
}

struct list *collect(struct run *r, struct value v)
{
	struct value list = value_list(r, VALUE_LIST, 0);
	struct iterator *i = iterate(r, v);
	struct value item;
	if (!i || list.kind == VALUE_FAILED) return NULL;
	while (iterator_next(r, i, &item)) {
		if (!list_append(r, list.list, item)) return NULL;
	}
	return r->failed ? NULL : list.list;
}
