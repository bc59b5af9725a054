/*
 * grammar: from trees to the graph, and what must hold of it (see grammar.h).
 *
 * A tree is laid out backwards: each part is made in front of the node that follows it, so that no edge has to be set later but
 * that of a loop.
 */
#include "grammar/grammar.h"

#include "base/memory.h"

#include <string.h>

static const struct range surrogates = { 0xD800, 0xDFFF };

struct grammar *grammar_new(struct error *e)
{
	struct grammar *g = memory_new(1, sizeof *g);
	if (g) g->arena = arena_new((size_t)1 << 29);
	if (g && g->arena) return g;
	grammar_free(g);
	error_memory(e);
	return NULL;
}

void grammar_free(struct grammar *g)
{
	if (!g) return;
	arena_free(g->arena);
	memory_free(g->nodes);
	memory_free(g->rules);
	memory_free((void *)(uintptr_t)g->names);
	memory_free(g);
}

/* The array with room for one more than `count` elements; NULL: memory. */
static void *with_room(void *p, uint32_t count, uint32_t *room, size_t size)
{
	if (count < *room) return p;
	uint32_t more = *room ? 2 * *room : 64;
	void *grown = memory_resize(p, more, size);
	if (grown) *room = more;
	return grown;
}

/* Node 0 stands for all that could not be made. */
static uint32_t add_node(struct grammar *g, struct grammar_node node)
{
	if (g->failed || g->n_nodes >= GRAMMAR_MOST_NODES) {
		g->failed = true;
		return 0;
	}
	struct grammar_node *nodes = with_room(g->nodes, g->n_nodes, &g->room_nodes, sizeof *nodes);
	if (!nodes) {
		g->failed = true;
		return 0;
	}
	g->nodes = nodes;
	g->nodes[g->n_nodes] = node;
	return g->n_nodes++;
}

static uint32_t add_bytes(struct grammar *g, uint32_t low, uint32_t high, uint32_t next)
{
	return add_node(g, (struct grammar_node){ .kind = GRAMMAR_BYTES, .low = (uint8_t)low, .high = (uint8_t)high, .a = next });
}

static uint32_t add_split(struct grammar *g, uint32_t a, uint32_t b)
{
	if (a == GRAMMAR_NONE) return b;
	if (b == GRAMMAR_NONE) return a;
	return add_node(g, (struct grammar_node){ .kind = GRAMMAR_SPLIT, .a = a, .b = b });
}

uint32_t grammar_rule(struct grammar *g, const char *name)
{
	uint32_t room = g->room_rules;
	const char **names = with_room((void *)(uintptr_t)g->names, g->n_rules, &room, sizeof *names);
	if (names) g->names = names;
	uint32_t *rules = names ? with_room(g->rules, g->n_rules, &g->room_rules, sizeof *rules) : NULL;
	if (!rules) {
		g->failed = true;
		return 0;
	}
	g->rules = rules;
	g->names[g->n_rules] = name;
	g->rules[g->n_rules] = GRAMMAR_NONE;
	return g->n_rules++;
}

/* The bytes of a character's UTF-8 form, most significant first. */
static unsigned spell(uint32_t point, uint8_t out[4])
{
	unsigned n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const uint8_t marks[5] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	for (unsigned i = n; i-- > 1; point >>= 6) out[i] = (uint8_t)(0x80 | (point & 0x3F));
	out[0] = (uint8_t)(marks[n] | point);
	return n;
}

/* Characters whose forms have equal length and differ in their last `free` bytes in every way, or in byte n - free - 1 only. */
static uint32_t lay_block(struct grammar *g, struct range r, uint32_t next)
{
	uint8_t low[4], high[4];
	unsigned n = spell(r.first, low);
	spell(r.last, high);
	for (unsigned i = n; i-- > 0;) next = add_bytes(g, low[i], high[i], next);
	return next;
}

/* Cuts a range where the forms' length changes and where bytes stop being independent of each other (after Pike's method
 * for ranges in UTF-8). */
static uint32_t lay_range(struct grammar *g, struct range r, uint32_t next)
{
	static const uint32_t last_of_length[] = { 0x7F, 0x7FF, 0xFFFF, 0x10FFFF };
	uint32_t whole = GRAMMAR_NONE;
	while (r.first <= r.last) {
		struct range block = r;
		for (size_t i = 0; i < 4; i++) {
			if (block.first <= last_of_length[i] && block.last > last_of_length[i]) block.last = last_of_length[i];
		}
		for (uint32_t bits = 6; bits <= 18; bits += 6) {
			uint32_t tail = ((uint32_t)1 << bits) - 1;
			if ((block.first & ~tail) == (block.last & ~tail) || block.first < 0x80) break; /* the rest is equal */
			if (block.first & tail) block.last = block.first | tail;
			if ((block.last & tail) != tail && (block.first & ~tail) != (block.last & ~tail))
				block.last = (block.last & ~tail) - 1;
		}
		whole = add_split(g, lay_block(g, block, next), whole);
		r.first = block.last + 1;
	}
	return whole;
}

