/*
 * automaton: states as sets of places (see automaton.h).
 *
 * A place is a node of the grammar that passes a byte, above a stack of nodes to return to. Stacks are shared lists: an entry is
 * a node and the number of the entry below it, and equal lists have one number, so a place is two numbers and a set of places can
 * be compared by its bytes. A call in front of an end pushes nothing, so lists that are written as right recursion stay flat.
 */
#include "grammar/automaton.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { BYTE_VALUES = 256, NO_STATE = 0xFFFFFFFF, BOTTOM = 0, LARGEST_STACK = 1 << 16, MOST_COST = 1 << 28, COST_OF_PLACE = 16 };

struct place {
	uint32_t node, stack;
};

struct stack {
	uint32_t node, below, depth;
};

struct state {
	size_t first; /* of its places */
	uint32_t n_places;
	bool accepts;
	uint32_t *next; /* [256], NO_STATE where not known yet; NULL before the first step */
};

/* Numbers of what has been made, found by the hash of what it is; open addressing, 0: free. */
struct table {
	uint32_t *slots;
	uint32_t mask, used;
};

struct automaton {
	const struct grammar *g;
	size_t memory, used;
	bool out_of_memory, too_many;
	uint32_t cost; /* since automaton_rest: places that were looked at, and those that were met with their weight */
	struct place *places;
	size_t n_places, room_places;
	struct stack *stacks; /* 0: the bottom */
	uint32_t n_stacks;
	size_t room_stacks;
	struct state *states; /* 0: dead */
	uint32_t n_states;
	size_t room_states;
	struct table by_places, by_stack;
	uint32_t start;

	/* While a state is made: what is still to be expanded, and all that was met. */
	struct place *work, *met, *found;
	uint32_t n_work, n_found;
	struct table seen; /* of met[] */
	uint32_t n_met;
	bool ends;
};

