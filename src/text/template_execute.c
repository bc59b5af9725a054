/* template_execute: statements, and the scopes they set variables in. */
#include "text/template_loop.h"
#include "text/template_natives.h"

struct scope *scope_new(struct run *r, struct scope *parent, const struct hidden *hidden)
{
	struct scope *s = run_alloc(r, 1, sizeof *s);
	if (!s) return NULL;
	s->parent = parent;
	for (; hidden; hidden = hidden->next) {
		if (!scope_set(r, s, hidden->symbol, value_undefined(r->tree->symbols[hidden->symbol]))) return NULL;
	}
	return s;
}

bool scope_set(struct run *r, struct scope *s, uint32_t symbol, struct value v)
{
	if (s->all) {
		s->all[symbol] = v;
		return true;
	}
	if (!run_charge(r, s->count / 4 + 1)) return false;
	for (uint32_t i = 0; i < s->count; i++) {
		if (s->bindings[i].symbol != symbol) continue;
		s->bindings[i].value = v;
		return true;
	}
	if (s->count == s->room) {
		uint32_t room = s->room ? 2 * s->room : 4;
		struct binding *bindings = run_alloc(r, room, sizeof(*bindings));
		if (!bindings) return false;
		if (s->count) memcpy(bindings, s->bindings, s->count * sizeof(*bindings));
		s->bindings = bindings;
		s->room = room;
	}
	s->bindings[s->count++] = (struct binding){ symbol, v };
	return true;
}

/* A name that no scope knows: a function of the environment, or nothing. */
static struct value global(struct run *r, uint32_t symbol)
{
	if (symbol == SYMBOL_SELF) return (struct value){ .kind = VALUE_SELF };
	const struct native *n = native_global(r->tree->symbols[symbol]);
	if (n) return (struct value){ .kind = VALUE_FUNCTION, .function = n };
	return (struct value){ .kind = VALUE_MISSING };
}

struct value scope_get(struct run *r, uint32_t symbol)
{
	for (const struct scope *s = r->scope; s; s = s->parent) {
		if (s->all) return s->all[symbol].kind == VALUE_MISSING ? global(r, symbol) : s->all[symbol];
		if (!run_charge(r, s->count / 4 + 1)) return value_failed();
		for (uint32_t i = 0; i < s->count; i++) {
			if (s->bindings[i].symbol == symbol) return s->bindings[i].value;
		}
	}
	return (struct value){ .kind = VALUE_MISSING };
}

static bool assign_attribute(struct run *r, const struct node *target, struct value v)
{
	struct value ns = scope_get(r, target->symbol);
	if (ns.kind != VALUE_NAMESPACE) {
		run_fail(r, "an attribute can only be set on a namespace");
		return false;
	}
	return dict_set(r, ns.dict, value_text(target->text), v);
}

bool assign(struct run *r, const struct node *target, struct value v)
{
	if (v.kind == VALUE_FAILED) return false;
	if (target->kind == NODE_NAME) return scope_set(r, r->scope, target->symbol, v);
	if (target->kind == NODE_ATTRIBUTE_TARGET) return assign_attribute(r, target, v);
	struct iterator *i = iterate(r, v);
	struct value part;
	if (!i || !run_enter(r)) return false;
	for (const struct node *item = target->first; item; item = item->next) {
		if (!iterator_next(r, i, &part)) {
			run_fail(r, "there are fewer values than names to unpack them into");
			return false;
		}
		if (!assign(r, item, part)) return false;
	}
	if (iterator_next(r, i, &part)) {
		run_fail(r, "there are more values than names to unpack them into");
		return false;
	}
	run_leave(r);
	return !r->failed;
}

static bool append_piece(struct run *r, enum template_origin origin, size_t start, size_t length)
{
	struct template_piece *pieces = (struct template_piece *)(void *)r->pieces.data;
	size_t n = r->pieces.size / sizeof(*pieces);
	if (n && pieces[n - 1].origin == origin) {
		pieces[n - 1].length += length;
		return true;
	}
	struct template_piece piece = { origin, start, length };
	return buffer_append(&r->pieces, &piece, sizeof piece);
}