static uint32_t lay_set(struct grammar *g, const struct expression *x, uint32_t next)
{
	uint32_t whole = GRAMMAR_NONE;
	for (size_t i = 0; i < x->length; i++) {
		struct range r = x->ranges[i], above = r;
		if (r.last > surrogates.last && r.first <= surrogates.last) {
			above.first = surrogates.last + 1;
			whole = add_split(g, lay_range(g, above, next), whole);
			r.last = surrogates.last;
		}
		if (r.last >= surrogates.first && r.last <= surrogates.last) r.last = surrogates.first - 1;
		if (r.first <= r.last) whole = add_split(g, lay_range(g, r, next), whole);
	}
	return whole;
}

static uint32_t lay(struct grammar *g, const struct expression *x, uint32_t next);

static uint32_t lay_either(struct grammar *g, const struct expression *x, uint32_t next)
{
	uint32_t whole = GRAMMAR_NONE;
	for (const struct expression *part = x->last; part; part = part->before) whole = add_split(g, lay(g, part, next), whole);
	return whole;
}

static uint32_t lay_loop(struct grammar *g, const struct expression *part, uint32_t next)
{
	uint32_t loop = add_node(g, (struct grammar_node){ .kind = GRAMMAR_SPLIT, .a = next, .b = next });
	uint32_t body = lay(g, part, loop);
	if (body != GRAMMAR_NONE && !g->failed) g->nodes[loop].a = body;
	return loop;
}

static uint32_t lay_repeat(struct grammar *g, const struct expression *x, uint32_t next)
{
	uint32_t at = next, optional = x->most == EXPRESSION_EVER ? 0 : x->most - x->least;
	if (x->most == EXPRESSION_EVER) at = lay_loop(g, x->last, next);
	for (uint32_t i = 0; i < optional && !g->failed; i++) at = add_split(g, lay(g, x->last, at), next);
	for (uint32_t i = 0; i < x->least && at != GRAMMAR_NONE && !g->failed; i++) at = lay(g, x->last, at);
	return at;
}

/* The first node of `x` in front of `next`; GRAMMAR_NONE: nothing fits. The depth is bounded by those that build trees. */
static uint32_t lay(struct grammar *g, const struct expression *x, uint32_t next)
{
	if (g->failed) return 0;
	switch (x->kind) {
	case EXPRESSION_TEXT:
		for (size_t i = x->length; i-- > 0;) next = add_bytes(g, (uint8_t)x->text[i], (uint8_t)x->text[i], next);
		return next;
	case EXPRESSION_SET: return lay_set(g, x, next);
	case EXPRESSION_RULE: return add_node(g, (struct grammar_node){ .kind = GRAMMAR_CALL, .a = x->rule, .b = next });
	case EXPRESSION_SEQUENCE:
		for (const struct expression *part = x->last; part && next != GRAMMAR_NONE; part = part->before)
			next = lay(g, part, next);
		return next;
	case EXPRESSION_EITHER: return lay_either(g, x, next);
	case EXPRESSION_REPEAT: return lay_repeat(g, x, next);
	}
	return GRAMMAR_NONE;
}

void grammar_define(struct grammar *g, uint32_t rule, const struct expression *x)
{
	if (!x) g->failed = true;
	if (g->failed) return;
	uint32_t end = add_node(g, (struct grammar_node){ .kind = GRAMMAR_END });
	uint32_t start = lay(g, x, end);
	/* Of a rule that nothing fits there is no way to an end: a split that leads to itself. */
	if (start == GRAMMAR_NONE) {
		start = add_node(g, (struct grammar_node){ .kind = GRAMMAR_SPLIT });
		if (!g->failed) g->nodes[start].a = g->nodes[start].b = start;
	}
	if (!g->failed) g->rules[rule] = start;
}

/* ---- what must hold of it ---- */

static bool is_rule_set(const struct grammar *g, const bool *rules, uint32_t rule)
{
	return rules[g->rules[rule]];
}

/* Marks the nodes from which an end can be reached; with `no_bytes`, without passing a byte. To the fixed point: most nodes follow
 * what they lead to, so few rounds are needed but for rules that call each other. */