static uint64_t mix(uint64_t h, uint64_t value)
{
	h = (h ^ value) * 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

/* ---- memory: counted, so that automaton_is_full can be asked ---- */

/* The array with room for `need` elements; NULL: memory. */
static void *grow(struct automaton *a, void *p, size_t need, size_t *room, size_t size)
{
	if (need <= *room) return p;
	size_t more = *room ? *room : 64;
	while (more < need) more *= 2;
	void *grown = memory_resize(p, more, size);
	if (!grown) {
		a->out_of_memory = true;
		return NULL;
	}
	a->used += (more - *room) * size;
	*room = more;
	return grown;
}

/* ---- tables ---- */

/* Makes room for one more; `hash` gives a number's hash. */
static bool table_reserve(struct automaton *a, struct table *t, uint64_t (*hash)(const struct automaton *, uint32_t))
{
	if (t->slots && t->used * 2 < t->mask) return true;
	uint32_t size = t->slots ? 2 * (t->mask + 1) : 256;
	uint32_t *slots = memory_new(size, sizeof *slots);
	if (!slots) {
		a->out_of_memory = true;
		return false;
	}
	a->used += (size_t)size * sizeof *slots / 2;
	for (uint32_t i = 0; t->slots && i <= t->mask; i++) {
		if (!t->slots[i]) continue;
		uint32_t at = (uint32_t)hash(a, t->slots[i]) & (size - 1);
		while (slots[at]) at = (at + 1) & (size - 1);
		slots[at] = t->slots[i];
	}
	memory_free(t->slots);
	t->slots = slots;
	t->mask = size - 1;
	return true;
}

static uint64_t hash_places(const struct place *p, uint32_t n, bool accepts)
{
	uint64_t h = mix(accepts, n);
	for (uint32_t i = 0; i < n; i++) h = mix(h, (uint64_t)p[i].node << 32 | p[i].stack);
	return h;
}

static uint64_t hash_state(const struct automaton *a, uint32_t number)
{
	const struct state *s = &a->states[number];
	return hash_places(a->places + s->first, s->n_places, s->accepts);
}

static uint64_t hash_stack(const struct automaton *a, uint32_t number)
{
	return mix(mix(1, a->stacks[number].node), a->stacks[number].below);
}

static uint64_t hash_met(const struct automaton *a, uint32_t number)
{
	return mix(mix(2, a->met[number - 1].node), a->met[number - 1].stack);
}

/* ---- stacks and states ---- */

static uint32_t push(struct automaton *a, uint32_t node, uint32_t below)
{
	if (!table_reserve(a, &a->by_stack, hash_stack)) return BOTTOM;
	uint32_t at = (uint32_t)mix(mix(1, node), below) & a->by_stack.mask;
	for (; a->by_stack.slots[at]; at = (at + 1) & a->by_stack.mask) {
		const struct stack *s = &a->stacks[a->by_stack.slots[at]];
		if (s->node == node && s->below == below) return a->by_stack.slots[at];
	}
	uint32_t depth = a->stacks[below].depth + 1;
	if (depth > LARGEST_STACK) a->too_many = true;
	if (a->too_many) return BOTTOM;
	struct stack *stacks = grow(a, a->stacks, (size_t)a->n_stacks + 1, &a->room_stacks, sizeof *stacks);
	if (!stacks) return BOTTOM;
	a->stacks = stacks;
	a->stacks[a->n_stacks] = (struct stack){ node, below, depth };
	a->by_stack.slots[at] = a->n_stacks;
	a->by_stack.used++;
	return a->n_stacks++;
}

static int compare_places(const void *p, const void *q)
{
	const struct place *x = p, *y = q;
	if (x->node != y->node) return x->node < y->node ? -1 : 1;
	return x->stack < y->stack ? -1 : x->stack > y->stack;
}

/* The state of these places, which are sorted here. */
static uint32_t intern(struct automaton *a, struct place *places, uint32_t n, bool accepts)
{
	if (n == 0 && !accepts) return AUTOMATON_DEAD;
	qsort(places, n, sizeof *places, compare_places);
	if (!table_reserve(a, &a->by_places, hash_state)) return AUTOMATON_DEAD;
	uint32_t at = (uint32_t)hash_places(places, n, accepts) & a->by_places.mask;
	for (; a->by_places.slots[at]; at = (at + 1) & a->by_places.mask) {
		const struct state *s = &a->states[a->by_places.slots[at]];
		if (s->n_places == n && s->accepts == accepts && memcmp(a->places + s->first, places, n * sizeof *places) == 0)
			return a->by_places.slots[at];
	}
	struct place *all = grow(a, a->places, a->n_places + n + 1, &a->room_places, sizeof *all);
	if (all) a->places = all;
	struct state *states = all ? grow(a, a->states, (size_t)a->n_states + 1, &a->room_states, sizeof *states) : NULL;
	if (!states) return AUTOMATON_DEAD;
	a->states = states;
	if (n) memcpy(a->places + a->n_places, places, n * sizeof *places);
	a->states[a->n_states] = (struct state){ .first = a->n_places, .n_places = n, .accepts = accepts };
	a->n_places += n;
	a->by_places.slots[at] = a->n_states;
	a->by_places.used++;
	return a->n_states++;
}

/* ---- making a state ---- */

static void begin_set(struct automaton *a)
{
	if (a->seen.slots) memset(a->seen.slots, 0, ((size_t)a->seen.mask + 1) * sizeof *a->seen.slots);
	a->seen.used = a->n_met = a->n_work = a->n_found = 0;
	a->ends = false;
}

/* Notes a place to be expanded, once. Nodes from which no end can be reached are left out. */
static void meet(struct automaton *a, uint32_t node, uint32_t stack)
{
	if (a->out_of_memory || a->too_many || !a->g->nodes[node].ends) return;
	if (a->n_met == AUTOMATON_MOST_PLACES) {
		a->too_many = true;
		return;
	}
	if (!table_reserve(a, &a->seen, hash_met)) return;
	uint32_t at = (uint32_t)mix(mix(2, node), stack) & a->seen.mask;
	for (; a->seen.slots[at]; at = (at + 1) & a->seen.mask) {
		const struct place *p = &a->met[a->seen.slots[at] - 1];
		if (p->node == node && p->stack == stack) return;
	}
	a->met[a->n_met++] = (struct place){ node, stack };
	a->seen.slots[at] = a->n_met;
	a->seen.used++;
	a->work[a->n_work++] = (struct place){ node, stack };
}

/* All places that are reached without a byte from those that were met, as a state. */
static uint32_t close_set(struct automaton *a)
{
	while (a->n_work > 0 && !a->out_of_memory && !a->too_many) {
		struct place p = a->work[--a->n_work];
		const struct grammar_node *n = &a->g->nodes[p.node];
		switch ((enum grammar_kind)n->kind) {
		case GRAMMAR_BYTES: a->found[a->n_found++] = p; break;
		case GRAMMAR_SPLIT:
			meet(a, n->a, p.stack);
			meet(a, n->b, p.stack);
			break;
		case GRAMMAR_CALL: {
			bool last = a->g->nodes[n->b].kind == GRAMMAR_END;
			uint32_t stack = last ? p.stack : push(a, n->b, p.stack);
			meet(a, a->g->rules[n->a], stack);
			break;
		}
		case GRAMMAR_END:
			if (p.stack == BOTTOM) {
				a->ends = true;
			} else {
				meet(a, a->stacks[p.stack].node, a->stacks[p.stack].below);
			}
			break;
		}
	}
	if (a->out_of_memory || a->too_many) return AUTOMATON_DEAD;
	return intern(a, a->found, a->n_found, a->ends);
}

/* What followed so far since automaton_rest takes more memory or time than one token may. */
static bool is_beyond(const struct automaton *a)
{
	return a->cost > MOST_COST || a->used / 4 > a->memory;
}

static uint32_t make_step(struct automaton *a, uint32_t state, uint8_t byte)
{
	begin_set(a);
	const struct state s = a->states[state];
	if (is_beyond(a)) a->too_many = true;
	for (uint32_t i = 0; i < s.n_places; i++) {
		struct place p = a->places[s.first + i];
		const struct grammar_node *n = &a->g->nodes[p.node];
		if (byte >= n->low && byte <= n->high) meet(a, n->a, p.stack);
	}
	uint32_t next = close_set(a);
	a->cost += s.n_places + COST_OF_PLACE * a->n_met;
	return next;
}

void automaton_rest(struct automaton *a)
{
	a->cost = 0;
}

uint32_t automaton_step(struct automaton *a, uint32_t state, uint8_t byte)
{
	struct state *s = &a->states[state];
	if (state == AUTOMATON_DEAD || a->out_of_memory || a->too_many) return AUTOMATON_DEAD;
	if (!s->next) {
		s->next = memory_new(BYTE_VALUES, sizeof *s->next);
		if (!s->next) {
			a->out_of_memory = true;
			return AUTOMATON_DEAD;
		}
		a->used += BYTE_VALUES * sizeof *s->next;
		memset(s->next, 0xFF, BYTE_VALUES * sizeof *s->next);
	}
	uint32_t *known = s->next; /* `s` moves when a state is made */
	if (known[byte] == NO_STATE) known[byte] = make_step(a, state, byte);
	return known[byte];
}

uint32_t automaton_start(const struct automaton *a)
{
	return a->start;
}

bool automaton_accepts(const struct automaton *a, uint32_t state)
{
	return a->states[state].accepts;
}

bool automaton_is_final(const struct automaton *a, uint32_t state)
{
	return a->states[state].accepts && a->states[state].n_places == 0;
}

bool automaton_failed(const struct automaton *a, struct error *e)
{
	if (a->out_of_memory) return !error_memory(e);
	if (!a->too_many) return false;
	return !error_set(
	        e,
	        "the grammar is too ambiguous or nested too deep here: more than %d places at once, or too many of them for "
	        "one token; write it with fewer alternatives that begin alike",
	        AUTOMATON_MOST_PLACES);
}

bool automaton_is_full(const struct automaton *a)
{
	return a->used > a->memory;
}

static void without_states(struct automaton *a)
{
	a->places = NULL;
	a->stacks = NULL;
	a->states = NULL;
	a->by_places = a->by_stack = (struct table){ 0 };
	a->n_places = a->room_places = a->used = 0;
	a->room_states = a->room_stacks = 0;
	a->n_states = a->n_stacks = 0;
}

static void clear_states(struct automaton *a)
{
	for (uint32_t i = 0; i < a->n_states; i++) memory_free(a->states[i].next);
	memory_free(a->places);
	memory_free(a->stacks);
	memory_free(a->states);
	memory_free(a->by_places.slots);
	memory_free(a->by_stack.slots);
	without_states(a);
}

/* The dead state, the bottom of stacks and the start. */
static bool begin(struct automaton *a)
{
	a->states = grow(a, NULL, 1, &a->room_states, sizeof *a->states);
	a->stacks = grow(a, NULL, 1, &a->room_stacks, sizeof *a->stacks);
	if (!a->states || !a->stacks) return false;
	a->states[0] = (struct state){ 0 };
	a->stacks[0] = (struct stack){ 0 };
	a->n_states = a->n_stacks = 1;
	begin_set(a);
	meet(a, a->g->rules[a->g->root], BOTTOM);
	a->start = close_set(a);
	return !a->out_of_memory && !a->too_many;
}

/* The stack of `other` with the same nodes, made here. `room` holds its depth. */
static uint32_t copy_stack(struct automaton *a, const struct stack *stacks, uint32_t number, uint32_t *room)
{
	uint32_t n = 0, made = BOTTOM;
	for (; number != BOTTOM; number = stacks[number].below) room[n++] = stacks[number].node;
	while (n > 0) made = push(a, room[--n], made);
	return made;
}

/* A state of `old`, made here: its number. `places` and `room` hold what one state needs. */
static uint32_t copy_state(struct automaton *a, const struct automaton *old, uint32_t state, struct place *places, uint32_t *room)
{
	const struct state kept = old->states[state];
	for (uint32_t i = 0; i < kept.n_places; i++) {
		struct place p = old->places[kept.first + i];
		places[i] = (struct place){ p.node, copy_stack(a, old->stacks, p.stack, room) };
	}
	return intern(a, places, kept.n_places, kept.accepts);
}

bool automaton_forget(struct automaton *a, uint32_t *const *states, size_t n, struct error *e)
{
	struct automaton old = *a;
	size_t most = 0;
	for (size_t i = 0; i < n; i++) most = old.states[*states[i]].n_places > most ? old.states[*states[i]].n_places : most;
	struct place *places = memory_new(most + 1, sizeof *places);
	uint32_t *room = memory_new(LARGEST_STACK + 1, sizeof *room);
	without_states(a);
	bool ok = places && room && begin(a);
	for (size_t i = 0; ok && i < n; i++) {
		if (*states[i] != AUTOMATON_DEAD) *states[i] = copy_state(a, &old, *states[i], places, room);
		ok = !a->out_of_memory;
	}
	clear_states(&old);
	memory_free(places);
	memory_free(room);
	if (ok && !a->too_many) return true;
	a->out_of_memory = true;
	return error_memory(e);
}

struct automaton *automaton_new(const struct grammar *g, size_t memory, struct error *e)
{
	struct automaton *a = memory_new(1, sizeof *a);
	if (!a) {
		error_memory(e);
		return NULL;
	}
	*a = (struct automaton){ .g = g, .memory = memory };
	a->work = memory_new(AUTOMATON_MOST_PLACES, sizeof *a->work);
	a->met = memory_new(AUTOMATON_MOST_PLACES, sizeof *a->met);
	a->found = memory_new(AUTOMATON_MOST_PLACES, sizeof *a->found);
	if (!a->work || !a->met || !a->found) {
		a->out_of_memory = true;
	} else if (begin(a)) {
		return a;
	}
	automaton_failed(a, e);
	automaton_free(a);
	return NULL;
}

void automaton_free(struct automaton *a)
{
	if (!a) return;
	clear_states(a);
	memory_free(a->seen.slots);
	memory_free(a->work);
	memory_free(a->met);
	memory_free(a->found);
	memory_free(a);
}