bool print_text(struct run *r, const struct text *t)
{
	if (!t) return false;
	if (r->capture) return builder_text(&r->capture->text, t);
	size_t start = r->text.size;
	if (!run_charge(r, t->size / 16)) return false;
	if (!buffer_append(&r->text, t->bytes, t->size)) {
		if (r->text.limit - r->text.size < t->size) run_fail(r, "the output is longer than %zu bytes", r->text.limit);
		run_fail_memory(r);
		return false;
	}
	for (size_t i = 0, end; i < t->size; i = end) {
		uint8_t origin = text_origin_at(t, i);
		end = t->size;
		if (t->origin) {
			const uint8_t *other = memchr(t->origin + i, !origin, t->size - i);
			if (other) end = (size_t)(other - t->origin);
		}
		if (!append_piece(r, origin, start + i, end - i)) return run_fail_memory(r), false;
	}
	return true;
}

static bool print_value(struct run *r, struct value v)
{
	if (v.kind == VALUE_FAILED) return false;
	return print_text(r, r->autoescape ? markup_escape(r, v) : value_to_text(r, v));
}

/* The body in a scope of its own. */
static enum flow execute_scoped(struct run *r, const struct node *n, struct scope *parent)
{
	struct scope *outer = r->scope;
	r->scope = scope_new(r, parent, n->hidden);
	enum flow flow = r->scope ? execute(r, n->body) : FLOW_FAILED;
	r->scope = outer;
	return flow;
}

/* What a block prints; its body alone runs in the present scope when `parent` is NULL. */
static struct value captured(struct run *r, const struct node *n, const struct node *body, struct scope *parent, enum flow *flow)
{
	struct capture capture = { .outer = r->capture, .text = builder_new(r) };
	r->capture = &capture;
	*flow = parent ? execute_scoped(r, n, parent) : execute(r, body);
	r->capture = capture.outer;
	if (*flow == FLOW_FAILED) return value_failed();
	const struct text *t = builder_done(&capture.text);
	return value_text(t && r->autoescape ? text_with_markup(r, t, true) : t);
}

struct value execute_to_text(struct run *r, const struct node *body)
{
	enum flow flow;
	return captured(r, NULL, body, NULL, &flow);
}

static enum flow execute_with(struct run *r, const struct node *n)
{
	struct scope *outer = r->scope, *inner = scope_new(r, outer, n->hidden);
	if (!inner) return FLOW_FAILED;
	for (const struct node *target = n->first; target; target = target->next->next) {
		r->scope = outer;
		struct value v = evaluate(r, target->next);
		r->scope = inner;
		if (!assign(r, target, v)) return FLOW_FAILED;
	}
	r->scope = inner;
	enum flow flow = execute(r, n->body);
	r->scope = outer;
	return flow;
}

static enum flow execute_set_block(struct run *r, const struct node *n)
{
	enum flow flow;
	struct value v = captured(r, n, NULL, r->scope, &flow);
	if (flow != FLOW_NEXT) return flow;
	return assign(r, n->a, apply_filters(r, n->b, v)) ? FLOW_NEXT : FLOW_FAILED;
}

static enum flow execute_filter_block(struct run *r, const struct node *n)
{
	enum flow flow;
	struct value v = captured(r, n, NULL, r->scope, &flow);
	if (flow != FLOW_NEXT) return flow;
	return print_value(r, apply_filters(r, n->b, v)) ? FLOW_NEXT : FLOW_FAILED;
}

static struct value macro_value(struct run *r, const struct node *n)
{
	struct macro *m = run_alloc(r, 1, sizeof *m);
	if (!m) return value_failed();
	*m = (struct macro){ n, r->scope };
	return (struct value){ .kind = VALUE_MACRO, .macro = m };
}