static void mark_ends(const struct grammar *g, bool no_bytes, bool *marks)
{
	bool changed = true;
	while (changed) {
		changed = false;
		for (uint32_t i = 0; i < g->n_nodes; i++) {
			const struct grammar_node *n = &g->nodes[i];
			if (marks[i]) continue;
			switch ((enum grammar_kind)n->kind) {
			case GRAMMAR_BYTES: marks[i] = !no_bytes && marks[n->a]; break;
			case GRAMMAR_SPLIT: marks[i] = marks[n->a] || marks[n->b]; break;
			case GRAMMAR_CALL: marks[i] = is_rule_set(g, marks, n->a) && marks[n->b]; break;
			case GRAMMAR_END: marks[i] = true; break;
			}
			changed |= marks[i];
		}
	}
}

/* The walk from a rule's start over all that is reached without a byte. */
struct walk {
	const struct grammar *g;
	const bool *empty;      /* nodes that can end without a byte */
	uint32_t *stack, *seen; /* seen[node]: the walk that was there, from 1 */
	uint32_t n_stack, number;
};

static void visit(struct walk *w, uint32_t node)
{
	if (w->seen[node] == w->number) return;
	w->seen[node] = w->number;
	w->stack[w->n_stack++] = node;
}

/* Whether `rule` comes upon itself before it has passed a byte. */
static bool calls_itself_first(struct walk *w, uint32_t rule)
{
	w->number++;
	w->n_stack = 0;
	visit(w, w->g->rules[rule]);
	while (w->n_stack > 0) {
		const struct grammar_node *n = &w->g->nodes[w->stack[--w->n_stack]];
		if (n->kind == GRAMMAR_SPLIT) {
			visit(w, n->a);
			visit(w, n->b);
		} else if (n->kind == GRAMMAR_CALL) {
			if (n->a == rule) return true;
			visit(w, w->g->rules[n->a]);
			if (is_rule_set(w->g, w->empty, n->a)) visit(w, n->b);
		}
	}
	return false;
}

static bool check_first_calls(const struct grammar *g, struct walk *w, struct error *e)
{
	for (uint32_t rule = 0; rule < g->n_rules; rule++) {
		if (!calls_itself_first(w, rule)) continue;
		return error_set(e, "'%s' leads back to itself before a character has passed",
		                 g->names[rule] ? g->names[rule] : "?");
	}
	return true;
}

static bool check_graph(struct grammar *g, struct error *e)
{
	bool *marks = memory_new(2 * (size_t)g->n_nodes, sizeof *marks);
	uint32_t *room = memory_new(2 * (size_t)g->n_nodes, sizeof *room);
	bool ok = marks && room;
	if (!ok) error_memory(e);
	if (ok) {
		mark_ends(g, false, marks);
		mark_ends(g, true, marks + g->n_nodes);
		for (uint32_t i = 0; i < g->n_nodes; i++) g->nodes[i].ends = marks[i];
		struct walk w = { .g = g, .empty = marks + g->n_nodes, .stack = room, .seen = room + g->n_nodes };
		ok = check_first_calls(g, &w, e);
	}
	if (ok && !is_rule_set(g, marks, g->root)) ok = error_set(e, "no text can ever meet it");
	memory_free(marks);
	memory_free(room);
	return ok;
}

bool grammar_finish(struct grammar *g, uint32_t root, struct error *e)
{
	if (g->failed && g->n_nodes >= GRAMMAR_MOST_NODES)
		return error_set(e, "it is too large: more than %d nodes; make its repetitions smaller", GRAMMAR_MOST_NODES);
	if (g->failed) return error_memory(e);
	g->root = root;
	for (uint32_t i = 0; i < g->n_rules; i++) {
		if (g->rules[i] == GRAMMAR_NONE) return error_set(e, "rule '%s' is not defined", g->names[i] ? g->names[i] : "?");
	}
	if (!check_graph(g, e)) return false;
	arena_free(g->arena);
	g->arena = NULL;
	return true;
}

bool grammar_allow_space(struct grammar *g, uint32_t most)
{
	uint32_t rule = grammar_rule(g, NULL), first = g->n_nodes;
	uint32_t end = add_node(g, (struct grammar_node){ .kind = GRAMMAR_END });
	uint32_t text = add_node(g, (struct grammar_node){ .kind = GRAMMAR_CALL, .a = g->root, .b = end }), at = text;
	for (uint32_t i = 0; i < most && !g->failed; i++) {
		uint32_t space = add_split(g, add_bytes(g, ' ', ' ', at), add_bytes(g, '\n', '\n', at));
		at = add_split(g, space, text);
	}
	if (g->failed) return false;
	for (uint32_t i = first; i < g->n_nodes; i++) g->nodes[i].ends = true;
	g->rules[rule] = at;
	g->root = rule;
	return true;
}
