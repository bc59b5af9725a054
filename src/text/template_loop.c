/* template_loop: for loops (see template_loop.h). Items are taken one at a time; `loop.last` and `loop.length` look ahead. */
#include "text/template_loop.h"

#include "text/template_natives.h"

static bool take_next(struct run *r, struct loop *l, struct value *v)
{
	if (l->after.kind != VALUE_MISSING) {
		*v = l->after;
		l->after.kind = VALUE_MISSING;
		return true;
	}
	return iterator_next(r, l->iterator, v);
}

/* Whether there is a next item, which stays to be taken. */
static bool look_ahead(struct run *r, struct loop *l)
{
	struct value v;
	if (l->after.kind != VALUE_MISSING) return true;
	if (!iterator_next(r, l->iterator, &v)) return false;
	l->after = v;
	return true;
}

static bool find_length(struct run *r, struct loop *l)
{
	if (l->has_length) return true;
	if (l->iterable.kind != VALUE_ITERATOR) {
		if (!value_length(r, l->iterable, &l->length)) return false;
	} else {
		struct value rest = { .kind = VALUE_LIST };
		rest.list = collect(r, (struct value){ .kind = VALUE_ITERATOR, .iterator = l->iterator });
		if (!rest.list) return false;
		l->iterator = iterate(r, rest);
		l->length = rest.list->count + (size_t)(l->index + 1) + (l->after.kind != VALUE_MISSING);
	}
	l->has_length = true;
	return !r->failed;
}

struct value loop_attribute(struct run *r, struct loop *l, const struct text *name)
{
	if (text_is(name, "index")) return value_int(l->index + 1);
	if (text_is(name, "index0")) return value_int(l->index);
	if (text_is(name, "first")) return value_bool(l->index == 0);
	if (text_is(name, "depth")) return value_int(l->depth + 1);
	if (text_is(name, "depth0")) return value_int(l->depth);
	if (text_is(name, "previtem")) return l->index == 0 ? value_undefined(NULL) : l->before;
	if (text_is(name, "last") || text_is(name, "nextitem")) {
		bool more = look_ahead(r, l);
		if (r->failed) return value_failed();
		if (name->bytes[0] == 'l') return value_bool(!more);
		return more ? l->after : value_undefined(NULL);
	}
	bool counted = text_is(name, "length") || text_is(name, "revindex") || text_is(name, "revindex0");
	if (!counted) return (struct value){ .kind = VALUE_MISSING };
	if (!find_length(r, l)) return value_failed();
	int64_t length = (int64_t)l->length;
	return value_int(name->bytes[0] == 'l' ? length : length - l->index - (name->size == 9));
}

static struct value loop_cycle(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	if (all->n_positional == 0 || all->n_named) return run_fail(r, "loop.cycle needs something to choose from");
	return all->positional[(size_t)self.loop->index % all->n_positional];
}

static struct value loop_changed(struct run *r, struct value self, const struct value *a, const struct arguments *all)
{
	(void)a;
	struct loop *l = self.loop;
	struct value now = value_list(r, VALUE_TUPLE, all->n_positional);
	if (now.kind == VALUE_FAILED) return now;
	if (all->n_positional) memcpy(now.list->items, all->positional, all->n_positional * sizeof(struct value));
	bool changed = !l->has_changed || !value_equal(r, l->changed, now);
	if (r->failed) return value_failed();
	l->has_changed = true;
	l->changed = now;
	return value_bool(changed);
}

const struct native template_loop_methods[] = {
	{ "cycle", loop_cycle, NULL, 0 },
	{ "changed", loop_changed, NULL, 0 },
	{ NULL, NULL, NULL, 0 },
};

struct value loop_call(struct run *r, struct loop *l, const struct arguments *all)
{
	if (!l->node->flag) return run_fail(r, "only a loop marked as recursive can be called");
	if (all->n_positional != 1 || all->n_named) return run_fail(r, "a loop is called with what it iterates");
	if (!run_enter(r)) return value_failed();
	struct capture capture = { .outer = r->capture, .text = builder_new(r) };
	r->capture = &capture;
	enum flow flow = loop_run(r, l->node, all->positional[0], l->scope, l->depth + 1);
	r->capture = capture.outer;
	run_leave(r);
	return flow == FLOW_FAILED ? value_failed() : value_text(builder_done(&capture.text));
}

/* for ... if: lets the items through for which the condition holds. */
static bool step_filtered(struct run *r, struct iterator *i, struct value *v)
{
	const struct loop *l = i->state;
	struct scope *outer = r->scope;
	bool found = false;
	while (!found && iterator_next(r, i->source, v)) {
		r->scope = scope_new(r, l->scope, NULL);
		if (!r->scope || !assign(r, l->node->a, *v)) break;
		found = value_is_true(evaluate(r, l->node->c));
	}
	r->scope = outer;
	return found && !r->failed;
}

static bool start(struct run *r, struct loop *l, struct value iterable)
{
	l->iterable = iterable;
	if (l->node->c) {
		l->iterator = iterator_from(r, step_filtered, iterable);
		if (!l->iterator) return false;
		l->iterator->state = l;
		l->iterable = (struct value){ .kind = VALUE_ITERATOR, .iterator = l->iterator };
		return true;
	}
	l->iterator = iterate(r, iterable);
	return l->iterator != NULL;
}

/* One turn in a scope of its own. */
static enum flow turn(struct run *r, struct loop *l, struct value item)
{
	struct scope *outer = r->scope;
	struct value self = { .kind = VALUE_LOOP, .loop = l };
	enum flow flow = FLOW_FAILED;
	l->index++;
	l->before = l->current;
	l->current = item;
	r->scope = scope_new(r, l->scope, l->node->hidden);
	if (r->scope && assign(r, l->node->a, item) && scope_set(r, r->scope, SYMBOL_LOOP, self)) flow = execute(r, l->node->body);
	r->scope = outer;
	return flow;
}

enum flow loop_run(struct run *r, const struct node *n, struct value iterable, struct scope *scope, unsigned depth)
{
	struct loop *l = run_alloc(r, 1, sizeof *l);
	struct value item;
	bool completed = false; /* a turn that was not cut short */
	if (!l || iterable.kind == VALUE_FAILED) return FLOW_FAILED;
	*l = (struct loop){ .node = n, .scope = scope, .index = -1, .depth = depth };
	l->before.kind = l->current.kind = l->after.kind = VALUE_MISSING;
	if (!start(r, l, iterable)) return FLOW_FAILED;
	while (take_next(r, l, &item)) {
		enum flow flow = turn(r, l, item);
		if (flow == FLOW_FAILED) return flow;
		if (flow == FLOW_BREAK) break;
		completed |= flow == FLOW_NEXT;
	}
	if (r->failed) return FLOW_FAILED;
	if (completed || !n->other) return FLOW_NEXT;
	struct scope *outer = r->scope;
	r->scope = scope_new(r, scope, n->other_hidden);
	enum flow flow = r->scope ? execute(r, n->other) : FLOW_FAILED;
	r->scope = outer;
	return flow;
}