/* {% call %}: the call, with the body as its argument `caller`. */
static enum flow execute_call_block(struct run *r, const struct node *n)
{
	struct node call = *n->b;
	struct node caller = { .kind = NODE_NAME, .text = n->signature->name }, value = { .kind = NODE_CONSTANT };
	value.constant = macro_value(r, n);
	if (value.constant.kind == VALUE_FAILED) return FLOW_FAILED;
	caller.a = &value;
	caller.next = call.call.named;
	call.call.named = &caller;
	call.call.n_named++;
	return print_value(r, evaluate(r, &call)) ? FLOW_NEXT : FLOW_FAILED;
}

static enum flow execute_autoescape(struct run *r, const struct node *n)
{
	bool before = r->autoescape;
	struct value v = evaluate(r, n->a);
	if (v.kind == VALUE_FAILED) return FLOW_FAILED;
	r->autoescape = value_is_true(v);
	enum flow flow = execute_scoped(r, n, r->scope);
	r->autoescape = before;
	return flow;
}

static enum flow execute_if(struct run *r, const struct node *n)
{
	for (;;) {
		struct value v = evaluate(r, n->a);
		if (v.kind == VALUE_FAILED) return FLOW_FAILED;
		if (value_is_true(v)) return execute(r, n->body);
		if (!n->other) return FLOW_NEXT;
		bool elif = n->other->kind == NODE_IF && n->op == 1;
		if (!elif) return execute(r, n->other);
		n = n->other;
	}
}

static enum flow execute_one(struct run *r, const struct node *n)
{
	switch ((enum node_kind)n->kind) {
	case NODE_DATA: return print_text(r, n->constant.text) ? FLOW_NEXT : FLOW_FAILED;
	case NODE_PRINT: return print_value(r, evaluate(r, n->a)) ? FLOW_NEXT : FLOW_FAILED;
	case NODE_IF: return execute_if(r, n);
	case NODE_FOR: return loop_run(r, n, evaluate(r, n->b), r->scope, 0);
	case NODE_SET: return assign(r, n->a, evaluate(r, n->b)) ? FLOW_NEXT : FLOW_FAILED;
	case NODE_SET_BLOCK: return execute_set_block(r, n);
	case NODE_WITH: return execute_with(r, n);
	case NODE_FILTER_BLOCK: return execute_filter_block(r, n);
	case NODE_MACRO: {
		struct value m = macro_value(r, n);
		return m.kind != VALUE_FAILED && scope_set(r, r->scope, n->symbol, m) ? FLOW_NEXT : FLOW_FAILED;
	}
	case NODE_CALL_BLOCK: return execute_call_block(r, n);
	case NODE_GENERATION: return execute_scoped(r, n, r->scope);
	case NODE_BLOCK:
		if (n->op) return run_fail(r, "a required block is not there"), FLOW_FAILED;
		return execute_scoped(r, n, n->flag ? r->scope : r->root);
	case NODE_AUTOESCAPE: return execute_autoescape(r, n);
	case NODE_BREAK: return FLOW_BREAK;
	case NODE_CONTINUE: return FLOW_CONTINUE;
	case NODE_NO_TEMPLATE: run_fail(r, "there are no other templates to take in"); return FLOW_FAILED;
	default: run_fail(r, "this cannot be executed"); return FLOW_FAILED;
	}
}

enum flow execute(struct run *r, const struct node *body)
{
	enum flow flow = FLOW_NEXT;
	if (!run_enter(r)) return FLOW_FAILED;
	for (const struct node *n = body; n && flow == FLOW_NEXT; n = n->next) {
		r->line = n->line;
		if (!run_charge(r, 1)) flow = FLOW_FAILED;
		if (flow == FLOW_NEXT) flow = execute_one(r, n);
	}
	run_leave(r);
	return flow;
}
